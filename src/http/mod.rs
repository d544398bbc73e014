//! The one client for all outgoing calls: bound hosts, rate budgets, safe retries, redaction. Knows no vendor.
//!
//! ```text
//! connector ─▶ Client::send / Reader::get ─▶ check URL ─▶ budget ─▶ transport ─▶ judge ─▶ answer, again or error
//! ```
//!
//! A credential leaves this module in one header only, to the hosts it is bound to, over verified TLS, and never along
//! a redirect or through a proxy. A change that may have been done is never repeated blindly: it ends as
//! [`HttpError::Unknown`], and the caller observes.

mod address;
mod auth;
mod client;
mod error;
mod exchange;
mod headers;
mod json;
mod oauth;
mod rate;
mod redact;
mod request;
mod retry;
mod settings;
mod shared;
mod transport;
mod waiting;
mod watch;

#[cfg(test)]
mod tests;

pub use address::is_public;
pub use client::{Calls, Client, Reader, ToldQuota};
pub use error::HttpError;
pub use json::check_depth;
pub use rate::RateSettings;
pub use request::{Get, Request, Response, Safety, Target};
pub use settings::{Auth, BoundHosts, Limits, Settings, is_loopback};
pub use shared::Shared;
pub use transport::{FailureKind, Incoming, Outgoing, Transport, TransportError};
pub use watch::{News, Wait, Watch, Why};

/// Makes `ring` the TLS provider of the process. The first call wins and later ones do nothing, so that it may be
/// called both from `main`, before any client of Kubernetes exists, and from a test.
pub fn install_crypto_provider() {
    // An error only says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
