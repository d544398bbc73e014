//! The names that a shell offers: apps and people from files, held digests from the store. Bounded in time and size,
//! silent about every fault, and never over a network.

use std::{env, ffi::OsStr, time::Duration};

use clap_complete::engine::CompletionCandidate;
use jiff::Timestamp;

use super::line::Line;
use crate::{api::Kind, cli::plugin::Call, load::glance, store::Store};

/// Nobody waits longer for a completion.
const LONGEST: Duration = Duration::from_millis(500);
/// What a digest begins with. A shell may break words at the colon, so that the rest alone is offered to whoever has not
/// written it; it means the same.
const ALGORITHM: &str = "sha256:";

/// Target apps among the files of the line.
pub(crate) fn apps(current: &OsStr) -> Vec<CompletionCandidate> {
    fitting(current, glance::objects(&line().files, Kind::TargetApp).iter().map(ToString::to_string))
}

/// People whom the files of the line name.
pub(crate) fn people(current: &OsStr) -> Vec<CompletionCandidate> {
    fitting(current, glance::people(&line().files).into_iter())
}

/// What can be decided: apps of which something is held by the store, directories where `--directory` stands, and the apps
/// of the current folder where the store tells nothing.
pub(crate) fn decidable(current: &OsStr) -> Vec<CompletionCandidate> {
    let line = line();
    let of_directories = env::args_os().any(|word| word == "--directory");
    if of_directories {
        return fitting(current, glance::objects(&line.files, Kind::Directory).iter().map(ToString::to_string));
    }
    let held = held(&line.state);
    if held.is_empty() {
        return apps(current);
    }
    let mut names: Vec<String> = held.into_iter().map(|(app, _)| app).collect();
    names.sort();
    names.dedup();
    fitting(current, names.into_iter())
}

/// The digests that the store holds for the app on the line.
pub(crate) fn digests(current: &OsStr) -> Vec<CompletionCandidate> {
    let line = line();
    let digests = held(&line.state).into_iter().filter(|(app, _)| {
        // A bare name is in namespace `default`.
        line.words.iter().any(|word| app == word || app.strip_prefix("default/") == Some(word))
    });
    let digests = digests.map(|(_, digest)| digest);
    if has_begun_with_algorithm(current) {
        return fitting(current, digests);
    }
    fitting(current, digests.map(|digest| digest.strip_prefix(ALGORITHM).unwrap_or(&digest).to_owned()))
}

/// Whether somebody is writing a digest as a whole, as it is shown.
fn has_begun_with_algorithm(current: &OsStr) -> bool {
    let current = current.to_str().unwrap_or_default();
    !current.is_empty() && (ALGORITHM.starts_with(current) || current.starts_with(ALGORITHM))
}

fn line() -> Line {
    let words = env::args_os().filter_map(|word| word.into_string().ok());
    let state = env::var("APPACCESS_STATE").ok();
    match Call::of_this_process() {
        Call::Completer => Line::read(words, state),
        _ => Line::after_dashes(words, state),
    }
}

fn fitting(current: &OsStr, names: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let current = current.to_str().unwrap_or_default();
    names.filter(|name| name.starts_with(current)).map(CompletionCandidate::new).collect()
}

/// Apps and digests that wait for a decision in a store that is a file of this machine.
fn held(state: &str) -> Vec<(String, String)> {
    if state.contains("://") {
        return Vec::new();
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return Vec::new() };
    let read = async {
        let store = Store::open_existing(state).await.ok()??;
        store.waiting(Timestamp::now()).await.ok()
    };
    let waiting = runtime.block_on(async { tokio::time::timeout(LONGEST, read).await }).ok().flatten();
    // A reading that hangs is not waited for.
    runtime.shutdown_background();
    let named = waiting.unwrap_or_default().into_iter().map(|(app, digest)| (app.to_string(), digest.to_string()));
    named.collect()
}
