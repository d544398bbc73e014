//! What an app can do and holds: abilities, the completeness of its listing, traps, invitations, seats, and what people
//! have to do.

use appaccess_core::{
    access::{
        AccountState, AppPolicy, ByHand, Capabilities, Completeness, EntitlementKind, Mode, ObjectName,
        ObservedAccount, Provisioning, Shape, Text,
    },
    plan::Action,
};
use jiff::Timestamp;

use super::{Finding, Severity, counted, listed};
use crate::sync::{Examination, Examined, Look};

/// An invitation that is older than this, in days, is likely to be lost.
const OLD_INVITATION: i64 = 14;
/// A trap is near when no more than one part in this many of the way is left.
const NEAR: u64 = 5;

/// What can be done, and what cannot although the app could.
pub(super) fn abilities(capabilities: &Capabilities) -> Vec<Finding> {
    let making = match capabilities.provisioning {
        Provisioning::Create => "creates accounts",
        Provisioning::Invite => "invites people by mail",
    };
    let can = [
        (true, making),
        (capabilities.suspend, "suspends"),
        (capabilities.delete, "deletes"),
        (capabilities.look_up, "looks up single people"),
    ];
    let can: Vec<&str> = can.into_iter().filter(|(can, _)| *can).map(|(_, word)| word).collect();
    let kinds: Vec<String> = capabilities.kinds.iter().map(|(name, kind)| self::kind(name, kind)).collect();
    let kinds = if kinds.is_empty() { "nothing but accounts".to_owned() } else { kinds.join("; ") };
    let mut findings = vec![Finding::good("Capabilities", format!("{}; holds {kinds}", can.join(", ")))];
    let absent = capabilities.absent.iter().filter(|(kind, _)| !capabilities.kinds.contains_key(*kind));
    findings.extend(capabilities.notes.iter().map(|note| Finding::note("Capabilities", note.to_string())));
    findings.extend(absent.map(|(kind, why)| {
        let finding = Finding::note("Capabilities", format!("has no {kind} here")).because(why.to_string());
        finding.remedied_by("leave it out of claims, or change what the reason names")
    }));
    findings
}

/// One type in words: `role (one of member < admin < owner; owner by hand alone)`.
fn kind(name: &Text, kind: &EntitlementKind) -> String {
    let order = || kind.order().iter().map(ToString::to_string).collect::<Vec<_>>().join(" < ");
    let form = match &kind.shape {
        Shape::Set => "any number".to_owned(),
        Shape::Levelled { order } if order.is_empty() => "any number, each with a level".to_owned(),
        Shape::Levelled { .. } => format!("any number, each as {}", order()),
        Shape::Single { order } if order.is_empty() => "one".to_owned(),
        Shape::Single { .. } => format!("one of {}", order()),
    };
    let by_hand: Vec<String> = kind.not_grantable.iter().map(ToString::to_string).collect();
    if by_hand.is_empty() { format!("{name} ({form})") } else { format!("{name} ({form}; not {})", by_hand.join(", ")) }
}

/// What people have to do, with the clicks.
pub(super) fn by_hand(capabilities: &Capabilities) -> Vec<Finding> {
    let ByHand { everything, delete, clicks, .. } = &capabilities.by_hand;
    let mut findings = Vec::new();
    if *everything {
        findings.push(
            Finding::note("ByHand", "every change is a task for people")
                .because("the app has no interface for accounts")
                .remedied_by(clicks.get("").map(ToString::to_string).unwrap_or_default()),
        );
    } else if *delete {
        let finding = Finding::note("ByHand", "deleting an account is a task for people, after it was suspended");
        let clicks = capabilities.by_hand.clicks_for("delete").map(ToString::to_string);
        findings.push(finding.because("the app's interface cannot delete").remedied_by(clicks.unwrap_or_default()));
    }
    findings
}

/// Whether everybody was read.
pub(super) fn listing(look: &Look) -> Finding {
    let accounts = counted(look.observation.accounts.len(), "account", "accounts");
    match &look.observation.completeness {
        Completeness::Complete => Finding::good("Listing", format!("complete, with {accounts}")),
        Completeness::NotListable => Finding::note("Listing", "the app cannot list its accounts")
            .because(
                "it is asked person by person: what was made here is known and can be taken back, and accounts that \
                 others made are never seen",
            )
            .remedied_by("compare the app's own list with the declarations from time to time"),
        Completeness::Incomplete { reason, message } => {
            Finding::broken("Listing", format!("not complete, with {accounts}: {message} ({reason})"))
                .because("nobody loses anything on a reading that is not complete")
                .remedied_by("look again; where it stays so, ask the vendor, or name another profile or page size")
        }
    }
}

/// Traps of the vendor: how near they are.
pub(super) fn cliffs(policy: &AppPolicy, look: &Look) -> Vec<Finding> {
    let active = look.observation.accounts.iter().filter(|account| account.state == AccountState::Active).count();
    let active = u64::try_from(active).unwrap_or(u64::MAX);
    let gaining = look.plan.changes.iter().filter(|change| {
        change.slot.is_account() && matches!(change.action, Action::Create | Action::Invite | Action::Activate)
    });
    let after = active.saturating_add(u64::try_from(gaining.count()).unwrap_or(u64::MAX));
    let cliffs = look.capabilities.cliffs.iter().map(|cliff| {
        let what = format!("`{}` comes after {} active accounts; there are {active}", cliff.id, cliff.accounts);
        let near = after > cliff.accounts || cliff.accounts - after <= cliff.accounts / NEAR;
        let severity = if active > cliff.accounts || policy.acknowledged_cliffs.contains(&cliff.id) || !near {
            Severity::Note
        } else {
            Severity::Warning
        };
        let remedy = match severity {
            Severity::Warning => {
                format!("read what it means; then name `{}` in `acknowledgedCliffs` to step over it", cliff.id)
            }
            _ => String::new(),
        };
        Finding::new(severity, "Cliff", what).because(cliff.message.to_string()).remedied_by(remedy)
    });
    cliffs.collect()
}

/// Who was invited and has not come.
pub(super) fn invited(look: &Look, now: Timestamp) -> Option<Finding> {
    let mut waiting: Vec<(Option<i64>, &ObservedAccount)> = look
        .observation
        .accounts
        .iter()
        .filter(|account| account.state == AccountState::Invited)
        .map(|account| (account.invited_at.map(|at| now.duration_since(at).as_hours() / 24), account))
        .collect();
    if waiting.is_empty() {
        return None;
    }
    waiting.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| left.1.label().cmp(right.1.label())));
    let names: Vec<String> = waiting
        .iter()
        .map(|(days, account)| match days {
            Some(days) => format!("{} ({days} d)", account.label()),
            None => format!("{} (age not told)", account.label()),
        })
        .collect();
    let old = waiting.iter().any(|(days, _)| days.is_some_and(|days| days > OLD_INVITATION));
    let what = format!("{} not accepted: {}", counted(names.len(), "invitation", "invitations"), listed(&names));
    let severity = if old { Severity::Warning } else { Severity::Note };
    let finding =
        Finding::new(severity, "Invitations", what).because("nobody is ever invited twice without being asked to");
    Some(finding.remedied_by("ask them to accept it, or withdraw the claim"))
}

/// What is paid for.
pub(super) fn seats(look: &Look) -> Option<Finding> {
    let seats = look.observation.seats;
    let Some(cost) = &look.plan.cost else {
        let seats = seats?;
        let bought = seats.purchased.map(|bought| format!(" of {bought}")).unwrap_or_default();
        return Some(Finding::good("Seats", format!("{}{bought} seats are used", seats.used)));
    };
    let bought = cost.purchased.map(|bought| format!(" of {bought}")).unwrap_or_default();
    let renews = cost.renews_on.map(|date| format!("; the contract renews on {date}")).unwrap_or_default();
    let inactive = cost.activity.map(|activity| {
        let known = format!(
            "; {} inactive for too long",
            appaccess_core::status::counted(activity.inactive, "person", "people")
        );
        if activity.unknown == 0 {
            return known;
        }
        format!("{known}, last activity unknown: {} of {}", activity.unknown, activity.holders)
    });
    let what = format!(
        "{}{bought} seats are used, {} {currency} a month; {} unused, {} {currency} of it wasted{}{renews}",
        cost.used,
        cost.monthly,
        cost.unused,
        cost.monthly_waste,
        inactive.unwrap_or_default(),
        currency = cost.currency,
    );
    let over = cost.purchased.is_some_and(|bought| cost.used > bought);
    let finding = if over {
        Finding::warning("Seats", what)
            .because("more seats are used than `seats.purchased` says")
            .remedied_by("correct `seats.purchased`, or take people out")
    } else if cost.unused > 0 {
        Finding::note("Seats", what)
    } else {
        Finding::good("Seats", what)
    };
    Some(finding)
}

/// What waits for somebody's decision.
pub(super) fn held(app: &ObjectName, look: &Look) -> Option<Finding> {
    let hold = look.plan.hold.as_ref()?;
    let waiting = look.plan.changes.iter().filter(|change| change.held.is_some()).count();
    let what = format!("{} held and waiting for a decision", counted(waiting, "change is", "changes are"));
    let finding = Finding::warning("Held", what).because(format!("digest {}", hold.digest));
    Some(finding.remedied_by(format!("`appaccess plan` shows them; `appaccess approve {app}` decides")))
}

/// How far we may go.
pub(super) fn mode(examination: &Examination) -> Finding {
    let what = match examination.policy.mode {
        Mode::Observe => "Observe: reads and reports, changes nothing",
        Mode::Additive => "Additive: adds and never takes away",
        Mode::Full => "Full: also takes away what it owns and nobody declares",
    };
    let pending = match &examination.outcome {
        Examined::Looked(look) if examination.policy.mode != Mode::Full => {
            look.plan.changes.iter().filter(|change| !change.permitted).count()
        }
        _ => 0,
    };
    if pending == 0 {
        return Finding::note("Mode", what);
    }
    let changes = counted(pending, "difference is", "differences are");
    Finding::note("Mode", format!("{what}; {changes} shown and not acted on"))
}

#[cfg(test)]
mod tests;
