use serde_json::json;

use crate::actor::fleet::ModemState;
use crate::clock::Timestamp;
use crate::modem::Settlement;
use crate::sms::id::ModemId;
use crate::sms::lifecycle::Carrier;
use crate::sms::outcome::Cause;
use crate::store::Store;

use super::{House, ICCID, message, modem_up};

/// The network bars the SIM at the only message that waits.
fn bar(store: &mut Store, now: Timestamp) {
    let carrier: Carrier = modem_up(store, now);
    let segment = crate::sms::id::SegmentId(1);
    store.commit(now, |work| work.offer(segment, &carrier)).unwrap();
    let barred = Settlement::Refused { cause: Cause::Cms(8) };
    store.commit(now, |work| work.settle(segment, &carrier.modem, Some(carrier.sim), barred)).unwrap();
}

async fn barred() -> House {
    let mut house = House::new();
    house.submit(message()).await;
    house.restart_with(bar);
    house
}

#[tokio::test]
async fn a_sim_that_rests_raises_an_alarm_and_says_why() {
    let house = barred().await;
    let alarms = house.get("/v1/alarms").await.json;
    let alarm = &alarms["items"][0];
    assert_eq!(
        (&alarm["kind"], &alarm["sim"], &alarm["cleared_at"]),
        (&json!("sim_resting"), &json!("norte"), &json!(null))
    );
    assert_eq!(alarm["detail"], "refused: operator has barred this subscription from sending (cms-8)");
    let sims = house.get("/v1/sims").await.json;
    assert_eq!((&sims["items"][0]["state"], &sims["items"][0]["reason"]), (&json!("resting"), &alarm["detail"]));
    house.fleet.update(&ModemId::new("m1"), |modem| modem.state = ModemState::Ready);
    let ready = house.get("/readyz").await.json;
    assert_eq!((&ready["sending"], &ready["accepting"]), (&json!(false), &json!(true)));
    assert_eq!(ready["reasons"], json!([format!("SIM norte rests: {}", alarm["detail"].as_str().unwrap())]));
    let send = house.token(json!({ "client": "a", "scopes": ["send"] })).await;
    house.with(&send, "GET", "/v1/alarms", "").await.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn a_self_test_goes_out_by_the_sim_that_rests() {
    let house = barred().await;
    let answer = house.post(&format!("/v1/sims/{ICCID}/test"), json!({ "to": "11912340000" })).await;
    assert_eq!(answer.status, 202);
    let id = answer.json["message"].as_str().unwrap();
    let test = house.get(&format!("/v1/messages/{id}")).await.json;
    assert_eq!(
        (&test["purpose"], &test["to"], &test["sim"]),
        (&json!("operational"), &json!("+5511912340000"), &json!(ICCID))
    );
    assert_eq!(test["reason"], json!(null), "the SIM may carry it although it rests");
}

#[tokio::test]
async fn a_self_test_needs_a_sim_and_a_number() {
    let house = barred().await;
    house.post("/v1/sims/nobody/test", json!({ "to": "11900000001" })).await.is_problem(404, "not-found", None);
    house.post("/v1/sims/norte/test", json!({})).await.is_problem(400, "bad-request", Some("to"));
    let stranger = house.post("/v1/sims/norte/test", json!({ "to": "+5511987654321" })).await;
    stranger.is_problem(422, "bad-number", Some("to"));
    assert!(stranger.json["detail"].as_str().unwrap().contains("your own"), "{}", stranger.text);
    house.post("/v1/sims/norte/test", json!({ "to": "12" })).await.is_problem(422, "bad-number", Some("to"));
    let read = house.token(json!({ "client": "a", "scopes": ["read"] })).await;
    house.with(&read, "POST", "/v1/sims/norte/test", json!({})).await.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn an_alarm_is_cleared_by_who_may() {
    let house = barred().await;
    let id = house.get("/v1/alarms").await.json["items"][0]["id"].as_i64().unwrap();
    let path = format!("/v1/alarms/{id}/clear");
    let read = house.token(json!({ "client": "a", "scopes": ["read", "send"] })).await;
    house.with(&read, "POST", &path, "").await.is_problem(403, "forbidden", None);
    for missing in ["/v1/alarms/999/clear", "/v1/alarms/x/clear"] {
        house.post(missing, "").await.is_problem(404, "not-found", None);
    }
    let manage = house.token(json!({ "client": "ana", "scopes": ["manage"] })).await;
    let answer = house.with(&manage, "POST", &path, "").await;
    assert_eq!((answer.status.as_u16(), answer.json), (200, json!({ "id": id, "cleared": true })));
    assert!(house.get("/v1/alarms").await.json["items"][0]["cleared_at"].is_string());
    house.post(&path, "").await.is_problem(409, "conflict", None);
}
