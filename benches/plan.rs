//! How long a plan takes over edges that are all as they should be, against one hash pass over the same bytes; and over the
//! members of one large group, of whom two differ.

mod measure;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use appaccess_core::{
    access::{
        AppPolicy, Capabilities, EntitlementKind, Memory, Mode, ObjectName, Observation, ObservedAccount, Ownership,
        Provisioning, Slot, Text,
    },
    plan::{Input, Options, Plan, plan},
    resolve::{Access, Desired, Grant, Subject, SubjectEntry, Wanted, World, resolve},
};
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

/// The time of every pass.
const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

/// Members of the large group.
const MEMBERS: usize = 100_000;

/// One app with all that a plan rests on.
struct App {
    policy: AppPolicy,
    capabilities: Capabilities,
    desired: Desired,
    observation: Observation,
    memory: Memory,
}

fn main() {
    for edges in [100_000, 1_000_000] {
        // Each person has an account and one membership.
        let people = edges / 2;
        let app = App::in_sync(people, 500);
        let steady = app.plan();
        assert!(steady.is_in_sync() && steady.bookkeeping.is_empty(), "nothing differs and nothing is to be noted");
        let bytes = app.canonical_bytes();
        let name = format!("plan of {edges} edges in steady state / xxh3 over their {} bytes", bytes.len());
        measure::report(&name, measure::shortest(|| app.plan()), measure::shortest(|| xxh3_64(&bytes)));
    }
    members();
}

/// One group that is ours alone: somebody is missing in it, and somebody is there whom nobody declared.
fn members() {
    let mut app = App::in_sync(MEMBERS, MEMBERS);
    app.policy.ownership = Ownership { default_exclusive: true, groups: BTreeMap::new() };
    let slot = Slot::group("group 0");
    if let Some(account) = app.observation.accounts.first_mut() {
        account.entitlements.remove(&slot);
    }
    let mut accounts = app.observation.accounts.clone();
    let mut stranger = ObservedAccount::new("zz", "stranger@elsewhere.example");
    stranger.entitlements.insert(slot, None);
    accounts.push(stranger);
    let catalogue = std::mem::take(&mut app.observation.catalogue);
    app.observation = Observation { catalogue, ..Observation::complete(accounts) };
    let differing = app.plan().changes.len();
    assert_eq!(differing, 2, "one grant and one removal");
    let bytes = app.canonical_bytes();
    let name = format!("two members of {MEMBERS} in a group differ / xxh3 over {} bytes", bytes.len());
    measure::report(&name, measure::shortest(|| app.plan()), measure::shortest(|| xxh3_64(&bytes)));
}

impl App {
    /// Everybody is declared, has an account, is a member of one group, and is ours.
    fn in_sync(people: usize, members_of_a_group: usize) -> Self {
        let name = ObjectName::new("bench", "app");
        let mut policy = AppPolicy::new(name.clone());
        policy.mode = Mode::Full;
        let capabilities = capabilities();
        let world = world(&name, people, members_of_a_group);
        let desired = resolve(&world, &policy, &capabilities, &Memory::default(), NOW);
        let observation = observation(people, members_of_a_group);
        let mut app = Self { policy, capabilities, desired, observation, memory: Memory::default() };
        // The first pass adopts everything; what it writes down is what the following ones rest on.
        let first = app.plan().bookkeeping;
        app.memory.inventory = first.owned;
        app.memory.groups = first.groups;
        app
    }

    fn plan(&self) -> Plan {
        plan(&Input {
            policy: &self.policy,
            capabilities: &self.capabilities,
            desired: &self.desired,
            observation: &self.observation,
            memory: &self.memory,
            options: Options::default(),
            now: NOW,
        })
    }

    /// What is compared, written down once on either side.
    fn canonical_bytes(&self) -> Vec<u8> {
        let mut text = String::new();
        for edge in self.desired.edges.keys() {
            let _ = writeln!(text, "{}\0{}", edge.person.canonical(), edge.slot);
        }
        for account in &self.observation.accounts {
            for slot in [&Slot::account()].into_iter().chain(account.entitlements.keys()) {
                let _ = writeln!(text, "{}\0{}\0{slot}", account.id, account.login);
            }
        }
        text.into_bytes()
    }
}

fn capabilities() -> Capabilities {
    let kinds = BTreeMap::from([("group".into(), EntitlementKind::set())]);
    Capabilities { kinds, delete: true, renames: true, ..Capabilities::new(Provisioning::Create) }
}

fn mail(number: usize) -> String {
    format!("person.{number:07}@birch.example")
}

fn group(number: usize) -> Text {
    format!("group {number}").into()
}

/// One grant for each group.
fn world(app: &ObjectName, people: usize, members_of_a_group: usize) -> World {
    let all: Vec<usize> = (0..people).collect();
    let grants = all.chunks(members_of_a_group).enumerate().map(|(number, members)| Grant {
        name: format!("grant-{number}").into(),
        subjects: members.iter().map(|&member| SubjectEntry::always(Subject::User(mail(member).into()))).collect(),
        wanted: vec![Wanted { kind: "group".into(), name: group(number), level: None }],
        ..Grant::default()
    });
    let name = ObjectName::new("bench", "claims");
    let access = Access { name: name.clone(), app: app.clone(), grants: grants.collect() };
    World { accesses: BTreeMap::from([(name, access)]), ..World::default() }
}

fn observation(people: usize, members_of_a_group: usize) -> Observation {
    let accounts = (0..people).map(|number| {
        let mut account = ObservedAccount::new(&format!("u{number:07}"), &mail(number));
        account.entitlements.insert(Slot::group(&group(number / members_of_a_group)), None);
        account
    });
    let mut observation = Observation::complete(accounts.collect());
    let groups: BTreeSet<usize> = (0..people).map(|number| number / members_of_a_group).collect();
    let groups = groups.into_iter().map(|number| (group(number), format!("g{number}").into()));
    observation.catalogue = BTreeMap::from([("group".into(), groups.collect())]);
    observation
}
