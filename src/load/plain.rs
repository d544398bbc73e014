//! Unquoted words that readers of YAML 1.1, kubectl among them, take for something other than text.

/// What an unquoted `text` may be taken for; `None` where every reader sees text.
pub(crate) fn mistaken_for(text: &str) -> Option<&'static str> {
    match text {
        "y" | "Y" | "n" | "N" => return Some("a boolean"),
        _ if is_word(text, &["yes", "no", "on", "off", "true", "false"]) => return Some("a boolean"),
        "" | "~" => return Some("no value"),
        _ if is_word(text, &["null"]) => return Some("no value"),
        _ => {}
    }
    is_number(text).then_some("a number")
}

/// Whether `text` is one of the words in one of the three spellings that YAML 1.1 knows: no, No, NO.
fn is_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str());
        text == *word || text == word.to_ascii_uppercase() || Some(text) == capital.as_deref()
    })
}

/// Integers (decimal, octal with a leading 0, hexadecimal, binary, with `_`), floats, and base 60 with colons.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if is_word(unsigned, &[".inf", ".nan"]) || matches!(unsigned, ".Inf" | ".NaN") {
        return true;
    }
    let digits: String = unsigned.chars().filter(|letter| *letter != '_').collect();
    let all = |part: &str, test: fn(&char) -> bool| !part.is_empty() && part.chars().all(|letter| test(&letter));
    for (prefix, test) in [
        ("0x", char::is_ascii_hexdigit as fn(&char) -> bool),
        ("0o", char::is_ascii_digit),
        ("0b", char::is_ascii_digit),
    ] {
        if digits.strip_prefix(prefix).is_some_and(|rest| all(rest, test)) {
            return true;
        }
    }
    let base_60 = digits.contains(':') && digits.split(':').all(|part| all(part, char::is_ascii_digit));
    base_60
        || (digits.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
            && digits.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_not_text_everywhere_are_known() {
        for (text, kind) in [
            ("no", "a boolean"),
            ("On", "a boolean"),
            ("OFF", "a boolean"),
            ("y", "a boolean"),
            ("NULL", "no value"),
            ("0123", "a number"),
            ("1_000", "a number"),
            ("1.0", "a number"),
            ("-5e3", "a number"),
            ("0x1F", "a number"),
            ("0b11", "a number"),
            ("12:30:45", "a number"),
            ("-.INF", "a number"),
        ] {
            assert_eq!(mistaken_for(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn text_is_text() {
        for text in [
            "nobody",
            "yEs",
            "64a687e29ae1f428e7ebe303",
            "v1.0",
            "1.0.0",
            "a:1",
            "infinity",
            "nan",
            "2026-Q4",
            "45d",
            "7,99",
            // YAML 1.1 has a type for times, but kubectl reads them as text.
            "2026-12-15",
            "2026-12-15T18:00:00Z",
        ] {
            assert_eq!(mistaken_for(text), None, "{text}");
        }
    }
}
