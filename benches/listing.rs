//! How long it takes to read and fingerprint a listing of 10,000 users, against one hash pass over the same bytes and
//! against `serde_json::Value`.

mod measure;

use appaccess_scim::{fingerprint, list, resource::UserView};
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

/// Users in the listing.
const USERS: usize = 10_000;

fn main() {
    let body = listing().into_bytes();
    assert_eq!(read(&body).len(), USERS, "every user is read");
    let reading = measure::shortest(|| read(&body));
    let name = format!("{USERS} users read and fingerprinted / xxh3 over their {} bytes", body.len());
    measure::report(&name, reading, measure::shortest(|| xxh3_64(&body)));
    let untyped = measure::shortest(|| serde_json::from_slice::<Value>(&body).ok());
    measure::report(&format!("{USERS} users read and fingerprinted / serde_json::Value"), reading, untyped);
}

/// One number for each user: all that is kept of a listing in which nothing differs.
fn read(body: &[u8]) -> Vec<u64> {
    let mut fingerprints = Vec::new();
    let head = list::read(body, |user: UserView<'_>| fingerprints.push(fingerprint::user(&user)));
    assert!(head.is_ok(), "the listing is readable");
    fingerprints
}

/// A page as large servers write it, with attributes that nobody asked for; put together as text, so that building it
/// takes no memory worth mentioning.
fn listing() -> String {
    let users: Vec<String> = (0..USERS).map(|number| user(number).to_string()).collect();
    let schema = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    let resources = users.join(",");
    format!(
        r#"{{"schemas":["{schema}"],"totalResults":{USERS},"startIndex":1,"itemsPerPage":{USERS},"Resources":[{resources}]}}"#
    )
}

fn user(number: usize) -> Value {
    let mail = format!("person.{number:05}@birch.example");
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": format!("2819c223-7f76-453a-919d-{number:012}"),
        "externalId": format!("p-{number}"),
        "userName": mail,
        "name": {"formatted": format!("Person {number}"), "givenName": "Person", "familyName": number.to_string()},
        "displayName": format!("Person {number}"),
        "emails": [{"value": mail, "type": "work", "primary": true}],
        "active": true,
        "title": "Designer",
        "locale": "en-GB",
        "groups": [{"value": format!("g{}", number % 50), "display": "Studio"}],
        "meta": {
            "resourceType": "User", "created": "2026-01-05T09:00:00Z", "lastModified": "2026-10-01T09:00:00Z",
            "location": format!("https://planner.example.com/scim/v2/Users/{number}"), "version": "W/\"a330bc54f0671c9\"",
        },
    })
}
