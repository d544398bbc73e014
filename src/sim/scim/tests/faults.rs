//! Each fault, seen from outside.

use super::*;
use crate::sim::scim::Fault;

#[tokio::test]
async fn a_throttled_request_does_nothing_and_says_when_to_come_back() {
    let client = Client::plain().await;
    client.server.fault(Fault::throttled(Some("7")).times(2));
    for _ in 0..2 {
        let reply = client.create_user("ana").await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, "7"));
    }
    assert_eq!(client.server.pending_faults(), 0);
    assert_eq!(client.create_user("ana").await.status, 201);
    client.server.fault(Fault::throttled(None));
    assert_eq!(client.get("/Users").await.header("retry-after"), "");
}

#[tokio::test]
async fn a_fault_befalls_only_what_it_matches() {
    let client = Client::plain().await;
    client.server.fault(Fault::status(503).on_path("/Groups").reads().after(1));
    client.server.fault(Fault::status(500).mutations());
    assert_eq!(client.get("/Users").await.status, 200);
    assert_eq!(client.get("/Groups").await.status, 200);
    assert_eq!(client.create_user("ana").await.status, 500);
    assert_eq!(client.get("/Groups").await.status, 503);
    assert_eq!(client.get("/Groups").await.status, 200);
    assert!(client.server.snapshot().users.is_empty());
}

#[tokio::test]
async fn an_error_after_the_commit_leaves_the_change() {
    let client = Client::plain().await;
    client.server.fault(Fault::after_commit(500));
    assert_eq!(client.get("/Users").await.status, 200);
    assert_eq!(client.create_user("ana").await.status, 500);
    assert!(client.server.snapshot().users.contains_key("ana"));
    assert_eq!(client.create_user("ana").await.status, 409);
}

#[tokio::test]
async fn a_connection_may_break_in_the_middle_of_an_answer() {
    let client = Client::plain().await;
    client.seed(3);
    client.server.fault(Fault::cut_off());
    let response = client.request("GET", "/Users").send().await;
    let whole = match response {
        Ok(response) => response.bytes().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(whole.is_err());
    assert_eq!(client.get("/Users").await.total(), 3);
}

#[tokio::test]
async fn a_listing_may_lack_what_its_total_counts() {
    let client = Client::plain().await;
    client.seed(5);
    client.server.fault(Fault::truncated(2));
    let page = client.get("/Users").await;
    assert_eq!((page.names().len(), page.total()), (3, 5));
    assert_eq!(client.get("/Users").await.names().len(), 5);
}

#[tokio::test]
async fn a_read_may_be_stale() {
    let client = Client::plain().await;
    let ids = client.seed(2);
    client.server.edit(|state| state.add_group("Studio", &[&ids[0], &ids[1]]));
    client.delete(&format!("/Users/{}", ids[0])).await;
    client.server.fault(Fault::stale().times(3));
    assert_eq!(client.get("/Users").await.total(), 2);
    assert_eq!(client.get(&format!("/Users/{}", ids[0])).await.status, 200);
    assert_eq!(client.get("/Groups").await.body["Resources"][0]["members"].as_array().unwrap().len(), 2);
    assert_eq!(client.get("/Users").await.total(), 1);
    let created = client.create_user("new").await;
    client.server.fault(Fault::stale());
    assert_eq!(client.get(&format!("/Users/{}", created.body["id"].as_str().unwrap())).await.status, 404);
}

#[tokio::test]
async fn a_request_may_wait_before_or_after_its_work() {
    let client = Client::plain().await;
    for (fault_and_gate, done_while_waiting) in [(Fault::held(), false), (Fault::held_after_commit(), true)] {
        let (fault, mut gate) = fault_and_gate;
        client.server.fault(fault.mutations());
        let name = format!("ana-{done_while_waiting}");
        let create = client.create_user(&name);
        let script = async {
            assert!(gate.reached(1).await);
            assert_eq!(client.server.snapshot().users.contains_key(&name), done_while_waiting);
            assert_eq!(client.server.requests().last().unwrap().status, None);
            gate.open();
        };
        let (reply, ()) = tokio::join!(create, script);
        assert_eq!(reply.status, 201);
    }
}

#[tokio::test]
async fn a_held_request_is_let_go_when_the_server_stops() {
    let client = Client::plain().await;
    let (fault, mut gate) = Fault::held();
    client.server.fault(fault);
    let Client { http, server } = client;
    let request = http.get(format!("{}/Users", server.base_url())).bearer_auth(server.token()).send();
    let stop = async {
        gate.reached(1).await;
        server.stop().await;
    };
    let (response, ()) = tokio::join!(request, stop);
    assert!(response.is_err() || response.is_ok_and(|response| response.status().as_u16() == 503));
}

#[tokio::test]
async fn an_answer_may_be_anything() {
    let client = Client::plain().await;
    client.server.fault(Fault::raw(200, "text/html", "<html>log in</html>"));
    let reply = client.get("/Users").await;
    assert_eq!((reply.status, reply.header("content-type"), &reply.body), (200, "text/html", &Value::Null));
    client.server.fault(Fault::status(503).times(9));
    client.server.clear_faults();
    assert_eq!(client.get("/Users").await.status, 200);
}
