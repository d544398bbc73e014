//! A simulated Harvest account: API v2 over loopback, with the rules, limits and refusals of the real one. Knows
//! nothing of the connector, and no time: what changes moves its clock on by a second.
//!
//! What the vendor's documents leave open is taken in its plainest form and marked `inferred` where it is written.

mod listing;
mod people;
mod refusal;
mod roles;
mod server;
mod state;
mod vendor;

pub use server::{Harvest, Server};
pub use state::{Habits, SeenPerson, Snapshot, State};

#[cfg(test)]
mod tests;
