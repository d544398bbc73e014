//! Which outcomes are worth another try, as pure functions of what was seen. Knows no clock and no client.

use std::time::Duration;

use super::headers::Quota;
use super::request::Safety;
use super::transport::FailureKind;

/// The first back-off of a fault is at most this long; it doubles with each attempt.
const FIRST: Duration = Duration::from_millis(500);

/// No back-off that we choose ourselves is longer.
const LONGEST: Duration = Duration::from_mins(1);

/// What became of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// A whole answer.
    Status {
        /// Its code.
        code: u16,
        /// The wait that it asks for, if it asks for one that can be read.
        retry_after: Option<Duration>,
        /// What it says about the calls that are left.
        quota: Quota,
    },
    /// No answer.
    Failed(FailureKind),
    /// A success with a body past the limit.
    TooLarge,
}

impl Seen {
    /// The wait that an answer asks for.
    pub(super) fn retry_after(self) -> Option<Duration> {
        if let Self::Status { retry_after, .. } = self { retry_after } else { None }
    }

    /// What an answer says about the calls that are left.
    pub(super) fn quota(self) -> Quota {
        if let Self::Status { quota, .. } = self { quota } else { Quota::default() }
    }
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Definite: hand it to the caller.
    Answer,
    /// Refused before processing, by a limit: the whole credential waits, then again.
    Limited,
    /// Certainly not processed, and it may pass: again.
    Again,
    /// It may pass, but this attempt may have done something: again, and remember that.
    AgainAmbiguous,
    /// Definite: no further attempt, nothing was done.
    Refused,
    /// No further attempt; for a change nobody knows whether it was done.
    Lost,
}

/// Judges one attempt.
pub(super) fn judge(safety: Safety, seen: Seen) -> Verdict {
    match seen {
        Seen::Status { code, retry_after, quota } => {
            judge_status(safety, code, retry_after.is_some(), quota.is_spent())
        }
        Seen::Failed(FailureKind::NotSent) => Verdict::Again,
        Seen::Failed(FailureKind::Certificate | FailureKind::AddressRefused) => Verdict::Refused,
        Seen::Failed(FailureKind::Lost | FailureKind::TimedOut) if safety == Safety::Read => Verdict::Again,
        Seen::Failed(FailureKind::Lost | FailureKind::TimedOut) | Seen::TooLarge => Verdict::Lost,
    }
}

fn judge_status(safety: Safety, code: u16, asks_to_wait: bool, quota_spent: bool) -> Verdict {
    match (code, safety) {
        (429, _) => Verdict::Limited,
        // Payment required is how Toggl says that the hour's quota is spent.
        (402, _) if quota_spent => Verdict::Limited,
        (503, _) if asks_to_wait => Verdict::Limited,
        // 302 and 303 are how some servers answer a form that they did process.
        (302 | 303, Safety::Idempotent | Safety::Once) => Verdict::Lost,
        (304 | 501, _) => Verdict::Answer,
        (300..=399 | 403, _) => Verdict::Refused,
        (408 | 502 | 504, Safety::Idempotent) => Verdict::AgainAmbiguous,
        (503, Safety::Idempotent) | (408 | 500.., Safety::Read) => Verdict::Again,
        (408 | 500.., Safety::Idempotent | Safety::Once) => Verdict::Lost,
        _ => Verdict::Answer,
    }
}

/// Full jitter: anything between nothing and a ceiling that doubles with each attempt. `random` is spread over all
/// of `u64`; `attempt` begins at 1.
pub(super) fn back_off(attempt: u32, random: u64) -> Duration {
    let ceiling = FIRST.saturating_mul(1_u32 << attempt.saturating_sub(1).min(16)).min(LONGEST);
    let milliseconds = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(random % (milliseconds + 1))
}

/// A number that nobody needs to guess, so as not to carry a generator for it: the seed of a hasher.
pub(super) fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
