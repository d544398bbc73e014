//! The quota of the credential, and the arithmetic that leads to the interval, in words.

use std::time::Duration;

use super::Finding;
use crate::{
    api::TargetApp,
    http::{RateSettings, ToldQuota},
    load::Loaded,
    sync::{
        Examination,
        pace::{self, Pace, Spent},
    },
};

/// The quota of an app's credential, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How fast the credential may be used.
    pub rate: RateSettings,
    /// Requests of each window that reads leave to changes.
    pub kept: u32,
    /// Requests of a pass in which nothing has to be changed, where one was seen.
    pub reads: Option<u64>,
    /// How many target apps use the credential.
    pub sharing: u32,
    /// The shortest time between two passes, where it is known.
    pub earliest: Option<Duration>,
    /// How often the app is compared.
    pub interval: Duration,
    /// Whether its object says so.
    pub is_declared: bool,
    /// What the app itself says is left.
    pub told: Option<ToldQuota>,
}

/// The budget of an app; `None` where nothing is sent, or it did not come so far.
#[must_use]
pub fn budget(loaded: &Loaded, examination: &Examination, app: &TargetApp) -> Option<Budget> {
    let rate = examination.rate?;
    let sharing = pace::sharing(loaded, &examination.app);
    let spent = examination.quiet_reads.map(|reads| Spent { rate, reads, quiet: true });
    Some(Budget {
        rate,
        kept: rate.kept_for_changes(),
        reads: examination.quiet_reads,
        sharing,
        earliest: examination.quiet_reads.map(|reads| pace::pace(rate, reads, sharing).earliest),
        interval: pace::interval(&app.spec, spent, sharing),
        is_declared: app.spec.interval.is_some(),
        told: examination.quota,
    })
}

pub(super) fn findings(loaded: &Loaded, examination: &Examination, app: Option<&TargetApp>) -> Vec<Finding> {
    let Some(budget) = app.and_then(|app| budget(loaded, examination, app)) else { return Vec::new() };
    let mut findings = vec![interval(&budget)];
    findings.extend(told(&budget));
    findings
}

fn interval(budget: &Budget) -> Finding {
    let what = sentence(budget);
    let Some(Pace { earliest, interval }) = budget.reads.map(|reads| pace::pace(budget.rate, reads, budget.sharing))
    else {
        return Finding::note("Quota", what);
    };
    if budget.interval < earliest {
        let finding = Finding::warning("Quota", what)
            .because("reads will wait for the budget, so that the app is compared later than its object says");
        return finding.remedied_by(format!("let `interval` be {} or more, or leave it out", span(interval)));
    }
    Finding::good("Quota", what)
}

/// `30 calls per hour, 3 kept for changes; a quiet pass takes 3 reads: every 7 min at the earliest; interval 14 min`.
fn sentence(budget: &Budget) -> String {
    let Budget { rate, kept, reads, sharing, earliest, interval, is_declared, .. } = budget;
    let per = match rate.per.as_secs() {
        1 => "second".to_owned(),
        60 => "minute".to_owned(),
        3600 => "hour".to_owned(),
        _ => span(rate.per),
    };
    let mut text = format!("{} calls per {per}, {kept} kept for changes", rate.requests);
    if let (Some(reads), Some(earliest)) = (reads, earliest) {
        let noun = if *reads == 1 { "read" } else { "reads" };
        text = format!("{text}; a quiet pass takes {reads} {noun}");
        if *sharing > 1 {
            text = format!("{text}, and {sharing} target apps share the credential");
        }
        text = format!("{text}: every {} at the earliest", span(*earliest));
    }
    let origin = if *is_declared { " as declared" } else { "" };
    format!("{text}; interval {}{origin}", span(*interval))
}

/// What the app itself says.
fn told(budget: &Budget) -> Option<Finding> {
    let ToldQuota { limit, remaining, resets_at } = budget.told?;
    let of = limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    let until = resets_at.map(|at| format!(" until {:.0}", at.round(jiff::Unit::Second).unwrap_or(at)));
    let what = format!("the app says that {remaining}{of} calls are left{}", until.unwrap_or_default());
    Some(if remaining <= budget.kept {
        let finding = Finding::warning("QuotaLeft", what);
        finding.because("reads wait until the count starts anew; changes go on with what is kept for them")
    } else {
        Finding::good("QuotaLeft", what)
    })
}

/// A span as people say it, rounded up: `40 s`, `7 min`, `1 h 30 min`.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds.div_ceil(60)),
        _ => {
            let minutes = seconds.div_ceil(60);
            if minutes.is_multiple_of(60) {
                format!("{} h", minutes / 60)
            } else {
                format!("{} h {} min", minutes / 60, minutes % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    fn toggl(reads: u64, declared: Option<Duration>) -> Budget {
        let rate = RateSettings::new(30, Duration::from_hours(1), None);
        let Pace { earliest, interval } = pace::pace(rate, reads, 1);
        Budget {
            rate,
            kept: rate.kept_for_changes(),
            reads: Some(reads),
            sharing: 1,
            earliest: Some(earliest),
            interval: declared.unwrap_or(interval),
            is_declared: declared.is_some(),
            told: None,
        }
    }

    #[test]
    fn the_arithmetic_of_the_interval_is_told_in_words() {
        assert_eq!(
            sentence(&toggl(4, None)),
            "30 calls per hour, 3 kept for changes; a quiet pass takes 4 reads: every 9 min at the earliest; interval \
             18 min"
        );
        let shared = Budget { sharing: 2, reads: None, earliest: None, ..toggl(1, Some(Duration::from_mins(90))) };
        assert_eq!(sentence(&shared), "30 calls per hour, 3 kept for changes; interval 1 h 30 min as declared");
    }

    #[test]
    fn an_interval_that_the_budget_cannot_keep_is_a_warning() {
        assert_eq!(interval(&toggl(4, None)).severity, Severity::Good);
        let hasty = interval(&toggl(4, Some(Duration::from_mins(1))));
        assert_eq!(hasty.severity, Severity::Warning);
        assert!(hasty.remedy.contains("18 min"), "{hasty:?}");
    }

    #[test]
    fn what_the_app_says_is_left_is_told_and_a_spent_share_is_a_warning() {
        let resets_at = "2026-11-21T12:30:00.7Z".parse().ok();
        let quota =
            |remaining| Budget { told: Some(ToldQuota { limit: Some(30), remaining, resets_at }), ..toggl(3, None) };
        let left = told(&quota(12)).unwrap();
        assert_eq!(left.severity, Severity::Good);
        assert_eq!(left.what, "the app says that 12 of 30 calls are left until 2026-11-21T12:30:01Z");
        assert_eq!(told(&quota(3)).unwrap().severity, Severity::Warning);
        assert_eq!(told(&toggl(3, None)), None);
    }
}
