//! Decisions that are declared as `AccessApproval` objects.

use appaccess_core::{
    access::{Decision, Directive, ObjectName},
    resolve::DirectoryMemory,
};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use crate::{
    api::{AccessApproval, access_approval, reference::Reference},
    load::Loaded,
    store::{Store, StoreError},
};

/// A decision counts for at most so long after its creation.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The decisions on an app's digests that count now.
#[must_use]
pub fn declared(loaded: &Loaded, app: &ObjectName, now: Timestamp) -> Vec<Decision> {
    about(loaded, app, now, |approval| approval.spec.app_ref.as_ref())
}

/// Adds the decisions on a directory's breaker to what is remembered of it.
pub(super) fn add_declared(loaded: &Loaded, directory: &ObjectName, memory: &mut DirectoryMemory, now: Timestamp) {
    memory.decisions.extend(about(loaded, directory, now, |approval| approval.spec.directory_ref.as_ref()));
}

/// Why a declared decision does not count now; `None` where it does.
#[must_use]
pub fn refusal(name: &ObjectName, approval: &AccessApproval, now: Timestamp) -> Option<&'static str> {
    let passed = approval.spec.not_after.timestamp() <= now;
    misfit(name, approval, now).or_else(|| passed.then_some("its time has passed"))
}

/// Why a declared decision never counts, whatever the time; `None` where it may.
#[must_use]
pub fn misfit(name: &ObjectName, approval: &AccessApproval, now: Timestamp) -> Option<&'static str> {
    let reference = approval.spec.app_ref.as_ref().or(approval.spec.directory_ref.as_ref())?;
    let not_after = approval.spec.not_after.timestamp();
    let created = approval.creation_timestamp().map_or(now, |time| time.0);
    let latest = created.checked_add(LONGEST).unwrap_or(Timestamp::MAX);
    if reference.namespace.as_deref().is_some_and(|namespace| *namespace != *name.namespace) {
        Some("it must stand in the namespace of what it decides")
    } else if not_after > latest {
        Some("`notAfter` is more than 30 days after its creation")
    } else {
        None
    }
}

fn about(
    loaded: &Loaded,
    subject: &ObjectName,
    now: Timestamp,
    reference: impl Fn(&AccessApproval) -> Option<&Reference>,
) -> Vec<Decision> {
    let named = loaded.approvals.iter().filter(|(name, located)| {
        let Some(reference) = reference(&located.object) else { return false };
        *reference.name == *subject.name && name.namespace == subject.namespace
    });
    let counting = named.filter(|(name, located)| refusal(name, &located.object, now).is_none());
    counting.map(|(_, located)| decision(&located.object)).collect()
}

fn decision(approval: &AccessApproval) -> Decision {
    Decision {
        digest: approval.spec.digest.as_str().into(),
        directive: match approval.spec.decision {
            access_approval::Decision::Approve => Directive::Approve,
            access_approval::Decision::Reject => Directive::Reject,
        },
        decided_by: approval.spec.decided_by.as_deref().map(Into::into),
        not_after: approval.spec.not_after.timestamp(),
    }
}

/// Keeps declared decisions on a directory's breaker in the store.
pub(super) async fn keep_declared(
    loaded: &Loaded,
    directory: &ObjectName,
    store: &Store,
    now: Timestamp,
) -> Result<(), StoreError> {
    for decision in about(loaded, directory, now, |approval| approval.spec.directory_ref.as_ref()) {
        store.decide_directory(directory, &decision, now).await?;
    }
    Ok(())
}
