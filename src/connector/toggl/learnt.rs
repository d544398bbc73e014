//! What was found out about an organisation and is kept between runs. Pure: texts in, texts out; what it does not
//! understand counts as not learnt.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::Text;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{
    ids::{GroupId, UserId},
    roles::Roles,
    wire::Group,
};

/// For how long plan, roles, and that groups cannot be read are believed.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// For how long a group that was made need not be shown. The vendor speaks of 2 to 5 seconds, tried at most three times.
const NEW: SignedDuration = SignedDuration::from_mins(1);

/// Most invitations, and most new groups, that are remembered.
const KEPT_MAX: usize = 2_000;

/// Longest value that is kept, in bytes.
const VALUE_MAX: usize = 1_000;

/// Users whose ids one value holds: of 20 digits at most.
const USERS_IN_VALUE: usize = 45;

/// How the names of what there are many of begin.
const ROLE: &str = "role.";
const INVITED: &str = "invited.";
const NEW_GROUP: &str = "group.new.";
const NEW_MEMBERS: &str = "group.members.";

/// What was found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Learnt {
    /// When plan and roles were read.
    pub(super) at: Option<Timestamp>,
    /// Name of the pricing plan.
    pub(super) plan: Option<String>,
    /// The roles that could be read.
    pub(super) roles: Roles,
    /// The credential's own account, by a digest of the credential.
    pub(super) own: Option<(String, Text)>,
    /// What a page is asked for, where it is not what we begin with.
    pub(super) page_size: Option<u32>,
    /// When and why groups could not be read.
    pub(super) groups_absent: Option<(Timestamp, String)>,
    /// Groups that were made and may not be shown yet.
    pub(super) new_groups: BTreeMap<Text, (Timestamp, Group)>,
    /// Addresses that we invited and that were not seen to have accepted.
    pub(super) invited: BTreeMap<Text, Timestamp>,
}

/// Whether something that was learnt is still believed. A time that lies ahead was written by a clock that was wrong.
fn is_within(at: Timestamp, span: SignedDuration, now: Timestamp) -> bool {
    let age = now.duration_since(at);
    !age.is_negative() && age < span
}

impl Learnt {
    /// Whether plan and roles need not be read again.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.at.is_some_and(|at| is_within(at, FRESH, now))
    }

    /// The account that the credential belongs to.
    pub(super) fn own(&self, credential: &str) -> Option<&Text> {
        self.own.as_ref().filter(|(of, _)| of == credential).map(|(_, account)| account)
    }

    /// Why groups cannot be read, while that is believed.
    pub(super) fn groups_absent(&self, now: Timestamp) -> Option<&str> {
        let (at, why) = self.groups_absent.as_ref()?;
        is_within(*at, FRESH, now).then_some(why.as_str())
    }

    /// Forgets new groups that are shown, or should be by now.
    pub(super) fn settle_groups(&mut self, shown: &BTreeSet<&GroupId>, now: Timestamp) {
        self.new_groups.retain(|_, (at, group)| is_within(*at, NEW, now) && !shown.contains(&group.id));
    }

    /// Remembers a group that was made.
    pub(super) fn note_group(&mut self, group: Group, now: Timestamp) {
        if self.new_groups.len() < KEPT_MAX {
            self.new_groups.insert(group.id.0.clone(), (now, group));
        }
    }

    /// Remembers that somebody was invited.
    pub(super) fn note_invited(&mut self, mail: &str, now: Timestamp) {
        if self.invited.len() >= KEPT_MAX {
            let oldest = self.invited.iter().min_by_key(|(_, at)| **at).map(|(mail, _)| mail.clone());
            oldest.and_then(|mail| self.invited.remove(&mail));
        }
        self.invited.insert(mail.into(), now);
    }

    /// Reads what [`Learnt::to_words`] wrote.
    pub(super) fn from_words(words: &BTreeMap<String, String>) -> Self {
        let word = |name: &str| words.get(name).map(String::as_str);
        let time = |name: &str| word(name).and_then(|text| text.parse().ok());
        let pair = |name: &str, other: &str| Some((word(name)?.to_owned(), Text::from(word(other)?)));
        let below = |start: &'static str| {
            words.iter().filter_map(move |(name, text)| Some((name.strip_prefix(start)?, text.as_str())))
        };
        let invited = below(INVITED).filter_map(|(mail, at)| Some((Text::from(mail), at.parse().ok()?)));
        let groups = below(NEW_GROUP).filter_map(|(id, head)| Some((Text::from(id), new_group(id, head, words)?)));
        Self {
            at: time("discovery.at"),
            plan: word("plan").map(str::to_owned),
            roles: Roles::from_words(below(ROLE)),
            own: pair("own.credential", "own.account"),
            page_size: word("page.size").and_then(|text| text.parse().ok()).filter(|size| *size > 0),
            groups_absent: time("groups.absent.at").zip(word("groups.absent.why").map(str::to_owned)),
            new_groups: groups.take(KEPT_MAX).collect(),
            invited: invited.take(KEPT_MAX).collect(),
        }
    }

    /// What is kept, by name, for [`Learnt::from_words`]. No value is long.
    pub(super) fn to_words(&self) -> BTreeMap<String, String> {
        let mut words = BTreeMap::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| value.len() <= VALUE_MAX) {
                words.insert(name.to_owned(), value);
            }
        };
        put("discovery.at", self.at.map(|at| at.to_string()));
        put("plan", self.plan.clone());
        put("own.credential", self.own.as_ref().map(|(credential, _)| credential.clone()));
        put("own.account", self.own.as_ref().map(|(_, account)| account.to_string()));
        put("page.size", self.page_size.map(|size| size.to_string()));
        put("groups.absent.at", self.groups_absent.as_ref().map(|(at, _)| at.to_string()));
        put("groups.absent.why", self.groups_absent.as_ref().map(|(_, why)| why.clone()));
        for (id, text) in self.roles.to_words() {
            put(&format!("{ROLE}{id}"), Some(text));
        }
        for (mail, at) in &self.invited {
            put(&format!("{INVITED}{mail}"), Some(at.to_string()));
        }
        for (id, (at, group)) in &self.new_groups {
            let users: Vec<&str> = group.users.iter().map(UserId::as_str).collect();
            put(&format!("{NEW_GROUP}{id}"), Some(json!([at.to_string(), &*group.name, users.len()]).to_string()));
            for (number, users) in users.chunks(USERS_IN_VALUE).enumerate() {
                put(&format!("{NEW_MEMBERS}{id}.{number}"), Some(users.join(",")));
            }
        }
        words
    }
}

/// A group that was made, with all of its members: a part of them would be taken for the whole.
fn new_group(id: &str, head: &str, words: &BTreeMap<String, String>) -> Option<(Timestamp, Group)> {
    let (at, name, count): (Timestamp, String, usize) = serde_json::from_str(head).ok()?;
    let values = (0..).map_while(|number| words.get(&format!("{NEW_MEMBERS}{id}.{number}")));
    let users: BTreeSet<UserId> = values.flat_map(|users| users.split(',')).map(|user| UserId(user.into())).collect();
    let group = Group { id: GroupId(id.into()), name: name.into(), users, workspaces: BTreeSet::new() };
    (group.users.len() == count).then_some((at, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn everything() -> Learnt {
        let now = at("2026-11-20T10:00:00Z");
        let group = Group {
            id: GroupId("41".into()),
            name: "Größe".into(),
            users: (1_000..1_100).map(|id| UserId(id.to_string().into())).collect(),
            workspaces: BTreeSet::new(),
        };
        Learnt {
            at: Some(now),
            plan: Some("Premium".to_owned()),
            roles: Roles::from_words([("3", r#"["organization","member","Member"]"#)].into_iter()),
            own: Some(("abcd".to_owned(), "7000".into())),
            page_size: Some(50),
            groups_absent: Some((now, "403".to_owned())),
            new_groups: BTreeMap::from([("41".into(), (now, group))]),
            invited: BTreeMap::from([("a@b.example".into(), now)]),
        }
    }

    #[test]
    fn what_was_learnt_survives_the_store() {
        for learnt in [everything(), Learnt::default()] {
            assert_eq!(Learnt::from_words(&learnt.to_words()), learnt);
        }
    }

    #[test]
    fn no_value_is_long_and_a_part_of_a_group_is_no_group() {
        let mut words = everything().to_words();
        assert!(words.values().all(|value| value.len() <= VALUE_MAX));
        words.remove("group.members.41.1");
        assert!(Learnt::from_words(&words).new_groups.is_empty());
    }

    #[test]
    fn rubbish_counts_as_not_learnt() {
        let words = everything().to_words().into_keys().map(|name| (name, "?".to_owned())).collect();
        let learnt = Learnt::from_words(&words);
        assert_eq!(learnt.own("abcd"), None);
        assert!(!learnt.is_fresh(at("2026-11-20T10:00:00Z")));
        assert!(learnt.new_groups.is_empty() && learnt.invited.is_empty());
    }

    #[test]
    fn facts_are_believed_for_a_day_and_new_groups_for_a_minute() {
        let mut learnt = everything();
        assert!(learnt.is_fresh(at("2026-11-21T09:59:59Z")) && !learnt.is_fresh(at("2026-11-21T10:00:00Z")));
        assert!(!learnt.is_fresh(at("2026-11-20T09:59:59Z")), "a time that lies ahead");
        learnt.settle_groups(&BTreeSet::new(), at("2026-11-20T10:00:59Z"));
        assert_eq!(learnt.new_groups.len(), 1);
        learnt.settle_groups(&BTreeSet::new(), at("2026-11-20T10:01:00Z"));
        assert_eq!(learnt.new_groups.len(), 0);
    }

    #[test]
    fn another_credential_has_another_account() {
        assert_eq!(everything().own("other"), None);
    }
}
