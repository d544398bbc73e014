//! What an app cannot do is a task for a person: guarded like any other change, never sent, done when the app shows it.

use std::time::Duration;

use appaccess_core::{
    access::{AccountId, AccountState, NeedsApproval, OffboardingRule, RemovalAction},
    plan::{Action, HeldReason, row},
    status::{AppSituation, Severity, Truth, app_conditions, severity},
};

use crate::{
    declare::{directory, grant, person, user},
    installation::{Installation, Pass, hours, minutes},
};

const DAY: Duration = Duration::from_hours(24);

/// An app without any interface.
fn by_hand() -> Installation {
    let mut world = Installation::full();
    world.capabilities.by_hand.everything = true;
    world.capabilities.by_hand.due_in = Some(DAY);
    world.capabilities.by_hand.clicks.insert("".into(), "Settings, Team".into());
    world.capabilities.by_hand.clicks.insert("suspend".into(), "Settings, Team, Remove".into());
    world
}

/// An app whose interface suspends and cannot delete.
fn deleted_by_hand(rule: OffboardingRule) -> Installation {
    let mut world = Installation::full();
    world.capabilities.delete = false;
    world.capabilities.by_hand.delete = true;
    world.capabilities.by_hand.due_in = Some(DAY);
    world.policy.offboarding.withdrawn = rule;
    world
}

fn situation<'a>(world: &Installation, pass: &'a Pass) -> AppSituation<'a> {
    AppSituation {
        mode: world.policy.mode,
        plan: Some(&pass.plan),
        outcomes: &[],
        completeness: Some(&pass.observation.completeness),
        failure: None,
        stalled: None,
        suspended: None,
    }
}

fn condition(world: &Installation, pass: &Pass, kind: &str) -> Option<(Truth, String)> {
    let found = app_conditions(&situation(world, pass)).into_iter().find(|condition| condition.kind == kind);
    found.map(|condition| (condition.status, condition.reason.to_string()))
}

fn ids(pass: &Pass) -> Vec<String> {
    pass.plan.tasks().map(|(_, task)| task.id.to_string()).collect()
}

#[test]
fn a_claim_on_an_app_without_interface_is_a_task_and_nothing_is_sent() {
    let mut world = by_hand();
    world.declare("staff", vec![grant("staff").of(user("ana")).group("Studio")]);
    let pass = world.pass();
    assert!(pass.sent.is_empty());
    let expected =
        ["create ana@birch.studio account", "create Studio group Studio", "grant ana@birch.studio group Studio"];
    assert_eq!(pass.tasks(), expected);
    assert!(pass.plan.changes.iter().all(|change| change.word() == "task"));
    let (_, task) = pass.plan.tasks().next().unwrap();
    assert_eq!((task.clicks.as_deref(), task.opened, task.overdue), (Some("Settings, Team"), Some(world.now), false));
    assert_eq!(severity(&situation(&world, &pass)), Severity::Pending);
    assert_eq!(condition(&world, &pass, "Ready"), Some((Truth::True, "TasksOpen".into())));
    assert_eq!(condition(&world, &pass, "InSync"), Some((Truth::False, "TasksOpen".into())));
    assert_eq!(condition(&world, &pass, "TasksOverdue"), Some((Truth::False, "InTime".into())));
}

#[test]
fn a_task_keeps_its_id_and_its_deadline_until_the_app_shows_it() {
    let mut world = by_hand();
    world.declare("staff", vec![grant("staff").of(user("ana"))]);
    let first = world.pass();
    world.wait(hours(5));
    let second = world.pass();
    assert_eq!(ids(&first), ids(&second));
    let due = |pass: &Pass| pass.plan.tasks().next().unwrap().1.due;
    assert_eq!(due(&first), due(&second));
    assert!(second.is_quiet());
    world.people_work();
    let done = world.pass();
    assert!(done.tasks().is_empty());
    assert!(world.memory.tasks.is_empty());
    assert!(world.pass().plan.is_in_sync());
    assert!(world.memory.inventory.len() == 1, "what was done is ours");
}

#[test]
fn a_task_past_its_deadline_is_overdue() {
    let mut world = by_hand();
    world.declare("staff", vec![grant("staff").of(user("ana"))]);
    world.pass();
    world.wait(hours(24));
    let pass = world.pass();
    assert!(pass.plan.tasks().all(|(_, task)| task.overdue));
    assert_eq!(severity(&situation(&world, &pass)), Severity::Held);
    assert_eq!(condition(&world, &pass, "Ready"), Some((Truth::False, "TasksOverdue".into())));
    assert_eq!(condition(&world, &pass, "TasksOverdue"), Some((Truth::True, "TasksOverdue".into())));
    world.capabilities.by_hand.due_in = None;
    assert!(world.pass().plan.tasks().all(|(_, task)| task.due.is_none()), "without a deadline nobody is late");
}

#[test]
fn a_reading_that_is_not_whole_proves_no_task_done() {
    let mut world = by_hand();
    world.declare("staff", vec![grant("staff").of(user("ana")).group("Studio")]);
    world.pass();
    world.people_work();
    world.converge();
    world.withdraw("staff");
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().tasks().len(), 2);
    let before = world.memory.tasks.clone();
    world.reads_incompletely();
    world.wait(hours(30));
    let pass = world.pass();
    assert!(pass.tasks().is_empty(), "nobody is asked to remove anything on half a reading");
    assert_eq!(world.memory.tasks, before);
}

#[test]
fn removals_by_people_are_budgeted_when_they_are_asked_for() {
    let mut world = by_hand();
    world.policy.safety.maximum_removals.people = 1;
    for name in ["ana", "joel", "mara"] {
        world.declare(name, vec![grant("staff").of(user(name))]);
    }
    world.pass();
    world.people_work();
    world.converge();
    world.withdraw("ana");
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().tasks(), ["suspend ana@birch.studio account"]);
    world.withdraw("joel");
    world.pass();
    world.wait(minutes(10));
    let pass = world.pass();
    assert_eq!(pass.tasks(), ["suspend ana@birch.studio account"], "what was let pass stays");
    assert_eq!(pass.held(), ["suspend joel@birch.studio account ThresholdExceeded"]);
    world.people_work();
    assert_eq!(world.pass().held(), ["suspend joel@birch.studio account ThresholdExceeded"], "ana counts for a day");
    world.wait(hours(25));
    assert_eq!(world.pass().tasks(), ["suspend joel@birch.studio account"]);
    assert_eq!(world.app.accounts.values().filter(|account| account.state == AccountState::Active).count(), 2);
}

#[test]
fn the_first_removals_by_people_wait_for_a_decision_once() {
    let mut world = by_hand();
    world.policy.safety.approve_first = true;
    for name in ["ana", "joel"] {
        world.declare(name, vec![grant("staff").of(user(name))]);
    }
    world.pass();
    world.people_work();
    world.converge();
    world.withdraw("ana");
    world.pass();
    world.wait(minutes(10));
    let held = world.pass();
    assert_eq!(held.held(), ["suspend ana@birch.studio account ApprovalRequired"]);
    world.approve(&held);
    assert_eq!(world.pass().tasks(), ["suspend ana@birch.studio account"]);
    world.withdraw("joel");
    world.pass();
    world.wait(minutes(10));
    assert_eq!(world.pass().tasks().len(), 2, "the first were decided");
    world.people_work();
    world.pass();
    assert!(world.memory.decisions.is_empty(), "an approval is used up when its tasks are done");
}

#[test]
fn a_removal_by_a_person_has_the_digest_of_any_removal() {
    let withdrawn = |mut world: Installation| {
        world.policy.safety.approve_first = true;
        world.app.holds("u1", "ana@birch.studio");
        world.declare("staff", vec![grant("staff").of(user("ana"))]);
        world.pass();
        world.withdraw("staff");
        world.pass();
        world.wait(minutes(10));
        world.pass().plan.hold.unwrap().digest
    };
    assert_eq!(withdrawn(by_hand()), withdrawn(Installation::full()));
}

#[test]
fn nobody_is_asked_to_remove_whom_nobody_may() {
    let mut world = by_hand();
    world.policy.safety.protected.insert("ana@birch.studio".into());
    world.app.holds("u1", "ana@birch.studio");
    world.has_directory(directory(vec![person("1", "kim")]));
    world.declare("staff", vec![grant("staff").of(user("ana")).of(user("kim@acme.com"))]);
    world.pass();
    world.people_work();
    world.converge();
    world.withdraw("staff");
    world.directory().left.insert("1".into(), "disabled".into());
    world.pass();
    world.wait(minutes(10));
    let pass = world.pass();
    assert_eq!(pass.held(), ["suspend ana@birch.studio account Protected"]);
    assert_eq!(pass.tasks(), ["suspend kim@acme.com account"], "a leaver goes at once");
    let (_, task) = pass.plan.tasks().next().unwrap();
    assert_eq!(task.clicks.as_deref(), Some("Settings, Team, Remove"));
}

#[test]
fn in_observe_a_task_is_only_shown() {
    let mut world = by_hand();
    world.policy.mode = appaccess_core::access::Mode::Observe;
    world.declare("staff", vec![grant("staff").of(user("ana"))]);
    let pass = world.pass();
    assert!(pass.tasks().is_empty() && pass.is_quiet());
    assert_eq!(pass.plan.changes[0].task.as_ref().unwrap().opened, None);
}

#[test]
fn what_only_people_delete_is_suspended_first_and_then_a_task_until_it_is_gone() {
    let mut world = deleted_by_hand(OffboardingRule { action: RemovalAction::Delete, delete_after: None });
    world.policy.safety.settle = Duration::ZERO;
    world.policy.safety.maximum_removals.people = 1;
    world.app.holds("u1", "ana@birch.studio");
    world.declare("staff", vec![grant("staff").of(user("ana"))]);
    world.pass();
    world.withdraw("staff");
    assert_eq!(world.pass().sent(), ["suspend ana@birch.studio account"]);
    let waiting = world.pass();
    assert_eq!(waiting.held(), ["delete ana@birch.studio account ApprovalRequired"], "`approve` asks for deletions");
    world.approve(&waiting);
    let asked = world.pass();
    assert_eq!((asked.tasks(), asked.sent.len()), (vec!["delete ana@birch.studio account".to_owned()], 0));
    assert_eq!(world.memory.removals.len(), 1, "who was suspended loses nothing more");
    world.wait(hours(2));
    assert!(world.pass().is_quiet(), "it stays open while the account is listed");
    world.people_work();
    world.pass();
    assert!(world.converge().tasks().is_empty());
    assert!(world.memory.inventory.is_empty() && world.memory.tasks.is_empty());
}

#[test]
fn a_deletion_by_hand_waits_as_long_as_the_policy_says() {
    let rule = OffboardingRule { action: RemovalAction::Suspend, delete_after: Some(DAY * 30) };
    let mut world = deleted_by_hand(rule);
    world.policy.safety.settle = Duration::ZERO;
    world.policy.safety.approve = Vec::new();
    world.app.holds("u1", "ana@birch.studio");
    world.declare("staff", vec![grant("staff").of(user("ana"))]);
    world.pass();
    world.withdraw("staff");
    world.pass();
    world.wait(hours(29 * 24));
    assert!(world.converge().tasks().is_empty());
    world.wait(hours(24));
    assert_eq!(world.pass().tasks(), ["delete ana@birch.studio account"]);
    world.declare("staff", vec![grant("staff").of(user("ana"))]);
    let back = world.pass();
    assert_eq!((back.tasks().len(), back.sent()), (0, vec!["activate ana@birch.studio account".to_owned()]));
}

#[test]
fn a_rule_for_tasks_holds_each_of_them() {
    let mut world = by_hand();
    world.policy.safety.approve = vec![NeedsApproval::Action("task".into())];
    world.declare("staff", vec![grant("staff").of(user("ana"))]);
    let pass = world.pass();
    let change = &pass.plan.changes[0];
    assert_eq!((change.action, change.held), (Action::Create, Some(HeldReason::ApprovalRequired)));
    assert!(pass.plan.hold.as_ref().unwrap().rows.contains(&row(change)));
}

#[test]
fn an_unknown_account_is_nobodys_task() {
    let mut world = by_hand();
    world.app.holds("u9", "stranger@else.example");
    world.declare("staff", vec![grant("staff").of(user("ana"))]);
    world.pass();
    world.people_work();
    let pass = world.converge();
    assert!(pass.tasks().is_empty());
    assert_eq!(pass.drift(), ["unknown stranger@else.example account"]);
    assert_eq!(world.app.accounts[&AccountId::new("u9")].state, AccountState::Active);
}
