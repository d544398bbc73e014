//! Faults, limits, odd accounts, and credentials that change.

use std::time::Duration;

use appaccess::{sim::clockify::Fault, sync::AppResult};
use appaccess_core::{access::AccountState, status::Failure};

use super::*;

async fn failure(world: &World) -> Failure {
    match world.pass().await.result {
        AppResult::Failed(failure) | AppResult::Stalled(failure) => failure,
        other => panic!("the pass did not fail: {other:?}"),
    }
}

#[tokio::test]
async fn an_invitation_that_answers_500_after_it_was_sent_is_not_sent_twice() {
    let mut world = workspace().await;
    world.grants(&studio(&["ana", "joel"]));
    world.vendor.fault(Fault::after_commit(500).on_method("POST").on_path("/workspaces"));
    let report = world.work().await;
    assert!(failures(&report).is_empty(), "the account itself tells that it was: {:?}", story(&report));
    assert!(world.work().await.look.plan.is_in_sync());
    assert_eq!(world.vendor.edit(|state| state.mailed.len()), 2);
}

#[tokio::test]
async fn a_change_that_answers_500_after_it_was_made_is_found_done() {
    let mut world = workspace().await;
    seed(&world, &["ana"]);
    world.grants(&grant("staff", &["ana"], "roles: [admin]"));
    world.vendor.fault(Fault::after_commit(500).on_path("/workspaces"));
    world.pass().await;
    let report = world.work().await;
    assert!(report.look.plan.is_in_sync() || story(&report).is_empty(), "{:?}", story(&report));
    assert_eq!(world.vendor.snapshot()[&mail("ana")].role, Role::Admin);
}

#[tokio::test]
async fn the_hour_s_quota_ends_a_pass_and_nobody_is_removed() {
    let mut world = workspace().await;
    seed(&world, &["ana", "joel"]);
    world.grants(&studio(&["ana", "joel"]));
    world.work().await;
    world.grants(&studio(&["ana"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.fleet.connectors.timeout = Some(Duration::ZERO);
    world.vendor.edit(|state| state.quota = Some(1));
    world.vendor.clear_requests();
    assert_eq!(failure(&world).await.reason, "RateLimited");
    assert_eq!((world.vendor.mutations(), membership(&world, "joel")), (0, "ACTIVE"));

    world.vendor.edit(|state| state.quota = None);
    world.restart();
    world.work().await;
    assert_eq!(membership(&world, "joel"), "INACTIVE");
}

#[tokio::test]
async fn a_free_workspace_is_asked_thirty_times_an_hour_at_most() {
    use appaccess::connector::clockify::rate;

    let words = |plan: &str| {
        let words = [
            ("discovery.at", "2026-11-20T10:00:00Z"),
            ("discovery.key", "k"),
            ("discovery.own", "u"),
            ("discovery.plan", plan),
        ];
        words.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let free = rate(&words("FREE"));
    assert_eq!((free.requests, free.per), (30, Duration::from_hours(1)));
    let paid = rate(&words("STANDARD_2021"));
    assert_eq!((paid.requests, paid.per), (25, Duration::from_secs(1)));
    assert_eq!(rate(&std::collections::BTreeMap::new()).per, Duration::from_secs(1));
}

#[tokio::test]
async fn a_limited_user_is_shown_cannot_log_in_and_is_not_let_in_by_accident() {
    let mut world = workspace().await;
    let ana = seed(&world, &["ana"]).remove(0);
    world.vendor.edit(|state| state.add_limited("Kiosk"));
    world.grants(&studio(&["ana"]));
    let report = world.work().await;
    let kiosk = report.look.observation.accounts.iter().find(|account| &*account.login == "Kiosk").unwrap();
    assert_eq!((kiosk.state, kiosk.mails.len()), (AccountState::Suspended, 0));

    world.vendor.edit(|state| state.edit(&ana, |user| user.account_status = "LIMITED"));
    world.vendor.clear_requests();
    let [failure] = failures(&world.work().await).try_into().unwrap();
    assert!(failure.contains("limited user"), "{failure}");
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn an_account_that_was_deleted_is_gone_and_its_person_is_invited_anew() {
    let mut world = workspace().await;
    seed(&world, &["ana", "joel"]);
    world.grants(&studio(&["ana", "joel"]));
    world.work().await;
    world.vendor.edit(|state| {
        let ana = state.id_of(&mail("ana")).unwrap();
        state.edit(&ana, |user| {
            (user.account_status, user.email) = ("DELETED", Some("deleted-ana@birch.example.com".to_owned()));
        });
    });
    let report = world.work().await;
    assert!(report.look.observation.is_complete(), "{:?}", report.look.observation.completeness);
    assert_eq!(membership(&world, "ana"), "PENDING", "{:?}", story(&report));
    assert!(world.work().await.look.plan.is_in_sync());
}

#[tokio::test]
async fn a_listing_that_lacks_a_member_of_the_workspace_is_not_whole() {
    let mut world = workspace().await;
    seed(&world, &["ana", "joel", "kim"]);
    world.grants(&studio(&["ana", "joel", "kim"]));
    world.work().await;
    let users = format!("/workspaces/{}/users", world.vendor.workspace());
    world.vendor.fault(Fault::truncated(1).on_path(&users));
    let report = world.work().await;
    match &report.look.observation.completeness {
        Completeness::Incomplete { reason, .. } => assert_eq!(&**reason, "EndedEarly"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.vendor.snapshot().len(), 5, "nobody was made or removed");
}

#[tokio::test]
async fn two_groups_of_one_name_are_nobody_s_to_change() {
    let mut world = workspace().await;
    seed(&world, &["ana"]);
    world.vendor.edit(|state| {
        state.add_group("Studio");
        state.add_group("Studio");
    });
    world.grants(&studio(&["ana"]));
    world.vendor.clear_requests();
    let report = world.work().await;
    assert!(!report.look.observation.is_complete());
    assert_eq!(world.vendor.mutations(), 0, "{:?}", story(&report));
}

#[tokio::test]
async fn a_wrong_workspace_and_a_worthless_key_are_named() {
    let mut world = workspace().await;
    world.grants(&studio(&["ana"]));
    let right = world.another.clone();
    world.another = Some(format!(
        "{{clockify: {{workspaceId: \"64a687e2ffffffffffffffff\", baseUrl: \"{}\"}}}}",
        world.vendor.base_url()
    ));
    world.app(UNGUARDED);
    let wrong = failure(&world).await;
    assert_eq!(wrong.reason, "SettingsInvalid");
    assert!(wrong.message.contains("`workspaceId`"), "{}", wrong.message);
    world.another = right;
    world.app(UNGUARDED);
    world.put_keys(keys("another-key"));
    assert_eq!(failure(&world).await.reason, "CredentialsInvalid");
}

#[tokio::test]
async fn another_key_is_known_for_another_account_at_once() {
    let mut world = workspace().await;
    seed(&world, &["ana"]);
    world.grants(&studio(&["ana"]));
    let own = |report: &Report| -> Vec<String> {
        let accounts = report.look.observation.accounts.iter().filter(|account| account.service);
        accounts.map(|account| account.login.to_string()).collect()
    };
    assert_eq!(own(&world.work().await), ["owner@clockify.example"]);
    world.vendor.edit(|state| {
        let robot = state.add("robot@birch.example.com");
        state.set_role(&robot, Role::Admin);
        state.hold_key("a-new-key", &robot);
    });
    world.put_keys(keys("a-new-key"));
    assert_eq!(own(&world.work().await), ["robot@birch.example.com"]);
}
