//! What was found out about one server and is kept between runs. Pure: texts in, texts out; what it does not understand
//! counts as not learnt.

use std::collections::BTreeMap;

use appaccess_scim::dialect;
use jiff::{SignedDuration, Timestamp};

/// For how long discovery is believed.
const DISCOVERY_FRESH: SignedDuration = SignedDuration::from_hours(24);

/// What the discovery documents said, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Discovered {
    /// When.
    pub(super) at: Timestamp,
    /// PATCH is taken.
    pub(super) patch: bool,
    /// There are groups.
    pub(super) groups: bool,
    /// Listings are paged by cursor and not by index.
    pub(super) cursor_only: bool,
    /// Most resources in a page.
    pub(super) page_max: Option<u64>,
}

impl Discovered {
    /// Whether it is still believed at this time. A time that lies ahead was written by a clock that was wrong.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        !age.is_negative() && age < DISCOVERY_FRESH
    }
}

/// What was found out about one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each found out alone")]
pub(super) struct Learnt {
    /// What any client of SCIM would learn.
    pub(super) dialect: dialect::Learnt,
    /// What discovery said.
    pub(super) discovered: Option<Discovered>,
    /// Whether listings of groups show members.
    pub(super) lists_members: Option<bool>,
    /// A group that is created keeps the members that are sent along: proven once.
    pub(super) creates_members: bool,
    /// Groups do not take PATCH.
    pub(super) group_patch_refused: bool,
    /// Neither form of removal is taken: members go by PUT of the group.
    pub(super) removes_by_put: bool,
    /// A removal by a list of values took out others too.
    pub(super) value_list_harms: bool,
    /// The total of a listing was proven not to be the size of a page.
    pub(super) totals_proven: bool,
    /// Most member changes in a request, where fewer than the profile says.
    pub(super) members_max: Option<usize>,
}

fn word(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn flag(words: &BTreeMap<String, String>, name: &str) -> Option<bool> {
    words.get(name)?.parse().ok()
}

impl Learnt {
    /// Reads what [`Learnt::to_words`] wrote.
    pub(super) fn from_words(words: &BTreeMap<String, String>) -> Self {
        let told = |name: &str| flag(words, name).unwrap_or(false);
        Self {
            dialect: dialect::Learnt::from_map(words),
            discovered: discovered(words),
            lists_members: flag(words, "listsMembers"),
            creates_members: told("createsMembers"),
            group_patch_refused: told("groupPatchRefused"),
            value_list_harms: told("valueListHarms"),
            removes_by_put: told("removesByPut"),
            totals_proven: told("totalsProven"),
            members_max: words.get("membersMax").and_then(|number| number.parse().ok()).filter(|max| *max > 0),
        }
    }

    /// What is kept, by name, for [`Learnt::from_words`].
    pub(super) fn to_words(&self) -> BTreeMap<String, String> {
        let mut words = self.dialect.to_map();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                words.insert(name.to_owned(), value);
            }
        };
        if let Some(told) = self.discovered {
            put("discovery.at", Some(told.at.to_string()));
            put("discovery.patch", Some(word(told.patch).to_owned()));
            put("discovery.groups", Some(word(told.groups).to_owned()));
            put("discovery.cursorOnly", Some(word(told.cursor_only).to_owned()));
            put("discovery.pageMax", told.page_max.map(|max| max.to_string()));
        }
        put("listsMembers", self.lists_members.map(|known| word(known).to_owned()));
        for (name, known) in [
            ("createsMembers", self.creates_members),
            ("groupPatchRefused", self.group_patch_refused),
            ("valueListHarms", self.value_list_harms),
            ("removesByPut", self.removes_by_put),
            ("totalsProven", self.totals_proven),
        ] {
            put(name, known.then(|| word(true).to_owned()));
        }
        put("membersMax", self.members_max.map(|max| max.to_string()));
        words
    }
}

fn discovered(words: &BTreeMap<String, String>) -> Option<Discovered> {
    Some(Discovered {
        at: words.get("discovery.at")?.parse().ok()?,
        patch: flag(words, "discovery.patch")?,
        groups: flag(words, "discovery.groups")?,
        cursor_only: flag(words, "discovery.cursorOnly")?,
        page_max: words.get("discovery.pageMax").and_then(|number| number.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Learnt {
        Learnt {
            dialect: dialect::Learnt { soft_delete: true, ..dialect::Learnt::default() },
            discovered: Some(Discovered {
                at: "2026-11-20T10:00:00Z".parse().unwrap(),
                patch: true,
                groups: false,
                cursor_only: false,
                page_max: Some(50),
            }),
            lists_members: Some(false),
            creates_members: true,
            group_patch_refused: true,
            value_list_harms: true,
            removes_by_put: true,
            totals_proven: true,
            members_max: Some(25),
        }
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
    fn discovery_is_believed_for_a_day_and_never_from_the_future() {
        let told = everything().discovered.unwrap();
        for (now, fresh) in [
            ("2026-11-20T10:00:00Z", true),
            ("2026-11-21T09:59:59Z", true),
            ("2026-11-21T10:00:00Z", false),
            ("2026-11-20T09:59:59Z", false),
        ] {
            assert_eq!(told.is_fresh(now.parse().unwrap()), fresh, "{now}");
        }
    }
}
