//! What the tests share: the real components that they run against, and how to wait for them.

pub(crate) mod audit;
pub(crate) mod chart;
pub(crate) mod cluster;
pub(crate) mod crash;
pub(crate) mod forge;
pub(crate) mod installation;
pub(crate) mod peers;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod recorder;
pub(crate) mod scim_access;
pub(crate) mod screen;
pub(crate) mod shell;
pub(crate) mod stage;
pub(crate) mod tools;
pub(crate) mod wait;

/// Chooses the TLS implementation of this process, once. Clients cannot be built before.
pub(crate) fn install_tls_provider() {
    // The error only says that another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
