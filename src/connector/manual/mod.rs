//! Apps without an interface: a roster is read, and people make the changes. Sends nothing, and knows no file.

mod cell;
mod roster;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use appaccess_core::access::{
    AccountId, ByHand, Capabilities, EntitlementKind, LookUp, Observation, ObservedAccount, Person, PersonKey,
    Provisioning, Shape, Text,
};
use futures::future::BoxFuture;
use jiff::SignedDuration;

pub(in crate::connector) use self::roster::Columns;
use self::roster::Roster;
use super::{Applied, Calls, ConnectorError, ReadBack, Reader, Scope, Work, Writer};

/// What the connector is opened with.
#[derive(Clone, Debug, Default)]
pub(in crate::connector) struct Settings {
    /// The roster: CSV with a header.
    pub(in crate::connector) roster: String,
    /// The names of its columns.
    pub(in crate::connector) columns: Columns,
    /// Roles from low to high, where the owner of the app tells.
    pub(in crate::connector) role_order: Vec<Text>,
    /// Where people click.
    pub(in crate::connector) instructions: Option<Text>,
    /// How long a task may take.
    pub(in crate::connector) due_in: Option<Duration>,
}

/// Opens the connector. The roster is read at once: nothing else will be.
///
/// # Errors
/// [`ConnectorError::Roster`] where nothing at all can be learnt from it.
pub(in crate::connector) fn open(settings: &Settings) -> Result<(ManualReader, NoWriter), ConnectorError> {
    let roster = Roster::read(&settings.roster, &settings.columns)?;
    let capabilities = capabilities(settings, &roster);
    Ok((ManualReader { roster: Arc::new(roster), capabilities: Arc::new(capabilities) }, NoWriter))
}

/// People can do all that the roster could show as done.
fn capabilities(settings: &Settings, roster: &Roster) -> Capabilities {
    let mut can = Capabilities::new(Provisioning::Create);
    can.delete = true;
    // Who is in a line that cannot be read may be anybody.
    can.look_up = roster.is_complete();
    let mut role = EntitlementKind::single(&[]);
    role.shape = Shape::Single { order: settings.role_order.clone() };
    role.required = !settings.role_order.is_empty();
    for (name, kind, column) in
        [("role", role, roster.has_roles()), ("group", EntitlementKind::set(), roster.has_groups())]
    {
        if column {
            can.kinds.insert(name.into(), kind);
        } else {
            can.absent.insert(name.into(), "the roster has no column for it; `columns` can name one".into());
        }
    }
    let clicks = settings.instructions.iter().map(|text| ("".into(), text.clone()));
    can.by_hand = ByHand { everything: true, delete: true, clicks: clicks.collect(), due_in: settings.due_in };
    can
}

/// Reads the roster. Nothing is sent.
pub(in crate::connector) struct ManualReader {
    roster: Arc<Roster>,
    capabilities: Arc<Capabilities>,
}

impl ManualReader {
    fn find(&self, question: &LookUp, person: Option<&Person>) -> Vec<ObservedAccount> {
        let mut observation = self.roster.observation();
        let is_meant = |account: &ObservedAccount| match question {
            LookUp::Account(id) => account.id == *id,
            LookUp::Person(key) => is_of(account, key, person),
        };
        observation.accounts.retain(is_meant);
        observation.accounts
    }
}

/// Whether an account is a person's, by mail or login.
fn is_of(account: &ObservedAccount, key: &PersonKey, person: Option<&Person>) -> bool {
    let by_key = match key {
        PersonKey::Mail(mail) => account.mails.contains(mail),
        PersonKey::Login(login) | PersonKey::Service(login) => account.login.eq_ignore_ascii_case(login),
        PersonKey::Known { .. } => false,
    };
    by_key || person.is_some_and(|person| person.mails().any(|mail| account.mails.contains(mail)))
}

impl Reader for ManualReader {
    fn capabilities(&self) -> BoxFuture<'_, Result<Capabilities, ConnectorError>> {
        Box::pin(async { Ok(Capabilities::clone(&self.capabilities)) })
    }

    fn observe<'a>(&'a self, _: &'a Scope) -> BoxFuture<'a, Result<Observation, ConnectorError>> {
        Box::pin(async { Ok(self.roster.observation()) })
    }

    fn look_up<'a>(
        &'a self,
        question: &'a LookUp,
        person: Option<&'a Person>,
    ) -> BoxFuture<'a, Result<Vec<ObservedAccount>, ConnectorError>> {
        Box::pin(async move { Ok(self.find(question, person)) })
    }

    fn read_back<'a>(
        &'a self,
        _: &'a Scope,
        _: &'a BTreeSet<AccountId>,
        _: &'a BTreeSet<Text>,
    ) -> BoxFuture<'a, Result<ReadBack, ConnectorError>> {
        Box::pin(async { Ok(ReadBack::Everything(self.roster.observation())) })
    }

    fn clock_skew(&self) -> Option<SignedDuration> {
        None
    }

    fn calls(&self) -> Calls {
        Calls::default()
    }

    fn learnt(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// Changes nothing: what should change is a task for people. The engine never comes here.
pub(in crate::connector) struct NoWriter;

impl Writer for NoWriter {
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>> {
        (0..work.len()).map(|index| vec![index]).collect()
    }

    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Vec<Result<Applied, ConnectorError>>> {
        let refused = || ConnectorError::NotSupported { what: "be changed by us: its changes are tasks".into() };
        Box::pin(async move { batch.iter().map(|_| Err(refused())).collect() })
    }
}
