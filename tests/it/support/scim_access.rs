//! A SCIM connector as a test drives it: people by number, and changes without a planner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use appaccess::connector::{Calls, Reader, Scope, Work, Writer, scim};
use appaccess::http::{Auth, Client, RateSettings, Settings, Shared};
use appaccess_core::access::{
    AccountId, Evidence, Mail, ObjectName, Observation, ObservedAccount, Person, PersonKey, PersonName, Slot, Text,
};
use appaccess_core::plan::{Action, Cause, Change};

/// A connector to a server, and what a pass needs to see of it.
pub(crate) struct Access {
    pub(crate) reader: scim::ScimReader,
    pub(crate) writer: scim::ScimWriter,
    pub(crate) scope: Scope,
}

fn client(base: &str, token: &str) -> Client {
    super::install_tls_provider();
    let auth = Auth::Bearer(token.into());
    let mut settings = Settings::new(base.parse().expect("a server has an address"), auth, Shared::default());
    settings.allow_loopback = true;
    settings.rate = RateSettings::new(100_000, Duration::from_secs(1), None);
    Client::new(settings).expect("the settings are good")
}

impl Access {
    pub(crate) fn open(base: &str, token: &str, change: impl FnOnce(&mut scim::Settings)) -> Self {
        let mut settings = scim::Settings::new(client(base, token));
        change(&mut settings);
        let (reader, writer) = scim::open(settings).expect("the settings are good");
        Self { reader, writer, scope: Scope::default() }
    }

    pub(crate) async fn observe(&self) -> Observation {
        let observation = self.reader.observe(&self.scope).await.expect("the peer can be read");
        assert!(observation.is_complete(), "{:?}", observation.completeness);
        observation
    }

    /// Carries out all of `work`, as a pass does: ids of what was made go to what comes after.
    pub(crate) async fn apply(&self, mut work: Vec<Work>) {
        for batch in self.writer.batches(&work) {
            let pieces: Vec<Work> = batch.iter().map(|index| work[*index].clone()).collect();
            for (index, outcome) in batch.iter().zip(self.writer.apply(&pieces).await) {
                let applied = outcome.unwrap_or_else(|error| panic!("{:?}: {error} {error:?}", work[*index].change));
                let made = work[*index].change.clone();
                for one in &mut work {
                    if applied.account.is_some() && one.change.person == made.person {
                        one.account.clone_from(&applied.account);
                    }
                    if applied.entitlement.is_some() && one.change.slot == made.slot {
                        one.entitlement.clone_from(&applied.entitlement);
                    }
                }
            }
        }
    }

    pub(crate) fn calls_since(&self, before: Calls) -> (u64, u64) {
        let now = self.reader.calls();
        (now.reads - before.reads, now.writes - before.writes)
    }
}

pub(crate) fn person(number: usize) -> Person {
    let key = PersonKey::Known { directory: ObjectName::new("it", "people"), id: format!("id-{number}").into() };
    Person {
        mail: Mail::parse(&format!("p{number}@example.com")).ok(),
        name: PersonName { given: Some("Pat".into()), family: Some(format!("Number{number}").into()) },
        ..Person::literal(key)
    }
}

pub(crate) fn work(action: Action, person: Option<&Person>, account: Option<&AccountId>, slot: Slot) -> Work {
    let losing = matches!(action, Action::Revoke | Action::Suspend | Action::Delete);
    Work {
        change: Change {
            action,
            person: person.map(|person| person.key.clone()),
            label: Text::from("label"),
            account: account.cloned(),
            slot,
            from: None,
            to: None,
            attributes: BTreeMap::new(),
            cause: if losing { Cause::Withdrawn } else { Cause::Declared },
            evidence: Evidence::Claims(Vec::new()),
            permitted: true,
            held: None,
            due: None,
            task: None,
        },
        person: person.cloned(),
        account: account.cloned(),
        entitlement: None,
    }
}

/// The accounts and groups of `people`, the members of group `g` being those whose number is `g` modulo `groups`.
pub(crate) fn first_sync(people: usize, groups: usize) -> Vec<Work> {
    let mut all: Vec<Work> =
        (0..people).map(|number| work(Action::Create, Some(&person(number)), None, Slot::account())).collect();
    all.extend((0..groups).map(|group| work(Action::Create, None, None, Slot::group(&format!("Group {group}")))));
    all.extend((0..people).filter(|_| groups > 0).map(|number| {
        let slot = Slot::group(&format!("Group {}", number % groups));
        work(Action::Grant, Some(&person(number)), None, slot)
    }));
    all
}

pub(crate) fn names(groups: usize) -> BTreeSet<Text> {
    (0..groups).map(|group| Text::from(format!("Group {group}"))).collect()
}

pub(crate) fn members(observation: &Observation, group: &str) -> usize {
    let slot = Slot::group(group);
    observation.accounts.iter().filter(|account| account.entitlements.contains_key(&slot)).count()
}

pub(crate) fn number_of(observation: &Observation, number: usize) -> &ObservedAccount {
    let id = format!("id-{number}");
    let found = observation.accounts.iter().find(|account| account.external_id.as_deref() == Some(id.as_str()));
    found.expect("the account is there")
}
