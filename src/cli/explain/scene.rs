//! What is known of one app when somebody asks about a person: from the files and the store alone, or with a reading of
//! the app. Changes nothing.

use std::collections::BTreeMap;

use appaccess_core::{
    access::{
        AccountHold, AccountState, AppPolicy, Capabilities, EntitlementKind, Memory, ObjectName, Observation,
        ObservedAccount, Shape,
    },
    plan::{self, Input, Plan},
    resolve::{Desired, World, resolve},
};
use jiff::Timestamp;

use crate::{
    api::TargetAppSpec,
    cli::base,
    load::{Loaded, policy::policy},
    sync::Look,
};

/// What an explanation of one app rests on.
pub(in crate::cli) struct Scene {
    /// What the app's owner decided.
    pub(in crate::cli) policy: AppPolicy,
    /// What the app can do, as far as it is known.
    pub(in crate::cli) capabilities: Capabilities,
    /// Who should hold what.
    pub(in crate::cli) desired: Desired,
    /// What we remember.
    pub(in crate::cli) memory: Memory,
    /// What has to change.
    pub(in crate::cli) plan: Plan,
    /// What was looked at beside the declarations.
    pub(in crate::cli) basis: Basis,
}

/// What was looked at beside the declarations.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) enum Basis {
    /// Nothing.
    Files,
    /// What we remember.
    Store,
    /// What the app holds.
    App(Box<Observation>),
}

impl Scene {
    /// The scene without a reading. `memory` is `None` where the store knows nothing of the app.
    pub(in crate::cli) fn remembered(
        loaded: &Loaded,
        world: &World,
        name: &ObjectName,
        spec: &TargetAppSpec,
        memory: Option<Memory>,
        now: Timestamp,
    ) -> Self {
        let policy = policy(name, spec, &loaded.namespaces);
        let basis = if memory.is_some() { Basis::Store } else { Basis::Files };
        let memory = memory.unwrap_or_default();
        let mut capabilities = base::capabilities(name, spec, world);
        complete_kinds(&mut capabilities, &memory);
        // What the app shows of a person is not remembered, so that nothing of it can differ.
        capabilities.renames = false;
        capabilities.attributes.clear();
        let desired = resolve(world, &policy, &capabilities, &memory, now);
        let plan = match basis {
            Basis::Files => Plan::default(),
            _ => plan::plan(&Input {
                policy: &policy,
                capabilities: &capabilities,
                desired: &desired,
                observation: &as_remembered(&memory),
                memory: &memory,
                options: plan::Options::default(),
                now,
            }),
        };
        Self { policy, capabilities, desired, memory, plan, basis }
    }

    /// The scene of a reading.
    pub(super) fn read(loaded: &Loaded, name: &ObjectName, spec: &TargetAppSpec, look: &Look) -> Self {
        Self {
            policy: policy(name, spec, &loaded.namespaces),
            capabilities: look.capabilities.clone(),
            desired: look.desired.clone(),
            memory: look.memory.clone(),
            plan: look.plan.clone(),
            basis: Basis::App(Box::new(look.observation.clone())),
        }
    }
}

/// What the app held when we last saw to it, as if it were read. What is not ours is not in it.
fn as_remembered(memory: &Memory) -> Observation {
    let mut accounts: BTreeMap<_, ObservedAccount> = BTreeMap::new();
    for (edge, owned) in &memory.inventory {
        let login = edge.person.to_string();
        let account =
            accounts.entry(owned.account.clone()).or_insert_with(|| ObservedAccount::new(&owned.account.0, &login));
        if edge.slot.is_account() {
            if owned.hold != AccountHold::None {
                account.state = AccountState::Suspended;
            }
        } else {
            account.entitlements.insert(edge.slot.clone(), owned.value.clone());
        }
    }
    let mut observation = Observation::complete(accounts.into_values().collect());
    let groups = memory.groups.iter().map(|(name, id)| (name.clone(), id.clone())).collect();
    observation.catalogue.insert("group".into(), groups);
    observation
}

/// Types that nothing claims any more are known by what is still held of them.
fn complete_kinds(capabilities: &mut Capabilities, memory: &Memory) {
    for (edge, owned) in memory.inventory.iter().filter(|(edge, _)| !edge.slot.is_account()) {
        capabilities.kinds.entry(edge.slot.kind.clone()).or_insert_with(|| EntitlementKind {
            shape: match (&owned.value, edge.slot.name.is_empty()) {
                (_, true) => Shape::Single { order: Vec::new() },
                (Some(_), false) => Shape::Levelled { order: Vec::new() },
                (None, false) => Shape::Set,
            },
            ..EntitlementKind::set()
        });
    }
}
