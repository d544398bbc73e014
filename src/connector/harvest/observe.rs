//! One reading of the account, with proof of whether it is whole; what was changed; and answers to single questions.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{
    AccountId, AccountState, Completeness, LookUp, Mail, Observation, ObservedAccount, Person, Seats, Slot, Text,
};

use super::{
    BUSINESS_ROLE, PERMISSION,
    access::{Access, EXTRAS},
    probe::sees_everybody,
    shared::{Listing, Shared},
    wire::{Role, Roles, User, Users},
};
use crate::connector::{ConnectorError, ReadBack, rest::bounded};

const PEOPLE: (&str, &str) = ("list people", "users");
const ROLES: (&str, &str) = ("list business roles", "roles");
const ONE: &str = "read one person";
/// What a listing takes where none was made yet.
const LISTING_CALLS: u64 = 1;

/// One person as an account.
pub(super) fn account(user: &User, own: Option<&AccountId>) -> ObservedAccount {
    let email = bounded(user.email.as_deref().unwrap_or_default());
    let mut account = ObservedAccount::new(&user.id.0, &email);
    account.service = own == Some(&account.id);
    if user.is_active == Some(false) {
        account.state = AccountState::Suspended;
    }
    let access = Access::read(user.access_roles.as_deref().unwrap_or_default());
    let holds = &mut account.entitlements;
    holds.extend(access.main.map(|main| (Slot::new("role", ""), Some(main.into()))));
    holds.extend(access.extras.iter().map(|extra| (Slot::new(PERMISSION, &bounded(extra)), None)));
    holds.extend(user.roles.iter().flatten().map(|name| (Slot::new(BUSINESS_ROLE, &bounded(name)), None)));
    for (name, value) in [("givenName", &user.first_name), ("familyName", &user.last_name)] {
        let value = value.as_deref().filter(|value| !value.is_empty());
        account.attributes.extend(value.map(|value| (name.into(), bounded(value))));
    }
    account
}

impl Shared {
    /// Reads everybody, and the business roles where they matter.
    pub(super) async fn observe(&self, with_roles: bool) -> Result<Observation, ConnectorError> {
        self.seen(|seen| seen.second = None);
        let roles = async { if with_roles { self.list_roles().await.map(Some) } else { Ok(None) } };
        let (people, roles) = futures::future::try_join(self.list::<Users>(PEOPLE), roles).await?;
        self.observation(people, roles)
    }

    fn observation(&self, people: Listing<User>, roles: Option<Listing<Role>>) -> Result<Observation, ConnectorError> {
        let own = self.own();
        let mut completeness = people.completeness;
        if completeness == Completeness::Complete {
            self.shows_everybody(&people.rows, own.as_ref())?;
        }
        let mut accounts: Vec<ObservedAccount> = people.rows.values().map(|user| account(user, own.as_ref())).collect();
        accounts.sort_by(|left, right| left.id.cmp(&right.id));
        let catalogue = roles.as_ref().map(|listing| names(&listing.rows));
        if let (Completeness::Complete, Some(listing)) = (&completeness, roles) {
            completeness = listing.completeness;
        }
        self.note(&accounts, people.calls, catalogue.as_ref());
        let mut observation = Observation::complete(accounts);
        observation.catalogue = self.catalogue(&observation.accounts);
        if completeness == Completeness::Complete {
            let active = observation.accounts.iter().filter(|account| account.state != AccountState::Suspended);
            let used = u64::try_from(active.count()).unwrap_or(u64::MAX);
            observation.seats = Some(Seats { used, purchased: None });
        }
        observation.completeness = completeness;
        Ok(observation)
    }

    /// Whether a listing that agrees with its total shows everybody: anybody but an administrator sees some people only,
    /// and the token's own person shows which it is.
    fn shows_everybody(&self, people: &BTreeMap<Text, User>, own: Option<&AccountId>) -> Result<(), ConnectorError> {
        let Some(me) = own.and_then(|own| people.get(&own.0)) else {
            self.forget_own();
            let what = "see everybody: its own person is not listed, and must be an `administrator` in Harvest";
            return Err(ConnectorError::Forbidden { what: what.to_owned() });
        };
        sees_everybody(me).inspect_err(|_| self.forget_own())?;
        if people.values().any(|user| user.access_roles.is_none()) {
            return Err(ConnectorError::Protocol { what: "somebody is listed without access roles".to_owned() });
        }
        Ok(())
    }

    fn note(&self, accounts: &[ObservedAccount], calls: u64, roles: Option<&BTreeMap<Text, Text>>) {
        let is_archived = |account: &&ObservedAccount| account.state == AccountState::Suspended;
        self.seen(|seen| {
            seen.people = accounts.iter().map(|account| account.id.clone()).collect();
            seen.archived = accounts.iter().filter(is_archived).map(|account| account.id.clone()).collect();
            seen.listing_calls = Some(calls);
            if let Some(roles) = roles {
                seen.roles = Some(roles.clone());
                seen.role_made = false;
            }
        });
    }

    /// What can be claimed by name. Permissions are a fixed list, with whatever else somebody is shown to hold.
    fn catalogue(&self, accounts: &[ObservedAccount]) -> BTreeMap<Text, BTreeMap<Text, Text>> {
        let held = accounts.iter().flat_map(|account| account.entitlements.keys());
        let held = held.filter(|slot| &*slot.kind == PERMISSION).map(|slot| slot.name.clone());
        let permissions = EXTRAS.iter().map(|&extra| Text::from(extra)).chain(held);
        let permissions = permissions.map(|name| (name.clone(), name)).collect();
        let mut catalogue = BTreeMap::from([(PERMISSION.into(), permissions)]);
        let roles = self.seen(|seen| seen.roles.clone());
        catalogue.extend(roles.map(|roles| (BUSINESS_ROLE.into(), roles)));
        catalogue
    }

    /// All business roles, now.
    pub(super) async fn list_roles(&self) -> Result<Listing<Role>, ConnectorError> {
        self.list::<Roles>(ROLES).await
    }

    /// One person, now; `None` where there is none.
    pub(super) async fn person(&self, id: &AccountId) -> Result<Option<User>, ConnectorError> {
        let user: Option<User> = self.one(ONE, &["users", &id.0]).await?;
        match user {
            Some(user) if user.id.0 != id.0 => {
                Err(ConnectorError::Protocol { what: "a person was answered with another one".to_owned() })
            }
            user => Ok(user),
        }
    }

    /// Those of the newest people who have this address: what was just made is on the first page.
    pub(super) async fn newest(&self, email: &Mail) -> Result<Vec<AccountId>, ConnectorError> {
        let users = self.first_page::<Users>(PEOPLE, "100").await?;
        let has = |user: &User| user.email.as_deref().and_then(|text| Mail::parse(text).ok()).as_ref() == Some(email);
        Ok(users.into_iter().filter(has).map(|user| AccountId(user.id.0)).collect())
    }

    /// Answers one question. Harvest finds nobody by mail, so that a person is looked for in a listing of everybody,
    /// made once for all questions that one reading left open.
    pub(super) async fn look_up(
        &self,
        question: &LookUp,
        person: Option<&Person>,
    ) -> Result<Vec<ObservedAccount>, ConnectorError> {
        let own = self.own();
        let person = match (question, person) {
            (LookUp::Account(id), _) => {
                return Ok(self.person(id).await?.iter().map(|user| account(user, own.as_ref())).collect());
            }
            (LookUp::Person(_), Some(person)) => person,
            (LookUp::Person(_), None) => {
                let what = "look somebody up of whom nothing is known".to_owned();
                return Err(ConnectorError::NotSupported { what });
            }
        };
        let (people, is_whole) = self.second_listing().await?;
        let mails: BTreeSet<&Mail> = person.mails().collect();
        let found: Vec<ObservedAccount> =
            people.into_iter().filter(|account| account.mails.iter().any(|mail| mails.contains(mail))).collect();
        if found.is_empty() && !is_whole {
            let what = "the listing of people is not whole, so nobody can tell whether this person has an account";
            return Err(ConnectorError::Protocol { what: what.to_owned() });
        }
        Ok(found)
    }

    async fn second_listing(&self) -> Result<(Vec<ObservedAccount>, bool), ConnectorError> {
        if let Some(second) = self.seen(|seen| seen.second.clone()) {
            return Ok(second);
        }
        let observation = self.observation(self.list::<Users>(PEOPLE).await?, None)?;
        let second = (observation.accounts.clone(), observation.is_complete());
        self.seen(|seen| seen.second = Some(second.clone()));
        Ok(second)
    }

    /// Reads again what was changed: one by one, or everybody where that is less.
    pub(super) async fn read_back(
        &self,
        with_roles: bool,
        asked: &BTreeSet<AccountId>,
    ) -> Result<ReadBack, ConnectorError> {
        let (listing, role_made) = self.seen(|seen| (seen.listing_calls.unwrap_or(LISTING_CALLS), seen.role_made));
        let singles = u64::try_from(asked.len()).unwrap_or(u64::MAX);
        if role_made || singles >= listing {
            return self.observe(with_roles && role_made).await.map(ReadBack::Everything);
        }
        let own = self.own();
        let mut accounts = Vec::new();
        for id in asked {
            accounts.extend(self.person(id).await?.iter().map(|user| account(user, own.as_ref())));
        }
        Ok(ReadBack::Asked { accounts, groups: BTreeMap::new() })
    }
}

/// Business roles by name. Of two with one name nobody can tell which is meant: the first is taken, as its holders show
/// the same name.
fn names(roles: &BTreeMap<Text, Role>) -> BTreeMap<Text, Text> {
    let mut names = BTreeMap::new();
    for (id, role) in roles {
        if let Some(name) = &role.name {
            names.entry(bounded(name)).or_insert_with(|| id.clone());
        }
    }
    names
}
