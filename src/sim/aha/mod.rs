//! A simulated Aha! account on loopback: users, products and the roles that tie them, as the vendor documents them, with
//! its mixed wrapping, its two spellings of roles and its page for a wrong key. It knows no connector and asks for no time.
//!
//! Aha! documents no body of any error but the page that comes with 401. All others are inferred: the status that the kind
//! of mistake usually has, and `{"error": TEXT}`. What else is inferred says so where it stands.

mod exchange;
mod others;
mod products;
mod render;
mod role;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod users;

pub use super::service::{Fault, Gate, Recorded};
pub use role::Role;
pub use server::{Aha, Server};
pub use state::{Plan, Seen, Snapshot, State};
