//! What a connector read from an app.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use super::{Level, Mail, PersonKey, Slot, Text};

/// The vendor's immutable id of an account: its identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub Text);

impl AccountId {
    /// An id from the vendor's text.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether somebody can log in with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountState {
    /// Can log in.
    Active,
    /// Cannot log in; can be reactivated.
    Suspended,
    /// Was invited and has not accepted yet.
    Invited,
}

/// One account of an app as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedAccount {
    /// The vendor's id.
    pub id: AccountId,
    /// The user name, as the app spells it.
    pub login: Text,
    /// Mail addresses, canonical, the main one first.
    pub mails: Vec<Mail>,
    /// The key that a client of the app gave it (`externalId` in SCIM).
    pub external_id: Option<Text>,
    /// Whether somebody can log in with it.
    pub state: AccountState,
    /// Whether the app itself says that no person stands behind it, or it is our own credential's account.
    pub service: bool,
    /// What it holds beside itself; the level where the type has levels or values.
    pub entitlements: BTreeMap<Slot, Option<Level>>,
    /// Attributes that we may keep up to date, by the names of `mapping.attributes`.
    pub attributes: BTreeMap<Text, Text>,
    /// When it was last used, where the app tells; an account that was never used tells when it was made.
    pub last_active: Option<Timestamp>,
    /// When it was invited, where it is and the app tells.
    pub invited_at: Option<Timestamp>,
}

impl ObservedAccount {
    /// An active account that holds nothing but itself.
    #[must_use]
    pub fn new(id: &str, login: &str) -> Self {
        Self {
            id: AccountId::new(id),
            login: login.into(),
            mails: Mail::parse(login).into_iter().collect(),
            external_id: None,
            state: AccountState::Active,
            service: false,
            entitlements: BTreeMap::new(),
            attributes: BTreeMap::new(),
            last_active: None,
            invited_at: None,
        }
    }

    /// What a person reads: the main mail, else the login.
    #[must_use]
    pub fn label(&self) -> &str {
        self.mails.first().map_or(&self.login, Mail::as_str)
    }
}

/// Proof of how much of the app a reading shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// The listing ended by the protocol, its totals agree and nothing came twice.
    Complete,
    /// Something was missing; removals must not rest on it.
    Incomplete {
        /// A CamelCase reason.
        reason: Text,
        /// What happened, for people.
        message: Text,
    },
    /// The app cannot list by its profile: it is read person by person.
    NotListable,
}

/// A question about one account that a listing left open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LookUp {
    /// Is the account with this id still there?
    Account(AccountId),
    /// Does this person have an account?
    Person(PersonKey),
}

/// The answer to a [`LookUp`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Yes: the account, also to be found in [`Observation::accounts`].
    Found(AccountId),
    /// The app says that there is none.
    NotFound,
    /// More than one account answers to this person.
    Ambiguous(Vec<AccountId>),
}

/// Seats as the vendor counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Seats that the vendor bills.
    pub used: u64,
    /// Seats that were bought, where the vendor tells.
    pub purchased: Option<u64>,
}

/// One reading of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// How much of the app this shows.
    pub completeness: Completeness,
    /// The accounts that were read, ordered by id, each once.
    pub accounts: Vec<ObservedAccount>,
    /// The names that exist, by entitlement type, each with the vendor's id.
    pub catalogue: BTreeMap<Text, BTreeMap<Text, Text>>,
    /// Answers to questions that the listing left open.
    pub findings: BTreeMap<LookUp, Finding>,
    /// Seats, where the vendor counts them.
    pub seats: Option<Seats>,
}

impl Observation {
    /// A complete reading of `accounts`.
    #[must_use]
    pub fn complete(mut accounts: Vec<ObservedAccount>) -> Self {
        accounts.sort_by(|left, right| left.id.cmp(&right.id));
        Self {
            completeness: Completeness::Complete,
            accounts,
            catalogue: BTreeMap::new(),
            findings: BTreeMap::new(),
            seats: None,
        }
    }

    /// Whether removals may rest on this reading.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.completeness == Completeness::Complete
    }

    /// The account with this id.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&ObservedAccount> {
        self.accounts.binary_search_by(|account| account.id.cmp(id)).ok().and_then(|index| self.accounts.get(index))
    }

    /// Adds the answer to a look-up; an account that was found takes its place among the accounts.
    pub fn answer(&mut self, question: LookUp, found: Vec<ObservedAccount>) {
        let finding = match found.as_slice() {
            [] => Finding::NotFound,
            [one] => Finding::Found(one.id.clone()),
            many => Finding::Ambiguous(many.iter().map(|account| account.id.clone()).collect()),
        };
        self.findings.insert(question, finding);
        for account in found {
            match self.accounts.binary_search_by(|known| known.id.cmp(&account.id)) {
                Ok(index) => {
                    if let Some(known) = self.accounts.get_mut(index) {
                        *known = account;
                    }
                }
                Err(index) => self.accounts.insert(index, account),
            }
        }
    }
}
