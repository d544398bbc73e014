//! Single resources of a simulated vendor: read, create, replace, patch, delete.

use appaccess_scim::{
    error::ErrorKind,
    etag,
    filter::CaseRules,
    patch::{PatchError, PatchRequest},
    schema::ResourceKind,
    urn,
};
use serde_json::{Map, Value};

use super::{
    check,
    dialect::Dialect,
    exchange::{self, Refusal},
    listing::Projection,
    state::{Row, State, is_active},
    vendor::View,
};
use crate::sim::service::{Answer, Call};

pub(super) fn read(view: View<'_>, kind: ResourceKind, id: &str, call: &Call) -> Result<Answer, Refusal> {
    let projection = Projection::of(call)?;
    if kind == ResourceKind::User && !view.dialect.reads_by_id {
        return Err(Refusal::new(405, "the method is not supported here"));
    }
    let row = visible(view.state, view.dialect, kind, id)?;
    if let (Some(tag), Some(told)) = (view.tag(row), call.header("if-none-match"))
        && etag::covers(told, &tag)
    {
        return Ok(Answer::empty(304).with_header("etag", tag));
    }
    Ok(shown(view, kind, row, &projection, 200))
}

fn visible<'s>(state: &'s State, dialect: &Dialect, kind: ResourceKind, id: &str) -> Result<&'s Row, Refusal> {
    let row = state.get(kind, id).ok_or_else(Refusal::not_found)?;
    if dialect.inactive_hidden && !is_active(&row.value) { Err(Refusal::not_found()) } else { Ok(row) }
}

fn shown(view: View<'_>, kind: ResourceKind, row: &Row, projection: &Projection, status: u16) -> Answer {
    let answer = exchange::scim(status, view.render(kind, row, projection));
    match view.tag(row) {
        Some(tag) => answer.with_header("etag", tag),
        None => answer,
    }
}

/// Where changes are made.
pub(super) struct Desk<'a> {
    pub(super) state: &'a mut State,
    pub(super) dialect: &'a Dialect,
    pub(super) base: &'a str,
}

impl Desk<'_> {
    fn view(&self) -> View<'_> {
        View { state: self.state, dialect: self.dialect, base: self.base }
    }

    fn answer(&self, kind: ResourceKind, id: &str, call: &Call, status: u16) -> Result<Answer, Refusal> {
        let projection = Projection::of(call)?;
        let row = self.state.get(kind, id).ok_or_else(Refusal::not_found)?;
        Ok(shown(self.view(), kind, row, &projection, status))
    }

    pub(super) fn create(&mut self, kind: ResourceKind, call: &Call) -> Result<Answer, Refusal> {
        Projection::of(call)?;
        let sent = check::body(call, kind.schema())?;
        let mut kept = check::resource(self.state, self.dialect, kind, &sent, None)?;
        if kind == ResourceKind::User {
            kept.entry("active").or_insert(Value::Bool(true));
        } else if !self.dialect.members_in_create {
            kept.remove("members");
        }
        self.state.begin();
        let id = self.state.create(kind, kept);
        let location = self.view().location(kind, &id);
        Ok(self.answer(kind, &id, call, 201)?.with_header("location", location))
    }

    pub(super) fn replace(&mut self, kind: ResourceKind, id: &str, call: &Call) -> Result<Answer, Refusal> {
        Projection::of(call)?;
        let old = self.current(kind, id, call)?;
        let sent = check::body(call, kind.schema())?;
        if sent.get("id").is_some_and(|told| told.as_str() != Some(id)) {
            return Err(Refusal::bad(ErrorKind::Mutability, "the id cannot be changed"));
        }
        let mut kept = check::resource(self.state, self.dialect, kind, &sent, Some(id))?;
        for own in ["id", "meta"] {
            if let Some(value) = old.get(own) {
                kept.insert(own.to_owned(), value.clone());
            }
        }
        if kind == ResourceKind::User {
            kept.entry("active").or_insert(Value::Bool(true));
        }
        check::may_change(self.dialect, kind, &old, &kept)?;
        self.store(kind, id, &Value::Object(old), Value::Object(kept));
        self.answer(kind, id, call, 200)
    }

    pub(super) fn patch(&mut self, kind: ResourceKind, id: &str, call: &Call) -> Result<Answer, Refusal> {
        Projection::of(call)?;
        let old = self.current(kind, id, call)?;
        let body = check::patch(self.dialect, check::body(call, urn::PATCH_OP)?)?;
        let request = PatchRequest::parse(&body, kind).map_err(|error| refused(&error))?;
        if self.dialect.refuses_unknown_attributes && request.unknown > 0 {
            return Err(Refusal::bad(ErrorKind::InvalidPath, "an attribute is unknown"));
        }
        let old = Value::Object(old);
        let mut new = old.clone();
        let rules = CaseRules { user_name_exact: self.dialect.case_sensitive_user_name };
        let applied = request.apply(&mut new, rules).map_err(|error| refused(&error))?;
        if let (true, Some(object)) = (applied.changed, new.as_object_mut()) {
            check::drop_silently(self.dialect, kind, object);
            object.remove("password");
            check::known(self.dialect, kind, object.keys())?;
            check::sound(self.state, self.dialect, kind, object, Some(id))?;
        }
        if let (Some(before), Some(after)) = (old.as_object(), new.as_object()) {
            check::may_change(self.dialect, kind, before, after)?;
        }
        self.store(kind, id, &old, new);
        if self.dialect.patch_without_body && call.parameter("attributes").is_none() {
            return Ok(Answer::empty(204));
        }
        self.answer(kind, id, call, 200)
    }

    pub(super) fn delete(&mut self, kind: ResourceKind, id: &str, call: &Call) -> Result<Answer, Refusal> {
        let old = self.current(kind, id, call)?;
        if kind == ResourceKind::User && !self.dialect.delete {
            return Err(Refusal::new(405, "the method is not supported here"));
        }
        if kind == ResourceKind::User && self.dialect.soft_delete {
            let mut new = old.clone();
            new.insert("active".to_owned(), Value::Bool(false));
            self.store(kind, id, &Value::Object(old), Value::Object(new));
        } else {
            self.state.begin();
            self.state.delete(kind, id);
        }
        Ok(Answer::empty(204))
    }

    /// Stores a resource, unless nothing changed: then version and date stay too.
    fn store(&mut self, kind: ResourceKind, id: &str, old: &Value, new: Value) {
        if *old != new {
            self.state.begin();
            self.state.replace(kind, id, new);
        }
    }

    /// The resource that is to be changed, if the client's version of it is the present one.
    fn current(&self, kind: ResourceKind, id: &str, call: &Call) -> Result<Map<String, Value>, Refusal> {
        let row = self.state.get(kind, id).ok_or_else(Refusal::not_found)?;
        if let (Some(tag), Some(told)) = (self.view().tag(row), call.header("if-match"))
            && !etag::covers(told, &tag)
        {
            return Err(Refusal::new(412, "the resource was changed meanwhile"));
        }
        Ok(row.value.as_object().cloned().unwrap_or_default())
    }
}

fn refused(error: &PatchError) -> Refusal {
    Refusal::bad(error.kind(), error.to_string())
}
