//! Changes that a person carries out: which they are, since when somebody is asked, and until when. Sends nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Action, Bookkeeping, Change, Input, Plan, digest_text, guard, owned::later};
use crate::access::{AccountState, ByHand, Mode, ObjectName, OpenTask, RemovalRecord, Text};

/// Letters of a task's id. Short enough to be read out; among ten thousand tasks of one app the chance that two are
/// alike is below one in ten thousand.
const ID_LETTERS: usize = 10;

/// How a change is carried out that the app's interface cannot do: by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Short, and the same from pass to pass.
    pub id: Text,
    /// Where to click, where that is known.
    pub clicks: Option<Text>,
    /// Since when somebody is asked to do it; `None` while it is held, settles or is only reported.
    pub opened: Option<Timestamp>,
    /// Until when it should be done; `None` where it is not open, or may take for ever.
    pub due: Option<Timestamp>,
    /// Whether that time has passed.
    pub overdue: bool,
    /// Whether somebody was asked before this plan.
    pub known: bool,
}

impl Task {
    /// The same before anybody was asked.
    #[must_use]
    pub fn unasked(&self) -> Self {
        Self { opened: None, due: None, overdue: false, ..self.clone() }
    }

    fn new(app: &ObjectName, change: &Change, by_hand: &ByHand) -> Self {
        let clicks = by_hand.clicks_for(change.action.as_str()).cloned();
        Self { id: id(app, change), clicks, opened: None, due: None, overdue: false, known: false }
    }
}

/// Marks the changes that are a person's to carry out, in an app of which this is done by hand.
pub fn mark_tasks(app: &ObjectName, by_hand: &ByHand, changes: &mut [Change]) {
    if !by_hand.everything && !by_hand.delete {
        return;
    }
    let is_task = |change: &Change| match change.action {
        Action::Adopt => false,
        Action::Delete => by_hand.everything || by_hand.delete,
        _ => by_hand.everything,
    };
    for change in changes.iter_mut().filter(|change| is_task(change)) {
        change.task = Some(Task::new(app, change, by_hand));
    }
}

/// Whether somebody is asked to do it already: the guards that count and that ask for a word have let it pass.
pub(super) fn was_let_pass(input: &Input<'_>, change: &Change) -> bool {
    change.task.as_ref().is_some_and(|task| input.memory.tasks.contains_key(&task.id))
}

/// Whether a person deletes an account that is suspended: nobody loses anything by it that is not lost already.
pub(super) fn only_clears_away(input: &Input<'_>, change: &Change) -> bool {
    let account = change.account.as_ref().and_then(|id| input.observation.account(id));
    change.task.is_some()
        && change.action == Action::Delete
        && account.is_some_and(|account| account.state == AccountState::Suspended)
}

/// Starts the clock of each task that somebody is asked to do from now on, and forgets the tasks that are done.
///
/// What is asked for counts as a change that was sent: from then on it takes its part of the budget. On a reading that is
/// not complete no task is taken for done.
pub(super) fn open(input: &Input<'_>, plan: &mut Plan) {
    let memory = input.memory;
    let keeps_books = input.policy.mode != Mode::Observe;
    let Plan { changes, bookkeeping, .. } = plan;
    let mut open = BTreeSet::new();
    for change in changes.iter_mut().filter(|change| change.is_open()) {
        let Some(id) = change.task.as_ref().map(|task| task.id.clone()) else { continue };
        let known = memory.tasks.get(&id);
        let opened = known.map_or(input.now, |known| known.opened);
        if known.is_none() && keeps_books {
            note(input, bookkeeping, change, &id);
        }
        if let Some(task) = &mut change.task {
            task.known = known.is_some();
            task.opened = Some(opened);
            task.due = input.capabilities.by_hand.due_in.and_then(|span| later(opened, span));
            task.overdue = task.due.is_some_and(|due| due <= input.now);
        }
        open.insert(id);
    }
    if keeps_books && input.observation.is_complete() {
        bookkeeping.tasks_done.extend(memory.tasks.keys().filter(|id| !open.contains(*id)).cloned());
    }
}

fn note(input: &Input<'_>, books: &mut Bookkeeping, change: &Change, id: &Text) {
    let removes_account = change.slot.is_account() && change.is_removal();
    let removes = change.account.clone().filter(|_| removes_account);
    books.tasks.insert(id.clone(), OpenTask { opened: input.now, removes });
    let approved = guard::approves(input, change);
    if guard::is_limited(input, change) {
        books.first_removals_decided = true;
        if !approved {
            books.removals.insert(RemovalRecord { at: input.now, who: change.whose() });
        }
    }
    if change.is_addition() && !approved {
        books.additions.insert(RemovalRecord { at: input.now, who: change.whose() });
    }
}

/// The same for the same app, person or account, slot and deed; each part preceded by its length.
fn id(app: &ObjectName, change: &Change) -> Text {
    let mut hash = Sha256::new();
    let mut add = |part: &str| hash.update(format!("{}:{part};", part.len()));
    add(&app.to_string());
    add(&change.whose());
    add(&change.slot.kind);
    add(&change.slot.name);
    add(change.action.as_str());
    add(change.to.as_deref().unwrap_or(""));
    for (name, (_, to)) in &change.attributes {
        add(name);
        add(to.as_deref().unwrap_or(""));
    }
    let digest = digest_text(&hash.finalize());
    let letters = digest.rsplit(':').next().unwrap_or_default();
    letters.chars().take(ID_LETTERS).collect::<String>().into()
}
