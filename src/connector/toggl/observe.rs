//! One reading of the organisation, answers to single questions, and what it shows after a change.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{
    AccountId, AccountState, Completeness, LookUp, Mail, Observation, ObservedAccount, Person, Slot, Text,
};

use super::{
    shared::Shared,
    wire::{Group, User},
};
use crate::connector::{ConnectorError, ReadBack, Scope};

/// Most addresses that are tried for one person.
const MAILS_MAX: usize = 10;

/// Names that exist, with the vendor's ids; a name that two things have is none.
#[derive(Default)]
struct Names {
    ids: BTreeMap<Text, Text>,
    twice: BTreeSet<Text>,
}

impl Names {
    fn note(&mut self, name: &Text, id: &Text) {
        match self.ids.get(name) {
            Some(known) if known != id => drop(self.twice.insert(name.clone())),
            Some(_) => {}
            None => drop(self.ids.insert(name.clone(), id.clone())),
        }
    }

    /// The names that can be told apart; and, of those in scope, one that cannot.
    fn finish(mut self, kind: &str, scope: &Scope) -> (BTreeMap<Text, Text>, Option<Completeness>) {
        self.ids.retain(|name, _| !self.twice.contains(name));
        let doubt = scope.names(kind).find(|name| self.twice.contains(*name)).map(|name| Completeness::Incomplete {
            reason: "AmbiguousName".into(),
            message: format!("the app has more than one {kind} of the name `{name}`; rename one of them").into(),
        });
        (self.ids, doubt)
    }
}

impl Shared {
    /// Reads the organisation: the users, and the groups where any matters.
    pub(super) async fn observe(&self, scope: &Scope) -> Result<Observation, ConnectorError> {
        let mut listed = self.list_users(&[]).await?;
        let groups = if scope.has("group") { Some(self.list_groups().await?) } else { None };
        let mut doubt = Some(listed.completeness.clone()).filter(|proof| *proof != Completeness::Complete);
        let groups = match groups {
            Some(Err(why)) => {
                let now = self.now();
                self.learn(|learnt| learnt.groups_absent = Some((now, why.clone())));
                doubt.get_or_insert(Completeness::Incomplete {
                    reason: "GroupsNotReadable".into(),
                    message: why.into(),
                });
                None
            }
            Some(Ok(groups)) => {
                self.learn(|learnt| learnt.groups_absent = None);
                Some(groups)
            }
            None => None,
        };
        join_groups(&mut listed.users, groups.as_deref().unwrap_or_default());
        self.note_accepted(listed.users.values());
        let mut observation = self.joined(&listed.users, groups.as_deref());
        let mut workspaces = Names::default();
        for place in listed.users.values().flat_map(|user| &user.places) {
            workspaces.note(&place.name, &place.workspace.0);
        }
        let mut put = |kind: &str, names: Names| {
            let (ids, ambiguous) = names.finish(kind, scope);
            observation.catalogue.insert(kind.into(), ids);
            if let Some(ambiguous) = ambiguous {
                doubt.get_or_insert(ambiguous);
            }
        };
        put("workspace", workspaces);
        if let Some(groups) = &groups {
            let mut names = Names::default();
            for group in groups {
                names.note(&group.name, &group.id.0);
            }
            put("group", names);
        }
        if let Some(doubt) = doubt {
            observation.completeness = doubt;
        }
        self.seen(|seen| {
            seen.users = listed.users;
            seen.pages = listed.pages;
        });
        Ok(observation)
    }

    /// Who accepted, or is there otherwise, may one day be invited again.
    fn note_accepted<'a>(&self, users: impl Iterator<Item = &'a User>) {
        self.learn(|learnt| {
            if !learnt.invited.is_empty() {
                for user in users.filter(|user| user.state != AccountState::Invited) {
                    learnt.invited.remove(canonical(&user.email).as_ref());
                }
            }
        });
    }

    /// The users as accounts. Memberships come from the groups where these were read, else from the users' own rows.
    fn joined(&self, users: &BTreeMap<Text, User>, groups: Option<&[Group]>) -> Observation {
        let accounts = users.values().map(|user| self.account(user, groups.is_none())).collect();
        let mut observation = Observation::complete(accounts);
        for group in groups.into_iter().flatten() {
            let slot = Slot::new("group", &group.name);
            for user in &group.users {
                give(&mut observation.accounts, &AccountId(user.0.clone()), &slot);
            }
        }
        observation
    }

    fn account(&self, user: &User, with_groups: bool) -> ObservedAccount {
        let mut account = ObservedAccount::new(&user.account, &user.email);
        account.mails = Mail::parse(&user.email).into_iter().collect();
        account.state = user.state;
        account.invited_at = user.invited_at;
        account.service = self.learn(|learnt| learnt.own(&self.credential) == Some(&user.account));
        account.entitlements.insert(Slot::new("role", ""), Some(user.role.clone()));
        for place in &user.places {
            account.entitlements.insert(Slot::new("workspace", &place.name), Some(place.level.clone()));
        }
        if with_groups {
            account.entitlements.extend(user.groups.iter().map(|(_, name)| (Slot::group(name), None)));
        }
        account
    }

    /// Answers one question.
    pub(super) async fn look_up(
        &self,
        question: &LookUp,
        person: Option<&Person>,
    ) -> Result<Vec<ObservedAccount>, ConnectorError> {
        match (question, person) {
            (LookUp::Account(id), _) => self.look_up_account(id).await,
            (LookUp::Person(_), Some(person)) => {
                let mut found = BTreeMap::new();
                for mail in person.mails().take(MAILS_MAX) {
                    for user in self.users_of_mail(mail.as_str()).await? {
                        found.insert(user.account.clone(), self.account(&user, true));
                    }
                }
                Ok(found.into_values().collect())
            }
            (LookUp::Person(_), None) => {
                Err(ConnectorError::NotSupported { what: "look somebody up of whom nothing is known".to_owned() })
            }
        }
    }

    /// There is no route to a single user, so that only a whole listing proves that somebody is gone.
    async fn look_up_account(&self, id: &AccountId) -> Result<Vec<ObservedAccount>, ConnectorError> {
        let complete = self.read_users().await?;
        match self.user(&id.0) {
            Some(user) => Ok(vec![self.account(&user, true)]),
            None if complete => Ok(Vec::new()),
            None => Err(ConnectorError::Protocol {
                what: "the listing of users is not whole, so that nobody can tell who is gone".to_owned(),
            }),
        }
    }

    /// Reads again what was just changed: by address where that is less than a listing.
    pub(super) async fn read_back(
        &self,
        scope: &Scope,
        accounts: &BTreeSet<AccountId>,
        groups: &BTreeSet<Text>,
    ) -> Result<ReadBack, ConnectorError> {
        let pages = self.seen(|seen| seen.pages).max(1);
        let known: Option<Vec<(Text, Text)>> =
            accounts.iter().map(|id| Some((id.0.clone(), self.mail_of(&id.0)?))).collect();
        match known {
            Some(known) if (accounts.len() as u64) < pages => self.asked(&known, groups).await,
            _ => self.observe(scope).await.map(ReadBack::Everything),
        }
    }

    /// Reads accounts by their addresses. One whose address was changed meanwhile shows in a whole listing only.
    async fn asked(&self, known: &[(Text, Text)], groups: &BTreeSet<Text>) -> Result<ReadBack, ConnectorError> {
        let mut accounts = Vec::new();
        for (account, mail) in known {
            let found = self.users_of_mail(mail).await?;
            self.note_accepted(found.iter());
            match found.into_iter().find(|found| found.account == *account) {
                Some(found) => accounts.push(self.account(&found, false)),
                None => self.seen(|seen| drop(seen.users.remove(account))),
            }
        }
        let mut shown = BTreeMap::new();
        if !groups.is_empty() {
            let listed = self.list_groups().await?.map_err(|why| ConnectorError::Forbidden { what: why })?;
            for group in listed.into_iter().filter(|group| groups.contains(&group.name)) {
                let members = group.users.iter().map(|user| AccountId(user.0.clone())).collect();
                shown.insert(group.name, (group.id.0, members));
            }
        }
        accounts.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(ReadBack::Asked { accounts, groups: shown })
    }
}

/// Users with all groups that anything says they are in: sets are sent back whole.
fn join_groups(users: &mut BTreeMap<Text, User>, groups: &[Group]) {
    for group in groups {
        for user in &group.users {
            let Some(user) = users.get_mut(&user.0) else { continue };
            if user.groups.iter().all(|(id, _)| *id != group.id) {
                user.groups.push((group.id.clone(), group.name.clone()));
            }
        }
    }
}

/// A mail address in canonical form, anything else as it is.
pub(super) fn canonical(email: &str) -> Text {
    Mail::parse(email).map_or_else(|_| email.into(), |mail| mail.as_str().into())
}

/// Makes one of the accounts, which are ordered by id, a member of a group.
fn give(accounts: &mut [ObservedAccount], id: &AccountId, group: &Slot) {
    let found = accounts.binary_search_by(|account| account.id.cmp(id));
    if let Some(account) = found.ok().and_then(|index| accounts.get_mut(index)) {
        account.entitlements.insert(group.clone(), None);
    }
}
