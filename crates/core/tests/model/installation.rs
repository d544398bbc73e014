//! One installation: what is declared, what the app holds, what we remember, and the passes in between.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{
        AccountId, AppPolicy, Capabilities, Completeness, Decision, Directive, LookUp, Memory, Mode, ObjectName,
        Observation, Person, PersonKey, Text,
    },
    plan::{Action, Change, Input, Options, Plan, approves, plan, row},
    resolve::{Access, Desired, DirectoryView, Team, Undecodable, World, resolve},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    app::App,
    books,
    declare::{Granting, okta},
};

/// A bound on how often a plan may ask before it is made again.
const ROUNDS: usize = 4;

#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) world: World,
    pub(crate) policy: AppPolicy,
    pub(crate) capabilities: Capabilities,
    pub(crate) app: App,
    pub(crate) memory: Memory,
    pub(crate) now: Timestamp,
    /// How much the next readings show.
    pub(crate) completeness: Completeness,
    /// Accounts that the next listings lack; look-ups find them.
    pub(crate) hidden: BTreeSet<AccountId>,
    pub(crate) terminating: bool,
    /// Whether the app's clock and ours disagree.
    pub(crate) clock_is_doubtful: bool,
}

/// What one pass found and did.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) desired: Desired,
    pub(crate) plan: Plan,
    pub(crate) sent: Vec<Change>,
    /// What people are asked to do from now on.
    pub(crate) asked: Vec<Change>,
    /// What was remembered when the plan was made.
    pub(crate) before: Memory,
    pub(crate) observation: Observation,
}

/// The start of every test: noon.
pub(crate) fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

pub(crate) fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

pub(crate) fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

impl Installation {
    /// An empty app in this mode, whose first removals need no word.
    pub(crate) fn new(mode: Mode) -> Self {
        let mut policy = AppPolicy::new(ObjectName::new("access", "app"));
        policy.mode = mode;
        policy.safety.approve_first = false;
        policy.safety.keep_at_least = Some(Vec::new());
        Self {
            world: World::default(),
            policy,
            capabilities: App::capabilities(),
            app: App::new(),
            memory: Memory::default(),
            now: noon(),
            completeness: Completeness::Complete,
            hidden: BTreeSet::new(),
            terminating: false,
            clock_is_doubtful: false,
        }
    }

    pub(crate) fn full() -> Self {
        Self::new(Mode::Full)
    }

    /// Declares an `AppAccess` of the app's own namespace, in the place of what it said before.
    pub(crate) fn declare(&mut self, name: &str, grants: Vec<Granting>) {
        self.declare_in("access", name, grants);
    }

    pub(crate) fn declare_in(&mut self, namespace: &str, name: &str, grants: Vec<Granting>) {
        let name = ObjectName::new(namespace, name);
        let grants = grants.into_iter().map(|granting| granting.0).collect();
        self.world.undecodable.retain(|object| object.name != name);
        self.world.accesses.insert(name.clone(), Access { name, app: self.policy.app.clone(), grants });
    }

    /// Deletes an `AppAccess`.
    pub(crate) fn withdraw(&mut self, name: &str) {
        self.world.accesses.remove(&ObjectName::new("access", name)).expect("declared before");
    }

    /// An `AppAccess` can no longer be decoded.
    pub(crate) fn breaks(&mut self, name: &str) {
        self.withdraw(name);
        let name = ObjectName::new("access", name);
        self.world.undecodable.push(Undecodable { name, app: Some(self.policy.app.clone()) });
    }

    pub(crate) fn has_team(&mut self, name: &str, team: Team) {
        self.world.teams.insert(ObjectName::new("access", name), team);
    }

    pub(crate) fn has_directory(&mut self, view: DirectoryView) {
        self.world.directories.insert(okta(), view);
    }

    pub(crate) fn directory(&mut self) -> &mut DirectoryView {
        self.world.directories.get_mut(&okta()).expect("a directory")
    }

    /// The time goes on.
    pub(crate) fn wait(&mut self, time: SignedDuration) {
        self.now = self.now.checked_add(time).expect("a time");
    }

    pub(crate) fn in_time(&self, time: SignedDuration) -> Timestamp {
        self.now.checked_add(time).expect("a time")
    }

    /// The listing no longer shows this account, and says that it is not whole.
    pub(crate) fn reads_incompletely(&mut self) {
        self.completeness = Completeness::Incomplete { reason: "TotalsDiffer".into(), message: "page 2 failed".into() };
    }

    /// Somebody says yes to a digest.
    pub(crate) fn decide(&mut self, digest: &Text, directive: Directive) {
        let not_after = self.in_time(hours(30 * 24));
        self.memory.decisions.insert(Decision { digest: digest.clone(), directive, decided_by: None, not_after });
    }

    pub(crate) fn approve(&mut self, pass: &Pass) {
        let hold = pass.plan.hold.as_ref().expect("something is held");
        self.decide(&hold.digest.clone(), Directive::Approve);
    }

    pub(crate) fn desired(&self) -> Desired {
        resolve(&self.world, &self.policy, &self.capabilities, &self.memory, self.now)
    }

    /// Reads and plans, asking what the plan wants to know; changes nothing.
    pub(crate) fn look(&self) -> (Desired, Plan, Observation) {
        let desired = self.desired();
        let mut observation = self.app.read(&self.completeness, |account| self.hidden.contains(&account.id));
        let mut plan = self.plan(&desired, &observation);
        for _ in 0..ROUNDS {
            if plan.look_ups.is_empty() {
                break;
            }
            for question in &plan.look_ups {
                let person = match question {
                    LookUp::Person(key) => desired.people.get(key),
                    LookUp::Account(_) => None,
                };
                observation.answer(question.clone(), self.app.answer(question, person));
            }
            plan = self.plan(&desired, &observation);
        }
        assert!(plan.look_ups.is_empty(), "a question is asked once: {:?}", plan.look_ups);
        (desired, plan, observation)
    }

    pub(crate) fn plan(&self, desired: &Desired, observation: &Observation) -> Plan {
        plan(&self.input(desired, observation))
    }

    pub(crate) fn input<'a>(&'a self, desired: &'a Desired, observation: &'a Observation) -> Input<'a> {
        Input {
            policy: &self.policy,
            capabilities: &self.capabilities,
            desired,
            observation,
            memory: &self.memory,
            options: Options {
                terminating: self.terminating,
                clock_is_doubtful: self.clock_is_doubtful,
                ..Options::default()
            },
            now: self.now,
        }
    }

    /// One whole pass: look, keep the books, apply what may be applied, keep the books again.
    pub(crate) fn pass(&mut self) -> Pass {
        let before = self.memory.clone();
        let (desired, plan, observation) = self.look();
        books::keep(&mut self.memory, &plan.bookkeeping, self.now);
        books::show_hold(&mut self.memory, &plan, self.now);
        let input = self.input(&desired, &observation);
        let approved: BTreeSet<Text> = plan.to_be_sent().filter(|change| approves(&input, change)).map(row).collect();
        let sent: Vec<Change> = plan.to_be_sent().cloned().collect();
        let mut created: BTreeMap<PersonKey, AccountId> = BTreeMap::new();
        for change in &sent {
            let person: Option<&Person> = change.person.as_ref().and_then(|key| desired.people.get(key));
            let account = change.account.clone().or_else(|| created.get(change.person.as_ref()?).cloned());
            let done = self.app.apply(change, account, person);
            if let (Action::Create | Action::Invite, Some(key), Some(id)) =
                (change.action, &change.person, &done.account)
            {
                created.insert(key.clone(), id.clone());
            }
            books::done(&mut self.memory, change, &done, approved.contains(&row(change)), self.now);
        }
        books::close(&mut self.memory, &observation);
        if !self.memory.decisions.is_empty() {
            let open = self.look().1;
            books::use_up(&mut self.memory, &open);
        }
        let news =
            |change: &&Change| change.open_task().is_some_and(|task| plan.bookkeeping.tasks.contains_key(&task.id));
        let asked = plan.changes.iter().filter(news).cloned().collect();
        Pass { desired, plan, sent, asked, before, observation }
    }

    /// People do what they are asked to do.
    pub(crate) fn people_work(&mut self) {
        let (desired, plan, _) = self.look();
        let mut created: BTreeMap<PersonKey, AccountId> = BTreeMap::new();
        for (change, _) in plan.tasks() {
            let person: Option<&Person> = change.person.as_ref().and_then(|key| desired.people.get(key));
            let account = change.account.clone().or_else(|| created.get(change.person.as_ref()?).cloned());
            let done = self.app.apply(change, account, person);
            if let (Some(key), Some(id)) = (&change.person, &done.account) {
                created.insert(key.clone(), id.clone());
            }
        }
    }

    /// Passes until nothing is sent any more; the last one is returned.
    pub(crate) fn converge(&mut self) -> Pass {
        for _ in 0..8 {
            let pass = self.pass();
            if pass.sent.is_empty() && pass.plan.bookkeeping.is_empty() {
                return pass;
            }
            self.wait(minutes(1));
        }
        panic!("passes do not come to rest: {:#?}", self.look().1);
    }

    /// What an account holds, as words: `active`, `role member`, `group Studio`.
    pub(crate) fn shows(&self, login: &str) -> Vec<String> {
        let found = self.app.accounts.values().find(|account| account.label() == login || *account.login == *login);
        let Some(account) = found else { return Vec::new() };
        let state = format!("{:?}", account.state).to_lowercase();
        let held = account.entitlements.iter().map(|(slot, level)| match level {
            Some(level) => format!("{slot} {level}"),
            None => slot.to_string(),
        });
        std::iter::once(state).chain(held).collect()
    }
}

/// A change in one line: `revoke ana@birch.studio group Studio`.
pub(crate) fn words(change: &Change) -> String {
    let mut line = format!("{} {} {}", change.action.as_str(), change.label, change.slot);
    if change.from.is_some() || change.to.is_some() {
        let side = |level: &Option<Text>| level.as_deref().unwrap_or("-").to_owned();
        line = format!("{line} {}>{}", side(&change.from), side(&change.to));
    }
    line
}

impl Pass {
    /// What was sent, in order.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.iter().map(words).collect()
    }

    /// What was sent and what people were asked to do.
    pub(crate) fn deeds(&self) -> impl Iterator<Item = &Change> {
        self.sent.iter().chain(&self.asked)
    }

    /// What people are asked to do at the end of the pass.
    pub(crate) fn tasks(&self) -> Vec<String> {
        self.plan.tasks().map(|(change, _)| words(change)).collect()
    }

    /// What is permitted and held, with the reason.
    pub(crate) fn held(&self) -> Vec<String> {
        let held = self.plan.changes.iter().filter(|change| change.permitted);
        held.filter_map(|change| Some(format!("{} {:?}", words(change), change.held?))).collect()
    }

    /// What settles.
    pub(crate) fn settling(&self) -> Vec<String> {
        self.plan.changes.iter().filter(|change| change.due.is_some()).map(words).collect()
    }

    /// What differs without a change.
    pub(crate) fn drift(&self) -> Vec<String> {
        self.plan.drift.iter().map(|drift| format!("{} {} {}", drift.kind.as_str(), drift.label, drift.slot)).collect()
    }

    /// Whether nothing was sent and nothing had to be written down.
    pub(crate) fn is_quiet(&self) -> bool {
        self.sent.is_empty() && self.plan.bookkeeping.is_empty()
    }
}
