//! Campaigns and single texts from templates, as callers meet them.

use super::*;

/// A house with a creditor, an approved template, and debtors of whom one owes twice and one has paid.
async fn house() -> House {
    let house = House::new();
    let creditor =
        json!({ "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
    house.post("/v1/creditors", creditor).await;
    for (id, name, number) in
        [("d1", "Maria da Silva", "11 98765-4321"), ("d2", "João", "11 98765-4322"), ("d3", "Bia", "11 98765-4323")]
    {
        house.post("/v1/debtors", json!({ "id": id, "name": name, "numbers": [number] })).await;
    }
    let debt = |id: &str, debtor: &str, status: &str| {
        let (creditor, amount, due) = ("loja", "110.00", "2026-11-10");
        json!({ "id": id, "creditor": creditor, "debtor": debtor, "amount": amount, "due": due, "status": status })
    };
    let debts =
        json!([debt("x1", "d1", "open"), debt("x2", "d1", "open"), debt("x3", "d2", "open"), debt("x4", "d3", "paid")]);
    let answer = house.post("/v1/debts", debts).await;
    assert!(answer.json["items"].as_array().unwrap().iter().all(|item| item["created"] == true), "{}", answer.text);
    let texts =
        json!({ "texts": [{ "name": "a", "body": "{{ sender }}: {{ first_name }}, {{ total }}. Responda SAIR." }] });
    let put = request("PUT", "/v1/templates/atraso", &[], texts.to_string().into());
    assert_eq!(call(house.local(), put).await.status, StatusCode::OK);
    house.post("/v1/templates/atraso/approve", json!({ "version": 1 })).await;
    house
}

fn campaign() -> Value {
    json!({ "name": "nov", "creditor": "loja", "template": "atraso", "segment": { "days_late": { "min": 1 } } })
}

fn with(fields: Value) -> Value {
    let mut written = campaign();
    let Value::Object(fields) = fields else { unreachable!("fields are an object") };
    written.as_object_mut().unwrap().extend(fields);
    written
}

#[tokio::test]
async fn a_campaign_is_counted_before_anything_is_stored() {
    let house = house().await;
    let answer = house.post("/v1/batches/preview", with(json!({ "price": "0.05" }))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let text = "Loja: Maria, R$ 220,00. Responda SAIR.";
    let first = json!({
        "who": "d1", "to": "+5511987654321", "text": text, "segments": 1, "encoding": "gsm7", "units": 38
    });
    let json = &answer.json;
    assert_eq!((&json["recipients"], &json["parts"], &json["cost"]), (&json!(2), &json!(2), &json!("0.10")));
    assert_eq!((&json["left_out"], &json["held"], &json["longest"]), (&json!({ "paid": 1 }), &json!({}), &first));
    assert_eq!((&json["examples"][0], &json["forecast"]["reason"]["code"]), (&first, &json!("no_sim")));
    assert_eq!(house.get("/v1/batches").await.json["items"], json!([]));
    // Who may not see people sees counts.
    let reader = house.token(json!({ "client": "crm", "scopes": ["read"] })).await;
    let masked = house.with(&reader, "POST", "/v1/batches/preview", campaign()).await;
    assert_eq!(masked.json["examples"][0]["text"], Value::Null);
    assert!(!masked.text.contains("987654321"), "{}", masked.text);
    let counted = house.post("/v1/segments/count", json!({ "creditor": "loja" })).await;
    assert_eq!(counted.json, json!({ "debts": 4, "debtors": 3, "asked_for": 3 }));
}

#[tokio::test]
async fn a_campaign_is_tested_before_it_starts_and_ended_exactly() {
    let house = house().await;
    let made = house.post("/v1/batches", campaign()).await;
    assert_eq!((made.status, &made.json["state"]), (StatusCode::CREATED, &json!("draft")), "{}", made.text);
    house.post("/v1/batches", campaign()).await.is_problem(409, "conflict", Some("name"));
    house.post("/v1/batches/nov/start", "").await.is_problem(409, "conflict", None);
    let test = house.post("/v1/batches/nov/test", json!({ "to": ["11 91111-1111"] })).await;
    assert_eq!((&test.json["who"], &test.json["segments"]), (&json!("d1"), &json!(1)), "{}", test.text);
    let id = test.json["messages"][0].as_str().unwrap();
    let message = house.get(&format!("/v1/messages/{id}")).await.json;
    assert_eq!((&message["purpose"], &message["batch"]), (&json!("operational"), &Value::Null));
    let started = house.post("/v1/batches/nov/start", "").await;
    assert_eq!((&started.json["state"], &started.json["version"]), (&json!("running"), &json!(1)), "{}", started.text);
    let paused = house.post("/v1/batches/nov/pause", json!({ "reason": "errata" })).await;
    assert_eq!(paused.json["state"], "paused");
    assert_eq!(house.post("/v1/batches/nov/resume", "").await.json["state"], "running");
    let ended = house.post("/v1/batches/nov/cancel", "").await;
    assert_eq!(ended.json, json!({ "stopped": 0, "on_wire": [] }));
    house.post("/v1/batches/nov/start", "").await.is_problem(409, "conflict", None);
    assert_eq!(house.get("/v1/batches/nov").await.json["state"], "cancelled");
    let told = house.get("/v1/events?after=0&limit=1000").await;
    let told = told.json["items"].as_array().unwrap().iter().filter(|event| event["type"] == "batch.changed");
    let states: Vec<Value> = told.map(|event| event["data"]["state"].clone()).collect();
    assert_eq!(states, ["draft", "running", "paused", "running", "cancelled"]);
}

/// The codes of what an answer warns of, and the first of their details.
fn warnings(answer: &Answer) -> (Vec<&str>, &str) {
    let warnings = answer.json["warnings"].as_array().unwrap();
    let codes = warnings.iter().map(|warning| warning["code"].as_str().unwrap()).collect();
    (codes, warnings.first().map_or("", |warning| warning["detail"].as_str().unwrap()))
}

#[tokio::test]
async fn rows_that_come_after_the_test_leave_it_valid_and_are_told() {
    let house = house().await;
    let list = json!({ "name": "lista", "creditor": "loja", "template": "atraso", "rows": [{ "debtor": "d1" }] });
    house.post("/v1/batches", list).await;
    let tested = house.post("/v1/batches/lista/test", json!({ "to": ["11 91111-1111"] })).await;
    assert_eq!((&tested.json["segments"], &tested.json["codes"]), (&json!(1), &json!([])), "{}", tested.text);
    assert_eq!(warnings(&house.get("/v1/batches/lista").await), (vec![], ""));
    let long = json!({ "first_name": "a".repeat(160), "amount": "5.00" });
    let more = json!({ "from": 2, "rows": [{ "to": "11 98765-4329", "vars": long }] });
    let added = house.post("/v1/batches/lista/rows", more).await;
    let told = "rows written since the test: 1; its text had 1 part, and the preview knows the longest";
    assert_eq!(warnings(&added), (vec!["rows_since_test"], told));
    let looked = house.post("/v1/batches/lista/preview", "{}").await;
    let told = "the longest text has 2 parts, the one that was test sent 1 part";
    assert_eq!(warnings(&looked), (vec!["longer_than_tested"], told));
    assert_eq!(house.post("/v1/batches/lista/start", "").await.json["state"], "running");
}

#[tokio::test]
async fn a_share_under_which_texts_expire_is_told_with_its_numbers() {
    let house = house().await;
    let rows: Vec<Value> = (0..30).map(|n| json!({ "to": format!("11 98765-43{n:02}") })).collect();
    let list = |per_day: u32, until: Option<&str>| json!({ "name": "l", "creditor": "loja", "text": "Oi", "rows": rows, "per_day": per_day, "valid_until": until });
    let looked = house.post("/v1/batches/preview", list(3, Some("2026-12-01T13:00:00Z"))).await;
    let told = "of 30 parts at 3 a day 6 would expire: the texts are valid until 2026-12-01T13:00:00.000Z; raise per_day or set \
                valid_until";
    assert_eq!(warnings(&looked), (vec!["outlives_validity"], told));
    // Seven days, if nothing is said.
    assert_eq!(warnings(&house.post("/v1/batches/preview", list(3, None)).await).0, ["outlives_validity"]);
    assert_eq!(warnings(&house.post("/v1/batches/preview", list(4, None)).await), (vec![], ""));
}

#[tokio::test]
async fn a_look_and_the_queue_tell_repeats_apart_alike() {
    let house = house().await;
    let rows = json!([{ "debt": "x1" }, { "debt": "x2" }, { "debt": "x1" }, { "debtor": "d2" }, { "debtor": "d2" }]);
    let list = json!({ "name": "lista", "creditor": "loja", "template": "atraso", "rows": rows });
    let looked = house.post("/v1/batches/preview", list).await;
    assert_eq!(
        (&looked.json["recipients"], &looked.json["left_out"]),
        (&json!(3), &json!({ "duplicate": 2 })),
        "{}",
        looked.text
    );
}

#[tokio::test]
async fn a_list_that_is_not_whole_is_a_draft_that_can_be_finished_or_deleted() {
    let mut house = house().await;
    let list = json!({ "name": "lista", "creditor": "loja", "text": "Oi", "rows_announced": 2 });
    house.post("/v1/batches", &list).await;
    house.restart(|_, _| {});
    let listed = house.get("/v1/batches").await.json["items"][0].clone();
    assert_eq!((&listed["state"], &listed["rows"], &listed["rows_announced"]), (&json!("draft"), &json!(0), &json!(2)));
    house.post("/v1/batches/lista/rows", json!({ "from": 1, "rows": [{ "to": "11 98765-4329" }] })).await;
    house.post("/v1/batches/lista/test", json!({ "to": ["11 91111-1111"] })).await;
    let refused = house.post("/v1/batches/lista/start", "").await;
    refused.is_problem(409, "conflict", None);
    assert_eq!(refused.json["detail"], "its list has 1 of 2 rows; add the others, or delete it");
    let other = house.token(json!({ "client": "other", "scopes": ["send"], "creditors": ["azul"] })).await;
    house.with(&other, "DELETE", "/v1/batches/lista", "").await.is_problem(404, "not-found", None);
    assert_eq!(house.delete("/v1/batches/lista").await.status, StatusCode::NO_CONTENT);
    house.delete("/v1/batches/lista").await.is_problem(404, "not-found", None);
    assert_eq!(house.post("/v1/batches", &list).await.status, StatusCode::CREATED);
    let both = json!({ "name": "x", "creditor": "loja", "text": "Oi", "segment": {}, "rows_announced": 2 });
    house.post("/v1/batches", both).await.is_problem(400, "bad-request", Some("rows_announced"));
}

#[tokio::test]
async fn what_makes_no_campaign_is_refused_with_its_field() {
    let house = house().await;
    for (written, status, kind, field) in [
        (with(json!({ "template": "outro" })), 400, "bad-request", Some("template")),
        (with(json!({ "creditor": "outra" })), 400, "bad-request", Some("creditor")),
        (with(json!({ "name": "preview" })), 400, "bad-request", Some("name")),
        (with(json!({ "name": null })), 400, "bad-request", Some("name")),
        (with(json!({ "purpose": "reminder" })), 400, "bad-request", Some("purpose")),
        (with(json!({ "rows": [] })), 400, "bad-request", Some("rows")),
        (with(json!({ "segment": { "late": 1 } })), 400, "bad-request", Some("segment")),
        (with(json!({ "per_day": 0 })), 400, "bad-request", Some("per_day")),
        (with(json!({ "valid_until": "2020-01-01T00:00:00Z" })), 400, "bad-request", Some("valid_until")),
    ] {
        house.post("/v1/batches", &written).await.is_problem(status, kind, field);
    }
    let list = json!({ "name": "lista", "creditor": "loja", "text": "Oi", "rows": [{ "to": "11 98765-4321" }, {}] });
    let refused = house.post("/v1/batches", list).await;
    refused.is_problem(422, "bad-number", Some("to"));
    assert_eq!(refused.json["index"], 1);
    house.get("/v1/batches/nov").await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn a_list_grows_in_pieces_and_is_its_creditors_business() {
    let house = house().await;
    let list = json!({ "name": "lista", "creditor": "loja", "template": "atraso", "rows": [{ "debtor": "d1" }] });
    house.post("/v1/batches", list).await;
    let row = json!({ "to": "11 98765-4329", "vars": { "first_name": "Caio", "amount": "5.00" } });
    let more = json!({ "from": 2, "rows": [row, { "to": "11 98765-4328" }] });
    assert_eq!(house.post("/v1/batches/lista/rows", &more).await.json["rows"], 3);
    assert_eq!(house.post("/v1/batches/lista/rows", &more).await.json["rows"], 3);
    let looked = house.post("/v1/batches/lista/preview", "{}").await;
    assert_eq!(
        (&looked.json["recipients"], &looked.json["left_out"]),
        (&json!(2), &json!({ "unfilled": 1 })),
        "{}",
        looked.text
    );
    assert_eq!(looked.json["examples"][1]["text"], "Loja: Caio, R$ 5,00. Responda SAIR.");
    let other =
        house.token(json!({ "client": "other", "scopes": ["send", "read", "pii"], "creditors": ["azul"] })).await;
    house.with(&other, "GET", "/v1/batches/lista", "").await.is_problem(404, "not-found", None);
    house.with(&other, "POST", "/v1/batches/lista/cancel", "").await.is_problem(404, "not-found", None);
    house.with(&other, "POST", "/v1/batches", campaign()).await.is_problem(403, "forbidden", Some("creditor"));
    assert_eq!(house.with(&other, "GET", "/v1/batches", "").await.json["items"], json!([]));
    let sender = house.token(json!({ "client": "s", "scopes": ["send", "read"] })).await;
    let elsewhere = json!({ "from": 4, "rows": [{ "to": "11 91111-1111", "debtor": "d1" }] });
    let refused = house.with(&sender, "POST", "/v1/batches/lista/rows", elsewhere).await;
    refused.is_problem(403, "forbidden", Some("to"));
    let refused = house.with(&sender, "POST", "/v1/batches/lista/test", json!({ "to": ["11 91111-1111"] })).await;
    refused.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn an_operator_sends_a_template_to_a_debtor() {
    let house = house().await;
    let asked = json!({ "template": "atraso", "debtor": "d1", "creditor": "loja", "team": "sul", "operator": "ana", "client_ref": "r1" });
    let sent = house.post("/v1/messages", &asked).await;
    assert_eq!((sent.status, &sent.json["to"]), (StatusCode::ACCEPTED, &json!("+5511987654321")), "{}", sent.text);
    let message = house.get(&format!("/v1/messages/{}", sent.json["id"].as_str().unwrap())).await.json;
    assert_eq!(message["text"], "Loja: Maria, R$ 220,00. Responda SAIR.");
    assert_eq!(
        (&message["team"], &message["operator"], &message["debt"]),
        (&json!("sul"), &json!("ana"), &json!("x1"))
    );
    // One of its debts is paid: the text of both is true no more.
    let paid = house.post("/v1/debts/x2/events", json!({ "type": "payment_received" })).await;
    assert_eq!(paid.json["stopped"], 1, "{}", paid.text);
    // The same again is the same message, whatever it would say now.
    let again = house.post("/v1/messages", &asked).await;
    assert_eq!((again.status, &again.json["state"]), (StatusCode::OK, &json!("blocked")), "{}", again.text);
    // One debt, with an amount that was agreed upon on the telephone.
    let one = json!({ "template": "atraso", "debt": "x3", "vars": { "amount": "80.00" } });
    let sent = house.post("/v1/messages", json!([one, { "template": "atraso", "debt": "x4" }])).await;
    assert_eq!(sent.json["items"][0]["to"], "+5511987654322", "{}", sent.text);
    sent.json["items"][1].is_problem("conflict", Some("debt"));
    let message = house.get(&format!("/v1/messages/{}", sent.json["items"][0]["id"].as_str().unwrap())).await.json;
    assert_eq!(message["text"], "Loja: João, R$ 80,00. Responda SAIR.");
    let preview = house.post("/v1/preview", json!({ "template": "atraso", "debtor": "d2", "creditor": "loja" })).await;
    assert_eq!((&preview.json["segments"], &preview.json["encoding"]), (&json!(1), &json!("ucs2")), "{}", preview.text);
}

#[tokio::test]
async fn how_another_creditors_debtor_stands_is_not_told() {
    let house = house().await;
    house.post("/v1/batches", campaign()).await;
    let scopes = ["send", "read", "pii"];
    let own = house.token(json!({ "client": "own", "scopes": scopes, "creditors": ["loja"] })).await;
    let other = house.token(json!({ "client": "other", "scopes": scopes, "creditors": ["azul"] })).await;
    for debtor in ["d1", "d3", "d9"] {
        let asked = json!({ "template": "atraso", "debtor": debtor, "creditor": "loja" });
        let refused = house.with(&other, "POST", "/v1/messages", asked).await;
        refused.is_problem(403, "forbidden", Some("creditor"));
    }
    for (token, count) in [(&own, 1), (&other, 0)] {
        let told = house.with(token, "GET", "/v1/events?after=0&limit=1000", "").await;
        let told = told.json["items"].as_array().unwrap().iter().filter(|event| event["type"] == "batch.changed");
        assert_eq!(told.count(), count);
    }
}

#[tokio::test]
async fn a_message_of_a_caller_is_none_of_a_campaign() {
    let house = house().await;
    house.post("/v1/batches", campaign()).await;
    let message = |batch: &str| json!({ "to": "11 98765-4329", "text": "Oi", "batch": batch });
    house.post("/v1/messages", message("nov")).await.is_problem(409, "conflict", Some("batch"));
    let both = house.post("/v1/messages", json!([message("nov"), message("dez")])).await;
    both.json["items"][0].is_problem("conflict", Some("batch"));
    assert_eq!(both.json["items"][1]["state"], "queued", "{}", both.text);
}

#[tokio::test]
async fn whoever_wants_no_texts_gets_none_at_another_number_either() {
    let house = house().await;
    let entry = |number: &str, kind: &str| json!({ "number": number, "kind": kind, "why": "asked" });
    for (number, kind) in [("11 98765-4321", "opt_out"), ("11 98765-4322", "wrong_person")] {
        assert_eq!(house.post("/v1/suppressions", entry(number, kind)).await.status, StatusCode::OK);
    }
    let asked =
        |debtor: &str| json!({ "to": "11 91111-1111", "template": "atraso", "debtor": debtor, "creditor": "loja" });
    house.post("/v1/messages", asked("d1")).await.is_problem(422, "bad-number", Some("to"));
    assert_eq!(house.post("/v1/messages", asked("d2")).await.status, StatusCode::ACCEPTED);
    let rows = json!([{ "to": "11 91111-1111", "debtor": "d1" }, { "to": "11 91111-1112", "debtor": "d2" }]);
    let list = json!({ "name": "lista", "creditor": "loja", "template": "atraso", "rows": rows });
    let looked = house.post("/v1/batches/preview", list).await;
    assert_eq!(
        (&looked.json["recipients"], &looked.json["left_out"]),
        (&json!(1), &json!({ "opted_out": 1 })),
        "{}",
        looked.text
    );
}

#[tokio::test]
async fn a_template_that_cannot_be_filled_is_refused() {
    let house = house().await;
    let stranger = json!({ "to": "11 98765-4329", "creditor": "loja", "template": "atraso" });
    let with = |fields: Value| {
        let mut asked = stranger.clone();
        let Value::Object(fields) = fields else { unreachable!("fields are an object") };
        asked.as_object_mut().unwrap().extend(fields);
        asked
    };
    for (asked, status, kind, field) in [
        (with(json!({})), 422, "bad-text", "template"),
        (with(json!({ "vars": { "amout": "1" } })), 422, "bad-text", "vars"),
        (with(json!({ "vars": { "amount": "1,00" } })), 422, "bad-text", "vars"),
        (with(json!({ "template": "outro" })), 422, "bad-text", "template"),
        (with(json!({ "text": "Oi" })), 400, "bad-request", "template"),
        (with(json!({ "creditor": null })), 400, "bad-request", "creditor"),
        (with(json!({ "debt": "x9" })), 404, "not-found", "debt"),
        (with(json!({ "debt": "x1", "debtor": "d2" })), 400, "bad-request", "debtor"),
        (with(json!({ "debtor": "d1", "vars": { "amount": "1.00" } })), 400, "bad-request", "vars"),
        (json!({ "to": "11 98765-4329", "text": "Oi", "vars": {} }), 400, "bad-request", "vars"),
        (json!({ "debtor": "d9", "creditor": "loja", "template": "atraso" }), 422, "bad-number", "to"),
    ] {
        house.post("/v1/messages", &asked).await.is_problem(status, kind, Some(field));
    }
    let good = with(json!({ "vars": { "first_name": "Caio", "amount": "1.00" } }));
    assert_eq!(house.post("/v1/messages", &good).await.status, StatusCode::ACCEPTED);
    // What is known of a debtor is not told to anybody by who could not read it.
    let sender = house.token(json!({ "client": "s", "scopes": ["send"] })).await;
    let elsewhere = json!({ "to": "11 91111-1111", "debt": "x3", "template": "atraso" });
    house.with(&sender, "POST", "/v1/messages", &elsewhere).await.is_problem(403, "forbidden", Some("to"));
    let own = house.with(&sender, "POST", "/v1/messages", json!({ "debt": "x3", "template": "atraso" })).await;
    assert_eq!((own.status, own.text.contains("987654322")), (StatusCode::ACCEPTED, false), "{}", own.text);
}

#[tokio::test]
async fn a_draft_is_written_anew_over_what_was_read_and_no_longer_once_it_is_started() {
    let house = house().await;
    house.post("/v1/batches", campaign()).await;
    let read = house.get("/v1/batches/nov").await;
    assert_eq!((read.headers["etag"].to_str().unwrap(), &read.json["revision"]), ("\"1\"", &json!(1)));
    house.post("/v1/batches/nov/test", json!({ "to": ["11 98765-4300"] })).await;
    let put = async |over: Option<&str>, fields: Value| {
        let mut written = with(fields);
        written.as_object_mut().unwrap().retain(|name, value| name != "name" && !value.is_null());
        let headers: Vec<(&str, &str)> = over.map(|over| ("if-match", over)).into_iter().collect();
        call(house.local(), request("PUT", "/v1/batches/nov", &headers, written.to_string().into())).await
    };
    let answer = put(Some("\"1\""), json!({ "per_day": 40 })).await;
    assert_eq!((answer.status, &answer.json["definition"]["per_day"]), (StatusCode::OK, &json!(40)), "{}", answer.text);
    assert_eq!(
        (&answer.json["revision"], &answer.json["tested_version"]),
        (&json!(2), &json!(1)),
        "its words are the same"
    );
    // Somebody else had read the first.
    put(Some("\"1\""), json!({ "per_day": 50 })).await.is_problem(412, "changed", None);
    put(None, json!({ "rows": [] })).await.is_problem(400, "bad-request", Some("rows"));
    put(None, json!({ "segment": null })).await.is_problem(400, "bad-request", Some("segment"));
    put(None, json!({ "template": "none" })).await.is_problem(400, "bad-request", Some("template"));
    let text = json!({ "template": null, "text": "Loja: aberta.", "purpose": "operational" });
    let answer = put(Some("\"2\""), text).await;
    assert_eq!(
        (&answer.json["definition"]["text"], &answer.json["definition"]["per_day"]),
        (&json!("Loja: aberta."), &Value::Null)
    );
    assert_eq!(answer.json["tested_version"], Value::Null, "other words are to be tested again");
    let reader = house.token(json!({ "client": "crm", "scopes": ["read"] })).await;
    house.with(&reader, "PUT", "/v1/batches/nov", campaign()).await.is_problem(403, "forbidden", None);
    house.post("/v1/batches/nov/test", json!({ "to": ["11 98765-4300"] })).await;
    house.post("/v1/batches/nov/start", json!({})).await;
    put(None, json!({})).await.is_problem(409, "conflict", None);
    call(house.local(), request("PUT", "/v1/batches/none", &[], campaign().to_string().into())).await.is_problem(
        404,
        "not-found",
        None,
    );
}

#[tokio::test]
async fn words_that_nobody_approved_are_looked_through_too() {
    let house = house().await.with_rules();
    let written = |text: &str| {
        let mut written = with(json!({ "text": text }));
        written.as_object_mut().unwrap().remove("template");
        written
    };
    let threat = "Loja: pague ou vai ser preso";
    house.post("/v1/batches", written(threat)).await.is_problem(422, "bad-text", Some("text"));
    let look = house.post("/v1/batches/preview", written("Loja: ultima chance de pagar")).await;
    let codes = |answer: &Answer| -> Vec<Value> {
        let warnings = answer.json["warnings"].as_array().map(Vec::as_slice).unwrap_or_default();
        warnings.iter().map(|warning| warning["code"].clone()).collect()
    };
    assert_eq!(codes(&look), ["pressure"], "{}", look.text);
    // A single text goes, and is warned of.
    let single = json!({ "to": "11 98765-4321", "text": threat });
    for path in ["/v1/preview", "/v1/messages"] {
        let answer = house.post(path, &single).await;
        assert!(codes(&answer).contains(&json!("threat")), "{path}: {}", answer.text);
    }
    let own =
        house.post("/v1/preview", json!({ "to": "11 98765-4321", "text": threat, "purpose": "operational" })).await;
    assert_eq!(codes(&own), Vec::<Value>::new(), "{}", own.text);
}
