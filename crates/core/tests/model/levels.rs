//! Values: raised at once, lowered as a removal.

use appaccess_core::access::{Mode, Shape, Slot};

use crate::{
    declare::{grant, user},
    installation::{Installation, hours, minutes},
};

fn role(name: &str) -> Installation {
    let mut world = Installation::full();
    world.declare("base", vec![grant("staff").of(user("ana")).role("member")]);
    world.declare("roles", vec![grant("roles").of(user("ana")).role(name)]);
    world.converge();
    world
}

#[test]
fn a_higher_value_comes_at_once_and_in_additive() {
    let mut world = role("member");
    world.policy.mode = Mode::Additive;
    world.declare("roles", vec![grant("roles").of(user("ana")).role("admin")]);
    assert_eq!(world.pass().sent(), ["change ana@birch.studio role member>admin"]);
    world.withdraw("roles");
    world.pass();
    world.wait(hours(1));
    assert!(world.pass().sent.is_empty(), "Additive lowers nothing");
}

#[test]
fn a_lower_value_settles_and_counts() {
    let mut world = role("admin");
    world.withdraw("roles");
    let pass = world.pass();
    assert_eq!(pass.settling(), ["change ana@birch.studio role admin>member"]);
    world.wait(minutes(10));
    assert_eq!(world.pass().sent(), ["change ana@birch.studio role admin>member"]);
    assert_eq!(world.memory.removals.len(), 1);
    assert!(world.pass().sent.is_empty());
    assert!(world.pass().is_quiet());
}

#[test]
fn a_lower_value_past_the_budget_waits_under_one_digest() {
    let mut world = role("admin");
    world.policy.safety.maximum_removals.people = 0;
    world.withdraw("roles");
    world.pass();
    world.wait(minutes(10));
    let first = world.pass();
    world.wait(hours(1));
    let second = world.pass();
    assert_eq!(first.plan.hold.as_ref().map(|hold| &hold.digest), second.plan.hold.as_ref().map(|hold| &hold.digest));
    world.approve(&first);
    assert_eq!(world.pass().sent(), ["change ana@birch.studio role admin>member"]);
}

#[test]
fn a_value_that_ended_goes_down_without_settling_or_counting() {
    let mut world = Installation::full();
    let end = world.in_time(hours(1));
    world.policy.safety.maximum_removals.people = 0;
    world.declare("base", vec![grant("staff").of(user("ana")).role("member")]);
    world.declare("roles", vec![grant("roles").of(user("ana")).role("admin").until(end)]);
    world.converge();
    world.wait(hours(1));
    assert_eq!(world.pass().sent(), ["change ana@birch.studio role admin>member"]);
    assert!(world.pass().sent.is_empty());
    assert!(world.pass().is_quiet());
}

#[test]
fn an_adopted_higher_value_waits_under_one_digest_too() {
    let mut world = Installation::full();
    world.policy.safety.maximum_removals.people = 0;
    world.app.holds("7", "ana@birch.studio");
    world.app.adds_by_hand("7", Slot::new("role", ""), Some("admin"));
    world.declare("base", vec![grant("staff").of(user("ana")).role("member")]);
    let first = world.pass();
    world.wait(hours(1));
    let second = world.pass();
    assert_eq!(first.held(), second.held());
    assert_eq!(second.held(), ["change ana@birch.studio role admin>member ThresholdExceeded"]);
}

#[test]
fn a_value_that_an_unreadable_object_may_claim_is_not_lowered() {
    let mut world = role("admin");
    world.breaks("roles");
    for _ in 0..3 {
        world.wait(hours(25));
        assert!(world.pass().sent.is_empty());
    }
    world.world.undecodable.clear();
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().sent(), ["change ana@birch.studio role admin>member"], "withdrawn, not expired");
    assert_eq!(world.memory.removals.len(), 1);
}

#[test]
fn nothing_is_lowered_on_an_incomplete_reading() {
    let mut world = role("admin");
    world.withdraw("roles");
    world.pass();
    world.wait(hours(1));
    world.reads_incompletely();
    assert!(world.pass().sent.is_empty());
}

#[test]
fn a_role_that_every_account_holds_goes_to_the_lowest() {
    let mut world = Installation::full();
    world.declare("base", vec![grant("staff").of(user("ana"))]);
    world.declare("roles", vec![grant("roles").of(user("ana")).role("admin")]);
    world.converge();
    world.withdraw("roles");
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().sent(), ["change ana@birch.studio role admin>member"]);
    world.pass();
    assert!(world.pass().is_quiet());
    assert_eq!(world.memory.inventory.len(), 1);
}

#[test]
fn values_without_an_order_need_full_and_count_as_removals() {
    let mut world = role("member");
    world.withdraw("base");
    world.converge();
    world.capabilities.kinds.get_mut("role").unwrap().shape = Shape::Single { order: vec![] };
    world.declare("roles", vec![grant("roles").of(user("ana")).role("admin")]);
    world.policy.mode = Mode::Additive;
    assert!(world.pass().sent.is_empty());
    world.policy.mode = Mode::Full;
    world.wait(minutes(10));
    assert_eq!(world.pass().sent(), ["change ana@birch.studio role member>admin"]);
    assert_eq!(world.memory.removals.len(), 1);
}

#[test]
fn a_named_entitlement_has_its_level() {
    let mut world = Installation::full();
    let delivery = |level| grant("w").of(user("ana")).entitled("workspace", "Delivery", Some(level));
    world.declare("w", vec![delivery("user")]);
    world.converge();
    world.declare("w", vec![delivery("admin")]);
    assert_eq!(world.pass().sent(), ["change ana@birch.studio workspace Delivery user>admin"]);
    world.declare("w", vec![delivery("user").entitled("workspace", "Nowhere", Some("user"))]);
    let pass = world.pass();
    assert_eq!(pass.settling(), ["change ana@birch.studio workspace Delivery admin>user"]);
    assert_eq!(pass.plan.problems.len(), 1, "a workspace that is not there is a problem of its claim");
}
