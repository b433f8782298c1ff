use std::collections::HashSet;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use serde_json::{Value, json};

use crate::actor::fleet::ModemState;
use crate::sms::id::ModemId;

use super::super::{Door, Site, dressed, openapi};
use super::{House, call, message, message_with, modem_up, request};

#[tokio::test]
async fn the_api_is_as_its_document_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let mut document = openapi().to_pretty_json().unwrap();
    document.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        checked_in == document,
        "docs/openapi.json differs; run this test with UPDATE_OPENAPI=1 and look at the change"
    );
    let served = House::new().get("/openapi.json").await;
    assert_eq!(served.json, serde_json::from_str::<Value>(&document).unwrap());
    assert!(served.json["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut names = HashSet::new();
    for operation in
        served.json["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
    {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{operation}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.values().all(|response| response["description"].is_string()), "{operation}");
    }
}

#[tokio::test]
async fn readiness_names_what_is_missing() {
    let mut house = House::new();
    let ready = house.get("/readyz").await;
    let cause = json!({ "code": "no_modem", "about": null, "state": null, "detail": null });
    let expected = json!({
        "ready": true, "accepting": true, "sending": false, "reasons": ["there is no modem"], "causes": [cause],
    });
    assert_eq!((ready.status.as_u16(), ready.json), (200, expected));

    house.fleet.update(&ModemId::new("m1"), |modem| {
        modem.port = "/dev/ttyUSB0".to_owned();
        modem.reason = Some("another program uses the port".to_owned());
    });
    house.fleet.update(&ModemId::new("m2"), |modem| modem.state = ModemState::Ready);
    let ready = house.get("/readyz").await.json;
    let absent = "modem m1 (/dev/ttyUSB0) is absent: another program uses the port";
    assert_eq!((&ready["sending"], &ready["reasons"]), (&json!(true), &json!([absent])));
    let cause = json!({
        "code": "modem", "about": "m1", "state": "absent", "detail": "another program uses the port",
    });
    assert_eq!(ready["causes"], json!([cause]));

    house.post("/v1/pause", json!({ "scope": "all" })).await;
    let ready = house.get("/readyz").await.json;
    assert_eq!((&ready["sending"], &ready["reasons"]), (&json!(false), &json!(["sending is paused", absent])));

    house.app.drain();
    let draining = house.get("/readyz").await;
    assert_eq!((draining.status.as_u16(), &draining.json["ready"]), (503, &json!(false)));
    house.stop();
    assert_eq!(house.get("/readyz").await.status, 503);
    assert_eq!(house.get("/healthz").await.json, json!({ "ok": true }));
}

#[tokio::test]
async fn pauses_last_over_a_restart() {
    let mut house = House::new();
    let answer = house.post("/v1/pause", json!({ "scope": "all", "reason": "audit" })).await;
    assert_eq!((answer.status.as_u16(), answer.json), (200, json!({ "scope": "all", "id": null, "paused": true })));
    house.restart(|_, _| {});
    let submitted = house.post("/v1/messages", message()).await.json;
    assert_eq!(submitted["reason"]["code"], "paused");
    let answer = house.post("/v1/resume", json!({ "scope": "all" })).await;
    assert_eq!(answer.json["paused"], false);
    for (body, field) in [
        (json!({}), "scope"),
        (json!({ "scope": "world" }), "scope"),
        (json!({ "scope": "all", "id": "b" }), "id"),
        (json!({ "scope": "batch" }), "id"),
        (json!({ "scope": "sim", "id": "" }), "id"),
    ] {
        house.post("/v1/pause", body).await.is_problem(400, "bad-request", Some(field));
    }
}

#[tokio::test]
async fn modems_and_sims_say_how_they_are() {
    let mut house = House::new();
    house.restart(|store, now| {
        modem_up(store, now);
    });
    let id = ModemId::new("m1");
    house.fleet.update(&id, |modem| {
        modem.port = "/dev/ttyUSB0".to_owned();
        modem.state = ModemState::Ready;
        modem.iccid = Some(super::ICCID.to_owned());
        modem.registration = Some("home");
        modem.signal_dbm = Some(-71);
    });
    insta::assert_json_snapshot!("modems", house.get("/v1/modems").await.json);
    insta::assert_json_snapshot!("sims", house.get("/v1/sims").await.redacted());
}

#[tokio::test]
async fn metrics_show_messages_and_modems() {
    let mut house = House::new();
    house.submit(message()).await;
    house.restart(|store, now| {
        modem_up(store, now);
    });
    house.fleet.update(&ModemId::new("m1"), |modem| modem.state = ModemState::Ready);
    house.submit(message()).await;
    let answer = house.get("/metrics").await;
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    for line in [
        "recado_messages{state=\"queued\"} 2",
        "recado_modem_up{modem=\"m1\"} 1",
        "recado_sim_budget_remaining{sim=\"norte\",period=\"day\"} 3",
        "recado_sim_budget_limit{sim=\"norte\",period=\"day\"} 3",
        "recado_submit_seconds_count 1",
        "recado_ready 1",
        "recado_accepting 1",
        "recado_sending 1",
    ] {
        assert!(answer.text.lines().any(|l| l == line), "{line} in\n{}", answer.text);
    }
    assert!(!answer.text.contains("987654321"));
    let value = |name: &str| answer.text.lines().find_map(|l| l.strip_prefix(name)?.trim().parse::<f64>().ok());
    assert!(value("recado_disk_free_bytes ").unwrap() > 0.0);
    assert!(value("recado_store_commit_seconds_count ").unwrap() >= 1.0, "{}", answer.text);
    assert!(value("recado_store_batch_rows_count ").unwrap() >= 1.0, "{}", answer.text);

    house.post("/v1/pause", json!({ "scope": "all" })).await;
    let paused = house.get("/metrics").await.text;
    assert!(paused.lines().any(|l| l == "recado_sending 0"), "{paused}");
}

async fn break_down() -> &'static str {
    panic!("secret words")
}

#[tokio::test]
async fn a_panic_is_a_problem_without_details() {
    let house = House::new();
    let fragile = Router::new().route("/", get(break_down));
    let router = dressed(fragile).with_state(Site { app: house.app.clone(), door: Door::Unix });
    let answer = call(router, request("GET", "/", &[], Body::empty())).await;
    answer.is_problem(500, "internal", None);
    assert!(!answer.text.contains("secret words"));
}

#[tokio::test]
async fn the_queue_says_what_waits_for_what_and_when_it_will_have_left() {
    let mut house = House::new();
    let nothing = house.get("/v1/queue").await.json;
    assert_eq!((&nothing["parts"], &nothing["waiting"], &nothing["whole"]), (&json!(0), &json!([]), &json!(true)));
    house.submit(message()).await;
    house
        .submit(message_with(json!({ "to": "+5511987654322", "not_before": "2027-11-24T12:00:00Z", "ttl": "24h" })))
        .await;
    let waiting = async |house: &House| {
        let queue = house.get("/v1/queue").await.json;
        let codes = queue["waiting"].as_array().unwrap().iter().map(|one| (one["code"].clone(), one["parts"].clone()));
        let mut codes: Vec<(Value, Value)> = codes.collect();
        codes.sort_by_key(|(code, _)| code.to_string());
        (json!(codes), queue)
    };
    let (codes, queue) = waiting(&house).await;
    assert_eq!(codes, json!([["no_sim", 1], ["not_due", 1]]));
    assert_eq!((&queue["messages"], &queue["parts"]), (&json!({ "queued": 2 }), &json!(2)));
    assert_eq!((&queue["forecast"]["ends_at"], &queue["forecast"]["reason"]["code"]), (&Value::Null, &json!("no_sim")));
    let later = queue["waiting"].as_array().unwrap().iter().find(|one| one["code"] == "not_due").unwrap();
    assert_eq!(later["not_before"], "2027-11-24T12:00:00.000Z");

    house.post("/v1/pause", json!({ "scope": "all" })).await;
    assert_eq!(waiting(&house).await.0, json!([["paused", 2]]));
    house.post("/v1/resume", json!({ "scope": "all" })).await;
    house.restart_with(|store, now| drop(modem_up(store, now)));
    let (codes, queue) = waiting(&house).await;
    assert_eq!(codes, json!([["not_due", 1], ["turn", 1]]));
    assert!(queue["forecast"]["ends_at"].is_string(), "{queue}");
    // What it counts is everybody's.
    let limited = house.token(json!({ "client": "crm", "scopes": ["read"], "creditors": ["c-1"] })).await;
    house.with(&limited, "GET", "/v1/queue", "").await.is_problem(403, "forbidden", None);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_readiness_without_a_token_is_answered_anew_once_a_second() {
    let house = House::new();
    let token = house.token(json!({ "client": "monitor", "scopes": ["read"] })).await;
    let ask = async || call(house.tcp(), request("GET", "/readyz", &[], Body::empty())).await;
    assert_eq!(ask().await.json["sending"], false);
    house.fleet.update(&ModemId::new("m2"), |modem| modem.state = ModemState::Ready);
    assert_eq!(ask().await.json["sending"], false);
    assert_eq!(house.with(&token, "GET", "/readyz", "").await.json["sending"], true);
    assert_eq!(house.with("rcd_wrong", "GET", "/readyz", "").await.json["sending"], false);
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(ask().await.json["sending"], true);
    // A stop is told at once.
    house.app.drain();
    assert_eq!(ask().await.status, 503);
}
