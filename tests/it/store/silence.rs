//! A server that is gone without a word: nothing is waited for without end, and what did not answer is given up.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use appaccess::store::{Patience, Store, StoreError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{Kind, MINUTE, app, intent, now, owning};
use crate::support::postgres;

/// Short enough for a test, and far longer than an answer takes.
const PATIENCE: Patience = Patience {
    connection: Duration::from_secs(3),
    answer: Duration::from_secs(1),
    farewell: Duration::from_millis(500),
};

/// What a way carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carries {
    Everything,
    /// Everything until these words are sent, which are the first that get lost.
    Until(&'static str),
    Nothing,
}

/// A way to the server that all tests share. What it loses, nobody is told of: every connection stays open.
struct Way {
    port: u16,
    carries: Arc<Mutex<Carries>>,
}

impl Way {
    async fn to_the_server() -> Self {
        let server = postgres::shared().await.port();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let carries = Arc::new(Mutex::new(Carries::Everything));
        let shared = Arc::clone(&carries);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
                tokio::spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self { port, carries }
    }

    fn now_carries(&self, what: Carries) {
        *self.carries.lock().unwrap() = what;
    }

    fn is_silent(&self) -> bool {
        *self.carries.lock().unwrap() == Carries::Nothing
    }

    /// The location of a new database, by this way.
    async fn database(&self) -> String {
        let server = postgres::shared().await;
        Kind::Postgres.place().await.location.replace(&format!(":{}/", server.port()), &format!(":{}/", self.port))
    }
}

/// Carries bytes both ways, until one side ends.
async fn carry(mut client: TcpStream, mut server: TcpStream, carries: Arc<Mutex<Carries>>) {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let there = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
            if gets_through(&bytes[..length], &carries) && to_server.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    };
    let back = async {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
            let silent = *carries.lock().unwrap() == Carries::Nothing;
            if !silent && to_client.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

fn gets_through(bytes: &[u8], carries: &Mutex<Carries>) -> bool {
    let mut carries = carries.lock().unwrap();
    if let Carries::Until(words) = *carries
        && bytes.windows(words.len()).any(|window| window == words.as_bytes())
    {
        *carries = Carries::Nothing;
    }
    *carries != Carries::Nothing
}

#[tokio::test]
async fn a_server_that_falls_silent_at_any_word_of_a_transaction_holds_nobody_up() {
    let way = Way::to_the_server().await;
    let location = way.database().await;
    for words in ["BEGIN ISOLATION LEVEL READ COMMITTED", "INSERT INTO journal", "COMMIT\0"] {
        let store = Store::open_with(&location, PATIENCE).await.unwrap();
        let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
        way.now_carries(Carries::Until(words));
        // The second waits for its turn behind the first.
        let (first, second) = futures::join!(async { writer.begin(&app(), now(), &[intent()]).await }, async {
            writer.keep(&app(), now(), &owning("u_1")).await
        });
        assert!(matches!(first, Err(StoreError::Late)), "{words:?}: {first:?}");
        let second = second.unwrap_err();
        assert!(second.is_passing(), "{words:?}: {second:?}");
        assert!(way.is_silent());
        way.now_carries(Carries::Everything);
        writer.begin(&app(), now(), &[intent()]).await.unwrap();
        writer.release().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_while_it_is_read_or_opened_holds_nobody_up() {
    let way = Way::to_the_server().await;
    let location = way.database().await;
    way.now_carries(Carries::Until("CREATE TABLE apps"));
    let error = Store::open_with(&location, PATIENCE).await.unwrap_err();
    assert!(matches!(error, StoreError::Late), "{error:?}");
    assert!(way.is_silent());
    let error = Store::open_with(&location, PATIENCE).await.unwrap_err();
    assert!(matches!(error, StoreError::Late), "{error:?}");

    way.now_carries(Carries::Everything);
    let store = Store::open_with(&location, PATIENCE).await.unwrap();
    store.memory(&app(), now()).await.unwrap();
    way.now_carries(Carries::Until("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    let error = store.memory(&app(), now()).await.unwrap_err();
    assert!(matches!(error, StoreError::Late), "{error:?}");
    way.now_carries(Carries::Everything);
    store.memory(&app(), now()).await.unwrap();
}
