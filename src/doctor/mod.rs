//! How a target app is, as findings that each say what, why and what to do. Pure: it judges what was found out, and knows
//! no shell and no client.

mod app;
mod budget;
mod claims;
mod reach;
mod status;

use appaccess_core::access::ObjectName;
use jiff::Timestamp;

pub use budget::{Budget, budget};
pub use status::{Told, of_status};

use crate::{
    api::{TargetApp, connector::Connector},
    load::{Loaded, Place},
    sync::{Examination, Examined, Look},
};

/// Names that one finding lists; the rest is counted.
const MOST_LISTED: usize = 10;

/// How bad it is, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Looked at, and right.
    Good,
    /// Worth knowing.
    Note,
    /// Will hurt before long, or keeps something from being done.
    Warning,
    /// Broken: something that is declared does not happen.
    Broken,
}

impl Severity {
    /// The word of documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Broken => "error",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was looked at: a stable CamelCase word.
    pub check: &'static str,
    /// What was found.
    pub what: String,
    /// Why it matters or where it comes from; empty where the first says it all.
    pub why: String,
    /// What to do; empty where there is nothing to do.
    pub remedy: String,
    /// Where it stands in the files, where it does.
    pub place: Option<Place>,
}

impl Finding {
    /// A finding that says no more than what was found.
    #[must_use]
    pub fn new(severity: Severity, check: &'static str, what: impl Into<String>) -> Self {
        Self { severity, check, what: what.into(), why: String::new(), remedy: String::new(), place: None }
    }

    fn good(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Good, check, what)
    }

    fn note(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Note, check, what)
    }

    fn warning(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Warning, check, what)
    }

    fn broken(check: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Broken, check, what)
    }

    fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// The same with what to do.
    #[must_use]
    pub fn remedied_by(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    fn at(mut self, place: &Place) -> Self {
        self.place = Some(place.clone());
        self
    }
}

/// What is to be said of one target app, in the order in which a look goes: how it is reached, what it can do, what is
/// claimed of it, what it holds, what it costs.
#[must_use]
pub fn findings(loaded: &Loaded, examination: &Examination, now: Timestamp) -> Vec<Finding> {
    let located = loaded.target_apps.get(&examination.app);
    let spec = located.map(|located| &located.object);
    let sends = spec.is_none_or(|app| !matches!(app.spec.connector, Connector::Manual(_)));
    let mut findings = reach::findings(examination, located.map(|located| &located.place), sends);
    if matches!(examination.outcome, Examined::Suspended(_)) {
        return findings;
    }
    if let Some(capabilities) = &examination.capabilities {
        findings.extend(app::abilities(capabilities));
        findings.extend(app::by_hand(capabilities));
    }
    if let Examined::Looked(look) = &examination.outcome {
        findings.extend(claims::findings(loaded, look));
        findings.push(app::listing(look));
        findings.extend(of_look(examination, look, now));
    }
    findings.extend(budget::findings(loaded, examination, spec));
    findings.push(app::mode(examination));
    findings
}

fn of_look(examination: &Examination, look: &Look, now: Timestamp) -> Vec<Finding> {
    let mut findings = app::cliffs(&examination.policy, look);
    findings.extend(app::invited(look, now));
    findings.extend(app::seats(look));
    findings.extend(app::held(&examination.app, look));
    findings
}

/// A number with what it counts.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Names as people list them: the first few, and how many more.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MOST_LISTED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MOST_LISTED) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// The connector of a target app and its name, as one reads it.
#[must_use]
pub fn title(name: &ObjectName, app: Option<&TargetApp>) -> String {
    app.map_or_else(|| name.to_string(), |app| format!("{name} ({})", app.spec.connector.name()))
}
