//! What both halves of the connector know: the workspace, what was learnt, and what was last seen. It can only read.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use appaccess_core::access::{Mail, Text};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Clock,
    beside::Beside,
    learnt::{Discovered, Learnt},
    listing::{self, Listed, PAGE_SIZE},
    roles::{ADMIN, Holders, OWNER},
    wire::{Group, Named, User, Workspace},
};
use crate::{
    connector::{
        ConnectorError,
        failure::read_failed,
        rest::{fetch, parse, said},
    },
    http::{Get, Reader, Target},
};

/// Every status of an account, so that none vanishes unseen. Left alone, a listing shows the first three only.
pub(super) const ACCOUNTS: [&str; 6] =
    ["ACTIVE", "PENDING_EMAIL_VERIFICATION", "NOT_REGISTERED", "LIMITED", "DELETED", "LIMITED_DELETED"];

/// Statuses of accounts that are gone.
pub(super) const GONE: [&str; 2] = ["DELETED", "LIMITED_DELETED"];

/// The media type of what is sent.
pub(super) const JSON: &str = "application/json";

/// What is remembered of one account between a reading and the changes that follow it.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    /// How it is found again: the listing knows no ids.
    pub(super) mail: Option<Mail>,
    /// Its role.
    pub(super) role: &'static str,
    /// Why it cannot be let in again by this interface.
    pub(super) shut: Option<&'static str>,
}

/// What was seen of the app in this process.
#[derive(Default)]
pub(super) struct Seen {
    /// The accounts of the last reading, and those made since.
    pub(super) accounts: BTreeMap<Text, Noted>,
    /// The vendor's ids of groups by name; those whose name is there twice are left out.
    pub(super) groups: BTreeMap<Text, Text>,
    /// What stands beside the rows of users.
    pub(super) beside: Beside,
    /// Requests that the last listing of users took.
    pub(super) user_calls: usize,
    /// People who were invited, at the last reading.
    pub(super) invited: usize,
}

/// The state of a connector that is open.
pub(super) struct Shared {
    pub(super) http: Reader,
    pub(super) workspace: Text,
    /// A mark of the key.
    pub(super) key: Text,
    clock: Clock,
    learnt: Mutex<Learnt>,
    seen: Mutex<Seen>,
    /// Held while discovery is made, so that it is made once.
    pub(super) discovering: tokio::sync::Mutex<()>,
}

impl Shared {
    pub(super) fn new(http: Reader, settings: super::Settings) -> Self {
        Self {
            http,
            workspace: settings.workspace,
            key: settings.key,
            clock: settings.clock,
            learnt: Mutex::new(Learnt::from_words(&settings.learnt)),
            seen: Mutex::default(),
            discovering: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn lock_learnt(&self) -> MutexGuard<'_, Learnt> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what was learnt.
    pub(super) fn learnt<T>(&self, look: impl FnOnce(&Learnt) -> T) -> T {
        look(&self.lock_learnt())
    }

    /// Learns something.
    pub(super) fn learn(&self, change: impl FnOnce(&mut Learnt)) {
        change(&mut self.lock_learnt());
    }

    /// Works on what was seen.
    pub(super) fn seen<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What discovery said, where it is still believed.
    pub(super) fn discovered(&self) -> Option<Discovered> {
        let now = self.now();
        self.learnt(|learnt| learnt.discovered.clone().filter(|told| told.is_fresh(&self.key, now)))
    }

    /// An address below the workspace.
    pub(super) fn target(&self, segments: &[&str]) -> Result<Target, ConnectorError> {
        let all = ["workspaces", &self.workspace].into_iter().chain(segments.iter().copied());
        Target::path(all).map_err(|error| read_failed("an address below the workspace", error))
    }

    /// The workspace itself: its plan, and who belongs to it.
    pub(super) async fn own_workspace(&self) -> Result<Workspace, ConnectorError> {
        let what = "the workspace that `workspaceId` names";
        let response = fetch(&self.http, what, Get::new(self.target(&[])?)).await?;
        // The vendor has no status for what is not there.
        if matches!(response.status, 400 | 404) {
            let said = said(&response);
            let message = format!("`workspaceId`: this key sees no workspace {}: {said}", self.workspace);
            return Err(ConnectorError::Settings(message));
        }
        let workspace: Workspace = parse(what, &response)?;
        if *workspace.id.0 == *self.workspace {
            return Ok(workspace);
        }
        Err(ConnectorError::Protocol { what: format!("{what} was answered with another") })
    }

    /// A page of a list below the workspace.
    fn page(&self, segments: &[&str], query: &[(&str, &str)], number: u32) -> Result<Get, ConnectorError> {
        let get = Get::new(self.target(segments)?);
        let get = query.iter().fold(get, |get, (name, value)| get.query(name, value));
        Ok(get.query("page", &number.to_string()).query("page-size", &PAGE_SIZE.to_string()))
    }

    /// Users, ordered by id so that nobody moves between two pages, narrowed by `filter`.
    pub(super) async fn users(&self, filter: &[(&str, &str)]) -> Result<Listed<User>, ConnectorError> {
        let accounts = ACCOUNTS.join(",");
        let mut query = vec![
            ("memberships", "WORKSPACE"),
            ("include-roles", "true"),
            ("account-statuses", accounts.as_str()),
            ("sort-column", "ID"),
        ];
        for (name, value) in filter {
            query.retain(|(known, _)| known != name);
            query.push((name, value));
        }
        listing::all(&self.http, "the users of the workspace", |number| self.page(&["users"], &query, number)).await
    }

    /// The users with exactly this mail address. The vendor's filter takes any address that contains it.
    pub(super) async fn users_by_mail(
        &self,
        mail: &Mail,
        filter: &[(&str, &str)],
    ) -> Result<Vec<User>, ConnectorError> {
        let filter: Vec<(&str, &str)> = filter.iter().copied().chain([("email", mail.as_str())]).collect();
        let found = self.users(&filter).await?.rows.into_iter();
        Ok(found.filter(|user| mail_of(user).as_ref() == Some(mail)).collect())
    }

    /// Who is admin and who the owner, by the documented search.
    pub(super) async fn holders(&self) -> Result<Holders, ConnectorError> {
        let (admins, owners) = futures::future::try_join(self.holders_of(ADMIN), self.holders_of(OWNER)).await?;
        let ids = |listed: Listed<Named>| listed.rows.into_iter().map(|row| row.id.0).collect();
        let mut holders = Holders { admins: ids(admins), owners: ids(owners) };
        // The documents say so; it must hold even where they err.
        holders.admins.extend(holders.owners.iter().cloned());
        Ok(holders)
    }

    async fn holders_of(&self, role: &str) -> Result<Listed<Named>, ConnectorError> {
        let body = |page: u32| -> Value {
            json!({
                "roles": [role], "status": "ALL", "accountStatuses": ACCOUNTS, "sortColumn": "ID",
                "page": page, "pageSize": PAGE_SIZE,
            })
        };
        let page = |number| Ok(Get::search(self.target(&["users", "info"])?, JSON, body(number).to_string()));
        listing::all(&self.http, "the search for admins", page).await
    }

    /// Groups: all, or those whose name contains `name`.
    pub(super) async fn groups(&self, name: Option<&str>, managers: bool) -> Result<Listed<Group>, ConnectorError> {
        let mut query = vec![("sort-column", "ID")];
        query.extend(name.map(|name| ("name", name)));
        if managers {
            query.push(("includeTeamManagers", "true"));
        }
        listing::all(&self.http, "the groups of the workspace", |number| self.page(&["user-groups"], &query, number))
            .await
    }

    /// All projects.
    pub(super) async fn projects(&self) -> Result<Listed<Named>, ConnectorError> {
        listing::all(&self.http, "the projects of the workspace", |number| self.page(&["projects"], &[], number)).await
    }
}

/// The mail address of a user, where there is one.
pub(super) fn mail_of(user: &User) -> Option<Mail> {
    user.email.as_deref().and_then(|email| Mail::parse(email).ok())
}
