//! A simulated SCIM vendor on loopback: strict and stateful, true to the RFC unless a [`Dialect`] says otherwise, with
//! faults that a test queues and a journal of what reached it. It knows no connector and asks for no time.

mod check;
mod dialect;
mod discovery;
mod exchange;
mod listing;
mod resource;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod vendor;

pub use super::service::{Fault, Gate, Recorded};
pub use dialect::{Dialect, Filters, MembersRemoval, Paging};
pub use server::{Options, Scim, Server};
pub use state::{SeenUser, Snapshot, State};
