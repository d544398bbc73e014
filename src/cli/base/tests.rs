//! Whatever a change gives or takes, now or at any time to come, is told of whom it concerns, and what is told is so: judged by
//! adding up windows, of which the comparison knows nothing.

use std::{collections::BTreeSet, fmt::Write as _, io::Cursor};

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{
    cli::output::{
        document::{Entitlement, Withdrawn},
        review::{Review, Window},
    },
    load::files,
};

const ROLES: [&str; 3] = ["member", "writer", "admin"];
const PEOPLE: [&str; 3] = ["ana", "bo", "kim"];
/// The last day on which anything happens.
const LAST: i8 = 10;

const APP: &str = "\
apiVersion: appaccess.dev/v1alpha1
kind: TargetApp
metadata: {name: planner, namespace: studio}
spec:
  connector: {scim: {baseUrl: \"https://planner.example.com/scim/v2\"}}
  credentials: {secretRef: {name: planner-token}}
  mode: Full
  roles: {order: [member, writer, admin]}
";

/// From when and until when, in days from now.
type Span = (Option<i8>, Option<i8>);

/// One claim, which holds while all of its windows are open.
#[derive(Clone, Debug, PartialEq)]
struct Claimed {
    person: usize,
    role: Option<usize>,
    grant: Span,
    entry: Span,
    /// The window of the member, where the claim names a team.
    team: Option<Span>,
}

/// Both sides of one claim.
type Sides = (Option<Claimed>, Option<Claimed>);

fn span() -> impl Strategy<Value = Span> {
    let day = || option::weighted(0.5, -3..=LAST);
    (day(), day()).prop_map(|(from, until)| match (from, until) {
        (Some(from), Some(until)) if until <= from => (Some(until), Some(from + 1)),
        span => span,
    })
}

fn claimed() -> impl Strategy<Value = Claimed> {
    let rare = || prop_oneof![3 => Just((None, None)), 1 => span()];
    let parts = (0..PEOPLE.len(), option::weighted(0.8, 0..ROLES.len()), span(), rare(), option::weighted(0.3, span()));
    parts.prop_map(|(person, role, grant, entry, team)| Claimed { person, role, grant, entry, team })
}

fn sides() -> impl Strategy<Value = Sides> {
    prop_oneof![
        2 => claimed().prop_map(|same| (Some(same.clone()), Some(same))),
        1 => claimed().prop_map(|gone| (Some(gone), None)),
        1 => claimed().prop_map(|new| (None, Some(new))),
        2 => (claimed(), span()).prop_map(|(claim, grant)| (Some(claim.clone()), Some(Claimed { grant, ..claim }))),
        1 => (claimed(), claimed()).prop_map(|(before, after)| (Some(before), Some(after))),
    ]
}

fn now() -> Timestamp {
    "2027-03-01T00:00:00Z".parse().expect("a time")
}

fn day(day: i8) -> String {
    let time = now().checked_add(jiff::SignedDuration::from_hours(24 * i64::from(day))).expect("a time");
    time.to_string()
}

fn window((from, until): Span) -> String {
    let field = |name: &str, at: Option<i8>| at.map(|at| format!(", {name}: \"{}\"", day(at))).unwrap_or_default();
    format!("{}{}", field("from", from), field("until", until))
}

fn yaml<'a>(claims: impl Iterator<Item = (usize, &'a Claimed)>) -> String {
    let mut text = APP.to_owned();
    let (mut teams, mut grants) = (String::new(), String::new());
    for (number, claim) in claims {
        let user = format!("user: {}@fern.example", PEOPLE[claim.person]);
        let subject = match claim.team {
            None => user,
            Some(span) => {
                let _ = write!(
                    teams,
                    "---\napiVersion: appaccess.dev/v1alpha1\nkind: Team\nmetadata: {{name: team{number}, namespace: \
                     studio}}\nspec: {{members: [{{{user}{}}}]}}\n",
                    window(span)
                );
                format!("team: {{name: team{number}}}")
            }
        };
        let role = claim.role.map(|role| format!(", roles: [{}]", ROLES[role])).unwrap_or_default();
        let (entry, grant) = (window(claim.entry), window(claim.grant));
        let _ = writeln!(grants, "    - {{name: g{number}, subjects: [{{{subject}{entry}}}]{role}{grant}}}");
    }
    if !grants.is_empty() {
        let _ = write!(
            text,
            "---\napiVersion: appaccess.dev/v1alpha1\nkind: AppAccess\nmetadata: {{name: everybody, namespace: \
             studio}}\nspec:\n  appRef: {{name: planner}}\n  grants:\n{grants}{teams}"
        );
    }
    text
}

fn loaded(text: &str) -> Loaded {
    let loaded = files::read_with(&["-".into()], || Cursor::new(text.to_owned())).expect("it can be read");
    assert_eq!(loaded.problems, [], "{text}");
    loaded
}

fn told(before: &str, after: &str) -> App {
    let (before, after) = (loaded(before), loaded(after));
    let document = document(&Side::new(&before), &Side::new(&after), &BTreeSet::new(), now());
    assert_eq!(document.errors, []);
    document.apps.into_iter().next().expect("there is one app")
}

fn halves(app: &App) -> (&[Withdrawn], &Review) {
    match &app.waits {
        Waits::Intent { intent, review } => (&intent.withdrawn, review),
        Waits::Hold { .. } => panic!("a review has no hold"),
    }
}

/// What somebody holds at noon of a day: nothing, or the rank of a role; 0 for the account alone.
fn held(claims: &[&Claimed], person: usize, day: i8, of_role: bool) -> Option<usize> {
    let is_open = |(from, until): &Span| from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until);
    let live = claims.iter().filter(|claim| {
        claim.person == person && [Some(claim.grant), Some(claim.entry), claim.team].iter().flatten().all(is_open)
    });
    if of_role { live.filter_map(|claim| claim.role).max() } else { live.map(|_| 0).max() }
}

/// The day of a time; `None` for never.
fn day_of(time: Option<&str>) -> Option<i8> {
    time.map(|time| (-20..20).find(|number| day(*number) == time).expect("every time is a whole day"))
}

fn rank(entitlement: &Entitlement) -> Option<usize> {
    if entitlement.kind == "account" { Some(0) } else { ROLES.iter().position(|role| *role == entitlement.name) }
}

/// Fails unless the window is what the claims add up to.
fn assert_true(window: &Window, before: &[&Claimed], after: &[&Claimed]) {
    let person = PEOPLE.iter().position(|name| window.person.starts_with(name)).expect("somebody known");
    let of_role = window.entitlement.kind == "role";
    let moves =
        |claims: &[&Claimed], at: i8| (held(claims, person, at - 1, of_role), held(claims, person, at, of_role));
    let (at, known) = (day_of(window.at.as_deref()), day_of(window.before.as_deref()));
    let value = rank(&window.entitlement);
    match (window.what, at, known) {
        ("begins", Some(at), known) => {
            assert_eq!(moves(after, at), (None, value), "{window:?}");
            assert!(known.is_none_or(|known| moves(before, known).0.is_none()), "{window:?}");
        }
        ("beginsNoMore", Some(at), None) => assert_eq!(moves(before, at), (None, value), "{window:?}"),
        ("changes", Some(at), _) => assert_eq!(moves(after, at).1, value, "{window:?}"),
        ("changesNoMore", Some(at), None) => assert_eq!(moves(before, at).1, value, "{window:?}"),
        ("ends" | "endsEarlier" | "endsLater", at, known) => {
            assert!(at.is_none_or(|at| moves(after, at) == (value, None)), "{window:?}");
            assert!(known.is_none_or(|known| moves(before, known).1.is_none()), "{window:?}");
        }
        _ => panic!("{window:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_anybody_gains_or_loses_at_any_time_goes_untold(sides in vec(sides(), 0..5)) {
        let before: Vec<&Claimed> = sides.iter().filter_map(|(before, _)| before.as_ref()).collect();
        let after: Vec<&Claimed> = sides.iter().filter_map(|(_, after)| after.as_ref()).collect();
        let numbered = |side: fn(&Sides) -> &Option<Claimed>| {
            yaml(sides.iter().enumerate().filter_map(|(number, both)| Some((number, side(both).as_ref()?))))
        };
        let app = told(&numbered(|both| &both.0), &numbered(|both| &both.1));
        let (withdrawn, review) = halves(&app);
        let mut moved = !withdrawn.is_empty();
        for (number, name) in PEOPLE.iter().enumerate() {
            let is_meant = |person: &str| person.starts_with(name);
            let (mut gains, mut loses) = (false, false);
            for (day, of_role) in (0..=LAST + 2).flat_map(|day| [(day, true), (day, false)]) {
                let held = (held(&before, number, day, of_role), held(&after, number, day, of_role));
                gains |= held.1 > held.0;
                loses |= held.1 < held.0;
            }
            moved |= gains || loses;
            let granted = app.changes.iter().any(|change| !change.removal && change.person.as_deref().is_some_and(is_meant));
            let given = granted || review.later.iter().any(|later| later.gains && is_meant(&later.person));
            prop_assert_eq!(given, gains, "{} gains: {:#?} {:#?}", name, &review, &app.changes);
            let taken = withdrawn.iter().any(|row| row.loses && is_meant(&row.person));
            let taken = taken || review.later.iter().any(|later| later.loses && is_meant(&later.person));
            prop_assert_eq!(taken, loses, "{} loses: {:#?} {:#?}", name, &review, &withdrawn);
            let later = review.later.iter().filter(|later| is_meant(&later.person)).count();
            let rows = review.windows.iter().filter(|window| is_meant(&window.person)).count();
            prop_assert!(later == 0 || rows > 0, "{} has no row: {:#?}", name, &review);
        }
        review.windows.iter().for_each(|window| assert_true(window, &before, &after));
        prop_assert_eq!(is_changed(&app), moved, "{:#?}", &review);
    }
}
