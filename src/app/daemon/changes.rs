//! What the daemon does when files change: feeds.toml, and local sources.

use std::path::Path;

use super::Daemon;
use crate::app::{in_force, reload};
use crate::config::Config;
use crate::edge::{clock, systemd};
use crate::model::{Location, SourceId};

impl Daemon {
    pub(super) fn file_changed(&mut self, path: &Path) {
        if path == self.options.config_path {
            return self.reload();
        }
        let ids: Vec<SourceId> = self
            .writer
            .sources
            .values()
            .filter(|source| {
                source.enabled && matches!(&source.location, Location::File(file) if file == path)
            })
            .map(|source| source.id.clone())
            .collect();
        for id in ids {
            if self.poller.is_busy(&id) {
                self.again.insert(id);
            } else {
                self.start(&[id]);
            }
        }
    }

    /// Puts a changed feeds.toml in force as a whole, or keeps the running one and says so loudly.
    pub(super) fn reload(&mut self) {
        systemd::reloading();
        let loaded = reload::load_again(&self.options.config_path)
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect());
        let mistakes = loaded.and_then(|config| self.put_in_force(&config)).err().unwrap_or_default();
        for mistake in &mistakes {
            tracing::error!("{mistake}");
        }
        if let Some(first) = mistakes.first() {
            let mistakes = mistakes.len();
            tracing::error!(mistakes, "feeds.toml is not usable: the running configuration stays in force");
            systemd::status(&format!("running on an older feeds.toml: {first}"));
        } else {
            systemd::status("");
            in_force::keep(&self.options.config_path, &self.options.state_folder);
        }
        self.note_refusal(mistakes);
        systemd::ready();
    }

    /// All of it, or nothing.
    fn put_in_force(&mut self, config: &Config) -> Result<(), Vec<String>> {
        let ready = self.poller.prepare(config).map_err(|error| vec![error.to_string()])?;
        systemd::patiently(|| self.writer.configure(config, clock::now()))
            .map_err(|error| vec![error.to_string()])?;
        self.poller.configure(ready);
        self.troubles.look_now();
        self.hub.iter().for_each(|hub| hub.configure(config, self.poller.fetcher()));
        config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        self.at_start.warn(config);
        let sources = &self.writer.sources;
        self.jobs.iter_mut().for_each(|job| job.forget(|id| !sources.contains_key(id)));
        self.finish_jobs();
        self.watch_sources();
        self.touch_all_pushes();
        tracing::info!(
            sources = config.sources.len(),
            sections = config.sections.len(),
            "feeds.toml is in force"
        );
        Ok(())
    }

    pub(super) fn watch_sources(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        let local = self.writer.sources.values().filter_map(|source| match &source.location {
            Location::File(path) => Some(path.clone()),
            Location::Web(_) => None,
        });
        watch.set(local.chain([self.options.config_path.clone()]).collect());
    }
}
