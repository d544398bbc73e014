//! What neither schema nor rules can say at a bearable cost: people of an inline directory must be distinct, and texts must
//! show what they hold.

use std::{collections::BTreeMap, str::FromStr as _};

use serde_json::Value;

use super::{Violation, told};
use crate::{
    api::{Date, Kind},
    load::path::{Path, Step},
};

/// Checks what remains once schema and rules hold.
pub(super) fn check(kind: Kind, object: &Value, violations: &mut Vec<Violation>) {
    if kind == Kind::Directory {
        distinct_people(&object["spec"]["source"]["inline"]["people"], violations);
    }
    let renews_on = &object["spec"]["seats"]["renewsOn"];
    if renews_on.as_str().is_some_and(|day| Date::from_str(day).is_err()) {
        let path = Path::default().key("spec").key("seats").key("renewsOn");
        let rule = "write year, month and day, quoted, such as \"2027-03-01\"";
        violations.push(told::violation(&path, renews_on, rule));
    }
    // A plan repeats what apps and directories say, whatever that is.
    if kind != Kind::AccessPlan {
        visible(&object["spec"], &Path::default().key("spec"), violations);
    }
}

/// Texts of these fields may have several lines.
const FREE: [&str; 2] = ["reason", "instructions"];

/// No text may hold what a reader does not see, or sees in another order than it stands there: a review would be of
/// something else.
fn visible(value: &Value, path: &Path, violations: &mut Vec<Violation>) {
    match value {
        Value::String(text) => {
            let is_free = matches!(path.0.last(), Some(Step::Key(field)) if FREE.contains(&field.as_str()));
            if let Some(hidden) = text.chars().find(|letter| is_hidden(*letter, is_free)) {
                let message = format!("holds U+{:04X}, which nobody sees", u32::from(hidden));
                violations.push(Violation::new(path, message, "write it anew, without that character"));
            } else if !text.is_empty() && text.trim().is_empty() {
                violations.push(Violation::new(path, "holds nothing but blanks", "write a value, or remove the line"));
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| visible(item, &path.index(index), violations));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, field)| visible(field, &path.key(key), violations)),
        _ => {}
    }
}

/// Whether a name may be declared: a reader sees all of it, in its order, and it is not blank.
pub(crate) fn is_visible(name: &str) -> bool {
    !name.trim().is_empty() && !name.chars().any(|letter| is_hidden(letter, false))
}

/// Control characters, line separators, and marks that turn the direction of writing (Unicode, UAX #9).
fn is_hidden(letter: char, is_free: bool) -> bool {
    match letter {
        '\n' | '\r' | '\t' => !is_free,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => true,
        other => other.is_control(),
    }
}

/// Ids and addresses, the further ones among them, must each belong to one person.
fn distinct_people(people: &Value, violations: &mut Vec<Violation>) {
    let list = Path::default().key("spec").key("source").key("inline").key("people");
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for (index, person) in people.as_array().into_iter().flatten().enumerate() {
        let path = list.index(index);
        let mut claims = Vec::new();
        for field in ["id", "user"] {
            match &person[field] {
                Value::String(text) => claims.push((path.key(field), text.to_lowercase())),
                Value::Number(number) => claims.push((path.key(field), number.to_string())),
                _ => {}
            }
        }
        for (position, also) in person["also"].as_array().into_iter().flatten().enumerate() {
            if let Some(text) = also.as_str() {
                claims.push((path.key("also").index(position), text.to_lowercase()));
            }
        }
        for (path, text) in claims {
            if let Some(owner) = owners.insert(text.clone(), index).filter(|owner| *owner != index) {
                let message = format!("is {text:?}, which people[{owner}] has already");
                violations.push(Violation::new(&path, message, "let each id and address belong to one person"));
            }
        }
    }
}
