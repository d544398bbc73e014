//! Events over many passes: what goes on is told once, and what comes again counts.

use std::collections::BTreeMap;

use appaccess::{
    api::{Kind, TargetApp},
    operator::{events::notices, status},
    sim::scim::Fault as Trouble,
};
use appaccess_core::access::ObjectName;
use jiff::SignedDuration;
use serde_json::Value;

use crate::support::{
    installation::{APP as TARGET, Installation},
    stage::{APP, Stage, crew},
};

/// One pass after the other, each with the status that the one before it left; what was told, by reason.
async fn told(world: &Installation, app: &mut TargetApp, passes: usize) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..passes {
        let report = world.pass().await;
        let before = app.status.clone().unwrap_or_default();
        let after = status::app_status(app, &report, world.now());
        all.extend(
            notices(&before, &after, &report).iter().map(|notice| format!("{}: {}", notice.reason, notice.note)),
        );
        app.status = Some(after);
    }
    all
}

/// Without what differs from run to run.
fn tidy(told: &[String]) -> String {
    let lines = told.iter().map(|line| match line.split_once("sha256:") {
        Some((before, after)) => {
            format!("{before}sha256:…{}", after.trim_start_matches(|hex: char| hex.is_ascii_hexdigit()))
        }
        None => line.clone(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn over_a_hundred_passes_each_matter_is_told_once() {
    let mut world = Installation::new().await;
    world.app("mode: Full\nsafety: {settle: 1s}");
    world.grants("- {name: staff, subjects: [{user: ada@example.com}, {user: bo@example.com}], groups: [Crew]}");
    let mut app = world.load().target_apps[&ObjectName::parse(TARGET).unwrap()].object.clone();
    let mut story = told(&world, &mut app, 100).await;
    world.vendor.edit(|state| state.add_user("stranger@example.net"));
    story.extend(told(&world, &mut app, 100).await);
    world.vendor.fault(Trouble::status(403).times(100_000));
    story.extend(told(&world, &mut app, 100).await);
    world.vendor.clear_faults();
    world.vendor.fault(Trouble::truncated(1).on_path("/Users").times(100_000));
    story.extend(told(&world, &mut app, 1).await);
    world.vendor.clear_faults();
    world.grants("- {name: staff, subjects: [{user: ada@example.com}, {user: cy@example.com}], groups: [Crew]}");
    story.extend(told(&world, &mut app, 1).await);
    world.wait(SignedDuration::from_secs(5));
    story.extend(told(&world, &mut app, 100).await);
    let digest = app.status.as_ref().unwrap().hold.as_ref().unwrap().digest.clone();
    world.approve(&digest);
    story.extend(told(&world, &mut app, 100).await);
    super::snapshot("events", &tidy(&story));
}

#[tokio::test]
async fn a_hold_that_takes_nothing_away_is_not_told_as_a_removal_and_no_event_names_a_digest() {
    let mut world = Installation::new().await;
    world.app("mode: Full\nseats: {price: \"5.00\", currency: USD, per: month, purchased: 1}");
    world.grants("- {name: staff, subjects: [{user: ada@example.com}, {user: bo@example.com}]}");
    let mut app = world.load().target_apps[&ObjectName::parse(TARGET).unwrap()].object.clone();
    let story = told(&world, &mut app, 2).await;
    let held = "ChangesHeld: 1 change for 1 person is held; AccessPlan app shows each, and the digest";
    assert!(story.iter().any(|line| line == held), "{story:?}");
    assert!(!story.iter().any(|line| line.contains("RemovalHeld") || line.contains("sha256:")), "{story:?}");
}

/// The Events about the target app: reason to how often each was counted.
async fn counted(stage: &Stage) -> BTreeMap<String, Vec<i64>> {
    let about = format!("--field-selector=involvedObject.kind=TargetApp,involvedObject.name={APP}");
    let listed = stage.kubectl(&["get", "events.v1.events.k8s.io", "--output=json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert!(!stage.kubectl(&["get", "events", &about]).await.is_empty());
    let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for event in listed["items"].as_array().unwrap().iter().filter(|event| event["regarding"]["name"] == APP) {
        let count = event["series"]["count"].as_i64().unwrap_or(1);
        all.entry(event["reason"].as_str().unwrap().to_owned()).or_default().push(count);
    }
    all
}

#[tokio::test]
async fn a_credential_that_comes_and_goes_makes_one_event_that_counts() {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage.apply(&stage.app("mode: Full, interval: 1h, safety: {approveFirst: false}")).await;
    stage.apply(&crew(&["ada"])).await;
    stage.until_condition(Kind::TargetApp, APP, "Ready", "True", "InSync").await;
    for number in 0..4 {
        let wrong = r#"{"stringData": {"token": "worthless"}}"#;
        stage.kubectl(&["patch", "secret", APP, "--type=merge", "--patch", wrong]).await;
        stage.reconcile(&format!("wrong-{number}")).await;
        stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "CredentialsInvalid").await;
        stage.apply_secret().await;
        stage.reconcile(&format!("right-{number}")).await;
        stage.until_condition(Kind::TargetApp, APP, "Ready", "True", "InSync").await;
    }
    let told = counted(&stage).await;
    assert_eq!(told["PassFailed"], [4], "{told:?}");
    assert_eq!(told["AccessGranted"], [1], "{told:?}");
}
