//! 6sense: users by mail address, no groups and no listing; whoever is switched off can be switched on again.

use appaccess::sim::scim::Dialect;
use appaccess_core::plan::Outcome;

use super::{counted, directory, problems, subjects};
use crate::support::installation::{Installation, names, story};

async fn sixsense(mapping: &str) -> Installation {
    let mut world = Installation::with(Dialect::sixsense()).await;
    world.connector = format!(", profile: 6sense{mapping}");
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s}");
    world
}

#[tokio::test]
async fn names_and_addresses_follow_the_person_and_a_second_pass_is_silent() {
    let mut world = sixsense(", mapping: {attributes: [displayName]}").await;
    let people = |family: &str, user: &str| {
        format!(
            "apiVersion: appaccess.dev/v1alpha1\nkind: Directory\nmetadata: {{name: hr, namespace: access}}\nspec:\n  \
             source:\n    inline:\n      people: [{{id: \"1\", user: {user}@birch.example.com, name: Ana {family}}}]\n  \
             domains: [birch.example.com]\n"
        )
    };
    world.grants(&subjects(&["ana"]));
    world.add(&people("Ruiz", "ana"));
    assert_eq!(story(&world.work().await), ["create ana@birch.example.com: applied"]);
    assert_eq!(counted(&world).await.1, (1, 0));
    let user = world.vendor.snapshot().users["ana@birch.example.com"].clone();
    assert_eq!(user.external_id.as_deref(), Some("1"));

    world.grants(&subjects(&["ana.lang"]));
    world.add(&people("Lang", "ana.lang"));
    assert_eq!(story(&world.work().await), ["update ana.lang@birch.example.com: applied"]);
    let users = world.vendor.snapshot().users;
    assert_eq!(users["ana.lang@birch.example.com"].id, user.id);
    assert_eq!(counted(&world).await.1, (1, 0));
}

#[tokio::test]
async fn a_leaver_is_switched_off_and_on_again_and_never_deleted() {
    let mut world = sixsense("").await;
    world.app(
        "mode: Full\noffboarding: {leaver: {action: Delete}}\nsafety: {approveFirst: false, settle: 1s, approve: []}",
    );
    world.grants(&subjects(&["ana", "lea"]));
    world.add(&directory(&[("1", "ana", true), ("2", "lea", true)]));
    world.work().await;
    world.grants(&subjects(&["ana", "lea"]));
    world.add(&directory(&[("1", "ana", true), ("2", "lea", false)]));
    let report = world.work().await;
    let gone = report.done.iter().find(|done| done.change.label.starts_with("lea")).unwrap();
    assert_eq!((gone.change.action.as_str(), &gone.outcome), ("suspend", &Outcome::Applied));
    assert_eq!(world.active(), names(["ana@birch.example.com"]));
    let sent = world.vendor.requests();
    assert!(sent.iter().all(|request| request.method != "DELETE"), "nobody says that there is a delete");
}

#[tokio::test]
async fn whoever_is_there_is_adopted_and_a_stranger_is_neither_seen_nor_touched() {
    let mut world = sixsense("").await;
    world.vendor.edit(|state| state.add_user("Ana@Birch.example.com"));
    world.vendor.edit(|state| state.add_user("stranger@birch.example.com"));
    world.app("mode: Full\nunmanaged: {unknown: {action: Suspend}}\nsafety: {approveFirst: false}");
    world.grants(&subjects(&["ana"]));
    let report = world.work().await;
    assert_eq!((story(&report), world.vendor.mutations()), (Vec::new(), 0));
    assert_eq!(report.look.plan.counts.in_sync, 1);
    assert_eq!(report.look.plan.counts.unknown, 0);
    assert_eq!(world.active().len(), 2);
    assert_eq!(counted(&world).await.1, (1, 0));
}

#[tokio::test]
async fn a_group_is_refused_on_its_claim_and_the_others_go_on() {
    let mut world = sixsense("").await;
    let grouped = "- name: grouped\n  subjects: [{user: joel@birch.example.com}]\n  groups: [Sales]";
    world.grants(&format!("{}\n{grouped}", subjects(&["ana"])));
    let report = world.work().await;
    assert_eq!(story(&report), ["create ana@birch.example.com: applied", "create joel@birch.example.com: applied"]);
    assert_eq!(problems(&report).len(), 1);
}
