//! Reads what we remember of one target app. Judges nothing but the windows within which a row counts.

use appaccess_core::access::{
    AccountHold, AccountId, Memory, OpenTask, OwnedEdge, RecordedHold, RemovalRecord, Text, Tombstone, WithdrawnClaim,
};
use futures::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::{
    StoreError,
    database::Connection,
    decisions,
    query::query,
    row::{Texts, attributes, before, claim_name, claims, lines, maybe_time, time, unreadable, unsigned},
    tables::{REMOVAL, origin},
};

/// How long budgets and flips count.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a hold's rows are known.
pub(super) const HOLDS_KNOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Everything about `app` that counts at `now`. To be called within one transaction.
pub(super) async fn load(connection: &mut Connection, app: &str, now: Timestamp) -> Result<Memory, StoreError> {
    let mut memory = Memory::default();
    let mut texts = Texts::default();
    let has_complete = app_row(connection, app, &mut memory).await?;
    inventory(connection, app, &mut texts, &mut memory).await?;
    tombstones(connection, app, &mut texts, &mut memory).await?;
    withdrawn(connection, app, &mut texts, &mut memory).await?;
    flips(connection, app, now, &mut texts, &mut memory).await?;
    refused(connection, app, &mut memory).await?;
    budgets(connection, app, now, &mut memory).await?;
    holds(connection, app, now, &mut memory).await?;
    memory.decisions = decisions::live(connection, decisions::APP, app, now).await?;
    accounts(connection, app, has_complete, &mut memory).await?;
    tasks(connection, app, &mut memory).await?;
    Ok(memory)
}

async fn app_row(connection: &mut Connection, app: &str, memory: &mut Memory) -> Result<bool, StoreError> {
    let row: Option<(i64, i64, i64, i64, i64)> = query(
        "SELECT sequence, decisions_used, first_removals_decided, restored, has_complete FROM apps WHERE app = $1",
    )
    .bind(app)
    .optional(connection)
    .await?;
    let Some((sequence, decisions_used, first_removals_decided, restored, has_complete)) = row else {
        return Ok(false);
    };
    memory.sequence = unsigned(sequence)?;
    memory.decisions_used = unsigned(decisions_used)?;
    memory.first_removals_decided = first_removals_decided != 0;
    memory.restored = restored != 0;
    Ok(has_complete != 0)
}

#[derive(sqlx::FromRow)]
struct InventoryRow {
    person: String,
    slot_type: String,
    slot_name: String,
    account: String,
    level: Option<String>,
    origin: String,
    since: String,
    claims: String,
    ends: Option<String>,
    suspended_since: Option<String>,
    suspended_cause: Option<String>,
    unseen: i64,
}

impl InventoryRow {
    fn owned(&self, texts: &mut Texts) -> Result<OwnedEdge, StoreError> {
        let hold = match (&self.suspended_since, &self.suspended_cause) {
            (Some(since), Some(cause)) => AccountHold::Suspended { since: time(since)?, cause: texts.one(cause) },
            _ => AccountHold::None,
        };
        Ok(OwnedEdge {
            account: AccountId(texts.one(&self.account)),
            value: self.level.as_deref().map(|level| texts.one(level)),
            origin: origin(&self.origin).ok_or_else(|| unreadable("an origin", &self.origin))?,
            since: time(&self.since)?,
            claims: claims(&self.claims, texts)?,
            until: maybe_time(self.ends.as_deref())?,
            hold,
            unseen: unsigned(self.unseen)?,
        })
    }
}

async fn inventory(
    connection: &mut Connection,
    app: &str,
    texts: &mut Texts,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    let mut rows = query(
        "SELECT person, slot_type, slot_name, account, level, origin, since, claims, ends, suspended_since, \
         suspended_cause, unseen FROM inventory WHERE app = $1",
    )
    .bind(app)
    .rows::<InventoryRow>(connection)?;
    while let Some(row) = rows.try_next().await? {
        let edge = texts.edge(&row.person, &row.slot_type, &row.slot_name)?;
        memory.inventory.insert(edge, row.owned(texts)?);
    }
    Ok(())
}

async fn tombstones(
    connection: &mut Connection,
    app: &str,
    texts: &mut Texts,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    let mut rows =
        query("SELECT person, slot_type, slot_name, account, removed_at, cause FROM tombstones WHERE app = $1")
            .bind(app)
            .rows::<(String, String, String, String, String, String)>(connection)?;
    while let Some((person, kind, name, account, at, cause)) = rows.try_next().await? {
        let tombstone = Tombstone { account: AccountId(texts.one(&account)), at: time(&at)?, cause: texts.one(&cause) };
        memory.tombstones.insert(texts.edge(&person, &kind, &name)?, tombstone);
    }
    Ok(())
}

async fn withdrawn(
    connection: &mut Connection,
    app: &str,
    texts: &mut Texts,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    let mut rows = query("SELECT person, slot_type, slot_name, since, refused FROM withdrawn WHERE app = $1")
        .bind(app)
        .rows::<(String, String, String, String, i64)>(connection)?;
    while let Some((person, kind, name, since, refused)) = rows.try_next().await? {
        let clock = WithdrawnClaim { since: time(&since)?, refused: refused != 0 };
        memory.withdrawn.insert(texts.edge(&person, &kind, &name)?, clock);
    }
    Ok(())
}

async fn flips(
    connection: &mut Connection,
    app: &str,
    now: Timestamp,
    texts: &mut Texts,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    let mut rows = query("SELECT person, slot_type, slot_name, found_at FROM flips WHERE app = $1 AND found_at > $2")
        .bind(app)
        .bind(before(now, DAY))
        .rows::<(String, String, String, String)>(connection)?;
    while let Some((person, kind, name, at)) = rows.try_next().await? {
        memory.flips.entry(texts.edge(&person, &kind, &name)?).or_default().insert(time(&at)?);
    }
    Ok(())
}

async fn refused(connection: &mut Connection, app: &str, memory: &mut Memory) -> Result<(), StoreError> {
    for (claim, since) in pairs(connection, "SELECT claim, since FROM refused_claims WHERE app = $1", app).await? {
        memory.refused.insert(claim_name(&claim)?, time(&since)?);
    }
    Ok(())
}

async fn budgets(
    connection: &mut Connection,
    app: &str,
    now: Timestamp,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    let rows: Vec<(String, String, String)> =
        query("SELECT direction, counted_at, who FROM budget WHERE app = $1 AND counted_at > $2")
            .bind(app)
            .bind(before(now, DAY))
            .all(connection)
            .await?;
    for (direction, at, who) in rows {
        let record = RemovalRecord { at: time(&at)?, who: who.into() };
        if direction == REMOVAL {
            memory.removals.insert(record);
        } else {
            memory.additions.insert(record);
        }
    }
    Ok(())
}

async fn holds(connection: &mut Connection, app: &str, now: Timestamp, memory: &mut Memory) -> Result<(), StoreError> {
    let rows: Vec<(String, String, String)> =
        query("SELECT digest, shown_at, lines FROM holds WHERE app = $1 AND shown_at > $2")
            .bind(app)
            .bind(before(now, HOLDS_KNOWN))
            .all(connection)
            .await?;
    for (digest, at, rows) in rows {
        memory.holds.insert(digest.into(), RecordedHold { rows: lines(&rows)?, at: time(&at)? });
    }
    Ok(())
}

async fn accounts(
    connection: &mut Connection,
    app: &str,
    has_complete: bool,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    if has_complete {
        let accounts: Vec<(String,)> =
            query("SELECT account FROM complete_accounts WHERE app = $1").bind(app).all(connection).await?;
        memory.last_complete = Some(accounts.iter().map(|(account,)| AccountId::new(account)).collect());
    }
    for (name, id) in pairs(connection, "SELECT name, id FROM app_groups WHERE app = $1", app).await? {
        memory.groups.insert(name.into(), id.into());
    }
    for (account, since) in pairs(connection, "SELECT account, since FROM unmanaged WHERE app = $1", app).await? {
        memory.unmanaged_since.insert(AccountId(Text::from(account)), time(&since)?);
    }
    for (account, kept) in pairs(connection, "SELECT account, attributes FROM not_kept WHERE app = $1", app).await? {
        memory.not_kept.insert(AccountId(Text::from(account)), attributes(&kept)?);
    }
    Ok(())
}

async fn tasks(connection: &mut Connection, app: &str, memory: &mut Memory) -> Result<(), StoreError> {
    let rows: Vec<(String, String, Option<String>)> =
        query("SELECT task, opened_at, removes FROM tasks WHERE app = $1").bind(app).all(connection).await?;
    for (id, opened, removes) in rows {
        let removes = removes.map(|account| AccountId(Text::from(account)));
        memory.tasks.insert(id.into(), OpenTask { opened: time(&opened)?, removes });
    }
    Ok(())
}

async fn pairs(
    connection: &mut Connection,
    statement: &'static str,
    app: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    query(statement).bind(app).all(connection).await
}
