//! How servers differ, as data: a [`Profile`] is what is known of a vendor beforehand, [`Learnt`] what one server taught at
//! run time. Acting on it is the client's business; nothing here asks which vendor it is.

mod learnt;
mod overrides;
mod profiles;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::BTreeSet};

pub use learnt::Learnt;
pub use overrides::{FIELDS, OverrideError};
pub use profiles::NAMES;

use crate::{filter::CaseRules, paging::Mode, patch::MembersRemoveForm};

/// How attributes of a user are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum UserUpdate {
    /// By PATCH.
    #[default]
    Patch,
    /// By PUT of the whole resource, as read just before.
    Put,
    /// By PUT of only what changes: the server keeps the rest.
    PutMerge,
}

/// How a user is switched on and off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ActiveForm {
    /// PATCH with the path `active`.
    #[default]
    PatchPath,
    /// PATCH without a path, the value `{"active": …}`.
    PatchNoPath,
    /// PUT of the whole resource.
    Put,
}

/// Where memberships are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MembersRead {
    /// In the groups.
    #[default]
    Group,
    /// Nowhere: only what was written is known.
    None,
}

/// What DELETE does to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DeleteMeans {
    /// It deletes; the person can be created again.
    #[default]
    Delete,
    /// It only switches the user off.
    Deactivate,
    /// It deletes for good: the person can never be created again, or loses what cannot be restored.
    Irreversible,
    /// Nobody says whether there is one: it is never sent.
    Unknown,
}

/// Whether versions are used (`If-Match`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Etag {
    /// When the server says that it has them.
    #[default]
    Auto,
    /// Whenever a resource has one.
    On,
    /// Never.
    Off,
}

/// How fast a server may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests allowed in a period.
    pub requests: u32,
    /// The period, in seconds.
    pub per_seconds: u32,
    /// Requests under way at the same time.
    pub concurrency: u32,
}

/// A trap of a vendor's: something costly that happens at a number of users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cliff {
    /// The name by which its owner acknowledges it: `vendor/trap`.
    pub id: &'static str,
    /// The number of users at which it happens: a plan that would reach it from below steps over the cliff.
    pub at_users: u64,
    /// What happens then, for people.
    pub message: &'static str,
}

/// What is known of a server beforehand. The default is `generic`: a server that keeps to the RFC, called gently.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a server")]
pub struct Profile {
    /// The name of the profile.
    pub name: Cow<'static, str>,
    /// Resources to ask for in a page.
    pub page_size: u64,
    /// Most resources that a page can have, where known.
    pub max_page_size: Option<u64>,
    /// How listings are paged; `None` to go by what the server says of itself, else by index.
    pub paging: Option<Mode>,
    /// Attributes of users that can be filtered on with `eq`.
    pub user_filter_attributes: BTreeSet<String>,
    /// Attributes of groups that can be filtered on with `eq`.
    pub group_filter_attributes: BTreeSet<String>,
    /// How attributes of a user are changed.
    pub user_update: UserUpdate,
    /// How a user is switched on and off.
    pub active_form: ActiveForm,
    /// How members are named in a removal.
    pub members_remove_form: MembersRemoveForm,
    /// A group may be created with its members.
    pub members_in_create: bool,
    /// Most member changes in one PATCH, at least one.
    pub members_patch_max: usize,
    /// Where memberships are read.
    pub members_read: MembersRead,
    /// Users that are switched off are still listed and found by id. Where they are not, nothing that a reading lacks proves
    /// that an account is gone.
    pub inactive_visible: bool,
    /// What DELETE does to a user.
    pub delete_means: DeleteMeans,
    /// There are groups.
    pub groups: bool,
    /// Attributes that the server does not store, named as in a path.
    pub dropped_attributes: BTreeSet<String>,
    /// User names are mail addresses and nothing else.
    pub user_name_is_mail: bool,
    /// There are users whose attributes cannot be changed, and nothing tells which: a refused update is a difference that
    /// stays, not a failure.
    pub fixed_users: bool,
    /// `A@x` and `a@x` are two users, against the RFC.
    pub case_sensitive_user_name: bool,
    /// Statuses by which the server says that an id does not exist.
    pub not_found_statuses: BTreeSet<u16>,
    /// For how long after a write reads may still show the state before it, in seconds.
    pub consistency_window: u32,
    /// Whether versions are used.
    pub etag: Etag,
    /// The server can list its users at all.
    pub read_listable: bool,
    /// One user can be read by id.
    pub reads_by_id: bool,
    /// How fast it may be called.
    pub rate: Rate,
    /// The vendor's traps.
    pub cliffs: Vec<Cliff>,
    /// What an owner should know about this vendor, one sentence each.
    pub notes: Vec<&'static str>,
}

impl Default for Profile {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            name: Cow::Borrowed("generic"),
            page_size: 100,
            max_page_size: None,
            paging: None,
            user_filter_attributes: names(&["userName"]),
            group_filter_attributes: names(&["displayName"]),
            user_update: UserUpdate::Patch,
            active_form: ActiveForm::PatchPath,
            members_remove_form: MembersRemoveForm::Filter,
            members_in_create: true,
            members_patch_max: 100,
            members_read: MembersRead::Group,
            inactive_visible: true,
            delete_means: DeleteMeans::Delete,
            groups: true,
            dropped_attributes: BTreeSet::new(),
            user_name_is_mail: false,
            fixed_users: false,
            case_sensitive_user_name: false,
            not_found_statuses: BTreeSet::from([404]),
            consistency_window: 60,
            etag: Etag::Auto,
            read_listable: true,
            reads_by_id: true,
            rate: Rate { requests: 5, per_seconds: 1, concurrency: 1 },
            cliffs: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Profile {
    /// The profile with what one server taught filled in. What was learnt counts where the profile is more hopeful.
    #[must_use]
    pub fn with_learnt(mut self, learnt: &Learnt) -> Self {
        if learnt.patch_refused {
            if self.user_update == UserUpdate::Patch {
                self.user_update = UserUpdate::Put;
            }
            self.active_form = ActiveForm::Put;
        }
        if let (Some(form), false) = (learnt.active_form, learnt.patch_refused) {
            self.active_form = form;
        }
        if let Some(form) = learnt.members_remove_form {
            self.members_remove_form = form;
        }
        self.reads_by_id &= !learnt.reads_refused;
        if learnt.filter_ignored {
            self.user_filter_attributes.clear();
            self.group_filter_attributes.clear();
        }
        if learnt.soft_delete && self.delete_means == DeleteMeans::Delete {
            self.delete_means = DeleteMeans::Deactivate;
        }
        if learnt.members_in_create_ignored {
            self.members_in_create = false;
        }
        if let Some(cap) = learnt.page_cap {
            self.max_page_size = Some(self.max_page_size.map_or(cap, |known| known.min(cap)));
        }
        self.dropped_attributes.extend(learnt.dropped_attributes.iter().cloned());
        self
    }

    /// How many resources to ask for in a page.
    #[must_use]
    pub fn effective_page_size(&self) -> u64 {
        self.max_page_size.map_or(self.page_size, |cap| self.page_size.min(cap)).max(1)
    }

    /// How the server compares texts.
    #[must_use]
    pub fn case_rules(&self) -> CaseRules {
        CaseRules { user_name_exact: self.case_sensitive_user_name }
    }

    /// The cliffs that going from one number of users to another steps over.
    pub fn cliffs_between(&self, from: u64, to: u64) -> impl Iterator<Item = &Cliff> {
        self.cliffs.iter().filter(move |cliff| from < cliff.at_users && cliff.at_users <= to)
    }
}
