//! `plan --base`: what a change of the files means, from the files alone. No app, no directory, no credential is asked, so
//! that a pull request of anybody can be shown.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{
        AppPolicy, Capabilities, Edge, EntitlementKind, Evidence, Memory, Mode, ObjectName, PeopleScope, Person,
        Provisioning, Shape, Text,
    },
    plan::{self, Action, Cause, Withdrawal, intent_digest, withdrawals},
    resolve::{Desired, Subject, SubjectEntry, World, resolve},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    error::CommandError,
    exit::Exit,
    flags::FileFlags,
    output::{
        self, Next,
        build::{self, Told, errors_of_files, plan_document},
        document::{App, Calls, Condition, Cost, Counts, Entitlement, Intent, Waits, Withdrawn},
    },
    plan::{Flags, unless_detailed},
    session,
};
use crate::{
    api::TargetAppSpec,
    connector,
    load::{Loaded, policy::policy, world},
    sync::Done,
};

/// What ends within this time is told.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// One side of the comparison.
pub(super) struct Side<'a> {
    loaded: &'a Loaded,
    world: World,
}

/// Compares and prints.
pub(super) fn run(flags: &Flags) -> Result<Exit, CommandError> {
    let now = flags.at.unwrap_or_else(Timestamp::now);
    let head = session::checked(&flags.files)?;
    let base = session::faultless(&FileFlags { filename: flags.base.clone(), app: Vec::new() })?;
    let (base, head) = (Side::new(&base), Side::new(&head));
    let chosen: BTreeSet<&ObjectName> = flags.files.app.iter().collect();
    let (mut document, _) = plan_document(&[], Told::Plan);
    document.errors = errors_of_files(head.loaded, &BTreeMap::new());
    for (name, target) in &head.loaded.target_apps {
        if !chosen.is_empty() && !chosen.contains(name) {
            continue;
        }
        let (before, after) = both(&base, &head, name, &target.object.spec, now);
        let problems = after.reports.values().flat_map(|report| &report.problems);
        document.errors.extend(problems.map(|problem| build::claim_error(name, problem)));
        let policy = policy(name, &target.object.spec, &head.loaded.namespaces);
        document.apps.push(compared(&policy, &before, &after, now));
    }
    document.errors.sort();
    document.errors.dedup();
    let pending = document.apps.iter().any(|app| {
        let withdrawn = matches!(&app.waits, Waits::Intent { intent } if !intent.withdrawn.is_empty());
        withdrawn || app.changes.iter().any(|change| change.permitted)
    });
    let exit = if pending { Exit::Pending } else { Exit::Done };
    let exit = if document.errors.is_empty() { exit } else { exit.worst(Exit::Failed) };
    output::plan(&document, flags.output.output, &Next::default())?;
    Ok(unless_detailed(exit, flags.detailed_exitcode))
}

impl<'a> Side<'a> {
    /// Nobody is asked who is in a group: each group and selection stands for itself, as written.
    pub(super) fn new(loaded: &'a Loaded) -> Self {
        let mut world = world(loaded, &BTreeMap::new());
        world.directories.clear();
        world.aliases.clear();
        let grants = world.accesses.values_mut().flat_map(|access| &mut access.grants);
        grants.flat_map(|grant| grant.subjects.iter_mut().chain(&mut grant.except)).for_each(as_written);
        let teams = world.teams.values_mut();
        teams.flat_map(|team| team.parts.iter_mut().chain(&mut team.except)).for_each(as_written);
        Self { loaded, world }
    }
}

/// What both sides desire of an app of head.
fn both(
    base: &Side<'_>,
    head: &Side<'_>,
    name: &ObjectName,
    spec: &TargetAppSpec,
    now: Timestamp,
) -> (Desired, Desired) {
    let before = match base.loaded.target_apps.get(name) {
        Some(earlier) => desired(base, name, &earlier.object.spec, spec, now),
        None => Desired::default(),
    };
    (before, desired(head, name, spec, spec, now))
}

/// The intent digest of an app of head, and the rows that it stands for.
pub(super) fn intent(
    base: &Side<'_>,
    head: &Side<'_>,
    name: &ObjectName,
    now: Timestamp,
) -> Option<(Text, BTreeSet<Withdrawal>)> {
    let target = head.loaded.target_apps.get(name)?;
    let (before, after) = both(base, head, name, &target.object.spec, now);
    let rows: BTreeSet<Withdrawal> = withdrawals(&before, &after).into_iter().map(|(_, row)| row).collect();
    Some((intent_digest(name, &rows), rows))
}

fn as_written(entry: &mut SubjectEntry) {
    if matches!(entry.subject, Subject::DirectoryGroup { .. } | Subject::Match(_)) {
        entry.subject = Subject::Service(entry.subject.to_string().into());
    }
}

fn desired(
    side: &Side<'_>,
    name: &ObjectName,
    spec: &TargetAppSpec,
    described: &TargetAppSpec,
    now: Timestamp,
) -> Desired {
    let mut policy = policy(name, spec, &side.loaded.namespaces);
    // Who is in a group or a team cannot be judged here; what may be granted can.
    policy.allow.iter_mut().for_each(|allow| allow.people = PeopleScope::default());
    let capabilities = capabilities(name, described, &side.world);
    resolve(&side.world, &policy, &capabilities, &Memory::default(), now)
}

/// What an app of this connector can hold, as far as the files tell: every type that is claimed.
fn capabilities(name: &ObjectName, spec: &TargetAppSpec, world: &World) -> Capabilities {
    let mut kinds: BTreeMap<Text, EntitlementKind> = BTreeMap::new();
    let grants = world.accesses.values().filter(|access| access.app == *name).flat_map(|access| &access.grants);
    for wanted in grants.flat_map(|grant| &grant.wanted) {
        let kind = kinds.entry(wanted.kind.clone()).or_insert_with(EntitlementKind::set);
        if wanted.level.is_some() {
            kind.shape = Shape::Levelled { order: Vec::new() };
        }
    }
    kinds.extend(connector::declared_kinds(spec).into_iter().flatten());
    if let Some(order) = role_order(spec) {
        kinds.insert("role".into(), EntitlementKind { shape: Shape::Single { order }, ..EntitlementKind::set() });
    }
    Capabilities { kinds, delete: true, renames: true, ..Capabilities::new(Provisioning::Create) }
}

/// The order of roles of which an account has one; `None` where it may have many.
fn role_order(spec: &TargetAppSpec) -> Option<Vec<Text>> {
    let declared = spec.roles.iter().flat_map(|roles| &roles.order).map(|role| Text::from(role.as_str()));
    let declared: Vec<Text> = declared.collect();
    (!declared.is_empty()).then_some(declared)
}

fn compared(policy: &AppPolicy, before: &Desired, after: &Desired, now: Timestamp) -> App {
    let lost = withdrawals(before, after);
    let rows: BTreeSet<Withdrawal> = lost.into_iter().map(|(_, withdrawal)| withdrawal).collect();
    let counted = |desired: &Desired| {
        u64::try_from(desired.edges.keys().filter(|edge| edge.slot.is_account()).count()).unwrap_or(u64::MAX)
    };
    let (people_before, people_after) = (counted(before), counted(after));
    App {
        app: policy.app.to_string(),
        mode: policy.mode.as_str().to_owned(),
        complete: None,
        waits: Waits::Intent {
            intent: Intent {
                digest: intent_digest(&policy.app, &rows).to_string(),
                withdrawn: rows.iter().map(|row| withdrawn(row, before)).collect(),
            },
        },
        counts: Counts { declared: people_after, ..Counts::default() },
        changes: granted(policy, before, after),
        drift: Vec::new(),
        cost: cost(policy, people_before, people_after),
        conditions: expiring(after, now),
        calls: Calls::default(),
    }
}

fn withdrawn(row: &Withdrawal, before: &Desired) -> Withdrawn {
    let claimed = before.edges.iter().filter(|(edge, _)| edge.slot == row.slot).flat_map(|(_, edge)| &edge.claims);
    let claim = claimed.into_iter().find(|claim| claim.name == row.claim && claim.subject == row.subject);
    let level = claim.and_then(|claim| claim.level.clone()).map(|level| level.to_string());
    let single = row.slot.name.is_empty() && !row.slot.is_account();
    let text = |value: &Option<Text>| value.as_ref().map(ToString::to_string);
    Withdrawn {
        person: row.subject.to_string(),
        entitlement: Entitlement {
            kind: row.slot.kind.to_string(),
            name: if single { level.clone().unwrap_or_default() } else { row.slot.name.to_string() },
            level: level.filter(|_| !single),
        },
        because: vec![row.claim.to_string()],
        from: text(&row.from),
        to: text(&row.to),
    }
}

/// The edges that head claims and base does not, or with another value.
fn granted(policy: &AppPolicy, before: &Desired, after: &Desired) -> Vec<super::output::document::Change> {
    let news = after
        .edges
        .iter()
        .filter(|(edge, wanted)| before.edges.get(*edge).is_none_or(|earlier| earlier.value != wanted.value));
    let change = |(edge, wanted): (&Edge, &appaccess_core::resolve::DesiredEdge)| {
        let from = before.edges.get(edge).and_then(|earlier| earlier.value.clone());
        let action = match (edge.slot.is_account(), &from) {
            (true, _) => Action::Create,
            (false, None) => Action::Grant,
            (false, Some(_)) => Action::Change,
        };
        let managed = match &*edge.slot.kind {
            "account" => policy.manage.accounts,
            "role" => policy.manage.roles,
            _ => policy.manage.memberships,
        };
        let label = after
            .people
            .get(&edge.person)
            .map_or_else(|| Person::literal(edge.person.clone()).label, |person| person.label.clone());
        let change = plan::Change {
            action,
            person: Some(edge.person.clone()),
            label,
            account: None,
            slot: edge.slot.clone(),
            from,
            to: wanted.value.clone(),
            attributes: BTreeMap::new(),
            cause: Cause::Declared,
            evidence: Evidence::Claims(wanted.claims.clone()),
            permitted: policy.mode != Mode::Observe && managed,
            held: None,
            due: None,
            task: None,
        };
        build::change(&Done { change, outcome: plan::Outcome::Pending }, Told::Plan)
    };
    news.map(change).collect()
}

/// What the seats cost before and after, as far as the files tell: everybody at the price that holds for no role.
fn cost(policy: &AppPolicy, before: u64, after: u64) -> Option<Cost> {
    let pricing = policy.pricing.as_ref()?;
    let pack = pricing.pack.max(1);
    let paid = |people: u64| people.div_ceil(pack).saturating_mul(pack).max(pricing.purchased.unwrap_or(0));
    let unused = |people: u64| paid(people).saturating_sub(people);
    let money = |seats: u64| pricing.amount(seats.saturating_mul(pricing.price)).to_string();
    let wasted = |people: u64| money(unused(people) / pack * pack);
    Some(Cost {
        currency: pricing.currency.to_string(),
        monthly: money(paid(before)),
        monthly_after: money(paid(after)),
        monthly_waste: wasted(before),
        monthly_waste_after: wasted(after),
        used: before,
        used_after: after,
        purchased: pricing.purchased,
        unused: unused(before),
        unused_after: unused(after),
        activity: None,
        renews_on: pricing.renews_on.map(|date| date.to_string()),
    })
}

/// What ends soon.
fn expiring(after: &Desired, now: Timestamp) -> Vec<Condition> {
    let horizon = now.checked_add(SOON).unwrap_or(Timestamp::MAX);
    let ends = after.edges.values().filter_map(|edge| edge.until).filter(|until| *until <= horizon);
    let ends: BTreeSet<Timestamp> = ends.collect();
    let Some(first) = ends.first() else { return Vec::new() };
    let message = format!("entitlements end within 14 days, the first at {first}");
    vec![Condition { kind: "Expiring".into(), status: "True", reason: "EndsSoon".into(), message }]
}
