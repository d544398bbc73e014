//! What neither schema nor rules can say at a bearable cost: people of an inline directory must be distinct.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Violation;
use crate::{api::Kind, load::path::Path};

/// Checks what remains once schema and rules hold.
pub(super) fn check(kind: Kind, object: &Value, violations: &mut Vec<Violation>) {
    if kind == Kind::Directory {
        distinct_people(&object["spec"]["source"]["inline"]["people"], violations);
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
