//! What happened to one change.

/// What happened to one change, verified by reading back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and the app shows it.
    Applied,
    /// Sent, and the app does not show it yet.
    Unverified,
    /// Not done.
    Failed {
        /// A CamelCase word.
        reason: String,
        /// What happened, for people.
        message: String,
    },
    /// What it depends on failed, or a stop was asked.
    Skipped,
    /// It waits for a decision.
    Held,
    /// It settles, or is not permitted, or its turn has not come.
    Pending,
}

impl Outcome {
    /// The word of the contract.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unverified => "unverified",
            Self::Failed { .. } => "failed",
            Self::Skipped => "skipped",
            Self::Held => "held",
            Self::Pending => "pending",
        }
    }
}
