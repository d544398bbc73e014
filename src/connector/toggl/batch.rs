//! Which changes one request can carry, and in which order the requests go. Pure.
//!
//! What gives goes before what takes, suspensions before deletions. Invitations go first, as all else rests on them.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{access::Text, plan::Action};

use crate::connector::Work;

/// Most people in one invitation. Toggl names no bound; a refusal names one person of them.
const INVITED_MAX: usize = 50;

/// Most people in one deletion.
const REMOVED_MAX: usize = 100;

/// What a request does. The order is the order in which requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Invites people, with the workspaces that they are invited to.
    Invite,
    /// Gives something to one person: role, address, reactivation, further workspaces.
    Gain,
    /// Makes a group, or adds members.
    GroupGain,
    /// Changes the level of one person in one workspace.
    Level,
    /// Takes members out of a group.
    GroupLoss,
    /// Takes people out of a workspace.
    Leave,
    /// Lowers the role of one person.
    Lose,
    /// Suspends one person, who loses groups, workspaces and role by the way.
    Suspend,
    /// Deletes people, and ends invitations that nobody accepted.
    Remove,
    /// Nothing that Toggl can do.
    Other,
}

/// What one piece of work would be in a request of its own.
pub(super) fn kind(work: &Work, is_invited: impl Fn(&Work) -> bool) -> Kind {
    let change = &work.change;
    let slot = &change.slot;
    match (&*slot.kind, change.action) {
        ("account", Action::Create | Action::Invite) => Kind::Invite,
        ("account", Action::Suspend) if !is_invited(work) => Kind::Suspend,
        ("account", Action::Suspend | Action::Delete) => Kind::Remove,
        ("role", Action::Change | Action::Revoke) if change.is_removal() => Kind::Lose,
        ("account", Action::Update | Action::Activate)
        | ("role", Action::Grant | Action::Change)
        | ("workspace", Action::Grant) => Kind::Gain,
        ("workspace", Action::Change) => Kind::Level,
        ("workspace", Action::Revoke) => Kind::Leave,
        ("group", Action::Create | Action::Grant) => Kind::GroupGain,
        ("group", Action::Revoke) => Kind::GroupLoss,
        _ => Kind::Other,
    }
}

/// What a batch does: the kind of what it is made for; none where several kinds came together and nothing carries them.
pub(super) fn kind_of_batch(batch: &[Work], is_invited: impl Fn(&Work) -> bool) -> Option<Kind> {
    let kinds: BTreeSet<Kind> = batch.iter().map(|work| kind(work, &is_invited)).collect();
    let carriers = [Kind::Remove, Kind::Suspend, Kind::Invite];
    let carrier = carriers.into_iter().find(|kind| kinds.contains(kind));
    carrier.or_else(|| kinds.first().copied().filter(|_| kinds.len() == 1))
}

/// Who is being invited, with what.
#[derive(Default)]
struct Invitee {
    account: Vec<usize>,
    /// Workspaces with levels, and the work that gives them.
    places: BTreeMap<(Text, Option<Text>), Vec<usize>>,
    /// The lowest role, which comes with the account.
    role: Vec<usize>,
    /// Groups that exist, and the work that gives them.
    groups: BTreeMap<Text, Vec<usize>>,
}

impl Invitee {
    fn all(&self) -> Vec<usize> {
        self.account.iter().chain(self.places.values().flatten()).chain(&self.role).copied().collect()
    }
}

/// The batches of `work`.
pub(super) fn batches(work: &[Work], is_invited: impl Fn(&Work) -> bool) -> Vec<Vec<usize>> {
    let kinds: Vec<Kind> = work.iter().map(|work| kind(work, &is_invited)).collect();
    let those_of = |wanted: Kind| -> BTreeSet<Text> {
        let indices = kinds.iter().zip(work).filter(|(kind, _)| **kind == wanted);
        indices.map(|(_, work)| work.change.whose()).collect()
    };
    let (invited, suspended, removed) = (those_of(Kind::Invite), those_of(Kind::Suspend), those_of(Kind::Remove));
    let mut found: Vec<(Kind, Vec<usize>)> = Vec::new();
    let mut invitees: BTreeMap<Text, Invitee> = BTreeMap::new();
    let mut gathered: BTreeMap<(Kind, Text), Vec<usize>> = BTreeMap::new();
    let mut removals: BTreeMap<Text, Vec<usize>> = BTreeMap::new();
    for (index, (one, kind)) in work.iter().zip(&kinds).enumerate() {
        let whose = one.change.whose();
        let loses = matches!(kind, Kind::GroupLoss | Kind::Leave | Kind::Lose);
        if invited.contains(&whose) && take_along(invitees.entry(whose.clone()).or_default(), one, *kind, index) {
            continue;
        }
        match kind {
            Kind::Remove => removals.entry(whose).or_default().push(index),
            _ if loses && removed.contains(&whose) => removals.entry(whose).or_default().push(index),
            _ if loses && suspended.contains(&whose) => gathered.entry((Kind::Suspend, whose)).or_default().push(index),
            Kind::Level | Kind::Other | Kind::Invite => found.push((*kind, vec![index])),
            Kind::Gain | Kind::Lose | Kind::Suspend => gathered.entry((*kind, whose)).or_default().push(index),
            Kind::GroupGain | Kind::GroupLoss | Kind::Leave => {
                gathered.entry((*kind, one.change.slot.name.clone())).or_default().push(index);
            }
        }
    }
    for (kind, group, indices) in invitations(invitees) {
        match group {
            None => found.push((kind, indices)),
            Some(group) => gathered.entry((kind, group)).or_default().extend(indices),
        }
    }
    let removals: Vec<Vec<usize>> = removals.into_values().collect();
    found.extend(removals.chunks(REMOVED_MAX).map(|people| (Kind::Remove, people.concat())));
    found.extend(gathered.into_iter().map(|((kind, _), indices)| (kind, indices)));
    found.sort_by_key(|(kind, indices)| (*kind, indices.iter().min().copied()));
    found.into_iter().map(|(_, indices)| indices).collect()
}

/// Whether a piece of work goes along with the invitation of its person.
fn take_along(invitee: &mut Invitee, work: &Work, kind: Kind, index: usize) -> bool {
    let slot = &work.change.slot;
    let is_grant = work.change.action == Action::Grant;
    match (&*slot.kind, kind) {
        (_, Kind::Invite) => invitee.account.push(index),
        ("workspace", Kind::Gain) => {
            invitee.places.entry((slot.name.clone(), work.change.to.clone())).or_default().push(index);
        }
        ("role", Kind::Gain) if work.change.to.as_deref() == Some("member") => invitee.role.push(index),
        ("group", Kind::GroupGain) if is_grant && work.entitlement.is_some() => {
            invitee.groups.entry(slot.name.clone()).or_default().push(index);
        }
        _ => return false,
    }
    true
}

/// The requests of invitations: one for each set of workspaces. Groups go along where all of a set share them, as that
/// never takes another request; else they wait for the change of the group.
fn invitations(invitees: BTreeMap<Text, Invitee>) -> Vec<(Kind, Option<Text>, Vec<usize>)> {
    let mut sets: BTreeMap<Vec<(Text, Option<Text>)>, Vec<Invitee>> = BTreeMap::new();
    for invitee in invitees.into_values() {
        sets.entry(invitee.places.keys().cloned().collect()).or_default().push(invitee);
    }
    let mut found = Vec::new();
    for people in sets.into_values() {
        let groups = |invitee: &Invitee| invitee.groups.keys().cloned().collect::<Vec<_>>();
        let first = people.first().map(groups);
        let share = people.iter().all(|invitee| Some(groups(invitee)) == first);
        for chunk in people.chunks(INVITED_MAX) {
            let along = chunk.iter().filter(|_| share).flat_map(|invitee| invitee.groups.values().flatten().copied());
            found.push((Kind::Invite, None, chunk.iter().flat_map(Invitee::all).chain(along).collect()));
        }
        if !share {
            for (group, indices) in people.into_iter().flat_map(|invitee| invitee.groups) {
                found.push((Kind::GroupGain, Some(group), indices));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use appaccess_core::{
        access::{AccountId, Evidence, Mail, Person, PersonKey, Slot},
        plan::{Cause, Change},
    };
    use proptest::prelude::*;

    use super::*;

    fn work(action: Action, person: Option<&str>, slot: Slot, to: Option<&str>) -> Work {
        let mail = person.map(|name| format!("{name}@example.com"));
        let key = mail.as_deref().map(|mail| PersonKey::Mail(Mail::parse(mail).unwrap()));
        let losing = matches!(action, Action::Revoke | Action::Suspend | Action::Delete);
        let exists = !slot.is_account() && &*slot.name != "New";
        Work {
            change: Change {
                action,
                person: key.clone(),
                label: person.unwrap_or_default().into(),
                account: None,
                slot,
                from: None,
                to: to.map(Text::from),
                attributes: BTreeMap::new(),
                cause: if losing { Cause::Withdrawn } else { Cause::Declared },
                evidence: Evidence::Claims(Vec::new()),
                permitted: true,
                held: None,
                due: None,
                task: None,
            },
            person: key.map(Person::literal),
            account: person.filter(|_| action != Action::Invite).map(AccountId::new),
            entitlement: exists.then(|| "1".into()),
        }
    }

    fn workspace(name: &str) -> Slot {
        Slot::new("workspace", name)
    }

    fn batched(all: &[Work]) -> Vec<Vec<usize>> {
        batches(all, |_| false)
    }

    #[test]
    fn people_of_one_set_of_workspaces_are_invited_together_with_the_groups_that_they_share() {
        let all = [
            work(Action::Invite, Some("a"), Slot::account(), None),
            work(Action::Invite, Some("b"), Slot::account(), None),
            work(Action::Invite, Some("c"), Slot::account(), None),
            work(Action::Grant, Some("a"), workspace("Main"), Some("user")),
            work(Action::Grant, Some("b"), workspace("Main"), Some("user")),
            work(Action::Grant, Some("c"), workspace("Main"), Some("admin")),
            work(Action::Grant, Some("a"), Slot::group("Staff"), None),
            work(Action::Grant, Some("b"), Slot::group("Staff"), None),
            work(Action::Grant, Some("a"), Slot::new("role", ""), Some("member")),
        ];
        assert_eq!(batched(&all), [vec![0, 3, 8, 1, 4, 6, 7], vec![2, 5]]);
    }

    #[test]
    fn groups_that_are_not_shared_or_not_made_yet_wait_for_their_own_request() {
        let all = [
            work(Action::Invite, Some("a"), Slot::account(), None),
            work(Action::Invite, Some("b"), Slot::account(), None),
            work(Action::Grant, Some("a"), Slot::group("Staff"), None),
            work(Action::Create, None, Slot::group("New"), None),
            work(Action::Grant, Some("a"), Slot::group("New"), None),
            work(Action::Grant, Some("c"), Slot::group("Staff"), None),
            work(Action::Grant, Some("b"), Slot::new("role", ""), Some("admin")),
        ];
        assert_eq!(batched(&all), [vec![0, 1], vec![6], vec![5, 2], vec![3, 4]]);
    }

    #[test]
    fn who_is_suspended_loses_all_else_in_the_same_request() {
        let all = [
            work(Action::Revoke, Some("a"), Slot::group("Staff"), None),
            work(Action::Revoke, Some("b"), Slot::group("Staff"), None),
            work(Action::Revoke, Some("a"), workspace("Main"), None),
            work(Action::Revoke, Some("b"), workspace("Main"), None),
            work(Action::Revoke, Some("c"), workspace("Main"), None),
            work(Action::Suspend, Some("a"), Slot::account(), None),
        ];
        assert_eq!(batched(&all), [vec![1], vec![3, 4], vec![0, 2, 5]]);
    }

    #[test]
    fn deletions_and_ends_of_invitations_go_together_and_last() {
        let all = [
            work(Action::Delete, Some("a"), Slot::account(), None),
            work(Action::Suspend, Some("b"), Slot::account(), None),
            work(Action::Suspend, Some("c"), Slot::account(), None),
            work(Action::Revoke, Some("b"), Slot::group("Staff"), None),
        ];
        let is_b = |work: &Work| &*work.change.label == "b";
        assert_eq!(batches(&all, is_b), [vec![2], vec![0, 1, 3]]);
        assert_eq!(kind_of_batch(&all[..2], is_b), Some(Kind::Remove));
        assert_eq!(kind_of_batch(&[all[3].clone(), work(Action::Revoke, None, workspace("Main"), None)], is_b), None);
    }

    #[test]
    fn an_invitation_has_a_bound() {
        let all: Vec<Work> = (0..=INVITED_MAX)
            .map(|number| work(Action::Invite, Some(&format!("p{number}")), Slot::account(), None))
            .collect();
        assert_eq!(batched(&all).iter().map(Vec::len).collect::<Vec<_>>(), [INVITED_MAX, 1]);
    }

    fn any_work() -> impl Strategy<Value = Work> {
        let action = proptest::sample::select(vec![
            Action::Create,
            Action::Invite,
            Action::Update,
            Action::Activate,
            Action::Grant,
            Action::Change,
            Action::Revoke,
            Action::Suspend,
            Action::Delete,
            Action::Adopt,
        ]);
        let slot = proptest::sample::select(vec![
            Slot::account(),
            Slot::group("A"),
            Slot::group("New"),
            Slot::new("role", ""),
            workspace("Main"),
            Slot::new("other", "x"),
        ]);
        (action, 0..4_u8, slot, any::<bool>()).prop_map(|(action, person, slot, low)| {
            let person = (person > 0).then(|| format!("p{person}"));
            work(action, person.as_deref(), slot, Some(if low { "member" } else { "admin" }))
        })
    }

    proptest! {
        #[test]
        fn every_change_is_in_exactly_one_batch(all in proptest::collection::vec(any_work(), 0..30)) {
            let is_p1 = |work: &Work| &*work.change.label == "p1";
            let mut indices: Vec<usize> = batches(&all, is_p1).into_iter().flatten().collect();
            indices.sort_unstable();
            prop_assert_eq!(indices, (0..all.len()).collect::<Vec<_>>());
        }
    }
}
