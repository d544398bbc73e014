//! The store keeps what it is told, for one writer at a time, and loses nothing; in a file and on a server alike.

mod lease;
mod opening;
mod places;
mod round_trip;
mod server;
mod silence;
mod timeline;
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

use crate::support::postgres;

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

/// The databases that a store can live in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

/// Where a store is to be: nothing stands there yet.
struct Place {
    kind: Kind,
    location: String,
    _folder: Option<tempfile::TempDir>,
}

impl Kind {
    async fn place(self) -> Place {
        match self {
            Self::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let location = folder.path().join("state.db").to_str().unwrap().to_owned();
                Place { kind: self, location, _folder: Some(folder) }
            }
            Self::Postgres => Place { kind: self, location: postgres::database().await, _folder: None },
        }
    }

    /// A new store, and its writer for a minute.
    async fn store(self) -> (Store, Writer) {
        let location = match self {
            Self::Sqlite => ":memory:".to_owned(),
            Self::Postgres => postgres::database().await,
        };
        let store = Store::open(&location).await.unwrap();
        let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
        (store, writer)
    }
}

/// Makes of each behaviour, a function of the kind of the database, one test for each kind.
macro_rules! on_both {
    ($($behaviour:ident,)+) => {
        mod in_sqlite {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(crate::store::Kind::Sqlite).await;
            })+
        }

        mod in_postgresql {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(crate::store::Kind::Postgres).await;
            })+
        }
    };
}
use on_both;

fn set<T: Ord, const N: usize>(items: [T; N]) -> BTreeSet<T> {
    BTreeSet::from(items)
}
