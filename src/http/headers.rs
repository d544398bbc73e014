//! What the headers of an answer say about time and limits. Pure: the current time is a parameter.

use std::time::Duration;

use ::http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The bounds of any wait that a server may ask for.
pub(super) const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(1));

/// A number above this is a point in time, not a span: 2001 in seconds since 1970.
const EPOCH: i64 = 1_000_000_000;

/// Names under which vendors say how many calls are left: the IETF draft's, the usual one, Okta's, Toggl's.
const REMAINING: [&str; 4] =
    ["ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining", "x-toggl-quota-remaining"];

/// Names under which they say when the count starts anew.
const RESET: [&str; 4] = ["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset", "x-toggl-quota-resets-in"];

/// Names under which they say how many calls there are in all.
const LIMIT: [&str; 3] = ["ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit"];

/// What an answer says about the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Quota {
    /// Calls in all.
    pub(super) limit: Option<u32>,
    /// Calls left, never below zero.
    pub(super) remaining: Option<u32>,
    /// Until the count starts anew, within [`WAIT`].
    pub(super) resets_in: Option<Duration>,
}

impl Quota {
    pub(super) fn is_spent(self) -> bool {
        self.remaining == Some(0)
    }
}

/// The server's clock.
pub(super) fn server_date(headers: &HeaderMap) -> Option<Timestamp> {
    date(headers.get(::http::header::DATE)?.to_str().ok()?)
}

/// The length of the body as announced.
pub(super) fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(::http::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The wait of `Retry-After` (RFC 9110 section 10.2.3), within [`WAIT`]; nothing if it is missing or rubbish. Dates are
/// measured against the server's own clock where it tells it.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(::http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        // A negative number means now; one that is none is rubbish.
        let wait = Duration::try_from_secs_f64(seconds.clamp(0.0, 1e6)).unwrap_or_default();
        return seconds.is_finite().then(|| clamp(wait));
    }
    Some(until(date(value)?, server_date(headers).unwrap_or(now)))
}

/// What an answer says about the calls that are left.
pub(super) fn quota(headers: &HeaderMap, now: Timestamp) -> Quota {
    let count = |names| number(headers, names).map(|left| u32::try_from(left.max(0)).unwrap_or(u32::MAX));
    let (limit, remaining) = (count(&LIMIT), count(&REMAINING));
    let resets_in = number(headers, &RESET).and_then(|reset| {
        if reset < EPOCH {
            return Some(clamp(Duration::from_secs(u64::try_from(reset).unwrap_or_default())));
        }
        let seconds = if reset > EPOCH.saturating_mul(1000) { reset / 1000 } else { reset };
        Some(until(Timestamp::from_second(seconds).ok()?, server_date(headers).unwrap_or(now)))
    });
    Quota { limit, remaining, resets_in }
}

fn number(headers: &HeaderMap, names: &[&str]) -> Option<i64> {
    names.iter().find_map(|name| headers.get(*name)?.to_str().ok()?.trim().parse::<f64>().ok()).and_then(|value| {
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked on the same line")]
        (value.abs() < 1e15).then_some(value.floor() as i64)
    })
}

fn until(moment: Timestamp, now: Timestamp) -> Duration {
    clamp(Duration::try_from(moment.duration_since(now)).unwrap_or_default())
}

fn clamp(wait: Duration) -> Duration {
    wait.clamp(WAIT.0, WAIT.1)
}

fn date(value: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(value.trim()).ok()
}
