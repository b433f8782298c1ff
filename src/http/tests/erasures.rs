//! Persons: what is held of them, and that it is held no more.

use super::*;

const NUMBER: &str = "+5511987654321";

#[tokio::test]
async fn an_erasure_withdraws_what_waits_and_says_what_never_whom() {
    let house = House::new();
    let sent = house.post("/v1/messages", json!({ "to": NUMBER, "text": "Ola Ana", "debtor": "ana" })).await;
    let begun = house.post("/v1/erasures", json!({ "debtor": "ana", "reason": "asked for" })).await;
    assert_eq!(begun.status, 202, "{}", begun.json);
    assert_eq!((&begun.json["state"], &begun.json["stopped"]), (&json!("running"), &json!(1)));
    let shown = house.get(&format!("/v1/erasures/{}", begun.json["id"])).await;
    let listed = house.get("/v1/erasures").await;
    assert_eq!((shown.status, &listed.json["items"][0]), (StatusCode::OK, &shown.json));
    let written = shown.json.to_string();
    assert!(!written.contains("ana") && !written.contains("87654321"), "{written}");
    let message = house.get(&format!("/v1/messages/{}", sent.json["id"].as_str().unwrap())).await;
    assert_eq!(message.json["state"], "blocked");
    // Who comes in again is not texted.
    let again = house.post("/v1/messages", json!({ "to": NUMBER, "text": "Ola" })).await;
    assert_eq!(again.json["reason"]["code"], "suppressed");
}

#[tokio::test]
async fn what_an_erasure_is_asked_for_is_checked() {
    let house = House::new();
    for (body, status, kind, field) in [
        (json!({ "reason": "x" }), 422, "bad-number", Some("number")),
        (json!({ "debtor": "ana", "number": NUMBER, "reason": "x" }), 400, "bad-request", Some("number")),
        (json!({ "number": NUMBER }), 400, "bad-request", Some("reason")),
        (json!({ "debtor": "nobody", "reason": "x" }), 404, "not-found", None),
        (json!({ "number": NUMBER, "reason": "x", "mode": "hide" }), 400, "bad-request", Some("mode")),
        (json!({ "number": NUMBER, "reason": "x", "mode": "block" }), 400, "bad-request", Some("until")),
        (
            json!({ "number": NUMBER, "reason": "x", "until": "2027-01-01T00:00:00Z" }),
            400,
            "bad-request",
            Some("until"),
        ),
        (
            json!({ "number": NUMBER, "reason": "x", "mode": "block", "until": "2020-01-01T00:00:00Z" }),
            400,
            "bad-request",
            Some("until"),
        ),
        (
            json!({ "number": NUMBER, "reason": "x", "mode": "block", "until": "2027-01-01T00:00:00Z", "suppress": false }),
            400,
            "bad-request",
            Some("suppress"),
        ),
    ] {
        house.post("/v1/erasures", body).await.is_problem(status, kind, field);
    }
    assert_eq!(house.get("/v1/erasures/7").await.status, 404);
}

#[tokio::test]
async fn an_export_needs_both_scopes_and_no_creditor() {
    let house = House::new();
    house.post("/v1/messages", json!({ "to": NUMBER, "text": "Ola Ana", "debtor": "ana" })).await;
    let paths = ["/v1/debtors/ana/export", "/v1/export?number=%2B5511987654321"];
    for scopes in [json!(["read", "pii"]), json!(["admin"])] {
        let token = house.token(json!({ "client": "c1", "scopes": scopes })).await;
        for path in paths {
            assert_eq!(house.with(&token, "GET", path, "").await.status, 403);
        }
    }
    let limited = house.token(json!({ "client": "c2", "scopes": ["read", "pii"], "creditors": ["c-1"] })).await;
    assert_eq!(house.with(&limited, "GET", "/v1/erasures", "").await.status, 403);
    for path in paths {
        let export = house.get(path).await;
        assert_eq!(export.json["tables"]["message"][0]["text"], "Ola Ana", "{}", export.json);
        assert_eq!(export.json["tables"]["event"][0]["type"], "message.queued");
    }
    assert_eq!(house.get("/v1/debtors/nobody/export").await.status, 404);
}

/// Texts under one id to so many numbers.
async fn texted(house: &House, debtor: &str, numbers: std::ops::Range<u32>) {
    let text = |number: u32| json!({ "to": format!("+55119{}", 60_000_000 + number), "text": "Ola", "debtor": debtor });
    let texts: Vec<Value> = numbers.map(text).collect();
    assert_eq!(house.post("/v1/messages", Value::from(texts)).await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn every_number_of_a_debtor_is_erased_however_many_they_are() {
    let house = House::new();
    texted(&house, "ana", 0..150).await;
    let begun = house.post("/v1/erasures", json!({ "debtor": "ana", "reason": "asked for" })).await;
    assert_eq!((begun.status.as_u16(), &begun.json["stopped"]), (202, &json!(150)), "{}", begun.text);
    texted(&house, "bea", 0..150).await;
    let blocked = house.get("/v1/messages?debtor=bea&limit=1000").await.json;
    let of = |item: &&Value| item["reason"]["code"] == "suppressed";
    assert_eq!(blocked["items"].as_array().unwrap().iter().filter(of).count(), 150);
}

#[tokio::test]
async fn an_id_with_more_numbers_than_a_person_has_is_not_erased_in_part() {
    let house = House::new();
    texted(&house, "teste", 0..1_001).await;
    let refused = house.post("/v1/erasures", json!({ "debtor": "teste", "reason": "asked for" })).await;
    refused.is_problem(409, "conflict", Some("debtor"));
    assert!(refused.text.contains("1001 numbers"), "{}", refused.text);
    assert_eq!(house.get("/v1/erasures").await.json["items"], json!([]));
}
