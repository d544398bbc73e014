//! The SCIM connector against servers that others wrote: what it makes is there, what it takes is gone, and it takes no
//! more requests than needed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use appaccess::connector::{Calls, Reader, Scope, Work, Writer, scim};
use appaccess::http::{Auth, Client, RateSettings, Settings, Shared};
use appaccess_core::access::{
    AccountId, AccountState, Evidence, LookUp, Mail, ObjectName, Observation, Person, PersonKey, PersonName, Slot, Text,
};
use appaccess_core::plan::{Action, Cause, Change};
use reqwest::Method;

use crate::support::peers::{Peer, TOKEN};

/// A connector to a peer, and what it was told.
struct Access {
    reader: scim::ScimReader,
    writer: scim::ScimWriter,
    scope: Scope,
}

fn client(base: &str) -> Client {
    let auth = Auth::Bearer(TOKEN.into());
    let mut settings = Settings::new(base.parse().expect("a peer has an address"), auth, Shared::default());
    settings.allow_loopback = true;
    settings.rate = RateSettings::new(100_000, Duration::from_secs(1), None);
    Client::new(settings).expect("the settings are good")
}

impl Access {
    fn open(peer: &Peer, change: impl FnOnce(&mut scim::Settings)) -> Self {
        let mut settings = scim::Settings::new(client(&peer.base));
        change(&mut settings);
        let (reader, writer) = scim::open(settings).expect("the settings are good");
        Self { reader, writer, scope: Scope::default() }
    }

    async fn observe(&self) -> Observation {
        let observation = self.reader.observe(&self.scope).await.expect("the peer can be read");
        assert!(observation.is_complete(), "{:?}", observation.completeness);
        observation
    }

    /// Carries out all of `work`, as a pass does: ids of what was made go to what comes after.
    async fn apply(&self, mut work: Vec<Work>) {
        for batch in self.writer.batches(&work) {
            let pieces: Vec<Work> = batch.iter().map(|index| work[*index].clone()).collect();
            for (index, outcome) in batch.iter().zip(self.writer.apply(&pieces).await) {
                let applied = outcome.unwrap_or_else(|error| panic!("{:?}: {error}", work[*index].change));
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

    fn calls_since(&self, before: Calls) -> (u64, u64) {
        let now = self.reader.calls();
        (now.reads - before.reads, now.writes - before.writes)
    }
}

fn person(number: usize) -> Person {
    let key = PersonKey::Known { directory: ObjectName::new("it", "people"), id: format!("id-{number}").into() };
    Person {
        mail: Mail::parse(&format!("p{number}@example.com")).ok(),
        name: PersonName { given: Some("Pat".into()), family: Some(format!("Number{number}").into()) },
        ..Person::literal(key)
    }
}

fn work(action: Action, person: Option<&Person>, account: Option<&AccountId>, slot: Slot) -> Work {
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
        },
        person: person.cloned(),
        account: account.cloned(),
        entitlement: None,
    }
}

/// The accounts and groups of `people`, the members of group `g` being those whose number is `g` modulo `groups`.
fn first_sync(people: usize, groups: usize) -> Vec<Work> {
    let mut all: Vec<Work> =
        (0..people).map(|number| work(Action::Create, Some(&person(number)), None, Slot::account())).collect();
    all.extend((0..groups).map(|group| work(Action::Create, None, None, Slot::group(&format!("Group {group}")))));
    all.extend((0..people).filter(|_| groups > 0).map(|number| {
        let slot = Slot::group(&format!("Group {}", number % groups));
        work(Action::Grant, Some(&person(number)), None, slot)
    }));
    all
}

fn names(groups: usize) -> BTreeSet<Text> {
    (0..groups).map(|group| Text::from(format!("Group {group}"))).collect()
}

fn members(observation: &Observation, group: &str) -> usize {
    let slot = Slot::group(group);
    observation.accounts.iter().filter(|account| account.entitlements.contains_key(&slot)).count()
}

fn number_of(observation: &Observation, number: usize) -> &appaccess_core::access::ObservedAccount {
    let id = format!("id-{number}");
    let found = observation.accounts.iter().find(|account| account.external_id.as_deref() == Some(id.as_str()));
    found.expect("the account is there")
}

#[tokio::test]
async fn scim2_server_gets_its_first_sync_with_the_fewest_requests() {
    first_sync_takes_the_fewest_requests(&Peer::scim2_server().await).await;
}

#[tokio::test]
async fn scimmy_gets_its_first_sync_with_the_fewest_requests() {
    first_sync_takes_the_fewest_requests(&Peer::scimmy().await).await;
}

async fn first_sync_takes_the_fewest_requests(peer: &Peer) {
    let mut access = Access::open(peer, |settings| settings.profile.page_size = 20);
    access.scope.groups = names(3);
    access.reader.capabilities().await.expect("the peer describes itself");
    let before = access.reader.calls();
    assert_eq!(access.observe().await.accounts.len(), 0);
    access.apply(first_sync(45, 3)).await;
    assert_eq!(access.calls_since(before), (2, 45 + 3));

    let observation = access.observe().await;
    assert_eq!(observation.accounts.len(), 45);
    for group in 0..3 {
        assert_eq!(members(&observation, &format!("Group {group}")), 15);
    }
    let before = access.reader.calls();
    access.observe().await;
    assert_eq!(access.calls_since(before), (3 + 1, 0));
}

#[tokio::test]
async fn scim2_server_follows_its_people() {
    a_server_follows_its_people(&Peer::scim2_server().await).await;
}

#[tokio::test]
async fn scimmy_follows_its_people() {
    a_server_follows_its_people(&Peer::scimmy().await).await;
}

async fn a_server_follows_its_people(peer: &Peer) {
    let mut access = Access::open(peer, |_| {});
    access.scope.groups = names(1);
    access.apply(first_sync(4, 1)).await;
    let before = access.observe().await;
    let id = |number: usize| number_of(&before, number).id.clone();

    let mut renamed = work(Action::Update, Some(&person(0)), Some(&id(0)), Slot::account());
    renamed.change.attributes = BTreeMap::from([
        ("userName".into(), (Some("p0@example.com".into()), Some("pat@example.com".into()))),
        ("mail".into(), (Some("p0@example.com".into()), Some("pat@example.com".into()))),
    ]);
    access
        .apply(vec![
            renamed,
            work(Action::Grant, Some(&person(0)), Some(&id(0)), Slot::new("role", "editor")),
            work(Action::Suspend, Some(&person(1)), Some(&id(1)), Slot::account()),
            work(Action::Revoke, Some(&person(2)), Some(&id(2)), Slot::group("group 0")),
            work(Action::Revoke, Some(&person(3)), Some(&id(3)), Slot::group("group 0")),
            work(Action::Delete, Some(&person(3)), Some(&id(3)), Slot::account()),
        ])
        .await;
    let after = access.observe().await;
    assert_eq!(after.accounts.len(), 3);
    let first = number_of(&after, 0);
    assert_eq!((&first.id, &*first.login), (&id(0), "pat@example.com"));
    assert_eq!(first.mails.iter().map(Mail::as_str).collect::<Vec<_>>(), ["pat@example.com"]);
    assert!(first.entitlements.contains_key(&Slot::new("role", "editor")), "{:?}", first.entitlements);
    assert_eq!(number_of(&after, 1).state, AccountState::Suspended);
    assert_eq!(members(&after, "Group 0"), 2);

    let gone = access.reader.look_up(&LookUp::Account(id(3)), None).await.expect("the peer answers");
    assert_eq!(gone, []);
    let question = LookUp::Person(person(1).key);
    let found = access.reader.look_up(&question, Some(&person(1))).await.expect("the peer filters");
    assert_eq!(found.iter().map(|account| &account.id).collect::<Vec<_>>(), [&id(1)]);
    let nobody = access.reader.look_up(&LookUp::Person(person(9).key), Some(&person(9))).await;
    assert_eq!(nobody.expect("the peer filters"), []);
    access.apply(vec![work(Action::Delete, Some(&person(3)), Some(&id(3)), Slot::account())]).await;
}

#[tokio::test]
async fn discovery_is_asked_for_once_a_day_by_however_many_processes() {
    let peer = Peer::scim2_server().await;
    let access = Access::open(&peer, |_| {});
    access.reader.capabilities().await.expect("the peer describes itself");
    access.reader.capabilities().await.expect("the peer describes itself");
    assert_eq!(access.reader.calls().reads, 2);
    let learnt = access.reader.learnt();
    let again = Access::open(&peer, |settings| settings.learnt = learnt);
    again.reader.capabilities().await.expect("the peer describes itself");
    assert_eq!(again.reader.calls().reads, 0);
}

#[tokio::test]
async fn an_account_that_somebody_else_made_is_not_taken_for_ours() {
    let peer = Peer::scim2_server().await;
    let body = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "P1@example.com", "externalId": "theirs",
    });
    assert_eq!(peer.call(Method::POST, "/Users", Some(&body)).await.status, 201);
    let access = Access::open(&peer, |_| {});
    let outcome = access.writer.apply(&[work(Action::Create, Some(&person(1)), None, Slot::account())]).await;
    assert_eq!(outcome[0].as_ref().expect_err("the name is taken").reason(), "Refused");
}
