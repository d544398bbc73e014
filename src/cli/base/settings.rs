//! Fields that a change of the files alters beside claims: what a target app may do and what guards it, directories, teams.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    api::{Directory, Duration, TargetAppSpec, app_access::Subject, reference::Reference, team::TeamSpec},
    cli::output::review::{Setting, Touched},
    load::{Loaded, ObjectName, Objects},
};

/// Fields of one object beyond this number are counted, but for those that widen.
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

/// Those that reach further or guard less first, and all of them; of the others so many that it stays readable.
pub(super) fn bounded(settings: Vec<Setting>) -> Vec<Setting> {
    let (mut told, mut others): (Vec<Setting>, Vec<Setting>) =
        settings.into_iter().partition(|setting| setting.effect == "widens");
    let room = MOST_FIELDS.saturating_sub(told.len());
    let more = others.len().saturating_sub(room);
    others.truncate(room);
    told.append(&mut others);
    if more > 0 {
        let to = Some(format!("{more} more fields"));
        told.push(Setting { field: "…".into(), from: None, to, effect: "other" });
    }
    told
}

/// Selections of people in the claims on an app that change, and who is taken out of them: nobody can tell here whose
/// access that is, and two selections over one directory bear one name.
pub(super) fn selections(before: &Loaded, after: &Loaded, app: &ObjectName) -> Vec<Setting> {
    let (before, after) = (selected(before, app), selected(after, app));
    let claims: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut settings = Vec::new();
    let nothing = Selected::default();
    for claim in claims {
        let (before, after) = (before.get(claim).unwrap_or(&nothing), after.get(claim).unwrap_or(&nothing));
        // Who is taken out matters where anybody may be in it.
        let is_open = before.is_open || after.is_open;
        let except = |side: &Selected| {
            let told = side.except.iter().filter(|(_, unnamed)| is_open || *unnamed);
            told.map(|(entry, _)| entry.clone()).collect::<Vec<_>>().into()
        };
        walk(&format!("{claim}.except"), &except(before), &except(after), &mut settings);
        walk(&format!("{claim}.match"), &before.matches.clone().into(), &after.matches.clone().into(), &mut settings);
    }
    settings
}

/// What one claim says of people whom only a directory can name.
#[derive(Default)]
struct Selected {
    matches: Vec<Value>,
    /// Who is taken out, with whether a directory alone can tell who that is.
    except: Vec<(Value, bool)>,
    /// Whether a directory alone can tell who is in it.
    is_open: bool,
}

fn selected(loaded: &Loaded, app: &ObjectName) -> BTreeMap<String, Selected> {
    let mut selected: BTreeMap<String, Selected> = BTreeMap::new();
    for (name, access) in &loaded.app_accesses {
        let spec = &access.object.spec;
        let namespace = spec.app_ref.namespace.as_deref().unwrap_or(&name.namespace);
        if *spec.app_ref.name != *app.name || *namespace != *app.namespace {
            continue;
        }
        let people = Unnamed { loaded, namespace: &name.namespace };
        for grant in &spec.grants {
            let of_claim = Selected {
                matches: grant.subjects.iter().filter_map(of_match).collect(),
                except: people.entries(&grant.except, &mut BTreeSet::new()),
                is_open: grant.subjects.iter().any(|subject| people.holds(subject, &mut BTreeSet::new())),
            };
            selected.insert(format!("{name}#{}", grant.name), of_claim);
        }
    }
    selected
}

/// A selection, with its window where it has one.
fn of_match(subject: &Subject) -> Option<Value> {
    let mut value = json(subject.match_.as_ref()?);
    let fields = value.as_object_mut()?;
    for (name, time) in [("from", &subject.from), ("until", &subject.until)] {
        fields.extend(time.iter().map(|time| (name.to_owned(), json(time))));
    }
    Some(value)
}

/// Tells, from one namespace, who can be named from the files alone.
#[derive(Clone, Copy)]
struct Unnamed<'a> {
    loaded: &'a Loaded,
    namespace: &'a str,
}

impl<'a> Unnamed<'a> {
    fn team(self, reference: &Reference) -> Option<(Self, ObjectName, &'a TeamSpec)> {
        let name = ObjectName::new(reference.namespace.as_deref().unwrap_or(self.namespace), &reference.name);
        let (known, team) = self.loaded.teams.get_key_value(&name)?;
        Some((Self { namespace: &known.namespace, ..self }, name, &team.object.spec))
    }

    /// Whether a subject holds a group or a selection, through teams as well.
    fn holds(self, subject: &Subject, seen: &mut BTreeSet<ObjectName>) -> bool {
        subject.match_.is_some()
            || subject.directory_group.is_some()
            || subject.team.as_ref().is_some_and(|team| self.holds_team(team, seen))
    }

    fn holds_team(self, reference: &Reference, seen: &mut BTreeSet<ObjectName>) -> bool {
        let Some((people, name, team)) = self.team(reference) else { return false };
        seen.insert(name)
            && (team.match_.is_some()
                || !team.directory_groups.is_empty()
                || team.teams.iter().any(|inner| people.holds_team(inner, seen)))
    }

    /// Exceptions as written, those of teams with what the team lists, each with whether only a directory can name it.
    fn entries(self, except: &[Subject], seen: &mut BTreeSet<ObjectName>) -> Vec<(Value, bool)> {
        let mut entries = Vec::new();
        for subject in except {
            entries.push((json(subject), self.holds(subject, &mut BTreeSet::new())));
            if let Some(team) = &subject.team {
                self.members(team, seen, &mut entries);
            }
        }
        entries
    }

    fn members(self, reference: &Reference, seen: &mut BTreeSet<ObjectName>, entries: &mut Vec<(Value, bool)>) {
        let Some((people, name, team)) = self.team(reference) else { return };
        if !seen.insert(name.clone()) {
            return;
        }
        let of = |entry: Value, unnamed: bool| {
            let mut entry = entry;
            if let Some(fields) = entry.as_object_mut() {
                fields.insert("team".into(), name.to_string().into());
            }
            (entry, unnamed)
        };
        entries.extend(team.members.iter().map(|member| of(json(member), false)));
        entries.extend(team.directory_groups.iter().map(|group| of(json(group), true)));
        entries.extend(team.match_.iter().map(|terms| of(json(terms), true)));
        for inner in &team.teams {
            people.members(inner, seen, entries);
        }
    }
}

/// Directories and teams that differ, in order; of teams those that are meant.
pub(super) fn touched(before: &Loaded, after: &Loaded, is_meant: impl Fn(&ObjectName) -> bool) -> Vec<Touched> {
    let mut touched = Vec::new();
    let defaults = json!({"leavers": "Report", "leaverProof": "Disabled", "maxShrink": {"people": 5, "percent": 5}});
    let directory = |directory: &Directory| {
        let mut written = json(&directory.spec);
        fill(&mut written, &defaults);
        written
    };
    of_kind("Directory", (&before.directories, &after.directories), &defaults, directory, &mut touched);
    let directories = touched.len();
    of_kind("Team", (&before.teams, &after.teams), &Value::Null, |team| json(&team.spec), &mut touched);
    let teams = touched.split_off(directories);
    touched.extend(teams.into_iter().filter(|team| is_meant(&team.0)));
    touched.into_iter().map(|(_, touched)| touched).collect()
}

/// What differs; of a new object, what reaches further than the defaults.
fn of_kind<T>(
    kind: &str,
    (before, after): (&Objects<T>, &Objects<T>),
    defaults: &Value,
    spec: impl Fn(&T) -> Value,
    touched: &mut Vec<(ObjectName, Touched)>,
) {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for name in names {
        let sides = (before.get(name), after.get(name));
        let (presence, settings) = match sides {
            (Some(before), Some(after)) => ("changed", compared(&spec(&before.object), &spec(&after.object))),
            (None, Some(after)) => {
                let all = compared(defaults, &spec(&after.object)).into_iter();
                ("added", all.filter(|setting| setting.effect == "widens").collect())
            }
            _ => ("removed", Vec::new()),
        };
        if presence != "changed" || !settings.is_empty() {
            let settings = bounded(settings);
            touched.push((name.clone(), Touched { object: format!("{kind} {name}"), presence, settings }));
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

/// Every field that differs.
pub(super) fn compared(before: &Value, after: &Value) -> Vec<Setting> {
    let mut settings = Vec::new();
    walk("", before, after, &mut settings);
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
            let known = |list: &[Value]| list.iter().map(Value::to_string).collect::<BTreeSet<String>>();
            let (was, is) = (known(&before), known(&after));
            for gone in before.iter().filter(|entry| !is.contains(&entry.to_string())) {
                settings.push(setting(path, gone, &Value::Null));
            }
            for new in after.iter().filter(|entry| !was.contains(&entry.to_string())) {
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
        ["decision"] => widens(after == "Approve" || before == "Reject"),
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
    fn no_object_fills_the_document_and_none_hides_what_widens() {
        let many: Vec<String> = (0..5000).map(|number| format!("user{number}")).collect();
        let after = json!({"members": many, "note": "x".repeat(5000), "shareWith": ["elsewhere"]});
        let settings = bounded(compared(&Value::Null, &after));
        assert_eq!(settings.len(), MOST_FIELDS + 1);
        assert!(settings.iter().all(|setting| setting.to.as_ref().is_none_or(|text| text.len() < 300)));
        assert_eq!(settings.first().map(|setting| setting.field.as_str()), Some("shareWith"));
        assert_eq!(settings.last().and_then(|setting| setting.to.as_deref()), Some("4902 more fields"));
        let all = bounded(compared(&Value::Null, &json!({"shareWith": many})));
        assert_eq!(all.len(), 5000, "what widens is never cut");
    }
}
