use std::collections::HashMap;

use axum::body::Body;
use serde_json::{Value, json};

use super::{ContactSettings, House, ProblemValue as _, StoreSettings, message, message_with, request, store_settings};

#[tokio::test]
async fn what_is_accepted_is_there_after_a_restart() {
    let mut house = House::new();
    let answer = house.post("/v1/messages", message()).await;
    assert_eq!(answer.status, 202);
    insta::assert_json_snapshot!("accepted", answer.redacted());
    house.restart(|_, _| {});
    let shown = house.get(&format!("/v1/messages/{}", answer.json["id"].as_str().unwrap())).await;
    insta::assert_json_snapshot!("shown", shown.redacted());
}

#[tokio::test]
async fn every_field_is_stored_and_returned() {
    let house = House::new();
    let all = json!({
        "to": "(11) 98765-4321",
        "text": "Não esqueça: {boleto} de €10",
        "client_ref": "ref-1",
        "purpose": "reminder",
        "priority": 9,
        "not_before": "2026-11-24T12:00:00-03:00",
        "valid_until": "2026-11-25T00:00:00Z",
        "encoding": "national",
        "on_unknown": { "resend_after": "30m" },
        "max_segments": 2,
        "group": "vip",
        "report": false,
        "debtor": "d-1",
        "debt": "n-1",
        "creditor": "c-1",
        "batch": "b-1",
        "team": "t-1",
        "operator": "o-1",
        "tags": ["a", "b"],
    });
    let id = house.submit(all).await;
    let shown = house.get(&format!("/v1/messages/{id}")).await;
    insta::assert_json_snapshot!("all_fields", shown.redacted());
    assert_eq!(shown.json["valid_until"], "2026-11-25T00:00:00.000Z");
}

#[tokio::test]
async fn validity_counts_from_the_due_time() {
    let house = House::new();
    let id = house.submit(message_with(json!({ "not_before": "2026-11-24T18:00:00Z", "ttl": "2h" }))).await;
    let shown = house.get(&format!("/v1/messages/{id}")).await.json;
    assert_eq!(shown["valid_until"], "2026-11-24T20:00:00.000Z");
    assert_eq!(shown["not_before"], "2026-11-24T18:00:00.000Z");
    assert_eq!(shown["reason"]["code"], "not_due");
}

/// A single message with these fields is refused.
async fn check(house: &House, body: impl ToString, status: u16, name: &str, field: Option<&str>, words: &str) {
    let answer = house.post("/v1/messages", body.to_string()).await;
    answer.is_problem(status, name, field);
    assert!(answer.json["detail"].as_str().unwrap().contains(words), "{}", answer.text);
}

#[tokio::test]
async fn what_has_the_wrong_form_is_refused_with_its_field() {
    let house = House::new();
    let bad = "bad-request";
    for (fields, field, words) in [
        (json!({ "priority": 10 }), "priority", "0 to 9"),
        (json!({ "priority": "high" }), "priority", "expected i64"),
        (json!({ "max_segments": 0 }), "max_segments", "1 to 255"),
        (json!({ "not_before": "tomorrow" }), "not_before", "2026-11-24T10:00:00-03:00"),
        (json!({ "valid_until": "2026-11-24T12:59:59Z" }), "valid_until", "is over"),
        (
            json!({ "valid_until": "2026-11-25T12:00:00Z", "not_before": "2026-11-26T12:00:00Z" }),
            "valid_until",
            "never go",
        ),
        (json!({ "valid_until": "2036-11-25T12:00:00Z" }), "valid_until", "63 weeks"),
        (json!({ "valid_until": "2026-11-25T12:00:00Z", "ttl": "24h" }), "ttl", "not both"),
        (json!({ "ttl": "soon" }), "ttl", "\"24h\""),
        (json!({ "ttl": "-1h" }), "ttl", "give a duration"),
        (json!({ "ttl": "0s" }), "ttl", "between"),
        (json!({ "ttl": "1mo" }), "ttl", "give a duration"),
        (json!({ "ttl": 3600 }), "ttl", "expected a string"),
        (json!({ "encoding": "utf-8" }), "encoding", "auto, gsm7, national, ucs2, transliterate"),
        (json!({ "purpose": "spam" }), "purpose", "collection"),
        (json!({ "on_unknown": "resend" }), "on_unknown", "{\"resend_after\": DURATION}"),
        (json!({ "on_unknown": { "resend_after": "x" } }), "on_unknown", "duration"),
        (json!({ "sim": "norte", "group": "vip" }), "group", "not both"),
        (json!({ "client_ref": " " }), "client_ref", "empty"),
        (json!({ "debtor": "d".repeat(201) }), "debtor", "200"),
        (json!({ "tags": "a" }), "tags", "sequence"),
        (json!({ "tags": vec!["a"; 21] }), "tags", "20"),
        (json!({ "report": "yes" }), "report", "boolean"),
    ] {
        check(&house, message_with(fields), 400, bad, Some(field), words).await;
    }
    check(&house, message_with(json!({ "priorty": 1 })), 400, "unknown-field", Some("priorty"), "`priority`").await;
    let companion = json!({ "to": "+5511987654321", "companion": "t" });
    check(&house, companion, 400, "unknown-field", Some("companion"), "there are to, text, template").await;
    check(&house, "{\"to\":", 400, bad, None, "line 1 column 6").await;
    check(&house, "[{\"to\":]", 400, bad, None, "not JSON").await;
    check(&house, "\"text\"", 400, bad, None, "JSON object").await;
    assert_eq!(house.get("/v1/messages").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_long_unknown_name_is_cut_and_not_compared() {
    let house = House::new();
    // One edit away from a field if it were cut first.
    let long = format!("client_reff{}", "f".repeat(100_000));
    let answer = house.post("/v1/messages", message_with(json!({ long.clone(): 1 }))).await;
    answer.is_problem(400, "unknown-field", Some(&long[..40]));
    assert!(!answer.text.contains("did you mean") && answer.text.len() < 1000, "{}", answer.text);
    let answer = house.get(&format!("/v1/messages?{}=1", &long[..200])).await;
    answer.is_problem(400, "unknown-field", Some(&long[..40]));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_the_reason() {
    let house = House::new();
    for (fields, name, field, words) in [
        (json!({ "to": "12" }), "bad-number", "to", "too short"),
        (json!({ "to": "hello" }), "bad-number", "to", "not a phone number"),
        (json!({ "to": "+551132145678" }), "bad-number", "to", "landline"),
        (json!({ "to": null }), "bad-number", "to", "recipient"),
        (json!({ "text": "" }), "bad-text", "text", "empty"),
        (json!({ "text": null }), "bad-text", "text", "give the text"),
        (json!({ "text": "pão", "encoding": "gsm7" }), "bad-text", "text", "'ã' at 1"),
        (json!({ "text": "x".repeat(161), "max_segments": 1 }), "too-long", "text", "takes 2 parts, at most 1"),
        (json!({ "text": "x".repeat(255 * 153 + 1) }), "too-long", "text", "39015"),
        (json!({ "text": "x".repeat(4 * 153) }), "exceeds-budget", "text", "takes 4 parts"),
    ] {
        check(&house, message_with(fields), 422, name, Some(field), words).await;
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let house = House::new();
    let body = " ".repeat(16 * 1024 * 1024 + 1);
    house.post("/v1/messages", body).await.is_problem(413, "too-large", None);
}

#[tokio::test]
async fn the_rest_of_an_array_still_goes_through() {
    let house = House::new();
    let items = json!([
        message(),
        { "to": "nobody", "text": "Oi" },
        message_with(json!({ "colour": "red" })),
        "text",
        message_with(json!({ "client_ref": "r" })),
    ]);
    let answer = house.post("/v1/messages", items).await;
    assert_eq!(answer.status, 202);
    insta::assert_json_snapshot!("array", answer.redacted());
}

#[tokio::test]
async fn a_long_array_is_answered_in_its_order() {
    let house = House::new();
    let item = |n: usize| match n % 100 {
        7 => message_with(json!({ "priority": 77 })),
        _ => message_with(json!({ "text": format!("{n}"), "client_ref": format!("{n}") })),
    };
    let answer = house.post("/v1/messages", Value::from((0..1500).map(item).collect::<Vec<_>>())).await;
    let items = answer.json["items"].as_array().unwrap();
    assert_eq!(items.len(), 1500);
    let texts = texts_by_id(&house).await;
    for (n, item) in items.iter().enumerate() {
        if n % 100 == 7 {
            item.is_problem("bad-request", Some("priority"));
            assert_eq!(item["index"], n);
        } else {
            assert_eq!(texts[item["id"].as_str().unwrap()], format!("{n}"));
        }
    }
    assert_eq!(texts.len(), 1485);
}

async fn texts_by_id(house: &House) -> HashMap<String, String> {
    let mut texts = HashMap::new();
    let mut path = "/v1/messages?limit=1000".to_owned();
    loop {
        let page = house.get(&path).await.json;
        let word = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        texts.extend(page["items"].as_array().unwrap().iter().map(|item| (word(item, "id"), word(item, "text"))));
        let Some(next) = page["next"].as_str() else { return texts };
        path = format!("/v1/messages?limit=1000&cursor={next}");
    }
}

#[tokio::test]
async fn an_array_may_be_empty_and_must_not_be_endless() {
    let house = House::new();
    let answer = house.post("/v1/messages", "[]").await;
    assert_eq!((answer.status.as_u16(), answer.json), (202, json!({ "items": [] })));
    let endless = Value::from(vec![message(); 10_001]);
    house.post("/v1/messages", endless).await.is_problem(413, "too-large", None);
    assert_eq!(house.get("/v1/messages").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_repeat_answers_with_how_the_message_stands() {
    let mut house = House::new();
    let body = message_with(json!({ "client_ref": "r-1" }));
    let id = house.submit(body.clone()).await;
    let same = json!({ "client_ref": "r-1", "text": "Oi, tudo bem?", "to": "11 98765 4321", "priority": 5 });
    let repeat = house.post("/v1/messages", same).await;
    assert_eq!(
        (repeat.status.as_u16(), &repeat.json["id"], &repeat.json["state"]),
        (200, &json!(id), &json!("queued"))
    );
    house.restart(super::hand_over);
    let later = house.post("/v1/messages", body).await;
    assert_eq!((later.status.as_u16(), &later.json["id"], &later.json["state"]), (200, &json!(id), &json!("unknown")));
    assert_eq!(later.json["to"], "+5511987654321");
}

#[tokio::test]
async fn a_reference_belongs_to_one_content() {
    let house = House::new();
    let id = house.submit(message_with(json!({ "client_ref": "r-1" }))).await;
    for other in
        [json!({ "text": "Outro" }), json!({ "priority": 6 }), json!({ "ttl": "24h" }), json!({ "tags": ["a"] })]
    {
        let mut body = message_with(json!({ "client_ref": "r-1" }));
        body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        let answer = house.post("/v1/messages", body).await;
        answer.is_problem(409, "duplicate-ref", Some("client_ref"));
        assert_eq!(answer.json["id"], id);
    }
}

#[tokio::test]
async fn references_count_inside_one_array() {
    let house = House::new();
    let first = message_with(json!({ "client_ref": "r-1" }));
    let other = message_with(json!({ "client_ref": "r-1", "text": "Outro" }));
    let answer = house.post("/v1/messages", json!([first, first, other])).await;
    let items = &answer.json["items"];
    assert_eq!(items[0]["id"], items[1]["id"]);
    items[2].is_problem("duplicate-ref", Some("client_ref"));
    assert_eq!(items[2]["index"], 2);
    assert_eq!(house.get("/v1/messages").await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn two_clients_may_use_one_reference() {
    let house = House::new();
    let a = house.token(json!({ "client": "a", "scopes": ["send"] })).await;
    let b = house.token(json!({ "client": "b", "scopes": ["send"] })).await;
    let body = message_with(json!({ "client_ref": "r-1" }));
    let first = house.with(&a, "POST", "/v1/messages", &body).await;
    let second = house.with(&b, "POST", "/v1/messages", &body).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (202, 202));
    assert_ne!(first.json["id"], second.json["id"]);
}

#[tokio::test]
async fn a_refused_submission_is_not_remembered() {
    let house = House::new();
    let long = message_with(json!({ "client_ref": "r-1", "text": "x".repeat(4 * 153) }));
    house.post("/v1/messages", long).await.is_problem(422, "exceeds-budget", Some("text"));
    house.submit(message_with(json!({ "client_ref": "r-1" }))).await;
}

#[tokio::test]
async fn the_text_is_shown_as_it_is_sent() {
    let house = House::new();
    let id = house.submit(message_with(json!({ "text": "Pão “já”", "encoding": "transliterate" }))).await;
    let shown = house.get(&format!("/v1/messages/{id}")).await.json;
    assert_eq!((&shown["text"], &shown["encoding"]), (&json!("Pao \"ja\""), &json!("gsm7")));
}

#[tokio::test]
async fn a_daemon_that_stops_takes_nothing_in() {
    let mut house = House::new();
    let id = house.submit(message()).await;
    house.app.drain();
    let answer = house.post("/v1/messages", message()).await;
    answer.is_problem(503, "not-ready", None);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(house.delete(&format!("/v1/messages/{id}")).await.status, 200);
    house.stop();
    house.delete(&format!("/v1/messages/{id}")).await.is_problem(503, "not-ready", None);
}

#[tokio::test]
async fn a_full_disk_takes_nothing_in() {
    let house = House::with_floor(u64::MAX);
    house.post("/v1/messages", message()).await.is_problem(503, "no-space", None);
    // More chunks than wait between checking and writing.
    house.post("/v1/messages", Value::from(vec![message(); 3000])).await.is_problem(503, "no-space", None);
    let ready = house.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.json["accepting"]), (503, &json!(false)));
}

#[tokio::test]
async fn the_media_type_of_a_body_is_not_asked_for() {
    let house = House::new();
    let body = Body::from(message().to_string());
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answer = super::call(house.local(), request("POST", "/v1/messages", &headers, body)).await;
    assert_eq!(answer.status, 202);
}

/// The codes of the warnings of an answer.
fn warned(answer: &Value) -> Vec<&str> {
    let warnings = answer["warnings"].as_array();
    warnings.into_iter().flatten().map(|warning| warning["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn where_the_hours_are_stricter_for_want_of_knowledge_the_answer_says_so() {
    let house = House::new();
    let config = crate::config::Config::default();
    let book = crate::config::rules::RuleBook::load(&config.region, &config.contact).unwrap();
    let contact = ContactSettings {
        calendar: book.calendar.into(),
        lexicon: book.lexicon.into(),
        edition: book.edition,
        ..ContactSettings::none()
    };
    house.writer().set_settings(StoreSettings { contact: contact.into(), ..store_settings(0) }).await.unwrap();
    // The area codes 61 and 97 are of two states, and of two clocks; nobody wrote down the hours of Portugal.
    let cases = [
        ("+5511987654321", "collection", vec![]),
        ("+5561987654321", "collection", vec!["several_states"]),
        ("+5561987654321", "operational", vec![]),
        ("+5597987654321", "collection", vec!["several_zones"]),
        ("+351912345678", "collection", vec!["unknown_zone", "no_rules"]),
    ];
    for (to, purpose, expected) in &cases {
        let body = message_with(json!({ "to": to, "purpose": purpose, "debtor": "d-1" })).to_string();
        let preview = house.post("/v1/preview", body.clone()).await;
        assert_eq!(warned(&preview.json), *expected, "{to} {purpose}");
        let answer = house.post("/v1/messages", body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert_eq!(warned(&answer.json), *expected, "{to} {purpose}");
        assert_eq!(answer.json.get("warnings").is_some(), !expected.is_empty(), "{}", answer.text);
    }
    let batch: Vec<Value> = cases.iter().map(|(to, ..)| json!({ "to": to, "text": "lote" })).collect();
    let answer = house.post("/v1/messages", json!(batch)).await.json;
    assert_eq!(warned(&answer["items"][0]), Vec::<&str>::new());
    assert_eq!(warned(&answer["items"][1]), ["several_states"]);
    // Once it is known where the debtor lives there is nothing to say.
    let hours = Body::from(json!({ "state": "GO" }).to_string());
    let put = super::call(house.local(), request("PUT", "/v1/debtors/d-1/hours", &[], hours)).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let answer = house.post("/v1/messages", message_with(json!({ "to": "+5561987654321", "debtor": "d-1" }))).await;
    assert_eq!(warned(&answer.json), Vec::<&str>::new());
}
