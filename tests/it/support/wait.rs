//! The one place where a test may wait: for a condition, never for a time.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

/// How long a condition may take to come true. Far more than needed, for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often it is looked at.
const PERIOD: Duration = Duration::from_millis(50);

/// Looks again and again until `check` gives a value, and returns that.
///
/// # Panics
/// When two minutes were not enough; `what` completes the sentence "gave up waiting until …".
pub(crate) async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let answer = timeout_at(deadline, check()).await.ok().flatten();
        if let Some(value) = answer {
            return value;
        }
        assert!(Instant::now() < deadline, "gave up waiting until {what}");
    }
}
