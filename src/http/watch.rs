//! What somebody who watches is told of a client at work. Decides nothing, and costs nothing where nobody listens.

use std::{fmt, sync::Arc, time::Duration};

/// A wait that a client is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The host of the base URL.
    pub host: String,
    /// How long.
    pub duration: Duration,
    /// Why.
    pub why: Why,
}

/// Why a client waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The server asked for it, by 429 or by what it said of its quota.
    Limited,
    /// To stay below the limit of the credential.
    Pace,
    /// The server could not be reached or could not answer.
    Retry,
}

impl Why {
    /// In words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Limited => "asked to slow down (429)",
            Self::Pace => "keeps below its rate limit",
            Self::Retry => "tries again",
        }
    }
}

/// A piece of news of a client at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A request leaves.
    Sent,
    /// A wait of a second or more begins.
    Waits(Wait),
    /// So much of a listing was read.
    Listed {
        /// What is listed: `users`, `groups`.
        what: &'static str,
        /// Rows so far.
        rows: u64,
        /// Rows in all, where the app told.
        of: Option<u64>,
    },
}

type Listener = Arc<dyn Fn(&News) + Send + Sync>;

/// Who watches; nobody by default.
#[derive(Clone, Default)]
pub struct Watch(Option<Listener>);

impl Watch {
    /// Tells everything to `listener`, which must not block.
    #[must_use]
    pub fn by(listener: impl Fn(&News) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Tells what `news` makes, where somebody listens.
    pub fn tell(&self, news: impl FnOnce() -> News) {
        if let Some(listener) = &self.0 {
            listener(&news());
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Watch").field(&self.0.is_some()).finish()
    }
}
