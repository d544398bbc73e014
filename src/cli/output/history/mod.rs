//! What was done, as a timeline: a document, a text, Markdown and CSV. Judges nothing: the lines come from the journal.

mod access;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use appaccess_core::plan::Change;
use csv::{QuoteStyle, Terminator, WriterBuilder};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use self::access::{ACCESS_SCHEMA, AccessDocument, AppAt, Held, access_csv, access_markdown, access_text};
use super::{
    build,
    document::Entitlement,
    escape::{code_span, printable},
    tasks::harmless,
    text::painted,
    words::counted,
};
use crate::store::JournalLine;

/// The schema of what `history` prints.
pub(crate) const HISTORY_SCHEMA: &str = "appaccess.dev/history/v1";
/// The columns of the CSV.
const HEADER: [&str; 18] = [
    "time",
    "app",
    "number",
    "person",
    "key",
    "account",
    "does",
    "type",
    "name",
    "from",
    "to",
    "cause",
    "because",
    "approvedBy",
    "approvedAt",
    "outcome",
    "verified",
    "error",
];

/// What `history` prints.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("$id" = "appaccess.dev/history/v1"))]
pub(crate) struct HistoryDocument {
    /// `appaccess.dev/history/v1`.
    pub(crate) schema: &'static str,
    /// What was done, the earliest first.
    pub(crate) lines: Vec<Line>,
    /// Whether earlier lines were left out, because there are more than were asked for.
    pub(crate) more: bool,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// When it was about to be done (RFC 3339).
    pub(crate) time: String,
    /// The target app as `namespace/name`.
    pub(crate) app: String,
    /// Its number, counted from 1 per target app.
    pub(crate) number: u64,
    /// For whom, as they were called: mail, login or the name of a group.
    pub(crate) person: String,
    /// The identity that does not change, as `id:it/okta:00u1` or `mail:ana@birch.studio`; null for a group itself and for
    /// accounts of nobody known.
    pub(crate) key: Option<String>,
    /// The vendor's id of the account.
    pub(crate) account: Option<String>,
    /// `create`, `invite`, `update`, `activate`, `grant`, `change`, `revoke`, `suspend` or `delete`.
    pub(crate) does: &'static str,
    /// What.
    pub(crate) entitlement: Entitlement,
    /// The value before.
    pub(crate) from: Option<String>,
    /// The value after.
    pub(crate) to: Option<String>,
    /// `declared`, `leaver`, `expired`, `withdrawn`, `exclusive` or `unmanaged`.
    pub(crate) cause: &'static str,
    /// The cause in words: whose claim, which directory, which end.
    pub(crate) because: String,
    /// Who let it pass where it was held; null where it was not, or nobody remembers.
    pub(crate) approved: Option<Approved>,
    /// `applied` (read back), `unverified`, `failed`, `skipped`, `unknown` (the process ended before the answer), or
    /// `open` (no answer yet).
    pub(crate) outcome: String,
    /// When a reading showed it (RFC 3339).
    pub(crate) verified: Option<String>,
    /// What went wrong.
    pub(crate) error: Option<String>,
}

/// A decision that let a change pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Approved {
    /// Who, as claimed; null where nobody was named.
    pub(crate) by: Option<String>,
    /// When we first saw it (RFC 3339).
    pub(crate) at: String,
    /// The digest that it names.
    pub(crate) digest: String,
}

impl Line {
    /// A line of the journal, with the change that it was the intent of.
    pub(crate) fn of(line: &JournalLine, change: &Change, approved: Option<Approved>) -> Self {
        let last = line.results.iter().find(|result| &*result.outcome == "applied").or(line.results.last());
        let intent = &line.intent;
        Self {
            time: build::whole_seconds(line.at).to_string(),
            app: line.app.to_string(),
            number: line.sequence,
            person: intent.label.to_string(),
            key: intent.person.as_ref().map(appaccess_core::access::PersonKey::canonical),
            account: intent.account.as_ref().map(ToString::to_string),
            does: intent.action.as_str(),
            entitlement: build::entitlement(change),
            from: intent.from.as_ref().map(ToString::to_string),
            to: intent.to.as_ref().map(ToString::to_string),
            cause: intent.cause.as_str(),
            because: intent.because.to_string(),
            approved,
            outcome: last.map_or_else(|| "open".to_owned(), |last| last.outcome.to_string()),
            verified: last
                .filter(|last| &*last.outcome == "applied")
                .map(|last| build::whole_seconds(last.at).to_string()),
            error: last.and_then(|last| last.error.as_ref().map(ToString::to_string)),
        }
    }

    /// `change role member → admin`, `grant group Studio`.
    pub(crate) fn what(&self) -> String {
        let words = super::words::entitlement(&self.entitlement);
        match (&self.from, &self.to) {
            (Some(from), Some(to)) if self.does == "change" => {
                let name = if self.entitlement.level.is_some() {
                    format!("{} {}", self.entitlement.kind, self.entitlement.name)
                } else {
                    self.entitlement.kind.clone()
                };
                format!("change {name} {from} → {to}")
            }
            _ => format!("{} {words}", self.does),
        }
    }

    /// `applied, read back 2026-11-20T10:00:04Z`.
    pub(crate) fn result(&self) -> String {
        let told = match (self.outcome.as_str(), &self.verified) {
            ("applied", Some(at)) => format!("applied, read back {at}"),
            ("unverified", _) => "sent, and no reading has shown it".to_owned(),
            ("unknown", _) => "nobody knows: the process ended before the answer".to_owned(),
            ("open", _) => "no answer yet".to_owned(),
            (other, _) => other.to_owned(),
        };
        match &self.error {
            Some(error) if self.outcome != "unknown" => format!("{told}: {error}"),
            _ => told,
        }
    }

    /// Who let it pass, in words.
    pub(crate) fn approval(&self) -> Option<String> {
        let approved = self.approved.as_ref()?;
        let by = approved.by.as_deref().unwrap_or("somebody who gave no name");
        Some(format!("approved by {by} {}", approved.at))
    }
}

impl HistoryDocument {
    fn sentence(&self) -> String {
        let changes = counted(self.lines.len(), "change", "changes");
        if self.more {
            format!("{changes}; earlier ones are left out: name a --since, an --until or a larger --limit")
        } else {
            changes
        }
    }
}

fn style(outcome: &str) -> Style {
    match outcome {
        "applied" => AnsiColor::Green.on_default(),
        "failed" => AnsiColor::Red.on_default().bold(),
        _ => AnsiColor::Yellow.on_default(),
    }
}

/// For a terminal: two lines or three each, the latest last.
pub(crate) fn text(document: &HistoryDocument) -> String {
    let bold = Style::new().bold();
    let mut text = String::new();
    for line in &document.lines {
        let who = painted(bold, &printable(&line.person));
        let _ = writeln!(text, "{}  {}  {who}  {}", line.time, printable(&line.app), printable(&line.what()));
        let _ = writeln!(text, "    {}", printable(&line.because));
        if let Some(approval) = line.approval() {
            let _ = writeln!(text, "    {}", printable(&approval));
        }
        let result = printable(&line.result());
        let (word, rest) = result.split_once(' ').unwrap_or((&result, ""));
        let _ = writeln!(
            text,
            "    {}{}{rest}",
            painted(style(&line.outcome), word),
            if rest.is_empty() { "" } else { " " }
        );
    }
    if document.lines.is_empty() {
        text.push_str("Nothing was done in this time.\n");
    } else {
        let _ = writeln!(text, "\n{}", painted(bold, &format!("{}.", document.sentence())));
    }
    text
}

/// A list, for an issue or a review.
pub(crate) fn markdown(document: &HistoryDocument) -> String {
    let mut text = format!("### {}\n\n", document.sentence());
    for line in &document.lines {
        let what = code_span(&line.what());
        let _ = write!(text, "- {} {} {} {what}", line.time, code_span(&line.app), code_span(&line.person));
        let _ = write!(text, " — {}", code_span(&line.because));
        if let Some(approval) = line.approval() {
            let _ = write!(text, " — {}", code_span(&approval));
        }
        let mark = if line.outcome == "applied" { "" } else { "⚠ " };
        let _ = writeln!(text, " — {mark}{}", code_span(&line.result()));
    }
    text
}

/// For a spreadsheet (RFC 4180): every cell is quoted, and none is a formula.
pub(crate) fn csv(document: &HistoryDocument) -> Result<String, csv::Error> {
    let empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows = document.lines.iter().map(|line| {
        let approved = line.approved.as_ref();
        [
            line.time.clone(),
            line.app.clone(),
            line.number.to_string(),
            line.person.clone(),
            empty(&line.key),
            empty(&line.account),
            line.does.to_owned(),
            line.entitlement.kind.clone(),
            line.entitlement.name.clone(),
            empty(&line.from),
            empty(&line.to),
            line.cause.to_owned(),
            line.because.clone(),
            approved.and_then(|approved| approved.by.clone()).unwrap_or_default(),
            approved.map(|approved| approved.at.clone()).unwrap_or_default(),
            line.outcome.clone(),
            empty(&line.verified),
            empty(&line.error),
        ]
    });
    table(&HEADER, rows)
}

/// A table with a header, each line ended by CR and LF.
fn table<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> Result<String, csv::Error> {
    let mut writer =
        WriterBuilder::new().quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.map(|cell| harmless(&cell)))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
