//! `plan --cluster`: what the operator last wrote of each app. Nothing is computed here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use appaccess_core::access::ObjectName;
use kube::{Api, Client, Resource, api::ListParams, core::NamespaceResourceScope};
use serde::de::DeserializeOwned;

use super::{ClusterFlags, answered, connect, name_of, rows, waiting, word};
use crate::{
    api::{AccessPlan, TargetApp},
    cli::{
        error::CommandError,
        exit::Exit,
        flags::Format,
        output::{
            self,
            cluster::{CLUSTER_SCHEMA, ClusterApp, ClusterDocument, ClusterPlan},
            document::Condition,
            escape::{code_span, printable},
        },
    },
};

/// Objects of one answer.
const PAGE: u32 = 500;
/// Pages of one listing.
const MOST_PAGES: usize = 100;

/// Reads and prints.
pub(in crate::cli) async fn run(
    flags: &ClusterFlags,
    chosen: &[ObjectName],
    format: Format,
) -> Result<Exit, CommandError> {
    let client = connect(flags).await?;
    let named: BTreeSet<&str> = chosen.iter().map(|name| &*name.namespace).collect();
    // Whoever names apps of one namespace need not be allowed to read the others.
    let namespace = match (&flags.namespace, named.first()) {
        (_, Some(only)) if named.len() == 1 => Some(*only),
        (Some(namespace), None) => Some(namespace.as_str()),
        _ => None,
    };
    let apps: BTreeMap<ObjectName, TargetApp> =
        all(&client, namespace, "list the TargetApps", |app: &TargetApp| &app.metadata).await?;
    let plans: BTreeMap<ObjectName, AccessPlan> =
        all(&client, namespace, "list the AccessPlans", |plan: &AccessPlan| &plan.metadata).await?;
    if let Some(missing) = chosen.iter().find(|name| !apps.contains_key(*name)) {
        return Err(CommandError::refused(
            format!("nothing can be shown: there is no TargetApp {missing} in the cluster"),
            "see all of them by `appaccess plan --cluster`",
        ));
    }
    let wanted = apps.iter().filter(|(name, _)| chosen.is_empty() || chosen.contains(name));
    let apps: Vec<ClusterApp> = wanted.map(|(name, app)| entry(name, app, plans.get(name))).collect();
    let exit = apps.iter().map(exit).fold(Exit::Done, Exit::worst);
    let document = ClusterDocument { schema: CLUSTER_SCHEMA, apps };
    match format {
        Format::Json => output::json(&document)?,
        Format::Text => output::painted(&text(&document, flags, &|text| printable(text)))?,
        Format::Markdown => output::plain(&text(&document, flags, &|text| code_span(text)))?,
    }
    Ok(exit)
}

async fn all<K>(
    client: &Client,
    namespace: Option<&str>,
    what: &str,
    metadata: impl Fn(&K) -> &kube::api::ObjectMeta,
) -> Result<BTreeMap<ObjectName, K>, CommandError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let api: Api<K> = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let mut found = BTreeMap::new();
    let mut parameters = ListParams::default().limit(PAGE);
    for _ in 0..MOST_PAGES {
        let page = answered(what, api.list(&parameters)).await?;
        let next = page.metadata.continue_.filter(|token| !token.is_empty());
        found.extend(page.items.into_iter().map(|object| (name_of(metadata(&object)), object)));
        match next {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(found),
        }
    }
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX).saturating_mul(MOST_PAGES);
    let what = format!("nothing is shown: the cluster has more than {most} objects of one kind");
    Err(CommandError::refused(what, "look at them by `kubectl get`"))
}

fn entry(name: &ObjectName, app: &TargetApp, plan: Option<&AccessPlan>) -> ClusterApp {
    let status = app.status.clone().unwrap_or_default();
    let conditions = status.conditions.into_iter().map(|condition| Condition {
        kind: condition.type_,
        status: match condition.status.as_str() {
            "True" => "True",
            "False" => "False",
            _ => "Unknown",
        },
        reason: condition.reason,
        message: condition.message,
    });
    ClusterApp {
        app: name.to_string(),
        mode: word(app.spec.mode),
        conditions: conditions.collect(),
        plan: plan.map(|plan| ClusterPlan {
            digest: plan.spec.digest.clone(),
            reasons: plan.spec.reasons.clone(),
            people: plan.spec.people,
            allowed: plan.spec.allowed,
            changes: plan.spec.changes,
            rows: rows(plan),
            summary: waiting(plan),
        }),
    }
}

fn exit(app: &ClusterApp) -> Exit {
    let is = |kind: &str, status: &str| app.conditions.iter().any(|known| known.kind == kind && known.status == status);
    match &app.plan {
        Some(_) => Exit::Held,
        None if is("Ready", "False") || is("Stalled", "True") => Exit::Failed,
        None => Exit::Done,
    }
}

fn text(document: &ClusterDocument, flags: &ClusterFlags, shown: &dyn Fn(&str) -> String) -> String {
    let mut text = String::new();
    if document.apps.is_empty() {
        let place = flags.namespace.as_ref().map_or_else(|| "cluster".to_owned(), |name| format!("namespace {name}"));
        let _ = writeln!(text, "There is no TargetApp in the {}.", shown(&place));
    }
    for app in &document.apps {
        let _ = writeln!(text, "{}  mode {}", shown(&app.app), app.mode);
        for condition in &app.conditions {
            let line = format!("{}={} {}: {}", condition.kind, condition.status, condition.reason, condition.message);
            let _ = writeln!(text, "  - {}", shown(&line));
        }
        if let Some(plan) = &app.plan {
            let _ = writeln!(text, "  - Held: {}; {}", plan.summary, shown(&plan.reasons.join(", ")));
            for row in &plan.rows {
                let _ = writeln!(text, "    - {}", shown(row));
            }
            let command = format!("appaccess approve {} {}{}", app.app, plan.digest, flags.again());
            let _ = writeln!(text, "  - Next:  {}", shown(&command));
        }
    }
    text
}
