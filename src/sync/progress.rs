//! What somebody who watches is told of the work on an app: how far it came, and what it waits for. Decides nothing.

use std::{fmt, sync::Arc};

use appaccess_core::access::ObjectName;

use crate::http::{News, Watch};

/// One step of the work on an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It begins.
    Begins,
    /// The client has news.
    Client(News),
    /// Changes are made.
    Changing {
        /// Changes that were answered.
        done: usize,
        /// Changes of this pass in all.
        of: usize,
    },
    /// What was changed is read back.
    ReadingBack,
    /// It has ended.
    Ends,
}

type Listener = Arc<dyn Fn(&ObjectName, &Step) + Send + Sync>;

/// Who watches a fleet; nobody by default, and then it costs nothing.
#[derive(Clone, Default)]
pub struct Progress(Option<Listener>);

impl Progress {
    /// Tells every step to `listener`, which must not block.
    #[must_use]
    pub fn by(listener: impl Fn(&ObjectName, &Step) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// The part that one app tells.
    #[must_use]
    pub fn of(&self, app: &ObjectName) -> AppProgress {
        AppProgress(self.0.as_ref().map(|listener| (Arc::clone(listener), app.clone())))
    }
}

/// Who watches the work on one app.
#[derive(Clone, Default)]
pub struct AppProgress(Option<(Listener, ObjectName)>);

impl AppProgress {
    /// Tells one step.
    pub fn tell(&self, step: &Step) {
        if let Some((listener, app)) = &self.0 {
            listener(app, step);
        }
    }

    /// What the app's client tells its news to; `None` where nobody listens.
    pub(super) fn watch(&self) -> Option<Watch> {
        self.0.as_ref()?;
        let this = self.clone();
        Some(Watch::by(move |news| this.tell(&Step::Client(news.clone()))))
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Progress").field(&self.0.is_some()).finish()
    }
}

impl fmt::Debug for AppProgress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("AppProgress").field(&self.0.as_ref().map(|(_, app)| app)).finish()
    }
}
