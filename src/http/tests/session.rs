use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::clock::Clock;

use super::super::{Bounds, serve};
use super::{Answer, House, call, request};

const HERE: (&str, &str) = ("host", "127.0.0.1:7670");
const PAGE: (&str, &str) = ("x-recado-page", "1");

/// Shows a token as the page of logging in does; what the browser sends from then on.
async fn log_in(house: &House, token: &str) -> String {
    let body = json!({ "token": token }).to_string();
    let answer = call(house.tcp(), request("POST", "/v1/session", &[HERE, PAGE], body.into())).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.json);
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(set.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

async fn ask(house: &House, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    call(house.tcp(), request(method, path, headers, body.to_string().into())).await
}

#[tokio::test]
async fn a_cookie_stands_for_the_token_that_was_shown() {
    let house = House::new();
    let token = house.token(json!({ "client": "ana", "scopes": ["read"] })).await;
    let cookie = log_in(&house, &token).await;
    assert!(!cookie.contains(&token), "the secret stays out of the browser's jar");
    let answer = ask(&house, "GET", "/v1/session", &[HERE, ("cookie", &cookie)], Value::Null).await;
    assert_eq!((&answer.json["client"], &answer.json["scopes"]), (&json!("ana"), &json!(["read"])));
    assert_eq!((&answer.json["creditors"], &answer.json["zone"]), (&json!([]), &json!("America/Sao_Paulo")));
    let others = format!("theme=dark; {cookie}; x=y");
    assert_eq!(ask(&house, "GET", "/v1/messages", &[HERE, ("cookie", &others)], Value::Null).await.status, 200);
    let refused = ask(&house, "POST", "/v1/pause", &[HERE, PAGE, ("cookie", &cookie)], json!({"scope": "all"})).await;
    refused.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn changes_come_from_pages_of_this_origin_only() {
    let house = House::new();
    let token = house.token(json!({ "client": "ana", "scopes": ["read", "manage"] })).await;
    let cookie = log_in(&house, &token).await;
    let pause = async |headers: &[(&str, &str)]| {
        let all = [&[HERE, ("cookie", cookie.as_str())], headers].concat();
        ask(&house, "POST", "/v1/pause", &all, json!({ "scope": "all" })).await
    };
    pause(&[]).await.is_problem(403, "forbidden", None);
    pause(&[PAGE, ("origin", "http://elsewhere.example")]).await.is_problem(403, "forbidden", None);
    pause(&[PAGE, ("origin", "null")]).await.is_problem(403, "forbidden", None);
    assert_eq!(pause(&[PAGE, ("origin", "http://127.0.0.1:7670")]).await.status, 200);
    let login = ask(&house, "POST", "/v1/session", &[HERE], json!({ "token": token })).await;
    login.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn a_name_that_somebody_else_points_here_gets_nothing() {
    let house = House::new();
    let token = house.token(json!({ "client": "ana", "scopes": ["read"] })).await;
    let cookie = log_in(&house, &token).await;
    for (host, status) in [
        ("localhost:7670", 200),
        ("[::1]:7670", 200),
        ("192.168.0.7", 200),
        ("cobranca.example:7670", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ] {
        let answer = ask(&house, "GET", "/v1/messages", &[("host", host), ("cookie", &cookie)], Value::Null).await;
        assert_eq!(answer.status, status, "{host}");
    }
    let program = format!("Bearer {token}");
    let headers = [("host", "evil.example"), ("authorization", program.as_str())];
    assert_eq!(ask(&house, "GET", "/v1/messages", &headers, Value::Null).await.status, 200, "programs show a token");
}

#[tokio::test]
async fn a_session_outlives_a_restart_and_ends_with_its_token_or_its_day() {
    let mut house = House::new();
    let made = house.post("/v1/tokens", json!({ "client": "ana", "scopes": ["read"] })).await.json;
    let cookie = log_in(&house, made["token"].as_str().unwrap()).await;
    house.restart(|_, _| {});
    let see = async |house: &House, cookie: &str| {
        ask(house, "GET", "/v1/messages", &[HERE, ("cookie", cookie)], Value::Null).await
    };
    assert_eq!(see(&house, &cookie).await.status, 200);
    let (said, seal) = cookie.rsplit_once('.').unwrap();
    for forged in [format!("{said}0.{seal}"), format!("{said}.AAAA"), "recado_session=1".to_owned()] {
        see(&house, &forged).await.is_problem(401, "unauthorized", None);
    }
    house.clock = Clock::starting_at(house.clock.now().utc + Duration::from_secs(12 * 3600));
    house.restart(|_, _| {});
    see(&house, &cookie).await.is_problem(401, "unauthorized", None);
    let again = log_in(&house, made["token"].as_str().unwrap()).await;
    house.delete(&format!("/v1/tokens/{}", made["key"])).await;
    see(&house, &again).await.is_problem(401, "unauthorized", None);
}

#[tokio::test]
async fn ten_wrong_tokens_a_minute_are_enough() {
    let house = House::new();
    let token = house.token(json!({ "client": "ana", "scopes": ["read"] })).await;
    let show = async |token: &str| ask(&house, "POST", "/v1/session", &[HERE, PAGE], json!({ "token": token })).await;
    for _ in 0..10 {
        show("rcd_wrong").await.is_problem(401, "unauthorized", None);
    }
    let limited = show(&token).await;
    limited.is_problem(429, "too-many-requests", None);
    assert_eq!(limited.headers["retry-after"], "60");
}

/// Over the real door, which knows where a connection comes from.
#[tokio::test]
async fn who_shows_wrong_tokens_keeps_only_its_own_address_out() {
    let house = House::new();
    let token = house.token(json!({ "client": "ana", "scopes": ["read"] })).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut door = tokio::task::JoinSet::new();
    door.spawn(serve(listener, house.tcp(), Bounds::default(), std::future::pending()));
    let show = async |from: &str, token: &str| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let body = json!({ "token": token }).to_string();
        let length = body.len();
        let ask = format!(
            "POST /v1/session HTTP/1.1\r\nhost: 127.0.0.1\r\nx-recado-page: 1\r\nx-forwarded-for: 192.0.2.1\r\n\
             connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    for _ in 0..10 {
        assert_eq!(show("127.0.0.2", "rcd_wrong").await, "401");
    }
    assert_eq!(show("127.0.0.2", &token).await, "429");
    assert_eq!(show("127.0.0.1", &token).await, "204");
}

#[tokio::test]
async fn logging_out_takes_the_cookie_away() {
    let house = House::new();
    let token = house.token(json!({ "client": "ana", "scopes": ["read"] })).await;
    let cookie = log_in(&house, &token).await;
    let answer = ask(&house, "DELETE", "/v1/session", &[HERE, PAGE, ("cookie", &cookie)], Value::Null).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
}
