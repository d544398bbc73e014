//! Who must approve a change, what will stand in its way, and how its withdrawals are approved.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{Edge, Mode, NeedsApproval, ObjectName, Slot, Text},
    plan::{self, Cost},
};
use jiff::{SignedDuration, Timestamp};

use super::compared::Compared;
use crate::{
    api::access_approval::Decision,
    cli::output::{
        review::{DecisionRow, Review, Warning},
        words::counted,
    },
    sync::{declared_decisions, refusal},
};

/// How long an approval that is proposed counts, in days: long enough for a review, within what is permitted.
const DAYS: i64 = 14;

/// The owners before the change: it may be they whom it takes out. Of an app that had none, those after it.
pub(super) fn owners(compared: &Compared<'_>) -> Vec<String> {
    let before = compared.earlier.map(|earlier| &earlier.owners).filter(|owners| !owners.is_empty());
    before.unwrap_or(&compared.spec.owners).clone()
}

/// An `AccessApproval` of an intent, as YAML.
pub(super) fn approval(app: &ObjectName, digest: &str, now: Timestamp) -> String {
    let ObjectName { namespace, name } = app;
    let letters: String = digest.rsplit(':').next().unwrap_or_default().chars().take(8).collect();
    let midnight = now.as_second().div_euclid(86400) * 86400;
    let day = Timestamp::from_second(midnight).unwrap_or(now);
    let not_after = day.checked_add(SignedDuration::from_hours(24 * DAYS)).unwrap_or(Timestamp::MAX);
    format!(
        "\
apiVersion: appaccess.dev/v1alpha1
kind: AccessApproval
metadata: {{name: {name}-{letters}, namespace: {namespace}}}
spec:
  appRef: {{name: {name}}}
  digest: {digest}
  decision: Approve
  notAfter: \"{not_after}\"
"
    )
}

/// The decisions about this app that the change adds.
pub(super) fn decisions(compared: &Compared<'_>, digest: &Text) -> Vec<DecisionRow> {
    let known = &compared.base.loaded.approvals;
    let approvals = compared.head.loaded.approvals.iter().filter(|(name, located)| {
        let spec = &located.object.spec;
        let is_news = known.get(*name).is_none_or(|known| known.object.spec != *spec);
        is_news && is_about(compared.name, name, spec.app_ref.as_ref())
    });
    let row = |name: &ObjectName, approval: &crate::api::AccessApproval| DecisionRow {
        object: name.to_string(),
        digest: approval.spec.digest.clone(),
        decision: match approval.spec.decision {
            Decision::Approve => "Approve",
            Decision::Reject => "Reject",
        },
        not_after: approval.spec.not_after.timestamp().to_string(),
        of_this_change: *approval.spec.digest == **digest && !compared.lost.is_empty(),
        refused: refusal(name, approval, compared.now).map(str::to_owned),
    };
    approvals.map(|(name, located)| row(name, &located.object)).collect()
}

fn is_about(app: &ObjectName, approval: &ObjectName, reference: Option<&crate::api::reference::Reference>) -> bool {
    reference.is_some_and(|reference| {
        let namespace = reference.namespace.as_deref().unwrap_or(&approval.namespace);
        *reference.name == *app.name && *namespace == *app.namespace
    })
}

/// Which `AccessApproval` among the files lets these withdrawals pass; none where another says no.
pub(super) fn approved_by(compared: &Compared<'_>, digest: &Text) -> Option<String> {
    if compared.lost.is_empty() || !is_approved(compared, digest) {
        return None;
    }
    let named = compared.head.loaded.approvals.iter().find(|(name, located)| {
        let approval = &located.object;
        let spec = &approval.spec;
        *spec.digest == **digest
            && is_about(compared.name, name, spec.app_ref.as_ref())
            && refusal(name, approval, compared.now).is_none()
    });
    named.map(|(name, _)| name.to_string())
}

fn is_approved(compared: &Compared<'_>, digest: &Text) -> bool {
    use appaccess_core::access::Directive::{Approve, Reject};
    let decisions = declared_decisions(compared.head.loaded, compared.name, compared.now);
    let says = |word| decisions.iter().any(|decision| decision.digest == *digest && decision.directive == word);
    says(Approve) && !says(Reject)
}

/// What will stand in the way of the change.
pub(super) fn warnings(
    compared: &Compared<'_>,
    review: &Review,
    granted: &[plan::Change],
    cost: Option<&Cost>,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |reason, message: Option<String>| {
        warnings.extend(message.map(|message| Warning { reason, message, about: Vec::new() }));
    };
    if review.presence == "removed" {
        let message = "the target app is gone from the files: nobody loses anything in the app, and nobody looks \
                       after it from now on; withdraw the claims first if they are to go";
        warn("NotManaged", Some(message.to_owned()));
        return warnings;
    }
    warn("Suspended", compared.spec.suspend.then(|| "`suspend` is set: nothing is done until it is lifted".to_owned()));
    warn("Mode", mode(compared, review, granted));
    warn("SeatLimit", cost.and_then(seats));
    if compared.policy.mode == Mode::Full {
        if review.approved_by.is_none() {
            warn("ThresholdExceeded", budget(compared, review));
            warn("ApprovalRequired", first(compared, review));
        }
        warnings.extend(protected(compared));
    }
    warnings.extend(rules(compared, granted));
    warnings
}

fn mode(compared: &Compared<'_>, review: &Review, granted: &[plan::Change]) -> Option<String> {
    match compared.policy.mode {
        Mode::Observe if !granted.is_empty() || review.people.losing > 0 => {
            Some("Observe only reports: nobody gains or loses anything in the app".into())
        }
        Mode::Additive if review.people.losing > 0 => {
            Some("Additive takes nothing away: what is withdrawn stays in the app".into())
        }
        _ => None,
    }
}

fn seats(cost: &Cost) -> Option<String> {
    let bought = cost.purchased?;
    let over = cost.used_after.checked_sub(bought).filter(|over| *over > 0 && cost.used_after > cost.used)?;
    let seats = counted(over, "seat", "seats");
    Some(format!("{seats} more than the {bought} bought: who comes last waits; buy more (`seats.purchased`) first"))
}

/// The budget by what is declared: how many accounts there are, only the app tells.
fn budget(compared: &Compared<'_>, review: &Review) -> Option<String> {
    let accounts = compared.before.edges.keys().filter(|edge| edge.slot.is_account()).count();
    let allowed = compared.policy.safety.maximum_removals.allowed(u64::try_from(accounts).unwrap_or(u64::MAX));
    let losing = review.people.losing;
    (losing > allowed).then(|| {
        let people = counted(losing, "person loses", "people lose");
        format!("{people} something and {allowed} may a day: all of it waits, unless this change's intent is approved")
    })
}

/// The first removals of an app wait; whether there were any, only the store knows.
fn first(compared: &Compared<'_>, review: &Review) -> Option<String> {
    let earlier = compared.earlier.map(|earlier| earlier.mode);
    let is_new = earlier != Some(crate::api::target_app::Mode::Full);
    (is_new && compared.policy.safety.approve_first && review.people.losing > 0).then(|| {
        "the first removals of an app wait (`safety.approveFirst`), unless this change's intent is approved".to_owned()
    })
}

fn protected(compared: &Compared<'_>) -> Option<Warning> {
    let labels: BTreeSet<Text> = compared.losing().map(|person| compared.label(person, &[])).collect();
    let about: Vec<String> =
        labels.iter().filter(|label| compared.policy.protects(label)).map(ToString::to_string).collect();
    let message = "in `safety.protected`: keeps what is withdrawn, whatever is approved".to_owned();
    (!about.is_empty()).then_some(Warning { reason: "Protected", message, about })
}

/// Roles and groups of which every change waits for a word.
fn rules(compared: &Compared<'_>, granted: &[plan::Change]) -> Option<Warning> {
    let grants = granted.iter().filter(|change| change.permitted);
    let given = grants.map(|change| (&change.slot, change.to.as_ref()));
    let before = |edge: &Edge| compared.before.edges.get(edge).and_then(|before| before.value.as_ref());
    let taken = compared.lost.iter().map(|(edge, _)| (&edge.slot, before(edge)));
    let moved: BTreeSet<(&Slot, Option<&Text>)> = given.chain(taken).collect();
    let named = compared.policy.safety.approve.iter().filter_map(|rule| {
        let (kind, name) = match rule {
            NeedsApproval::Role(role) => ("role", role),
            NeedsApproval::Group(group) => ("group", group),
            NeedsApproval::Action(_) => return None,
        };
        let is_hit = |(slot, value): &&(&Slot, Option<&Text>)| {
            *slot.kind == *kind && (slot.name == *name || (slot.name.is_empty() && *value == Some(name)))
        };
        moved.iter().any(|entry| is_hit(&entry)).then(|| format!("{kind} {name}"))
    });
    let about: Vec<String> = named.collect();
    let message = "named by `safety.approve`: each such change waits for a decision of its own".to_owned();
    (!about.is_empty()).then_some(Warning { reason: "ApprovalRequired", message, about })
}
