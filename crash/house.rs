//! One portal from its first start to its last stop: a folder, a feeds.toml, the origin, whoever reads, and the daemon
//! that is killed again and again.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, mem};

use tempfile::TempDir;

use crate::daemon::{self, Daemon};
use crate::forget::Forget;
use crate::memory::{LONG, Memory, PATHS, SHORT};
use crate::origin::{Origin, SOURCES};
use crate::page::{Format, Page};
use crate::random::Random;
use crate::wire;

const SITE: &str = "http://news.example";
/// A daemon that has not answered by then hangs.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// What is published is shown by then, and delivered.
const SHOW_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(25);
/// How often something is read, and looked at.
const TICK: Duration = Duration::from_millis(10);
/// The live feed has room for a thousand.
const ENTRIES_MAX: usize = 900;

pub struct House {
    pub folder: TempDir,
    pub origin: Origin,
    pub program: PathBuf,
    address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
    is_over: Arc<AtomicBool>,
    daemon: Option<Daemon>,
    /// What takes away what was not synced, if anything does.
    pub forget: Option<Forget>,
    /// Since when the subscriber is subscribed for certain.
    subscribed: Option<Instant>,
    next_try: Instant,
    next_step: Instant,
    pub random: Random,
    findings: Vec<String>,
}

impl House {
    /// `None` where it is to forget and there is nothing to compile that with.
    pub fn new(program: &Path, seed: u64, is_forgetful: bool) -> io::Result<Option<Self>> {
        let folder = tempfile::Builder::new().prefix("nashra-crash-").tempdir()?;
        let (origin, address) = (Origin::start()?, daemon::free_address()?);
        fs::write(folder.path().join("feeds.toml"), config(address, origin.address))?;
        let forget = if is_forgetful {
            let Some(forget) = Forget::new(folder.path(), &folder.path().join("state"))? else {
                return Ok(None);
            };
            Some(forget)
        } else {
            None
        };
        let (memory, is_over) = (Arc::<Mutex<Memory>>::default(), Arc::<AtomicBool>::default());
        let house = Self {
            folder,
            origin: origin.clone(),
            program: program.to_owned(),
            address,
            memory: Arc::clone(&memory),
            is_over: Arc::clone(&is_over),
            daemon: None,
            forget,
            subscribed: None,
            next_try: Instant::now(),
            next_step: Instant::now(),
            random: Random::new(seed),
            findings: vec![],
        };
        thread::spawn(move || {
            let mut random = Random::new(seed);
            for path in PATHS.iter().cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                let is_conditional = random.is_in(50);
                drop(read(&memory, &origin, address, path, is_conditional));
                thread::sleep(TICK);
            }
        });
        Ok(Some(house))
    }

    /// What was seen.
    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Whether there is no room for more.
    pub fn is_full(&self) -> bool {
        self.origin.world().entries.len() >= ENTRIES_MAX
    }

    pub fn start(&mut self, environment: &[(String, String)]) -> io::Result<()> {
        let mut environment = environment.to_vec();
        environment.extend(self.forget.iter().flat_map(Forget::environment));
        self.origin.subscriber.started();
        self.daemon = Some(Daemon::start(&self.program, self.folder.path(), &environment)?);
        Ok(())
    }

    /// Waits until readers are answered well; says how long that took since the start. `None` where the daemon has ended
    /// or hangs: see [`House::ended`].
    pub fn first_answer(&mut self) -> io::Result<Option<Duration>> {
        let Some(began) = self.daemon.as_ref().map(|daemon| daemon.began) else { return Ok(None) };
        while began.elapsed() < ANSWER_LIMIT {
            if read(&self.memory, &self.origin, self.address, PATHS[0], false).unwrap_or(false) {
                return Ok(Some(began.elapsed()));
            }
            if self.ended()?.is_some() || self.has_findings() {
                return Ok(None);
            }
            self.step();
            thread::sleep(Duration::from_millis(2));
        }
        self.find(format!("nobody was answered well for {} s after a start", ANSWER_LIMIT.as_secs()));
        Ok(None)
    }

    /// Lets it work for so long, or until it ends; says how it ended.
    pub fn work(&mut self, time: Duration) -> io::Result<Option<ExitStatus>> {
        self.work_until(time, |_| false)
    }

    /// The same, or until something is so.
    pub fn work_until<F>(&mut self, time: Duration, is_so: F) -> io::Result<Option<ExitStatus>>
    where
        F: Fn(&Self) -> bool,
    {
        let end = Instant::now() + time;
        while Instant::now() < end && !self.has_findings() && !is_so(self) {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            self.step();
            self.subscribe();
            thread::sleep(TICK.min(end.saturating_duration_since(Instant::now())));
        }
        Ok(None)
    }

    /// Whether it has ended by itself.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.daemon.as_mut().map_or(Ok(None), Daemon::ended)
    }

    /// Kills it, if it still lives; where it is to, the power goes.
    pub fn kill(&mut self) -> io::Result<()> {
        self.end()?;
        self.settle_down()
    }

    /// It is gone; what it had not made durable is gone where that is to be.
    fn settle_down(&mut self) -> io::Result<()> {
        self.origin.subscriber.killed();
        // A reader that was being answered has been told something that counts.
        drop(self.memory());
        self.forget.as_ref().map_or(Ok(()), Forget::cut)
    }

    /// Kills it, if it still lives, and leaves everything as it is.
    pub fn end(&mut self) -> io::Result<()> {
        self.daemon.take().map_or(Ok(()), |mut daemon| daemon.kill())
    }

    /// Something happens at the sources, where it is time; now and then somebody asks for a poll.
    fn step(&mut self) {
        if Instant::now() < self.next_step {
            return;
        }
        self.next_step = Instant::now() + self.random.millis(50..200);
        if !self.is_full() {
            self.origin.world().step(&mut self.random);
        }
        if let Some((id, ..)) = self.random.pick(&SOURCES).filter(|_| self.random.is_in(40)) {
            let socket = self.socket();
            // Whoever asks waits for the end of it; a kill ends it as well.
            thread::spawn(move || {
                let path = format!("/api/poll?source={id}");
                drop(wire::ask_socket(&socket, "POST", &path, ANSWER_LIMIT));
            });
        }
    }

    fn socket(&self) -> PathBuf {
        self.state().join("nashra.sock")
    }

    /// Subscribes, once every source is known: the first look at one is announced to nobody.
    fn subscribe(&mut self) {
        if self.subscribed.is_some() || Instant::now() < self.next_try {
            return;
        }
        self.next_try = Instant::now() + Duration::from_millis(300);
        let limit = Duration::from_secs(2);
        let kept = wire::ask_socket(&self.socket(), "GET", "/api/subscriptions", limit);
        if kept.is_ok_and(|kept| String::from_utf8_lossy(&kept.body).contains("latest.atom")) {
            self.subscribed = Some(Instant::now());
            return;
        }
        let numbers = self.memory().numbers(LONG);
        let known: HashSet<usize> = {
            let world = self.origin.world();
            numbers.iter().filter_map(|number| Some(world.entries.get(number)?.0)).collect()
        };
        if known.len() == SOURCES.len() {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("hub.mode", "subscribe")
                .append_pair("hub.topic", &format!("{SITE}/{LONG}.atom"))
                .append_pair("hub.callback", &format!("http://{}/cb", self.origin.address))
                .finish();
            drop(wire::post(self.address, "/hub", &form, limit));
        }
    }

    /// What every source lists is shown soon.
    pub fn check_progress(&mut self) -> io::Result<()> {
        let began = Instant::now();
        loop {
            let listed = self.origin.world().listed_for(began.elapsed());
            let shown: HashSet<u64> = self.memory().numbers(LONG).into_iter().collect();
            let missing = listed.iter().filter(|number| !shown.contains(number)).count();
            if missing == 0 || self.has_findings() {
                return Ok(());
            }
            if let Some(status) = self.ended()? {
                self.find(format!("it ended by itself while sources were read: {status}"));
            } else if began.elapsed() > SHOW_LIMIT {
                self.find(format!(
                    "{missing} of {} listed entries are not shown after {} s",
                    listed.len(),
                    SHOW_LIMIT.as_secs()
                ));
            }
            thread::sleep(TICK);
        }
    }

    /// What was visible to anybody since somebody is subscribed reaches that one.
    fn check_deliveries(&mut self) {
        let Some(since) = self.subscribed else { return };
        let began = Instant::now();
        loop {
            let numbers = self.memory().numbers(LONG);
            let world = self.origin.world();
            let is_due =
                |number: &u64| world.entries.get(number).is_some_and(|(_, entry)| entry.came > since);
            let due: Vec<u64> = numbers.into_iter().filter(is_due).collect();
            drop(world);
            let lacks = self.origin.subscriber.lacks(due);
            if lacks.is_empty() {
                return;
            }
            if began.elapsed() > SHOW_LIMIT {
                let count = lacks.len();
                let some: Vec<u64> = lacks.into_iter().take(10).collect();
                return self.find(format!("the hub has not delivered {count} entries: {some:?} …"));
            }
            thread::sleep(TICK);
        }
    }

    /// What the short feed once had is in it or in its archive.
    pub fn check_history(&mut self) {
        let began = Instant::now();
        let ever = self.memory().ever(SHORT);
        let (mut found, mut next) = (HashSet::new(), Some(format!("{SITE}/{SHORT}.atom")));
        while let Some(url) = next.take() {
            let path = url.strip_prefix(SITE).unwrap_or(&url);
            let Ok(answer) = wire::get(self.address, path, None, ANSWER_LIMIT) else { return };
            match Page::read(Format::Atom, &answer.body) {
                Ok(page) if answer.status() == 200 => {
                    found.extend(page.items.into_iter().map(|item| item.id));
                    next = page.previous;
                }
                // Archives are in the store, which opens behind the feeds.
                _ if answer.status() == 503 && began.elapsed() < ANSWER_LIMIT => {
                    thread::sleep(TICK);
                    next = Some(url);
                }
                _ => return self.find(format!("{path} is answered with {}", answer.status())),
            }
        }
        for gone in ever.difference(&found).take(10) {
            self.findings.push(format!("/{SHORT} has {gone} neither in its feed nor in its archive"));
        }
    }

    /// What `nashra entries` lists is what was shown, each once.
    fn check_entries(&mut self) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        command.current_dir(self.folder.path()).args(["--config", "feeds.toml", "entries", "--json"]);
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let links = text.lines().filter_map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).ok()?;
            crate::origin::number_in(entry["link"].as_str()?)
        });
        let mut found = HashSet::new();
        let doubled: Vec<u64> = links.filter(|number| !found.insert(*number)).collect();
        let gone: Vec<u64> =
            self.memory().numbers(LONG).into_iter().filter(|number| !found.contains(number)).collect();
        if !output.status.success() || !doubled.is_empty() || !gone.is_empty() {
            self.find(format!("`entries` ({}) lacks {gone:?} and has twice {doubled:?}", output.status));
        }
        Ok(())
    }

    /// Lets everything come to rest, looks at all of it, and stops the daemon in good order.
    pub fn finish(&mut self) -> io::Result<()> {
        self.start(&[])?;
        self.first_answer()?;
        if let Some(status) = self.ended()? {
            self.find(format!("it ended by itself after a start: {status}"));
        }
        self.check_progress()?;
        self.check_deliveries();
        self.check_history();
        self.check_entries()?;
        self.stop()
    }

    /// Stops it in good order.
    pub fn stop(&mut self) -> io::Result<()> {
        let Some(mut daemon) = self.daemon.take() else { return Ok(()) };
        match daemon.stop(STOP_LIMIT)? {
            Some(status) if status.success() => {}
            Some(status) => self.find(format!("it did not stop in good order: {status}")),
            None => self.find(format!("it has not stopped {} s after SIGTERM", STOP_LIMIT.as_secs())),
        }
        drop(daemon);
        self.settle_down()
    }

    pub fn find(&mut self, what: String) {
        self.findings.push(what);
    }

    pub fn has_findings(&self) -> bool {
        !self.findings.is_empty() || !self.memory().findings.is_empty()
    }

    pub fn take_findings(&mut self) -> Vec<String> {
        let mut all = mem::take(&mut self.findings);
        all.append(&mut self.memory().findings);
        all.append(&mut self.origin.subscriber.take_findings());
        all
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Reads one feed as anybody may; says whether it was a good answer. Nobody else reads meanwhile, so that it is known
/// what was seen before.
fn read(
    memory: &Mutex<Memory>,
    origin: &Origin,
    address: SocketAddr,
    path: &str,
    is_conditional: bool,
) -> io::Result<bool> {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    let etag = memory.etag(path).filter(|_| is_conditional).map(str::to_owned);
    let answer = wire::get(address, path, etag.as_deref(), ANSWER_LIMIT)?;
    Ok(memory.take(path, etag.as_deref(), &answer, &origin.world()))
}

fn config(listen: SocketAddr, origin: SocketAddr) -> String {
    let source = |(id, ..): &(&str, &str, bool)| {
        format!(
            "[sources.{id}]\ntitle = \"{id}\"\nurl = \"http://{origin}/{id}\"\nschedule = \"every 1s\"\nsection = \"{SHORT}\"\n"
        )
    };
    let sources: String = SOURCES.iter().map(source).collect();
    format!(
        "[site]\nurl = \"{SITE}\"\n[server]\nlisten = \"{listen}\"\n[store]\npath = \"state\"\n\
         [fetch]\nallow_private = [\"127.0.0.0/8\"]\nports = \"any\"\nmin_interval = \"0s\"\nhints = false\n\
         [publish]\nentries = 1000\nmax_per_source = 1000\n\
         [sections.{SHORT}]\ntitle = \"Short\"\nentries = 20\nmax_per_source = 20\n{sources}"
    )
}
