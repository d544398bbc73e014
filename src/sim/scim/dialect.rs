//! The ways in which a simulated SCIM vendor departs from the RFC. Data only; the handlers act on it.

use std::collections::BTreeSet;

/// How filters are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filters {
    /// As the RFC says.
    #[default]
    Honoured,
    /// Ignored: everybody is returned.
    Ignored,
    /// Refused with this status (400 or 501).
    Refused(u16),
}

/// How listings are paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paging {
    /// By index.
    #[default]
    Index,
    /// By index, and by cursor where the client asks for it.
    IndexAndCursor,
    /// By cursor, even for a client that does not ask for it.
    Cursor,
    /// Not at all: every answer has everything.
    Ignored,
    /// Not at all: every answer is the first page.
    FirstPageOnly,
    /// By index; beyond the end the first page comes again.
    WrapsAround,
}

/// Which form of removing members is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MembersRemoval {
    /// Only `members[value eq "…"]`; a value list is refused.
    #[default]
    Filter,
    /// Only `members` with a value list; a filter is refused.
    ValueList,
    /// Both.
    Both,
    /// A filter; and a removal of `members` empties the group whatever its value, as the RFC reads to the letter.
    Literal,
}

/// How a simulated vendor behaves. The default keeps to the RFC and is strict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent habits, each switched alone")]
pub struct Dialect {
    /// How filters are treated.
    pub filters: Filters,
    /// How listings are paged.
    pub paging: Paging,
    /// Most resources in a page.
    pub page_cap: u64,
    /// The total of a listing is the size of the page.
    pub total_is_page_size: bool,
    /// PATCH is taken; otherwise answered with 501.
    pub patch: bool,
    /// PUT is taken; otherwise answered with 405.
    pub put: bool,
    /// PATCH answers 204 without a body.
    pub patch_without_body: bool,
    /// A user is switched only by a PATCH without a path; `path: active` is refused.
    pub active_without_path_only: bool,
    /// Attributes that are taken and not stored, named as in a path.
    pub dropped_attributes: BTreeSet<String>,
    /// Attributes that the schema lacks are refused rather than left out.
    pub refuses_unknown_attributes: bool,
    /// DELETE of a user only switches the user off.
    pub soft_delete: bool,
    /// `A@x` and `a@x` are two users.
    pub case_sensitive_user_name: bool,
    /// Users that are switched off answer 404 and are not listed.
    pub inactive_hidden: bool,
    /// There is a collection of groups; otherwise 404.
    pub groups: bool,
    /// Listings of groups tell no members; single reads do.
    pub lists_without_members: bool,
    /// Users tell their groups.
    pub users_tell_groups: bool,
    /// Members are taken when a group is created; otherwise ignored.
    pub members_in_create: bool,
    /// Members that do not exist are taken; otherwise refused.
    pub unknown_members: bool,
    /// Which form of removing members is understood.
    pub members_removal: MembersRemoval,
    /// Most member changes in one PATCH; more are refused.
    pub members_patch_max: Option<usize>,
    /// Resources have versions, and `If-Match` counts.
    pub etag: bool,
    /// The discovery documents exist; otherwise 404.
    pub discovery: bool,
    /// `status` in error bodies is a number.
    pub numeric_error_status: bool,
    /// Ids hold characters that must be escaped in a path.
    pub awkward_ids: bool,
    /// Resources and listings carry attributes that no schema knows.
    pub unknown_fields: bool,
    /// Users can be listed; otherwise only a filter for one user name or external id is answered, anything else with 403.
    pub listable: bool,
    /// One user can be read by id; otherwise 405.
    pub reads_by_id: bool,
    /// DELETE of a user is taken; otherwise 405.
    pub delete: bool,
    /// User names must be mail addresses.
    pub user_name_is_mail: bool,
    /// The attributes of a user that there are at all; others are refused. `None` for those of the RFC.
    pub only_attributes: Option<BTreeSet<String>>,
    /// Users, by name, of whom only `active` can be changed.
    pub fixed_users: BTreeSet<String>,
    /// With more users than this that are switched on, all of them are on the paid plan.
    pub free_users: Option<usize>,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            filters: Filters::Honoured,
            paging: Paging::Index,
            page_cap: 100,
            total_is_page_size: false,
            patch: true,
            put: true,
            patch_without_body: false,
            active_without_path_only: false,
            dropped_attributes: BTreeSet::new(),
            refuses_unknown_attributes: false,
            soft_delete: false,
            case_sensitive_user_name: false,
            inactive_hidden: false,
            groups: true,
            lists_without_members: false,
            users_tell_groups: true,
            members_in_create: true,
            unknown_members: false,
            members_removal: MembersRemoval::Filter,
            members_patch_max: None,
            etag: true,
            discovery: true,
            numeric_error_status: false,
            awkward_ids: false,
            unknown_fields: false,
            listable: true,
            reads_by_id: true,
            delete: true,
            user_name_is_mail: false,
            only_attributes: None,
            fixed_users: BTreeSet::new(),
            free_users: None,
        }
    }
}

impl Dialect {
    /// Clockify, Enterprise plan: the form of its requests is not published, so that it keeps to the RFC (inferred). A
    /// deletion of a user is nowhere mentioned, and refused.
    #[must_use]
    pub fn clockify() -> Self {
        Self { delete: false, dropped_attributes: only(["roles", "title"]), ..Self::default() }
    }

    /// `WorkOS` Directory Sync: true to the RFC (inferred).
    #[must_use]
    pub fn workos() -> Self {
        Self::default()
    }

    /// Clockwise by way of `WorkOS`: more than ten users put all of them on the paid plan, and the administrator of this
    /// name keeps all attributes. How an update of one is refused is inferred.
    #[must_use]
    pub fn clockwise(admin: &str) -> Self {
        Self {
            delete: false,
            dropped_attributes: only(["roles", "title"]),
            fixed_users: only([admin]),
            free_users: Some(10),
            ..Self::workos()
        }
    }

    /// Poggio: users by mail address and shown name, a mail address for work, nothing else; no groups and no listing.
    /// That a filter for one user and a read by id are answered is inferred.
    #[must_use]
    pub fn poggio() -> Self {
        Self {
            groups: false,
            listable: false,
            delete: false,
            user_name_is_mail: true,
            only_attributes: Some(only(["userName", "displayName", "name", "emails", "active"])),
            dropped_attributes: only(["name.givenName", "name.familyName"]),
            ..Self::default()
        }
    }

    /// 6sense: users by mail address and name; no groups and no listing. The rest is inferred as for Poggio.
    #[must_use]
    pub fn sixsense() -> Self {
        let kept = ["userName", "externalId", "displayName", "name", "emails", "active"];
        Self {
            groups: false,
            listable: false,
            delete: false,
            user_name_is_mail: true,
            only_attributes: Some(only(kept)),
            ..Self::default()
        }
    }

    /// Whether an attribute, named as in a path, is silently dropped.
    pub(super) fn drops(&self, path: &str) -> bool {
        self.dropped_attributes.iter().any(|dropped| dropped.eq_ignore_ascii_case(path))
    }
}

fn only<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}
