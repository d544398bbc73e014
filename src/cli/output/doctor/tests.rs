//! The whole text, Markdown and document of one look at two apps.

use super::{super::width::fit, *};

fn found(severity: Severity, check: &'static str, what: &str, why: &str, remedy: &str) -> Finding {
    let (what, why, remedy) = (what.to_owned(), why.to_owned(), remedy.to_owned());
    Finding { severity: severity.as_str(), check, what, why, remedy, place: None }
}

fn one(name: &str, findings: Vec<Finding>) -> DoctorApp {
    DoctorApp {
        app: name.to_owned(),
        connector: "toggl".to_owned(),
        mode: "Observe".to_owned(),
        suspended: false,
        complete: None,
        capabilities: Vec::new(),
        quota: None,
        findings,
        calls: Calls { reads: 1, writes: 0 },
    }
}

fn document() -> DoctorDocument {
    let quota = Quota {
        requests: 30,
        per_seconds: 3600,
        kept_for_changes: 3,
        reads: Some(4),
        sharing: 1,
        earliest_seconds: Some(533),
        interval_seconds: 1080,
        remaining: Some(12),
        resets_at: None,
    };
    let claim = Finding {
        place: Some(Line { file: "staff.yaml".to_owned(), line: 8 }),
        ..found(Severity::Broken, "Claims", "it/toggl has no group `A\u{1b}`", "claimed by it/staff#all", "take it out")
    };
    let right = DoctorApp {
        complete: Some(true),
        capabilities: vec!["invite".to_owned(), "notGroup".to_owned()],
        quota: Some(quota),
        ..one(
            "it/toggl",
            vec![
                found(Severity::Good, "Reachable", "the app answers", "", ""),
                claim,
                found(Severity::Note, "Mode", "Observe: reads and reports", "", ""),
            ],
        )
    };
    let wrong = found(Severity::Warning, "Cliff", "`x` comes after 9 active accounts", "it costs", "read it");
    let errors = vec![ErrorEntry {
        app: None,
        object: "Directory it/okta".to_owned(),
        reason: "DirectoryUnreadable".to_owned(),
        message: "it has not been read yet".to_owned(),
        remedy: "wait".to_owned(),
        place: None,
    }];
    DoctorDocument { schema: DOCTOR_SCHEMA, apps: vec![right, one("it/plan", vec![wrong])], errors }
}

const TEXT: &str = "\
it/toggl  toggl, mode Observe
  ok       Reachable     the app answers
  error    Claims        it/toggl has no group `A\\u{1b}`
                         at:  staff.yaml:8
                         why: claimed by it/staff#all
                         do:  take it out
  note     Mode          Observe: reads and reports

it/plan  toggl, mode Observe
  warning  Cliff         `x` comes after 9 active accounts
                         why: it costs
                         do:  read it

error: Directory it/okta: DirectoryUnreadable
  why: it has not been read yet
  do:  wait
2 apps, 2 errors, 1 warning.
";

#[test]
fn the_text_tells_what_why_where_and_what_to_do() {
    assert_eq!(anstream::adapter::strip_str(&text(&document())).to_string(), TEXT);
}

const MARKDOWN: &str = "\
### Apps

**2 apps, 2 errors, 1 warning.**

- ⚠ `Directory it/okta: DirectoryUnreadable` `it has not been read yet`: `wait`
- ⚠ `it/toggl` **error** Claims: `` it/toggl has no group `A\\u{1b}` `` — `staff.yaml:8` — `claimed by it/staff#all` — `take it out`
- ⚠ `it/plan` **warning** Cliff: `` `x` comes after 9 active accounts `` — `it costs` — `read it`

<details><summary>it/toggl</summary>

- **ok** Reachable: `the app answers`
- **note** Mode: `Observe: reads and reports`

</details>
";

#[test]
fn the_markdown_tells_first_what_is_wrong() {
    assert_eq!(markdown(&document()), MARKDOWN);
}

const JSON: &str = r#"{"schema":"appaccess.dev/doctor/v1","apps":[{"app":"it/toggl","connector":"toggl","mode":"Observe","suspended":false,"complete":true,"capabilities":["invite","notGroup"],"quota":{"requests":30,"perSeconds":3600,"keptForChanges":3,"reads":4,"sharing":1,"earliestSeconds":533,"intervalSeconds":1080,"remaining":12,"resetsAt":null},"findings":[{"severity":"ok","check":"Reachable","what":"the app answers","why":"","remedy":"","place":null},{"severity":"error","check":"Claims","what":"it/toggl has no group `A\u001b`","why":"claimed by it/staff#all","remedy":"take it out","place":{"file":"staff.yaml","line":8}},{"severity":"note","check":"Mode","what":"Observe: reads and reports","why":"","remedy":"","place":null}],"calls":{"reads":1,"writes":0}},{"app":"it/plan","connector":"toggl","mode":"Observe","suspended":false,"complete":null,"capabilities":[],"quota":null,"findings":[{"severity":"warning","check":"Cliff","what":"`x` comes after 9 active accounts","why":"it costs","remedy":"read it","place":null}],"calls":{"reads":1,"writes":0}}],"errors":[{"app":null,"object":"Directory it/okta","reason":"DirectoryUnreadable","message":"it has not been read yet","remedy":"wait"}]}"#;

#[test]
fn the_document_has_every_field() {
    assert_eq!(serde_json::to_string(&document()).unwrap(), JSON);
}

#[test]
fn an_error_is_broken_and_a_warning_is_not() {
    let mut document = document();
    assert!(document.is_broken());
    document.errors.clear();
    assert!(document.is_broken(), "the claim");
    document.apps.remove(0);
    assert!(!document.is_broken());
}

/// Everything that a look can find, with texts as long as they come.
fn many() -> DoctorDocument {
    let abilities = "creates accounts, suspends, deletes, looks up single people; holds group (any number); role (one of \
                     member < admin < owner; not owner); workspace (any number, each as user < admin)";
    let invited = "12 invitations not accepted: ana@fern.example (21 d), tom@fern.example (20 d), lea@fern.example (19 d), \
                   joel@fern.example (18 d), mia@fern.example (17 d) and 7 more";
    let findings = vec![
        found(Severity::Good, "Reachable", "the app answers", "", ""),
        found(
            Severity::Broken,
            "Credential",
            "the app does not accept the credential",
            "it answered 401",
            "put a valid one into the Secret it/toggl-token",
        ),
        found(Severity::Good, "Capabilities", abilities, "", ""),
        found(
            Severity::Note,
            "ByHand",
            "deleting an account is a task for people, after it was suspended",
            "the app's interface cannot delete",
            "Settings → People → open the person → Remove from organization, then confirm by typing their mail address",
        ),
        found(
            Severity::Warning,
            "Invitations",
            invited,
            "nobody is ever invited twice without being asked to",
            "ask them to accept it, or withdraw the claim",
        ),
        found(
            Severity::Warning,
            "Held",
            "4 changes are held and waiting for a decision",
            "digest sha256:5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c",
            "`appaccess plan` shows them; `appaccess approve it/toggl` decides",
        ),
        found(
            Severity::Note,
            "Mode",
            "Observe: reads and reports, changes nothing; 5 differences are shown and not acted on",
            "",
            "",
        ),
    ];
    DoctorDocument { schema: DOCTOR_SCHEMA, apps: vec![one("it/toggl", findings)], errors: document().errors }
}

#[test]
fn many_findings_fit_a_terminal() {
    let shown = anstream::adapter::strip_str(&fit(&text(&many()), 100)).to_string();
    // A digest stays whole, so that it can be copied.
    let fits = |line: &str| line.chars().count() <= 100 || line.contains("sha256:");
    assert!(shown.lines().all(fits), "{shown}");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots");
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("doctor_text", shown);
    });
}
