//! A plan, or what became of it, for a person at a terminal. Styles are always written: whoever prints decides whether
//! they are kept.

use std::{collections::BTreeSet, fmt::Write as _};

use anstyle::{AnsiColor, Effects, Style};

use super::{
    Next,
    document::{App, Change, Condition, ErrorEntry, Hold, Line, PlanDocument, Waits},
    escape::printable,
    words::{self, Group, Mark, Sorted, Totals},
};

/// Held rows of one reason beyond this number are counted, not listed: `approve` shows them all.
const HELD_SHOWN: usize = 20;
/// Differences of one app beyond this number are counted.
const DRIFT_SHOWN: usize = 50;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().effects(Effects::DIMMED);
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const RED: Style = AnsiColor::Red.on_default();

/// Paints a text.
pub(super) fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The whole document.
pub(super) fn plan(document: &PlanDocument, next: &Next) -> String {
    let mut text = String::new();
    for app in &document.apps {
        one_app(&mut text, app);
    }
    for entry in &document.errors {
        error(&mut text, entry);
    }
    let totals = Totals::of(document);
    if totals.is_quiet() && document.errors.is_empty() && !totals.tried {
        let _ = writeln!(text, "{}", painted(BOLD, &words::nothing_differs(document)));
    } else {
        let title = if totals.tried { "Done" } else { "Plan" };
        let _ = writeln!(text, "{} {}.", painted(BOLD, &format!("{title}:")), totals.sentence());
    }
    what_next(&mut text, document, next);
    text
}

fn one_app(text: &mut String, app: &App) {
    let _ = writeln!(text, "{}  {}", painted(BOLD, &printable(&app.app)), painted(DIM, &printable(&headline(app))));
    let sorted = Sorted::new(&app.changes);
    by_person(text, words::by_appearance(&sorted.additions), false);
    adopted(text, &sorted.adopted);
    section(text, "Reported only: the mode or `manage` does not allow it", &sorted.shown, true);
    section(text, "Settling: due at the time that is named, unless the claim comes back", &sorted.settling, false);
    section(text, "Removals", &sorted.removals, false);
    tasks(text, &sorted.tasks);
    match &app.waits {
        Waits::Hold { hold: Some(hold) } => held(text, hold, &sorted.held),
        Waits::Hold { hold: None } | Waits::Intent { .. } => {}
    }
    drift(text, app);
    for line in app.cost.iter().flat_map(words::cost) {
        let _ = writeln!(text, "  {}", printable(&line));
    }
    text.push('\n');
}

fn headline(app: &App) -> String {
    let seen = words::counted(app.counts.seen, "account", "accounts");
    let ready = app.conditions.iter().find(|condition| condition.kind == "Ready");
    let state = |condition: &Condition| format!("{}: {}", condition.reason, condition.message);
    match app.complete {
        None => format!("mode {}", app.mode),
        Some(true) => format!("mode {}, {seen} read", app.mode),
        Some(false) if words::is_not_listable(app) => {
            format!(
                "mode {}, {seen} read one by one: it cannot list, so that accounts nobody declared are not seen",
                app.mode
            )
        }
        Some(false) => format!("mode {}, {}", app.mode, ready.map_or_else(String::new, state)),
    }
}

/// Changes under the name of whom they are for, each with its reason.
fn by_person(text: &mut String, groups: Vec<Group<'_>>, dimmed: bool) {
    for group in groups {
        let style = if dimmed { DIM } else { BOLD };
        let _ = writeln!(text, "  {}{}", painted(style, &printable(group.name)), account(&group));
        for change in group.changes {
            line(text, change, dimmed);
        }
    }
}

fn account(group: &Group<'_>) -> String {
    let account = group.changes.iter().find_map(|change| change.account.as_deref());
    account.map(|id| painted(DIM, &format!("  (account {})", printable(id)))).unwrap_or_default()
}

fn line(text: &mut String, change: &Change, dimmed: bool) {
    let mark = Mark::of(change);
    let style = match mark {
        _ if dimmed => DIM,
        Mark::Add => GREEN,
        Mark::Alter => YELLOW,
        Mark::Remove => RED,
    };
    let action = printable(&words::action(change));
    let mut further = printable(&change.reason);
    if let Some(due) = &change.due {
        further = format!("due {due}{}; {further}", words::when_due(change));
    }
    if let Some(task) = &change.task {
        further = format!("{}; {further}", printable(&words::task(task)));
    }
    let _ = write!(text, "    {}  {}", painted(style, &format!("{} {action}", mark.sign())), painted(DIM, &further));
    if let Some(outcome) = change.outcome {
        let style = match outcome {
            "applied" => GREEN,
            "failed" => RED,
            _ => YELLOW,
        };
        let _ = write!(text, "  {}", painted(style, outcome));
    }
    text.push('\n');
    if let Some(error) = &change.error {
        let _ = writeln!(text, "      {}", painted(RED, &printable(error)));
    }
}

fn adopted(text: &mut String, changes: &[&Change]) {
    if changes.is_empty() {
        return;
    }
    let note = format!("{} taken into our books; the app is not touched", changes.len());
    let _ = writeln!(text, "  {}", painted(DIM, &format!("Adopted: {note}")));
    for change in changes {
        let what = format!("{}: {}", words::whose(change), words::entitlement(&change.entitlement));
        let _ = writeln!(text, "    {}", painted(DIM, &format!("~ {}", printable(&what))));
    }
}

fn section(text: &mut String, title: &str, changes: &[&Change], dimmed: bool) {
    if changes.is_empty() {
        return;
    }
    let _ = writeln!(text, "  {}", painted(if dimmed { DIM } else { BOLD }, &format!("{title}:")));
    by_person(text, words::by_name(changes), dimmed);
}

/// What people are asked to do, and once each where to click.
fn tasks(text: &mut String, changes: &[&Change]) {
    section(text, "Tasks, for somebody to do by hand", changes, false);
    let clicks: BTreeSet<&str> = changes.iter().filter_map(|change| change.task.as_ref()?.clicks.as_deref()).collect();
    for clicks in clicks {
        let _ = writeln!(text, "    {}", painted(DIM, &printable(&format!("where: {clicks}"))));
    }
}

fn held(text: &mut String, hold: &Hold, changes: &[&Change]) {
    let rows = words::counted(changes.len(), "change", "changes");
    let people = words::counted(hold.people, "person", "people");
    let wait = if changes.len() == 1 { "waits" } else { "wait" };
    let title = format!("Held: {rows} for {people} {wait} for a decision");
    let _ = writeln!(text, "  {}", painted(BOLD.fg_color(Some(AnsiColor::Yellow.into())), &title));
    for reason in &hold.reasons {
        let _ = writeln!(text, "    {reason}: {}", words::held(reason, Some(hold.allowed)));
        let of_reason: Vec<_> = changes.iter().copied().filter(|change| change.held == Some(reason)).collect();
        let mut room = HELD_SHOWN;
        for mut group in words::by_name(&of_reason) {
            group.changes.truncate(room);
            room -= group.changes.len();
            held_of_one(text, &group);
        }
        if of_reason.len() > HELD_SHOWN {
            let more = of_reason.len() - HELD_SHOWN;
            let _ = writeln!(text, "      and {more} more: `appaccess approve` shows every row");
        }
    }
    let _ = writeln!(text, "    digest {}", hold.digest);
}

/// The cause stands once, beside the name; a row that has another says so itself.
fn held_of_one(text: &mut String, group: &Group<'_>) {
    let Some(first) = group.changes.first() else { return };
    let cause = painted(DIM, &printable(&first.reason));
    let _ = writeln!(text, "      {}{}  {cause}", painted(BOLD, &printable(group.name)), account(group));
    for change in &group.changes {
        let _ = write!(text, "        {} {}", Mark::of(change).sign(), printable(&words::action(change)));
        if change.reason != first.reason {
            let _ = write!(text, "  {}", painted(DIM, &printable(&change.reason)));
        }
        text.push('\n');
    }
}

fn drift(text: &mut String, app: &App) {
    if app.drift.is_empty() {
        return;
    }
    let _ = writeln!(text, "  {}", painted(BOLD, &format!("Differs, and nobody declared it: {}", app.drift.len())));
    for drift in app.drift.iter().take(DRIFT_SHOWN) {
        let account = drift.account.as_ref().map(|id| format!(" (account {id})")).unwrap_or_default();
        let policy = drift.policy.as_ref().map(|policy| format!("; policy {policy}")).unwrap_or_default();
        let row = format!("? {}{account}  {}{policy}", drift.label, words::drift(drift));
        let _ = writeln!(text, "    {}", printable(&row));
    }
    if app.drift.len() > DRIFT_SHOWN {
        let _ = writeln!(text, "    and {} more: `-o json` shows every row", app.drift.len() - DRIFT_SHOWN);
    }
}

pub(super) fn error(text: &mut String, entry: &ErrorEntry) {
    let what = format!("{}: {}", entry.object, entry.reason);
    text.push_str(&three_lines(&what, &entry.message, &entry.remedy));
    text.push_str(&place(entry));
    text.push('\n');
}

/// Where the object of an error stands, as a line of its own.
pub(super) fn place(entry: &ErrorEntry) -> String {
    let line = |at: &Line| format!("  at:  {}\n", printable(&format!("{}:{}", at.file, at.line)));
    entry.place.as_ref().map(line).unwrap_or_default()
}

/// What, why, what to do.
pub(super) fn three_lines(what: &str, why: &str, remedy: &str) -> String {
    let mut text = format!("{} {}\n", painted(RED.effects(Effects::BOLD), "error:"), printable(what));
    if !why.is_empty() {
        let _ = writeln!(text, "  why: {}", printable(why));
    }
    if !remedy.is_empty() {
        let _ = writeln!(text, "  do:  {}", printable(remedy));
    }
    text
}

/// The commands that lead on.
fn what_next(text: &mut String, document: &PlanDocument, next: &Next) {
    let steps = next.steps(document);
    if steps.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", painted(BOLD, "Next:"));
    for (command, what) in steps {
        let _ = writeln!(text, "  {}  {}", printable(&command), painted(DIM, &what));
    }
}

#[cfg(test)]
mod tests;
