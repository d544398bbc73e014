//! Creation of groups with their members, and the dispatch of a group's batch.

use std::collections::BTreeSet;

use appaccess_core::access::Text;
use appaccess_scim::{
    filter::Filter,
    list,
    path::AttributePath,
    resource::{GroupDraft, GroupView},
};
use http::Method;

use super::{
    GroupUpdate,
    batch::{Kind, kind},
    exchange::{change_failed, read_failed, refused, unexpected},
    listing::not_a_list,
    shared::{Collection, Shared, fold, parse_group},
    writer::{Outcomes, ScimWriter, account_of},
};
use crate::{
    connector::{Applied, ConnectorError, Work},
    http::{Get, HttpError, Response, Safety},
};

impl ScimWriter {
    /// Makes a group, changes its members, or both.
    pub(super) async fn change_group(&self, batch: &[Work]) -> Outcomes {
        let mut add = Vec::new();
        let mut remove = Vec::new();
        for work in batch {
            match (kind(work), account_of(work)) {
                (Kind::AddMember, Ok(id)) => add.push(Text::clone(id)),
                (Kind::RemoveMember, Ok(id)) => remove.push(Text::clone(id)),
                _ => {}
            }
        }
        let outcome = self.make_and_change(batch, &add, &remove).await;
        let mut first_error = None;
        let one = |work: &Work| {
            let is_member = kind(work) != Kind::CreateGroup;
            if is_member && let Err(error) = account_of(work) {
                return Err(error);
            }
            match &outcome {
                Ok(made) => Ok(Applied { account: None, entitlement: made.clone().filter(|_| !is_member) }),
                Err(error) => Err(error.for_another()),
            }
        };
        let mut outcomes: Outcomes = batch.iter().map(one).collect();
        if let Err(error) = outcome {
            first_error = Some(error);
        }
        let slot = outcomes
            .iter_mut()
            .zip(batch)
            .find(|(_, work)| kind(work) == Kind::CreateGroup || account_of(work).is_ok());
        if let (Some(error), Some((slot, _))) = (first_error, slot) {
            *slot = Err(error);
        }
        outcomes
    }

    /// The id of the group where it was made.
    async fn make_and_change(
        &self,
        batch: &[Work],
        add: &[Text],
        remove: &[Text],
    ) -> Result<Option<Text>, ConnectorError> {
        let Some(first) = batch.first() else { return Ok(None) };
        let name = &first.change.slot.name;
        if batch.iter().any(|work| kind(work) == Kind::CreateGroup) {
            let (id, missing) = self.create_group(name, add).await?;
            self.change_members(&id, &missing, remove).await?;
            return Ok(Some(id));
        }
        let told = batch.iter().find_map(|work| work.entitlement.clone());
        let id = match told.or_else(|| self.shared.group(name).map(|(_, id)| id)) {
            Some(id) => id,
            None => self.shared.find_group(name).await?.ok_or_else(|| ConnectorError::Refused {
                status: 404,
                detail: "the app has no group of this name".to_owned(),
            })?,
        };
        self.change_members(&id, add, remove).await.map(|()| None)
    }

    /// Makes a group with members. Answers its id and the members that still have to be added.
    async fn create_group(&self, name: &str, members: &[Text]) -> Result<(Text, Vec<Text>), ConnectorError> {
        if !self.shared.wire.group_create || self.shared.wire.group_update == GroupUpdate::None {
            return Err(ConnectorError::NotSupported { what: "make groups".to_owned() });
        }
        let along = if self.shared.profile().members_in_create { members } else { &[] };
        let mut sent = self.post_group(name, along).await;
        let mut along = along;
        if let Ok(response) = &sent
            && response.status == 400
            && !along.is_empty()
        {
            along = &[];
            sent = self.post_group(name, along).await;
            if sent.as_ref().is_ok_and(Response::is_success) {
                self.shared.learn(|learnt| learnt.dialect.members_in_create_ignored = true);
            }
        }
        let response = match sent {
            Ok(response) => response,
            Err(error) if error.outcome_unknown() => {
                return match self.shared.find_group(name).await {
                    Ok(Some(id)) => Ok((id, members.to_vec())),
                    _ => Err(change_failed("make groups", error)),
                };
            }
            Err(error) => return Err(change_failed("make groups", error)),
        };
        if !response.is_success() {
            // A group of this name is what was asked for, whoever made it: its members are judged one by one.
            return match (response.status, self.shared.find_group(name).await) {
                (409, Ok(Some(id))) => Ok((id, members.to_vec())),
                _ => Err(refused(&response)),
            };
        }
        let Some(group) = parse_group(&response.body) else {
            let found = self.shared.find_group(name).await?;
            let unknown =
                || ConnectorError::OutcomeUnknown { what: "the app took the group and gave it no id".to_owned() };
            return found.map(|id| (id, members.to_vec())).ok_or_else(unknown);
        };
        let id = Text::from(&*group.id);
        self.shared.note_group(name, &id);
        if along.len() < members.len() {
            return Ok((id, members.to_vec()));
        }
        let missing = self.missing_after_create(&group, &id, members).await?;
        Ok((id, missing))
    }

    async fn post_group(&self, name: &str, members: &[Text]) -> Result<Response, HttpError> {
        let members = members.iter().map(ToString::to_string).collect();
        let draft = GroupDraft { display_name: name.to_owned(), external_id: None, members };
        self.send(Method::POST, (Collection::Groups, None), Safety::Once, Some(&draft.to_value()), None).await
    }

    /// Which members a new group lacks. The answer may not show members at all: then one read tells, once per server.
    async fn missing_after_create(
        &self,
        answer: &GroupView<'_>,
        id: &Text,
        members: &[Text],
    ) -> Result<Vec<Text>, ConnectorError> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let missing = lacking(answer, members);
        if missing.is_empty() {
            self.shared.learn(|learnt| learnt.creates_members = true);
            return Ok(missing);
        }
        if self.shared.learnt(|learnt| learnt.creates_members) && answer.members.is_none() {
            return Ok(Vec::new());
        }
        let Some(response) = self.shared.resource(Collection::Groups, id).await? else { return Ok(missing) };
        let Some(group) = parse_group(&response.body) else { return Ok(missing) };
        let missing = lacking(&group, members);
        self.shared.learn(|learnt| {
            learnt.creates_members |= missing.is_empty();
            learnt.dialect.members_in_create_ignored |= missing.len() == members.len();
        });
        Ok(missing)
    }
}

fn lacking(group: &GroupView<'_>, members: &[Text]) -> Vec<Text> {
    let there: BTreeSet<&str> = group.member_ids().collect();
    members.iter().filter(|id| !there.contains(&***id)).cloned().collect()
}

impl Shared {
    /// The id of the one group of this name; `None` when the app says that there is none.
    pub(super) async fn find_group(&self, name: &str) -> Result<Option<Text>, ConnectorError> {
        let what = "look up a group";
        let cannot = |what: &str| ConnectorError::NotSupported { what: what.to_owned() };
        if self.profile().group_filter_attributes.is_empty() {
            return Err(cannot("look up one group: it cannot or does not filter"));
        }
        let filter = Filter::equals(AttributePath::core("displayName"), name).to_string();
        let target = self.target(Collection::Groups, None).map_err(|error| read_failed(what, error))?;
        let get = Get::new(target).query("filter", &filter).query("excludedAttributes", "members");
        let response = self.get(get).await.map_err(|error| read_failed(what, error))?;
        if !response.is_success() {
            return Err(unexpected("a look-up of one group", &response));
        }
        let (mut found, mut strangers) = (BTreeSet::new(), 0_usize);
        list::read(&response.body, |group: GroupView<'_>| {
            if group.has_id() && fold(&group.display_name) == fold(name) {
                found.insert(Text::from(&*group.id));
            } else {
                strangers += 1;
            }
        })
        .map_err(|error| not_a_list(Collection::Groups, &error))?;
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(id), None) => {
                self.note_group(name, &id);
                Ok(Some(id))
            }
            (Some(_), Some(_)) => Err(cannot("tell which group is meant: several have this name")),
            (None, _) if strangers > 0 => {
                Err(cannot("look up one group: it answers a filter with groups that do not fit"))
            }
            (None, _) => Ok(None),
        }
    }
}
