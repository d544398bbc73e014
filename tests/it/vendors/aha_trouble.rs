//! Leavers, seats, keys and limits of Aha!, and what its interface cannot do.

use std::time::Duration;

use appaccess::{
    sim::aha::{Plan, Role},
    sync::AppResult,
};
use appaccess_core::{plan::Outcome, status::Failure};
use jiff::SignedDuration;

use super::aha::{account, changes, grant, mail, observed, problems, products};
use crate::support::installation::{Installation, story};

const DELETING: &str = "mode: Full\noffboarding: {withdrawn: {action: Delete}}\nsafety: {approveFirst: false, \
                        maxRemovals: {people: 1000}, approve: []}";

async fn failed<V>(world: &Installation<V>) -> Failure {
    match world.pass().await.result {
        AppResult::Failed(failure) | AppResult::Stalled(failure) => failure,
        other => panic!("the pass did not fail: {other:?}"),
    }
}

/// Ana works in two products and administers; Joel in one.
fn both() -> String {
    format!(
        "{}\n{}",
        grant("ana", &["administrator"], &[("App", "contributor"), ("Web", "viewer")]),
        grant("joel", &[], &[("App", "viewer")])
    )
}

#[tokio::test]
async fn whoever_goes_loses_administration_and_log_in_by_one_request_and_comes_back_by_one() {
    let mut world = account().await;
    world.grants(&both());
    world.work().await;
    world.grants(&grant("joel", &[], &[("App", "viewer")]));
    world.work().await;
    world.wait(SignedDuration::from_mins(11));
    world.vendor.clear_requests();
    let gone = world.work().await;
    let mut sent = changes(&world.vendor);
    sent.sort();
    assert_eq!(
        sent,
        ["DELETE users/ID/product_roles/ID", "DELETE users/ID/product_roles/ID", "PUT users/ID", "PUT users/ID"],
        "the first removal goes alone, to be read back: {:?}",
        story(&gone)
    );
    let ana = world.vendor.snapshot().people.remove(&mail("ana")).unwrap();
    assert!(!ana.enabled && !ana.administrator && ana.products.is_empty());

    world.grants(&both());
    world.vendor.clear_requests();
    world.work().await;
    let mut sent = changes(&world.vendor);
    sent.sort();
    assert_eq!(sent, ["POST users/ID/product_roles", "POST users/ID/product_roles", "PUT users/ID"]);
    let back = world.vendor.snapshot().people.remove(&mail("ana")).unwrap();
    assert!(back.enabled && back.administrator && back.id == ana.id);
}

#[tokio::test]
async fn a_deletion_is_a_suspension_and_then_a_task_with_its_clicks() {
    let mut world = account().await;
    world.app(DELETING);
    world.grants(&both());
    world.work().await;
    world.grants(&grant("joel", &[], &[("App", "viewer")]));
    world.work().await;
    world.wait(SignedDuration::from_mins(11));
    world.work().await;
    assert!(!world.vendor.snapshot().people[&mail("ana")].enabled);

    world.vendor.clear_requests();
    let report = world.work().await;
    let task = report.look.plan.changes.iter().find_map(|change| change.task.clone()).unwrap();
    assert!(task.clicks.is_some_and(|clicks| clicks.contains("Billing → Users") && clicks.contains("Delete")));
    assert_eq!(world.vendor.mutations(), 0);

    world.vendor.edit(|state| state.delete_person(&mail("ana")));
    world.work().await;
    let later = world.work().await;
    assert!(later.look.plan.changes.is_empty(), "{:?}", story(&later));
}

#[tokio::test]
async fn a_new_address_is_written_to_the_same_account() {
    let directory = |user: &str| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: people, namespace: access}}\nspec:\n  \
             source: {{inline: {{people: [{{id: \"7\", user: {}, name: Ana Ruiz, active: true}}]}}}}\n  domains: \
             [birch.example.com]\n",
            mail(user)
        )
    };
    let mut world = account().await;
    world.grants(&grant("ana", &[], &[("App", "viewer")]));
    world.add(&directory("ana"));
    world.work().await;
    let before = world.vendor.snapshot().people[&mail("ana")].clone();

    world.grants(&grant("ana.ruiz", &[], &[("App", "viewer")]));
    world.add(&directory("ana.ruiz"));
    world.vendor.clear_requests();
    let report = world.work().await;
    assert_eq!(changes(&world.vendor), ["PUT users/ID"], "{:?}", story(&report));
    assert_eq!(world.vendor.snapshot().people[&mail("ana.ruiz")].id, before.id);
    world.vendor.clear_requests();
    assert_eq!(story(&world.work().await), [""; 0]);
}

#[tokio::test]
async fn seats_are_those_that_are_billed_and_the_last_visit_is_told() {
    let mut world = account().await;
    world.vendor.edit(|state| {
        state.add_people(3, "birch.example.com", "App", Role::Contributor);
        state.set_enabled(&mail("p1"), false);
        state.set_accessed(&mail("p0"), "2026-10-01T08:30:00.000Z");
    });
    world.grants(&grant("p0", &[], &[("App", "contributor")]));
    let report = world.plan().await;
    let seats = report.look.observation.seats.unwrap();
    assert_eq!((seats.used, seats.purchased), (3, None), "two people and the key's own user");
    let told = |name| observed(&report, &world.vendor, name).last_active;
    assert_eq!(told("p0"), "2026-10-01T08:30:00Z".parse().ok());
    assert_eq!(told("p2"), "2026-01-05T09:00:00Z".parse().ok(), "never there: when it was made");

    world.vendor.edit(|state| {
        state.set_plan(Plan::Enterprise);
        for name in ["p0", "p1", "p2"] {
            state.set_role(&mail(name), "App", Some(Role::Viewer));
        }
    });
    let free = world.plan().await;
    assert_eq!(free.look.observation.seats.unwrap().used, 1, "viewers are not billed on this plan");
}

#[tokio::test]
async fn a_seat_that_the_vendor_refuses_is_told_in_its_words_and_others_go_on() {
    let mut world = account().await;
    world.vendor.edit(|state| state.set_seats(Some(2)));
    world.grants(&format!("{}\n{}", both(), grant("kim", &[], &[("App", "contributor")])));
    let report = world.work().await;
    let told: Vec<_> = report
        .done
        .iter()
        .filter_map(|done| match &done.outcome {
            Outcome::Failed { message, .. } => Some(message.as_str()),
            _ => None,
        })
        .collect();
    assert!(!told.is_empty() && told.iter().all(|message| message.contains("no paid seats")), "{told:?}");
    let people = world.vendor.snapshot().people;
    assert!(people.contains_key(&mail("ana")) && people.contains_key(&mail("joel")));
    assert!(!people.contains_key(&mail("kim")));
}

#[tokio::test]
async fn a_key_that_is_no_administrator_s_is_named_before_anything_is_sent() {
    let mut world = account().await;
    world.grants(&both());
    world.vendor.edit(|state| state.set_own_administrator(false));
    world.vendor.clear_requests();
    let failure = failed(&world).await;
    assert_eq!(failure.reason, "Forbidden");
    assert!(failure.message.contains("no administrator"), "{failure:?}");
    assert_eq!(world.vendor.mutations(), 0);
    world.vendor.edit(|state| state.set_own_administrator(true));
    world.work().await;
    assert!(!products(&world.vendor, "ana").is_empty());
}

#[tokio::test]
async fn a_spent_quota_is_waited_for_and_nothing_is_removed() {
    let mut world = account().await;
    world.grants(&both());
    world.work().await;
    world.grants(&grant("joel", &[], &[("App", "viewer")]));
    world.work().await;
    world.wait(SignedDuration::from_mins(11));
    world.fleet.connectors.timeout = Some(Duration::ZERO);
    world.vendor.edit(|state| state.set_quota(Some(0)));
    let failure = failed(&world).await;
    assert_eq!(failure.reason, "RateLimited", "{failure:?}");
    assert!(world.vendor.snapshot().people[&mail("ana")].enabled);
    world.vendor.edit(|state| state.set_quota(None));
    world.restart();
    world.work().await;
    assert!(!world.vendor.snapshot().people[&mail("ana")].enabled);
}

#[tokio::test]
async fn groups_and_custom_roles_are_refused_with_the_reason() {
    let mut world = account().await;
    world.vendor.edit(|state| {
        state.set_plan(Plan::EnterprisePlus);
        state.add_person(&mail("kim"));
        state.set_custom_role(&mail("kim"), "App", "Scribe");
    });
    world.grants(&format!(
        "{}\n- name: groups\n  subjects: [{{user: {kim}}}]\n  groups: [Crew]\n- name: custom\n  subjects: [{{user: {kim}}}]\n  \
         entitlements: [{{type: custom-role, name: Scribe}}]",
        grant("joel", &[], &[("App", "viewer")]),
        kim = mail("kim")
    ));
    let report = world.work().await;
    let said = problems(&report);
    assert!(said.iter().any(|(_, message)| message.contains("plan capacity")), "{said:?}");
    assert!(said.iter().any(|(_, message)| message.contains("Enterprise+")), "{said:?}");
    assert!(!products(&world.vendor, "joel").is_empty(), "the other claim goes on");
}
