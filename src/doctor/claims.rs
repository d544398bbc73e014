//! What is claimed and cannot be had: each claim with the place where it is written.

use std::collections::BTreeSet;

use appaccess_core::resolve::{ClaimProblem, ProblemKind};

use super::Finding;
use crate::{
    load::{Loaded, Place, locate::Locator},
    sync::Look,
};

pub(super) fn findings(loaded: &Loaded, look: &Look) -> Vec<Finding> {
    let problems = look.desired.reports.values().flat_map(|report| &report.problems).chain(&look.plan.problems);
    let problems: BTreeSet<&ClaimProblem> = problems.collect();
    if problems.is_empty() {
        let claims = look.desired.reports.values().map(|report| report.subjects).sum::<usize>();
        if claims == 0 {
            let nothing = Finding::note("Claims", "nobody is declared in this app");
            return vec![nothing.remedied_by("`appaccess import` writes down what it holds now")];
        }
        return vec![Finding::good("Claims", "the app has all that is claimed of it")];
    }
    let locator = Locator::default();
    problems.into_iter().map(|problem| finding(loaded, &locator, problem)).collect()
}

fn finding(loaded: &Loaded, locator: &Locator, problem: &ClaimProblem) -> Finding {
    let remedy = match problem.kind {
        ProblemKind::NotPermitted => "ask the owner of the target app to `allow` it, or take it out",
        ProblemKind::NotSupported => "take out what the app does not have; the other claims go on",
        ProblemKind::Unresolved => "correct the subject; until then nobody of it gains or loses anything",
        ProblemKind::Conflict => "claim one of the values only",
    };
    let why = format!("claimed by {}", problem.claim);
    let finding = Finding::broken("Claims", problem.message.clone()).because(why).remedied_by(remedy);
    match place(loaded, locator, problem) {
        Some(place) => finding.at(&place),
        None => finding,
    }
}

/// The line of the grant.
fn place(loaded: &Loaded, locator: &Locator, problem: &ClaimProblem) -> Option<Place> {
    let access = loaded.app_accesses.get(&problem.claim.object)?;
    let grants = &access.object.spec.grants;
    let index = grants.iter().position(|grant| grant.name == *problem.claim.grant)?;
    Some(locator.locate(&access.place, &format!("spec.grants[{index}]")))
}
