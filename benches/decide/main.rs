//! What it costs to decide on a new entry while the store grows: `cargo bench --bench decide [-- [busy] [ENTRIES_MAX]]`.
//!
//! Entries go the way that the daemon's writer takes them: keys, look-up, index of stories, decision, commit, flush.
//! The news come at one rate at every point of the curve, so that the index of stories is as large at each; `busy` is
//! ten times that rate, which fills it to its cap. `fill ENTRIES FOLDER` leaves such a store behind.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod news;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use nashra::edge::store::Store;
use nashra::model::{EntryKey, Fetched, Reading, Source, SourceId, SourceState};
use nashra::pipeline::{Prepared, story};

use news::{News, PER_DOCUMENT, SOURCES};

/// How many entries are stored when the time is taken.
const CURVE: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Documents that are timed each time.
const TIMED: usize = 120;
/// Documents that share a flush, as in a busy round.
const FLUSH_EVERY: usize = 16;

/// Documents after which the index forgets what is too old.
const FORGET_EVERY: usize = 10;

const STAGES: [&str; 6] = ["keys", "known", "near", "ingest", "apply", "flush"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (is_busy, words) = match words.split_first() {
        Some((&"busy", rest)) => (true, rest),
        _ => (false, &words[..]),
    };
    match words[..] {
        ["fill", entries, folder] => {
            let mut desk = Desk::open(Path::new(folder), News::new(is_busy));
            desk.fill(entries.parse().unwrap());
        }
        // Without `--bench` it is a test that asks whether it still runs.
        [] if !std::env::args().any(|word| word == "--bench") => curve(1_000, is_busy),
        [] => curve(usize::MAX, is_busy),
        [entries] => curve(entries.parse().unwrap(), is_busy),
        _ => panic!("usage: decide [busy] [ENTRIES_MAX | fill ENTRIES FOLDER]"),
    }
}

fn curve(entries_max: usize, is_busy: bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(folder.path(), News::new(is_busy));
    println!("µs per new entry, in documents of {PER_DOCUMENT}: median (99 of 100)");
    print!("{:>9}", "stored");
    STAGES.iter().for_each(|stage| print!("{stage:>15}"));
    println!(
        "{:>15}{:>15}{:>15} {:>8} {:>8} {:>8} {:>9} {:>8}",
        "all", "all, CPU", "1 of 35", "RSS MiB", "index", "disk MB", "stall ms", "fill s"
    );
    let points = CURVE.into_iter().filter(|point| *point <= entries_max);
    let points: Vec<usize> = points.chain((entries_max < CURVE[0]).then_some(entries_max)).collect();
    for point in points {
        let began = Instant::now();
        let longest = desk.fill(point);
        let filled = began.elapsed();
        let (mut times, mut cpu): (Vec<[Duration; 6]>, Vec<Duration>) =
            (0..TIMED).map(|_| desk.document()).unzip();
        cpu.sort_unstable();
        let mut again: Vec<Duration> = (0..TIMED).map(|_| desk.listed_again().iter().sum()).collect();
        again.sort_unstable();
        print!("{point:>9}");
        for stage in 0..STAGES.len() {
            times.sort_by_key(|time| time[stage]);
            print!("{:>15}", spread(times.iter().map(|time| time[stage])));
        }
        times.sort_by_key(|time| time.iter().sum::<Duration>());
        println!(
            "{:>15}{:>15}{:>15} {:>8.1} {:>8} {:>8} {:>9.0} {:>8.1}",
            spread(times.iter().map(|time| time.iter().sum())),
            spread(cpu.into_iter()),
            spread(again.into_iter()),
            resident_mib(),
            desk.index.len(),
            bytes_in(folder.path()) / 1_000_000,
            longest.as_secs_f64() * 1e3,
            filled.as_secs_f64()
        );
    }
}

/// The median and what 99 of 100 stay below, an entry; `times` ascend.
fn spread(times: impl Iterator<Item = Duration>) -> String {
    let each: Vec<f64> = times.map(|time| time.as_secs_f64() * 1e6 / PER_DOCUMENT as f64).collect();
    format!("{:.1} ({:.1})", each[each.len() / 2], each[each.len() * 99 / 100])
}

/// The writer's hands, without its doors.
struct Desk {
    store: Store,
    states: BTreeMap<SourceId, SourceState>,
    index: story::Index,
    news: News,
    documents: usize,
    /// The last document of each source.
    past: VecDeque<(Source, Fetched)>,
}

impl Desk {
    fn open(folder: &Path, news: News) -> Self {
        let store = Store::open(folder).unwrap();
        let states = store.states().unwrap();
        let documents = usize::try_from(store.entries_stored().unwrap()).unwrap() / PER_DOCUMENT;
        let (index, past) = (story::Index::default(), VecDeque::new());
        Self { store, states, index, news, documents, past }
    }

    /// Takes documents in until so many entries are stored; returns how long the longest held everybody up.
    fn fill(&mut self, entries: usize) -> Duration {
        let mut longest = Duration::ZERO;
        while self.documents * PER_DOCUMENT < entries {
            let ([keys, known, near, ingest, apply, _], _) = self.document();
            longest = longest.max(keys + known + near + ingest + apply);
        }
        longest
    }

    /// One document of new entries; returns how long each stage took, and how long this thread was at work for all.
    fn document(&mut self) -> ([Duration; 6], Duration) {
        let (source, fetched) = self.news.document(self.documents);
        self.documents += 1;
        let before = cpu_time();
        let laps = self.take(&source, &fetched, PER_DOCUMENT);
        let cpu = cpu_time().saturating_sub(before);
        self.past.push_back((source, fetched));
        if self.past.len() > SOURCES {
            self.past.pop_front();
        }
        (laps, cpu)
    }

    /// A document that lists what its source listed before, but for one entry.
    fn listed_again(&mut self) -> [Duration; 6] {
        let (source, mut fetched) = self.past.pop_front().unwrap();
        let (_, other) = self.news.document(self.documents + 100_000);
        self.documents += 1;
        let Reading::Feed { feed: news, .. } = other.reading else { unreachable!() };
        let Reading::Feed { feed, .. } = &mut fetched.reading else { unreachable!() };
        feed.entries[0] = news.entries[0].clone();
        self.take(&source, &fetched, 1)
    }

    /// As the writer takes it; returns how long each stage took.
    fn take(&mut self, source: &Source, fetched: &Fetched, new: usize) -> [Duration; 6] {
        let mut clock = Clock::start();
        let old = SourceState::default();
        let state = self.states.get(&source.id).unwrap_or(&old);
        let prepared = Prepared::new(source, state, fetched);
        let wanted = prepared.wanted_keys();
        clock.lap();
        let mut known = self.store.known(&wanted).unwrap();
        known.entries.extend(self.store.entries(&prepared.wanted_entries(state, &known)).unwrap());
        clock.lap();
        known.near = prepared.near(&known, &self.index);
        let near: HashSet<EntryKey> = known.near.values().flatten().map(|one| one.key).collect();
        known.entries.extend(self.store.entries(&near).unwrap());
        clock.lap();
        let mut update = prepared.ingest(state, &known, fetched.at);
        clock.lap();
        self.store.apply(&update).unwrap();
        update.sketches.drain(..).for_each(|sketch| self.index.insert(sketch));
        clock.lap();
        assert_eq!(update.new.len(), new, "{:?}", update.problems);
        self.states.insert(source.id.clone(), update.state);
        if self.documents.is_multiple_of(FLUSH_EVERY) {
            self.store.flush().unwrap();
        }
        clock.lap();
        if self.documents.is_multiple_of(FORGET_EVERY) {
            self.index.forget(fetched.at);
        }
        clock.laps
    }
}

/// Six laps.
struct Clock {
    began: Instant,
    lap: usize,
    laps: [Duration; 6],
}

impl Clock {
    fn start() -> Self {
        Self { began: Instant::now(), lap: 0, laps: [Duration::ZERO; 6] }
    }

    fn lap(&mut self) {
        self.laps[self.lap] = self.began.elapsed();
        (self.began, self.lap) = (Instant::now(), self.lap + 1);
    }
}

/// How long this thread has been on a processor: what else the machine does hardly counts.
fn cpu_time() -> Duration {
    // The kernel brings its account up to date when a thread yields.
    std::thread::yield_now();
    let account = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(account.split(' ').next().unwrap().parse().unwrap())
}

fn resident_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

fn bytes_in(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files
        .map(
            |file| if file.path().is_dir() { bytes_in(&file.path()) } else { file.metadata().unwrap().len() },
        )
        .sum()
}
