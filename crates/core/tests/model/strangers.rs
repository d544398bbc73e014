//! What the app holds and nobody declared: classes, policies, exclusive groups, attributes.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{AccountId, AccountState, Class, Mode, Slot, UnmanagedAction, UnmanagedRule},
    resolve::{Freshness, Leavers},
};

use crate::{
    declare::{directory, grant, person, team, user},
    installation::{Installation, hours},
};

const SUSPEND: UnmanagedRule = UnmanagedRule { action: UnmanagedAction::Suspend, after: None };

/// One account of each class.
fn crowd() -> Installation {
    let mut world = Installation::full();
    world.has_directory(directory(vec![person("1", "kim"), person("2", "lou")]));
    world.directory().left.insert("2".into(), "disabled".into());
    world.policy.classify.service.push("bot-*".into());
    world.policy.classify.guest_domains.insert("guest.example".into());
    for (id, login) in [
        ("bot", "bot-ci@guest.example"),
        ("guest", "ann@guest.example"),
        ("ghost", "gone@acme.com"),
        ("leaver", "lou@acme.com"),
        ("kim", "kim@acme.com"),
        ("stranger", "eve@else.example"),
    ] {
        world.app.holds(id, login);
    }
    world
}

#[test]
fn an_account_is_of_the_first_class_that_fits() {
    let pass = crowd().pass();
    let class = |id: &str| pass.plan.classes[&AccountId::new(id)];
    assert_eq!(class("bot"), Class::Service);
    assert_eq!(class("guest"), Class::Guest);
    assert_eq!(class("ghost"), Class::Orphan);
    assert_eq!(class("leaver"), Class::Orphan);
    assert_eq!(class("kim"), Class::Unknown);
    assert_eq!(class("stranger"), Class::Unknown);
    assert_eq!((pass.plan.counts.orphans, pass.plan.counts.unknown), (2, 2));
    assert_eq!(pass.drift().len(), 4, "guests and service accounts are ignored");
}

#[test]
fn strangers_are_only_reported_unless_the_policy_says_more() {
    let mut world = crowd();
    assert!(world.pass().sent.is_empty());
    world.policy.unmanaged.orphan = SUSPEND;
    assert_eq!(world.pass().sent(), ["suspend gone@acme.com account", "suspend lou@acme.com account"]);
    assert!(world.pass().is_quiet());
    assert!(world.memory.inventory.is_empty(), "they do not become ours");
}

#[test]
fn a_policy_counts_its_time_from_the_first_sight() {
    let mut world = crowd();
    world.policy.unmanaged.orphan.action = UnmanagedAction::Suspend;
    world.policy.unmanaged.orphan.after = Some(hours(1).unsigned_abs());
    assert_eq!(world.pass().settling().len(), 2);
    world.wait(hours(1));
    assert_eq!(world.pass().sent.len(), 2);
}

#[test]
fn strangers_stay_while_a_directory_or_a_claim_cannot_be_read() {
    let mut world = crowd();
    world.policy.unmanaged.orphan = SUSPEND;
    world.policy.unmanaged.unknown = SUSPEND;
    let mut stale = world.clone();
    stale.directory().freshness = Freshness::Stale("no answer".into());
    assert_eq!(stale.pass().sent(), ["suspend eve@else.example account"], "the one who is not of the directory");
    let mut reported = world.clone();
    reported.directory().leavers = Leavers::Report;
    assert!(reported.pass().sent.iter().all(|change| &*change.label != "lou@acme.com"));
    let mut dangling = world.clone();
    dangling.declare("studio", vec![grant("staff").of(team("nowhere"))]);
    assert!(dangling.pass().sent.is_empty());
    world.reads_incompletely();
    assert!(world.pass().sent.is_empty());
}

#[test]
fn deleting_a_stranger_where_the_app_cannot_suspends_once() {
    let mut world = crowd();
    world.policy.safety.approve.clear();
    world.capabilities.delete = false;
    world.policy.unmanaged.orphan.action = UnmanagedAction::Delete;
    assert_eq!(world.pass().sent.len(), 2);
    assert!(world.pass().is_quiet());
}

/// A group that is ours alone, with a member of ours.
fn exclusive() -> Installation {
    let mut world = Installation::full();
    world.policy.ownership.groups.insert("Studio".into(), true);
    world.declare("studio", vec![grant("staff").of(user("ana")).group("Studio")]);
    world.converge();
    world.app.holds("7", "eve@else.example");
    world.app.adds_by_hand("7", Slot::group("Studio"), None);
    world
}

#[test]
fn other_members_of_an_exclusive_group_go_under_the_budget_and_those_of_a_shared_one_stay() {
    let mut shared = exclusive();
    shared.policy.ownership.groups.clear();
    assert!(shared.pass().sent.is_empty());
    let mut world = exclusive();
    let pass = world.pass();
    assert_eq!(pass.sent(), ["revoke eve@else.example group Studio"]);
    assert!(pass.drift().contains(&"extraMember eve@else.example group Studio".to_owned()));
    assert_eq!(world.memory.removals.len(), 1);
    let mut additive = exclusive();
    additive.policy.mode = Mode::Additive;
    assert!(additive.pass().sent.is_empty());
}

#[test]
fn nobody_leaves_an_exclusive_group_who_may_be_claimed_for_it() {
    let mut ambiguous = exclusive();
    ambiguous.app.holds("8", "eve").mails = ambiguous.app.accounts[&AccountId::new("7")].mails.clone();
    ambiguous.declare("more", vec![grant("staff").of(user("eve@else.example")).group("Studio")]);
    assert!(ambiguous.pass().sent.is_empty());
    let mut unreadable = exclusive();
    unreadable.declare("more", vec![]);
    unreadable.breaks("more");
    assert!(unreadable.pass().sent.is_empty());
    let mut excepted = exclusive();
    let doubtful = grant("staff").of(user("eve@else.example")).except(team("nowhere")).group("Studio");
    excepted.declare("more", vec![doubtful]);
    assert!(excepted.pass().sent.is_empty());
}

#[test]
fn an_attribute_that_the_app_does_not_keep_is_reported_and_not_written_again() {
    let mut world = Installation::full();
    let mut kim = person("1", "kim");
    kim.attributes.insert("title".into(), "Designer".into());
    world.has_directory(directory(vec![kim]));
    world.declare("studio", vec![grant("staff").of(user("kim@acme.com"))]);
    world.converge();
    let id = AccountId::new("new-1");
    world.app.accounts.get_mut(&id).unwrap().attributes.clear();
    assert_eq!(world.look().1.changes.len(), 1);
    world.memory.not_kept.entry(id).or_default().insert("title".into(), "Designer".into());
    let pass = world.pass();
    assert!(pass.is_quiet());
    assert_eq!(pass.drift(), ["attribute kim@acme.com attribute title"]);
}

#[test]
fn a_leaver_who_is_only_reported_is_drift() {
    let mut world = Installation::full();
    world.has_directory(directory(vec![person("1", "kim")]));
    world.declare("studio", vec![grant("staff").of(user("kim@acme.com"))]);
    world.converge();
    world.directory().leavers = Leavers::Report;
    world.directory().left.insert("1".into(), "disabled".into());
    let pass = world.pass();
    assert!(pass.is_quiet());
    assert_eq!(pass.drift(), ["leaver kim@acme.com account"]);
}

#[test]
fn an_invited_account_counts_and_is_left_alone() {
    let mut world = Installation::full();
    world.app.holds("7", "ana@birch.studio").state = AccountState::Invited;
    world.declare("studio", vec![grant("staff").of(user("ana"))]);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!((pass.plan.counts.invited, pass.plan.counts.declared), (1, 1));
}

#[test]
fn a_group_that_was_renamed_in_the_app_stays_the_same_group() {
    let mut world = Installation::full();
    world.declare("studio", vec![grant("staff").of(user("ana")).group("Studio")]);
    world.converge();
    let id = world.app.groups.remove("Studio").unwrap();
    world.app.groups.insert("Atelier".into(), id);
    for account in world.app.accounts.values_mut() {
        account.entitlements.remove(&Slot::group("Studio"));
        account.entitlements.insert(Slot::group("Atelier"), None);
    }
    assert!(world.pass().sent.is_empty());
    assert!(world.pass().is_quiet());
    world.withdraw("studio");
    world.pass();
    world.wait(hours(1));
    assert_eq!(world.pass().sent(), ["revoke ana@birch.studio group Atelier", "suspend ana@birch.studio account"]);
}

#[test]
fn names_that_differ_in_case_only_are_one_where_the_app_takes_them_so() {
    let mut world = Installation::full();
    world.capabilities.kinds.get_mut("group").unwrap().fold_case = true;
    world.app.has_group("Studio");
    world.declare("one", vec![grant("staff").of(user("ana")).group("studio")]);
    world.declare("two", vec![grant("staff").of(user("ana")).group("STUDIO")]);
    assert_eq!(world.pass().sent(), ["create ana@birch.studio account", "grant ana@birch.studio group Studio"]);
    assert!(world.pass().is_quiet());
    let names: BTreeSet<_> = world.app.groups.keys().cloned().collect();
    assert_eq!(names.len(), 1);
}
