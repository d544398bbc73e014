//! Small worlds and what happens in them, drawn at random.

use std::time::Duration;

use appaccess_core::{
    access::{
        AccountId, AccountState, Adopt, AppPolicy, Budget, KeepAtLeast, Mode, OffboardingRule, RemovalAction, Slot,
        UnmanagedAction, UnmanagedRule,
    },
    resolve::Freshness,
};
use proptest::prelude::*;

use crate::{
    declare::{Granting, directory, grant, group_of_okta, person, team, team_of, user},
    installation::{Installation, minutes},
};

/// One grant: indices into the pools below.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    subjects: Vec<usize>,
    except: Option<usize>,
    wanted: Vec<usize>,
    /// Minutes from its declaration on.
    until: Option<i64>,
}

/// What somebody does between two passes.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Declare(usize, Vec<Drawn>),
    Withdraw(usize),
    Break(usize),
    Wait(i64),
    Stale(bool),
    Breaker(bool),
    TeamBroken(bool),
    NoDirectory,
    Leave(usize),
    Return(usize),
    EmptyGroup,
    RevokedByHand(usize, usize),
    GivenByHand(usize, usize),
    SuspendedByHand(usize),
    ActivatedByHand(usize),
    DeletedByHand(usize),
    /// The next reading lacks these accounts and says that it is not whole.
    Incomplete(Vec<usize>),
    /// The next reading lacks an account of ours and claims to be whole.
    Lying(usize),
    Approve,
    /// People do what they are asked to do.
    PeopleWork,
    Terminating(bool),
}

/// What a target app's owner decided.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent rules")]
pub(crate) struct Rules {
    mode: Mode,
    people: u64,
    approve_first: bool,
    protects_ana: bool,
    keeps_an_admin: bool,
    exclusive: bool,
    adopts: bool,
    withdrawn: RemovalAction,
    delete_after: Option<i64>,
    unmanaged: UnmanagedAction,
    after: Option<i64>,
    memberships: bool,
    accounts: bool,
    hands: Hands,
}

/// What the app leaves to people.
#[derive(Clone, Copy, Debug)]
enum Hands {
    Nothing,
    Deletions,
    Everything,
}

/// One life of an installation.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) rules: Rules,
    /// Accounts that were there before us: who, what they hold, whether suspended.
    before: Vec<(usize, Vec<usize>, bool)>,
    declared: Vec<Vec<Drawn>>,
    pub(crate) edits: Vec<Edit>,
}

/// Who can be named: people of nobody's domain, people of the directory, sets of people.
const SUBJECTS: usize = 8;
/// What can be wanted.
const WANTED: usize = 7;
/// Who can have an account before us.
const HOLDERS: [&str; 7] = [
    "ana@birch.studio",
    "joel@birch.studio",
    "kim@acme.com",
    "lou@acme.com",
    "ghost@acme.com",
    "stranger@else.example",
    "robot@else.example",
];
const OBJECTS: [&str; 3] = ["one", "two", "three"];

fn subject(index: usize) -> appaccess_core::resolve::SubjectEntry {
    match index {
        0 => user("ana"),
        1 => user("joel"),
        2 => user("mara"),
        3 => user("kim@acme.com"),
        4 => user("lou@acme.com"),
        5 => user("typo@acme.com"),
        6 => team("crew"),
        _ => group_of_okta("eng"),
    }
}

fn slot(index: usize) -> (Slot, Option<&'static str>) {
    match index {
        0 => (Slot::group("A"), None),
        1 => (Slot::group("B"), None),
        2 => (Slot::new("role", ""), Some("admin")),
        3 => (Slot::new("workspace", "Delivery"), Some("user")),
        4 => (Slot::new("workspace", "Delivery"), Some("admin")),
        5 => (Slot::new("role", ""), Some("member")),
        _ => (Slot::new("role", ""), Some("owner")),
    }
}

impl Drawn {
    fn granting(&self, name: &str, world: &Installation) -> Granting {
        let mut granting = grant(name);
        for &index in &self.subjects {
            granting = granting.of(subject(index));
        }
        if let Some(index) = self.except {
            granting = granting.except(subject(index));
        }
        for &index in &self.wanted {
            granting = match slot(index) {
                (slot, Some(level)) if slot.is_role() => granting.role(level),
                (slot, level) => granting.entitled(&slot.kind, &slot.name, level),
            };
        }
        if let Some(end) = self.until {
            granting = granting.until(world.in_time(minutes(end)));
        }
        granting
    }
}

fn drawn() -> impl Strategy<Value = Drawn> {
    (
        prop::collection::vec(0..SUBJECTS, 1..3),
        prop_oneof![4 => Just(None), 1 => (0..SUBJECTS).prop_map(Some)],
        prop::collection::vec(0..WANTED - 1, 0..3),
        prop_oneof![4 => Just(None), 1 => (5_i64..3000).prop_map(Some)],
    )
        .prop_map(|(subjects, except, wanted, until)| Drawn { subjects, except, wanted, until })
}

fn object() -> impl Strategy<Value = Vec<Drawn>> {
    prop::collection::vec(drawn(), 0..3)
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => (0..OBJECTS.len(), object()).prop_map(|(index, grants)| Edit::Declare(index, grants)),
        4 => (0..OBJECTS.len()).prop_map(Edit::Withdraw),
        2 => (0..OBJECTS.len()).prop_map(Edit::Break),
        6 => prop::sample::select(vec![1, 10, 61, 25 * 60]).prop_map(Edit::Wait),
        1 => any::<bool>().prop_map(Edit::Stale),
        1 => any::<bool>().prop_map(Edit::Breaker),
        1 => any::<bool>().prop_map(Edit::TeamBroken),
        1 => Just(Edit::NoDirectory),
        2 => (0..2_usize).prop_map(Edit::Leave),
        1 => (0..2_usize).prop_map(Edit::Return),
        1 => Just(Edit::EmptyGroup),
        1 => (0..8_usize, 0..WANTED).prop_map(|(account, slot)| Edit::RevokedByHand(account, slot)),
        2 => (0..8_usize, 0..WANTED).prop_map(|(account, slot)| Edit::GivenByHand(account, slot)),
        1 => (0..8_usize).prop_map(Edit::SuspendedByHand),
        1 => (0..8_usize).prop_map(Edit::ActivatedByHand),
        1 => (0..8_usize).prop_map(Edit::DeletedByHand),
        1 => prop::collection::vec(0..8_usize, 0..4).prop_map(Edit::Incomplete),
        1 => (0..8_usize).prop_map(Edit::Lying),
        3 => Just(Edit::Approve),
        2 => Just(Edit::PeopleWork),
        1 => any::<bool>().prop_map(Edit::Terminating),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let often = || prop::bool::weighted(0.8);
    let seldom = || prop::bool::weighted(0.3);
    let action = prop_oneof![Just(RemovalAction::Suspend), Just(RemovalAction::Delete), Just(RemovalAction::Keep)];
    let unmanaged = prop_oneof![
        2 => Just(UnmanagedAction::Report), 1 => Just(UnmanagedAction::Suspend), 1 => Just(UnmanagedAction::Delete)
    ];
    let mode = prop_oneof![1 => Just(Mode::Observe), 1 => Just(Mode::Additive), 8 => Just(Mode::Full)];
    let hands = prop_oneof![3 => Just(Hands::Nothing), 1 => Just(Hands::Deletions), 1 => Just(Hands::Everything)];
    let minutes = || prop_oneof![2 => Just(None), 1 => (1_i64..2000).prop_map(Some)];
    (
        (mode, 0..4_u64, seldom(), seldom(), seldom(), seldom(), often()),
        (action, minutes(), unmanaged, minutes(), often(), often(), hands),
    )
        .prop_map(|((mode, people, approve_first, protects_ana, keeps_an_admin, exclusive, adopts), rest)| {
            let (withdrawn, delete_after, unmanaged, after, memberships, accounts, hands) = rest;
            Rules {
                mode,
                people,
                approve_first,
                protects_ana,
                keeps_an_admin,
                exclusive,
                adopts,
                withdrawn,
                delete_after,
                unmanaged,
                after,
                memberships,
                accounts,
                hands,
            }
        })
}

/// A life of up to `edits` edits.
pub(crate) fn life(edits: usize) -> impl Strategy<Value = Life> {
    let before = prop::collection::vec((0..HOLDERS.len(), prop::collection::vec(0..WANTED, 0..3), any::<bool>()), 0..4);
    (rules(), before, prop::collection::vec(object(), 0..3), prop::collection::vec(edit(), 0..=edits))
        .prop_map(|(rules, before, declared, edits)| Life { rules, before, declared, edits })
}

fn duration(minutes: i64) -> Duration {
    Duration::from_secs(u64::try_from(minutes).unwrap_or(0) * 60)
}

impl Rules {
    fn apply(&self, policy: &mut AppPolicy) {
        policy.mode = self.mode;
        policy.safety.maximum_removals = Budget { people: self.people, percent: 0 };
        policy.safety.approve_first = self.approve_first;
        if self.protects_ana {
            policy.safety.protected.insert("ana@birch.studio".into());
        }
        if self.keeps_an_admin {
            policy.safety.keep_at_least = Some(vec![KeepAtLeast { role: "admin".into(), count: 1 }]);
        }
        policy.ownership.default_exclusive = self.exclusive;
        policy.adopt = if self.adopts { Adopt::Matched } else { Adopt::Never };
        policy.offboarding.withdrawn =
            OffboardingRule { action: self.withdrawn, delete_after: self.delete_after.map(duration) };
        let rule = UnmanagedRule { action: self.unmanaged, after: self.after.map(duration) };
        policy.unmanaged.orphan = rule;
        policy.unmanaged.unknown = rule;
        policy.manage.memberships = self.memberships;
        policy.manage.accounts = self.accounts;
        policy.classify.service.push("robot@*".into());
    }
}

impl Life {
    /// The installation before its first pass.
    pub(crate) fn begin(&self) -> Installation {
        let mut world = Installation::full();
        self.rules.apply(&mut world.policy);
        let by_hand = &mut world.capabilities.by_hand;
        by_hand.everything = matches!(self.rules.hands, Hands::Everything);
        by_hand.delete = matches!(self.rules.hands, Hands::Deletions);
        by_hand.due_in = Some(duration(24 * 60));
        world.capabilities.delete = !world.capabilities.by_hand.delete;
        world.has_directory(directory(vec![person("1", "kim"), person("2", "lou")]));
        world.directory().groups.insert("eng".into(), ["1".into(), "2".into()].into());
        world.has_team("crew", team_of(vec![user("joel"), user("kim@acme.com")]));
        for (holder, held, suspended) in &self.before {
            let id = format!("old-{holder}");
            world.app.holds(&id, HOLDERS[*holder]);
            for &index in held {
                let (slot, level) = slot(index);
                world.app.adds_by_hand(&id, slot, level);
            }
            if *suspended {
                world.app.accounts.get_mut(&AccountId::new(&id)).unwrap().state = AccountState::Suspended;
            }
        }
        for (index, grants) in self.declared.iter().enumerate() {
            declare(&mut world, index, grants);
        }
        world
    }
}

fn declare(world: &mut Installation, index: usize, grants: &[Drawn]) {
    let grants = grants.iter().enumerate().map(|(at, drawn)| drawn.granting(&format!("g{at}"), world)).collect();
    world.declare(OBJECTS[index % OBJECTS.len()], grants);
}

impl Edit {
    /// Does it; false where there is nothing to do it to.
    pub(crate) fn make(&self, world: &mut Installation) {
        let object = |index: &usize| OBJECTS[index % OBJECTS.len()];
        let is_there =
            |world: &Installation, index: &usize| world.world.accesses.keys().any(|name| *name.name == *object(index));
        match self {
            Self::Declare(index, grants) => declare(world, *index, grants),
            Self::Withdraw(index) if is_there(world, index) => world.withdraw(object(index)),
            Self::Break(index) if is_there(world, index) => world.breaks(object(index)),
            Self::Withdraw(_) | Self::Break(_) => {}
            Self::Wait(time) => world.wait(minutes(*time)),
            Self::TeamBroken(broken) => world.world.teams.values_mut().for_each(|team| team.undecodable = *broken),
            Self::NoDirectory => world.world.directories.clear(),
            Self::Approve => {
                if let Some(hold) = world.look().1.hold {
                    world.decide(&hold.digest, appaccess_core::access::Directive::Approve);
                }
            }
            Self::PeopleWork => world.people_work(),
            Self::Terminating(terminating) => world.terminating = *terminating,
            Self::Stale(_) | Self::Breaker(_) | Self::Leave(_) | Self::Return(_) | Self::EmptyGroup => {
                self.in_directory(world);
            }
            _ => self.in_app(world),
        }
    }

    fn in_directory(&self, world: &mut Installation) {
        let id = |index: &usize| if index.is_multiple_of(2) { "1" } else { "2" };
        for view in world.world.directories.values_mut() {
            match self {
                Self::Stale(true) => view.freshness = Freshness::Stale("no answer".into()),
                Self::Stale(false) => view.freshness = Freshness::Fresh,
                Self::Breaker(breaker) => view.breaker = *breaker,
                Self::Leave(index) => drop(view.left.insert(id(index).into(), "disabled".into())),
                Self::Return(index) => drop(view.left.remove(id(index))),
                _ => view.groups.values_mut().for_each(std::collections::BTreeSet::clear),
            }
        }
    }

    fn in_app(&self, world: &mut Installation) {
        let ids: Vec<AccountId> = world.app.accounts.keys().cloned().collect();
        let pick = |index: &usize| ids.get(index % ids.len().max(1)).cloned();
        match self {
            Self::Incomplete(indices) => {
                world.reads_incompletely();
                world.hidden.extend(indices.iter().filter_map(pick));
                return;
            }
            Self::Lying(index) => {
                let ours = |id: &AccountId| world.memory.inventory.values().any(|owned| owned.account == *id);
                world.hidden.extend(pick(index).filter(|id| ours(id)));
                return;
            }
            _ => {}
        }
        let (Self::RevokedByHand(index, _)
        | Self::GivenByHand(index, _)
        | Self::SuspendedByHand(index)
        | Self::ActivatedByHand(index)
        | Self::DeletedByHand(index)) = self
        else {
            return;
        };
        let Some(id) = pick(index) else { return };
        match self {
            Self::GivenByHand(_, index) => {
                let (slot, level) = slot(*index);
                world.app.adds_by_hand(&id.0, slot, level);
                return;
            }
            Self::DeletedByHand(_) => return drop(world.app.accounts.remove(&id)),
            _ => {}
        }
        let Some(account) = world.app.accounts.get_mut(&id) else { return };
        match self {
            Self::RevokedByHand(_, index) => drop(account.entitlements.remove(&slot(*index).0)),
            Self::SuspendedByHand(_) => account.state = AccountState::Suspended,
            _ => account.state = AccountState::Active,
        }
    }

    /// Whether this is a fault that can stop.
    pub(crate) fn mend(world: &mut Installation) {
        world.completeness = appaccess_core::access::Completeness::Complete;
        world.hidden.clear();
    }
}
