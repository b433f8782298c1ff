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
async fn without_a_token_a_name_that_leads_here_is_refused() {
    let house = House::new();
    let token = house.token(json!({ "client": "prometheus", "scopes": ["read"] })).await;
    let bearer = format!("Bearer {token}");
    for path in ["/readyz", "/metrics"] {
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"] {
            let answer = call(house.tcp(), request("GET", path, &[("host", host)], Body::empty())).await;
            assert_eq!(answer.status, 200, "{path} of {host}");
        }
        let elsewhere = [("host", "evil.example")];
        call(house.tcp(), request("GET", path, &elsewhere, Body::empty())).await.is_problem(421, "forbidden", None);
        let guessed = [("host", "evil.example"), ("authorization", "Bearer rcd_wrong")];
        call(house.tcp(), request("GET", path, &guessed, Body::empty())).await.is_problem(401, "unauthorized", None);
        // Prometheus on another machine asks by the name of this one.
        let known = [("host", "gateway.example"), ("authorization", &*bearer)];
        assert_eq!(call(house.tcp(), request("GET", path, &known, Body::empty())).await.status, 200, "{path}");
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
    let abroad = || router(&house.app, Door::Tcp { loopback: false, is_tls: false });
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
        (&send, "GET", "/v1/tokens", Value::Null, "admin"),
        (&send, "POST", "/v1/tokens", json!({}), "admin"),
        (&send, "DELETE", "/v1/tokens/1", Value::Null, "admin"),
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
    let admin = house.token(json!({ "client": "a", "scopes": ["admin", "read"] })).await;
    let body = |scopes: Value| json!({ "client": "b", "scopes": scopes });
    let made = house.with(&admin, "POST", "/v1/tokens", body(json!(["read"]))).await;
    assert_eq!(made.status, 201);
    house.with(&admin, "POST", "/v1/tokens", body(json!(["read", "pii"]))).await.is_problem(403, "forbidden", None);
    for (body, field) in [
        (body(json!([])), "scopes"),
        (body(json!(["root"])), "scopes"),
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

#[tokio::test]
async fn a_token_is_replaced_while_it_is_in_use() {
    let house = House::new();
    let before = house.post("/v1/tokens", json!({ "client": "crm", "scopes": ["send", "read"] })).await.json;
    let old = before["token"].as_str().unwrap();
    let submitted = json!({ "to": "+5511987654321", "text": "Oi", "client_ref": "r-1" });
    let first = house.with(old, "POST", "/v1/messages", submitted.clone()).await;
    assert_eq!(first.status, 202);
    let made = house.post(&format!("/v1/tokens/{}/rotate", before["key"]), json!({ "grace": "1h" })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!((&made.json["client"], &made.json["scopes"]), (&before["client"], &before["scopes"]));
    assert!(made.json["before_ends_at"].as_str().unwrap().starts_with("2026-11-24T14:00:0"), "{}", made.text);
    let new = made.json["token"].as_str().unwrap();
    for token in [old, new] {
        let again = house.with(token, "POST", "/v1/messages", submitted.clone()).await;
        assert_eq!((again.status.as_u16(), &again.json["id"]), (200, &first.json["id"]), "keys are the client's");
    }
    assert_eq!(house.get("/v1/tokens").await.json["items"][1]["expires_at"], made.json["before_ends_at"]);
    let at_once = house.post(&format!("/v1/tokens/{}/rotate", made.json["key"]), json!({ "grace": "0s" })).await;
    house.with(new, "GET", "/v1/messages", "").await.is_problem(401, "unauthorized", None);
    assert_eq!(house.with(at_once.json["token"].as_str().unwrap(), "GET", "/v1/messages", "").await.status, 200);
    // What has ended is replaced by nobody.
    house.post(&format!("/v1/tokens/{}/rotate", made.json["key"]), json!({})).await.is_problem(404, "not-found", None);
    house.post("/v1/tokens/99/rotate", json!({})).await.is_problem(404, "not-found", None);
    let path = format!("/v1/tokens/{}/rotate", at_once.json["key"]);
    for (body, field) in [(json!({ "grace": "soon" }), "grace"), (json!({ "grace": "31d" }), "grace")] {
        house.post(&path, body).await.is_problem(400, "bad-request", Some(field));
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_before_ends_with_the_grace_and_a_stream_with_it() {
    let house = House::new();
    let before = house.post("/v1/tokens", json!({ "client": "crm", "scopes": ["read"] })).await.json;
    let old = before["token"].as_str().unwrap();
    let headers = [("authorization", &*format!("Bearer {old}")), ("accept", "text/event-stream")];
    let stream = super::send(house.tcp(), request("GET", "/v1/events", &headers, Body::empty())).await;
    let began = house.clock.now().instant;
    let rotated = house.post(&format!("/v1/tokens/{}/rotate", before["key"]), json!({ "grace": "10m" })).await;
    assert_eq!(rotated.status, 201);
    axum::body::to_bytes(stream.into_body(), usize::MAX).await.unwrap();
    assert_eq!(house.clock.now().instant.saturating_since(began).as_secs() / 60, 10);
    house.with(old, "GET", "/v1/sims", "").await.is_problem(401, "unauthorized", None);
}

#[tokio::test]
async fn who_replaces_a_token_must_have_its_scopes_and_a_new_one_lasts_as_long() {
    let house = House::new();
    let before =
        json!({ "client": "crm", "scopes": ["read", "pii"], "expires_at": "2026-12-24T13:00:00Z", "creditors": ["c"] });
    let before = house.post("/v1/tokens", before).await.json;
    let path = format!("/v1/tokens/{}/rotate", before["key"]);
    let admin = house.token(json!({ "client": "it", "scopes": ["admin", "read"] })).await;
    house.with(&admin, "POST", &path, json!({})).await.is_problem(403, "forbidden", None);
    let made = house.post(&path, json!({})).await.json;
    assert!(made["expires_at"].as_str().unwrap().starts_with("2026-12-24T13:00:0"), "{made}");
    assert!(made["before_ends_at"].as_str().unwrap().starts_with("2026-11-25T13:00:0"), "{made}");
    assert_eq!(made["creditors"], json!(["c"]));
}

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_when_to_come_again() {
    let house = House::new();
    tokio::time::pause();
    let token = house.token(json!({ "client": "wild", "scopes": ["read"] })).await;
    let other = house.token(json!({ "client": "calm", "scopes": ["read"] })).await;
    let ask = async |token: &str| house.with(token, "GET", "/v1/session", "").await;
    let mut asked = 0;
    let refused = loop {
        let answer = ask(&token).await;
        if answer.status != 200 {
            break answer;
        }
        asked += 1;
    };
    assert_eq!(asked, 1_000);
    refused.is_problem(429, "too-many-requests", None);
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(ask(&other).await.status, 200, "others are not held up");
    assert_eq!(house.get("/v1/session").await.status, 200, "nor is the command line");
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(ask(&token).await.status, 200);
}

#[tokio::test]
async fn wrong_tokens_of_an_address_are_limited_and_right_ones_are_let_in() {
    let house = House::new();
    let token = house.token(json!({ "client": "a", "scopes": ["read"] })).await;
    for _ in 0..10 {
        house.with("rcd_wrong", "GET", "/v1/sims", "").await.is_problem(401, "unauthorized", None);
    }
    let limited = house.with("rcd_wrong", "GET", "/v1/sims", "").await;
    limited.is_problem(429, "too-many-requests", None);
    assert_eq!(limited.headers["retry-after"], "60");
    assert_eq!(house.with(&token, "GET", "/v1/sims", "").await.status, 200, "a neighbour keeps nobody out");
}
