//! Kills the daemon again and again while sources publish, and looks from outside whether anything that a reader has
//! once seen is gone, doubled or changed.
//!
//! `cargo build && cargo run --example crash -- --rounds 1000`. Half of the rounds end at a random moment, most others at
//! the moments that `edge/fault.rs` names, in turn. `--forget` lets a power cut take what was not synced, `--damage`
//! damages every file of the store in seven ways. It ends with 1 and keeps the folder where something is wrong.
#![allow(missing_docs, unreachable_pub, clippy::print_stdout)]

mod cases;
mod daemon;
mod damage;
mod forget;
mod house;
mod making;
mod memory;
mod origin;
mod page;
mod random;
mod subscriber;
mod tally;
mod wire;

use std::io;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use nashra::edge::fault::{FAULT_VARIABLE, LIMITS_VARIABLE, POINTS};

use crate::house::House;
use crate::making::KINDS;
use crate::random::Random;
use crate::tally::Tally;

/// So small that what happens once a week happens every few seconds.
const LIMITS: &str = "journal.segment=60000,keys.fresh=30,snapshots.first=1,snapshots.interval=2,mend.rest=1";
/// From this round on every fourth one goes through a kind of [`making::KINDS`], until each had its turn.
const FIRST_MAKING: u32 = 3;
/// A moment that has a name is waited for so long.
const POINT_LIMIT: Duration = Duration::from_secs(5);
/// The moment that a store has in its first life alone.
const ONCE: &str = "store.sign";
/// Which time at a moment counts, once the first has.
const COUNTS: [u64; 6] = [1, 1, 2, 3, 5, 12];
/// Lines of the log that are shown where something is wrong.
const LOG_LINES: usize = 25;

/// Kills nashra again and again, and looks from outside whether anything is lost.
#[derive(Parser)]
struct Arguments {
    /// How often it is killed.
    #[arg(long, default_value_t = 30)]
    rounds: u32,
    /// What chance begins with; printed, so that a run can be had again [default: the time].
    #[arg(long)]
    seed: Option<u64>,
    /// Only at this moment of edge/fault.rs.
    #[arg(long)]
    point: Option<String>,
    /// Ends after so many seconds, however many rounds are left.
    #[arg(long)]
    seconds: Option<u64>,
    /// Rounds before everything begins anew with an empty store.
    #[arg(long, default_value_t = 40)]
    renew: u32,
    /// The program [default: `nashra` beside this one].
    #[arg(long)]
    bin: Option<PathBuf>,
    /// Every kill is a power cut: what was not synced is gone.
    #[arg(long)]
    forget: bool,
    /// Damages each file of the store in seven ways instead; `--rounds` says how many cases are tried.
    #[arg(long, conflicts_with_all = ["forget", "point"])]
    damage: bool,
    /// Goes on with an empty store where something is wrong.
    #[arg(long)]
    keep_going: bool,
}

/// How a round ends.
#[derive(Clone, Copy)]
enum Way {
    /// While everything goes its way.
    AtWork,
    /// Within the first moments.
    AtStart,
    /// At a moment that has a name, the time that this counts.
    At(&'static str, u64),
    /// At work, after a write failed at such a moment.
    Failing(&'static str, u64),
    /// It is stopped in good order.
    Stopped,
    /// At each moment of a kind, one behind the other.
    Making(&'static str),
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::AtWork => "at random, at work",
            Self::AtStart => "at random, at the start",
            Self::At(name, _) => name,
            Self::Failing(..) => "after a write that failed",
            Self::Stopped => "stopped in good order",
            Self::Making(kind) => kind,
        }
    }
}

/// All rounds, and what came of them.
struct Run {
    arguments: Arguments,
    program: PathBuf,
    points: Vec<&'static str>,
    random: Random,
    tally: Tally,
    documents: u64,
    entries: usize,
    deliveries: (u64, u64),
    failed: u32,
    end: Option<Instant>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match Run::new(arguments).and_then(|mut run| run.all().map(|()| run.failed)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("crash: {error}");
            ExitCode::from(2)
        }
    }
}

impl Run {
    fn new(arguments: Arguments) -> io::Result<Self> {
        let program = match &arguments.bin {
            Some(path) => path.clone(),
            // This one is in `examples/`.
            None => {
                std::env::current_exe()?.ancestors().nth(2).map(|it| it.join("nashra")).unwrap_or_default()
            }
        };
        let program = program.canonicalize().map_err(|error| {
            io::Error::other(format!("{}: {error}: build it first, or name it with --bin", program.display()))
        })?;
        let named = POINTS.iter().copied();
        let named = named.filter(|name| arguments.point.as_ref().is_none_or(|wanted| wanted == name));
        // Those of a kind are one.
        let kind = |name| KINDS.into_iter().find(|kind| str::starts_with(name, kind));
        let mut points: Vec<&str> = named.map(|name| kind(name).unwrap_or(name)).collect();
        points.dedup();
        if points.is_empty() {
            return Err(io::Error::other(format!(
                "there is no such moment; there are {}",
                POINTS.join(", ")
            )));
        }
        let now = || std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
        let seed = arguments.seed.unwrap_or_else(now);
        println!("seed {seed}, program {}", program.display());
        let end = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        Ok(Self {
            arguments,
            program,
            points,
            random: Random::new(seed),
            tally: Tally::default(),
            documents: 0,
            entries: 0,
            deliveries: (0, 0),
            failed: 0,
            end,
        })
    }

    fn all(&mut self) -> io::Result<()> {
        if self.arguments.damage {
            return self.damage_all();
        }
        let mut next_point = self.random.place(self.points.len());
        while !self.is_over() {
            let house = House::new(&self.program, self.random.next(), self.arguments.forget)?;
            let Some(mut house) = house else {
                println!("SKIPPED: there is no cc to compile crash/forget.c with");
                return Ok(());
            };
            let mut before = None;
            let first = self.tally.rounds();
            while !self.is_over() && !house.is_full() && self.tally.rounds() - first < self.arguments.renew {
                let way = self.choose(before.is_none(), &mut next_point);
                let reached = match way {
                    Way::Making(kind) => self.making_round(&mut house, kind)?,
                    _ => self.round(&mut house, way, before)?,
                };
                self.tally.note(way.name(), reached);
                if let Way::At(name, _) = way {
                    self.tally.note_moment(name, reached);
                }
                before = Some(way);
                let findings = house.take_findings();
                if !findings.is_empty() {
                    return self.fail(house, &findings);
                }
            }
            house.finish()?;
            self.documents += house.memory().documents;
            self.entries += house.memory().numbers(memory::LONG).len();
            let (deliveries, repeated) = house.origin.subscriber.counts();
            self.deliveries = (self.deliveries.0 + deliveries, self.deliveries.1 + repeated);
            let findings = house.take_findings();
            if !findings.is_empty() {
                return self.fail(house, &findings);
            }
        }
        self.sum_up();
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.tally.rounds() >= self.arguments.rounds || self.end.is_some_and(|end| Instant::now() > end)
    }

    /// By turns at random and at a moment that has a name.
    fn choose(&mut self, is_new: bool, next_point: &mut usize) -> Way {
        if is_new && self.points.contains(&ONCE) && self.random.is_in(50) {
            return Way::At(ONCE, 1);
        }
        let since = self.tally.rounds().checked_sub(FIRST_MAKING);
        let turn = since.filter(|since| self.arguments.point.is_none() && since.is_multiple_of(4));
        if let Some(kind) = turn.and_then(|since| KINDS.get(since as usize / 4)) {
            return Way::Making(kind);
        }
        if self.arguments.point.is_none() && self.tally.rounds().is_multiple_of(2) {
            return match self.random.below(0..100) {
                0..72 => Way::AtWork,
                72..90 => Way::AtStart,
                _ => Way::Stopped,
            };
        }
        *next_point = (*next_point + 1) % self.points.len();
        if self.points[*next_point] == ONCE && self.points.len() > 1 {
            *next_point = (*next_point + 1) % self.points.len();
        }
        let name = self.points[*next_point];
        if KINDS.contains(&name) {
            return Way::Making(name);
        }
        let is_once = !self.tally.has_reached(name);
        let count = self.random.pick(&COUNTS).filter(|_| !is_once).unwrap_or(1);
        if self.random.is_in(15) { Way::Failing(name, count) } else { Way::At(name, count) }
    }

    /// From a start to a kill. Says whether the daemon died where it was meant to.
    fn round(&mut self, house: &mut House, way: Way, before: Option<Way>) -> io::Result<bool> {
        let mut environment = vec![(LIMITS_VARIABLE.to_owned(), LIMITS.to_owned())];
        let fault = match way {
            Way::At(name, count) => Some(format!("{name}:{count}")),
            Way::Failing(name, count) => Some(format!("{name}:{count}:error")),
            Way::AtWork | Way::AtStart | Way::Stopped | Way::Making(_) => None,
        };
        environment.extend(fault.iter().map(|fault| (FAULT_VARIABLE.to_owned(), fault.clone())));
        house.start(&environment)?;
        let began = Instant::now();
        let (wait, status) = if matches!(way, Way::AtStart) {
            thread::sleep(self.random.millis(0..300));
            (None, house.ended()?)
        } else {
            (house.first_answer()?, self.work(house, way)?)
        };
        let lived = began.elapsed().as_millis();
        let is_reached = match (way, status) {
            (Way::At(..), Some(status)) if daemon::has_aborted(status) => true,
            (_, Some(status)) => {
                house.find(format!("it ended by itself after {lived} ms: {status}"));
                false
            }
            (way, None) => !matches!(way, Way::At(..)),
        };
        if matches!(way, Way::Stopped) { house.stop() } else { house.kill() }?;
        let wait_text = wait.map_or("–".to_owned(), |wait| format!("{} ms", wait.as_millis()));
        if let (Some(wait), Some(before)) = (wait, before) {
            self.tally.note_wait(before.name(), wait);
        }
        let seen = house.memory().numbers(memory::LONG).len();
        let not = if is_reached { "" } else { " (not reached: killed)" };
        println!(
            "{:>5}/{} first good answer {wait_text}; died after {lived} ms: {}{not}; {seen} entries seen",
            self.tally.rounds() + 1,
            self.arguments.rounds,
            fault.as_deref().unwrap_or(way.name()),
        );
        Ok(is_reached)
    }

    /// One of several starts, each of which ends at another moment of a kind.
    fn making_round(&mut self, house: &mut House, kind: &'static str) -> io::Result<bool> {
        let began = Instant::now();
        let is_reached = self.making(house, kind)?;
        let seen = house.memory().numbers(memory::LONG).len();
        let not = if is_reached { "" } else { " (not all were reached)" };
        println!(
            "{:>5}/{} died at each moment {kind}* within {} ms{not}; {seen} entries seen",
            self.tally.rounds() + 1,
            self.arguments.rounds,
            began.elapsed().as_millis(),
        );
        Ok(is_reached)
    }

    /// Lets the daemon work until it is to be killed; says how it ended where it did not wait for that.
    fn work(&mut self, house: &mut House, way: Way) -> io::Result<Option<ExitStatus>> {
        let is_at_work = matches!(way, Way::AtWork);
        let time = if matches!(way, Way::At(..)) { POINT_LIMIT } else { self.random.millis(50..2_500) };
        let ended = house.work(time)?;
        if ended.is_some() {
            return Ok(ended);
        }
        if is_at_work && self.random.is_in(30) {
            house.check_progress()?;
            house.check_history();
        }
        if self.random.is_in(25) {
            house.origin.subscriber.close();
            return house.work(Duration::from_millis(300));
        }
        Ok(None)
    }

    /// Shows what is wrong, and goes on if it is to.
    fn fail(&mut self, mut house: House, findings: &[String]) -> io::Result<()> {
        self.show(&mut house, findings)?;
        drop(house);
        if self.arguments.keep_going && !self.is_over() {
            return self.all();
        }
        self.sum_up();
        Ok(())
    }

    /// Shows what is wrong, and keeps everything that tells of it.
    fn show(&mut self, house: &mut House, findings: &[String]) -> io::Result<()> {
        self.failed += 1;
        house.end()?;
        house.folder.disable_cleanup(true);
        let folder = house.folder.path().to_owned();
        std::fs::write(folder.join("findings.txt"), findings.join("\n") + "\n")?;
        println!("\nWRONG after {} rounds:", self.tally.rounds());
        findings.iter().for_each(|finding| println!("  {finding}"));
        let log = std::fs::read(daemon::log_of(&folder))?;
        let log = String::from_utf8_lossy(&log).into_owned();
        let lines: Vec<&str> = log.lines().collect();
        println!("\nthe end of the log:");
        lines[lines.len().saturating_sub(LOG_LINES)..].iter().for_each(|line| println!("  {line}"));
        println!("\nthe store, the log and this list are kept in {}\n", folder.display());
        Ok(())
    }

    fn sum_up(&self) {
        println!("\n{}", self.tally.print(POINTS.len()));
        println!(
            "{} entries were seen in {} documents; {} deliveries of the hub, in which {} entries came again",
            self.entries, self.documents, self.deliveries.0, self.deliveries.1
        );
        match self.failed {
            0 => println!("nothing is gone, doubled or changed"),
            failed => println!("{failed} times something was wrong: see above"),
        }
    }
}
