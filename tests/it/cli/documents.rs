//! Credentials on their ways in, and nowhere out; names that would trick a reader; failures of one app alone.

use serde_json::json;

use super::schema::assert_valid;
use super::story::{files, studio};
use crate::support::peers::{Peer, TOKEN};
use crate::support::shell::Shell;

#[tokio::test]
async fn a_credential_is_taken_from_a_folder_a_document_or_the_environment_and_is_never_printed() {
    let peer = Peer::scim2_server().await;
    let mut shell = Shell::new();
    shell.file("apps.yaml", &files(&peer.base, "Full", &["ines"]));
    let missing = shell.run("plan -f apps.yaml --allow-loopback -o json").await;
    assert_eq!(missing.code, 1, "{missing:?}");
    let error = &missing.document()["errors"][0];
    assert_eq!((&error["reason"], &error["app"]), (&json!("SecretMissing"), &json!("studio/planner")));
    assert_valid(&shell.run("schema plan").await.document(), &missing.document());

    shell.file("secrets/studio/planner-token/token", &format!("{TOKEN}\n"));
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: planner-token, namespace: studio}}\nstringData: {{token: {TOKEN}}}\n"
    );
    shell.file("secret.yaml", &secret);
    let mut said = String::new();
    for line in ["plan -f apps.yaml --secrets secrets", "plan -f apps.yaml -f secret.yaml"] {
        for further in ["-vvv", "-vvv --log-format json -o json", "-o markdown"] {
            let ended = shell.run(&format!("{line} {further} --allow-loopback")).await;
            assert_eq!(ended.code, 0, "{line} {further}: {ended:?}");
            said.push_str(&ended.stdout);
            said.push_str(&ended.stderr);
        }
    }
    shell.set("APPACCESS_SECRET_STUDIO_PLANNER_TOKEN_TOKEN", TOKEN);
    shell.set("APPACCESS_ALLOW_LOOPBACK", "1");
    let ended = shell.run("plan -f apps.yaml -vvv").await;
    assert_eq!(ended.code, 0, "{ended:?}");
    said.push_str(&ended.stdout);
    said.push_str(&ended.stderr);
    let applied = shell.run("apply -f apps.yaml --yes -vvv").await;
    assert_eq!(applied.code, 0, "{applied:?}");
    said.push_str(&applied.stdout);
    said.push_str(&applied.stderr);
    assert!(!said.contains(TOKEN), "the credential was printed");
    assert!(!said.contains('\u{1b}'), "a pipe is no terminal");
}

#[tokio::test]
async fn one_app_that_fails_is_listed_and_the_others_go_on() {
    let peer = Peer::scim2_server().await;
    let (shell, _) = studio(&peer.base, "Observe", &["ines"]);
    let other = files("http://127.0.0.1:1/v2", "Full", &["tom"]).replace("name: planner,", "name: other,");
    shell.file(
        "other.yaml",
        &other.replace("everybody", "others").replace("appRef: {name: planner}", "appRef: {name: other}"),
    );
    let ended =
        shell.run("plan -f apps.yaml -f other.yaml --secrets secrets --allow-loopback --timeout 1s -o json").await;
    let document = ended.document();
    assert_eq!(ended.code, 1, "{document:#}");
    assert_eq!(
        (&document["apps"][0]["app"], &document["apps"][0]["complete"]),
        (&json!("studio/other"), &json!(false))
    );
    assert_eq!(
        (&document["apps"][1]["app"], &document["apps"][1]["complete"]),
        (&json!("studio/planner"), &json!(true))
    );
    assert_eq!(document["errors"][0]["object"], "TargetApp studio/other");
    // What the mode does not allow is shown, and is nothing that is to come.
    let changes = document["apps"][1]["changes"].as_array().expect("a list");
    assert!(!changes.is_empty() && changes.iter().all(|change| change["permitted"] == false), "{changes:?}");
}

#[tokio::test]
async fn a_name_that_would_trick_a_reader_is_shown_as_what_it_is() {
    let peer = Peer::scim2_server().await;
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "x\u{202e}gpj.exe\u{1b}[2J`@everyone`",
    });
    peer.call(reqwest::Method::POST, "/Users", Some(&user)).await;
    let (shell, reach) = studio(&peer.base, "Observe", &[]);
    let text = shell.run(&format!("plan {reach}")).await;
    assert!(text.stdout.contains("x\\u{202e}gpj.exe\\u{1b}[2J"), "{text:?}");
    let markdown = shell.run(&format!("plan {reach} -o markdown")).await;
    assert!(markdown.stdout.contains("`` x\\u{202e}gpj.exe\\u{1b}[2J`@everyone` ``"), "{markdown:?}");
    for ended in [text, markdown] {
        assert!(!ended.stdout.contains(['\u{202e}', '\u{1b}']), "{ended:?}");
    }
}
