//! An explanation as a tree for a terminal, and as nested lists for a forge.

use std::{collections::BTreeSet, fmt::Write as _};

use anstyle::{AnsiColor, Effects, Style};

use super::{
    super::{
        escape::{code_span, printable},
        text::{painted, three_lines},
        tree::{Node, draw},
        words::{self, entitlement},
    },
    Change, Claim, Commit, ExplainApp, ExplainDocument, Person, Step, Thing, Way,
};

/// Claims that do not name the person and are listed by name.
const OTHERS_SHOWN: usize = 8;

/// How a text from outside is made harmless.
type Shown<'a> = &'a dyn Fn(&str) -> String;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().effects(Effects::DIMMED);

fn style(thing: &Thing) -> Style {
    match thing.standing {
        "has" | "declared" => AnsiColor::Green.on_default(),
        "willGet" | "willChange" | "kept" | "undeclared" => AnsiColor::Yellow.on_default(),
        "willLose" | "unknown" => AnsiColor::Red.on_default(),
        _ => DIM,
    }
}

/// How a thing stands, in words.
fn verdict(thing: &Thing) -> String {
    let end = |word: &str| match &thing.until {
        Some(until) => format!("{word}, until {until}"),
        None => word.to_owned(),
    };
    let change = thing.change.as_ref();
    let held = change.is_some_and(|change| change.held.is_some());
    let only_shown = change.is_some_and(|change| !change.permitted);
    let coming = |will: &str, would: &str| {
        if only_shown {
            format!("{would}, but mode or `manage` only reports it")
        } else if held {
            format!("{will} once somebody has decided")
        } else {
            will.to_owned()
        }
    };
    match thing.standing {
        "has" => end("has"),
        "declared" => end("is declared"),
        "willGet" => end(&coming("will get", "would get")),
        "willChange" => end(&coming("has, and it will change", "has, and it would change")),
        "willLose" => match change.and_then(|change| change.due.as_ref()) {
            Some(due) if !held && !only_shown => format!("will lose at {due}"),
            _ => coming("will lose", "would lose"),
        },
        "kept" => "keeps, though no claim carries it any more".to_owned(),
        "undeclared" => "has, though nobody declared it".to_owned(),
        "unknown" => "unknown".to_owned(),
        _ => "lacks".to_owned(),
    }
}

fn step_names(step: &Step) -> String {
    let end =
        |word: &str, time: &Option<String>| time.as_ref().map(|time| format!(" {word} {time}")).unwrap_or_default();
    format!("{}{}{}", step.names, end("from", &step.from), end("until", &step.until))
}

fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

fn commit(commit: &Commit) -> String {
    match &commit.hash {
        None => "not committed yet".to_owned(),
        Some(hash) => {
            let at = commit.at.as_deref().map(|at| format!("{} ", day(at))).unwrap_or_default();
            format!("{hash} {at}{}: {}", commit.author, commit.subject)
        }
    }
}

/// `names team it/consulting, teams.yaml:9`, with who wrote that line under it.
fn step(verb: &str, step: &Step, shown: Shown<'_>) -> Node {
    let place = step.place.as_ref().map(|place| format!(", {}:{}", place.file, place.line)).unwrap_or_default();
    let node = Node::leaf(shown(&format!("{verb} {}{place}", step_names(step))));
    node.over(step.commit.as_ref().map(|known| Node::leaf(shown(&commit(known)))))
}

fn way(way: &Way, shown: Shown<'_>) -> Vec<Node> {
    let steps = way.steps.iter().map(|known| step("names", known, shown));
    steps.chain(way.except.iter().map(|known| step("but `except` names", known, shown))).collect()
}

fn claim_line(claim: &Claim) -> String {
    let word = if claim.counts { "by" } else { "not by" };
    let place = claim.place.as_ref().map(|place| format!(", {}:{}", place.file, place.line)).unwrap_or_default();
    let level = claim.level.as_ref().map(|level| format!(" as {level}")).unwrap_or_default();
    let reason = claim.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{word} {}{place}{level}{reason}", claim.name)
}

/// What explains a claim. Of one that was told above only what keeps it from counting is told again.
fn claim_details(claim: &Claim, told: bool, shown: Shown<'_>) -> Vec<Node> {
    let leaf = |text: String| Node::leaf(shown(&text));
    let stops = claim.stops.iter().map(|stop| leaf(format!("does not count: {stop}")));
    if told {
        return stops.collect();
    }
    let mut nodes: Vec<Node> = claim.ways.iter().flat_map(|known| way(known, shown)).collect();
    nodes.dedup();
    let window = [("from", &claim.from), ("until", &claim.until)].into_iter();
    let window: Vec<String> = window.filter_map(|(word, time)| Some(format!("{word} {}", time.as_ref()?))).collect();
    if !window.is_empty() {
        nodes.push(leaf(format!("window: {}", window.join(" "))));
    }
    nodes.extend(claim.source.iter().map(|source| {
        let word = match source.kind {
            "approvedBy" => "approved by (as its object says)",
            "pullRequest" => "pull request (as its object says)",
            "commit" => "commit (as its object says)",
            "flux" => "applied by Flux from",
            "argocd" => "applied by Argo CD from",
            "helm" => "applied by Helm from",
            _ => "last written by",
        };
        leaf(format!("{word} {}", source.name))
    }));
    nodes.extend(stops);
    nodes
}

fn change_line(change: &Change) -> String {
    let values = match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!(" {from} → {to}"),
        _ => String::new(),
    };
    let hand = if change.by_hand { ", by a person" } else { "" };
    format!("next: {}{values}{hand}; {}", change.does, change.reason)
}

/// What keeps a change from being made.
fn change_details(change: &Change, app: &ExplainApp, again: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(held) = &change.held {
        lines.push(format!("held, {held}: {}", words::held(held, None)));
    }
    if let Some(digest) = &change.digest {
        lines.push(format!("appaccess approve {} {digest}{again}", app.app));
    }
    if let Some(due) = &change.due {
        lines.push(format!("settles until {due}, unless a claim comes back"));
    }
    lines.extend(change.message.clone());
    lines
}

/// What is remembered of a thing, and what is still to come.
fn facts(thing: &Thing) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(why) = &thing.unknown {
        lines.push(format!("nobody can tell: {why}"));
    }
    if let Some(owned) = &thing.owned {
        let how = if owned.origin == "created" { "made by us" } else { "found and taken over" };
        lines.push(format!("{how} {}", owned.since));
    }
    if let Some(removed) = &thing.removed {
        lines.push(format!("removed {}: {}", removed.at, removed.cause));
    }
    lines
}

fn last(thing: &Thing) -> Option<String> {
    let last = thing.last.as_ref()?;
    let approval = last.approval().map(|approval| format!("; {approval}")).unwrap_or_default();
    Some(format!("last change: {} {}; {}{approval}; {}", last.time, last.what(), last.because, last.result()))
}

/// What explains a thing; `told` are the claims that were explained above.
fn node<'a>(thing: &'a Thing, app: &ExplainApp, again: &str, told: &mut BTreeSet<&'a str>, shown: Shown<'_>) -> Node {
    let leaf = |text: &String| Node::leaf(shown(text));
    let claims: Vec<Node> = thing
        .claims
        .iter()
        .map(|claim| {
            let again = !told.insert(&claim.name);
            Node::leaf(shown(&claim_line(claim))).over(claim_details(claim, again, shown))
        })
        .collect();
    let change = thing.change.iter().map(|change| {
        Node::leaf(shown(&change_line(change))).over(change_details(change, app, again).iter().map(leaf))
    });
    let facts: Vec<Node> = facts(thing).iter().map(leaf).collect();
    Node::default().over(claims).over(facts).over(change).over(last(thing).iter().map(leaf))
}

fn headline(thing: &Thing) -> String {
    let account = thing.account.as_ref().filter(|_| thing.entitlement.kind == "account");
    let account = account.map(|id| format!(" {id}")).unwrap_or_default();
    format!("{}{account}", entitlement(&thing.entitlement))
}

fn who(person: &Person) -> String {
    let also: Vec<&str> = person.mails.iter().map(String::as_str).filter(|mail| *mail != person.name).collect();
    let also = if also.is_empty() { String::new() } else { format!("; also {}", also.join(", ")) };
    match (&person.directory, &person.left, &person.unsure) {
        (_, _, Some(why)) => format!("nobody can tell who that is: {why}"),
        (Some(directory), Some(left), _) => format!("left: {directory} says {left}{also}"),
        _ if person.past => {
            format!("in no file and no directory any more; the journal has them as {}{also}", person.key)
        }
        (Some(directory), None, _) => format!("known to {directory}{also}"),
        (None, ..) => "known to no directory".to_owned(),
    }
}

fn others(app: &ExplainApp) -> Option<String> {
    let (shown, rest) = app.others.split_at_checked(OTHERS_SHOWN).unwrap_or((&app.others, &[]));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let names = shown.join(", ");
    (!shown.is_empty()).then(|| {
        format!("{} on this app do not name them: {names}{more}", words::counted(app.others.len(), "claim", "claims"))
            .replacen("1 claim on this app do not", "1 claim on this app does not", 1)
    })
}

/// Apps that are told one by one, and those where there is nothing to tell.
fn parted(document: &ExplainDocument) -> (Vec<&ExplainApp>, Vec<&str>) {
    let (told, silent): (Vec<_>, Vec<_>) =
        document.apps.iter().partition(|app| document.chosen || !app.things.is_empty());
    (told, silent.iter().map(|app| app.app.as_str()).collect())
}

/// For a terminal.
pub(super) fn text(document: &ExplainDocument) -> String {
    let mut text = String::new();
    let person = &document.person;
    let _ = writeln!(text, "{}  {}", painted(BOLD, &printable(&person.name)), printable(&who(person)));
    let (told, silent) = parted(document);
    for app in told {
        text.push('\n');
        let name = painted(BOLD, &printable(&app.app));
        let _ = writeln!(text, "{name}  mode {}; {}", app.mode, printable(&app.note));
        let mut claims_told = BTreeSet::new();
        let mut nodes: Vec<Node> = app
            .things
            .iter()
            .map(|thing| {
                let words = format!(
                    "{}  {}",
                    painted(BOLD, &printable(&headline(thing))),
                    painted(style(thing), &verdict(thing))
                );
                Node { text: words, ..node(thing, app, &document.again, &mut claims_told, &printable) }
            })
            .collect();
        if app.things.is_empty() {
            nodes.push(Node::leaf("has nothing here, and no claim names them"));
        }
        nodes.extend(others(app).map(|others| Node::leaf(printable(&others))));
        draw(&mut text, &nodes);
    }
    if !silent.is_empty() {
        text.push('\n');
        let _ = writeln!(text, "{}", printable(&format!("Nothing in {}.", silent.join(", "))));
    }
    for entry in &document.errors {
        text.push('\n');
        text.push_str(&three_lines(&format!("{}: {}", entry.object, entry.reason), &entry.message, &entry.remedy));
    }
    text
}

/// For an issue or a review.
pub(super) fn markdown(document: &ExplainDocument) -> String {
    let person = &document.person;
    let mut text = format!("### {}\n\n{}\n", code_span(&person.name), code_span(&who(person)));
    let (told, silent) = parted(document);
    for app in told {
        let _ = writeln!(text, "\n**{}** mode {}; {}\n", code_span(&app.app), app.mode, code_span(&app.note));
        let mut told = BTreeSet::new();
        for thing in &app.things {
            let _ = writeln!(text, "- {} **{}**", code_span(&headline(thing)), verdict(thing));
            list(&mut text, &node(thing, app, &document.again, &mut told, &code_span).below, 2);
        }
        if app.things.is_empty() {
            text.push_str("- has nothing here, and no claim names them\n");
        }
        if let Some(others) = others(app) {
            let _ = writeln!(text, "- {}", code_span(&others));
        }
    }
    if !silent.is_empty() {
        let _ = writeln!(text, "\nNothing in {}.", code_span(&silent.join(", ")));
    }
    for entry in &document.errors {
        let object = code_span(&format!("{}: {}", entry.object, entry.reason));
        let _ = writeln!(text, "\n- ⚠ {object} {}: {}", code_span(&entry.message), code_span(&entry.remedy));
    }
    text
}

fn list(text: &mut String, nodes: &[Node], indent: usize) {
    for node in nodes {
        let _ = writeln!(text, "{:indent$}- {}", "", node.text);
        list(text, &node.below, indent + 2);
    }
}
