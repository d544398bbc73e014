//! Looks at target apps for somebody who asks how they are or what they hold: reads alone, nothing is written anywhere,
//! and what was found out before a failure is kept.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{AppPolicy, Capabilities, Completeness, Memory, ObjectName, Observation},
    status::Failure,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    AppResult, Declared, Fleet, Look, Options, SyncError, failure,
    fleet::{Ready, stopped},
    look,
};
use crate::{
    api::TargetApp,
    connector::{Calls, Connection, ConnectorError, Reader, Scope},
    http::{RateSettings, ToldQuota},
    load::policy::policy,
    store::Store,
};

/// How far a look at an app came.
#[derive(Debug)]
pub enum Examined {
    /// It was read, and compared with what is declared.
    Looked(Box<Look>),
    /// Work on it is stopped, by whom and until when.
    Suspended(String),
    /// It could not be read.
    Failed(Failure),
}

/// What a look at one target app found out.
#[derive(Debug)]
pub struct Examination {
    /// The target app.
    pub app: ObjectName,
    /// Its policy.
    pub policy: AppPolicy,
    /// The host that the credential is sent to, where it came so far.
    pub host: Option<String>,
    /// How fast the credential may be used.
    pub rate: Option<RateSettings>,
    /// What the app says of the credential's quota.
    pub quota: Option<ToldQuota>,
    /// How far the app's clock is ahead of this machine's.
    pub skew: Option<SignedDuration>,
    /// What the app can do, where it came so far.
    pub capabilities: Option<Capabilities>,
    /// Requests that a pass takes in which nothing has to be asked twice, where it came so far.
    pub quiet_reads: Option<u64>,
    /// Requests that were sent.
    pub calls: Calls,
    /// How far it came.
    pub outcome: Examined,
}

/// Everything that an app holds.
#[derive(Debug)]
pub struct Holdings {
    /// Its policy.
    pub policy: AppPolicy,
    /// What the app can do.
    pub capabilities: Capabilities,
    /// What it holds, memberships of every group among it.
    pub observation: Observation,
}

impl Fleet {
    /// Looks at the chosen apps, all where `chosen` is empty; none in the way of another. Ordered by name.
    pub async fn examine(
        &self,
        declared: Declared<'_>,
        store: Option<&Store>,
        chosen: &BTreeSet<ObjectName>,
        now: Timestamp,
    ) -> Vec<Examination> {
        let looks = self
            .side_by_side(declared, chosen, |name, app| async move {
                self.examine_one(declared, store, name, app, now).await
            })
            .await;
        let finished = looks
            .into_iter()
            .map(|(name, app, look)| look.unwrap_or_else(|fault| unseen(declared, name, app, Examined::Failed(fault))));
        finished.collect()
    }

    async fn examine_one(
        &self,
        declared: Declared<'_>,
        store: Option<&Store>,
        name: &ObjectName,
        app: &TargetApp,
        now: Timestamp,
    ) -> Examination {
        match stopped(declared, name, app, now) {
            Some(AppResult::Suspended(why)) => return unseen(declared, name, app, Examined::Suspended(why)),
            Some(AppResult::Stalled(failure)) => return unseen(declared, name, app, Examined::Failed(failure)),
            _ => {}
        }
        let Ready { policy, connection, .. } = match self.open(declared, store, name, app, &Options::default()).await {
            Ok(ready) => ready,
            Err(failure) => return unseen(declared, name, app, Examined::Failed(failure)),
        };
        let mut found = Examination { policy, ..unseen(declared, name, app, Examined::Suspended(String::new())) };
        found.outcome = match found.read(declared, store, &connection, now).await {
            Ok(look) => Examined::Looked(Box::new(look)),
            Err(failure) => Examined::Failed(failure),
        };
        found.host = connection.host();
        found.rate = connection.rate();
        found.quota = connection.quota();
        found.skew = connection.reader.clock_skew();
        found.calls = connection.reader.calls();
        found
    }

    /// Reads everything that one target app holds, whatever is declared of it.
    ///
    /// # Errors
    /// Why it could not be read, or not completely.
    pub async fn holdings(
        &self,
        declared: Declared<'_>,
        name: &ObjectName,
        now: Timestamp,
    ) -> Result<Holdings, Failure> {
        let Some(located) = declared.loaded.target_apps.get(name) else {
            let message = format!("there is no TargetApp {name}");
            return Err(Failure { reason: "NotFound".into(), message, remedy: "name one that is there".into() });
        };
        match stopped(declared, name, &located.object, now) {
            Some(AppResult::Stalled(failure)) => return Err(failure),
            Some(AppResult::Suspended(message)) => {
                let remedy = "take `suspend` out of the TargetApp first".into();
                return Err(Failure { reason: "Suspended".into(), message, remedy });
            }
            _ => {}
        }
        let ready = self.open(declared, None, name, &located.object, &Options::default()).await?;
        let (capabilities, observation) =
            everything(&*ready.connection.reader).await.map_err(|error| failure(&error))?;
        let (reason, message) = match &observation.completeness {
            Completeness::Complete => return Ok(Holdings { policy: ready.policy, capabilities, observation }),
            Completeness::Incomplete { reason, message } => (reason.to_string(), message.to_string()),
            Completeness::NotListable => (
                "NotListable".to_owned(),
                "the app cannot list its accounts, so nobody can say what it holds".to_owned(),
            ),
        };
        let remedy = "nothing is written on a reading that is not complete; `appaccess doctor` says more".to_owned();
        Err(Failure { reason, message, remedy })
    }
}

/// Reads an app with every name that it has in view. A name that the first reading brings to light asks for a second.
///
/// # Errors
/// What the app answered.
pub async fn everything(reader: &dyn Reader) -> Result<(Capabilities, Observation), ConnectorError> {
    let capabilities = reader.capabilities().await?;
    let mut scope = Scope::default();
    for kind in capabilities.kinds.keys() {
        // A type that is not named at all does not matter, and would be left out.
        scope.extend(kind, ["".into()]);
    }
    let first = reader.observe(&scope).await?;
    let known = scope.clone();
    for (kind, names) in &first.catalogue {
        scope.extend(kind, names.keys().cloned());
    }
    let held = first.accounts.iter().flat_map(|account| account.entitlements.keys());
    for slot in held {
        scope.extend(&slot.kind, [slot.name.clone()]);
    }
    let observation = if scope == known { first } else { reader.observe(&scope).await? };
    Ok((capabilities, observation))
}

fn unseen(declared: Declared<'_>, name: &ObjectName, app: &TargetApp, outcome: Examined) -> Examination {
    Examination {
        app: name.clone(),
        policy: policy(name, &app.spec, &declared.loaded.namespaces),
        host: None,
        rate: None,
        quota: None,
        skew: None,
        capabilities: None,
        quiet_reads: None,
        calls: Calls::default(),
        outcome,
    }
}

impl Examination {
    /// Capabilities first, so that they are known where the reading fails.
    async fn read(
        &mut self,
        declared: Declared<'_>,
        store: Option<&Store>,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<Look, Failure> {
        let reader = &*connection.reader;
        let memory = match store {
            Some(store) => store.memory(&self.app, now).await.map_err(SyncError::from)?,
            None => Memory::default(),
        };
        let capabilities = reader.capabilities().await.map_err(|error| failure(&error))?;
        self.capabilities = Some(capabilities);
        let before = reader.calls().reads;
        let look = look(&self.policy, declared.world, reader, memory, &Options::default(), now).await;
        let look = look.map_err(|error| failure(&error))?;
        self.quiet_reads = Some(reader.calls().reads.saturating_sub(before));
        self.capabilities = Some(look.capabilities.clone());
        Ok(look)
    }
}
