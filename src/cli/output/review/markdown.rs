//! A review as the comment of a pull request: the numbers first, long lists folded, within the size that forges take.
//!
//! Whatever stands in the files may come from a stranger. It is shown in code spans of tables alone, from which no
//! character leads out, and which no forge searches for mentions, links or markup.

use std::fmt::Write as _;

use super::{
    Review, Setting,
    rows::{self, Row, Totals},
};
use crate::cli::output::{
    document::{App, ErrorEntry, Intent, PlanDocument},
    escape::printable,
    words::{Mark, counted},
};

/// By this line a script finds its own comment again.
pub(super) const MARKER: &str = "<!-- appaccess:review -->";

/// The largest comment in bytes. GitHub takes 65,536 characters, GitLab more.
pub(super) const LARGEST: usize = 60_000;
/// Room for the last sentence, with the whole command.
const TAIL: usize = 6_000;
/// Room for what is wrong in the files.
const ERRORS: usize = 16_000;
/// Room for directories, teams and decisions.
const TOUCHED: usize = 8_000;
/// Rows of a list beyond this number are folded.
const OPEN_ROWS: usize = 12;
/// Apps of the table beyond this number are counted.
const MOST_APPS: usize = 40;
/// Errors beyond this number are counted.
const MOST_ERRORS: usize = 20;
/// Letters of one name.
const LONGEST_NAME: usize = 100;
/// Letters of a sentence, or of a field with both of its values.
const LONGEST_SENTENCE: usize = 480;
/// Letters of a command: cut, it would be of no use.
const LONGEST_COMMAND: usize = 1_200;
/// Entries of one row.
const MOST_ENTRIES: usize = 6;

/// Text that grows up to a size, row by row.
struct Bounded {
    text: String,
    largest: usize,
    left_out: usize,
}

impl Bounded {
    const fn new(largest: usize) -> Self {
        Self { text: String::new(), largest, left_out: 0 }
    }

    /// Adds a line, where `reserve` is left after it.
    fn line(&mut self, line: &str, reserve: usize) -> bool {
        let fits = self.text.len() + line.len() + 1 + reserve <= self.largest;
        if fits {
            self.text.push_str(line);
            self.text.push('\n');
        }
        fits
    }
}

/// The whole comment.
pub(super) fn review(document: &PlanDocument, command: &str) -> String {
    let (quiet, told): (Vec<&App>, Vec<&App>) = document.apps.iter().partition(|app| rows::is_quiet(app));
    let touched = touched(document);
    let mut comment = Bounded::new(LARGEST - TAIL - touched.text.len());
    comment.line(&format!("{MARKER}\n### Access: {}\n", Totals::of(document).sentence()), 0);
    overview(&mut comment, &told, (!quiet.is_empty()).then(|| rows::not_touched(quiet.len(), document)));
    errors(&mut comment, &document.errors);
    let mut left = told.len();
    for app in told {
        let room = comment.largest.saturating_sub(comment.text.len()) / left;
        left -= 1;
        let section = section(app, room);
        comment.text.push_str(&section.text);
        comment.left_out += section.left_out;
    }
    comment.text.push_str(&touched.text);
    comment.left_out += touched.left_out;
    if comment.left_out > 0 {
        let rows = counted(comment.left_out, "row is", "rows are");
        let _ = writeln!(
            comment.text,
            "\n> **{rows} left out**, so that this fits into a comment. All of them are shown by {}",
            span(command, LONGEST_COMMAND)
        );
    }
    comment.text.replace("\n\n\n\n", "\n\n").replace("\n\n\n", "\n\n")
}

/// A name as a code span.
fn cell(text: &str) -> String {
    span(text, LONGEST_NAME)
}

/// What somebody wrote, or what we say of it, as a code span.
fn sentence(text: &str) -> String {
    span(text, LONGEST_SENTENCE)
}

/// A code span that may stand in a cell of a table: no pipe, no backtick, nothing that cannot be seen.
fn span(text: &str, longest: usize) -> String {
    let shown = printable(text).replace('`', "\\u{60}").replace('|', "\\u{7c}");
    let mut cut: String = shown.chars().take(longest).collect();
    if cut.len() < shown.len() {
        cut.push('…');
    }
    // A span of blanks alone would be none.
    if cut.trim().is_empty() { String::new() } else { format!("`{cut}`") }
}

fn cells<'a>(texts: impl ExactSizeIterator<Item = &'a String>) -> String {
    let count = texts.len();
    let shown: Vec<String> = texts.take(MOST_ENTRIES).map(|text| cell(text)).collect();
    let more = if count > MOST_ENTRIES { format!(" and {} more", count - MOST_ENTRIES) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn overview(comment: &mut Bounded, apps: &[&App], quiet: Option<String>) {
    if !apps.is_empty() {
        comment.line("| app | mode | gain | lose | a month | seats | must approve |", 0);
        comment.line("| --- | --- | --- | --- | --- | --- | --- |", 0);
    }
    for app in apps.iter().take(MOST_APPS) {
        let Some((_, review)) = rows::halves(app) else { continue };
        let (money, seats) = rows::cost(app).unwrap_or_default();
        let mode = match review.presence {
            "added" => format!("{}, new", app.mode),
            "removed" => "gone".to_owned(),
            _ => app.mode.clone(),
        };
        let (gain, lose) = rows::people(app, review);
        let owners = if review.owners.is_empty() { "nobody is named".into() } else { cells(review.owners.iter()) };
        let (name, money) = (cell(&app.app), cell(&money));
        let row = format!("| {name} | {mode} | {gain} | {lose} | {money} | {seats} | {owners} |");
        if !comment.line(&row, 0) {
            comment.left_out += 1;
        }
    }
    let more = apps.len().saturating_sub(MOST_APPS);
    if more > 0 {
        comment.line(&format!("\nand {}", counted(more, "further app", "further apps")), 0);
    }
    if let Some(line) = quiet {
        comment.line(&format!("{}{line}.", if apps.is_empty() { "" } else { "\n" }), 0);
    }
}

fn errors(comment: &mut Bounded, errors: &[ErrorEntry]) {
    if !errors.is_empty() {
        comment.line("\n**Wrong in the files**\n", 0);
    }
    for entry in errors.iter().take(MOST_ERRORS) {
        let object = cell(&format!("{}: {}", entry.object, entry.reason));
        let line = format!("- ⚠ {object} {}: {}", sentence(&entry.message), sentence(&entry.remedy));
        if !comment.line(&line, comment.largest.saturating_sub(ERRORS)) {
            comment.left_out += 1;
        }
    }
    comment.left_out += errors.len().saturating_sub(MOST_ERRORS);
}

/// One app within so many bytes: what must be known first, then rows as far as there is room.
fn section(app: &App, room: usize) -> Bounded {
    let mut text = Bounded::new(room);
    let Some((intent, review)) = rows::halves(app) else { return text };
    let lists = [
        ("Withdrawn", rows::withdrawn(app, intent)),
        ("Granted", rows::granted(app)),
        ("Time", rows::times(app, review)),
    ];
    if !text.line(&head(app, intent, review), 0) {
        let rows = lists.iter().map(|(_, rows)| rows.len()).sum::<usize>();
        text.left_out = rows + review.settings.len();
        return text;
    }
    let settings: Vec<String> = review.settings.iter().map(setting).collect();
    table(&mut text, "Settings", "| | field | change | |", &settings);
    for (title, rows) in &lists {
        let lines: Vec<String> = rows.iter().map(row).collect();
        table(&mut text, title, "| | who | what | why |", &lines);
    }
    text
}

fn head(app: &App, intent: &Intent, review: &Review) -> String {
    let mut text = format!("\n#### {}\n", cell(&app.app));
    if review.by_hand {
        text.push_str("\nThis app is changed by hand: each row is a task for somebody.\n");
    }
    for warning in &review.warnings {
        let about = cells(warning.about.iter());
        let about = if about.is_empty() { about } else { format!("{about} is ") };
        let _ = write!(text, "\n- ⚠ **{}**: {about}{}", warning.reason, warning.message);
    }
    for decision in &review.decisions {
        let about = if decision.of_this_change { "this change".to_owned() } else { cell(&decision.digest) };
        let refused = decision.refused.as_ref().map(|why| format!(" (does not count: {})", sentence(why)));
        let (name, refused) = (cell(&decision.object), refused.unwrap_or_default());
        let what = rows::decision(decision);
        let _ = write!(text, "\n- AccessApproval {name}: **{}** of {about}{what}{refused}", decision.decision);
    }
    if !review.uncounted.is_empty() {
        let groups = cells(review.uncounted.iter());
        let _ = write!(text, "\n- Who is in these is not known here: {groups}");
    }
    let silent = rows::silent_claims(app);
    if !silent.is_empty() {
        let _ = write!(text, "\n- Written otherwise, and nothing follows: {}", cells(silent.iter()));
    }
    if let Some(name) = &review.approved_by {
        let _ = write!(text, "\n- Its withdrawals are approved by AccessApproval {}", cell(name));
    }
    text.push('\n');
    if let Some(block) = rows::approval(app, review) {
        let digest = cell(&intent.digest);
        let _ = write!(
            text,
            "\n<details><summary>How to approve what is withdrawn</summary>\n\nIts intent is {digest}. Added to the \
             files of this change, this lets exactly these withdrawals pass the budget:\n\n```yaml\n{}```\n\n</details>\n",
            plain(block)
        );
    }
    text
}

/// A block of our own, for the case that a name in it is not what names are.
fn plain(block: &str) -> String {
    block
        .chars()
        .filter(|letter| *letter == '\n' || letter.is_ascii_alphanumeric() || " -./:{},\"".contains(*letter))
        .collect()
}

fn setting(setting: &Setting) -> String {
    let sign = if setting.effect == "widens" { "⚠" } else { "〜" };
    let (field, change) = (cell(&setting.field), sentence(&rows::setting(setting)));
    format!("| {sign} | {field} | {change} | {} |", rows::effect(setting.effect))
}

fn row(row: &Row) -> String {
    let sign = match row.mark {
        Mark::Add => "➕",
        Mark::Alter => "〜",
        Mark::Remove => "➖",
    };
    let note = if row.note.is_empty() { String::new() } else { format!(" {}", sentence(&row.note)) };
    format!("| {sign} | {} | {}{note} | {} |", cell(&row.who), cells(row.what.iter()), sentence(&row.why))
}

/// A list as a table, the most of it folded where it is long.
fn table(text: &mut Bounded, title: &str, header: &str, rows: &[String]) {
    const CLOSING: &str = "\n</details>";
    if rows.is_empty() {
        return;
    }
    let columns = header.matches('|').count() - 1;
    let head = format!("{header}\n|{}", " --- |".repeat(columns));
    let (open, folded) = rows.split_at(rows.len().min(OPEN_ROWS));
    let begun = text.line(&format!("\n**{title}: {}**\n\n{head}", rows.len()), 0);
    let written = open.iter().take_while(|row| begun && text.line(row, 0)).count();
    text.left_out += open.len() - written;
    if folded.is_empty() {
        return;
    }
    let summary = format!("\n<details><summary>{} more</summary>\n\n{head}", folded.len());
    let begun = written == open.len() && text.line(&summary, CLOSING.len() + 1);
    let written = folded.iter().take_while(|row| begun && text.line(row, CLOSING.len() + 1)).count();
    text.left_out += folded.len() - written;
    if begun {
        text.line(CLOSING, 0);
    }
}

fn touched(document: &PlanDocument) -> Bounded {
    let mut text = Bounded::new(TOUCHED);
    let touched: Vec<_> = document.touched.iter().flatten().collect();
    if touched.is_empty() {
        return text;
    }
    text.line("\n#### Directories, teams and decisions", 0);
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for object in touched {
        let name = cell(&object.object);
        if object.settings.is_empty() {
            others.push(format!("| 〜 | {name} | {} | |", object.presence));
        }
        for setting in &object.settings {
            let change = format!("{} {}", cell(&setting.field), sentence(&rows::setting(setting)));
            let effect = rows::effect(setting.effect);
            if setting.effect == "widens" {
                first.push(format!("| ⚠ | {name} | {change} | {effect} |"));
            } else {
                others.push(format!("| 〜 | {name} | {change} | {effect} |"));
            }
        }
    }
    first.append(&mut others);
    table(&mut text, "Changed", "| | object | change | |", &first);
    text
}
