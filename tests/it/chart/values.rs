//! The values of the chart: each is described, and a wrong one is refused in words that name it.

use std::fs;

use serde_json::Value;

use crate::support::chart::{chart, template};

#[test]
fn a_wrong_value_is_refused_in_words_that_name_it() {
    for (wrong, words) in [
        ("image.repo=x", "at '/image': additional properties 'repo' not allowed"),
        ("image.digest=latest", "at '/image/digest': 'latest' does not match"),
        ("operator.logFormat=xml", "at '/operator/logFormat': value must be one of 'text', 'json'"),
        ("operator.concurrency=0", "at '/operator/concurrency': minimum: got 0, want 1"),
        ("store.type=sqlite", "at '/store/type': value must be one of 'volume', 'postgres'"),
        ("store.volume.size=lots", "at '/store/volume/size': 'lots' does not match"),
        ("credentials.namespaces={Not_A_Name}", "at '/credentials/namespaces/0': 'Not_A_Name' does not match"),
        (
            "peopleRoles.approver.aggregateTo={root}",
            "at '/peopleRoles/approver/aggregateTo/0': value must be one of 'view'",
        ),
        ("networkPolicy.appPorts={https}", "at '/networkPolicy/appPorts/0': got string, want integer"),
        ("crds.keep=false", "at '/crds': additional properties 'keep' not allowed"),
        ("store.type=postgres", "name in store.postgres.secretName the Secret with the database's URL"),
        ("metrics.serviceMonitor.enabled=true,metrics.service.enabled=false", "needs metrics.service.enabled"),
        ("image.repository=foo:1.0", "at '/image/repository': 'foo:1.0' does not match"),
        ("image.repository=", "image.repository: say where the image is"),
        ("nameOverride=Foo Bar", "at '/nameOverride': 'Foo Bar' does not match"),
        ("fullnameOverride=My_App", "at '/fullnameOverride': 'My_App' does not match"),
        ("operator.listenAddress=everywhere", "at '/operator/listenAddress': 'everywhere' does not match"),
        ("operator.extraEnvironment[0].nam=x", "at '/operator/extraEnvironment/0': additional properties 'nam'"),
        ("operator.extraEnvironment[0].name=APPACCESS_STATE", "APPACCESS_STATE is set by the chart itself"),
        ("operator.extraArguments={--state=x}", "operator.extraArguments: --state is set by the chart itself"),
        ("operator.extraVolumes[0].name=state,operator.extraVolumes[0].x.y=z", "state is set by the chart itself"),
        ("podLabels.app\\.kubernetes\\.io/name=x", "podLabels: app.kubernetes.io/name is set by the chart itself"),
        ("podLabels.team=a b", "at '/podLabels/team': 'a b' does not match"),
        (
            "metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.labels.app\\.kubernetes\\.io/name=x",
            "metrics.serviceMonitor.labels: app.kubernetes.io/name is set by the chart itself",
        ),
        ("serviceAccount.create=false", "name in serviceAccount.name the account that is there"),
        ("resources.limit.memory=1Gi", "at '/resources': additional properties 'limit' not allowed"),
    ] {
        assert_refused(&format!("--set={wrong}"), words);
    }
    for (wrong, words) in [
        ("networkPolicy.metricsFrom=[{}]", "at '/networkPolicy/metricsFrom/0': minProperties: got 0, want 1"),
        ("networkPolicy.extraEgress=[{}]", "at '/networkPolicy/extraEgress/0': minProperties: got 0, want 1"),
        ("networkPolicy.appPorts=[]", "at '/networkPolicy/appPorts': minItems: got 0, want 1"),
        ("imagePullSecrets=[{}]", "at '/imagePullSecrets/0': missing property 'name'"),
    ] {
        assert_refused(&format!("--set-json={wrong}"), words);
    }
}

fn assert_refused(wrong: &str, words: &str) {
    let ended = template("access", &[wrong]);
    assert!(!ended.succeeded, "{wrong} was taken");
    assert!(ended.stderr.contains(words), "{wrong}: {}", ended.stderr);
}

/// The paths of everything in a tree of values, but for what is free within.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    for (name, child) in value.as_object().into_iter().flatten() {
        let path = format!("{at}{name}");
        if path != "resources" {
            paths(child, &format!("{path}."), found);
        }
        found.push(path);
    }
}

fn values() -> Value {
    serde_yaml::from_str(&fs::read_to_string(chart().join("values.yaml")).unwrap()).unwrap()
}

#[test]
fn a_value_that_is_taken_away_is_missed_by_its_name() {
    let mut all = Vec::new();
    paths(&values(), "", &mut all);
    assert!(all.len() > 60, "{all:?}");
    // All at once: what is above a value hides it, so only the lowest are taken away here.
    let lowest = all.iter().filter(|path| !all.iter().any(|other| other.starts_with(&format!("{path}."))));
    let lowest: Vec<&String> = lowest.collect();
    let ended = template("access", &lowest.iter().map(|path| format!("--set={path}=null")).collect::<Vec<_>>());
    assert!(!ended.succeeded);
    for path in lowest {
        let (at, name) = path
            .rsplit_once('.')
            .map_or((String::new(), path.as_str()), |(at, name)| (format!("/{}", at.replace('.', "/")), name));
        let lines = ended.stderr.lines().filter(|line| line.contains(&format!("at '{at}': missing propert")));
        let said: String = lines.collect();
        assert!(said.contains(&format!("'{name}'")), "{path}: {said}");
    }
    let above = all.iter().filter(|path| all.iter().any(|other| other.starts_with(&format!("{path}."))));
    for path in above {
        assert_refused(&format!("--set={path}=null"), "missing property");
    }
}

#[test]
fn every_value_is_described_by_the_schema_and_no_other() {
    fn described(schema: &Value, at: &str, found: &mut Vec<String>) {
        for (name, child) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{at}{name}");
            if !["resources", "affinity"].contains(&path.as_str()) {
                described(child, &format!("{path}."), found);
            }
            found.push(path);
        }
    }
    let schema = fs::read_to_string(chart().join("values.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let (mut there, mut known) = (Vec::new(), Vec::new());
    paths(&values(), "", &mut there);
    described(&schema, "", &mut known);
    // What helm adds by itself.
    known.retain(|path| path != "global");
    there.sort();
    known.sort();
    assert_eq!(there, known);
}
