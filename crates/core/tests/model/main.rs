//! The core over a model of the world: declarations, a directory, one app, and our memory of it.
//!
//! Examples are one sentence each, by the rules that the core decides; properties run the same model over generated
//! worlds, with random edits and faults between the passes.

#[cfg(test)]
mod app;
#[cfg(test)]
mod books;
#[cfg(test)]
mod convergence;
#[cfg(test)]
mod declare;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod installation;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod promises;

#[cfg(test)]
mod guards;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod levels;
#[cfg(test)]
mod mistyped;
#[cfg(test)]
mod money;
#[cfg(test)]
mod removals;
#[cfg(test)]
mod resolving;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod tasks;
