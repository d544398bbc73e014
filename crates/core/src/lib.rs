//! The pure core of `appaccess`: what is declared, what an app holds, and what has to change.
//!
//! Nothing here reads a clock, a file or a network, or knows a wire format: time is a parameter and every input is a
//! value. The way of the data, which is also the reading order of the modules:
//!
//! 1. [`access`]: the words (person, account, slot, edge, claim) and their canonical keys.
//! 2. [`resolve`]: declarations and people become desired edges, three-valued.
//! 3. [`plan`]: desired, observed and owned edges become a plan; guards hold what must wait.
//! 4. [`status`]: a plan and its outcome become conditions and counts.
//! 5. [`explain`]: why a person has, lacks or will lose an edge.

pub mod access;
pub mod explain;
pub mod plan;
pub mod resolve;
pub mod status;
