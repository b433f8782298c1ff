use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::response::Response;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{House, call, message, request, send};

/// A stream of events as a caller reads it.
struct Stream(BodyDataStream);

impl Stream {
    async fn open(house: &House, path: &str, last: Option<&str>) -> Self {
        let mut headers = vec![("accept", "text/event-stream")];
        headers.extend(last.map(|last| ("last-event-id", last)));
        Self::of(send(house.local(), request("GET", path, &headers, Body::empty())).await)
    }

    /// Over TCP, from the beginning of the log.
    async fn with(house: &House, token: &str) -> Self {
        let authorization = format!("Bearer {token}");
        let headers = [("accept", "text/event-stream"), ("authorization", authorization.as_str())];
        Self::of(send(house.tcp(), request("GET", "/v1/events?after=0", &headers, Body::empty())).await)
    }

    fn of(response: Response) -> Self {
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body().into_data_stream())
    }

    async fn next(&mut self) -> Option<(i64, Value)> {
        let chunk = self.0.next().await?.unwrap();
        let text = std::str::from_utf8(&chunk).unwrap();
        let line = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("{name} in {text}")).trim()
        };
        let event: Value = serde_json::from_str(line("data:")).unwrap();
        assert_eq!(line("event:"), event["type"]);
        Some((line("id:").parse().unwrap(), event))
    }
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_event_without_a_gap() {
    let house = House::new();
    for _ in 0..3 {
        house.submit(message()).await;
    }
    let newest = *house.writer().committed().borrow();
    let mut stream = Stream::open(&house, "/v1/events?after=0", Some("2")).await;
    for expected in 3..=newest {
        assert_eq!(stream.next().await.unwrap().0, expected);
    }
    // Nothing is ready; the next event wakes the stream.
    let id = house.submit(message()).await;
    let (seq, event) = stream.next().await.unwrap();
    assert_eq!((seq, &event["type"], &event["message"]), (newest + 1, &json!("message.queued"), &json!(id)));
}

#[tokio::test]
async fn a_stream_without_a_start_begins_now() {
    let house = House::new();
    house.submit(message()).await;
    let newest = *house.writer().committed().borrow();
    let mut stream = Stream::open(&house, "/v1/events", None).await;
    house.submit(message()).await;
    assert_eq!(stream.next().await.unwrap().0, newest + 1);
}

#[tokio::test]
async fn a_long_log_streams_in_its_order() {
    let house = House::new();
    let answer = house.post("/v1/messages", Value::from(vec![message(); 700])).await;
    assert_eq!(answer.status, 202);
    let newest = *house.writer().committed().borrow();
    assert!(newest >= 1400, "{newest}");
    let mut stream = Stream::open(&house, "/v1/events?after=0", None).await;
    for expected in 1..=newest {
        assert_eq!(stream.next().await.unwrap().0, expected);
    }
}

#[tokio::test]
async fn streams_end_when_the_daemon_closes_and_not_while_it_drains() {
    let house = House::new();
    let id = house.submit(message()).await;
    let mut stream = Stream::open(&house, "/v1/events", None).await;
    house.app.drain();
    house.delete(&format!("/v1/messages/{id}")).await;
    assert_eq!(stream.next().await.unwrap().1["type"], "message.cancelled");
    house.app.close();
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_revoked() {
    let house = House::new();
    house.submit(message()).await;
    let made = house.post("/v1/tokens", json!({ "client": "a", "scopes": ["read"] })).await.json;
    let other = house.token(json!({ "client": "b", "scopes": ["read"] })).await;
    let mut stream = Stream::with(&house, made["token"].as_str().unwrap()).await;
    let mut others = Stream::with(&house, &other).await;
    assert_eq!(stream.next().await.unwrap().0, 1);
    house.delete(&format!("/v1/tokens/{}", made["key"])).await;
    let end = tokio::time::timeout(Duration::from_secs(5), stream.next()).await.unwrap();
    assert_eq!(end, None, "not even what was read ahead");
    assert_eq!(others.next().await.unwrap().0, 1);
}

#[tokio::test]
async fn a_stream_ends_when_its_token_expires() {
    let house = House::new();
    let token = json!({ "client": "a", "scopes": ["read"], "expires_at": "2026-11-24T13:05:00Z" });
    let token = house.token(token).await;
    let mut stream = Stream::with(&house, &token).await;
    tokio::time::pause();
    let began = house.clock.now().utc;
    // Nothing but signs of life until the time has come.
    while let Some(chunk) = stream.0.next().await {
        assert_eq!(&chunk.unwrap()[..], b":\n\n");
        assert!(house.clock.now().utc < "2026-11-24T13:05:01Z".parse().unwrap(), "the stream goes on");
    }
    let lasted = house.clock.now().utc.saturating_since(began);
    assert!(lasted > Duration::from_secs(290), "ended after {lasted:?}");
    house.with(&token, "GET", "/v1/events", "").await.is_problem(401, "unauthorized", None);
}

#[tokio::test]
async fn a_stream_ends_with_the_writer() {
    let mut house = House::new();
    let mut stream = Stream::open(&house, "/v1/events", None).await;
    house.stop();
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn pulled_events_are_in_order_and_in_pages() {
    let house = House::new();
    let id = house.submit(message()).await;
    let first = house.get("/v1/events?after=0&limit=1").await;
    assert_eq!(first.json["items"][0]["message"], id);
    insta::assert_json_snapshot!("events", first.redacted());
    let rest = house.get(&format!("/v1/events?cursor={}", first.json["next"].as_str().unwrap())).await.json;
    assert_eq!((&rest["items"][0]["seq"], &rest["items"][0]["type"]), (&json!(2), &json!("message.held")));
    assert_eq!(rest["items"][0]["data"]["code"], "no_sim");
    assert_eq!(rest["next"], Value::Null);
    let newest = house.get("/v1/events").await.json;
    assert_eq!(newest["items"][0]["seq"], 2);
}

#[tokio::test]
async fn a_cursor_belongs_to_no_start_of_its_own() {
    let house = House::new();
    for path in ["/v1/events?after=0&cursor=a1", "/v1/inbox?cursor=b1&after=0"] {
        house.get(path).await.is_problem(400, "bad-request", Some("cursor"));
    }
    let headers = [("accept", "text/event-stream")];
    let answer = call(house.local(), request("GET", "/v1/events?cursor=b1", &headers, Body::empty())).await;
    answer.is_problem(400, "bad-request", Some("cursor"));
}

#[tokio::test]
async fn events_that_are_gone_are_said_to_be() {
    let mut house = House::new();
    for _ in 0..3 {
        house.submit(message()).await;
    }
    house.restart(|store, _| {
        store.connection().execute("DELETE FROM event WHERE seq < 4", []).unwrap();
    });
    for headers in [&[][..], &[("accept", "text/event-stream")]] {
        let answer = call(house.local(), request("GET", "/v1/events?after=2", headers, Body::empty())).await;
        answer.is_problem(410, "gone", Some("after"));
        assert_eq!(answer.json["oldest"], 4);
    }
    let kept = house.get("/v1/events?after=3").await.json;
    assert_eq!(kept["items"][0]["seq"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_busy_second_is_one_word_to_a_page() {
    let house = House::new();
    let response = send(house.local(), request("GET", "/v1/changes", &[], Body::empty())).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut words = response.into_body().into_data_stream();
    let mut next = async || loop {
        let word = String::from_utf8(words.next().await.unwrap().unwrap().to_vec()).unwrap();
        // A sign of life is for proxies.
        if !word.starts_with(':') {
            return word;
        }
    };
    assert_eq!(next().await, "event: changes\ndata: []\n\n");
    for _ in 0..1_000 {
        house.submit(message()).await;
    }
    house.post("/v1/pause", json!({ "scope": "all" })).await;
    assert_eq!(next().await, "event: changes\ndata: [\"message\"]\n\n");
}
