//! The SCIM connector against servers that others wrote: what it makes is there, what it takes is gone, and it takes no
//! more requests than needed.

use std::collections::BTreeMap;

use appaccess::connector::{Reader, Scope, Writer, scim};
use appaccess_core::access::{AccountState, LookUp, Mail, Slot};
use appaccess_core::plan::Action;
use reqwest::Method;

use crate::support::peers::{Peer, TOKEN};
use crate::support::scim_access::{Access, first_sync, members, names, number_of, person, work};

fn access_to(peer: &Peer, change: impl FnOnce(&mut scim::Settings)) -> Access {
    Access::open(&peer.base, TOKEN, change)
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
    let mut access = access_to(peer, |settings| settings.profile.page_size = 20);
    access.scope = Scope::of_groups(names(3));
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
    let mut access = access_to(peer, |_| {});
    access.scope = Scope::of_groups(names(1));
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
    let access = access_to(&peer, |_| {});
    access.reader.capabilities().await.expect("the peer describes itself");
    access.reader.capabilities().await.expect("the peer describes itself");
    assert_eq!(access.reader.calls().reads, 2);
    let learnt = access.reader.learnt();
    let again = access_to(&peer, |settings| settings.learnt = learnt);
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
    let access = access_to(&peer, |_| {});
    let outcome = access.writer.apply(&[work(Action::Create, Some(&person(1)), None, Slot::account())]).await;
    assert_eq!(outcome[0].as_ref().expect_err("the name is taken").reason(), "Refused");
}
