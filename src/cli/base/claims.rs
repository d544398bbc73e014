//! Which claims on an app differ between two versions of the files, whatever follows from it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    cli::output::review::ClaimRow,
    load::{Loaded, ObjectName},
};

/// The claims on an app that a change adds, removes or writes otherwise. The order of a list means nothing.
pub(super) fn differing(before: &Loaded, after: &Loaded, app: &ObjectName) -> Vec<ClaimRow> {
    let (before, after) = (written(before, app), written(after, app));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let told = names.into_iter().filter_map(|name| {
        let presence = match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) if before == after => return None,
            (Some(_), Some(_)) => "changed",
            (None, _) => "added",
            (_, None) => "removed",
        };
        Some(ClaimRow { claim: name.clone(), presence })
    });
    told.collect()
}

fn written(loaded: &Loaded, app: &ObjectName) -> BTreeMap<String, Value> {
    let mut claims = BTreeMap::new();
    for (name, access) in &loaded.app_accesses {
        let spec = &access.object.spec;
        let namespace = spec.app_ref.namespace.as_deref().unwrap_or(&name.namespace);
        if *spec.app_ref.name != *app.name || *namespace != *app.namespace {
            continue;
        }
        for grant in &spec.grants {
            let mut value = serde_json::to_value(grant).unwrap_or_default();
            for list in value.as_object_mut().into_iter().flat_map(|fields| fields.values_mut()) {
                if let Value::Array(entries) = list {
                    entries.sort_by_key(ToString::to_string);
                }
            }
            claims.insert(format!("{name}#{}", grant.name), value);
        }
    }
    claims
}
