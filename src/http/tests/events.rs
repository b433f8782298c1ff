use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{House, call, message, request, send};

/// A stream of events as a caller reads it.
struct Stream(BodyDataStream);

impl Stream {
    async fn open(house: &House, path: &str, last: Option<&str>) -> Self {
        let mut headers = vec![("accept", "text/event-stream")];
        headers.extend(last.map(|last| ("last-event-id", last)));
        let response = send(house.local(), request("GET", path, &headers, Body::empty())).await;
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
