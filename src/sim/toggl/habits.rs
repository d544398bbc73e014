//! How this organisation's Toggl behaves: plan, quota, and forms of answers that differ or are not published.

/// What the organisation pays for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Plan {
    /// 30 requests an hour.
    Free,
    /// 240 requests an hour.
    Starter,
    /// 600 requests an hour; has project leads and team leads.
    #[default]
    Premium,
    /// A quota by contract.
    Enterprise,
}

impl Plan {
    /// Its name, as `pricing_plan_name` tells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Starter => "Starter",
            Self::Premium => "Premium",
            Self::Enterprise => "Enterprise",
        }
    }

    /// Requests an hour.
    #[must_use]
    pub fn requests_an_hour(self) -> u32 {
        match self {
            Self::Free => 30,
            Self::Starter => 240,
            Self::Premium => 600,
            Self::Enterprise => 6000,
        }
    }

    pub(super) fn has_leads(self) -> bool {
        matches!(self, Self::Premium | Self::Enterprise)
    }
}

/// Requests that are left of an hour's quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests that are left.
    pub remaining: u32,
    /// Seconds until the count starts anew, as told; the simulator has no clock.
    pub resets_in: u32,
}

/// Switches; the default is what the vendor documents.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent habits")]
pub struct Habits {
    /// The plan.
    pub plan: Plan,
    /// Most people who are active or invited; no limit where absent.
    pub active_limit: Option<usize>,
    /// The quota of the organisation; neither told nor kept where absent.
    pub quota: Option<Quota>,
    /// The quota of requests that belong to no organisation.
    pub me_quota: Option<Quota>,
    /// Requests until the next one is one too many in its second (429).
    pub burst: Option<u32>,
    /// Texts come as JSON strings rather than raw.
    pub quoted_texts: bool,
    /// Empty lists are told as `null`.
    pub null_lists: bool,
    /// Ids are told as texts.
    pub text_ids: bool,
    /// Most rows of a page; a larger wish is cut down to it.
    pub page_max: u64,
    /// A page larger than `page_max` is refused instead (inferred).
    pub page_refused: bool,
    /// Whether the roles can be listed.
    pub roles_listed: bool,
    /// Roles have names that say nothing.
    pub roles_renamed: bool,
    /// Whether the plan or the caller's rights let groups be read; else 403 (inferred).
    pub groups_listed: bool,
    /// So many listings of groups do not show a new group yet.
    pub group_delay: u32,
    /// Whether the answer to an invitation tells the ids of who is invited.
    pub invitation_tells_ids: bool,
    /// A person must stay in at least one workspace (inferred).
    pub last_workspace_stays: bool,
    /// A pending member can be deleted; else it is refused (inferred).
    pub pending_can_go: bool,
    /// Whether the caller may do anything in the organisation.
    pub authorized: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            plan: Plan::default(),
            active_limit: None,
            quota: None,
            me_quota: None,
            burst: None,
            quoted_texts: true,
            null_lists: false,
            text_ids: false,
            page_max: 200,
            page_refused: false,
            roles_listed: true,
            roles_renamed: false,
            groups_listed: true,
            group_delay: 0,
            invitation_tells_ids: true,
            last_workspace_stays: false,
            pending_can_go: true,
            authorized: true,
        }
    }
}
