//! Where each subject on the way to a person is written.

use appaccess_core::{
    access::ObjectName,
    resolve::{Exception, Step, Subject, Traced, Way},
};
use kube::api::ObjectMeta;

use crate::{
    api::{APPROVED_BY, COMMIT, PULL_REQUEST},
    cli::output::explain::Source,
    load::{Loaded, Place, locate::Locator},
};

/// Managers of fields that are told of one object.
const MOST_MANAGERS: usize = 4;

/// The declarations, and where each part of them is written.
pub(in crate::cli) struct Places<'a> {
    pub(super) loaded: &'a Loaded,
    locator: Locator,
}

impl<'a> Places<'a> {
    pub(in crate::cli) fn of(loaded: &'a Loaded) -> Self {
        Self { loaded, locator: Locator::default() }
    }

    /// The line of a claim's grant; `None` where its object is not from a file.
    pub(super) fn grant(&self, traced: &Traced) -> Option<Place> {
        let access = self.loaded.app_accesses.get(&traced.claim.object)?;
        self.at(&access.place, &format!("spec.grants[{}]", traced.index))
    }

    /// The lines of the steps of a way.
    pub(super) fn way(&self, traced: &Traced, way: &Way) -> Vec<Option<Place>> {
        let access = self.loaded.app_accesses.get(&traced.claim.object);
        let first =
            |step: &Step| self.at(&access?.place, &format!("spec.grants[{}].subjects[{}]", traced.index, step.index));
        self.further(&way.steps, first)
    }

    /// The lines of the steps of an exception.
    pub(super) fn exception(&self, traced: &Traced, exception: &Exception) -> Vec<Option<Place>> {
        let first = |step: &Step| {
            if let Some(team) = &exception.team {
                return self.at(&self.loaded.teams.get(team)?.place, &format!("spec.except[{}]", step.index));
            }
            let access = self.loaded.app_accesses.get(&traced.claim.object)?;
            self.at(&access.place, &format!("spec.grants[{}].except[{}]", traced.index, step.index))
        };
        self.further(&exception.steps, first)
    }

    fn further(&self, steps: &[Step], first: impl Fn(&Step) -> Option<Place>) -> Vec<Option<Place>> {
        let mut team: Option<&ObjectName> = None;
        let mut places = Vec::new();
        for step in steps {
            places.push(match team {
                None => first(step),
                Some(team) => self.part(team, step.index),
            });
            team = if let Subject::Team(name) = &step.subject { Some(name) } else { None };
        }
        places
    }

    /// The line of the part of a team by its place in the order in which the engine takes them.
    fn part(&self, team: &ObjectName, index: usize) -> Option<Place> {
        let team = self.loaded.teams.get(team)?;
        let spec = &team.object.spec;
        let lists = [
            ("members", spec.members.len()),
            ("teams", spec.teams.len()),
            ("directoryGroups", spec.directory_groups.len()),
        ];
        let mut index = index;
        for (field, length) in lists {
            if index < length {
                return self.at(&team.place, &format!("spec.{field}[{index}]"));
            }
            index -= length;
        }
        self.at(&team.place, "spec.match")
    }

    /// The line of a field; objects of a cluster have none.
    fn at(&self, document: &Place, field: &str) -> Option<Place> {
        (document.line > 0).then(|| self.locator.locate(document, field))
    }
}

/// What an object says of where it comes from.
pub(in crate::cli) fn source(metadata: &ObjectMeta) -> Vec<Source> {
    let annotation = |name: &str| metadata.annotations.as_ref().and_then(|all| all.get(name)).cloned();
    let label = |name: &str| metadata.labels.as_ref().and_then(|all| all.get(name)).cloned();
    let flux = |kind: &str| {
        let name = label(&format!("{kind}.toolkit.fluxcd.io/name"))?;
        let namespace = label(&format!("{kind}.toolkit.fluxcd.io/namespace")).unwrap_or_default();
        Some(format!("{} {namespace}/{name}", if kind == "helm" { "HelmRelease" } else { "Kustomization" }))
    };
    let told = [
        ("approvedBy", annotation(APPROVED_BY)),
        ("pullRequest", annotation(PULL_REQUEST)),
        ("commit", annotation(COMMIT)),
        ("flux", flux("kustomize")),
        ("flux", flux("helm")),
        ("argocd", annotation("argocd.argoproj.io/tracking-id")),
        ("helm", annotation("meta.helm.sh/release-name")),
    ];
    let told = told.into_iter().filter_map(|(kind, name)| Some(Source { kind, name: name? }));
    let fields = metadata.managed_fields.iter().flatten().filter(|entry| entry.subresource.is_none());
    let managers = fields.filter_map(|entry| {
        let time = entry.time.as_ref().map(|time| format!(" at {}", time.0)).unwrap_or_default();
        Some(Source { kind: "manager", name: format!("{}{time}", entry.manager.as_ref()?) })
    });
    told.chain(managers.take(MOST_MANAGERS)).collect()
}
