//! Clockify over SCIM, on its Enterprise plan: users, groups and their members; no roles and no deletion.

use appaccess::sim::scim::Dialect;
use jiff::SignedDuration;
use serde_json::json;

use super::{counted, directory, problems, subjects};
use crate::support::installation::{Installation, names, story};

async fn clockify() -> Installation {
    let mut world = Installation::with(Dialect::clockify()).await;
    world.connector = ", profile: clockify".to_owned();
    world.app("mode: Full\nsafety: {approveFirst: false, settle: 1s}");
    world
}

fn studio(people: &[&str]) -> String {
    format!("{}\n  groups: [Studio]", subjects(people))
}

#[tokio::test]
async fn people_and_groups_are_made_once_and_a_second_pass_is_silent() {
    let mut world = clockify().await;
    world.vendor.edit(|state| state.add_user("stranger@birch.example.com"));
    world.grants(&studio(&["ana", "joel"]));
    let planned = world.plan().await;
    assert_eq!((planned.look.plan.to_be_sent().count(), world.vendor.mutations()), (5, 0));
    world.work().await;
    assert_eq!(world.members("Studio"), names(["ana@birch.example.com", "joel@birch.example.com"]));
    let (quiet, calls) = counted(&world).await;
    assert_eq!((story(&quiet), calls), (Vec::new(), (2, 0)), "one page of users, one of groups");
    assert_eq!(quiet.look.plan.counts.unknown, 1);
    assert!(world.active().contains("stranger@birch.example.com"));
}

#[tokio::test]
async fn the_time_zone_that_somebody_chose_stays() {
    let mut world = clockify().await;
    world.connector = ", profile: clockify, mapping: {attributes: [displayName]}".to_owned();
    world.app("mode: Full");
    world.grants(&subjects(&["ana"]));
    world.work().await;
    let id = world.vendor.edit(|state| state.user_id("ana@birch.example.com")).unwrap();
    world.vendor.edit(|state| state.set(&id, "timezone", json!("Europe/Belgrade")));
    assert_eq!(counted(&world).await.1.1, 0);
    let zone = world.vendor.edit(|state| state.resource(&id).unwrap()["timezone"].clone());
    assert_eq!(zone, "Europe/Belgrade");
}

#[tokio::test]
async fn a_leaver_is_out_of_groups_and_account_and_a_rename_keeps_the_account() {
    let mut world = clockify().await;
    world.grants(&studio(&["ana", "lea"]));
    world.add(&directory(&[("1", "ana", true), ("2", "lea", true)]));
    world.work().await;
    let id = world.vendor.snapshot().users["ana@birch.example.com"].id.clone();
    world.grants(&studio(&["ana.lang", "lea"]));
    world.add(&directory(&[("1", "ana.lang", true), ("2", "lea", false)]));
    world.work().await;
    assert_eq!(world.active(), names(["ana.lang@birch.example.com"]));
    assert_eq!(world.members("Studio"), names(["ana.lang@birch.example.com"]));
    assert_eq!(world.vendor.snapshot().users["ana.lang@birch.example.com"].id, id);
    assert_eq!(counted(&world).await.1, (2, 0));
}

#[tokio::test]
async fn a_role_is_refused_on_its_claim_unless_its_owner_says_that_the_app_keeps_roles() {
    let mut world = clockify().await;
    let grants = format!(
        "{}\n- name: admins\n  subjects: [{{user: kim@birch.example.com}}]\n  roles: [admin]",
        studio(&["ana"])
    );
    world.grants(&grants);
    let report = world.work().await;
    assert_eq!(world.active(), names(["ana@birch.example.com", "kim@birch.example.com"]));
    assert_eq!(problems(&report).len(), 1);
    assert!(problems(&report)[0].contains("droppedAttributes"));
}

#[tokio::test]
async fn a_deletion_that_nobody_documents_is_a_suspension() {
    let mut world = clockify().await;
    world.app(
        "mode: Full\noffboarding: {withdrawn: {action: Delete}}\nsafety: {approveFirst: false, settle: 1s, approve: []}",
    );
    world.grants(&studio(&["ana", "lea"]));
    world.work().await;
    world.grants(&studio(&["ana"]));
    world.work().await;
    world.wait(SignedDuration::from_mins(1));
    world.work().await;
    assert_eq!(world.active(), names(["ana@birch.example.com"]));
    assert_eq!(world.vendor.snapshot().users.len(), 2);
    let (_, (_, sent)) = counted(&world).await;
    assert_eq!(sent, 0);
}
