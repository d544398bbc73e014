//! One reading of the app: users and groups, joined by membership, with proof of whether that is all.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{AccountId, Completeness, Level, Observation, ObservedAccount, Slot, Text};
use appaccess_scim::{
    list::{self, ListError, PageHead},
    paging::{Listing, Reason},
    resource::{GroupView, UserView},
};

use super::{
    Mapping,
    listing::{Collect, Ended},
    mapping::bounded,
    shared::{Collection, Memberships, Seen, Shared, fold, note_user, parse_group},
};
use crate::connector::{ConnectorError, Scope};

/// What is kept of a listing of users.
struct Users<'a> {
    mapping: &'a Mapping,
    order: &'a [Level],
    accounts: Vec<ObservedAccount>,
    seen: Seen,
}

impl Collect for Users<'_> {
    fn clear(&mut self) {
        self.accounts.clear();
        self.seen = Seen::default();
    }

    fn page(&mut self, body: &[u8], listing: &mut Listing) -> Result<PageHead, ListError> {
        list::read(body, |user: UserView<'_>| {
            if listing.see(&user.id) {
                let account = self.mapping.observed(&user, self.order);
                note_user(&mut self.seen, &user, &account.id);
                self.accounts.push(account);
            }
        })
    }
}

/// A group of a listing.
pub(super) struct Group {
    /// The name as the app spells it.
    pub(super) name: Text,
    /// The vendor's id.
    pub(super) id: Text,
    /// The ids of the members, where the group is in scope; `None` where the app did not tell.
    pub(super) members: Option<Vec<Text>>,
}

/// What is kept of a listing of groups.
#[derive(Default)]
struct Groups {
    scope: BTreeSet<String>,
    by_name: BTreeMap<String, Group>,
    ambiguous: BTreeSet<String>,
    /// Whether any group, in scope or not, told members.
    told_members: bool,
}

impl Collect for Groups {
    fn may_be_missing(&self) -> bool {
        self.scope.is_empty()
    }

    fn clear(&mut self) {
        *self = Self { scope: std::mem::take(&mut self.scope), ..Self::default() };
    }

    fn page(&mut self, body: &[u8], listing: &mut Listing) -> Result<PageHead, ListError> {
        list::read(body, |group: GroupView<'_>| {
            if listing.see(&group.id) {
                self.take(&group);
            }
        })
    }
}

impl Groups {
    fn take(&mut self, group: &GroupView<'_>) {
        self.told_members |= group.members.as_ref().is_some_and(|members| !members.is_empty());
        let key = fold(&group.display_name);
        let is_wanted = self.scope.contains(&key);
        let members =
            group.members.as_ref().filter(|_| is_wanted).map(|_| group.member_ids().map(Text::from).collect());
        let kept = Group { name: bounded(&group.display_name), id: Text::from(&*group.id), members };
        if self.by_name.insert(key.clone(), kept).is_some() {
            self.ambiguous.insert(key);
        }
    }
}

impl Shared {
    /// Reads the app.
    pub(super) async fn observe(&self, scope: &Scope) -> Result<Observation, ConnectorError> {
        let profile = self.profile();
        if !profile.read_listable {
            let mut nothing = Observation::complete(Vec::new());
            nothing.completeness = Completeness::NotListable;
            return Ok(nothing);
        }
        let mut users =
            Users { mapping: &self.mapping, order: &self.role_order, accounts: Vec::new(), seen: Seen::default() };
        let scope = scope.names("group").map(|name| fold(name)).collect();
        let mut groups = Groups { scope, ..Groups::default() };
        let (of_users, of_groups) = futures::future::try_join(
            self.list(Collection::Users, &[], &mut users),
            self.list_groups(profile.groups, &mut groups),
        )
        .await?;
        let singles = if of_groups.is_some() { self.members_one_by_one(&mut groups).await? } else { 0 };
        let incomplete = incompleteness(of_users, of_groups, &groups);
        let calls = of_users.calls + of_groups.map_or(0, |ended| ended.calls) + singles;
        self.remember(&mut users, &groups, calls);
        let (observation, memberships) = join(users.accounts, groups, incomplete);
        self.seen(|seen| seen.memberships = memberships);
        Ok(observation)
    }

    async fn list_groups(&self, has_groups: bool, groups: &mut Groups) -> Result<Option<Ended>, ConnectorError> {
        if !has_groups {
            return Ok(None);
        }
        // Where no group matters their members need not travel; a server that ignores the wish does no harm.
        let query: &[(&str, &str)] = if groups.scope.is_empty() { &[("excludedAttributes", "members")] } else { &[] };
        self.list(Collection::Groups, query, groups).await.map(Some)
    }

    /// Where listings leave members out, reads each group in scope alone, and says how many requests that took.
    async fn members_one_by_one(&self, groups: &mut Groups) -> Result<u64, ConnectorError> {
        if groups.told_members {
            self.learn(|learnt| learnt.lists_members = Some(true));
        }
        let known = self.learnt(|learnt| learnt.lists_members);
        if known == Some(true) {
            return Ok(0);
        }
        let mut calls = 0;
        for key in &groups.scope {
            let Some(group) = groups.by_name.get_mut(key).filter(|group| group.members.is_none()) else { continue };
            calls += 1;
            let Some(response) = self.resource(Collection::Groups, &group.id).await? else { continue };
            let Some(read) = parse_group(&response.body).filter(|read| *read.id == *group.id) else { continue };
            if read.member_ids().next().is_some() {
                self.learn(|learnt| learnt.lists_members = Some(false));
            }
            group.members = Some(read.member_ids().map(Text::from).collect());
        }
        Ok(calls)
    }

    fn remember(&self, users: &mut Users<'_>, groups: &Groups, calls: u64) {
        self.seen(|seen| {
            seen.work_mails = std::mem::take(&mut users.seen.work_mails);
            seen.inactive = std::mem::take(&mut users.seen.inactive);
            seen.listing_calls = Some(calls);
            let named = groups.by_name.iter().filter(|(key, _)| !groups.ambiguous.contains(*key));
            seen.groups = named.map(|(key, group)| (key.clone(), (group.name.clone(), group.id.clone()))).collect();
        });
        for account in &users.accounts {
            self.check(account);
        }
    }
}

fn incompleteness(users: Ended, groups: Option<Ended>, of_groups: &Groups) -> Option<Completeness> {
    let because = |collection: Collection, reason: Reason| Completeness::Incomplete {
        reason: format!("{reason:?}").into(),
        message: format!("the listing of {} is not complete: {reason}", collection.word()).into(),
    };
    if let Some(reason) = users.incomplete {
        return Some(because(Collection::Users, reason));
    }
    if let Some(reason) = groups.and_then(|ended| ended.incomplete) {
        return Some(because(Collection::Groups, reason));
    }
    let ambiguous = of_groups.ambiguous.iter().find(|key| of_groups.scope.contains(*key))?;
    let name = of_groups.by_name.get(ambiguous).map(|group| Text::clone(&group.name)).unwrap_or_default();
    Some(Completeness::Incomplete {
        reason: "AmbiguousGroup".into(),
        message: format!("the app has more than one group of the name `{name}`").into(),
    })
}

/// Puts the memberships of the groups in scope onto the accounts. Tells those beside that a look-up may need: of members
/// that the listing of users lacks, and of all where it is not proven whole, for then people are asked for by name.
fn join(
    accounts: Vec<ObservedAccount>,
    groups: Groups,
    incomplete: Option<Completeness>,
) -> (Observation, Memberships) {
    let mut observation = Observation::complete(accounts);
    let mut memberships = Memberships::new();
    let mut catalogue = BTreeMap::new();
    let kind = Text::from("group");
    for (key, group) in groups.by_name {
        if groups.ambiguous.contains(&key) {
            continue;
        }
        let slot = Slot { kind: Text::clone(&kind), name: Text::clone(&group.name) };
        for member in group.members.iter().flatten() {
            let id = AccountId(Text::clone(member));
            let is_listed = give(&mut observation.accounts, &id, &slot);
            if !is_listed || incomplete.is_some() {
                memberships.entry(id).or_default().push(slot.clone());
            }
        }
        catalogue.insert(group.name, group.id);
    }
    observation.catalogue.insert(kind, catalogue);
    if let Some(incomplete) = incomplete {
        observation.completeness = incomplete;
    }
    (observation, memberships)
}

/// Makes one of the accounts, which are ordered by id, a member of a group; `false` where it is not among them.
pub(super) fn give(accounts: &mut [ObservedAccount], id: &AccountId, group: &Slot) -> bool {
    let found = accounts.binary_search_by(|account| account.id.cmp(id));
    let Some(account) = found.ok().and_then(|index| accounts.get_mut(index)) else { return false };
    account.entitlements.insert(group.clone(), None);
    true
}
