//! Faults of the app and of the wire: nobody is removed, nothing is made twice, and what happened is said.

use std::time::Duration;

use appaccess::sim::service::Fault;
use appaccess_core::{access::Completeness, plan::Outcome};

use crate::{
    contract::{
        Stand,
        world::{World, mail},
    },
    support::installation::story,
};

/// Somebody is declared and in, and somebody else's claim has settled: a good reading would remove them.
async fn about_to_remove<S: Stand>() -> World<S> {
    let mut world = World::<S>::new().await;
    for name in ["ana", "joel", "kim", "lea"] {
        world.stand().seed(&mail(name));
    }
    world.claim(&["ana", "joel", "kim", "lea"], &[S::STUDIO]);
    world.settle().await;
    world.claim(&["ana", "kim", "lea"], &[S::STUDIO]);
    world.settle().await;
    world.wait_to_settle();
    world.forget_requests();
    world
}

async fn still_in<S: Stand>(world: &World<S>) {
    for name in ["ana", "joel", "kim", "lea"] {
        assert!(world.is_in(name), "{name}");
    }
    assert_eq!(world.mutations(), 0);
    world.stand().server().clear_faults();
    let mut later = world.pass().await;
    if later.failure.is_some() {
        later = world.pass().await;
    }
    assert!(!world.is_in("joel"), "a good reading removes: {:?}", story(&later));
}

pub(in crate::contract) async fn a_truncated_listing_removes_nobody<S: Stand>() {
    let world = about_to_remove::<S>().await;
    world.stand().server().fault(Fault::truncated(1).times(50));
    let report = world.on.pass().await;
    if let appaccess::sync::AppResult::Worked(report) = report.result {
        assert!(
            !matches!(report.look.observation.completeness, Completeness::Complete),
            "a truncated listing is not whole"
        );
    }
    still_in(&world).await;
}

pub(in crate::contract) async fn a_listing_that_breaks_off_removes_nobody<S: Stand>() {
    let mut world = about_to_remove::<S>().await;
    world.on.fleet.connectors.timeout = Some(Duration::ZERO);
    world.stand().server().fault(Fault::cut_off().reads().times(50));
    world.failed().await;
    still_in(&world).await;
}

pub(in crate::contract) async fn a_failing_app_is_named_and_nobody_is_removed<S: Stand>() {
    let mut world = about_to_remove::<S>().await;
    world.on.fleet.connectors.timeout = Some(Duration::ZERO);
    world.stand().server().fault(Fault::status(500).reads().times(50));
    let failure = world.failed().await;
    assert_eq!(failure.reason, "Unreachable", "{failure:?}");
    still_in(&world).await;
}

pub(in crate::contract) async fn a_limit_is_reported_with_its_time_and_work_goes_on_later<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana"], &[S::STUDIO]);
    world.on.fleet.connectors.timeout = Some(Duration::ZERO);
    world.stand().server().fault(Fault::throttled(Some("3000")));
    let failure = world.failed().await;
    assert_eq!(failure.reason, "RateLimited", "{failure:?}");
    assert!(world.seen("ana").is_none());
    world.on.restart();
    world.settle().await;
    assert!(world.is_in("ana"));
}

/// After an answer that told nothing, everybody is in once and holds what they should.
async fn nothing_twice<S: Stand>(fault: Fault) {
    let mut world = World::<S>::new().await;
    let before = world.stand().people().len();
    world.claim(&["ana"], &[S::STUDIO]);
    world.on.fleet.connectors.timeout = Some(Duration::ZERO);
    world.stand().server().fault(fault);
    world.on.pass().await;
    world.stand().server().clear_faults();
    for _ in 0..3 {
        world.pass().await;
        world.stand().accept_invitations();
    }
    assert_eq!(world.stand().people().len(), before + 1);
    assert!(world.holds("ana", &S::STUDIO), "{:?}", world.seen("ana"));
    world.forget_requests();
    world.pass().await;
    assert_eq!(world.mutations(), 0);
}

pub(in crate::contract) async fn an_error_after_the_change_makes_nothing_twice<S: Stand>() {
    nothing_twice::<S>(Fault::after_commit(500)).await;
}

pub(in crate::contract) async fn a_connection_that_breaks_makes_nothing_twice<S: Stand>() {
    nothing_twice::<S>(Fault::cut_off().mutations()).await;
}

pub(in crate::contract) async fn a_refused_change_is_told_and_tried_again<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana", "joel"], &[S::STUDIO]);
    world.stand().server().fault(Fault::status(422).mutations());
    let report = world.pass().await;
    assert!(report.done.iter().any(|done| matches!(done.outcome, Outcome::Failed { .. })), "{:?}", story(&report));
    for _ in 0..2 {
        world.pass().await;
        world.stand().accept_invitations();
    }
    assert!(world.holds("ana", &S::STUDIO) && world.holds("joel", &S::STUDIO));
}

pub(in crate::contract) async fn a_worthless_key_is_named<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana"], &[S::STUDIO]);
    world.stand().expire_key();
    let failure = world.failed().await;
    assert_eq!(failure.reason, "CredentialsInvalid", "{failure:?}");
    assert!(!failure.remedy.is_empty());
    assert_eq!(world.mutations(), 0);
}

pub(in crate::contract) async fn a_wrong_tenant_is_named<S: Stand>() {
    let mut world = World::<S>::new().await;
    world.claim(&["ana"], &[S::STUDIO]);
    let wrong = world.stand().wrong_tenant();
    world.connector(&wrong);
    let failure = world.failed().await;
    assert!(matches!(failure.reason.as_str(), "SettingsInvalid" | "UnexpectedAnswer" | "Forbidden"), "{failure:?}");
    assert_eq!(world.mutations(), 0);
}
