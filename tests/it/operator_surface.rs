//! What people see of the operator with `kubectl`: columns, Events, and an app that is left alone.

use appaccess::api::Kind;
use serde_json::Value;

use crate::support::stage::{APP, Stage, crew};
use crate::support::wait::eventually;

const SAFETY: &str = "interval: 1h, safety: {settle: 1s, approveFirst: false}";

/// The Events about the target app, by reason and in order of the reason.
async fn reasons(stage: &Stage) -> Vec<String> {
    let about = format!("--field-selector=involvedObject.kind=TargetApp,involvedObject.name={APP}");
    let listed = stage.kubectl(&["get", "events", &about, "--output=json"]).await;
    let listed: Value = serde_json::from_str(&listed).expect("kubectl prints JSON");
    let events = listed["items"].as_array().expect("a list of Events").iter();
    let mut reasons: Vec<String> = events.map(|event| event["reason"].as_str().unwrap().to_owned()).collect();
    reasons.sort();
    reasons
}

#[tokio::test]
async fn a_suspended_app_is_left_alone_and_what_became_of_it_is_told_once() {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage.apply(&stage.app(&format!("mode: Full, {SAFETY}"))).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    stage.until("both are there", Kind::TargetApp, APP, |app| app["status"]["counts"]["inSync"] == 2).await;
    stage.reconcile("once-more").await;

    stage.apply(&stage.app(&format!("mode: Full, suspend: true, {SAFETY}"))).await;
    stage.until_condition(Kind::TargetApp, APP, "Suspended", "True", "Suspended").await;
    stage.recorder.forget();
    stage.apply(&crew(&["ada", "cy"])).await;
    stage.reconcile("while-suspended").await;
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Suspended").await;
    assert!(stage.recorder.calls().is_empty(), "{:?}", stage.recorder.calls());

    let told = async || Some(reasons(&stage).await).filter(|reasons| reasons.contains(&"Suspended".to_owned()));
    let reasons = eventually("the suspension is told", told).await;
    for reason in ["AccessGranted", "Suspended"] {
        assert_eq!(reasons.iter().filter(|told| *told == reason).count(), 1, "{reasons:?}");
    }

    stage.apply(&stage.app(&format!("mode: Full, {SAFETY}"))).await;
    eventually("what was declared meanwhile is done", async || {
        (stage.active().await == ["ada@example.com", "cy@example.com"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn teams_and_directories_say_in_their_columns_how_many_people_they_hold() {
    let stage = Stage::new().await;
    stage
        .apply(
            "{apiVersion: appaccess.dev/v1alpha1, kind: Directory, metadata: {name: staff}, spec: {source: {inline: \
             {people: [{user: ada@example.com}, {user: bo@example.com}, {user: cy@example.com, active: false}]}}}}",
        )
        .await;
    stage
        .apply(
            "{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: crew}, spec: {members: \
             [{user: ada@example.com}, {user: bo@example.com}]}}",
        )
        .await;
    shows(&stage, "directory", "staff", &["True", "Read", "3", "1"]).await;
    shows(&stage, "team", "crew", &["True", "Resolved", "2"]).await;
    stage
        .apply(
            "{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: crew}, spec: {members: \
             [{user: ada@example.com}], teams: [{name: nobody-knows-it}]}}",
        )
        .await;
    shows(&stage, "team", "crew", &["False", "Unresolved", "1"]).await;
}

/// Waits until `kubectl get` prints these columns between the name and the age.
async fn shows(stage: &Stage, kind: &str, name: &str, columns: &[&str]) {
    eventually(&format!("{kind} {name} shows {columns:?}"), async || {
        let line = stage.kubectl(&["get", kind, name, "--no-headers"]).await;
        let words: Vec<&str> = line.split_whitespace().collect();
        (words.get(1..words.len().saturating_sub(1)) == Some(columns)).then_some(())
    })
    .await;
}
