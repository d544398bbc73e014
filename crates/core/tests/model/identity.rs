//! Whose account is whose: the vendor's id first, a name last, and never a guess.

use appaccess_core::{
    access::{AccountId, AccountState, Adopt, Completeness, Edge, Finding, LookUp, Mail, Origin, Slot, Tombstone},
    plan::{Action, DriftKind, HeldReason},
};

use crate::{
    declare::{directory, grant, known, literal, okta, person, user},
    installation::{Installation, hours, minutes},
};

fn staffed(name: &str) -> Installation {
    let mut world = Installation::full();
    world.declare("studio", vec![grant("staff").of(user(name)).group("Studio")]);
    world
}

/// Kim of the directory has an account of ours.
fn kim() -> Installation {
    let mut world = staffed("kim@acme.com");
    world.has_directory(directory(vec![person("1", "kim")]));
    world.converge();
    world
}

fn reasons(world: &mut Installation) -> Vec<HeldReason> {
    world.pass().plan.changes.iter().filter_map(|change| change.held).collect()
}

#[test]
fn an_existing_account_that_is_declared_becomes_ours_without_a_change() {
    let mut world = staffed("ana");
    world.app.has_group("Studio");
    world.app.holds("7", "ANA@birch.studio");
    world.app.adds_by_hand("7", Slot::group("Studio"), None);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert!(pass.plan.changes.iter().all(|change| change.action == Action::Adopt));
    assert_eq!(world.memory.inventory.len(), 2);
    assert!(world.memory.inventory.values().all(|owned| owned.origin == Origin::Adopted));
    assert!(world.pass().is_quiet());
}

#[test]
fn with_adopt_never_an_existing_account_is_drift_and_untouched() {
    let mut world = staffed("ana");
    world.policy.adopt = Adopt::Never;
    world.app.holds("7", "ana@birch.studio");
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.drift(), ["notOwned ana@birch.studio account"]);
    assert!(world.memory.inventory.is_empty());
}

#[test]
fn with_adopt_never_an_account_of_ours_keeps_a_higher_role_that_is_not_ours() {
    let mut world = staffed("ana");
    world.policy.adopt = Adopt::Never;
    world.converge();
    world.app.adds_by_hand("new-1", Slot::new("role", ""), Some("admin"));
    world.declare("studio", vec![grant("staff").of(user("ana")).group("Studio").role("member")]);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.plan.drift[0].kind, DriftKind::NotOwned);
}

#[test]
fn a_rename_in_the_directory_is_an_update() {
    let mut world = kim();
    let renamed = world.directory().people.get_mut("1").unwrap();
    renamed.mail = Mail::parse("kim.new@acme.com").ok();
    renamed.also.insert(Mail::parse("kim@acme.com").unwrap());
    assert_eq!(world.pass().sent(), ["update kim@acme.com account"]);
    assert_eq!(&*world.app.accounts[&AccountId::new("new-1")].login, "kim.new@acme.com");
    assert!(world.pass().is_quiet());
}

#[test]
fn a_rename_in_the_app_does_not_hide_an_account_of_ours() {
    let mut world = kim();
    let account = world.app.accounts.get_mut(&AccountId::new("new-1")).unwrap();
    account.login = "somebody@else.example".into();
    account.mails.clear();
    account.external_id = None;
    assert_eq!(world.pass().sent(), ["update kim@acme.com account"]);
}

#[test]
fn the_link_of_the_app_counts_before_names() {
    let mut world = staffed("ana");
    world.app.holds("7", "a.ruiz@old.example");
    world.app.holds("8", "ana@birch.studio");
    world.policy.accounts.insert("ana@birch.studio".into(), AccountId::new("7"));
    world.pass();
    assert_eq!(world.memory.inventory[&Edge::new(literal("ana"), Slot::account())].account, AccountId::new("7"));
}

#[test]
fn the_key_that_a_client_gave_counts_before_names() {
    let mut world = staffed("kim@acme.com");
    world.has_directory(directory(vec![person("1", "kim")]));
    world.app.holds("7", "old.name@acme.com").external_id = Some("1".into());
    world.app.holds("8", "kim@acme.com");
    world.pass();
    assert_eq!(world.memory.inventory[&Edge::new(known("1"), Slot::account())].account, AccountId::new("7"));
}

#[test]
fn two_accounts_for_one_person_are_held() {
    let mut world = staffed("ana");
    world.app.holds("7", "ana@birch.studio");
    world.app.holds("8", "ana").mails = vec![Mail::parse("ana@birch.studio").unwrap()];
    assert_eq!(reasons(&mut world), [HeldReason::AmbiguousMatch]);
    assert!(world.memory.inventory.is_empty());
}

#[test]
fn one_account_for_two_people_is_held() {
    let mut world = Installation::full();
    world.declare("studio", vec![grant("staff").users(&["ana", "joel"])]);
    world.app.holds("7", "ana@birch.studio").mails.push(Mail::parse("joel@birch.studio").unwrap());
    assert_eq!(reasons(&mut world), [HeldReason::AmbiguousMatch; 2]);
}

#[test]
fn an_address_that_passed_to_a_joiner_does_not_pass_the_account_on() {
    let mut world = kim();
    world.directory().left.insert("1".into(), "disabled".into());
    world.pass();
    let mut view = directory(vec![person("2", "kim")]);
    view.left.insert("1".into(), "deleted".into());
    world.has_directory(view);
    world.memory.flips.clear();
    let pass = world.pass();
    assert!(pass.sent.is_empty(), "{:?}", pass.sent());
    assert_eq!(pass.held(), ["activate kim@acme.com account IdentityReused"]);
}

#[test]
fn an_account_that_we_removed_from_another_is_not_reactivated() {
    let mut world = staffed("kim@acme.com");
    world.has_directory(directory(vec![person("2", "kim")]));
    world.app.holds("7", "kim@acme.com").state = AccountState::Suspended;
    let tombstone = Tombstone { account: AccountId::new("7"), at: world.now, cause: "leaver".into() };
    world.memory.tombstones.insert(Edge::new(known("1"), Slot::account()), tombstone);
    assert_eq!(reasons(&mut world), [HeldReason::IdentityReused]);
}

#[test]
fn a_leaver_who_comes_back_under_the_same_id_is_reactivated() {
    let mut world = kim();
    world.directory().left.insert("1".into(), "disabled".into());
    world.pass();
    world.directory().left.clear();
    assert_eq!(world.pass().sent(), ["activate kim@acme.com account", "grant kim@acme.com group Studio"]);
    assert!(world.pass().is_quiet());
}

#[test]
fn an_account_that_somebody_reactivated_for_a_restored_claim_is_no_longer_a_suspended_one() {
    let mut world = staffed("ana");
    world.converge();
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    world.pass();
    world.app.accounts.values_mut().for_each(|account| account.state = AccountState::Active);
    world.declare("studio", vec![grant("staff").of(user("ana"))]);
    world.pass();
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().sent(), ["suspend ana@birch.studio account"], "it is ours");
}

#[test]
fn a_domain_that_a_directory_takes_over_keeps_its_people() {
    let mut world = staffed("kim@acme.com");
    world.converge();
    world.has_directory(directory(vec![person("1", "kim")]));
    world.wait(hours(1));
    assert!(world.pass().sent.is_empty());
    assert!(world.memory.inventory.keys().all(|edge| edge.person == known("1")));
    assert!(world.pass().is_quiet());
}

#[test]
fn people_of_a_directory_that_is_gone_keep_their_accounts() {
    let mut world = kim();
    world.world.directories.remove(&okta());
    assert!(world.pass().sent.is_empty());
    assert!(world.pass().is_quiet());
    world.withdraw("studio");
    world.wait(hours(48));
    let pass = world.pass();
    assert!(pass.sent.iter().all(|change| change.person != Some(known("1"))));
}

#[test]
fn an_account_of_ours_that_a_reading_lacks_is_looked_up_and_not_made_again() {
    let mut world = staffed("ana");
    world.converge();
    world.hidden.insert(AccountId::new("new-1"));
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    let question = LookUp::Account(AccountId::new("new-1"));
    assert_eq!(pass.observation.findings[&question], Finding::Found(AccountId::new("new-1")));
}

#[test]
fn an_account_of_ours_that_is_proven_gone_is_made_again() {
    let mut world = staffed("ana");
    world.converge();
    world.app.accounts.clear();
    assert_eq!(world.pass().sent(), ["create ana@birch.studio account", "grant ana@birch.studio group Studio"]);
    assert!(world.pass().is_quiet());
}

#[test]
fn another_account_of_the_same_name_is_not_taken_while_ours_is_only_missing() {
    let mut world = staffed("ana");
    world.converge();
    world.app.holds("8", "ana@birch.studio");
    world.hidden.insert(AccountId::new("new-1"));
    assert!(world.pass().sent.is_empty());
    assert_eq!(world.memory.inventory[&Edge::new(literal("ana"), Slot::account())].account, AccountId::new("new-1"));
}

#[test]
fn on_an_incomplete_reading_only_somebody_who_was_asked_for_is_created() {
    let mut world = Installation::full();
    world.declare("studio", vec![grant("staff").users(&["ana", "joel"])]);
    world.app.holds("7", "joel@birch.studio");
    world.hidden.insert(AccountId::new("7"));
    world.reads_incompletely();
    assert_eq!(world.pass().sent(), ["create ana@birch.studio account"]);
    let mut mute = world.clone();
    mute.capabilities.look_up = false;
    mute.declare("more", vec![grant("staff").of(user("mara"))]);
    let pass = mute.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.plan.unknown.len(), 1);
}

#[test]
fn an_app_that_can_neither_list_nor_be_asked_is_asked_to_create_once() {
    let mut world = staffed("ana");
    world.completeness = Completeness::NotListable;
    world.capabilities.look_up = false;
    world.declare("studio", vec![grant("staff").of(user("ana"))]);
    assert_eq!(world.pass().sent(), ["create ana@birch.studio account"]);
    world.hidden.insert(AccountId::new("new-1"));
    assert!(world.pass().sent.is_empty());
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().sent(), ["suspend ana@birch.studio account"], "by its vendor id, on its cause alone");
}

#[test]
fn a_created_account_that_is_not_shown_stays_ours_and_unverified() {
    let mut world = staffed("ana");
    world.converge();
    world.app.accounts.clear();
    for owned in world.memory.inventory.values_mut() {
        owned.unseen = 1;
    }
    for reading in 0..4 {
        let pass = world.pass();
        assert!(pass.sent.is_empty());
        assert_eq!(pass.plan.unverified.get(&literal("ana")), Some(&(reading == 3)), "reading {reading}");
    }
    assert!(world.pass().is_quiet());
}

#[test]
fn an_app_that_wants_full_names_makes_nobody_without_one_and_says_what_to_add() {
    let mut world = Installation::full();
    world.capabilities.needs_full_name = true;
    world.declare("studio", vec![grant("staff").users(&["ana"])]);
    let pass = world.pass();
    assert_eq!(pass.plan.changes, []);
    let [problem] = pass.plan.problems.as_slice() else { panic!("{:?}", pass.plan.problems) };
    assert_eq!(problem.kind, appaccess_core::resolve::ProblemKind::NotSupported);
    assert!(problem.message.contains("name: {given: …, family: …}"), "{}", problem.message);
    world.capabilities.needs_full_name = false;
    assert_eq!(world.pass().plan.changes.len(), 1);
}
