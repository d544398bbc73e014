//! The store keeps what it is told, for one writer at a time, and loses nothing.

mod opening;
mod round_trip;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use appaccess::store::{Intent, Store, Update, Writer};
use appaccess_core::{
    access::{
        AccountHold, AccountId, ClaimName, Decision, Directive, Edge, Mail, ObjectName, Origin, OwnedEdge, PersonKey,
        SeenClaim, Slot,
    },
    plan::{Action, Cause},
};
use jiff::{SignedDuration, Timestamp};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn now() -> Timestamp {
    at("2026-11-20T09:00:00.000000001Z")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn app() -> ObjectName {
    ObjectName::new("access", "clockify")
}

fn edge(mail: &str, slot: Slot) -> Edge {
    Edge::new(PersonKey::Mail(Mail::parse(mail).unwrap()), slot)
}

fn owned(account: &str) -> OwnedEdge {
    let claim =
        SeenClaim { subject: "ana@birch.studio".into(), until: Some(now() + HOUR), level: Some("admin".into()) };
    OwnedEdge {
        account: AccountId::new(account),
        value: Some("admin".into()),
        origin: Origin::Adopted,
        since: now(),
        claims: BTreeMap::from([(ClaimName::new(ObjectName::new("access", "studio"), "staff"), claim)]),
        until: Some(now() + HOUR),
        hold: AccountHold::Suspended { since: now(), cause: "leaver".into() },
        unseen: 2,
    }
}

fn owning(account: &str) -> Update {
    let mut update = Update::default();
    update.inventory.set.insert(edge("ana@birch.studio", Slot::account()), owned(account));
    update
}

fn intent() -> Intent {
    Intent {
        person: Some(PersonKey::Mail(Mail::parse("ana@birch.studio").unwrap())),
        label: "ana@birch.studio".into(),
        account: Some(AccountId::new("u_1")),
        slot: Slot::group("Studio"),
        action: Action::Grant,
        from: None,
        to: Some("member".into()),
        cause: Cause::Declared,
        because: "declared by access/studio#staff".into(),
    }
}

fn approval(digest: &str) -> Decision {
    Decision {
        digest: digest.into(),
        directive: Directive::Approve,
        decided_by: Some("mara@birch.studio".into()),
        not_after: now() + HOUR,
    }
}

async fn in_memory() -> (Store, Writer) {
    let store = Store::open(":memory:").await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    (store, writer)
}

fn set<T: Ord, const N: usize>(items: [T; N]) -> BTreeSet<T> {
    BTreeSet::from(items)
}
