//! How a removal earns its way: cause, settling, budget, decisions.

use appaccess_core::access::{AccountState, Directive, Mode, OffboardingRule, RemovalAction, Slot};

use crate::{
    declare::{directory, grant, known, person, user},
    installation::{Installation, hours, minutes},
};

/// People with a group each, ours and in sync.
fn studio(names: &[&str]) -> Installation {
    let mut studio = Installation::full();
    studio.app.has_group("Studio");
    studio.declare("studio", vec![grant("staff").users(names).group("Studio")]);
    studio.converge();
    studio
}

#[test]
fn a_claim_becomes_access_and_a_second_pass_is_quiet() {
    let mut world = Installation::full();
    world.declare("studio", vec![grant("staff").users(&["ana"]).group("Studio").role("admin")]);
    let pass = world.pass();
    assert_eq!(
        pass.sent(),
        [
            "create ana@birch.studio account",
            "create Studio group Studio",
            "grant ana@birch.studio group Studio",
            "grant ana@birch.studio role ->admin",
        ]
    );
    assert_eq!(world.shows("ana@birch.studio"), ["active", "group Studio", "role admin"]);
    assert!(world.pass().is_quiet());
}

#[test]
fn nothing_is_sent_in_observe_and_nothing_becomes_ours() {
    let mut world = Installation::new(Mode::Observe);
    world.app.holds("7", "ana@birch.studio");
    world.declare("studio", vec![grant("staff").users(&["ana", "joel"]).group("Studio")]);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.plan.changes.len(), 5, "what would change is shown");
    assert!(world.memory.inventory.is_empty());
}

#[test]
fn a_withdrawn_claim_settles_before_anything_goes() {
    let mut world = studio(&["ana"]);
    world.withdraw("studio");
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.settling(), ["revoke ana@birch.studio group Studio", "suspend ana@birch.studio account"]);
    world.wait(minutes(9));
    assert!(world.pass().is_quiet());
    world.wait(minutes(1));
    assert_eq!(world.pass().sent(), ["revoke ana@birch.studio group Studio", "suspend ana@birch.studio account"]);
    assert!(world.pass().is_quiet());
}

#[test]
fn moving_a_person_between_files_removes_nothing() {
    let mut world = studio(&["ana"]);
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(5));
    world.declare("design", vec![grant("staff").users(&["ana"]).group("Studio")]);
    assert!(world.pass().sent.is_empty());
    world.wait(hours(24));
    assert!(world.pass().is_quiet());
    assert!(world.memory.withdrawn.is_empty());
}

#[test]
fn of_two_claims_on_one_edge_the_last_one_keeps_it() {
    let mut world = studio(&["ana"]);
    world.declare("second", vec![grant("staff").users(&["ana"]).group("Studio")]);
    world.converge();
    world.withdraw("studio");
    world.wait(hours(1));
    world.pass();
    world.wait(hours(1));
    assert!(world.pass().sent.is_empty());
}

#[test]
fn an_end_that_was_seen_before_it_passed_neither_settles_nor_counts() {
    let mut world = Installation::full();
    let end = world.in_time(hours(1));
    world.policy.safety.maximum_removals.people = 0;
    world.policy.safety.maximum_removals.percent = 0;
    world.declare("studio", vec![grant("staff").users(&["ana"]).until(end)]);
    world.converge();
    world.wait(hours(1));
    assert_eq!(world.pass().sent(), ["suspend ana@birch.studio account"]);
    assert!(world.memory.removals.is_empty());
}

#[test]
fn an_end_that_only_a_doubtful_clock_says_has_passed_counts_like_a_withdrawal() {
    let mut world = Installation::full();
    let end = world.in_time(hours(1));
    world.policy.safety.maximum_removals.people = 0;
    world.policy.safety.maximum_removals.percent = 0;
    world.declare("studio", vec![grant("staff").users(&["ana"]).until(end)]);
    world.converge();
    world.wait(hours(1));
    world.clock_is_doubtful = true;
    assert!(world.pass().sent.is_empty());
    world.clock_is_doubtful = false;
    assert_eq!(world.pass().sent(), ["suspend ana@birch.studio account"]);
}

#[test]
fn an_end_that_was_already_past_when_we_first_saw_it_is_a_withdrawal() {
    let mut world = studio(&["ana"]);
    let yesterday = world.in_time(hours(-1));
    world.declare("studio", vec![grant("staff").users(&["ana"]).group("Studio").until(yesterday)]);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.settling().len(), 2);
}

#[test]
fn nothing_goes_beyond_the_budget_not_even_the_first_of_it() {
    let names = ["a", "b", "c", "d"];
    let mut world = studio(&names);
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    let hold = pass.plan.hold.as_ref().unwrap();
    assert_eq!((hold.people, hold.changes, hold.allowed), (4, 8, 3));
    world.approve(&pass);
    assert_eq!(world.pass().sent.len(), 8);
    assert!(world.memory.removals.is_empty(), "what was approved does not count");
    assert_eq!(world.memory.decisions_used, 1);
    assert!(world.memory.decisions.is_empty());
}

#[test]
fn the_budget_rolls_over_a_day() {
    let mut world = studio(&["a", "b", "c", "d"]);
    world.declare("studio", vec![grant("staff").users(&["c", "d"]).group("Studio")]);
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().sent.len(), 4);
    world.withdraw("studio");
    world.pass();
    world.wait(hours(23));
    assert_eq!(world.pass().held().len(), 4, "two of yesterday and two of today are four");
    world.wait(hours(1));
    assert_eq!(world.pass().sent.len(), 4);
}

#[test]
fn joiners_do_not_void_an_approval() {
    let mut world = studio(&["a", "b", "c", "d"]);
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    let pass = world.pass();
    world.declare("joiners", vec![grant("new").users(&["x", "y"])]);
    world.approve(&pass);
    assert_eq!(world.pass().sent.len(), 10);
}

#[test]
fn an_approval_covers_its_rows_and_the_rest_is_judged_on_its_own() {
    let mut world = studio(&["a", "b", "c", "d", "e"]);
    world.declare("studio", vec![grant("staff").users(&["e"]).group("Studio")]);
    world.pass();
    world.wait(minutes(10));
    let held = world.pass();
    world.declare("studio", vec![]);
    world.pass();
    world.wait(minutes(10));
    world.approve(&held);
    let sent = world.pass().sent();
    assert_eq!(sent.len(), 10, "the fifth is within the budget: {sent:?}");
    assert_eq!(world.memory.removals.len(), 1);
}

#[test]
fn an_approval_is_used_once() {
    let mut world = studio(&["a", "b", "c", "d"]);
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    let held = world.pass();
    world.approve(&held);
    world.pass();
    world.declare("studio", vec![grant("staff").users(&["a", "b", "c", "d"]).group("Studio")]);
    world.converge();
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    let again = world.pass();
    assert!(again.sent.is_empty());
    assert_ne!(again.plan.hold.unwrap().digest, held.plan.hold.unwrap().digest);
}

#[test]
fn a_rejected_row_waits_for_the_declarations_to_say_so() {
    let mut world = studio(&["a", "b", "c", "d"]);
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    let digest = world.pass().plan.hold.unwrap().digest;
    world.decide(&digest, Directive::Reject);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert!(pass.held().iter().all(|line| line.ends_with("Rejected")));
}

#[test]
fn what_settles_tells_whether_a_decision_will_be_waited_for() {
    for (approve_first, waits) in [(true, 2), (false, 0)] {
        let mut world = studio(&["ana", "joel"]);
        world.policy.safety.approve_first = approve_first;
        world.declare("studio", vec![grant("staff").users(&["joel"]).group("Studio")]);
        let settling = world.pass();
        assert_eq!(settling.settling().len(), 2);
        assert_eq!(settling.plan.held_when_due.len(), waits);
        world.wait(minutes(10));
        let due = world.pass();
        assert_eq!((due.held().len(), due.plan.held_when_due.len()), (waits, 0), "as it was told");
    }
}

#[test]
fn who_said_no_is_not_outvoted_whatever_the_order() {
    for order in [[Directive::Approve, Directive::Reject], [Directive::Reject, Directive::Approve]] {
        let mut world = studio(&["a", "b", "c", "d"]);
        world.withdraw("studio");
        world.pass();
        world.wait(minutes(10));
        let digest = world.pass().plan.hold.unwrap().digest;
        for directive in order {
            world.decide(&digest, directive);
        }
        let pass = world.pass();
        assert!(pass.sent.is_empty(), "{order:?}");
        assert!(pass.held().iter().all(|line| line.ends_with("Rejected")), "{order:?}");
        world.declare("studio", vec![grant("staff").users(&["a", "b", "c", "d"]).group("Studio")]);
        assert!(world.pass().plan.hold.is_none(), "the declarations say so, too");
    }
}

#[test]
fn the_first_removals_ever_wait_for_a_decision_and_later_ones_do_not() {
    let mut world = studio(&["ana", "joel"]);
    world.policy.safety.approve_first = true;
    world.declare("studio", vec![grant("staff").users(&["joel"]).group("Studio")]);
    world.pass();
    world.wait(minutes(10));
    let held = world.pass();
    assert!(held.held().iter().all(|line| line.ends_with("ApprovalRequired")));
    world.approve(&held);
    assert_eq!(world.pass().sent.len(), 2);
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().sent.len(), 2);
}

#[test]
fn a_leaver_neither_settles_nor_counts() {
    let mut world = Installation::full();
    world.has_directory(directory(vec![person("1", "ana")]));
    world.declare("staff", vec![grant("staff").of(user("ana@acme.com")).group("Studio")]);
    world.converge();
    world.policy.safety.maximum_removals.people = 0;
    world.policy.safety.maximum_removals.percent = 0;
    world.directory().left.insert("1".into(), "disabled".into());
    assert_eq!(world.pass().sent(), ["revoke ana@acme.com group Studio", "suspend ana@acme.com account"]);
    assert!(world.pass().is_quiet());
    assert!(world.memory.inventory.keys().any(|edge| edge.person == known("1")));
}

#[test]
fn a_suspended_account_is_deleted_after_its_time_and_a_word() {
    let mut world = studio(&["ana"]);
    let rule = OffboardingRule { action: RemovalAction::Suspend, delete_after: Some(hours(48).unsigned_abs()) };
    world.policy.offboarding.withdrawn = rule;
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    world.pass();
    world.wait(hours(47));
    assert!(world.pass().is_quiet());
    world.wait(hours(1));
    world.pass();
    world.wait(minutes(10));
    let pass = world.pass();
    assert_eq!(pass.held(), ["delete ana@birch.studio account ApprovalRequired"]);
    world.approve(&pass);
    assert_eq!(world.pass().sent(), ["delete ana@birch.studio account"]);
    assert!(world.pass().is_quiet());
    assert!(world.memory.inventory.is_empty());
}

#[test]
fn what_somebody_gave_back_by_hand_is_drift_and_not_ours() {
    let mut world = studio(&["ana"]);
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    world.pass();
    world.app.accounts.values_mut().for_each(|account| account.state = AccountState::Active);
    world.app.adds_by_hand("new-1", Slot::group("Studio"), None);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.drift(), ["readded ana@birch.studio account"]);
    world.wait(hours(48));
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    assert_eq!(pass.drift(), ["readded ana@birch.studio account"]);
}

#[test]
fn nothing_is_removed_while_the_target_app_is_terminating() {
    let mut world = studio(&["ana"]);
    world.withdraw("studio");
    world.pass();
    world.wait(hours(2));
    world.terminating = true;
    assert!(world.pass().sent.is_empty());
}

#[test]
fn a_restored_store_makes_removals_wait() {
    let mut world = studio(&["ana"]);
    world.memory.restored = true;
    world.withdraw("studio");
    world.pass();
    world.wait(minutes(10));
    assert!(world.pass().held().iter().all(|line| line.ends_with("ApprovalRequired")));
}
