//! The table of what each connector shows and what its vendor cannot, as `docs/connectors.md` has it.

use std::fmt::Write as _;

use super::{BEHAVIOURS, Stand, columns};
use crate::support::tools::repository;

/// One connector of the table.
pub(super) struct Column {
    name: &'static str,
    /// By behaviour, why the vendor cannot.
    cannot: Vec<Option<&'static str>>,
}

impl Column {
    pub(super) fn of<S: Stand>() -> Self {
        Self { name: S::NAME, cannot: BEHAVIOURS.iter().map(|behaviour| S::cannot(behaviour)).collect() }
    }
}

const START: &str = "<!-- the contract: made by the tests -->\n";
const END: &str = "<!-- end of the contract -->\n";

fn rendered(columns: &[Column]) -> String {
    let mut text = String::from("\n| behaviour |");
    for column in columns {
        write!(text, " {} |", column.name).unwrap();
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(columns.len()));
    let mut reasons: Vec<&str> = Vec::new();
    for (row, behaviour) in BEHAVIOURS.iter().enumerate() {
        write!(text, "\n| {} |", behaviour.replace('_', " ")).unwrap();
        for column in columns {
            match column.cannot[row] {
                None => text.push_str(" yes |"),
                Some(reason) => {
                    let number = reasons.iter().position(|known| *known == reason).unwrap_or_else(|| {
                        reasons.push(reason);
                        reasons.len() - 1
                    });
                    write!(text, " no ({}) |", number + 1).unwrap();
                }
            }
        }
    }
    text.push_str("\n\n");
    for (number, reason) in reasons.iter().enumerate() {
        writeln!(text, "{}. {reason}", number + 1).unwrap();
    }
    text.push('\n');
    text
}

#[test]
fn the_table_of_the_documentation_is_what_the_tests_show() {
    let path = repository().join("docs/connectors.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).expect("the page has a place for the table");
    let (shown, after) = rest.split_once(END).expect("the table has an end");
    let made = rendered(&columns());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{START}{made}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(shown, made, "run `UPDATE_DOCS=1 cargo test --test it contract::table`");
}

#[test]
fn the_contract_is_long_enough_to_mean_something() {
    assert!(BEHAVIOURS.len() >= 30);
    for column in columns() {
        let shown = column.cannot.iter().filter(|reason| reason.is_none()).count();
        assert!(shown > 0, "{} shows nothing", column.name);
        for reason in column.cannot.iter().flatten() {
            assert!(reason.len() > 20 && reason.ends_with('.'), "{}: a reason is a sentence: {reason:?}", column.name);
        }
    }
}
