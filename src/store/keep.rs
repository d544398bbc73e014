//! Writes an update of one target app's memory within a transaction. Decides nothing: what it is told, it keeps.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{AccountHold, AccountId, Decision, Edge, OwnedEdge, RemovalRecord};
use jiff::{SignedDuration, Timestamp};

use super::{
    Changes, StoreError, Update,
    batch::{Table, delete, for_keys, upsert},
    database::Connection,
    decisions,
    query::{Cell, query},
    row::{attributes_text, before, claims_text, lines_text, signed},
    tables::{
        ADDITION, BUDGET, COMPLETE, FLIPS, GROUPS, HOLDS, INVENTORY, NOT_KEPT, REFUSED, REMOVAL, TASKS, TOMBSTONES,
        UNMANAGED, WITHDRAWN, edge_key, origin_word,
    },
};

/// How long budgets, flips and holds stay in the tables. Longer than they count, so that a clock that was wrong for a
/// while takes no budget away.
const KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// Writes `update` of `app`.
pub(super) async fn keep(
    connection: &mut Connection,
    app: &str,
    now: Timestamp,
    update: &Update,
) -> Result<(), StoreError> {
    ensure_app(connection, app).await?;
    edges(connection, app, update).await?;
    accounts(connection, app, update).await?;
    budgets(connection, app, update).await?;
    facts(connection, app, now, update).await?;
    forget_old(connection, app, now).await
}

/// Makes the row that all others of this app refer to.
pub(super) async fn ensure_app(connection: &mut Connection, app: &str) -> Result<(), StoreError> {
    query("INSERT INTO apps (app) VALUES ($1) ON CONFLICT (app) DO NOTHING").bind(app).execute(connection).await?;
    Ok(())
}

async fn edges(connection: &mut Connection, app: &str, update: &Update) -> Result<(), StoreError> {
    change(connection, &INVENTORY, &update.inventory, |edge| edge_key(app, edge), owned_cells).await?;
    let tombstone = |tombstone: &appaccess_core::access::Tombstone| {
        Ok(vec![(&tombstone.account.0).into(), tombstone.at.into(), (&tombstone.cause).into()])
    };
    change(connection, &TOMBSTONES, &update.tombstones, |edge| edge_key(app, edge), tombstone).await?;
    let clock = |clock: &appaccess_core::access::WithdrawnClaim| Ok(vec![clock.since.into(), clock.refused.into()]);
    change(connection, &WITHDRAWN, &update.withdrawn, |edge| edge_key(app, edge), clock).await?;
    let refused_key = |claim: &appaccess_core::access::ClaimName| vec![app.into(), claim.to_string().as_str().into()];
    change(connection, &REFUSED, &update.refused, refused_key, |since| Ok(vec![(*since).into()])).await?;
    upsert(connection, &FLIPS, &flip_rows(app, &update.flips)).await
}

fn owned_cells(owned: &OwnedEdge) -> Result<Vec<Cell>, StoreError> {
    let (suspended_since, suspended_cause) = match &owned.hold {
        AccountHold::None => (None, None),
        AccountHold::Suspended { since, cause } => (Some(*since), Some(cause.clone())),
    };
    Ok(vec![
        (&owned.account.0).into(),
        (&owned.value).into(),
        origin_word(owned.origin).into(),
        owned.since.into(),
        Cell::Long(claims_text(&owned.claims)?),
        owned.until.into(),
        suspended_since.into(),
        Cell::Text(suspended_cause),
        Cell::Number(owned.unseen.into()),
    ])
}

fn flip_rows(app: &str, flips: &BTreeMap<Edge, BTreeSet<Timestamp>>) -> Vec<Vec<Cell>> {
    let flips = flips.iter().flat_map(|(edge, times)| times.iter().map(move |time| (edge, *time)));
    flips
        .map(|(edge, time)| {
            let mut row = edge_key(app, edge);
            row.push(time.into());
            row
        })
        .collect()
}

async fn accounts(connection: &mut Connection, app: &str, update: &Update) -> Result<(), StoreError> {
    let key = |account: &AccountId| vec![app.into(), (&account.0).into()];
    change(connection, &UNMANAGED, &update.unmanaged_since, key, |since| Ok(vec![(*since).into()])).await?;
    let attributes = |attributes: &BTreeMap<_, _>| Ok(vec![Cell::Long(attributes_text(attributes)?)]);
    change(connection, &NOT_KEPT, &update.not_kept, key, attributes).await?;
    let group_key = |name: &appaccess_core::access::Text| vec![app.into(), name.into()];
    change(connection, &GROUPS, &update.groups, group_key, |id| Ok(vec![id.into()])).await?;
    let task_key = |id: &appaccess_core::access::Text| vec![app.into(), id.into()];
    let task = |task: &appaccess_core::access::OpenTask| {
        Ok(vec![task.opened.into(), Cell::Text(task.removes.as_ref().map(|account| account.0.clone()))])
    };
    change(connection, &TASKS, &update.tasks, task_key, task).await?;
    let Some(complete) = &update.last_complete else { return Ok(()) };
    let stored: Vec<(String,)> =
        query("SELECT account FROM complete_accounts WHERE app = $1").bind(app).all(connection).await?;
    let stored: BTreeSet<&str> = stored.iter().map(|(account,)| account.as_str()).collect();
    let new: BTreeSet<&str> = complete.iter().map(|account| &*account.0).collect();
    let rows = |accounts: Vec<&&str>| -> Vec<Vec<Cell>> {
        accounts.into_iter().map(|account| vec![app.into(), (*account).into()]).collect()
    };
    delete(connection, &COMPLETE, &rows(stored.difference(&new).collect())).await?;
    upsert(connection, &COMPLETE, &rows(new.difference(&stored).collect())).await?;
    query("UPDATE apps SET has_complete = 1 WHERE app = $1").bind(app).execute(connection).await?;
    Ok(())
}

async fn budgets(connection: &mut Connection, app: &str, update: &Update) -> Result<(), StoreError> {
    let rows = |direction: &str, records: &BTreeSet<RemovalRecord>| -> Vec<Vec<Cell>> {
        let records = records.iter();
        records.map(|record| vec![app.into(), direction.into(), record.at.into(), (&record.who).into()]).collect()
    };
    upsert(connection, &BUDGET, &rows(REMOVAL, &update.removals)).await?;
    upsert(connection, &BUDGET, &rows(ADDITION, &update.additions)).await
}

async fn facts(connection: &mut Connection, app: &str, now: Timestamp, update: &Update) -> Result<(), StoreError> {
    let mut holds = Vec::new();
    for (digest, hold) in &update.holds {
        holds.push(vec![app.into(), digest.into(), hold.at.into(), Cell::Long(lines_text(&hold.rows)?)]);
    }
    upsert(connection, &HOLDS, &holds).await?;
    let used = use_up(connection, app, now, &update.decisions_used_up).await?;
    let first = update.first_removals_decided.map(i64::from);
    let restored = update.restored.map(i64::from);
    if used == 0 && first.is_none() && restored.is_none() {
        return Ok(());
    }
    query(
        "UPDATE apps SET decisions_used = decisions_used + $2, \
         first_removals_decided = COALESCE($3, first_removals_decided), restored = COALESCE($4, restored) WHERE app = $1",
    )
    .bind(app)
    .bind(signed(used))
    .bind(first)
    .bind(restored)
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks decisions as used up, and counts those that were not yet. They stay, so that what was used up is known again.
async fn use_up(
    connection: &mut Connection,
    app: &str,
    now: Timestamp,
    decisions: &BTreeSet<Decision>,
) -> Result<u64, StoreError> {
    let mut used = 0;
    for decision in decisions {
        used += query(
            "UPDATE decisions SET used_at = $7 WHERE scope = $1 AND subject = $2 AND digest = $3 AND directive = $4 \
             AND decided_by = $5 AND not_after = $6 AND used_at IS NULL",
        )
        .bind(decisions::APP)
        .bind(app)
        .bind(&*decision.digest)
        .bind(super::tables::directive_word(decision.directive))
        .bind(decision.decided_by.as_deref().unwrap_or_default())
        .bind(super::row::time_text(decision.not_after))
        .bind(super::row::time_text(now))
        .execute(connection)
        .await?;
    }
    Ok(used)
}

/// Deletes what has long ceased to count.
async fn forget_old(connection: &mut Connection, app: &str, now: Timestamp) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM budget WHERE app = $1 AND counted_at <= $2",
        "DELETE FROM flips WHERE app = $1 AND found_at <= $2",
        "DELETE FROM holds WHERE app = $1 AND shown_at <= $2",
    ] {
        query(statement).bind(app).bind(before(now, KEPT)).execute(connection).await?;
    }
    decisions::forget_old(connection, now).await
}

/// Writes the changes of one map to its table.
async fn change<K: Ord, V>(
    connection: &mut Connection,
    table: &Table,
    changes: &Changes<K, V>,
    key: impl Fn(&K) -> Vec<Cell>,
    value: impl Fn(&V) -> Result<Vec<Cell>, StoreError>,
) -> Result<(), StoreError> {
    let cleared: Vec<Vec<Cell>> = changes.cleared.iter().map(&key).collect();
    delete(connection, table, &cleared).await?;
    let mut rows = Vec::with_capacity(changes.set.len());
    for (name, entry) in &changes.set {
        let mut row = key(name);
        row.extend(value(entry)?);
        rows.push(row);
    }
    upsert(connection, table, &rows).await
}

/// Marks intents as finished; how many there were.
pub(super) async fn finish_intents(connection: &mut Connection, keys: &[Vec<Cell>]) -> Result<u64, StoreError> {
    for_keys(connection, &super::tables::JOURNAL, "UPDATE journal SET finished = 1", keys).await
}
