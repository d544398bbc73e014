//! Decisions on holds and on directories' breakers, and the holds that they name. Judges no decision: it keeps them.

use std::collections::BTreeSet;

use appaccess_core::access::{Decision, Directive, ObjectName, RecordedHold, Text};
use jiff::{SignedDuration, Timestamp};

use super::{
    Store, StoreError,
    batch::upsert,
    database::Connection,
    memory::HOLDS_KNOWN,
    query::query,
    row::{before, lines, time, time_text, unreadable},
    tables::{DECISIONS, directive, directive_word},
};

/// The scope of decisions on an app's hold.
pub(super) const APP: &str = "app";
/// The scope of decisions on a directory's breaker.
pub(super) const DIRECTORY: &str = "directory";
/// How long an ended decision stays, so that it is known again when a file still names it.
const KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What became of a decision that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It is kept from now on.
    Recorded,
    /// It was known already, and counts; nothing was written.
    Known,
    /// It was known already, and its rows are done: it counts no longer.
    UsedUp,
    /// Its time has passed: it was not kept.
    Ended,
}

/// A hold that was shown within 30 days, with what was decided on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHold {
    /// What a decision must name.
    pub digest: Text,
    /// The rows, and when they were first shown.
    pub hold: RecordedHold,
    /// Decisions that count.
    pub decisions: BTreeSet<Decision>,
    /// Whether an approval of it has been used up.
    pub used_up: bool,
}

impl Store {
    /// Keeps a decision on a hold of `app`. No lease is needed. Who names the same decision again changes nothing,
    /// also after it was used up. Whether the digest was ever shown is not asked: see [`Store::holds`].
    pub async fn decide(&self, app: &ObjectName, decision: &Decision, now: Timestamp) -> Result<Decided, StoreError> {
        self.record(APP, app, decision, now).await
    }

    /// Keeps a decision on the breaker of `directory`, as [`Store::decide`].
    pub async fn decide_directory(
        &self,
        directory: &ObjectName,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        self.record(DIRECTORY, directory, decision, now).await
    }

    /// The holds of `app` that were shown within 30 days, the latest first.
    pub async fn holds(&self, app: &ObjectName, now: Timestamp) -> Result<Vec<StoredHold>, StoreError> {
        let app = app.to_string();
        let mut transaction = self.database.read().await?;
        let rows: Vec<(String, String, String)> = query(
            "SELECT digest, shown_at, lines FROM holds WHERE app = $1 AND shown_at > $2 ORDER BY shown_at DESC, digest",
        )
        .bind(&app)
        .bind(before(now, HOLDS_KNOWN))
        .all(&mut transaction)
        .await?;
        let used: Vec<(String,)> =
            query("SELECT digest FROM decisions WHERE scope = $1 AND subject = $2 AND used_at IS NOT NULL")
                .bind(APP)
                .bind(&app)
                .all(&mut transaction)
                .await?;
        let decisions = live(&mut transaction, APP, &app, now).await?;
        let holds = rows.into_iter().map(|(digest, at, rows)| {
            let of_this = decisions.iter().filter(|decision| *decision.digest == *digest);
            Ok(StoredHold {
                decisions: of_this.cloned().collect(),
                used_up: used.iter().any(|(known,)| *known == digest),
                hold: RecordedHold { rows: lines(&rows)?, at: time(&at)? },
                digest: digest.into(),
            })
        });
        holds.collect()
    }

    async fn record(
        &self,
        scope: &'static str,
        subject: &ObjectName,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<Decided, StoreError> {
        if decision.not_after <= now {
            return Ok(Decided::Ended);
        }
        let subject = subject.to_string();
        let mut reading = self.database.read().await?;
        let known = known(&mut reading, scope, &subject, decision).await?;
        drop(reading);
        if let Some(known) = known {
            return Ok(known);
        }
        let mut writing = self.database.write().await?;
        add(writing.connection(), scope, &subject, decision, now).await?;
        forget_old(writing.connection(), now).await?;
        writing.commit().await?;
        Ok(Decided::Recorded)
    }
}

async fn known(
    connection: &mut Connection,
    scope: &str,
    subject: &str,
    decision: &Decision,
) -> Result<Option<Decided>, StoreError> {
    let used_at: Option<(Option<String>,)> = query(
        "SELECT used_at FROM decisions WHERE scope = $1 AND subject = $2 AND digest = $3 AND directive = $4 \
         AND decided_by = $5 AND not_after = $6",
    )
    .bind(scope)
    .bind(subject)
    .bind(&*decision.digest)
    .bind(directive_word(decision.directive))
    .bind(decision.decided_by.as_deref().unwrap_or_default())
    .bind(time_text(decision.not_after))
    .optional(connection)
    .await?;
    Ok(used_at.map(|(used_at,)| if used_at.is_some() { Decided::UsedUp } else { Decided::Known }))
}

/// Adds a decision; one that is there already stays used up or not, as it is.
pub(super) async fn add(
    connection: &mut Connection,
    scope: &str,
    subject: &str,
    decision: &Decision,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = vec![
        scope.into(),
        subject.into(),
        (&decision.digest).into(),
        directive_word(decision.directive).into(),
        decision.decided_by.as_deref().unwrap_or_default().into(),
        decision.not_after.into(),
        now.into(),
    ];
    upsert(connection, &DECISIONS, &[row]).await
}

#[derive(sqlx::FromRow)]
struct DecisionRow {
    digest: String,
    directive: String,
    decided_by: String,
    not_after: String,
}

impl DecisionRow {
    fn decision(self) -> Result<Decision, StoreError> {
        let directive: Directive =
            directive(&self.directive).ok_or_else(|| unreadable("a directive", &self.directive))?;
        Ok(Decision {
            digest: self.digest.into(),
            directive,
            decided_by: (!self.decided_by.is_empty()).then(|| self.decided_by.into()),
            not_after: time(&self.not_after)?,
        })
    }
}

/// The decisions that are neither used up nor past their time.
pub(super) async fn live(
    connection: &mut Connection,
    scope: &str,
    subject: &str,
    now: Timestamp,
) -> Result<BTreeSet<Decision>, StoreError> {
    let rows: Vec<DecisionRow> = query(
        "SELECT digest, directive, decided_by, not_after FROM decisions \
         WHERE scope = $1 AND subject = $2 AND not_after > $3 AND used_at IS NULL",
    )
    .bind(scope)
    .bind(subject)
    .bind(time_text(now))
    .all(connection)
    .await?;
    rows.into_iter().map(DecisionRow::decision).collect()
}

/// Deletes the decisions that ended long ago.
pub(super) async fn forget_old(connection: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
    query("DELETE FROM decisions WHERE not_after <= $1").bind(before(now, KEPT)).execute(connection).await?;
    Ok(())
}
