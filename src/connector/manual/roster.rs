//! From the text of a roster to one reading of the app, with proof of whether it is complete. Decides nothing else.

use std::collections::BTreeMap;

use appaccess_core::access::{AccountId, Completeness, Mail, Observation, ObservedAccount, Slot};
use csv::{ReaderBuilder, StringRecord};

use super::cell;
use crate::connector::ConnectorError;

/// Largest roster that is read, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;
/// Most accounts of a roster.
const MOST_ROWS: u64 = 200_000;
/// Most columns of a roster.
const MOST_COLUMNS: usize = 256;
/// Faults that are told; the rest is counted.
const MOST_TOLD: usize = 5;
/// What separates cells, the likeliest first.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The names of the columns, where the owner of the app gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::connector) struct Columns {
    /// The mail address or login.
    pub(in crate::connector) user: Option<String>,
    /// The name.
    pub(in crate::connector) name: Option<String>,
    /// Whether the account is active.
    pub(in crate::connector) active: Option<String>,
    /// The role.
    pub(in crate::connector) role: Option<String>,
    /// The groups.
    pub(in crate::connector) groups: Option<String>,
    /// The time of the last activity.
    pub(in crate::connector) last_active: Option<String>,
}

/// Where the columns are.
#[derive(Clone, Copy, Debug)]
struct Places {
    user: usize,
    name: Option<usize>,
    active: Option<usize>,
    role: Option<usize>,
    groups: Option<usize>,
    last_active: Option<usize>,
}

/// A roster as it was read.
#[derive(Debug)]
pub(super) struct Roster {
    places: Places,
    accounts: BTreeMap<AccountId, (u64, ObservedAccount)>,
    faults: Vec<String>,
}

impl Roster {
    /// Reads a roster. A row that cannot be read makes the reading incomplete; the other rows count.
    ///
    /// # Errors
    /// [`ConnectorError::Roster`] where the whole says nothing: empty, too large, or without a column of users.
    pub(super) fn read(text: &str, columns: &Columns) -> Result<Self, ConnectorError> {
        let text = text.trim_start_matches('\u{feff}');
        if text.len() > LARGEST {
            return Err(wrong("is larger than 16 MiB"));
        }
        if text.trim().is_empty() {
            return Err(wrong("is empty, which is never taken for an app that nobody uses"));
        }
        let mut rows = ReaderBuilder::new().delimiter(delimiter(text)).flexible(true).from_reader(text.as_bytes());
        let header = rows.headers().map_err(|error| wrong(&format!("has no readable header: {error}")))?.clone();
        let mut roster =
            Self { places: Places::find(&header, columns)?, accounts: BTreeMap::new(), faults: Vec::new() };
        // A quote within a quoted cell is doubled (RFC 4180 section 2), so that an odd number means a cut or broken row.
        if text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
            roster.faults.push("the quotes do not pair: a row is cut or broken".to_owned());
        }
        for (count, row) in (1_u64..).zip(rows.records()) {
            if count > MOST_ROWS {
                return Err(wrong("has more than 200000 rows"));
            }
            match row {
                Ok(row) => roster.row(&header, &row),
                Err(error) => roster.faults.push(error.to_string()),
            }
        }
        if roster.accounts.is_empty() {
            let why = roster.told();
            let why = if why.is_empty() { "which is never taken for an app that nobody uses".to_owned() } else { why };
            return Err(wrong(&format!("has no account, {why}")));
        }
        Ok(roster)
    }

    fn row(&mut self, header: &StringRecord, row: &StringRecord) {
        let line = row.position().map_or(0, csv::Position::line);
        if row.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        if row.len() != header.len() {
            return self.fault(line, &format!("has {} cells and the header {}", row.len(), header.len()));
        }
        match self.account(header, row) {
            Err(why) => self.fault(line, &why),
            Ok(account) => match self.accounts.get(&account.id) {
                Some((first, _)) => {
                    let why = format!("names {} again, after line {first}", account.id);
                    self.fault(line, &why);
                }
                None => drop(self.accounts.insert(account.id.clone(), (line, account))),
            },
        }
    }

    fn account(&self, header: &StringRecord, row: &StringRecord) -> Result<ObservedAccount, String> {
        let named = |place: usize, why: String| format!("column {:?} {why}", header.get(place).unwrap_or_default());
        let cell = |place: usize| row.get(place).unwrap_or_default();
        let text = |place: usize| cell::text(cell(place)).map_err(|why| named(place, why));
        let user = text(self.places.user)?;
        if user.is_empty() {
            return Err(named(self.places.user, "is empty".into()));
        }
        let id = Mail::parse(user).map_or_else(|_| user.to_ascii_lowercase(), |mail| mail.as_str().to_owned());
        let mut account = ObservedAccount::new(&id, user);
        if let Some(place) = self.places.name {
            account.attributes.insert("displayName".into(), text(place)?.into());
        }
        if let Some(place) = self.places.active {
            account.state = cell::state(cell(place)).map_err(|why| named(place, why))?;
        }
        if let Some(place) = self.places.role
            && let role = text(place)?
            && !role.is_empty()
        {
            account.entitlements.insert(Slot::new("role", ""), Some(role.into()));
        }
        if let Some(place) = self.places.groups {
            for group in cell::groups(cell(place)).map_err(|why| named(place, why))? {
                account.entitlements.insert(Slot::group(&group), None);
            }
        }
        if let Some(place) = self.places.last_active {
            account.last_active = cell::time(cell(place)).map_err(|why| named(place, why))?;
        }
        Ok(account)
    }

    fn fault(&mut self, line: u64, why: &str) {
        self.faults.push(format!("line {line} {why}"));
    }

    /// Whether every row could be read, and named somebody else.
    pub(super) fn is_complete(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether it tells roles.
    pub(super) fn has_roles(&self) -> bool {
        self.places.role.is_some()
    }

    /// Whether it tells groups.
    pub(super) fn has_groups(&self) -> bool {
        self.places.groups.is_some()
    }

    /// What it says as a reading of the app.
    pub(super) fn observation(&self) -> Observation {
        let mut observation =
            Observation::complete(self.accounts.values().map(|(_, account)| account.clone()).collect());
        if !self.is_complete() {
            observation.completeness =
                Completeness::Incomplete { reason: "RosterIncomplete".into(), message: self.told().into() };
        }
        observation
    }

    /// The first faults, and how many more there are.
    fn told(&self) -> String {
        let told = self.faults.iter().take(MOST_TOLD).cloned().collect::<Vec<_>>().join("; ");
        match self.faults.len().saturating_sub(MOST_TOLD) {
            0 => told,
            more => format!("{told}; and {more} more"),
        }
    }
}

impl Places {
    fn find(header: &StringRecord, columns: &Columns) -> Result<Self, ConnectorError> {
        if header.len() > MOST_COLUMNS {
            return Err(wrong("has more than 256 columns"));
        }
        let find = |given: Option<&String>, ours: &str| -> Result<Option<usize>, ConnectorError> {
            let wanted = given.map_or(ours, String::as_str).trim();
            let same = |cell: &str| cell.trim().to_lowercase() == wanted.to_lowercase();
            let mut places = header.iter().enumerate().filter(|(_, cell)| same(cell)).map(|(place, _)| place);
            match (places.next(), places.next()) {
                (Some(_), Some(_)) => Err(wrong(&format!("has the column {wanted:?} twice"))),
                (None, _) if given.is_some() || ours == "user" => Err(no_column(header, wanted)),
                (place, _) => Ok(place),
            }
        };
        let user = find(columns.user.as_ref(), "user")?.ok_or_else(|| no_column(header, "user"))?;
        Ok(Self {
            user,
            name: find(columns.name.as_ref(), "name")?,
            active: find(columns.active.as_ref(), "active")?,
            role: find(columns.role.as_ref(), "role")?,
            groups: find(columns.groups.as_ref(), "groups")?,
            last_active: find(columns.last_active.as_ref(), "lastActive")?,
        })
    }
}

/// The sign that separates most cells of the first line outside quotes.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let mut quoted = false;
    let mut counts = [0_usize; DELIMITERS.len()];
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        if let Some(count) =
            DELIMITERS.iter().position(|known| *known == byte && !quoted).and_then(|at| counts.get_mut(at))
        {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    DELIMITERS.into_iter().zip(counts).find(|(_, count)| *count == most).map_or(b',', |(delimiter, _)| delimiter)
}

fn wrong(what: &str) -> ConnectorError {
    ConnectorError::Roster { what: what.to_owned() }
}

fn no_column(header: &StringRecord, wanted: &str) -> ConnectorError {
    let cut = |cell: &str| cell.trim().chars().take(40).filter(|letter| !letter.is_control()).collect::<String>();
    let known: Vec<String> = header.iter().take(12).map(cut).collect();
    let wanted: String = wanted.chars().take(128).collect();
    wrong(&format!("has no column {wanted:?}; its header says {}", known.join(", ")))
}
