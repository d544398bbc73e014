//! Wrong tokens, partial views, limits, and answers that never came.

use std::time::Duration;

use appaccess::{connector::Keys, sim::service::Fault};
use appaccess_core::{access::Completeness, plan::Outcome};
use jiff::SignedDuration;
use secrecy::SecretString;

use super::{UNGUARDED, connector, failed, mail, seed, seen, settle, staff, world};
use crate::support::installation::story;

#[tokio::test]
async fn a_wrong_account_is_told_from_a_bad_token_however_harvest_answers() {
    for status in [401, 403, 404] {
        let mut world = world().await;
        world.vendor.edit(|state| state.habits.wrong_account = status);
        world.another = Some(connector(&world.vendor, "1"));
        world.app(UNGUARDED);
        world.grants(&staff(&["ana"], "roles: [member]"));
        let failure = failed(&world).await;
        assert_eq!(failure.reason, "SettingsInvalid", "{status}: {failure:?}");
        assert!(failure.message.contains("`accountId` 1") && failure.message.contains("889900"), "{failure:?}");
        assert_eq!(world.vendor.mutations(), 0);
    }
    let mut world = world().await;
    world.grants(&staff(&["ana"], "roles: [member]"));
    world.vendor.service(appaccess::sim::harvest::Harvest::revoke_token);
    assert_eq!(failed(&world).await.reason, "CredentialsInvalid");
}

#[tokio::test]
async fn a_manager_s_token_is_refused_before_its_partial_view_is_believed() {
    let mut world = world().await;
    let mate = seed(&world, "ana");
    world.vendor.edit(|state| {
        state.set_access(state.own(), &["manager"]);
        state.set_teammates(state.own(), &[mate]);
    });
    world.grants(&staff(&["ana", "joel"], "roles: [member]"));
    let failure = failed(&world).await;
    assert_eq!(failure.reason, "Forbidden");
    assert!(failure.message.contains("`administrator`"), "{failure:?}");
    assert_eq!(world.vendor.mutations(), 0);
}

#[tokio::test]
async fn a_token_whose_person_is_demoted_later_removes_nobody() {
    let mut world = world().await;
    for name in ["ana", "joel"] {
        seed(&world, name);
    }
    world.grants(&staff(&["ana", "joel"], "roles: [member]"));
    world.work().await;
    world.grants(&staff(&["ana"], "roles: [member]"));
    settle(&world).await;
    world.vendor.edit(|state| {
        let joel = state.id_of(&mail("joel")).unwrap();
        state.set_access(state.own(), &["manager"]);
        state.set_teammates(state.own(), &[joel]);
    });
    world.vendor.clear_requests();
    let report = world.pass().await;
    assert_eq!(world.vendor.mutations(), 0, "{report:?}");
    assert!(seen(&world, "joel").active);
    assert_eq!(failed(&world).await.reason, "Forbidden", "the next pass asks whose the token is");
}

#[tokio::test]
async fn another_token_is_asked_whose_it_is_within_the_day() {
    let mut world = world().await;
    let boss = seed(&world, "boss");
    world.vendor.edit(|state| state.set_access(boss, &["administrator"]));
    world.grants(&staff(&["ana"], "roles: [member]"));
    let own = world.work().await.look.observation;
    let services: Vec<_> =
        own.accounts.iter().filter(|account| account.service).map(|account| &*account.login).collect();
    assert_eq!(services, ["ops@vendor.example.com"]);

    world.vendor.edit(|state| state.set_own(boss));
    world.vendor.service(appaccess::sim::harvest::Harvest::revoke_token);
    world.put_keys(Keys::from([("token".to_owned(), SecretString::from(world.vendor.token()))]));
    let own = world.work().await.look.observation;
    let services: Vec<_> =
        own.accounts.iter().filter(|account| account.service).map(|account| &*account.login).collect();
    assert_eq!(services, ["boss@birch.example.com"]);
}

#[tokio::test]
async fn a_truncated_listing_removes_nobody_and_makes_nobody_twice() {
    let mut world = world().await;
    for name in ["ana", "joel"] {
        seed(&world, name);
    }
    world.grants(&staff(&["ana", "joel"], "roles: [member]"));
    world.work().await;
    world.forget().await;
    world.vendor.fault(Fault::truncated(1).on_path("/v2/users"));
    world.vendor.clear_requests();
    // The reading lacks somebody who is declared: a second listing tells that there is an account.
    let report = world.work().await;
    assert!(!report.look.observation.is_complete());
    assert_eq!(world.vendor.mutations(), 0, "{:?}", story(&report));
    assert_eq!(world.vendor.snapshot().people.len(), 3);

    world.grants(&staff(&["ana"], "roles: [member]"));
    settle(&world).await;
    world.vendor.fault(Fault::truncated(1).on_path("/v2/users").times(10));
    world.vendor.clear_requests();
    world.pass().await;
    assert_eq!(world.vendor.mutations(), 0);
    assert!(seen(&world, "joel").active);
}

#[tokio::test]
async fn pages_whose_links_never_end_are_not_believed() {
    let mut world = world().await;
    for name in ["ana", "joel", "kim"] {
        seed(&world, name);
    }
    world.grants(&staff(&["kim"], "roles: [member]"));
    world.work().await;
    world.vendor.edit(|state| state.habits.page_max = 1);
    let page = world.vendor.service(|harvest| {
        use appaccess::sim::service::{Call, Service};
        let headers = [
            ("user-agent", "Tests (tests@birch.example.com)".to_owned()),
            ("authorization", "Bearer simulated-token".to_owned()),
            ("harvest-account-id", "889900".to_owned()),
        ];
        harvest.answer(&Call {
            method: "GET".to_owned(),
            path: Some(vec!["v2".to_owned(), "users".to_owned()]),
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            base: world.vendor.base_url().to_owned(),
            ..Call::default()
        })
    });
    world.vendor.fault(Fault::answer(page).on_path("/v2/users").times(50));
    let report = world.work().await;
    assert!(
        matches!(&report.look.observation.completeness, Completeness::Incomplete { reason, .. }
            if matches!(&**reason, "CursorLoop" | "DuplicateResource")),
        "{:?}",
        report.look.observation.completeness
    );
}

#[tokio::test]
async fn a_person_made_without_an_answer_is_ours_and_made_once() {
    let mut world = world().await;
    world.app(&format!("{UNGUARDED}\nadopt: Never"));
    world.grants(&staff(&["ana"], "roles: [manager]"));
    world.vendor.fault(Fault::after_commit(500).on_path("/v2/users"));
    let report = world.work().await;
    assert_eq!(story(&report), ["create ana@birch.example.com: applied", "grant ana@birch.example.com role: applied"]);
    assert_eq!(world.vendor.snapshot().mails[&mail("ana")], 1);
    assert!(world.work().await.look.plan.is_in_sync(), "it is ours, though nothing is adopted");
}

#[tokio::test]
async fn an_address_that_is_taken_meanwhile_is_told_and_adopted_by_the_next_reading() {
    let mut world = world().await;
    world.grants(&staff(&["ana"], "roles: [member]"));
    let (fault, mut gate) = Fault::held();
    world.vendor.fault(fault.on_path("/v2/users").mutations());
    let pass = world.work();
    let meanwhile = async {
        assert!(gate.reached(1).await);
        seed(&world, "ana");
        gate.open();
    };
    let (report, ()) = futures::join!(pass, meanwhile);
    assert!(
        matches!(&report.done[0].outcome, Outcome::Failed { message, .. } if message.contains("already")),
        "{:?}",
        report.done
    );
    let next = world.work().await;
    assert!(next.look.plan.is_in_sync(), "{:?}", story(&next));
    assert_eq!(world.vendor.snapshot().people.len(), 2);
}

#[tokio::test]
async fn a_business_role_made_without_an_answer_is_made_once() {
    for fault in [Fault::after_commit(500), Fault::cut_off()] {
        let mut world = world().await;
        seed(&world, "ana");
        world.grants(&staff(&["ana"], "entitlements: [{type: business-role, name: Designer}]"));
        world.vendor.fault(fault.on_path("/v2/roles").mutations());
        world.work().await;
        assert_eq!(world.vendor.snapshot().roles["Designer"].len(), 1);
        assert_eq!(story(&world.work().await), [""; 0]);
    }
}

#[tokio::test]
async fn the_limit_is_waited_for_or_reported_with_its_time() {
    let mut world = world().await;
    world.grants(&staff(&["ana"], "roles: [member]"));
    world.fleet.connectors.timeout = Some(Duration::ZERO);
    world.vendor.edit(|state| state.set_quota(Some(1)));
    let failure = failed(&world).await;
    assert_eq!(failure.reason, "RateLimited", "{failure:?}");
    world.vendor.edit(|state| state.set_quota(None));
    world.restart();
    world.work().await;
    assert!(seen(&world, "ana").active);
}

#[tokio::test]
async fn what_was_learnt_is_good_for_a_day() {
    let mut world = world().await;
    seed(&world, "ana");
    world.grants(&staff(&["ana"], "roles: [member]"));
    let asked = |world: &super::World| {
        let requests = world.vendor.requests();
        requests.iter().filter(|request| request.path.ends_with("/me") || request.path.ends_with("/company")).count()
    };
    world.work().await;
    world.work().await;
    assert_eq!(asked(&world), 2);
    world.wait(SignedDuration::from_hours(25));
    world.work().await;
    assert_eq!(asked(&world), 4);
}
