//! What a status makes of the things of one person, over objects as the API server gives them.

use appaccess_core::access::PersonKey;
use serde_json::{Value, json};

use super::*;
use crate::{
    cli::output::explain::Claim,
    load::{Located, Objects, Place, policy::policy},
};

const PERSON: &str = "ana@fern.example";

fn located<K: serde::de::DeserializeOwned>(object: Value) -> Objects<K> {
    let name = ObjectName::new("it", object["metadata"]["name"].as_str().unwrap());
    let place = Place { file: "cluster".to_owned(), line: 0 };
    [(name, Located { object: serde_json::from_value(object).unwrap(), place })].into()
}

fn object(kind: &str, name: &str, spec: &Value, status: &Value) -> Value {
    json!({
        "apiVersion": "appaccess.dev/v1alpha1", "kind": kind,
        "metadata": {"name": name, "namespace": "it", "generation": 1}, "spec": spec, "status": status,
    })
}

/// A cluster with one app and one claim on it.
struct Cluster {
    settings: Value,
    missing: u32,
    rows: Vec<Value>,
    held: Vec<Value>,
}

impl Cluster {
    fn new(mode: &str) -> Self {
        let settings = json!({
            "connector": {"scim": {"baseUrl": "https://planner.example/scim/v2"}},
            "credentials": {"secretRef": {"name": "token"}}, "mode": mode,
        });
        Self { settings, missing: 1, rows: Vec::new(), held: Vec::new() }
    }

    fn row(mut self, state: &str, kind: &str, name: &str) -> Self {
        let entitlement = json!({"type": kind, "name": name});
        let row = json!({
            "grant": "", "subject": PERSON, "entitlement": entitlement, "state": state, "reason": state, "message": "Told.",
        });
        self.rows.push(row);
        self
    }

    fn held(mut self, action: &str, kind: &str, name: &str, cause: &str) -> Self {
        let entitlement = json!({"type": kind, "name": name});
        let row = json!({
            "action": action, "person": PERSON, "account": "u1", "entitlement": entitlement, "cause": cause,
            "held": "ApprovalRequired", "from": "admin", "to": "member",
        });
        self.held.push(row);
        self
    }

    /// The things after the status was put in their place.
    fn told(&self, things: Vec<Thing>) -> Vec<Thing> {
        let status = json!({"observedGeneration": 1, "counts": {"missing": self.missing}});
        let app = object("TargetApp", "planner", &self.settings, &status);
        let conditions = json!([{
            "type": "InSync", "status": "False", "reason": "X", "message": "", "lastTransitionTime": "2026-11-20T10:00:00Z",
        }]);
        let claims = json!({"appRef": {"name": "planner"}, "grants": []});
        let status = json!({"observedGeneration": 1, "conditions": conditions, "rows": self.rows});
        let plan = json!({
            "appRef": {"name": "planner"}, "digest": format!("sha256:{}", "3d".repeat(32)),
            "reasons": ["ApprovalRequired"], "people": 1, "changes": 1, "rows": self.held,
        });
        let loaded = Loaded {
            target_apps: located(app),
            app_accesses: located(object("AppAccess", "claims", &claims, &status)),
            plans: if self.held.is_empty() {
                Objects::new()
            } else {
                located(object("AccessPlan", "planner", &plan, &Value::Null))
            },
            ..Loaded::default()
        };
        let (name, app) = loaded.target_apps.first_key_value().unwrap();
        let policy = policy(name, &app.object.spec, &loaded.namespaces);
        let person = Person::literal(PersonKey::from_canonical(&format!("mail:{PERSON}")).unwrap());
        let mut told = ExplainApp {
            app: name.to_string(),
            mode: String::new(),
            basis: "status",
            note: String::new(),
            things,
            others: Vec::new(),
        };
        put(Seen { loaded: &loaded, app: &app.object, policy: &policy }, &person, &mut told);
        told.things
    }
}

/// A thing that a claim carries.
fn declared(kind: &str, name: &str) -> Thing {
    let written = Written { type_: kind.to_owned(), name: name.to_owned(), level: None };
    let mut things = Vec::new();
    place_of(&mut things, &written);
    let claim = Claim {
        name: "it/claims#all".to_owned(),
        counts: true,
        level: None,
        from: None,
        until: None,
        reason: None,
        place: None,
        source: Vec::new(),
        ways: Vec::new(),
        stops: Vec::new(),
    };
    Thing { standing: "declared", claims: vec![claim], ..things.remove(0) }
}

fn change(thing: &Thing) -> (&str, bool) {
    let change = thing.change.as_ref().unwrap();
    (change.does.as_str(), change.permitted)
}

#[test]
fn what_mode_or_manage_forbids_is_not_promised() {
    let things = || vec![declared("account", ""), declared("group", "Studio"), declared("role", "admin")];
    let rows = |cluster: Cluster| {
        cluster.row("Pending", "account", "").row("Pending", "group", "Studio").row("Pending", "role", "admin")
    };
    let permitted = |cluster: &Cluster| {
        let told = cluster.told(things());
        assert!(told.iter().all(|thing| thing.standing == "willGet"), "{told:#?}");
        told.iter().map(|thing| change(thing).1).collect::<Vec<_>>()
    };
    assert_eq!(permitted(&rows(Cluster::new("Observe"))), [false, false, false]);
    assert_eq!(permitted(&rows(Cluster::new("Additive"))), [true, true, true]);
    let mut narrowed = rows(Cluster::new("Full"));
    narrowed.settings["manage"] = json!({"memberships": false, "roles": false});
    assert_eq!(permitted(&narrowed), [true, false, false]);
}

#[test]
fn what_differs_about_an_account_that_is_there_is_not_promised_as_an_account() {
    let account = |cluster: &Cluster, things| {
        let told = cluster.told(things).remove(0);
        (told.standing, change(&told).0.to_owned())
    };
    // Nothing is said of the group, so it is there, and then the account is.
    let cluster = Cluster::new("Full").row("Pending", "account", "");
    let things = vec![declared("account", ""), declared("group", "Studio")];
    assert_eq!(account(&cluster, things), ("declared", "update".to_owned()));
    let nobody_lacks_one = Cluster { missing: 0, ..Cluster::new("Full").row("Pending", "account", "") };
    assert_eq!(account(&nobody_lacks_one, vec![declared("account", "")]), ("declared", "update".to_owned()));
    assert_eq!(account(&cluster, vec![declared("account", "")]), ("willGet", "create".to_owned()));
    let held = Cluster::new("Full").held("update", "account", "", "declared");
    assert_eq!(account(&held, vec![declared("account", "")]), ("has", "update".to_owned()));
    let both = Cluster::new("Full").held("suspend", "account", "", "leaver").held("update", "account", "", "declared");
    assert_eq!(account(&both, Vec::new()), ("willLose", "suspend".to_owned()));
}

#[test]
fn a_change_that_is_held_is_of_something_that_the_person_has() {
    let cluster = Cluster::new("Full").held("change", "role", "member", "withdrawn");
    let role = cluster.told(vec![declared("role", "member")]).remove(0);
    assert_eq!(role.standing, "willChange");
    assert_eq!(role.change.unwrap().digest.as_deref().map(str::len), Some(71));
    // Nothing claims it any more.
    assert_eq!(cluster.told(Vec::new()).remove(0).standing, "willLose");
    let task = Cluster::new("Full").held("task", "group", "Studio", "withdrawn").told(Vec::new()).remove(0);
    assert_eq!((task.standing, task.change.unwrap().by_hand), ("willLose", true));
}

#[test]
fn what_failed_is_told_as_such() {
    let cluster = Cluster::new("Full").row("Failed", "group", "Studio");
    let thing = cluster.told(vec![declared("group", "Studio")]).remove(0);
    assert_eq!((thing.standing, change(&thing)), ("willGet", ("grant", true)));
    assert!(thing.change.unwrap().failed);
}
