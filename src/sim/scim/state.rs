//! What a simulated vendor holds, and the direct access by which tests seed it and edit it behind the client's back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use appaccess_scim::schema::ResourceKind;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The instant before the first write: 2026-01-01T00:00:00Z. Each write takes one second of simulated time.
const EPOCH: i64 = 1_767_225_600;

/// One resource: as stored, with `id` and `meta`, but without its address and version.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) value: Value,
    pub(super) version: u64,
}

/// One collection, in order of creation.
#[derive(Debug, Clone, Default)]
struct Table {
    rows: BTreeMap<u64, Row>,
    by_id: HashMap<String, u64>,
    /// By name, folded to small letters.
    by_name: BTreeMap<String, BTreeSet<u64>>,
}

impl Table {
    fn put(&mut self, number: u64, row: Row, kind: ResourceKind) -> Option<Row> {
        let old = self.take(number, kind);
        self.by_id.insert(text(&row.value, "id").to_owned(), number);
        self.by_name.entry(name_of(&row.value, kind).to_lowercase()).or_default().insert(number);
        self.rows.insert(number, row);
        old
    }

    fn take(&mut self, number: u64, kind: ResourceKind) -> Option<Row> {
        let row = self.rows.remove(&number)?;
        self.by_id.remove(text(&row.value, "id"));
        let name = name_of(&row.value, kind).to_lowercase();
        if let Some(numbers) = self.by_name.get_mut(&name) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.by_name.remove(&name);
            }
        }
        Some(row)
    }
}

/// The users and groups of a simulated vendor.
#[derive(Debug, Clone, Default)]
pub struct State {
    users: Table,
    groups: Table,
    writes: u64,
    created: u64,
    /// What the last write replaced, newest last.
    undo: Vec<(ResourceKind, u64, Option<Row>)>,
    pub(super) awkward_ids: bool,
}

/// The users and groups in a form for comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The users, by user name.
    pub users: BTreeMap<String, SeenUser>,
    /// The user names of the members of each group, by the group's name. A member that is no user stands with its id.
    pub groups: BTreeMap<String, BTreeSet<String>>,
}

/// One user of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenUser {
    /// The vendor's id.
    pub id: String,
    /// Whether the user is switched on.
    pub active: bool,
    /// The client's key.
    pub external_id: Option<String>,
    /// The name that is shown.
    pub display_name: Option<String>,
    /// The job title.
    pub title: Option<String>,
    /// The values of the roles.
    pub roles: BTreeSet<String>,
}

impl State {
    /// Adds a user with nothing but a user name. Returns the id.
    pub fn add_user(&mut self, user_name: &str) -> String {
        self.add_user_with(user_name, &json!({}))
    }

    /// Adds a user with further attributes, an object in SCIM form, taken unchecked. Returns the id.
    pub fn add_user_with(&mut self, user_name: &str, attributes: &Value) -> String {
        let mut value = attributes.as_object().cloned().unwrap_or_default();
        value.insert("userName".to_owned(), Value::from(user_name));
        value.entry("active").or_insert(Value::Bool(true));
        self.begin();
        self.create(ResourceKind::User, value)
    }

    /// Adds a group with members by id. Returns the id.
    pub fn add_group(&mut self, name: &str, members: &[&str]) -> String {
        let members: Value = members.iter().map(|id| json!({"value": id})).collect();
        let mut value = Map::new();
        value.insert("displayName".to_owned(), Value::from(name));
        value.insert("members".to_owned(), members);
        self.begin();
        self.create(ResourceKind::Group, value)
    }

    /// Sets one top-level attribute of a user or a group; `null` removes it. False when there is no such id.
    pub fn set(&mut self, id: &str, attribute: &str, value: Value) -> bool {
        self.begin();
        self.change(id, |object| {
            if value.is_null() {
                object.remove(attribute);
            } else {
                object.insert(attribute.to_owned(), value);
            }
        })
    }

    /// Adds a member to a group. False when there is no such group.
    pub fn add_member(&mut self, group: &str, member: &str) -> bool {
        self.begin();
        self.change(group, |object| {
            if let Some(members) = object.entry("members").or_insert_with(|| json!([])).as_array_mut() {
                members.retain(|entry| text(entry, "value") != member);
                members.push(json!({"value": member}));
            }
        })
    }

    /// Removes a member from a group. False when there is no such group.
    pub fn remove_member(&mut self, group: &str, member: &str) -> bool {
        self.begin();
        self.change(group, |object| drop_member(object, member))
    }

    /// Deletes a user or a group; a user leaves all groups. False when there is no such id.
    pub fn remove(&mut self, id: &str) -> bool {
        self.begin();
        [ResourceKind::User, ResourceKind::Group].into_iter().any(|kind| self.delete(kind, id))
    }

    /// The id of the user with this name, in any case.
    #[must_use]
    pub fn user_id(&self, user_name: &str) -> Option<String> {
        self.named(ResourceKind::User, user_name).next().map(|row| text(&row.value, "id").to_owned())
    }

    /// The id of the group with this name, in any case.
    #[must_use]
    pub fn group_id(&self, name: &str) -> Option<String> {
        self.named(ResourceKind::Group, name).next().map(|row| text(&row.value, "id").to_owned())
    }

    /// A user or a group as it is stored.
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<&Value> {
        let found = [ResourceKind::User, ResourceKind::Group].into_iter().find_map(|kind| self.get(kind, id));
        found.map(|row| &row.value)
    }

    /// The users and groups in a form for comparison.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let users =
            self.rows(ResourceKind::User).map(|row| (text(&row.value, "userName").to_owned(), seen_user(&row.value)));
        let groups = self.rows(ResourceKind::Group).map(|row| {
            let names = members(&row.value).map(|id| {
                let user = self.get(ResourceKind::User, id);
                user.map_or(id, |user| text(&user.value, "userName")).to_owned()
            });
            (text(&row.value, "displayName").to_owned(), names.collect())
        });
        Snapshot { users: users.collect(), groups: groups.collect() }
    }

    /// Starts a write: what it replaces can be taken back by [`State::before_last_write`].
    pub(super) fn begin(&mut self) {
        self.undo.clear();
        self.writes += 1;
    }

    /// The state as it was before the last write.
    pub(super) fn before_last_write(&self) -> Self {
        let mut past = self.clone();
        for (kind, number, row) in self.undo.iter().rev() {
            let table = past.table_mut(*kind);
            match row {
                Some(row) => {
                    table.put(*number, row.clone(), *kind);
                }
                None => {
                    table.take(*number, *kind);
                }
            }
        }
        past
    }

    pub(super) fn create(&mut self, kind: ResourceKind, mut value: Map<String, Value>) -> String {
        self.created += 1;
        let id = self.fresh_id(kind);
        let now = self.now();
        value.insert("id".to_owned(), Value::from(id.as_str()));
        value.insert("meta".to_owned(), json!({"resourceType": kind.name(), "created": now, "lastModified": now}));
        value.entry("schemas").or_insert_with(|| json!([kind.schema()]));
        let row = Row { value: Value::Object(value), version: self.writes };
        self.store(kind, self.created, row);
        id
    }

    /// Puts a changed resource in place of the old one, with a new version.
    pub(super) fn replace(&mut self, kind: ResourceKind, id: &str, mut value: Value) {
        let Some(&number) = self.table(kind).by_id.get(id) else { return };
        value["meta"]["lastModified"] = Value::from(self.now());
        let row = Row { value, version: self.writes };
        self.store(kind, number, row);
    }

    pub(super) fn delete(&mut self, kind: ResourceKind, id: &str) -> bool {
        let Some(&number) = self.table(kind).by_id.get(id) else { return false };
        let old = self.table_mut(kind).take(number, kind);
        self.undo.push((kind, number, old));
        let groups: Vec<String> = self
            .rows(ResourceKind::Group)
            .filter(|row| members(&row.value).any(|member| member == id))
            .map(|row| text(&row.value, "id").to_owned())
            .collect();
        for group in groups {
            self.change(&group, |object| drop_member(object, id));
        }
        true
    }

    pub(super) fn get(&self, kind: ResourceKind, id: &str) -> Option<&Row> {
        let table = self.table(kind);
        table.rows.get(table.by_id.get(id)?)
    }

    /// All resources of a kind in order of creation.
    pub(super) fn rows(&self, kind: ResourceKind) -> impl Iterator<Item = &Row> {
        self.table(kind).rows.values()
    }

    /// The resources of this name, compared without case.
    pub(super) fn named<'s>(&'s self, kind: ResourceKind, name: &str) -> impl Iterator<Item = &'s Row> + use<'s> {
        let table = self.table(kind);
        let numbers = table.by_name.get(&name.to_lowercase());
        numbers.into_iter().flatten().filter_map(|number| table.rows.get(number))
    }

    /// The groups of each user.
    pub(super) fn groups_by_member(&self) -> HashMap<&str, Vec<&Value>> {
        let mut groups: HashMap<&str, Vec<&Value>> = HashMap::new();
        for row in self.rows(ResourceKind::Group) {
            for member in members(&row.value) {
                groups.entry(member).or_default().push(&row.value);
            }
        }
        groups
    }

    fn change(&mut self, id: &str, edit: impl FnOnce(&mut Map<String, Value>)) -> bool {
        for kind in [ResourceKind::User, ResourceKind::Group] {
            let Some(row) = self.get(kind, id) else { continue };
            let mut value = row.value.clone();
            if let Some(object) = value.as_object_mut() {
                edit(object);
            }
            self.replace(kind, id, value);
            return true;
        }
        false
    }

    fn store(&mut self, kind: ResourceKind, number: u64, row: Row) {
        let old = self.table_mut(kind).put(number, row, kind);
        self.undo.push((kind, number, old));
    }

    fn table(&self, kind: ResourceKind) -> &Table {
        match kind {
            ResourceKind::User => &self.users,
            ResourceKind::Group => &self.groups,
        }
    }

    fn table_mut(&mut self, kind: ResourceKind) -> &mut Table {
        match kind {
            ResourceKind::User => &mut self.users,
            ResourceKind::Group => &mut self.groups,
        }
    }

    /// An id that tells nothing and is never given twice.
    fn fresh_id(&self, kind: ResourceKind) -> String {
        let scrambled = self.created.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let letter = if kind == ResourceKind::User { 'u' } else { 'g' };
        if self.awkward_ids { format!("{letter}&/{scrambled:016x} ?#%") } else { format!("{letter}{scrambled:016x}") }
    }

    fn now(&self) -> String {
        let elapsed = i64::try_from(self.writes).unwrap_or(0);
        Timestamp::from_second(EPOCH.saturating_add(elapsed)).map(|now| now.to_string()).unwrap_or_default()
    }
}

/// The text of an attribute, empty when there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The name by which a resource is unique.
pub(super) fn name_of(value: &Value, kind: ResourceKind) -> &str {
    match kind {
        ResourceKind::User => text(value, "userName"),
        ResourceKind::Group => text(value, "displayName"),
    }
}

/// The ids of a group's members.
pub(super) fn members(value: &Value) -> impl Iterator<Item = &str> {
    value.get("members").and_then(Value::as_array).into_iter().flatten().map(|member| text(member, "value"))
}

/// Whether a user is switched on; absent means so.
pub(super) fn is_active(value: &Value) -> bool {
    value.get("active").and_then(Value::as_bool).unwrap_or(true)
}

fn drop_member(group: &mut Map<String, Value>, member: &str) {
    if let Some(members) = group.get_mut("members").and_then(Value::as_array_mut) {
        members.retain(|entry| text(entry, "value") != member);
    }
}

fn seen_user(value: &Value) -> SeenUser {
    let optional = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let roles = value.get("roles").and_then(Value::as_array);
    SeenUser {
        id: text(value, "id").to_owned(),
        active: is_active(value),
        external_id: optional("externalId"),
        display_name: optional("displayName"),
        title: optional("title"),
        roles: roles.into_iter().flatten().map(|role| text(role, "value").to_owned()).collect(),
    }
}
