//! What both halves of a connector know: settings, what was learnt, and where groups are. It can only read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use appaccess_core::access::{AccountId, Level, Slot, Text};
use appaccess_scim::{
    dialect::{ActiveForm, Profile, UserUpdate},
    discovery,
    resource::{GroupView, UserView},
};
use http::{HeaderName, HeaderValue, header};
use jiff::Timestamp;

use super::{Clock, Mapping, Settings, Wire, exchange, learnt::Learnt};
use crate::{
    connector::ConnectorError,
    http::{Get, HttpError, Reader, Response, Target, check_depth},
};

/// Deepest JSON that is parsed.
const DEPTH_MAX: usize = 64;

/// Most accounts of which one thing is remembered.
const NOTED_MAX: usize = 1_000_000;

/// The groups that accounts are in.
pub(super) type Memberships = BTreeMap<AccountId, Vec<Slot>>;

/// What was seen of the app in this process.
#[derive(Default)]
pub(super) struct Seen {
    /// The vendor's ids of groups, by folded name.
    pub(super) groups: BTreeMap<String, (Text, Text)>,
    /// Memberships by the last reading, as far as a look-up may need them: a user tells none.
    pub(super) memberships: Memberships,
    /// Accounts with exactly one address for work.
    pub(super) work_mails: BTreeSet<AccountId>,
    /// Accounts that were switched off when last read.
    pub(super) inactive: BTreeSet<AccountId>,
    /// How many requests the last listing took.
    pub(super) listing_calls: Option<u64>,
    /// What was asked for and not yet seen to be so.
    pub(super) expected: BTreeMap<AccountId, Expected>,
}

/// What a change of an account should have brought about.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// Switched on or off.
    pub(super) active: Option<bool>,
    /// When it was deleted.
    pub(super) deleted: Option<Timestamp>,
    /// Whether it could log in before it was deleted.
    pub(super) was_active: bool,
    /// Attributes that are kept up to date, as sent.
    pub(super) attributes: BTreeMap<Text, Option<Text>>,
}

/// The state of a connector that is open.
pub(super) struct Shared {
    pub(super) http: Reader,
    pub(super) mapping: Mapping,
    pub(super) role_order: Vec<Level>,
    pub(super) wire: Wire,
    pub(super) clock: Clock,
    headers: Vec<(HeaderName, HeaderValue)>,
    base_profile: Profile,
    learnt: Mutex<Learnt>,
    seen: Mutex<Seen>,
    /// Held while discovery is made, so that it is made once.
    pub(super) discovering: tokio::sync::Mutex<Option<discovery::Capabilities>>,
}

/// Which collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collection {
    Users,
    Groups,
}

impl Collection {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
        }
    }
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Result<Self, ConnectorError> {
        let wrong = |what: &str| ConnectorError::Settings(format!("`{what}` cannot be sent"));
        let media = HeaderValue::try_from(&settings.wire.content_type).map_err(|_| wrong("contentType"))?;
        let mut headers = vec![(header::ACCEPT, media)];
        for (name, value) in &settings.wire.headers {
            let parsed = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            headers.push(parsed.ok_or_else(|| wrong(name))?);
        }
        for path in [&settings.wire.users_path, &settings.wire.groups_path] {
            Target::path(segments(path)).map_err(|_| wrong(path))?;
        }
        Ok(Self {
            http: settings.client.reader(),
            mapping: settings.mapping,
            role_order: settings.role_order,
            wire: settings.wire,
            clock: settings.clock,
            headers,
            base_profile: settings.profile,
            learnt: Mutex::new(Learnt::from_words(&settings.learnt)),
            seen: Mutex::default(),
            discovering: tokio::sync::Mutex::default(),
        })
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

    /// What is known of the server now: beforehand, by discovery and by experience.
    pub(super) fn profile(&self) -> Profile {
        let learnt = self.lock_learnt().clone();
        let mut profile = self.base_profile.clone().with_learnt(&learnt.dialect);
        if let Some(told) = learnt.discovered {
            profile.groups &= told.groups;
            profile.max_page_size = profile.max_page_size.or(told.page_max);
            if !told.patch {
                profile.active_form = ActiveForm::Put;
                if profile.user_update == UserUpdate::Patch {
                    profile.user_update = UserUpdate::Put;
                }
            }
            if profile.paging.is_none() && told.cursor_only {
                profile.paging = Some(appaccess_scim::paging::Mode::Cursor);
            }
        }
        profile
    }

    /// Attributes that the vendor is known beforehand not to keep.
    pub(super) fn dropped(&self) -> &BTreeSet<String> {
        &self.base_profile.dropped_attributes
    }

    /// The address of a collection, or of one resource in it.
    pub(super) fn target(&self, collection: Collection, id: Option<&str>) -> Result<Target, HttpError> {
        let path = match collection {
            Collection::Users => &self.wire.users_path,
            Collection::Groups => &self.wire.groups_path,
        };
        Target::path(segments(path).chain(id))
    }

    /// The headers of every request.
    pub(super) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// Sends a read.
    pub(super) async fn get(&self, mut get: Get) -> Result<Response, HttpError> {
        for (name, value) in &self.headers {
            get = get.header(name.clone(), value.clone());
        }
        let response = self.http.get(get).await?;
        check_depth(&response.body, DEPTH_MAX)?;
        Ok(response)
    }

    /// Reads one resource; `None` where the app says that there is none.
    pub(super) async fn resource(&self, collection: Collection, id: &str) -> Result<Option<Response>, ConnectorError> {
        let what = format!("one of the {}", collection.word());
        let target = self.target(collection, Some(id)).map_err(|error| exchange::read_failed(&what, error))?;
        let response = self.get(Get::new(target)).await.map_err(|error| exchange::read_failed(&what, error))?;
        if response.is_success() {
            return Ok(Some(response));
        }
        if self.profile().not_found_statuses.contains(&response.status) {
            return Ok(None);
        }
        if collection == Collection::Users && matches!(response.status, 405 | 501) {
            self.learn(|learnt| learnt.dialect.reads_refused = true);
            return Err(ConnectorError::NotSupported { what: "show one account by its id".to_owned() });
        }
        Err(exchange::unexpected(&what, &response))
    }

    /// Takes note of a group that was read or made.
    pub(super) fn note_group(&self, name: &str, id: &str) {
        self.seen(|seen| seen.groups.insert(fold(name), (name.into(), id.into())));
    }

    /// The name as the app spells it and the vendor's id of a group.
    pub(super) fn group(&self, name: &str) -> Option<(Text, Text)> {
        self.seen(|seen| seen.groups.get(&fold(name)).cloned())
    }
}

/// The segments of a path.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The form in which names of groups are compared.
pub(super) fn fold(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Takes note of a user that was read.
pub(super) fn note_user(seen: &mut Seen, user: &UserView<'_>, id: &AccountId) {
    let is_work = |kind: &str| kind.eq_ignore_ascii_case("work");
    let work = user.emails.iter().filter(|email| email.kind.as_deref().is_some_and(is_work)).count();
    let another = user.emails.iter().any(|email| email.primary && !email.kind.as_deref().is_some_and(is_work));
    note(&mut seen.work_mails, id, work == 1 && !another);
    note(&mut seen.inactive, id, !user.active);
}

fn note(those: &mut BTreeSet<AccountId>, id: &AccountId, is_one: bool) {
    if is_one && those.len() < NOTED_MAX {
        those.insert(id.clone());
    } else {
        those.remove(id);
    }
}

/// Parses one user; what has no id is none.
pub(super) fn parse_user(body: &[u8]) -> Option<UserView<'_>> {
    serde_json::from_slice::<UserView<'_>>(body).ok().filter(UserView::has_id)
}

/// Parses one group; what has no id is none.
pub(super) fn parse_group(body: &[u8]) -> Option<GroupView<'_>> {
    serde_json::from_slice::<GroupView<'_>>(body).ok().filter(GroupView::has_id)
}
