//! A simulated Toggl Track (API v9) on loopback: strict and stateful, with the vendor's three kinds of ids, its hourly
//! quota (402), its protection of the owner and the paying user, and texts as bodies. It knows no connector and asks for
//! no time.
//!
//! Where the vendor's exact answer is not published, the plainest form is taken; such places say "inferred".

mod body;
mod groups;
mod habits;
mod invitations;
mod organization;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod update;
mod users;
mod view;
mod workspaces;

pub use super::service::{Fault, Gate, Recorded};
pub use habits::{Habits, Plan, Quota};
pub use server::{Options, Server, Toggl};
pub use state::{SeenPerson, Snapshot, State};
