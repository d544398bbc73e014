//! Claims against their target app: is it there, and does it allow this namespace what is claimed?

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Findings, ObjectName, Subject, people};
use crate::api::{
    Kind, TargetApp, Time,
    app_access::{Grant, SubjectForm},
    policy::{Allow, AllowedNamespaces},
    reference::{Operator, Requirement, Selector},
};

/// Checks every `AppAccess`.
pub(super) fn check(findings: &mut Findings<'_>) {
    for (name, access) in &findings.loaded.app_accesses {
        let subject = Subject { kind: Kind::AppAccess, name, place: &access.place };
        let app = findings.target_app(subject, "spec.appRef", &access.object.spec.app_ref);
        let app_namespace = access.object.spec.app_ref.namespace.as_deref().unwrap_or(&name.namespace);
        for (index, grant) in access.object.spec.grants.iter().enumerate() {
            let path = format!("spec.grants[{index}]");
            people::subjects(findings, subject, &format!("{path}.subjects"), &grant.subjects);
            people::subjects(findings, subject, &format!("{path}.except"), &grant.except);
            if let Some(app) = app.filter(|_| *app_namespace != *name.namespace) {
                permitted(findings, subject, &path, &app.object, grant);
            }
        }
    }
}

/// Whether the target app allows all that the grant claims. What is not there reads the same as what is not allowed.
fn permitted(findings: &mut Findings<'_>, subject: Subject<'_>, path: &str, app: &TargetApp, grant: &Grant) {
    let namespace = &*subject.name.namespace;
    let labels = findings.loaded.namespaces.get(namespace);
    let selects = |allow: &&Allow| names_namespace(&allow.namespaces, namespace, labels);
    let allows: Vec<&Allow> = app.spec.allow.iter().filter(selects).collect();
    let privileged = app.spec.roles.as_ref().map(|roles| roles.privileged.as_slice()).unwrap_or_default();
    let now = findings.now;
    let allows: Vec<&&Allow> = allows.iter().filter(|allow| is_short(allow, grant, now)).collect();
    let mut refused = Vec::new();
    if allows.is_empty() {
        refused.push(path.to_owned());
    }
    for (index, role) in grant.roles.iter().enumerate() {
        let fits = |pattern: &String| {
            pattern == role || (!privileged.contains(role) && matches_glob(pattern, role, namespace))
        };
        if !allows.iter().any(|allow| allow.roles.iter().any(fits)) {
            refused.push(format!("{path}.roles[{index}]"));
        }
    }
    for (index, group) in grant.groups.iter().enumerate() {
        if !allows.iter().any(|allow| allow.groups.iter().any(|pattern| matches_glob(pattern, group, namespace))) {
            refused.push(format!("{path}.groups[{index}]"));
        }
    }
    for (index, claimed) in grant.entitlements.iter().enumerate() {
        let mut allowed = allows.iter().flat_map(|allow| &allow.entitlements);
        if !allowed.any(|entry| entry.type_ == claimed.type_ && matches_glob(&entry.name, &claimed.name, namespace)) {
            refused.push(format!("{path}.entitlements[{index}]"));
        }
    }
    for path in refused {
        let name = &subject.name.namespace;
        let message = format!("claims what the target app does not have or does not allow the namespace {name}");
        let help =
            "ask the owner of the target app for an entry below allow, and write an until within its maxDuration";
        findings.add(subject, &path, "NotAccepted", message, help);
    }
}

/// Whether every claim of the grant has an end, and none lasts longer than is allowed, as far as that can be told without
/// anybody's directory.
fn is_short(allow: &Allow, grant: &Grant, now: Timestamp) -> bool {
    let Some(maximum) = allow.max_duration else { return true };
    let from = grant.from.as_ref().map_or(now, Time::timestamp);
    grant.subjects.iter().all(|subject| {
        let ends = grant.until.iter().chain(&subject.until).map(Time::timestamp);
        let Some(until) = ends.min() else { return false };
        let lasts = u64::try_from(until.as_second().saturating_sub(from.as_second())).unwrap_or(0);
        // Of a team or a group, each person may have an earlier end.
        let is_one = matches!(subject.form(), Some(SubjectForm::User(_) | SubjectForm::Service(_)));
        !is_one || lasts <= maximum.to_std().as_secs()
    })
}

fn names_namespace(allowed: &AllowedNamespaces, namespace: &str, labels: Option<&BTreeMap<String, String>>) -> bool {
    allowed.names.iter().any(|name| name == namespace)
        || allowed.selector.as_ref().is_some_and(|selector| selects(selector, labels.unwrap_or(&BTreeMap::new())))
}

fn selects(selector: &Selector, labels: &BTreeMap<String, String>) -> bool {
    let fits = |requirement: &Requirement| {
        let value = labels.get(&requirement.key);
        match requirement.operator {
            Operator::In => value.is_some_and(|value| requirement.values.contains(value)),
            // As for labels anywhere in Kubernetes: a namespace without the label is not in the list either.
            Operator::NotIn => value.is_none_or(|value| !requirement.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    };
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(fits)
}

/// Whether `text` fits the glob: `*` any text, `?` any one character, `{namespace}` the claiming namespace.
fn matches_glob(pattern: &str, text: &str, namespace: &str) -> bool {
    let pattern: Vec<char> = pattern.replace("{namespace}", namespace).chars().collect();
    let text: Vec<char> = text.chars().collect();
    // One row per character of the pattern: which lengths of text it can have matched so far.
    let mut reached = vec![false; text.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for letter in pattern {
        let mut next = vec![false; text.len() + 1];
        let mut any_before = false;
        for (length, slot) in next.iter_mut().enumerate() {
            let here = reached.get(length).copied().unwrap_or_default();
            any_before = any_before || here;
            let before = length.checked_sub(1).and_then(|before| Some((*reached.get(before)?, *text.get(before)?)));
            *slot = if letter == '*' {
                any_before
            } else {
                before.is_some_and(|(reached, other)| reached && (letter == '?' || letter == other))
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// Whether an object may be named from `namespace`.
pub(super) fn is_shared(owner: &ObjectName, share_with: &[String], namespace: &str) -> bool {
    *owner.namespace == *namespace || share_with.iter().any(|shared| shared == namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_they_read() {
        for (pattern, text, fits) in [
            ("{namespace}/*", "team-red/leads", true),
            ("{namespace}/*", "team-redder/leads", false),
            ("*", "", true),
            ("a?c*", "abcdef", true),
            ("a?c", "ac", false),
            ("lobby", "lobby", true),
            ("*x*y", "axbxcy", true),
        ] {
            assert_eq!(matches_glob(pattern, text, "team-red"), fits, "{pattern} {text}");
        }
    }
}
