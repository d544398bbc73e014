//! The words of the domain and their canonical keys.

mod account;
mod capability;
mod claim;
mod mail;
mod memory;
mod money;
mod name;
mod person;
mod policy;
mod slot;

pub use account::{AccountId, AccountState, Completeness, Finding, LookUp, Observation, ObservedAccount, Seats};
pub use capability::{ByHand, Capabilities, Cliff, EntitlementKind, LoginSource, Provisioning, Shape};
pub use claim::{Claim, ClaimName, Evidence};
pub use mail::{Mail, MailError};
pub use memory::{
    AccountHold, Decision, Directive, Memory, OpenTask, Origin, OwnedEdge, RecordedHold, RemovalRecord, SeenClaim,
    Tombstone, WithdrawnClaim,
};
pub use money::{Amount, Period};
pub use name::{NameError, ObjectName};
pub use person::{Person, PersonKey, PersonName};
pub use policy::{
    Adopt, Allow, AppPolicy, Budget, Class, Classify, KeepAtLeast, Manage, Mode, NeedsApproval, Offboarding,
    OffboardingRule, Ownership, PeopleScope, Pricing, RemovalAction, RoleOrder, Safety, SlotPattern, Unmanaged,
    UnmanagedAction, UnmanagedRule,
};
pub use slot::{Edge, Level, Slot};

/// Shared immutable text: names are repeated in thousands of edges and cloned often.
pub type Text = std::sync::Arc<str>;
