//! The store's tables and the value `Memory` change alike, whatever the updates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use appaccess::store::{Changes, Store, Update};
use appaccess_core::access::{
    AccountHold, AccountId, ClaimName, Decision, Directive, Edge, Mail, Memory, ObjectName, OpenTask, Origin,
    OwnedEdge, PersonKey, RecordedHold, RemovalRecord, SeenClaim, Slot, Text, Tombstone, WithdrawnClaim,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest},
    sample::select,
};

use super::{MINUTE, now, postgres};

fn text() -> impl Strategy<Value = Text> {
    select(vec!["a", "b", "It's \"quoted\"; --", "100 % ñ 😀", "line\nline", "namespace/x:y#z"]).prop_map(Text::from)
}

fn person() -> impl Strategy<Value = PersonKey> {
    prop_oneof![
        text().prop_map(|id| PersonKey::Known { directory: ObjectName::new("it", "okta"), id }),
        Just(PersonKey::Mail(Mail::parse("ana@birch.studio").unwrap())),
        text().prop_map(PersonKey::Login),
        text().prop_map(PersonKey::Service),
    ]
}

fn edge() -> impl Strategy<Value = Edge> {
    (person(), select(vec![Slot::account(), Slot::group("Studio"), Slot::new("role", "")]))
        .prop_map(|(person, slot)| Edge::new(person, slot))
}

fn account() -> impl Strategy<Value = AccountId> {
    text().prop_map(AccountId)
}

/// Within the last 20 hours, to the nanosecond: all of it counts.
fn recent() -> impl Strategy<Value = Timestamp> {
    (0..72_000_000_000_000_i64).prop_map(|nanoseconds| now() - SignedDuration::from_nanos(nanoseconds))
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![recent(), Just(Timestamp::UNIX_EPOCH), Just("9999-12-30T22:00:00.999999999Z".parse().unwrap())]
}

fn claim_name() -> impl Strategy<Value = ClaimName> {
    text().prop_map(|grant| ClaimName::new(ObjectName::new("access", "studio"), &grant))
}

fn seen_claim() -> impl Strategy<Value = SeenClaim> {
    (text(), option::of(any_time()), option::of(text())).prop_map(|(subject, until, level)| SeenClaim {
        subject,
        until,
        level,
    })
}

fn owned() -> impl Strategy<Value = OwnedEdge> {
    let hold = prop_oneof![
        Just(AccountHold::None),
        (any_time(), text()).prop_map(|(since, cause)| AccountHold::Suspended { since, cause }),
    ];
    let origin = select(vec![Origin::Created, Origin::Adopted]);
    let claims = btree_map(claim_name(), seen_claim(), 0..3);
    let rest = (claims, option::of(any_time()), hold, any::<u32>());
    (account(), option::of(text()), origin, any_time(), rest).prop_map(
        |(account, value, origin, since, (claims, until, hold, unseen))| OwnedEdge {
            account,
            value,
            origin,
            since,
            claims,
            until,
            hold,
            unseen,
        },
    )
}

fn changes<K: Ord + Clone + std::fmt::Debug, V: Clone + std::fmt::Debug>(
    key: impl Strategy<Value = K> + Clone,
    value: impl Strategy<Value = V>,
) -> impl Strategy<Value = Changes<K, V>> {
    (btree_map(key.clone(), value, 0..4), btree_set(key, 0..4)).prop_map(|(set, cleared)| Changes { set, cleared })
}

fn records() -> impl Strategy<Value = BTreeSet<RemovalRecord>> {
    btree_set((recent(), text()).prop_map(|(at, who)| RemovalRecord { at, who }), 0..3)
}

fn task() -> impl Strategy<Value = OpenTask> {
    (any_time(), option::of(account())).prop_map(|(opened, removes)| OpenTask { opened, removes })
}

fn decision() -> impl Strategy<Value = Decision> {
    let directive = select(vec![Directive::Approve, Directive::Reject]);
    (text(), directive, option::of(text()), 1..3_i64).prop_map(|(digest, directive, decided_by, hours)| Decision {
        digest,
        directive,
        decided_by,
        not_after: now() + SignedDuration::from_hours(hours),
    })
}

fn edges() -> impl Strategy<Value = Update> {
    let tombstone = (account(), any_time(), text()).prop_map(|(account, at, cause)| Tombstone { account, at, cause });
    let clock = (any_time(), any::<bool>()).prop_map(|(since, refused)| WithdrawnClaim { since, refused });
    let flips = btree_map(edge(), btree_set(recent(), 1..3), 0..3);
    let parts = (
        changes_of_edges(owned()),
        changes_of_edges(tombstone),
        changes_of_edges(clock),
        (btree_map(claim_name(), any_time(), 0..3), btree_set(claim_name(), 0..3)),
        flips,
    );
    parts.prop_map(|(inventory, tombstones, withdrawn, (set, cleared), flips)| Update {
        inventory,
        tombstones,
        withdrawn,
        refused: Changes { set, cleared },
        flips,
        ..Update::default()
    })
}

fn changes_of_edges<V: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = V>,
) -> impl Strategy<Value = Changes<Edge, V>> {
    (btree_map(edge(), value, 0..4), btree_set(edge(), 0..4)).prop_map(|(set, cleared)| Changes { set, cleared })
}

fn update(decisions: Vec<Decision>) -> impl Strategy<Value = Update> {
    let hold = (btree_set(text(), 0..3), recent()).prop_map(|(rows, at)| RecordedHold { rows, at });
    let facts = (
        records(),
        records(),
        btree_map(text(), hold, 0..3),
        btree_set(select(decisions), 0..2),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
    );
    let names = select(vec![Text::from("Studio"), Text::from("Freelance"), Text::from("Ünïcode")]);
    let accounts = (
        option::of(btree_set(account(), 0..4)),
        changes(names, text()),
        (btree_map(account(), any_time(), 0..3), btree_set(account(), 0..3)),
        (btree_map(account(), btree_map(text(), text(), 0..3), 0..3), btree_set(account(), 0..3)),
        (btree_map(text(), task(), 0..3), btree_set(text(), 0..3)),
    );
    (edges(), facts, accounts).prop_map(|(edges, facts, accounts)| {
        let (removals, additions, holds, decisions_used_up, first_removals_decided, restored) = facts;
        let (last_complete, groups, unmanaged, not_kept, tasks) = accounts;
        Update {
            removals,
            additions,
            holds,
            decisions_used_up,
            first_removals_decided,
            restored,
            last_complete,
            groups,
            unmanaged_since: Changes { set: unmanaged.0, cleared: unmanaged.1 },
            not_kept: Changes { set: not_kept.0, cleared: not_kept.1 },
            tasks: Changes { set: tasks.0, cleared: tasks.1 },
            ..edges
        }
    })
}

fn history() -> impl Strategy<Value = (BTreeSet<Decision>, Vec<Update>)> {
    proptest::prelude::Strategy::prop_flat_map(btree_set(decision(), 1..4), |decisions| {
        let updates = vec(update(decisions.iter().cloned().collect()), 1..5);
        (Just(decisions), updates)
    })
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 128, ..Default::default() })]

    #[test]
    fn a_file_and_the_value_change_alike((decisions, updates) in history()) {
        let (stored, value) = runtime().block_on(both(":memory:", "clockify", &decisions, &updates));
        prop_assert_eq!(stored, value);
    }

    #[test]
    fn an_update_between_two_memories_leads_from_one_to_the_other((decisions, updates) in history()) {
        let mut before = Memory { decisions, ..Memory::default() };
        for update in updates {
            let mut after = before.clone();
            update.apply_to(&mut after);
            let mut again = before.clone();
            Update::between(&before, &after).apply_to(&mut again);
            prop_assert_eq!(&again, &after);
            let mut by_news = before.clone();
            update.news(&before).apply_to(&mut by_news);
            prop_assert_eq!(&by_news, &after);
            prop_assert_eq!(update.news(&before).is_empty(), before == after);
            before = after;
        }
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 32, ..Default::default() })]

    #[test]
    fn a_server_and_the_value_change_alike((decisions, updates) in history()) {
        // One database for all cases, and an app of its own for each.
        static LOCATION: LazyLock<String> = LazyLock::new(|| runtime().block_on(postgres::database()));
        static CASE: AtomicU32 = AtomicU32::new(0);
        let name = format!("clockify-{}", CASE.fetch_add(1, Ordering::Relaxed));
        let (stored, value) = runtime().block_on(both(&LOCATION, &name, &decisions, &updates));
        prop_assert_eq!(stored, value);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The memory of an app as the store has it and as the value has it after the same updates.
async fn both(location: &str, name: &str, decisions: &BTreeSet<Decision>, updates: &[Update]) -> (Memory, Memory) {
    let app = ObjectName::new("access", name);
    let store = Store::open(location).await.unwrap();
    let writer = store.become_writer("one", now(), MINUTE).await.unwrap();
    let mut value = Memory { decisions: decisions.clone(), ..Memory::default() };
    for decision in decisions {
        store.decide(&app, decision, now()).await.unwrap();
    }
    // Another app beside it must neither give nor take.
    let other = ObjectName::new("access", &format!("{name}-beside"));
    for update in updates {
        update.apply_to(&mut value);
        writer.keep(&app, now(), update).await.unwrap();
        writer.keep(&other, now(), &Update { inventory: Changes::default(), ..update.clone() }).await.unwrap();
    }
    let stored = store.memory(&app, now()).await.unwrap();
    assert_eq!(store.memory(&other, now()).await.unwrap().inventory, BTreeMap::new());
    store.close().await;
    (stored, value)
}
