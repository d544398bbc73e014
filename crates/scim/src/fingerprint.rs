//! A short number that differs when a managed attribute of a resource differs, so that a listing can be compared with the
//! last one without keeping it. Order within lists, and what is not managed, makes no difference.

use xxhash_rust::xxh3::Xxh3;

use crate::resource::{EntryView, GroupView, UserView};

/// Fingerprint of a user's managed attributes. The id and `meta` are not part of it.
#[must_use]
pub fn user(user: &UserView<'_>) -> u64 {
    let mut hash = Fields::new();
    hash.text(Some(&user.user_name));
    hash.text(user.external_id.as_deref());
    hash.text(user.display_name.as_deref());
    hash.text(user.name.formatted.as_deref());
    hash.text(user.name.given.as_deref());
    hash.text(user.name.family.as_deref());
    hash.text(user.title.as_deref());
    hash.text(user.enterprise.department.as_deref());
    hash.text(Some(if user.active { "1" } else { "0" }));
    hash.entries(&user.emails);
    hash.entries(&user.roles);
    hash.0.digest()
}

/// Fingerprint of a group's managed attributes and of its members.
#[must_use]
pub fn group(group: &GroupView<'_>) -> u64 {
    let mut hash = Fields::new();
    hash.text(Some(&group.display_name));
    hash.text(group.external_id.as_deref());
    let mut members: Vec<&str> = group.member_ids().collect();
    members.sort_unstable();
    members.dedup();
    hash.length(members.len());
    for member in members {
        hash.text(Some(member));
    }
    hash.0.digest()
}

/// Each field goes in with its length, so that no two sequences of fields give the same bytes.
struct Fields(Xxh3);

impl Fields {
    fn new() -> Self {
        Self(Xxh3::new())
    }

    fn length(&mut self, length: usize) {
        self.0.update(&(length as u64).to_le_bytes());
    }

    fn text(&mut self, text: Option<&str>) {
        match text {
            None => self.length(usize::MAX),
            Some(text) => {
                self.length(text.len());
                self.0.update(text.as_bytes());
            }
        }
    }

    fn entries(&mut self, entries: &[EntryView<'_>]) {
        let mut sorted: Vec<&EntryView<'_>> = entries.iter().collect();
        sorted.sort_unstable();
        self.length(sorted.len());
        for entry in sorted {
            self.text(Some(&entry.value));
            self.text(entry.kind.as_deref());
            self.text(Some(if entry.primary { "1" } else { "0" }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> u64 {
        user(&serde_json::from_str(body).unwrap())
    }

    #[test]
    fn what_is_not_managed_and_the_order_of_values_makes_no_difference() {
        let left = of(r#"{"id":"1","userName":"a","roles":["x","y"],"locale":"de","meta":{"version":"1"}}"#);
        let right = of(r#"{"id":"1","userName":"a","roles":["y","x"],"locale":"fr","active":true}"#);
        assert_eq!(left, right);
    }

    #[test]
    fn each_managed_attribute_makes_a_difference() {
        let bodies = [
            r#"{"userName":"a"}"#,
            r#"{"userName":"b"}"#,
            r#"{"userName":"a","title":"b"}"#,
            r#"{"userName":"a","displayName":"b"}"#,
            r#"{"userName":"a","externalId":"b"}"#,
            r#"{"userName":"a","active":false}"#,
            r#"{"userName":"a","roles":["b"]}"#,
            r#"{"userName":"a","emails":["b"]}"#,
            r#"{"userName":"a","name":{"givenName":"b"}}"#,
            r#"{"userName":"a","name":{"familyName":"b"}}"#,
        ];
        let distinct: std::collections::BTreeSet<u64> = bodies.iter().map(|body| of(body)).collect();
        assert_eq!(distinct.len(), bodies.len());
    }

    #[test]
    fn the_order_of_members_makes_no_difference() {
        let of = |body: &str| group(&serde_json::from_str(body).unwrap());
        assert_eq!(of(r#"{"members":["1","2"]}"#), of(r#"{"members":[{"value":"2"},{"value":"1"}]}"#));
        assert_ne!(of(r#"{"members":["1","2"]}"#), of(r#"{"members":["12"]}"#));
    }
}
