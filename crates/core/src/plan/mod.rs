//! Desired, observed and owned edges become a plan: a pure value, printed, counted, reviewed, and only then applied.

mod change;
mod hold;

pub use change::{Action, Cause, Change, Drift, DriftKind, HeldReason};
pub use hold::digest_text;
