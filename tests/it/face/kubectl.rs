//! The real `kubectl` against a real API server with the operator at work: waiting, columns, descriptions, status.

use std::fmt::Write as _;

use appaccess::api::Kind;
use serde_json::Value;

use crate::support::{
    stage::{APP, Stage, crew},
    wait::eventually,
};

const SAFETY: &str = "mode: Full, interval: 1h, safety: {settle: 1s}";

/// Whether `kubectl wait --for=condition=Ready` ends well within so many seconds.
async fn waited(stage: &Stage, object: &str, seconds: u32) -> bool {
    let timeout = format!("--timeout={seconds}s");
    let arguments = ["wait", "--for=condition=Ready", object, &timeout, "--namespace", &stage.namespace];
    stage.cluster.kubectl(arguments, "").await.succeeded
}

#[tokio::test]
async fn kubectl_waits_for_this_generation_and_in_vain_for_what_is_held() {
    let mut stage = Stage::without_operator().await;
    stage.apply(&stage.app(SAFETY)).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    for object in ["targetapp/boards", "appaccess/crew"] {
        assert!(!waited(&stage, object, 1).await, "nobody has looked at {object} yet");
    }
    stage.start_operator();
    stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "SecretMissing").await;
    assert!(!waited(&stage, "targetapp/boards", 1).await);
    stage.apply_secret().await;
    stage.reconcile("with-a-secret").await;
    for object in ["targetapp/boards", "appaccess/crew"] {
        assert!(waited(&stage, object, 120).await, "{object}");
    }

    // A success of an older generation is not taken for one of this.
    stage.kill_operator();
    stage.apply(&crew(&["ada", "cy"])).await;
    assert!(!waited(&stage, "appaccess/crew", 1).await, "the operator is away");
    stage.start_operator();
    assert!(waited(&stage, "appaccess/crew", 120).await);

    // Whoever was withdrawn has settled by now, and waits for a decision.
    stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "PlanHeld").await;
    assert!(!waited(&stage, "targetapp/boards", 2).await);
}

/// Every kind in a state that one meets: a hold, its plan and a decision that does not count.
async fn furnished() -> Stage {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage
        .apply(&stage.app(&format!("{SAFETY}, seats: {{price: \"5.00\", currency: EUR, per: month, purchased: 9}}")))
        .await;
    stage.apply(&crew(&["ada", "bo"])).await;
    stage.until_condition(Kind::TargetApp, APP, "Ready", "True", "InSync").await;
    let people = "source: {inline: {people: [{user: eve@birch.studio}, {user: tom@birch.studio, active: false}]}}";
    stage
        .apply(&format!(
            "{{apiVersion: appaccess.dev/v1alpha1, kind: Directory, metadata: {{name: people}}, spec: {{{people}}}}}"
        ))
        .await;
    stage
        .apply(
            "{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: makers}, spec: {members: \
             [{user: ada@example.com}], teams: [{name: testers}]}}",
        )
        .await;
    stage.apply(&crew(&["ada"])).await;
    stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "PlanHeld").await;
    let not_after = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + 3600).unwrap();
    stage
        .apply(&format!(
            "{{apiVersion: appaccess.dev/v1alpha1, kind: AccessApproval, metadata: {{name: by-mistake}}, spec: {{appRef: \
             {{name: {APP}}}, digest: \"sha256:{}\", decision: Approve, notAfter: \"{not_after}\"}}}}",
            "0".repeat(64)
        ))
        .await;
    stage.until_condition(Kind::AccessApproval, "by-mistake", "Ready", "False", "UnknownDigest").await;
    stage.until_condition(Kind::Team, "makers", "Ready", "False", "Unresolved").await;
    stage.until_condition(Kind::Directory, "people", "Ready", "True", "Read").await;
    stage.until_condition(Kind::AccessPlan, APP, "Ready", "True", "AwaitingDecision").await;
    stage
}

/// What differs from run to run, replaced by something as long.
fn tidy(stage: &Stage, text: &str) -> String {
    let text = text.replace(&stage.recorder.base, "http://127.0.0.1:8080");
    let mut tidied = String::new();
    for word in text.replace(&stage.namespace, "it").split_inclusive(|letter: char| letter.is_whitespace()) {
        let bare = word.trim_end();
        let space = &word[bare.len()..];
        tidied.push_str(&fixed(bare));
        tidied.push_str(space);
    }
    tidied.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn fixed(word: &str) -> String {
    let bare = word.trim_matches(|letter: char| "()\"',:;.".contains(letter));
    if bare.is_empty() {
        return word.to_owned();
    }
    let is_age =
        bare.len() > 1 && bare.ends_with(['s', 'm', 'h']) && bare.starts_with(|first: char| first.is_ascii_digit());
    let put = if bare.parse::<jiff::Timestamp>().is_ok() {
        "2026-12-15T18:00:00Z".to_owned()
    } else if let Some(digest) = bare.strip_prefix("sha256:").filter(|digest| digest.len() == 64) {
        format!(
            "sha256:{}",
            if digest.bytes().all(|byte| byte == b'0') { "0" } else { "6f" }.repeat(64).get(..64).unwrap()
        )
    } else if is_age && bare.bytes().filter(u8::is_ascii_alphabetic).count() <= 2 {
        "5s".to_owned()
    } else if bare.len() == 36 && bare.matches('-').count() == 4 {
        "6f1e0a34-0000-4000-8000-000000000000".to_owned()
    } else {
        return word.to_owned();
    };
    word.replace(bare, &put)
}

/// Without the version, and the table of Events without its padding, which is as wide as the oldest age.
fn without_padding(described: &str) -> String {
    let (fields, events) = described.split_once("\nEvents:").expect("a description ends with the Events");
    let fields = fields.lines().filter(|line| !line.trim_start().starts_with("Resource Version:"));
    let rows = events.lines().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "));
    let rows = rows.map(|row| if row.starts_with("----") { "----".to_owned() } else { row });
    let rows: Vec<String> = rows.filter(|row| !row.is_empty()).map(|row| format!("  {row}")).collect();
    format!("{}\nEvents:\n{}", fields.collect::<Vec<_>>().join("\n"), rows.join("\n"))
}

#[test]
fn the_age_of_an_event_does_not_change_how_its_table_is_compared() {
    let young = "Name:  boards\nEvents:\n  Type    Reason       Age  From\n  ----    ------       ---- ----\n  Normal  DriftFound   5s   appaccess\n";
    let old = "Name:  boards\nEvents:\n  Type    Reason       Age                  From\n  ----    ------       ----                 ----\n  Normal  DriftFound   5s                   appaccess\n";
    assert_eq!(without_padding(young), without_padding(old));
}

#[tokio::test]
async fn the_columns_of_kubectl_tell_the_truth_at_a_glance() {
    let stage = furnished().await;
    let mut screens = String::new();
    for kind in ["targetapps", "appaccesses", "teams", "directories", "accessplans", "accessapprovals"] {
        for wide in [false, true] {
            let output = if wide { "--output=wide" } else { "--output=" };
            let screen = tidy(&stage, &stage.kubectl(&["get", kind, output]).await);
            let widest = screen.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(wide || widest <= 100, "{widest} columns:\n{screen}");
            let flag = if wide { " --output=wide" } else { "" };
            let _ = writeln!(screens, "$ kubectl get {kind}{flag}\n{screen}\n");
        }
    }
    super::snapshot("columns", &screens);
    described(&stage).await;
}

/// What `kubectl describe` and the YAML of the status say, about the same objects.
async fn described(stage: &Stage) {
    eventually("the hold is told", async || {
        stage.kubectl(&["get", "events"]).await.contains("RemovalHeld").then_some(())
    })
    .await;
    let described = tidy(stage, &stage.kubectl(&["describe", "targetapp", APP]).await);
    super::snapshot("describe", &without_padding(&described));
    let mut statuses = String::new();
    for (kind, name) in [(Kind::TargetApp, APP), (Kind::AppAccess, "crew"), (Kind::AccessPlan, APP)] {
        let object = stage.get(kind, name).await.unwrap();
        let shown = serde_yaml::to_string(&serde_json::json!({"status": object["status"]})).unwrap();
        let _ = write!(statuses, "# {kind} {name}\n{shown}");
    }
    super::snapshot("status", &tidy(stage, &statuses));
    let observed = stage.get(Kind::TargetApp, APP).await.unwrap();
    assert_ne!(observed["status"]["observedGeneration"], Value::from(-1));
}
