//! `plan --cluster`: what the operator last wrote of each app. Nothing is computed here.

use std::fmt::Write as _;

use appaccess_core::access::ObjectName;

use super::{ClusterFlags, connect, objects, rows, waiting, word};
use crate::{
    api::{AccessPlan, TargetApp, condition},
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
    load::Loaded,
};

/// Reads and prints.
pub(in crate::cli) async fn run(
    flags: &ClusterFlags,
    chosen: &[ObjectName],
    format: Format,
) -> Result<Exit, CommandError> {
    let client = connect(flags).await?;
    let Loaded { target_apps: apps, plans, broken, .. } =
        objects::Reader::new(&client, flags.asked(chosen)).apps().await?;
    let is_meant = |name: &ObjectName| chosen.is_empty() || chosen.contains(name);
    let unread = broken.iter().filter(|broken| broken.name.as_ref().is_none_or(is_meant));
    let mut exit = Exit::Done;
    for broken in unread {
        let name = broken.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let what = format!("{} {name} is not shown", broken.kind.name());
        output::three_lines(&what, "this version cannot read the object", "correct it, or use a version that knows it");
        exit = Exit::Failed;
    }
    let is_there =
        |name: &ObjectName| apps.contains_key(name) || broken.iter().any(|it| it.name.as_ref() == Some(name));
    if let Some(missing) = chosen.iter().find(|name| !is_there(name)) {
        return Err(CommandError::refused(
            format!("nothing can be shown: there is no TargetApp {missing} in the cluster"),
            "see all of them by `appaccess plan --cluster`",
        ));
    }
    let wanted = apps.iter().filter(|(name, _)| is_meant(name));
    let plan = |name| plans.get(name).map(|located| &located.object);
    let apps: Vec<ClusterApp> = wanted.map(|(name, app)| entry(name, &app.object, plan(name))).collect();
    let exit = apps.iter().map(self::exit).fold(exit, Exit::worst);
    let document = ClusterDocument { schema: CLUSTER_SCHEMA, apps };
    match format {
        Format::Json => output::json(&document)?,
        Format::Text => output::painted(&text(&document, flags, &|text| printable(text)))?,
        Format::Markdown => output::plain(&text(&document, flags, &|text| code_span(text)))?,
    }
    Ok(exit)
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

/// What the status of an app stands for. A hold may be left over from before the app could not be read any more.
fn exit(app: &ClusterApp) -> Exit {
    let is = |kind: &str, status: &str| app.conditions.iter().any(|known| known.kind == kind && known.status == status);
    let waits = |reason: &str| matches!(reason, condition::PLAN_HELD | condition::TASKS_OVERDUE);
    let mut not_ready = app.conditions.iter().filter(|known| known.kind == condition::READY && known.status == "False");
    let failed = is(condition::STALLED, "True") || not_ready.clone().any(|ready| !waits(&ready.reason));
    let held = app.plan.is_some() || not_ready.any(|ready| waits(&ready.reason));
    let held = if held { Exit::Held } else { Exit::Done };
    if failed { held.worst(Exit::Failed) } else { held }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn app(conditions: &[(&str, &'static str, &str)], is_held: bool) -> ClusterApp {
        let condition = |(kind, status, reason): &(&str, &'static str, &str)| Condition {
            kind: (*kind).to_owned(),
            status,
            reason: (*reason).to_owned(),
            message: String::new(),
        };
        let plan = ClusterPlan {
            digest: String::new(),
            reasons: Vec::new(),
            people: 1,
            allowed: None,
            changes: 1,
            rows: Vec::new(),
            summary: String::new(),
        };
        ClusterApp {
            app: "it/planner".to_owned(),
            mode: "Full".to_owned(),
            conditions: conditions.iter().map(condition).collect(),
            plan: is_held.then_some(plan),
        }
    }

    #[test]
    fn what_failed_is_worse_than_what_waits() {
        let told = |conditions: &[(&str, &'static str, &str)], is_held| exit(&app(conditions, is_held));
        assert_eq!(told(&[("Ready", "True", "Done")], false), Exit::Done);
        assert_eq!(told(&[("Ready", "False", "PlanHeld")], true), Exit::Held);
        assert_eq!(told(&[("Ready", "False", "CredentialsInvalid")], true), Exit::Failed);
        assert_eq!(told(&[("Ready", "False", "CredentialsInvalid")], false), Exit::Failed);
        assert_eq!(told(&[("Ready", "False", "PlanHeld"), ("Stalled", "True", "DuplicateTarget")], true), Exit::Failed);
        // A task past its deadline waits for a person.
        assert_eq!(told(&[("Ready", "False", "TasksOverdue")], false), Exit::Held);
        assert_eq!(told(&[("Ready", "Unknown", "Progressing")], true), Exit::Held);
    }
}
