//! One writer at a time, a journal around each change, and no write where nothing is new.

use std::collections::BTreeMap;

use appaccess::store::{Decided, Intent, JournalFilter, ResultLine, Store, StoreError, Update};
use appaccess_core::access::{
    AccountId, Edge, ObjectName, PersonKey, RecordedHold, RemovalRecord, Slot, WithdrawnClaim,
};
use appaccess_core::plan::{Bookkeeping, Outcome};
use appaccess_core::resolve::{Absence, DirectoryMemory};

use jiff::SignedDuration;

use super::{HOUR, Kind, MINUTE, app, approval, edge, intent, lease::LAPSE, now, on_both, owned, owning, set};

on_both! {
    a_second_writer_is_told_who_writes_and_until_when,
    a_writer_that_was_replaced_can_do_nothing_more,
    a_restarted_holder_takes_its_own_lease_and_ends_its_former_self,
    a_crash_between_intent_and_result_shows_as_unfinished,
    results_and_memory_are_kept_together_or_not_at_all,
    the_journal_tells_what_happened_the_latest_first,
    a_quiet_pass_writes_nothing,
    a_decision_counts_until_it_is_used_up_or_its_time_has_passed,
    a_hold_is_known_for_thirty_days_with_what_was_decided_on_it,
    budgets_and_flips_count_for_a_day,
    the_number_written_to_status_is_known_apart_from_the_last_intent,
    a_directory_is_remembered_and_keeps_the_decisions_of_others,
    what_was_learnt_is_replaced_as_a_whole,
    what_a_plan_wants_written_down_is_kept_with_the_time,
    a_hundred_thousand_edges_are_kept_and_loaded,
}

fn applied(sequence: u64) -> ResultLine {
    ResultLine::of(sequence, &Outcome::Applied)
}

async fn a_second_writer_is_told_who_writes_and_until_when(kind: Kind) {
    let (store, writer) = kind.store().await;
    let error = store.become_writer("two", now(), MINUTE).await.unwrap_err();
    let StoreError::Busy { holder, until } = &error else { panic!("{error:?}") };
    assert_eq!(holder, "one");
    // A server goes by its own clock, a file by ours and by how long the writer waited for its turn.
    assert!(kind == Kind::Postgres || *until >= now() + MINUTE, "{until}");
    writer.renew(now() + MINUTE).await.unwrap();
    assert!(store.become_writer("two", now() + MINUTE, MINUTE).await.is_err(), "it was renewed");
    writer.release().await.unwrap();
    store.become_writer("two", now(), MINUTE).await.unwrap();
}

async fn a_writer_that_was_replaced_can_do_nothing_more(kind: Kind) {
    let place = kind.place().await;
    let location = &place.location;
    let (one, two) = (Store::open(location).await.unwrap(), Store::open(location).await.unwrap());
    let paused = one.become_writer("one", now(), MINUTE).await.unwrap();
    let numbers = paused.begin(&app(), now(), &[intent()]).await.unwrap();
    let later = now() + HOUR;
    place.alter(LAPSE).await;
    let current = two.become_writer("two", later, MINUTE).await.unwrap();

    let lost = |error: Result<(), StoreError>| assert!(matches!(error, Err(StoreError::LostWriter)), "{error:?}");
    lost(paused.begin(&app(), later, &[intent()]).await.map(|_| ()));
    lost(paused.finish(&app(), later, &[applied(numbers[0])], &owning("u_1")).await);
    lost(paused.keep(&app(), later, &owning("u_1")).await);
    lost(paused.renew(later).await);
    lost(paused.note_status_sequence(&app(), 1).await);
    lost(paused.keep_learnt("scim https://a", &BTreeMap::from([("a".into(), "b".into())]), later).await);
    let directory = DirectoryMemory { approved: set(["1".into()]), ..DirectoryMemory::default() };
    lost(paused.keep_directory(&ObjectName::new("it", "okta"), &directory, later).await);
    lost(paused.release().await);

    assert_eq!(two.unfinished(&app()).await.unwrap().len(), 1, "nothing of it was kept");
    assert!(two.memory(&app(), later).await.unwrap().inventory.is_empty());
    assert_eq!(current.begin(&app(), later, &[intent()]).await.unwrap(), [2]);
}

async fn a_restarted_holder_takes_its_own_lease_and_ends_its_former_self(kind: Kind) {
    let (store, former) = kind.store().await;
    let restarted = store.become_writer("one", now(), MINUTE).await.unwrap();
    assert!(matches!(former.keep(&app(), now(), &owning("u_1")).await, Err(StoreError::LostWriter)));
    restarted.keep(&app(), now(), &owning("u_1")).await.unwrap();
}

async fn a_crash_between_intent_and_result_shows_as_unfinished(kind: Kind) {
    let place = kind.place().await;
    let location = &place.location;
    let before = Store::open(location).await.unwrap();
    let writer = before.become_writer("one", now(), MINUTE).await.unwrap();
    let numbers = writer.begin(&app(), now(), &[intent(), intent(), intent()]).await.unwrap();
    assert_eq!(numbers, [1, 2, 3]);
    writer.finish(&app(), now(), &[applied(1)], &Update::default()).await.unwrap();
    drop((writer, before));

    let after = Store::open(location).await.unwrap();
    let unfinished = after.unfinished(&app()).await.unwrap();
    assert_eq!(unfinished.iter().map(|line| line.sequence).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(unfinished[0].intent, intent());
    assert_eq!(after.memory(&app(), now()).await.unwrap().sequence, 3);
    let writer = after.become_writer("one", now(), MINUTE).await.unwrap();
    let unknown =
        |sequence| ResultLine { sequence, outcome: "unknown".into(), error: Some("the process ended".into()) };
    writer.finish(&app(), now(), &[unknown(2), unknown(3)], &Update::default()).await.unwrap();
    assert!(after.unfinished(&app()).await.unwrap().is_empty());
}

async fn results_and_memory_are_kept_together_or_not_at_all(kind: Kind) {
    let (store, writer) = kind.store().await;
    writer.begin(&app(), now(), &[intent()]).await.unwrap();
    let error = writer.finish(&app(), now(), &[applied(1), applied(7)], &owning("u_1")).await.unwrap_err();
    assert_eq!(error.to_string(), "the journal of access/clockify has no intent 7");
    assert_eq!(store.unfinished(&app()).await.unwrap().len(), 1);
    assert!(store.memory(&app(), now()).await.unwrap().inventory.is_empty());
    let too_long = "x".repeat(2000);
    let error = writer.finish(&app(), now(), &[applied(1)], &owning(&too_long)).await.unwrap_err();
    assert!(matches!(error, StoreError::Text { table: "inventory", .. }), "{error:?}");
    assert_eq!(store.unfinished(&app()).await.unwrap().len(), 1);
}

async fn the_journal_tells_what_happened_the_latest_first(kind: Kind) {
    let (store, writer) = kind.store().await;
    let other = ObjectName::new("access", "toggl");
    let long = Intent { because: "because ".repeat(1000).into(), person: None, ..intent() };
    writer.begin(&app(), now(), &[intent()]).await.unwrap();
    writer.begin(&other, now() + MINUTE, &[long]).await.unwrap();
    let unverified = ResultLine::of(1, &Outcome::Unverified);
    writer.finish(&app(), now() + MINUTE, &[unverified], &Update::default()).await.unwrap();
    writer.finish(&app(), now() + HOUR, &[applied(1)], &Update::default()).await.unwrap();

    let lines = store.journal(&JournalFilter::default()).await.unwrap();
    assert_eq!(lines.iter().map(|line| &line.app).collect::<Vec<_>>(), [&other, &app()]);
    assert_eq!(lines[0].intent.because.len(), 2048, "text is bounded");
    let outcomes: Vec<_> = lines[1].results.iter().map(|result| (result.at, &*result.outcome)).collect();
    assert_eq!(outcomes, [(now() + MINUTE, "unverified"), (now() + HOUR, "applied")]);
    assert_eq!(lines[1].intent, intent());

    let of = async |filter: JournalFilter| store.journal(&filter).await.unwrap().len();
    assert_eq!(of(JournalFilter { app: Some(app()), ..JournalFilter::default() }).await, 1);
    assert_eq!(of(JournalFilter { person: intent().person, ..JournalFilter::default() }).await, 1);
    assert_eq!(of(JournalFilter { until: Some(now()), ..JournalFilter::default() }).await, 1);
    assert_eq!(of(JournalFilter { unfinished: true, ..JournalFilter::default() }).await, 1);
    assert_eq!(of(JournalFilter { limit: 1, ..JournalFilter::default() }).await, 1);
}

async fn a_quiet_pass_writes_nothing(kind: Kind) {
    let (store, writer) = kind.store().await;
    let directory = ObjectName::new("it", "okta");
    let people = DirectoryMemory { last: Some(BTreeMap::from([("1".into(), true)])), ..DirectoryMemory::default() };
    let facts = BTreeMap::from([("patch".to_owned(), "by-path".to_owned())]);
    let mut update = owning("u_1");
    update.last_complete = Some(set([AccountId::new("u_1")]));
    let pass = async || {
        let memory = store.memory(&app(), now()).await.unwrap();
        writer.begin(&app(), now(), &[]).await.unwrap();
        writer.finish(&app(), now(), &[], &update.news(&memory)).await.unwrap();
        writer.keep(&app(), now(), &Update::default()).await.unwrap();
        writer.note_status_sequence(&app(), memory.sequence).await.unwrap();
        writer.keep_directory(&directory, &people, now()).await.unwrap();
        writer.keep_learnt("scim https://a", &facts, now()).await.unwrap();
        store.decide(&app(), &approval("sha256:1"), now()).await.unwrap();
    };
    pass().await;
    let so_far = store.writes();
    pass().await;
    assert_eq!(store.writes(), so_far);
}

async fn a_decision_counts_until_it_is_used_up_or_its_time_has_passed(kind: Kind) {
    let (store, writer) = kind.store().await;
    let decision = approval("sha256:1");
    assert_eq!(store.decide(&app(), &decision, now()).await.unwrap(), Decided::Recorded);
    assert_eq!(store.decide(&app(), &decision, now()).await.unwrap(), Decided::Known);
    assert_eq!(store.memory(&app(), now()).await.unwrap().decisions, set([decision.clone()]));
    assert!(store.memory(&app(), now() + HOUR).await.unwrap().decisions.is_empty());
    assert_eq!(store.decide(&app(), &approval("sha256:2"), now() + HOUR).await.unwrap(), Decided::Ended);

    let used = Update { decisions_used_up: set([decision.clone()]), ..Update::default() };
    writer.keep(&app(), now(), &used).await.unwrap();
    writer.keep(&app(), now(), &used).await.unwrap();
    let memory = store.memory(&app(), now()).await.unwrap();
    assert_eq!((memory.decisions.len(), memory.decisions_used), (0, 1));
    assert_eq!(store.decide(&app(), &decision, now()).await.unwrap(), Decided::UsedUp, "a file may still name it");
}

async fn a_hold_is_known_for_thirty_days_with_what_was_decided_on_it(kind: Kind) {
    let (store, writer) = kind.store().await;
    let hold = RecordedHold { rows: set(["a row".into(), "another\nrow".into()]), at: now() };
    let update = Update { holds: BTreeMap::from([("sha256:1".into(), hold.clone())]), ..Update::default() };
    writer.keep(&app(), now(), &update).await.unwrap();
    store.decide(&app(), &approval("sha256:1"), now()).await.unwrap();
    let holds = store.holds(&app(), now()).await.unwrap();
    assert_eq!(holds.len(), 1);
    assert_eq!((&holds[0].hold, &holds[0].decisions, holds[0].used_up), (&hold, &set([approval("sha256:1")]), false));
    let month = HOUR * 24 * 30;
    assert!(store.holds(&app(), now() + month).await.unwrap().is_empty());
    assert!(store.memory(&app(), now() + month).await.unwrap().holds.is_empty());
}

async fn budgets_and_flips_count_for_a_day(kind: Kind) {
    let (store, writer) = kind.store().await;
    let record = set([RemovalRecord { at: now(), who: "mail:ana@birch.studio".into() }]);
    let flips = BTreeMap::from([(edge("ana@birch.studio", Slot::account()), set([now()]))]);
    let update =
        Update { removals: record.clone(), additions: record.clone(), flips: flips.clone(), ..Update::default() };
    writer.keep(&app(), now(), &update).await.unwrap();
    let nearly = store.memory(&app(), now() + HOUR * 24 - SignedDuration::from_nanos(1)).await.unwrap();
    assert_eq!((nearly.removals, nearly.additions, nearly.flips), (record.clone(), record, flips));
    // A write in between, by a clock that is a week ahead, takes none of it away.
    writer.keep(&app(), now() + HOUR * 24 * 7, &owning("u_1")).await.unwrap();
    assert_eq!(store.memory(&app(), now()).await.unwrap().removals, update.removals);
    let later = store.memory(&app(), now() + HOUR * 24).await.unwrap();
    assert!(later.removals.is_empty() && later.additions.is_empty() && later.flips.is_empty());
}

async fn the_number_written_to_status_is_known_apart_from_the_last_intent(kind: Kind) {
    let (store, writer) = kind.store().await;
    assert_eq!(store.status_sequence(&app()).await.unwrap(), None);
    writer.begin(&app(), now(), &[intent(), intent()]).await.unwrap();
    writer.note_status_sequence(&app(), 1).await.unwrap();
    assert_eq!(store.status_sequence(&app()).await.unwrap(), Some(1));
    assert_eq!(store.memory(&app(), now()).await.unwrap().sequence, 2);
}

async fn a_directory_is_remembered_and_keeps_the_decisions_of_others(kind: Kind) {
    let (store, writer) = kind.store().await;
    let okta = ObjectName::new("it", "okta");
    let mut memory = DirectoryMemory {
        last: Some(BTreeMap::from([("1".into(), true), ("2".into(), false)])),
        missing: BTreeMap::from([
            ("3".into(), Absence { readings: 2, counted: Some(now()) }),
            ("4".into(), Absence { readings: 1, counted: None }),
        ]),
        left: BTreeMap::from([("2".into(), "disabled".into())]),
        shrunk: BTreeMap::from([("2".into(), now())]),
        decisions: set([approval("sha256:2")]),
        approved: set(["2".into()]),
    };
    writer.keep_directory(&okta, &memory, now()).await.unwrap();
    assert_eq!(store.directory(&okta, now()).await.unwrap(), memory);
    store.decide_directory(&okta, &approval("sha256:3"), now()).await.unwrap();
    memory.last = Some(BTreeMap::new());
    memory.missing.clear();
    writer.keep_directory(&okta, &memory, now()).await.unwrap();
    memory.decisions.insert(approval("sha256:3"));
    assert_eq!(store.directory(&okta, now()).await.unwrap(), memory);
    assert!(store.memory(&okta, now()).await.unwrap().decisions.is_empty(), "an app of that name is something else");
}

async fn what_was_learnt_is_replaced_as_a_whole(kind: Kind) {
    let (store, writer) = kind.store().await;
    let facts = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    for learnt in [facts(&[("a", "1"), ("b", "2")]), facts(&[("b", "3")])] {
        writer.keep_learnt("scim https://a", &learnt, now()).await.unwrap();
        assert_eq!(store.learnt("scim https://a").await.unwrap(), learnt);
    }
    assert!(store.learnt("scim https://b").await.unwrap().is_empty());
}

async fn what_a_plan_wants_written_down_is_kept_with_the_time(kind: Kind) {
    let (store, writer) = kind.store().await;
    let ana = edge("ana@birch.studio", Slot::account());
    let mut books = Bookkeeping::default();
    books.owned.insert(ana.clone(), owned("u_1"));
    books.withdrawn.insert(ana.clone(), WithdrawnClaim { since: now(), refused: false });
    books.unmanaged_since.insert(AccountId::new("u_2"));
    books.groups.insert("Studio".into(), "g_1".into());
    writer.keep(&app(), now(), &Update::of(&books, now())).await.unwrap();
    let memory = store.memory(&app(), now()).await.unwrap();
    assert_eq!(memory.inventory, books.owned);
    assert_eq!(memory.withdrawn, books.withdrawn);
    assert_eq!(memory.unmanaged_since, BTreeMap::from([(AccountId::new("u_2"), now())]));
    assert_eq!(memory.groups, books.groups);

    let mut books = Bookkeeping { forgotten: set([ana.clone()]), restored: set([ana]), ..Bookkeeping::default() };
    books.no_longer_unmanaged.insert(AccountId::new("u_2"));
    writer.keep(&app(), now() + HOUR, &Update::of(&books, now() + HOUR)).await.unwrap();
    let memory = store.memory(&app(), now() + HOUR).await.unwrap();
    assert!(memory.inventory.is_empty() && memory.withdrawn.is_empty() && memory.unmanaged_since.is_empty());
}

async fn a_hundred_thousand_edges_are_kept_and_loaded(kind: Kind) {
    let (store, writer) = kind.store().await;
    let mut update = Update::default();
    for number in 0..100_000 {
        let edge = Edge::new(PersonKey::Login(format!("p{number}").into()), Slot::account());
        update.inventory.set.insert(edge, owned(&format!("u_{number}")));
    }
    writer.keep(&app(), now(), &update).await.unwrap();
    assert_eq!(store.memory(&app(), now()).await.unwrap().inventory, update.inventory.set);
}
