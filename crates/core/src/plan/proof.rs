//! S1 and S12: what has to be proven before somebody is created, or taken to have moved to another account.

use super::{
    declared::Wanted,
    draft::Draft,
    identity::{account_edge, may_hand_over},
};
use crate::access::{AccountId, Completeness, Edge, Finding, LookUp, ObservedAccount, OwnedEdge, Person};

/// After so many readings that do not show a created account it counts as failed.
const READINGS_UNTIL_FAILED: u32 = 3;

impl Draft<'_> {
    /// S1: an owned account that a reading lacks is looked up by its id, and on an incomplete reading the person too.
    pub(super) fn is_proven_missing(&mut self, person: &Person) -> bool {
        let edge = account_edge(&person.key);
        let observation = self.input.observation;
        if let Some(owned) = self.canonical.inventory.get(&edge) {
            let question = LookUp::Account(owned.account.clone());
            match observation.findings.get(&question) {
                Some(Finding::NotFound) if owned.unseen > 0 => {
                    self.note_unverified(&edge, owned);
                    return false;
                }
                Some(Finding::NotFound) => {}
                Some(_) => return false,
                None => {
                    self.ask(question);
                    return false;
                }
            }
        } else if self.asks_for_vanished() {
            return false;
        }
        let cannot_ask = !self.input.capabilities.look_up;
        if observation.is_complete() || (cannot_ask && observation.completeness == Completeness::NotListable) {
            return true;
        }
        let question = LookUp::Person(person.key.clone());
        match observation.findings.get(&question) {
            Some(Finding::NotFound) => true,
            Some(_) => false,
            None => {
                if !self.ask(question) {
                    self.unknown.insert(edge, "the reading is incomplete and the app has no look-up".into());
                }
                false
            }
        }
    }

    /// Asks for accounts of ours that the reading lacks and whose holders' directory is gone: they may be of somebody
    /// who is now known by mail alone.
    fn asks_for_vanished(&mut self) -> bool {
        let mut asks = false;
        for account in self.vanished.clone() {
            asks |= self.ask(LookUp::Account(account));
        }
        asks
    }

    /// A created account that the app does not show yet stays ours, and is never created again on that ground.
    fn note_unverified(&mut self, edge: &Edge, owned: &OwnedEdge) {
        self.unverified.insert(edge.person.clone(), owned.unseen > READINGS_UNTIL_FAILED);
        if owned.unseen <= READINGS_UNTIL_FAILED {
            let again = OwnedEdge { unseen: owned.unseen.saturating_add(1), ..owned.clone() };
            self.bookkeeping.owned.insert(self.canonical.stored(edge).clone(), again);
        }
    }

    /// S12: another account of somebody whose own one the reading lacks is taken only once that one is proven gone.
    pub(super) fn is_proven_moved(&mut self, wanted: &Wanted<'_>, account: &ObservedAccount) -> bool {
        let observation = self.input.observation;
        let Some(owned) = wanted.owned.filter(|owned| owned.account != account.id) else {
            return true;
        };
        let question = LookUp::Account(owned.account.clone());
        match observation.findings.get(&question) {
            Some(Finding::NotFound) => true,
            None if self.ask(question) => false,
            Some(_) | None => {
                self.unknown
                    .insert(wanted.edge.clone(), "the reading lacks the account that is known to be theirs".into());
                false
            }
        }
    }

    /// Accounts of ours that the reading lacks, nobody has asked for, and whose holders' directory is gone.
    pub(super) fn note_vanished(&mut self) {
        let observation = self.input.observation;
        let accounts = self.canonical.inventory.iter().filter(|(edge, _)| edge.slot.is_account());
        let handed = accounts.filter(|(edge, _)| may_hand_over(self.canonical, &edge.person));
        let vanished = handed.map(|(_, owned)| &owned.account).filter(|account| {
            let question = LookUp::Account((*account).clone());
            observation.account(account).is_none() && !observation.findings.contains_key(&question)
        });
        let vanished: Vec<AccountId> = vanished.cloned().collect();
        self.vanished = vanished;
    }
}
