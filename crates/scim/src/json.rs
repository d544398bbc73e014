//! Small helpers over JSON objects, whose attribute names SCIM compares without regard to case (RFC 7643 section 2.1).

use serde_json::{Map, Value};

/// The value of an attribute, its name in any case. The exact spelling wins where both exist.
#[must_use]
pub fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// The spelling under which an object holds an attribute, or the given one when it holds none.
#[must_use]
pub fn spelling<'a>(object: &'a Map<String, Value>, name: &'a str) -> &'a str {
    if object.contains_key(name) {
        return name;
    }
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).map_or(name, String::as_str)
}

/// Whether a value says nothing: absent, `null`, `[]` and `{}` are the same state (RFC 7643 section 2.5).
#[must_use]
pub fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// A boolean as servers and identity providers write it: a JSON boolean, or `true`/`false` as text in any case.
#[must_use]
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(told) => Some(*told),
        Value::String(text) => boolean_text(text),
        _ => None,
    }
}

/// `true` or `false` in any case.
#[must_use]
pub fn boolean_text(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A count as servers write it: a JSON integer, a whole float, or digits as text.
#[must_use]
pub fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A float as a count, when it is whole and small enough to be exact.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before the cast")]
pub fn whole(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..EXACT).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_the_exact_one_wins() {
        let object = json!({"UserName": "a", "username": "b"});
        let object = object.as_object().unwrap();
        assert_eq!(get(object, "username"), Some(&json!("b")));
        assert!(get(object, "userName").is_some());
        assert_eq!(spelling(object, "absent"), "absent");
    }

    #[test]
    fn counts_are_read_from_integers_floats_and_text() {
        assert_eq!(count(&json!(5)), Some(5));
        assert_eq!(count(&json!(5.0)), Some(5));
        assert_eq!(count(&json!("5")), Some(5));
        assert_eq!(count(&json!(-1)), None);
        assert_eq!(count(&json!(5.5)), None);
    }
}
