//! The line at every stage of the work and at every width.

use super::*;
use crate::http::Why;

const WIDE: usize = 200;

fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn app(name: &str) -> ObjectName {
    ObjectName::new("studio", name)
}

fn listed(rows: u64, of: Option<u64>) -> Step {
    Step::Client(News::Listed { what: "users", rows, of })
}

fn waits(seconds: u64) -> Step {
    let duration = Duration::from_secs(seconds);
    Step::Client(News::Waits(Wait { host: "clockify.example".into(), duration, why: Why::Limited }))
}

fn reading() -> Work {
    let mut work = Work::new("reading the apps", 1);
    work.take(&app("planner"), &Step::Begins, at(0));
    work.take(&app("planner"), &Step::Client(News::Sent), at(10));
    work.take(&app("planner"), &listed(100, Some(10_000)), at(400));
    work.take(&app("planner"), &listed(1_200, Some(10_000)), at(4_000));
    work
}

fn shown(work: &Work, now: Duration) -> String {
    work.line(now, WIDE).expect("there is something to say")
}

#[test]
fn nothing_is_said_within_two_seconds() {
    let work = reading();
    assert_eq!(work.line(at(1_999), WIDE), None);
    assert!(work.line(at(2_000), WIDE).is_some());
}

#[test]
fn a_listing_tells_how_far_it_is_how_fast_and_how_long_it_still_takes() {
    assert_eq!(shown(&reading(), at(4_400)), "studio/planner: reading users, 1,200 of ~10,000; 300/s; about 30 s left");
}

#[test]
fn a_listing_whose_end_nobody_told_is_counted() {
    let mut work = reading();
    work.take(&app("planner"), &listed(1_500, None), at(5_000));
    assert_eq!(shown(&work, at(5_400)), "studio/planner: reading users, 1,500; 300/s");
}

#[test]
fn changes_are_counted_and_then_read_back() {
    let mut work = reading();
    work.take(&app("planner"), &Step::Changing { done: 0, of: 210 }, at(5_000));
    work.take(&app("planner"), &Step::Changing { done: 14, of: 210 }, at(7_000));
    assert_eq!(shown(&work, at(9_000)), "studio/planner: changing, 14 of 210; 3.5/s; about 56 s left");
    work.take(&app("planner"), &Step::ReadingBack, at(60_000));
    work.take(&app("planner"), &listed(1, None), at(60_500));
    assert_eq!(shown(&work, at(61_000)), "studio/planner: reading back; 1 request, 0.0/s");
}

#[test]
fn what_is_waited_for_is_named_with_its_time_until_it_is_over() {
    let mut work = reading();
    work.take(&app("planner"), &waits(12), at(4_400));
    let line = shown(&work, at(4_400));
    assert!(line.ends_with("; waits 12 s for clockify.example: asked to slow down (429)"), "{line}");
    assert!(shown(&work, at(15_900)).contains("waits 1 s for"));
    assert!(!shown(&work, at(16_400)).contains("waits"));
    work.take(&app("planner"), &waits(600), at(17_000));
    assert!(shown(&work, at(17_000)).contains("waits 10 min for"));
    work.take(&app("planner"), &Step::Client(News::Sent), at(18_000));
    assert!(!shown(&work, at(18_000)).contains("waits"));
}

#[test]
fn of_many_apps_the_one_that_waits_is_shown() {
    let mut work = reading();
    work.take(&app("billing"), &Step::Begins, at(1_000));
    work.take(&app("billing"), &waits(9), at(3_000));
    work.take(&app("time"), &Step::Begins, at(1_000));
    work.take(&app("time"), &Step::Ends, at(3_000));
    let line = shown(&work, at(4_000));
    assert!(line.starts_with("reading the apps: 1 of 3 done; studio/billing: opening; "), "{line}");
    assert!(line.ends_with("; waits 8 s for clockify.example: asked to slow down (429)"), "{line}");
}

#[test]
fn a_narrow_terminal_gets_what_matters_most_in_one_line() {
    let mut work = reading();
    work.take(&app("planner"), &waits(12), at(4_400));
    for width in [10, 20, 40, 60, 80, 100, 200] {
        let line = work.line(at(4_400), width).expect("there is something to say");
        assert!(line.chars().count() < width, "{width}: {line}");
    }
    assert_eq!(work.line(at(4_400), 60).as_deref(), Some("waits 12 s for clockify.example: asked to slow down (429)"));
    assert_eq!(
        reading().line(at(4_400), 60).as_deref(),
        Some("studio/planner: reading users, 1,200 of ~10,000; 300/s")
    );
}

#[test]
fn what_ended_is_not_counted_twice_and_an_end_of_nothing_is_nothing() {
    let mut work = Work::new("reading the apps", 1);
    work.take(&app("time"), &Step::Ends, at(10));
    assert_eq!(shown(&work, at(3_000)), "reading the apps…");
}

#[test]
fn apps_that_have_not_begun_are_counted_among_all() {
    let mut work = Work::new("reading the apps", 58);
    assert_eq!(shown(&work, at(2_000)), "reading the apps…");
    work.take(&app("planner"), &Step::Begins, at(2_100));
    assert!(shown(&work, at(2_200)).starts_with("reading the apps: 0 of 58 done; studio/planner: opening; "));
    work.take(&app("planner"), &Step::Ends, at(3_000));
    assert_eq!(shown(&work, at(3_000)), "reading the apps: 1 of 58 done");
}
