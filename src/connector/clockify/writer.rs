//! The half that writes: one request for each change. What the app refuses is read again, as what is so already counts
//! as done.

use std::{fmt, sync::Arc};

use appaccess_core::access::{AccountId, AccountState, Slot, Text};
use futures::future::BoxFuture;
use http::Method;
use serde_json::{Value, json};

use super::{
    Kind,
    roles::{ADMIN, PROJECT_MANAGER, TEAM_MANAGER},
    shared::{JSON, Shared},
    wire::Named,
    work::{Task, batches, task},
};
use crate::{
    connector::{
        Applied, ConnectorError, Scope, Work, Writer,
        rest::{refused, send},
    },
    http::{Client, Request, Response, Safety},
};

/// The status under which work is refused that rests on other work which failed (RFC 4918 section 11.4).
const FAILED_DEPENDENCY: u16 = 424;

/// One outcome for each piece of work.
pub(super) type Outcomes = Vec<Result<Applied, ConnectorError>>;

/// The half of a connector that changes the app.
pub struct ClockifyWriter {
    pub(super) shared: Arc<Shared>,
    pub(super) client: Client,
}

impl fmt::Debug for ClockifyWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClockifyWriter").finish_non_exhaustive()
    }
}

impl Writer for ClockifyWriter {
    fn batches(&self, work: &[Work]) -> Vec<Vec<usize>> {
        batches(work)
    }

    fn apply<'a>(&'a self, batch: &'a [Work]) -> BoxFuture<'a, Outcomes> {
        Box::pin(self.carry_out(batch))
    }
}

/// What must be so for a change to count as done, where the app refused it.
enum Goal<'a> {
    /// An account can log in, or cannot.
    LetIn(&'a Text, bool),
    /// An account has this role.
    Role(&'a Text, &'static str),
    /// An account holds a slot, or does not.
    Holds(&'a Text, &'a Slot, bool),
}

impl ClockifyWriter {
    pub(super) fn new(shared: Arc<Shared>, client: Client) -> Self {
        Self { shared, client }
    }

    async fn carry_out(&self, batch: &[Work]) -> Outcomes {
        if !batch.is_empty() && batch.iter().all(|work| task(work) == Task::Invite) {
            return self.invite_all(batch).await;
        }
        let mut outcomes = Vec::new();
        for work in batch {
            outcomes.push(self.one(work).await);
        }
        outcomes
    }

    async fn one(&self, work: &Work) -> Result<Applied, ConnectorError> {
        match task(work) {
            Task::CreateGroup => return self.create_group(&work.change.slot.name).await,
            Task::Activate => self.let_in(account_of(work)?, true).await?,
            Task::Suspend => self.let_in(account_of(work)?, false).await?,
            Task::SetRole => self.set_role(work).await?,
            Task::Give(Kind::Group) => self.join(work, true).await?,
            Task::Take(Kind::Group) => self.join(work, false).await?,
            Task::Give(kind) => self.manage(work, kind, Method::POST).await?,
            Task::Take(kind) => self.manage(work, kind, Method::DELETE).await?,
            Task::Invite | Task::Impossible => {
                return Err(ConnectorError::NotSupported { what: "do this by its interface".to_owned() });
            }
        }
        Ok(Applied::default())
    }

    async fn let_in(&self, account: &Text, wanted: bool) -> Result<(), ConnectorError> {
        let shut = self.shared.seen(|seen| seen.accounts.get(account).and_then(|noted| noted.shut));
        if let Some(why) = shut.filter(|_| wanted) {
            return Err(ConnectorError::Refused { status: 0, detail: why.to_owned() });
        }
        let status = if wanted { "ACTIVE" } else { "INACTIVE" };
        let body = json!({"status": status});
        let response = self.change(Method::PUT, &["users", account], Safety::Idempotent, Some(&body)).await?;
        self.settled(&response, Goal::LetIn(account, wanted)).await
    }

    /// There is no call for a plain member: an admin's role is given, or taken back.
    async fn set_role(&self, work: &Work) -> Result<(), ConnectorError> {
        let account = account_of(work)?;
        let from = work.change.from.as_deref();
        let known = self.shared.seen(|seen| seen.accounts.get(account).map(|noted| noted.role)).unwrap_or("member");
        if from == Some("owner") || known == "owner" {
            let detail = "the owner's role cannot be changed by the interface; transfer the ownership in Clockify under \
                          Workspace settings first";
            return Err(ConnectorError::Refused { status: 0, detail: detail.to_owned() });
        }
        let method = match work.change.to.as_deref() {
            Some("admin") => Method::POST,
            Some("member") | None if from == Some("admin") || known == "admin" => Method::DELETE,
            // Whoever was just invited is a plain member.
            Some("member") | None => return Ok(()),
            Some(_) => return Err(ConnectorError::NotSupported { what: "grant this role".to_owned() }),
        };
        let role = if method == Method::POST { "admin" } else { "member" };
        let body = json!({"entityId": *self.shared.workspace, "role": ADMIN});
        let response = self.change(method, &["users", account, "roles"], Safety::Idempotent, Some(&body)).await?;
        self.settled(&response, Goal::Role(account, role)).await
    }

    async fn manage(&self, work: &Work, kind: Kind, method: Method) -> Result<(), ConnectorError> {
        let account = account_of(work)?;
        let slot = &work.change.slot;
        let known = || self.shared.seen(|seen| seen.groups.get(&slot.name).cloned());
        let body = if kind == Kind::TeamManager {
            let group = work.entitlement.clone().or_else(known).ok_or_else(|| not_there(slot))?;
            json!({"entityId": *group, "role": TEAM_MANAGER, "sourceType": "USER_GROUP"})
        } else {
            let project = work.entitlement.as_ref().ok_or_else(|| not_there(slot))?;
            json!({"entityId": **project, "role": PROJECT_MANAGER})
        };
        let gives = method == Method::POST;
        let response = self.change(method, &["users", account, "roles"], Safety::Idempotent, Some(&body)).await?;
        self.settled(&response, Goal::Holds(account, slot, gives)).await
    }

    async fn join(&self, work: &Work, joins: bool) -> Result<(), ConnectorError> {
        let account = account_of(work)?;
        let slot = &work.change.slot;
        let known = || self.shared.seen(|seen| seen.groups.get(&slot.name).cloned());
        let group = work.entitlement.clone().or_else(known).ok_or_else(|| not_there(slot))?;
        let response = if joins {
            let body = json!({"userId": **account});
            self.change(Method::POST, &["user-groups", &group, "users"], Safety::Idempotent, Some(&body)).await?
        } else {
            let path = ["user-groups", &group, "users", account];
            self.change(Method::DELETE, &path, Safety::Idempotent, None).await?
        };
        self.settled(&response, Goal::Holds(account, slot, joins)).await
    }

    async fn create_group(&self, name: &Text) -> Result<Applied, ConnectorError> {
        let body = json!({"name": **name});
        let response = self.change(Method::POST, &["user-groups"], Safety::Once, Some(&body)).await?;
        let id = if response.is_success() {
            serde_json::from_slice::<Named>(&response.body).ok().map(|group| group.id.0)
        } else {
            // Somebody may have made it meanwhile.
            let found = self.shared.groups(Some(name), false).await?.rows;
            let mut same = found.into_iter().filter(|group| group.name == **name).map(|group| group.id.0);
            Some(same.next().ok_or_else(|| refused(&response))?)
        };
        if let Some(id) = &id {
            self.shared.seen(|seen| seen.groups.insert(name.clone(), id.clone()));
        }
        Ok(Applied { account: None, entitlement: id })
    }

    async fn change(
        &self,
        method: Method,
        path: &[&str],
        safety: Safety,
        body: Option<&Value>,
    ) -> Result<Response, ConnectorError> {
        let mut request = Request::change(method, self.shared.target(path)?, safety);
        if let Some(body) = body {
            request = request.body(JSON, body.to_string());
        }
        send(&self.client, "change the workspace", request).await
    }

    /// A success, or a refusal of what is so already.
    async fn settled(&self, response: &Response, goal: Goal<'_>) -> Result<(), ConnectorError> {
        if response.is_success() || (response.status == 400 && self.is_so(&goal).await.unwrap_or(false)) {
            return Ok(());
        }
        Err(refused(response))
    }

    async fn is_so(&self, goal: &Goal<'_>) -> Result<bool, ConnectorError> {
        let account = match goal {
            Goal::LetIn(account, _) | Goal::Role(account, _) | Goal::Holds(account, ..) => {
                AccountId((*account).clone())
            }
        };
        let mut scope = Scope::default();
        if let Goal::Holds(_, slot, _) = goal {
            scope.extend(&slot.kind, [slot.name.clone()]);
        }
        // This reading is narrower than that of the pass, which what stands beside the users must go on to fit.
        let beside = self.shared.seen(|seen| seen.beside.clone());
        let shown = Box::pin(self.shared.observe(&scope)).await;
        self.shared.seen(|seen| seen.beside = beside);
        let shown = shown?;
        let Some(shown) = shown.account(&account).filter(|_| shown.is_complete()) else { return Ok(false) };
        Ok(match goal {
            Goal::LetIn(_, wanted) => (shown.state != AccountState::Suspended) == *wanted,
            Goal::Role(_, role) => shown
                .entitlements
                .get(&Slot::new(Kind::Role.word(), ""))
                .is_some_and(|held| held.as_deref() == Some(*role)),
            Goal::Holds(_, slot, wanted) => shown.entitlements.contains_key(slot) == *wanted,
        })
    }
}

/// The account that a piece of work is about.
fn account_of(work: &Work) -> Result<&Text, ConnectorError> {
    let account = work.account.as_ref().or(work.change.account.as_ref());
    account.map(|account| &account.0).ok_or_else(|| ConnectorError::Refused {
        status: FAILED_DEPENDENCY,
        detail: "the account was not created".to_owned(),
    })
}

fn not_there(slot: &Slot) -> ConnectorError {
    ConnectorError::Refused { status: FAILED_DEPENDENCY, detail: format!("the workspace has no {slot}") }
}
