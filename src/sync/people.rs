//! Reads directories and judges who left: once for all apps.

use std::{collections::BTreeMap, time::Duration};

use appaccess_core::{
    access::{Budget, ObjectName},
    resolve::{DirectoryMemory, DirectoryPolicy, Freshness, LeaverProof, Verdict, judge},
};
use jiff::Timestamp;

use super::{decisions, pace};
use crate::{
    api::{self, DirectorySpec, source::Source},
    load::{DirectoryReading, Loaded, inline_people, inline_reading},
    store::{Store, StoreError, Writer},
};

/// Reads every directory and judges it against what is remembered; nothing is written.
///
/// # Errors
/// The store could not be read.
pub async fn read_directories(
    loaded: &Loaded,
    store: Option<&Store>,
    now: Timestamp,
) -> Result<BTreeMap<ObjectName, DirectoryReading>, StoreError> {
    let mut readings = BTreeMap::new();
    for (name, directory) in &loaded.directories {
        let mut memory = match store {
            Some(store) => store.directory(name, now).await?,
            None => DirectoryMemory::default(),
        };
        decisions::add_declared(loaded, name, &mut memory, now);
        readings.insert(name.clone(), read(name, &directory.object.spec, &memory, now));
    }
    Ok(readings)
}

fn read(name: &ObjectName, spec: &DirectorySpec, memory: &DirectoryMemory, now: Timestamp) -> DirectoryReading {
    let Source::Inline(source) = &spec.source else {
        return DirectoryReading {
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            freshness: Freshness::Stale("this version cannot read its source; only `inline` is there".into()),
            verdict: Verdict { memory: memory.clone(), ..Verdict::default() },
        };
    };
    let (people, groups) = inline_people(name, source);
    let reading = inline_reading(&people);
    let verdict = judge(&directory_policy(name, spec), memory, &reading, now);
    DirectoryReading { people, groups, freshness: Freshness::Fresh, verdict }
}

fn directory_policy(name: &ObjectName, spec: &DirectorySpec) -> DirectoryPolicy {
    let (people, percent) = spec.shrink_limit();
    DirectoryPolicy {
        name: name.clone(),
        proof: match spec.leaver_proof {
            api::directory::LeaverProof::Disabled => LeaverProof::Disabled,
            api::directory::LeaverProof::DisabledOrDeleted => LeaverProof::DisabledOrDeleted,
        },
        maximum_shrink: Budget { people: people.into(), percent: percent.into() },
        interval: directory_interval(spec),
    }
}

/// How often a directory is read.
#[must_use]
pub fn directory_interval(spec: &DirectorySpec) -> Duration {
    spec.interval.map_or(pace::INTERVAL, api::Duration::to_std)
}

/// Writes down what the readings left to remember; what is unchanged is not written.
///
/// # Errors
/// The store could not be written.
pub async fn remember_directories(
    loaded: &Loaded,
    readings: &BTreeMap<ObjectName, DirectoryReading>,
    writer: &Writer,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (name, reading) in readings {
        decisions::keep_declared(loaded, name, writer.store(), now).await?;
        writer.keep_directory(name, &reading.verdict.memory, now).await?;
    }
    Ok(())
}
