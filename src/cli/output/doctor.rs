//! What `doctor` prints, as a document, a text and Markdown. Judges nothing: the findings come as they are.

use std::{collections::BTreeMap, fmt::Write as _};

use anstyle::{AnsiColor, Style};
use appaccess_core::access::Completeness;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    document::{Calls, ErrorEntry, Line},
    escape::{code_span, printable},
    json, painted, plain,
    text::painted as styled,
    words::counted,
};
use crate::{
    cli::{error::CommandError, flags::Format},
    doctor::{self, Severity},
    load::{Loaded, Place},
    sync::{Examination, Examined},
};

/// Columns before what was found.
const INDENT: usize = 25;
/// The schema of what `doctor` prints.
pub(crate) const DOCTOR_SCHEMA: &str = "appaccess.dev/doctor/v1";

/// What `doctor` prints.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "appaccess.dev/doctor/v1"))]
pub(crate) struct DoctorDocument {
    /// `appaccess.dev/doctor/v1`.
    pub(crate) schema: &'static str,
    /// Every target app that was asked for, by name.
    pub(crate) apps: Vec<DoctorApp>,
    /// What is wrong outside any app.
    pub(crate) errors: Vec<ErrorEntry>,
}

/// One target app.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DoctorApp {
    /// `namespace/name`.
    pub(crate) app: String,
    /// The connector.
    pub(crate) connector: String,
    /// `Observe`, `Additive` or `Full`.
    pub(crate) mode: String,
    /// Whether work on it is stopped.
    pub(crate) suspended: bool,
    /// Whether the app was read as a whole; null where it was not read.
    pub(crate) complete: Option<bool>,
    /// What it can do and what it lacks, in the words of `status.capabilities`; empty where it did not come so far.
    pub(crate) capabilities: Vec<String>,
    /// The credential's quota; null where nothing is sent, or it did not come so far.
    pub(crate) quota: Option<Quota>,
    /// What was looked at, in order.
    pub(crate) findings: Vec<Finding>,
    /// Requests that were sent: only reads.
    pub(crate) calls: Calls,
}

/// The quota of a credential, and the interval that follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Quota {
    /// Requests in each window.
    pub(crate) requests: u32,
    /// The window, in seconds.
    pub(crate) per_seconds: u64,
    /// Requests of each window that reads leave to changes.
    pub(crate) kept_for_changes: u32,
    /// Requests of a pass in which nothing has to be changed; null where none was seen.
    pub(crate) reads: Option<u64>,
    /// How many target apps share the credential.
    pub(crate) sharing: u32,
    /// The shortest time between two passes, in seconds; null where it is not known.
    pub(crate) earliest_seconds: Option<u64>,
    /// How often the app is compared, in seconds.
    pub(crate) interval_seconds: u64,
    /// What the app itself says is left; null where it says nothing.
    pub(crate) remaining: Option<u32>,
    /// When its count starts anew; null where it does not say.
    pub(crate) resets_at: Option<String>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// `ok`, `note`, `warning` or `error`.
    pub(crate) severity: &'static str,
    /// What was looked at: a stable word.
    pub(crate) check: &'static str,
    /// What was found.
    pub(crate) what: String,
    /// Why it matters or where it comes from; may be empty.
    pub(crate) why: String,
    /// What to do; empty where there is nothing to do.
    pub(crate) remedy: String,
    /// Where it stands in the files; null where it stands nowhere.
    pub(crate) place: Option<Line>,
}

impl DoctorDocument {
    /// The document of what was found out.
    pub(crate) fn of(loaded: &Loaded, examinations: &[Examination], errors: Vec<ErrorEntry>, now: Timestamp) -> Self {
        let apps = examinations.iter().map(|examination| app(loaded, examination, now)).collect();
        Self { schema: DOCTOR_SCHEMA, apps, errors }
    }

    /// Whether anything is broken.
    pub(crate) fn is_broken(&self) -> bool {
        !self.errors.is_empty() || self.count(Severity::Broken) > 0
    }

    fn count(&self, severity: Severity) -> usize {
        let findings = self.apps.iter().flat_map(|app| &app.findings);
        findings.filter(|finding| finding.severity == severity.as_str()).count()
    }

    /// What it comes to.
    fn sentence(&self) -> String {
        let parts = [
            counted(self.apps.len(), "app", "apps"),
            counted(self.count(Severity::Broken) + self.errors.len(), "error", "errors"),
            counted(self.count(Severity::Warning), "warning", "warnings"),
        ];
        parts.join(", ")
    }
}

fn app(loaded: &Loaded, examination: &Examination, now: Timestamp) -> DoctorApp {
    let object = loaded.target_apps.get(&examination.app).map(|located| &located.object);
    let findings = doctor::findings(loaded, examination, now);
    let capabilities = examination.capabilities.as_ref();
    DoctorApp {
        app: examination.app.to_string(),
        connector: object.map(|app| app.spec.connector.name().to_owned()).unwrap_or_default(),
        mode: examination.policy.mode.as_str().to_owned(),
        suspended: matches!(examination.outcome, Examined::Suspended(_)),
        complete: match &examination.outcome {
            Examined::Looked(look) => Some(look.observation.completeness == Completeness::Complete),
            _ => None,
        },
        capabilities: capabilities.map(appaccess_core::access::Capabilities::words).unwrap_or_default(),
        quota: object.and_then(|app| doctor::budget(loaded, examination, app)).map(|budget| quota(&budget)),
        findings: findings.into_iter().map(finding).collect(),
        calls: Calls { reads: examination.calls.reads, writes: examination.calls.writes },
    }
}

fn quota(budget: &doctor::Budget) -> Quota {
    Quota {
        requests: budget.rate.requests,
        per_seconds: budget.rate.per.as_secs(),
        kept_for_changes: budget.kept,
        reads: budget.reads,
        sharing: budget.sharing,
        earliest_seconds: budget.earliest.map(|earliest| earliest.as_secs()),
        interval_seconds: budget.interval.as_secs(),
        remaining: budget.told.map(|told| told.remaining),
        resets_at: budget.told.and_then(|told| told.resets_at).map(|at| at.to_string()),
    }
}

/// A finding as the document shows it.
pub(crate) fn finding(finding: doctor::Finding) -> Finding {
    let doctor::Finding { severity, check, what, why, remedy, place } = finding;
    let place = place.map(|Place { file, line }| Line { file, line: u64::try_from(line).unwrap_or(u64::MAX) });
    Finding { severity: severity.as_str(), check, what, why, remedy, place }
}

/// Prints the document to standard output.
pub(crate) fn print(document: &DoctorDocument, format: Format) -> Result<(), CommandError> {
    match format {
        Format::Text => painted(&text(document)),
        Format::Markdown => plain(&markdown(document)),
        Format::Json => json(document),
    }
}

fn style(severity: &str) -> Style {
    match severity {
        "error" => AnsiColor::Red.on_default().bold(),
        "warning" => AnsiColor::Yellow.on_default().bold(),
        "ok" => AnsiColor::Green.on_default(),
        _ => Style::new(),
    }
}

fn text(document: &DoctorDocument) -> String {
    let bold = Style::new().bold();
    let mut text = String::new();
    for app in &document.apps {
        let _ = writeln!(text, "{}  {}, mode {}", styled(bold, &printable(&app.app)), app.connector, app.mode);
        for finding in &app.findings {
            // Padded before it is painted: styles have no width.
            let word = styled(style(finding.severity), &format!("{:<7}", finding.severity));
            let _ = writeln!(text, "  {word}  {:<12}  {}", finding.check, printable(&finding.what));
            let place = finding.place.as_ref().map(|place| format!("{}:{}", place.file, place.line));
            let silent = matches!(finding.severity, "ok");
            let further = [
                ("at: ", place.as_deref().unwrap_or_default()),
                ("why:", finding.why.as_str()),
                ("do: ", finding.remedy.as_str()),
            ];
            for (word, line) in further.into_iter().filter(|(_, line)| !silent && !line.is_empty()) {
                let _ = writeln!(text, "{:INDENT$}{word} {}", "", printable(line));
            }
        }
        text.push('\n');
    }
    for entry in &document.errors {
        let what = format!("{}: {}", entry.object, entry.reason);
        text.push_str(&super::text::three_lines(&what, &entry.message, &entry.remedy));
    }
    let _ = writeln!(text, "{}", styled(bold, &format!("{}.", document.sentence())));
    text
}

/// Errors and warnings first, the rest folded: a review reads what is wrong.
fn markdown(document: &DoctorDocument) -> String {
    let mut text = format!("### Apps\n\n**{}.**\n\n", document.sentence());
    for entry in &document.errors {
        let object = code_span(&format!("{}: {}", entry.object, entry.reason));
        let _ = writeln!(text, "- ⚠ {object} {}: {}", code_span(&entry.message), code_span(&entry.remedy));
    }
    let mut folded: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for app in &document.apps {
        for finding in &app.findings {
            if matches!(finding.severity, "error" | "warning") {
                let _ = writeln!(text, "- ⚠ {} {}", code_span(&app.app), row(finding));
            } else {
                folded.entry(&app.app).or_default().push(finding);
            }
        }
    }
    for (app, findings) in folded {
        // The name of an object consists of letters, digits, `-`, `.` and `/` alone; anything else is left out.
        let name: String =
            app.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-./".contains(*letter)).collect();
        let _ = writeln!(text, "\n<details><summary>{name}</summary>\n");
        for finding in findings {
            let _ = writeln!(text, "- {}", row(finding));
        }
        let _ = writeln!(text, "\n</details>");
    }
    text
}

fn row(finding: &Finding) -> String {
    let mut row = format!("**{}** {}: {}", finding.severity, finding.check, code_span(&finding.what));
    let place = finding.place.as_ref().map(|place| format!("{}:{}", place.file, place.line)).unwrap_or_default();
    for part in [place.as_str(), &finding.why, &finding.remedy] {
        if !part.is_empty() {
            let _ = write!(row, " — {}", code_span(part));
        }
    }
    row
}

#[cfg(test)]
mod tests;
