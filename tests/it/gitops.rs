//! Flux and Argo CD: what the examples for them name is there, and what they read from our status is what it says.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use appaccess::api::Kind;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    chart::{documents, template},
    stage::{APP, Stage, crew},
    tools::{gitops, repository},
};

fn read(path: &str) -> Vec<Value> {
    documents(&fs::read_to_string(repository().join("examples/gitops").join(path)).unwrap())
}

/// The document of that kind and name.
fn one(path: &str, kind: &str, name: &str) -> Value {
    let mut all = read(path).into_iter();
    all.find(|document| document["kind"] == kind && document["metadata"]["name"] == name).expect("it is there")
}

/// The health checks of the Kustomization of Flux, by kind.
fn expressions(kind: &str) -> Value {
    let kustomization = one("flux/sync.yaml", "Kustomization", "access");
    let checks = kustomization["spec"]["healthCheckExprs"].as_array().unwrap();
    checks.iter().find(|check| check["kind"] == kind).cloned().unwrap_or_else(|| panic!("no check of {kind}"))
}

/// The script by which Argo CD sees our objects.
fn script() -> String {
    let map = one("argocd/argocd-cm.yaml", "ConfigMap", "argocd-cm");
    let customizations = map["data"]["resource.customizations"].as_str().unwrap();
    let customizations: Value = serde_yaml::from_str(customizations).unwrap();
    customizations["appaccess.dev/*"]["health.lua"].as_str().unwrap().to_owned()
}

/// What Flux and what Argo CD say of each object, by their own interpreters, with the words that Argo CD shows.
fn judged(objects: &[Value]) -> Vec<[String; 3]> {
    let questions = objects.iter().flat_map(|object| {
        let mut flux = expressions(object["kind"].as_str().unwrap());
        flux["object"] = object.clone();
        [flux, json!({"object": object, "lua": script()})]
    });
    let questions: Vec<Value> = questions.collect();
    let mut program = Command::new(gitops());
    let mut program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it can be started");
    let text = Value::from(questions).to_string();
    program.stdin.take().expect("its standard input is a pipe").write_all(text.as_bytes()).unwrap();
    let output = program.wait_with_output().unwrap();
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("it prints a list");
    let pairs = answers.chunks(2).map(|pair| {
        let flux = if pair[0]["error"] == "" { &pair[0]["status"] } else { &pair[0]["error"] };
        assert_eq!(pair[1]["error"], "");
        [flux, &pair[1]["status"], &pair[1]["message"]].map(|text| text.as_str().unwrap().to_owned())
    });
    pairs.collect()
}

fn object(kind: &str, status: &Value) -> Value {
    json!({"apiVersion": "appaccess.dev/v1alpha1", "kind": kind, "metadata": {"name": "a", "generation": 2}, "status": status})
}

fn ready(status: &str, reason: &str) -> Value {
    json!({"type": "Ready", "status": status, "reason": reason, "message": format!("because of {reason}")})
}

#[test]
fn flux_and_argo_read_from_the_conditions_what_they_say() {
    let stalled = json!({"type": "Stalled", "status": "True", "reason": "Refused", "message": "edit it"});
    let reconciling = json!({"type": "Reconciling", "status": "True", "reason": "Progressing", "message": "at work"});
    let cases = [
        (2, vec![ready("True", "InSync")], "Current", "Healthy"),
        (1, vec![ready("True", "InSync")], "InProgress", "Progressing"),
        (2, vec![ready("Unknown", "Progressing"), reconciling], "InProgress", "Progressing"),
        (2, vec![ready("False", "PlanHeld")], "Failed", "Suspended"),
        (2, vec![ready("False", "TasksOverdue")], "Failed", "Suspended"),
        (2, vec![ready("True", "Suspended")], "Current", "Suspended"),
        (2, vec![ready("False", "Unreachable")], "InProgress", "Degraded"),
        (2, vec![ready("False", "Refused"), stalled], "Failed", "Degraded"),
        (2, vec![], "InProgress", "Progressing"),
    ];
    for kind in ["TargetApp", "AppAccess", "Team", "Directory", "AccessApproval"] {
        // A decision waits for nobody: it is the one that others wait for.
        let cases = cases.iter().filter(|case| kind != "AccessApproval" || (case.2, case.3) != ("Failed", "Suspended"));
        let objects: Vec<Value> = cases
            .clone()
            .map(|(generation, conditions, ..)| {
                object(kind, &json!({"observedGeneration": generation, "conditions": conditions}))
            })
            .collect();
        for ((_, conditions, flux, argo), [by_flux, by_argo, _]) in cases.zip(judged(&objects)) {
            assert_eq!((by_flux.as_str(), by_argo.as_str()), (*flux, *argo), "{kind} {conditions:?}");
        }
    }
}

#[test]
fn an_object_that_the_operator_has_not_seen_is_ready_for_neither() {
    let mut fresh = object("TargetApp", &Value::Null);
    fresh.as_object_mut().unwrap().remove("status");
    let [[flux, argo, message]] = judged(&[fresh]).try_into().unwrap();
    // An error of an expression is no verdict: Flux looks again until the timeout.
    assert!(flux.contains("status"), "{flux}");
    assert_eq!((argo.as_str(), message.as_str()), ("Progressing", "the operator has not looked at it yet"));
}

#[tokio::test]
async fn what_the_operator_really_writes_is_understood_by_both() {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage.apply(&stage.app("mode: Full, interval: 5s, safety: {settle: 1s}")).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    let granted = stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Applied").await;
    let in_sync = stage.until_condition(Kind::TargetApp, APP, "Ready", "True", "InSync").await;

    stage.apply(&crew(&["ada"])).await;
    let held = stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "PlanHeld").await;
    let judged = judged(&[granted, in_sync, held]);
    let verdicts: Vec<[&str; 2]> = judged.iter().map(|[flux, argo, _]| [flux.as_str(), argo.as_str()]).collect();
    assert_eq!(verdicts, [["Current", "Healthy"], ["Current", "Healthy"], ["Failed", "Suspended"]]);
    assert!(!judged[2][2].is_empty(), "somebody who waits is told for what");
}

#[test]
fn every_path_and_name_in_the_examples_leads_somewhere() {
    let kustomizations = read("flux/sync.yaml");
    for kustomization in &kustomizations {
        let path = kustomization["spec"]["path"].as_str().unwrap();
        assert!(repository().join(path).is_dir(), "{path}");
    }
    let first = &kustomizations[1]["spec"]["dependsOn"][0]["name"];
    assert_eq!((first, &kustomizations[0]["spec"]["wait"]), (&kustomizations[0]["metadata"]["name"], &true.into()));

    let applications = [
        one("argocd/root.yaml", "Application", "access-root"),
        one("argocd/applications/operator.yaml", "Application", "appaccess"),
        one("argocd/applications/access.yaml", "Application", "access"),
    ];
    for application in &applications {
        let path = application["spec"]["source"]["path"].as_str().unwrap();
        assert!(repository().join(path).is_dir(), "{path}");
    }
    let wave = |at: usize| applications[at]["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"].as_str();
    assert_eq!((wave(1), wave(2)), (Some("0"), Some("1")), "first the operator");
    for object in read("access/boards.yaml") {
        assert_eq!(object["metadata"]["namespace"], applications[1]["spec"]["destination"]["namespace"]);
    }
}

#[test]
fn the_values_that_they_give_to_the_chart_are_taken() {
    let release = one("flux/operator/release.yaml", "HelmRelease", "appaccess");
    let application = one("argocd/applications/operator.yaml", "Application", "appaccess");
    let source = one("flux/operator/release.yaml", "GitRepository", "appaccess");
    assert_eq!(source["spec"]["url"], application["spec"]["source"]["repoURL"]);
    assert_eq!(source["spec"]["ref"]["tag"], application["spec"]["source"]["targetRevision"]);
    assert_eq!(source["spec"]["ref"]["tag"], format!("v{}", env!("CARGO_PKG_VERSION")));
    let scratch = TempDir::new().unwrap();
    for (values, user) in [
        (&release["spec"]["values"], "system:serviceaccount:flux-system:kustomize-controller"),
        (
            &application["spec"]["source"]["helm"]["valuesObject"],
            "system:serviceaccount:argocd:argocd-application-controller",
        ),
    ] {
        let file = scratch.path().join("values.yaml");
        fs::write(&file, values.to_string()).unwrap();
        let rendered = template("access", &[format!("--values={}", file.display())]).ok();
        assert!(rendered.contains(user), "who creates the approvals of git is trusted with their names");
    }
}
