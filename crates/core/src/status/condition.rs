//! One condition, as every kind carries it.

use crate::access::Text;

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It is so.
    True,
    /// It is not so.
    False,
    /// Nobody can tell.
    Unknown,
}

impl Truth {
    /// The word of Kubernetes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}

/// A condition without the times: those belong to whoever writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its type, for example `Ready`.
    pub kind: &'static str,
    /// Whether it is so.
    pub status: Truth,
    /// A CamelCase word, stable.
    pub reason: Text,
    /// What happened, on what, and what next.
    pub message: String,
}

impl Condition {
    /// A condition from its parts.
    #[must_use]
    pub fn new(kind: &'static str, status: impl Into<Truth>, reason: &str, message: impl Into<String>) -> Self {
        Self { kind, status: status.into(), reason: reason.into(), message: message.into() }
    }
}
