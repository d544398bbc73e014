//! Fields that a change of the files alters beside claims: what a target app may do and what guards it, directories, teams.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    api::{Directory, Duration, TargetAppSpec, app_access::Subject},
    cli::output::review::{Setting, Touched},
    load::{Loaded, ObjectName, Objects},
};

/// Fields of one object beyond this number are counted.
const MOST_FIELDS: usize = 100;
/// Letters of a value that are told.
const LONGEST_VALUE: usize = 200;

/// The fields of a target app that change; of a new one, those that reach further than the defaults.
pub(super) fn of_app(before: Option<&TargetAppSpec>, after: &TargetAppSpec) -> Vec<Setting> {
    let after = with_defaults(after);
    if let Some(before) = before {
        return compared(&with_defaults(before), &after);
    }
    let all = compared(&defaults(), &after).into_iter();
    all.filter(|setting| setting.effect == "widens").collect()
}

/// Selections of people in the claims on an app that change, and whom groups take out of them: nobody can tell here whose
/// access that is, and two selections over one directory bear one name.
pub(super) fn selections(before: &Loaded, after: &Loaded, app: &ObjectName) -> Vec<Setting> {
    let (before, after) = (selected(before, app), selected(after, app));
    let fields: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut settings = Vec::new();
    for field in fields {
        let side = |side: &BTreeMap<String, Vec<Value>>| side.get(field).cloned().unwrap_or_default().into();
        walk(field, &side(&before), &side(&after), &mut settings);
    }
    settings.truncate(MOST_FIELDS);
    settings
}

/// By claim and list: what is written of people whom only a directory can name.
fn selected(loaded: &Loaded, app: &ObjectName) -> BTreeMap<String, Vec<Value>> {
    let mut selected: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (name, access) in &loaded.app_accesses {
        let spec = &access.object.spec;
        let namespace = spec.app_ref.namespace.as_deref().unwrap_or(&name.namespace);
        if *spec.app_ref.name != *app.name || *namespace != *app.namespace {
            continue;
        }
        for grant in &spec.grants {
            let matches = grant.subjects.iter().filter_map(|subject| subject.match_.as_ref()).map(json);
            let matches: Vec<Value> = matches.collect();
            let unnamed = |subject: &&Subject| subject.match_.is_some() || subject.directory_group.is_some();
            let except: Vec<Value> = grant.except.iter().filter(unnamed).map(json).collect();
            for (list, entries) in [("match", matches), ("except", except)] {
                if !entries.is_empty() {
                    selected.insert(format!("{name}#{}.{list}", grant.name), entries);
                }
            }
        }
    }
    selected
}

/// Directories and teams that differ, in order.
pub(super) fn touched(before: &Loaded, after: &Loaded) -> Vec<Touched> {
    let mut touched = Vec::new();
    let directory = |directory: &Directory| {
        let mut written = json(&directory.spec);
        fill(
            &mut written,
            &json!({"leavers": "Report", "leaverProof": "Disabled", "maxShrink": {"people": 5, "percent": 5}}),
        );
        written
    };
    of_kind("Directory", &before.directories, &after.directories, directory, &mut touched);
    of_kind("Team", &before.teams, &after.teams, |team| json(&team.spec), &mut touched);
    touched
}

fn of_kind<T>(
    kind: &str,
    before: &Objects<T>,
    after: &Objects<T>,
    spec: impl Fn(&T) -> Value,
    touched: &mut Vec<Touched>,
) {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for name in names {
        let sides = (before.get(name), after.get(name));
        let (presence, settings) = match sides {
            (Some(before), Some(after)) => ("changed", compared(&spec(&before.object), &spec(&after.object))),
            (None, Some(after)) => {
                let all = compared(&Value::Null, &spec(&after.object)).into_iter();
                ("added", all.filter(|setting| setting.effect == "widens").collect())
            }
            _ => ("removed", Vec::new()),
        };
        if presence != "changed" || !settings.is_empty() {
            touched.push(Touched { object: format!("{kind} {name}"), presence, settings });
        }
    }
}

fn json(object: &impl Serialize) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// What is written, with the defaults filled in: to write one out changes nothing.
fn with_defaults(spec: &TargetAppSpec) -> Value {
    let mut written = json(spec);
    fill(&mut written, &defaults());
    written
}

fn defaults() -> Value {
    let suspends = || json!({"action": "Suspend"});
    json!({
        "mode": "Observe",
        "adopt": "Matched",
        "suspend": false,
        "manage": {"accounts": true, "memberships": true, "roles": true, "attributes": true},
        "offboarding": {"leaver": suspends(), "expired": suspends(), "withdrawn": suspends()},
        "unmanaged": {
            "orphan": {"action": "Report"}, "unknown": {"action": "Report"},
            "guest": {"action": "Ignore"}, "service": {"action": "Ignore"},
        },
        "ownership": {"default": "Shared"},
        "safety": {
            "settle": "10m",
            "maxRemovals": {"people": 3, "percent": 5},
            "keepAtLeast": ["one of the highest role"],
            "approve": [{"action": "delete"}],
            "approveFirst": true,
        },
    })
}

fn fill(value: &mut Value, defaults: &Value) {
    match (value, defaults) {
        (Value::Object(fields), Value::Object(defaults)) => {
            for (name, default) in defaults {
                fill(fields.entry(name.clone()).or_insert(Value::Null), default);
            }
        }
        (value, defaults) if value.is_null() => *value = defaults.clone(),
        _ => {}
    }
}

fn compared(before: &Value, after: &Value) -> Vec<Setting> {
    let mut settings = Vec::new();
    walk("", before, after, &mut settings);
    if settings.len() > MOST_FIELDS {
        let more = settings.len() - MOST_FIELDS;
        settings.truncate(MOST_FIELDS);
        let to = Some(format!("{more} more fields"));
        settings.push(Setting { field: "…".into(), from: None, to, effect: "other" });
    }
    settings
}

fn walk(path: &str, before: &Value, after: &Value, settings: &mut Vec<Setting>) {
    if before == after {
        return;
    }
    let nothing = Map::new();
    match (before, after) {
        (Value::Object(_) | Value::Null, Value::Object(_)) | (Value::Object(_), Value::Null) => {
            let (before, after) = (before.as_object().unwrap_or(&nothing), after.as_object().unwrap_or(&nothing));
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let side = |fields: &Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
                walk(&path, &side(before), &side(after), settings);
            }
        }
        (Value::Array(_) | Value::Null, Value::Array(_)) | (Value::Array(_), Value::Null) if path != "roles.order" => {
            let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
            let (before, after) = (list(before), list(after));
            for gone in before.iter().filter(|entry| !after.contains(entry)) {
                settings.push(setting(path, gone, &Value::Null));
            }
            for new in after.iter().filter(|entry| !before.contains(entry)) {
                settings.push(setting(path, &Value::Null, new));
            }
        }
        _ => settings.push(setting(path, before, after)),
    }
}

fn setting(path: &str, before: &Value, after: &Value) -> Setting {
    Setting { field: path.to_owned(), from: shown(before), to: shown(after), effect: effect(path, before, after) }
}

fn shown(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Object(fields) if fields.values().all(|value| !value.is_object() && !value.is_array()) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", plain(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
        other => plain(other),
    };
    Some(match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a field lets us reach further or guard less. Of a list each entry that comes or goes is asked.
fn effect(path: &str, before: &Value, after: &Value) -> &'static str {
    let widens = |widens: bool| if widens { "widens" } else { "narrows" };
    let comes = before.is_null();
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["mode" | "adopt" | "leavers" | "leaverProof"] | ["unmanaged" | "offboarding", _, "action"] => {
            widens(rank(after) > rank(before))
        }
        ["manage", _] => widens(after != &Value::Bool(false)),
        ["ownership", ..] => widens(rank(after) > rank(before)),
        ["safety", "settle"] | ["unmanaged", _, "after"] | ["offboarding", _, "deleteAfter"] => {
            widens(seconds(path, after) < seconds(path, before))
        }
        ["safety", "maxRemovals" | "maxAdditions", _] | ["maxShrink", _] | ["seats", "purchased"] => {
            widens(limit(after) > limit(before))
        }
        ["safety", "protected" | "keepAtLeast" | "approve"] | [.., "except"] => widens(!comes),
        ["safety", "approveFirst"] => widens(after == &Value::Bool(false)),
        ["suspend"] => widens(after != &Value::Bool(true)),
        ["allow" | "domains" | "shareWith" | "acknowledgedCliffs"] => widens(comes),
        _ => "other",
    }
}

/// The words of the policies from the most careful on; what is not said is as careful as can be.
fn rank(value: &Value) -> usize {
    const WORDS: [&[&str]; 5] = [
        &["Ignore", "Keep"],
        &["Report", "Observe", "Never", "Shared", "Disabled"],
        &["Suspend", "Additive", "Matched", "Exclusive", "DisabledOrDeleted", "Act"],
        &["Delete", "Full"],
        &[],
    ];
    let word = value.as_str().unwrap_or("Report");
    WORDS.iter().position(|words| words.contains(&word)).unwrap_or(WORDS.len())
}

/// How long something waits. What `after` does not say is at once, what `deleteAfter` does not say is never.
fn seconds(path: &str, value: &Value) -> u64 {
    let written = value.as_str().and_then(|text| text.parse::<Duration>().ok());
    let absent = if path.ends_with("deleteAfter") { u64::MAX } else { 0 };
    written.map_or(absent, |duration| duration.to_std().as_secs())
}

/// A limit that is not given is none.
fn limit(value: &Value) -> u64 {
    value.as_u64().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(before: &Value, after: &Value) -> Vec<(String, &'static str)> {
        compared(before, after).into_iter().map(|setting| (setting.field, setting.effect)).collect()
    }

    #[test]
    fn what_reaches_further_or_guards_less_widens() {
        for (path, before, after) in [
            ("mode", json!("Observe"), json!("Full")),
            ("manage.roles", json!(false), Value::Null),
            ("unmanaged.orphan.action", json!("Report"), json!("Suspend")),
            ("unmanaged.guest.action", json!("Ignore"), json!("Report")),
            ("offboarding.leaver.action", json!("Keep"), json!("Delete")),
            ("offboarding.leaver.deleteAfter", Value::Null, json!("90d")),
            ("unmanaged.orphan.after", json!("24h"), Value::Null),
            ("ownership.default", Value::Null, json!("Exclusive")),
            ("safety.settle", json!("10m"), json!("1m")),
            ("safety.maxRemovals.people", json!(3), json!(50)),
            ("safety.maxAdditions.people", json!(3), Value::Null),
            ("safety.protected", json!("root@x.example"), Value::Null),
            ("safety.approveFirst", json!(true), json!(false)),
            ("suspend", json!(true), Value::Null),
            ("allow", Value::Null, json!({"namespaces": {}})),
            ("leavers", Value::Null, json!("Act")),
            ("it/everybody#staff.except", json!({"directoryGroup": {}}), Value::Null),
        ] {
            assert_eq!(effect(path, &before, &after), "widens", "{path}");
            assert_eq!(effect(path, &after, &before), "narrows", "{path} back");
        }
        assert_eq!(effect("connector.scim.baseUrl", &json!("https://a"), &json!("https://b")), "other");
    }

    #[test]
    fn each_entry_of_a_list_stands_for_itself_and_the_order_means_something_of_roles_alone() {
        let (before, after) =
            (json!({"safety": {"protected": ["a", "b"]}}), json!({"safety": {"protected": ["b", "c"]}}));
        let rows = [("safety.protected".to_owned(), "widens"), ("safety.protected".to_owned(), "narrows")];
        assert_eq!(effects(&before, &after), rows);
        assert_eq!(effects(&json!({"owners": ["a", "b"]}), &json!({"owners": ["b", "a"]})), []);
        let order = |order: [&str; 2]| json!({"roles": {"order": order}});
        assert_eq!(compared(&order(["a", "b"]), &order(["b", "a"])).len(), 1);
    }

    #[test]
    fn to_write_a_default_out_changes_nothing() {
        let mut written =
            json!({"safety": {"settle": "10m", "maxRemovals": {"percent": 5}}, "manage": {"roles": true}});
        fill(&mut written, &defaults());
        assert_eq!(compared(&defaults(), &written), []);
    }

    #[test]
    fn no_object_fills_the_document() {
        let many: Vec<String> = (0..5000).map(|number| format!("user{number}")).collect();
        let settings = compared(&Value::Null, &json!({"members": many, "note": "x".repeat(5000)}));
        assert_eq!(settings.len(), MOST_FIELDS + 1);
        assert!(settings.iter().all(|setting| setting.to.as_ref().is_none_or(|text| text.len() < 300)));
    }
}
