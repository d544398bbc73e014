//! Which Events were published lately, so that what comes again is counted and not repeated. Does not know the cluster.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::Notice;

/// How long a matter is remembered: as long as an API server keeps an Event by default.
const MEMORY: SignedDuration = SignedDuration::from_hours(1);
/// Events of one reason about one object within that time; what comes after these counts on the last of them.
const MOST: usize = 5;

/// What was told lately, by object and reason.
#[derive(Debug, Default)]
pub(super) struct Matters {
    told: HashMap<(String, &'static str), Vec<Matter>>,
}

#[derive(Clone, Debug)]
struct Matter {
    event: String,
    note: String,
    count: u32,
    last: Timestamp,
}

/// How a notice is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// By an Event of its own.
    New,
    /// By counting on an Event that is there.
    Again {
        /// The name of the Event.
        event: String,
        /// How often it has happened by now.
        count: u32,
    },
}

impl Matters {
    /// How to tell this.
    pub(super) fn told(&mut self, uid: &str, notice: &Notice, now: Timestamp) -> Told {
        self.told.retain(|_, matters| {
            matters.retain(|matter| now.duration_since(matter.last) < MEMORY);
            !matters.is_empty()
        });
        let known = self.told.get(&(uid.to_owned(), notice.reason)).map(Vec::as_slice).unwrap_or_default();
        let same = known.iter().find(|matter| matter.note == notice.note);
        match same.or_else(|| known.last().filter(|_| known.len() >= MOST)) {
            Some(matter) => Told::Again { event: matter.event.clone(), count: matter.count.saturating_add(1) },
            None => Told::New,
        }
    }

    /// Notes that it was told by this Event.
    pub(super) fn keep(&mut self, uid: &str, notice: &Notice, event: String, now: Timestamp) {
        let matters = self.told.entry((uid.to_owned(), notice.reason)).or_default();
        if let Some(matter) = matters.iter_mut().find(|matter| matter.event == event) {
            matter.count = matter.count.saturating_add(1);
            matter.last = now;
            return;
        }
        // An Event that was made again takes the place of the one that is gone.
        matters.retain(|matter| matter.note != notice.note);
        matters.truncate(MOST - 1);
        matters.push(Matter { event, note: notice.note.clone(), count: 1, last: now });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn notice(reason: &'static str, note: String) -> Notice {
        Notice { reason, warning: true, note }
    }

    /// Tells each and returns how many Events that made, and the highest count.
    fn tell(matters: &mut Matters, notices: impl Iterator<Item = (Timestamp, Notice)>) -> (usize, u32) {
        let mut made = (0, 1);
        for (number, (now, notice)) in notices.enumerate() {
            let event = match matters.told("uid", &notice, now) {
                Told::New => {
                    made.0 += 1;
                    format!("event-{number}")
                }
                Told::Again { event, count } => {
                    made.1 = made.1.max(count);
                    event
                }
            };
            matters.keep("uid", &notice, event, now);
        }
        made
    }

    #[test]
    fn an_app_that_comes_and_goes_over_a_hundred_passes_makes_one_event_that_counts() {
        let flapping = (0..100).map(|pass| (at(pass), notice("PassFailed", "the app cannot be reached".into())));
        assert_eq!(tell(&mut Matters::default(), flapping), (1, 100));
    }

    #[test]
    fn a_matter_that_never_reads_the_same_twice_makes_five_events_and_then_counts() {
        let changing = (0..100).map(|pass| (at(pass % 50), notice("AccessGranted", format!("{pass} changes"))));
        assert_eq!(tell(&mut Matters::default(), changing), (5, 96));
    }

    #[test]
    fn other_reasons_are_other_matters_and_nothing_is_kept_for_ever() {
        let mut matters = Matters::default();
        let both = [(at(0), notice("DriftFound", "one".into())), (at(1), notice("PassFailed", "one".into()))];
        assert_eq!(tell(&mut matters, both.into_iter()).0, 2);
        assert_eq!(tell(&mut matters, std::iter::once((at(62), notice("DriftFound", "one".into())))).0, 1);
        assert_eq!(matters.told.len(), 1);
    }
}
