//! `history`: what was done, when and on whose word, and who had access at a time. Reads the store alone.

mod replay;

use std::{collections::BTreeMap, str::FromStr as _};

use appaccess_core::{
    access::{AccountId, Directive, Evidence, Mail, ObjectName, PersonKey, Text},
    plan::{Action, Change, row},
};
use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{
    completions::names,
    error::CommandError,
    exit::Exit,
    flags::StateFlags,
    output::{
        self,
        build::whole_seconds,
        history::{self as shown, Approved, HISTORY_SCHEMA, HistoryDocument, Line},
    },
};
use crate::{
    load::nearest,
    store::{GivenDecision, Intent, JOURNAL_LIMIT, JournalLine, Store, TimelineFilter, Whose},
};

/// Lines that a person reads without being asked whether they want more.
const MOST_READ: u32 = 200;

/// How history is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people; colour only on a terminal.
    #[default]
    Text,
    /// A list, for an issue or a review.
    Markdown,
    /// One document, as `appaccess schema history` (with --at `schema access`) describes it.
    Json,
    /// For auditors and spreadsheets.
    Csv,
}

/// The flags of `history`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    appaccess history\n  \
    appaccess history ana@birch.studio --app studio/planner\n  \
    appaccess history --at 2026-10-31 -o csv > october.csv\n  \
    appaccess history --since 2026-10-01 --until 2026-10-31 -o json\n\n\
    Reads the store alone: no file, no network, no credential. The latest line comes last. What people did by hand \
    is not in the journal; it shows from when a reading found it and it was taken over. A day means all of it, in UTC.\n\n\
    Exit codes: 0, or 1 where there is no store or it knows nobody of that name, or 64 for wrong usage.")]
pub struct Flags {
    /// Only this person: mail, login, or a key as NAMESPACE/DIRECTORY:ID
    #[arg(value_name = "PERSON", add = ArgValueCompleter::new(names::people))]
    person: Option<String>,
    /// Only this target app; a bare NAME is in namespace `default`; repeatable
    #[arg(long, value_name = "NS/NAME", value_parser = ObjectName::parse, add = ArgValueCompleter::new(names::apps))]
    app: Vec<ObjectName>,
    /// Who had access at this time (RFC 3339), or at the end of this day
    #[arg(long, value_name = "TIME", value_parser = last_moment, conflicts_with_all = ["since", "until", "limit"])]
    at: Option<Timestamp>,
    /// Only what was done from this time or day on
    #[arg(long, value_name = "TIME", value_parser = first_moment)]
    since: Option<Timestamp>,
    /// Only what was done up to this time or day
    #[arg(long, value_name = "TIME", value_parser = last_moment)]
    until: Option<Timestamp>,
    /// The latest so many changes: 200 for people, 10000 for programs, where nothing is said
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(JOURNAL_LIMIT)))]
    limit: Option<u32>,
    #[command(flatten)]
    state: StateFlags,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

/// A time, or the first of a day.
fn first_moment(text: &str) -> Result<Timestamp, String> {
    moment(text, |day| day.at(0, 0, 0, 0))
}

/// A time, or the last of a day.
fn last_moment(text: &str) -> Result<Timestamp, String> {
    moment(text, |day| day.at(23, 59, 59, 999_999_999))
}

fn moment(text: &str, of_day: impl Fn(Date) -> DateTime) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is neither a time such as 2026-11-20T17:00:00Z nor a day such as 2026-11-20");
    if let Ok(time) = Timestamp::from_str(text) {
        return Ok(time);
    }
    // A date and a time without an offset could be read in two ways.
    let day = Date::from_str(text).ok().filter(|_| text.len() == "2026-11-20".len()).ok_or_else(wrong)?;
    of_utc(of_day(day)).ok_or_else(wrong)
}

/// A time that has come. The end of a day that still lasts is now.
fn past(at: Timestamp, now: Timestamp) -> Result<Timestamp, CommandError> {
    let day = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
    if at <= now {
        return Ok(at);
    }
    if day(at) == day(now) && at == of_utc(day(at).at(23, 59, 59, 999_999_999)).unwrap_or(now) {
        return Ok(now);
    }
    let what = format!("nothing was read: {} has not come yet", whole_seconds(at));
    Err(CommandError::usage(what, "`appaccess plan --at` shows what will be; name a time that has passed"))
}

fn of_utc(time: DateTime) -> Option<Timestamp> {
    time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp())
}

/// Reads the store and prints.
pub(super) async fn run(flags: &Flags) -> Result<Exit, CommandError> {
    let at = flags.at.map(|at| past(at, Timestamp::now())).transpose()?;
    if let (Some(since), Some(until)) = (flags.since, flags.until)
        && since > until
    {
        let (since, until) = (whole_seconds(since), whole_seconds(until));
        let what = format!("nothing was read: {since} (--since) is after {until} (--until)");
        return Err(CommandError::usage(what, "name the earlier time by --since"));
    }
    let Some(store) = Store::open_existing(&flags.state.state).await? else {
        let what = match flags.state.again().as_str() {
            "" => format!("there is no store at {}, so nothing was ever done from here", flags.state.state),
            again => format!("there is no store at{}", again.trim_start_matches(" --state")),
        };
        return Err(CommandError::refused(what, "name the store that `apply`, `run` or the operator uses by --state"));
    };
    let whose = match &flags.person {
        Some(person) => Some(whose(&store, person).await?),
        None => None,
    };
    known_apps(&store, &flags.app).await?;
    if let Some(at) = at {
        let document = replay::document(&store, &flags.app, whose.as_ref(), at).await?;
        match flags.output {
            Format::Text => output::painted(&shown::access_text(&document))?,
            Format::Markdown => output::plain(&shown::access_markdown(&document))?,
            Format::Json => output::json(&document)?,
            Format::Csv => output::plain(&shown::access_csv(&document).map_err(unwritten)?)?,
        }
    } else {
        timeline(&store, flags, whose).await?;
    }
    store.close().await;
    Ok(Exit::Done)
}

fn unwritten(error: csv::Error) -> CommandError {
    CommandError::Machine { what: "write the table", source: std::io::Error::other(error) }
}

async fn known_apps(store: &Store, chosen: &[ObjectName]) -> Result<(), CommandError> {
    let known = store.apps().await?;
    let Some(missing) = chosen.iter().find(|app| !known.contains(*app)) else { return Ok(()) };
    let names: Vec<String> = known.iter().take(10).map(ToString::to_string).collect();
    let remedy = match names.as_slice() {
        [] => "it knows no app yet; name the store that `apply`, `run` or the operator uses by --state".to_owned(),
        names => format!("it knows {}", names.join(", ")),
    };
    Err(CommandError::refused(format!("the store knows no target app {missing}"), remedy))
}

/// Who is meant: everybody who was ever called so, and whoever the text names by a key.
async fn whose(store: &Store, text: &str) -> Result<Whose, CommandError> {
    let label: Text = Mail::parse(text).map_or_else(|_| text.to_lowercase(), |mail| mail.to_string()).into();
    let mut people = store.people_called(&label).await?;
    let named = [
        PersonKey::from_canonical(text),
        PersonKey::from_canonical(&format!("id:{text}")),
        Mail::parse(text).ok().map(PersonKey::Mail),
        Some(PersonKey::Login(label.clone())),
        Some(PersonKey::Service(label.clone())),
    ];
    people.extend(named.into_iter().flatten());
    let whose = Whose { people, label };
    if is_known(store, &whose).await? {
        return Ok(whose);
    }
    let labels = store.labels().await?;
    let remedy = match nearest(text, labels.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}? Names stand in the journal as they were when something was done"),
        None => "write the mail or login by which the person was known when something was done".to_owned(),
    };
    Err(CommandError::refused(format!("the store knows nobody called `{text}`"), remedy))
}

async fn is_known(store: &Store, whose: &Whose) -> Result<bool, CommandError> {
    let one = TimelineFilter { whose: Some(whose.clone()), limit: 1, ..TimelineFilter::default() };
    if !store.timeline(&one).await?.is_empty() {
        return Ok(true);
    }
    for app in store.apps().await? {
        let memory = store.memory(&app, Timestamp::now()).await?;
        if memory.inventory.keys().any(|edge| whose.people.contains(&edge.person)) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn timeline(store: &Store, flags: &Flags, whose: Option<Whose>) -> Result<(), CommandError> {
    let for_people = matches!(flags.output, Format::Text | Format::Markdown);
    let limit = flags.limit.unwrap_or(if for_people { MOST_READ } else { JOURNAL_LIMIT });
    let asked = limit.saturating_add(1).min(JOURNAL_LIMIT);
    let filter = TimelineFilter {
        apps: flags.app.iter().cloned().collect(),
        whose,
        since: flags.since,
        until: flags.until,
        limit: asked,
    };
    let mut lines = store.timeline(&filter).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    // With the largest limit there is no room for the one more that would tell.
    let more = lines.len() > most || (asked == limit && lines.len() == most);
    lines.truncate(most);
    lines.reverse();
    let mut given: BTreeMap<ObjectName, Vec<GivenDecision>> = BTreeMap::new();
    for line in &lines {
        if !given.contains_key(&line.app) {
            given.insert(line.app.clone(), store.given_decisions(&line.app).await?);
        }
    }
    let lines = lines.iter().map(|line| {
        let change = change(&line.intent);
        let approved = given.get(&line.app).and_then(|given| approval(line, &change, given));
        Line::of(line, &change, approved)
    });
    let document = HistoryDocument { schema: HISTORY_SCHEMA, lines: lines.collect(), more };
    match flags.output {
        Format::Text => output::painted(&shown::text(&document)),
        Format::Markdown => output::plain(&shown::markdown(&document)),
        Format::Json => output::json(&document),
        Format::Csv => {
            if document.more {
                output::note("earlier lines are left out: name a --since, an --until or a larger --limit\n");
            }
            output::plain(&shown::csv(&document).map_err(unwritten)?)
        }
    }
}

/// The change that a line of the journal was the intent of, without what the journal does not keep.
pub(super) fn change(intent: &Intent) -> Change {
    Change {
        action: intent.action,
        person: intent.person.clone(),
        label: intent.label.clone(),
        account: intent.account.clone(),
        slot: intent.slot.clone(),
        from: intent.from.clone(),
        to: intent.to.clone(),
        attributes: BTreeMap::new(),
        cause: intent.cause,
        evidence: Evidence::Gone(Vec::new()),
        permitted: true,
        held: None,
        due: None,
        task: None,
    }
}

/// The decision that let a change pass: the latest approval before it of a hold that held this very row.
pub(super) fn approval(line: &JournalLine, change: &Change, given: &[GivenDecision]) -> Option<Approved> {
    let row = row(change);
    // What an update changes is not in the journal, so that its row cannot be made again.
    let named = given.iter().filter(|given| change.action != Action::Update && given.rows.contains(&row));
    let before = named.filter(|given| given.directive == Directive::Approve && given.decided_at <= line.at);
    let latest = before.max_by_key(|given| given.decided_at)?;
    Some(Approved {
        by: latest.decided_by.as_ref().map(ToString::to_string),
        at: whole_seconds(latest.decided_at).to_string(),
        digest: latest.digest.to_string(),
    })
}

/// Whose a line is: a canonical person key, or `account:ID`; `None` for a group itself.
fn whose_line(person: Option<&PersonKey>, account: Option<&AccountId>) -> Option<Text> {
    let key = person.map(PersonKey::canonical);
    key.or_else(|| account.map(|account| format!("account:{account}"))).map(Text::from)
}

#[cfg(test)]
mod tests;
