//! Simulated vendors: strict, stateful, honest about the real ones' quirks and faults. They serve the demo, the tests and
//! the benches over loopback, and know neither connectors nor the engine.

pub mod aha;
pub mod clockify;
pub mod harvest;
pub mod scim;
pub mod service;
pub mod toggl;
