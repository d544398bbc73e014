//! A release of the chart from its first day to its last, on a real API server.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::POSTGRES;
use crate::support::{
    chart::{Ended, IMAGE, RELEASE, chart, run},
    cluster::{Cluster, Kubectl},
    wait::eventually,
};

/// A cluster of its own, in which a release comes, changes and goes.
struct Life {
    cluster: Cluster,
    namespace: String,
}

impl Life {
    fn helm(&self, verb: &str, arguments: &[&str]) -> String {
        self.try_helm(verb, arguments).ok()
    }

    fn try_helm(&self, verb: &str, arguments: &[&str]) -> Ended {
        let fixed = [verb, RELEASE, "--namespace", &self.namespace];
        let image: &[&str] = if verb == "uninstall" { &[] } else { &[IMAGE] };
        run(Some(&self.cluster.kubeconfig()), fixed.iter().chain(image).chain(arguments))
    }

    async fn kubectl(&self, arguments: &[&str]) -> Kubectl {
        self.cluster.kubectl(arguments.iter().chain(&["--namespace", &self.namespace]), "").await
    }

    /// Creates an approval as that user, decided by that name; by nobody where it is empty.
    async fn approve(&self, user: &str, decided_by: &str) -> Kubectl {
        let decided_by = if decided_by.is_empty() { String::new() } else { format!("decidedBy: {decided_by}, ") };
        let approval = format!(
            "{{apiVersion: appaccess.dev/v1alpha1, kind: AccessApproval, metadata: {{name: november}}, \
             spec: {{appRef: {{name: boards}}, digest: \"sha256:{}\", decision: Approve, {decided_by}\
             notAfter: \"2026-12-01T00:00:00Z\"}}}}",
            "0".repeat(64)
        );
        let user = format!("--as={user}");
        let group = "--as-group=system:masters";
        let arguments = ["create", "--dry-run=server", &user, group, "--namespace", &self.namespace, "--filename=-"];
        self.cluster.kubectl(arguments, &approval).await
    }

    /// Who may write which name into a decision, as the values say it.
    async fn let_nobody_decide_in_anothers_name(&self, chart: &str) {
        eventually("nobody approves in another's name", async || {
            let refused = self.approve("ada", "bo").await;
            (!refused.succeeded && refused.stderr.contains("decidedBy says bo, but the request is from ada"))
                .then_some(())
        })
        .await;
        self.approve("ada", "ada").await.ok();
        self.approve("ada", "").await.ok();
        self.helm("upgrade", &[chart, "--set", "admission.approvals.trustedUsers={gitops}"]);
        eventually("a controller may write who decided", async || {
            self.approve("gitops", "bo").await.succeeded.then_some(())
        })
        .await;
        assert!(!self.approve("ada", "bo").await.succeeded);
        let named = "admission.approvals.requireDecidedBy=true,admission.approvals.trustedUsers={gitops}";
        self.helm("upgrade", &[chart, "--set", named]);
        eventually("nobody decides without a name", async || {
            let refused = self.approve("gitops", "").await;
            (!refused.succeeded && refused.stderr.contains("decidedBy is missing")).then_some(())
        })
        .await;
        for (user, decided_by) in [("ada", "ada"), ("gitops", "bo")] {
            self.approve(user, decided_by).await.ok();
        }
    }

    /// From the volume to a database and back: each time the pods of the one must be gone before the others come.
    async fn change_the_store(&self, chart: &str) {
        for (from, to, store) in [("statefulset", "deployment", POSTGRES), ("deployment", "statefulset", &[][..])] {
            let arguments: Vec<&str> = [chart].iter().chain(store).copied().collect();
            let from = format!("{from}/{RELEASE}");
            let early = self.try_helm("upgrade", &arguments);
            assert!(!early.succeeded, "two operators would work at once");
            assert!(early.stderr.contains(&format!("kubectl scale {from} --replicas=0")), "{}", early.stderr);
            self.kubectl(&["get", &from]).await.ok();

            self.kubectl(&["scale", &from, "--replicas=0"]).await.ok();
            self.helm("upgrade", &arguments);
            self.kubectl(&["get", to, RELEASE]).await.ok();
            assert!(!self.kubectl(&["get", &from]).await.succeeded);
        }
    }

    /// The type of the owners of a `TargetApp`, as the API server knows it: empty where it knows none.
    async fn owners(&self) -> String {
        let field = "spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.owners.type";
        let field = format!("--output=jsonpath={{.{field}}}");
        self.kubectl(&["get", "customresourcedefinition", "targetapps.appaccess.dev", &field]).await.ok()
    }
}

/// A copy of the chart as a version before it might have been: without the owners of a `TargetApp`.
fn older_chart(folder: &Path) -> PathBuf {
    let older = folder.join("appaccess");
    let copied = std::process::Command::new("cp").arg("-r").arg(chart()).arg(&older).status();
    assert!(copied.is_ok_and(|status| status.success()));
    let definition = older.join("files/crds/targetapps.yaml");
    let mut text: Value = serde_yaml::from_str(&fs::read_to_string(&definition).unwrap()).unwrap();
    let spec = &mut text["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    assert!(spec.as_object_mut().unwrap().remove("owners").is_some());
    fs::write(&definition, text.to_string()).unwrap();
    older
}

#[tokio::test]
async fn a_release_is_installed_upgraded_and_taken_away_and_what_people_wrote_stays() {
    let cluster = Cluster::start().await;
    let namespace = cluster.namespace("access").await;
    let life = Life { cluster, namespace };
    let scratch = TempDir::new().unwrap();
    let older = older_chart(scratch.path());
    let chart = chart();
    let (older, chart) = (older.to_str().unwrap(), chart.to_str().unwrap());

    let notes = life.helm("install", &[older]);
    let notes = notes.split("NOTES:\n").nth(1).expect("notes are printed").replace(&life.namespace, "access");
    super::show_notes(&notes);
    assert_eq!(life.owners().await, "");
    let team = "{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: crew}, spec: {members: []}}";
    eventually("an object of the older definitions is taken", async || {
        let arguments = ["apply", "--namespace", &life.namespace, "--filename=-"];
        life.cluster.kubectl(arguments, team).await.succeeded.then_some(())
    })
    .await;

    life.helm("upgrade", &[chart, "--set", "operator.concurrency=3"]);
    assert_eq!(life.owners().await, "array");
    assert!(life.kubectl(&["get", "statefulset", RELEASE, "--output=yaml"]).await.ok().contains("--concurrency=3"));

    life.let_nobody_decide_in_anothers_name(chart).await;
    let arguments = ["install", "second", chart, IMAGE, "--namespace", &life.namespace];
    let second = run(Some(&life.cluster.kubeconfig()), arguments);
    assert!(!second.succeeded && second.stderr.contains("cannot be imported"), "{}", second.stderr);
    life.change_the_store(chart).await;

    for _ in ["once", "and after it was installed again"] {
        life.helm("uninstall", &[]);
        for workload in ["deployment", "statefulset"] {
            assert!(!life.kubectl(&["get", workload, RELEASE]).await.succeeded);
        }
        let definitions = life.kubectl(&["get", "customresourcedefinitions", "--output=name"]).await.ok();
        assert_eq!(definitions.lines().filter(|line| line.ends_with(".appaccess.dev")).count(), 6, "{definitions}");
        life.kubectl(&["get", "team", "crew"]).await.ok();
        life.helm("install", &[chart]);
    }
}
