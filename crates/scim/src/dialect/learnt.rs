//! What one server taught at run time: a plain value, kept as text pairs by whoever remembers it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ActiveForm,
    overrides::{ACTIVE_FORM, REMOVE_FORM},
};
use crate::patch::MembersRemoveForm;

/// Facts about one server, each found out once. The default knows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each found out alone")]
pub struct Learnt {
    /// PATCH of users is refused: PUT is used in its place.
    pub patch_refused: bool,
    /// The form that switches a user on and off.
    pub active_form: Option<ActiveForm>,
    /// The form that removes members.
    pub members_remove_form: Option<MembersRemoveForm>,
    /// A filter is not honoured: an answer to it says nothing.
    pub filter_ignored: bool,
    /// One user cannot be read by id.
    pub reads_refused: bool,
    /// Attributes that were sent and not stored, named as in a path.
    pub dropped_attributes: BTreeSet<String>,
    /// DELETE only switches users off.
    pub soft_delete: bool,
    /// Most resources that a page has.
    pub page_cap: Option<u64>,
    /// Members of a group are ignored when it is created.
    pub members_in_create_ignored: bool,
    /// The total of a listing is the size of the page.
    pub total_is_page_size: bool,
}

impl Learnt {
    /// Adds what was learnt later. A newer form and a smaller page take the place of the older; nothing is unlearnt.
    pub fn merge(&mut self, newer: Self) {
        self.patch_refused |= newer.patch_refused;
        self.active_form = newer.active_form.or(self.active_form);
        self.members_remove_form = newer.members_remove_form.or(self.members_remove_form);
        self.filter_ignored |= newer.filter_ignored;
        self.reads_refused |= newer.reads_refused;
        self.dropped_attributes.extend(newer.dropped_attributes);
        self.soft_delete |= newer.soft_delete;
        self.page_cap = match (self.page_cap, newer.page_cap) {
            (Some(known), Some(newer)) => Some(known.min(newer)),
            (known, newer) => known.or(newer),
        };
        self.members_in_create_ignored |= newer.members_in_create_ignored;
        self.total_is_page_size |= newer.total_is_page_size;
    }

    /// The facts as text pairs; only what is known.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                map.insert(name.to_owned(), value);
            }
        };
        let flag = |told: bool| told.then(|| "true".to_owned());
        put("patchRefused", flag(self.patch_refused));
        put("activeForm", self.active_form.and_then(|form| spelled(&ACTIVE_FORM, form)));
        put("membersRemoveForm", self.members_remove_form.and_then(|form| spelled(&REMOVE_FORM, form)));
        put("filterIgnored", flag(self.filter_ignored));
        put("readsRefused", flag(self.reads_refused));
        let dropped: Vec<&str> = self.dropped_attributes.iter().map(String::as_str).collect();
        put("droppedAttributes", (!dropped.is_empty()).then(|| dropped.join(",")));
        put("softDelete", flag(self.soft_delete));
        put("pageCap", self.page_cap.map(|cap| cap.to_string()));
        put("membersInCreateIgnored", flag(self.members_in_create_ignored));
        put("totalIsPageSize", flag(self.total_is_page_size));
        map
    }

    /// Reads text pairs back. What is not understood is left out: it will be learnt again.
    #[must_use]
    pub fn from_map(map: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| map.get(name).map(String::as_str);
        let flag = |name: &str| text(name) == Some("true");
        let dropped = text("droppedAttributes").unwrap_or_default().split(',').filter(|path| !path.is_empty());
        Self {
            patch_refused: flag("patchRefused"),
            active_form: text("activeForm").and_then(|text| meant(&ACTIVE_FORM, text)),
            members_remove_form: text("membersRemoveForm").and_then(|text| meant(&REMOVE_FORM, text)),
            filter_ignored: flag("filterIgnored"),
            reads_refused: flag("readsRefused"),
            dropped_attributes: dropped.map(str::to_owned).collect(),
            soft_delete: flag("softDelete"),
            page_cap: text("pageCap").and_then(|text| text.parse().ok()).filter(|cap| *cap > 0),
            members_in_create_ignored: flag("membersInCreateIgnored"),
            total_is_page_size: flag("totalIsPageSize"),
        }
    }
}

fn spelled<T: Copy + PartialEq>(words: &[(&str, T)], meant: T) -> Option<String> {
    words.iter().find(|(_, one)| *one == meant).map(|(word, _)| (*word).to_owned())
}

fn meant<T: Copy>(words: &[(&str, T)], text: &str) -> Option<T> {
    words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant)
}
