//! A simulated Clockify workspace on loopback: strict and stateful, with the vendor's quirks, limits and refusals, faults
//! that a test queues and a journal of what reached it. It knows no connector and asks for no time.
//!
//! Where the vendor's exact answer is not known, the plainest form stands in its place and is called inferred. Beyond the
//! vendor it refuses query parameters and body fields that no document names, so that a slip of a client shows.

mod groups;
mod members;
mod people;
mod render;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod vendor;

pub use super::service::{Fault, Gate, Recorded};
pub use server::{Clockify, Options, Server};
pub use state::{Group, Membership, Role, RolesForm, SeenPerson, State, User};
