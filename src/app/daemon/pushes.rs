//! What the loop does about hubs: it looks after subscriptions, answers what hubs ask, and takes in what they bring.

use std::collections::BTreeSet;

use super::Daemon;
use crate::app::pushes::{PushEvent, Pushed, Pushes};
use crate::edge::{clock, systemd};
use crate::model::{Push, SourceId, Timestamp, Trouble};
use crate::schedule::push;

impl Daemon {
    /// Looks after the subscriptions of all sources from now on.
    pub(in crate::app) fn subscribe(&mut self, mut pushes: Pushes) {
        for (id, state) in &self.writer.states {
            let Some(push) = &state.push else { continue };
            pushes.resume(id, push, self.writer.sources.get(id), self.poller.fetcher());
        }
        self.pushes = Some(pushes);
        self.touch_all_pushes();
    }

    /// After a start and after a reload.
    pub(super) fn touch_all_pushes(&mut self) {
        let Some(pushes) = &mut self.pushes else { return };
        pushes.board.set_site(&self.writer.site().url);
        let with_hub = self.writer.states.iter().filter(|(_, state)| state.push.is_some());
        pushes.touch(with_hub.map(|(id, _)| id.clone()));
    }

    /// Looks after those whose moment has come; says when the next one is to be.
    pub(super) fn tend_pushes(&mut self) -> Option<Timestamp> {
        let now = clock::now();
        let due = self.pushes.as_mut()?.take_due(now);
        if !due.is_empty() {
            self.tend(&due, now);
        }
        self.pushes.as_ref()?.next(now)
    }

    fn tend(&mut self, ids: &BTreeSet<SourceId>, now: Timestamp) {
        let Some(pushes) = &mut self.pushes else { return };
        let site = self.writer.site().url.clone();
        let (mut errands, mut changed) = (vec![], vec![]);
        for id in ids {
            let source = self.writer.sources.get(id).cloned();
            let Some(state) = self.writer.states.get_mut(id) else { continue };
            let Some(push) = state.push.as_deref_mut() else { continue };
            let before = push.clone();
            let sent = pushes.tend(id, push, source.as_ref(), &site, now);
            if *push != before {
                warn(id, before.trouble.as_ref(), push);
                changed.push(id);
            }
            if pushes.has_ended(id, push, now) {
                let next_at = self.writer.resume_polling(id, now);
                self.lull.iter_mut().for_each(|lull| lull.shorten(next_at));
            }
            errands.push((id, sent));
        }
        // Before a hub is asked: it may ask back at once, and after a restart as well.
        self.keep_pushes(&changed);
        let Some(pushes) = &self.pushes else { return };
        for (id, sent) in errands {
            pushes.send(id, sent, self.poller.fetcher());
        }
    }

    fn keep_pushes(&self, changed: &[&SourceId]) {
        if let Err(error) = systemd::patiently(|| self.writer.keep_states(changed)) {
            tracing::error!(%error, "the store cannot hold subscriptions: after a restart they are unknown");
        }
    }

    /// Takes in what a hub says.
    pub(super) fn hear(&mut self, event: PushEvent) {
        let now = clock::now();
        let (PushEvent::Said { source: id, .. } | PushEvent::Answered { source: id, .. }) = &event;
        let id = id.clone();
        let push = self.writer.states.get_mut(&id).and_then(|state| state.push.as_deref_mut());
        let Some(push) = push else { return };
        let before = push.trouble.clone();
        let answer = match event {
            PushEvent::Said { token, intent, reply, .. } => {
                Some((push::heard(&id, push, &token, &intent, now), reply))
            }
            PushEvent::Answered { token, answer, .. } => {
                push::reply(&id, push, &token, answer, now);
                None
            }
        };
        warn(&id, before.as_ref(), push);
        if answer.as_ref().is_none_or(|(heard, _)| *heard != push::Heard::Unknown) {
            self.keep_pushes(&[&id]);
            self.tend(&BTreeSet::from([id]), now);
        }
        if let Some((heard, reply)) = answer {
            // The hub is told when it is kept. One that has waited too long needs no answer.
            let _ = reply.send(heard);
        }
    }

    /// Takes in what was pushed, all of it together.
    pub(super) fn take_pushed(&mut self, arrived: &mut Vec<Pushed>) {
        let batch = std::mem::take(arrived);
        let ids: Vec<SourceId> = batch.iter().map(|pushed| pushed.source.clone()).collect();
        systemd::patiently(|| self.writer.take_pushed(batch, clock::now()));
        self.pushes.iter_mut().for_each(|pushes| pushes.touch(ids.iter().cloned()));
    }
}

/// Tells the log once of each trouble, and of its end.
fn warn(id: &SourceId, before: Option<&Trouble>, push: &Push) {
    let Some(Trouble { why, over, .. }) = push.trouble.as_ref().filter(|now| Some(*now) != before) else {
        return;
    };
    let source = id.0.as_str();
    if over.is_none() {
        tracing::warn!(source, why, "its hub does not push: it is polled as ever");
    } else {
        tracing::info!(source, "its hub pushes again");
    }
}
