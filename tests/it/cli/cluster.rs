//! Looking at and deciding what an operator left in the cluster, from a shell: a real API server, and no operator.

use serde_json::{Value, json};

use super::schema::assert_valid;
use crate::definitions;
use crate::support::cluster::Cluster;
use crate::support::shell::Shell;

/// A target app, and what of it waits.
fn objects(namespace: &str, digest: &str, changes: u32) -> String {
    format!(
        "\
apiVersion: appaccess.dev/v1alpha1
kind: TargetApp
metadata: {{name: planner, namespace: {namespace}}}
spec:
  connector: {{scim: {{baseUrl: \"https://planner.example/scim/v2\"}}}}
  credentials: {{secretRef: {{name: planner-token}}}}
  mode: Full
---
apiVersion: appaccess.dev/v1alpha1
kind: AccessPlan
metadata: {{name: planner, namespace: {namespace}}}
spec:
  appRef: {{name: planner}}
  digest: \"{digest}\"
  sequence: 2
  reasons: [ThresholdExceeded]
  people: 1
  allowed: 0
  changes: {changes}
  rows:
    - action: revoke
      person: tom@fern.example
      account: u_7
      entitlement: {{type: group, name: Studio}}
      cause: withdrawn
      reason: no longer declared by studio/everybody#makers
      held: ThresholdExceeded
    - action: suspend
      person: tom@fern.example
      account: u_7
      entitlement: {{type: account, name: \"\"}}
      cause: withdrawn
      held: ThresholdExceeded
"
    )
}

/// A shell whose kubeconfig is that of the cluster's administrator, and a namespace with what waits.
async fn waiting(cluster: &Cluster, digest: &str, changes: u32) -> (Shell, String) {
    definitions::install(cluster).await;
    let namespace = cluster.namespace("decisions").await;
    cluster.apply(&objects(&namespace, digest, changes)).await.ok();
    let mut shell = Shell::new();
    shell.set("KUBECONFIG", &cluster.kubeconfig().display().to_string());
    (shell, namespace)
}

async fn approvals(cluster: &Cluster, namespace: &str) -> Vec<Value> {
    let listed = cluster.kubectl(["get", "accessapprovals", "-o", "json", "-n", namespace], "").await.ok();
    let listed: Value = serde_json::from_str(&listed).expect("kubectl prints a document");
    listed["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_decision_shows_every_row_and_becomes_an_object() {
    let cluster = Cluster::shared().await;
    let digest = format!("sha256:{}", "5c".repeat(32));
    let (shell, namespace) = waiting(cluster, &digest, 2).await;
    let plan = shell.run(&format!("plan --cluster --app {namespace}/planner -o json")).await;
    assert_eq!(plan.code, 3, "{plan:?}");
    assert_valid(&shell.run("schema cluster").await.document(), &plan.document());
    let app = plan.document()["apps"][0].clone();
    assert_eq!((&app["mode"], &app["plan"]["digest"]), (&json!("Full"), &json!(digest)));
    let rows = "\
    - tom@fern.example (account u_7): revoke group Studio
        (ThresholdExceeded; no longer declared by studio/everybody#makers)
    - tom@fern.example (account u_7): suspend account  (ThresholdExceeded; withdrawn)
";
    let text = shell.run(&format!("plan --cluster --app {namespace}/planner --context test")).await;
    assert!(text.stdout.contains(rows) && text.stdout.contains("Held: 2 changes for 1 person"), "{text:?}");

    let other = shell.run(&format!("approve {namespace}/planner sha256:00 --cluster --yes")).await;
    assert_eq!((other.code, approvals(cluster, &namespace).await.len()), (1, 0), "{other:?}");
    let approved = shell.run(&format!("approve {namespace}/planner --cluster --yes -o json")).await;
    assert_eq!(approved.code, 0, "{approved:?}");
    assert_valid(&shell.run("schema decision").await.document(), &approved.document());
    assert_eq!(approved.document()["rows"].as_array().map(Vec::len), Some(2));
    let twice = shell.run(&format!("approve {namespace}/planner {digest} --cluster --yes -o json")).await;
    assert_eq!((twice.code, &twice.document()["recorded"]), (0, &json!(false)), "{twice:?}");
    let made = approvals(cluster, &namespace).await;
    assert_eq!(made.len(), 1, "{made:?}");
    let spec = &made[0]["spec"];
    assert_eq!((&spec["digest"], &spec["decision"]), (&json!(digest), &json!("Approve")));
    assert_eq!(spec["appRef"], json!({"name": "planner"}));
    assert_eq!(spec["notAfter"], approved.document()["notAfter"]);
    let whoami = cluster.kubectl(["auth", "whoami", "-o", "json"], "").await.ok();
    let whoami: Value = serde_json::from_str(&whoami).expect("kubectl prints a document");
    assert_eq!(spec["decidedBy"], whoami["status"]["userInfo"]["username"], "whom admission compares it with");
    let rejected = shell.run(&format!("reject {namespace}/planner --cluster --yes")).await;
    assert!(rejected.code == 0 && rejected.stdout.contains("revoke group Studio"), "{rejected:?}");
    assert_eq!(approvals(cluster, &namespace).await.len(), 2);
}

#[tokio::test]
async fn what_is_not_shown_as_a_whole_is_not_decided_and_what_is_not_there_is_said() {
    let cluster = Cluster::shared().await;
    let (shell, namespace) = waiting(cluster, &format!("sha256:{}", "7e".repeat(32)), 501).await;
    let large = shell.run(&format!("approve {namespace}/planner --cluster --yes")).await;
    assert!(large.code == 1 && large.stderr.contains("501 rows are held"), "{large:?}");
    let nothing = shell.run(&format!("approve {namespace}/other --cluster --yes")).await;
    assert!(nothing.code == 1 && nothing.stderr.contains("nothing waits"), "{nothing:?}");
    assert_eq!(approvals(cluster, &namespace).await.len(), 0);
    let nowhere = shell.run(&format!("approve {namespace}/planner --cluster --context lost --yes")).await;
    assert_eq!(nowhere.code, 64, "{nowhere:?}");
    for line in [
        "plan --cluster -f x.yaml",
        "plan",
        "approve a/b --cluster --directory --yes",
        "plan --context test -f x",
        "plan --cluster --state x.db",
    ] {
        assert_eq!(shell.run(line).await.code, 64, "{line}");
    }
}
