//! A review in rows and numbers, the same in every form that people read. Knows no colour and no markup.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClaimRow, DecisionRow, Review, Setting, Window};
use crate::cli::output::{
    document::{App, Change, Entitlement, Intent, PlanDocument, Waits, Withdrawn},
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
        && review.claims.is_empty()
        && review.presence == "kept"
}

/// How many gain and lose something, where what the mode does not allow is told as such.
pub(super) fn people(app: &App, review: &Review) -> (String, String) {
    let told = |count: u64, later: u64, is_done: bool| {
        let later = if later > 0 { format!(", {later} later") } else { String::new() };
        let only = if is_done || (count == 0 && later.is_empty()) { "" } else { ", only reported" };
        format!("{count}{later}{only}")
    };
    let people = review.people;
    (
        told(people.gaining, people.gaining_later, app.mode != "Observe"),
        told(people.losing, people.losing_later, app.mode == "Full"),
    )
}

/// What a decision is about and what becomes of it, in words.
pub(super) fn decision(row: &DecisionRow) -> &'static str {
    match row.presence {
        "removed" => ", taken out by this change",
        "changed" => ", altered by this change",
        _ => "",
    }
}

/// Claims that differ although no other row names them.
pub(super) fn silent_claims(app: &App) -> Vec<String> {
    let Some((intent, review)) = halves(app) else { return Vec::new() };
    let named = intent.withdrawn.iter().flat_map(|row| row.because.iter().chain(&row.keeps));
    let named = named.chain(app.changes.iter().flat_map(|change| &change.because));
    let named: BTreeSet<&String> = named.chain(review.windows.iter().flat_map(|window| &window.because)).collect();
    let is_silent = |claim: &&ClaimRow| {
        let of_claim = format!("{}.", claim.claim);
        !named.contains(&claim.claim) && !review.settings.iter().any(|setting| setting.field.starts_with(&of_claim))
    };
    let told = review.claims.iter().filter(is_silent);
    told.map(|claim| format!("{} ({})", claim.claim, claim.presence)).collect()
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
pub(super) fn withdrawn(app: &App, intent: &Intent) -> Vec<Row> {
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
        if !row.permitted && app.mode != "Observe" {
            notes.push("only reported".to_owned());
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

/// Ends, beginnings and changes to come.
pub(super) fn times(app: &App, review: &Review) -> Vec<Row> {
    let row = |window: &Window| Row {
        mark: match window.effect {
            "gains" => Mark::Add,
            "loses" => Mark::Remove,
            _ => Mark::Alter,
        },
        who: window.person.clone(),
        what: vec![over_time(window)],
        why: window.because.join(", "),
        note: match moment(window) {
            moment if window.permitted || app.mode == "Observe" => moment,
            moment => format!("{moment}; only reported"),
        },
    };
    grouped(review.windows.iter().map(row))
}

/// `role member → admin` for what changes, `role admin` for what comes or goes.
fn over_time(window: &Window) -> String {
    if !window.what.starts_with("changes") {
        return words::entitlement(&window.entitlement);
    }
    let Entitlement { kind, name, level } = &window.entitlement;
    let name = if level.is_some() { format!(" {name}") } else { String::new() };
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    format!("{kind}{name} {} → {}", value(&window.from), value(&window.to))
}

fn moment(window: &Window) -> String {
    let or_never = |time: &Option<String>| time.clone().unwrap_or_else(|| "never".to_owned());
    let (at, before) = (or_never(&window.at), or_never(&window.before));
    match (window.what, &window.before) {
        ("ends", _) => format!("ends {at}"),
        ("endsEarlier" | "endsLater", _) => format!("ends {at}, before: {before}"),
        ("begins", None) => format!("begins {at}"),
        ("begins", Some(_)) => format!("begins {at}, before: {before}"),
        ("changes", None) => format!("from {at} on"),
        ("changes", Some(_)) => format!("from {at} on, before: from {before} on"),
        ("changesNoMore", _) => format!("was to change {at}, and does so no more"),
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
    /// People who gain and lose something at once.
    now: (usize, usize),
    /// People who do so at a time to come.
    later: (usize, usize),
    /// People who would do so at either time, if mode and `manage` allowed it.
    reported: (usize, usize),
    /// By currency, in hundredths: before and after.
    money: BTreeMap<String, (u64, u64)>,
    settings: usize,
    /// Whether people may be moved whom nobody can count here: those of a directory or a selection that changes.
    uncounted: bool,
}

/// Who gain and who lose something.
type Names<'a> = (BTreeSet<&'a str>, BTreeSet<&'a str>);

impl Totals {
    pub(super) fn of(document: &PlanDocument) -> Self {
        let (mut now, mut later, mut reported) = (Names::default(), Names::default(), Names::default());
        let mut totals = Self::default();
        for app in &document.apps {
            for change in app.changes.iter().filter(|change| !change.removal) {
                let names = if change.permitted { &mut now } else { &mut reported };
                names.0.insert(words::whose(change));
            }
            let Some((intent, review)) = halves(app) else { continue };
            for row in intent.withdrawn.iter().filter(|row| row.loses) {
                let names = if row.permitted { &mut now } else { &mut reported };
                names.1.insert(row.person.as_str());
            }
            for edge in &review.later {
                if edge.gains {
                    let names = if edge.is_done.0 { &mut later } else { &mut reported };
                    names.0.insert(edge.person.as_str());
                }
                if edge.loses {
                    let names = if edge.is_done.1 { &mut later } else { &mut reported };
                    names.1.insert(edge.person.as_str());
                }
            }
            totals.settings += review.settings.len();
            // A setting of a claim, as `it/everybody#staff.match`, says whom it selects.
            totals.uncounted |= review.settings.iter().any(|setting| setting.field.contains('#'));
            if let Some(cost) = &app.cost {
                let (before, after) = totals.money.entry(cost.currency.clone()).or_default();
                *before = before.saturating_add(hundredths(&cost.monthly));
                *after = after.saturating_add(hundredths(&cost.monthly_after));
            }
        }
        totals.settings += document.touched.iter().flatten().count();
        totals.uncounted |= moves_by_directory(document);
        let counts = |names: &Names<'_>| (names.0.len(), names.1.len());
        Self { now: counts(&now), later: counts(&later), reported: counts(&reported), ..totals }
    }

    /// One line: people and money.
    pub(super) fn sentence(&self) -> String {
        let people = moved(self.now, ["gains", "gain"], ["loses", "lose"]);
        let people = people.unwrap_or_else(|| match self.later {
            (0, 0) if self.uncounted => "nobody gains or loses anything by name".to_owned(),
            (0, 0) => "nobody gains or loses anything".to_owned(),
            _ => "nobody gains or loses anything at once".to_owned(),
        });
        let uncounted =
            if self.uncounted { "; whom the directory or selection that changes moves is not counted" } else { "" };
        let later = moved(self.later, ["gains", "gain"], ["loses", "lose"]);
        let later = later.map(|people| format!("; later {people}")).unwrap_or_default();
        let reported = moved(self.reported, ["would gain"; 2], ["would lose"; 2]);
        let reported = reported.map(|people| format!("; only reported: {people}")).unwrap_or_default();
        let money = self.money.iter().filter(|(_, (before, after))| before != after);
        let money = money.map(|(currency, (before, after))| {
            format!("; {} → {} {currency} a month", decimal(*before), decimal(*after))
        });
        let settings = match self.settings {
            0 => String::new(),
            count => format!("; {}", counted(count, "setting changes", "settings change")),
        };
        format!("{people}{later}{reported}{uncounted}{}{settings}", money.collect::<String>())
    }
}

/// Whether a directory changes, whose people claims may hold by groups and selections.
fn moves_by_directory(document: &PlanDocument) -> bool {
    document.touched.iter().flatten().any(|touched| touched.object.starts_with("Directory "))
}

/// How many apps have nothing to tell, in words.
pub(super) fn not_touched(count: usize, document: &PlanDocument) -> String {
    if moves_by_directory(document) {
        counted(count, "app has no claim that changes", "apps have no claim that changes")
    } else {
        counted(count, "app is not touched", "apps are not touched")
    }
}

/// How many people gain and lose something; each verb for one and for many.
fn moved((gaining, losing): (usize, usize), gains: [&str; 2], loses: [&str; 2]) -> Option<String> {
    let people = |count: usize, [one, many]: [&str; 2]| {
        counted(count, &format!("person {one} something"), &format!("people {many} something"))
    };
    Some(match (gaining, losing) {
        (0, 0) => return None,
        (_, 0) => people(gaining, gains),
        (0, _) => people(losing, loses),
        _ => {
            let verb = if losing == 1 { loses[0] } else { loses[1] };
            format!("{}, {losing} {verb} something", people(gaining, gains))
        }
    })
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
