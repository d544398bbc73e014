//! Directories are judged once for all apps: when their object or a decision about them changes, and once per interval.
//! What was judged is kept only to spare the store: a process that takes over judges at once, and counts no absence twice.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher},
    time::Duration,
};

use appaccess_core::access::ObjectName;
use jiff::Timestamp;

use super::snapshot::{identity, subject};
use crate::{
    api::RECONCILE_AT,
    load::{DirectoryReading, Loaded},
    store::{StoreError, Writer},
    sync::{directory_interval, pace, read_directories, remember_directories},
};

/// The last judgement on each directory.
#[derive(Default)]
pub(super) struct Directories {
    judged: BTreeMap<ObjectName, Judged>,
}

struct Judged {
    mark: u64,
    at: Timestamp,
    interval: Duration,
    reading: DirectoryReading,
}

impl Directories {
    /// Judges what is due and remembers it; what all of them say now.
    pub(super) async fn read(
        &mut self,
        loaded: &Loaded,
        writer: &Writer,
        now: Timestamp,
    ) -> Result<BTreeMap<ObjectName, DirectoryReading>, StoreError> {
        self.judged.retain(|name, _| loaded.directories.contains_key(name));
        let mut one = Loaded { approvals: loaded.approvals.clone(), ..Loaded::default() };
        for (name, located) in &loaded.directories {
            let mark = mark(loaded, name);
            if self.judged.get(name).is_some_and(|judged| judged.mark == mark && !judged.is_due(now)) {
                continue;
            }
            one.directories = BTreeMap::from([(name.clone(), located.clone())]);
            let mut readings = read_directories(&one, Some(writer.store()), now).await?;
            remember_directories(&one, &readings, writer, now).await?;
            // Not judged again because another one fails.
            if let Some(reading) = readings.remove(name) {
                let interval = directory_interval(&located.object.spec);
                self.judged.insert(name.clone(), Judged { mark, at: now, interval, reading });
            }
        }
        Ok(self.judged.iter().map(|(name, judged)| (name.clone(), judged.reading.clone())).collect())
    }

    /// How long until one is due.
    pub(super) fn next(&self, now: Timestamp) -> Duration {
        let waits = self.judged.values().map(|judged| judged.interval.saturating_sub(judged.age(now)));
        waits.min().unwrap_or(pace::INTERVAL)
    }
}

impl Judged {
    fn age(&self, now: Timestamp) -> Duration {
        let age = now.duration_since(self.at);
        // A clock that was set back is no reason never to look again.
        if age.is_negative() { self.interval } else { age.unsigned_abs() }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.age(now) >= self.interval
    }
}

/// Changes with the directory and with the decisions about it.
fn mark(loaded: &Loaded, name: &ObjectName) -> u64 {
    let mut mark = DefaultHasher::new();
    if let Some(located) = loaded.directories.get(name) {
        identity(&located.object, &[RECONCILE_AT], &mut mark);
    }
    for (approval, located) in &loaded.approvals {
        if subject(approval, located.object.spec.directory_ref.as_ref()).as_ref() == Some(name) {
            identity(&located.object, &[], &mut mark);
        }
    }
    mark.finish()
}
