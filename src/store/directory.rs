//! What we remember of directories between readings. Judges no reading.

use std::collections::BTreeMap;

use appaccess_core::{
    access::ObjectName,
    resolve::{Absence, DirectoryMemory},
};
use jiff::Timestamp;

use super::{
    Store, StoreError, Writer,
    batch::{delete, upsert},
    database::Connection,
    decisions,
    query::{Cell, query},
    row::{maybe_time, time, time_text, unreadable},
    tables::DIRECTORY,
};

/// Facts as they stand in the table: (what, whose) to the detail, and when a count was last raised.
type Facts = BTreeMap<(&'static str, String), (String, Option<Timestamp>)>;

const READ: &str = "read";
const PERSON: &str = "person";
const MISSING: &str = "missing";
const LEFT: &str = "left";
const SHRUNK: &str = "shrunk";
const APPROVED: &str = "approved";

impl Store {
    /// What we remember of `directory`, with the decisions that count at `now`.
    pub async fn directory(&self, directory: &ObjectName, now: Timestamp) -> Result<DirectoryMemory, StoreError> {
        let directory = directory.to_string();
        let mut transaction = self.database.read().await?;
        let mut memory = memory_of(facts(&mut transaction, &directory).await?)?;
        memory.decisions = decisions::live(&mut transaction, decisions::DIRECTORY, &directory, now).await?;
        Ok(memory)
    }
}

impl Writer {
    /// Replaces what we remember of `directory`; only what differs is written, and nothing where nothing does.
    /// Decisions are added, never taken away: others decide meanwhile.
    pub async fn keep_directory(
        &self,
        directory: &ObjectName,
        memory: &DirectoryMemory,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let stored = self.store().directory(directory, now).await?;
        let new_decisions: Vec<_> = memory.decisions.difference(&stored.decisions).collect();
        if facts_of(&stored) == facts_of(memory) && new_decisions.is_empty() {
            return Ok(());
        }
        let directory = directory.to_string();
        let mut writing = self.write().await?;
        let connection = writing.connection();
        let new = facts_of(memory);
        let before = facts(connection, &directory).await?;
        let gone: Vec<Vec<Cell>> = before
            .keys()
            .filter(|key| !new.contains_key(key))
            .map(|(fact, id)| vec![directory.as_str().into(), (*fact).into(), id.as_str().into()])
            .collect();
        delete(connection, &DIRECTORY, &gone).await?;
        let changed: Vec<Vec<Cell>> = new
            .iter()
            .filter(|(key, detail)| before.get(key) != Some(detail))
            .map(|((fact, id), (detail, counted))| {
                let [fact, id, detail] = [fact, id.as_str(), detail.as_str()].map(Cell::from);
                vec![directory.as_str().into(), fact, id, detail, (*counted).into()]
            })
            .collect();
        upsert(connection, &DIRECTORY, &changed).await?;
        for decision in new_decisions {
            decisions::add(connection, decisions::DIRECTORY, &directory, decision, now).await?;
        }
        writing.commit().await
    }
}

async fn facts(connection: &mut Connection, directory: &str) -> Result<Facts, StoreError> {
    let rows: Vec<(String, String, String, Option<String>)> =
        query("SELECT fact, id, detail, counted_at FROM directory_facts WHERE directory = $1")
            .bind(directory)
            .all(connection)
            .await?;
    let facts = rows.into_iter().map(|(fact, id, detail, counted)| {
        let known = [READ, PERSON, MISSING, LEFT, SHRUNK, APPROVED];
        let word = known.into_iter().find(|word| *word == fact).ok_or_else(|| unreadable("a fact", &fact))?;
        Ok(((word, id), (detail, maybe_time(counted.as_deref())?)))
    });
    facts.collect()
}

fn facts_of(memory: &DirectoryMemory) -> Facts {
    let mut facts = Facts::new();
    let mut note = |fact, id: &str, detail: String, counted| facts.insert((fact, id.to_owned()), (detail, counted));
    if let Some(last) = &memory.last {
        note(READ, "", String::new(), None);
        for (id, active) in last {
            note(PERSON, id, u8::from(*active).to_string(), None);
        }
    }
    for (id, absence) in &memory.missing {
        note(MISSING, id, absence.readings.to_string(), absence.counted);
    }
    for (id, says) in &memory.left {
        note(LEFT, id, says.to_string(), None);
    }
    for (id, at) in &memory.shrunk {
        note(SHRUNK, id, time_text(*at), None);
    }
    for id in &memory.approved {
        note(APPROVED, id, String::new(), None);
    }
    facts
}

fn memory_of(facts: Facts) -> Result<DirectoryMemory, StoreError> {
    let mut memory = DirectoryMemory::default();
    for ((fact, id), (detail, counted)) in facts {
        match fact {
            READ => {
                memory.last.get_or_insert_default();
            }
            PERSON => {
                memory.last.get_or_insert_default().insert(id.into(), detail == "1");
            }
            MISSING => {
                let readings = detail.parse().map_err(|_| unreadable("a count", &detail))?;
                memory.missing.insert(id.into(), Absence { readings, counted });
            }
            LEFT => {
                memory.left.insert(id.into(), detail.into());
            }
            SHRUNK => {
                memory.shrunk.insert(id.into(), time(&detail)?);
            }
            _ => {
                memory.approved.insert(id.into());
            }
        }
    }
    Ok(memory)
}
