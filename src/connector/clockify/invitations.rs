//! Invitations, and the ids of those who were invited: the answer to an invitation names nobody by mail.

use std::collections::BTreeMap;

use appaccess_core::access::{AccountState, Mail, ObservedAccount};
use http::Method;
use serde_json::json;

use super::{
    beside::Standing,
    listing::PAGE_SIZE,
    shared::{JSON, Shared, mail_of},
    writer::{ClockifyWriter, Outcomes},
};
use crate::{
    connector::{
        Applied, ConnectorError, Work,
        rest::{refused, send},
    },
    http::{Request, Safety},
};

/// What became of one invitation before its account was looked for.
enum Sent {
    /// The app took it.
    Done(Mail),
    /// Nobody can tell, or the app says that it knows the address: the account decides.
    Doubtful(Mail, ConnectorError),
    /// It was not sent.
    Failed(ConnectorError),
}

impl ClockifyWriter {
    /// Invites everybody of a batch, one after another, then reads their ids together.
    pub(super) async fn invite_all(&self, batch: &[Work]) -> Outcomes {
        let mut sent: Vec<Sent> = Vec::new();
        let mut halted: Option<ConnectorError> = None;
        for work in batch {
            if let Some(error) = &halted {
                sent.push(Sent::Failed(error.for_another()));
                continue;
            }
            let outcome = self.invite(work).await;
            if let Sent::Failed(error) = &outcome
                && error.is_about_the_app()
            {
                halted = Some(error.for_another());
            }
            sent.push(outcome);
        }
        let mails = sent.iter().filter_map(|sent| match sent {
            Sent::Done(mail) | Sent::Doubtful(mail, _) => Some(mail.clone()),
            Sent::Failed(_) => None,
        });
        // Where the ids cannot be read the invitations are out all the same; the next reading finds them.
        let found = self.shared.invited(mails.collect()).await.unwrap_or_default();
        sent.into_iter().map(|sent| settle(sent, &found)).collect()
    }

    async fn invite(&self, work: &Work) -> Sent {
        let Some(mail) = work.person.as_ref().and_then(|person| person.mail.clone()) else {
            let detail = "nothing is known of the person that could be invited: a mail address is needed".to_owned();
            return Sent::Failed(ConnectorError::Refused { status: 0, detail });
        };
        let request = self.shared.target(&["users"]).map(|target| {
            let request = Request::change(Method::POST, target, Safety::Once).query("send-email", "true");
            request.body(JSON, json!({"email": mail.as_str()}).to_string())
        });
        let answered = match request {
            Ok(request) => send(&self.client, "invite a user", request).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(response) if response.is_success() => Sent::Done(mail),
            Ok(response) if response.status == 402 => Sent::Failed(unpaid(&refused(&response))),
            Ok(response) if response.status == 400 => Sent::Doubtful(mail, refused(&response)),
            Ok(response) => Sent::Failed(refused(&response)),
            Err(error @ ConnectorError::OutcomeUnknown { .. }) => Sent::Doubtful(mail, error),
            Err(error) => Sent::Failed(error),
        }
    }
}

fn unpaid(said: &ConnectorError) -> ConnectorError {
    let why = match said {
        ConnectorError::Refused { detail, .. } => detail.as_str(),
        _ => "",
    };
    let detail =
        format!("inviting by the interface needs a paid plan: {why}; change the plan, or invite in Clockify by hand");
    ConnectorError::Refused { status: 402, detail }
}

fn settle(sent: Sent, found: &BTreeMap<Mail, ObservedAccount>) -> Result<Applied, ConnectorError> {
    let applied = |account: &ObservedAccount| Applied { account: Some(account.id.clone()), entitlement: None };
    match sent {
        Sent::Done(mail) => Ok(found.get(&mail).map(applied).unwrap_or_default()),
        Sent::Doubtful(mail, error) => match found.get(&mail) {
            Some(account) if account.state != AccountState::Suspended => Ok(applied(account)),
            _ => Err(error),
        },
        Sent::Failed(error) => Err(error),
    }
}

impl Shared {
    /// The accounts with these addresses: by one listing of all who are invited where that takes fewer requests, and one
    /// by one who is not among them.
    async fn invited(&self, mut mails: Vec<Mail>) -> Result<BTreeMap<Mail, ObservedAccount>, ConnectorError> {
        let mut found = BTreeMap::new();
        let invited = self.seen(|seen| seen.invited).saturating_add(mails.len());
        if invited.div_ceil(PAGE_SIZE) < mails.len() {
            let own = self.discover().await?.own;
            let users = self.users(&[("status", "PENDING")]).await?.rows;
            for user in users {
                let Some(mail) = mail_of(&user).filter(|mail| mails.contains(mail)) else { continue };
                let account = self.seen(|seen| seen.beside.account(&user, &[], Standing::Invited, &own));
                self.note(&user, Standing::Invited, "member");
                found.insert(mail, account);
            }
            mails.retain(|mail| !found.contains_key(mail));
        }
        for mail in mails {
            let accounts = self.accounts_by_mail(&mail).await?;
            if let [account] = accounts.as_slice() {
                found.insert(mail, account.clone());
            }
        }
        Ok(found)
    }
}
