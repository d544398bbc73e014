//! What the operator wrote, put in the place of what the declarations alone tell of a person. A status says what is not so,
//! and not of everything what was done: what it leaves open stays as it is declared.

use std::collections::BTreeMap;

use appaccess_core::access::{AppPolicy, Mode, ObjectName, Person, Slot};

use crate::{
    api::{
        AccessPlan, TargetApp,
        access_plan::{Action, Cause, PlanRow},
        app_access::{AppAccessStatus, ClaimRow, ClaimState},
        condition,
        reference::Entitlement as Written,
    },
    cli::{
        cluster::word,
        output::{
            document::Entitlement,
            explain::{Change, ExplainApp, Thing},
            words::yields_to_approval,
        },
    },
    load::Loaded,
};

/// Rows that a status lists.
const MOST_ROWS: usize = 20;

/// What was read of one app.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Every object.
    pub(super) loaded: &'a Loaded,
    /// The app's own.
    pub(super) app: &'a TargetApp,
    /// What its owner decided.
    pub(super) policy: &'a AppPolicy,
}

/// Puts what the operator wrote in the place of what the declarations alone tell.
pub(super) fn put(seen: Seen<'_>, person: &Person, told: &mut ExplainApp) {
    let called = |text: &str| {
        text.eq_ignore_ascii_case(&person.label)
            || text == person.key.to_string()
            || person.mails().any(|mail| mail.as_str().eq_ignore_ascii_case(text))
    };
    // The account comes last: what is there of its entitlements shows that it is there.
    let (accounts, others): (Vec<&mut Thing>, Vec<&mut Thing>) =
        told.things.iter_mut().filter(|thing| thing.standing == "declared").partition(|thing| is_account(thing));
    let mut is_there = seen.app.status.iter().any(|status| {
        let nobody_lacks_one = status.counts.as_ref().is_some_and(|counts| counts.missing == 0);
        nobody_lacks_one && status.observed_generation >= seen.app.metadata.generation
    });
    for thing in others {
        seen.claimed(thing, false, &called);
        is_there |= thing.standing == "has";
    }
    for thing in accounts {
        seen.claimed(thing, is_there, &called);
    }
    if let Some(plan) = seen.loaded.plans.get(&seen.policy.app) {
        held(&plan.object, &called, told);
    }
    let drift = seen.app.status.iter().flat_map(|status| &status.drift);
    for drift in drift.filter(|drift| drift.person.as_deref().is_some_and(called)) {
        let Some(written) = &drift.entitlement else { continue };
        let Some(thing) = place_of(&mut told.things, written) else { continue };
        if thing.standing == "lacks" {
            thing.standing = "undeclared";
            thing.account.clone_from(&drift.account);
        }
    }
}

impl Seen<'_> {
    /// How a claimed thing stands: as a row of the claims' status says, or done, where the status lists all that is not.
    /// `is_there` is whether the account was seen.
    fn claimed(&self, thing: &mut Thing, is_there: bool, called: &impl Fn(&str) -> bool) {
        let objects: BTreeMap<&str, &str> = thing
            .claims
            .iter()
            .filter(|claim| claim.counts)
            .filter_map(|claim| Some((claim.name.split_once('#')?.0, claim.name.as_str())))
            .collect();
        let mut all_told = !objects.is_empty();
        for object in objects.keys() {
            let name = ObjectName::parse(object).ok();
            let Some(access) = name.and_then(|name| self.loaded.app_accesses.get(&name)) else { continue };
            let status = access.object.status.clone().unwrap_or_default();
            let about = |row: &&ClaimRow| {
                let of_thing = |written| is_same(written, &thing.entitlement);
                called(&row.subject) && row.entitlement.as_ref().is_some_and(of_thing)
            };
            if let Some(row) = status.rows.iter().find(about) {
                return self.apply(row, thing, is_there);
            }
            all_told &= lists_all(&status, access.object.metadata.generation);
        }
        if all_told {
            thing.standing = "has";
        }
    }

    fn apply(&self, row: &ClaimRow, thing: &mut Thing, is_there: bool) {
        let message = row.message.clone().filter(|message| *message != row.reason);
        if matches!(row.state, ClaimState::Unknown | ClaimState::Refused) {
            thing.standing = "unknown";
            thing.unknown = Some(message.unwrap_or_else(|| row.reason.clone()));
            return;
        }
        // A row does not say what is done. What differs about an account that is there is not the account.
        let updates = is_there && is_account(thing);
        let (does, reason) = match (updates, is_account(thing)) {
            (true, _) => ("update", "the account is there, and differs from what is declared"),
            (false, true) => ("create", "declared"),
            (false, false) => ("grant", "declared"),
        };
        if !updates {
            thing.standing = "willGet";
        }
        let failed = row.state == ClaimState::Failed;
        thing.change = Some(Change {
            does: does.to_owned(),
            from: None,
            to: None,
            cause: "declared".to_owned(),
            reason: if failed { "the last try failed" } else { reason }.to_owned(),
            // Only what is permitted is tried or held.
            permitted: row.state != ClaimState::Pending || self.permits(thing, updates),
            held: (row.state == ClaimState::Held).then(|| row.reason.clone()),
            digest: None,
            due: None,
            by_hand: false,
            failed,
            message,
        });
    }

    /// Whether mode and `manage` allow that a thing is given.
    fn permits(&self, thing: &Thing, updates: bool) -> bool {
        let Entitlement { kind, name, .. } = &thing.entitlement;
        let slot = Slot { kind: kind.as_str().into(), name: name.as_str().into() };
        let manage = &self.policy.manage;
        let reach = if updates { manage.attributes } else { manage.covers(&slot) };
        reach && self.policy.mode != Mode::Observe
    }
}

/// Whether what a status does not list is so.
fn lists_all(status: &AppAccessStatus, generation: Option<i64>) -> bool {
    let current = status.observed_generation.is_some() && status.observed_generation >= generation;
    let read = condition::find(&status.conditions, condition::IN_SYNC).is_some_and(|known| known.status != "Unknown");
    current && read && status.rows.len() < MOST_ROWS
}

/// What waits for a decision.
fn held(plan: &AccessPlan, called: &impl Fn(&str) -> bool, told: &mut ExplainApp) {
    let of_person = plan.spec.rows.iter().filter(|row| row.person.as_deref().is_some_and(called));
    // Whether something comes or goes matters more than what else is done to it.
    let (updates, further): (Vec<&PlanRow>, Vec<&PlanRow>) = of_person.partition(|row| row.action == Action::Update);
    for row in updates.into_iter().chain(further) {
        let Some(thing) = place_of(&mut told.things, &row.entitlement) else { continue };
        thing.standing = standing(row, thing);
        thing.account.clone_from(&row.account);
        let cause = word(row.cause);
        thing.change = Some(Change {
            does: word(row.action),
            from: row.from.clone(),
            to: row.to.clone(),
            reason: row.reason.clone().unwrap_or_else(|| cause.clone()),
            cause,
            // Only what is permitted is held.
            permitted: true,
            held: Some(row.held.clone()),
            digest: yields_to_approval(&row.held).then(|| plan.spec.digest.clone()),
            due: row.due.as_ref().map(|due| due.timestamp().to_string()),
            by_hand: row.action == Action::Task,
            failed: false,
            message: None,
        });
    }
}

/// How a thing stands of which a change is held.
fn standing(row: &PlanRow, thing: &Thing) -> &'static str {
    let is_claimed = thing.claims.iter().any(|claim| claim.counts);
    match row.action {
        Action::Update => "has",
        Action::Change if is_claimed || row.cause == Cause::Declared => "willChange",
        Action::Change | Action::Revoke | Action::Suspend | Action::Delete => "willLose",
        Action::Task if row.cause != Cause::Declared => "willLose",
        Action::Create | Action::Invite | Action::Adopt | Action::Activate | Action::Grant | Action::Task => "willGet",
    }
}

fn is_account(thing: &Thing) -> bool {
    thing.entitlement.kind == "account"
}

fn is_same(written: &Written, known: &Entitlement) -> bool {
    written.type_ == known.kind && (written.name == known.name || written.name.is_empty())
}

/// The thing that is meant, a new one where nothing declares it.
fn place_of<'a>(things: &'a mut Vec<Thing>, written: &Written) -> Option<&'a mut Thing> {
    let index = things.iter().position(|thing| is_same(written, &thing.entitlement)).unwrap_or_else(|| {
        things.push(Thing {
            entitlement: Entitlement {
                kind: written.type_.clone(),
                name: written.name.clone(),
                level: written.level.clone(),
            },
            standing: "lacks",
            unknown: None,
            account: None,
            owned: None,
            until: None,
            claims: Vec::new(),
            change: None,
            removed: None,
            last: None,
        });
        things.len() - 1
    });
    things.get_mut(index)
}

#[cfg(test)]
mod tests;
