//! What is said of invitations that nobody accepts, and of what people have to do by hand.

use std::collections::BTreeMap;

use appaccess_core::{
    access::{Memory, Observation},
    plan::Plan,
    resolve::Desired,
};

use super::*;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn look(accounts: Vec<ObservedAccount>) -> Look {
    Look {
        capabilities: Capabilities::new(Provisioning::Invite),
        desired: Desired::default(),
        observation: Observation::complete(accounts),
        memory: Memory::default(),
        clock_is_doubtful: false,
        plan: Plan::default(),
    }
}

fn invitation(id: &str, at: Option<&str>) -> ObservedAccount {
    ObservedAccount {
        state: AccountState::Invited,
        invited_at: at.map(time),
        ..ObservedAccount::new(id, &format!("{id}@fern.example"))
    }
}

const NOW: &str = "2026-11-22T10:00:00Z";

#[test]
fn an_invitation_is_worth_a_warning_when_it_is_likely_to_be_lost() {
    assert_eq!(invited(&look(vec![ObservedAccount::new("u1", "tom@fern.example")]), time(NOW)), None);
    let young = look(vec![invitation("ana", Some("2026-11-20T10:00:00Z"))]);
    let young = invited(&young, time(NOW)).unwrap();
    assert_eq!((young.severity, &*young.what), (Severity::Note, "1 invitation not accepted: ana@fern.example (2 d)"));
    let old = look(vec![
        invitation("ana", Some("2026-11-20T10:00:00Z")),
        invitation("tom", Some("2026-11-01T10:00:00Z")),
        invitation("lea", None),
    ]);
    let old = invited(&old, time(NOW)).unwrap();
    assert_eq!(old.severity, Severity::Warning);
    let listed =
        "3 invitations not accepted: tom@fern.example (21 d), ana@fern.example (2 d), lea@fern.example (age not told)";
    assert_eq!(old.what, listed, "the oldest first");
    assert!(!old.remedy.is_empty() && !old.why.is_empty());
}

#[test]
fn an_invitation_of_unknown_age_is_no_warning() {
    let found = invited(&look(vec![invitation("lea", None)]), time(NOW)).unwrap();
    assert_eq!(found.severity, Severity::Note);
}

#[test]
fn the_clicks_are_told_where_people_do_it() {
    let clicks = |does: &str, told: &str| BTreeMap::from([(does.into(), told.into())]);
    let capable = |by_hand: ByHand| Capabilities { by_hand, ..Capabilities::new(Provisioning::Create) };
    assert_eq!(by_hand(&capable(ByHand::default())), []);
    let deletes = ByHand { delete: true, clicks: clicks("delete", "People → open → Delete"), ..ByHand::default() };
    let found = by_hand(&capable(deletes));
    assert_eq!((found[0].severity, &*found[0].remedy), (Severity::Note, "People → open → Delete"));
    let all = ByHand { everything: true, clicks: clicks("", "Portal → Badges"), ..ByHand::default() };
    let found = by_hand(&capable(all));
    assert_eq!(
        (found.len(), &*found[0].what, &*found[0].remedy),
        (1, "every change is a task for people", "Portal → Badges")
    );
}
