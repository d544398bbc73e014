//! What holds changes: protection, last holders, seats, cliffs, contention, breakers, decisions.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{AccountState, Budget, Cliff, Directive, KeepAtLeast, NeedsApproval, Period, Pricing, Slot},
    plan::{intent_digest, withdrawals},
};

use crate::{
    declare::{directory, grant, person, user},
    installation::{Installation, hours, minutes},
};

/// Everybody's claims are gone and have settled.
fn emptied(mut world: Installation) -> Installation {
    world.converge();
    world.world.accesses.clear();
    world.pass();
    world.wait(minutes(10));
    world
}

fn staffed(names: &[&str]) -> Installation {
    let mut world = Installation::full();
    world.declare("studio", vec![grant("staff").users(names)]);
    world
}

#[test]
fn nobody_protected_goes_however_approved() {
    let mut world = emptied(staffed(&["ana"]));
    world.policy.safety.protected.insert("Ana@Birch.studio".into());
    world.policy.safety.protected.insert("ana@birch.studio".into());
    let pass = world.pass();
    assert_eq!(pass.held(), ["suspend ana@birch.studio account Protected"]);
    world.approve(&pass);
    assert!(world.pass().sent.is_empty());
}

#[test]
fn a_protected_person_is_protected_under_any_name_of_the_account() {
    let mut world = Installation::full();
    world.has_directory(directory(vec![person("1", "kim")]));
    world.app.holds("7", "robot@else.example").external_id = Some("1".into());
    world.capabilities.renames = false;
    world.policy.safety.protected.insert("kim@acme.com".into());
    world.declare("studio", vec![grant("staff").of(user("kim@acme.com"))]);
    let mut world = emptied(world);
    assert_eq!(world.pass().held(), ["suspend robot@else.example account Protected"]);
}

#[test]
fn our_own_credentials_account_never_goes() {
    let mut world = staffed(&["ana"]);
    world.app.holds("7", "ana@birch.studio").service = true;
    let mut world = emptied(world);
    assert_eq!(world.pass().held(), ["suspend ana@birch.studio account Protected"]);
}

#[test]
fn the_last_admin_stays_and_the_one_before_goes() {
    let mut world = Installation::full();
    world.policy.safety.keep_at_least = Some(vec![KeepAtLeast { role: "admin".into(), count: 1 }]);
    world.declare("studio", vec![grant("admins").users(&["ana", "joel"]).role("admin")]);
    let mut world = emptied(world);
    let pass = world.pass();
    assert_eq!(pass.sent(), ["change ana@birch.studio role admin>member", "suspend ana@birch.studio account"]);
    assert!(pass.held().iter().all(|line| line.ends_with("LastAdmin")), "{:?}", pass.held());
    world.approve(&pass);
    assert!(world.pass().sent.is_empty());
}

#[test]
fn a_leaver_who_is_the_last_admin_is_named_as_blocked() {
    let mut world = Installation::full();
    world.policy.safety.keep_at_least = Some(vec![KeepAtLeast { role: "admin".into(), count: 1 }]);
    world.has_directory(directory(vec![person("1", "kim")]));
    world.declare("studio", vec![grant("admins").of(user("kim@acme.com")).role("admin")]);
    world.converge();
    world.directory().left.insert("1".into(), "disabled".into());
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert!(pass.held().iter().all(|line| line.ends_with("LeaverBlocked")), "{:?}", pass.held());
}

#[test]
fn additions_wait_where_no_seat_is_left() {
    let mut world = staffed(&["ana", "joel", "mara"]);
    world.policy.pricing = Some(Pricing { purchased: Some(2), ..Pricing::new(79_900, Period::Month, "USD") });
    let pass = world.pass();
    assert_eq!(pass.sent(), ["create ana@birch.studio account", "create joel@birch.studio account"]);
    assert_eq!(pass.held(), ["create mara@birch.studio account SeatLimit"]);
    assert_eq!(pass.plan.cost.unwrap().monthly.to_string(), "15.98");
}

#[test]
fn an_addition_that_steps_over_a_cliff_waits_until_the_owner_has_read_it() {
    let mut world = staffed(&["ana", "joel"]);
    world.capabilities.cliffs.push(Cliff { id: "vendor/paid".into(), accounts: 1, message: "a paid plan".into() });
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert!(pass.held().iter().all(|line| line.ends_with("Cliff")));
    world.policy.acknowledged_cliffs.insert("vendor/paid".into());
    assert_eq!(world.pass().sent.len(), 2);
}

#[test]
fn what_somebody_undoes_three_times_a_day_is_left_alone_until_tomorrow() {
    let mut world = staffed(&["ana"]);
    world.converge();
    for _ in 0..3 {
        world.app.accounts.values_mut().for_each(|account| account.state = AccountState::Suspended);
        assert_eq!(world.pass().sent(), ["activate ana@birch.studio account"]);
        world.wait(hours(1));
    }
    world.app.accounts.values_mut().for_each(|account| account.state = AccountState::Suspended);
    assert_eq!(world.pass().held(), ["activate ana@birch.studio account Contended"]);
    world.wait(hours(24));
    assert_eq!(world.pass().sent(), ["activate ana@birch.studio account"]);
}

#[test]
fn leavers_wait_while_their_directorys_breaker_does() {
    let mut world = Installation::full();
    world.has_directory(directory(vec![person("1", "kim"), person("2", "lou")]));
    world.declare("studio", vec![grant("staff").of(user("kim@acme.com")).of(user("lou@acme.com"))]);
    world.converge();
    world.directory().left.insert("1".into(), "disabled".into());
    world.directory().breaker = true;
    world.withdraw("studio");
    let pass = world.pass();
    assert_eq!(pass.held(), ["suspend kim@acme.com account StaleDirectory"]);
    assert!(pass.settling().is_empty(), "nobody of the directory can be judged");
    world.directory().breaker = false;
    assert_eq!(world.pass().sent(), ["suspend kim@acme.com account"]);
}

#[test]
fn what_the_owner_wants_to_see_waits_and_what_depends_on_it_too() {
    let mut world = Installation::full();
    world.policy.safety.approve = vec![NeedsApproval::Role("admin".into()), NeedsApproval::Action("create".into())];
    world.declare("studio", vec![grant("staff").of(user("ana")).group("Studio").role("admin")]);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.held().len(), 4);
    world.approve(&pass);
    assert_eq!(world.pass().sent.len(), 4);
}

#[test]
fn additions_past_their_budget_wait() {
    let mut world = staffed(&["ana", "joel"]);
    world.policy.safety.maximum_additions = Some(Budget { people: 1, percent: 0 });
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert!(pass.held().iter().all(|line| line.ends_with("ThresholdExceeded")));
}

#[test]
fn nothing_is_given_to_an_account_that_is_not_to_be_made() {
    let mut world = Installation::full();
    world.app.has_group("Studio");
    world.policy.manage.accounts = false;
    world.declare("studio", vec![grant("staff").of(user("ana")).group("Studio")]);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.plan.changes.len(), 2, "shown all the same");
}

/// Five people lose a group by one pull request that is approved by its intent digest.
fn five_withdrawn() -> (Installation, appaccess_core::access::Text) {
    let mut world = Installation::full();
    let staff = || grant("staff").users(&["a", "b", "c", "d", "e"]).group("Studio");
    world.declare("studio", vec![staff(), grant("base").users(&["a"])]);
    world.converge();
    let base = world.desired();
    world.declare("studio", vec![grant("base").users(&["a"])]);
    let lost: BTreeSet<_> =
        withdrawals(&base, &world.desired()).into_iter().map(|(_, withdrawal)| withdrawal).collect();
    assert_eq!(lost.len(), 10, "a claim on an edge that another still carries is withdrawn too");
    let digest = intent_digest(&world.policy.app, &lost);
    (world, digest)
}

#[test]
fn an_approved_intent_lets_exactly_its_withdrawals_pass() {
    let (mut world, digest) = five_withdrawn();
    world.decide(&digest, Directive::Approve);
    world.pass();
    world.declare("joiners", vec![grant("new").users(&["x"])]);
    world.wait(minutes(10));
    let pass = world.pass();
    assert_eq!(pass.sent.len(), 1 + 5 + 4, "{:?}", pass.sent());
    assert!(world.memory.removals.is_empty());
    assert_eq!(world.memory.decisions_used, 1);
}

#[test]
fn an_intent_may_be_approved_late_and_done_in_parts() {
    let (mut world, digest) = five_withdrawn();
    world.pass();
    world.wait(minutes(10));
    assert!(world.pass().sent.is_empty());
    world.decide(&digest, Directive::Approve);
    // One row was done before the others could be.
    let account = world.app.accounts.values_mut().next().unwrap();
    account.entitlements.remove(&Slot::group("Studio"));
    assert_eq!(world.pass().sent.len(), 4 + 4);
}

#[test]
fn an_intent_of_other_withdrawals_frees_nothing() {
    let (mut world, digest) = five_withdrawn();
    world.withdraw("studio");
    world.decide(&digest, Directive::Approve);
    world.pass();
    world.wait(minutes(10));
    assert!(world.pass().sent.is_empty());
}
