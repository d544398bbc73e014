//! Listings: users in pages, groups at once, each with what tells whether that is all.

use std::collections::BTreeMap;

use appaccess_core::access::{Completeness, Text};
use serde_json::Value;

use super::{
    observe::canonical,
    shared::Shared,
    wire::{Group, GroupRow, User, UserRow, rows},
};
use crate::{
    connector::{
        ConnectorError,
        rest::{self, Gathered, PAGES_MAX},
    },
    http::Response,
};

/// What a page is asked for at first. Toggl does not publish its largest page: it tells the one that it gave, and if it
/// refuses ours the documented one is asked for.
const PAGE: u32 = 200;

/// The page size that Toggl documents.
const DOCUMENTED_PAGE: u32 = 50;

/// Users with what tells whether they are all.
pub(super) struct Listed {
    pub(super) users: BTreeMap<Text, User>,
    pub(super) completeness: Completeness,
    pub(super) pages: u64,
}

fn header(response: &Response, name: &str) -> Option<u64> {
    response.headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn is_about_page_size(response: &Response) -> bool {
    response.status == 400 && String::from_utf8_lossy(&response.body).contains("per_page")
}

impl Shared {
    /// Lists the users that fit `wish`, or all.
    pub(super) async fn list_users(&self, wish: &[(&str, &str)]) -> Result<Listed, ConnectorError> {
        let roles = self.learn(|learnt| learnt.roles.clone());
        let mut gathered = Gathered::default();
        let (mut page, mut pages, mut records) = (1, None, None);
        loop {
            let response = self.page(page, wish).await?;
            let list: Option<Vec<Value>> = rest::parse("a page of users", &response)?;
            let (found, unread) = rows::<UserRow>(list);
            let is_empty = found.is_empty() && unread == 0;
            if unread > 0 {
                gathered.doubt("UnreadableRow", format!("{unread} rows of a page of users make no sense"));
            }
            for row in found {
                match row.read(&roles) {
                    Some(user) => gathered.take(&user.account.clone(), user),
                    None => gathered.doubt("UnreadableRow", "a user has no id".to_owned()),
                }
            }
            pages = header(&response, "x-pages").or(pages);
            let told = header(&response, "x-records");
            if records.is_some() && told != records {
                gathered.doubt("TotalChanged", "the number of users changed between two pages".to_owned());
            }
            records = told;
            self.http.listed("users", gathered.count(), records);
            let is_last = pages.map_or(is_empty, |pages| u64::from(page) >= pages);
            if is_last || is_empty {
                break;
            }
            if page >= PAGES_MAX {
                gathered.doubt("TooLarge", format!("the listing has more than {PAGES_MAX} pages"));
                break;
            }
            page += 1;
        }
        match records {
            Some(records) => gathered.expect(records),
            None => gathered.doubt("TotalMissing", "the app does not say how many users there are".to_owned()),
        }
        let (users, completeness) = gathered.finish();
        Ok(Listed { users, completeness, pages: u64::from(page) })
    }

    async fn page(&self, page: u32, wish: &[(&str, &str)]) -> Result<Response, ConnectorError> {
        let size = self.learn(|learnt| learnt.page_size).unwrap_or(PAGE);
        let response = self.page_of(page, size, wish).await?;
        if size == DOCUMENTED_PAGE || page > 1 || !is_about_page_size(&response) {
            return Ok(response);
        }
        self.learn(|learnt| learnt.page_size = Some(DOCUMENTED_PAGE));
        self.page_of(page, DOCUMENTED_PAGE, wish).await
    }

    async fn page_of(&self, page: u32, size: u32, wish: &[(&str, &str)]) -> Result<Response, ConnectorError> {
        let (page, size) = (page.to_string(), size.to_string());
        let query: Vec<(&str, &str)> = [("page", page.as_str()), ("per_page", size.as_str()), ("sort_dir", "asc")]
            .into_iter()
            .chain(wish.iter().copied())
            .collect();
        self.get("list the users of the organisation", &["users"], &query).await
    }

    /// Lists the groups, which come without pages, those among them that were made a moment ago; or says why they cannot
    /// be read.
    pub(super) async fn list_groups(&self) -> Result<Result<Vec<Group>, String>, ConnectorError> {
        let response = match self.get("list the groups", &["groups"], &[]).await {
            Err(ConnectorError::Forbidden { .. }) => {
                return Ok(Err(
                    "the plan, or the rights of the credential's account, do not let groups be read; check \
                               both in Toggl"
                        .to_owned(),
                ));
            }
            other => other?,
        };
        if response.status == 402 {
            return Ok(Err(format!("the plan has no groups: {}", rest::said(&response))));
        }
        let list: Option<Vec<Value>> = rest::parse("the list of groups", &response)?;
        let (found, unread) = rows::<GroupRow>(list);
        let mut groups: Vec<Group> = found.into_iter().filter_map(GroupRow::read).collect();
        if unread > 0 {
            return Err(ConnectorError::Protocol {
                what: format!("{unread} rows of the list of groups make no sense"),
            });
        }
        let now = self.now();
        self.learn(|learnt| {
            learnt.settle_groups(&groups.iter().map(|group| &group.id).collect(), now);
            groups.extend(learnt.new_groups.values().map(|(_, group)| group.clone()));
        });
        Ok(Ok(groups))
    }

    /// The users as they are now, for a change or a look-up: a reading that is a few seconds old serves.
    pub(super) async fn read_users(&self) -> Result<bool, ConnectorError> {
        if let Some((at, complete)) = self.seen(|seen| seen.users_read)
            && self.serves(at)
        {
            return Ok(complete);
        }
        let listed = self.list_users(&[]).await?;
        let complete = listed.completeness == Completeness::Complete;
        let now = self.now();
        self.seen(|seen| {
            seen.users = listed.users;
            seen.pages = listed.pages;
            seen.users_read = Some((now, complete));
        });
        Ok(complete)
    }

    /// Those whose mail address is this one.
    pub(super) async fn users_of_mail(&self, mail: &str) -> Result<Vec<User>, ConnectorError> {
        let listed = self.list_users(&[("filter", mail)]).await?;
        let wanted = canonical(mail);
        let found: Vec<User> = listed.users.into_values().filter(|user| canonical(&user.email) == wanted).collect();
        if found.is_empty() && listed.completeness != Completeness::Complete {
            return Err(ConnectorError::Protocol { what: "a look-up of one user was not answered whole".to_owned() });
        }
        self.seen(|seen| seen.users.extend(found.iter().map(|user| (user.account.clone(), user.clone()))));
        Ok(found)
    }
}
