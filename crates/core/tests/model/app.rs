//! A target app that does what it is told, and what people do to it behind our back.

use std::collections::BTreeMap;

use appaccess_core::{
    access::{
        AccountId, AccountState, ByHand, Capabilities, Completeness, EntitlementKind, Level, LoginSource, LookUp, Mail,
        Observation, ObservedAccount, Person, PersonKey, Provisioning, Slot, Text,
    },
    plan::{Action, Change},
};

/// An app with groups, ordered roles of which each account holds one, and workspaces with levels.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) accounts: BTreeMap<AccountId, ObservedAccount>,
    /// Group names to the vendor's ids.
    pub(crate) groups: BTreeMap<Text, Text>,
    created: u32,
}

/// What changed in the app by one change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) account: Option<AccountId>,
    pub(crate) group: Option<Text>,
}

impl App {
    pub(crate) fn new() -> Self {
        Self { accounts: BTreeMap::new(), groups: BTreeMap::new(), created: 0 }
    }

    pub(crate) fn capabilities() -> Capabilities {
        let mut role = EntitlementKind::single(&["member", "admin", "owner"]);
        role.required = true;
        role.not_grantable.insert("owner".into());
        let mut group = EntitlementKind::set();
        group.creatable = true;
        let workspace = EntitlementKind::levelled(&["user", "admin"]);
        let kinds = [("role", role), ("group", group), ("workspace", workspace)];
        Capabilities {
            kinds: kinds.into_iter().map(|(name, kind)| (Text::from(name), kind)).collect(),
            absent: BTreeMap::new(),
            provisioning: Provisioning::Create,
            needs_full_name: false,
            suspend: true,
            delete: true,
            look_up: true,
            bills_invited: false,
            look_up_id: true,
            hides_suspended: false,
            account_alone: true,
            attributes: vec!["title".into()],
            renames: true,
            login: LoginSource::Mail,
            cliffs: Vec::new(),
            by_hand: ByHand::default(),
            notes: Vec::new(),
        }
    }

    /// An account that was there before us.
    pub(crate) fn holds(&mut self, id: &str, login: &str) -> &mut ObservedAccount {
        let mut account = ObservedAccount::new(id, login);
        account.entitlements.insert(Slot::new("role", ""), Some("member".into()));
        self.accounts.entry(AccountId::new(id)).or_insert(account)
    }

    pub(crate) fn has_group(&mut self, name: &str) {
        let id = format!("g{}", self.groups.len() + 1);
        self.groups.entry(name.into()).or_insert_with(|| id.into());
    }

    /// Somebody puts an account into a group by hand.
    pub(crate) fn adds_by_hand(&mut self, id: &str, slot: Slot, level: Option<&str>) {
        if slot.is_group() {
            self.has_group(&slot.name);
        }
        let account = self.accounts.get_mut(&AccountId::new(id)).expect("an account of the model");
        account.entitlements.insert(slot, level.map(Level::from));
    }

    /// A reading of everything but `hidden`.
    pub(crate) fn read(&self, completeness: &Completeness, hidden: impl Fn(&ObservedAccount) -> bool) -> Observation {
        let shown = self.accounts.values().filter(|account| !hidden(account)).cloned().collect();
        let mut observation = Observation::complete(shown);
        observation.completeness = completeness.clone();
        observation.catalogue.insert("group".into(), self.groups.clone());
        let workspaces = ["Delivery", "Design"].map(|name| (Text::from(name), Text::from(name)));
        observation.catalogue.insert("workspace".into(), workspaces.into());
        observation
    }

    /// The answer to a look-up: the truth, whatever the listing lacks.
    pub(crate) fn answer(&self, question: &LookUp, person: Option<&Person>) -> Vec<ObservedAccount> {
        match question {
            LookUp::Account(id) => self.accounts.get(id).cloned().into_iter().collect(),
            LookUp::Person(key) => {
                self.accounts.values().filter(|account| is_of(account, key, person)).cloned().collect()
            }
        }
    }

    /// Does one change; tells what it was done to.
    pub(crate) fn apply(&mut self, change: &Change, account: Option<AccountId>, person: Option<&Person>) -> Done {
        match (change.action, &change.person) {
            (Action::Create | Action::Invite, None) => {
                self.has_group(&change.slot.name);
                return Done { account: None, group: self.groups.get(&change.slot.name).cloned() };
            }
            (Action::Create | Action::Invite, Some(key)) => return self.create(key, person, change),
            _ => {}
        }
        let id = account.expect("a change of an account names it");
        if change.action == Action::Delete {
            assert!(self.accounts.remove(&id).is_some(), "{id} is deleted once");
            return Done { account: Some(id), group: None };
        }
        let account = self.accounts.get_mut(&id).expect("only what is there is changed");
        match change.action {
            Action::Activate => account.state = AccountState::Active,
            Action::Suspend => account.state = AccountState::Suspended,
            Action::Grant | Action::Change => {
                assert!(!change.slot.is_group() || self.groups.contains_key(&change.slot.name), "the group is there");
                account.entitlements.insert(change.slot.clone(), change.to.clone());
            }
            Action::Revoke => drop(account.entitlements.remove(&change.slot)),
            Action::Update => update(account, &change.attributes),
            _ => panic!("{:?} is never sent", change.action),
        }
        Done { account: Some(id), group: None }
    }

    fn create(&mut self, key: &PersonKey, person: Option<&Person>, change: &Change) -> Done {
        self.created += 1;
        let id = format!("new-{}", self.created);
        let login = person.and_then(|person| LoginSource::Mail.of(person)).unwrap_or_else(|| change.label.clone());
        let account = self.holds(&id, &login);
        if let PersonKey::Known { id, .. } = key {
            account.external_id = Some(id.clone());
        }
        if let Some(title) = person.and_then(|person| person.attributes.get("title")) {
            account.attributes.insert("title".into(), title.clone());
        }
        Done { account: Some(AccountId::new(&id)), group: None }
    }
}

fn is_of(account: &ObservedAccount, key: &PersonKey, person: Option<&Person>) -> bool {
    let by_id = matches!(key, PersonKey::Known { id, .. } if account.external_id.as_ref() == Some(id));
    by_id || person.is_some_and(|person| person.mails().any(|mail| account.mails.contains(mail)))
}

fn update(account: &mut ObservedAccount, attributes: &BTreeMap<Text, (Option<Text>, Option<Text>)>) {
    for (name, (_, to)) in attributes {
        let to = to.clone().expect("nothing is emptied");
        match &**name {
            "userName" => account.login = to,
            "mail" => account.mails = vec![Mail::parse(&to).expect("a mail")],
            _ => drop(account.attributes.insert(name.clone(), to)),
        }
    }
}
