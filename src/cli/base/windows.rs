//! Ends and beginnings to come: which are new, which a change moves, and which are near.

use std::collections::BTreeSet;

use appaccess_core::access::{Edge, Level};
use jiff::Timestamp;

use super::{
    compared::{Compared, entitlement},
    course::{Course, Held, Move, Pair},
    times::SOON,
};
use crate::cli::output::review::Window;

/// All of one app, in the order of people.
pub(super) fn windows(compared: &Compared<'_>) -> Vec<Window> {
    let courses = compared.courses.edges.iter();
    courses.flat_map(|(edge, course)| Told { compared, edge, course, windows: Vec::new() }.all()).collect()
}

/// Whether the first end comes before the second; `None` is never.
pub(super) fn ends_earlier(after: Option<Timestamp>, before: Option<Timestamp>) -> bool {
    after.is_some_and(|after| before.is_none_or(|before| after < before))
}

/// One edge on its way to rows.
struct Told<'a> {
    compared: &'a Compared<'a>,
    edge: &'a Edge,
    course: &'a Course,
    windows: Vec<Window>,
}

impl Told<'_> {
    fn all(mut self) -> Vec<Window> {
        let is_same = |one: &Move, other: &Move| (one.at, &one.from, &one.to) == (other.at, &other.from, &other.to);
        let (before, after) = (&self.course.before, &self.course.after);
        let (same, new): (Vec<&Move>, Vec<&Move>) =
            after.iter().partition(|moved| before.iter().any(|other| is_same(moved, other)));
        let mut gone: Vec<&Move> =
            before.iter().filter(|moved| !after.iter().any(|other| is_same(moved, other))).collect();
        let horizon = self.compared.now.checked_add(SOON).unwrap_or(Timestamp::MAX);
        for moved in same.into_iter().filter(|moved| moved.to == Held::Nothing && moved.at <= horizon) {
            self.push("ends", moved, Some(moved.at), None, moved.at);
        }
        let mut answered = BTreeSet::new();
        for moved in new {
            if moved.to == Held::Nothing {
                answered.extend(self.new_end(moved));
                continue;
            }
            let what = if moved.from == Held::Nothing { "begins" } else { "changes" };
            let place = gone
                .iter()
                .position(|other| other.to == moved.to && (what == "begins") == (other.from == Held::Nothing));
            let earlier = place.map(|place| gone.remove(place).at);
            let first = earlier.map_or(moved.at, |earlier| earlier.min(moved.at));
            self.push(what, moved, Some(moved.at), earlier, first);
        }
        for moved in gone {
            match moved.to {
                Held::Nothing if answered.contains(&moved.at) => {}
                Held::Nothing => self.gone_end(moved),
                Held::Thing(_) => self.gone_beginning(moved),
            }
        }
        self.windows
    }

    /// An end that the side before does not have so; the end that it had, where this one takes its place.
    fn new_end(&mut self, moved: &Move) -> Option<Timestamp> {
        let mut ends = self.course.before.iter().filter(|other| other.to == Held::Nothing).map(|other| other.at);
        if self.course.at(moved.at).before != Held::Nothing {
            let earlier = ends.find(|end| *end > moved.at);
            self.push("endsEarlier", moved, Some(moved.at), earlier, moved.at);
            return earlier;
        }
        let earlier = ends.rfind(|end| *end < moved.at && self.holds_from(*end, moved.at));
        match earlier {
            Some(earlier) => self.push("endsLater", moved, Some(moved.at), Some(earlier), earlier),
            None => self.push("ends", moved, Some(moved.at), None, moved.at),
        }
        earlier
    }

    /// Whether the side after holds the thing all the time from one instant to another.
    fn holds_from(&self, from: Timestamp, to: Timestamp) -> bool {
        let starts = self.course.at(from);
        let further = self.course.later.range(from..to).map(|(_, pair)| pair);
        further.chain([starts]).all(|pair| pair.after != Held::Nothing)
    }

    /// An end that the side after does not have so.
    fn gone_end(&mut self, moved: &Move) {
        if self.course.at(moved.at).after == Held::Nothing {
            return;
        }
        let mut ends = self.course.after.iter().filter(|other| other.to == Held::Nothing).map(|other| other.at);
        let later = ends.find(|end| *end > moved.at);
        self.push("endsLater", moved, later, Some(moved.at), moved.at);
    }

    /// A beginning or a change that the side after does not have so.
    fn gone_beginning(&mut self, moved: &Move) {
        let after = &self.course.at(moved.at).after;
        let begins = moved.from == Held::Nothing;
        if *after == moved.to || (!begins && *after == Held::Nothing) {
            return;
        }
        let what = if begins { "beginsNoMore" } else { "changesNoMore" };
        self.push(what, moved, Some(moved.at), None, moved.at);
    }

    /// One row; its effect is that of the instant `first`, from which on the sides differ by it.
    fn push(
        &mut self,
        what: &'static str,
        moved: &Move,
        at: Option<Timestamp>,
        before: Option<Timestamp>,
        first: Timestamp,
    ) {
        let instead = what.ends_with("NoMore") && self.course.after.iter().any(|other| other.at == moved.at);
        let nothing = Pair::default();
        let pair = if instead { &nothing } else { self.course.at(first) };
        let (gains, loses) = pair.effect(self.edge, &self.compared.capabilities);
        let value = |held: &Held| match held {
            Held::Thing(value) => value.clone(),
            Held::Nothing => None,
        };
        let ends = moved.to == Held::Nothing;
        let told = value(if ends { &moved.from } else { &moved.to });
        let between =
            |level: Option<Level>| level.filter(|_| what.starts_with("changes")).map(|level| level.to_string());
        self.windows.push(Window {
            what,
            person: self.compared.person_of(self.edge, self.course),
            entitlement: entitlement(&self.edge.slot, told.as_ref()),
            from: between(value(&moved.from)),
            to: between(value(&moved.to)),
            at: at.map(|time| time.to_string()),
            before: before.map(|time| time.to_string()),
            effect: match (gains, loses) {
                (false, false) => "none",
                (true, false) => "gains",
                _ => "loses",
            },
            permitted: self.compared.permits(self.edge, loses),
            because: moved.because.iter().cloned().collect(),
        });
    }
}
