//! The class of an account that is not ours.

use super::{Input, identity::canonical_login};
use crate::{
    access::{Class, ObservedAccount, PersonKey, Text},
    resolve::{Desired, glob},
};

/// Whose an account is that no claim names, and whether a policy may act on that.
pub(super) struct Stranger {
    pub(super) class: Class,
    /// Whoever a directory knows under one of its names.
    pub(super) person: Option<PersonKey>,
    /// False where the ground is not firm: a directory that cannot be read, or a leaver who is only reported.
    pub(super) firm: bool,
}

/// The first class that fits: service, guest, orphan, unknown.
pub(super) fn classify(input: &Input<'_>, desired: &Desired, account: &ObservedAccount) -> Stranger {
    let names: Vec<Text> = account
        .mails
        .iter()
        .map(|mail| Text::from(mail.as_str()))
        .chain([canonical_login(&account.login), account.login.clone(), account.id.0.clone()])
        .collect();
    let person = names.iter().find_map(|name| desired.directory_mails.get(name)).cloned();
    let policy = &input.policy.classify;
    let service = account.service || policy.service.iter().any(|pattern| names.iter().any(|name| glob(pattern, name)));
    if service {
        return Stranger { class: Class::Service, person, firm: true };
    }
    let mut domains = account.mails.iter().map(crate::access::Mail::domain);
    if domains.clone().any(|domain| policy.guest_domains.contains(domain)) {
        return Stranger { class: Class::Guest, person, firm: true };
    }
    if let Some(key) = &person {
        let acts = desired.leavers.get(key);
        let reported = desired.reported_leavers.contains_key(key);
        return match (acts, reported) {
            (Some((_, breaker)), _) => Stranger { class: Class::Orphan, firm: !breaker, person },
            (None, true) => Stranger { class: Class::Orphan, firm: false, person },
            (None, false) => Stranger { class: Class::Unknown, firm: is_reliable(desired, key), person },
        };
    }
    match domains.find_map(|domain| desired.owned_domains.get(domain)) {
        Some(true) => Stranger { class: Class::Orphan, person, firm: true },
        Some(false) => Stranger { class: Class::Unknown, person, firm: false },
        None => Stranger { class: Class::Unknown, person, firm: true },
    }
}

/// Whether the directory of a person can be relied on: else nobody can tell whether the person left.
fn is_reliable(desired: &Desired, person: &PersonKey) -> bool {
    !matches!(person, PersonKey::Known { directory, .. } if desired.unknown_directories.contains_key(directory))
}
