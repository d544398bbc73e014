//! What a target app's owner decided: a `TargetApp` with its defaults applied.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{AccountId, Amount, Level, Mail, ObjectName, Period, Slot, Text};

/// How far we may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Reads and reports.
    #[default]
    Observe,
    /// Also adopts, creates, adds, raises, reactivates and updates attributes.
    Additive,
    /// Also suspends, lowers and removes what it owns.
    Full,
}

impl Mode {
    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "Observe",
            Self::Additive => "Additive",
            Self::Full => "Full",
        }
    }
}

/// Narrows the reach whatever the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent switches of the API")]
pub struct Manage {
    /// Accounts themselves.
    pub accounts: bool,
    /// Groups and all entitlements that are not roles.
    pub memberships: bool,
    /// Roles.
    pub roles: bool,
    /// Attributes.
    pub attributes: bool,
}

impl Manage {
    /// Whether changes in this slot are within reach.
    #[must_use]
    pub fn covers(&self, slot: &Slot) -> bool {
        if slot.is_account() {
            self.accounts
        } else if slot.is_role() {
            self.roles
        } else {
            self.memberships
        }
    }
}

/// Whether existing access that is declared becomes ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adopt {
    /// Never.
    Never,
    /// Where it is declared and unambiguous.
    #[default]
    Matched,
}

/// The class of an account; the first that fits counts, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// No person stands behind it.
    Service,
    /// A mail domain of guests.
    Guest,
    /// A leaver's, or unknown to the directory that owns its domain.
    Orphan,
    /// None of these.
    Unknown,
}

impl Class {
    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Guest => "guest",
            Self::Orphan => "orphan",
            Self::Unknown => "unknown",
        }
    }
}

/// How accounts are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classify {
    /// Patterns of logins and mails, or ids, of service accounts; `*` stands for any text.
    pub service: Vec<Text>,
    /// Mail domains of guests.
    pub guest_domains: BTreeSet<Text>,
}

/// What happens to an account of ours whose last claim is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalAction {
    /// Stays.
    Keep,
    /// Is suspended.
    Suspend,
    /// Is deleted.
    Delete,
}

/// One cause's rule of `offboarding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffboardingRule {
    /// What happens first.
    pub action: RemovalAction,
    /// How long after a suspension the account is deleted; never where absent.
    pub delete_after: Option<Duration>,
}

/// What happens to accounts of ours, by cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offboarding {
    /// The person left.
    pub leaver: OffboardingRule,
    /// The last claim ended.
    pub expired: OffboardingRule,
    /// The last claim is gone.
    pub withdrawn: OffboardingRule,
}

/// What happens to accounts that we neither made nor adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmanagedAction {
    /// Is shown as drift.
    Report,
    /// Is not shown.
    Ignore,
    /// Is suspended.
    Suspend,
    /// Is deleted.
    Delete,
}

/// One class's rule of `unmanaged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnmanagedRule {
    /// What happens.
    pub action: UnmanagedAction,
    /// How long after it was first seen; at once where absent.
    pub after: Option<Duration>,
}

/// The rules of `unmanaged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmanaged {
    /// Orphans.
    pub orphan: UnmanagedRule,
    /// Unknown accounts.
    pub unknown: UnmanagedRule,
    /// Guests.
    pub guest: UnmanagedRule,
    /// Service accounts.
    pub service: UnmanagedRule,
}

impl Unmanaged {
    /// The rule for a class.
    #[must_use]
    pub const fn rule(&self, class: Class) -> UnmanagedRule {
        match class {
            Class::Service => self.service,
            Class::Guest => self.guest,
            Class::Orphan => self.orphan,
            Class::Unknown => self.unknown,
        }
    }
}

/// Whether members of a group that nobody declared are drift that goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Whether groups are exclusive where nothing else is said.
    pub default_exclusive: bool,
    /// By group name: true for exclusive.
    pub groups: BTreeMap<Text, bool>,
}

impl Ownership {
    /// Whether other members of this slot go.
    #[must_use]
    pub fn is_exclusive(&self, slot: &Slot) -> bool {
        slot.is_group() && self.groups.get(&slot.name).copied().unwrap_or(self.default_exclusive)
    }
}

/// A budget of people per rolling 24 hours: the larger half counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Distinct people.
    pub people: u64,
    /// Percent of the accounts seen in the last complete reading.
    pub percent: u64,
}

impl Budget {
    /// How many people may lose something, with `seen` accounts.
    #[must_use]
    pub fn allowed(&self, seen: u64) -> u64 {
        self.people.max(seen.saturating_mul(self.percent) / 100)
    }
}

/// At least so many holders of a role must stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepAtLeast {
    /// The role, or a higher one.
    pub role: Level,
    /// How many.
    pub count: u64,
}

/// What always waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeedsApproval {
    /// Every change with this action, for example `delete`.
    Action(Text),
    /// Every change that gives or takes this role.
    Role(Text),
    /// Every change that gives or takes membership of this group.
    Group(Text),
}

/// What keeps a mistake small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safety {
    /// How long a withdrawn claim must stay withdrawn.
    pub settle: Duration,
    /// How many people may lose something in rolling 24 hours.
    pub maximum_removals: Budget,
    /// How many people may gain something in rolling 24 hours, where limited.
    pub maximum_additions: Option<Budget>,
    /// Mails, account ids and logins that are never removed or lowered.
    pub protected: BTreeSet<Text>,
    /// Holders that must stay; `None` means one of the highest role.
    pub keep_at_least: Option<Vec<KeepAtLeast>>,
    /// What always waits for a decision.
    pub approve: Vec<NeedsApproval>,
    /// Whether the first removals ever wait for a decision.
    pub approve_first: bool,
}

/// A slot pattern of `allow`; `*` in the name stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotPattern {
    /// The entitlement type.
    pub kind: Text,
    /// The name, with globs and `{namespace}`.
    pub name: Text,
}

/// Whose access may be claimed; all three absent means anybody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeopleScope {
    /// Members of these groups: directory and group.
    pub directory_groups: Option<Vec<(ObjectName, Text)>>,
    /// Members of these teams.
    pub teams: Option<Vec<ObjectName>>,
    /// People with a mail in these domains.
    pub domains: Option<BTreeSet<Text>>,
}

impl PeopleScope {
    /// Whether anybody's access may be claimed.
    #[must_use]
    pub fn is_anybody(&self) -> bool {
        self.directory_groups.is_none() && self.teams.is_none() && self.domains.is_none()
    }
}

/// One entry of `allow`: who else may claim what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// The namespaces, with selectors resolved against the labels of Namespaces.
    pub namespaces: BTreeSet<Text>,
    /// What they may claim beside the account alone.
    pub entitlements: Vec<SlotPattern>,
    /// For whom.
    pub people: PeopleScope,
    /// For how long at most; then `until` is required.
    pub maximum_duration: Option<Duration>,
}

/// Roles of apps that do not tell their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleOrder {
    /// From low to high.
    pub order: Vec<Level>,
    /// Never matched by a glob of `allow`.
    pub privileged: BTreeSet<Text>,
}

/// What a seat costs. Prices are in ten-thousandths of the currency's unit: whole numbers, never floats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pricing {
    /// Price of a seat for the period, in ten-thousandths.
    pub price: u64,
    /// What the prices are for.
    pub period: Period,
    /// Prices of seats by role, in ten-thousandths; of several roles the dearest counts.
    pub by_role: BTreeMap<Text, u64>,
    /// The currency, as written.
    pub currency: Text,
    /// Seats are sold in packs of this size.
    pub pack: u64,
    /// Seats that were bought.
    pub purchased: Option<u64>,
    /// When the contract renews.
    pub renews_on: Option<jiff::civil::Date>,
    /// A seat not used for so long counts as unused.
    pub inactive_after: Option<Duration>,
}

impl Pricing {
    /// One price for all seats, sold one by one.
    #[must_use]
    pub fn new(price: u64, period: Period, currency: &str) -> Self {
        Self {
            price,
            period,
            by_role: BTreeMap::new(),
            currency: currency.into(),
            pack: 1,
            purchased: None,
            renews_on: None,
            inactive_after: None,
        }
    }

    /// So many ten-thousandths for the period of the prices.
    #[must_use]
    pub const fn amount(&self, ten_thousandths: u64) -> Amount {
        Amount { ten_thousandths, period: self.period }
    }
}

/// A target app's policy with its defaults applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPolicy {
    /// The target app.
    pub app: ObjectName,
    /// How far we may go.
    pub mode: Mode,
    /// Narrows the reach.
    pub manage: Manage,
    /// Whether existing declared access becomes ours.
    pub adopt: Adopt,
    /// This person's account here, where mail does not tell: mail or login to account id.
    pub accounts: BTreeMap<Text, AccountId>,
    /// How accounts are told apart.
    pub classify: Classify,
    /// What happens to accounts of ours.
    pub offboarding: Offboarding,
    /// What happens to accounts that are not ours.
    pub unmanaged: Unmanaged,
    /// Shared or exclusive groups.
    pub ownership: Ownership,
    /// Roles of apps that do not tell their order.
    pub roles: RoleOrder,
    /// What keeps a mistake small.
    pub safety: Safety,
    /// Who else may claim what.
    pub allow: Vec<Allow>,
    /// What a seat costs.
    pub pricing: Option<Pricing>,
    /// Vendor traps that the owner has read.
    pub acknowledged_cliffs: BTreeSet<Text>,
}

impl AppPolicy {
    /// The policy of a target app that says nothing but its name.
    #[must_use]
    pub fn new(app: ObjectName) -> Self {
        let suspend = OffboardingRule { action: RemovalAction::Suspend, delete_after: None };
        let report = UnmanagedRule { action: UnmanagedAction::Report, after: None };
        let ignore = UnmanagedRule { action: UnmanagedAction::Ignore, after: None };
        Self {
            app,
            mode: Mode::Observe,
            manage: Manage { accounts: true, memberships: true, roles: true, attributes: true },
            adopt: Adopt::Matched,
            accounts: BTreeMap::new(),
            classify: Classify::default(),
            offboarding: Offboarding { leaver: suspend, expired: suspend, withdrawn: suspend },
            unmanaged: Unmanaged { orphan: report, unknown: report, guest: ignore, service: ignore },
            ownership: Ownership::default(),
            roles: RoleOrder::default(),
            safety: Safety {
                settle: Duration::from_mins(10),
                maximum_removals: Budget { people: 3, percent: 5 },
                maximum_additions: None,
                protected: BTreeSet::new(),
                keep_at_least: None,
                approve: vec![NeedsApproval::Action("delete".into())],
                approve_first: true,
            },
            allow: Vec::new(),
            pricing: None,
            acknowledged_cliffs: BTreeSet::new(),
        }
    }

    /// Whether `person`'s text names somebody protected.
    #[must_use]
    pub fn protects(&self, text: &str) -> bool {
        self.safety.protected.contains(text)
            || Mail::parse(text).is_ok_and(|mail| self.safety.protected.contains(mail.as_str()))
    }
}
