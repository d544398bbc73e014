//! Directories are judged once for all apps: when their object or a decision about them changes, and once per interval.
//! Judging more often would count one absence as several.

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
    sync::{pace, read_directories, remember_directories},
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
        let mut due = Loaded::default();
        for (name, located) in &loaded.directories {
            let mark = mark(loaded, name);
            if self.judged.get(name).is_none_or(|judged| judged.mark != mark || judged.is_due(now)) {
                due.directories.insert(name.clone(), located.clone());
            }
        }
        if !due.directories.is_empty() {
            due.approvals.clone_from(&loaded.approvals);
            let readings = read_directories(&due, Some(writer.store()), now).await?;
            remember_directories(&due, &readings, writer, now).await?;
            for (name, reading) in readings {
                let spec = due.directories.get(&name).map(|located| &located.object.spec);
                let interval = spec.and_then(|spec| spec.interval).map_or(pace::INTERVAL, crate::api::Duration::to_std);
                let mark = mark(loaded, &name);
                self.judged.insert(name, Judged { mark, at: now, interval, reading });
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
