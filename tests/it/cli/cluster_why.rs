//! What the cluster's own objects tell a person at a shell: why somebody has something, and what is wrong with each object.
//! A real API server, and no operator: its status is written here as an operator writes it.

use serde_json::{Value, json};

use super::schema::assert_valid;
use crate::definitions;
use crate::support::cluster::Cluster;
use crate::support::shell::Shell;

fn objects(namespace: &str, digest: &str) -> String {
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
kind: Team
metadata: {{name: makers, namespace: {namespace}}}
spec:
  members: [{{user: ana@fern.example}}, {{user: joel@fern.example}}]
---
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata:
  name: everybody
  namespace: {namespace}
  labels: {{kustomize.toolkit.fluxcd.io/name: access, kustomize.toolkit.fluxcd.io/namespace: flux-system}}
  annotations: {{appaccess.dev/pull-request: \"41\", appaccess.dev/approved-by: mara}}
spec:
  appRef: {{name: planner}}
  grants:
    - name: makers
      subjects: [{{team: {{name: makers}}}}]
      groups: [Studio]
---
apiVersion: appaccess.dev/v1alpha1
kind: AccessPlan
metadata: {{name: planner, namespace: {namespace}}}
spec:
  appRef: {{name: planner}}
  digest: \"{digest}\"
  reasons: [ApprovalRequired]
  people: 1
  changes: 1
  rows:
    - action: revoke
      person: tom@fern.example
      account: u_7
      entitlement: {{type: group, name: Studio}}
      cause: withdrawn
      reason: no longer declared by {namespace}/everybody#makers
      held: ApprovalRequired
"
    )
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": "2026-11-20T10:00:00Z"})
}

async fn status(cluster: &Cluster, namespace: &str, object: &str, status: Value) {
    let patch = json!({"status": status}).to_string();
    let arguments =
        ["patch", object, "--namespace", namespace, "--subresource=status", "--type=merge", "--patch", &patch];
    cluster.kubectl(arguments, "").await.ok();
}

async fn installed() -> (&'static Cluster, Shell, String, String) {
    let cluster = Cluster::shared().await;
    definitions::install(cluster).await;
    let namespace = cluster.namespace("why").await;
    let digest = format!("sha256:{}", "3d".repeat(32));
    cluster.apply(&objects(&namespace, &digest)).await.ok();
    let held = "1 change for 1 person waits: ApprovalRequired";
    let conditions = [
        condition("Ready", "False", "PlanHeld", held),
        condition("InSync", "False", "PlanHeld", held),
        condition("PlanHeld", "True", "ApprovalRequired", held),
        condition("Reachable", "True", "Answered", "the app answers"),
        condition("ReadComplete", "True", "Complete", "the last reading is complete"),
    ];
    let of_app = json!({"observedGeneration": 1, "conditions": conditions, "capabilities": ["create", "group"]});
    status(cluster, &namespace, "targetapp/planner", of_app).await;
    let row = json!({
        "grant": "", "subject": "joel@fern.example", "entitlement": {"type": "group", "name": "Studio"},
        "state": "Failed", "reason": "RateLimited", "message": "the app asks to wait",
    });
    let conditions = [
        condition("Ready", "False", "RateLimited", "1 of 4 edges failed: the app asks to wait"),
        condition("InSync", "False", "RateLimited", "1 of 4 edges failed"),
    ];
    let of_claims = json!({"observedGeneration": 1, "conditions": conditions, "rows": [row]});
    status(cluster, &namespace, "appaccess/everybody", of_claims).await;
    let mut shell = Shell::new();
    shell.set("KUBECONFIG", &cluster.kubeconfig().display().to_string());
    (cluster, shell, namespace, digest)
}

fn screen(name: &str, shown: &str, namespace: &str, digest: &str) {
    // Who wrote the object last, and when, is the test's own `kubectl`.
    let lines = shown.lines().filter(|line| !line.contains("last written by"));
    let steady = lines.collect::<Vec<_>>().join("\n").replace(namespace, "NAMESPACE").replace(digest, "DIGEST");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, steady);
    });
}

#[tokio::test]
async fn why_somebody_has_something_is_told_by_objects_and_status() {
    let (_cluster, shell, namespace, digest) = installed().await;
    let line = |who: &str| format!("explain {who}@fern.example --cluster --app {namespace}/planner");
    let ana = shell.run(&line("ana")).await;
    assert_eq!(ana.code, 0, "{ana:?}");
    screen("explain_cluster_has", &ana.stdout, &namespace, &digest);
    let joel = shell.run(&line("joel")).await;
    assert_eq!(joel.code, 1, "a change failed: {joel:?}");
    screen("explain_cluster_failed", &joel.stdout, &namespace, &digest);
    let tom = shell.run(&format!("{} --context test", line("tom"))).await;
    assert_eq!(tom.code, 3, "{tom:?}");
    screen("explain_cluster_held", &tom.stdout, &namespace, &digest);
    let document = shell.run(&format!("{} -o json", line("ana"))).await.document();
    assert_valid(&shell.run("schema explain").await.document(), &document);
    assert_eq!(document["apps"][0]["basis"], "status");
    let sources = document["apps"][0]["things"][0]["claims"][0]["source"].as_array().expect("a list").clone();
    assert!(sources.contains(&json!({"kind": "flux", "name": "Kustomization flux-system/access"})), "{sources:?}");
    assert!(sources.iter().any(|source| source["kind"] == "manager"), "{sources:?}");
    let nobody = shell.run(&line("nobody")).await;
    assert!(nobody.code == 1 && nobody.stderr.contains("nobody knows"), "{nobody:?}");
    assert_eq!(shell.run("explain a@fern.example --cluster -f x.yaml").await.code, 64);
}

#[tokio::test]
async fn what_is_wrong_in_the_cluster_is_told_with_its_remedy() {
    let (cluster, shell, namespace, digest) = installed().await;
    let text = shell.run(&format!("doctor --cluster --app {namespace}/planner")).await;
    assert_eq!(text.code, 1, "{text:?}");
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 100), "{}", text.stdout);
    screen("doctor_cluster", &text.stdout, &namespace, &digest);
    let document = shell.run(&format!("doctor --cluster --app {namespace}/planner -o json")).await.document();
    assert_valid(&shell.run("schema doctor").await.document(), &document);

    let well = [
        condition("Ready", "True", "InSync", "nothing differs"),
        condition("InSync", "True", "InSync", "nothing differs"),
    ];
    let quiet = json!({"observedGeneration": 1, "conditions": well, "rows": []});
    status(cluster, &namespace, "targetapp/planner", quiet.clone()).await;
    status(cluster, &namespace, "appaccess/everybody", quiet).await;
    let well = shell.run(&format!("doctor --cluster --app {namespace}/planner")).await;
    assert_eq!(well.code, 0, "{well:?}");
    let missing = shell.run(&format!("doctor --cluster --app {namespace}/other")).await;
    assert!(missing.code == 1 && missing.stderr.contains("there is no TargetApp"), "{missing:?}");
}

#[tokio::test]
async fn whoever_may_read_one_namespace_is_told_of_it_and_what_was_not_seen() {
    let (cluster, _, namespace, _) = installed().await;
    let reader = cluster.account(&namespace, "reader").await;
    let resources = "--resource=targetapps,appaccesses,teams,directories,accessplans";
    let here = format!("--namespace={namespace}");
    cluster.kubectl(["create", "role", "reader", "--verb=list", resources, &here], "").await.ok();
    let subject = format!("--serviceaccount={namespace}:reader");
    cluster.kubectl(["create", "rolebinding", "reader", "--role=reader", &subject, &here], "").await.ok();
    let mut shell = Shell::new();
    shell.set("KUBECONFIG", &reader.kubeconfig.display().to_string());
    let unseen = format!("Directory, AccessPlan of namespace {namespace} alone");
    let flat = |text: &str| text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    for further in [format!("-n {namespace}"), format!("--app {namespace}/planner")] {
        let told = shell.run(&format!("explain ana@fern.example --cluster {further}")).await;
        assert_eq!(told.code, 0, "{told:?}");
        assert!(flat(&told.stdout).contains(&unseen) && told.stdout.contains("group Studio  has"), "{told:?}");
        let doctor = shell.run(&format!("doctor --cluster {further}")).await;
        assert!(flat(&doctor.stdout).contains(&unseen), "{doctor:?}");
    }
    let everywhere = shell.run("doctor --cluster").await;
    assert!(everywhere.code == 1 && everywhere.stderr.contains("forbidden"), "{everywhere:?}");
}

#[tokio::test]
async fn claims_on_an_app_that_is_not_there_are_not_passed_over() {
    let (cluster, shell, namespace, _) = installed().await;
    let lost = format!(
        "\
apiVersion: appaccess.dev/v1alpha1
kind: AppAccess
metadata: {{name: lost, namespace: {namespace}}}
spec:
  appRef: {{name: nowhere}}
  grants: [{{name: all, subjects: [{{user: ana@fern.example}}]}}]
"
    );
    cluster.apply(&lost).await.ok();
    let refused = [
        condition("Ready", "False", "NotPermitted", "the target app is not there"),
        condition("Accepted", "False", "NotPermitted", "the target app is not there"),
    ];
    let refused = json!({"observedGeneration": 1, "conditions": refused});
    status(cluster, &namespace, "appaccess/lost", refused).await;
    let well = [condition("Ready", "True", "InSync", "nothing differs")];
    for object in ["targetapp/planner", "appaccess/everybody"] {
        let quiet = json!({"observedGeneration": 1, "conditions": well, "rows": []});
        status(cluster, &namespace, object, quiet).await;
    }
    let told = shell.run(&format!("doctor --cluster -n {namespace} -o json")).await;
    assert_eq!(told.code, 1, "{told:?}");
    let errors = told.document()["errors"].clone();
    assert!(errors[0]["object"] == json!(format!("AppAccess {namespace}/lost")), "{errors:#}");
    assert_eq!(
        errors.as_array().map(|all| all.iter().filter(|entry| entry["reason"] == "NotPermitted").count()),
        Some(1)
    );
}
