//! What Flux, Helm and kpt make of an object: the generic rules of kstatus (`pkg/kstatus/status` of
//! `sigs.k8s.io/cli-utils`), which count for every kind that it has no rules of its own for.

use std::fmt;

use serde_json::{Value, json};

/// The status that those tools compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Terminating,
    InProgress,
    Failed,
    Current,
}

impl fmt::Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

fn conditions(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = object["status"]["conditions"].as_array().into_iter().flatten();
    all.map(|one| (one["type"].as_str().unwrap_or_default(), one["status"].as_str().unwrap_or_default()))
}

/// In the order of the original: deletion, generation, `Reconciling` and `Stalled` as they come, `Ready`, else current.
pub(super) fn seen(object: &Value) -> Seen {
    let metadata = &object["metadata"];
    if metadata["deletionTimestamp"].as_str().is_some_and(|time| !time.is_empty()) {
        return Seen::Terminating;
    }
    let (wanted, observed) = (metadata["generation"].as_i64(), object["status"]["observedGeneration"].as_i64());
    if observed.is_some_and(|observed| wanted.is_some_and(|wanted| wanted != observed)) {
        return Seen::InProgress;
    }
    for condition in conditions(object) {
        match condition {
            ("Reconciling", "True") => return Seen::InProgress,
            ("Stalled", "True") => return Seen::Failed,
            _ => {}
        }
    }
    match conditions(object).find(|(type_, _)| *type_ == "Ready") {
        Some((_, "False" | "Unknown")) => Seen::InProgress,
        _ => Seen::Current,
    }
}

/// Whether `kubectl wait --for=condition=Ready` is content: the condition is true, and about this generation.
pub(super) fn waited_for(object: &Value) -> bool {
    let all = object["status"]["conditions"].as_array();
    let Some(ready) = all.into_iter().flatten().find(|condition| condition["type"] == "Ready") else { return false };
    let observed = ready["observedGeneration"].as_i64().or(object["status"]["observedGeneration"].as_i64());
    let is_old = observed.zip(object["metadata"]["generation"].as_i64()).is_some_and(|(seen, wanted)| seen < wanted);
    !is_old && ready["status"] == "True"
}

#[test]
fn the_rules_are_those_of_kstatus() {
    let of = |metadata: Value, status: Value| seen(&json!({"metadata": metadata, "status": status}));
    let condition = |type_: &str, status: &str| json!({"type": type_, "status": status});
    let rows = [
        (json!({"generation": 2}), json!({}), Seen::Current),
        (json!({"generation": 2}), json!({"observedGeneration": 1}), Seen::InProgress),
        (json!({"generation": 2}), json!({"observedGeneration": 2}), Seen::Current),
        (json!({"deletionTimestamp": "2026-01-01T00:00:00Z"}), json!({"observedGeneration": 1}), Seen::Terminating),
        (json!({}), json!({"conditions": [condition("Ready", "True")]}), Seen::Current),
        (json!({}), json!({"conditions": [condition("Ready", "False")]}), Seen::InProgress),
        (json!({}), json!({"conditions": [condition("Ready", "Unknown")]}), Seen::InProgress),
        (json!({}), json!({"conditions": [condition("Ready", "False"), condition("Stalled", "True")]}), Seen::Failed),
        (
            json!({}),
            json!({"conditions": [condition("Ready", "True"), condition("Reconciling", "True")]}),
            Seen::InProgress,
        ),
        (json!({}), json!({"conditions": [condition("Ready", "True"), condition("Stalled", "False")]}), Seen::Current),
    ];
    for (metadata, status, expected) in rows {
        assert_eq!(of(metadata, status.clone()), expected, "{status}");
    }
}
