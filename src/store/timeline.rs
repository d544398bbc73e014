//! The journal as it is read by people: by whom and when, in whole, and with who approved what. Judges nothing and writes
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::access::{Directive, ObjectName, PersonKey, Text};
use jiff::Timestamp;

use super::{
    Store, StoreError,
    database::Connection,
    decisions::APP,
    journal::{JOURNAL_LIMIT, JournalLine, SELECT, with_results},
    query::{Query, build, query},
    row::{lines, object_name, person, signed, time, unreadable},
    tables::directive,
};

/// Decisions of one app that are told.
const MOST_DECISIONS: i64 = 200;

/// Whom lines of the journal are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// These people.
    pub people: BTreeSet<PersonKey>,
    /// And whoever was called so, whatever the case of its ASCII letters, which both databases fold alike: accounts of
    /// nobody known, too.
    pub label: Text,
}

/// Which lines of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineFilter {
    /// Only these target apps; empty for all.
    pub apps: BTreeSet<ObjectName>,
    /// Only about them.
    pub whose: Option<Whose>,
    /// Only what was intended at or after this time.
    pub since: Option<Timestamp>,
    /// Only what was intended at or before this time.
    pub until: Option<Timestamp>,
    /// At most so many lines, at most [`JOURNAL_LIMIT`].
    pub limit: u32,
}

/// An approval or a rejection of a hold, with what it was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenDecision {
    /// The digest that was decided.
    pub digest: Text,
    /// Yes or no.
    pub directive: Directive,
    /// Who decided, as claimed.
    pub decided_by: Option<Text>,
    /// When we first saw it.
    pub decided_at: Timestamp,
    /// When the last of its rows was done; `None` while it counts.
    pub used_at: Option<Timestamp>,
    /// The rows of the hold, as they went into the digest; empty where they are not kept any more.
    pub rows: BTreeSet<Text>,
}

impl Store {
    /// The target apps of which anything is remembered.
    pub async fn apps(&self) -> Result<BTreeSet<ObjectName>, StoreError> {
        let mut transaction = self.database.read().await?;
        let apps: Vec<(String,)> = query("SELECT app FROM apps").all(&mut transaction).await?;
        apps.iter().map(|(app,)| object_name(app)).collect()
    }

    /// Everybody who is called so in a line of the journal, whatever the case of its ASCII letters.
    pub async fn people_called(&self, label: &str) -> Result<BTreeSet<PersonKey>, StoreError> {
        let mut transaction = self.database.read().await?;
        let people: Vec<(String,)> = query(
            "SELECT DISTINCT person FROM journal WHERE LOWER(label) = $1 AND person IS NOT NULL ORDER BY person LIMIT 100",
        )
        .bind(label.to_ascii_lowercase())
        .all(&mut transaction)
        .await?;
        people.iter().map(|(key,)| person(key)).collect()
    }

    /// What people are called in the journal, the first names by the alphabet: for whoever mistyped one.
    pub async fn labels(&self) -> Result<Vec<String>, StoreError> {
        let mut transaction = self.database.read().await?;
        let labels: Vec<(String,)> = query("SELECT DISTINCT label FROM journal ORDER BY label LIMIT $1")
            .bind(i64::from(JOURNAL_LIMIT))
            .all(&mut transaction)
            .await?;
        Ok(labels.into_iter().map(|(label,)| label).collect())
    }

    /// The latest lines that fit, the latest first.
    pub async fn timeline(&self, filter: &TimelineFilter) -> Result<Vec<JournalLine>, StoreError> {
        let mut transaction = self.database.read().await?;
        let rows = select(filter).all(&mut transaction).await?;
        with_results(&mut transaction, rows).await
    }

    /// Lines of `app` after the intent of that number, in order; at most [`JOURNAL_LIMIT`].
    pub async fn journal_after(&self, app: &ObjectName, sequence: u64) -> Result<Vec<JournalLine>, StoreError> {
        let mut query = build(SELECT);
        query.push("app = ").push_bind(app.to_string());
        query.push(" AND sequence > ").push_bind(signed(sequence));
        query.push(" ORDER BY sequence LIMIT ").push_bind(i64::from(JOURNAL_LIMIT));
        let mut transaction = self.database.read().await?;
        let rows = query.kept(true).all(&mut transaction).await?;
        with_results(&mut transaction, rows).await
    }

    /// The latest decisions on holds of `app` that are still kept, at most 200, the earliest first.
    pub async fn given_decisions(&self, app: &ObjectName) -> Result<Vec<GivenDecision>, StoreError> {
        let app = app.to_string();
        let mut transaction = self.database.read().await?;
        let mut decisions: Vec<DecisionRow> = query(
            "SELECT digest, directive, decided_by, decided_at, used_at FROM decisions \
             WHERE scope = $1 AND subject = $2 ORDER BY decided_at DESC, digest DESC, decided_by DESC LIMIT $3",
        )
        .bind(APP)
        .bind(&app)
        .bind(MOST_DECISIONS)
        .all(&mut transaction)
        .await?;
        decisions.reverse();
        let mut holds = BTreeMap::new();
        for decision in &decisions {
            if !holds.contains_key(&decision.digest) {
                let rows = hold(&mut transaction, &app, &decision.digest).await?;
                holds.insert(decision.digest.clone(), rows);
            }
        }
        let given = decisions.into_iter().map(|decision| {
            let rows = holds.get(&decision.digest).cloned().unwrap_or_default();
            decision.given(rows)
        });
        given.collect()
    }
}

/// The rows of the hold of that digest; none where it is not kept any more.
async fn hold(connection: &mut Connection, app: &str, digest: &str) -> Result<BTreeSet<Text>, StoreError> {
    let found: Option<(String,)> = query("SELECT lines FROM holds WHERE app = $1 AND digest = $2")
        .bind(app)
        .bind(digest)
        .optional(connection)
        .await?;
    Ok(found.map(|(rows,)| lines(&rows)).transpose()?.unwrap_or_default())
}

fn select(filter: &TimelineFilter) -> Query {
    let mut query = build(SELECT);
    query.push("sequence > 0");
    if !filter.apps.is_empty() {
        query.push(" AND app");
        push_one_of(&mut query, filter.apps.iter().map(ToString::to_string));
    }
    if let Some(whose) = &filter.whose {
        query.push(" AND (LOWER(label) = ").push_bind(whose.label.to_ascii_lowercase());
        if !whose.people.is_empty() {
            query.push(" OR person");
            push_one_of(&mut query, whose.people.iter().map(PersonKey::canonical));
        }
        query.push(")");
    }
    if let Some(since) = filter.since {
        query.push(" AND intended_at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        query.push(" AND intended_at <= ").push_bind(until);
    }
    let limit = filter.limit.clamp(1, JOURNAL_LIMIT);
    query.push(" ORDER BY intended_at DESC, app, sequence DESC LIMIT ").push_bind(i64::from(limit));
    query
}

/// That the column named last has one of these values, of which there is one at least.
fn push_one_of(query: &mut Query, values: impl Iterator<Item = String>) {
    for (number, value) in values.enumerate() {
        query.push(if number == 0 { " IN (" } else { ", " }).push_bind(&value);
    }
    query.push(")");
}

#[derive(sqlx::FromRow)]
struct DecisionRow {
    digest: String,
    directive: String,
    decided_by: String,
    decided_at: String,
    used_at: Option<String>,
}

impl DecisionRow {
    fn given(self, rows: BTreeSet<Text>) -> Result<GivenDecision, StoreError> {
        Ok(GivenDecision {
            digest: self.digest.into(),
            directive: directive(&self.directive).ok_or_else(|| unreadable("a directive", &self.directive))?,
            decided_by: (!self.decided_by.is_empty()).then(|| self.decided_by.into()),
            decided_at: time(&self.decided_at)?,
            used_at: self.used_at.as_deref().map(time).transpose()?,
            rows,
        })
    }
}
