//! A claim that cannot be met as it is written takes nothing away.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{Allow, ObjectName, PeopleScope, SlotPattern, Text},
    plan::{Cause, Change, row},
    resolve::Wanted,
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use crate::{
    declare::{directory, grant, literal, person, user},
    generate::{Edit, life},
    installation::{Installation, hours, minutes},
    lives::{cases, runner},
};

fn staff(role: &str, groups: &[&str]) -> Installation {
    let mut world = Installation::full();
    // Groups are made by people alone.
    world.capabilities.kinds.get_mut("group").unwrap().creatable = false;
    for name in ["Studio", "Editors"] {
        world.app.has_group(name);
    }
    declare(&mut world, role, groups);
    world.converge();
    world
}

fn declare(world: &mut Installation, role: &str, groups: &[&str]) {
    let granting =
        groups.iter().fold(grant("staff").users(&["ana", "joel"]).role(role), |grant, name| grant.group(name));
    world.declare("studio", vec![granting]);
}

/// Nothing goes, however long it stays so, and nobody's clock runs.
fn loses_nothing(world: &mut Installation) {
    for _ in 0..4 {
        let pass = world.pass();
        let removals: Vec<&Change> = pass.plan.changes.iter().filter(|change| change.is_removal()).collect();
        assert!(removals.is_empty(), "{removals:#?}");
        assert!(world.memory.withdrawn.is_empty());
        world.wait(hours(20));
    }
}

#[test]
fn a_mistyped_role_leaves_the_role_as_it_is() {
    let mut world = staff("admin", &["Studio"]);
    declare(&mut world, "admn", &["Studio"]);
    loses_nothing(&mut world);
    declare(&mut world, "admin", &["Studio"]);
    assert!(world.converge().plan.changes.is_empty(), "and nothing has to be put right afterwards");
    declare(&mut world, "member", &["Studio"]);
    assert_eq!(world.pass().settling().len(), 2, "what is written well is done");
}

#[test]
fn a_mistyped_role_beside_a_lower_one_lowers_nothing() {
    let mut world = staff("admin", &[]);
    world.declare("base", vec![grant("all").users(&["ana", "joel"]).role("member")]);
    world.converge();
    declare(&mut world, "admn", &[]);
    loses_nothing(&mut world);
}

#[test]
fn a_mistyped_group_leaves_the_groups_of_its_claim_as_they_are() {
    let mut world = staff("admin", &["Studio", "Editors"]);
    declare(&mut world, "admin", &["Studio", "Editrs"]);
    loses_nothing(&mut world);
    declare(&mut world, "admin", &["Studio"]);
    assert_eq!(world.pass().settling().len(), 2);
}

#[test]
fn a_mistyped_type_or_level_leaves_what_its_claim_carried() {
    let mut world = Installation::full();
    let delivery =
        |kind: &str, name: &str, level: &str| vec![grant("staff").users(&["ana"]).entitled(kind, name, Some(level))];
    world.declare("studio", delivery("workspace", "Delivery", "admin"));
    world.converge();
    for (kind, name, level) in
        [("workspce", "Delivery", "admin"), ("workspace", "Delivry", "admin"), ("workspace", "Delivery", "admn")]
    {
        world.declare("studio", delivery(kind, name, level));
        loses_nothing(&mut world);
    }
    world.capabilities.account_alone = false;
    world.declare("studio", delivery("workspce", "Delivery", "admin"));
    loses_nothing(&mut world);
}

#[test]
fn who_is_no_longer_named_goes_whatever_else_is_mistyped() {
    let mut world = staff("admin", &[]);
    world.declare("studio", vec![grant("staff").users(&["ana"]).role("admn")]);
    assert_eq!(world.pass().settling().len(), 2, "joel's account and role");
}

#[test]
fn an_app_that_is_not_there_leaves_what_the_claim_carried_here() {
    let mut world = staff("admin", &["Studio"]);
    mistype_app(&mut world);
    loses_nothing(&mut world);
    world.world.missing_apps.clear();
    assert!(!world.pass().settling().is_empty(), "a claim that went to another app is withdrawn here");
}

#[test]
fn a_typo_is_no_way_round_what_the_owner_allows() {
    for breaks in [mistype_role as fn(&mut Installation), mistype_app] {
        let mut world = Installation::full();
        world.policy.allow.push(Allow {
            namespaces: BTreeSet::from([Text::from("red")]),
            entitlements: vec![SlotPattern { kind: "role".into(), name: "admin".into() }],
            people: PeopleScope::default(),
            maximum_duration: None,
        });
        world.declare_in("red", "studio", vec![grant("staff").of(user("ana")).role("admin")]);
        world.converge();
        world.policy.allow.clear();
        breaks(&mut world);
        world.pass();
        world.wait(hours(23));
        assert!(world.pass().sent.is_empty(), "a day of grace, as for any refused claim");
        world.wait(hours(2));
        world.pass();
        world.wait(minutes(10));
        world.pass();
        assert!(!world.memory.inventory.keys().any(|edge| edge.slot.is_role() && edge.person == literal("ana")));
    }
}

fn mistype_app(world: &mut Installation) {
    let nowhere = ObjectName::new("access", "ap");
    for access in world.world.accesses.values_mut() {
        access.app = nowhere.clone();
    }
    world.world.missing_apps.insert(nowhere);
}

fn mistype_role(world: &mut Installation) {
    for wanted in
        world.world.accesses.values_mut().flat_map(|access| &mut access.grants).flat_map(|grant| &mut grant.wanted)
    {
        wanted.name = "admn".into();
    }
}

/// What is wrong with one claim.
fn break_one(world: &mut Installation, way: usize) {
    let Some(access) = world.world.accesses.values_mut().next() else { return };
    if way == 0 {
        access.app = ObjectName::new("access", "ap");
        world.world.missing_apps.insert(access.app.clone());
        return;
    }
    for wanted in access.grants.iter_mut().flat_map(|grant| &mut grant.wanted) {
        mistype(wanted, way);
    }
}

fn mistype(wanted: &mut Wanted, way: usize) {
    match (way, &mut wanted.level) {
        (1, _) => wanted.kind = "rol".into(),
        (2, Some(level)) => *level = "usr".into(),
        _ => wanted.name = "Nothng".into(),
    }
}

/// The removals of what is ours that a plan comes to sooner or later, whatever holds them now. What is not ours goes by a
/// policy, of which a claim on something else can say nothing.
fn removals(world: &Installation) -> BTreeSet<Text> {
    let changes = world.look().1.changes;
    let ours = |cause| !matches!(cause, Cause::Unmanaged | Cause::Exclusive);
    changes.iter().filter(|change| change.is_removal() && ours(change.cause)).map(row).collect()
}

#[test]
fn a_world_with_one_claim_that_cannot_be_met_plans_no_removal_that_the_same_world_unbroken_does_not() {
    let mut runner: TestRunner = runner(9);
    for case in 0..cases() / 2 {
        let life = life(4).new_tree(&mut runner).expect("a life").current();
        let mut world = life.begin();
        world.capabilities.kinds.get_mut("group").unwrap().creatable = false;
        for name in ["A", "B"] {
            world.app.has_group(name);
        }
        for edit in &life.edits {
            edit.make(&mut world);
            world.pass();
            Edit::mend(&mut world);
        }
        let unbroken = removals(&world);
        for way in 0..4 {
            let mut broken = world.clone();
            break_one(&mut broken, way);
            let news: Vec<Text> = removals(&broken).difference(&unbroken).cloned().collect();
            assert!(news.is_empty(), "case {case}, way {way}: {news:#?}\nin {life:#?}");
        }
    }
}

#[test]
fn a_claim_of_somebody_whom_a_directory_took_over_is_left_alone_too() {
    let mut world = Installation::full();
    world.declare("studio", vec![grant("staff").of(user("kim@acme.com")).role("admin")]);
    world.converge();
    world.has_directory(directory(vec![person("1", "kim")]));
    mistype_role(&mut world);
    loses_nothing(&mut world);
}
