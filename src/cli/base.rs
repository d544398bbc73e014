//! `plan --base`: what a change of the files means, from the files alone. No app, no directory, no credential is asked, so
//! that a pull request of anybody can be shown.

mod approvals;
mod claims;
mod compared;
mod course;
mod judged;
mod settings;
#[cfg(test)]
mod tests;
mod times;
mod windows;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use appaccess_core::{
    access::{
        AppPolicy, ByHand, Capabilities, EntitlementKind, Memory, ObjectName, PeopleScope, PersonKey, Provisioning,
        Shape, Text,
    },
    plan::{Withdrawal, intent_digest, withdrawals},
    resolve::{Desired, Subject, SubjectEntry, World, resolve},
};
use jiff::Timestamp;

use self::{compared::Compared, times::Reach};
use super::{
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, quoted},
    output::{
        build::{self, Told, errors_of_files, plan_document},
        document::{App, PlanDocument, Waits},
        review,
    },
    plan::{Flags, unless_detailed},
    session,
};
use crate::{
    api::{TargetAppSpec, connector::Connector},
    connector,
    load::{Loaded, policy::policy, world},
};

/// One side of the comparison.
pub(super) struct Side<'a> {
    loaded: &'a Loaded,
    world: World,
    /// Groups and selections of directories, as the logins that stand for them.
    groups: BTreeSet<Text>,
}

/// Compares and prints.
pub(super) fn run(flags: &Flags) -> Result<Exit, CommandError> {
    refuse_one_stream(&flags.files.filename, &flags.base)?;
    let now = flags.at.unwrap_or_else(Timestamp::now);
    let everything = |filename: &[PathBuf]| FileFlags { filename: filename.to_vec(), app: Vec::new() };
    let head = session::faultless(&everything(&flags.files.filename))?;
    let base = session::faultless(&everything(&flags.base))?;
    if head.is_empty() && base.is_empty() {
        let what = "no object of `appaccess.dev/v1alpha1` is among the files, neither before the change nor after it";
        return Err(CommandError::usage(what, "name files with a TargetApp and an AppAccess by `-f` and `--base`"));
    }
    let known: BTreeSet<&ObjectName> = base.target_apps.keys().chain(head.target_apps.keys()).collect();
    session::refuse_unknown(&flags.files.app, &known)?;
    let document = document(&Side::new(&base), &Side::new(&head), &flags.files.app.iter().collect(), now);
    let is_pending = document.touched.iter().flatten().next().is_some() || document.apps.iter().any(is_changed);
    let exit = if is_pending { Exit::Pending } else { Exit::Done };
    let exit = if document.errors.is_empty() { exit } else { exit.worst(Exit::Failed) };
    let before = flags.base.iter().map(|path| format!(" --base {}", quoted(&path.display().to_string())));
    let command = format!("appaccess plan {}{}", flags.files.again(), before.collect::<String>());
    review::review(&document, flags.output.output, &command)?;
    Ok(unless_detailed(exit, flags.detailed_exitcode))
}

/// Standard input can be one side of a change, not both.
pub(super) fn refuse_one_stream(head: &[PathBuf], base: &[PathBuf]) -> Result<(), CommandError> {
    let is_stream = |paths: &[PathBuf]| paths.iter().any(|path| path.as_os_str() == "-");
    if is_stream(head) && is_stream(base) {
        let what = "nothing was compared: standard input (-) can be read once only, and both -f and --base name it";
        return Err(CommandError::usage(what, "write one of the two sides into a file or a folder"));
    }
    Ok(())
}

/// What the change means for the apps that were chosen; for all where none was.
fn document(base: &Side<'_>, head: &Side<'_>, chosen: &BTreeSet<&ObjectName>, now: Timestamp) -> PlanDocument {
    let is_meant = |app: &ObjectName| chosen.is_empty() || chosen.contains(app);
    let (mut document, _) = plan_document(&[], Told::Plan);
    let errors = errors_of_files(head.loaded, &BTreeMap::new()).into_iter();
    document.errors = errors
        .filter(|entry| {
            entry.app.as_deref().and_then(|app| ObjectName::parse(app).ok()).is_none_or(|app| is_meant(&app))
        })
        .collect();
    let names: BTreeSet<&ObjectName> = base.loaded.target_apps.keys().chain(head.loaded.target_apps.keys()).collect();
    let mut teams: BTreeSet<&ObjectName> = BTreeSet::new();
    for name in names.into_iter().filter(|name| is_meant(name)) {
        teams.extend(base.teams(name));
        teams.extend(head.teams(name));
        let Some(compared) = Compared::new(base, head, name, now) else { continue };
        document.errors.extend(compared.problems().map(|problem| build::claim_error(name, problem)));
        document.apps.push(compared.app());
    }
    document.errors.sort();
    document.errors.dedup();
    let is_of_team = |team: &ObjectName| chosen.is_empty() || teams.contains(team);
    let mut touched = settings::touched(base.loaded, head.loaded, is_of_team);
    touched.extend(approvals::elsewhere(base.loaded, head.loaded, now, is_meant));
    document.touched = Some(touched);
    document
}

/// Whether a change of the files means anything for an app. What mode and `manage` do not allow is never pending.
fn is_changed(app: &App) -> bool {
    let Waits::Intent { intent, review } = &app.waits else { return false };
    intent.withdrawn.iter().any(|row| row.permitted)
        || app.changes.iter().any(|change| change.permitted)
        || review.later.iter().any(|later| later.is_done.0 || later.is_done.1)
        || !review.settings.is_empty()
        || !review.decisions.is_empty()
        || review.presence != "kept"
}

impl<'a> Side<'a> {
    /// Nobody is asked who is in a group: each group and selection stands for itself, as written.
    pub(super) fn new(loaded: &'a Loaded) -> Self {
        let mut world = world(loaded, &BTreeMap::new());
        let mut groups = BTreeSet::new();
        world.directories.clear();
        world.aliases.clear();
        let grants = world.accesses.values_mut().flat_map(|access| &mut access.grants);
        let teams = world.teams.values_mut().flat_map(|team| team.parts.iter_mut().chain(&mut team.except));
        for entry in grants.flat_map(|grant| grant.subjects.iter_mut().chain(&mut grant.except)).chain(teams) {
            groups.extend(as_written(entry));
        }
        Self { loaded, world, groups }
    }

    /// The teams that decide about an app: those of its claims, and those that it lets claim.
    fn teams(&self, app: &ObjectName) -> BTreeSet<&ObjectName> {
        let allowed = self.loaded.target_apps.get(app).into_iter().flat_map(|target| &target.object.spec.allow);
        let allowed = allowed.filter_map(|allow| allow.people.as_ref()).flat_map(|people| &people.teams);
        let names = allowed.filter_map(|team| {
            let name = ObjectName::new(team.namespace.as_deref().unwrap_or(&app.namespace), &team.name);
            self.world.teams.get_key_value(&name).map(|(name, _)| name)
        });
        names.chain(Reach::new(&self.world, app).teams()).collect()
    }

    /// Whether this stands for people whom nobody can name here.
    fn is_group(&self, person: &PersonKey) -> bool {
        matches!(person, PersonKey::Service(login) if self.groups.contains(login))
    }

    /// Who should hold what at a time, judged by the policy of `spec` and the connector of `described`.
    fn desired(
        &self,
        name: &ObjectName,
        spec: &TargetAppSpec,
        capabilities: &Capabilities,
        time: Timestamp,
    ) -> Desired {
        let mut policy = self.policy(name, spec);
        // Who is in a group or a team cannot be judged here; what may be granted can.
        policy.allow.iter_mut().for_each(|allow| allow.people = PeopleScope::default());
        resolve(&self.world, &policy, capabilities, &Memory::default(), time)
    }

    fn policy(&self, name: &ObjectName, spec: &TargetAppSpec) -> AppPolicy {
        policy(name, spec, &self.loaded.namespaces)
    }
}

/// The intent digest of an app of head, and the rows that it stands for.
pub(super) fn intent(
    base: &Side<'_>,
    head: &Side<'_>,
    name: &ObjectName,
    now: Timestamp,
) -> Option<(Text, BTreeSet<Withdrawal>)> {
    let target = &head.loaded.target_apps.get(name)?.object.spec;
    let before = base
        .loaded
        .target_apps
        .get(name)
        .map(|earlier| base.desired(name, &earlier.object.spec, &capabilities(name, target, &base.world), now));
    let after = head.desired(name, target, &capabilities(name, target, &head.world), now);
    let rows: BTreeSet<Withdrawal> =
        withdrawals(&before.unwrap_or_default(), &after).into_iter().map(|(_, row)| row).collect();
    Some((intent_digest(name, &rows), rows))
}

/// Lets a group or a selection stand for itself, and tells the login that does.
fn as_written(entry: &mut SubjectEntry) -> Option<Text> {
    if !matches!(entry.subject, Subject::DirectoryGroup { .. } | Subject::Match(_)) {
        return None;
    }
    let written = entry.subject.to_string();
    let login = written.to_ascii_lowercase().into();
    entry.subject = Subject::Service(written.into());
    Some(login)
}

/// What an app of this connector can hold, as far as the files tell: every type that is claimed.
pub(super) fn capabilities(name: &ObjectName, spec: &TargetAppSpec, world: &World) -> Capabilities {
    let mut kinds: BTreeMap<Text, EntitlementKind> = BTreeMap::new();
    let grants = world.accesses.values().filter(|access| access.app == *name).flat_map(|access| &access.grants);
    for wanted in grants.flat_map(|grant| &grant.wanted) {
        let kind = kinds.entry(wanted.kind.clone()).or_insert_with(EntitlementKind::set);
        if wanted.level.is_some() {
            kind.shape = Shape::Levelled { order: Vec::new() };
        }
    }
    kinds.extend(connector::declared_kinds(spec).into_iter().flatten());
    if let Some(order) = role_order(spec).or_else(|| by_hand(spec).everything.then(Vec::new)) {
        kinds.insert("role".into(), EntitlementKind { shape: Shape::Single { order }, ..EntitlementKind::set() });
    }
    let by_hand = by_hand(spec);
    Capabilities { kinds, delete: true, renames: true, by_hand, ..Capabilities::new(Provisioning::Create) }
}

/// What people do, as far as the files tell.
fn by_hand(spec: &TargetAppSpec) -> ByHand {
    let Connector::Manual(manual) = &spec.connector else { return ByHand::default() };
    let clicks = manual.tasks.iter().filter_map(|tasks| tasks.instructions.as_deref());
    let clicks = clicks.map(|text| (Text::from(""), Text::from(text))).collect();
    ByHand { everything: true, delete: true, clicks, due_in: None }
}

/// The order of roles of which an account has one, as everywhere where a person keeps a roster; `None` where it may have many.
fn role_order(spec: &TargetAppSpec) -> Option<Vec<Text>> {
    let declared = spec.roles.iter().flat_map(|roles| &roles.order).map(|role| Text::from(role.as_str()));
    let declared: Vec<Text> = declared.collect();
    (!declared.is_empty()).then_some(declared)
}
