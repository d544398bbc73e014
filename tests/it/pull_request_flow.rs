//! The whole way of a change in a repository of its own: branch, review, approval, merge, apply, revert, apply. By the
//! scripts that the examples give to pipelines.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};
use serde_yaml::Value as Yaml;
use tempfile::TempDir;

use crate::cli::story::files;
use crate::support::forge::{Comment, FORGE_TOKEN, Forge};
use crate::support::peers::{Peer, TOKEN};
use crate::support::tools::repository;

const EVERYBODY: [&str; 6] = ["ana", "bo", "ines", "kim", "lea", "tom"];
const MARKER: &str = "<!-- appaccess:review -->";

/// A repository, and a forge's copy of it.
struct Repository {
    scratch: TempDir,
    environment: Vec<(String, String)>,
}

impl Repository {
    fn new() -> Self {
        let scratch = TempDir::new().expect("a scratch folder can be made");
        let binary = Path::new(env!("CARGO_BIN_EXE_appaccess")).parent().expect("a binary is in a folder").to_owned();
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([binary].into_iter().chain(env::split_paths(&path))).expect("they can be joined");
        let text = |path: &Path| path.to_str().expect("a scratch folder has a plain name").to_owned();
        let environment = [
            ("PATH", path.into_string().expect("a plain search path")),
            ("HOME", text(scratch.path())),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("GIT_AUTHOR_NAME", "Vera".to_owned()),
            ("GIT_AUTHOR_EMAIL", "vera@fern.example".to_owned()),
            ("GIT_COMMITTER_NAME", "Vera".to_owned()),
            ("GIT_COMMITTER_EMAIL", "vera@fern.example".to_owned()),
            ("COMMENT_FILE", text(&scratch.path().join("review.md"))),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let repository = Self { scratch, environment };
        fs::create_dir_all(repository.folder()).expect("the scratch folder takes folders");
        repository.git("init --quiet --bare --initial-branch=main ../origin.git");
        repository.git("init --quiet --initial-branch=main .");
        repository.git("remote add origin ../origin.git");
        repository
    }

    fn folder(&self) -> PathBuf {
        self.scratch.path().join("work")
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.current_dir(self.folder()).env_clear().envs(environment);
        command
    }

    /// What git prints. The words of the line are its arguments.
    fn git(&self, line: &str) -> String {
        let output = self.command("git").args(line.split_whitespace()).output().expect("git runs");
        assert!(output.status.success(), "git {line}: {}", said(&output));
        String::from_utf8(output.stdout).expect("git prints text").trim().to_owned()
    }

    fn commit(&self, message: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet --message {message}"));
    }

    /// The commit that the forge has as applied; nothing where there is none.
    fn applied(&self) -> String {
        let output = self.git("ls-remote origin refs/tags/appaccess-applied");
        output.split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// Runs a script of the examples beside the test's own work: the servers that it calls live in this process.
    async fn script(&self, name: &str, arguments: &str, environment: &[(&str, &str)]) -> Output {
        let mut command = self.command("bash");
        command.arg(repository().join("examples/ci").join(name)).args(arguments.split_whitespace());
        command.envs(environment.iter().copied());
        tokio::task::spawn_blocking(move || command.output().expect("bash runs")).await.expect("nothing panics")
    }

    async fn apply(&self) -> Output {
        self.script("apply.sh", "access -- --secrets ../secrets --allow-loopback -o json", &[]).await
    }

    async fn review(&self, forge: &Forge) -> Output {
        self.review_of("main", "", forge).await
    }

    /// The review of a change that ends in that commit, compared with a base.
    async fn review_of(&self, base: &str, change: &str, forge: &Forge) -> Output {
        let environment = [
            ("BASE", base),
            ("CHANGE", change),
            ("GITHUB_API_URL", forge.base.as_str()),
            ("GITHUB_REPOSITORY", "fern/access"),
            ("GITHUB_TOKEN", FORGE_TOKEN),
            ("PULL_REQUEST", "7"),
        ];
        self.script("review.sh", "github access", &environment).await
    }

    fn plan(&self, base: &str) -> Value {
        self.git(&format!("worktree add --quiet --detach ../before {base}"));
        let mut command = self.command("appaccess");
        let output = command.args("plan -f access --base ../before/access -o json".split(' ')).output();
        self.git("worktree remove --force ../before");
        serde_json::from_slice(&output.expect("appaccess runs").stdout).expect("it prints a document")
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Fails unless the script ended so.
fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
}

/// The people whose accounts can be used.
async fn active(peer: &Peer) -> BTreeSet<String> {
    let listed = peer.call(Method::GET, "/Users?count=100", None).await.body;
    let users = listed["Resources"].as_array().expect("a list").iter().filter(|user| user["active"] != json!(false));
    let name = |user: &Value| user["userName"].as_str().expect("a text").trim_end_matches("@fern.example").to_owned();
    users.map(name).collect()
}

fn people(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A repository of which everything is applied.
async fn studio(peer: &Peer) -> Repository {
    let repository = Repository::new();
    let secret = repository.scratch.path().join("secrets/studio/planner-token/token");
    fs::create_dir_all(secret.parent().expect("a file is in a folder")).expect("the folder can be made");
    fs::write(secret, TOKEN).expect("the file can be written");
    repository.file("access/apps.yaml", &files(&peer.base, "Full", &EVERYBODY));
    repository.commit("Everybody");
    assert_code(&repository.apply().await, 0);
    assert_eq!(active(peer).await, people(&EVERYBODY));
    assert_eq!(repository.applied(), repository.git("rev-parse HEAD"));
    repository
}

/// Withdraws all but one, on a branch.
fn season_ends(repository: &Repository, peer: &Peer) {
    repository.git("checkout --quiet -b season");
    repository.file("access/apps.yaml", &files(&peer.base, "Full", &["ana", "uma"]));
    repository.commit("Season");
}

#[tokio::test]
async fn a_change_is_reviewed_approved_merged_applied_and_reverted() {
    let peer = Peer::scim2_server().await;
    let repository = studio(&peer).await;
    let forge = Forge::with("github-actions[bot]", Vec::new()).await;
    season_ends(&repository, &peer);
    assert_code(&repository.review(&forge).await, 0);
    let first = forge.comments();
    assert_eq!(first.len(), 1);
    assert!(first[0].body.starts_with(MARKER) && first[0].body.contains("1 person gains something, 5 lose something"));
    assert!(first[0].body.contains("**ThresholdExceeded**"), "{first:?}");

    let review = repository.plan("main")["apps"][0]["review"].clone();
    repository.file("access/approvals/season.yaml", review["approval"].as_str().expect("a block"));
    repository.commit("Approve");
    assert_code(&repository.review(&forge).await, 0);
    let second = forge.comments();
    assert_eq!(second.len(), 1, "the comment is updated");
    assert!(second[0].body.contains("approved by AccessApproval") && !second[0].body.contains("ThresholdExceeded"));

    repository.git("checkout --quiet main");
    repository.git("merge --quiet --no-ff --no-edit season");
    assert_code(&repository.apply().await, 0);
    assert_eq!(active(&peer).await, people(&["ana", "uma"]));

    repository.git("revert --no-edit --mainline 1 HEAD");
    assert_code(&repository.apply().await, 0);
    assert_eq!(active(&peer).await, people(&EVERYBODY), "a revert gives back what was taken, and takes what was given");
    let again = repository.apply().await;
    assert_code(&again, 0);
    let document: Value = serde_json::from_slice(&again.stdout).expect("it prints a document");
    assert_eq!(document["apps"][0]["calls"]["writes"], 0, "{document:#}");
}

#[tokio::test]
async fn what_is_held_is_looked_at_again_by_the_next_run_until_somebody_approves() {
    let peer = Peer::scim2_server().await;
    let repository = studio(&peer).await;
    let everybody = repository.applied();
    season_ends(&repository, &peer);
    repository.git("checkout --quiet main");
    repository.git("merge --quiet --no-ff --no-edit season");
    assert_code(&repository.apply().await, 3);
    assert_eq!(repository.applied(), everybody, "what is held is not applied");
    assert_eq!(active(&peer).await.len(), 7, "nobody lost anything, and who is new is there");

    repository.file("README.md", "An unrelated commit.\n");
    repository.commit("Unrelated");
    let review = repository.plan(&everybody)["apps"][0]["review"].clone();
    repository.file("access/approvals/season.yaml", review["approval"].as_str().expect("a block"));
    repository.commit("Approve");
    assert_code(&repository.apply().await, 0);
    assert_eq!(active(&peer).await, people(&["ana", "uma"]));
    assert_eq!(repository.applied(), repository.git("rev-parse HEAD"));
}

#[tokio::test]
async fn a_job_that_is_run_again_after_newer_merges_undoes_nothing() {
    let peer = Peer::scim2_server().await;
    let repository = studio(&peer).await;
    let older = repository.applied();
    repository.file("access/apps.yaml", &files(&peer.base, "Full", &["ana", "bo", "ines", "kim", "lea", "tom", "uma"]));
    repository.commit("Uma");
    assert_code(&repository.apply().await, 0);
    let newer = repository.applied();

    repository.git(&format!("checkout --quiet --detach {older}"));
    let again = repository.apply().await;
    assert_code(&again, 1);
    assert!(said(&again).contains("nothing was done. Run the job of the newest commit"), "{}", said(&again));
    assert_eq!((active(&peer).await.len(), repository.applied()), (7, newer.clone()), "Uma stays, and so does the tag");

    repository.git("checkout --quiet --detach main");
    repository.git("commit --quiet --amend --message Rewritten");
    assert_code(&repository.apply().await, 1);
    assert_eq!(repository.applied(), newer, "what a rewritten branch lacks is not taken away by guessing");
}

#[tokio::test]
async fn what_others_merged_meanwhile_is_no_part_of_a_review() {
    let repository = Repository::new();
    let base = "https://planner.example.com/scim/v2";
    let more = |names: &[&str]| files(base, "Full", names).replace("planner", "boards").replace("everybody", "all");
    repository.file("access/apps.yaml", &files(base, "Full", &EVERYBODY));
    repository.file("access/boards.yaml", &more(&EVERYBODY));
    repository.commit("Everybody");
    let opened = repository.git("rev-parse HEAD");
    repository.git("checkout --quiet -b change");
    repository.file("access/apps.yaml", &files(base, "Full", &EVERYBODY[1..]));
    repository.commit("Change");
    let change = repository.git("rev-parse HEAD");
    repository.git("checkout --quiet main");
    repository.file("access/boards.yaml", &more(&EVERYBODY[4..]));
    repository.commit("Others");

    repository.git("checkout --quiet --detach main");
    repository.git("merge --quiet --no-ff --no-edit change");
    let forge = Forge::with("github-actions[bot]", Vec::new()).await;
    assert_code(&repository.review_of(&opened, &change, &forge).await, 0);
    let tried = forge.comments().remove(0).body;
    assert!(tried.contains("1 person loses something") && !tried.contains("boards"), "{tried}");

    // A branch that merged the main branch into itself is no such merge: all that it adds is its own.
    repository.git("checkout --quiet change");
    repository.git("merge --quiet --no-edit main");
    repository.file("access/apps.yaml", &files(base, "Full", &EVERYBODY[2..]));
    repository.git("add --all");
    repository.git("commit --quiet --amend --no-edit");
    let change = repository.git("rev-parse HEAD");
    assert_code(&repository.review_of("main", &change, &forge).await, 0);
    let kept = forge.comments().remove(0).body;
    assert!(kept.contains("2 people lose something") && !kept.contains("boards"), "{kept}");
}

#[tokio::test]
async fn a_note_of_gitlab_is_updated_among_hundreds_and_a_stranger_s_with_our_mark_is_not_touched() {
    let repository = Repository::new();
    repository.file("access/apps.yaml", &files("https://planner.example.com/scim/v2", "Full", &EVERYBODY));
    repository.commit("Everybody");
    repository.git("checkout --quiet -b more");
    repository.file("access/apps.yaml", &files("https://planner.example.com/scim/v2", "Full", &["ana"]));
    repository.commit("Fewer");
    let comment = |author: &str, body: &str| Comment { author: author.to_owned(), body: body.to_owned() };
    let mut others = vec![comment("mallory", &format!("{MARKER}\nall is well"))];
    others.extend((0..150).map(|number| comment("vera", &format!("remark {number}"))));
    let forge = Forge::with("project_3_bot", others.clone()).await;
    let environment = [
        ("BASE", "main"),
        ("CI_API_V4_URL", forge.base.as_str()),
        ("CI_PROJECT_ID", "3"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("GITLAB_TOKEN", FORGE_TOKEN),
    ];
    for _ in 0..2 {
        assert_code(&repository.script("review.sh", "gitlab access", &environment).await, 0);
    }
    let comments = forge.comments();
    assert_eq!((comments.len(), &comments[..151]), (152, &others[..]));
    assert!(comments[151].body.contains("5 people lose something"), "{:?}", comments[151]);
    let environment = [environment[0], environment[1], environment[2], environment[3], ("GITLAB_TOKEN", "wrong")];
    let refused = repository.script("review.sh", "gitlab access", &environment).await;
    assert!(!refused.status.success() && !said(&refused).contains("wrong"), "{refused:?}");
}

#[tokio::test]
async fn files_that_are_invalid_are_told_without_a_word_of_theirs() {
    let repository = Repository::new();
    repository.file("access/apps.yaml", &files("https://planner.example.com/scim/v2", "Full", &EVERYBODY));
    repository.commit("Everybody");
    repository.git("checkout --quiet -b wrong");
    repository.file("access/apps.yaml", "apiVersion: appaccess.dev/v1alpha1\nkind: \"@everyone\"\n");
    repository.commit("Wrong");
    let forge = Forge::with("github-actions[bot]", Vec::new()).await;
    let output = repository.review(&forge).await;
    assert_code(&output, 64);
    let comments = forge.comments();
    assert!(comments[0].body.contains("cannot be judged") && !comments[0].body.contains("@everyone"), "{comments:?}");
    assert!(said(&output).contains("access/apps.yaml:2"), "the log says it");
}

/// The script of a job of the examples for GitLab.
fn gitlab_job(name: &str) -> String {
    let path = repository().join("examples/ci/gitlab/appaccess.yml");
    let document: Yaml = serde_yaml::from_str(&fs::read_to_string(path).expect("it is there")).expect("it is YAML");
    document[name]["script"][0].as_str().expect("a script").to_owned()
}

#[tokio::test]
async fn the_jobs_write_their_comment_before_they_ask_who_owns_the_files() {
    let repository = Repository::new();
    let owned = files("https://planner.example.com/scim/v2", "Full\n  owners: [\"@fern/it\"]", &EVERYBODY);
    repository.file("access/apps.yaml", &owned);
    let examples = self::repository().join("examples/ci");
    fs::create_dir_all(repository.folder().join(".gitlab")).expect("the folder can be made");
    let copied =
        Command::new("cp").arg("-r").arg(&examples).arg(repository.folder().join(".gitlab/appaccess")).status();
    assert!(copied.is_ok_and(|status| status.success()));
    repository.commit("Everybody");
    let forge = Forge::with("project_3_bot", Vec::new()).await;
    let job = async || {
        let mut command = repository.command("bash");
        command.arg("-ec").arg(gitlab_job("appaccess-review")).env("APPACCESS_PATH", "access").envs([
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main"),
            ("CI_API_V4_URL", forge.base.as_str()),
            ("CI_PROJECT_ID", "3"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("APPACCESS_REVIEW_TOKEN", FORGE_TOKEN),
        ]);
        tokio::task::spawn_blocking(move || command.output().expect("bash runs")).await.expect("nothing panics")
    };
    repository.git("checkout --quiet -b change");
    let unowned = job().await;
    assert_code(&unowned, 1);
    assert!(said(&unowned).contains("CODEOWNERS"), "{}", said(&unowned));
    assert_eq!(forge.comments().len(), 1, "the review was written all the same");

    repository.file("access/apps.yaml", "apiVersion: appaccess.dev/v1alpha1\nkind: Nothing\n");
    repository.commit("Wrong");
    assert_code(&job().await, 64);
    assert!(forge.comments()[0].body.contains("cannot be judged"));

    let text = fs::read_to_string(examples.join("github/workflow.yml")).expect("it is there");
    let document: Yaml = serde_yaml::from_str(&text).expect("it is YAML");
    let steps = document["jobs"]["review"]["steps"].as_sequence().expect("a list of steps");
    let [.., review, owners] = steps.as_slice() else { panic!("two steps and more") };
    assert_eq!(review["uses"].as_str(), Some("./.github/appaccess/github"));
    assert_eq!(owners["if"].as_str(), Some("${{ !cancelled() }}"), "it comes after a review that failed, too");
    assert!(owners["run"].as_str().is_some_and(|run| run.starts_with("appaccess codeowners")));
}

#[test]
fn a_schedule_applies_the_default_branch_and_no_other() {
    let path = repository().join("examples/ci/gitlab/appaccess.yml");
    let document: Yaml = serde_yaml::from_str(&fs::read_to_string(path).expect("it is there")).expect("it is YAML");
    let rules = document["appaccess-apply"]["rules"].as_sequence().expect("a list of rules");
    let conditions: Vec<&str> = rules.iter().filter_map(|rule| rule["if"].as_str()).collect();
    assert_eq!(conditions.len(), rules.len());
    assert!(conditions.iter().all(|rule| rule.ends_with("&& $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH")), "{rules:?}");
}

/// The scripts within a document, wherever they stand.
fn scripts(value: &Yaml, found: &mut Vec<String>) {
    match value {
        Yaml::Mapping(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    (Some("run"), Yaml::String(script)) => found.push(script.clone()),
                    (Some("script" | "before_script"), Yaml::Sequence(lines)) => {
                        found.extend(lines.iter().filter_map(Yaml::as_str).map(str::to_owned));
                    }
                    _ => scripts(value, found),
                }
            }
        }
        Yaml::Sequence(values) => values.iter().for_each(|value| scripts(value, found)),
        _ => {}
    }
}

fn bash_takes(path: &Path) {
    let output = Command::new("bash").arg("-n").arg(path).output().expect("bash runs");
    assert!(output.status.success(), "{}: {}", path.display(), said(&output));
}

#[test]
fn every_script_of_the_pipelines_is_one_and_takes_nothing_of_a_stranger_as_code() {
    let folder = repository().join("examples/ci");
    let mut seen = 0;
    for file in ["github/action.yml", "github/workflow.yml", "gitlab/appaccess.yml"] {
        let text = fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let document: Yaml = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut found = Vec::new();
        scripts(&document, &mut found);
        assert!(!found.is_empty(), "{file} has no script");
        let scratch = TempDir::new().expect("a scratch folder can be made");
        for script in found {
            assert!(!script.contains("${{"), "{file} puts an expression into a script:\n{script}");
            let path = scratch.path().join("script");
            fs::write(&path, &script).expect("the scratch folder takes a file");
            bash_takes(&path);
            seen += 1;
        }
        assert!(!text.lines().any(|line| line.trim_start().starts_with("pull_request_target")), "{file}");
        let actions = text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses: "));
        for action in actions.filter(|action| !action.starts_with("./")) {
            let commit = action.split(['@', ' ']).nth(1).unwrap_or_default();
            assert!(commit.len() == 40, "{file}: {action} is not pinned");
        }
    }
    assert!(seen >= 6, "the scripts have moved");
    for script in ["review.sh", "apply.sh"] {
        bash_takes(&folder.join(script));
    }
}
