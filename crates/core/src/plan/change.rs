//! One change of a plan, and what differs without being one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Task;
use crate::access::{AccountId, Class, Evidence, Level, PersonKey, Slot, Text};

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Makes an account, or a group that a claim names.
    Create,
    /// Invites somebody.
    Invite,
    /// Takes an existing account or edge into the inventory; changes nothing in the app.
    Adopt,
    /// Updates attributes.
    Update,
    /// Lets somebody log in again.
    Activate,
    /// Gives an entitlement.
    Grant,
    /// Sets another level or value.
    Change,
    /// Takes an entitlement away.
    Revoke,
    /// Keeps somebody from logging in.
    Suspend,
    /// Deletes an account.
    Delete,
}

impl Action {
    /// The word of the command line's contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Invite => "invite",
            Self::Adopt => "adopt",
            Self::Update => "update",
            Self::Activate => "activate",
            Self::Grant => "grant",
            Self::Change => "change",
            Self::Revoke => "revoke",
            Self::Suspend => "suspend",
            Self::Delete => "delete",
        }
    }

    /// The inverse of [`Action::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [
            Self::Create,
            Self::Invite,
            Self::Adopt,
            Self::Update,
            Self::Activate,
            Self::Grant,
            Self::Change,
            Self::Revoke,
            Self::Suspend,
            Self::Delete,
        ];
        all.into_iter().find(|action| action.as_str() == word)
    }
}

/// Why an edge comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A live claim.
    Declared,
    /// The person left.
    Leaver,
    /// The last claim ended, and its end was seen before it passed.
    Expired,
    /// The claim is gone.
    Withdrawn,
    /// A group that is ours alone has another member.
    Exclusive,
    /// An account that is not ours, by the policy for its class.
    Unmanaged,
}

impl Cause {
    /// The word of the contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Leaver => "leaver",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Exclusive => "exclusive",
            Self::Unmanaged => "unmanaged",
        }
    }

    /// The inverse of [`Cause::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Declared, Self::Leaver, Self::Expired, Self::Withdrawn, Self::Exclusive, Self::Unmanaged];
        all.into_iter().find(|cause| cause.as_str() == word)
    }

    /// Whether removals of this cause count against the budget and `approveFirst`.
    #[must_use]
    pub const fn is_budgeted(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Exclusive | Self::Unmanaged)
    }
}

/// Why a change waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeldReason {
    /// More people would lose something than the budget allows.
    ThresholdExceeded,
    /// Somebody has to say yes.
    ApprovalRequired,
    /// Too few would hold the role.
    LastAdmin,
    /// The person or account is protected.
    Protected,
    /// A leaver whom protection or the last holder keeps in.
    LeaverBlocked,
    /// No seat is left.
    SeatLimit,
    /// A vendor's trap would be stepped over.
    Cliff,
    /// Nobody can tell which account is whose.
    AmbiguousMatch,
    /// The account belonged to somebody else who left.
    IdentityReused,
    /// Somebody keeps undoing what we do.
    Contended,
    /// Too many left a directory at once.
    StaleDirectory,
    /// Somebody said no.
    Rejected,
}

impl HeldReason {
    /// The word of the contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ThresholdExceeded => "ThresholdExceeded",
            Self::ApprovalRequired => "ApprovalRequired",
            Self::LastAdmin => "LastAdmin",
            Self::Protected => "Protected",
            Self::LeaverBlocked => "LeaverBlocked",
            Self::SeatLimit => "SeatLimit",
            Self::Cliff => "Cliff",
            Self::AmbiguousMatch => "AmbiguousMatch",
            Self::IdentityReused => "IdentityReused",
            Self::Contended => "Contended",
            Self::StaleDirectory => "StaleDirectory",
            Self::Rejected => "Rejected",
        }
    }

    /// The inverse of [`HeldReason::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [
            Self::ThresholdExceeded,
            Self::ApprovalRequired,
            Self::LastAdmin,
            Self::Protected,
            Self::LeaverBlocked,
            Self::SeatLimit,
            Self::Cliff,
            Self::AmbiguousMatch,
            Self::IdentityReused,
            Self::Contended,
            Self::StaleDirectory,
            Self::Rejected,
        ];
        all.into_iter().find(|reason| reason.as_str() == word)
    }

    /// Whether an approval frees rows that are held for this.
    #[must_use]
    pub const fn yields_to_approval(self) -> bool {
        matches!(self, Self::ThresholdExceeded | Self::ApprovalRequired)
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it does.
    pub action: Action,
    /// For whom; `None` for a group itself and for accounts of nobody known.
    pub person: Option<PersonKey>,
    /// What a person reads: mail or login.
    pub label: Text,
    /// The vendor's id of the account; `None` where there is none yet.
    pub account: Option<AccountId>,
    /// In which slot.
    pub slot: Slot,
    /// The value before.
    pub from: Option<Level>,
    /// The value after.
    pub to: Option<Level>,
    /// For updates: attribute to the value before and after.
    pub attributes: BTreeMap<Text, (Option<Text>, Option<Text>)>,
    /// Why.
    pub cause: Cause,
    /// What proves it.
    pub evidence: Evidence,
    /// Whether mode and `manage` allow it.
    pub permitted: bool,
    /// Why it waits.
    pub held: Option<HeldReason>,
    /// When a settling removal will be done.
    pub due: Option<Timestamp>,
    /// How a person carries it out, where the app's interface cannot: then it is never sent.
    pub task: Option<Task>,
}

impl Change {
    /// Whether somebody loses something by it.
    #[must_use]
    pub fn is_removal(&self) -> bool {
        match self.action {
            Action::Revoke | Action::Suspend | Action::Delete => true,
            Action::Change => self.cause != Cause::Declared,
            _ => false,
        }
    }

    /// Whether somebody gains something by it.
    #[must_use]
    pub fn is_addition(&self) -> bool {
        let gains = matches!(self.action, Action::Create | Action::Invite | Action::Grant | Action::Activate);
        gains && self.person.is_some()
    }

    /// Whether its turn has come: permitted, not held, not settling, and not a matter of our books alone.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.permitted && self.held.is_none() && self.due.is_none() && self.action != Action::Adopt
    }

    /// Whether it is sent to the app now: its turn has come, and it is not a person's to carry out.
    #[must_use]
    pub fn is_to_be_sent(&self) -> bool {
        self.is_open() && self.task.is_none()
    }

    /// The task that somebody is asked to do now.
    #[must_use]
    pub fn open_task(&self) -> Option<&Task> {
        self.task.as_ref().filter(|_| self.is_open())
    }

    /// The word of the command line's contract: what it does, or `task` where a person does it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        if self.task.is_some() { "task" } else { self.action.as_str() }
    }

    /// Whether it counts as a change that is still to come: not an adoption, and permitted.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.permitted && self.action != Action::Adopt
    }

    /// Whose loss or gain it is, for budgets: the person, else the account.
    #[must_use]
    pub fn whose(&self) -> Text {
        match (&self.person, &self.account) {
            (Some(person), _) => person.canonical().into(),
            (None, Some(account)) => format!("account:{account}").into(),
            (None, None) => self.slot.to_string().into(),
        }
    }

    /// The entitlement's name as people and documents write it: a `Single` value stands in its place.
    #[must_use]
    pub fn entitlement_name(&self) -> &str {
        if self.slot.name.is_empty() && !self.slot.is_account() {
            self.to.as_ref().or(self.from.as_ref()).map_or("", |value| &**value)
        } else {
            &self.slot.name
        }
    }
}

/// The kind of a difference that no declared change explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftKind {
    /// An account of a leaver, or unknown to the directory of its domain.
    Orphan,
    /// A leaver who is only reported.
    Leaver,
    /// An account of nobody known.
    Unknown,
    /// A guest's account.
    Guest,
    /// A service account.
    Service,
    /// A declared account that exists, and `adopt` is `Never`.
    NotOwned,
    /// A member of a group whom nobody declared.
    ExtraMember,
    /// Somebody gave back by hand what we removed.
    Readded,
    /// An attribute that the app does not keep.
    Attribute,
}

impl DriftKind {
    /// The word of the contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orphan => "orphan",
            Self::Leaver => "leaver",
            Self::Unknown => "unknown",
            Self::Guest => "guest",
            Self::Service => "service",
            Self::NotOwned => "notOwned",
            Self::ExtraMember => "extraMember",
            Self::Readded => "readded",
            Self::Attribute => "attribute",
        }
    }
}

impl From<Class> for DriftKind {
    fn from(class: Class) -> Self {
        match class {
            Class::Service => Self::Service,
            Class::Guest => Self::Guest,
            Class::Orphan => Self::Orphan,
            Class::Unknown => Self::Unknown,
        }
    }
}

/// A difference that no declared change explains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    /// Its kind.
    pub kind: DriftKind,
    /// Whose, where somebody is known.
    pub person: Option<PersonKey>,
    /// The vendor's id.
    pub account: Option<AccountId>,
    /// What a person reads.
    pub label: Text,
    /// In which slot.
    pub slot: Slot,
    /// The value, where it has one.
    pub level: Option<Level>,
    /// The word of the policy that applies.
    pub policy: Option<Text>,
}
