//! The lease: it outlives what takes long, ends with whoever died, and is judged by one clock.

use appaccess::store::{Store, StoreError, Update};
use appaccess_core::access::{Edge, PersonKey, Slot};
use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::{HOUR, Kind, MINUTE, Place, app, intent, now, on_both, owned};

on_both! {
    the_lease_of_a_writer_that_was_killed_ends_by_itself_and_the_next_sees_what_was_under_way,
    a_transaction_that_takes_long_prolongs_the_lease,
    a_lease_lasts_while_a_transaction_of_its_writer_is_open,
}

/// The time of the lease passes.
pub(super) const LAPSE: &str = "UPDATE writer SET held_until = '2000-01-01T00:00:00.000000000Z'";

impl Place {
    /// Until when the lease is held, as everybody who shares the store sees it.
    async fn held_until(&self) -> Timestamp {
        let question = "SELECT held_until FROM writer";
        let answer: String = match self.kind {
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.location).await.unwrap();
                sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap()
            }
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&self.location).await.unwrap();
                sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap()
            }
        };
        answer.parse().unwrap()
    }
}

/// What takes a while to write.
fn much() -> Update {
    let mut update = Update::default();
    for number in 0..20_000 {
        let edge = Edge::new(PersonKey::Login(format!("p{number}").into()), Slot::account());
        update.inventory.set.insert(edge, owned(&format!("u_{number}")));
    }
    update
}

async fn the_lease_of_a_writer_that_was_killed_ends_by_itself_and_the_next_sees_what_was_under_way(kind: Kind) {
    let place = kind.place().await;
    let one = Store::open(&place.location).await.unwrap();
    let killed = one.become_writer("one", now(), HOUR).await.unwrap();
    killed.begin(&app(), now(), &[intent()]).await.unwrap();
    drop((killed, one));

    let two = Store::open(&place.location).await.unwrap();
    let busy = two.become_writer("two", now(), HOUR).await.unwrap_err();
    assert!(matches!(&busy, StoreError::Busy { holder, .. } if holder == "one"), "{busy:?}");
    place.alter(LAPSE).await;
    let next = two.become_writer("two", now(), HOUR).await.unwrap();
    assert_eq!(two.unfinished(&app()).await.unwrap().len(), 1);
    assert_eq!(next.begin(&app(), now(), &[intent()]).await.unwrap(), [2]);
}

async fn a_transaction_that_takes_long_prolongs_the_lease(kind: Kind) {
    let place = kind.place().await;
    let store = Store::open(&place.location).await.unwrap();
    let writer = store.become_writer("one", now(), HOUR).await.unwrap();
    let taken = place.held_until().await;
    writer.keep(&app(), now(), &much()).await.unwrap();
    assert_eq!(place.held_until().await, taken, "what is over soon leaves it as it is");

    let writer = store.become_writer("one", now(), SignedDuration::from_millis(1)).await.unwrap();
    let taken = place.held_until().await;
    writer.keep(&app(), now(), &much()).await.unwrap();
    assert!(place.held_until().await > taken);
}

async fn a_lease_lasts_while_a_transaction_of_its_writer_is_open(kind: Kind) {
    let (_, writer) = kind.store().await;
    let later = now() + HOUR;
    assert!(writer.remaining(later).is_zero());
    let (app, update) = (app(), much());
    let mut keeping = Box::pin(writer.keep(&app, now(), &update));
    let mut lasted = false;
    loop {
        tokio::select! {
            kept = &mut keeping => break kept.unwrap(),
            () = tokio::task::yield_now() => lasted |= !writer.remaining(later).is_zero(),
        }
    }
    assert!(lasted);
    assert!(writer.remaining(later).is_zero());
    writer.renew(later).await.unwrap();
    assert!(!writer.remaining(later).is_zero());
}

#[tokio::test]
async fn on_a_server_a_clock_that_is_ahead_neither_takes_a_lease_nor_keeps_one_for_longer() {
    let place = Kind::Postgres.place().await;
    let store = Store::open(&place.location).await.unwrap();
    let ahead = Timestamp::now() + HOUR * 1000;
    let writer = store.become_writer("one", ahead, MINUTE).await.unwrap();
    assert!(place.held_until().await <= Timestamp::now() + MINUTE);
    writer.renew(ahead).await.unwrap();
    assert!(place.held_until().await <= Timestamp::now() + MINUTE);
    let busy = store.become_writer("two", ahead + HOUR, MINUTE).await.unwrap_err();
    assert!(matches!(&busy, StoreError::Busy { holder, .. } if holder == "one"), "{busy:?}");
}
