//! A forge as its clients meet it: comments of a pull request by GitHub's interface, notes of a merge request by GitLab's.
//! It knows what either needs of a comment and nothing more.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The token that may write.
pub(crate) const FORGE_TOKEN: &str = "a-token-of-the-forge";
/// Comments on one page.
const PAGE: usize = 100;

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) author: String,
    pub(crate) body: String,
}

/// A forge on the loopback address, with one pull request (or merge request) of number 7. It ends with this value.
pub(crate) struct Forge {
    /// Its address, without a slash at the end.
    pub(crate) base: String,
    comments: Arc<Mutex<Vec<Comment>>>,
    server: JoinHandle<()>,
}

impl Forge {
    /// `robot` is the name that the token stands for; the others have written these comments already.
    pub(crate) async fn with(robot: &'static str, others: Vec<Comment>) -> Self {
        let comments = Arc::new(Mutex::new(others));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let base = format!("http://{}", listener.local_addr().expect("it listens"));
        let known = Arc::clone(&comments);
        let app = Router::new().fallback(answer).with_state((robot, known));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") });
        Self { base, comments, server }
    }

    /// All comments in order.
    pub(crate) fn comments(&self) -> Vec<Comment> {
        lock(&self.comments).clone()
    }
}

impl Drop for Forge {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Known = (&'static str, Arc<Mutex<Vec<Comment>>>);

fn lock(comments: &Mutex<Vec<Comment>>) -> MutexGuard<'_, Vec<Comment>> {
    comments.lock().expect("no test fails within")
}

async fn answer(State((robot, comments)): State<Known>, request: Request) -> (StatusCode, String) {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a body of that size");
    let (status, answer) = decide(robot, &mut lock(&comments), &parts.method, &parts.uri, &parts.headers, &body);
    (status, answer.to_string())
}

fn decide(
    robot: &str,
    comments: &mut Vec<Comment>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> (StatusCode, Value) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let github = header("authorization") == format!("Bearer {FORGE_TOKEN}");
    if !github && header("private-token") != FORGE_TOKEN {
        return (StatusCode::UNAUTHORIZED, json!({"message": "Bad credentials"}));
    }
    let shown = |id: usize, comment: &Comment| {
        let Comment { author, body } = comment;
        json!({"id": id, "body": body, "user": {"login": author}, "author": {"username": author}})
    };
    let list = if github { "/repos/fern/access/issues/7/comments" } else { "/projects/3/merge_requests/7/notes" };
    let one = if github { "/repos/fern/access/issues/comments/" } else { "/projects/3/merge_requests/7/notes/" };
    let written = || -> Option<String> {
        let body: Value = serde_json::from_slice(body).ok()?;
        Some(body["body"].as_str()?.to_owned())
    };
    let path = uri.path();
    match (method.as_str(), written()) {
        ("GET", _) if path == "/user" => (StatusCode::OK, json!({"username": robot})),
        ("GET", _) if path == list => {
            let query = uri.query().unwrap_or_default();
            let page: usize = query.split("&page=").nth(1).and_then(|page| page.parse().ok()).unwrap_or(1);
            let all = comments.iter().enumerate().skip((page - 1) * PAGE).take(PAGE);
            (StatusCode::OK, all.map(|(id, comment)| shown(id, comment)).collect())
        }
        ("POST", Some(body)) if path == list => {
            comments.push(Comment { author: robot.to_owned(), body });
            (StatusCode::CREATED, json!({"id": comments.len() - 1}))
        }
        ("PATCH" | "PUT", Some(body)) if (method == Method::PATCH) == github => {
            let id = path.strip_prefix(one).and_then(|id| id.parse::<usize>().ok());
            match id.and_then(|id| comments.get_mut(id)).filter(|comment| comment.author == robot) {
                Some(comment) => {
                    comment.body = body;
                    (StatusCode::OK, json!({}))
                }
                None => (StatusCode::FORBIDDEN, json!({"message": "not yours"})),
            }
        }
        _ => (StatusCode::NOT_FOUND, json!({"message": format!("{method} {path}")})),
    }
}
