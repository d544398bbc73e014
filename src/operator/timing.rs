//! When an app is looked at again. Pure: time and chance are parameters.

use std::time::Duration;

use jiff::Timestamp;

/// The first wait after a failure; each further one in a row doubles it, up to the interval.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// Past a boundary rather than before it: a clock's tick.
const SLACK: Duration = Duration::from_millis(20);
/// The longest time between two looks, whatever the interval.
pub(super) const LONGEST: Duration = Duration::from_hours(24);
/// The longest sleep: a clock that was set is noticed within it.
const NAP: Duration = Duration::from_hours(1);

/// What the next look depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// The time.
    pub(super) now: Timestamp,
    /// How often the app is compared.
    pub(super) interval: Duration,
    /// When something changes by itself: a window opens, a claim has settled, a suspension ends. Later than the last look
    /// began: what was open before and still is was not done, and that is for the back-off.
    pub(super) boundary: Option<Timestamp>,
    /// Failures in a row, the last pass among them.
    pub(super) failures: u32,
    /// From 0 to 1: spreads apps that were last looked at together.
    pub(super) chance: f64,
}

/// How long until the next look, unless something changes.
pub(super) fn wait(outlook: &Outlook) -> Duration {
    let spread = 0.9 + 0.2 * outlook.chance.clamp(0.0, 1.0);
    let interval = outlook.interval.min(LONGEST).mul_f64(spread);
    let after_failure = match outlook.failures {
        0 => interval,
        failures => {
            let doubled = FIRST_WAIT.saturating_mul(1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX));
            doubled.mul_f64(spread).min(interval.max(FIRST_WAIT))
        }
    };
    let until = outlook.boundary.map_or(interval, |boundary| {
        // One that passed during the look is looked at again at once.
        Duration::try_from(boundary.duration_since(outlook.now)).unwrap_or_default().saturating_add(SLACK)
    });
    after_failure.min(until).min(LONGEST)
}

/// How long to sleep before looking at the clock again, with `left` of the wait to go; `None` when it is over. A boundary
/// that the clock has reached sooner ends it.
pub(super) fn next_look(outlook: &Outlook, left: Duration, now: Timestamp) -> Option<Duration> {
    let reached = outlook.boundary.is_some_and(|boundary| outlook.now < boundary && boundary <= now);
    (!left.is_zero() && !reached).then(|| left.min(NAP))
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    const INTERVAL: Duration = crate::sync::pace::INTERVAL;

    fn outlook() -> Outlook {
        Outlook { now: Timestamp::UNIX_EPOCH, interval: INTERVAL, boundary: None, failures: 0, chance: 0.5 }
    }

    #[test]
    fn a_quiet_app_is_looked_at_once_per_interval_give_or_take_a_tenth() {
        assert_eq!(wait(&outlook()), INTERVAL);
        assert_eq!(wait(&Outlook { chance: 0.0, ..outlook() }), Duration::from_mins(9));
        assert_eq!(wait(&Outlook { chance: 1.0, ..outlook() }), Duration::from_mins(11));
    }

    #[test]
    fn a_boundary_comes_first_and_one_that_passed_during_the_look_at_once() {
        let at = |seconds: i64| Some(Timestamp::UNIX_EPOCH + seconds.seconds());
        assert_eq!(wait(&Outlook { boundary: at(3), ..outlook() }), Duration::from_secs(3) + SLACK);
        assert_eq!(wait(&Outlook { boundary: at(-3), ..outlook() }), SLACK);
        assert_eq!(wait(&Outlook { boundary: at(1_000_000), ..outlook() }), INTERVAL);
    }

    #[test]
    fn each_failure_in_a_row_doubles_the_wait_up_to_the_interval() {
        let waits = [1, 2, 3, 30, u32::MAX].map(|failures| wait(&Outlook { failures, ..outlook() }));
        let seconds = [2, 4, 8, 600, 600].map(Duration::from_secs);
        assert_eq!(waits, seconds);
    }

    #[test]
    fn an_interval_of_years_is_cut_to_a_day_and_one_of_hours_is_kept() {
        let interval = |hours| Outlook { interval: Duration::from_hours(hours), ..outlook() };
        assert!(wait(&interval(3650 * 24)) <= LONGEST);
        assert_eq!(wait(&interval(6)), Duration::from_hours(6));
    }

    #[test]
    fn a_long_wait_is_slept_by_the_hour_and_ends_when_a_clock_was_set() {
        let day = Duration::from_hours(24);
        let at = |hours: i64| Timestamp::UNIX_EPOCH + hours.hours();
        let waiting = Outlook { boundary: Some(at(20)), ..outlook() };
        assert_eq!(next_look(&waiting, day, at(1)), Some(NAP));
        assert_eq!(next_look(&waiting, Duration::from_mins(5), at(1)), Some(Duration::from_mins(5)));
        assert_eq!(next_look(&waiting, day, at(21)), None, "the clock was put forward");
        assert_eq!(next_look(&waiting, Duration::ZERO, at(1)), None);
    }
}
