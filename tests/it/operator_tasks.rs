//! An app without an interface in a cluster: its roster in a `ConfigMap`, what should change as tasks.

use appaccess::api::{API_VERSION, Kind};

use crate::support::stage::{APP, Stage, claims, condition};
use crate::support::wait::eventually;

fn roster(rows: &str) -> String {
    format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: badges}}, data: {{badges.csv: \"user\\n{rows}\"}}}}")
}

/// The target app with its roster there.
fn by_hand(roster: &str) -> String {
    format!(
        "{{apiVersion: {API_VERSION}, kind: TargetApp, metadata: {{name: {APP}}}, spec: {{mode: Full, interval: 3s, \
         connector: {{manual: {{roster: {roster}, tasks: {{dueIn: 2s}}}}}}}}}}"
    )
}

#[tokio::test]
async fn a_roster_in_a_config_map_becomes_tasks_until_a_newer_one_shows_them_done() {
    let stage = Stage::new().await;
    let reference = "{configMapRef: {name: badges}}";
    stage.apply(&by_hand(reference)).await;
    let missing = stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "RosterMissing").await;
    let message = condition(&missing, "Ready")["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("ConfigMap") && message.contains("badges"), "{message}");

    stage.apply(&roster("ada@example.com\\n")).await;
    stage.apply(&claims("crew", &["ada", "bo"], "reason: by hand")).await;
    let late = stage.until_condition(Kind::TargetApp, APP, "TasksOverdue", "True", "TasksOverdue").await;
    assert_eq!(condition(&late, "Ready")["reason"], "TasksOverdue");
    eventually("an Event tells of it", async || {
        let reasons = stage.kubectl(&["get", "events", "--output=jsonpath={.items[*].reason}"]).await;
        reasons.contains("TasksOverdue").then_some(())
    })
    .await;
    eventually("it is counted", async || {
        let (_, metrics) = stage.ask("/metrics").await?;
        metrics
            .lines()
            .any(|line| {
                line.starts_with("appaccess_tasks{") && line.contains("overdue=\"true\"") && line.ends_with(" 1")
            })
            .then_some(())
    })
    .await;

    stage.apply(&roster("ada@example.com\\nbo@example.com\\n")).await;
    let done = stage.until_condition(Kind::TargetApp, APP, "Ready", "True", "InSync").await;
    assert_eq!(done["status"]["counts"]["inSync"], 2);

    stage.apply(&by_hand("{file: badges.csv}")).await;
    let refused = stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "SettingsInvalid").await;
    let message = condition(&refused, "Ready")["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("configMapRef"), "{message}");
    assert_eq!(condition(&refused, "Stalled")["status"], "True", "nothing but an edit helps");
}
