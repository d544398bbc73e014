//! What both halves of the connector know: whose the key is, what was learnt and what the last reading showed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use appaccess_core::access::{AccountId, ObservedAccount, Slot, Text};
use jiff::Timestamp;

use super::{
    PRODUCT, Settings,
    learnt::{Learnt, Own},
    names::Names,
    wire::{Me, User},
};
use crate::{
    connector::{
        ConnectorError,
        failure::read_failed,
        rest::{bounded, parse},
        scim::Clock,
    },
    http::{Get, HttpError, Reader, Target, check_depth},
};

/// Deepest JSON that is parsed.
const DEPTH_MAX: usize = 64;

/// A value behind a lock that a panic elsewhere does not poison.
#[derive(Debug, Default)]
pub(super) struct Locked<T>(Mutex<T>);

impl<T> Locked<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the last reading showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How products are spelled.
    pub(super) names: Option<Names>,
    /// How many pages of users there were.
    pub(super) user_pages: Option<u64>,
}

/// What both halves know.
pub(super) struct Shared {
    pub(super) http: Reader,
    pub(super) learnt: Locked<Learnt>,
    pub(super) seen: Locked<Seen>,
    domain: String,
    key_mark: String,
    clock: Clock,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            http: settings.client.reader(),
            learnt: Locked::new(Learnt::from_words(&settings.learnt)),
            seen: Locked::default(),
            domain: settings.domain,
            key_mark: settings.key_mark,
            clock: settings.clock,
        }
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The account of the key's own user, asked for at most once a day and again for every other key.
    pub(super) async fn own_account(&self) -> Result<AccountId, ConnectorError> {
        if let Some(known) = self.learnt.lock().own_of(&self.key_mark, self.now()) {
            return Ok(AccountId(known.clone()));
        }
        let me = self.me().await?;
        let id = me.user.id.0.clone();
        let accounts = me.user.accounts.unwrap_or_default();
        let domains: Vec<&str> = accounts.iter().filter_map(|one| one.account.as_ref()?.domain.as_deref()).collect();
        if !domains.is_empty() && !domains.iter().any(|domain| domain.eq_ignore_ascii_case(&self.domain)) {
            return Err(self.no_such_account());
        }
        let own = Own { id: id.clone(), key_mark: self.key_mark.clone(), at: self.now() };
        self.learnt.lock().own = Some(own);
        Ok(AccountId(id))
    }

    async fn me(&self) -> Result<Me, ConnectorError> {
        let what = "read whose the API key is";
        let target = Target::path(["me"]).map_err(|error| read_failed(what, error))?;
        let response = match self.http.get(Get::new(target)).await {
            Ok(response) if response.status == 404 => return Err(self.no_such_account()),
            Ok(response) => response,
            // What an address without an account answers is not documented; none of Aha!'s own calls redirects.
            Err(HttpError::Redirected { .. }) => return Err(self.no_such_account()),
            Err(error) => return Err(read_failed(what, error)),
        };
        check_depth(&response.body, DEPTH_MAX).map_err(|error| read_failed(what, error))?;
        parse(what, &response)
    }

    fn no_such_account(&self) -> ConnectorError {
        let domain = &self.domain;
        ConnectorError::Settings(format!(
            "`domain`: the API key is not of an account `{domain}`; write the subdomain of your account, `birch` for \
             birch.aha.io"
        ))
    }

    /// A user as an account, with products as `names` spells them.
    pub(super) fn observed(&self, user: &User, names: &Names) -> ObservedAccount {
        let id = &user.id.0;
        let login = user.email.as_deref().or(user.name.as_deref()).map_or_else(|| id.clone(), bounded);
        let mut account = ObservedAccount::new(id, &login);
        account.state = user.state();
        account.last_active = user.last_active();
        account.service = self.learnt.lock().own.as_ref().is_some_and(|own| own.id == *id);
        account.entitlements.insert(Slot::new("role", ""), Some(user.role().into()));
        for role in user.product_roles.iter().flatten() {
            if let Some(level) = role.level() {
                let name: Text = names.of(&role.product_id.0, role.product_name.as_deref());
                account.entitlements.insert(Slot { kind: PRODUCT.into(), name }, Some(level));
            }
        }
        account
    }
}
