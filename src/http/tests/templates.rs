//! Templates: written, looked at, approved, and filled with real rows.

use super::*;

const PATH: &str = "/v1/templates/lembrete";

fn with_body(body: &str) -> Value {
    json!({ "texts": [{ "name": "a", "body": body }] })
}

fn good() -> Value {
    with_body("{{ sender }}: {{ first_name }}, {{ amount }} vence em {{ due|short_date }}")
}

async fn put(house: &House, body: Value) -> Answer {
    call(house.local(), request("PUT", PATH, &[], body.to_string().into())).await
}

/// A house with a creditor, and a debtor who owes twice and has paid one of them.
async fn house() -> House {
    let house = House::new();
    let creditor =
        json!({ "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
    house.post("/v1/creditors", creditor).await;
    house.post("/v1/debtors", json!({ "id": "d1", "name": "Maria da Silva", "numbers": ["11 98765-4321"] })).await;
    house.post("/v1/debtors", json!({ "id": "d2", "numbers": ["11 98765-4322"] })).await;
    house.post("/v1/debtors", json!({ "id": "d3", "numbers": ["11 98765-4323"] })).await;
    let debt = |id: &str, debtor: &str, status: &str| {
        let (creditor, amount, due) = ("loja", "110.00", "2026-11-30");
        json!({ "id": id, "creditor": creditor, "debtor": debtor, "amount": amount, "due": due, "status": status })
    };
    let debts = json!([debt("x1", "d1", "open"), debt("x2", "d1", "paid"), debt("x3", "d2", "open")]);
    let answer = house.post("/v1/debts", debts).await;
    assert!(answer.json["items"].as_array().unwrap().iter().all(|item| item["created"] == true), "{}", answer.text);
    house
}

#[tokio::test]
async fn what_is_written_is_the_next_version_and_a_draft_is_not_used() {
    let house = house().await;
    let first = put(&house, good()).await;
    let expected = json!({
        "name": "lembrete", "version": 1, "created_at": "[time]", "client": "local", "approved_at": null,
        "approved_by": null, "used_version": null, "four_eyes": false, "findings": [],
        "definition": { "purpose": "collection", "texts": [{ "name": "a", "share": 1, "body": good()["texts"][0]["body"] }] }
    });
    assert_eq!(first.redacted(), expected);
    assert_eq!(put(&house, good()).await.json["version"], 1, "nothing is new");
    let ladder = json!({ "steps": [{ "id": "d3", "on": "D+3", "text": "lembrete" }] });
    let ladder = || call(house.local(), request("PUT", "/v1/ladders/leve", &[], ladder.to_string().into()));
    assert_eq!(ladder().await.json["findings"][0]["code"], "not_approved");

    let approved = house.post(&format!("{PATH}/approve"), json!({ "version": 1 })).await;
    assert_eq!(
        (&approved.json["approved_by"], approved.status),
        (&json!("local"), StatusCode::OK),
        "{}",
        approved.text
    );
    assert_eq!(ladder().await.json["findings"], json!([]));
    assert_eq!(put(&house, with_body("{{ sender }}: {{ amount }}")).await.json["version"], 2);
    let versions = house.get(PATH).await.json["items"].clone();
    let told = |item: &Value| (item["version"].clone(), item["approved_by"].clone());
    assert_eq!((told(&versions[0]), told(&versions[1])), ((json!(2), Value::Null), (json!(1), json!("local"))));
    let newest = house.get("/v1/templates").await.json["items"].clone();
    assert_eq!((newest.as_array().unwrap().len(), &newest[0]["version"]), (1, &json!(2)));
    house.get("/v1/templates/outro").await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn what_is_being_written_is_told_with_all_its_faults_and_for_made_up_debtors() {
    let house = house().await;
    let preview = async |body: Value| house.post("/v1/preview/template", body).await;
    let faulty = preview(json!({ "definition": with_body("{{ sender }}:\n{{ amout }}") })).await;
    assert_eq!(faulty.json["examples"], json!([]), "{}", faulty.text);
    let finding = &faulty.json["findings"][0];
    assert_eq!((&finding["severity"], &finding["line"], &finding["column"]), (&json!("error"), &json!(2), &json!(4)));

    let written = preview(json!({ "definition": good(), "debtor": "d1" })).await;
    assert_eq!(written.json["findings"], json!([]), "{}", written.text);
    let names: Vec<&Value> =
        written.json["examples"].as_array().unwrap().iter().map(|example| &example["example"]).collect();
    assert_eq!(names, ["usual", "long"]);
    let usual = written.json["examples"][0]["taken"]["text"].as_str().unwrap();
    assert!(usual.starts_with("Loja: Maria, R$ 1.234,56 vence em "), "{usual}");
    assert_eq!(written.json["rows"][0]["taken"]["text"], "Loja: Maria, R$ 110,00 vence em 30 nov", "{}", written.text);
    house.get(PATH).await.is_problem(404, "not-found", None);

    preview(json!({})).await.is_problem(400, "bad-request", Some("definition"));
    preview(json!({ "definition": { "texts": 1 } })).await.is_problem(400, "bad-request", Some("definition"));
    preview(json!({ "definition": good(), "creditor": "x" })).await.is_problem(400, "bad-request", Some("creditor"));
    let reader = house.token(json!({ "client": "crm", "scopes": ["read"] })).await;
    let masked =
        house.with(&reader, "POST", "/v1/preview/template", json!({ "definition": good(), "debtor": "d1" })).await;
    assert_eq!(masked.json["rows"][0]["taken"]["text"], Value::Null, "{}", masked.text);
    assert!(masked.json["examples"][0]["taken"]["text"].is_string(), "it is about nobody");
}

#[tokio::test]
async fn a_template_is_not_written_over_what_was_not_read() {
    let house = house().await;
    let put = async |match_: (&str, &str), body: Value| {
        call(house.local(), request("PUT", PATH, &[match_], body.to_string().into())).await
    };
    assert_eq!(put(("if-none-match", "*"), good()).await.json["version"], 1);
    put(("if-none-match", "*"), with_body("{{ sender }}: x")).await.is_problem(412, "changed", None);
    assert_eq!(put(("if-match", "\"1\""), with_body("{{ sender }}: {{ amount }}")).await.json["version"], 2);
    put(("if-match", "\"1\""), with_body("{{ sender }}: x")).await.is_problem(412, "changed", None);
    put(("if-match", "1"), good()).await.is_problem(400, "bad-request", Some("If-Match"));
    assert_eq!(house.get(PATH).await.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn all_faults_are_told_with_their_places() {
    let house = house().await;
    let texts =
        json!([{ "name": "a", "body": "{{ sender }}:\n{{ valor }} {{ amout }}" }, { "name": "A", "body": "x" }]);
    let refused = put(&house, json!({ "texts": texts })).await;
    refused.is_problem(400, "bad-request", Some("texts"));
    let findings = refused.json["findings"].as_array().unwrap();
    let place = |finding: &Value| json!([finding["text"], finding["line"], finding["column"]]);
    let places: Vec<Value> = findings.iter().map(place).collect();
    assert_eq!(places, [json!(["a", 2, 4]), json!(["a", 2, 16]), json!([null, null, null])], "{}", refused.text);
    assert!(findings.iter().all(|finding| finding["severity"] == "error"));
    assert!(findings[1]["detail"].as_str().unwrap().contains("amount"), "{}", refused.text);
    put(&house, json!({ "texts": [], "colour": 1 })).await.is_problem(400, "bad-request", Some("texts"));
    put(&house, json!([])).await.is_problem(400, "bad-request", Some("texts"));
    house.get(PATH).await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn what_has_errors_is_not_approved() {
    let house = house().await;
    let stored = put(&house, with_body("Pague {{ amount }}")).await;
    assert_eq!(stored.json["findings"][0]["code"], "no_sender", "{}", stored.text);
    let path = format!("{PATH}/approve");
    let refused = house.post(&path, json!({ "version": 1 })).await;
    refused.is_problem(409, "conflict", None);
    assert_eq!(refused.json["findings"], stored.json["findings"]);
    house.post(&path, json!({})).await.is_problem(400, "bad-request", Some("version"));
    house.post(&path, json!({ "version": 2 })).await.is_problem(404, "not-found", None);
    let reader = house.token(json!({ "client": "crm", "scopes": ["read"] })).await;
    house.with(&reader, "POST", &path, json!({ "version": 1 })).await.is_problem(403, "forbidden", None);
    house.with(&reader, "PUT", PATH, good()).await.is_problem(403, "forbidden", None);
    assert_eq!(house.get(PATH).await.json["items"][0]["approved_at"], Value::Null);
}

#[tokio::test]
async fn debtors_are_previewed_with_what_is_still_owed() {
    let house = house().await;
    put(&house, good()).await;
    let path = format!("{PATH}/preview");
    let asked = json!({ "debtors": ["d1", "d2", "d3", "d4"] });
    let answer = house.post(&path, &asked).await;
    let rows = &answer.json["rows"];
    let text = "Loja: Maria, R$ 110,00 vence em 30 nov";
    let taken = json!({
        "text": text, "characters": 38, "arm": "a", "segments": 1, "encoding": "gsm7", "units": 38, "room": 122,
        "companion": false, "companion_segments": 0
    });
    let row = json!({ "debtor": "d1", "creditor": "loja", "taken": taken, "cost": null, "refusal": null });
    assert_eq!(rows[0], row, "without a price there is no cost");
    let refusals: Vec<&Value> = [1, 2, 3].iter().map(|row| &rows[*row]["refusal"]["code"]).collect();
    assert_eq!(refusals, ["unfilled", "not_found", "not_found"], "{}", answer.text);
    let survey = &answer.json["survey"];
    assert_eq!((&survey["parts"], &survey["refused"]), (&json!(1), &json!({ "unfilled": 1 })));
    let longest = &survey["arms"][0]["longest"];
    assert_eq!((&longest["debtor"], &longest["text"]), (&json!("d1"), &json!(text)));

    put(&house, with_body("{{ sender }}: {{ amount }}")).await;
    assert!(house.post(&path, &asked).await.json["rows"][1]["refusal"].is_null(), "the newest, if no version is named");
    let first = json!({ "debtors": ["d1"], "version": 1, "creditor": "loja" });
    assert_eq!(house.post(&path, first).await.json["rows"][0]["taken"]["text"], text);
    house.post(&path, json!({ "debtors": ["d1"], "version": 3 })).await.is_problem(404, "not-found", None);
    let many: Vec<String> = (0..1_001).map(|debtor| debtor.to_string()).collect();
    house.post(&path, json!({ "debtors": many })).await.is_problem(400, "bad-request", Some("debtors"));
    let other = json!({ "debtors": ["d1"], "creditor": "outra" });
    house.post(&path, other).await.is_problem(400, "bad-request", Some("creditor"));
}

#[tokio::test]
async fn who_may_not_see_texts_sees_what_they_take() {
    let house = house().await;
    put(&house, good()).await;
    let path = format!("{PATH}/preview");
    let asked = json!({ "debtors": ["d1"] });
    let masked = house.token(json!({ "client": "crm", "scopes": ["read"] })).await;
    let answer = house.with(&masked, "POST", &path, &asked).await;
    let taken = &answer.json["rows"][0]["taken"];
    assert_eq!((&taken["text"], &taken["characters"]), (&Value::Null, &json!(38)), "{}", answer.text);
    assert!(!answer.text.contains("Maria"), "{}", answer.text);
    let other = house.token(json!({ "client": "erp", "scopes": ["read", "pii"], "creditors": ["outra"] })).await;
    let answer = house.with(&other, "POST", &path, &asked).await;
    assert_eq!(answer.json["rows"][0]["refusal"]["code"], "not_found", "{}", answer.text);
}

#[tokio::test]
async fn with_four_eyes_another_one_than_the_author_approves() {
    let house = house().await.with_four_eyes();
    put(&house, good()).await;
    let approve = format!("{PATH}/approve");
    let refused = house.post(&approve, json!({ "version": 1 })).await;
    refused.is_problem(409, "conflict", None);
    assert!(refused.text.contains("four_eyes"), "{}", refused.text);
    let ana = house.token(json!({ "client": "ana", "scopes": ["read", "manage"] })).await;
    let approved = house.with(&ana, "POST", &approve, json!({ "version": 1 })).await;
    assert_eq!(approved.json["approved_by"], "ana", "{}", approved.text);
}

#[tokio::test]
async fn a_template_must_have_what_the_country_of_its_creditor_asks_for() {
    let house = house().await.with_rules();
    let approve = async |version: u32| house.post(&format!("{PATH}/approve"), json!({ "version": version })).await;
    let azul =
        json!({ "id": "azul", "name": "Azul", "zone": "America/Mexico_City", "language": "es-MX", "currency": "MXN" });
    house.post("/v1/creditors", azul).await;
    put(&house, good()).await;
    let refused = approve(1).await;
    refused.is_problem(409, "conflict", None);
    assert_eq!(refused.json["findings"][0]["code"], "name_creditor", "{}", refused.text);
    // It is for debtors of the other creditor alone.
    let ladder = json!({ "steps": [{ "id": "d3", "on": "D+3", "text": "lembrete" }] });
    call(house.local(), request("PUT", "/v1/ladders/leve", &[], ladder.to_string().into())).await;
    let loja = json!({
        "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL", "ladder": "leve",
    });
    house.post("/v1/creditors", loja).await;
    assert_eq!(approve(1).await.status, StatusCode::OK);
    // And now for both of them.
    let azul = json!({
        "id": "azul", "name": "Azul", "zone": "America/Mexico_City", "language": "es-MX", "currency": "MXN",
        "on": { "overdue": "lembrete" },
    });
    house.post("/v1/creditors", azul).await;
    put(&house, with_body("{{ sender }}: {{ amount }}")).await;
    approve(2).await.is_problem(409, "conflict", None);
    put(&house, with_body("{{ sender }} por {{ creditor }}: {{ amount }}")).await;
    assert_eq!(approve(3).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_debtors_those_with_the_longest_values_are_previewed_with_what_they_cost() {
    let house = house().await.with_price("0.05");
    put(&house, good()).await;
    let path = format!("{PATH}/preview");
    let answer = house.post(&path, json!({})).await;
    let rows = answer.json["rows"].as_array().unwrap();
    let told = |row: &Value| (row["debtor"].clone(), row["cost"].clone(), row["refusal"]["code"].clone());
    assert_eq!(told(&rows[0]), (json!("d1"), json!("0.05"), Value::Null), "{}", answer.text);
    assert_eq!(answer.json["survey"]["cost"], "0.05", "{}", answer.text);
    let other = house.token(json!({ "client": "erp", "scopes": ["read", "pii"], "creditors": ["outra"] })).await;
    assert_eq!(house.with(&other, "POST", &path, json!({})).await.json["rows"], json!([]), "of others nothing");
}

#[tokio::test]
async fn a_template_whose_longest_case_passes_its_limit_is_not_approved() {
    let house = house().await;
    let with_limit = |limit: u8| {
        let mut written = good();
        written["limit"] = json!(limit);
        written
    };
    // 38 units for the debtor with the longest name who owes.
    put(&house, with_limit(37)).await;
    let approve = async |version: u32| house.post(&format!("{PATH}/approve"), json!({ "version": version })).await;
    let refused = approve(1).await;
    refused.is_problem(409, "conflict", None);
    let finding = &refused.json["findings"][0];
    assert_eq!(finding["code"], "over_limit", "{}", refused.text);
    assert_eq!(finding["operands"], json!({ "limit": "37", "over": "1" }));
    let arm = house.post(&format!("{PATH}/preview"), json!({})).await.json["survey"]["arms"][0].clone();
    assert_eq!((&arm["over_limit"], &arm["longest"]["room"]), (&json!(1), &json!(-1)), "{arm}");
    put(&house, with_limit(38)).await;
    assert_eq!(approve(2).await.status, StatusCode::OK);
}

#[tokio::test]
async fn while_nobody_owes_the_limit_is_held_against_a_made_up_debtor() {
    let house = House::new();
    let long = "x".repeat(120);
    let mut written = with_body(&format!("{{{{ sender }}}}: {{{{ name }}}} {long}"));
    written["limit"] = json!(159);
    put(&house, written).await;
    let refused = house.post(&format!("{PATH}/approve"), json!({ "version": 1 })).await;
    assert_eq!(refused.json["findings"][0]["code"], "over_limit", "{}", refused.text);
}
