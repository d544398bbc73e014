//! What always happens once faults stop, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use appaccess_core::{
    access::{AccountState, Directive, Level, Mode, PersonKey, Slot},
    plan::{Action, HeldReason, withdrawals},
    resolve::State,
};
use proptest::prelude::*;

use crate::{
    declare::{grant, user},
    generate::{Edit, Life, life},
    installation::{Installation, hours, minutes},
    lives::runner,
};

/// So many passes with a decision and half a day between them settle everything that can settle.
const PASSES: usize = 12;

/// Lets everything settle, with a yes to every hold; the faults have stopped.
fn comes_to_rest(world: &mut Installation) -> Result<(), TestCaseError> {
    Edit::mend(world);
    world.terminating = false;
    for _ in 0..PASSES {
        let pass = world.pass();
        let approvable = pass.plan.changes.iter().any(|change| change.held.is_some_and(HeldReason::yields_to_approval));
        if pass.is_quiet() && !approvable && pass.tasks().is_empty() && pass.settling().is_empty() {
            return Ok(());
        }
        if let Some(hold) = &pass.plan.hold {
            world.decide(&hold.digest, Directive::Approve);
        }
        world.people_work();
        world.wait(hours(48));
    }
    let pass = world.pass();
    Err(TestCaseError::fail(format!("no rest: {:#?}\n{:#?}\n{:#?}", pass.sent(), pass.held(), pass.plan.bookkeeping)))
}

/// A life in `Full` with everything within reach, at rest.
fn at_rest(life: &Life) -> Result<Installation, TestCaseError> {
    let mut world = life.begin();
    world.policy.mode = Mode::Full;
    for edit in &life.edits {
        edit.make(&mut world);
        world.pass();
        Edit::mend(&mut world);
    }
    comes_to_rest(&mut world)?;
    Ok(world)
}

/// What people can do now: accounts that are active, and what they hold there, by the address.
fn access(world: &Installation) -> BTreeMap<(String, Slot), Option<Level>> {
    let active = world.app.accounts.values().filter(|account| account.state == AccountState::Active);
    active
        .flat_map(|account| {
            let held = account.entitlements.iter().map(|(slot, level)| (slot.clone(), level.clone()));
            held.chain([(Slot::account(), None)]).map(|(slot, level)| ((account.label().to_owned(), slot), level))
        })
        .collect()
}

fn rank(world: &Installation, slot: &Slot, level: Option<&Level>) -> Option<usize> {
    world.capabilities.kind(slot)?.rank(level?)
}

#[test]
fn every_permitted_claim_is_reached_once_faults_stop_and_holds_are_approved() {
    runner(2)
        .run(&life(5), |life| {
            let world = at_rest(&life)?;
            let (desired, plan, observation) = world.look();
            for edge in desired.edges.keys() {
                let State::Desired(wanted) = desired.state(edge) else { continue };
                let open = plan.changes.iter().any(|change| change.person.as_ref() == Some(&edge.person));
                let alone = plan.drift.iter().any(|drift| drift.person.as_ref() == Some(&edge.person));
                if open || alone || plan.unknown.contains_key(edge) {
                    continue;
                }
                let account = plan.accounts.get(&edge.person).and_then(|id| observation.account(id));
                let account = account.ok_or_else(|| TestCaseError::fail(format!("{edge} has no account")))?;
                prop_assert_eq!(account.state, AccountState::Active);
                let held = edge.slot.is_account()
                    || account
                        .entitlements
                        .get(&edge.slot)
                        .is_some_and(|level| wanted.value.is_none() || *level == wanted.value);
                prop_assert!(held, "{} is not held", edge);
            }
            let mut world = world;
            prop_assert!(world.pass().is_quiet());
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_object_that_can_no_longer_be_read_never_removes_what_it_claims() {
    runner(3)
        .run(&(life(3), 0..3_usize), |(life, index)| {
            let mut world = at_rest(&life)?;
            let (desired, ..) = world.look();
            let objects: Vec<_> = world.world.accesses.keys().cloned().collect();
            let Some(object) = objects.get(index) else { return Ok(()) };
            let claimed: BTreeSet<_> = desired
                .edges
                .iter()
                .filter(|(_, wanted)| wanted.claims.iter().any(|claim| claim.name.object == *object))
                .map(|(edge, _)| edge.clone())
                .collect();
            world.breaks(&object.name);
            for _ in 0..4 {
                world.wait(hours(25));
                let pass = world.pass();
                let lost = pass.deeds().filter(|change| change.is_removal()).find(|change| {
                    change.person.as_ref().is_some_and(|person| {
                        claimed.iter().any(|edge| edge.person == *person && edge.slot == change.slot)
                    })
                });
                prop_assert!(lost.is_none(), "{:?}", lost);
                if let Some(hold) = pass.plan.hold {
                    world.decide(&hold.digest, Directive::Approve);
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn taking_grants_away_never_gives_access() {
    runner(4)
        .run(&(life(3), 0..3_usize, 0..3_usize), |(life, object, at)| {
            let mut world = at_rest(&life)?;
            let before = access(&world);
            let names: Vec<_> = world.world.accesses.keys().cloned().collect();
            let Some(access_of) = names.get(object).and_then(|name| world.world.accesses.get_mut(name)) else {
                return Ok(());
            };
            if at < access_of.grants.len() {
                drop(access_of.grants.remove(at));
            }
            comes_to_rest(&mut world)?;
            for ((who, slot), level) in access(&world) {
                let had = before.get(&(who.clone(), slot.clone()));
                prop_assert!(had.is_some(), "{} has got {}", who, slot);
                let (old, new) = (rank(&world, &slot, had.unwrap().as_ref()), rank(&world, &slot, level.as_ref()));
                prop_assert!(new <= old, "{} has got more of {}", who, slot);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_imported_needs_no_change() {
    runner(5)
        .run(&life(0), |life| {
            let mut world = life.begin();
            world.world.accesses.clear();
            world.policy.mode = Mode::Full;
            world.policy.adopt = appaccess_core::access::Adopt::Matched;
            let accounts: Vec<_> = world.app.accounts.values().cloned().collect();
            let active = accounts.iter().filter(|account| account.state == AccountState::Active);
            // What cannot be granted is left out, as are addresses that nobody vouches for.
            let mut grants = Vec::new();
            for (index, account) in active.filter(|account| !account.login.starts_with("ghost")).enumerate() {
                let mut granting = grant(&format!("g{index}")).of(user(&account.login));
                for (slot, level) in &account.entitlements {
                    granting = match level {
                        Some(level) if slot.is_role() && &**level == "owner" => granting,
                        Some(level) if slot.is_role() => granting.role(level),
                        level => granting.entitled(&slot.kind, &slot.name, level.as_deref()),
                    };
                }
                grants.push(granting);
            }
            world.declare("imported", grants);
            let (_, plan, _) = world.look();
            let other = plan.changes.iter().find(|change| {
                change.action != Action::Adopt
                    && !matches!(&change.evidence, appaccess_core::access::Evidence::Policy(_))
            });
            prop_assert!(other.is_none(), "{:#?}", other);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_joiner_changes_no_digest() {
    runner(6)
        .run(&life(5), |life| {
            let mut world = life.begin();
            for edit in &life.edits {
                edit.make(&mut world);
                world.pass();
            }
            Edit::mend(&mut world);
            let base = world.desired();
            let before = world.look().1.hold.map(|hold| hold.digest);
            world.declare("joiner", vec![grant("new").of(user("new-here")).group("Z")]);
            let after = world.look().1.hold;
            if let (Some(before), Some(after)) = (before, &after)
                && !after.reasons.contains(&HeldReason::SeatLimit)
            {
                prop_assert_eq!(before, after.digest.clone());
            }
            prop_assert!(withdrawals(&base, &world.desired()).is_empty());
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_rename_in_the_directory_is_an_update_of_the_same_account() {
    runner(7)
        .run(&life(3), |life| {
            let mut world = at_rest(&life)?;
            let ids: BTreeSet<_> = world.app.accounts.keys().cloned().collect();
            for view in world.world.directories.values_mut() {
                for person in view.people.values_mut() {
                    let old = person.mail.clone().unwrap();
                    person.also.insert(old.clone());
                    person.mail = appaccess_core::access::Mail::parse(&format!("new-{old}")).ok();
                    person.label = person.mail.as_ref().unwrap().as_str().into();
                }
            }
            world.wait(minutes(1));
            let pass = world.pass();
            for change in &pass.sent {
                let of_directory = matches!(change.person, Some(PersonKey::Known { .. }));
                prop_assert!(!of_directory || change.action == Action::Update, "{:?}", change);
            }
            prop_assert_eq!(ids, world.app.accounts.keys().cloned().collect());
            Ok(())
        })
        .unwrap();
}
