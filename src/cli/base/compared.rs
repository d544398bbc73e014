//! One target app on both sides of a change: what is granted, what is withdrawn, and what it costs.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{AppPolicy, Capabilities, Claim, Edge, Evidence, Mode, ObjectName, Person, PersonKey, Slot, Text},
    plan::{self, Action, Cause, Declared, Withdrawal, declared_cost, intent_digest, mark_tasks, withdrawals},
    resolve::{ClaimProblem, Desired, DesiredEdge},
};
use jiff::Timestamp;

use super::{
    Side, approvals, capabilities, claims,
    course::{Course, Courses, most_times},
    judged, settings,
    times::{Reach, Sides, times},
    windows,
};
use crate::{
    api::TargetAppSpec,
    cli::output::{
        build::{self, Told},
        document::{App, Calls, Change, Counts, Entitlement, Intent, Waits, Withdrawn},
        review::{Later, People, Review, Setting},
    },
    sync::Done,
};

/// One target app before and after.
pub(super) struct Compared<'a> {
    pub(super) base: &'a Side<'a>,
    pub(super) head: &'a Side<'a>,
    pub(super) name: &'a ObjectName,
    /// Its declaration before.
    pub(super) earlier: Option<&'a TargetAppSpec>,
    /// Its declaration after; where it is gone, the one before.
    pub(super) spec: &'a TargetAppSpec,
    /// The policy that follows.
    pub(super) policy: AppPolicy,
    pub(super) capabilities: Capabilities,
    pub(super) before: Desired,
    pub(super) after: Desired,
    /// Every withdrawn claim, with the edge that loses it.
    pub(super) lost: Vec<(Edge, Withdrawal)>,
    /// What moves later, on either side.
    pub(super) courses: Courses,
    pub(super) now: Timestamp,
    pub(super) is_gone: bool,
}

impl<'a> Compared<'a> {
    /// `None` where neither side has it.
    pub(super) fn new(base: &'a Side<'a>, head: &'a Side<'a>, name: &'a ObjectName, now: Timestamp) -> Option<Self> {
        let earlier = base.loaded.target_apps.get(name).map(|target| &target.object.spec);
        let later = head.loaded.target_apps.get(name).map(|target| &target.object.spec);
        let spec = later.or(earlier)?;
        let known = capabilities(name, spec, &base.world);
        let capabilities = capabilities(name, spec, &head.world);
        // Without its target app a claim means nothing, and takes nothing away.
        let before_at = |time| match (earlier, later) {
            (Some(earlier), Some(_)) => base.desired(name, earlier, &known, time),
            _ => Desired::default(),
        };
        let after_at = |time| later.map(|later| head.desired(name, later, &capabilities, time)).unwrap_or_default();
        let (before, after) = (before_at(now), after_at(now));
        let lost = withdrawals(&before, &after);
        let policy = head.policy(name, spec);
        let policies = (earlier.map(|earlier| base.policy(name, earlier)), later.map(|_| policy.clone()));
        let courses = if later.is_some() {
            let (was, is) = (Reach::new(&base.world, name), Reach::new(&head.world, name));
            let nothing = Reach::default();
            let was = if earlier.is_some() { &was } else { &nothing };
            let sides = Sides { before: was, after: &is, policies: (policies.0.as_ref(), policies.1.as_ref()), now };
            let times = times(sides, most_times(before.edges.len() + after.edges.len() + was.len() + is.len()));
            Courses::new((&before, &after), times, before_at, after_at)
        } else {
            Courses::default()
        };
        let is_gone = later.is_none();
        Some(Self { base, head, name, earlier, spec, policy, capabilities, before, after, lost, courses, now, is_gone })
    }

    /// What is wrong with the claims after the change, now and later.
    pub(super) fn problems(&self) -> impl Iterator<Item = &ClaimProblem> {
        self.after.reports.values().flat_map(|report| &report.problems).chain(&self.courses.problems)
    }

    /// What it means, as a document.
    pub(super) fn app(&self) -> App {
        let rows: BTreeSet<Withdrawal> = self.lost.iter().map(|(_, row)| row.clone()).collect();
        let digest = intent_digest(self.name, &rows);
        let accounts = self.after.edges.keys().filter(|edge| edge.slot.is_account() && !self.is_group(&edge.person));
        let declared = u64::try_from(accounts.count()).unwrap_or(u64::MAX);
        let withdrawn: Vec<Withdrawn> = self.withdrawn();
        let changes = self.granted();
        App {
            app: self.name.to_string(),
            mode: self.policy.mode.as_str().to_owned(),
            complete: None,
            waits: Waits::Intent {
                review: Box::new(self.review(&digest, &changes)),
                intent: Intent { digest: digest.to_string(), withdrawn },
            },
            counts: Counts { declared, ..Counts::default() },
            changes: changes.iter().map(|change| self.change(change)).collect(),
            drift: Vec::new(),
            cost: self.cost().as_ref().map(build::cost),
            conditions: Vec::new(),
            calls: Calls::default(),
        }
    }

    fn review(&self, digest: &Text, granted: &[plan::Change]) -> Review {
        let presence = match (self.earlier, self.is_gone) {
            (_, true) => "removed",
            (None, false) => "added",
            (Some(_), false) => "kept",
        };
        let later = self.later();
        let people = People {
            gaining: distinct(self.gaining(granted)),
            losing: distinct(self.losing()),
            gaining_later: distinct(later.iter().filter(|later| later.gains).map(|later| &later.person)),
            losing_later: distinct(later.iter().filter(|later| later.loses).map(|later| &later.person)),
        };
        let mut review = Review {
            presence,
            by_hand: self.capabilities.by_hand.everything,
            owners: judged::owners(self),
            people,
            claims: claims::differing(self.base.loaded, self.head.loaded, self.name),
            settings: self.settings(),
            windows: windows::windows(self),
            warnings: Vec::new(),
            uncounted: self.uncounted(),
            decisions: approvals::decisions(self, digest),
            approved_by: approvals::approved_by(self, digest),
            approval: (!self.lost.is_empty()).then(|| approvals::approval(self.name, digest, self.now)),
            later,
        };
        review.warnings = judged::warnings(self, &review, granted, self.cost().as_ref());
        review
    }

    fn settings(&self) -> Vec<Setting> {
        if self.is_gone {
            return Vec::new();
        }
        let mut all = settings::of_app(self.earlier, self.spec);
        all.extend(settings::selections(self.base.loaded, self.head.loaded, self.name));
        settings::bounded(all)
    }

    /// Who gains or loses something later only, an entry for each edge.
    fn later(&self) -> Vec<Later> {
        let lost: BTreeSet<&Edge> = self.lost.iter().map(|(edge, _)| edge).filter(|edge| self.loses(edge)).collect();
        let courses = self.courses.edges.iter().filter_map(|(edge, course)| {
            let (gains, loses) = course.later_effect(edge, &self.capabilities);
            let loses = loses && !lost.contains(edge);
            (gains || loses).then(|| Later {
                person: self.person_of(edge, course),
                gains,
                loses,
                is_done: (gains && self.permits(edge, false), loses && self.permits(edge, true)),
            })
        });
        courses.collect()
    }

    /// What the person of an edge that moves is called.
    pub(super) fn person_of(&self, edge: &Edge, course: &Course) -> String {
        self.label(&edge.person, course.claim.as_slice()).to_string()
    }

    /// Whether mode and `manage` let something be given, or taken.
    pub(super) fn permits(&self, edge: &Edge, taken: bool) -> bool {
        let allowed = match self.policy.mode {
            Mode::Observe => false,
            Mode::Additive => !taken,
            Mode::Full => true,
        };
        allowed && self.policy.manage.covers(&edge.slot)
    }

    /// Whether this stands for people whom nobody can name here.
    pub(super) fn is_group(&self, person: &PersonKey) -> bool {
        self.base.is_group(person) || self.head.is_group(person)
    }

    /// What a person is called; a group as it is written.
    pub(super) fn label(&self, person: &PersonKey, claims: &[Claim]) -> Text {
        if self.is_group(person)
            && let Some(claim) = claims.first()
        {
            return claim.subject.clone();
        }
        let known = self.after.people.get(person).or_else(|| self.before.people.get(person));
        known.map_or_else(|| Person::literal(person.clone()).label, |person| person.label.clone())
    }

    /// The seats and what they cost, as far as the files tell.
    pub(super) fn cost(&self) -> Option<plan::Cost> {
        let earlier = self.earlier.map(|earlier| self.base.policy(self.name, earlier));
        let before = earlier.as_ref().and_then(|earlier| earlier.pricing.as_ref());
        let after = self.policy.pricing.as_ref().filter(|_| !self.is_gone);
        declared_cost(
            Declared { pricing: before, desired: &self.before },
            Declared { pricing: after, desired: &self.after },
            |person| !self.is_group(person),
        )
    }

    fn uncounted(&self) -> Vec<String> {
        let groups = self.after.edges.iter().filter(|(edge, _)| self.is_group(&edge.person));
        let named: BTreeSet<String> =
            groups.map(|(edge, wanted)| self.label(&edge.person, &wanted.claims).to_string()).collect();
        named.into_iter().collect()
    }

    fn gaining<'b>(&self, granted: &'b [plan::Change]) -> impl Iterator<Item = &'b PersonKey> {
        let gains = |change: &&plan::Change| {
            change.from.is_none() || !self.capabilities.lowers(&change.slot, change.from.as_ref(), change.to.as_ref())
        };
        granted.iter().filter(gains).filter_map(|change| change.person.as_ref())
    }

    /// Those of whom an edge goes, ends earlier or is lowered.
    pub(super) fn losing(&self) -> impl Iterator<Item = &PersonKey> {
        self.lost.iter().filter(|(edge, _)| self.loses(edge)).map(|(edge, _)| &edge.person)
    }

    fn loses(&self, edge: &Edge) -> bool {
        let (Some(before), after) = (self.before.edges.get(edge), self.after.edges.get(edge)) else { return false };
        let Some(after) = after else { return true };
        if self.capabilities.lowers(&edge.slot, before.value.as_ref(), after.value.as_ref()) {
            return true;
        }
        if self.courses.times.is_whole() {
            let course = self.courses.edges.get(edge);
            return course.is_some_and(|course| course.later_effect(edge, &self.capabilities).1);
        }
        windows::ends_earlier(after.until, before.until)
    }

    fn withdrawn(&self) -> Vec<Withdrawn> {
        let mut seen = BTreeSet::new();
        self.lost.iter().filter(|(_, row)| seen.insert(row)).map(|(edge, row)| self.row(edge, row)).collect()
    }

    fn row(&self, edge: &Edge, row: &Withdrawal) -> Withdrawn {
        let claims = |desired: &Desired| desired.edges.get(edge).map(|edge| edge.claims.clone()).unwrap_or_default();
        let is_meant = |claim: &Claim| claim.name == row.claim && claim.subject == row.subject;
        let (before, after) = (claims(&self.before), claims(&self.after));
        let level = before.iter().find(|claim| is_meant(claim)).and_then(|claim| claim.level.clone());
        let keeps: BTreeSet<String> =
            after.iter().filter(|claim| !is_meant(claim)).map(|claim| claim.name.to_string()).collect();
        let until = after.iter().find(|claim| is_meant(claim)).filter(|_| row.from.is_none());
        let text = |value: &Option<Text>| value.as_ref().map(ToString::to_string);
        Withdrawn {
            person: row.subject.to_string(),
            entitlement: entitlement(&row.slot, level.as_ref()),
            because: vec![row.claim.to_string()],
            from: text(&row.from),
            to: text(&row.to),
            keeps: keeps.into_iter().collect(),
            until: until.and_then(|claim| claim.until).map(|until| until.to_string()),
            loses: self.loses(edge),
            permitted: self.permits(edge, true),
        }
    }

    /// The edges that head claims and base does not, or with another value.
    fn granted(&self) -> Vec<plan::Change> {
        let is_news = |edge: &Edge, wanted: &DesiredEdge| {
            self.before.edges.get(edge).is_none_or(|earlier| earlier.value != wanted.value)
        };
        let news = self.after.edges.iter().filter(|(edge, wanted)| is_news(edge, wanted));
        let mut changes: Vec<plan::Change> = news.map(|(edge, wanted)| self.grant(edge, wanted)).collect();
        mark_tasks(self.name, &self.capabilities.by_hand, &mut changes);
        changes
    }

    fn grant(&self, edge: &Edge, wanted: &DesiredEdge) -> plan::Change {
        let earlier = self.before.edges.get(edge);
        let action = match (edge.slot.is_account(), earlier) {
            (true, _) => Action::Create,
            (false, None) => Action::Grant,
            (false, Some(_)) => Action::Change,
        };
        let from = earlier.and_then(|earlier| earlier.value.clone());
        let lowered = self.capabilities.lowers(&edge.slot, from.as_ref(), wanted.value.as_ref()) && earlier.is_some();
        plan::Change {
            action,
            person: Some(edge.person.clone()),
            label: self.label(&edge.person, &wanted.claims),
            account: None,
            slot: edge.slot.clone(),
            from,
            to: wanted.value.clone(),
            attributes: BTreeMap::new(),
            cause: Cause::Declared,
            evidence: Evidence::Claims(wanted.claims.clone()),
            permitted: self.permits(edge, lowered),
            held: None,
            due: None,
            task: None,
        }
    }

    fn change(&self, change: &plan::Change) -> Change {
        let outcome = plan::Outcome::Pending;
        let mut told = build::change(&Done { change: change.clone(), outcome }, Told::Plan);
        let lowers = self.capabilities.lowers(&change.slot, change.from.as_ref(), change.to.as_ref());
        told.removal |= change.action == Action::Change && lowers;
        told
    }
}

/// What is held, in the words of the document.
pub(super) fn entitlement(slot: &Slot, level: Option<&Text>) -> Entitlement {
    let single = slot.name.is_empty() && !slot.is_account();
    let level = level.map(ToString::to_string);
    Entitlement {
        kind: slot.kind.to_string(),
        name: if single { level.clone().unwrap_or_default() } else { slot.name.to_string() },
        level: level.filter(|_| !single),
    }
}

fn distinct<T: Ord>(people: impl Iterator<Item = T>) -> u64 {
    u64::try_from(people.collect::<BTreeSet<_>>().len()).unwrap_or(u64::MAX)
}
