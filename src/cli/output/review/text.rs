//! A review for a person at a terminal. Styles are always written: whoever prints decides whether they are kept.

use std::fmt::Write as _;

use super::{
    Review, Setting,
    rows::{self, Row, Totals},
};
use crate::cli::output::{
    document::{App, Intent, PlanDocument},
    escape::printable,
    text::{BOLD, DIM, GREEN, RED, YELLOW, error, painted},
    words::Mark,
};

/// The whole document.
pub(super) fn review(document: &PlanDocument) -> String {
    let mut text = String::new();
    let (quiet, told): (Vec<&App>, Vec<&App>) = document.apps.iter().partition(|app| rows::is_quiet(app));
    for app in told {
        one_app(&mut text, app);
    }
    for touched in document.touched.iter().flatten() {
        let _ = writeln!(text, "{}  {}", painted(BOLD, &printable(&touched.object)), painted(DIM, touched.presence));
        settings(&mut text, &touched.settings, "  ");
        text.push('\n');
    }
    for entry in &document.errors {
        error(&mut text, entry);
    }
    if !quiet.is_empty() {
        let apps = rows::not_touched(quiet.len(), document);
        let _ = writeln!(text, "{}", painted(DIM, &apps));
    }
    let _ = writeln!(text, "{} {}.", painted(BOLD, "This change:"), Totals::of(document).sentence());
    text
}

fn one_app(text: &mut String, app: &App) {
    let Some((intent, review)) = rows::halves(app) else { return };
    let presence = match review.presence {
        "added" => ", new",
        "removed" => ", gone from the files",
        _ => "",
    };
    let by_hand = if review.by_hand { ", changed by hand: each row is a task for somebody" } else { "" };
    let headline = format!("mode {}{presence}{by_hand}", app.mode);
    let _ = writeln!(text, "{}  {}", painted(BOLD, &printable(&app.app)), painted(DIM, &headline));
    let owners = if review.owners.is_empty() { "nobody is named in `owners`".into() } else { review.owners.join(", ") };
    let _ = writeln!(text, "  Must approve: {}", printable(&owners));
    for warning in &review.warnings {
        let about = if warning.about.is_empty() { String::new() } else { format!("{}: ", warning.about.join(", ")) };
        let line = printable(&format!("! {}: {about}{}", warning.reason, warning.message));
        let _ = writeln!(text, "  {}", painted(YELLOW, &line));
    }
    if !review.settings.is_empty() {
        let _ = writeln!(text, "  {}", painted(BOLD, "Settings:"));
        settings(text, &review.settings, "    ");
    }
    list(text, "Withdrawn:", &rows::withdrawn(app, intent));
    list(text, "Granted:", &rows::granted(app));
    list(text, "Time:", &rows::times(app, review));
    let silent = rows::silent_claims(app);
    if !silent.is_empty() {
        let _ = writeln!(text, "  Written otherwise, and nothing follows: {}", printable(&silent.join(", ")));
    }
    decisions(text, review);
    if let Some((money, seats)) = rows::cost(app) {
        let _ = writeln!(text, "  Cost: {} a month; seats: {seats}", printable(&money));
    }
    if !review.uncounted.is_empty() {
        let groups = printable(&review.uncounted.join(", "));
        let _ = writeln!(text, "  {}", painted(DIM, &format!("Who is in these is not known here: {groups}")));
    }
    approval(text, app, intent, review);
    text.push('\n');
}

fn settings(text: &mut String, settings: &[Setting], indent: &str) {
    for setting in settings {
        let (sign, style) = match setting.effect {
            "widens" => ('!', YELLOW),
            _ => ('~', DIM),
        };
        let line = printable(&format!("{sign} {}: {}", setting.field, rows::setting(setting)));
        let _ = write!(text, "{indent}{}", painted(style, &line));
        match rows::effect(setting.effect) {
            "" => text.push('\n'),
            effect => {
                let _ = writeln!(text, "  {}", painted(DIM, &format!("({effect})")));
            }
        }
    }
}

fn list(text: &mut String, title: &str, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "  {}", painted(BOLD, title));
    for row in rows {
        let style = match row.mark {
            Mark::Add => GREEN,
            Mark::Alter => YELLOW,
            Mark::Remove => RED,
        };
        let what = printable(&format!("{} {}: {}", row.mark.sign(), row.who, row.what.join(", ")));
        let _ = write!(text, "    {}", painted(style, &what));
        for (further, style) in [(&row.note, style), (&row.why, DIM)] {
            if !further.is_empty() {
                let _ = write!(text, "  {}", painted(style, &printable(further)));
            }
        }
        text.push('\n');
    }
}

fn decisions(text: &mut String, review: &Review) {
    for row in &review.decisions {
        let about = if row.of_this_change { "this change" } else { row.digest.as_str() };
        let refused = row.refused.as_ref().map(|why| format!("; does not count: {why}")).unwrap_or_default();
        let what = rows::decision(row);
        let line = format!("AccessApproval {}: {} of {about}{what}{refused}", row.object, row.decision);
        let _ = writeln!(text, "  Decision: {}", printable(&line));
    }
}

fn approval(text: &mut String, app: &App, intent: &Intent, review: &Review) {
    if let Some(name) = &review.approved_by {
        let _ = writeln!(text, "  Intent {}", printable(&intent.digest));
        let _ = writeln!(text, "    approved by AccessApproval {}, among the files", printable(name));
    } else if let Some(block) = rows::approval(app, review) {
        let _ = writeln!(text, "  Intent {}", printable(&intent.digest));
        let _ = writeln!(text, "    to let these withdrawals pass the budget, add this to the files of the change:\n");
        for line in block.lines() {
            let _ = writeln!(text, "      {}", painted(DIM, &printable(line)));
        }
    }
}
