use serde_json::{Value, json};

use crate::actor::fleet::ModemState;
use crate::sms::id::ModemId;
use crate::store::board::Scope;

use super::{House, ICCID, message, message_with, modem_up};

/// A SIM that was seen and is not configured.
const OTHER: &str = "8955031234567890999";

/// The SIM with a name is in a modem that can send.
fn with_modem() -> House {
    let mut house = House::new();
    house.restart_with(|store, now| {
        modem_up(store, now);
    });
    house.fleet.update(&ModemId::new("m1"), |modem| modem.state = ModemState::Ready);
    house
}

async fn pauses(house: &House) -> Value {
    let mut list = house.get("/v1/pause").await.json;
    for item in list["items"].as_array_mut().unwrap() {
        assert!(item["since"].as_str().unwrap().starts_with("2026-11-24T13:"), "{item}");
        item.as_object_mut().unwrap().remove("since");
    }
    list["items"].clone()
}

#[tokio::test]
async fn what_is_paused_can_be_read_with_its_reason() {
    let mut house = House::new();
    assert_eq!(house.get("/v1/pause").await.json, json!({ "items": [], "next": null }));
    let manage = house.token(json!({ "client": "ana", "scopes": ["manage", "read"] })).await;
    house.with(&manage, "POST", "/v1/pause", json!({ "scope": "all", "reason": "audit" })).await;
    house.post("/v1/pause", json!({ "scope": "batch", "id": "november", "reason": "wrong amount" })).await;
    house.post("/v1/pause", json!({ "scope": "sim", "id": "norte" })).await;
    let expected = json!([
        { "scope": "all", "id": null, "reason": "audit", "client": "ana" },
        { "scope": "batch", "id": "november", "reason": "wrong amount", "client": "local" },
        { "scope": "sim", "id": ICCID, "reason": null, "client": "local" },
    ]);
    assert_eq!(pauses(&house).await, expected);
    // Another reason is a correction, not another pause.
    house.post("/v1/pause", json!({ "scope": "all", "reason": "audit of November" })).await;
    house.restart(|_, _| {});
    assert_eq!(pauses(&house).await[0]["reason"], "audit of November");
    assert_eq!(pauses(&house).await[0]["client"], "ana");
    house.post("/v1/resume", json!({ "scope": "all" })).await;
    assert_eq!(pauses(&house).await.as_array().unwrap().len(), 2);
    let send = house.token(json!({ "client": "a", "scopes": ["send"] })).await;
    house.with(&send, "GET", "/v1/pause", "").await.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn a_client_of_some_creditors_reads_no_batch_of_others() {
    let house = House::new();
    house.submit(message_with(json!({ "creditor": "c-1", "batch": "own" }))).await;
    house.submit(message_with(json!({ "creditor": "c-2", "batch": "foreign" }))).await;
    for batch in ["own", "foreign"] {
        house.post("/v1/pause", json!({ "scope": "batch", "id": batch })).await;
    }
    house.post("/v1/pause", json!({ "scope": "all" })).await;
    let limited = house.token(json!({ "client": "c1", "scopes": ["read"], "creditors": ["c-1"] })).await;
    let listed = house.with(&limited, "GET", "/v1/pause", "").await.json;
    let ids: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&Value::Null, &json!("own")]);
}

#[tokio::test]
async fn a_held_message_names_the_reason_of_the_pause() {
    let house = with_modem();
    let item = message_with(json!({ "batch": "november" }));
    let id = house.submit(item.clone()).await;
    let detail = async || {
        let shown = house.get(&format!("/v1/messages/{id}")).await.json["reason"].clone();
        let listed = house.get("/v1/messages?batch=november").await.json["items"][0]["reason"].clone();
        assert_eq!(shown, listed);
        shown["detail"].as_str().unwrap_or_default().to_owned()
    };
    for (scope, name, expected) in [
        ("sim", Some("norte"), "SIM norte is paused until someone resumes it: bill"),
        ("batch", Some("november"), "batch november is paused until someone resumes it: bill"),
        ("all", None, "sending is paused until someone resumes it: bill"),
    ] {
        house.post("/v1/pause", json!({ "scope": scope, "id": name, "reason": "bill" })).await;
        assert_eq!(detail().await, expected);
        let submitted = house.post("/v1/messages", &item).await.json;
        assert_eq!(submitted["reason"], json!({ "code": "paused", "detail": expected }));
        let many = house.post("/v1/messages", json!([item, item])).await.json;
        assert_eq!(many["items"][1]["reason"]["detail"], expected);
        assert_eq!(house.post("/v1/preview", &item).await.json["reason"]["detail"], expected);
    }
    for scope in [json!({ "scope": "all" }), json!({ "scope": "batch", "id": "november" })] {
        house.post("/v1/resume", scope).await;
    }
    let sims = house.get("/v1/sims").await.json;
    assert_eq!(sims["items"][0]["reason"], "paused by a person: bill");
    house.post("/v1/pause", json!({ "scope": "sim", "id": "norte" })).await;
    assert_eq!(detail().await, "SIM norte is paused until someone resumes it");
}

#[tokio::test]
async fn a_sim_is_paused_and_resumed_by_either_of_its_names() {
    let house = with_modem();
    let state = async || house.get("/v1/sims").await.json["items"][0]["state"].clone();
    for (paused, resumed) in [("norte", ICCID), (ICCID, "norte"), ("norte", "norte"), (ICCID, ICCID)] {
        let answer = house.post("/v1/pause", json!({ "scope": "sim", "id": paused })).await;
        assert_eq!(answer.json, json!({ "scope": "sim", "id": ICCID, "paused": true }));
        assert_eq!(state().await, "paused");
        let answer = house.post("/v1/resume", json!({ "scope": "sim", "id": resumed })).await;
        assert_eq!(answer.json, json!({ "scope": "sim", "id": ICCID, "paused": false }));
        assert_eq!(state().await, "ready", "paused as {paused}, resumed as {resumed}");
    }
}

#[tokio::test]
async fn a_sim_that_was_seen_needs_no_name() {
    let mut house = House::new();
    let pause = json!({ "scope": "sim", "id": OTHER });
    house.post("/v1/pause", &pause).await.is_problem(404, "not-found", Some("id"));
    house.restart(|store, now| {
        store.commit(now, |work| work.modem_up(&ModemId::new("m2"), OTHER)).unwrap();
    });
    assert_eq!(house.post("/v1/pause", &pause).await.status, 200);
    assert_eq!(house.get("/v1/sims").await.json["items"][0]["state"], "absent");
    assert_eq!(pauses(&house).await[0]["id"], OTHER);
    assert_eq!(house.post("/v1/resume", &pause).await.status, 200);
    assert_eq!(pauses(&house).await, json!([]));
}

#[tokio::test]
async fn a_sim_that_nobody_knows_is_not_found() {
    let house = House::new();
    for path in ["/v1/pause", "/v1/resume"] {
        for id in ["sul", "8955039999999999999"] {
            house.post(path, json!({ "scope": "sim", "id": id })).await.is_problem(404, "not-found", Some("id"));
        }
    }
    assert_eq!(pauses(&house).await, json!([]));
}

#[tokio::test]
async fn a_pause_that_was_stored_by_name_is_lifted() {
    for (stored, resumed) in [("norte", "norte"), ("norte", ICCID), ("no longer configured", "no longer configured")] {
        let mut house = House::new();
        house.restart_with(|store, now| {
            modem_up(store, now);
            store.commit(now, |work| work.pause(Scope::Sim, stored, "bill", "test")).unwrap();
        });
        assert_eq!(pauses(&house).await[0]["id"], stored);
        let answer = house.post("/v1/resume", json!({ "scope": "sim", "id": resumed })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(pauses(&house).await, json!([]));
        assert_eq!(house.get("/v1/sims").await.json["items"][0]["state"], "ready");
    }
}

#[tokio::test]
async fn nothing_is_sent_while_every_sim_is_paused() {
    let house = with_modem();
    let ready = async || house.get("/readyz").await.json;
    assert_eq!((&ready().await["sending"], &ready().await["reasons"]), (&json!(true), &json!([])));
    house.post("/v1/pause", json!({ "scope": "sim", "id": "norte", "reason": "secret" })).await;
    let paused = ready().await;
    assert_eq!((&paused["sending"], &paused["reasons"]), (&json!(false), &json!(["SIM norte is paused"])));
    house.post("/v1/pause", json!({ "scope": "all", "reason": "secret" })).await;
    house.post("/v1/resume", json!({ "scope": "sim", "id": "norte" })).await;
    let paused = ready().await;
    assert_eq!((&paused["sending"], &paused["reasons"]), (&json!(false), &json!(["sending is paused"])));
    house.post("/v1/resume", json!({ "scope": "all" })).await;
    assert_eq!(ready().await["sending"], true);
}

#[tokio::test]
async fn a_second_sim_that_cannot_send_does_not_stand_in_for_a_paused_one() {
    let mut house = House::new();
    house.restart_with(|store, now| {
        modem_up(store, now);
        store.commit(now, |work| work.modem_up(&ModemId::new("m2"), OTHER)).unwrap();
    });
    house.fleet.update(&ModemId::new("m1"), |modem| modem.state = ModemState::Ready);
    house.fleet.update(&ModemId::new("m2"), |modem| modem.state = ModemState::Unregistered);
    house.post("/v1/pause", json!({ "scope": "sim", "id": "norte" })).await;
    assert_eq!(house.get("/readyz").await.json["sending"], false);
}

#[tokio::test]
async fn a_pause_of_all_shows_in_the_answer_to_a_submission() {
    let house = House::new();
    house.post("/v1/pause", json!({ "scope": "all" })).await;
    let submitted = house.post("/v1/messages", message()).await.json;
    assert_eq!(submitted["reason"]["detail"], "sending is paused until someone resumes it");
}
