//! What never happens, as checks of one pass in the light of all that came before.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{
        AccountHold, AccountId, AccountState, Edge, Level, Mode, ObservedAccount, PersonKey, Slot, Text,
        UnmanagedAction,
    },
    plan::{Action, Cause, Change},
    resolve::State,
};
use jiff::Timestamp;

use crate::{
    installation::{Installation, words},
    lives::{Step, kept},
};

/// What a watcher remembers by itself, without trusting our books.
#[derive(Default)]
pub(crate) struct Watch {
    /// Who lost something under a budgeted cause without an approval, and when.
    losses: Vec<(Timestamp, Text)>,
    /// When an edge was last wanted, by value.
    wanted: BTreeMap<(Edge, Option<Level>), Timestamp>,
}

pub(crate) type Promise = fn(&Watch, &Step<'_>) -> Result<(), String>;

/// The promises by name.
pub(crate) const PROMISES: &[(&str, Promise)] = &[
    ("s1 removal", no_removal_on_an_incomplete_reading),
    ("s1 creation", nobody_is_created_twice),
    ("s2", only_what_is_ours_or_named_by_policy_goes),
    ("s3", no_removals_beyond_the_budget),
    ("s4 protected", nobody_protected_loses),
    ("s4 holders", enough_holders_stay),
    ("s5", only_what_is_claimed_is_given),
    ("s8", nothing_is_sent_in_observe),
    ("s10", what_cannot_be_read_stays),
    ("s11 settle", a_withdrawal_settles),
    ("s11 directory", nobody_of_a_missing_directory_loses),
    ("s12", an_account_changes_hands_never),
    ("s13", what_flips_is_left_alone),
    ("deterministic", the_same_input_gives_the_same_plan),
    ("idempotent", a_second_pass_is_quiet),
    ("books", the_books_are_true),
    ("tasks", what_people_do_is_never_sent),
];

impl Watch {
    pub(crate) fn note(&mut self, step: &Step<'_>) {
        let now = step.before.now;
        for change in removals(step).filter(|change| change.cause.is_budgeted()) {
            if step.after.memory.removals.iter().any(|record| record.at == now && record.who == change.whose()) {
                self.losses.push((now, change.whose()));
            }
        }
        for (edge, desired) in &step.pass.desired.edges {
            self.wanted.insert((edge.clone(), desired.value.clone()), now);
        }
    }
}

fn removals<'a>(step: &'a Step<'_>) -> impl Iterator<Item = &'a Change> {
    step.pass.deeds().filter(|change| change.is_removal())
}

fn edge(change: &Change) -> Option<Edge> {
    Some(Edge::new(change.person.clone()?, change.slot.clone()))
}

fn no_removal_on_an_incomplete_reading(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    if step.pass.observation.is_complete() {
        return Ok(());
    }
    removals(step).next().map_or(Ok(()), |change| Err(format!("{} on an incomplete reading", words(change))))
}

fn nobody_is_created_twice(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    let created = step.pass.deeds().filter(|change| change.action == Action::Create && change.slot.is_account());
    for change in created {
        let key = change.person.as_ref().ok_or("an account for nobody")?;
        let person = step.pass.desired.people.get(key).ok_or("an account for a stranger")?;
        let has_one = |account: &ObservedAccount| person.mails().any(|mail| account.mails.contains(mail));
        if let Some(account) = step.before.app.accounts.values().find(|account| has_one(account)) {
            return Err(format!("{} though {} is there", words(change), account.id));
        }
    }
    Ok(())
}

fn only_what_is_ours_or_named_by_policy_goes(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    for change in removals(step) {
        let owned = edge(change).is_some_and(|edge| step.pass.before.inventory.contains_key(&edge));
        let adopted = edge(change).is_some_and(|edge| step.pass.plan.bookkeeping.owned.contains_key(&edge));
        let policy = &step.before.policy;
        let is_named = match change.cause {
            Cause::Leaver | Cause::Expired | Cause::Withdrawn => owned,
            Cause::Exclusive if change.action == Action::Change => owned || adopted,
            Cause::Exclusive => policy.ownership.is_exclusive(&change.slot),
            Cause::Unmanaged => {
                let account = change.account.as_ref().ok_or("an unmanaged account without an id")?;
                let class = step.pass.plan.classes.get(account).ok_or("a class")?;
                let ours = step.pass.before.inventory.iter().find(|(edge, owned)| {
                    edge.slot.is_account() && owned.account == *account && owned.hold == AccountHold::None
                });
                ours.is_none()
                    && matches!(
                        policy.unmanaged.rule(*class).action,
                        UnmanagedAction::Suspend | UnmanagedAction::Delete
                    )
            }
            Cause::Declared => false,
        };
        if !is_named {
            return Err(format!("{} by {:?} is not ours to do", words(change), change.cause));
        }
    }
    Ok(())
}

fn no_removals_beyond_the_budget(watch: &Watch, step: &Step<'_>) -> Result<(), String> {
    let now = step.before.now;
    let counted = |who: &Text| step.after.memory.removals.iter().any(|record| record.at == now && record.who == *who);
    let budgeted = || removals(step).filter(|change| change.cause.is_budgeted());
    for change in budgeted().filter(|change| !counted(&change.whose())) {
        if step.pass.before.decisions.is_empty() {
            return Err(format!("{} is not counted, and nobody approved anything", words(change)));
        }
    }
    let today: BTreeSet<Text> = budgeted().map(Change::whose).filter(|who| counted(who)).collect();
    if today.is_empty() {
        return Ok(());
    }
    let recent = watch.losses.iter().filter(|(at, _)| now.as_second() - at.as_second() < 24 * 60 * 60);
    let all: BTreeSet<Text> = recent.map(|(_, who)| who.clone()).chain(today).collect();
    let allowed = step.before.policy.safety.maximum_removals.people;
    if u64::try_from(all.len()).unwrap() > allowed {
        Err(format!("{all:?} where {allowed} are allowed"))
    } else {
        Ok(())
    }
}

fn nobody_protected_loses(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    let policy = &step.before.policy;
    for change in removals(step) {
        let account = change.account.as_ref().and_then(|id| step.before.app.accounts.get(id));
        if account.is_some_and(|account| account.mails.iter().any(|mail| policy.protects(mail.as_str()))) {
            return Err(format!("{} is protected", words(change)));
        }
    }
    Ok(())
}

fn holders(world: &Installation, role: &str) -> usize {
    let order = ["member", "admin", "owner"];
    let rank = |level: &str| order.iter().position(|known| *known == level);
    let active = world.app.accounts.values().filter(|account| account.state == AccountState::Active);
    let level = |account: &ObservedAccount| account.entitlements.get(&Slot::new("role", "")).cloned().flatten();
    active.filter_map(level).filter(|level| rank(level) >= rank(role)).count()
}

fn enough_holders_stay(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    for rule in step.before.policy.safety.keep_at_least.iter().flatten() {
        let (before, after) = (holders(step.before, &rule.role), holders(step.after, &rule.role));
        let least = usize::try_from(rule.count).unwrap().min(before);
        if after < least {
            return Err(format!("{before} holders of {} became {after}", rule.role));
        }
    }
    Ok(())
}

fn only_what_is_claimed_is_given(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    for change in step.pass.deeds().filter(|change| !change.is_removal()) {
        let Some(edge) = edge(change) else { continue };
        let claims = match step.pass.desired.state(&edge) {
            State::Desired(desired) => &desired.claims,
            other => return Err(format!("{} is {other:?}", words(change))),
        };
        let lives = claims.iter().any(|claim| {
            let access = step.before.world.accesses.get(&claim.name.object);
            let grant = access.and_then(|access| access.grants.iter().find(|grant| grant.name == claim.name.grant));
            grant.is_some_and(|grant| grant.is_live(step.before.now))
        });
        if !lives {
            return Err(format!("{} has no living claim", words(change)));
        }
    }
    Ok(())
}

fn nothing_is_sent_in_observe(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    let mode = step.before.policy.mode;
    let wrong =
        step.pass.deeds().find(|change| mode == Mode::Observe || (mode == Mode::Additive && change.is_removal()));
    let owned = mode == Mode::Observe && !step.after.memory.inventory.is_empty();
    match (wrong, owned) {
        (Some(change), _) => Err(format!("{} in {mode:?}", words(change))),
        (None, true) => Err("something became ours in Observe".into()),
        (None, false) => Ok(()),
    }
}

fn what_cannot_be_read_stays(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    for change in removals(step).filter(|change| change.cause != Cause::Leaver) {
        let owned = edge(change).and_then(|edge| step.pass.before.inventory.get(&edge));
        let unreadable = owned
            .into_iter()
            .flat_map(|owned| owned.claims.keys())
            .find(|claim| step.before.world.undecodable.iter().any(|object| object.name == claim.object));
        if let Some(claim) = unreadable {
            return Err(format!("{} though {claim} cannot be read", words(change)));
        }
    }
    Ok(())
}

fn a_withdrawal_settles(watch: &Watch, step: &Step<'_>) -> Result<(), String> {
    for change in removals(step).filter(|change| change.cause == Cause::Withdrawn) {
        let Some(edge) = edge(change) else { continue };
        let lowered = change.action == Action::Change;
        let last =
            watch.wanted.iter().filter(|((wanted, value), _)| *wanted == edge && (!lowered || *value == change.from));
        let Some(last) = last.map(|(_, at)| *at).max() else { continue };
        let waited = u64::try_from(step.before.now.as_second() - last.as_second()).unwrap_or(0);
        if waited < step.before.policy.safety.settle.as_secs() {
            return Err(format!("{} after {waited} s", words(change)));
        }
    }
    Ok(())
}

fn nobody_of_a_missing_directory_loses(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    if !step.before.world.directories.is_empty() {
        return Ok(());
    }
    let mut of_directory = removals(step).filter(|change| {
        matches!(change.person, Some(PersonKey::Known { .. }))
            && matches!(change.cause, Cause::Leaver | Cause::Withdrawn)
    });
    of_directory.next().map_or(Ok(()), |change| Err(words(change)))
}

fn an_account_changes_hands_never(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    let holder: BTreeMap<&AccountId, &PersonKey> = step
        .pass
        .before
        .inventory
        .iter()
        .filter(|(edge, _)| edge.slot.is_account())
        .map(|(edge, owned)| (&owned.account, &edge.person))
        .collect();
    for change in step.pass.deeds() {
        let owner = change.account.as_ref().and_then(|id| holder.get(id));
        let (Some(owner), Some(person)) = (owner, &change.person) else { continue };
        let handed_over = matches!(owner, PersonKey::Known { directory, .. }
            if !step.before.world.directories.contains_key(directory));
        if *owner != person && !handed_over {
            return Err(format!("{} of {owner} is done to {person}", words(change)));
        }
    }
    Ok(())
}

fn what_flips_is_left_alone(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    for change in step.pass.deeds() {
        let flips = edge(change).and_then(|edge| step.pass.before.flips.get(&edge));
        let recent = flips.into_iter().flatten().filter(|at| step.before.now.as_second() - at.as_second() < 86_400);
        if recent.count() >= 3 {
            return Err(format!("{} is contended", words(change)));
        }
    }
    Ok(())
}

fn the_same_input_gives_the_same_plan(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    let again = step.before.look().1;
    if again == step.pass.plan { Ok(()) } else { Err("two plans of one input".into()) }
}

fn a_second_pass_is_quiet(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    if !step.is_last {
        return Ok(());
    }
    let mut again = step.after.clone();
    // What one pass sets in motion may take another to be written down.
    again.pass();
    let second = again.pass();
    let third = again.pass();
    if third.is_quiet() {
        Ok(())
    } else {
        Err(format!("{:#?} and {:#?} then {:#?}", second.sent(), third.sent(), third.plan.bookkeeping))
    }
}

fn the_books_are_true(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    let mut holders: BTreeMap<&AccountId, &PersonKey> = BTreeMap::new();
    for (edge, owned) in step.after.memory.inventory.iter().filter(|(edge, _)| edge.slot.is_account()) {
        let is_known = matches!(edge.person, PersonKey::Known { .. }) && step.before.world.directories.is_empty();
        if !is_known && let Some(other) = holders.insert(&owned.account, &edge.person) {
            return Err(format!("{} is owned by {other} and by {}", owned.account, edge.person));
        }
    }
    let clocks = step.after.memory.withdrawn.keys();
    let stray = clocks.clone().find(|edge| !step.after.memory.inventory.contains_key(edge));
    stray.map_or(Ok(()), |edge| Err(format!("a clock runs for {edge}, which is not ours")))
}

fn what_people_do_is_never_sent(_: &Watch, step: &Step<'_>) -> Result<(), String> {
    let by_hand = &step.before.capabilities.by_hand;
    let is_theirs = |change: &Change| by_hand.everything || (by_hand.delete && change.action == Action::Delete);
    let wrong = step.pass.sent.iter().find(|change| change.task.is_some() || is_theirs(change));
    let open: BTreeSet<&Text> = step.pass.plan.tasks().map(|(_, task)| &task.id).collect();
    let known: BTreeSet<&Text> = step.after.memory.tasks.keys().collect();
    match wrong {
        Some(change) => Err(format!("{} was sent", words(change))),
        None if step.before.policy.mode != Mode::Observe && !open.is_subset(&known) => {
            Err("a task has no clock".into())
        }
        None => Ok(()),
    }
}

#[test]
fn what_people_are_asked_to_do_is_never_sent() {
    kept("tasks");
}

#[test]
fn s1_no_removal_rests_on_an_incomplete_reading() {
    kept("s1 removal");
}

#[test]
fn s1_nobody_who_has_an_account_gets_a_second_one() {
    kept("s1 creation");
}

#[test]
fn s2_only_what_is_ours_or_named_by_the_policy_goes() {
    kept("s2");
}

#[test]
fn s3_no_removals_beyond_the_budget_without_an_approval() {
    kept("s3");
}

#[test]
fn s4_nobody_protected_loses_anything() {
    kept("s4 protected");
}

#[test]
fn s4_enough_holders_of_a_role_stay() {
    kept("s4 holders");
}

#[test]
fn s5_only_what_a_living_claim_names_is_given() {
    kept("s5");
}

#[test]
fn s8_nothing_is_sent_in_observe_and_nothing_removed_in_additive() {
    kept("s8");
}

#[test]
fn s10_an_unreadable_claim_never_removes() {
    kept("s10");
}

#[test]
fn s11_a_withdrawn_claim_settles_before_anything_goes() {
    kept("s11 settle");
}

#[test]
fn s11_nobody_of_a_missing_directory_loses_anything() {
    kept("s11 directory");
}

#[test]
fn s12_an_account_never_changes_hands() {
    kept("s12");
}

#[test]
fn s13_what_flips_three_times_a_day_is_left_alone() {
    kept("s13");
}

#[test]
fn the_same_input_gives_the_same_plan_each_time() {
    kept("deterministic");
}

#[test]
fn passes_come_to_rest_when_nothing_moves() {
    kept("idempotent");
}

#[test]
fn an_account_stands_in_the_books_once() {
    kept("books");
}
