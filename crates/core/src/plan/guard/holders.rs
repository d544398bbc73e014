//! Enough holders of each role: never made worse, checked in the plan and again right before the wire.

use std::collections::{BTreeMap, BTreeSet};

use super::is_active;
use crate::{
    access::{
        AccountId, AppPolicy, Capabilities, EntitlementKind, KeepAtLeast, Level, Observation, ObservedAccount, Slot,
    },
    plan::{Action, Change},
};

/// The holders of roles that must not become fewer than `keepAtLeast` says.
#[derive(Clone, Debug)]
pub struct Holders {
    rules: Vec<(KeepAtLeast, BTreeSet<AccountId>)>,
    ranks: BTreeMap<Level, usize>,
}

impl Holders {
    /// Counts the holders in a reading. Where roles cannot be read there is nothing to keep.
    #[must_use]
    pub fn new(policy: &AppPolicy, capabilities: &Capabilities, observation: &Observation) -> Self {
        let kind = capabilities.kinds.get("role");
        let order = kind.map(EntitlementKind::order).filter(|order| !order.is_empty()).unwrap_or(&policy.roles.order);
        let ranks: BTreeMap<Level, usize> =
            order.iter().enumerate().map(|(rank, level)| (level.clone(), rank)).collect();
        let rules = match (&policy.safety.keep_at_least, kind) {
            (_, None) => Vec::new(),
            (Some(rules), Some(_)) => rules.clone(),
            (None, Some(_)) => {
                order.last().map(|highest| KeepAtLeast { role: highest.clone(), count: 1 }).into_iter().collect()
            }
        };
        let mut holders = Self { rules: Vec::new(), ranks };
        for rule in rules {
            let accounts = observation.accounts.iter().filter(|account| is_active(account));
            let found = accounts.filter(|account| holders.holds(account, &rule.role)).map(|account| account.id.clone());
            let found = found.collect();
            holders.rules.push((rule, found));
        }
        holders
    }

    fn holds(&self, account: &ObservedAccount, role: &Level) -> bool {
        let mut roles = account.entitlements.iter().filter(|(slot, _)| slot.is_role());
        roles.any(|(slot, level)| self.reaches(level.as_ref().unwrap_or(&slot.name), role))
    }

    /// Whether holding one role counts as holding another.
    fn reaches(&self, held: &Level, role: &Level) -> bool {
        match (self.ranks.get(held), self.ranks.get(role)) {
            (Some(held), Some(role)) => held >= role,
            _ => held == role,
        }
    }

    /// Takes note of a change; false where it would leave too few holders, and then nothing is noted.
    pub fn take(&mut self, change: &Change) -> bool {
        let Some(account) = &change.account else { return true };
        let losing: Vec<usize> = self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, (rule, holders))| holders.contains(account) && self.loses(change, &rule.role))
            .map(|(index, _)| index)
            .collect();
        let too_few = losing
            .iter()
            .filter_map(|&index| self.rules.get(index))
            .any(|(rule, holders)| u64::try_from(holders.len().saturating_sub(1)).unwrap_or(u64::MAX) < rule.count);
        if too_few {
            return false;
        }
        for index in losing {
            if let Some((_, holders)) = self.rules.get_mut(index) {
                holders.remove(account);
            }
        }
        true
    }

    /// Whether a change ends an account's holding of a role.
    fn loses(&self, change: &Change, role: &Level) -> bool {
        match change.action {
            Action::Suspend | Action::Delete => change.slot == Slot::account(),
            Action::Revoke => {
                let held = change.from.as_ref().unwrap_or(&change.slot.name);
                change.slot.is_role() && self.reaches(held, role)
            }
            Action::Change => {
                change.slot.is_role()
                    && change.from.as_ref().is_some_and(|from| self.reaches(from, role))
                    && !change.to.as_ref().is_some_and(|to| self.reaches(to, role))
            }
            _ => false,
        }
    }
}
