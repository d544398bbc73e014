//! The main job from a shell: look, apply, nothing more to do, a withdrawal that is held, its approval, its end.

use serde_json::{Value, json};

use super::schema::assert_valid;
use crate::support::peers::{Peer, TOKEN};
use crate::support::postgres;
use crate::support::recorder::Recorder;
use crate::support::shell::Shell;

/// One app with people of one group.
pub(crate) fn files(base: &str, mode: &str, people: &[&str]) -> String {
    let subjects: Vec<String> = people.iter().map(|name| format!("{{user: {name}@fern.example}}")).collect();
    let grants = if people.is_empty() {
        String::new()
    } else {
        format!(
            "\
---
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata: {{name: everybody, namespace: studio}}
spec:
  appRef: {{name: planner}}
  grants:
    - name: makers
      subjects: [{}]
      groups: [Studio]
      reason: order 88
",
            subjects.join(", ")
        )
    };
    format!(
        "\
apiVersion: appaccess.dev/v1alpha1
kind: TargetApp
metadata: {{name: planner, namespace: studio}}
spec:
  connector: {{scim: {{baseUrl: \"{base}\"}}}}
  credentials: {{secretRef: {{name: planner-token}}}}
  mode: {mode}
  seats: {{price: \"7.50\", currency: EUR, per: month, purchased: 8}}
{grants}"
    )
}

/// A shell with these files and the credential, and the flags that reach the app.
pub(crate) fn studio(base: &str, mode: &str, people: &[&str]) -> (Shell, &'static str) {
    let shell = Shell::new();
    shell.file("apps.yaml", &files(base, mode, people));
    shell.file("secrets/studio/planner-token/token", TOKEN);
    (shell, "-f apps.yaml --secrets secrets --allow-loopback")
}

fn without_calls(mut document: Value) -> Value {
    for app in document["apps"].as_array_mut().expect("a list") {
        app["calls"] = Value::Null;
    }
    document
}

const PLAN: &str = "\
studio/planner  mode Full, 0 accounts read
  ines@fern.example
    + create account  declared by studio/everybody#makers (order 88)
    + grant group Studio  declared by studio/everybody#makers (order 88)
  tom@fern.example
    + create account  declared by studio/everybody#makers (order 88)
    + grant group Studio  declared by studio/everybody#makers (order 88)
  Studio
    + create group Studio  declared by studio/everybody#makers (order 88)
  Cost: 60.00 EUR a month, unchanged; 60.00 of it for seats without an active declared holder, 45.00
      afterwards
  Seats: 8 bought, 0 in use (2 after these changes); 8 of those paid for have no active declared
      holder

Plan: 5 to add, 0 to change, 0 to remove.

Next:
  appaccess apply -f apps.yaml --secrets secrets --allow-loopback  makes these changes
";

#[tokio::test]
async fn a_plan_sends_nothing_makes_no_store_and_is_the_same_twice() {
    let peer = Peer::scim2_server().await;
    let recorder = Recorder::before(&peer.base).await;
    let (shell, reach) = studio(&recorder.base, "Full", &["ines", "tom"]);
    let text = shell.run(&format!("plan {reach}")).await;
    assert_eq!((text.code, text.stdout.as_str()), (0, PLAN), "{text:?}");
    let first = shell.run(&format!("plan {reach} -o json --detailed-exitcode")).await;
    assert_eq!(first.code, 2, "{first:?}");
    assert_valid(&shell.run("schema plan").await.document(), &first.document());
    let second = shell.run(&format!("plan {reach} -o json")).await;
    assert_eq!(without_calls(first.document()), without_calls(second.document()));
    assert!(first.document()["apps"][0]["changes"][0]["outcome"].is_null());
    assert!(!recorder.calls().is_empty() && recorder.changes().is_empty());
    assert!(!shell.path().join(".appaccess").exists(), "a plan makes no store");
}

#[tokio::test]
async fn what_was_applied_needs_nothing_more_and_a_withdrawal_waits_for_its_approval() {
    the_story(None).await;
}

#[tokio::test]
async fn the_same_story_is_told_over_a_store_on_a_server() {
    the_story(Some(postgres::database().await)).await;
}

/// The same shell with its store elsewhere, where a place is given.
fn over((mut shell, reach): (Shell, &'static str), state: Option<&str>) -> (Shell, &'static str) {
    if let Some(location) = state {
        shell.set("APPACCESS_STATE", location);
    }
    (shell, reach)
}

/// From the first change to an approved removal, over the default store or another.
async fn the_story(state: Option<String>) {
    let peer = Peer::scim2_server().await;
    let recorder = Recorder::before(&peer.base).await;
    let (shell, reach) = over(studio(&recorder.base, "Full", &["ines", "tom"]), state.as_deref());
    let before = shell.run(&format!("plan {reach} --detailed-exitcode")).await;
    assert_eq!(before.code, 2, "a plan over a store that is not there yet: {before:?}");
    let schema = shell.run("schema plan").await.document();
    let applied = shell.run(&format!("apply {reach} --yes -o json")).await;
    assert_eq!(applied.code, 0, "{applied:?}");
    let changes = applied.document()["apps"][0]["changes"].as_array().expect("a list").clone();
    assert!(changes.len() == 5 && changes.iter().all(|change| change["outcome"] == "applied"), "{changes:?}");
    recorder.forget();
    let again = shell.run(&format!("apply {reach} --yes")).await;
    assert_eq!((again.code, recorder.changes().len()), (0, 0), "{again:?}");

    shell.file("apps.yaml", &files(&recorder.base, "Full", &["ines"]));
    let settling = shell.run(&format!("plan {reach} --detailed-exitcode -o json")).await;
    assert_eq!(settling.code, 2, "what settles is no failure: {settling:?}");
    assert!(settling.document()["apps"][0]["changes"][0]["due"].is_string());
    let waiting = shell.run(&format!("apply {reach} --yes --no-settle -o json")).await;
    assert_eq!(waiting.code, 3, "{waiting:?}");
    assert_valid(&schema, &waiting.document());
    let hold = waiting.document()["apps"][0]["hold"].clone();
    assert_eq!((&hold["people"], &hold["reasons"]), (&json!(1), &json!(["ApprovalRequired"])));
    let digest = hold["digest"].as_str().expect("a text");
    assert!(
        shell
            .run(&format!("plan {reach} --no-settle"))
            .await
            .stdout
            .contains(&format!("approve studio/planner {digest}"))
    );

    let unknown = shell.run("approve studio/planner sha256:00 --yes").await;
    assert_eq!(unknown.code, 1, "{unknown:?}");
    let approved = shell.run(&format!("approve studio/planner {digest} --yes -o json")).await;
    assert_eq!(approved.code, 0, "{approved:?}");
    assert_valid(&shell.run("schema decision").await.document(), &approved.document());
    assert_eq!(approved.document()["rows"].as_array().map(Vec::len), Some(2));
    let twice = shell.run(&format!("approve studio/planner {digest} --yes -o json")).await;
    assert_eq!((twice.code, &twice.document()["recorded"]), (0, &json!(false)));

    let saved = shell.run(&format!("plan {reach} --no-settle --out removal.plan")).await;
    assert_eq!(saved.code, 0, "{saved:?}");
    let done = shell.run("apply removal.plan --secrets secrets --allow-loopback --yes").await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.tidy().contains("- suspend account  no longer declared by studio/everybody#makers  applied"),
        "{done:?}"
    );
    let moved = shell.run("apply removal.plan --secrets secrets --allow-loopback --yes").await;
    assert_eq!(moved.code, 1, "{moved:?}");
    assert!(moved.stderr.contains("what the plan rests on has moved"), "{moved:?}");
    let used_up = shell.run(&format!("approve studio/planner {digest} --yes")).await;
    assert_eq!(used_up.code, 1, "{used_up:?}");
    assert_eq!(shell.path().join(".appaccess").exists(), state.is_none());
}
