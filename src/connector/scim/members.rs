//! Changes of members, in chunks that the server can take, and never in a form that could take out others unseen.

use std::collections::BTreeSet;

use appaccess_core::access::Text;
use appaccess_scim::patch::{MembersRemoveForm, OutgoingOperation, PatchBody, member_changes};

use super::{
    GroupUpdate,
    exchange::{change_failed, refused},
    shared::{Collection, Shared, parse_group},
    writer::{ScimWriter, is_method_refused},
};
use crate::{
    connector::ConnectorError,
    http::{FailureKind, HttpError, Response},
};

/// How a chunk was received.
enum Received {
    Done,
    /// Too much at once, by size or by time.
    TooMuch(ConnectorError),
    /// Refused as it stands.
    Refused(Response),
    /// PATCH is not taken at all.
    NoPatch,
}

impl Shared {
    /// Most member changes in one request, at least one.
    pub(super) fn members_max(&self) -> usize {
        let profile = self.profile().members_patch_max.max(1);
        self.learnt(|learnt| learnt.members_max).map_or(profile, |learnt| learnt.clamp(1, profile))
    }

    /// The ids of the members of a group; `None` where the app does not tell.
    async fn members(&self, id: &str) -> Result<Option<BTreeSet<Text>>, ConnectorError> {
        let Some(response) = self.resource(Collection::Groups, id).await? else {
            return Err(ConnectorError::Refused { status: 404, detail: "the group is not there any more".to_owned() });
        };
        let group = parse_group(&response.body).filter(|group| *group.id == *id).ok_or_else(|| {
            ConnectorError::Protocol { what: "a group was answered with something else than that group".to_owned() }
        })?;
        // A group that tells no members has none, where the server is known to tell them.
        let tells = group.members.is_some() || self.learnt(|learnt| learnt.lists_members.is_some());
        Ok(tells.then(|| group.member_ids().map(Text::from).collect()))
    }
}

impl ScimWriter {
    /// Adds and removes members of one group.
    pub(super) async fn change_members(&self, id: &str, add: &[Text], remove: &[Text]) -> Result<(), ConnectorError> {
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let by_put = self
            .shared
            .learnt(|learnt| learnt.group_patch_refused || learnt.discovered.is_some_and(|told| !told.patch));
        match self.shared.wire.group_update {
            GroupUpdate::None => {
                return Err(ConnectorError::NotSupported { what: "change the members of groups".to_owned() });
            }
            GroupUpdate::Put => return self.put_members(id, add, remove).await,
            GroupUpdate::Patch if by_put => return self.put_members(id, add, remove).await,
            GroupUpdate::Patch => {}
        }
        if !remove.is_empty() && self.shared.learnt(|learnt| learnt.removes_by_put) {
            self.patch_members(id, add, &[]).await?;
            return self.put_members(id, &[], remove).await;
        }
        self.patch_members(id, add, remove).await
    }

    /// Sends the changes in chunks. A chunk that was too much goes again in halves: every change can be repeated.
    async fn patch_members(&self, id: &str, add: &[Text], remove: &[Text]) -> Result<(), ConnectorError> {
        let (mut added, mut removed) = (0, 0);
        while added < add.len() || removed < remove.len() {
            let max = self.shared.members_max();
            let adding = add.get(added..add.len().min(added + max)).unwrap_or_default();
            let room = max - adding.len();
            let removing = remove.get(removed..remove.len().min(removed + room)).unwrap_or_default();
            match self.send_chunk(id, adding, removing).await? {
                Received::Done => {}
                Received::TooMuch(error) => {
                    let sent = adding.len() + removing.len();
                    if sent <= 1 {
                        return Err(error);
                    }
                    self.shared.learn(|learnt| learnt.members_max = Some(sent / 2));
                    continue;
                }
                Received::NoPatch => {
                    self.shared.learn(|learnt| learnt.group_patch_refused = true);
                    let rest = (add.get(added..).unwrap_or_default(), remove.get(removed..).unwrap_or_default());
                    return self.put_members(id, rest.0, rest.1).await;
                }
                Received::Refused(response) => self.after_refusal(id, adding, removing, &response).await?,
            }
            added += adding.len();
            removed += removing.len();
        }
        Ok(())
    }

    async fn send_chunk(&self, id: &str, add: &[Text], remove: &[Text]) -> Result<Received, ConnectorError> {
        let form = self.shared.profile().members_remove_form;
        let Some(body) = member_changes(add, remove, form, add.len() + remove.len()).into_iter().next() else {
            return Ok(Received::Done);
        };
        let what = "change the members of groups";
        match self.patch(Collection::Groups, id, &body).await {
            Ok(response) if response.is_success() => Ok(Received::Done),
            Ok(response) if response.status == 413 => Ok(Received::TooMuch(refused(&response))),
            Ok(response) if is_method_refused(&response) => Ok(Received::NoPatch),
            Ok(response) => Ok(Received::Refused(response)),
            Err(error) if took_too_long(&error) => Ok(Received::TooMuch(change_failed(what, error))),
            Err(error) => Err(change_failed(what, error)),
        }
    }

    /// A refused chunk: what of it is so already, and whether it is the form of removal that is not taken.
    async fn after_refusal(
        &self,
        id: &str,
        add: &[Text],
        remove: &[Text],
        refusal: &Response,
    ) -> Result<(), ConnectorError> {
        if refusal.status != 400 {
            return Err(refused(refusal));
        }
        let Some(current) = self.shared.members(id).await? else { return Err(refused(refusal)) };
        let add: Vec<Text> = add.iter().filter(|id| !current.contains(*id)).cloned().collect();
        let left: Vec<Text> = remove.iter().filter(|id| current.contains(*id)).cloned().collect();
        if !add.is_empty() {
            if left.is_empty() && remove.is_empty() {
                return Err(refused(refusal));
            }
            match self.send_chunk(id, &add, &[]).await? {
                Received::Done => {}
                Received::TooMuch(error) => return Err(error),
                Received::Refused(_) | Received::NoPatch => return Err(refused(refusal)),
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        let is_smaller = left.len() < remove.len() || !add.is_empty();
        if is_smaller && matches!(self.send_chunk(id, &[], &left).await?, Received::Done) {
            return Ok(());
        }
        self.remove_otherwise(id, &left).await
    }

    /// The filter form of removal is refused. The list form is tried with one member and checked at once; a server that
    /// takes out others gets them back and is never sent it again.
    async fn remove_otherwise(&self, id: &str, remove: &[Text]) -> Result<(), ConnectorError> {
        let may_probe = self.shared.profile().members_remove_form == MembersRemoveForm::Filter
            && !self.shared.learnt(|learnt| learnt.value_list_harms);
        if may_probe
            && let Some((probe, rest)) = remove.split_first()
            && self.probe_value_list(id, probe).await?
        {
            self.shared.learn(|learnt| learnt.dialect.members_remove_form = Some(MembersRemoveForm::ValueList));
            return Box::pin(self.patch_members(id, &[], rest)).await;
        }
        let put = self.put_members(id, &[], remove).await;
        if put.is_ok() {
            self.shared.learn(|learnt| learnt.removes_by_put = true);
        }
        put
    }

    /// Whether the list form takes out one member and nobody else.
    async fn probe_value_list(&self, id: &str, probe: &Text) -> Result<bool, ConnectorError> {
        let Some(before) = self.shared.members(id).await? else { return Ok(false) };
        let body = PatchBody::new(OutgoingOperation::remove_members(&[probe], MembersRemoveForm::ValueList));
        let sent = self.patch(Collection::Groups, id, &body).await;
        let refused = matches!(&sent, Ok(response) if !response.is_success());
        if refused {
            return Ok(false);
        }
        let after = self.shared.members(id).await?.unwrap_or_default();
        let lost: Vec<Text> =
            before.iter().filter(|member| *member != probe && !after.contains(*member)).cloned().collect();
        if !lost.is_empty() {
            self.shared.learn(|learnt| learnt.value_list_harms = true);
            Box::pin(self.patch_members(id, &lost, &[])).await?;
            return Ok(false);
        }
        sent.map_err(|error| change_failed("change the members of groups", error))?;
        Ok(!after.contains(probe))
    }

    /// Changes members by PUT of the whole group as read just before.
    async fn put_members(&self, id: &str, add: &[Text], remove: &[Text]) -> Result<(), ConnectorError> {
        let mut operations = Vec::new();
        if !add.is_empty() {
            operations.push(OutgoingOperation::add_members(add));
        }
        operations.extend(OutgoingOperation::remove_members(remove, MembersRemoveForm::ValueList));
        if operations.is_empty() {
            return Ok(());
        }
        self.put(Collection::Groups, id, &PatchBody::new(operations)).await.map(drop)
    }
}

/// Whether the server had no time for all of it.
fn took_too_long(error: &HttpError) -> bool {
    let HttpError::Unknown { status, source, .. } = error else { return false };
    let timed_out = source.as_ref().is_some_and(|source| source.kind == FailureKind::TimedOut);
    timed_out || matches!(status, Some(408 | 504))
}
