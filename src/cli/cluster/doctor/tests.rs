//! What the status of the objects comes to, for apps and for what is in no app.

use appaccess_core::access::ObjectName;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::load::{Located, Place};

fn flags(namespace: Option<&str>) -> ClusterFlags {
    let namespace = namespace.map(str::to_owned);
    ClusterFlags { cluster: true, context: None, namespace, all_namespaces: false }
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": format!("told of {reason}"),
        "lastTransitionTime": "2026-11-20T10:00:00Z",
    })
}

fn put<K: serde::de::DeserializeOwned>(objects: &mut Objects<K>, name: &str, spec: &Value, conditions: &[Value]) {
    let name = ObjectName::parse(name).unwrap();
    let object = json!({
        "apiVersion": "appaccess.dev/v1alpha1", "kind": std::any::type_name::<K>().rsplit("::").next(),
        "metadata": {"name": *name.name, "namespace": *name.namespace, "generation": 1},
        "spec": spec, "status": {"observedGeneration": 1, "conditions": conditions},
    });
    let object = serde_json::from_value(object).unwrap();
    objects.insert(name, Located { object, place: Place { file: "cluster".to_owned(), line: 0 } });
}

/// An app that is well, claims that are refused on it and on one that is not there, and a team that does not resolve.
fn cluster() -> Loaded {
    let mut loaded = Loaded::default();
    let app = json!({
        "connector": {"scim": {"baseUrl": "https://planner.example/scim/v2"}},
        "credentials": {"secretRef": {"name": "token"}},
    });
    put(&mut loaded.target_apps, "it/planner", &app, &[condition("Ready", "True", "InSync")]);
    let refused = [condition("Ready", "False", "NotPermitted"), condition("Accepted", "False", "NotPermitted")];
    let claims = |app: &str| json!({"appRef": {"name": app, "namespace": "it"}, "grants": []});
    put(&mut loaded.app_accesses, "red/there", &claims("planner"), &refused);
    put(&mut loaded.app_accesses, "red/lost", &claims("nowhere"), &refused);
    put(&mut loaded.app_accesses, "red/new", &claims("nowhere"), &[]);
    put(&mut loaded.teams, "it/makers", &json!({}), &[condition("Ready", "False", "Unresolved")]);
    loaded
}

fn errors(document: &DoctorDocument) -> Vec<(&str, &str)> {
    document.errors.iter().map(|entry| (entry.object.as_str(), entry.reason.as_str())).collect()
}

fn look(loaded: &Loaded, flags: &ClusterFlags, chosen: &[ObjectName]) -> DoctorDocument {
    judged(loaded, flags, chosen, None, Timestamp::UNIX_EPOCH)
}

#[test]
fn claims_on_an_app_that_is_not_there_are_looked_at() {
    let loaded = cluster();
    let all = look(&loaded, &flags(None), &[]);
    let expected =
        [("AppAccess red/lost", "NotPermitted"), ("AppAccess red/new", "Status"), ("Team it/makers", "Unresolved")];
    assert_eq!(errors(&all), expected);
    assert!(all.apps[0].findings.iter().any(|finding| finding.what.contains("AppAccess red/there")), "{all:#?}");
    let named = look(&loaded, &flags(None), &[ObjectName::new("it", "planner")]);
    assert_eq!(errors(&named), []);
    // The app of another namespace is not told, and so the claims on it are told by themselves.
    let red = look(&loaded, &flags(Some("red")), &[]);
    let expected = ["AppAccess red/lost", "AppAccess red/new", "AppAccess red/there"];
    assert_eq!(errors(&red).into_iter().map(|(object, _)| object).collect::<Vec<_>>(), expected);
    assert!(red.is_broken() && red.apps.is_empty());
}

#[test]
fn what_was_not_seen_is_said_and_breaks_nothing() {
    let mut loaded = cluster();
    loaded.app_accesses.clear();
    loaded.teams.clear();
    let unseen = Finding::new(Severity::Note, "Rights", "those of others are not seen");
    let told = judged(&loaded, &flags(Some("it")), &[], Some(&unseen), Timestamp::UNIX_EPOCH);
    assert!(told.apps[0].findings.iter().any(|finding| finding.what == unseen.what), "{told:#?}");
    assert!(!told.is_broken());
}
