//! Everything that a command prints: one place for texts, Markdown and JSON, and for who may see colour. It must not know
//! apps, stores or files.

pub(crate) mod build;
pub(crate) mod cluster;
pub(crate) mod codeowners;
pub(crate) mod doctor;
pub(crate) mod document;
pub(crate) mod escape;
pub(crate) mod explain;
pub(crate) mod failure;
pub(crate) mod history;
pub(crate) mod logging;
mod markdown;
pub(crate) mod places;
pub(crate) mod progress;
pub(crate) mod review;
pub(crate) mod tasks;
mod text;
mod tree;
pub(crate) mod width;
pub(crate) mod words;

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Serialize;

use self::document::{Hold, PlanDocument, Waits};
use super::{error::CommandError, flags::Format, plugin::spoken};

/// What a reader of a plan may want to do next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Next {
    /// The flags that led here, as they are to be written again: `-f access/ --state x.db`.
    pub(crate) flags: String,
    /// How it was judged, as it is to be written again: ` --no-settle`.
    pub(crate) judgement: String,
    /// The flags that lead to the same store.
    pub(crate) state: String,
    /// For a run without a store: the flags that name what was before the change.
    pub(crate) base: Option<String>,
    /// Whether the plan is not applied yet and could be.
    pub(crate) offers_apply: bool,
    /// The digests that the store has written down, so that they can be decided; all of them where nothing is said.
    pub(crate) written: Option<BTreeSet<String>>,
}

impl Next {
    /// Commands with what they do.
    fn steps(&self, document: &PlanDocument) -> Vec<(String, String)> {
        let mut steps = Vec::new();
        if let Some(does) = self.apply_does(document).filter(|_| self.offers_apply) {
            steps.push((format!("appaccess apply {}{}", self.flags, self.judgement), does.to_owned()));
        }
        let can_be_read_again =
            self.flags.starts_with("-f ") && !self.flags.starts_with("-f - ") && self.flags != "-f -";
        if can_be_read_again && document.apps.iter().flat_map(|app| &app.changes).any(is_asked) {
            steps.push((format!("appaccess tasks {}", self.flags), "lists what people are asked to do".to_owned()));
        }
        for (app, hold) in decidable(document).filter(|(_, hold)| self.is_written(hold)) {
            steps.push(match &self.base {
                None => {
                    let command = format!("appaccess approve {app} {}{}", hold.digest, self.state);
                    (command, "shows every held row and lets it pass".to_owned())
                }
                Some(base) => {
                    let command = format!("appaccess plan {} {base}", self.flags);
                    let does = "shows the intent digest: an AccessApproval of it among the files lets it pass";
                    (command, does.to_owned())
                }
            });
        }
        steps.dedup();
        steps
    }

    fn is_written(&self, hold: &Hold) -> bool {
        self.written.as_ref().is_none_or(|written| written.contains(&hold.digest))
    }

    /// What applying the plan would come to; `None` where to nothing.
    fn apply_does(&self, document: &PlanDocument) -> Option<&'static str> {
        let mut changes = document.apps.iter().flat_map(|app| &app.changes);
        let writes_hold = decidable(document).any(|(_, hold)| !self.is_written(hold));
        let open = |change: &document::Change| {
            let open = change.permitted && change.held.is_none() && change.due.is_none();
            open && change.outcome.is_none()
        };
        let sends = |change: &document::Change| open(change) && change.task.is_none() && change.action != "adopt";
        if changes.clone().any(sends) {
            return Some(if writes_hold {
                "makes these changes, and writes down what is held, to be decided"
            } else {
                "makes these changes"
            });
        }
        match (writes_hold, changes.any(|change| open(change) && change.action == "adopt")) {
            (true, _) => Some("writes down what is held, so that it can be decided"),
            (false, true) => Some("takes into our books what is there already; the apps are not touched"),
            (false, false) => None,
        }
    }
}

/// What somebody can decide, by app.
fn decidable(document: &PlanDocument) -> impl Iterator<Item = (&str, &Hold)> {
    let yields = |reason: &String| words::yields_to_approval(reason);
    document.apps.iter().filter_map(move |app| match &app.waits {
        Waits::Hold { hold: Some(hold) } if hold.reasons.iter().any(yields) => Some((app.app.as_str(), hold)),
        _ => None,
    })
}

/// Whether a person is asked to do it.
fn is_asked(change: &document::Change) -> bool {
    change.task.is_some() && change.permitted && change.held.is_none() && change.due.is_none()
}

/// Prints a plan, or what became of it, to standard output.
pub(crate) fn plan(document: &PlanDocument, format: Format, next: &Next) -> Result<(), CommandError> {
    match format {
        Format::Text => painted(&text::plan(document, next)),
        Format::Markdown => plain(&markdown::plan(document, next)),
        Format::Json => json(document),
    }
}

/// Whether a document was printed: there is never a second one.
static PRINTED: AtomicBool = AtomicBool::new(false);

/// Prints, in place of a document that a program waits for, why there is none.
pub(crate) fn failed(form: failure::Form, error: &CommandError) {
    if !PRINTED.load(Ordering::Relaxed) {
        // What cannot be printed was said on standard error.
        let _ = failure::print(form, error);
    }
}

/// Prints one JSON document to standard output.
pub(crate) fn json(document: &impl Serialize) -> Result<(), CommandError> {
    PRINTED.store(true, Ordering::Relaxed);
    let mut text = serde_json::to_string_pretty(document)
        .map_err(|source| CommandError::Machine { what: "write the document", source: source.into() })?;
    text.push('\n');
    plain(&text)
}

/// Prints a text with styles, which are kept on a terminal alone, in lines that fit the screen.
pub(crate) fn painted(text: &str) -> Result<(), CommandError> {
    let text = width::fit(&spoken(text), width::of(&io::stdout()));
    let print = || {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    };
    written(progress::aside(print))
}

/// Prints a text as it is.
pub(crate) fn plain(text: &str) -> Result<(), CommandError> {
    let print = || {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    };
    written(progress::aside(print))
}

/// Says something beside the result, on standard error. That nobody listens is no fault.
pub(crate) fn note(text: &str) {
    let text = width::fit(&spoken(text), width::of(&io::stderr()));
    let _ = progress::aside(|| anstream::stderr().lock().write_all(text.as_bytes()));
}

/// Says why a command could not be carried out.
pub(crate) fn error(error: &CommandError) {
    let (what, why) = error.what_and_why();
    note(&text::three_lines(&what, &why, error.remedy()));
}

/// Says what is wrong in three lines.
pub(crate) fn three_lines(what: &str, why: &str, remedy: &str) {
    note(&text::three_lines(what, why, remedy));
}

/// Says what failed, with where it stands.
pub(crate) fn failures(errors: &[document::ErrorEntry]) {
    for entry in errors {
        let mut text = String::new();
        text::error(&mut text, entry);
        note(&text);
    }
}

/// A reader that closed the pipe has seen enough.
fn written(outcome: io::Result<()>) -> Result<(), CommandError> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(source) => Err(CommandError::Machine { what: "write to standard output", source }),
        Ok(()) => Ok(()),
    }
}

/// A plan as a text, to be shown beside the result.
pub(crate) fn as_text(document: &PlanDocument, next: &Next) -> String {
    text::plan(document, next)
}
