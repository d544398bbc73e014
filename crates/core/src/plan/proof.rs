//! S1 and S12: what has to be proven before somebody is created, or taken to have moved to another account.

use super::{
    Input,
    declared::Wanted,
    draft::Draft,
    identity::{account_edge, may_hand_over, person_names},
};
use crate::access::{AccountId, Completeness, Edge, Finding, LookUp, ObservedAccount, OwnedEdge, Person};

/// The cause on a tombstone without an account: an app that does not show all its accounts said that it has one of this
/// name already, and nobody knows whose it is.
pub const TAKEN: &str = "taken";

/// For so many seconds such an answer stands: then it is tried once more, since the app cannot be asked.
const TAKEN_STANDS: i64 = 24 * 60 * 60;

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
                Some(Finding::NotFound) if self.input.capabilities.hides_suspended => return false,
                Some(Finding::NotFound) => {}
                Some(_) => return false,
                None => {
                    self.ask(question);
                    return false;
                }
            }
        } else if self.asks_for_vanished() || self.asks_for_linked(person) {
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

    /// Asks for the account that the owner of the app named as this person's, where the reading lacks it.
    fn asks_for_linked(&mut self, person: &Person) -> bool {
        if self.input.observation.is_complete() {
            return false;
        }
        let accounts = &self.input.policy.accounts;
        let Some(linked) = person_names(person).find_map(|name| accounts.get(&name)) else { return false };
        let question = LookUp::Account(linked.clone());
        !self.input.observation.findings.contains_key(&question) && self.ask(question)
    }

    /// Whether a creation was answered with "taken" so lately that it is not tried again.
    pub(super) fn is_taken(&self, person: &Person) -> bool {
        let buried = self.canonical.tombstones.get(&account_edge(&person.key));
        buried.is_some_and(|buried| {
            *buried.cause == *TAKEN && self.input.now.as_second() - buried.at.as_second() < TAKEN_STANDS
        })
    }

    /// An account of ours that nothing can show: of an app without a reading, or suspended in one that hides those.
    pub(super) fn out_of_sight(&self, person: &Person) -> Option<&OwnedEdge> {
        let owned = self.canonical.inventory.get(&account_edge(&person.key))?;
        let Input { capabilities, observation, .. } = self.input;
        let question = LookUp::Account(owned.account.clone());
        let hidden = match observation.findings.get(&question) {
            None => observation.completeness == Completeness::NotListable && !capabilities.look_up_id,
            Some(Finding::NotFound) => capabilities.hides_suspended && owned.unseen == 0,
            Some(_) => false,
        };
        hidden.then_some(owned)
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
