//! A simulated SCIM vendor on loopback: strict and stateful, true to the RFC unless a [`Dialect`] says otherwise, with
//! faults that a test queues and a journal of what reached it. It knows no connector and asks for no time.

mod check;
mod dialect;
mod discovery;
mod exchange;
mod fault;
mod journal;
mod listing;
mod resource;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod vendor;

pub use dialect::{Dialect, Filters, MembersRemoval, Paging};
pub use fault::{Fault, Gate};
pub use journal::Recorded;
pub use server::{Options, Server};
pub use state::{SeenUser, Snapshot, State};
