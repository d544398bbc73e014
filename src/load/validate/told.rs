//! What is wrong with a value for which a rule does not hold: the value, since the rule itself says what to write. Pure.

use std::str::FromStr as _;

use jiff::civil::Date;
use serde_json::Value;

use super::Violation;
use crate::load::path::Path;

/// Longest text that is shown.
const SHOWN: usize = 64;
/// Most fields that are named.
const NAMED: usize = 4;
/// How a date and the beginning of a time are written, `d` for any digit.
const DAY: &str = "dddd-dd-dd";

/// The violation of a rule that says what to write.
pub(super) fn violation(path: &Path, value: &Value, rule: &str) -> Violation {
    if let Value::String(text) = value
        && let Some((why, help)) = not_in_the_calendar(text)
    {
        return Violation::new(path, format!("is {:?}, {why}", shown(text)), help);
    }
    Violation::new(path, message(value), rule)
}

fn message(value: &Value) -> String {
    match value {
        Value::String(text) => format!("is {:?}, which does not fit", shown(text)),
        Value::Null => "is not as it must be".to_owned(),
        Value::Array(items) => format!("has {} entries that do not fit each other", items.len()),
        Value::Object(fields) => {
            let names: Vec<&str> = fields.keys().map(String::as_str).collect();
            match names.as_slice() {
                [] => "has no field".to_owned(),
                [only] => format!("has {only} alone"),
                [first @ .., last] if names.len() <= NAMED => {
                    format!("has {} and {last}, which do not fit each other", first.join(", "))
                }
                _ => "has fields that do not fit each other".to_owned(),
            }
        }
        other => format!("is {other}, which does not fit"),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// Why a text of the form of a date or time is none, and what to do.
fn not_in_the_calendar(text: &str) -> Option<(&'static str, &'static str)> {
    let (day, time) = text.split_at_checked(DAY.len())?;
    let digits = day.bytes().zip(DAY.bytes());
    if !digits.into_iter().all(|(byte, form)| if form == b'd' { byte.is_ascii_digit() } else { byte == form }) {
        return None;
    }
    if Date::from_str(day).is_err() {
        return Some(("a day that does not exist", "write a day of the calendar"));
    }
    let written: Vec<&str> = time.get(1..9).map(|clock| clock.split(':').collect()).unwrap_or_default();
    let past = |(part, most): (&&str, u32)| part.parse::<u32>().is_ok_and(|number| number > most);
    let is_past = time.starts_with('T') && written.len() == 3 && written.iter().zip([23, 59, 59]).any(past);
    is_past.then_some(("a time of day that does not exist", "write hours up to 23, minutes and seconds up to 59"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(value: &Value) -> (String, String) {
        let violation = violation(&Path::default(), value, "write it so");
        (violation.message, violation.help)
    }

    #[test]
    fn the_value_is_named_and_the_rule_says_what_to_write() {
        for (value, message) in [
            (json!("30 days"), r#"is "30 days", which does not fit"#),
            (json!("2026-12-15"), r#"is "2026-12-15", which does not fit"#),
            (json!(7), "is 7, which does not fit"),
            (json!({}), "has no field"),
            (json!({"team": 1}), "has team alone"),
            (json!({"team": 1, "user": 2}), "has team and user, which do not fit each other"),
            (json!([1, 2]), "has 2 entries that do not fit each other"),
        ] {
            assert_eq!(told(&value), (message.to_owned(), "write it so".to_owned()));
        }
    }

    #[test]
    fn a_day_and_an_hour_that_do_not_exist_are_called_so() {
        let (what, help) = told(&json!("2026-02-30T00:00:00Z"));
        assert_eq!(what, r#"is "2026-02-30T00:00:00Z", a day that does not exist"#);
        assert_eq!(help, "write a day of the calendar");
        assert!(told(&json!("2026-02-28T24:10:00Z")).0.contains("a time of day that does not exist"));
        assert!(told(&json!("2026-13-01")).0.contains("a day that does not exist"));
    }
}
