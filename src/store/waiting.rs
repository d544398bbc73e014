//! What waits for a decision in all apps together, for somebody who looks for a name. Judges nothing.

use appaccess_core::access::{ObjectName, Text};
use jiff::Timestamp;

use super::{Store, StoreError, decisions::APP, memory::HOLDS_KNOWN, query::query, row::before};

/// Most holds that are told.
const MOST: i64 = 200;

impl Store {
    /// Apps with the digests that they showed within 30 days and whose rows are not done, the latest first; at most 200.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn waiting(&self, now: Timestamp) -> Result<Vec<(ObjectName, Text)>, StoreError> {
        let mut transaction = self.database.read().await?;
        let rows: Vec<(String, String)> = query(
            "SELECT app, digest FROM holds WHERE shown_at > $1 AND NOT EXISTS (SELECT 1 FROM decisions \
             WHERE scope = $2 AND subject = holds.app AND decisions.digest = holds.digest AND used_at IS NOT NULL) \
             ORDER BY shown_at DESC, app, digest LIMIT $3",
        )
        .bind(before(now, HOLDS_KNOWN))
        .bind(APP)
        .bind(MOST)
        .all(&mut transaction)
        .await?;
        let named = |(app, digest): (String, String)| Some((ObjectName::parse(&app).ok()?, digest.into()));
        Ok(rows.into_iter().filter_map(named).collect())
    }
}
