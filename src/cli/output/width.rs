//! How wide a screen is, and how text is made to fit it without losing any.

use std::{io::IsTerminal, os::fd::AsFd};

use terminal_size::{Width, terminal_size_of};
use unicode_width::UnicodeWidthChar;

/// Where nobody says how wide it is, such as in a file or a pipeline.
const UNKNOWN: usize = 100;
/// A narrower screen is treated as if it had so many columns.
const NARROWEST: usize = 40;
/// Columns by which the rest of a line that was broken is set in.
const SET_IN: usize = 4;
/// Two spaces or more stand between the columns of a row.
const GAP: &str = "  ";
/// What stands before a place, a reason, a remedy and a way, which are set in as far as their text.
const LABELS: [&str; 4] = ["at:  ", "why: ", "do:  ", "where: "];
/// A command is copied as a whole, so that no line within it is broken.
const COMMANDS: [&str; 2] = ["appaccess ", "kubectl "];

/// How many columns there are on `stream`: those of a terminal, else what `COLUMNS` says.
pub(crate) fn of(stream: &(impl AsFd + IsTerminal)) -> usize {
    let terminal = || terminal_size_of(stream).map(|(Width(width), _)| usize::from(width)).filter(|width| *width > 0);
    let said = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|width| *width > 0);
    let width = if stream.is_terminal() { terminal().or_else(said) } else { said() };
    width.unwrap_or(UNKNOWN).max(NARROWEST)
}

/// The text with every line that is longer than `width` columns broken: between the columns of a row where that is enough,
/// else between words. A word or a command that is longer stays whole. Styles pass through and take no room. What is broken
/// within a tree goes on beside its branches.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let mut fitted = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if columns(line) <= width {
            fitted.push_str(line);
        } else {
            broken(&mut fitted, line, lines.peek().copied().unwrap_or_default(), width);
        }
        fitted.push_str(end);
    }
    fitted
}

/// How many columns a text takes, without its styles.
pub(crate) fn columns(text: &str) -> usize {
    let mut columns = 0;
    let mut in_style = false;
    for character in text.chars() {
        match character {
            '\u{1b}' => in_style = true,
            // The end of a style (ECMA-48, SGR).
            'm' if in_style => in_style = false,
            _ if in_style => {}
            _ => columns += character.width().unwrap_or(0),
        }
    }
    columns
}

fn broken(fitted: &mut String, line: &str, next: &str, width: usize) {
    let (lead, rest) = lead(line);
    let label = LABELS.iter().find(|label| rest.starts_with(**label)).map_or("", |label| label);
    let rest = rest.get(label.len()..).unwrap_or_default();
    let mut at = columns(lead) + label.len();
    let inner = if lead.trim().is_empty() {
        " ".repeat(if label.is_empty() { at + SET_IN } else { at }.min(width / 2))
    } else {
        beside_branches(lead, next)
    };
    let further = columns(&inner);
    fitted.push_str(lead);
    fitted.push_str(label);
    for (index, cell) in cells(rest).into_iter().enumerate() {
        let (gap, cell) = cell;
        let size = columns(cell);
        if index > 0 {
            let beside = at + gap.len();
            if beside + size <= width {
                fitted.push_str(gap);
                at = beside;
            } else if beside <= width / 3 && !is_command(cell) {
                // There is room enough for a column of its own.
                fitted.push_str(gap);
                at = words(fitted, cell, beside, width, &format!("{inner}{:1$}", "", beside.saturating_sub(further)));
                continue;
            } else {
                fitted.push('\n');
                fitted.push_str(&inner);
                at = further;
            }
        }
        if at + size <= width || is_command(cell) {
            fitted.push_str(cell);
            at += size;
        } else {
            at = words(fitted, cell, at, width, &inner);
        }
    }
}

/// What stands before the text of a line: spaces, and the branches of a tree.
fn lead(line: &str) -> (&str, &str) {
    line.split_at(line.len() - line.trim_start_matches([' ', '│', '├', '└', '─']).len())
}

/// What stands before the rest of a line whose branches are `lead`: the branches that go on, and the one to what stands
/// under it, if `next` is that.
fn beside_branches(lead: &str, next: &str) -> String {
    let going_on = |branch| match branch {
        '├' | '│' => '│',
        _ => ' ',
    };
    let is_over_next = columns(self::lead(next).0) > columns(lead);
    lead.chars().map(going_on).chain(if is_over_next { "│ " } else { "  " }.chars()).collect()
}

/// One cell, word by word; says in which column it ends.
fn words(fitted: &mut String, cell: &str, mut at: usize, width: usize, inner: &str) -> usize {
    for (index, word) in cell.split(' ').enumerate() {
        let size = columns(word);
        if index > 0 && at + 1 + size > width {
            fitted.push('\n');
            fitted.push_str(inner);
            at = columns(inner);
        } else if index > 0 {
            fitted.push(' ');
            at += 1;
        }
        fitted.push_str(word);
        at += size;
    }
    at
}

/// The cells of a row, each with the gap before it.
fn cells(row: &str) -> Vec<(&str, &str)> {
    let mut cells = Vec::new();
    let (mut gap, mut rest) = ("", row);
    while let Some(end) = rest.find(GAP) {
        let (cell, after) = rest.split_at(end);
        let next = after.trim_start_matches(' ');
        cells.push((gap, cell));
        (gap, rest) = (&after[..after.len() - next.len()], next);
    }
    cells.push((gap, rest));
    cells
}

fn is_command(cell: &str) -> bool {
    let bare = anstream::adapter::strip_str(cell).to_string();
    COMMANDS.iter().any(|command| bare.starts_with(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "    + grant group Studio  declared by access/studio#staff, because the directory says so";

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(fit("a  b\n\nc", 40), "a  b\n\nc");
        assert_eq!(fit(ROW, 100), ROW);
    }

    #[test]
    fn a_row_is_broken_between_its_columns_first() {
        assert_eq!(
            fit(ROW, 70),
            "    + grant group Studio\n        declared by access/studio#staff, because the directory says so"
        );
    }

    #[test]
    fn a_cell_is_broken_between_words_and_set_in() {
        assert_eq!(
            fit(ROW, 40),
            "    + grant group Studio\n        declared by access/studio#staff,\n        because the directory says so"
        );
    }

    #[test]
    fn a_line_of_a_tree_goes_on_beside_its_branches() {
        let tree = "├─ one two three four\n│  └─ five six seven\n└─ eight nine ten";
        assert_eq!(
            fit(tree, 14),
            "├─ one two\n│  │ three\n│  │ four\n│  └─ five six\n│       seven\n└─ eight nine\n     ten"
        );
    }

    #[test]
    fn what_stands_in_a_column_far_enough_to_the_left_stays_in_it() {
        assert_eq!(
            fit("  ok  Quota  five calls per second, none kept", 38),
            "  ok  Quota\n      five calls per second, none kept"
        );
        assert_eq!(fit("  ok  one two three four five six", 24), "  ok  one two three four\n      five six");
    }

    #[test]
    fn nothing_is_lost_at_any_width() {
        let bare = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for width in 1..=120 {
            assert_eq!(bare(&fit(ROW, width)), bare(ROW), "{width}");
        }
    }

    #[test]
    fn a_digest_and_a_command_stay_whole() {
        let command =
            "  appaccess approve studio/planner sha256:0123456789012345678901234567890123456789  lets it pass";
        assert_eq!(
            fit(command, 40),
            "  appaccess approve studio/planner sha256:0123456789012345678901234567890123456789\n      lets it pass"
        );
    }

    #[test]
    fn styles_and_wide_letters_are_measured_as_they_are_seen() {
        assert_eq!(columns("\u{1b}[1m李 a\u{1b}[0m"), 4);
        let row = "  \u{1b}[32m+ one\u{1b}[0m  \u{1b}[2mtwo three\u{1b}[0m";
        assert_eq!(fit(row, 18), row);
        assert_eq!(fit(row, 17), "  \u{1b}[32m+ one\u{1b}[0m\n      \u{1b}[2mtwo three\u{1b}[0m");
    }

    #[test]
    fn the_text_of_a_reason_lines_up_below_itself() {
        assert_eq!(fit("  why: one two three", 14), "  why: one two\n       three");
        assert_eq!(fit("  do:  one two three", 14), "  do:  one two\n       three");
    }
}
