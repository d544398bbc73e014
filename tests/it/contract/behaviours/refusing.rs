//! Bad input: a clear error on that claim, and the others go on.

use appaccess_core::resolve::ProblemKind;

use crate::contract::{
    Stand, Wanted,
    world::{Grant, World},
};

/// Declares something wrong beside something right, and tells what is said about the wrong.
async fn refused<S: Stand>(world: &mut World<S>, wrong: Wanted) -> Vec<(ProblemKind, String)> {
    world.grants(&[
        Grant { name: "right", people: &["ana"], wanted: &[S::STUDIO] },
        Grant { name: "wrong", people: &["joel"], wanted: &[wrong] },
    ]);
    let report = world.settle().await;
    world.everybody_accepts().await;
    assert!(world.holds("ana", &S::STUDIO), "the other claim goes on");
    let resolved = report.look.desired.reports.values().flat_map(|report| &report.problems);
    let problems = resolved.chain(&report.look.plan.problems).filter(|problem| &*problem.claim.grant == "wrong");
    problems.map(|problem| (problem.kind, problem.message.clone())).collect()
}

pub(in crate::contract) async fn a_type_that_the_app_lacks_is_refused_alone<S: Stand>() {
    let mut world = World::<S>::new().await;
    let said = refused(&mut world, Wanted::new("spaceship", "Heart of Gold")).await;
    assert!(
        said.iter().any(|(kind, message)| *kind == ProblemKind::NotSupported && message.contains("spaceship")),
        "{said:?}"
    );
}

pub(in crate::contract) async fn a_name_that_the_app_lacks_is_refused_alone_or_made<S: Stand>() {
    let mut world = World::<S>::new().await;
    let wrong = Wanted { name: "No-such-thing", ..S::STUDIO };
    let said = refused(&mut world, wrong).await;
    if said.is_empty() {
        assert!(world.holds("joel", &wrong), "it was made");
    } else {
        assert!(
            said.iter().any(|(kind, message)| *kind == ProblemKind::NotSupported && message.contains("No-such-thing")),
            "{said:?}"
        );
    }
}

pub(in crate::contract) async fn a_role_that_the_app_lacks_is_refused_alone<S: Stand>() {
    let (_, high) = S::LOW_AND_HIGH.expect("it is only asked of those with values");
    let mut world = World::<S>::new().await;
    let wrong = match high.level {
        Some(_) => Wanted { level: Some("emperor"), ..high },
        None => Wanted { name: "emperor", ..high },
    };
    let said = refused(&mut world, wrong).await;
    assert!(
        said.iter().any(|(kind, message)| *kind == ProblemKind::NotSupported && message.contains("emperor")),
        "{said:?}"
    );
}
