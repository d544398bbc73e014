//! Questions about single accounts, and what the app shows after a change.
//!
//! There is no call for one user: the listing narrowed to a mail address is the nearest, and a member's profile tells the
//! address behind an id.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{AccountId, LookUp, Mail, ObservedAccount, Person, Slot, Text};

use super::{
    Kind,
    beside::{Standing, held},
    shared::Shared,
    wire::{Profile, User},
};
use crate::{
    connector::{
        ConnectorError, ReadBack, Scope,
        rest::{fetch, parse, said},
    },
    http::{Get, Response},
};

/// Most addresses that are tried for one person.
const MAILS_MAX: usize = 10;

/// How the vendor says that something is not there: with a status that says something else.
fn is_not_there(response: &Response) -> bool {
    response.status == 404
        || (response.status == 400 && said(response).to_ascii_lowercase().contains("doesn't belong to"))
}

impl Shared {
    /// Answers one question.
    pub(super) async fn look_up(
        &self,
        question: &LookUp,
        person: Option<&Person>,
    ) -> Result<Vec<ObservedAccount>, ConnectorError> {
        match (question, person) {
            (LookUp::Account(id), _) => Ok(self.account(id).await?.into_iter().collect()),
            (LookUp::Person(_), Some(person)) => self.find(person).await,
            (LookUp::Person(_), None) => {
                Err(ConnectorError::NotSupported { what: "look somebody up of whom nothing is known".to_owned() })
            }
        }
    }

    /// The accounts with one of a person's addresses.
    async fn find(&self, person: &Person) -> Result<Vec<ObservedAccount>, ConnectorError> {
        let mut found = BTreeMap::new();
        for mail in person.mails().take(MAILS_MAX) {
            for account in self.accounts_by_mail(mail).await? {
                found.insert(account.id.clone(), account);
            }
        }
        Ok(found.into_values().collect())
    }

    /// The accounts with this address, as they are now.
    pub(super) async fn accounts_by_mail(&self, mail: &Mail) -> Result<Vec<ObservedAccount>, ConnectorError> {
        let users = self.users_by_mail(mail, &[("status", "ALL")]).await?;
        let own = self.discover().await?.own;
        users.iter().filter_map(|user| self.shown(user, &own).transpose()).collect()
    }

    /// One row of a listing as an account; `None` for one that is gone.
    fn shown(&self, user: &User, own: &str) -> Result<Option<ObservedAccount>, ConnectorError> {
        let standing = Standing::of(user, &self.workspace)
            .map_err(|why| ConnectorError::Protocol { what: format!("the app showed {why}") })?;
        let Some(standing) = standing else { return Ok(None) };
        let held = held(user);
        let listed = self.learnt(|learnt| learnt.roles_listed);
        let (account, role) = self.seen(|seen| {
            if listed {
                let holders = &mut seen.beside.holders;
                holders.owners.remove(user.id());
                holders.admins.remove(user.id());
                holders.take(user.id(), &held, &self.workspace);
            }
            (seen.beside.account(user, &held, standing, own), seen.beside.holders.role(user.id()))
        });
        self.note(user, standing, role);
        Ok(Some(account))
    }

    /// The account with this id, as it is now; `None` where the app says that there is none, or that it was deleted.
    pub(super) async fn account(&self, id: &AccountId) -> Result<Option<ObservedAccount>, ConnectorError> {
        let known = self.seen(|seen| seen.accounts.get(&id.0).and_then(|noted| noted.mail.clone()));
        if let Some(mail) = known
            && let Some(account) = self.accounts_by_mail(&mail).await?.into_iter().find(|account| account.id == *id)
        {
            return Ok(Some(account));
        }
        let Some(profile) = self.profile(&id.0).await? else { return Ok(None) };
        let unclear = || ConnectorError::Protocol {
            what: format!("the account {id} has a profile, and the listing does not show it"),
        };
        let mail = profile.email.as_deref().and_then(|email| Mail::parse(email).ok()).ok_or_else(unclear)?;
        let users = self.users_by_mail(&mail, &[("status", "ALL")]).await?;
        let user = users.iter().find(|user| *user.id() == id.0).ok_or_else(unclear)?;
        let own = self.discover().await?.own;
        self.shown(user, &own)
    }

    /// The profile of a member; `None` where the app says that there is none.
    pub(super) async fn profile(&self, id: &str) -> Result<Option<Profile>, ConnectorError> {
        let what = "a member's profile";
        let response = fetch(&self.http, what, Get::new(self.target(&["member-profile", id])?)).await?;
        if is_not_there(&response) {
            return Ok(None);
        }
        parse(what, &response).map(Some)
    }

    /// Reads again what was just changed: single accounts where that takes fewer requests than all of them.
    pub(super) async fn read_back(
        &self,
        scope: &Scope,
        accounts: &BTreeSet<AccountId>,
        groups: &BTreeSet<Text>,
    ) -> Result<ReadBack, ConnectorError> {
        let (whole, all_known) = self.seen(|seen| {
            let has_mail = |id: &AccountId| seen.accounts.get(&id.0).is_some_and(|noted| noted.mail.is_some());
            (seen.user_calls, accounts.iter().all(has_mail))
        });
        if !all_known || accounts.len() >= whole {
            return self.observe(scope).await.map(ReadBack::Everything);
        }
        self.asked(scope, accounts, groups).await
    }

    async fn asked(
        &self,
        scope: &Scope,
        asked: &BTreeSet<AccountId>,
        named: &BTreeSet<Text>,
    ) -> Result<ReadBack, ConnectorError> {
        let managers = scope.has(Kind::TeamManager.word());
        let mut ids = BTreeMap::new();
        if managers || !named.is_empty() {
            let listed = self.groups(None, managers).await?.rows;
            ids = self.seen(|seen| seen.beside.take_groups(listed, scope).0);
            self.seen(|seen| seen.groups.clone_from(&ids));
        }
        if !self.learnt(|learnt| learnt.roles_listed) && !asked.is_empty() {
            let holders = self.holders().await?;
            self.seen(|seen| seen.beside.holders = holders);
        }
        let mut accounts = Vec::new();
        for id in asked {
            accounts.extend(self.account(id).await?);
        }
        let members_of = |name: &Text| self.seen(|seen| seen.beside.users_of(&Slot::group(name)).collect());
        let groups = named.iter().filter_map(|name| {
            let id = ids.get(name)?;
            Some((name.clone(), (id.clone(), members_of(name))))
        });
        Ok(ReadBack::Asked { groups: groups.collect(), accounts })
    }
}
