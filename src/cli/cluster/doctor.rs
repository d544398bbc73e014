//! `doctor --cluster`: what the status of every object says, each with its remedy. No credential, no store and no app is
//! asked.

use std::collections::BTreeMap;

use appaccess_core::access::ObjectName;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{ClusterFlags, connect, objects, word};
use crate::{
    api::{AppAccess, Directory, Kind, TargetApp, Team, condition},
    cli::{
        error::CommandError,
        output::{
            doctor::{DOCTOR_SCHEMA, DoctorApp, DoctorDocument, finding},
            document::{Calls, ErrorEntry},
            note,
        },
    },
    doctor::{Finding, Severity, Told, of_status},
    load::{Loaded, Objects},
};

/// How long before its end a credential is worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The claims on each app, and those on apps that are not told.
type ClaimsByApp<'a> = BTreeMap<ObjectName, Vec<(&'a ObjectName, &'a AppAccess)>>;

/// Reads the objects and tells what their status says.
pub(in crate::cli) async fn document(
    flags: &ClusterFlags,
    chosen: &[ObjectName],
) -> Result<DoctorDocument, CommandError> {
    let client = connect(flags).await?;
    let mut reader = objects::Reader::new(&client, flags.asked(chosen));
    let loaded = reader.everything().await?;
    super::known(&loaded, chosen)?;
    let unseen = reader.unseen().map(|what| Finding::new(Severity::Note, "Rights", what));
    let document = judged(&loaded, flags, chosen, unseen.as_ref(), Timestamp::now());
    if let Some(unseen) = unseen.filter(|_| document.apps.is_empty()) {
        note(&format!("{}\n", unseen.what));
    }
    Ok(document)
}

/// What the status of the objects says of the apps that are meant; where none is named, of everything.
fn judged(
    loaded: &Loaded,
    flags: &ClusterFlags,
    chosen: &[ObjectName],
    unseen: Option<&Finding>,
    now: Timestamp,
) -> DoctorDocument {
    let is_chosen = |name: &ObjectName| if chosen.is_empty() { flags.covers(name) } else { chosen.contains(name) };
    let mut claims = ClaimsByApp::new();
    for (name, located) in &loaded.app_accesses {
        let reference = &located.object.spec.app_ref;
        let namespace = reference.namespace.as_deref().unwrap_or(&name.namespace);
        let app = ObjectName::new(namespace, &reference.name);
        claims.entry(app).or_default().push((name, &located.object));
    }
    let wanted = loaded.target_apps.iter().filter(|(name, _)| is_chosen(name));
    let apps = wanted.map(|(name, located)| {
        let claims = claims.remove(name).unwrap_or_default();
        let mut told = app(name, &located.object, &claims, now);
        told.findings.extend(unseen.cloned().map(finding));
        told
    });
    let apps = apps.collect();
    let errors = if chosen.is_empty() { elsewhere(loaded, flags, &claims) } else { Vec::new() };
    DoctorDocument { schema: DOCTOR_SCHEMA, apps, errors }
}

fn app(name: &ObjectName, app: &TargetApp, claims: &[(&ObjectName, &AppAccess)], now: Timestamp) -> DoctorApp {
    let status = app.status.clone().unwrap_or_default();
    let mut findings = findings_of(app);
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
    findings.extend(claims.iter().flat_map(|(name, access)| claimed(name, access)));
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

/// What is wrong with claims on an app, with their object's name.
fn claimed(name: &ObjectName, access: &AppAccess) -> Vec<Finding> {
    let worth = findings_of(access).into_iter().filter(|finding| {
        // What keeps the app from being read is said once, at the app.
        let of_app = finding.why.ends_with(": TargetAppNotRead") || matches!(finding.check, "InSync" | "Reconciling");
        finding.severity > Severity::Good && !of_app
    });
    worth.map(|finding| Finding { what: format!("AppAccess {name}: {}", finding.what), ..finding }).collect()
}

/// What is broken outside the apps that are told: directories, teams, claims on an app that is not there or elsewhere, and
/// objects that this version cannot read.
fn elsewhere(loaded: &Loaded, flags: &ClusterFlags, claims: &ClaimsByApp<'_>) -> Vec<ErrorEntry> {
    let accesses = claims.values().flatten().copied();
    let mut errors = broken(Kind::AppAccess, accesses, flags);
    errors.extend(broken(Kind::Directory, objects_of(&loaded.directories), flags));
    errors.extend(broken(Kind::Team, objects_of(&loaded.teams), flags));
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

fn objects_of<K>(objects: &Objects<K>) -> impl Iterator<Item = (&ObjectName, &K)> {
    objects.iter().map(|(name, located)| (name, &located.object))
}

/// What is broken about objects of one kind.
fn broken<'a, K: Judged + 'a>(
    kind: Kind,
    objects: impl Iterator<Item = (&'a ObjectName, &'a K)>,
    flags: &ClusterFlags,
) -> Vec<ErrorEntry> {
    let covered = objects.filter(|(name, _)| flags.covers(name));
    let entries = covered.flat_map(|(name, object)| {
        let worst = findings_of(object).into_iter().filter(|finding| finding.severity == Severity::Broken);
        worst.map(move |finding| ErrorEntry {
            app: None,
            object: format!("{} {name}", kind.name()),
            reason: finding.why.rsplit_once(": ").map_or(finding.check, |(_, reason)| reason).to_owned(),
            message: finding.what,
            remedy: finding.remedy,
            place: None,
        })
    });
    entries.collect()
}

fn findings_of(object: &impl Judged) -> Vec<Finding> {
    let (observed, conditions) = object.judgement();
    of_status(&Told { generation: object.generation(), observed, conditions })
}

/// An object on which an operator writes what it thinks of it.
trait Judged {
    /// The generation of its text.
    fn generation(&self) -> Option<i64>;
    /// The generation that was judged, and the conditions.
    fn judgement(&self) -> (Option<i64>, &[Condition]);
}

macro_rules! judged {
    ($($kind:ty),+) => {$(
        impl Judged for $kind {
            fn generation(&self) -> Option<i64> {
                self.metadata.generation
            }

            fn judgement(&self) -> (Option<i64>, &[Condition]) {
                self.status.as_ref().map_or((None, &[]), |status| (status.observed_generation, &status.conditions))
            }
        }
    )+};
}

judged!(TargetApp, AppAccess, Team, Directory);

#[cfg(test)]
mod tests;
