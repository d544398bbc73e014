//! The text of objects, so that every reader of YAML sees the same: what an unquoted word could be taken for is quoted,
//! and what cannot be seen is written as an escape.

use std::{collections::BTreeMap, fmt::Write as _};

use appaccess_core::access::ObjectName;

use super::{
    LeftOut,
    grants::{Grant, NewTeam, People},
    holders::Item,
};
use crate::{api::API_VERSION, load::mistaken_for};

/// Lines that say what was left out, and their bytes; the rest is counted.
const MOST_COMMENTS: (usize, usize) = (500, 24 * 1024);

/// What is not declared, as comments; nothing where that is nothing.
pub(super) fn comments(left_out: &[LeftOut]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for LeftOut { label, what, reason } in left_out {
        let what = if what.is_empty() { String::new() } else { format!(", {}", visible(what)) };
        reasons.entry(reason).or_default().push(format!("#   - {}{what}\n", visible(label)));
    }
    let mut text = String::from("# Not declared, and why:\n");
    let (lines, bytes) = MOST_COMMENTS;
    let mut shown = 0;
    for (reason, rows) in reasons {
        if shown == lines || text.len() > bytes {
            break;
        }
        let _ = writeln!(text, "# - {}:", visible(reason));
        for row in rows {
            if shown < lines && text.len() <= bytes {
                text.push_str(&row);
                shown += 1;
            }
        }
    }
    if shown < left_out.len() {
        let _ = writeln!(text, "# - and {} more", left_out.len() - shown);
    }
    text
}

/// How many bytes a text takes as a value of its own line.
pub(super) fn size(text: &str) -> usize {
    scalar(text).len() + 16
}

/// An `AppAccess` with these grants, as [`grant`] writes them.
pub(super) fn access(name: &ObjectName, app: &ObjectName, grants: &[String]) -> String {
    let app = scalar(&app.name);
    format!("{}spec:\n  appRef:\n    name: {app}\n  grants:\n{}", head("AppAccess", name), grants.concat())
}

/// A `Team`.
pub(super) fn team(team: &NewTeam) -> String {
    let members = team.members.iter().map(|member| format!("    - user: {}\n", scalar(member)));
    format!("{}spec:\n  members:\n{}", head("Team", &team.name), members.collect::<String>())
}

fn head(kind: &str, name: &ObjectName) -> String {
    let (namespace, name) = (scalar(&name.namespace), scalar(&name.name));
    format!("apiVersion: {API_VERSION}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {namespace}\n")
}

/// One grant of the app's own namespace.
pub(super) fn grant(app: &ObjectName, grant: &Grant) -> String {
    let mut text = format!("    - name: {}\n      subjects:\n", scalar(&grant.name));
    match &grant.people {
        People::Users(users) => {
            for (user, invited) in users {
                let note = if *invited { " # invited, not accepted yet" } else { "" };
                let _ = writeln!(text, "        - user: {}{note}", scalar(user));
            }
        }
        People::Team(team) => {
            let _ = writeln!(text, "        - team:\n            name: {}", scalar(&team.name));
            if team.namespace != app.namespace {
                let _ = writeln!(text, "            namespace: {}", scalar(&team.namespace));
            }
        }
    }
    names(&mut text, "roles", grant.items.iter().filter(|item| &*item.kind == "role" && item.level.is_none()));
    names(&mut text, "groups", grant.items.iter().filter(|item| &*item.kind == "group" && item.level.is_none()));
    let is_other = |item: &&Item| item.level.is_some() || !matches!(&*item.kind, "role" | "group");
    let mut title = Some("      entitlements:\n");
    for item in grant.items.iter().filter(is_other) {
        text.push_str(title.take().unwrap_or_default());
        let _ = writeln!(text, "        - type: {}\n          name: {}", scalar(&item.kind), scalar(&item.name));
        if let Some(level) = &item.level {
            let _ = writeln!(text, "          level: {}", scalar(level));
        }
    }
    text
}

fn names<'a>(text: &mut String, field: &str, items: impl Iterator<Item = &'a Item>) {
    let mut title = Some(format!("      {field}:\n"));
    for item in items {
        text.push_str(&title.take().unwrap_or_default());
        let _ = writeln!(text, "        - {}", scalar(&item.name));
    }
}

/// A text as a scalar: plain where nobody can take it for anything else, else in double quotes.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./@+".contains(&byte))
        && mistaken_for(text).is_none();
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if is_seen(letter) => quoted.push(letter),
            letter => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(letter));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// A text of one line in which nothing hides.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_seen(letter) {
            shown.push(letter);
        } else {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
        }
    }
    shown
}

/// Whether a character is seen as what it is: neither a control nor a mark that turns, hides or breaks a line.
fn is_seen(letter: char) -> bool {
    // Letters by name, and blank by looks.
    let is_blank = matches!(letter, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    let is_sign = matches!(letter,
        '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}'
        | '\u{20a0}'..='\u{20bf}' | '\u{2190}'..='\u{21ff}' | '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}');
    letter.is_ascii_graphic() || letter == ' ' || is_sign || (letter.is_alphanumeric() && !is_blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_a_reader_may_mistake_is_quoted() {
        for plain in ["Studio", "ana@birch.studio", "a-b_c.d/e+f", "nobody"] {
            assert_eq!(scalar(plain), plain);
        }
        for text in [
            "no",
            "NO",
            "Off",
            "y",
            "null",
            "~",
            "",
            "123",
            "0x1F",
            "1e5",
            "12:30:45",
            "2026-12-15",
            "- a",
            "a: b",
            "#a",
            "a #b",
            "*a",
            "&a",
            "!a",
            "@a",
            "%a",
            "a,b",
            "[a]",
            "{a}",
            " a",
            "a ",
            "true",
            ".inf",
            "?",
            "|",
            "Zo\u{eb}",
        ] {
            assert!(scalar(text).starts_with('"'), "{text}");
        }
        assert_eq!(scalar("Caf\u{e9} \u{2013} \u{1f680}"), "\"Caf\u{e9} \u{2013} \u{1f680}\"");
        assert_eq!(scalar("a\u{3164}\u{a0}"), r#""a\U00003164\U000000A0""#);
        assert_eq!(scalar("a\"b\\c\n\u{202e}d"), r#""a\"b\\c\U0000000A\U0000202Ed""#);
    }

    #[test]
    fn a_comment_stays_one_line_and_their_number_is_bounded() {
        let one = LeftOut { label: "a\nspec: x".into(), what: String::new(), reason: "sus\u{2028}pended".into() };
        assert_eq!(
            comments(std::slice::from_ref(&one)),
            "# Not declared, and why:\n# - sus\\u{2028}pended:\n#   - a\\u{a}spec: x\n"
        );
        assert_eq!(comments(&vec![one; 700]).lines().count(), 503);
        assert_eq!(comments(&[]), "");
    }
}
