//! The seam to apps: what a connector can be asked, and what it can be told. Knows neither `operator` nor `cli`.
//!
//! Reading and writing are separate types: what plans is handed a [`Reader`] and cannot change anything.

mod aha;
pub mod clockify;
mod error;
mod factory;
mod failure;
mod harvest;
mod manual;
mod rest;
pub mod scim;
pub mod toggl;

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{AccountId, Capabilities, LookUp, Observation, ObservedAccount, Person, Text},
    plan::Change,
};
use futures::future::BoxFuture;
use jiff::SignedDuration;

pub use crate::http::Calls;
pub use error::ConnectorError;
pub(crate) use factory::tenant_key;
pub use factory::{Connection, Keys, Options, Supplies, declared_kinds, open, target_key};

/// What a pass needs to see: a connector may leave out the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// By entitlement type, the names that claims, our inventory or the policy name; the empty name for `Single` types. A
    /// type that is not here does not matter.
    pub named: BTreeMap<Text, BTreeSet<Text>>,
}

impl Scope {
    /// A scope in which only these groups matter.
    #[must_use]
    pub fn of_groups(groups: impl IntoIterator<Item = Text>) -> Self {
        let mut scope = Self::default();
        scope.extend("group", groups);
        scope
    }

    /// Adds names of a type.
    pub fn extend(&mut self, kind: &str, names: impl IntoIterator<Item = Text>) {
        let mut names = names.into_iter().peekable();
        if names.peek().is_some() {
            self.named.entry(kind.into()).or_default().extend(names);
        }
    }

    /// The names of a type that matter.
    pub fn names(&self, kind: &str) -> impl Iterator<Item = &Text> {
        self.named.get(kind).into_iter().flatten()
    }

    /// Whether anything of a type matters.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.named.contains_key(kind)
    }
}

/// What reads an app. Every method changes nothing there.
pub trait Reader: Send + Sync {
    /// What the app can do; asks the app at most once a day.
    fn capabilities(&self) -> BoxFuture<'_, Result<Capabilities, ConnectorError>>;

    /// Reads the app, with proof of whether the reading is complete.
    fn observe<'a>(&'a self, scope: &'a Scope) -> BoxFuture<'a, Result<Observation, ConnectorError>>;

    /// Answers one question that a listing left open: none, one or several accounts, with all that they hold: they take
    /// their place in the reading made just before.
    fn look_up<'a>(
        &'a self,
        question: &'a LookUp,
        person: Option<&'a Person>,
    ) -> BoxFuture<'a, Result<Vec<ObservedAccount>, ConnectorError>>;

    /// Reads again what was just changed, with the fewest calls: single reads or one listing.
    fn read_back<'a>(
        &'a self,
        scope: &'a Scope,
        accounts: &'a BTreeSet<AccountId>,
        groups: &'a BTreeSet<Text>,
    ) -> BoxFuture<'a, Result<ReadBack, ConnectorError>>;

    /// How far the app's clock is ahead of this machine's, where the app tells the time.
    fn clock_skew(&self) -> Option<SignedDuration>;

    /// How many requests were sent since the connector was opened.
    fn calls(&self) -> Calls;

    /// What was found out about this server, to be handed back when it is opened again.
    fn learnt(&self) -> BTreeMap<String, String>;
}

/// What a read-back shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadBack {
    /// A new listing of everything.
    Everything(Observation),
    /// The app shows nothing of what was changed, and says so: what it answered to the changes is all there is.
    Unreadable,
    /// The accounts that were asked for, with those groups' memberships; absent ones are gone.
    Asked {
        /// The accounts that are there, with what they hold of the groups that were asked for and of all other types.
        accounts: Vec<ObservedAccount>,
        /// Groups that were asked for: name, vendor's id and the ids of all members.
        groups: BTreeMap<Text, (Text, BTreeSet<AccountId>)>,
    },
}

/// One change with what is needed to carry it out.
#[derive(Clone, Debug)]
pub struct Work {
    /// The change.
    pub change: Change,
    /// Who it is about, where somebody is known.
    pub person: Option<Person>,
    /// The account: from the plan, or as created earlier in this pass.
    pub account: Option<AccountId>,
    /// The vendor's id of the entitlement, where its name exists in the catalogue or was created earlier in this pass.
    pub entitlement: Option<Text>,
}

/// What came of one change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The account that was created.
    pub account: Option<AccountId>,
    /// The vendor's id of the group that was created.
    pub entitlement: Option<Text>,
}

/// What changes an app.
pub trait Writer: Send + Sync {
    /// Which of these consecutive changes one request can carry: indices into `work`, every index once, in an order
    /// in which they can be sent.
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>>;

    /// Carries out one batch. One answer for each piece of work, in its order.
    ///
    /// A change that the app already shows as done is a success: every change can be repeated.
    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Vec<Result<Applied, ConnectorError>>>;
}
