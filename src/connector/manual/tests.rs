//! What a roster says, and what it does not.

use appaccess_core::access::{AccountId, AccountState, Completeness, Observation, Slot};

use super::{Columns, Settings, cell, open, roster::Roster};
use crate::connector::Reader as _;

fn read(text: &str) -> Observation {
    Roster::read(text, &Columns::default()).unwrap().observation()
}

fn refused(text: &str) -> String {
    Roster::read(text, &Columns::default()).unwrap_err().to_string()
}

fn message(observation: &Observation) -> String {
    match &observation.completeness {
        Completeness::Incomplete { reason, message } => format!("{reason}: {message}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_roster_is_a_complete_reading() {
    let roster = "user,name,active,role,groups,lastActive\n\
        ana@birch.studio,Ana Ruiz,yes,admin,Studio;Night shift,2026-11-19\n\
        JOEL@birch.studio,\"Joel, the elder\",no,,,never\n\
        gate-controller,,invited,viewer,Doors|Gates,2026-11-19T09:30:00+01:00\n";
    let observation = read(roster);
    assert!(observation.is_complete());
    let ana = observation.account(&AccountId::new("ana@birch.studio")).unwrap();
    let held: Vec<String> = ana.entitlements.keys().map(ToString::to_string).collect();
    assert_eq!(held, ["group Night shift", "group Studio", "role"]);
    assert_eq!(ana.entitlements[&Slot::new("role", "")].as_deref(), Some("admin"));
    assert_eq!(ana.last_active.unwrap().to_string(), "2026-11-19T00:00:00Z");
    let joel = observation.account(&AccountId::new("joel@birch.studio")).unwrap();
    assert_eq!((joel.state, &*joel.login, joel.last_active), (AccountState::Suspended, "JOEL@birch.studio", None));
    assert_eq!(&*joel.attributes["displayName"], "Joel, the elder");
    let gate = observation.account(&AccountId::new("gate-controller")).unwrap();
    assert_eq!((gate.state, gate.entitlements.len()), (AccountState::Invited, 3));
    assert_eq!(gate.last_active.unwrap().to_string(), "2026-11-19T08:30:00Z");
}

#[test]
fn what_spreadsheets_write_is_read() {
    for text in [
        "\u{feff}user,active\r\nana@birch.studio,TRUE\r\n\r\n",
        "User;Active\r\n\"ana@birch.studio\";Yes\r\n;\r\n",
        " USER \tactive\nana@birch.studio\tenabled",
        "\"user\",\"active\"\n\"ana@birch.studio\",\"1\"\n",
    ] {
        let observation = read(text);
        assert!(observation.is_complete(), "{text:?}: {observation:?}");
        assert_eq!((observation.accounts.len(), observation.accounts[0].state), (1, AccountState::Active), "{text:?}");
    }
}

#[test]
fn columns_may_have_other_names_and_a_wrong_one_is_named() {
    let columns = Columns {
        user: Some("E-Mail".into()),
        active: Some("Status".into()),
        last_active: Some("Last seen".into()),
        ..Columns::default()
    };
    let text = "E-mail,Status,Last seen,role\nana@birch.studio,Active,2026-11-19 10:00:00,admin\n";
    let roster = Roster::read(text, &columns).unwrap();
    assert!(roster.is_complete() && roster.has_roles() && !roster.has_groups());
    let wrong = Columns { active: Some("State".into()), ..columns };
    let error = Roster::read(text, &wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the roster has no column \"State\"; its header says E-mail, Status, Last seen, role"
    );
    assert_eq!(error.reason(), "RosterInvalid");
    assert!(refused("user,User\na,b\n").contains("twice"));
}

#[test]
fn nothing_at_all_is_an_error_and_never_an_empty_app() {
    assert!(refused("").contains("is empty"));
    assert!(refused("\u{feff}\n \n").contains("is empty"));
    assert!(refused("user,active\n").contains("has no account"));
    assert!(refused("user,active\n,\n").contains("has no account"));
    assert!(refused("user,active\nana,perhaps\n").contains("has no account, line 2 column \"active\""));
    assert!(refused("mail,active\nana@birch.studio,yes\n").contains("no column \"user\""));
}

#[test]
fn a_row_that_cannot_be_read_makes_it_incomplete_and_is_named_by_its_line() {
    let text = "user,active\nana@birch.studio,yes\njoel@birch.studio,perhaps\nmara@birch.studio\n,yes\n";
    let observation = read(text);
    assert_eq!(observation.accounts.len(), 1);
    let told = message(&observation);
    assert!(told.starts_with("RosterIncomplete: line 3 column \"active\" says \"perhaps\""), "{told}");
    assert!(told.contains("line 4 has 1 cells and the header 2; line 5 column \"user\" is empty"), "{told}");
}

#[test]
fn somebody_who_stands_twice_makes_it_incomplete() {
    let told = message(&read("user\nana@birch.studio\njoel@birch.studio\nANA@birch.studio\n"));
    assert_eq!(told, "RosterIncomplete: line 4 names ana@birch.studio again, after line 2");
}

#[test]
fn a_cut_roster_is_incomplete() {
    let text = "user,groups\nana@birch.studio,\"Studio\"\njoel@birch.studio,\"Stu";
    assert!(message(&read(text)).contains("quotes do not pair"));
    let text = "user,groups\nana@birch.studio,\nmara@birch.studio,\"Studio\njoel@birch.studio,Studio\"\n";
    assert!(message(&read(text)).contains("line 3 column \"groups\" holds a line break"), "a quote swallowed a row");
    assert!(message(&read("user,active,role\nana@birch.studio,yes,admin\njoel@birc")).contains("line 3 has 1 cells"));
}

#[test]
fn many_faults_are_counted() {
    let rows = (0..40).map(|number| format!("p{number}@birch.studio,?\n")).collect::<Vec<_>>().concat();
    let told = message(&read(&format!("user,active\nana@birch.studio,yes\n{rows}")));
    assert!(told.ends_with("and 35 more"), "{told}");
}

#[test]
fn sizes_are_bounded() {
    assert!(refused(&format!("user\n{}", "a".repeat(17 << 20))).contains("16 MiB"));
    assert!(message(&read(&format!("user,name\njoel,\nana,{}\n", "x".repeat(2000)))).contains("longer than 1024"));
    let header = (0..300).map(|number| format!(",c{number}")).collect::<Vec<_>>().concat();
    assert!(refused(&format!("user{header}\n")).contains("256 columns"));
}

#[test]
fn times_are_dates_or_moments() {
    assert!(cell::time("2026-11-19T10:00").unwrap().is_some());
    assert_eq!(cell::time(" ").unwrap(), None);
    assert!(cell::time("11/20/2026").unwrap_err().contains("is no time"));
}

#[tokio::test]
async fn what_the_roster_cannot_show_cannot_be_claimed() {
    let can = async |roster: &str, order: &[&str]| {
        let settings = Settings {
            roster: roster.into(),
            role_order: order.iter().map(|&role| role.into()).collect(),
            instructions: Some("Settings, Team".into()),
            ..Settings::default()
        };
        open(&settings).unwrap().0.capabilities().await.unwrap()
    };
    let alone = can("user\nana\n", &[]).await;
    assert!(alone.kinds.is_empty() && alone.absent.contains_key("role") && alone.absent.contains_key("group"));
    let whole = can("user,role,groups\nana,admin,\n", &["viewer", "admin"]).await;
    assert!(whole.kinds["role"].required && whole.by_hand.everything && whole.look_up);
    assert_eq!(whole.by_hand.clicks_for("suspend").map(|text| &**text), Some("Settings, Team"));
    assert!(!can("user\nana\nana\n", &[]).await.look_up, "nobody is told absent by half a roster");
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-c,;\"\n\t @]{0,80}") {
        if let Ok(roster) = Roster::read(&format!("user,active,role,groups,lastActive\n{text}"), &Columns::default()) {
            let observation = roster.observation();
            proptest::prop_assert!(!observation.accounts.is_empty());
        }
    }
}
