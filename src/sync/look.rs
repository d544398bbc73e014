//! The reading half of a pass: capabilities, desired edges, a reading with its proof, look-ups, a plan. Cannot change
//! anything.

use std::collections::BTreeSet;

use appaccess_core::{
    access::{
        AccountHold, AccountId, AppPolicy, Capabilities, Completeness, Edge, Finding, LookUp, Memory, Observation,
        Person, PersonKey,
    },
    plan::{self, Input, Plan},
    resolve::{Desired, World, resolve},
};
use jiff::{SignedDuration, Timestamp};

use crate::connector::{ConnectorError, Reader, Scope};

/// Look-ups of one pass: what is left is asked in the next.
const MOST_LOOK_UPS: usize = 200;
/// Accounts that vanished at once and are asked for one by one.
const MOST_VANISHED: usize = 20;
/// Clocks that are further apart than this disagree.
const FURTHEST_CLOCK: SignedDuration = SignedDuration::from_mins(5);
/// How often a plan may ask further questions.
const MOST_ROUNDS: usize = 4;

/// How judgement differs from the ordinary.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Withdrawn claims do not settle.
    pub no_settle: bool,
    /// There is no memory to rest on.
    pub stateless: bool,
    /// Edges whose withdrawal a pull request approved.
    pub approved_withdrawals: BTreeSet<Edge>,
    /// The target app or its namespace is terminating.
    pub terminating: bool,
}

/// A plan with all that it rests on.
#[derive(Clone, Debug)]
pub struct Look {
    /// What the app can do.
    pub capabilities: Capabilities,
    /// Who should hold what.
    pub desired: Desired,
    /// What the app holds.
    pub observation: Observation,
    /// What we remembered when it was made.
    pub memory: Memory,
    /// Whether the app's clock and ours disagree, so that an end that passed proves nothing by itself.
    pub clock_is_doubtful: bool,
    /// The plan.
    pub plan: Plan,
}

/// Reads one app and plans, without changing anything.
///
/// # Errors
/// What the app answered to a question that the plan cannot do without.
pub async fn look(
    policy: &AppPolicy,
    world: &World,
    reader: &dyn Reader,
    memory: Memory,
    options: &Options,
    now: Timestamp,
) -> Result<Look, ConnectorError> {
    let capabilities = reader.capabilities().await?;
    let desired = resolve(world, policy, &capabilities, &memory, now);
    look_for(policy, reader, capabilities, desired, memory, options, now).await
}

/// Reads one app and plans for what is desired, without changing anything.
pub(super) async fn look_for(
    policy: &AppPolicy,
    reader: &dyn Reader,
    mut capabilities: Capabilities,
    desired: Desired,
    memory: Memory,
    options: &Options,
    now: Timestamp,
) -> Result<Look, ConnectorError> {
    let scope = scope(policy, &desired, &memory);
    let mut observation = reader.observe(&scope).await?;
    let is_roster = capabilities.by_hand.everything;
    confirm_cliff(policy, reader, &scope, &memory, &mut observation, is_roster).await?;
    // What half a roster lacks may stand in the other half.
    capabilities.look_up &= !is_roster || observation.is_complete();
    let clock_is_doubtful = is_doubtful(policy, reader);
    let mut look = Look { capabilities, desired, observation, memory, clock_is_doubtful, plan: Plan::default() };
    look.replan(policy, options, now);
    for _ in 0..MOST_ROUNDS {
        if look.plan.look_ups.is_empty() {
            break;
        }
        look.ask(reader).await?;
        look.replan(policy, options, now);
    }
    Ok(look)
}

/// Whether the app's clock and this machine's disagree by more than a request can explain.
fn is_doubtful(policy: &AppPolicy, reader: &dyn Reader) -> bool {
    let skew = reader.clock_skew().filter(|skew| skew.abs() > FURTHEST_CLOCK);
    if let Some(skew) = skew {
        tracing::warn!(app = %policy.app, seconds = skew.as_secs(), "the app's clock and ours disagree: ends count as withdrawals");
    }
    skew.is_some()
}

fn judgement(options: &Options, clock_is_doubtful: bool) -> plan::Options<'_> {
    plan::Options {
        no_settle: options.no_settle,
        stateless: options.stateless,
        approved_withdrawals: Some(&options.approved_withdrawals),
        terminating: options.terminating,
        clock_is_doubtful,
    }
}

impl Look {
    /// Everything that the plan rests on, for asking the core further questions.
    #[must_use]
    pub fn input<'a>(&'a self, policy: &'a AppPolicy, options: &'a Options, now: Timestamp) -> Input<'a> {
        Input {
            policy,
            capabilities: &self.capabilities,
            desired: &self.desired,
            observation: &self.observation,
            memory: &self.memory,
            options: judgement(options, self.clock_is_doubtful),
            now,
        }
    }

    /// Asks what the plan leaves open. A question that the app turns out not to answer is not asked again.
    async fn ask(&mut self, reader: &dyn Reader) -> Result<(), ConnectorError> {
        // An app that cannot list is read by these questions, and by nothing else.
        let most = if self.observation.completeness == Completeness::NotListable { usize::MAX } else { MOST_LOOK_UPS };
        let questions: Vec<LookUp> = self.plan.look_ups.iter().take(most).cloned().collect();
        for question in questions {
            let asked = match question {
                LookUp::Account(_) => self.capabilities.look_up_id,
                LookUp::Person(_) => self.capabilities.look_up,
            };
            if !asked {
                continue;
            }
            let person = whom(&self.desired, &question);
            match reader.look_up(&question, person.as_ref()).await {
                Ok(found) => self.observation.answer(question, found),
                Err(ConnectorError::NotSupported { what }) => {
                    tracing::warn!(what, "the app does not answer this question");
                    match question {
                        LookUp::Account(_) => self.capabilities.look_up_id = false,
                        LookUp::Person(_) => self.capabilities.look_up = false,
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Plans again after something of what it rests on has changed.
    pub fn replan(&mut self, policy: &AppPolicy, options: &Options, now: Timestamp) {
        self.plan = plan::plan(&self.input(policy, options, now));
    }
}

/// What matters: what claims, our inventory or the policy name.
pub(super) fn scope(policy: &AppPolicy, desired: &Desired, memory: &Memory) -> Scope {
    let claimed = desired.slots().chain(memory.inventory.keys().map(|edge| &edge.slot));
    let mut scope = Scope::of_groups(policy.ownership.groups.keys().cloned());
    for slot in claimed.filter(|slot| !slot.is_account()) {
        scope.extend(&slot.kind, [slot.name.clone()]);
    }
    scope
}

fn whom(desired: &Desired, question: &LookUp) -> Option<Person> {
    match question {
        LookUp::Person(person) => desired.people.get(person).cloned().or_else(|| match person {
            PersonKey::Known { .. } => None,
            literal => Some(Person::literal(literal.clone())),
        }),
        LookUp::Account(_) => None,
    }
}

/// A reading that lost more accounts than the budget allows must be confirmed: by a second reading that agrees, and one
/// by one for some of the vanished.
async fn confirm_cliff(
    policy: &AppPolicy,
    reader: &dyn Reader,
    scope: &Scope,
    memory: &Memory,
    observation: &mut Observation,
    is_roster: bool,
) -> Result<(), ConnectorError> {
    let Some(last) = &memory.last_complete else { return Ok(()) };
    if !observation.is_complete() {
        return Ok(());
    }
    let vanished = vanished(last, observation, memory);
    let seen = u64::try_from(last.len()).unwrap_or(u64::MAX);
    let allowed = policy.safety.maximum_removals.allowed(seen);
    if u64::try_from(vanished.len()).unwrap_or(u64::MAX) <= allowed {
        return Ok(());
    }
    tracing::warn!(app = %policy.app, vanished = vanished.len(), allowed, "accounts vanished at once: reading again");
    let second = reader.observe(scope).await?;
    let agrees = second.is_complete() && self::vanished(last, &second, memory) == vanished;
    *observation = second;
    // A roster that is read again is no second witness.
    let mut confirmed = agrees && !is_roster;
    if confirmed {
        for account in vanished.iter().take(MOST_VANISHED) {
            let question = LookUp::Account(account.clone());
            let found = reader.look_up(&question, None).await?;
            observation.answer(question.clone(), found);
            confirmed &= observation.findings.get(&question) == Some(&Finding::NotFound);
        }
    }
    if !confirmed {
        let whose = if is_roster {
            "and a roster cannot confirm it: if it is right, raise `safety.maxRemovals` until it was read once"
        } else {
            "and the app does not confirm it"
        };
        let message = format!(
            "{} of {} accounts vanished since the last complete reading, {allowed} would be within the budget, {whose}",
            vanished.len(),
            last.len()
        );
        observation.completeness =
            Completeness::Incomplete { reason: "ObservationCliff".into(), message: message.into() };
    }
    Ok(())
}

/// The accounts that the last complete reading had and this one has not, but for those that somebody was asked to take
/// away and those that we suspended: some apps hide them.
fn vanished(last: &BTreeSet<AccountId>, observation: &Observation, memory: &Memory) -> BTreeSet<AccountId> {
    let mut gone: BTreeSet<&AccountId> = last.iter().filter(|id| observation.account(id).is_none()).collect();
    if !gone.is_empty() {
        let asked = memory.tasks.values().filter_map(|task| task.removes.as_ref());
        let suspended = memory.inventory.values().filter(|owned| owned.hold != AccountHold::None);
        for account in asked.chain(suspended.map(|owned| &owned.account)) {
            gone.remove(account);
        }
    }
    gone.into_iter().cloned().collect()
}
