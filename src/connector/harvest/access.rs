//! The rules of access roles: exactly one main role, extras for managers only, and what is never sent. Pure.

use std::collections::BTreeSet;

/// The main roles, from low to high.
pub(super) const MAIN: [&str; 3] = ["member", "manager", "administrator"];

/// What a manager may be given beside.
pub(super) const EXTRAS: [&str; 7] = [
    "billable_rates_manager",
    "client_and_task_manager",
    "estimates_manager",
    "managed_projects_invoice_drafter",
    "managed_projects_invoice_manager",
    "project_creator",
    "time_and_expenses_manager",
];

/// Shown for who has teammates; it cannot be set.
const FOLLOWS_FROM_TEAMMATES: &str = "people_manager";

/// The access roles of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    /// The main role; `None` where the app shows none that is known.
    pub(super) main: Option<String>,
    /// What else is shown and can be set.
    pub(super) extras: BTreeSet<String>,
}

impl Access {
    /// What a person's list says.
    pub(super) fn read(names: &[String]) -> Self {
        let main = MAIN.iter().rev().find(|main| names.iter().any(|name| name == *main));
        let is_extra = |name: &&String| !MAIN.contains(&name.as_str()) && *name != FOLLOWS_FROM_TEAMMATES;
        Self { main: main.map(|&main| main.to_owned()), extras: names.iter().filter(is_extra).cloned().collect() }
    }

    /// The list to send: the main role first.
    pub(super) fn to_names(&self) -> Vec<&str> {
        self.main.iter().chain(&self.extras).map(String::as_str).collect()
    }
}

/// What should become of somebody's access roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edit<'a> {
    /// The main role, where it changes.
    pub(super) main: Option<&'a str>,
    /// Extras to give.
    pub(super) add: BTreeSet<&'a str>,
    /// Extras to take.
    pub(super) remove: BTreeSet<&'a str>,
}

/// Why an extra cannot be given.
pub(super) const FOR_MANAGERS_ONLY: &str =
    "give this permission to anybody but managers: claim the role `manager` for this person, or drop the permission";

impl Edit<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.main.is_none() && self.add.is_empty() && self.remove.is_empty()
    }

    /// The outcome, where it does not depend on what is there now: only managers have anything beside the main role.
    pub(super) fn known(&self) -> Option<Access> {
        let main = self.main.filter(|main| *main != "manager")?;
        Some(Access { main: Some(main.to_owned()), extras: BTreeSet::new() })
    }

    /// The outcome for somebody who has `now`, and whether the extras to give are part of it.
    pub(super) fn applied(&self, now: &Access) -> (Access, bool) {
        let main = self.main.map(str::to_owned).or_else(|| now.main.clone());
        if main.as_deref() != Some("manager") {
            return (Access { main, extras: BTreeSet::new() }, false);
        }
        let kept = now.extras.iter().filter(|extra| !self.remove.contains(extra.as_str())).cloned();
        (Access { main, extras: kept.chain(self.add.iter().map(|&extra| extra.to_owned())).collect() }, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(names: &[&str]) -> Access {
        Access::read(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_list_has_one_main_role_and_what_follows_from_teammates_is_not_sent_back() {
        let manager = access(&["people_manager", "project_creator", "manager"]);
        assert_eq!(manager.to_names(), ["manager", "project_creator"]);
        assert_eq!(access(&["of_the_future", "member"]).to_names(), ["member", "of_the_future"]);
        assert_eq!(access(&[]).main, None);
    }

    #[test]
    fn extras_come_and_go_one_by_one_and_all_go_with_the_role() {
        let now = access(&["manager", "estimates_manager", "project_creator"]);
        let add = Edit { add: BTreeSet::from(["client_and_task_manager"]), ..Edit::default() };
        assert_eq!(add.applied(&now).0.to_names().len(), 4);
        let remove = Edit { remove: BTreeSet::from(["project_creator"]), ..Edit::default() };
        assert_eq!(remove.applied(&now).0.to_names(), ["manager", "estimates_manager"]);
        let demote = Edit { main: Some("member"), ..Edit::default() };
        assert_eq!(demote.known().unwrap().to_names(), ["member"]);
        assert_eq!(demote.applied(&now).0.to_names(), ["member"]);
    }

    #[test]
    fn only_a_manager_can_be_given_extras() {
        let add = Edit { add: BTreeSet::from(["project_creator"]), ..Edit::default() };
        for other in ["member", "administrator"] {
            let (outcome, given) = add.applied(&access(&[other]));
            assert_eq!((outcome.to_names(), given), (vec![other], false));
        }
        let raise = Edit { main: Some("manager"), ..add };
        assert_eq!(raise.known(), None, "what a manager has already is to be kept");
        assert_eq!(raise.applied(&access(&["member"])).0.to_names(), ["manager", "project_creator"]);
    }
}
