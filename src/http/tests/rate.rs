//! The rate budget: kept, shared, learnt.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use super::world::{CANARY, Reply, Vendor, client, send, settings, url};
use crate::http::headers::{Quota, quota, retry_after};
use crate::http::rate::{Budget, Class, Held};
use crate::http::{Auth, Client, HttpError, RateSettings, Safety, Settings};

const SECOND: Duration = Duration::from_secs(1);

/// Takes requests one after another until `until`, and gives back when each was given.
fn drain(budget: &Budget, class: Class, start: Instant, until: Duration) -> Vec<Duration> {
    let mut now = start;
    let mut given = Vec::new();
    while now - start < until {
        match budget.take(class, now) {
            Ok(()) => given.push(now - start),
            Err(Held { wait, .. }) => now += wait,
        }
    }
    given
}

#[tokio::test(start_paused = true)]
async fn no_window_ever_holds_more_than_is_permitted_and_the_limit_is_reached() {
    for (requests, seconds) in [(5, 1), (100, 15), (30, 3600), (300, 60)] {
        let per = Duration::from_secs(seconds);
        let budget = Budget::new(RateSettings::new(requests, per, None), Instant::now());
        let given = drain(&budget, Class::Write, Instant::now(), per * 50);
        let crowded = given.windows(requests as usize + 1).find(|few| few[few.len() - 1] < few[0] + per);
        assert!(crowded.is_none(), "{requests} per {seconds} s");
        assert!(given.len() >= requests as usize * 49, "{requests} per {seconds} s: {}", given.len());
    }
}

#[tokio::test(start_paused = true)]
async fn reads_never_eat_the_share_of_the_writes() {
    let now = Instant::now();
    let budget = Budget::new(RateSettings::new(100, 60 * SECOND, None), now);
    while budget.take(Class::Read, now).is_ok() {}
    let writes = (0..1000).take_while(|_| budget.take(Class::Write, now).is_ok()).count();
    assert_eq!(writes, 10);
}

#[tokio::test(start_paused = true)]
async fn reads_leave_a_tenth_of_each_hour_to_changes_however_long_they_go_on() {
    let per = 3600 * SECOND;
    let start = Instant::now();
    let budget = Budget::new(RateSettings::new(30, per, None), start);
    assert_eq!(RateSettings::new(30, per, None).kept_for_changes(), 3);
    let mut now = start;
    let mut given = Vec::new();
    // Readers that never rest; each third hour a removal comes that must not wait for them.
    for hour in 1..=30_u32 {
        let reads = drain(&budget, Class::Read, now, per);
        given.extend(reads.iter().map(|at| now - start + *at));
        now = start + per * hour;
        if hour % 3 == 0 {
            for change in 0..3 {
                assert_eq!(budget.take(Class::Write, now), Ok(()), "change {change} after hour {hour}");
            }
        }
    }
    let crowded = given.windows(28).find(|few| few[27] < few[0] + per);
    assert!(crowded.is_none(), "no hour holds more than 27 reads: {crowded:?}");
    assert!(given.len() >= 27 * 26, "{}", given.len());
}

#[tokio::test(start_paused = true)]
async fn reads_stop_at_the_share_of_the_writes_by_the_servers_own_count_too() {
    let now = Instant::now();
    let minutes = |minutes: u32| now + 60 * SECOND * minutes;
    let told = |limit, remaining| Quota { limit, remaining: Some(remaining), resets_in: Some(1800 * SECOND) };
    for (settings, limit, kept) in [
        (RateSettings::new(30, 3600 * SECOND, None), None, 3),
        (RateSettings::new(5, SECOND, None), Some(240), 24),
        (RateSettings::new(5, SECOND, None), None, 1),
    ] {
        let budget = Budget::new(settings, now);
        budget.learn(told(limit, kept + 1), now);
        assert_eq!(budget.take(Class::Read, minutes(1)), Ok(()), "one above the share");
        for later in [2, 20, 29] {
            let held = budget.take(Class::Read, minutes(later));
            assert_eq!(held, Err(Held { wait: minutes(30) - minutes(later), limit: true }), "{limit:?}");
        }
        let sent = drain(&budget, Class::Write, minutes(29), 50 * SECOND).len();
        assert_eq!(sent, kept as usize, "changes go on until nothing is left");
        assert!(budget.take(Class::Write, minutes(29) + 50 * SECOND).is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_late_does_not_bring_back_what_is_spent() {
    let now = Instant::now();
    let budget = Budget::new(RateSettings::new(100, 3600 * SECOND, None), now);
    let told = |remaining, resets_in| Quota { limit: None, remaining: Some(remaining), resets_in: Some(resets_in) };
    budget.learn(told(10, 600 * SECOND), now);
    budget.learn(told(11, 600 * SECOND), now);
    assert!(budget.take(Class::Read, now).is_err(), "ten are kept");
    budget.learn(told(90, 3600 * SECOND), now + 300 * SECOND);
    assert_eq!(budget.take(Class::Read, now + 1000 * SECOND), Ok(()), "a count that began anew");
}

#[tokio::test(start_paused = true)]
async fn the_last_quota_that_a_server_told_can_be_asked_for() {
    let reply = Reply::status(200).with("x-ratelimit-limit", 240).with("x-ratelimit-remaining", 231);
    let vendor = Vendor::replying([Reply::status(200), reply.with("x-ratelimit-reset", 1180), Reply::status(200)]);
    let client = client(&vendor);
    send(&client, Safety::Read).await.unwrap();
    assert_eq!(client.quota(), None);
    for _ in 0..2 {
        send(&client, Safety::Read).await.unwrap();
        let told = client.quota().unwrap();
        assert_eq!((told.limit, told.remaining, told.resets_at.is_some()), (Some(240), 231, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_limit_spaces_requests_and_leaves_the_hour_as_it_was() {
    let now = Instant::now();
    let hour = RateSettings::new(30, Duration::from_hours(1), None);
    let budget = Budget::new(RateSettings { spacing: SECOND, ..hour }, now);
    assert_eq!(drain(&budget, Class::Write, now, 3 * SECOND), [Duration::ZERO, SECOND, 2 * SECOND]);
    let later = now + 10 * SECOND;
    budget.limit(5 * SECOND, later);
    // Twice the spacing, but no wait of minutes for the next of thirty requests.
    assert_eq!(drain(&budget, Class::Write, later, 9 * SECOND), [5 * SECOND, 7 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_request_with_another_quota_fails_alone_and_holds_nobody_back() {
    let spent = || Reply::status(402).with("x-toggl-quota-remaining", 0).with("x-toggl-quota-resets-in", 1800);
    let vendor = Vendor::replying([spent(), Reply::status(200)]);
    let client = client(&vendor);
    let error = client.send(crate::http::Get::new(super::world::users()).apart()).await.unwrap_err();
    assert!(matches!(error, HttpError::RateLimited { wait, .. } if wait == 1800 * SECOND), "{error:?}");
    let began = Instant::now();
    assert_eq!(send(&client, Safety::Read).await.unwrap().status, 200);
    assert!(began.elapsed() < SECOND);
}

#[test]
fn a_declared_rate_has_as_many_requests_in_flight_as_it_needs() {
    for (requests, seconds, reads, writes) in [(5, 1, 3, 2), (100, 15, 4, 2), (30, 3600, 1, 1), (6000, 60, 16, 8)] {
        let rate = RateSettings::new(requests, Duration::from_secs(seconds), None);
        assert_eq!((rate.reads_in_flight, rate.writes_in_flight), (reads, writes), "{requests} per {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_bounds_what_goes_at_once() {
    let now = Instant::now();
    let budget = Budget::new(RateSettings::new(60, 60 * SECOND, Some(3)), now);
    let given = (0..100).take_while(|_| budget.take(Class::Write, now).is_ok()).count();
    assert_eq!((given, budget.take(Class::Write, now)), (3, Err(Held { wait: SECOND, limit: false })));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_was_hit_halves_the_pace_which_recovers_later() {
    let now = Instant::now();
    let budget = Budget::new(RateSettings::new(10, SECOND, None), now);
    // Four requests in flight run into it together: one lesson.
    for _ in 0..4 {
        budget.limit(2 * SECOND, now);
    }
    assert_eq!(budget.take(Class::Write, now), Err(Held { wait: 2 * SECOND, limit: true }));
    let slow = drain(&budget, Class::Write, now + 2 * SECOND, 10 * SECOND).len();
    assert!((49..=52).contains(&slow), "{slow}");
    let later = drain(&budget, Class::Write, now + 100 * SECOND, 10 * SECOND).len();
    assert!((98..=110).contains(&later), "{later}");
}

#[tokio::test(start_paused = true)]
async fn a_spent_quota_blocks_to_the_second_of_its_reset_and_leaves_the_pace_alone() {
    let now = Instant::now();
    let budget = Budget::new(RateSettings::new(30, 3600 * SECOND, None), now);
    budget.learn(Quota { remaining: Some(0), resets_in: Some(1180 * SECOND), ..Quota::default() }, now);
    assert_eq!(budget.take(Class::Write, now), Err(Held { wait: 1180 * SECOND, limit: true }));
    let reset = now + 1180 * SECOND;
    assert_eq!((0..100).take_while(|_| budget.take(Class::Write, reset).is_ok()).count(), 30);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_by_the_vendors_count_bounds_ours() {
    let now = Instant::now();
    let budget = Budget::new(RateSettings::new(100, 3600 * SECOND, None), now);
    budget.learn(Quota { remaining: Some(4), ..Quota::default() }, now);
    assert_eq!((0..100).take_while(|_| budget.take(Class::Write, now).is_ok()).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_says_payment_required_for_a_spent_quota_is_a_limit() {
    let spent = Reply::status(402).with("x-toggl-quota-remaining", 0).with("x-toggl-quota-resets-in", 1180);
    let vendor = Vendor::replying([spent]);
    let result = send(&client(&vendor), Safety::Once).await;
    assert!(matches!(result, Err(HttpError::RateLimited { wait, .. }) if wait == 1180 * SECOND), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn the_last_call_of_a_quota_is_followed_by_none() {
    let last = Reply::status(200).with("x-ratelimit-remaining", 0).with("x-ratelimit-reset", 20);
    let vendor = Vendor::replying([last, Reply::status(200)]);
    let client = client(&vendor);
    send(&client, Safety::Read).await.unwrap();
    send(&client, Safety::Read).await.unwrap();
    assert_eq!(vendor.times(), [0.0, 20.0]);
}

#[tokio::test(start_paused = true)]
async fn clients_of_one_credential_share_its_budget_and_others_do_not() {
    let vendor = Vendor::replying([Reply::status(200)]);
    let mut shared = settings(&vendor);
    shared.rate = RateSettings::new(2, 10 * SECOND, None);
    let mut other = shared.clone();
    other.auth = Auth::Bearer(format!("{CANARY}-other").into());
    let clients = [&shared, &shared, &other].map(|settings| Client::new(settings.clone()).unwrap());
    let reads = clients.iter().flat_map(|client| [send(client, Safety::Read), send(client, Safety::Read)]);
    assert!(join_all(reads).await.iter().all(Result::is_ok));
    let at_once = vendor.times().iter().filter(|at| **at < 1.0).count();
    assert_eq!((at_once, vendor.requests()), (4, 6));
}

#[tokio::test(start_paused = true)]
async fn a_limit_met_by_one_client_holds_back_the_other() {
    let vendor = Vendor::replying([Reply::status(429).with("retry-after", 9), Reply::status(200)]);
    let settings = settings(&vendor);
    let [one, other] = [Client::new(settings.clone()).unwrap(), Client::new(settings).unwrap()];
    let held = async {
        tokio::task::yield_now().await;
        send(&other, Safety::Once).await
    };
    let (first, second) = tokio::join!(send(&one, Safety::Read), held);
    assert!(first.is_ok() && second.is_ok());
    assert!(vendor.times()[1..].iter().all(|at| *at >= 9.0), "{:?}", vendor.times());
}

#[tokio::test(start_paused = true)]
async fn only_so_many_requests_are_in_flight() {
    let vendor = Vendor::slow(SECOND, [Reply::status(200)]);
    let client = client(&vendor);
    let reads = join_all((0..20).map(|_| send(&client, Safety::Read)));
    let writes = join_all((0..5).map(|_| send(&client, Safety::Once)));
    tokio::join!(reads, writes);
    assert_eq!(vendor.in_flight.lock().unwrap().1, 5, "four reads and one change");
}

#[tokio::test(start_paused = true)]
async fn a_long_run_at_the_pace_of_the_vendor_is_not_waiting() {
    let vendor = Vendor::replying([Reply::status(200)]);
    let mut settings = settings(&vendor);
    settings.rate = RateSettings::new(100, 15 * SECOND, None);
    let client = Client::new(settings).unwrap();
    let results = join_all((0..4000).map(|_| send(&client, Safety::Once))).await;
    assert!(results.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn the_port_and_host_belong_to_the_budget() {
    let vendor = Vendor::replying([Reply::status(429).with("retry-after", 3000)]);
    let here = settings(&vendor);
    let mut there = here.clone();
    there.base = url("https://eu.vendor.example/v2");
    there.hosts = crate::http::BoundHosts::of_base(&there.base);
    let here = Client::new(here).unwrap();
    assert!(send(&here, Safety::Read).await.is_err());
    assert!(send(&Client::new(there).unwrap(), Safety::Read).await.is_err());
    assert_eq!(vendor.requests(), 2, "the second was not held back by the first");
}

#[tokio::test(start_paused = true)]
async fn a_bounded_number_of_credentials_is_remembered_and_those_in_use_first() {
    let vendor = Vendor::replying([Reply::status(429).with("retry-after", 3000)]);
    let settings = settings(&vendor);
    let in_use = Client::new(settings.clone()).unwrap();
    assert!(send(&in_use, Safety::Read).await.is_err());
    for number in 0..3000 {
        let auth = Auth::Bearer(format!("{CANARY}-{number}").into());
        Client::new(Settings { auth, ..settings.clone() }).unwrap();
    }
    assert_eq!(settings.shared.remembered(), 1024);
    assert!(send(&Client::new(settings).unwrap(), Safety::Read).await.is_err());
    assert_eq!(vendor.requests(), 1, "its limit is not forgotten");
}

#[test]
fn retry_after_is_read_as_seconds_or_date_and_kept_within_a_second_and_an_hour() {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let rows = [
        ("0", Some(1)),
        ("-5", Some(1)),
        ("7", Some(7)),
        ("1.5", Some(1)),
        (" 30 ", Some(30)),
        ("86400", Some(3600)),
        ("99999999999999999999", Some(3600)),
        ("Sat, 21 Nov 2026 12:00:42 GMT", Some(42)),
        ("Sat, 21 Nov 2020 12:00:42 GMT", Some(1)),
        ("Sat, 21 Nov 2099 12:00:42 GMT", Some(3600)),
        ("soon", None),
        ("NaN", None),
        ("inf", None),
        ("", None),
    ];
    for (value, expected) in rows {
        let headers = [(::http::header::RETRY_AFTER, value.parse().unwrap())].into_iter().collect();
        assert_eq!(retry_after(&headers, now).map(|wait| wait.as_secs()), expected, "{value:?}");
    }
}

#[test]
fn dates_are_measured_by_the_servers_own_clock() {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let headers = [
        (::http::header::DATE, "Sat, 21 Nov 2026 12:10:00 GMT".parse().unwrap()),
        (::http::header::RETRY_AFTER, "Sat, 21 Nov 2026 12:10:05 GMT".parse().unwrap()),
    ];
    assert_eq!(retry_after(&headers.into_iter().collect(), now), Some(5 * SECOND));
}

#[test]
fn quotas_are_read_in_the_forms_that_vendors_use() {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let rows = [
        ("x-ratelimit-remaining", "12", "x-ratelimit-reset", "30", (Some(12), Some(30))),
        ("ratelimit-remaining", "0", "ratelimit-reset", "0", (Some(0), Some(1))),
        ("x-rate-limit-remaining", "3", "x-rate-limit-reset", "1795262460", (Some(3), Some(60))),
        ("x-ratelimit-remaining", "3", "x-ratelimit-reset", "1795262460000", (Some(3), Some(60))),
        ("x-toggl-quota-remaining", "-4", "x-toggl-quota-resets-in", "1180", (Some(0), Some(1180))),
        ("x-ratelimit-remaining", "many", "x-ratelimit-reset", "later", (None, None)),
        ("x-ratelimit-remaining", "1e300", "x-ratelimit-reset", "-1e300", (None, None)),
    ];
    for (left, remaining, until, reset, expected) in rows {
        let headers = [(left, remaining), (until, reset)]
            .map(|(name, value)| (::http::HeaderName::from_static(name), value.parse().unwrap()));
        let Quota { remaining, resets_in, .. } = quota(&headers.into_iter().collect(), now);
        assert_eq!((remaining, resets_in.map(|span| span.as_secs())), expected, "{left}");
    }
}
