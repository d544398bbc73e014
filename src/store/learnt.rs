//! What connectors have learnt of target apps (which form of a request a server takes), so that it is learnt once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Store, StoreError, Writer,
    batch::{delete, upsert},
    query::{Cell, query},
    tables::LEARNT,
};

impl Store {
    /// What was learnt of the target app with this target key: the connector's names and values.
    pub async fn learnt(&self, target_key: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let mut transaction = self.database.read().await?;
        let rows: Vec<(String, String)> =
            query("SELECT name, fact FROM learnt WHERE target_key = $1").bind(target_key).all(&mut transaction).await?;
        Ok(rows.into_iter().collect())
    }
}

impl Writer {
    /// Replaces what was learnt of a target app; writes nothing where nothing differs.
    pub async fn keep_learnt(
        &self,
        target_key: &str,
        facts: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let stored = self.store().learnt(target_key).await?;
        if stored == *facts {
            return Ok(());
        }
        let key = |name: &String| vec![target_key.into(), name.as_str().into()];
        let gone: Vec<Vec<Cell>> = stored.keys().filter(|name| !facts.contains_key(*name)).map(key).collect();
        let new: Vec<Vec<Cell>> = facts
            .iter()
            .filter(|(name, fact)| stored.get(*name) != Some(fact))
            .map(|(name, fact)| [key(name), vec![fact.as_str().into(), now.into()]].concat())
            .collect();
        let mut writing = self.write().await?;
        delete(writing.connection(), &LEARNT, &gone).await?;
        upsert(writing.connection(), &LEARNT, &new).await?;
        writing.commit().await
    }
}
