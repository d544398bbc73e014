//! What each edge of one app does over time, on both sides of a change: the values from now on, and where they move. It decides
//! nothing about how that is told.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{Capabilities, Claim, Edge, Level},
    resolve::{ClaimProblem, Desired, DesiredEdge},
};
use jiff::Timestamp;

use super::times::Times;

/// Entries times instants that are looked at: each instant costs a resolution of everybody, on both sides.
const MOST_WORK: usize = 200_000;
/// Instants that are looked at however many entries there are.
const LEAST_TIMES: usize = 64;
/// Instants beyond this number are not looked at however few entries there are.
const MOST_TIMES: usize = 500;

/// What is held at an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing.
    #[default]
    Nothing,
    /// The thing, with its value where it has one.
    Thing(Option<Level>),
}

/// A move of one edge on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) at: Timestamp,
    pub(super) from: Held,
    pub(super) to: Held,
    /// The claims that come or go by it.
    pub(super) because: BTreeSet<String>,
}

/// What both sides hold of an edge from an instant on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) before: Held,
    pub(super) after: Held,
}

/// One edge over time.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    /// One of its claims.
    pub(super) claim: Option<Claim>,
    /// What is held now.
    pub(super) now: Pair,
    /// What is held from each instant on at which either side moves.
    pub(super) later: BTreeMap<Timestamp, Pair>,
    /// The moves of the side before.
    pub(super) before: Vec<Move>,
    /// The moves of the side after.
    pub(super) after: Vec<Move>,
}

/// All edges that move.
#[derive(Clone, Debug, Default)]
pub(super) struct Courses {
    pub(super) edges: BTreeMap<Edge, Course>,
    /// What is wrong with a claim at a time to come.
    pub(super) problems: BTreeSet<ClaimProblem>,
    pub(super) times: Times,
}

/// How many instants can be looked at where there are so many claims and edges.
pub(super) const fn most_times(entries: usize) -> usize {
    let most = MOST_WORK / (entries + 1);
    if most < LEAST_TIMES {
        LEAST_TIMES
    } else if most > MOST_TIMES {
        MOST_TIMES
    } else {
        most
    }
}

impl Pair {
    /// Whether the side after holds more, and whether it holds less. Of values without an order, both.
    pub(super) fn effect(&self, edge: &Edge, capabilities: &Capabilities) -> (bool, bool) {
        match (&self.before, &self.after) {
            (Held::Nothing, Held::Nothing) => (false, false),
            (Held::Nothing, Held::Thing(_)) => (true, false),
            (Held::Thing(_), Held::Nothing) => (false, true),
            (Held::Thing(before), Held::Thing(after)) => {
                let lowers = |from: &Option<Level>, to: &Option<Level>| {
                    from != to && capabilities.lowers(&edge.slot, from.as_ref(), to.as_ref())
                };
                (lowers(after, before), lowers(before, after))
            }
        }
    }
}

impl Course {
    /// What is held at a time.
    pub(super) fn at(&self, time: Timestamp) -> &Pair {
        self.later.range(..=time).next_back().map_or(&self.now, |(_, pair)| pair)
    }

    /// Whether the change gives something at a time to come beyond what it gives now, and whether it takes something so.
    pub(super) fn later_effect(&self, edge: &Edge, capabilities: &Capabilities) -> (bool, bool) {
        let pairs = self.later.values().filter(|pair| **pair != self.now);
        pairs.fold((false, false), |(gains, loses), pair| {
            let (gain, loss) = pair.effect(edge, capabilities);
            (gains || gain, loses || loss)
        })
    }
}

impl Courses {
    /// Goes through the times, with what each side wants now and what it wants at a time.
    pub(super) fn new(
        now: (&Desired, &Desired),
        times: Times,
        before: impl Fn(Timestamp) -> Desired,
        after: impl Fn(Timestamp) -> Desired,
    ) -> Self {
        let mut courses = Self::default();
        let mut last = (now.0.edges.clone(), now.1.edges.clone());
        for time in &times.chosen {
            let (earlier, later) = (before(*time), after(*time));
            let problems = later.reports.into_values().flat_map(|report| report.problems);
            courses.problems.extend(problems);
            let then = (earlier.edges, later.edges);
            for (edge, moved) in moves(&last.0, &then.0, *time) {
                courses.course(edge, now, &last, &then).before.push(moved);
            }
            for (edge, moved) in moves(&last.1, &then.1, *time) {
                courses.course(edge, now, &last, &then).after.push(moved);
            }
            let moving = courses.edges.iter_mut().filter(|(_, course)| {
                [&course.before, &course.after]
                    .into_iter()
                    .any(|moves| moves.last().is_some_and(|last| last.at == *time))
            });
            for (edge, course) in moving {
                let pair = Pair { before: held(then.0.get(edge)), after: held(then.1.get(edge)) };
                course.later.insert(*time, pair);
            }
            last = then;
        }
        courses.times = times;
        courses
    }

    fn course(
        &mut self,
        edge: &Edge,
        now: (&Desired, &Desired),
        last: &(Edges, Edges),
        then: &(Edges, Edges),
    ) -> &mut Course {
        self.edges.entry(edge.clone()).or_insert_with(|| {
            let anywhere = [&then.1, &then.0, &last.1, &last.0].into_iter().find_map(|edges| edges.get(edge));
            let pair = Pair { before: held(now.0.edges.get(edge)), after: held(now.1.edges.get(edge)) };
            let claim = anywhere.and_then(|wanted| wanted.claims.first()).cloned();
            Course { claim, now: pair, ..Course::default() }
        })
    }
}

type Edges = BTreeMap<Edge, DesiredEdge>;

fn held(wanted: Option<&DesiredEdge>) -> Held {
    wanted.map_or(Held::Nothing, |wanted| Held::Thing(wanted.value.clone()))
}

/// What moves from one instant to the next.
fn moves<'a>(last: &'a Edges, then: &'a Edges, at: Timestamp) -> Vec<(&'a Edge, Move)> {
    let edges: BTreeSet<&Edge> = last.keys().chain(then.keys()).collect();
    let moved = edges.into_iter().filter_map(|edge| {
        let (earlier, later) = (last.get(edge), then.get(edge));
        let (from, to) = (held(earlier), held(later));
        (from != to).then(|| (edge, Move { at, from, to, because: because(earlier, later) }))
    });
    moved.collect()
}

/// The claims that one of two instants alone has; all of them where that is none.
fn because(earlier: Option<&DesiredEdge>, later: Option<&DesiredEdge>) -> BTreeSet<String> {
    let names = |wanted: Option<&DesiredEdge>| -> BTreeSet<String> {
        wanted.into_iter().flat_map(|wanted| &wanted.claims).map(|claim| claim.name.to_string()).collect()
    };
    let (earlier, later) = (names(earlier), names(later));
    let moved: BTreeSet<String> = earlier.symmetric_difference(&later).cloned().collect();
    if moved.is_empty() { later.into_iter().chain(earlier).collect() } else { moved }
}
