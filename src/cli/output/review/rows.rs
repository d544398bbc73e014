//! A review in rows and numbers, the same in every form that people read. Knows no colour and no markup.

use std::collections::{BTreeMap, BTreeSet};

use super::{Review, Setting, Window};
use crate::cli::output::{
    document::{App, Change, Intent, PlanDocument, Waits, Withdrawn},
    words::{self, Mark, counted},
};

/// What one person gains or loses for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) mark: Mark,
    pub(super) who: String,
    /// The entitlements in words.
    pub(super) what: Vec<String>,
    /// The claims, with the reason that they give.
    pub(super) why: String,
    /// What else is to be known.
    pub(super) note: String,
}

/// The two halves of what a change means for an app; `None` where the document is about something else.
pub(super) fn halves(app: &App) -> Option<(&Intent, &Review)> {
    match &app.waits {
        Waits::Intent { intent, review } => Some((intent, review)),
        Waits::Hold { .. } => None,
    }
}

/// Whether there is nothing to tell about an app.
pub(super) fn is_quiet(app: &App) -> bool {
    let Some((intent, review)) = halves(app) else { return true };
    app.changes.is_empty()
        && intent.withdrawn.is_empty()
        && review.settings.is_empty()
        && review.windows.is_empty()
        && review.decisions.is_empty()
        && review.presence == "kept"
}

/// How many gain and lose something, where what the mode does not allow is told as such.
pub(super) fn people(app: &App, review: &Review) -> (String, String) {
    let told = |count: u64, is_done: bool| match (count, is_done) {
        (0, _) | (_, true) => count.to_string(),
        (_, false) => format!("{count}, only reported"),
    };
    let people = review.people;
    (told(people.gaining, app.mode != "Observe"), told(people.losing, app.mode == "Full"))
}

/// The approval that somebody may have to write, where the withdrawals are done at all.
pub(super) fn approval<'a>(app: &App, review: &'a Review) -> Option<&'a str> {
    let is_wanted = review.people.losing > 0 && app.mode == "Full" && review.approved_by.is_none();
    review.approval.as_deref().filter(|_| is_wanted)
}

/// Rows in the order in which each first appears; those that differ in nothing but the entitlement become one.
fn grouped(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut groups: Vec<Row> = Vec::new();
    let mut places: BTreeMap<(char, String, String, String), usize> = BTreeMap::new();
    for row in rows {
        let key = (row.mark.sign(), row.who.clone(), row.why.clone(), row.note.clone());
        if let Some(group) = places.get(&key).and_then(|place| groups.get_mut(*place)) {
            group.what.extend(row.what);
        } else {
            places.insert(key, groups.len());
            groups.push(row);
        }
    }
    groups
}

/// What is granted, raised or lowered.
pub(super) fn granted(app: &App) -> Vec<Row> {
    let row = |change: &Change| Row {
        mark: Mark::of(change),
        who: words::whose(change).to_owned(),
        what: vec![given(change)],
        why: change.reason.strip_prefix("declared by ").unwrap_or(&change.reason).to_owned(),
        note: if change.permitted || app.mode == "Observe" { String::new() } else { "only reported".into() },
    };
    grouped(app.changes.iter().map(row))
}

fn given(change: &Change) -> String {
    let action = words::action(change);
    match change.does {
        "change" => action.strip_prefix("change ").unwrap_or(&action).to_owned(),
        _ => words::entitlement(&change.entitlement),
    }
}

/// What is withdrawn, and what of it somebody still holds.
pub(super) fn withdrawn(intent: &Intent) -> Vec<Row> {
    let row = |row: &Withdrawn| {
        let entitlement = words::entitlement(&row.entitlement);
        let nothing = || "nothing".to_owned();
        let what = match (&row.from, &row.to) {
            (None, None) => entitlement,
            (from, to) => {
                let kind = &row.entitlement.kind;
                let values = (from.clone().unwrap_or_else(nothing), to.clone().unwrap_or_else(nothing));
                format!("{kind} {} → {}", values.0, values.1)
            }
        };
        let mut notes: Vec<String> = row.until.iter().map(|until| format!("ends {until}")).collect();
        if !row.loses {
            notes.push(match row.keeps.as_slice() {
                [] => "nothing is lost by it".to_owned(),
                keeps => format!("still held by {}", keeps.join(", ")),
            });
        }
        Row {
            mark: if row.loses { Mark::Remove } else { Mark::Alter },
            who: row.person.clone(),
            what: vec![what],
            why: row.because.join(", "),
            note: notes.join("; "),
        }
    };
    grouped(intent.withdrawn.iter().map(row))
}

/// Ends and beginnings.
pub(super) fn times(review: &Review) -> Vec<Row> {
    let row = |window: &Window| Row {
        mark: match window.what {
            "endsEarlier" | "beginsNoMore" => Mark::Remove,
            "ends" => Mark::Alter,
            _ => Mark::Add,
        },
        who: window.person.clone(),
        what: vec![words::entitlement(&window.entitlement)],
        why: window.because.join(", "),
        note: moment(window),
    };
    grouped(review.windows.iter().map(row))
}

fn moment(window: &Window) -> String {
    let or_never = |time: &Option<String>| time.clone().unwrap_or_else(|| "never".to_owned());
    let (at, before) = (or_never(&window.at), or_never(&window.before));
    match window.what {
        "ends" => format!("ends {at}"),
        "endsEarlier" | "endsLater" => format!("ends {at}, before: {before}"),
        "begins" if window.before.is_some() => format!("begins {at}, before: {before}"),
        "begins" => format!("begins {at}"),
        _ => format!("was to begin {at}, and does so no more"),
    }
}

/// A field with what becomes of it.
pub(super) fn setting(setting: &Setting) -> String {
    match (&setting.from, &setting.to) {
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (Some(from), None) => format!("− {from}"),
        (None, Some(to)) => format!("+ {to}"),
        (None, None) => String::new(),
    }
}

/// An effect in words.
pub(super) fn effect(effect: &str) -> &'static str {
    match effect {
        "widens" => "reaches further, or guards less",
        "narrows" => "reaches less far, or guards more",
        _ => "",
    }
}

/// What a document comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    gaining: usize,
    losing: usize,
    /// By currency, in hundredths: before and after.
    money: BTreeMap<String, (u64, u64)>,
    settings: usize,
}

impl Totals {
    pub(super) fn of(document: &PlanDocument) -> Self {
        let (mut gaining, mut losing) = (BTreeSet::new(), BTreeSet::new());
        let mut totals = Self::default();
        for app in &document.apps {
            let gains = app.changes.iter().filter(|change| change.permitted && !change.removal);
            gaining.extend(gains.map(words::whose));
            let Some((intent, review)) = halves(app) else { continue };
            let loses = intent.withdrawn.iter().filter(|row| row.loses && app.mode == "Full");
            losing.extend(loses.map(|row| row.person.as_str()));
            totals.settings += review.settings.len();
            if let Some(cost) = &app.cost {
                let (before, after) = totals.money.entry(cost.currency.clone()).or_default();
                *before = before.saturating_add(hundredths(&cost.monthly));
                *after = after.saturating_add(hundredths(&cost.monthly_after));
            }
        }
        totals.settings += document.touched.iter().flatten().count();
        Self { gaining: gaining.len(), losing: losing.len(), ..totals }
    }

    /// One line: people and money.
    pub(super) fn sentence(&self) -> String {
        let gain = counted(self.gaining, "person gains something", "people gain something");
        let lose = match (self.gaining, self.losing) {
            (0, losing) => counted(losing, "person loses something", "people lose something"),
            (_, 1) => "1 loses something".to_owned(),
            (_, losing) => format!("{losing} lose something"),
        };
        let people = match (self.gaining, self.losing) {
            (0, 0) => "nobody gains or loses anything".to_owned(),
            (_, 0) => gain,
            (0, _) => lose,
            _ => format!("{gain}, {lose}"),
        };
        let moved = self.money.iter().filter(|(_, (before, after))| before != after);
        let money = moved.map(|(currency, (before, after))| {
            format!("; {} → {} {currency} a month", decimal(*before), decimal(*after))
        });
        let settings = match self.settings {
            0 => String::new(),
            count => format!("; {}", counted(count, "setting changes", "settings change")),
        };
        format!("{people}{}{settings}", money.collect::<String>())
    }
}

/// Reads what [`decimal`] writes.
fn hundredths(decimal: &str) -> u64 {
    let digits: String = decimal.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u64::MAX)
}

fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Money and seats before and after, one line; nothing without a price.
pub(super) fn cost(app: &App) -> Option<(String, String)> {
    let cost = app.cost.as_ref()?;
    let moved = |before: &str, after: &str| {
        if before == after { before.to_owned() } else { format!("{before} → {after}") }
    };
    let seats = moved(&cost.used.to_string(), &cost.used_after.to_string());
    let bought = cost.purchased.map(|seats| format!(" of {seats} bought")).unwrap_or_default();
    let money = moved(&cost.monthly, &cost.monthly_after);
    Some((format!("{money} {}", cost.currency), format!("{seats}{bought}")))
}
