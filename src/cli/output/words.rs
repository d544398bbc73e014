//! What a change, a hold or a difference is called, the same in every form that people read. Knows no colour and no
//! markup; what comes from outside is returned as it is, and escaped by whoever shows it.

use std::collections::BTreeMap;

use appaccess_core::plan::HeldReason;

use super::document::{App, Change, Cost, Drift, Entitlement, PlanDocument, Task, Waits};

/// Whether a change adds, alters or takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Adds something.
    Add,
    /// Alters something, or takes it into our books.
    Alter,
    /// Takes something away.
    Remove,
}

impl Mark {
    pub(super) const fn of(change: &Change) -> Self {
        if change.removal {
            Self::Remove
        } else {
            match change.does.as_bytes() {
                b"update" | b"change" | b"adopt" => Self::Alter,
                _ => Self::Add,
            }
        }
    }

    pub(super) const fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Alter => '~',
            Self::Remove => '-',
        }
    }
}

/// What the seats of an app cost, who uses them, and what is known of that: a line each.
pub(super) fn cost(cost: &Cost) -> Vec<String> {
    let changes = |is_same: bool, text: String, same: &str| if is_same { same.to_owned() } else { text };
    let money = format!("{} after these changes", cost.monthly_after);
    let money = changes(cost.monthly == cost.monthly_after, money, "unchanged");
    let wasted = format!(", {} afterwards", cost.monthly_waste_after);
    let wasted = changes(cost.monthly_waste == cost.monthly_waste_after, wasted, "");
    let bought = cost.purchased.map(|seats| format!("{seats} bought, ")).unwrap_or_default();
    let used = changes(cost.used == cost.used_after, format!(" ({} after these changes)", cost.used_after), "");
    let renews = cost.renews_on.as_ref().map(|date| format!("; the contract renews on {date}")).unwrap_or_default();
    let mut lines = vec![
        format!(
            "Cost: {} {} a month, {money}; {} of it for seats without an active declared holder{wasted}",
            cost.monthly, cost.currency, cost.monthly_waste
        ),
        format!(
            "Seats: {bought}{} in use{used}; {} of those paid for have no active declared holder{renews}",
            cost.used, cost.unused
        ),
    ];
    if let Some(activity) = &cost.activity {
        let unknown = format!("; last activity unknown: {} of {}", activity.unknown, activity.holders);
        let unknown = changes(activity.unknown == 0, unknown, "");
        let inactive = counted(activity.inactive, "person", "people");
        lines.push(format!("Activity: {inactive} inactive for too long{unknown}"));
    }
    lines
}

/// What is known to become of a settling removal once it is due.
pub(super) fn when_due(change: &Change) -> String {
    match change.held_when_due {
        None => String::new(),
        Some(reason @ ("ApprovalRequired" | "ThresholdExceeded")) => format!(", then waits for a decision ({reason})"),
        Some(reason) => format!(", then held ({reason})"),
    }
}

/// That nothing differs, and what is taken into our books all the same.
pub(super) fn nothing_differs(document: &PlanDocument) -> String {
    let adopted = document.apps.iter().flat_map(|app| &app.changes);
    match adopted.filter(|change| change.action == "adopt" && change.permitted).count() {
        0 => "Nothing differs: the apps hold what is declared.".to_owned(),
        count => format!("Nothing differs in the apps; {count} of what they hold to be taken into our books."),
    }
}

/// Whether an app cannot list its accounts, which is no fault.
pub(super) fn is_not_listable(app: &App) -> bool {
    app.conditions.iter().any(|condition| condition.kind == "ReadComplete" && condition.reason == "NotListable")
}

/// An entitlement in words: `group Studio`, `workspace Delivery (user)`, `account`.
pub(super) fn entitlement(entitlement: &Entitlement) -> String {
    let mut words = entitlement.kind.clone();
    if !entitlement.name.is_empty() {
        words = format!("{words} {}", entitlement.name);
    }
    match &entitlement.level {
        Some(level) => format!("{words} ({level})"),
        None => words,
    }
}

/// What a change does: `grant group Studio`, `change role member → admin`, `update displayName: A → B`.
pub(super) fn action(change: &Change) -> String {
    let nothing = || "nothing".to_owned();
    if let Some(attributes) = &change.attributes {
        let each = attributes.iter().map(|(name, values)| {
            let from = values.from.clone().unwrap_or_else(nothing);
            format!("{name}: {from} → {}", values.to.clone().unwrap_or_else(nothing))
        });
        return format!("{} {}", change.does, each.collect::<Vec<_>>().join(", "));
    }
    if change.does == "change" {
        let from = change.from.clone().unwrap_or_else(nothing);
        let to = change.to.clone().unwrap_or_else(nothing);
        let named = change.entitlement.level.as_ref().map(|_| format!(" {}", change.entitlement.name));
        return format!("change {}{} {from} → {to}", change.entitlement.kind, named.unwrap_or_default());
    }
    format!("{} {}", change.does, entitlement(&change.entitlement))
}

/// A task by its id, with its deadline.
pub(super) fn task(task: &Task) -> String {
    match (&task.due, task.overdue) {
        (None, _) => format!("task {}", task.id),
        (Some(due), false) => format!("task {}, until {due}", task.id),
        (Some(due), true) => format!("task {}, overdue since {due}", task.id),
    }
}

/// Under whose name changes are listed.
pub(super) fn whose(change: &Change) -> &str {
    change.person.as_deref().unwrap_or(&change.label)
}

/// A number with what it counts: `1 person`, `4 people`.
pub(crate) fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The changes of one person, or of one account of nobody known.
pub(super) struct Group<'a> {
    /// Under which name they are listed.
    pub(super) name: &'a str,
    /// The changes, in the order of the plan.
    pub(super) changes: Vec<&'a Change>,
}

/// Changes by whose they are, in the order in which the plan comes to each.
pub(super) fn by_appearance<'a>(changes: &[&'a Change]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for &change in changes {
        let name = whose(change);
        // Two accounts of nobody known may bear one name.
        let account = change.account.as_deref().filter(|_| change.person.is_none());
        let place = *places.entry((name, account)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.changes.push(change),
            None => groups.push(Group { name, changes: vec![change] }),
        }
    }
    groups
}

/// Changes by whose they are, in the order of the names.
pub(super) fn by_name<'a>(changes: &[&'a Change]) -> Vec<Group<'a>> {
    let mut groups = by_appearance(changes);
    groups.sort_by_key(|group| group.name);
    groups
}

/// Why rows are held, with what to do about it.
///
/// `allowed` is how many people may lose something now, where that is known.
pub(super) fn held(reason: &str, allowed: Option<u64>) -> String {
    match reason {
        "ThresholdExceeded" => {
            let budget =
                allowed.map_or_else(|| "the budget".to_owned(), |allowed| format!("the {allowed} that the budget"));
            format!("more people would lose something than {budget} leaves now")
        }
        "ApprovalRequired" => "somebody has to say yes first (`safety.approve`, `safety.approveFirst`)".into(),
        "LastAdmin" => {
            "fewer would hold the role than `safety.keepAtLeast` says; give it to somebody else first".into()
        }
        "Protected" => "the person or account is protected; no approval changes that".into(),
        "LeaverBlocked" => "a leaver who is protected or the last holder: put that right, then they go".into(),
        "SeatLimit" => "no seat is left; buy one (`seats.purchased`) or free one".into(),
        "Cliff" => "a vendor's trap would be stepped over; read it and name it in `acknowledgedCliffs`".into(),
        "AmbiguousMatch" => "nobody can tell which account is whose; link it under `accounts`".into(),
        "IdentityReused" => "the account belonged to somebody who left; link it under `accounts` if it is right".into(),
        "Contended" => "somebody keeps undoing it; find out who".into(),
        "StaleDirectory" => {
            "too many people left their directory at once; decide it there (`approve --directory`)".into()
        }
        "Rejected" => "somebody said no; make the files say so too".into(),
        other => other.to_owned(),
    }
}

/// Whether an approval frees what is held for a reason.
pub(crate) fn yields_to_approval(reason: &str) -> bool {
    HeldReason::from_word(reason).is_some_and(HeldReason::yields_to_approval)
}

/// A difference in words, without whose it is.
pub(super) fn drift(drift: &Drift) -> String {
    let what = entitlement(&drift.entitlement);
    match drift.kind {
        "orphan" => "orphan: the directory of its mail domain does not know the holder, or they left".into(),
        "leaver" => "leaver: their directory says so, and is only reported (`leavers: Report`)".into(),
        "unknown" => "unknown: nobody declared the account".into(),
        "guest" => "guest: an account of a guest domain".into(),
        "service" => "service: an account of a machine".into(),
        "notOwned" => format!("declared {what} exists already, and `adopt` is Never"),
        "extraMember" => format!("holds {what}, which nobody declared"),
        "readded" => format!("{what} was given back by hand after we removed it"),
        "attribute" => format!("the app does not keep what was written to {what}"),
        other => other.to_owned(),
    }
}

/// The changes of an app, sorted for reading.
pub(super) struct Sorted<'a> {
    /// To be made, or made: additions and alterations.
    pub(super) additions: Vec<&'a Change>,
    /// To be made, or made: removals.
    pub(super) removals: Vec<&'a Change>,
    /// Waiting for a decision.
    pub(super) held: Vec<&'a Change>,
    /// Settling.
    pub(super) settling: Vec<&'a Change>,
    /// Not allowed by mode or `manage`.
    pub(super) shown: Vec<&'a Change>,
    /// Matters of our books.
    pub(super) adopted: Vec<&'a Change>,
    /// What people are asked to do.
    pub(super) tasks: Vec<&'a Change>,
}

impl<'a> Sorted<'a> {
    pub(super) fn new(changes: &'a [Change]) -> Self {
        let mut sorted = Self {
            additions: Vec::new(),
            removals: Vec::new(),
            held: Vec::new(),
            settling: Vec::new(),
            shown: Vec::new(),
            adopted: Vec::new(),
            tasks: Vec::new(),
        };
        for change in changes {
            let list = if !change.permitted {
                &mut sorted.shown
            } else if change.held.is_some() {
                &mut sorted.held
            } else if change.due.is_some() {
                &mut sorted.settling
            } else if change.action == "adopt" {
                &mut sorted.adopted
            } else if change.task.is_some() {
                &mut sorted.tasks
            } else if change.removal {
                &mut sorted.removals
            } else {
                &mut sorted.additions
            };
            list.push(change);
        }
        sorted
    }
}

/// The numbers of the summary line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) add: usize,
    pub(super) alter: usize,
    pub(super) remove: usize,
    pub(super) held: usize,
    pub(super) settling: usize,
    pub(super) tasks: usize,
    pub(super) shown: usize,
    pub(super) drift: usize,
    pub(super) applied: usize,
    pub(super) unverified: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
    pub(super) withdrawn: usize,
    /// Apps that were not read, or not as a whole.
    pub(super) unread: usize,
    /// Whether anything was tried.
    pub(super) tried: bool,
}

impl Totals {
    pub(super) fn of_app(app: &App) -> Self {
        let sorted = Sorted::new(&app.changes);
        let alter = sorted.additions.iter().filter(|change| Mark::of(change) == Mark::Alter).count();
        let outcome = |word: &str| {
            let done = app.changes.iter().filter(|change| change.outcome == Some(word) && change.action != "adopt");
            done.count()
        };
        Self {
            add: sorted.additions.len() - alter,
            alter,
            remove: sorted.removals.len(),
            held: sorted.held.len(),
            settling: sorted.settling.len(),
            tasks: sorted.tasks.len(),
            shown: sorted.shown.iter().filter(|change| change.action != "adopt").count(),
            drift: app.drift.len(),
            applied: outcome("applied"),
            unverified: outcome("unverified"),
            failed: outcome("failed"),
            skipped: outcome("skipped"),
            withdrawn: match &app.waits {
                Waits::Intent { intent, .. } => intent.withdrawn.len(),
                Waits::Hold { .. } => 0,
            },
            unread: usize::from(app.complete == Some(false)),
            tried: app.changes.iter().any(|change| change.outcome.is_some()),
        }
    }

    pub(super) fn of(document: &PlanDocument) -> Self {
        let begin = Self { tried: document.tried, ..Self::default() };
        document.apps.iter().map(Self::of_app).fold(begin, |total, app| Self {
            add: total.add + app.add,
            alter: total.alter + app.alter,
            remove: total.remove + app.remove,
            held: total.held + app.held,
            settling: total.settling + app.settling,
            tasks: total.tasks + app.tasks,
            shown: total.shown + app.shown,
            drift: total.drift + app.drift,
            applied: total.applied + app.applied,
            unverified: total.unverified + app.unverified,
            failed: total.failed + app.failed,
            skipped: total.skipped + app.skipped,
            withdrawn: total.withdrawn + app.withdrawn,
            unread: total.unread + app.unread,
            tried: total.tried || app.tried,
        })
    }

    /// One line: what is to be done or was done, and what is not.
    pub(super) fn sentence(&self) -> String {
        let mut parts = if self.tried {
            let mut parts = vec![format!("{} applied", self.applied)];
            let further =
                [(self.failed, "failed"), (self.skipped, "skipped"), (self.unverified, "not shown by the app yet")];
            parts.extend(further.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
            parts
        } else {
            vec![format!("{} to add, {} to change, {} to remove", self.add, self.alter, self.remove)]
        };
        let differences =
            if self.drift == 1 { "difference that nobody declared" } else { "differences that nobody declared" };
        let waiting = [
            (self.withdrawn, "withdrawn"),
            (self.held, "held"),
            (self.settling, "settling"),
            (self.tasks, if self.tasks == 1 { "task for a person" } else { "tasks for people" }),
            (self.shown, "only reported, as mode and `manage` say"),
            (self.drift, differences),
            (self.unread, "not read"),
        ];
        parts.extend(waiting.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
        parts.join(", ")
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_quiet(&self) -> bool {
        *self == Self { tried: self.tried, ..Self::default() }
    }
}
