//! `validate`: everything about files that can be judged without any app.

use std::fmt::Write as _;

use clap::Args;
use jiff::Timestamp;

use super::{
    error::CommandError,
    exit::Exit,
    flags::{FileFlags, Format, OutputFlags},
    output::{
        self,
        document::{Fault, VALIDATE_SCHEMA, ValidateDocument},
        escape::{code_span, printable},
        words::counted,
    },
    session,
};
use crate::load::{Finding, Loaded, Place, Problem, files, locate::Locator, references};

/// Lines of a list that goes into a comment of bounded size.
const MOST_LISTED: usize = 200;

/// The flags of `validate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    appaccess validate -f access/\n  \
    kustomize build overlays/prod | appaccess validate -f -")]
pub struct Flags {
    #[command(flatten)]
    files: FileFlags,
    #[command(flatten)]
    output: OutputFlags,
}

/// Reads and judges the files.
pub(super) fn run(flags: &Flags) -> Result<Exit, CommandError> {
    let loaded = files::read(&flags.files.filename)?;
    // A fault may be why an app that is named is not there.
    if loaded.problems.is_empty() && !loaded.is_empty() {
        session::refuse_unknown(&flags.files.app, &loaded.target_apps.keys().collect())?;
    }
    let findings = located(references(&loaded, Timestamp::now()));
    let nothing = loaded.problems.is_empty() && loaded.is_empty();
    match flags.output.output {
        Format::Json => output::json(&document(&loaded, &findings))?,
        // That nothing of ours is there is all that there is to say.
        _ if nothing => {}
        Format::Text => text(&loaded, &findings)?,
        Format::Markdown => markdown(&loaded, &findings)?,
    }
    if nothing {
        let what = match loaded.other_kinds {
            0 => "nothing was checked: no object of `appaccess.dev/v1alpha1` is among the files".to_owned(),
            count => {
                let passed = counted(count, "document of another kind was", "documents of other kinds were");
                format!(
                    "nothing was checked: no object of `appaccess.dev/v1alpha1` is among the files; {passed} passed over"
                )
            }
        };
        Err(CommandError::usage(what, "name files with a TargetApp and an AppAccess by `-f`"))
    } else if !loaded.problems.is_empty() {
        Ok(Exit::Usage)
    } else if findings.is_empty() {
        Ok(Exit::Done)
    } else {
        Ok(Exit::Failed)
    }
}

/// The findings with the places of their fields.
fn located(mut findings: Vec<Finding>) -> Vec<Finding> {
    let locator = Locator::default();
    for finding in &mut findings {
        finding.place = locator.locate(&finding.place, &finding.path);
    }
    findings.sort();
    findings
}

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn document(loaded: &Loaded, findings: &[Finding]) -> ValidateDocument {
    ValidateDocument {
        schema: VALIDATE_SCHEMA,
        objects: number(loaded.len()),
        other_kinds: number(loaded.other_kinds),
        problems: loaded.problems.iter().map(problem_fault).collect(),
        findings: findings.iter().map(finding_fault).collect(),
    }
}

fn problem_fault(problem: &Problem) -> Fault {
    let Problem { place, object, path, message, help } = problem;
    fault(place, object.clone(), path, None, message, help)
}

fn finding_fault(finding: &Finding) -> Fault {
    let Finding { place, object, path, reason, message, help } = finding;
    fault(place, Some(object.clone()), path, Some((*reason).to_owned()), message, help)
}

fn fault(
    place: &Place,
    object: Option<String>,
    path: &str,
    reason: Option<String>,
    message: &str,
    remedy: &str,
) -> Fault {
    Fault {
        file: place.file.clone(),
        line: number(place.line),
        object,
        path: path.to_owned(),
        reason,
        message: message.to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn text(loaded: &Loaded, findings: &[Finding]) -> Result<(), CommandError> {
    session::show_problems(&loaded.problems);
    for finding in findings {
        let what = format!("{}: {} {}", finding.place, finding.object, finding.path);
        output::three_lines(&what, &format!("{}: {}", finding.reason, finding.message), &finding.help);
    }
    output::painted(&format!("{}\n", printable(&sentence(loaded, findings))))
}

fn sentence(loaded: &Loaded, findings: &[Finding]) -> String {
    let mut parts = vec![counted(loaded.len(), "object", "objects")];
    if loaded.other_kinds > 0 {
        let passed = counted(loaded.other_kinds, "document of another kind", "documents of other kinds");
        parts.push(format!("{passed} passed over"));
    }
    match (loaded.problems.len(), findings.len()) {
        (0, 0) => parts.push("nothing wrong".into()),
        (problems, findings) => {
            let faults = counted(problems, "fault", "faults");
            let references = counted(findings, "reference", "references");
            parts.push(format!("{faults}, {references} to what is not there or not permitted"));
        }
    }
    parts.join(", ")
}

fn markdown(loaded: &Loaded, findings: &[Finding]) -> Result<(), CommandError> {
    let mut text = format!("### Access files\n\n{}.\n\n", sentence(loaded, findings));
    let problems = loaded.problems.iter().map(ToString::to_string);
    let findings = findings.iter().map(|finding| {
        let Finding { place, object, path, message, help, .. } = finding;
        format!("{place}: {object}: {path}: {message}; {help}")
    });
    let lines: Vec<String> = problems.chain(findings).collect();
    for line in lines.iter().take(MOST_LISTED) {
        let _ = writeln!(text, "- {}", code_span(line));
    }
    if lines.len() > MOST_LISTED {
        let _ = writeln!(text, "\nAnd {} more, which `-o json` lists.", lines.len() - MOST_LISTED);
    }
    output::plain(&text)
}
