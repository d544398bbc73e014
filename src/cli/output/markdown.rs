//! A plan for a pull request: the summary first, details folded, within the size that forges take. Everything that comes
//! from outside stands in code spans, where nothing is markup or a mention.

use std::fmt::Write as _;

use super::{
    Next,
    document::{App, Change, PlanDocument, Waits},
    escape::code_span,
    words::{self, Mark, Sorted, Totals},
};

/// Forges cut or refuse longer comments.
const LARGEST: usize = 60 * 1000;
/// Room for what closes the text.
const RESERVE: usize = 2000;

/// Text that stops to grow near [`LARGEST`], line by line.
struct Bounded {
    text: String,
    omitted: usize,
}

impl Bounded {
    fn line(&mut self, line: &str) {
        if self.omitted > 0 || self.text.len() + line.len() + 1 > LARGEST - RESERVE {
            self.omitted += 1;
        } else {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// A line that must not be missing, and short.
    fn must(&mut self, line: &str) {
        if self.text.len() + line.len() < LARGEST {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }
}

/// The whole document.
pub(super) fn plan(document: &PlanDocument, next: &Next) -> String {
    let totals = Totals::of(document);
    let mut text = Bounded { text: String::new(), omitted: 0 };
    let title = if totals.tried { "What was done" } else { "Access plan" };
    text.line(&format!("### {title}\n"));
    if totals.is_quiet() && document.errors.is_empty() {
        text.line(&words::nothing_differs(document));
    } else {
        text.line(&format!("**{}.**", totals.sentence()));
    }
    for app in &document.apps {
        summary(&mut text, app);
    }
    for entry in &document.errors {
        let object = code_span(&format!("{}: {}", entry.object, entry.reason));
        let place = entry.place.as_ref().map(|at| format!(" {}", code_span(&format!("{}:{}", at.file, at.line))));
        let place = place.unwrap_or_default();
        text.line(&format!("- ⚠ {object}{place} {}: {}", code_span(&entry.message), code_span(&entry.remedy)));
    }
    for app in document.apps.iter().filter(|app| !is_quiet(app)) {
        details(&mut text, app);
    }
    if text.omitted > 0 {
        let lines = words::counted(text.omitted, "further line", "further lines");
        let notice = format!("\n> {lines} did not fit; `-o json` has everything.");
        text.must(&notice);
    }
    let steps = next.steps(document);
    if !steps.is_empty() {
        text.must("\nNext:\n");
        for (command, what) in steps.iter().take(5) {
            text.must(&format!("- {} {what}", code_span(command)));
        }
    }
    text.text
}

fn is_quiet(app: &App) -> bool {
    app.changes.is_empty() && app.drift.is_empty() && Totals::of_app(app).withdrawn == 0
}

fn summary(text: &mut Bounded, app: &App) {
    let cost = app.cost.as_ref().filter(|cost| cost.monthly != cost.monthly_after).map(|cost| {
        let range = format!("{} → {} {}", cost.monthly, cost.monthly_after, cost.currency);
        let seats = format!("{} → {}", cost.used, cost.used_after);
        format!("; cost a month {} for {} seats", code_span(&range), code_span(&seats))
    });
    let words = if is_quiet(app) { "nothing differs".to_owned() } else { Totals::of_app(app).sentence() };
    let complete = match app.complete {
        Some(false) if words::is_not_listable(app) => ", read person by person",
        Some(false) => ", **not read completely**",
        _ => "",
    };
    let name = code_span(&app.app);
    text.line(&format!("- {name} ({}{complete}): {words}{}", app.mode, cost.unwrap_or_default()));
}

fn details(text: &mut Bounded, app: &App) {
    if text.omitted > 0 {
        text.omitted += app.changes.len() + app.drift.len();
        return;
    }
    // The name of an object consists of letters, digits, `-`, `.` and `/` alone; anything else is left out.
    let name: String =
        app.app.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-./".contains(*letter)).collect();
    text.line(&format!("\n<details><summary>{name}</summary>\n"));
    let sorted = Sorted::new(&app.changes);
    list(text, "To be added or changed", &sorted.additions);
    list(text, "Adopted: our books alone", &sorted.adopted);
    list(text, "Reported only: the mode or `manage` does not allow it", &sorted.shown);
    list(text, "Settling", &sorted.settling);
    list(text, "Removals", &sorted.removals);
    list(text, "Tasks for people", &sorted.tasks);
    waits(text, app, &sorted.held);
    if !app.drift.is_empty() {
        text.line("\n**Differs, and nobody declared it**\n");
        for drift in &app.drift {
            text.line(&format!("- {} {}", code_span(&drift.label), code_span(&words::drift(drift))));
        }
    }
    text.must("\n</details>");
}

fn waits(text: &mut Bounded, app: &App, changes: &[&Change]) {
    match &app.waits {
        Waits::Hold { hold: None } | Waits::Intent { .. } => {}
        Waits::Hold { hold: Some(hold) } => {
            let people = words::counted(hold.people, "person", "people");
            list(text, &format!("Held: {people}, {} allowed", hold.allowed), changes);
            for reason in &hold.reasons {
                text.line(&format!("\n{}: {}", code_span(reason), words::held(reason, Some(hold.allowed))));
            }
            text.line(&format!("\nDigest {}", code_span(&hold.digest)));
        }
    }
}

fn list(text: &mut Bounded, title: &str, changes: &[&Change]) {
    if changes.is_empty() {
        return;
    }
    text.line(&format!("\n**{title}**\n"));
    for change in changes {
        // A plus or a hyphen at this place would begin a list within the list.
        let sign = match Mark::of(change) {
            Mark::Add => "➕",
            Mark::Alter => "〜",
            Mark::Remove => "➖",
        };
        let action = code_span(&words::action(change));
        let mut line = format!("- {sign} {} {action} {}", code_span(words::whose(change)), code_span(&change.reason));
        if let Some(due) = &change.due {
            let _ = write!(line, " due {due}{}", words::when_due(change));
        }
        if let Some(task) = &change.task {
            let _ = write!(line, " {}", code_span(&words::task(task)));
        }
        if let Some(clicks) = change.task.as_ref().and_then(|task| task.clicks.as_ref()) {
            let _ = write!(line, " {}", code_span(clicks));
        }
        if let Some(outcome) = change.outcome {
            let _ = write!(line, " **{outcome}**");
        }
        if let Some(error) = &change.error {
            let _ = write!(line, " {}", code_span(error));
        }
        text.line(&line);
    }
}
