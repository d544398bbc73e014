//! `approve` and `reject`: a decision on what is held, after every row of it was shown.

mod rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IsTerminal as _},
};

use appaccess_core::{
    access::{AccountId, Budget, Decision, Directive, Memory, ObjectName, PersonKey, Text},
    plan::hold_digest,
    resolve::{DirectoryMemory, DirectoryPolicy, LeaverProof, Reading, judge},
};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use jiff::{SignedDuration, Timestamp};

use super::{
    apply::confirmed,
    cluster::{self, ClusterFlags},
    completions::names,
    error::CommandError,
    exit::Exit,
    flags::{Format, OutputFlags, StateFlags},
    output::{
        self,
        build::whole_seconds,
        document::{DECISION_SCHEMA, DecisionDocument},
        escape::{code_span, printable},
        words::counted,
    },
};
use crate::{
    load::nearest,
    store::{Decided, Store, StoredHold},
};

/// A larger hold cannot be approved unseen, only split or budgeted.
const MOST_ROWS: usize = 500;
/// How long a decision counts.
const COUNTS_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Apps beyond this number are not named.
const MOST_NAMED: usize = 10;
/// Longer names are none, in bytes.
const LONGEST_NAME: usize = 256;

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Let it pass.
    Approve,
    /// Say no.
    Reject,
}

/// The flags of `approve` and `reject`.
#[derive(Args, Clone, Debug)]
#[command(mut_arg("cluster", |cluster| cluster.conflicts_with_all(["directory", "state"])))]
#[command(after_help = "Examples:\n  \
    appaccess approve studio/planner\n  \
    appaccess approve studio/planner sha256:6f1e… --by mara@birch.studio --yes\n  \
    appaccess approve studio/planner --cluster --context prod\n  \
    appaccess reject --directory it/people")]
pub struct Flags {
    /// The target app, or with --directory the directory; a bare NAME is in namespace `default`
    #[arg(value_name = "NS/NAME", value_parser = ObjectName::parse, add = ArgValueCompleter::new(names::decidable))]
    pub(super) name: ObjectName,
    /// The digest of what is decided; without it, what was held last
    #[arg(value_name = "DIGEST", add = ArgValueCompleter::new(names::digests))]
    pub(super) digest: Option<String>,
    /// Decide the breaker of a directory
    #[arg(long)]
    directory: bool,
    /// Who decides; without it the user of this machine or, with --cluster, of the cluster
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(super) by: Option<String>,
    /// Decide without being asked
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(super) cluster: ClusterFlags,
    #[command(flatten)]
    state: StateFlags,
    #[command(flatten)]
    output: OutputFlags,
}

/// What is to be decided.
pub(super) struct Question {
    digest: Text,
    rows: Vec<String>,
    /// What was decided before and still counts.
    decided: BTreeSet<Decision>,
    /// The rejection that all rows stand under.
    rejected: Option<Decision>,
}

impl Question {
    /// One that nobody is known to have decided.
    pub(super) fn new(digest: &str, rows: Vec<String>) -> Self {
        Self { digest: digest.into(), rows, decided: BTreeSet::new(), rejected: None }
    }
}

/// Shows every row, asks, and keeps the decision.
pub(super) async fn run(flags: &Flags, verb: Verb) -> Result<Exit, CommandError> {
    if !flags.yes && (!io::stdin().is_terminal() || !io::stderr().is_terminal()) {
        let what = "nothing was decided: you are asked before a decision is kept, and there is no terminal to ask on";
        return Err(CommandError::usage(what, "look at the held rows first (`appaccess plan`), then add --yes"));
    }
    flags.cluster.refuse_without()?;
    if flags.cluster.cluster {
        return cluster::decide::run(flags, verb).await;
    }
    let now = Timestamp::now();
    let Some(store) = Store::open_existing(&flags.state.state).await? else {
        let what =
            format!("nothing can be decided: there is no store at {}, so nothing was ever held", flags.state.state);
        return Err(CommandError::refused(what, "name the store that `apply` or `run` uses by --state"));
    };
    let question = if flags.directory {
        breaker(&store.directory(&flags.name, now).await?, flags, now)?
    } else {
        hold(&store, flags, now).await?
    };
    store.close().await;
    if question.rows.len() > MOST_ROWS {
        let rows = question.rows.len();
        let what =
            format!("nothing was decided: {rows} rows are held, and more than {MOST_ROWS} cannot be decided unseen");
        return Err(CommandError::refused(what, "split the change, or raise `safety.maxRemovals` for it in the files"));
    }
    if let (Verb::Approve, Some(rejected)) = (verb, &question.rejected) {
        return Err(was_rejected(&question.digest, rejected));
    }
    asked(flags, verb, &question)?;
    decide(flags, verb, question, now).await
}

/// Shows every row, and asks where nobody has answered beforehand.
pub(super) fn asked(flags: &Flags, verb: Verb, question: &Question) -> Result<(), CommandError> {
    show(flags, question)?;
    if flags.yes || confirmed(&format!("\n{}? Only `yes` is taken as such: ", verb.word()))? {
        return Ok(());
    }
    Err(CommandError::refused("nothing was decided: the answer was not `yes`", "answer `yes`, or add --yes"))
}

async fn decide(flags: &Flags, verb: Verb, question: Question, now: Timestamp) -> Result<Exit, CommandError> {
    // Who says the same again does not prolong it.
    let before = question.decided.iter().find(|decision| decision.directive == verb.directive());
    let decision = before.cloned().unwrap_or_else(|| Decision {
        digest: question.digest.clone(),
        directive: verb.directive(),
        decided_by: flags.decided_by().map(Text::from),
        not_after: whole_seconds(now.checked_add(COUNTS_FOR).unwrap_or(Timestamp::MAX)),
    });
    let store = Store::open(&flags.state.state).await?;
    let decided = if flags.directory {
        store.decide_directory(&flags.name, &decision, now).await?
    } else {
        store.decide(&flags.name, &decision, now).await?
    };
    store.close().await;
    if decided == Decided::UsedUp {
        return Err(used_up(&question.digest));
    }
    let recorded = decided == Decided::Recorded;
    if verb == Verb::Reject && question.decided.iter().any(|before| before.directive == Directive::Approve) {
        output::note("what was approved before counts no longer: whoever says no is not outvoted\n");
    }
    flags.told(verb, question, &decision.not_after, recorded)?;
    Ok(Exit::Done)
}

impl Verb {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Reject => "Reject",
        }
    }

    const fn directive(self) -> Directive {
        match self {
            Self::Approve => Directive::Approve,
            Self::Reject => Directive::Reject,
        }
    }
}

impl Flags {
    fn object(&self) -> String {
        format!("{} {}", if self.directory { "Directory" } else { "TargetApp" }, self.name)
    }

    /// Who decides: whoever is named, else the user of this machine as its environment tells.
    fn decided_by(&self) -> Option<String> {
        let user = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| named(&std::env::var(name).ok()?));
        self.by.clone().or_else(user)
    }

    /// Says what became of the decision.
    pub(super) fn told(
        &self,
        verb: Verb,
        question: Question,
        not_after: &impl ToString,
        recorded: bool,
    ) -> Result<(), CommandError> {
        let not_after = not_after.to_string();
        if self.output.output == Format::Json {
            return output::json(&DecisionDocument {
                schema: DECISION_SCHEMA,
                object: self.object(),
                digest: question.digest.to_string(),
                decision: verb.word(),
                not_after,
                rows: question.rows,
                recorded,
            });
        }
        let said = match (verb, recorded) {
            (_, false) => "Decided so before",
            (Verb::Approve, true) => "Approved: the next pass does it",
            (Verb::Reject, true) => "Rejected: it stays held, whoever approves it, until the files say so too",
        };
        output::painted(&format!("{said}; counts until {not_after}.\n"))
    }

    /// Whether this digest is meant; it may be written without the name of its algorithm.
    pub(super) fn means(&self, digest: &str) -> bool {
        self.digest.as_deref().is_none_or(|wanted| digest == wanted || digest.strip_prefix("sha256:") == Some(wanted))
    }
}

/// The same, naming the app that was meant, where the store knows one of nearly that name.
async fn meant(store: &Store, flags: &Flags, now: Timestamp) -> Result<CommandError, CommandError> {
    let apps = store.apps().await?;
    let waiting = store.waiting(now).await?;
    let same = |app: &&ObjectName| app.name == flags.name.name && **app != flags.name;
    let names: Vec<String> = apps.iter().map(ToString::to_string).collect();
    let wanted = flags.name.to_string();
    let near = || nearest(&wanted, names.iter().map(String::as_str).filter(|name| *name != wanted)).map(str::to_owned);
    let is_there = apps.contains(&flags.name);
    let meant = apps.iter().find(same).map(ToString::to_string).or_else(near).filter(|_| !is_there);
    let remedy = match (meant, waiting.first()) {
        (Some(name), _) => format!("did you mean {name}?"),
        (None, Some(_)) if !is_there => {
            let mut names: Vec<String> = waiting.iter().map(|(app, _)| app.to_string()).collect();
            names.sort();
            names.dedup();
            names.truncate(MOST_NAMED);
            format!("something waits in {}", names.join(", "))
        }
        _ => return Ok(unknown(flags)),
    };
    let what = format!("nothing was decided: this store knows no {}", flags.object());
    Ok(CommandError::refused(what, remedy))
}

fn unknown(flags: &Flags) -> CommandError {
    let what = match &flags.digest {
        Some(digest) => format!("nothing was decided: {} never held {digest} within the last 30 days", flags.object()),
        None => format!("nothing was decided: {} holds nothing that waits for it", flags.object()),
    };
    CommandError::refused(what, "see what is held now by `appaccess plan`, after an `apply` or `run` on this store")
}

fn used_up(digest: &str) -> CommandError {
    CommandError::refused(
        format!("nothing was decided: {digest} was decided before, and its rows are done"),
        "see what is held now by `appaccess plan`",
    )
}

fn was_rejected(digest: &str, rejected: &Decision) -> CommandError {
    let by = rejected.decided_by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
    CommandError::refused(
        format!(
            "nothing was decided: {digest} was rejected{by}, which counts until {}, and whoever says no is not outvoted",
            whole_seconds(rejected.not_after)
        ),
        "write into the files what was decided: what is declared again is no longer held",
    )
}

/// A name as it is kept; `None` where it is empty.
fn named(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.len() <= LONGEST_NAME).then(|| text.to_owned())
}

/// The name of whoever decides, as a flag gives it.
fn name(text: &str) -> Result<String, String> {
    named(text).ok_or_else(|| format!("write a name of 1 to {LONGEST_NAME} bytes"))
}

async fn hold(store: &Store, flags: &Flags, now: Timestamp) -> Result<Question, CommandError> {
    let holds = store.holds(&flags.name, now).await?;
    let memory = store.memory(&flags.name, now).await?;
    // What a pull request withdraws is remembered as rows, too, under the digest of its intent: without a digest the
    // hold is meant that `plan` shows.
    let is_shown = |hold: &&StoredHold| {
        hold.digest == hold_digest(&flags.name, memory.decisions_used, &hold.hold.rows) && !hold.used_up
    };
    let found = match &flags.digest {
        Some(_) => holds.iter().find(|hold| flags.means(&hold.digest)),
        None => holds.iter().find(is_shown),
    };
    let Some(found) = found else { return Err(meant(store, flags, now).await?) };
    if found.used_up {
        return Err(used_up(&found.digest));
    }
    let people = people_by_account(&memory);
    let row_in_words = |row: &Text| {
        let stays = if rejection(&holds, row).is_some() { "  rejected: stays held" } else { "" };
        format!("{}{stays}", rows::in_words(row, &people))
    };
    let rejections: Option<Vec<&Decision>> = found.hold.rows.iter().map(|row| rejection(&holds, row)).collect();
    Ok(Question {
        digest: found.digest.clone(),
        rows: found.hold.rows.iter().map(row_in_words).collect(),
        decided: found.decisions.clone(),
        rejected: rejections.and_then(|all| all.into_iter().max_by_key(|decision| decision.not_after)).cloned(),
    })
}

/// The rejection that a row stands under, in whatever hold it was shown.
fn rejection<'a>(holds: &'a [StoredHold], row: &Text) -> Option<&'a Decision> {
    let shown = holds.iter().filter(|hold| hold.hold.rows.contains(row));
    shown.flat_map(|hold| &hold.decisions).find(|decision| decision.directive == Directive::Reject)
}

/// What was last read of a directory is judged again, with no shrinking allowed: the digest does not depend on how much is.
fn breaker(memory: &DirectoryMemory, flags: &Flags, now: Timestamp) -> Result<Question, CommandError> {
    let deleted = memory.left.iter().filter(|(_, proof)| &***proof == "deleted").map(|(id, _)| id.clone()).collect();
    let reading = Reading { people: memory.last.clone().unwrap_or_default(), deleted };
    let policy = DirectoryPolicy {
        name: flags.name.clone(),
        proof: LeaverProof::DisabledOrDeleted,
        maximum_shrink: Budget { people: 0, percent: 0 },
        interval: crate::sync::pace::INTERVAL,
    };
    let undecided = DirectoryMemory { decisions: BTreeSet::new(), ..memory.clone() };
    let verdict = judge(&policy, &undecided, &reading, now);
    let breaker = verdict.breaker.filter(|breaker| flags.means(&breaker.digest)).ok_or_else(|| unknown(flags))?;
    let proof = |id: &Text| verdict.left.get(id).map_or("absent", |proof| &**proof).to_owned();
    let rows = breaker.people.iter().map(|id| format!("{id}  {}", proof(id))).collect();
    let of_this = memory.decisions.iter().filter(|decision| decision.digest == breaker.digest);
    let decided: BTreeSet<Decision> = of_this.cloned().collect();
    let rejected = decided.iter().find(|decision| decision.directive == Directive::Reject).cloned();
    Ok(Question { digest: breaker.digest, rows, decided, rejected })
}

fn people_by_account(memory: &Memory) -> BTreeMap<AccountId, PersonKey> {
    memory.inventory.iter().map(|(edge, owned)| (owned.account.clone(), edge.person.clone())).collect()
}

fn show(flags: &Flags, question: &Question) -> Result<(), CommandError> {
    let rows = counted(question.rows.len(), "row", "rows");
    let head = format!("{}: {rows}, {}", flags.object(), question.digest);
    match flags.output.output {
        // The document has the rows; whoever is asked sees them beside it.
        Format::Json if flags.yes => Ok(()),
        Format::Json => {
            output::note(&listed(&head, question));
            Ok(())
        }
        Format::Text => output::painted(&listed(&head, question)),
        Format::Markdown => {
            let rows: Vec<String> = question.rows.iter().map(|row| format!("- {}", code_span(row))).collect();
            output::plain(&format!("{}\n\n{}\n\n", code_span(&head), rows.join("\n")))
        }
    }
}

fn listed(head: &str, question: &Question) -> String {
    let rows: Vec<String> = question.rows.iter().map(|row| format!("  {}", printable(row))).collect();
    format!("{}\n{}\n", printable(head), rows.join("\n"))
}
