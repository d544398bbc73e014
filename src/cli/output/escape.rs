//! Names come from apps and from people: what could move a cursor, hide text or speak to a forge is made visible here.

use std::fmt::Write as _;

/// The text with every character that is not seen, or that changes how others are seen, written as `\u{…}`.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Controls, marks of direction (Unicode Annex 9), zero-width characters, separators of lines, and tags.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text as a code span of Markdown: nothing within is markup, a mention or a link.
pub(crate) fn code_span(text: &str) -> String {
    let shown = printable(text);
    let longest = shown.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if shown.is_empty() {
        String::new()
    } else if longest > 0 {
        format!("{fence} {shown} {fence}")
    } else {
        format!("{fence}{shown}{fence}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_or_turns_the_direction_becomes_visible() {
        assert_eq!(printable("ana\u{1b}[2J\r\n"), "ana\\u{1b}[2J\\u{d}\\u{a}");
        assert_eq!(printable("a\u{202e}b\u{2066}c\u{200b}d\u{9b}"), "a\\u{202e}b\\u{2066}c\\u{200b}d\\u{9b}");
        assert_eq!(printable("Zoë 李 → ok"), "Zoë 李 → ok");
    }

    #[test]
    fn a_code_span_cannot_be_left_from_within() {
        assert_eq!(code_span("@everyone"), "`@everyone`");
        assert_eq!(code_span("a`b``c"), "``` a`b``c ```");
        assert_eq!(code_span("x\n# y"), "`x\\u{a}# y`");
    }
}
