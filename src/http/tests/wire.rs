//! The real transport against sockets on loopback: redirects, certificates, addresses, broken answers.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::world::{CANARY, send, token, url};
use crate::http::transport::{Lookup, Transport, Wire};
use crate::http::{Client, FailureKind, HttpError, Outgoing, Request, Safety, Settings, Shared, Target};

/// A server that gives every connection the same bytes and closes it. It keeps what it was sent.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    received: Arc<Mutex<String>>,
}

impl Server {
    async fn giving(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, received) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
        let server = Self { address, connections: Arc::clone(&connections), received: Arc::clone(&received) };
        let answer = answer.into();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let mut buffer = [0; 4096];
                let count = connection.read(&mut buffer).await.unwrap_or_default();
                received.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
                let _ = connection.write_all(&answer).await;
                let _ = connection.shutdown().await;
            }
        });
        server
    }

    fn settings(&self, shared: Shared) -> Settings {
        let mut settings = Settings::new(url(&format!("http://{}/v2", self.address)), token(), shared);
        settings.allow_loopback = true;
        settings.limits.attempts = 1;
        settings
    }

    fn client(&self) -> Client {
        Client::new(self.settings(Shared::default())).unwrap()
    }
}

/// A resolver that always finds the same addresses.
struct Found(Vec<SocketAddr>);

impl Lookup for Found {
    fn lookup(&self, _host: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let addresses = self.0.clone();
        Box::pin(async move { Ok(addresses) })
    }
}

#[tokio::test]
async fn an_answer_comes_through() {
    let server = Server::giving("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-one: 1\r\n\r\n{}").await;
    let response = send(&server.client(), Safety::Once).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (200, &b"{}"[..]));
    assert_eq!(response.headers["x-one"], "1");
    let received = server.received.lock().unwrap();
    assert!(received.starts_with("POST /v2/Users HTTP/1.1\r\n"), "{received}");
    assert!(received.contains(CANARY) && received.contains("content-type: application/json"), "{received}");
}

#[tokio::test]
async fn a_change_without_a_body_says_so() {
    let server = Server::giving("HTTP/1.1 204 Done\r\n\r\n").await;
    let target = Target::path(["Users", "1", "activate"]).unwrap();
    server.client().send(Request::change(::http::Method::POST, target, Safety::Idempotent)).await.unwrap();
    let received = server.received.lock().unwrap();
    assert!(received.contains("content-length: 0\r\n"), "{received}");
}

#[tokio::test]
async fn an_announced_length_past_the_limit_is_not_read() {
    let server = Server::giving("HTTP/1.1 200 OK\r\ncontent-length: 200000000\r\n\r\n").await;
    let result = send(&server.client(), Safety::Read).await;
    assert!(matches!(result, Err(HttpError::BodyTooLarge { .. })), "{result:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::giving("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let location = format!("http://{}/", elsewhere.address);
    let server =
        Server::giving(format!("HTTP/1.1 307 Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")).await;
    let result = send(&server.client(), Safety::Read).await;
    assert!(matches!(result, Err(HttpError::Redirected { status: 307 })), "{result:?}");
    assert_eq!(elsewhere.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let broken = [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{}",
        "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    ];
    for answer in broken {
        let server = Server::giving(answer).await;
        let read = send(&server.client(), Safety::Read).await;
        assert!(matches!(read, Err(HttpError::Interrupted { .. })), "{answer:?}: {read:?}");
        let change = send(&server.client(), Safety::Once).await;
        assert!(matches!(change, Err(HttpError::Unknown { .. })), "{answer:?}: {change:?}");
    }
}

#[tokio::test]
async fn ten_thousand_headers_are_no_answer() {
    let headers = "x-header: 1\r\n".repeat(10_000);
    let server = Server::giving(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n")).await;
    let result = send(&server.client(), Safety::Read).await;
    assert!(matches!(result, Err(HttpError::Interrupted { .. })), "{result:?}");
}

#[tokio::test]
async fn a_closed_port_is_certainly_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = url(&format!("http://{}/v2", listener.local_addr().unwrap()));
    drop(listener);
    let mut settings = Settings::new(base, token(), Shared::default());
    (settings.allow_loopback, settings.limits.attempts) = (true, 1);
    let client = Client::new(settings).unwrap();
    let result = send(&client, Safety::Once).await;
    assert!(matches!(result, Err(HttpError::Unreachable { attempts: 1, .. })), "{result:?}");
    assert_eq!(client.calls().writes, 0);
}

#[tokio::test]
async fn a_name_that_leads_to_an_address_that_is_not_public_is_never_connected_to() {
    let server = Server::giving("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let public: SocketAddr = "8.8.8.8:0".parse().unwrap();
    for addresses in [vec![server.address], vec![public, server.address], vec![]] {
        let wire = Wire::with_lookup(false, Arc::new(Found(addresses))).unwrap();
        let base = url(&format!("https://vendor.example:{}/v2", server.address.port()));
        let mut settings = Settings::new(base, token(), Shared::over(Arc::new(wire)));
        settings.hosts = crate::http::BoundHosts::parse(["vendor.example"]).unwrap();
        let result = send(&Client::new(settings).unwrap(), Safety::Once).await;
        assert!(matches!(result, Err(HttpError::AddressRefused { .. })), "{result:?}");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn plain_http_to_a_name_for_this_machine_stays_on_this_machine() {
    let wire = Wire::with_lookup(true, Arc::new(Found(vec!["8.8.8.8:0".parse().unwrap()]))).unwrap();
    let mut settings = Settings::new(url("http://localhost:8080/"), token(), Shared::over(Arc::new(wire)));
    settings.allow_loopback = true;
    let result = send(&Client::new(settings).unwrap(), Safety::Read).await;
    assert!(matches!(result, Err(HttpError::AddressRefused { .. })), "{result:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_and_the_credential_stays_here() {
    crate::http::install_crypto_provider();
    // Made for this test; nothing trusts the certificate and nothing else knows the key.
    let certificate = CertificateDer::from(include_bytes!("self_signed.der").as_slice());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("self_signed.key.der").as_slice());
    let configuration =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key.into()).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = url(&format!("https://localhost:{}/v2", listener.local_addr().unwrap().port()));
    let server = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(Arc::new(configuration)).unwrap();
        while connection.is_handshaking() {
            if connection.complete_io(&mut socket).is_err() {
                return false;
            }
        }
        true
    });
    let mut settings = Settings::new(base, token(), Shared::default());
    (settings.allow_loopback, settings.limits.attempts) = (true, 1);
    let result = send(&Client::new(settings).unwrap(), Safety::Once).await;
    let Err(HttpError::Unreachable { attempts: 1, source, .. }) = result else { panic!("{result:?}") };
    assert_eq!(source.kind, FailureKind::Certificate, "{source:?}");
    assert!(!server.join().unwrap(), "the handshake did not end");
}

#[tokio::test]
async fn a_failure_names_neither_the_url_nor_the_secret() {
    let server = Server::giving("").await;
    let error = send(&server.client(), Safety::Read).await.unwrap_err();
    let text = format!("{error:?} {error} {:?}", std::error::Error::source(&error));
    assert!(!text.contains(CANARY) && !text.contains("/v2/Users"), "{text}");
}

#[test]
fn the_provider_may_be_installed_more_than_once() {
    crate::http::install_crypto_provider();
    crate::http::install_crypto_provider();
    assert!(rustls::crypto::CryptoProvider::get_default().is_some());
}

#[tokio::test]
async fn a_transport_for_the_public_internet_sends_nothing_in_the_clear() {
    let server = Server::giving("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let wire = Wire::new(false).unwrap();
    let exchange = wire
        .exchange(Outgoing {
            method: ::http::Method::GET,
            url: url(&format!("http://{}/", server.address)),
            headers: ::http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        })
        .await;
    assert!(exchange.is_err());
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

/// A log that is kept in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_most_talkative_log_holds_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for answer in [format!("HTTP/1.1 401 No\r\ncontent-length: 24\r\n\r\n{CANARY}"), String::new()] {
        let server = Server::giving(answer).await;
        assert!(send(&server.client(), Safety::Once).await.is_err());
    }
    tracing::trace!("the log is on");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is on"));
    assert!(!log.contains(CANARY), "{log}");
}
