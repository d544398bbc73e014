//! The journal: what we were about to do, on whose word, and what came of it. Lines are added, never changed.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{AccountId, Level, ObjectName, PersonKey, Slot, Text},
    plan::{Action, Cause, Change, Outcome},
};
use jiff::Timestamp;

use super::{
    Store, StoreError,
    batch::{push_keys, upsert},
    database::Connection,
    keep::{ensure_app, finish_intents},
    query::{Cell, Query, build, query},
    row::{clipped, object_name, person, signed, time, unreadable, unsigned},
    tables::{JOURNAL, RESULTS},
};

/// The most lines that one answer holds.
pub const JOURNAL_LIMIT: u32 = 10_000;
/// Bytes of a label.
const LABEL: usize = 512;
/// Bytes of a reason or an error.
const PROSE: usize = 2048;
/// Lines whose results are asked for at once.
const AT_ONCE: usize = 400;

/// What we are about to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// For whom; `None` for a group itself and for accounts of nobody known.
    pub person: Option<PersonKey>,
    /// What a person reads: mail or login; cut to 512 bytes.
    pub label: Text,
    /// The vendor's id of the account, where there is one.
    pub account: Option<AccountId>,
    /// In which slot.
    pub slot: Slot,
    /// What.
    pub action: Action,
    /// The value before.
    pub from: Option<Level>,
    /// The value after.
    pub to: Option<Level>,
    /// Why.
    pub cause: Cause,
    /// The evidence in words, cut to 2,048 bytes.
    pub because: Text,
}

impl Intent {
    /// The intent to make `change`, with its evidence in words.
    #[must_use]
    pub fn of(change: &Change) -> Self {
        Self {
            person: change.person.clone(),
            label: clipped(&change.label, LABEL),
            account: change.account.clone(),
            slot: change.slot.clone(),
            action: change.action,
            from: change.from.clone(),
            to: change.to.clone(),
            cause: change.cause,
            because: clipped(&change.reason(), PROSE),
        }
    }
}

/// What came of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultLine {
    /// The intent's number.
    pub sequence: u64,
    /// The word of the contract (`applied`, `unverified`, `failed`, `skipped`), or `unknown` after a crash.
    pub outcome: Text,
    /// What went wrong, cut to 2,048 bytes.
    pub error: Option<String>,
}

impl ResultLine {
    /// What came of the intent `sequence`.
    #[must_use]
    pub fn of(sequence: u64, outcome: &Outcome) -> Self {
        let error = match outcome {
            Outcome::Failed { reason, message } => Some(format!("{reason}: {message}")),
            _ => None,
        };
        Self { sequence, outcome: outcome.as_str().into(), error }
    }
}

/// A result as it was journalled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalResult {
    /// When.
    pub at: Timestamp,
    /// The word of the contract.
    pub outcome: Text,
    /// What went wrong.
    pub error: Option<Text>,
}

/// An intent as it was journalled, with what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalLine {
    /// The target app.
    pub app: ObjectName,
    /// The intent's number, counted from 1 per target app.
    pub sequence: u64,
    /// When.
    pub at: Timestamp,
    /// What we were about to do.
    pub intent: Intent,
    /// What came of it, the earliest first; empty where nobody knows (yet).
    pub results: Vec<JournalResult>,
}

/// Which lines of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// Only this target app.
    pub app: Option<ObjectName>,
    /// Only this person.
    pub person: Option<PersonKey>,
    /// Only what was intended at or before this time.
    pub until: Option<Timestamp>,
    /// Only intents without a result.
    pub unfinished: bool,
    /// At most so many lines; 0, and more than [`JOURNAL_LIMIT`], mean that many.
    pub limit: u32,
}

/// What a line of the journal consists of.
pub(super) const SELECT: &str = "SELECT app, sequence, intended_at, person, label, account, slot_type, slot_name, action, \
                      from_level, to_level, cause, because FROM journal WHERE ";

impl Store {
    /// The latest lines that fit, the latest first.
    pub async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalLine>, StoreError> {
        let mut transaction = self.database.read().await?;
        let rows = select(filter).all(&mut transaction).await?;
        with_results(&mut transaction, rows).await
    }

    /// The intents of `app` without a result: what was under way when a process ended. They are observed, not replayed.
    pub async fn unfinished(&self, app: &ObjectName) -> Result<Vec<JournalLine>, StoreError> {
        self.journal(&JournalFilter { app: Some(app.clone()), unfinished: true, ..JournalFilter::default() }).await
    }
}

fn select(filter: &JournalFilter) -> Query {
    let mut query = build(SELECT);
    query.push(if filter.unfinished { "finished = 0" } else { "finished >= 0" });
    if let Some(app) = &filter.app {
        query.push(" AND app = ").push_bind(app.to_string().as_str());
    }
    if let Some(person) = &filter.person {
        query.push(" AND person = ").push_bind(person.canonical().as_str());
    }
    if let Some(until) = filter.until {
        query.push(" AND intended_at <= ").push_bind(until);
    }
    let limit = if filter.limit == 0 { JOURNAL_LIMIT } else { filter.limit.min(JOURNAL_LIMIT) };
    query.push(" ORDER BY intended_at DESC, app, sequence DESC LIMIT ").push_bind(i64::from(limit));
    query.kept(true)
}

/// Lines of the journal, each with what came of it.
pub(super) async fn with_results(
    connection: &mut Connection,
    rows: Vec<JournalRow>,
) -> Result<Vec<JournalLine>, StoreError> {
    let mut lines = rows.into_iter().map(JournalRow::line).collect::<Result<Vec<_>, _>>()?;
    let mut results = BTreeMap::new();
    for chunk in lines.chunks(AT_ONCE) {
        let keys: Vec<_> = chunk.iter().map(|line| key(&line.app.to_string(), line.sequence)).collect();
        collect_results(connection, &keys, &mut results).await?;
    }
    for line in &mut lines {
        line.results = results.remove(&(line.app.to_string(), line.sequence)).unwrap_or_default();
    }
    Ok(lines)
}

async fn collect_results(
    connection: &mut Connection,
    keys: &[Vec<Cell>],
    results: &mut BTreeMap<(String, u64), Vec<JournalResult>>,
) -> Result<(), StoreError> {
    let mut query = build("SELECT app, sequence, finished_at, outcome, error FROM journal_results");
    push_keys(&mut query, &JOURNAL, keys)?;
    query.push(" ORDER BY app, sequence, finished_at, outcome");
    let rows: Vec<(String, i64, String, String, Option<String>)> = query.all(connection).await?;
    for (app, sequence, at, outcome, error) in rows {
        let result = JournalResult { at: time(&at)?, outcome: outcome.into(), error: error.map(Text::from) };
        results.entry((app, unsigned(sequence)?)).or_default().push(result);
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
pub(super) struct JournalRow {
    app: String,
    sequence: i64,
    intended_at: String,
    person: Option<String>,
    label: String,
    account: Option<String>,
    slot_type: String,
    slot_name: String,
    action: String,
    from_level: Option<String>,
    to_level: Option<String>,
    cause: String,
    because: String,
}

impl JournalRow {
    pub(super) fn line(self) -> Result<JournalLine, StoreError> {
        let intent = Intent {
            person: self.person.as_deref().map(person).transpose()?,
            label: self.label.into(),
            account: self.account.map(|account| AccountId(account.into())),
            slot: Slot::new(&self.slot_type, &self.slot_name),
            action: Action::from_word(&self.action).ok_or_else(|| unreadable("an action", &self.action))?,
            from: self.from_level.map(Text::from),
            to: self.to_level.map(Text::from),
            cause: Cause::from_word(&self.cause).ok_or_else(|| unreadable("a cause", &self.cause))?,
            because: self.because.into(),
        };
        Ok(JournalLine {
            app: object_name(&self.app)?,
            sequence: unsigned(self.sequence)?,
            at: time(&self.intended_at)?,
            intent,
            results: Vec::new(),
        })
    }
}

fn key(app: &str, sequence: u64) -> Vec<Cell> {
    vec![app.into(), Cell::Number(signed(sequence))]
}

/// Journals intents; their numbers, in order.
pub(super) async fn add_intents(
    connection: &mut Connection,
    app: &str,
    now: Timestamp,
    intents: &[Intent],
) -> Result<Vec<u64>, StoreError> {
    ensure_app(connection, app).await?;
    let (last,): (i64,) = query("UPDATE apps SET sequence = sequence + $2 WHERE app = $1 RETURNING sequence")
        .bind(app)
        .bind(signed(intents.len() as u64))
        .one(connection)
        .await?;
    let last: u64 = unsigned(last)?;
    let first = last.saturating_sub(intents.len() as u64).saturating_add(1);
    let rows: Vec<Vec<Cell>> =
        intents.iter().zip(first..).map(|(intent, sequence)| intent_row(app, now, intent, sequence)).collect();
    upsert(connection, &JOURNAL, &rows).await?;
    Ok((first..=last).collect())
}

fn intent_row(app: &str, now: Timestamp, intent: &Intent, sequence: u64) -> Vec<Cell> {
    let mut row = key(app, sequence);
    row.extend([
        now.into(),
        Cell::Text(intent.person.as_ref().map(|person| person.canonical().into())),
        (&clipped(&intent.label, LABEL)).into(),
        Cell::Text(intent.account.as_ref().map(|account| account.0.clone())),
        (&intent.slot.kind).into(),
        (&intent.slot.name).into(),
        intent.action.as_str().into(),
        (&intent.from).into(),
        (&intent.to).into(),
        intent.cause.as_str().into(),
        Cell::Long(clipped(&intent.because, PROSE).to_string()),
        false.into(),
    ]);
    row
}

/// Journals results, each of an intent that is there.
pub(super) async fn add_results(
    connection: &mut Connection,
    app: &ObjectName,
    now: Timestamp,
    results: &[ResultLine],
) -> Result<(), StoreError> {
    let app_text = app.to_string();
    let numbers: BTreeSet<u64> = results.iter().map(|result| result.sequence).collect();
    for number in &numbers {
        if finish_intents(connection, &[key(&app_text, *number)]).await? == 0 {
            return Err(StoreError::UnknownIntent { app: app.clone(), sequence: *number });
        }
    }
    let rows: BTreeMap<(u64, &str), Vec<Cell>> = results
        .iter()
        .map(|result| {
            let mut row = key(&app_text, result.sequence);
            let error = result.error.as_deref().map(|error| clipped(error, PROSE).to_string());
            row.extend([now.into(), (&result.outcome).into(), error.map_or(Cell::Text(None), Cell::Long)]);
            ((result.sequence, &*result.outcome), row)
        })
        .collect();
    upsert(connection, &RESULTS, &rows.into_values().collect::<Vec<_>>()).await
}
