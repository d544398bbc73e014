//! Whether the app shows a change as done.

use appaccess_core::{
    access::{AccountState, Observation, ObservedAccount},
    plan::{Action, Change},
};

/// Whether `after` shows `change` as done. A deletion that became a deactivation counts: nobody can log in.
pub(super) fn shows(after: &Observation, change: &Change) -> bool {
    if change.person.is_none() && change.account.is_none() {
        let names = after.catalogue.get(&change.slot.kind);
        return names.is_some_and(|names| names.contains_key(&change.slot.name));
    }
    let account = change.account.as_ref().and_then(|id| after.account(id));
    match change.action {
        Action::Create | Action::Invite => account.is_some(),
        Action::Activate => account.is_some_and(|account| account.state != AccountState::Suspended),
        Action::Update => account.is_some_and(|account| not_kept(account, change).next().is_none()),
        Action::Grant | Action::Change => account.is_some_and(|account| {
            account.entitlements.get(&change.slot).is_some_and(|level| change.to.is_none() || *level == change.to)
        }),
        Action::Revoke => account.is_none_or(|account| !account.entitlements.contains_key(&change.slot)),
        Action::Suspend | Action::Delete => account.is_none_or(|account| account.state == AccountState::Suspended),
        Action::Adopt => true,
    }
}

/// The attributes of an update that the account does not show as sent.
pub(super) fn not_kept<'a>(
    account: &'a ObservedAccount,
    change: &'a Change,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    change.attributes.iter().filter_map(|(name, (_, wanted))| {
        let wanted = wanted.as_deref()?;
        let observed = match &**name {
            "userName" => Some(&*account.login),
            "mail" => account.mails.first().map(appaccess_core::access::Mail::as_str),
            _ => account.attributes.get(name).map(|value| &**value),
        };
        let same = observed.is_some_and(|observed| {
            observed == wanted || (matches!(&**name, "userName" | "mail") && observed.eq_ignore_ascii_case(wanted))
        });
        (!same).then_some((&**name, wanted))
    })
}
