//! How often an app can be compared within its rate budget. Pure: it knows no clock and sends nothing.

use std::time::Duration;

use appaccess_core::access::ObjectName;

use super::Report;
use crate::{
    api::{TargetApp, TargetAppSpec},
    http::RateSettings,
    load::Loaded,
};

/// How often an app is compared that does not say and whose budget is ample.
pub const INTERVAL: Duration = Duration::from_mins(10);
/// However small the budget is, an app is compared this often.
pub const LONGEST: Duration = Duration::from_hours(24);
/// Reads of quiet passes take one part in this many of what is not kept for changes: the rest is for a pass that has to
/// ask more, and for people who plan beside it.
const READ_PART: u32 = 2;

/// What a pass took, as far as it tells how often there can be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// How fast the credential may be used.
    pub rate: RateSettings,
    /// Requests of the pass that only read.
    pub reads: u64,
    /// Whether it sent no change, so that the next is likely to take the same.
    pub quiet: bool,
}

impl Spent {
    /// What a pass took; `None` where nothing is ever sent.
    #[must_use]
    pub fn of(report: &Report) -> Option<Self> {
        let Report { rate, calls, .. } = report;
        Some(Self { rate: (*rate)?, reads: calls.reads, quiet: calls.writes == 0 })
    }

    /// What is known after a further pass: a quiet one tells best.
    #[must_use]
    pub fn after(known: Option<Self>, news: Option<Self>) -> Option<Self> {
        let Some(news) = news else { return known };
        let reads = match known {
            Some(known) if known.quiet && !news.quiet => return Some(Self { rate: news.rate, ..known }),
            _ => news.reads,
        };
        Some(Self { reads, ..news })
    }
}

/// What the budget comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The shortest time between two passes if reads took all that is not kept for changes.
    pub earliest: Duration,
    /// The interval: reads take half of that, in whole minutes, within [`INTERVAL`] and [`LONGEST`].
    pub interval: Duration,
}

/// The pace of an app whose quiet pass takes `reads` requests, where `sharing` target apps, itself among them, use the
/// same credential.
#[must_use]
pub fn pace(rate: RateSettings, reads: u64, sharing: u32) -> Pace {
    let free = rate.requests.saturating_sub(rate.kept_for_changes()).max(1);
    let reads = u32::try_from(reads).unwrap_or(u32::MAX).saturating_mul(sharing.max(1));
    let times = |times: u32| rate.per.saturating_mul(reads.saturating_mul(times)).checked_div(free).unwrap_or_default();
    let minutes = times(READ_PART).as_secs_f64() / 60.0;
    // A cast of a float ends at the largest number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never below zero, and cut at the end")]
    let whole = Duration::from_secs((minutes.ceil() as u64).saturating_mul(60));
    Pace { earliest: times(1), interval: whole.clamp(INTERVAL, LONGEST) }
}

/// How often an app is compared: as its object says, else as its budget permits.
#[must_use]
pub fn interval(spec: &TargetAppSpec, spent: Option<Spent>, sharing: u32) -> Duration {
    match (spec.interval, spent) {
        (Some(interval), _) => interval.to_std(),
        (None, Some(Spent { rate, reads, .. })) => pace(rate, reads, sharing).interval,
        (None, None) => INTERVAL,
    }
}

/// How many target apps use the credential of `app`, as far as the objects tell: the same Secret with the same connector.
#[must_use]
pub fn sharing(loaded: &Loaded, app: &ObjectName) -> u32 {
    let credential = |name: &ObjectName, app: &TargetApp| {
        let secret = app.spec.credentials.as_ref()?.secret_ref.name.clone();
        Some((name.namespace.clone(), secret, app.spec.connector.name()))
    };
    let Some(own) = loaded.target_apps.get(app).and_then(|located| credential(app, &located.object)) else { return 1 };
    let same = loaded.target_apps.iter().filter(|(name, located)| {
        !located.object.spec.suspend && credential(name, &located.object).as_ref() == Some(&own)
    });
    u32::try_from(same.count()).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::load::files;

    const HOUR: Duration = Duration::from_hours(1);

    fn per_hour(requests: u32) -> RateSettings {
        RateSettings::new(requests, HOUR, None)
    }

    fn minutes(rate: RateSettings, reads: u64, sharing: u32) -> u64 {
        pace(rate, reads, sharing).interval.as_secs() / 60
    }

    #[test]
    fn thirty_calls_an_hour_give_three_reads_every_fourteen_minutes() {
        // 27 of 30 are not kept for changes; half of them are 4.5 passes of three reads.
        assert_eq!(minutes(per_hour(30), 3, 1), 14);
        assert_eq!(pace(per_hour(30), 3, 1).earliest, HOUR / 9);
        assert_eq!(minutes(per_hour(30), 4, 1), 18);
        assert_eq!(minutes(per_hour(30), 3, 4), 54, "four workspaces of one credential");
    }

    #[test]
    fn an_ample_budget_is_no_reason_to_ask_more_often() {
        assert_eq!(pace(RateSettings::default(), 3, 1).interval, INTERVAL);
        assert_eq!(pace(per_hour(600), 3, 1).interval, INTERVAL);
        assert_eq!(pace(per_hour(30), 0, 1).interval, INTERVAL);
    }

    #[test]
    fn a_large_app_on_a_small_budget_is_compared_once_a_day_at_least() {
        assert_eq!(pace(per_hour(30), 5000, 1).interval, LONGEST);
        assert_eq!(pace(per_hour(0), u64::MAX, u32::MAX).interval, LONGEST);
        assert_eq!(pace(RateSettings::new(1, Duration::MAX, None), 7, 7).interval, LONGEST);
    }

    #[test]
    fn reads_of_quiet_passes_leave_half_of_what_is_not_kept_for_changes() {
        for requests in [1, 4, 9, 10, 30, 240, 600] {
            for reads in [1, 2, 3, 7, 40, 200] {
                let rate = per_hour(requests);
                let Pace { earliest, interval } = pace(rate, reads, 1);
                let passes = 24.0 * 3600.0 / interval.as_secs_f64();
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                let used = passes * reads as f64 / 24.0;
                let free = f64::from(requests.saturating_sub(rate.kept_for_changes()));
                assert!(used <= free / 2.0 + 1e-9 || interval == LONGEST, "{requests} {reads}: {used} of {free}");
                assert!(earliest <= interval || interval == LONGEST);
            }
        }
    }

    #[test]
    fn a_pass_that_changed_something_does_not_hide_what_a_quiet_one_takes() {
        let spent = |reads, quiet| Some(Spent { rate: per_hour(30), reads, quiet });
        let known = Spent::after(None, spent(9, false));
        assert_eq!(known, spent(9, false), "better than nothing");
        let known = Spent::after(known, spent(3, true));
        assert_eq!(known, spent(3, true));
        assert_eq!(Spent::after(known, spent(12, false)), spent(3, true));
        assert_eq!(Spent::after(known, None), known, "a pass that failed says nothing");
    }

    #[test]
    fn target_apps_of_one_secret_share_its_budget() {
        let app = |name: &str, secret: &str, further: &str| {
            format!(
                "---\napiVersion: appaccess.dev/v1alpha1\nkind: TargetApp\nmetadata: {{name: {name}, namespace: it}}\n\
                 spec: {{connector: {{toggl: {{organizationId: \"{}\"}}}}, credentials: {{secretRef: {{name: {secret}}}}}{further}}}\n",
                name.len()
            )
        };
        let text = [
            app("one", "toggl", ""),
            app("three", "toggl", ", interval: 20m"),
            app("suspended", "toggl", ", suspend: true"),
            app("other", "else", ""),
        ];
        let text = text.concat();
        let loaded = files::read_with(&["-".into()], || Cursor::new(text.clone())).unwrap();
        assert_eq!(loaded.problems, []);
        let name = |name: &str| ObjectName::new("it", name);
        assert_eq!(["one", "three", "other", "none"].map(|app| sharing(&loaded, &name(app))), [2, 2, 1, 1]);
        let spec = |app: &str| &loaded.target_apps[&name(app)].object.spec;
        let spent = Some(Spent { rate: per_hour(30), reads: 3, quiet: true });
        assert_eq!(interval(spec("three"), spent, 2), Duration::from_mins(20), "as it is declared");
        assert_eq!(interval(spec("one"), spent, 2), Duration::from_mins(27));
        assert_eq!(interval(spec("one"), None, 1), INTERVAL);
    }
}
