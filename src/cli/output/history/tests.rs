//! The whole timeline and the whole answer to "who had access", as people and auditors see them.

use super::{super::width::fit, *};

/// Keeps what is shown beside the other screens.
fn screen(name: &str, shown: &str) {
    let plain = anstream::adapter::strip_str(shown).to_string();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, plain);
    });
}

fn entitlement(kind: &str, name: &str, level: Option<&str>) -> Entitlement {
    Entitlement { kind: kind.into(), name: name.into(), level: level.map(Into::into) }
}

fn line(time: &str, person: &str, does: &'static str, what: Entitlement) -> Line {
    Line {
        time: time.into(),
        app: "studio/planner".into(),
        number: 12,
        person: person.into(),
        key: Some(format!("mail:{person}")),
        account: Some("u_7".into()),
        does,
        entitlement: what,
        from: None,
        to: None,
        cause: "declared",
        because: "declared by studio/everybody#makers (order 88)".into(),
        approved: None,
        outcome: "applied".into(),
        verified: Some("2026-11-20T10:00:04Z".into()),
        error: None,
    }
}

fn timeline() -> HistoryDocument {
    let account = || entitlement("account", "", None);
    let revoked = Line {
        cause: "withdrawn",
        because: "no longer declared by studio/everybody#makers".into(),
        approved: Some(Approved {
            by: Some("mara@fern.example".into()),
            at: "2026-11-21T08:59:00Z".into(),
            digest: format!("sha256:{}", "5c".repeat(32)),
        }),
        verified: Some("2026-11-21T09:00:04Z".into()),
        ..line("2026-11-21T09:00:00Z", "tom@fern.example", "revoke", entitlement("group", "Studio", None))
    };
    let raised = Line {
        from: Some("member".into()),
        to: Some("admin".into()),
        outcome: "failed".into(),
        verified: None,
        error: Some("RateLimited: the app asks to wait until 2026-11-21T09:30:00Z".into()),
        ..line("2026-11-21T09:01:00Z", "=cmd|' /C calc'!A0", "change", entitlement("role", "admin", None))
    };
    let lines = vec![
        line("2026-11-20T10:00:00Z", "tom@fern.example", "create", account()),
        line("2026-11-20T10:00:00Z", "tom@fern.example", "grant", entitlement("group", "Studio", None)),
        revoked,
        raised,
        Line {
            outcome: "unverified".into(),
            verified: None,
            key: None,
            cause: "unmanaged",
            because: "nobody declared the account, and `unmanaged.orphan` says Suspend after 1h, which is long over"
                .into(),
            ..line("2026-11-21T09:02:00Z", "old\u{202e}@fern.example", "suspend", account())
        },
    ];
    HistoryDocument { schema: HISTORY_SCHEMA, lines, more: true }
}

fn access() -> AccessDocument {
    let held = |person: &str, what: Entitlement, since: Option<&str>, proof: &'static str, because: &str| Held {
        person: person.into(),
        key: format!("mail:{person}"),
        entitlement: what,
        since: since.map(Into::into),
        proof,
        because: because.into(),
    };
    let declared = "declared by studio/everybody#makers (order 88)";
    let account = || entitlement("account", "", None);
    let planner = AppAt {
        app: "studio/planner".into(),
        known_since: Some("2026-11-01T10:00:00Z".into()),
        too_early: false,
        held: vec![
            held("ines@fern.example", account(), Some("2026-11-01T10:00:00Z"), "adopted", declared),
            held(
                "ines@fern.example",
                entitlement("workspace", "Delivery", Some("admin")),
                None,
                "changedLater",
                "later: ended at 2026-11-30T00:00:00Z",
            ),
            held("tom@fern.example", account(), Some("2026-11-20T10:00:04Z"), "readBack", declared),
            held("=1+1", account(), Some("2026-11-20T10:00:04Z"), "lostTrack", ""),
        ],
    };
    let parking = AppAt {
        app: "office/parking".into(),
        known_since: Some("2026-12-01T10:00:00Z".into()),
        too_early: true,
        held: Vec::new(),
    };
    AccessDocument { schema: ACCESS_SCHEMA, at: "2026-11-20T23:59:59Z".into(), apps: vec![parking, planner] }
}

#[test]
fn a_timeline_reads_from_the_earliest_to_the_latest() {
    screen("history_text", &fit(&text(&timeline()), 100));
    screen("history_markdown", &markdown(&timeline()));
    screen("history_json", &serde_json::to_string_pretty(&timeline()).unwrap());
    screen("history_text_empty", &text(&HistoryDocument { lines: Vec::new(), more: false, ..timeline() }));
}

#[test]
fn who_had_access_is_told_with_what_proves_it() {
    screen("access_text", &fit(&access_text(&access()), 100));
    screen("access_markdown", &access_markdown(&access()));
    screen("access_json", &serde_json::to_string_pretty(&access()).unwrap());
}

#[test]
fn an_auditor_gets_a_table_without_formulas_that_reads_as_it_was_written() {
    let table = csv(&timeline()).unwrap();
    screen("history_csv", &table.replace("\r\n", "\n"));
    screen("access_csv", &access_csv(&access()).unwrap().replace("\r\n", "\n"));
    assert!(table.contains("\"'=cmd|") && table.ends_with("\r\n"), "{table}");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), HEADER);
    assert_eq!(reader.records().count(), 5);
}
