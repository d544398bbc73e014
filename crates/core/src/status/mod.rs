//! A plan and its outcome become conditions and counts: the table of truth, in one place.

mod access;
mod app;
mod condition;

pub use access::{AccessSituation, AccessStatus, AccessSummary, Row, access_status};
pub use app::{AppSituation, Concern, Failure, Severity, app_conditions, counted, severity};
pub use condition::{Condition, Truth};
