//! Pipelines that keep nothing between two runs: what the files declared before a change counts as ours.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::story::files;
use crate::support::peers::{Peer, TOKEN};
use crate::support::shell::{Ended, Shell};

const EVERYBODY: [&str; 6] = ["ana", "bo", "ines", "kim", "lea", "tom"];

async fn apply(shell: &Shell, base: &str, head: &str) -> Ended {
    let line = format!("apply -f {head} --base {base} --secrets secrets --allow-loopback --yes -o json");
    shell.run(&line).await
}

/// A shell after everybody was given what `base.yaml` declares, beside an account that nobody ever declared.
async fn after_base(peer: &Peer) -> Shell {
    let shell = Shell::new();
    shell.file("secrets/studio/planner-token/token", TOKEN);
    shell.file("base.yaml", &files(&peer.base, "Full", &EVERYBODY));
    let stranger = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "uma@fern.example", "active": true,
    });
    assert_eq!(peer.call(Method::POST, "/Users", Some(&stranger)).await.status, 201);
    let made = apply(&shell, "base.yaml", "base.yaml").await;
    assert_eq!(made.code, 0, "{made:?}");
    shell
}

/// The people whose accounts can be used.
async fn active(peer: &Peer) -> Vec<String> {
    let listed = peer.call(Method::GET, "/Users?count=100", None).await.body;
    let users = listed["Resources"].as_array().expect("a list").iter().filter(|user| user["active"] != json!(false));
    let mut names: Vec<String> = users
        .map(|user| user["userName"].as_str().expect("a text").trim_end_matches("@fern.example").to_owned())
        .collect();
    names.sort();
    names
}

fn outcomes(document: &Value) -> Vec<(&str, &str, &str)> {
    let changes = document["apps"][0]["changes"].as_array().expect("a list").iter();
    let changes = changes.filter(|change| change["action"] != "adopt");
    changes
        .map(|change| {
            let word = |field: &str| change[field].as_str().unwrap_or_default();
            (word("action"), word("person"), word("outcome"))
        })
        .collect()
}

#[tokio::test]
async fn what_was_withdrawn_since_the_base_goes_and_what_nobody_declared_stays() {
    let peer = Peer::scim2_server().await;
    let shell = after_base(&peer).await;
    shell.file("head.yaml", &files(&peer.base, "Full", &EVERYBODY[..5]));
    let done = apply(&shell, "base.yaml", "head.yaml").await;
    assert_eq!(done.code, 0, "{done:?}");
    let document = done.document();
    let tom = "tom@fern.example";
    assert_eq!(outcomes(&document), [("revoke", tom, "applied"), ("suspend", tom, "applied")], "{document:#}");
    assert_eq!(active(&peer).await, ["ana", "bo", "ines", "kim", "lea", "uma"]);
    assert!(!shell.path().join(".appaccess").exists(), "nothing is kept");

    let ended = files(&peer.base, "Full", &EVERYBODY[..5])
        .replace("{user: lea@fern.example}", "{user: lea@fern.example, until: \"2026-01-01T00:00:00Z\"}");
    shell.file("ended.yaml", &ended);
    let done = apply(&shell, "ended.yaml", "ended.yaml").await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.document()["apps"][0]["changes"][0]["cause"], "expired", "{done:?}");
    assert_eq!(active(&peer).await, ["ana", "bo", "ines", "kim", "uma"]);
}

#[tokio::test]
async fn more_than_the_budget_waits_until_the_files_approve_the_intent() {
    let peer = Peer::scim2_server().await;
    let shell = after_base(&peer).await;
    shell.file("head.yaml", &files(&peer.base, "Full", &EVERYBODY[..1]));
    let waiting = apply(&shell, "base.yaml", "head.yaml").await;
    assert_eq!(waiting.code, 3, "{waiting:?}");
    assert_eq!(waiting.document()["apps"][0]["hold"]["reasons"], json!(["ThresholdExceeded"]));
    assert_eq!(active(&peer).await.len(), 7, "nobody lost anything");

    let plan = shell.run("plan -f head.yaml --base base.yaml -o json").await.document();
    let digest = plan["apps"][0]["intent"]["digest"].as_str().expect("a digest").to_owned();
    let not_after = Timestamp::now().checked_add(SignedDuration::from_hours(24)).expect("tomorrow comes");
    let approval = |digest: &str| {
        format!(
            "\
apiVersion: appaccess.dev/v1alpha1
kind: AccessApproval
metadata: {{name: season, namespace: studio}}
spec: {{appRef: {{name: planner}}, digest: \"{digest}\", decision: Approve, notAfter: \"{not_after:.0}\"}}
---
"
        )
    };
    let head = files(&peer.base, "Full", &EVERYBODY[..1]);
    shell.file("other.yaml", &(approval(&format!("sha256:{}", "0".repeat(64))) + &head));
    assert_eq!(apply(&shell, "base.yaml", "other.yaml").await.code, 3, "another digest approves nothing");
    shell.file("approved.yaml", &(approval(&digest) + &head));
    let done = apply(&shell, "base.yaml", "approved.yaml").await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(active(&peer).await, ["ana", "uma"]);
}
