//! What the store tells people of its journal: by whom, when, in whole, and who let it pass.

use std::collections::BTreeSet;

use appaccess::store::{Intent, ResultLine, Store, TimelineFilter, Update, Whose};
use appaccess_core::access::{Decision, Directive, Mail, ObjectName, PersonKey, RecordedHold, Slot};
use appaccess_core::plan::{Action, Cause};
use jiff::Timestamp;

use super::{Kind, MINUTE, on_both};

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time")
}

fn intent(person: Option<&str>, label: &str) -> Intent {
    Intent {
        person: person.map(|person| PersonKey::Mail(Mail::parse(person).expect("a mail"))),
        label: label.into(),
        account: None,
        slot: Slot::group("Studio"),
        action: Action::Grant,
        from: None,
        to: None,
        cause: Cause::Declared,
        because: "declared".into(),
    }
}

on_both! {
    a_name_with_letters_beyond_ascii_is_found_as_it_is_written,
    of_many_decisions_the_latest_are_told,
}

async fn a_name_with_letters_beyond_ascii_is_found_as_it_is_written(kind: Kind) {
    let (store, writer) = kind.store().await;
    let app = ObjectName::new("it", "boards");
    let named = intent(Some("ozil@fern.example"), "Özil@Fern.example");
    writer.begin(&app, time(1), &[named]).await.unwrap();
    let person = PersonKey::Mail(Mail::parse("ozil@fern.example").unwrap());
    for spelling in ["Özil@Fern.example", "ÖZIL@fern.example"] {
        assert_eq!(store.people_called(spelling).await.unwrap(), BTreeSet::from([person.clone()]), "{spelling}");
        let whose = Some(Whose { label: spelling.into(), ..Whose::default() });
        let lines = store.timeline(&TimelineFilter { whose, limit: 9, ..TimelineFilter::default() }).await.unwrap();
        assert_eq!(lines.len(), 1, "{spelling}");
    }
    assert!(store.people_called("özil@fern.example").await.unwrap().is_empty(), "the two databases fold alike");
}

async fn of_many_decisions_the_latest_are_told(kind: Kind) {
    let (store, _) = kind.store().await;
    let app = ObjectName::new("it", "boards");
    for number in 0..202 {
        let digest = format!("sha256:{number}").into();
        let decision = Decision { digest, directive: Directive::Reject, decided_by: None, not_after: time(1000) };
        store.decide(&app, &decision, time(number)).await.unwrap();
    }
    let given = store.given_decisions(&app).await.unwrap();
    assert_eq!((given.len(), given[0].decided_at, given[199].decided_at), (200, time(2), time(201)));
}

async fn journalled() -> (Store, ObjectName, ObjectName) {
    let store = Store::open(":memory:").await.expect("a store in memory");
    let (boards, desks) = (ObjectName::new("it", "boards"), ObjectName::new("it", "desks"));
    let writer = store.become_writer("test", time(0), MINUTE).await.expect("nobody holds it");
    for (second, app) in [(1, &boards), (2, &desks), (3, &boards)] {
        let intents = [intent(Some("ana@fern.example"), "ana@fern.example"), intent(None, "Old@Fern.example")];
        let numbers = writer.begin(app, time(second), &intents).await.expect("journalled");
        let results: Vec<ResultLine> = numbers
            .iter()
            .map(|sequence| ResultLine { sequence: *sequence, outcome: "applied".into(), error: None })
            .collect();
        writer.finish(app, time(second + 10), &results, &Update::default()).await.expect("journalled");
    }
    (store, boards, desks)
}

#[tokio::test]
async fn lines_are_found_by_person_name_app_and_time() {
    let (store, boards, desks) = journalled().await;
    assert_eq!(store.apps().await.unwrap(), BTreeSet::from([boards.clone(), desks.clone()]));
    assert_eq!(store.labels().await.unwrap(), ["Old@Fern.example", "ana@fern.example"]);
    let ana = PersonKey::Mail(Mail::parse("ana@fern.example").unwrap());
    assert_eq!(store.people_called("ANA@fern.example").await.unwrap(), BTreeSet::from([ana.clone()]));
    let all = TimelineFilter { limit: 100, ..TimelineFilter::default() };
    let lines = store.timeline(&all).await.unwrap();
    assert_eq!(lines.len(), 6);
    assert!(lines.is_sorted_by(|left, right| left.at >= right.at), "the latest first");
    assert!(lines.iter().all(|line| line.results.len() == 1));
    let count = async |filter: TimelineFilter| store.timeline(&filter).await.unwrap().len();
    assert_eq!(count(TimelineFilter { apps: BTreeSet::from([boards.clone()]), ..all.clone() }).await, 4);
    let by_key = Whose { people: BTreeSet::from([ana]), label: "nobody".into() };
    assert_eq!(count(TimelineFilter { whose: Some(by_key), ..all.clone() }).await, 3);
    let by_name = Whose { label: "old@fern.example".into(), ..Whose::default() };
    assert_eq!(count(TimelineFilter { whose: Some(by_name), ..all.clone() }).await, 3);
    assert_eq!(count(TimelineFilter { since: Some(time(2)), until: Some(time(2)), ..all.clone() }).await, 2);
    assert_eq!(count(TimelineFilter { limit: 1, ..all }).await, 1);
    let sequences: Vec<u64> = store.journal_after(&boards, 1).await.unwrap().iter().map(|line| line.sequence).collect();
    assert_eq!(sequences, [2, 3, 4]);
}

#[tokio::test]
async fn a_decision_is_told_with_the_rows_that_it_named() {
    let (store, boards, _) = journalled().await;
    let writer = store.become_writer("test", time(20), MINUTE).await.expect("the same holder");
    let hold = RecordedHold { rows: BTreeSet::from(["a row".into()]), at: time(20) };
    let mut after = store.memory(&boards, time(20)).await.unwrap();
    let before = after.clone();
    after.holds.insert("sha256:aa".into(), hold);
    writer.keep(&boards, time(20), &Update::between(&before, &after)).await.expect("kept");
    for (digest, by) in [("sha256:aa", Some("mara")), ("sha256:bb", None)] {
        let decision = Decision {
            digest: digest.into(),
            directive: Directive::Approve,
            decided_by: by.map(Into::into),
            not_after: time(1000),
        };
        store.decide(&boards, &decision, time(21)).await.expect("kept");
    }
    let given = store.given_decisions(&boards).await.unwrap();
    assert_eq!(given.len(), 2);
    assert_eq!((given[0].rows.len(), given[0].decided_by.as_deref(), given[0].decided_at), (1, Some("mara"), time(21)));
    assert_eq!((given[1].rows.len(), given[1].decided_by.as_deref(), given[1].used_at), (0, None, None));
}
