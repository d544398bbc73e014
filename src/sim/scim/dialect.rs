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
        }
    }
}

impl Dialect {
    /// Whether an attribute, named as in a path, is silently dropped.
    pub(super) fn drops(&self, path: &str) -> bool {
        self.dropped_attributes.iter().any(|dropped| dropped.eq_ignore_ascii_case(path))
    }
}
