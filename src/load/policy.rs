//! A `TargetApp` becomes the policy that the core decides by: defaults applied, words of the API turned into values.

use std::{collections::BTreeMap, time::Duration};

use appaccess_core::access::{
    AccountId, Adopt, Allow, AppPolicy, Budget, Classify, KeepAtLeast, Mail, Manage, Mode, NeedsApproval, ObjectName,
    Offboarding, OffboardingRule, Ownership, PeopleScope, Period, Pricing, RemovalAction, RoleOrder, SlotPattern, Text,
    Unmanaged, UnmanagedAction, UnmanagedRule,
};

use crate::api::{self, policy as written, target_app as app};

/// Labels of Namespaces by name.
pub type NamespaceLabels = BTreeMap<String, BTreeMap<String, String>>;

/// The policy of a target app.
#[must_use]
pub fn policy(name: &ObjectName, spec: &api::TargetAppSpec, namespaces: &NamespaceLabels) -> AppPolicy {
    let mut policy = AppPolicy::new(name.clone());
    policy.mode = match spec.mode {
        app::Mode::Observe => Mode::Observe,
        app::Mode::Additive => Mode::Additive,
        app::Mode::Full => Mode::Full,
    };
    policy.manage = Manage {
        accounts: spec.manage.accounts,
        memberships: spec.manage.memberships,
        roles: spec.manage.roles,
        attributes: spec.manage.attributes,
    };
    policy.adopt = match spec.adopt {
        app::Adopt::Never => Adopt::Never,
        app::Adopt::Matched => Adopt::Matched,
    };
    policy.accounts =
        spec.accounts.iter().map(|link| (canonical(&link.person), AccountId::new(link.id.as_str()))).collect();
    policy.classify = Classify {
        service: spec.classify.service.iter().map(|text| text.as_str().into()).collect(),
        guest_domains: spec.classify.guest.iter().flat_map(|guest| &guest.domains).map(|text| lower(text)).collect(),
    };
    policy.offboarding = offboarding(&spec.offboarding);
    policy.unmanaged = unmanaged(policy.unmanaged, &spec.unmanaged);
    policy.ownership = Ownership {
        default_exclusive: spec.ownership.default == written::Ownership::Exclusive,
        groups: spec
            .ownership
            .groups
            .iter()
            .map(|(name, ownership)| (Text::from(name.as_str()), *ownership == written::Ownership::Exclusive))
            .collect(),
    };
    if let Some(roles) = &spec.roles {
        policy.roles = RoleOrder {
            order: roles.order.iter().map(|role| role.as_str().into()).collect(),
            privileged: roles.privileged.iter().map(|role| role.as_str().into()).collect(),
        };
    }
    safety(&mut policy, &spec.safety);
    policy.allow = spec.allow.iter().map(|entry| allow(name, entry, namespaces)).collect();
    policy.pricing = spec.seats.as_ref().map(pricing);
    policy.acknowledged_cliffs = spec.acknowledged_cliffs.iter().map(|cliff| cliff.as_str().into()).collect();
    policy
}

/// A mail in canonical form, anything else in lower case.
fn canonical(text: &str) -> Text {
    Mail::parse(text).map_or_else(|_| lower(text), |mail| mail.as_str().into())
}

fn lower(text: &str) -> Text {
    text.to_ascii_lowercase().into()
}

fn offboarding(written: &written::Offboarding) -> Offboarding {
    let rule = |policy: &written::OffboardingPolicy| OffboardingRule {
        action: match policy.action {
            written::OffboardingAction::Keep => RemovalAction::Keep,
            written::OffboardingAction::Suspend => RemovalAction::Suspend,
            written::OffboardingAction::Delete => RemovalAction::Delete,
        },
        delete_after: policy.delete_after.map(api::Duration::to_std),
    };
    Offboarding { leaver: rule(&written.leaver), expired: rule(&written.expired), withdrawn: rule(&written.withdrawn) }
}

fn unmanaged(defaults: Unmanaged, written: &written::Unmanaged) -> Unmanaged {
    let rule = |default: UnmanagedRule, policy: Option<&written::UnmanagedPolicy>| {
        policy.map_or(default, |policy| UnmanagedRule {
            action: match policy.action {
                written::UnmanagedAction::Report => UnmanagedAction::Report,
                written::UnmanagedAction::Ignore => UnmanagedAction::Ignore,
                written::UnmanagedAction::Suspend => UnmanagedAction::Suspend,
                written::UnmanagedAction::Delete => UnmanagedAction::Delete,
            },
            after: policy.after.map(api::Duration::to_std),
        })
    };
    Unmanaged {
        orphan: rule(defaults.orphan, written.orphan.as_ref()),
        unknown: rule(defaults.unknown, written.unknown.as_ref()),
        guest: rule(defaults.guest, written.guest.as_ref()),
        service: rule(defaults.service, written.service.as_ref()),
    }
}

fn safety(policy: &mut AppPolicy, written: &written::Safety) {
    let safety = &mut policy.safety;
    if let Some(settle) = written.settle {
        safety.settle = settle.to_std();
    }
    let (people, percent) = written.removal_limit();
    safety.maximum_removals = Budget { people: people.into(), percent: percent.into() };
    safety.maximum_additions = written.max_additions.map(|budget| Budget {
        people: budget.people.unwrap_or(0).into(),
        percent: budget.percent.unwrap_or(0).into(),
    });
    let protected = written.protected.iter();
    safety.protected = protected.flat_map(|text| [Text::from(text.as_str()), canonical(text)]).collect();
    safety.keep_at_least = written.keep_at_least.as_ref().map(|rules| {
        rules.iter().map(|rule| KeepAtLeast { role: rule.role.as_str().into(), count: rule.count.into() }).collect()
    });
    safety.approve = written
        .approve_rules()
        .into_iter()
        .map(|rule| match rule {
            written::ApproveRule::Action(action) => {
                NeedsApproval::Action(format!("{action:?}").to_ascii_lowercase().into())
            }
            written::ApproveRule::Role(role) => NeedsApproval::Role(role.as_str().into()),
            written::ApproveRule::Group(group) => NeedsApproval::Group(group.as_str().into()),
        })
        .collect();
    safety.approve_first = written.approves_first();
}

fn allow(app: &ObjectName, written: &written::Allow, namespaces: &NamespaceLabels) -> Allow {
    let named = written.namespaces.names.iter().map(|name| Text::from(name.as_str()));
    let selected = written.namespaces.selector.iter().flat_map(|selector| {
        namespaces.iter().filter(|(_, labels)| selects(selector, labels)).map(|(name, _)| Text::from(name.as_str()))
    });
    let pattern = |kind: &str, name: &String| SlotPattern { kind: kind.into(), name: name.as_str().into() };
    let roles = written.roles.iter().map(|name| pattern("role", name));
    let groups = written.groups.iter().map(|name| pattern("group", name));
    let others = written.entitlements.iter().map(|entry| pattern(&entry.type_, &entry.name));
    Allow {
        namespaces: named.chain(selected).collect(),
        entitlements: roles.chain(groups).chain(others).collect(),
        people: written.people.as_ref().map(|people| scope(app, people)).unwrap_or_default(),
        maximum_duration: written.max_duration.map(api::Duration::to_std),
    }
}

fn scope(app: &ObjectName, written: &written::AllowedPeople) -> PeopleScope {
    let some = |empty: bool| (!empty).then_some(());
    PeopleScope {
        directory_groups: some(written.directory_groups.is_empty()).map(|()| {
            let groups = written.directory_groups.iter();
            groups
                .map(|group| {
                    let namespace = group.namespace.as_deref().unwrap_or(&app.namespace);
                    (ObjectName::new(namespace, &group.directory), Text::from(group.group.as_str()))
                })
                .collect()
        }),
        teams: some(written.teams.is_empty()).map(|()| {
            let teams = written.teams.iter();
            teams.map(|team| ObjectName::new(team.namespace.as_deref().unwrap_or(&app.namespace), &team.name)).collect()
        }),
        domains: some(written.domains.is_empty())
            .map(|()| written.domains.iter().map(|domain| lower(domain)).collect()),
    }
}

/// Whether a label selector fits; an empty one fits every Namespace, as in Kubernetes.
fn selects(selector: &api::reference::Selector, labels: &BTreeMap<String, String>) -> bool {
    use api::reference::Operator;
    let equal = selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value));
    equal
        && selector.match_expressions.iter().all(|term| {
            let value = labels.get(&term.key);
            match term.operator {
                Operator::In => value.is_some_and(|value| term.values.contains(value)),
                Operator::NotIn => value.is_none_or(|value| !term.values.contains(value)),
                Operator::Exists => value.is_some(),
                Operator::DoesNotExist => value.is_none(),
            }
        })
}

fn pricing(seats: &app::Seats) -> Pricing {
    let period = match seats.per {
        app::Period::Month => Period::Month,
        app::Period::Year => Period::Year,
    };
    let by_role = seats.by_role.iter();
    Pricing {
        price: seats.price.ten_thousandths(),
        period,
        by_role: by_role.map(|(role, price)| (role.as_str().into(), price.ten_thousandths())).collect(),
        currency: seats.currency.as_str().into(),
        renews_on: seats.renews_on.map(api::Date::date),
        pack: seats.pack.unwrap_or(1).into(),
        purchased: seats.purchased.map(u64::from),
        inactive_after: seats.inactive_after.map(api::Duration::to_std).filter(|limit| *limit > Duration::ZERO),
    }
}
