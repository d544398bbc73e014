//! The answer: which edges are wanted, and about which nobody can tell.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use jiff::Timestamp;

use super::{
    expand::People,
    latest, permit,
    world::{Freshness, Leavers, World},
};
use crate::access::{
    AppPolicy, Capabilities, Claim, ClaimName, Edge, Level, Memory, ObjectName, Person, PersonKey, Slot, Text,
};

/// An edge that live claims carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredEdge {
    /// Its value: the highest that is claimed.
    pub value: Option<Level>,
    /// The claims, ordered.
    pub claims: Vec<Claim>,
    /// When the last of them ends; `None` for never.
    pub until: Option<Timestamp>,
}

/// What is known about one edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// A valid claim lives.
    Desired(&'a DesiredEdge),
    /// It is proven that none does.
    Absent,
    /// Nobody can tell, and why. Nothing is added or removed.
    Unknown(Text),
}

/// What is wrong with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The target app does not permit it, or is not there.
    NotPermitted,
    /// The app does not have such a thing.
    NotSupported,
    /// A subject was not found or cannot be read.
    Unresolved,
    /// Two values that the app does not order.
    Conflict,
}

/// One problem of a claim, for the status of its `AppAccess` and for the command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimProblem {
    /// Which claim.
    pub claim: ClaimName,
    /// What kind of problem.
    pub kind: ProblemKind,
    /// What, why, and what to do.
    pub message: String,
}

/// What became of one `AppAccess`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimReport {
    /// Subjects as written.
    pub subjects: usize,
    /// What is wrong.
    pub problems: Vec<ClaimProblem>,
}

/// Who should hold what in one target app.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// The edges that live claims carry.
    pub edges: BTreeMap<Edge, DesiredEdge>,
    /// The people of these edges.
    pub people: BTreeMap<PersonKey, Person>,
    /// Edges about which nobody can tell.
    pub maybe: BTreeMap<Edge, Text>,
    /// Slots that an unreadable set of people may claim for anybody.
    pub anyone: BTreeMap<Slot, Text>,
    /// People about whom nobody can tell.
    pub unknown_people: BTreeMap<PersonKey, Text>,
    /// Directories whose people cannot be judged one by one: stale, or under a breaker.
    pub unknown_directories: BTreeMap<ObjectName, Text>,
    /// Directories that exist and can be relied on, with the ids that they know.
    pub known_ids: BTreeMap<ObjectName, BTreeSet<Text>>,
    /// Proven leavers whose directory says to act: what it says, and whether its breaker holds.
    pub leavers: BTreeMap<PersonKey, (Text, bool)>,
    /// Proven leavers who are only reported.
    pub reported_leavers: BTreeMap<PersonKey, Text>,
    /// Objects that could not be read and may claim anything that their namespace may claim.
    pub unreadable: Vec<Unreadable>,
    /// Claims that `allow` refuses.
    pub refused: BTreeSet<ClaimName>,
    /// What became of each `AppAccess`.
    pub reports: BTreeMap<ObjectName, ClaimReport>,
    /// Everybody whom some directory knows, for finding accounts that are nobody's: address to person.
    pub directory_mails: BTreeMap<Text, PersonKey>,
    /// The mail domains that directories own, with whether the directory can be relied on.
    pub owned_domains: BTreeMap<Text, bool>,
    /// The next time at which a window opens or closes.
    pub next_boundary: Option<Timestamp>,
    /// Claimed values until they are merged.
    claimed_values: BTreeMap<Edge, BTreeSet<Level>>,
}

/// An object that could not be read, and what it may claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The object.
    pub name: ObjectName,
    /// The patterns that its namespace may claim; `None` for everything.
    pub patterns: Option<Vec<crate::access::SlotPattern>>,
}

impl Desired {
    /// What is known about `edge`. A leaver is absent whatever is claimed or cannot be read.
    #[must_use]
    pub fn state(&self, edge: &Edge) -> State<'_> {
        self.state_of(edge, self.edges.get(edge))
    }

    /// The same for whoever has come upon the edge's claims already.
    pub(crate) fn state_of<'a>(&'a self, edge: &Edge, claimed: Option<&'a DesiredEdge>) -> State<'a> {
        if self.leavers.contains_key(&edge.person) {
            return State::Absent;
        }
        if let Some(why) = self.reported_leavers.get(&edge.person) {
            return State::Unknown(format!("the person left ({why}) and leavers are only reported").into());
        }
        // A readable claim carries the edge, whatever else cannot be read.
        if let Some(desired) = claimed {
            return State::Desired(desired);
        }
        let named = self.maybe.get(edge).or_else(|| self.unknown_people.get(&edge.person));
        named.cloned().or_else(|| self.doubt(edge)).map_or(State::Absent, State::Unknown)
    }

    /// Whether what a person claims counts: neither acted on nor reported as a leaver.
    pub(crate) fn is_wanted(&self, person: &PersonKey) -> bool {
        !self.leavers.contains_key(person) && !self.reported_leavers.contains_key(person)
    }

    /// Why there may be claims on `edge` that nobody can read: what is owned of it must not be lowered.
    #[must_use]
    pub fn may_be_more(&self, edge: &Edge) -> Option<Text> {
        let named = self.maybe.get(edge).or_else(|| self.unknown_people.get(&edge.person));
        named.cloned().or_else(|| self.doubt(edge))
    }

    /// Why nobody can tell that an unclaimed edge is absent.
    fn doubt(&self, edge: &Edge) -> Option<Text> {
        if let Some(why) = self.anyone.get(&edge.slot) {
            return Some(why.clone());
        }
        if let PersonKey::Known { directory, id } = &edge.person {
            if let Some(why) = self.unknown_directories.get(directory) {
                return Some(why.clone());
            }
            let Some(known) = self.known_ids.get(directory) else {
                return Some(format!("the directory {directory} is not there").into());
            };
            if !known.contains(id) {
                return Some(format!("the directory {directory} no longer lists the person").into());
            }
        }
        let unreadable = self.unreadable.iter().find(|object| {
            edge.slot.is_account()
                || object
                    .patterns
                    .as_ref()
                    .is_none_or(|patterns| permit::covered(patterns, &object.name.namespace, &edge.slot))
        })?;
        Some(format!("{} cannot be read", unreadable.name).into())
    }

    pub(super) fn claim(&mut self, edge: Edge, value: Option<Level>, claim: Claim) {
        if let Some(value) = value {
            self.claimed_values.entry(edge.clone()).or_default().insert(value);
        }
        self.edges.entry(edge).or_default().claims.push(claim);
    }

    /// Merges the claims of each edge: the last end counts, the highest value wins.
    pub(super) fn merge(&mut self, capabilities: &Capabilities) {
        let mut conflicts = Vec::new();
        for (edge, desired) in &mut self.edges {
            desired.claims.sort();
            desired.claims.dedup();
            desired.until = desired.claims.iter().map(|claim| claim.until).reduce(latest).flatten();
            let Some(values) = self.claimed_values.get(edge) else { continue };
            desired.value = highest(values, |value| capabilities.kind(&edge.slot)?.rank(value));
            if desired.value.is_none() {
                conflicts.push(edge.clone());
            }
        }
        for edge in conflicts {
            let Some(desired) = self.edges.remove(&edge) else { continue };
            let why = format!("{} is claimed with values that the app does not order; claim one", edge.slot);
            for claim in &desired.claims {
                let problem =
                    ClaimProblem { claim: claim.name.clone(), kind: ProblemKind::Conflict, message: why.clone() };
                self.reports.entry(claim.name.object.clone()).or_default().problems.push(problem);
            }
            self.maybe.insert(edge, why.into());
        }
    }

    pub(super) fn note_unreadable(&mut self, world: &World, policy: &AppPolicy, memory: &Memory) {
        for object in &world.undecodable {
            let was_seen = memory
                .inventory
                .iter()
                .filter(|(_, owned)| owned.claims.keys().any(|claim| claim.object == object.name));
            let why: Text = format!("{} cannot be read", object.name).into();
            self.maybe.extend(was_seen.map(|(edge, _)| (edge.clone(), why.clone())));
            let elsewhere = object.app.as_ref().is_some_and(|app| *app != policy.app);
            if elsewhere || !permit::namespace_may_claim(policy, &object.name.namespace) {
                continue;
            }
            let own = object.name.namespace == policy.app.namespace;
            let patterns = (!own).then(|| permit::patterns(policy, &object.name.namespace));
            self.unreadable.push(Unreadable { name: object.name.clone(), patterns });
        }
    }

    pub(super) fn note_directories(&mut self, world: &World, people: &People<'_>) {
        for (name, directory) in &world.directories {
            let fresh = directory.freshness == Freshness::Fresh;
            for domain in &directory.domains {
                self.owned_domains.insert(domain.clone(), fresh);
            }
            if let Freshness::Stale(why) = &directory.freshness {
                self.unknown_directories.insert(name.clone(), format!("the directory {name} is stale: {why}").into());
            } else if directory.breaker {
                let why = format!("too many people left {name} at once");
                self.unknown_directories.insert(name.clone(), why.into());
            }
            self.known_ids.insert(name.clone(), directory.people.keys().cloned().collect());
            for (id, says) in &directory.left {
                let key = PersonKey::Known { directory: name.clone(), id: id.clone() };
                if directory.leavers == Leavers::Act && fresh {
                    self.leavers.insert(key, (says.clone(), directory.breaker));
                } else {
                    self.reported_leavers.insert(key, says.clone());
                }
            }
        }
        self.directory_mails = people.mails();
        let gone: Vec<Edge> =
            self.edges.keys().filter(|edge| self.leavers.contains_key(&edge.person)).cloned().collect();
        for edge in gone {
            self.edges.remove(&edge);
        }
        let reported: Vec<Edge> =
            self.edges.keys().filter(|edge| self.reported_leavers.contains_key(&edge.person)).cloned().collect();
        for edge in reported {
            self.edges.remove(&edge);
        }
    }
}

/// The highest of the claimed values; `None` where two differ and are not ordered.
fn highest(values: &BTreeSet<Level>, rank: impl Fn(&str) -> Option<usize>) -> Option<Level> {
    if values.len() == 1 {
        return values.first().cloned();
    }
    let mut ranked = values.iter().map(|value| Some((rank(value)?, value))).collect::<Option<Vec<_>>>()?;
    ranked.sort();
    ranked.pop().map(|(_, value)| value.clone())
}

impl Desired {
    /// All slots that claims name.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.edges.keys().chain(self.maybe.keys()).map(|edge| &edge.slot).chain(self.anyone.keys())
    }

    /// The same with other spellings of slots; edges that become one are merged.
    #[must_use]
    pub fn with_slots(&self, spelling: impl Fn(&Slot) -> Option<Slot>) -> Self {
        let respell =
            |edge: &Edge| Edge::new(edge.person.clone(), spelling(&edge.slot).unwrap_or_else(|| edge.slot.clone()));
        let mut same = self.clone();
        same.edges = BTreeMap::new();
        for (edge, desired) in &self.edges {
            match same.edges.entry(respell(edge)) {
                Entry::Vacant(vacant) => drop(vacant.insert(desired.clone())),
                Entry::Occupied(mut occupied) => {
                    let known = occupied.get_mut();
                    known.claims.extend(desired.claims.iter().cloned());
                    known.claims.sort();
                    known.until = latest(known.until, desired.until);
                }
            }
        }
        same.maybe = self.maybe.iter().map(|(edge, why)| (respell(edge), why.clone())).collect();
        let anyone = self.anyone.iter();
        same.anyone = anyone.map(|(slot, why)| (spelling(slot).unwrap_or_else(|| slot.clone()), why.clone())).collect();
        same
    }
}
