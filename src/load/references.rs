//! References between objects, judged without any app: what a pull request should learn before a pass does. These are
//! findings, not invalid files: the pass that meets them treats the claim as unknown or refused and goes on.

mod claims;
mod people;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Loaded, Located, ObjectName, Place};
use crate::api::{Kind, TargetApp, connector::Connector, reference::Reference};

/// Something that names what is not there, or may not be named. Ordered by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where the document of the object begins.
    pub place: Place,
    /// The object, as `AppAccess it/boards`.
    pub object: String,
    /// The field, as `spec.grants[0].subjects[1].team`.
    pub path: String,
    /// Stable reason in one word.
    pub reason: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// All findings, in order. What is limited in time counts from `now`, where it says nothing else.
#[must_use]
pub fn references(loaded: &Loaded, now: Timestamp) -> Vec<Finding> {
    let mut findings = Findings { loaded, now, found: Vec::new() };
    claims::check(&mut findings);
    people::check(&mut findings);
    target_keys(&mut findings);
    decisions(&mut findings);
    findings.found.sort();
    findings.found.dedup();
    findings.found
}

/// The tenant that a target app is: two objects for one tenant would fight.
#[must_use]
pub fn target_key(name: &ObjectName, app: &TargetApp) -> String {
    let connector = &app.spec.connector;
    let tenant = match connector {
        Connector::Scim(scim) => canonical_url(&scim.base_url),
        Connector::Clockify(clockify) => clockify.workspace_id.to_string(),
        Connector::Toggl(toggl) => toggl.organization_id.to_string(),
        Connector::Harvest(harvest) => harvest.account_id.to_string(),
        Connector::Aha(aha) => aha.domain.to_lowercase(),
        Connector::Manual(_) => name.to_string(),
    };
    format!("{}:{tenant}", connector.name())
}

/// Scheme and host in lower case, no default port, no slash at the end.
fn canonical_url(text: &str) -> String {
    url::Url::parse(text).map_or_else(|_| text.to_owned(), |url| url.as_str().trim_end_matches('/').to_owned())
}

/// What is being gathered, and from what.
struct Findings<'a> {
    loaded: &'a Loaded,
    now: Timestamp,
    found: Vec<Finding>,
}

/// The object that a finding is about.
#[derive(Clone, Copy)]
struct Subject<'a> {
    kind: Kind,
    name: &'a ObjectName,
    place: &'a Place,
}

impl<'a> Findings<'a> {
    fn add(&mut self, subject: Subject<'_>, path: &str, reason: &'static str, message: String, help: &str) {
        self.found.push(Finding {
            place: subject.place.clone(),
            object: format!("{} {}", subject.kind, subject.name),
            path: path.to_owned(),
            reason,
            message,
            help: help.to_owned(),
        });
    }

    /// Whether an object of that name may well exist although it could not be read.
    fn is_broken(&self, kind: Kind, name: &ObjectName) -> bool {
        self.loaded
            .broken
            .iter()
            .any(|broken| broken.kind == kind && broken.name.as_ref().is_none_or(|known| known == name))
    }

    /// The target app of that name; a finding where there is none.
    fn target_app(
        &mut self,
        subject: Subject<'_>,
        path: &str,
        reference: &Reference,
    ) -> Option<&'a Located<TargetApp>> {
        let name = resolve(subject, reference);
        let app = self.loaded.target_apps.get(&name);
        if app.is_none() && !self.is_broken(Kind::TargetApp, &name) {
            self.add(
                subject,
                path,
                "NotAccepted",
                format!("names the target app {name}, which is not there or does not allow this"),
                "write the name of a TargetApp among the files, with its namespace where that differs",
            );
        }
        app
    }
}

/// The object that a reference names from within `subject`.
fn resolve(subject: Subject<'_>, reference: &Reference) -> ObjectName {
    ObjectName::new(reference.namespace.as_deref().unwrap_or(&subject.name.namespace), &reference.name)
}

/// Two target apps for one tenant: the later by name is stalled.
fn target_keys(findings: &mut Findings<'_>) {
    let mut owners: BTreeMap<String, &ObjectName> = BTreeMap::new();
    for (name, app) in &findings.loaded.target_apps {
        let key = target_key(name, &app.object);
        if let Some(owner) = owners.get(&key) {
            let message = format!("is the same tenant as {owner} ({key})");
            let subject = Subject { kind: Kind::TargetApp, name, place: &app.place };
            findings.add(subject, "spec.connector", "DuplicateTarget", message, "keep one TargetApp per tenant");
        } else {
            owners.insert(key, name);
        }
    }
}

fn decisions(findings: &mut Findings<'_>) {
    for (name, approval) in &findings.loaded.approvals {
        let subject = Subject { kind: Kind::AccessApproval, name, place: &approval.place };
        if let Some(reference) = &approval.object.spec.app_ref {
            findings.target_app(subject, "spec.appRef", reference);
        }
        if let Some(reference) = &approval.object.spec.directory_ref {
            let directory = resolve(subject, reference);
            people::directory(findings, subject, "spec.directoryRef", &directory, false);
        }
    }
}
