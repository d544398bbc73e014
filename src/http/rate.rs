//! The rate budget of one credential. Time is a parameter, so that the same calls always give the same waits.
//!
//! Not `governor`: its buckets can neither be paused nor lowered by what a server says, and keep no share for writes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::headers::Quota;

/// One part in this many is kept for writes, so that no reading delays a removal.
const WRITE_SHARE: u32 = 10;

/// From so many requests on, at least one is kept.
const FEWEST_SHARED: u32 = 5;

/// Windows shorter than this keep no share for writes: the wait for the next one is not worth it.
const SHORT_WINDOW: Duration = Duration::from_secs(10);

/// Ends of a window that are so near to each other are the same end, told twice.
const SAME_END: Duration = Duration::from_secs(2);

/// After a limit was hit the pace is halved, and doubled again after this long without one.
const RECOVERY: Duration = Duration::from_mins(1);

/// The pace is never lowered below this part of the declared one.
const SLOWEST: f64 = 1.0 / 16.0;

/// The most requests that a window remembers; a faster declared rate is held by its bucket alone.
const WINDOW: u32 = 10_000;

/// How fast a credential may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateSettings {
    /// Requests in each `per`; at least 1 is assumed.
    pub requests: u32,
    /// The window of `requests`; at least 1 ms is assumed.
    pub per: Duration,
    /// How many may go at once; at least 1 is assumed.
    pub burst: u32,
    /// Reads in flight at once.
    pub reads_in_flight: usize,
    /// Changes in flight at once.
    pub writes_in_flight: usize,
    /// The least time between two requests, for vendors that have a short limit beside a long one; zero for none.
    pub spacing: Duration,
}

impl RateSettings {
    /// A rate as it is declared (`rateLimit`); a missing burst is all that one window permits. As many requests are in
    /// flight as reach that rate with answers in half a second for reads, in a quarter for changes.
    #[must_use]
    pub fn new(requests: u32, per: Duration, burst: Option<u32>) -> Self {
        let milliseconds = per.as_millis().max(1);
        let within = |answer: u128, most: u128| {
            let places = (u128::from(requests) * answer).div_ceil(milliseconds).clamp(1, most);
            usize::try_from(places).unwrap_or(1)
        };
        let (reads_in_flight, writes_in_flight) = (within(500, 16), within(250, 8));
        Self {
            requests,
            per,
            burst: burst.unwrap_or(requests),
            reads_in_flight,
            writes_in_flight,
            spacing: Duration::ZERO,
        }
    }

    /// How many requests of each window reads never take: they are kept for changes.
    #[must_use]
    pub fn kept_for_changes(&self) -> u32 {
        kept(self.requests, self.per)
    }
}

/// The share of the writes in a window: the one place that says so.
fn kept(requests: u32, window: Duration) -> u32 {
    if window < SHORT_WINDOW { 0 } else { (requests / WRITE_SHARE).max(u32::from(requests >= FEWEST_SHARED)) }
}

impl Default for RateSettings {
    /// What nearly every vendor bears: five requests a second, four reads and one change at a time.
    fn default() -> Self {
        Self {
            requests: 5,
            per: Duration::from_secs(1),
            burst: 5,
            reads_in_flight: 4,
            writes_in_flight: 1,
            spacing: Duration::ZERO,
        }
    }
}

/// Which share a request is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Read,
    Write,
}

/// Not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// How long until it is worth asking again.
    pub(super) wait: Duration,
    /// Whether the server's limit holds it, and not our own pace.
    pub(super) limit: bool,
}

/// The budget, shared by all clients of a credential.
pub(super) struct Budget {
    state: Mutex<State>,
}

/// A count of the server that still runs.
#[derive(Clone, Copy)]
struct Told {
    remaining: u32,
    /// How many of them reads leave.
    kept: u32,
    /// When the count starts anew.
    until: Instant,
}

struct State {
    settings: RateSettings,
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    tokens: f64,
    refilled: Instant,
    /// Part of the declared pace that is used, lowered when a limit is hit.
    pace: f64,
    limited: Option<Instant>,
    blocked: Option<Instant>,
    /// When the server said that its count starts anew, after a count of zero.
    renews: Option<Instant>,
    /// What the server said that is left, less what was sent since.
    told: Option<Told>,
    /// When the requests of the last window were sent.
    sent: VecDeque<Instant>,
    /// When the last request was sent.
    last: Option<Instant>,
}

impl Budget {
    pub(super) fn new(settings: RateSettings, now: Instant) -> Self {
        let state = State {
            reads: semaphore(settings.reads_in_flight),
            writes: semaphore(settings.writes_in_flight),
            tokens: f64::from(settings.burst.max(1)),
            settings,
            refilled: now,
            pace: 1.0,
            limited: None,
            blocked: None,
            renews: None,
            told: None,
            sent: VecDeque::new(),
            last: None,
        };
        Self { state: Mutex::new(state) }
    }

    /// Takes over newer settings; what was learnt stays.
    pub(super) fn configure(&self, settings: RateSettings) {
        let mut state = self.state();
        if settings.reads_in_flight != state.settings.reads_in_flight {
            state.reads = semaphore(settings.reads_in_flight);
        }
        if settings.writes_in_flight != state.settings.writes_in_flight {
            state.writes = semaphore(settings.writes_in_flight);
        }
        state.settings = settings;
    }

    /// Waits for one of the places in flight, held until it is dropped. The semaphores are never closed.
    pub(super) async fn place(&self, class: Class) -> Option<OwnedSemaphorePermit> {
        let places = {
            let state = self.state();
            Arc::clone(if class == Class::Read { &state.reads } else { &state.writes })
        };
        places.acquire_owned().await.ok()
    }

    /// Takes one request from the budget, or says how long to wait before asking again.
    pub(super) fn take(&self, class: Class, now: Instant) -> Result<(), Held> {
        let mut state = self.state();
        state.wait(class, now)?;
        state.tokens -= 1.0;
        state.sent.push_back(now);
        if let Some(told) = &mut state.told {
            told.remaining = told.remaining.saturating_sub(1);
        }
        state.last = Some(now);
        Ok(())
    }

    /// Takes note of what an answer said. It only ever slows us down.
    pub(super) fn learn(&self, quota: Quota, now: Instant) {
        let mut state = self.state();
        let Some(remaining) = quota.remaining else { return };
        state.refill(now);
        state.tokens = state.tokens.min(f64::from(remaining));
        let Some(resets_in) = quota.resets_in else { return };
        state.hear(quota.limit, remaining, now + resets_in, resets_in);
        if remaining == 0 {
            state.block(now + resets_in);
            state.renews = state.blocked;
        }
    }

    /// A limit was hit that we did not know of: everybody waits, then goes on at half the pace. Where requests are spaced it
    /// was the short limit, and the long one stays as it was.
    pub(super) fn limit(&self, wait: Duration, now: Instant) {
        let mut state = self.state();
        // The other requests in flight run into the same limit; that is one lesson, not several.
        if state.limited.is_none_or(|last| last + Duration::from_secs(1) <= now) {
            state.refill(now);
            state.pace = (state.pace / 2.0).max(SLOWEST);
            state.limited = Some(now);
        }
        state.block(now + wait);
        if state.is_spaced() {
            return;
        }
        // The wait fills no bucket: a burst right after it would meet the same limit.
        state.tokens = state.tokens.min(1.0);
        state.refilled = state.blocked.unwrap_or(now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait(&mut self, class: Class, now: Instant) -> Result<(), Held> {
        if self.renews.is_some_and(|renews| renews <= now) {
            self.renews = None;
            self.tokens = f64::from(self.settings.burst.max(1));
            self.sent.clear();
        }
        self.refill(now);
        let blocked = self.blocked.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        if !blocked.is_zero() {
            return Err(Held { wait: blocked, limit: true });
        }
        let told = self.told_wait(class, now);
        if !told.is_zero() {
            return Err(Held { wait: told, limit: true });
        }
        let wait = self.bucket_wait(class).max(self.window_wait(class, now)).max(self.spacing_wait(now));
        if wait.is_zero() { Ok(()) } else { Err(Held { wait, limit: false }) }
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.refilled).as_secs_f64();
        self.refilled = self.refilled.max(now);
        let burst = f64::from(self.settings.burst.max(1));
        self.tokens = (self.tokens + elapsed * self.per_second()).min(burst);
        while self.pace < 1.0
            && let Some(limited) = self.limited
            && limited + RECOVERY <= now
        {
            self.pace = (self.pace * 2.0).min(1.0);
            self.limited = Some(limited + RECOVERY);
        }
    }

    fn per_second(&self) -> f64 {
        let per = self.settings.per.max(Duration::from_millis(1)).as_secs_f64();
        let pace = if self.is_spaced() { 1.0 } else { self.pace };
        f64::from(self.settings.requests.max(1)) / per * pace
    }

    fn is_spaced(&self) -> bool {
        !self.settings.spacing.is_zero()
    }

    /// Until the last request is long enough ago.
    fn spacing_wait(&self, now: Instant) -> Duration {
        let Some(last) = self.last.filter(|_| self.is_spaced()) else { return Duration::ZERO };
        (last + self.settings.spacing.div_f64(self.pace)).saturating_duration_since(now)
    }

    /// Takes note of a count of the server. Within one count what is left only falls: answers may overtake each other.
    fn hear(&mut self, limit: Option<u32>, remaining: u32, until: Instant, resets_in: Duration) {
        let same = self.told.filter(|told| until <= told.until + SAME_END && told.until <= until + SAME_END);
        let remaining = same.map_or(remaining, |told| told.remaining.min(remaining));
        let kept = kept(limit.unwrap_or(self.settings.requests), resets_in);
        self.told = Some(Told { remaining, kept, until });
    }

    /// Until the server's count starts anew, where what it left is spent, or for reads is the share of the writes.
    fn told_wait(&mut self, class: Class, now: Instant) -> Duration {
        let Some(told) = self.told else { return Duration::ZERO };
        if told.until <= now {
            self.told = None;
            return Duration::ZERO;
        }
        let kept = if class == Class::Read { told.kept } else { 0 };
        if told.remaining > kept { Duration::ZERO } else { told.until.saturating_duration_since(now) }
    }

    /// Until the bucket holds a request for this class. Reads leave the share of the writes in it.
    fn bucket_wait(&self, class: Class) -> Duration {
        let kept = if class == Class::Read { self.settings.kept_for_changes().min(self.settings.burst / 2) } else { 0 };
        let missing = 1.0 + f64::from(kept) - self.tokens;
        // Rounding must never leave a wait too short to measure.
        if missing <= 1e-6 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(missing / self.per_second()).unwrap_or(Duration::MAX).max(Duration::from_millis(1))
    }

    /// Until fewer than the permitted requests lie within one window, whatever the bucket has refilled meanwhile. The
    /// window is a hundredth longer than declared, as requests do not arrive as evenly as they are sent.
    fn window_wait(&mut self, class: Class, now: Instant) -> Duration {
        let RateSettings { requests, per, .. } = self.settings;
        let requests = requests.max(1);
        if requests > WINDOW {
            self.sent.clear();
            return Duration::ZERO;
        }
        let window = per + per / 100;
        while self.sent.front().is_some_and(|&sent| sent + window <= now) {
            self.sent.pop_front();
        }
        let kept = if class == Class::Read { kept(requests, per) } else { 0 };
        let permitted = requests.saturating_sub(kept).max(1) as usize;
        let Some(excess) = self.sent.len().checked_sub(permitted) else { return Duration::ZERO };
        self.sent.get(excess).map_or(Duration::ZERO, |&sent| (sent + window).saturating_duration_since(now))
    }

    fn block(&mut self, until: Instant) {
        self.blocked = Some(self.blocked.map_or(until, |blocked| blocked.max(until)));
    }
}

fn semaphore(places: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(places.clamp(1, 1024)))
}
