use serde_json::{Value, json};

use crate::modem::Settlement;
use crate::sms::id::SegmentId;

use super::reading::deliver;
use super::{House, ICCID, message_with, modem_up};

const NUMBER: &str = "+5511987654321";

/// A message about a debtor was accepted by the network, and these texts came back. The SIM is in its modem.
async fn house(texts: &[&str]) -> House {
    let mut house = House::new();
    house.submit(message_with(json!({ "debtor": "d-1", "debt": "b-1", "creditor": "c-1" }))).await;
    house.restart_with(|store, now| {
        let carrier = modem_up(store, now);
        store.commit(now, |work| work.offer(SegmentId(1), &carrier)).unwrap();
        let accepted = Settlement::Accepted { tp_mr: 7 };
        store.commit(now, |work| work.settle(SegmentId(1), &carrier.modem, Some(carrier.sim), accepted)).unwrap();
        for text in texts {
            store.commit(now, |work| work.receive(&carrier, &deliver(NUMBER, text))).unwrap();
        }
    });
    house
}

async fn first(house: &House) -> Value {
    house.get("/v1/conversations").await.json["items"][0].clone()
}

#[tokio::test]
async fn what_people_wrote_is_listed_with_what_was_understood() {
    let house = house(&["Ja paguei ontem"]).await;
    let listed = house.get("/v1/conversations?state=open").await;
    insta::assert_json_snapshot!("conversations", listed.redacted());
    let shown = house.get("/v1/conversations/1").await;
    insta::assert_json_snapshot!("conversation", shown.redacted());
    for none in ["state=closed", "needs_person=true", "assigned=ana"] {
        assert_eq!(house.get(&format!("/v1/conversations?{none}")).await.json["items"], json!([]), "{none}");
    }
    for (intent, found) in [("already_paid", 1), ("opt_out", 0)] {
        let listed = house.get(&format!("/v1/conversations?intent={intent}")).await.json;
        assert_eq!(listed["items"].as_array().unwrap().len(), found, "{intent}");
    }
    for (of, found) in
        [("debtor=d-1", 1), ("debtor=d-2", 0), ("debtor=d-1&intent=already_paid", 1), ("intent=opt_out", 0)]
    {
        for list in ["/v1/conversations", "/v1/inbox"] {
            let listed = house.get(&format!("{list}?{of}")).await.json;
            assert_eq!(listed["items"].as_array().unwrap().len(), found, "{list}?{of}");
        }
    }
    house.get("/v1/inbox?intent=joy").await.is_problem(400, "bad-request", Some("intent"));
    // Who is limited to creditors finds the debtor of those alone.
    for (creditor, found) in [("c-1", 1), ("c-2", 0)] {
        let token = house.token(json!({ "client": creditor, "scopes": ["read"], "creditors": [creditor] })).await;
        let listed = house.with(&token, "GET", "/v1/conversations?debtor=d-1", "").await.json;
        assert_eq!(listed["items"].as_array().unwrap().len(), found, "{creditor}");
    }
    house.get("/v1/conversations?intent=joy").await.is_problem(400, "bad-request", Some("intent"));
    house.get("/v1/conversations?state=new").await.is_problem(400, "bad-request", Some("state"));
    house.get("/v1/conversations?needs_person=1").await.is_problem(400, "bad-request", Some("needs_person"));
    for missing in ["/v1/conversations/2", "/v1/conversations/x"] {
        house.get(missing).await.is_problem(404, "not-found", None);
    }
}

#[tokio::test]
async fn an_answer_goes_the_way_of_every_message_by_the_same_sim() {
    let house = house(&["quero falar com um atendente"]).await;
    assert_eq!(first(&house).await["needs_person"], true);
    let answer = json!({ "text": "Em que posso ajudar?", "operator": "ana", "client_ref": "r-1" });
    let taken = house.post("/v1/conversations/1/reply", answer.clone()).await;
    assert_eq!((taken.status.as_u16(), &taken.json["to"]), (202, &json!(NUMBER)), "{}", taken.text);
    let id = taken.json["id"].as_str().unwrap();
    let message = house.get(&format!("/v1/messages/{id}")).await.json;
    let fields = ["purpose", "sim", "operator", "debtor", "debt", "creditor"].map(|field| message[field].clone());
    assert_eq!(fields, ["reply", ICCID, "ana", "d-1", "b-1", "c-1"].map(Value::from));
    assert_eq!(first(&house).await["needs_person"], false);
    let again = house.post("/v1/conversations/1/reply", answer).await;
    assert_eq!((again.status.as_u16(), &again.json["id"]), (200, &taken.json["id"]));
    let other = json!({ "text": "Outra coisa", "operator": "ana", "client_ref": "r-1" });
    house.post("/v1/conversations/1/reply", other).await.is_problem(409, "duplicate-ref", Some("client_ref"));
    house.post("/v1/conversations/1/reply", json!({})).await.is_problem(422, "bad-text", Some("text"));
    let shown = house.get("/v1/conversations/1").await.json;
    let said: Vec<_> = shown["messages"].as_array().unwrap().iter().map(|turn| turn["direction"].clone()).collect();
    assert_eq!(said, ["out", "in", "out"]);
}

#[tokio::test]
async fn an_answer_is_previewed_by_whoever_may_not_see_the_number() {
    let house = house(&["quero falar com um atendente"]).await;
    let operator = house.token(json!({ "client": "ana", "role": "operator" })).await;
    let body = json!({ "text": "Em que posso ajudar?" });
    let seen = house.with(&operator, "POST", "/v1/conversations/1/preview", body.clone()).await;
    assert_eq!((seen.status.as_u16(), &seen.json["segments"]), (200, &json!(1)), "{}", seen.text);
    assert!(!seen.text.contains(&NUMBER[5..]), "{}", seen.text);
    let all = house.get("/v1/messages").await.json;
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "nothing was taken in");
    house.with(&operator, "POST", "/v1/conversations/1/preview", json!({})).await.is_problem(
        422,
        "bad-text",
        Some("text"),
    );
    house.with(&operator, "POST", "/v1/conversations/9/preview", body).await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn where_the_sim_is_gone_the_answer_says_so() {
    let mut house = house(&["quero falar com um atendente"]).await;
    house.restart(|_, _| {});
    let refused = house.post("/v1/conversations/1/reply", json!({ "text": "Pois não?" })).await;
    refused.is_problem(409, "conflict", Some("any_sim"));
    assert!(refused.text.contains("SIM norte"), "{}", refused.text);
    assert_eq!(first(&house).await["needs_person"], true);
    let taken = house.post("/v1/conversations/1/reply", json!({ "text": "Pois não?", "any_sim": true })).await;
    assert_eq!(taken.status, 202, "{}", taken.text);
    assert_eq!(first(&house).await["needs_person"], false);
}

#[tokio::test]
async fn who_looks_after_it_can_be_said_and_seen() {
    let house = house(&["quero falar com um atendente"]).await;
    let assigned = house.post("/v1/conversations/1/assign", json!({ "to": "ana" })).await;
    assert_eq!(assigned.json, json!({ "id": 1, "state": "open", "needs_person": true, "assigned": "ana" }));
    assert_eq!(house.get("/v1/conversations?assigned=ana&needs_person=true").await.json["items"][0]["id"], 1);
    let closed = house.post("/v1/conversations/1/close", "").await;
    assert_eq!(closed.json, json!({ "id": 1, "state": "closed", "needs_person": false, "assigned": "ana" }));
    let left = house.post("/v1/conversations/1/assign", json!({ "to": null })).await;
    assert_eq!(left.json["assigned"], Value::Null);
    let events = house.get("/v1/events?after=0").await.json;
    let changes = events["items"].as_array().unwrap().iter().filter(|event| event["type"] == "conversation.changed");
    let changes: Vec<_> = changes.map(|event| event["data"].clone()).collect();
    let change = |change| json!({ "conversation": 1, "change": change, "client": "local" });
    assert_eq!(changes, ["assigned", "closed", "unassigned"].map(change));
}

#[tokio::test]
async fn a_decision_says_what_it_has_stopped() {
    let house = house(&["Ja paguei ontem"]).await;
    assert_eq!(first(&house).await["standing"], "unconfirmed");
    let until = "2026-12-01T03:00:00Z";
    let answer = house.post("/v1/conversations/1/standing", json!({ "standing": "promised", "until": until })).await;
    assert_eq!(answer.json, json!({ "stopped": 0, "on_wire": [] }));
    let promised = first(&house).await;
    let stands = [&promised["standing"], &promised["standing_until"]].map(|word| word.as_str().unwrap());
    assert!(stands[0] == "promised" && stands[1].starts_with("2026-12-01T03:00:00"), "{stands:?}");
    let waiting = house.submit(message_with(json!({ "text": "Outra", "debtor": "d-1" }))).await;
    let answer = house.post("/v1/conversations/1/standing", json!({ "standing": "paid" })).await;
    assert_eq!(answer.json, json!({ "stopped": 1, "on_wire": [] }));
    assert_eq!(house.get(&format!("/v1/messages/{waiting}")).await.json["state"], "blocked");
    for (body, field) in [
        (json!({}), "standing"),
        (json!({ "standing": "gone" }), "standing"),
        (json!({ "standing": "promised" }), "until"),
        (json!({ "standing": "promised", "until": "2026-11-24T12:00:00Z" }), "until"),
        (json!({ "standing": "open", "until": until }), "until"),
    ] {
        house.post("/v1/conversations/1/standing", body).await.is_problem(400, "bad-request", Some(field));
    }
}

#[tokio::test]
async fn a_conversation_is_the_business_of_the_creditor_whom_its_last_text_answers() {
    let house = house(&["quero falar com um atendente"]).await;
    let scopes = json!(["send", "read", "pii"]);
    let own = house.token(json!({ "client": "c1", "scopes": scopes, "creditors": ["c-1"] })).await;
    let foreign = house.token(json!({ "client": "c2", "scopes": scopes, "creditors": ["c-2"] })).await;
    assert_eq!(house.with(&foreign, "GET", "/v1/conversations", "").await.json["items"], json!([]));
    house.with(&foreign, "GET", "/v1/conversations/1", "").await.is_problem(404, "not-found", None);
    for (path, body) in [
        ("reply", json!({ "text": "Oi" })),
        ("assign", json!({ "to": "ana" })),
        ("close", json!({})),
        ("standing", json!({ "standing": "open" })),
    ] {
        let path = format!("/v1/conversations/1/{path}");
        house.with(&foreign, "POST", &path, &body).await.is_problem(404, "not-found", None);
        let answer = house.with(&own, "POST", &path, &body).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    }
    // Of another creditor's messages to the same number nothing is shown.
    house.submit(message_with(json!({ "text": "Outra casa", "creditor": "c-2" }))).await;
    let shown = house.with(&own, "GET", "/v1/conversations/1", "").await;
    assert!(shown.text.contains("atendente") && !shown.text.contains("Outra casa"), "{}", shown.text);
    let events = house.with(&foreign, "GET", "/v1/events?after=0", "").await;
    assert!(!events.text.contains("conversation.changed"), "{}", events.text);
}

#[tokio::test]
async fn numbers_and_texts_are_for_those_who_may_see_them() {
    let house = house(&["Ja paguei ontem"]).await;
    let blind = house.token(json!({ "client": "stats", "scopes": ["read"] })).await;
    let writer = house.token(json!({ "client": "bot", "scopes": ["send"] })).await;
    for path in ["/v1/conversations", "/v1/conversations/1"] {
        let shown = house.with(&blind, "GET", path, "").await;
        let leaks = ["987654321", "paguei", "tudo bem"].iter().any(|secret| shown.text.contains(secret));
        assert!(shown.status.is_success() && !leaks, "{}", shown.text);
        house.with(&writer, "GET", path, "").await.is_problem(403, "forbidden", None);
    }
    for path in ["reply", "assign", "close", "standing"] {
        let body = json!({ "text": "Oi" });
        let path = format!("/v1/conversations/1/{path}");
        let body = if path.ends_with("reply") { body } else { json!({}) };
        house.with(&blind, "POST", &path, body).await.is_problem(403, "forbidden", None);
    }
    // Who answers without seeing the number does not learn it from the answer, nor from its repeat.
    for status in [202, 200] {
        let body = json!({ "text": "Oi", "client_ref": "r" });
        let answer = house.with(&writer, "POST", "/v1/conversations/1/reply", body).await;
        assert_eq!((answer.status.as_u16(), &answer.json["to"]), (status, &json!("+55*********21")), "{}", answer.text);
    }
}

#[tokio::test]
async fn words_by_which_a_wish_was_seen_are_for_those_who_may_see_texts() {
    let house = house(&["PARE"]).await;
    let blind = house.token(json!({ "client": "stats", "scopes": ["read"] })).await;
    for (path, place) in [
        ("/v1/inbox", "/items/0/understood/seen_by/0/phrase"),
        ("/v1/suppressions", "/items/0/why"),
        ("/v1/events?after=0&limit=100", ""),
    ] {
        let (seen, hidden) = (house.get(path).await, house.with(&blind, "GET", path, "").await);
        let phrase = "pare";
        assert!(seen.text.contains(&format!("\"{phrase}\"")), "{}", seen.text);
        assert!(place.is_empty() || seen.json.pointer(place) == Some(&json!(phrase)), "{}", seen.text);
        assert!(hidden.status.is_success() && !hidden.text.contains(phrase), "{}", hidden.text);
    }
    let intents = house.with(&blind, "GET", "/v1/inbox", "").await.json["items"][0]["intents"].clone();
    assert_eq!(intents, json!(["opt_out"]));
}

#[tokio::test]
async fn long_conversations_and_lists_come_in_pages() {
    let texts: Vec<String> = (0..120).map(|n| format!("texto {n:03}")).collect();
    let mut house = house(&texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    house.restart_with(|store, now| {
        let carrier = modem_up(store, now);
        store.commit(now, |work| work.receive(&carrier, &deliver("+5521987654321", "oi"))).unwrap();
    });
    let newest = house.get("/v1/conversations?limit=1").await.json;
    assert_eq!(newest["items"][0]["number"], "+5521987654321");
    let next = newest["next"].as_str().unwrap();
    let older = house.get(&format!("/v1/conversations?limit=1&cursor={next}")).await.json;
    assert_eq!(older["items"][0]["number"], NUMBER);
    let newest = house.get("/v1/conversations/1").await.json;
    let said = |page: &Value| -> Vec<String> {
        page["messages"].as_array().unwrap().iter().map(|turn| turn["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((said(&newest).len(), said(&newest)[99].as_str()), (100, "texto 119"));
    let next = newest["next"].as_str().unwrap();
    let older = house.get(&format!("/v1/conversations/1?cursor={next}")).await.json;
    assert_eq!((said(&older).len(), said(&older)[0].as_str()), (21, "Oi, tudo bem?"));
    assert_eq!((said(&older)[20].as_str(), &older["next"]), ("texto 019", &Value::Null));
    house.get("/v1/conversations/1?cursor=b7").await.is_problem(400, "bad-request", Some("cursor"));
}
