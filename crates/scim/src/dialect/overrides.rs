//! Single values of a profile set by a user, each by its name in camelCase.

use std::{collections::BTreeMap, collections::BTreeSet, str::FromStr};

use super::{ActiveForm, DeleteMeans, Etag, MembersRead, Profile, UserUpdate};
use crate::{paging::Mode, patch::MembersRemoveForm, path::AttributePath};

/// The names of all fields that can be overridden.
pub const FIELDS: [&str; 26] = [
    "caseSensitiveUserName",
    "concurrency",
    "consistencyWindow",
    "deleteMeans",
    "droppedAttributes",
    "etag",
    "fixedUsers",
    "groupFilterAttributes",
    "groups",
    "inactiveVisible",
    "listable",
    "maxPageSize",
    "membersInCreate",
    "membersPatchMax",
    "membersRead",
    "membersRemoveForm",
    "notFoundStatuses",
    "pageSize",
    "paging",
    "ratePerSeconds",
    "rateRequests",
    "readsById",
    "userActive",
    "userFilterAttributes",
    "userNameIsMail",
    "userUpdate",
];

/// Largest page size and member count that make sense.
const COUNT_MAX: u64 = 10_000;
/// Longest list of attributes or statuses.
const LIST_MAX: usize = 50;

/// Why an override was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// There is no such field.
    #[error("`{name}` is not a field of a profile; write one of {}", FIELDS.join(", "))]
    Unknown {
        /// What was written.
        name: String,
    },
    /// The value does not fit the field.
    #[error("`{value}` does not fit `{name}`; write {expected}")]
    Value {
        /// The field.
        name: String,
        /// What was written.
        value: String,
        /// What can be written.
        expected: String,
    },
}

impl Profile {
    /// The profile with single values replaced. Keys are the names in [`FIELDS`]; lists are separated by commas.
    pub fn with_overrides(mut self, overrides: &BTreeMap<String, String>) -> Result<Self, OverrideError> {
        for (name, value) in overrides {
            self.set(name, value.trim()).map_err(|wrong| match wrong {
                Wrong::Name => OverrideError::Unknown { name: shown(name) },
                Wrong::Value(expected) => OverrideError::Value { name: shown(name), value: shown(value), expected },
            })?;
        }
        Ok(self)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Wrong> {
        match name {
            "pageSize" => self.page_size = number(value, 1, COUNT_MAX)?,
            "maxPageSize" => self.max_page_size = Some(number(value, 1, COUNT_MAX)?),
            "paging" => self.paging = word(value, &PAGING)?,
            "userFilterAttributes" => self.user_filter_attributes = attributes(value)?,
            "groupFilterAttributes" => self.group_filter_attributes = attributes(value)?,
            "droppedAttributes" => self.dropped_attributes = attributes(value)?,
            "userUpdate" => self.user_update = word(value, &USER_UPDATE)?,
            "userActive" => self.active_form = word(value, &ACTIVE_FORM)?,
            "membersRemoveForm" => self.members_remove_form = word(value, &REMOVE_FORM)?,
            "membersInCreate" => self.members_in_create = flag(value)?,
            "membersPatchMax" => self.members_patch_max = number(value, 1, 10_000)?,
            "membersRead" => {
                self.members_read = word(value, &[("group", MembersRead::Group), ("none", MembersRead::None)])?;
            }
            "inactiveVisible" => self.inactive_visible = flag(value)?,
            "deleteMeans" => self.delete_means = word(value, &DELETE_MEANS)?,
            "groups" => self.groups = flag(value)?,
            "caseSensitiveUserName" => self.case_sensitive_user_name = flag(value)?,
            "notFoundStatuses" => self.not_found_statuses = statuses(value)?,
            "consistencyWindow" => self.consistency_window = number(value, 0, 86_400)?,
            "etag" => self.etag = word(value, &[("auto", Etag::Auto), ("true", Etag::On), ("false", Etag::Off)])?,
            "readsById" => self.reads_by_id = flag(value)?,
            "userNameIsMail" => self.user_name_is_mail = flag(value)?,
            "fixedUsers" => self.fixed_users = flag(value)?,
            "listable" => self.read_listable = flag(value)?,
            "rateRequests" => self.rate.requests = number(value, 1, 1_000_000)?,
            "ratePerSeconds" => self.rate.per_seconds = number(value, 1, 86_400)?,
            "concurrency" => self.rate.concurrency = number(value, 1, 100)?,
            _ => return Err(Wrong::Name),
        }
        Ok(())
    }
}

const PAGING: [(&str, Option<Mode>); 4] =
    [("auto", None), ("index", Some(Mode::Index)), ("cursor", Some(Mode::Cursor)), ("none", Some(Mode::Single))];
const USER_UPDATE: [(&str, UserUpdate); 3] =
    [("patch", UserUpdate::Patch), ("put", UserUpdate::Put), ("putMerge", UserUpdate::PutMerge)];
pub(super) const ACTIVE_FORM: [(&str, ActiveForm); 3] =
    [("patchPath", ActiveForm::PatchPath), ("patchNoPath", ActiveForm::PatchNoPath), ("put", ActiveForm::Put)];
pub(super) const REMOVE_FORM: [(&str, MembersRemoveForm); 2] =
    [("filter", MembersRemoveForm::Filter), ("valueList", MembersRemoveForm::ValueList)];
const DELETE_MEANS: [(&str, DeleteMeans); 4] = [
    ("delete", DeleteMeans::Delete),
    ("deactivate", DeleteMeans::Deactivate),
    ("irreversible", DeleteMeans::Irreversible),
    ("unknown", DeleteMeans::Unknown),
];

/// What is wrong with an override.
enum Wrong {
    Name,
    Value(String),
}

fn word<T: Copy>(value: &str, words: &[(&str, T)]) -> Result<T, Wrong> {
    let found = words.iter().find(|(word, _)| *word == value).map(|(_, meant)| *meant);
    found.ok_or_else(|| Wrong::Value(words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")))
}

fn flag(value: &str) -> Result<bool, Wrong> {
    word(value, &[("true", true), ("false", false)])
}

fn number<T: FromStr + TryFrom<u64>>(value: &str, least: u64, most: u64) -> Result<T, Wrong> {
    let number = value.parse::<u64>().ok().filter(|number| (least..=most).contains(number));
    let number = number.and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| Wrong::Value(format!("a whole number from {least} to {most}")))
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|one| !one.is_empty())
}

fn attributes(value: &str) -> Result<BTreeSet<String>, Wrong> {
    let paths: Option<BTreeSet<String>> =
        list(value).map(|path| AttributePath::parse(path).map(|path| path.to_string())).collect();
    let paths = paths.filter(|paths| paths.len() <= LIST_MAX);
    paths.ok_or_else(|| Wrong::Value("attribute names separated by commas".to_owned()))
}

fn statuses(value: &str) -> Result<BTreeSet<u16>, Wrong> {
    let statuses: Option<BTreeSet<u16>> =
        list(value).map(|status| status.parse().ok().filter(|status| (400..500).contains(status))).collect();
    let statuses = statuses.filter(|statuses| !statuses.is_empty() && statuses.len() <= LIST_MAX);
    statuses.ok_or_else(|| Wrong::Value("HTTP statuses from 400 to 499 separated by commas".to_owned()))
}

/// At most this much of what was written is repeated in an error.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
