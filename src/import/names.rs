//! Names for what has none: labels of grants, objects and teams, made of what they are about and always the same.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::holders::Item;

/// Longest label without what makes it unique.
const LONGEST: usize = 48;
/// The longest name of an app that a name of ours is made of: with a label and a number it is a name of an object.
const LONGEST_APP: usize = 180;
/// Names that a label is made of.
const MOST_PARTS: usize = 3;

/// The label of a grant of these entitlements.
pub(super) fn of_items(items: &[Item]) -> String {
    if items.is_empty() {
        return "accounts".to_owned();
    }
    let mut parts: Vec<String> = items.iter().take(MOST_PARTS).map(of_item).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return format!("grant-{}", digest(items));
    }
    if items.len() > MOST_PARTS {
        parts.push(format!("and-{}-more", items.len() - MOST_PARTS));
    }
    cut(&parts.join("-"))
}

fn of_item(item: &Item) -> String {
    let level = item.level.as_deref().map(slug).filter(|level| !level.is_empty());
    let name = slug(&item.name);
    match level {
        Some(level) if !name.is_empty() => format!("{name}-{level}"),
        _ => name,
    }
}

/// Lower-case letters, digits and single hyphens between them.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    cut(slug.trim_end_matches('-'))
}

fn cut(text: &str) -> String {
    // Of one byte each: nothing is cut in half.
    text.chars().take(LONGEST).collect::<String>().trim_end_matches('-').to_owned()
}

/// The name of an app as the beginning of a longer name: a whole label, so that a hyphen may follow.
pub(super) fn of_app(name: &str) -> &str {
    let end = name.floor_char_boundary(LONGEST_APP);
    name.get(..end).unwrap_or_default().trim_end_matches(['-', '.'])
}

/// What tells apart two sets of entitlements of the same label.
pub(super) fn digest(items: &[Item]) -> String {
    let mut hash = Sha256::new();
    for item in items {
        let words = item.words();
        hash.update(format!("{}:{words}\n", words.len()));
    }
    let [first, second, third, ..] = <[u8; 32]>::from(hash.finalize());
    format!("{first:02x}{second:02x}{third:02x}")
}

/// Labels for all of these, each once: those that meet get a digest of what they are about, and of equal ones the later a
/// number.
pub(super) fn unique(labels: &[(String, String)]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (label, _) in labels {
        *counts.entry(label).or_default() += 1;
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let named = labels.iter().map(|(label, digest)| {
        let one = counts.get(label.as_str()) == Some(&1);
        free(&if one { label.clone() } else { format!("{label}-{digest}") }, &mut taken)
    });
    named.collect()
}

/// The name, with a number where it is taken; it is taken from now on.
fn free(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or_else(|| name.to_owned());
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: &str, name: &str, level: Option<&str>) -> Item {
        Item::new(&kind.into(), &name.into(), level.map(Into::into).as_ref())
    }

    #[test]
    fn a_grant_is_called_after_what_it_gives() {
        let rows: [(&[Item], &str); 4] = [
            (&[], "accounts"),
            (&[item("role", "admin", None), item("group", "Studio / Nord", None)], "admin-studio-nord"),
            (&[item("workspace", "Delivery", Some("user"))], "delivery-user"),
            (&["A", "B", "C", "D", "E"].map(|name| item("group", name, None)), "a-b-c-and-2-more"),
        ];
        for (items, name) in rows {
            assert_eq!(of_items(items), name);
        }
        assert!(of_items(&[item("group", "開発", None)]).starts_with("grant-"));
        assert_eq!(of_items(&[item("group", &"x".repeat(300), None)]).len(), LONGEST);
    }

    #[test]
    fn an_app_of_any_name_begins_a_name_that_an_object_may_bear() {
        for name in [
            "planner",
            "a.b",
            &"x".repeat(253),
            &format!("{}-{}", "x".repeat(179), "y".repeat(73)),
            &format!("{}.y", "x".repeat(179)),
        ] {
            let long = format!("{}-{}-and-9-more-123456", of_app(name), "z".repeat(LONGEST));
            assert!(crate::load::validate::is_subdomain(&long), "{long}");
        }
    }

    #[test]
    fn no_two_labels_are_the_same() {
        let pairs = [("a", "1"), ("b", "2"), ("a", "3"), ("a", "3")];
        let labels: Vec<(String, String)> =
            pairs.iter().map(|(label, digest)| ((*label).to_owned(), (*digest).to_owned())).collect();
        assert_eq!(unique(&labels), ["a-1", "b", "a-3", "a-3-2"]);
    }
}
