//! What the cluster holds, kind by kind, as its watches tell; and whether that can be relied on. Decides nothing about
//! access.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use appaccess_core::access::ObjectName;
use futures::{FutureExt, StreamExt, pin_mut};
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt,
        watcher::{self, watcher},
    },
};
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::definition::{Definition, Standing};

/// The annotation in which `kubectl apply` keeps a second copy of the object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// How long a watch may fail before what it told last is too old to act on.
const OLDEST: Duration = Duration::from_mins(1);
/// A watch whose last failure is older than this works again: attempts are at most 30 s apart.
const LATEST_FAILURE: Duration = Duration::from_secs(45);
/// How long after the return of a definition nothing is removed: its objects have to be applied again.
const AFTER_RETURN: Duration = Duration::from_mins(10);
/// How long after a watch ended it is begun anew.
const PAUSE: Duration = Duration::from_secs(1);

/// How long after it could not be told whether a definition stands it is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Told after each change of what a shelf holds.
pub(super) type News = Arc<Notify>;

/// The objects of one kind. Clones share them.
#[derive(Debug)]
pub(super) struct Shelf<K> {
    kind: &'static str,
    content: Arc<RwLock<Content<K>>>,
}

impl<K> Clone for Shelf<K> {
    fn clone(&self) -> Self {
        Self { kind: self.kind, content: Arc::clone(&self.content) }
    }
}

#[derive(Debug)]
struct Content<K> {
    objects: BTreeMap<ObjectName, Arc<K>>,
    /// What a list in progress has brought so far: it replaces the objects once it is complete.
    listing: BTreeMap<ObjectName, Arc<K>>,
    /// Objects of which the watch says that they are gone, while nobody has vouched for it: an API server that takes a
    /// whole kind away tells of its objects first, one by one, as if somebody had deleted each.
    leaving: BTreeSet<ObjectName>,
    /// Whether the list is complete, while nobody has vouched for what it lacks.
    listed: bool,
    /// The definition that was vouched for last.
    definition: Option<String>,
    /// Why nobody vouches.
    doubt: Option<String>,
    knowledge: Knowledge,
    /// The first and the last of the failures that no success has ended.
    failing: Option<(Instant, Instant)>,
    /// When the definition came back.
    returned: Option<Instant>,
}

/// How much a shelf knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    /// There was no complete list yet.
    Nothing,
    /// All that there is.
    Everything,
    /// The API server does not serve the kind: what became of its objects cannot be told.
    Gone,
}

impl<K: Resource> Shelf<K> {
    /// An empty shelf for the objects of `kind`.
    pub(super) fn new(kind: &'static str) -> Self {
        let content = Content {
            objects: BTreeMap::new(),
            listing: BTreeMap::new(),
            leaving: BTreeSet::new(),
            listed: false,
            definition: None,
            doubt: None,
            knowledge: Knowledge::Nothing,
            failing: None,
            returned: None,
        };
        Self { kind, content: Arc::new(RwLock::new(content)) }
    }

    /// The objects, by name. Those of no namespace have an empty one.
    pub(super) fn objects(&self) -> BTreeMap<ObjectName, Arc<K>> {
        self.read(|content| content.objects.clone())
    }

    /// One object.
    pub(super) fn get(&self, name: &ObjectName) -> Option<Arc<K>> {
        self.read(|content| content.objects.get(name).cloned())
    }

    /// Why nothing may be decided on what this shelf holds; `None` where it may.
    pub(super) fn trouble(&self) -> Option<String> {
        let now = Instant::now();
        self.read(|content| match (content.knowledge, content.failing) {
            _ if content.doubt.is_some() => content.doubt.as_ref().map(|doubt| format!("{}: {doubt}", self.kind)),
            (Knowledge::Nothing, _) => Some(format!("{}: not listed completely yet", self.kind)),
            (Knowledge::Gone, _) => Some(format!(
                "{}: the API server does not serve this kind; apply its definition (`appaccess crds`)",
                self.kind
            )),
            (Knowledge::Everything, Some((first, last)))
                if now.duration_since(first) > OLDEST && now.duration_since(last) < LATEST_FAILURE =>
            {
                Some(format!("{}: its watch has been failing for more than {} s", self.kind, OLDEST.as_secs()))
            }
            (Knowledge::Everything, _) => None,
        })
    }

    /// Whether the definition came back so lately that its objects may not have been applied again.
    pub(super) fn is_recovering(&self) -> bool {
        self.read(|content| content.returned.is_some_and(|at| at.elapsed() < AFTER_RETURN))
    }

    fn read<T>(&self, ask: impl FnOnce(&Content<K>) -> T) -> T {
        ask(&self.content.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Content<K>) -> T) -> T {
        change(&mut self.content.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes in what a watch tells. Whether what the shelf holds may have changed. What is gone stays until it is vouched
    /// for.
    fn take(&self, event: watcher::Event<K>) -> bool {
        self.write(|content| {
            if !matches!(event, watcher::Event::Init | watcher::Event::InitApply(_)) {
                content.failing = None;
            }
            match event {
                watcher::Event::Apply(object) => {
                    let name = name_of(&object);
                    content.leaving.remove(&name);
                    content.objects.insert(name, lean(object));
                    return true;
                }
                watcher::Event::Delete(object) => drop(content.leaving.insert(name_of(&object))),
                // A list in progress is no proof that the objects that it has not brought are gone.
                watcher::Event::Init => {
                    content.listing.clear();
                    content.listed = false;
                }
                watcher::Event::InitApply(object) => drop(content.listing.insert(name_of(&object), lean(object))),
                watcher::Event::InitDone => {
                    content.leaving.clear();
                    content.listed = true;
                }
            }
            false
        })
    }

    /// Whether something is gone for which nobody has vouched yet.
    fn has_leaving(&self) -> bool {
        self.read(|content| content.listed || !content.leaving.is_empty())
    }

    /// Lets go of what is gone, if it went by itself and not with the definition. Whether it did.
    fn vouch(&self, standing: Standing) -> bool {
        self.write(|content| {
            let uid = match standing {
                Standing::Stands(uid) if content.definition.as_ref().is_none_or(|known| *known == uid) => uid,
                Standing::Stands(_) | Standing::Gone => {
                    content.lose();
                    return false;
                }
            };
            content.definition = Some(uid);
            content.let_go();
            true
        })
    }

    /// Notes that nobody can vouch, and why.
    fn doubt(&self, why: String) {
        self.write(|content| content.doubt = Some(why));
    }

    /// Notes a failure. Whether the kind is gone since.
    fn fail(&self, error: &watcher::Error) -> bool {
        let gone = is_not_found(error);
        self.write(|content| {
            let now = Instant::now();
            let first = content
                .failing
                .map_or(now, |(first, last)| if now.duration_since(last) < LATEST_FAILURE { first } else { now });
            content.failing = Some((first, now));
            if gone {
                content.lose();
            }
        });
        gone
    }
}

impl<K> Content<K> {
    /// Makes of what the watch told what the shelf holds.
    fn let_go(&mut self) {
        self.doubt = None;
        if std::mem::take(&mut self.listed) {
            self.objects = std::mem::take(&mut self.listing);
            if self.knowledge == Knowledge::Gone {
                self.returned = Some(Instant::now());
            }
            self.knowledge = Knowledge::Everything;
        }
        for name in std::mem::take(&mut self.leaving) {
            self.objects.remove(&name);
        }
    }

    /// Forgets everything: the definition is gone or going.
    fn lose(&mut self) {
        self.knowledge = Knowledge::Gone;
        self.objects.clear();
        self.listing.clear();
        self.leaving.clear();
        self.listed = false;
        self.definition = None;
        self.doubt = None;
    }
}

impl<K> fmt::Display for Shelf<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.kind)
    }
}

/// Keeps `shelf` as the cluster is, until the stop. `definition` vouches for what is gone.
pub(super) async fn follow<K>(api: Api<K>, shelf: Shelf<K>, definition: Definition, news: News, stop: CancellationToken)
where
    K: Resource + Clone + DeserializeOwned + fmt::Debug + Send + Sync + 'static,
{
    while stop.run_until_cancelled(follow_once(&api, &shelf, &definition, &news)).await.is_some() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Keeps `shelf` as the cluster is, until the watch ends or the kind is gone.
async fn follow_once<K>(api: &Api<K>, shelf: &Shelf<K>, definition: &Definition, news: &News)
where
    K: Resource + Clone + DeserializeOwned + fmt::Debug + Send + Sync + 'static,
{
    let events = watcher(api.clone(), watcher::Config::default()).default_backoff();
    pin_mut!(events);
    while let Some(event) = events.next().await {
        let mut next = Some(event);
        // What has come already is vouched for together.
        while let Some(event) = next {
            match event {
                Ok(event) => {
                    if shelf.take(event) {
                        news.notify_one();
                    }
                }
                Err(error) => {
                    tracing::warn!(kind = %shelf, error = %brief(&error), "a watch failed; it is tried again");
                    let gone = shelf.fail(&error);
                    news.notify_one();
                    // Going on from where it was would hide what happened to objects in between.
                    if gone {
                        return;
                    }
                }
            }
            next = events.next().now_or_never().flatten();
        }
        if shelf.has_leaving() {
            let vouched = vouch(shelf, definition, news).await;
            news.notify_one();
            if !vouched {
                tracing::warn!(kind = %shelf, "the definition is being deleted, or is another one; its objects are unknown");
                return;
            }
        }
    }
}

/// Asks until it can be told whether what is gone went by itself.
async fn vouch<K: Resource>(shelf: &Shelf<K>, definition: &Definition, news: &News) -> bool {
    loop {
        match definition.standing().await {
            Ok(standing) => return shelf.vouch(standing),
            Err(error) => {
                tracing::warn!(kind = %shelf, error = &error as &dyn std::error::Error, "a definition could not be read");
                shelf.doubt(format!("whether its definition stands cannot be told: {error}"));
                news.notify_one();
                tokio::time::sleep(ASK_AGAIN).await;
            }
        }
    }
}

/// Namespace and name.
pub(super) fn name_of(object: &impl Resource) -> ObjectName {
    let metadata = object.meta();
    ObjectName::new(metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref().unwrap_or_default())
}

/// Without what nobody here reads.
fn lean<K: Resource>(mut object: K) -> Arc<K> {
    let metadata = object.meta_mut();
    metadata.managed_fields = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.remove(LAST_APPLIED);
    }
    Arc::new(object)
}

fn is_not_found(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => status.is_not_found(),
        _ => false,
    }
}

/// One line of an error whose text repeats its causes.
fn brief(error: &watcher::Error) -> String {
    error.to_string().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::core::Status;
    use watcher::Event;

    use super::*;

    fn object(name: &str) -> ConfigMap {
        let mut object = ConfigMap::default();
        object.metadata.namespace = Some("red".into());
        object.metadata.name = Some(name.into());
        object.metadata.annotations = Some([(LAST_APPLIED.to_owned(), "a second copy".to_owned())].into());
        object.metadata.managed_fields = Some(Vec::new());
        object
    }

    fn listed(names: &[&str]) -> Shelf<ConfigMap> {
        let shelf = Shelf::new("ConfigMap");
        shelf.take(Event::Init);
        for name in names {
            shelf.take(Event::InitApply(object(name)));
        }
        shelf.take(Event::InitDone);
        assert!(shelf.vouch(stands("1")));
        shelf
    }

    fn stands(uid: &str) -> Standing {
        Standing::Stands(uid.to_owned())
    }

    fn names(shelf: &Shelf<ConfigMap>) -> Vec<String> {
        shelf.objects().into_keys().map(|name| name.name.to_string()).collect()
    }

    #[test]
    fn nothing_is_relied_on_before_the_first_list_is_complete() {
        let shelf = Shelf::new("ConfigMap");
        assert!(!shelf.take(Event::Init));
        assert!(!shelf.take(Event::InitApply(object("a"))));
        assert!(shelf.trouble().is_some() && shelf.objects().is_empty());
        shelf.take(Event::InitDone);
        assert!(shelf.trouble().is_some() && shelf.has_leaving());
        assert!(shelf.vouch(stands("1")) && !shelf.has_leaving());
        assert_eq!((shelf.trouble(), names(&shelf)), (None, vec!["a".to_owned()]));
    }

    #[test]
    fn a_deleted_object_stays_until_it_is_known_that_its_definition_stands() {
        let shelf = listed(&["a", "b", "c"]);
        shelf.take(Event::Delete(object("a")));
        shelf.take(Event::Delete(object("b")));
        assert!(shelf.take(Event::Apply(object("b"))));
        assert_eq!(names(&shelf), ["a", "b", "c"]);
        shelf.doubt("the API server does not say".to_owned());
        assert!(shelf.trouble().is_some_and(|trouble| trouble.contains("does not say")));
        assert!(shelf.vouch(stands("1")));
        assert_eq!((shelf.trouble(), names(&shelf)), (None, vec!["b".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn objects_that_went_with_their_definition_are_unknown() {
        for standing in [Standing::Gone, stands("2")] {
            let shelf = listed(&["a", "b"]);
            shelf.take(Event::Delete(object("a")));
            assert!(!shelf.vouch(standing));
            assert!(shelf.trouble().is_some_and(|trouble| trouble.contains("definition")));
            shelf.take(Event::Init);
            shelf.take(Event::InitDone);
            assert!(shelf.vouch(stands("2")));
            assert!(shelf.trouble().is_none() && shelf.is_recovering());
        }
    }

    #[test]
    fn a_list_from_a_definition_that_is_being_deleted_tells_nothing() {
        let shelf = Shelf::<ConfigMap>::new("ConfigMap");
        shelf.take(Event::Init);
        shelf.take(Event::InitDone);
        assert!(!shelf.vouch(Standing::Gone));
        assert!(shelf.trouble().is_some());
    }

    #[test]
    fn a_list_in_progress_does_not_look_like_a_deletion() {
        let shelf = listed(&["a", "b"]);
        assert!(!shelf.take(Event::Init));
        assert!(!shelf.take(Event::InitApply(object("b"))));
        assert_eq!(names(&shelf), ["a", "b"]);
        shelf.take(Event::InitDone);
        assert!(shelf.vouch(stands("1")));
        assert_eq!(names(&shelf), ["b"]);
    }

    #[test]
    fn a_kind_that_is_not_served_is_unknown_until_it_is_listed_again_and_then_recovers() {
        let shelf = listed(&["a"]);
        let gone = Status::failure("the server could not find the requested resource", "NotFound").with_code(404);
        assert!(shelf.fail(&watcher::Error::WatchError(Box::new(gone))));
        assert!(shelf.trouble().is_some_and(|trouble| trouble.contains("definition")));
        assert!(!shelf.is_recovering());
        shelf.take(Event::Init);
        shelf.take(Event::InitDone);
        assert!(shelf.vouch(stands("2")));
        assert_eq!(shelf.trouble(), None);
        assert!(shelf.is_recovering());
    }

    #[test]
    fn a_short_failure_takes_nothing_away() {
        let shelf = listed(&["a"]);
        assert!(!shelf.fail(&watcher::Error::NoResourceVersion));
        assert_eq!((shelf.trouble(), names(&shelf)), (None, vec!["a".to_owned()]));
    }

    #[test]
    fn what_nobody_reads_is_not_kept() {
        let shelf = listed(&["a"]);
        let kept = shelf.get(&ObjectName::new("red", "a")).unwrap();
        assert_eq!(kept.metadata.managed_fields, None);
        assert!(kept.metadata.annotations.as_ref().unwrap().is_empty());
    }
}
