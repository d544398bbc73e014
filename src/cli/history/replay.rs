//! `history --at`: the journal of each app, read in whole and played again up to a time.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{ClaimName, Edge, Memory, ObjectName, PersonKey, Text},
    explain::{Deed, Holding, Owned, Proof, holdings_at},
};
use jiff::Timestamp;

use super::whose_line;
use crate::{
    cli::{
        error::CommandError,
        output::{
            build::whole_seconds,
            document::Entitlement,
            history::{ACCESS_SCHEMA, AccessDocument, AppAt, Held},
        },
    },
    store::{JournalLine, Store, Whose},
};

/// Lines of one app's journal that are read at most.
const MOST_LINES: usize = 1_000_000;

/// Reads what the store knows and tells who held what.
pub(super) async fn document(
    store: &Store,
    chosen: &[ObjectName],
    whose: Option<&Whose>,
    at: Timestamp,
) -> Result<AccessDocument, CommandError> {
    let mut apps = Vec::new();
    for app in store.apps().await? {
        if !chosen.is_empty() && !chosen.contains(&app) {
            continue;
        }
        let memory = store.memory(&app, Timestamp::now()).await?;
        let mut replay = Replay::over(&memory);
        let mut sequence = 0;
        loop {
            let lines = store.journal_after(&app, sequence).await?;
            let Some(last) = lines.last() else { break };
            sequence = last.sequence;
            for line in &lines {
                replay.add(line);
            }
            if replay.deeds.len() > MOST_LINES {
                let what = format!("the journal of {app} holds more than {MOST_LINES} changes");
                return Err(CommandError::refused(what, "read it in parts: --since and --until in place of --at"));
            }
        }
        apps.push(replay.app(&app, whose, at));
    }
    Ok(AccessDocument { schema: ACCESS_SCHEMA, at: whole_seconds(at).to_string(), apps })
}

/// What is gathered of one app.
struct Replay<'a> {
    memory: &'a Memory,
    deeds: Vec<Deed>,
    /// What each is called, by the latest line.
    labels: BTreeMap<Text, Text>,
    /// On whose word each intent was.
    because: BTreeMap<u64, Text>,
    /// The earliest time of which anything is recorded.
    known_since: Option<Timestamp>,
}

impl<'a> Replay<'a> {
    fn over(memory: &'a Memory) -> Self {
        let known_since = memory.inventory.values().map(|owned| owned.since).min();
        Self { memory, deeds: Vec::new(), labels: BTreeMap::new(), because: BTreeMap::new(), known_since }
    }

    fn add(&mut self, line: &JournalLine) {
        self.known_since = Some(self.known_since.map_or(line.at, |since| since.min(line.at)));
        let intent = &line.intent;
        let Some(whose) = whose_line(intent.person.as_ref(), intent.account.as_ref()) else { return };
        self.labels.insert(whose.clone(), intent.label.clone());
        let Some((at, read_back)) = answered(line) else { return };
        self.because.insert(line.sequence, intent.because.clone());
        self.deeds.push(Deed {
            sequence: line.sequence,
            at,
            read_back,
            whose,
            slot: intent.slot.clone(),
            action: intent.action,
            from: intent.from.clone(),
            to: intent.to.clone(),
        });
    }

    fn app(&self, app: &ObjectName, whose: Option<&Whose>, at: Timestamp) -> AppAt {
        let owned = self.memory.inventory.iter().map(|(edge, owned)| {
            let key = (Text::from(edge.person.canonical()), edge.slot.clone());
            (key, Owned { since: owned.since, value: owned.value.clone() })
        });
        let holdings = holdings_at(&self.deeds, &owned.collect(), at);
        let keys: Option<BTreeSet<String>> = whose.map(|whose| whose.people.iter().map(PersonKey::canonical).collect());
        let held = holdings.iter().map(|holding| self.held(holding)).filter(|held| match (&keys, whose) {
            (Some(keys), Some(whose)) => keys.contains(&held.key) || held.person.to_lowercase() == *whose.label,
            _ => true,
        });
        let mut held: Vec<Held> = held.collect();
        held.sort_by(|left, right| (&left.person, &left.key).cmp(&(&right.person, &right.key)));
        AppAt {
            app: app.to_string(),
            known_since: self.known_since.map(|since| whole_seconds(since).to_string()),
            too_early: self.known_since.is_none_or(|since| at < since),
            held,
        }
    }

    fn held(&self, holding: &Holding) -> Held {
        let known = PersonKey::from_canonical(&holding.whose);
        let label = self.labels.get(&holding.whose).map(ToString::to_string);
        let person = label.or_else(|| known.as_ref().map(ToString::to_string));
        let single = holding.slot.name.is_empty() && !holding.slot.is_account();
        let value = holding.value.as_ref().map(ToString::to_string);
        Held {
            person: person.unwrap_or_else(|| holding.whose.to_string()),
            key: holding.whose.to_string(),
            entitlement: Entitlement {
                kind: holding.slot.kind.to_string(),
                name: if single { value.clone().unwrap_or_default() } else { holding.slot.name.to_string() },
                level: value.filter(|_| !single),
            },
            since: holding.since.map(|since| whole_seconds(since).to_string()),
            proof: holding.proof.as_str(),
            because: self.because_of(holding, known).unwrap_or_default(),
        }
    }

    /// On whose word: what the journal says, else the claims that were last seen to carry it.
    fn because_of(&self, holding: &Holding, person: Option<PersonKey>) -> Option<String> {
        if let Some(sequence) = holding.sequence {
            let told = self.because.get(&sequence)?;
            // What took it away later does not say on whose word it was given.
            let later = if holding.proof == Proof::ChangedLater { "later: " } else { "" };
            return Some(format!("{later}{told}"));
        }
        let owned = self.memory.inventory.get(&Edge::new(person?, holding.slot.clone()))?;
        let names: Vec<String> = owned.claims.keys().map(ClaimName::to_string).collect();
        (!names.is_empty()).then(|| format!("declared by {}", names.join(", ")))
    }
}

/// When the app took a change, and whether a reading showed it; `None` for what was not done.
fn answered(line: &JournalLine) -> Option<(Timestamp, bool)> {
    if let Some(result) = line.results.iter().find(|result| &*result.outcome == "applied") {
        return Some((result.at, true));
    }
    match line.results.last() {
        Some(result) if matches!(&*result.outcome, "unverified" | "unknown") => Some((result.at, false)),
        Some(_) => None,
        None => Some((line.at, false)),
    }
}
