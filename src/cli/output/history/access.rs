//! Who had access at a time: a document, a text, Markdown and CSV, each with what proves it. Judges nothing.

use std::{collections::BTreeSet, fmt::Write as _};

use anstyle::{Effects, Style};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    super::{
        document::Entitlement,
        escape::{code_span, printable},
        text::painted,
        words::{counted, entitlement},
    },
    table,
};

/// The schema of what `history --at` prints.
pub(crate) const ACCESS_SCHEMA: &str = "appaccess.dev/access/v1";
/// The columns of the CSV.
const HEADER: [&str; 10] = ["time", "app", "person", "key", "type", "name", "level", "since", "proof", "because"];

/// What `history --at` prints.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "appaccess.dev/access/v1"))]
pub(crate) struct AccessDocument {
    /// `appaccess.dev/access/v1`.
    pub(crate) schema: &'static str,
    /// The time that was asked about (RFC 3339).
    pub(crate) at: String,
    /// Every target app that the store knows and that was asked for, by name.
    pub(crate) apps: Vec<AppAt>,
}

/// One target app at the time.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppAt {
    /// `namespace/name`.
    pub(crate) app: String,
    /// The earliest time of which the store knows anything about this app (RFC 3339); null where it knows nothing.
    pub(crate) known_since: Option<String>,
    /// Whether the time lies before that: then who had access is not known.
    pub(crate) too_early: bool,
    /// Who held what, by person.
    pub(crate) held: Vec<Held>,
}

/// Something that somebody held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Held {
    /// As they are called: mail or login, else the key.
    pub(crate) person: String,
    /// The identity that does not change; `account:ID` where nobody is known.
    pub(crate) key: String,
    /// What.
    pub(crate) entitlement: Entitlement,
    /// Since when, as far as it was recorded (RFC 3339).
    pub(crate) since: Option<String>,
    /// `readBack`, `adopted`, `changedLater`, `unverified` or `lostTrack`.
    pub(crate) proof: &'static str,
    /// On whose word, in words; empty where it was not recorded.
    pub(crate) because: String,
}

impl AccessDocument {
    fn sentence(&self) -> String {
        let people: BTreeSet<(&str, &str)> = self
            .apps
            .iter()
            .flat_map(|app| app.held.iter().map(|held| (app.app.as_str(), held.key.as_str())))
            .collect();
        format!("{} in {}", counted(people.len(), "account", "accounts"), counted(self.apps.len(), "app", "apps"))
    }

    /// What the proofs mean that occur.
    fn footnotes(&self) -> Vec<String> {
        let proofs: BTreeSet<&str> = self.apps.iter().flat_map(|app| &app.held).map(|held| held.proof).collect();
        proofs.into_iter().filter_map(|proof| Some(format!("{proof}: {}", meaning(proof)?))).collect()
    }
}

fn meaning(proof: &str) -> Option<&'static str> {
    Some(match proof {
        "adopted" => "it was in the app and declared, and was taken over at that time; it may be older",
        "changedLater" => "it was changed or taken away later, so it was there; since when is not recorded",
        "unverified" => "a change was sent that no reading has shown",
        "lostTrack" => "it was given, and went without us; when it went is not recorded",
        _ => return None,
    })
}

fn headline(app: &AppAt) -> String {
    let people: BTreeSet<&str> = app.held.iter().map(|held| held.key.as_str()).collect();
    match &app.known_since {
        None => "nothing is recorded".to_owned(),
        Some(since) if app.too_early && app.held.is_empty() => {
            format!("not known: the store begins at {since}")
        }
        Some(since) => format!("{}; recorded since {since}", counted(people.len(), "account", "accounts")),
    }
}

fn since(held: &Held) -> String {
    match &held.since {
        Some(since) if held.proof == "readBack" => format!("since {since}"),
        Some(since) => format!("since {since}, {}", held.proof),
        None => format!("since when is not recorded, {}", held.proof),
    }
}

/// For a terminal.
pub(crate) fn access_text(document: &AccessDocument) -> String {
    let bold = Style::new().bold();
    let dim = Style::new().effects(Effects::DIMMED);
    let mut text = format!("Who had access at {}\n\n", document.at);
    for app in &document.apps {
        let _ = writeln!(text, "{}  {}", painted(bold, &printable(&app.app)), headline(app));
        for of_one in app.held.chunk_by(|left, right| left.key == right.key) {
            let Some(first) = of_one.first() else { continue };
            let _ = writeln!(text, "  {}", painted(bold, &printable(&first.person)));
            for held in of_one {
                let _ = writeln!(text, "    {}  {}", printable(&entitlement(&held.entitlement)), since(held));
                if !held.because.is_empty() {
                    let _ = writeln!(text, "      {}", painted(dim, &printable(&held.because)));
                }
            }
        }
        text.push('\n');
    }
    for note in document.footnotes() {
        let _ = writeln!(text, "{note}");
    }
    let _ = writeln!(text, "{}", painted(bold, &format!("{}.", document.sentence())));
    text
}

/// A list, for an issue or a review.
pub(crate) fn access_markdown(document: &AccessDocument) -> String {
    let mut text = format!("### Who had access at {}\n\n**{}.**\n", document.at, document.sentence());
    for app in &document.apps {
        let _ = writeln!(text, "\n{}: {}", code_span(&app.app), headline(app));
        if !app.held.is_empty() {
            text.push('\n');
        }
        for held in &app.held {
            let what = code_span(&entitlement(&held.entitlement));
            let _ = write!(text, "- {} {what}, {}", code_span(&held.person), since(held));
            let because =
                if held.because.is_empty() { String::new() } else { format!(" — {}", code_span(&held.because)) };
            let _ = writeln!(text, "{because}");
        }
    }
    let notes = document.footnotes();
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        let _ = writeln!(text, "- {note}");
    }
    text
}

/// For a spreadsheet (RFC 4180): every cell is quoted, and none is a formula.
pub(crate) fn access_csv(document: &AccessDocument) -> Result<String, csv::Error> {
    let rows = document.apps.iter().flat_map(|app| {
        app.held.iter().map(|held| {
            [
                document.at.clone(),
                app.app.clone(),
                held.person.clone(),
                held.key.clone(),
                held.entitlement.kind.clone(),
                held.entitlement.name.clone(),
                held.entitlement.level.clone().unwrap_or_default(),
                held.since.clone().unwrap_or_default(),
                held.proof.to_owned(),
                held.because.clone(),
            ]
        })
    });
    table(&HEADER, rows)
}
