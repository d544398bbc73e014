//! The operator with the chart's own account: it needs every right that this account has.

use std::collections::BTreeSet;

use appaccess::api::Kind;
use serde_json::Value;

use crate::support::{
    chart::{documents, of_kind, rights},
    stage::{APP, Stage, crew},
    wait::eventually,
};

/// Rights that no quiet run shows, and why.
const UNSEEN: [(&str, &str); 5] = [
    ("get targetapps", "only where its watch lags behind what we wrote"),
    ("get accessplans", "only where its watch lags behind what we wrote"),
    ("create accessplans", "asked for by a patch that creates, and logged as that"),
    ("patch events", "only where the same happens again within minutes"),
    ("get configmaps", "only for rosters, shown by a test of its own"),
];

const PEOPLE: &str = "
{apiVersion: appaccess.dev/v1alpha1, kind: Team, metadata: {name: all}, spec: {members: [{user: ada@example.com}]}}
---
{apiVersion: appaccess.dev/v1alpha1, kind: Directory, metadata: {name: staff}, spec: {source: {inline: {people: [
  {user: cy@staff.example}]}}, domains: [staff.example]}}
";

/// What the chart's account may do: verb and resource.
fn granted(namespace: &str) -> BTreeSet<String> {
    let all = documents(&rights(namespace));
    let rules = of_kind(&all, "ClusterRole").into_iter().flat_map(|role| role["rules"].as_array().unwrap());
    let words = |rule: &Value, field: &str| -> Vec<String> {
        rule[field].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let pairs = rules.flat_map(|rule| {
        let verbs = words(rule, "verbs");
        let of = move |resource: String| verbs.clone().into_iter().map(move |verb| format!("{verb} {resource}"));
        words(rule, "resources").into_iter().flat_map(of)
    });
    pairs.collect()
}

/// What it has done so far.
fn used(stage: &Stage) -> BTreeSet<String> {
    let requests = stage.cluster.requests(&stage.account.user).into_iter();
    let pairs = requests.filter_map(|request| {
        let object = request.object_ref?;
        let resource = match object.subresource.as_str() {
            "" => object.resource,
            subresource => format!("{}/{subresource}", object.resource),
        };
        Some(format!("{} {resource}", request.verb))
    });
    pairs.collect()
}

#[tokio::test]
async fn every_right_of_the_chart_is_used_and_no_other_is_asked_for() {
    let stage = Stage::new().await;
    stage.apply_secret().await;
    stage.apply(PEOPLE).await;
    stage.apply(&stage.app("mode: Full, interval: 5s, safety: {settle: 1s}")).await;
    stage.apply(&crew(&["ada", "bo"])).await;
    stage.until_condition(Kind::AppAccess, "crew", "Ready", "True", "Applied").await;
    stage.apply(&crew(&["ada"])).await;
    let held = stage.until_condition(Kind::TargetApp, APP, "Ready", "False", "PlanHeld").await;
    let digest = held["status"]["hold"]["digest"].as_str().unwrap();
    stage
        .apply(&format!(
            "{{apiVersion: appaccess.dev/v1alpha1, kind: AccessApproval, metadata: {{name: first}}, spec: {{appRef: \
             {{name: {APP}}}, digest: \"{digest}\", decision: Approve, notAfter: \"{}\"}}}}",
            jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)
        ))
        .await;
    eventually("what was approved is done", async || (stage.active().await == ["ada@example.com"]).then_some(())).await;

    let granted = granted(&stage.namespace);
    let unseen: BTreeSet<String> = UNSEEN.iter().map(|(right, _)| (*right).to_owned()).collect();
    assert!(unseen.is_subset(&granted), "a right that is gone needs no excuse");
    let beyond = used(&stage).difference(&granted).cloned().collect::<Vec<_>>();
    assert_eq!(beyond, [""; 0], "asked for without a right");
    let idle = || granted.difference(&unseen).find(|right| !used(&stage).contains(*right)).cloned();
    eventually(&format!("every right was used, {:?} among them", idle()), async || idle().is_none().then_some(()))
        .await;
}
