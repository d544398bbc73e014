//! What the app shows after a change, with the fewest requests; and what a difference teaches.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{AccountId, AccountState, ObservedAccount, Slot, Text};
use appaccess_scim::dialect::ActiveForm;
use jiff::SignedDuration;

use super::{
    observe::give,
    shared::{Collection, Shared, parse_group},
};
use crate::connector::{ConnectorError, ReadBack, Scope};

/// What a listing takes where none was made yet: one page of users, one of groups.
const LISTING_CALLS: u64 = 2;

impl Shared {
    /// Reads again what was just changed.
    pub(super) async fn read_back(
        &self,
        scope: &Scope,
        accounts: &BTreeSet<AccountId>,
        groups: &BTreeSet<Text>,
    ) -> Result<ReadBack, ConnectorError> {
        let profile = self.profile();
        if !profile.read_listable && !profile.reads_by_id {
            return Ok(ReadBack::Unreadable);
        }
        let singles = u64::try_from(accounts.len() + groups.len()).unwrap_or(u64::MAX);
        let listing = self.seen(|seen| seen.listing_calls).unwrap_or(LISTING_CALLS);
        let known: Option<Vec<(Text, Text)>> = groups.iter().map(|name| self.group(name)).collect();
        match known {
            Some(known) if !profile.read_listable => match self.asked(accounts, known).await {
                // Found out just now, by asking.
                Err(ConnectorError::NotSupported { .. }) => Ok(ReadBack::Unreadable),
                read => read,
            },
            Some(known) if singles < listing => self.asked(accounts, known).await,
            _ => self.observe(scope).await.map(ReadBack::Everything),
        }
    }

    async fn asked(&self, asked: &BTreeSet<AccountId>, known: Vec<(Text, Text)>) -> Result<ReadBack, ConnectorError> {
        let mut accounts = Vec::new();
        for id in asked {
            match self.account(id).await? {
                Some(account) => accounts.push(account),
                None => self.gone(id),
            }
        }
        let mut groups = BTreeMap::new();
        for (name, id) in known {
            let Some(response) = self.resource(Collection::Groups, &id).await? else { continue };
            let group = parse_group(&response.body).filter(|group| *group.id == *id).ok_or_else(|| {
                ConnectorError::Protocol { what: "a group was answered with something else than that group".to_owned() }
            })?;
            let members: BTreeSet<AccountId> = group.member_ids().map(AccountId::new).collect();
            let slot = Slot::group(&name);
            for member in &members {
                give(&mut accounts, member, &slot);
            }
            groups.insert(name, (id, members));
        }
        Ok(ReadBack::Asked { accounts, groups })
    }

    /// An account is not there any more.
    fn gone(&self, id: &AccountId) {
        self.seen(|seen| seen.expected.remove(id));
    }

    /// Compares an account with what was last asked for it, and learns from a difference, once.
    pub(super) fn check(&self, account: &ObservedAccount) {
        let Some(expected) = self.seen(|seen| seen.expected.remove(&account.id)) else { return };
        let is_active = account.state == AccountState::Active;
        if let Some(at) = expected.deleted {
            // One that was switched off before may only be shown late: reads lag behind writes.
            let window = SignedDuration::from_secs(i64::from(self.profile().consistency_window));
            let is_late = self.now().duration_since(at) >= window;
            if !is_active && (expected.was_active || is_late) {
                self.learn(|learnt| learnt.dialect.soft_delete = true);
            } else if !is_late {
                self.seen(|seen| seen.expected.insert(account.id.clone(), expected));
            }
            return;
        }
        if expected.active.is_some_and(|wanted| wanted != is_active) {
            self.next_active_form();
        }
        for (name, value) in expected.attributes {
            if account.attributes.get(&name).map(|kept| &**kept) != value.as_deref() {
                self.learn(|learnt| learnt.dialect.dropped_attributes.extend([name.to_string()]));
            }
        }
    }

    /// The present way to switch accounts on and off was answered with success and did nothing: the next one.
    pub(super) fn next_active_form(&self) -> Option<ActiveForm> {
        let next = match self.profile().active_form {
            ActiveForm::PatchPath => ActiveForm::PatchNoPath,
            ActiveForm::PatchNoPath => ActiveForm::Put,
            ActiveForm::Put => return None,
        };
        self.learn(|learnt| learnt.dialect.active_form = Some(next));
        Some(next)
    }
}
