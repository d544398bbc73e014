//! Ends and beginnings: which are new, which a change moves, and which are near.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{Edge, ObjectName},
    resolve::{Desired, DesiredEdge, World},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Side,
    compared::{Compared, entitlement},
};
use crate::{api::TargetAppSpec, cli::output::review::Window};

/// What ends within this time is told.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Beginnings that are looked forward to, the first of them: each costs a resolution.
const MOST_BEGINNINGS: usize = 64;

/// Edges that are not there yet, each with when it begins.
type Beginnings = BTreeMap<Edge, (Timestamp, DesiredEdge)>;

/// All of one app, in the order of people.
pub(super) fn windows(compared: &Compared<'_>) -> Vec<Window> {
    let later = beginnings(compared, compared.head, Some(compared.spec), &compared.after);
    let earlier = beginnings(compared, compared.base, compared.earlier, &compared.before);
    let mut windows = ends(compared);
    for (edge, (time, wanted)) in &later {
        let known = earlier.get(edge).map(|(time, _)| *time);
        if known != Some(*time) && !compared.before.edges.contains_key(edge) {
            windows.push(window(compared, "begins", edge, wanted, Some(*time), known));
        }
    }
    for (edge, (time, wanted)) in &earlier {
        if !later.contains_key(edge) && !compared.after.edges.contains_key(edge) {
            windows.push(window(compared, "beginsNoMore", edge, wanted, Some(*time), None));
        }
    }
    windows
}

fn ends(compared: &Compared<'_>) -> Vec<Window> {
    let horizon = compared.now.checked_add(SOON).unwrap_or(Timestamp::MAX);
    let told = |(edge, wanted): (&Edge, &DesiredEdge)| {
        let earlier = compared.before.edges.get(edge).map(|earlier| earlier.until);
        let (what, before) = match earlier {
            Some(before) if ends_earlier(wanted.until, before) => ("endsEarlier", before),
            Some(before) if ends_earlier(before, wanted.until) => ("endsLater", before),
            Some(_) => ("ends", wanted.until.filter(|until| *until <= horizon).map(|_| None)?),
            None => ("ends", wanted.until.map(|_| None)?),
        };
        Some(window(compared, what, edge, wanted, wanted.until, before))
    };
    compared.after.edges.iter().filter_map(told).collect()
}

fn window(
    compared: &Compared<'_>,
    what: &'static str,
    edge: &Edge,
    wanted: &DesiredEdge,
    at: Option<Timestamp>,
    before: Option<Timestamp>,
) -> Window {
    let because: BTreeSet<String> = wanted.claims.iter().map(|claim| claim.name.to_string()).collect();
    Window {
        what,
        person: compared.label(&edge.person, &wanted.claims).to_string(),
        entitlement: entitlement(&edge.slot, wanted.value.as_ref()),
        at: at.map(|time| time.to_string()),
        before: before.map(|time| time.to_string()),
        because: because.into_iter().collect(),
    }
}

/// Whether the first end comes before the second; `None` is never.
pub(super) fn ends_earlier(after: Option<Timestamp>, before: Option<Timestamp>) -> bool {
    after.is_some_and(|after| before.is_none_or(|before| after < before))
}

fn beginnings(compared: &Compared<'_>, side: &Side<'_>, spec: Option<&TargetAppSpec>, today: &Desired) -> Beginnings {
    let mut found = Beginnings::new();
    let Some(spec) = spec else { return found };
    for time in starts(&side.world, compared.name, compared.now) {
        let then = side.desired(compared.name, spec, &compared.capabilities, time);
        for (edge, wanted) in then.edges {
            if !today.edges.contains_key(&edge) {
                found.entry(edge).or_insert((time, wanted));
            }
        }
    }
    found
}

/// The next times at which something begins that may be about this app.
fn starts(world: &World, app: &ObjectName, now: Timestamp) -> Vec<Timestamp> {
    let grants = world.accesses.values().filter(|access| access.app == *app);
    let grants = grants.flat_map(|access| &access.grants);
    let of_grants = grants.flat_map(|grant| grant.subjects.iter().map(|entry| entry.from).chain([grant.from]));
    let of_teams = world.teams.values().flat_map(|team| team.parts.iter().map(|entry| entry.from));
    let times: BTreeSet<Timestamp> = of_grants.chain(of_teams).flatten().filter(|time| *time > now).collect();
    times.into_iter().take(MOST_BEGINNINGS).collect()
}
