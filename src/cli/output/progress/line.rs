//! What is known of work that goes on, and the one line that says it. Pure: time and width are parameters.

use std::{collections::BTreeMap, time::Duration};

use appaccess_core::access::ObjectName;

use crate::{
    http::{News, Wait},
    sync::Step,
};

/// Work that is done sooner needs no line.
pub(super) const SILENT_FOR: Duration = Duration::from_secs(2);
/// No rate is told before a phase has lasted so long.
const RATE_AFTER: Duration = Duration::from_secs(1);
/// The longest wait that is counted in seconds.
const SECONDS: u64 = 90;

/// How far one app came.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// Its client was opened, and has asked for no listing yet.
    Asking,
    Listing {
        what: &'static str,
        rows: u64,
        of: Option<u64>,
    },
    Changing {
        done: usize,
        of: usize,
    },
    ReadingBack,
}

/// The work on one app.
#[derive(Clone, Debug)]
struct App {
    phase: Phase,
    /// When the phase began.
    since: Duration,
    requests: u64,
    /// What its client waits for, and until when.
    wait: Option<(Duration, Wait)>,
}

/// Everything that the line is made of. Times count from the beginning of the work.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    what: &'static str,
    /// How many apps there are, those that have not begun among them.
    of: usize,
    apps: BTreeMap<ObjectName, App>,
    ended: usize,
    requests: u64,
}

/// How fast one phase goes on, and how much of it is left.
#[derive(Clone, Copy)]
struct Pace {
    a_second: f64,
    left: Option<Duration>,
}

impl Work {
    pub(super) fn new(what: &'static str, of: usize) -> Self {
        Self { what, of, ..Self::default() }
    }

    /// Takes a step of the work on `app` into account.
    pub(super) fn take(&mut self, app: &ObjectName, step: &Step, now: Duration) {
        if *step == Step::Ends {
            self.ended += usize::from(self.apps.remove(app).is_some());
            return;
        }
        let news = || App { phase: Phase::Asking, since: now, requests: 0, wait: None };
        let known = self.apps.entry(app.clone()).or_insert_with(news);
        match step {
            Step::Begins | Step::Ends => {}
            Step::Client(News::Sent) => {
                known.requests += 1;
                known.wait = None;
                self.requests += 1;
            }
            Step::Client(News::Waits(wait)) => known.wait = Some((now + wait.duration, wait.clone())),
            Step::Client(News::Listed { what, rows, of }) => {
                // A reading of what was changed lists, too.
                if known.phase != Phase::ReadingBack {
                    known.begin(Phase::Listing { what, rows: *rows, of: *of }, now);
                }
            }
            Step::Changing { done, of } => known.begin(Phase::Changing { done: *done, of: *of }, now),
            Step::ReadingBack => known.begin(Phase::ReadingBack, now),
        }
    }

    /// The line at `now`, within `width` columns; `None` while there is nothing worth saying.
    pub(super) fn line(&self, now: Duration, width: usize) -> Option<String> {
        if now < SILENT_FOR {
            return None;
        }
        let mut parts = Vec::new();
        let begun = self.apps.len() + self.ended;
        let total = self.of.max(begun);
        // Who waits, else who has been at it longest, is what all others are waited with for.
        let slowest = self.apps.iter().min_by_key(|(_, app)| (app.waits(now).is_none(), app.since));
        if total > 1 && begun > 0 {
            parts.push(format!("{}: {} of {total} done", self.what, self.ended));
        }
        if let Some((name, app)) = slowest {
            parts.push(format!("{name}: {}", app.words()));
            let pace = app.pace(now);
            let requests = counted(self.requests, now);
            parts.push(pace.map_or(requests, |pace| format!("{}/s", rate(pace.a_second))));
            if let Some(left) = pace.and_then(|pace| pace.left) {
                parts.push(format!("about {} left", span(left)));
            }
            if let Some(wait) = app.waits(now) {
                parts.push(wait);
            }
        } else if parts.is_empty() {
            parts.push(format!("{}…", self.what));
        }
        Some(fit(&parts, width))
    }
}

impl App {
    /// A phase that goes on keeps its beginning.
    fn begin(&mut self, phase: Phase, now: Duration) {
        let goes_on = match (&self.phase, &phase) {
            (Phase::Listing { what, rows, .. }, Phase::Listing { what: next, rows: more, .. }) => {
                what == next && more >= rows
            }
            (Phase::Changing { .. }, Phase::Changing { .. }) => true,
            _ => false,
        };
        if !goes_on {
            self.since = now;
        }
        self.phase = phase;
    }

    fn words(&self) -> String {
        match &self.phase {
            Phase::Asking if self.requests == 0 => "opening".to_owned(),
            Phase::Asking => "reading".to_owned(),
            Phase::Listing { what, rows, of: Some(of) } if of >= rows => {
                format!("reading {what}, {} of ~{}", grouped(*rows), grouped(*of))
            }
            Phase::Listing { what, rows, .. } => format!("reading {what}, {}", grouped(*rows)),
            Phase::Changing { done, of } => format!("changing, {done} of {of}"),
            Phase::ReadingBack => "reading back".to_owned(),
        }
    }

    fn pace(&self, now: Duration) -> Option<Pace> {
        let (done, of) = match &self.phase {
            Phase::Listing { rows, of, .. } => (*rows, *of),
            Phase::Changing { done, of } => {
                (u64::try_from(*done).unwrap_or(u64::MAX), Some(u64::try_from(*of).unwrap_or(u64::MAX)))
            }
            Phase::Asking | Phase::ReadingBack => return None,
        };
        let lasted = now.saturating_sub(self.since);
        if done == 0 || lasted < RATE_AFTER {
            return None;
        }
        let a_second = number(done) / lasted.as_secs_f64();
        let left = of.filter(|of| *of > done).and_then(|of| {
            let seconds = number(of - done) / a_second;
            Duration::try_from_secs_f64(seconds).ok()
        });
        Some(Pace { a_second, left })
    }

    fn waits(&self, now: Duration) -> Option<String> {
        let (until, wait) = self.wait.as_ref()?;
        let left = until.checked_sub(now).filter(|left| !left.is_zero())?;
        Some(format!("waits {} for {}: {}", span(left), wait.host, wait.why.word()))
    }
}

/// As many of the parts as fit, the first in any case; who waits is never left out for a rate.
fn fit(parts: &[String], width: usize) -> String {
    // The last column stays free: some terminals wrap when it is written.
    let room = width.saturating_sub(1).max(1);
    let mut kept: Vec<&str> = parts.iter().map(String::as_str).collect();
    while kept.join("; ").chars().count() > room && kept.len() > 1 {
        let is_wait = kept.last().is_some_and(|part| part.starts_with("waits "));
        let least = if is_wait && kept.len() > 2 { kept.len() - 2 } else { kept.len() - 1 };
        kept.remove(if is_wait && kept.len() == 2 { 0 } else { least });
    }
    let line = kept.join("; ");
    if line.chars().count() <= room {
        return line;
    }
    line.chars().take(room - 1).chain(['…']).collect()
}

fn counted(requests: u64, now: Duration) -> String {
    let what = if requests == 1 { "request" } else { "requests" };
    format!("{} {what}, {}/s", grouped(requests), rate(number(requests) / now.as_secs_f64()))
}

#[expect(clippy::cast_precision_loss, reason = "a figure for the eye")]
fn number(count: u64) -> f64 {
    count as f64
}

/// A rate with as many digits as say something.
fn rate(a_second: f64) -> String {
    if a_second < 10.0 { format!("{a_second:.1}") } else { format!("{a_second:.0}") }
}

/// A span of time as people say it, rounded up to what it is told in.
fn span(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    match seconds {
        0..=SECONDS => format!("{seconds} s"),
        _ if seconds <= 90 * 60 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
