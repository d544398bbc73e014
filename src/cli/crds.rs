//! `crds`: the definitions that a cluster needs.

use clap::Args;

use super::{error::CommandError, exit::Exit, output};
use crate::api;

/// The flags of `crds`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Examples:\n  appaccess crds | kubectl apply --server-side -f -")]
pub struct Flags {}

/// Prints the definitions as one stream of YAML documents.
pub(super) fn run(_flags: Flags) -> Result<Exit, CommandError> {
    let mut text = String::new();
    for definition in api::crds() {
        let document = serde_yaml::to_string(&definition).map_err(|error| CommandError::Machine {
            what: "write the definitions",
            source: std::io::Error::other(error),
        })?;
        text.push_str("---\n");
        text.push_str(&document);
    }
    output::plain(&text)?;
    Ok(Exit::Done)
}
