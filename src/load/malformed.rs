//! What is wrong with a text that is no YAML that we take, in words that say what to write. Pure.

/// Of a key.
pub(super) const TWICE: &str = "stands twice in one mapping";
pub(super) const TOO_LARGE: &str = "the document is too large once its aliases are written out";
pub(super) const TOO_DEEP: &str = "the document is nested too deeply";
pub(super) const NO_NUMBER: &str = "this is not a number that JSON has";
pub(super) const TEXT_KEY: &str = "a key that is text";

/// What to do, by what the reader of YAML says.
const REMEDIES: [(&str, &str); 9] = [
    (TWICE, "keep one of the two"),
    (TOO_LARGE, "use fewer aliases, or split the document"),
    (TOO_DEEP, "nest it less deeply"),
    (NO_NUMBER, "quote it"),
    (TEXT_KEY, "quote the key"),
    ("mapping values are not allowed", "quote a text that holds `: `, or check how far the line is set in"),
    ("did not find expected", "check this line and the one above: how far it is set in, a colon, a bracket or a quote"),
    ("control characters are not allowed", "take the character out; a file that is no text does not belong here"),
    ("found unexpected end of stream", "close what was opened: a quote or a bracket"),
];

/// Longest line that is quoted.
const SHOWN: usize = 64;

/// What is wrong, and what to write instead. `written` is the line of which `column`, from 1, is the place.
pub(super) fn explained(message: &str, written: &str, column: usize) -> (String, String) {
    if message.starts_with("found character that cannot start any token") {
        let rest: String = written.chars().skip(column.saturating_sub(1)).collect();
        let value: String =
            rest.split([',', ']', '}', '\t']).next().unwrap_or_default().trim_end().chars().take(SHOWN).collect();
        return match rest.chars().next() {
            Some('\t') => (
                "a tab stands where YAML is set in by spaces alone".to_owned(),
                "write spaces in place of the tab".to_owned(),
            ),
            Some(first) => {
                (format!("no value may begin with `{first}` unless it is quoted"), format!("quote it: {value:?}"))
            }
            None => (message.to_owned(), FURTHER.to_owned()),
        };
    }
    let known = REMEDIES.iter().find(|(says, _)| message.contains(says));
    (message.to_owned(), known.map_or(FURTHER, |(_, help)| help).to_owned())
}

const FURTHER: &str = "correct the YAML at this line, or at the one above";

#[cfg(test)]
mod tests {
    use super::explained;

    #[test]
    fn a_tab_and_a_sign_that_yaml_keeps_for_itself_are_named() {
        let says = "found character that cannot start any token";
        assert_eq!(explained(says, "\tname: x", 1).1, "write spaces in place of the tab");
        let (what, help) = explained(says, "owners: [@fern/it, @x]", 10);
        assert_eq!(what, "no value may begin with `@` unless it is quoted");
        assert_eq!(help, "quote it: \"@fern/it\"");
    }

    #[test]
    fn whatever_the_reader_says_there_is_something_to_do() {
        for says in ["", "did not find expected ',' or ']'", "something new"] {
            assert!(!explained(says, "", 9).1.is_empty(), "{says}");
        }
    }
}
