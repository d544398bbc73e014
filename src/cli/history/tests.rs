//! Times as people write them, and which decision let a change pass.

use appaccess_core::{access::Slot, plan::Cause};

use super::*;

#[test]
fn a_day_is_all_of_it_and_a_time_is_exact() {
    assert_eq!(first_moment("2026-11-20").unwrap().to_string(), "2026-11-20T00:00:00Z");
    assert_eq!(last_moment("2026-11-20").unwrap().to_string(), "2026-11-20T23:59:59.999999999Z");
    assert_eq!(last_moment("2026-11-20T17:00:00+01:00").unwrap().to_string(), "2026-11-20T16:00:00Z");
    for wrong in ["yesterday", "2026-11-20T17:00", "2026-13-01", ""] {
        assert!(last_moment(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_day_that_lasts_is_as_of_now_and_what_is_to_come_is_refused() {
    let now = time("2026-11-22T09:30:15Z");
    assert_eq!(past(last_moment("2026-11-22").unwrap(), now).unwrap(), now);
    assert_eq!(past(last_moment("2026-11-21").unwrap(), now).unwrap(), last_moment("2026-11-21").unwrap());
    for later in ["2026-11-23", "2026-11-22T10:00:00Z"] {
        let refused = past(last_moment(later).unwrap(), now).unwrap_err();
        assert!(refused.to_string().ends_with("Z has not come yet"), "{refused}");
        assert!(!refused.to_string().contains(".99"), "{refused}");
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn an_approval_is_told_of_the_rows_that_it_named() {
    let intent = Intent {
        person: Some(PersonKey::Mail(Mail::parse("tom@fern.example").unwrap())),
        label: "tom@fern.example".into(),
        account: Some(AccountId::new("u_7")),
        slot: Slot::group("Studio"),
        action: Action::Revoke,
        from: None,
        to: None,
        cause: Cause::Withdrawn,
        because: "no longer declared".into(),
    };
    let of_it = change(&intent);
    let app = ObjectName::new("studio", "planner");
    let line = JournalLine { app, sequence: 4, at: time("2026-11-20T10:00:00Z"), intent, results: Vec::new() };
    let decision = |by: &str, directive, at: &str, rows: &[Text]| GivenDecision {
        digest: format!("sha256:{by}").into(),
        directive,
        decided_by: Some(by.into()),
        decided_at: time(at),
        used_at: None,
        rows: rows.iter().cloned().collect(),
    };
    let rows = [row(&of_it)];
    let given = [
        decision("early", Directive::Approve, "2026-11-20T09:00:00Z", &rows),
        decision("no", Directive::Reject, "2026-11-20T09:20:00Z", &rows),
        decision("mara", Directive::Approve, "2026-11-20T09:30:00Z", &rows),
        decision("other", Directive::Approve, "2026-11-20T09:40:00Z", &["other".into()]),
        decision("late", Directive::Approve, "2026-11-20T11:00:00Z", &rows),
    ];
    assert_eq!(approval(&line, &of_it, &given).and_then(|approved| approved.by).as_deref(), Some("mara"));
    assert_eq!(approval(&line, &of_it, &given[1..2]), None);
}
