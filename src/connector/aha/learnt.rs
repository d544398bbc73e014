//! What is kept between runs: whose the key is, and how claims spelled products. Pure: texts in, texts out; what it does
//! not understand counts as not learnt.

use std::collections::BTreeMap;

use appaccess_core::access::Text;
use jiff::{SignedDuration, Timestamp};

/// For how long it is believed whose the key is.
const OWN_FRESH: SignedDuration = SignedDuration::from_hours(24);

/// Whose the key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Own {
    /// The id of its user.
    pub(super) id: Text,
    /// The mark of the key that was asked with.
    pub(super) key_mark: String,
    /// When.
    pub(super) at: Timestamp,
}

/// How claims spelled a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// As last used.
    pub(super) now: Text,
    /// The one before, while both are still in use.
    pub(super) before: Option<Text>,
}

/// What was found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Learnt {
    /// Whose the key is.
    pub(super) own: Option<Own>,
    /// Spellings by the product's id, for products that something names.
    pub(super) spellings: BTreeMap<Text, Spelling>,
}

impl Learnt {
    /// The own account, where it is known of this key and lately enough.
    pub(super) fn own_of(&self, key_mark: &str, now: Timestamp) -> Option<&Text> {
        let own = self.own.as_ref().filter(|own| own.key_mark == key_mark)?;
        let age = now.duration_since(own.at);
        (!age.is_negative() && age < OWN_FRESH).then_some(&own.id)
    }

    /// Reads what [`Learnt::to_words`] wrote.
    pub(super) fn from_words(words: &BTreeMap<String, String>) -> Self {
        let own = || {
            Some(Own {
                id: words.get("own.id")?.as_str().into(),
                key_mark: words.get("own.key")?.clone(),
                at: words.get("own.at")?.parse().ok()?,
            })
        };
        let of = |prefix: &str, id: &str| words.get(&format!("{prefix}{id}")).map(|text| Text::from(text.as_str()));
        let spellings = words.iter().filter_map(|(word, now)| {
            let id = word.strip_prefix("product.now.")?;
            let spelling = Spelling { now: now.as_str().into(), before: of("product.before.", id) };
            Some((Text::from(id), spelling))
        });
        Self { own: own(), spellings: spellings.collect() }
    }

    /// What is kept, by name.
    pub(super) fn to_words(&self) -> BTreeMap<String, String> {
        let mut words = BTreeMap::new();
        if let Some(own) = &self.own {
            words.insert("own.id".to_owned(), own.id.to_string());
            words.insert("own.key".to_owned(), own.key_mark.clone());
            words.insert("own.at".to_owned(), own.at.to_string());
        }
        for (id, spelling) in &self.spellings {
            words.insert(format!("product.now.{id}"), spelling.now.to_string());
            if let Some(before) = &spelling.before {
                words.insert(format!("product.before.{id}"), before.to_string());
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Learnt {
        let own = Own { id: "70".into(), key_mark: "a1".to_owned(), at: "2026-11-20T10:00:00Z".parse().unwrap() };
        let one = Spelling { now: "APP".into(), before: Some("App".into()) };
        let other = Spelling { now: "Web".into(), before: None };
        Learnt { own: Some(own), spellings: [("131".into(), one), ("132".into(), other)].into() }
    }

    #[test]
    fn what_was_learnt_survives_the_store() {
        for learnt in [everything(), Learnt::default()] {
            assert_eq!(Learnt::from_words(&learnt.to_words()), learnt);
        }
    }

    #[test]
    fn the_own_account_is_believed_of_its_key_for_a_day() {
        for (key, now, known) in [
            ("a1", "2026-11-20T10:00:00Z", true),
            ("a1", "2026-11-21T09:59:59Z", true),
            ("a1", "2026-11-21T10:00:00Z", false),
            ("a1", "2026-11-20T09:59:59Z", false),
            ("b2", "2026-11-20T10:00:00Z", false),
        ] {
            assert_eq!(everything().own_of(key, now.parse().unwrap()).is_some(), known, "{key} at {now}");
        }
    }
}
