//! What the store tells people of its journal: by whom, when, in whole, and who let it pass.

use std::collections::BTreeSet;

use appaccess::store::{Intent, ResultLine, Store, TimelineFilter, Update, Whose};
use appaccess_core::access::{Decision, Directive, Mail, ObjectName, PersonKey, RecordedHold, Slot};
use appaccess_core::plan::{Action, Cause};
use jiff::Timestamp;

use super::MINUTE;

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
