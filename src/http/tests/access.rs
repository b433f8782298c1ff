use std::os::unix::fs::PermissionsExt as _;

use axum::body::Body;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::store::token::NewToken;

use super::super::{Door, ensure_admin_token, router};
use super::{House, call, message, request};

#[tokio::test]
async fn over_tcp_a_token_is_needed() {
    let house = House::new();
    for headers in [&[][..], &[("authorization", "Basic YTpi")], &[("authorization", "Bearer rcd_wrong")]] {
        let answer = call(house.tcp(), request("GET", "/v1/messages", headers, Body::empty())).await;
        answer.is_problem(401, "unauthorized", None);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    for open in ["/healthz", "/readyz", "/openapi.json", "/metrics"] {
        let answer = call(house.tcp(), request("GET", open, &[], Body::empty())).await;
        assert_ne!(answer.status, 401, "{open}");
    }
}

#[tokio::test]
async fn over_the_socket_everybody_is_the_command_line() {
    let house = House::new();
    let id = house.submit(message()).await;
    assert_eq!(house.get(&format!("/v1/messages/{id}")).await.json["client"], "local");
}

#[tokio::test]
async fn metrics_are_open_on_this_host_only() {
    let house = House::new();
    let abroad = || router(&house.app, Door::Tcp { loopback: false });
    call(abroad(), request("GET", "/metrics", &[], Body::empty())).await.is_problem(401, "unauthorized", None);
    let token = house.token(json!({ "client": "prometheus", "scopes": ["read"] })).await;
    let headers = [("authorization", &*format!("Bearer {token}"))];
    let answer = call(abroad(), request("GET", "/metrics", &headers, Body::empty())).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_scope_that_is_missing_is_named() {
    let house = House::new();
    let send = house.token(json!({ "client": "a", "scopes": ["send"] })).await;
    let read = house.token(json!({ "client": "a", "scopes": ["read", "pii"] })).await;
    for (token, method, path, body, scope) in [
        (&read, "POST", "/v1/messages", message(), "send"),
        (&read, "POST", "/v1/preview", message(), "send"),
        (&read, "DELETE", "/v1/messages/x", Value::Null, "send"),
        (&read, "POST", "/v1/messages/x/resolve", json!({}), "send"),
        (&send, "GET", "/v1/messages", Value::Null, "read"),
        (&send, "GET", "/v1/messages/x", Value::Null, "read"),
        (&send, "GET", "/v1/inbox", Value::Null, "read"),
        (&send, "GET", "/v1/events", Value::Null, "read"),
        (&send, "GET", "/v1/modems", Value::Null, "read"),
        (&send, "GET", "/v1/sims", Value::Null, "read"),
        (&send, "POST", "/v1/pause", json!({}), "manage"),
        (&send, "POST", "/v1/resume", json!({}), "manage"),
        (&send, "GET", "/v1/tokens", Value::Null, "manage"),
        (&send, "POST", "/v1/tokens", json!({}), "manage"),
        (&send, "DELETE", "/v1/tokens/1", Value::Null, "manage"),
    ] {
        let answer = house.with(token, method, path, body).await;
        answer.is_problem(403, "forbidden", None);
        assert!(answer.text.contains(&format!("`{scope}`")), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_token_ends_when_it_expires() {
    let mut house = House::new();
    let expired = NewToken {
        hash: Sha256::digest("rcd_old").into(),
        client: "a".to_owned(),
        scopes: vec!["read".to_owned()],
        creditors: Vec::new(),
        expires_at: Some("2026-11-24T13:00:00Z".parse().unwrap()),
    };
    house.restart(|store, now| {
        store.commit(now, |work| work.create_token(&expired)).unwrap();
    });
    let answer = house.with("rcd_old", "GET", "/v1/messages", "").await;
    answer.is_problem(401, "unauthorized", None);
    assert!(answer.text.contains("expired"), "{}", answer.text);
    let valid = json!({ "client": "a", "scopes": ["read"], "expires_at": "2026-11-25T13:00:00Z" });
    let token = house.token(valid).await;
    assert_eq!(house.with(&token, "GET", "/v1/messages", "").await.status, 200);
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once() {
    let house = House::new();
    let made = house.post("/v1/tokens", json!({ "client": "a", "scopes": ["read"] })).await.json;
    let token = made["token"].as_str().unwrap();
    assert_eq!(house.with(token, "GET", "/v1/messages", "").await.status, 200);
    let path = format!("/v1/tokens/{}", made["key"]);
    let answer = house.delete(&path).await;
    assert_eq!((answer.status.as_u16(), answer.json), (200, json!({ "key": made["key"], "revoked": true })));
    house.with(token, "GET", "/v1/messages", "").await.is_problem(401, "unauthorized", None);
    house.delete(&path).await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn the_secret_of_a_token_is_shown_once() {
    let house = House::new();
    let made = house.post("/v1/tokens", json!({ "client": "a", "scopes": ["read", "read"], "creditors": ["c"] })).await;
    assert_eq!(made.status, 201);
    let secret = made.json["token"].as_str().unwrap();
    assert!(secret.starts_with("rcd_") && secret.len() == 4 + 43, "{secret}");
    house.with(secret, "GET", "/v1/messages", "").await;
    // The use is noted by the writer, who answers this after it.
    house.get("/v1/sims").await;
    let listed = house.get("/v1/tokens").await;
    assert!(!listed.text.contains(secret));
    assert!(listed.json["items"][0]["last_used"].is_string(), "{}", listed.text);
    let mut listed = listed.json;
    listed["items"][0]["last_used"] = json!("[time]");
    super::redact(&mut listed);
    insta::assert_json_snapshot!("tokens", listed);
}

#[tokio::test]
async fn a_token_gives_no_more_than_its_maker_has() {
    let house = House::new();
    let manage = house.token(json!({ "client": "a", "scopes": ["manage", "read"] })).await;
    let body = |scopes: Value| json!({ "client": "b", "scopes": scopes });
    let made = house.with(&manage, "POST", "/v1/tokens", body(json!(["read"]))).await;
    assert_eq!(made.status, 201);
    house.with(&manage, "POST", "/v1/tokens", body(json!(["read", "pii"]))).await.is_problem(403, "forbidden", None);
    for (body, field) in [
        (body(json!([])), "scopes"),
        (body(json!(["admin"])), "scopes"),
        (json!({ "scopes": ["read"] }), "client"),
        (json!({ "client": "local", "scopes": ["read"] }), "client"),
        (json!({ "client": "b", "scopes": ["manage"], "creditors": ["c"] }), "creditors"),
        (json!({ "client": "b", "scopes": ["read"], "expires_at": "2026-11-24T12:00:00Z" }), "expires_at"),
    ] {
        house.post("/v1/tokens", body).await.is_problem(400, "bad-request", Some(field));
    }
}

#[tokio::test]
async fn the_first_start_writes_a_token_and_later_ones_do_not() {
    let mut house = House::new();
    let folder = house.folder.path().to_owned();
    let path = ensure_admin_token(&house.writer(), &folder).await.unwrap().unwrap();
    assert_eq!(path, folder.join("admin.token"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&path).unwrap();
    assert_eq!(ensure_admin_token(&house.writer(), &folder).await.unwrap(), None);
    house.restart(|_, _| {});
    assert_eq!(house.with(secret.trim(), "GET", "/v1/tokens", "").await.json["items"][0]["client"], "admin");
    assert_eq!(house.delete("/v1/tokens/1").await.status, 200);
    assert_eq!(ensure_admin_token(&house.writer(), &folder).await.unwrap(), None, "one was made before");
}
