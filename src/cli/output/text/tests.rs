//! The whole text of a plan in which every section occurs.

use super::*;
use crate::cli::output::document::{Activity, Calls, Cost, Counts, Drift, Entitlement, PLAN_SCHEMA};

fn change(action: &'static str, person: &str, kind: &str, name: &str) -> Change {
    let removal = matches!(action, "revoke" | "suspend" | "delete");
    Change {
        action,
        person: Some(person.to_owned()),
        account: removal.then(|| format!("u_{}", &person[..1])),
        entitlement: Entitlement { kind: kind.to_owned(), name: name.to_owned(), level: None },
        from: None,
        to: None,
        attributes: None,
        cause: if removal { "withdrawn" } else { "declared" },
        because: Vec::new(),
        reason: if removal { "no longer declared by a/b#c" } else { "declared by a/b#c" }.to_owned(),
        permitted: true,
        held: None,
        due: None,
        held_when_due: None,
        task: None,
        does: action,
        outcome: None,
        error: None,
        label: person.to_owned(),
        removal,
    }
}

fn nobody(action: &'static str, account: &str, label: &str) -> Change {
    let change = change(action, label, "account", "");
    Change { person: None, account: Some(account.to_owned()), permitted: false, ..change }
}

fn held(reason: &'static str, change: Change) -> Change {
    Change { held: Some(reason), ..change }
}

fn changes() -> Vec<Change> {
    let settling = |change| Change { due: Some("2027-03-01T08:00:00Z".to_owned()), ..change };
    let ended = Change {
        cause: "expired",
        reason: "ended at 2027-02-28T08:00:00Z".to_owned(),
        ..change("revoke", "lea@birch.studio", "group", "Freelance")
    };
    vec![
        change("create", "zoe@birch.studio", "account", ""),
        change("create", "ana@birch.studio", "account", ""),
        change("grant", "zoe@birch.studio", "group", "Studio"),
        change("adopt", "bo@birch.studio", "group", "Studio"),
        nobody("suspend", "u_9", "bot"),
        nobody("suspend", "u_8", "bot"),
        settling(change("revoke", "tom@birch.studio", "group", "Studio")),
        settling(change("revoke", "ines@birch.studio", "group", "Studio")),
        settling(change("suspend", "tom@birch.studio", "account", "")),
        change("revoke", "mia@birch.studio", "group", "Films"),
        change("revoke", "kim@birch.studio", "group", "Films"),
        change("revoke", "mia@birch.studio", "group", "Studio"),
        held("ThresholdExceeded", change("revoke", "lea@birch.studio", "group", "Studio")),
        held("ThresholdExceeded", change("revoke", "jo@birch.studio", "group", "Studio")),
        held("ThresholdExceeded", change("suspend", "lea@birch.studio", "account", "")),
        held("ThresholdExceeded", ended),
        held("LastAdmin", change("revoke", "ada@birch.studio", "role", "admin")),
    ]
}

fn document(changes: Vec<Change>, people: u64) -> PlanDocument {
    let drift = Drift {
        kind: "unknown",
        person: None,
        account: Some("u_77".to_owned()),
        label: "old@birch.studio".to_owned(),
        entitlement: Entitlement { kind: "account".to_owned(), name: String::new(), level: None },
        policy: Some("Report".to_owned()),
    };
    let hold = Hold {
        digest: "sha256:00".to_owned(),
        sequence: 1,
        people,
        allowed: 2,
        reasons: vec!["LastAdmin".to_owned(), "ThresholdExceeded".to_owned()],
    };
    let app = App {
        app: "access/planner".to_owned(),
        mode: "Full".to_owned(),
        complete: Some(true),
        waits: Waits::Hold { hold: Some(hold) },
        counts: Counts { seen: 11, ..Counts::default() },
        changes,
        drift: vec![drift],
        cost: Some(Cost {
            currency: "EUR".to_owned(),
            monthly: "60.00".to_owned(),
            monthly_after: "67.50".to_owned(),
            monthly_waste: "7.50".to_owned(),
            monthly_waste_after: "0.00".to_owned(),
            used: 8,
            used_after: 9,
            purchased: Some(8),
            unused: 1,
            unused_after: 0,
            activity: Some(Activity { holders: 7, inactive: 1, unknown: 3 }),
            renews_on: Some("2027-04-01".to_owned()),
        }),
        conditions: Vec::new(),
        calls: Calls::default(),
    };
    let error = ErrorEntry {
        app: Some("access/toggl".to_owned()),
        object: "TargetApp access/toggl".to_owned(),
        reason: "SecretMissing".to_owned(),
        message: "there is no Secret access/toggl-token".to_owned(),
        remedy: "create it".to_owned(),
        place: Some(Line { file: "access/toggl.yaml".to_owned(), line: 2 }),
    };
    PlanDocument { schema: PLAN_SCHEMA, apps: vec![app], errors: vec![error], touched: None, tried: false }
}

fn shown(document: &PlanDocument) -> String {
    anstream::adapter::strip_str(&plan(document, &Next::default())).to_string()
}

const EVERYTHING: &str = "\
access/planner  mode Full, 11 accounts read
  zoe@birch.studio
    + create account  declared by a/b#c
    + grant group Studio  declared by a/b#c
  ana@birch.studio
    + create account  declared by a/b#c
  Adopted: 1 taken into our books; the app is not touched
    ~ bo@birch.studio: group Studio
  Reported only: the mode or `manage` does not allow it:
  bot  (account u_9)
    - suspend account  no longer declared by a/b#c
  bot  (account u_8)
    - suspend account  no longer declared by a/b#c
  Settling: due at the time that is named, unless the claim comes back:
  ines@birch.studio  (account u_i)
    - revoke group Studio  due 2027-03-01T08:00:00Z; no longer declared by a/b#c
  tom@birch.studio  (account u_t)
    - revoke group Studio  due 2027-03-01T08:00:00Z; no longer declared by a/b#c
    - suspend account  due 2027-03-01T08:00:00Z; no longer declared by a/b#c
  Removals:
  kim@birch.studio  (account u_k)
    - revoke group Films  no longer declared by a/b#c
  mia@birch.studio  (account u_m)
    - revoke group Films  no longer declared by a/b#c
    - revoke group Studio  no longer declared by a/b#c
  Held: 5 changes for 3 people wait for a decision
    LastAdmin: fewer would hold the role than `safety.keepAtLeast` says; give it to somebody else first
      ada@birch.studio  (account u_a)  no longer declared by a/b#c
        - revoke role admin
    ThresholdExceeded: more people would lose something than the 2 that the budget leaves now
      jo@birch.studio  (account u_j)  no longer declared by a/b#c
        - revoke group Studio
      lea@birch.studio  (account u_l)  no longer declared by a/b#c
        - revoke group Studio
        - suspend account
        - revoke group Freelance  ended at 2027-02-28T08:00:00Z
    digest sha256:00
  Differs, and nobody declared it: 1
    ? old@birch.studio (account u_77)  unknown: nobody declared the account; policy Report
  Cost: 60.00 EUR a month, 67.50 after these changes; 7.50 of it for seats without an active declared holder, 0.00 afterwards
  Seats: 8 bought, 8 in use (9 after these changes); 1 of those paid for have no active declared holder; the contract renews on 2027-04-01
  Activity: 1 person inactive for too long; last activity unknown: 3 of 7

error: TargetApp access/toggl: SecretMissing
  why: there is no Secret access/toggl-token
  do:  create it
  at:  access/toggl.yaml:2

Plan: 3 to add, 0 to change, 3 to remove, 5 held, 3 settling, 2 only reported, as mode and `manage` say, 1 difference that nobody declared.

Next:
  appaccess approve access/planner sha256:00  shows every held row and lets it pass
";

#[test]
fn each_section_names_each_person_once_in_the_order_of_names_and_each_cause_of_a_hold_once() {
    assert_eq!(shown(&document(changes(), 3)), EVERYTHING);
}

#[test]
fn one_is_not_counted_as_many() {
    let one = held("LastAdmin", change("revoke", "ada@birch.studio", "role", "admin"));
    let mut document = document(vec![one], 1);
    document.apps[0].counts.seen = 1;
    let text = shown(&document);
    for words in ["1 account read", "1 change for 1 person waits for a decision", "1 difference that nobody"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
