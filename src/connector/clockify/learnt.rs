//! What was found out about one workspace and is kept between runs. Pure: texts in, texts out; what it does not
//! understand counts as not learnt.

use std::collections::BTreeMap;

use appaccess_core::access::Text;
use jiff::{SignedDuration, Timestamp};

/// For how long what the workspace said of itself is believed.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// What the workspace and the key said of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Discovered {
    /// When.
    pub(super) at: Timestamp,
    /// A mark of the key, so that another key is noticed.
    pub(super) key: Text,
    /// The id of the key's own user.
    pub(super) own: Text,
    /// The vendor's word for the plan; empty where it tells none.
    pub(super) plan: Text,
    /// Whether the plan has manager roles; `None` where it does not say.
    pub(super) managers: Option<bool>,
}

impl Discovered {
    pub(super) fn is_fresh(&self, key: &str, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        *self.key == *key && !age.is_negative() && age < FRESH
    }
}

/// All that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Learnt {
    pub(super) discovered: Option<Discovered>,
    /// The listing was proven to tell admins and owner.
    pub(super) roles_listed: bool,
    /// The listing was seen to tell what a role is held on.
    pub(super) entities_listed: bool,
}

impl Learnt {
    pub(super) fn from_words(words: &BTreeMap<String, String>) -> Self {
        let told = |name: &str| words.get(name).is_some_and(|word| word == "true");
        Self {
            discovered: discovered(words),
            roles_listed: told("roles.listed"),
            entities_listed: told("roles.entities"),
        }
    }

    /// What is kept, by name, for [`Learnt::from_words`].
    pub(super) fn to_words(&self) -> BTreeMap<String, String> {
        let mut words = BTreeMap::new();
        let mut put = |name: &str, value: String| drop(words.insert(name.to_owned(), value));
        if let Some(told) = &self.discovered {
            put("discovery.at", told.at.to_string());
            put("discovery.key", told.key.to_string());
            put("discovery.own", told.own.to_string());
            put("discovery.plan", told.plan.to_string());
            if let Some(managers) = told.managers {
                put("discovery.managers", managers.to_string());
            }
        }
        for (name, known) in [("roles.listed", self.roles_listed), ("roles.entities", self.entities_listed)] {
            if known {
                put(name, known.to_string());
            }
        }
        words
    }
}

fn discovered(words: &BTreeMap<String, String>) -> Option<Discovered> {
    let text = |name: &str| words.get(name).map(|word| Text::from(word.as_str()));
    Some(Discovered {
        at: words.get("discovery.at")?.parse().ok()?,
        key: text("discovery.key")?,
        own: text("discovery.own")?,
        plan: text("discovery.plan")?,
        managers: words.get("discovery.managers").and_then(|word| word.parse().ok()),
    })
}

/// Whether what was learnt says that nothing is paid for; `None` where nothing was learnt yet. A plan without a name
/// counts as free: that is slow at worst.
pub(super) fn is_free(words: &BTreeMap<String, String>) -> Option<bool> {
    let plan = &discovered(words)?.plan;
    Some(plan.is_empty() || plan.to_ascii_uppercase().contains("FREE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Learnt {
        let discovered = Discovered {
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            key: "0a1b".into(),
            own: "u1".into(),
            plan: "STANDARD_2021".into(),
            managers: Some(false),
        };
        Learnt { discovered: Some(discovered), roles_listed: true, entities_listed: true }
    }

    #[test]
    fn what_was_learnt_survives_the_store() {
        for learnt in [everything(), Learnt::default()] {
            assert_eq!(Learnt::from_words(&learnt.to_words()), learnt);
        }
    }

    #[test]
    fn rubbish_counts_as_not_learnt() {
        let words = everything().to_words().into_keys().map(|name| (name, "?".to_owned())).collect();
        assert_eq!(Learnt::from_words(&words), Learnt::default());
    }

    #[test]
    fn discovery_is_believed_for_a_day_and_for_one_key() {
        let told = everything().discovered.unwrap();
        for (key, now, fresh) in [
            ("0a1b", "2026-11-20T10:00:00Z", true),
            ("0a1b", "2026-11-21T09:59:59Z", true),
            ("0a1b", "2026-11-21T10:00:00Z", false),
            ("0a1b", "2026-11-20T09:59:59Z", false),
            ("ffff", "2026-11-20T10:00:00Z", false),
        ] {
            assert_eq!(told.is_fresh(key, now.parse().unwrap()), fresh, "{key} {now}");
        }
    }

    #[test]
    fn a_plan_without_a_name_counts_as_free() {
        let free = |plan: &str| {
            let mut learnt = everything();
            learnt.discovered.as_mut().unwrap().plan = plan.into();
            is_free(&learnt.to_words())
        };
        assert_eq!([free("STANDARD_2021"), free("FREE"), free("")], [Some(false), Some(true), Some(true)]);
        assert_eq!(is_free(&BTreeMap::new()), None);
    }
}
