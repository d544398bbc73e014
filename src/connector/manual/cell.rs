//! What stands in one cell of a roster. Words that exports use, and nothing guessed beyond them.

use std::collections::BTreeSet;

use appaccess_core::access::{AccountState, Text};
use jiff::{Timestamp, civil, tz::TimeZone};

/// Longest cell that is read, in characters.
const LONGEST: usize = 1024;
/// Most groups of one account.
const MOST_GROUPS: usize = 500;

/// Words for somebody who can log in.
const ACTIVE: [&str; 7] = ["true", "yes", "y", "1", "active", "enabled", "activated"];
/// Words for somebody who cannot.
const SUSPENDED: [&str; 11] =
    ["false", "no", "n", "0", "inactive", "disabled", "deactivated", "suspended", "blocked", "archived", "locked"];
/// Words for somebody who has not come yet.
const INVITED: [&str; 3] = ["invited", "pending", "invitation sent"];
/// Words for no time at all.
const NEVER: [&str; 4] = ["never", "-", "n/a", "none"];

/// A cell as it is compared: without space around it. An error says what is wrong with it.
pub(super) fn text(cell: &str) -> Result<&str, String> {
    let cell = cell.trim();
    if cell.chars().any(char::is_control) {
        return Err("holds a line break or another control character; a quote may be missing".into());
    }
    if cell.chars().count() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    Ok(cell)
}

/// Whether somebody can log in.
pub(super) fn state(cell: &str) -> Result<AccountState, String> {
    let word = text(cell)?.to_lowercase();
    let is_in = |words: &[&str]| words.contains(&word.as_str());
    if is_in(&ACTIVE) {
        Ok(AccountState::Active)
    } else if is_in(&SUSPENDED) {
        Ok(AccountState::Suspended)
    } else if is_in(&INVITED) {
        Ok(AccountState::Invited)
    } else {
        Err(format!("says {word:?}, which is neither of {} nor of {}", ACTIVE.join(", "), SUSPENDED.join(", ")))
    }
}

/// Names of groups, separated by `;` or `|`.
pub(super) fn groups(cell: &str) -> Result<BTreeSet<Text>, String> {
    let names = cell.split([';', '|']).map(str::trim).filter(|name| !name.is_empty());
    let names: BTreeSet<Text> = names.map(|name| text(name).map(Text::from)).collect::<Result<_, _>>()?;
    if names.len() > MOST_GROUPS {
        return Err(format!("names more than {MOST_GROUPS} groups"));
    }
    Ok(names)
}

/// When somebody was last active: RFC 3339, or a date with or without a time, which is taken as UTC.
pub(super) fn time(cell: &str) -> Result<Option<Timestamp>, String> {
    let cell = text(cell)?;
    if cell.is_empty() || NEVER.contains(&cell.to_lowercase().as_str()) {
        return Ok(None);
    }
    let civil = || {
        let moment: civil::DateTime = cell.parse()?;
        moment.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp())
    };
    cell.parse()
        .or_else(|_| civil())
        .map(Some)
        .map_err(|_| format!("is no time: {cell:?}; write 2026-11-20 or 2026-11-20T09:30:00Z"))
}
