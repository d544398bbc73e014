//! `doctor --cluster`: what the status of every object says, each with its remedy. No credential, no store and no app is
//! asked.

use appaccess_core::access::ObjectName;
use jiff::{SignedDuration, Timestamp};

use super::{ClusterFlags, connect, objects, word};
use crate::{
    api::{TargetApp, condition},
    cli::{
        error::CommandError,
        output::{
            doctor::{DOCTOR_SCHEMA, DoctorApp, DoctorDocument, finding},
            document::{Calls, ErrorEntry},
        },
    },
    doctor::{Finding, Severity, Told, of_status},
    load::Loaded,
};

/// How long before its end a credential is worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Reads the objects and tells what their status says.
pub(in crate::cli) async fn document(
    flags: &ClusterFlags,
    chosen: &[ObjectName],
) -> Result<DoctorDocument, CommandError> {
    let loaded = objects::read(&connect(flags).await?).await?;
    super::known(&loaded, chosen)?;
    let now = Timestamp::now();
    let is_chosen = |name: &ObjectName| if chosen.is_empty() { flags.covers(name) } else { chosen.contains(name) };
    let wanted = loaded.target_apps.iter().filter(|(name, _)| is_chosen(name));
    let apps = wanted.map(|(name, located)| app(&loaded, name, &located.object, now)).collect();
    let errors = if chosen.is_empty() { elsewhere(&loaded, flags) } else { Vec::new() };
    Ok(DoctorDocument { schema: DOCTOR_SCHEMA, apps, errors })
}

fn app(loaded: &Loaded, name: &ObjectName, app: &TargetApp, now: Timestamp) -> DoctorApp {
    let status = app.status.clone().unwrap_or_default();
    let told = Told {
        generation: app.metadata.generation,
        observed: status.observed_generation,
        conditions: &status.conditions,
    };
    let mut findings = of_status(&told);
    if let Some(ends) = status.credential.as_ref().and_then(|credential| credential.expires_at.as_ref()) {
        let ends = ends.timestamp();
        if now.checked_add(SOON).is_ok_and(|soon| ends <= soon) {
            let finding = Finding::new(Severity::Warning, "Credential", format!("the credential ends at {ends}"));
            findings.push(finding.remedied_by("make a new one and put it into the Secret before that"));
        }
    }
    if let Some(drift) = status.drift_total.filter(|drift| *drift > 0) {
        let what = crate::cli::output::words::counted(
            drift,
            "difference that nobody declared",
            "differences that nobody declared",
        );
        let finding = Finding::new(Severity::Note, "Drift", what);
        findings.push(finding.remedied_by("`kubectl get targetapp -o yaml` shows the first 20 under `status.drift`"));
    }
    findings.extend(claims(loaded, name));
    let complete = condition::find(&status.conditions, condition::READ_COMPLETE);
    DoctorApp {
        app: name.to_string(),
        connector: app.spec.connector.name().to_owned(),
        mode: word(app.spec.mode),
        suspended: condition::find(&status.conditions, condition::SUSPENDED)
            .is_some_and(|known| known.status == "True"),
        complete: complete.map(|known| known.status == "True"),
        capabilities: status.capabilities,
        quota: None,
        findings: findings.into_iter().map(finding).collect(),
        calls: Calls::default(),
    }
}

/// What is wrong with the claims on an app, each with its object's name.
fn claims(loaded: &Loaded, app: &ObjectName) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, located) in &loaded.app_accesses {
        let reference = &located.object.spec.app_ref;
        let namespace = reference.namespace.as_deref().unwrap_or(&name.namespace);
        if *app.namespace != *namespace || *app.name != *reference.name {
            continue;
        }
        let status = located.object.status.clone().unwrap_or_default();
        let told = Told {
            generation: located.object.metadata.generation,
            observed: status.observed_generation,
            conditions: &status.conditions,
        };
        let worth = of_status(&told).into_iter().filter(|finding| {
            // What keeps the app from being read is said once, at the app.
            let of_app =
                finding.why.ends_with(": TargetAppNotRead") || matches!(finding.check, "InSync" | "Reconciling");
            finding.severity > Severity::Good && !of_app
        });
        findings
            .extend(worth.map(|finding| Finding { what: format!("AppAccess {name}: {}", finding.what), ..finding }));
    }
    findings
}

/// What is broken outside any app: directories, teams, and objects that this version cannot read.
fn elsewhere(loaded: &Loaded, flags: &ClusterFlags) -> Vec<ErrorEntry> {
    let entry = |object: String, finding: &Finding| ErrorEntry {
        app: None,
        object,
        reason: finding.why.rsplit(": ").next().unwrap_or_default().to_owned(),
        message: finding.what.clone(),
        remedy: finding.remedy.clone(),
        place: None,
    };
    let broken = |finding: &Finding| finding.severity == Severity::Broken;
    let mut errors = Vec::new();
    for (name, located) in loaded.directories.iter().filter(|(name, _)| flags.covers(name)) {
        let status = located.object.status.clone().unwrap_or_default();
        let generation = located.object.metadata.generation;
        let told = Told { generation, observed: status.observed_generation, conditions: &status.conditions };
        let found = of_status(&told);
        errors.extend(
            found.iter().filter(|finding| broken(finding)).map(|finding| entry(format!("Directory {name}"), finding)),
        );
    }
    for (name, located) in loaded.teams.iter().filter(|(name, _)| flags.covers(name)) {
        let status = located.object.status.clone().unwrap_or_default();
        let generation = located.object.metadata.generation;
        let told = Told { generation, observed: status.observed_generation, conditions: &status.conditions };
        let found = of_status(&told);
        errors.extend(
            found.iter().filter(|finding| broken(finding)).map(|finding| entry(format!("Team {name}"), finding)),
        );
    }
    let unread = loaded.broken.iter().filter(|broken| broken.name.as_ref().is_none_or(|name| flags.covers(name)));
    errors.extend(unread.map(|broken| ErrorEntry {
        app: None,
        object: format!("{} {}", broken.kind.name(), broken.name.as_ref().map(ToString::to_string).unwrap_or_default()),
        reason: "Undecodable".to_owned(),
        message: "this version cannot read the object".to_owned(),
        remedy: "correct the object, or use a version that knows it".to_owned(),
        place: None,
    }));
    errors.sort();
    errors.dedup();
    errors
}
