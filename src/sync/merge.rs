//! A read-back and the reading before it become one picture: what the app shows after the changes.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{AccountId, Observation, ObservedAccount, Slot, Text};

use crate::connector::ReadBack;

/// The reading with what was read back in its place. Accounts that were asked for and did not come are gone.
pub(super) fn merged(before: &Observation, read_back: ReadBack, asked: &BTreeSet<AccountId>) -> Observation {
    match read_back {
        ReadBack::Everything(observation) => observation,
        ReadBack::Unreadable => before.clone(),
        ReadBack::Asked { accounts, groups } => {
            let mut after = before.clone();
            replace_accounts(&mut after, accounts, asked);
            replace_groups(&mut after, &groups);
            after
        }
    }
}

fn replace_accounts(after: &mut Observation, accounts: Vec<ObservedAccount>, asked: &BTreeSet<AccountId>) {
    let mut read: BTreeMap<AccountId, ObservedAccount> =
        accounts.into_iter().map(|account| (account.id.clone(), account)).collect();
    after.accounts.retain(|account| !asked.contains(&account.id) || read.contains_key(&account.id));
    for known in &mut after.accounts {
        if let Some(mut fresh) = read.remove(&known.id) {
            let groups = known.entitlements.iter().filter(|(slot, _)| slot.is_group());
            let groups: Vec<_> = groups.map(|(slot, level)| (slot.clone(), level.clone())).collect();
            fresh.entitlements.extend(groups);
            *known = fresh;
        }
    }
    after.accounts.extend(read.into_values());
    after.accounts.sort_by(|left, right| left.id.cmp(&right.id));
}

fn replace_groups(after: &mut Observation, groups: &BTreeMap<Text, (Text, BTreeSet<AccountId>)>) {
    for (name, (id, members)) in groups {
        after.catalogue.entry("group".into()).or_default().insert(name.clone(), id.clone());
        let slot = Slot::group(name);
        for account in &mut after.accounts {
            if members.contains(&account.id) {
                account.entitlements.insert(slot.clone(), None);
            } else {
                account.entitlements.remove(&slot);
            }
        }
    }
}
