//! What `explain` prints, as a document, a text and Markdown. Judges nothing: standings and reasons come as they are.

mod shown;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    document::Line as Place,
    document::{Entitlement, ErrorEntry},
    history::Line,
    json, painted, plain,
};
use crate::cli::{error::CommandError, flags::Format};

/// The schema of what `explain` prints.
pub(crate) const EXPLAIN_SCHEMA: &str = "appaccess.dev/explain/v1";

/// What `explain` prints.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("$id" = "appaccess.dev/explain/v1"))]
pub(crate) struct ExplainDocument {
    /// `appaccess.dev/explain/v1`.
    pub(crate) schema: &'static str,
    /// Whom it is about.
    pub(crate) person: Person,
    /// Every target app that was asked for, by name.
    pub(crate) apps: Vec<ExplainApp>,
    /// What could not be told, with what to do about it.
    pub(crate) errors: Vec<ErrorEntry>,
    /// Whether apps were named, so that those with nothing are told one by one.
    #[serde(skip)]
    pub(crate) chosen: bool,
    /// The flags that lead to where what waits is decided, with a space before each.
    #[serde(skip)]
    pub(crate) again: String,
}

/// Whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Person {
    /// What was asked.
    pub(crate) asked: String,
    /// The identity that does not change, as `id:it/okta:00u1` or `mail:ana@birch.studio`.
    pub(crate) key: String,
    /// What a person reads: mail or login.
    pub(crate) name: String,
    /// All addresses.
    pub(crate) mails: Vec<String>,
    /// The directory that knows them; null where none does.
    pub(crate) directory: Option<String>,
    /// What the directory says of somebody who left: `disabled`, `deleted` or `absent`; else null.
    pub(crate) left: Option<String>,
    /// Why nobody can tell who it is; else null.
    pub(crate) unsure: Option<String>,
    /// Whether the journal alone knows them: no directory and no declaration does any more.
    pub(crate) past: bool,
}

/// One target app.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct ExplainApp {
    /// `namespace/name`.
    pub(crate) app: String,
    /// `Observe`, `Additive` or `Full`.
    pub(crate) mode: String,
    /// What it rests on beside the declarations: `files` (nothing), `store`, `app` (read now) or `status` (of the cluster).
    pub(crate) basis: &'static str,
    /// The same in words, with how old it is.
    pub(crate) note: String,
    /// Everything that the person has, lacks, gets or loses here.
    pub(crate) things: Vec<Thing>,
    /// Claims on this app that do not name the person.
    pub(crate) others: Vec<String>,
}

/// One thing, and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Thing {
    /// What.
    pub(crate) entitlement: Entitlement,
    /// `has`, `declared` (neither app nor store was asked), `willGet`, `willChange`, `willLose`, `kept`, `undeclared`,
    /// `lacks` or `unknown`.
    pub(crate) standing: &'static str,
    /// Why nobody can tell; null where somebody can.
    pub(crate) unknown: Option<String>,
    /// The vendor's id of the account; null where there is none, or it is not known.
    pub(crate) account: Option<String>,
    /// How it became ours; null where it is not.
    pub(crate) owned: Option<Owned>,
    /// When the last claim ends (RFC 3339); null for never, or without one.
    pub(crate) until: Option<String>,
    /// The claims that name the person, those that count first.
    pub(crate) claims: Vec<Claim>,
    /// What is still to be done; null where nothing is.
    pub(crate) change: Option<Change>,
    /// When it was removed, and the word of the cause; null where it was not.
    pub(crate) removed: Option<Removed>,
    /// The last line of the journal about it; null where there is none.
    pub(crate) last: Option<Line>,
}

/// How something became ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Owned {
    /// `created` or `adopted`.
    pub(crate) origin: &'static str,
    /// Since when (RFC 3339).
    pub(crate) since: String,
}

/// A removal that is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Removed {
    /// When (RFC 3339).
    pub(crate) at: String,
    /// `leaver`, `expired`, `withdrawn` or `exclusive`.
    pub(crate) cause: String,
}

/// One claim, as it comes to the person.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Claim {
    /// `namespace/object#grant`.
    #[serde(rename = "claim")]
    pub(crate) name: String,
    /// Whether it counts now.
    pub(crate) counts: bool,
    /// The level or value that it claims.
    pub(crate) level: Option<String>,
    /// From when (RFC 3339).
    pub(crate) from: Option<String>,
    /// Until when (RFC 3339).
    pub(crate) until: Option<String>,
    /// The reason that it gives.
    pub(crate) reason: Option<String>,
    /// The line of the grant; null in a cluster.
    pub(crate) place: Option<Place>,
    /// What its object says of where it comes from, as claimed.
    pub(crate) source: Vec<Source>,
    /// How it comes to the person, each way from the grant on.
    pub(crate) ways: Vec<Way>,
    /// What keeps it from counting, in words.
    pub(crate) stops: Vec<String>,
}

/// Where an object comes from, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Source {
    /// `approvedBy`, `pullRequest`, `commit`, `flux`, `argocd`, `helm` or `manager`.
    pub(crate) kind: &'static str,
    /// Its name.
    pub(crate) name: String,
}

/// One way from a claim to the person.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Way {
    /// The subjects, the outermost first.
    pub(crate) steps: Vec<Step>,
    /// What takes the person out again: empty where nothing does.
    pub(crate) except: Vec<Step>,
}

/// One subject on the way.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Step {
    /// Who is named, in words: `ana@birch.studio`, `team it/consulting`, `group staff of it/okta`.
    pub(crate) names: String,
    /// From when (RFC 3339).
    pub(crate) from: Option<String>,
    /// Until when (RFC 3339).
    pub(crate) until: Option<String>,
    /// Where it is written; null in a cluster.
    pub(crate) place: Option<Place>,
    /// Who wrote that line, by `git blame`; null where there is no git.
    pub(crate) commit: Option<Commit>,
}

/// The commit that last wrote a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Commit {
    /// The first letters of its name; null where the line is not committed yet.
    pub(crate) hash: Option<String>,
    /// When it was written (RFC 3339).
    pub(crate) at: Option<String>,
    /// By whom, as claimed.
    pub(crate) author: String,
    /// Its first line.
    pub(crate) subject: String,
}

/// What is still to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// `create`, `invite`, `adopt`, `update`, `activate`, `grant`, `change`, `revoke`, `suspend` or `delete`.
    pub(crate) does: String,
    /// The value before.
    pub(crate) from: Option<String>,
    /// The value after.
    pub(crate) to: Option<String>,
    /// `declared`, `leaver`, `expired`, `withdrawn`, `exclusive` or `unmanaged`.
    pub(crate) cause: String,
    /// The cause in words.
    pub(crate) reason: String,
    /// Whether mode and `manage` allow it.
    pub(crate) permitted: bool,
    /// Why it waits for a decision, as a reason of `PlanHeld`; null where it does not.
    pub(crate) held: Option<String>,
    /// The digest that an approval names; null where none helps.
    pub(crate) digest: Option<String>,
    /// When a settling removal will be done (RFC 3339).
    pub(crate) due: Option<String>,
    /// Whether a person carries it out.
    pub(crate) by_hand: bool,
    /// Whether the last try failed.
    pub(crate) failed: bool,
    /// What else is known of it, such as why it failed.
    pub(crate) message: Option<String>,
}

impl ExplainDocument {
    /// Whether anything of the person waits for a decision.
    pub(crate) fn is_held(&self) -> bool {
        self.things().any(|thing| thing.change.as_ref().is_some_and(|change| change.held.is_some()))
    }

    /// Whether nobody can tell of something, or the app does not permit it or have it, or something could not be read or
    /// changed.
    pub(crate) fn is_broken(&self) -> bool {
        let failed = |thing: &Thing| thing.change.as_ref().is_some_and(|change| change.failed);
        !self.errors.is_empty() || self.things().any(|thing| thing.standing == "unknown" || failed(thing))
    }

    /// Whether nobody knows anything of the person here.
    pub(crate) fn is_empty(&self) -> bool {
        self.things().next().is_none()
    }

    fn things(&self) -> impl Iterator<Item = &Thing> {
        self.apps.iter().flat_map(|app| &app.things)
    }
}

/// Prints the document to standard output.
pub(crate) fn print(document: &ExplainDocument, format: Format) -> Result<(), CommandError> {
    match format {
        Format::Text => painted(&shown::text(document)),
        Format::Markdown => plain(&shown::markdown(document)),
        Format::Json => json(document),
    }
}
