//! The condition types and reasons that appear in status, and the list that holds them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// The pass did all that it is allowed to do.
pub const READY: &str = "Ready";
/// Permitted changes are under way.
pub const RECONCILING: &str = "Reconciling";
/// Only an edit of the object helps.
pub const STALLED: &str = "Stalled";
/// Nothing differs.
pub const IN_SYNC: &str = "InSync";
/// The credential is accepted.
pub const CREDENTIALS_VALID: &str = "CredentialsValid";
/// The app or directory answers.
pub const REACHABLE: &str = "Reachable";
/// The last reading was complete.
pub const READ_COMPLETE: &str = "ReadComplete";
/// Changes wait for a person.
pub const PLAN_HELD: &str = "PlanHeld";
/// The target app allows what is claimed.
pub const ACCEPTED: &str = "Accepted";
/// Every subject was found.
pub const RESOLVED: &str = "Resolved";
/// A slot is claimed with two values that the app does not order.
pub const CONFLICT: &str = "Conflict";
/// An edge ends within 14 days.
pub const EXPIRING: &str = "Expiring";
/// The app is suspended by its owner.
pub const SUSPENDED: &str = "Suspended";
/// A manual task is past its deadline.
pub const TASKS_OVERDUE: &str = "TasksOverdue";

/// The condition of that type, if there is one.
#[must_use]
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}
