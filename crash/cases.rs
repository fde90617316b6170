//! `--damage`: each file of a store, damaged in each way, after a kill and after a stop in good order.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nashra::edge::fault::LIMITS_VARIABLE;

use crate::damage::{self, Damage};
use crate::house::House;
use crate::memory::{LONG, Memory};
use crate::{LIMITS, Run};

/// Entries that a store has before it is damaged.
const ENTRIES_MIN: usize = 100;
const FILL_LIMIT: Duration = Duration::from_secs(60);
/// How long it lives with the damage.
const LIFE: Duration = Duration::from_millis(400);

/// A store, and what readers had seen of it.
struct Good {
    folder: PathBuf,
    memory: Memory,
    how: &'static str,
}

struct Case {
    good: usize,
    file: PathBuf,
    damage: Damage,
}

impl Run {
    /// As many cases as there are to be rounds, in an order that chance gives.
    pub(crate) fn damage_all(&mut self) -> io::Result<()> {
        let Some(mut house) = House::new(&self.program, self.random.next(), false)? else { return Ok(()) };
        let goods = fill(&mut house)?;
        let mut cases = vec![];
        for (good, Good { folder, .. }) in goods.iter().enumerate() {
            for file in damage::files(folder)? {
                cases.extend(damage::ALL.map(|damage| Case { good, file: file.clone(), damage }));
            }
        }
        println!("{} cases, of which at most {} are tried", cases.len(), self.arguments.rounds);
        while !self.is_over() && !cases.is_empty() {
            let case = cases.swap_remove(self.pick(&cases));
            let Some(good) = goods.get(case.good) else { continue };
            self.case(&mut house, good, &case)?;
            let findings = house.take_findings();
            if !findings.is_empty() {
                self.show(&mut house, &findings)?;
                damage::copy(&house.state(), &house.folder.path().join(format!("wrong-{}", self.failed)))?;
                if !self.arguments.keep_going {
                    break;
                }
            }
        }
        self.documents += house.memory().documents;
        self.entries += house.memory().numbers(LONG).len();
        self.sum_up();
        Ok(())
    }

    /// First a part of the store, then a case of it: the journal has by far the most files.
    fn pick(&mut self, cases: &[Case]) -> usize {
        let parts: BTreeSet<&OsStr> = cases.iter().filter_map(|case| case.file.iter().next()).collect();
        let part = parts.iter().nth(self.random.place(parts.len())).copied();
        let of_it = cases.iter().enumerate().filter(|(_, case)| case.file.iter().next() == part);
        let of_it: Vec<usize> = of_it.map(|(index, _)| index).collect();
        self.random.pick(&of_it).unwrap_or_default()
    }

    fn case(&mut self, house: &mut House, good: &Good, case: &Case) -> io::Result<()> {
        let (file, damage) = (case.file.display(), case.damage.name());
        damage::copy(&good.folder, &house.state())?;
        *house.memory() = good.memory.clone();
        case.damage.strike(&house.state().join(&case.file), &mut self.random)?;
        let mut waits = vec![];
        for _ in 0..2 {
            house.start(&[(LIMITS_VARIABLE.to_owned(), LIMITS.to_owned())])?;
            waits.extend(house.first_answer()?);
            if let Some(status) = house.work(LIFE)? {
                house.find(format!("it ended by itself: {status}"));
            }
            house.check_progress()?;
            house.check_history();
            house.kill()?;
        }
        let part = case.file.iter().next().unwrap_or_default().to_string_lossy();
        let way = format!("{part} {damage}");
        self.tally.note(&way, true);
        let first = waits.first().copied();
        first.iter().for_each(|wait| self.tally.note_wait(&way, *wait));
        let first = first.map_or("none".to_owned(), |wait| format!("after {} ms", wait.as_millis()));
        println!("{:>5} {}, {file} {damage}: first good answer {first}", self.tally.rounds(), good.how);
        if house.has_findings() {
            house.find(format!("({}, then {file} {damage})", good.how));
        }
        Ok(())
    }
}

/// Makes two stores: one that was killed, and one that was stopped.
fn fill(house: &mut House) -> io::Result<Vec<Good>> {
    house.origin.subscriber.forgive_repeats();
    let mut goods = vec![];
    for how in ["killed", "stopped"] {
        house.start(&[(LIMITS_VARIABLE.to_owned(), LIMITS.to_owned())])?;
        house.first_answer()?;
        let began = Instant::now();
        let wanted = house.memory().numbers(LONG).len() + ENTRIES_MIN;
        while house.memory().numbers(LONG).len() < wanted && began.elapsed() < FILL_LIMIT {
            house.work(Duration::from_millis(300))?;
        }
        if how == "killed" { house.kill() } else { house.stop() }?;
        let folder = house.folder.path().join(how);
        damage::copy(&house.state(), &folder)?;
        goods.push(Good { folder, memory: house.memory().clone(), how });
    }
    Ok(goods)
}
