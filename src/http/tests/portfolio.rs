//! Creditors, debtors and debts, as a collection system sends them.

use super::*;

fn creditor() -> Value {
    json!({ "id": "loja", "name": "Loja Ltda", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" })
}

fn debtor(id: &str) -> Value {
    json!({ "id": id, "name": "Maria da Silva", "document": "123.456.789-09", "numbers": ["11 98765-4321"] })
}

fn debt(id: &str) -> Value {
    json!({ "id": id, "creditor": "loja", "debtor": "d1", "amount": "110.00", "due": "2026-11-30" })
}

/// `debt` with other fields.
fn debt_with(id: &str, fields: Value) -> Value {
    let mut debt = debt(id);
    let Value::Object(fields) = fields else { unreachable!("fields are an object") };
    debt.as_object_mut().unwrap().extend(fields);
    debt
}

async fn house() -> House {
    let house = House::new();
    let answer = house.post("/v1/creditors", creditor()).await;
    assert_eq!(answer.json, json!({ "id": "loja", "created": true, "changed": false, "warnings": [] }));
    house.post("/v1/debtors", debtor("d1")).await;
    house
}

#[tokio::test]
async fn a_portfolio_is_taken_in_and_read_back() {
    let house = house().await;
    let all = house.get("/v1/creditors").await.json;
    assert_eq!(all["items"][0]["sender"], "Loja Ltda");
    let whole = debt_with(
        "x1",
        json!({
            "original_amount": "100", "instalment": { "number": 3, "of": 12 }, "contract": "c1", "product": "TV",
            "terms": "30 dias", "link": "https://example.com/x", "access_code": "0042", "ladder": "leve", "tags": ["a"],
            "boleto": "00190.50095 40144.816069 06809.350314 3 37370000000100",
        }),
    );
    let answer = house.post("/v1/debts", whole).await;
    assert_eq!(answer.json["created"], true, "{}", answer.text);
    assert_eq!(
        answer.json["warnings"],
        json!(["the boleto says 1.00, the debt 110.00", "the boleto is due on 2032-08-21, the debt on 2026-11-30"])
    );
    assert_eq!(
        house.get("/v1/debts/x1").await.json,
        json!({
            "id": "x1", "creditor": "loja", "debtor": "d1", "currency": "BRL", "original_amount": "100.00",
            "amount": "110.00", "due": "2026-11-30", "instalment": { "number": 3, "of": 12 }, "contract": "c1",
            "product": "TV", "terms": "30 dias", "boleto": "00190500954014481606906809350314337370000000100", "pix": null,
            "link": "https://example.com/x", "access_code": "0042", "ladder": "leve", "tags": ["a"], "status": "open",
            "until": null
        })
    );
    assert_eq!(
        house.get("/v1/debtors/d1").await.json,
        json!({
            "id": "d1", "name": "Maria da Silva", "document": "12345678909", "language": null, "kind": null, "since": null,
            "tags": [], "numbers": ["+5511987654321"], "confirmed": []
        })
    );
    house.get("/v1/debts/x2").await.is_problem(404, "not-found", None);
    house.get("/v1/debtors/d2").await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn what_is_sent_again_replaces_all_but_the_status() {
    let house = house().await;
    let paid = debt_with("x1", json!({ "status": "paid" }));
    house.post("/v1/debts", paid).await;
    let same = house.post("/v1/debts", debt("x1")).await.json;
    assert_eq!((&same["created"], &same["changed"]), (&json!(false), &json!(false)));
    let changed = house.post("/v1/debts", debt_with("x1", json!({ "amount": "120.00" }))).await.json;
    assert_eq!((&changed["created"], &changed["changed"]), (&json!(false), &json!(true)));
    let stored = house.get("/v1/debts/x1").await.json;
    assert_eq!((&stored["status"], &stored["amount"]), (&json!("paid"), &json!("120.00")));
}

#[tokio::test]
async fn what_an_item_does_not_have_stays_where_that_is_asked_for() {
    let house = house().await;
    let whole = debt_with(
        "x1",
        json!({ "debtor": debtor("d1"), "contract": "c1", "tags": ["a"], "link": "https://a.example" }),
    );
    house.post("/v1/debts", whole).await;
    let keep = "/v1/debts?unsaid=keep";
    let same = house.post(keep, debt_with("x1", json!({ "debtor": { "id": "d1" } }))).await.json;
    assert_eq!((&same["created"], &same["changed"]), (&json!(false), &json!(false)), "{same}");
    let said =
        debt_with("x1", json!({ "debtor": { "id": "d1", "name": null, "kind": "ouro" }, "tags": [], "link": null }));
    house.post(keep, said).await;
    let (debtor_now, debt_now) = (house.get("/v1/debtors/d1").await.json, house.get("/v1/debts/x1").await.json);
    assert_eq!((&debtor_now["name"], &debtor_now["kind"]), (&Value::Null, &json!("ouro")));
    assert_eq!((&debtor_now["document"], &debtor_now["numbers"]), (&json!("12345678909"), &json!(["+5511987654321"])));
    assert_eq!((&debt_now["contract"], &debt_now["tags"], &debt_now["link"]), (&json!("c1"), &json!([]), &Value::Null));
    house.post("/v1/debtors?unsaid=keep", json!({ "id": "d1", "name": "Ana" })).await;
    assert_eq!(house.get("/v1/debtors/d1").await.json["kind"], "ouro");
    house.post("/v1/debtors", json!({ "id": "d1", "name": "Ana" })).await;
    assert_eq!(house.get("/v1/debtors/d1").await.json["kind"], Value::Null);
    house.post("/v1/debts?unsaid=leave", debt("x1")).await.is_problem(400, "bad-request", Some("unsaid"));
}

#[tokio::test]
async fn a_caller_says_which_numbers_are_confirmed() {
    let house = house().await;
    let take = async |fields: Value| {
        let mut debtor = debtor("d1");
        debtor.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        house.post("/v1/debtors", debtor).await
    };
    let confirmed = async || house.get("/v1/debtors/d1").await.json["confirmed"].clone();
    assert_eq!(confirmed().await, json!([]));
    assert_eq!(take(json!({ "confirmed": ["11 98765-4321"] })).await.json["changed"], true);
    assert_eq!(confirmed().await, json!(["+5511987654321"]));
    let number = house.get("/v1/debtors/d1/numbers").await.json["items"][0].clone();
    assert_eq!((&number["confirmed_by"], &number["trouble"]), (&json!("caller"), &Value::Null));
    let journey = house.get("/v1/debtors/d1/journey").await.json;
    let stage = journey["items"].as_array().unwrap().iter().find(|stage| stage["kind"] == "number.confirmed");
    assert_eq!(stage.unwrap()["details"]["confirmed_by"], "caller");
    // Who does not speak of it leaves it, and says nothing new by saying it again.
    assert_eq!(take(json!({})).await.json["changed"], false);
    assert_eq!(take(json!({ "confirmed": ["+5511987654321"] })).await.json["changed"], false);
    assert_eq!(confirmed().await, json!(["+5511987654321"]));
    house.post("/v1/debtors?unsaid=keep", json!({ "id": "d1", "unconfirmed": ["+5511987654321"] })).await;
    assert_eq!(confirmed().await, json!([]));
    take(json!({ "confirmed": ["11 98765-4322"] })).await.is_problem(400, "bad-request", Some("confirmed"));
    let both = json!({ "confirmed": ["11987654321"], "unconfirmed": ["11987654321"] });
    take(both).await.is_problem(400, "bad-request", Some("unconfirmed"));
    let nobody = json!({ "id": "d9", "confirmed": ["11987654321"] });
    house.post("/v1/debtors?unsaid=keep", nobody).await.is_problem(400, "bad-request", Some("confirmed"));
    house.get("/v1/debtors/d9").await.is_problem(404, "not-found", None);
    let within =
        debt_with("x1", json!({ "debtor": { "id": "d1", "numbers": ["11987654321"], "confirmed": ["11987654321"] } }));
    house.post("/v1/debts", within).await;
    assert_eq!(confirmed().await, json!(["+5511987654321"]));
    // It was said of this debtor: whoever has the number next is asked.
    house.post("/v1/debtors", json!({ "id": "d1", "numbers": [] })).await;
    house.post("/v1/debtors", json!({ "id": "d2", "numbers": ["11987654321"] })).await;
    assert_eq!(house.get("/v1/debtors/d2").await.json["confirmed"], json!([]));
}

#[tokio::test]
async fn what_was_owed_at_first_stays_where_nothing_is_said_of_it() {
    let house = house().await;
    let original = async |fields: Value| {
        let answer = house.post("/v1/debts", debt_with("x1", fields)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        house.get("/v1/debts/x1").await.json["original_amount"].clone()
    };
    assert_eq!(original(json!({ "amount": "100.00" })).await, "100.00");
    assert_eq!(original(json!({ "amount": "110.00" })).await, "100.00");
    assert_eq!(original(json!({ "amount": "110.00", "original_amount": "90.00" })).await, "90.00");
    // What was owed in another currency says nothing of this one.
    assert_eq!(original(json!({ "amount": "20.00", "currency": "USD" })).await, "20.00");
}

#[tokio::test]
async fn good_items_are_stored_beside_bad_ones() {
    let house = house().await;
    let items = json!([
        debt("x1"),
        debt_with("x2", json!({ "amount": "1,50" })),
        debt_with("x3", json!({ "debtor": debtor("d3") })),
        debt_with("x4", json!({ "debtor": "d4" })),
    ]);
    let answer = house.post("/v1/debts", items).await;
    assert_eq!(answer.status, StatusCode::OK);
    let items = &answer.json["items"];
    assert_eq!((&items[0]["id"], &items[2]["id"]), (&json!("x1"), &json!("x3")));
    items[1].is_problem("bad-request", Some("amount"));
    items[3].is_problem("bad-request", Some("debtor"));
    assert_eq!((&items[1]["index"], &items[3]["index"]), (&json!(1), &json!(3)));
    let stored = house.get("/v1/debts?creditor=loja").await.json;
    let ids: Vec<_> = stored["items"].as_array().unwrap().iter().map(|debt| debt["id"].clone()).collect();
    assert_eq!(ids, ["x3", "x1"]);
}

#[tokio::test]
async fn all_or_nothing_stores_nothing_beside_a_bad_item() {
    let house = house().await;
    let wrong_form = json!([debt("x1"), debt_with("x2", json!({ "due": "30/11/2026" }))]);
    let no_debtor = json!([debt("x1"), debt_with("x2", json!({ "debtor": "d2" }))]);
    for (items, field) in [(wrong_form, "due"), (no_debtor, "debtor")] {
        let answer = house.post("/v1/debts?on_error=all", items).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        let problems = answer.json["items"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{}", answer.text);
        problems[0].is_problem("bad-request", Some(field));
        assert_eq!(problems[0]["index"], 1);
    }
    assert_eq!(house.get("/v1/debts").await.json["items"], json!([]));
    let good = house.post("/v1/debts?on_error=all", json!([debt("x1"), debt("x2")])).await;
    assert_eq!((good.status, good.json["items"].as_array().unwrap().len()), (StatusCode::OK, 2));
    house.post("/v1/debts?on_error=some", debt("x1")).await.is_problem(400, "bad-request", Some("on_error"));
}

#[tokio::test]
async fn lines_are_items() {
    let house = house().await;
    let lines = format!("{}\n\n{}\r\nno json\n", debt("x1"), debt("x2"));
    let lined = [("content-type", "application/x-ndjson; charset=utf-8")];
    let answer = call(house.local(), request("POST", "/v1/debts", &lined, lines.into())).await;
    assert_eq!(answer.json["items"][1]["id"], "x2", "{}", answer.text);
    answer.json["items"][2].is_problem("bad-request", None);
    let one = call(house.local(), request("POST", "/v1/debts", &lined, debt("x3").to_string().into())).await;
    assert_eq!(one.json["items"][0]["created"], true, "{}", one.text);
}

#[tokio::test]
async fn every_field_is_checked() {
    let house = house().await;
    for (fields, field) in [
        (json!({ "id": "" }), "id"),
        (json!({ "creditor": "outra" }), "creditor"),
        (json!({ "debtor": null }), "debtor"),
        (json!({ "debtor": 7 }), "debtor"),
        (json!({ "debtor": { "id": "d1", "language": "de" } }), "debtor.language"),
        (json!({ "amount": null }), "amount"),
        (json!({ "amount": 110.0 }), "amount"),
        (json!({ "original_amount": "-1" }), "original_amount"),
        (json!({ "currency": "EUR" }), "currency"),
        (json!({ "due": null }), "due"),
        (json!({ "instalment": { "number": 4, "of": 3 } }), "instalment"),
        (json!({ "boleto": "123" }), "boleto"),
        (json!({ "pix": "abc" }), "pix"),
        (json!({ "link": "https://example.com/a b" }), "link"),
        (json!({ "status": "gone" }), "status"),
        (json!({ "status": "promised" }), "until"),
        (json!({ "until": "2026-11-30" }), "until"),
    ] {
        house.post("/v1/debts", debt_with("x1", fields)).await.is_problem(400, "bad-request", Some(field));
    }
    let bad_number = debt_with("x1", json!({ "debtor": { "id": "d1", "numbers": ["11 3333-4444"] } }));
    house.post("/v1/debts", bad_number).await.is_problem(422, "bad-number", Some("debtor.numbers"));
    let unknown = debt_with("x1", json!({ "debtor": { "id": "d1", "nome": "Ana" } }));
    house.post("/v1/debts", unknown).await.is_problem(400, "unknown-field", Some("debtor.nome"));
    let no_zone = json!({ "id": "c", "name": "C", "zone": "Mars", "language": "en", "currency": "USD" });
    house.post("/v1/creditors", no_zone).await.is_problem(400, "bad-request", Some("zone"));
    assert_eq!(house.get("/v1/debts").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_debt_is_not_moved_to_another_creditor() {
    let house = house().await;
    let mut other = creditor();
    other["id"] = json!("outra");
    house.post("/v1/creditors", other).await;
    house.post("/v1/debts", debt("x1")).await;
    let moved = debt_with("x1", json!({ "creditor": "outra" }));
    house.post("/v1/debts", moved).await.is_problem(409, "conflict", Some("id"));
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let house = house().await;
    let items = json!([debt("x1"), debt_with("x2", json!({ "status": "paid" })), debt("x3")]);
    house.post("/v1/debts", items).await;
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|debt| debt["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&house.get("/v1/debts?status=open&debtor=d1").await.json), ["x3", "x1"]);
    let first = house.get("/v1/debts?limit=2").await.json;
    assert_eq!(ids(&first), ["x3", "x2"]);
    let next = first["next"].as_str().unwrap();
    assert_eq!(ids(&house.get(&format!("/v1/debts?limit=2&cursor={next}")).await.json), ["x1"]);
    house.get("/v1/debts?status=gone").await.is_problem(400, "bad-request", Some("status"));
    house.get("/v1/debts?cursor=a1").await.is_problem(400, "bad-request", Some("cursor"));
}

#[tokio::test]
async fn a_limited_token_sees_and_changes_its_own() {
    let house = house().await;
    let mut other = creditor();
    other["id"] = json!("outra");
    house.post("/v1/creditors", other).await;
    house.post("/v1/debts", debt("x1")).await;
    let limited = json!({ "client": "crm", "scopes": ["send", "read"], "creditors": ["outra"] });
    let token = house.token(limited).await;
    house.with(&token, "GET", "/v1/debts/x1", "").await.is_problem(404, "not-found", None);
    house.with(&token, "GET", "/v1/debtors/d1", "").await.is_problem(404, "not-found", None);
    assert_eq!(house.with(&token, "GET", "/v1/debts", "").await.json["items"], json!([]));
    assert_eq!(house.with(&token, "GET", "/v1/creditors", "").await.json["items"].as_array().unwrap().len(), 1);
    house.with(&token, "POST", "/v1/debts", debt("x9")).await.is_problem(403, "forbidden", Some("creditor"));
    house.with(&token, "POST", "/v1/debtors", debtor("d1")).await.is_problem(403, "forbidden", Some("id"));
    house.with(&token, "POST", "/v1/creditors", creditor()).await.is_problem(403, "forbidden", None);
    let own = debt_with("x5", json!({ "creditor": "outra", "debtor": debtor("d5"), "link": "https://example.com" }));
    assert_eq!(house.with(&token, "POST", "/v1/debts", own).await.json["created"], true);
    let masked = house.with(&token, "GET", "/v1/debtors/d5", "").await.json;
    assert_eq!((&masked["name"], &masked["document"]), (&Value::Null, &Value::Null));
    assert!(!masked["numbers"][0].as_str().unwrap().contains("98765"), "{masked}");
    assert_eq!(house.with(&token, "GET", "/v1/debts/x5", "").await.json["link"], Value::Null);
}

#[tokio::test]
async fn too_many_items_are_refused_before_anything_is_stored() {
    let house = house().await;
    let lines = "{}\n".repeat(10_001);
    let lined = [("content-type", "application/x-ndjson")];
    let answer = call(house.local(), request("POST", "/v1/debts", &lined, lines.into())).await;
    answer.is_problem(413, "too-large", None);
}

#[tokio::test]
async fn how_files_are_read_is_remembered_by_creditor() {
    let house = House::new();
    let path = "/v1/imports/mapping?creditor=loja";
    let nothing = json!({ "columns": {}, "decimals": null, "dates": null });
    assert_eq!(house.get(path).await.json, nothing);
    let said = json!({ "columns": { "due": ["Vencto"], "phone": ["Fone", "Fax"], "status": [""] }, "decimals": "comma", "dates": "dmy" });
    let put = |path: &'static str, body: Value| call(house.local(), request("PUT", path, &[], body.to_string().into()));
    assert_eq!(put(path, said.clone()).await.json, said);
    assert_eq!(house.get(path).await.json, said);
    assert_eq!(house.get("/v1/imports/mapping").await.json, nothing);
    for (body, field) in [
        (json!({ "columns": { "vencimento": ["x"] } }), "columns"),
        (json!({ "columns": { "due": ["a", "b"] } }), "columns"),
        (json!({ "decimals": "dot" }), "decimals"),
        (json!({ "dates": "mdy" }), "dates"),
    ] {
        put(path, body).await.is_problem(400, "bad-request", Some(field));
    }
    let token = house.token(json!({ "client": "crm", "scopes": ["read"], "creditors": ["outra"] })).await;
    house.with(&token, "GET", path, "").await.is_problem(403, "forbidden", Some("creditor"));
}

/// The ids of a list.
async fn ids(house: &House, token: &str, path: &str) -> Vec<String> {
    let listed = house.with(token, "GET", path, "").await.json;
    let items = listed["items"].as_array().unwrap_or_else(|| panic!("{path}: {listed}"));
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn debtors_are_found_by_what_people_know_of_them() {
    let house = house().await;
    let other = json!({ "id": "d2", "name": "MARIA Souza", "document": "98765432100", "numbers": ["+525512345678"] });
    house.post("/v1/debtors", other).await;
    house.post("/v1/debtors", json!({ "id": "d3", "name": "João" })).await;
    house.post("/v1/debts", debt("x1")).await;
    let all = house.token(json!({ "client": "crm", "scopes": ["read", "pii"] })).await;
    for (search, expected) in [
        ("", &["d3", "d2", "d1"][..]),
        ("d2", &["d2"]),
        ("987.654.321-00", &["d2"]),
        ("11 98765-4321", &["d1"]),
        ("%2B55 11 8765-4321", &["d1"]),
        ("maria", &["d2", "d1"]),
        ("Maria S", &["d2"]),
        ("Silva", &[]),
    ] {
        let path = format!("/v1/debtors?search={}", search.replace(' ', "%20"));
        assert_eq!(ids(&house, &all, &path).await, expected, "{search}");
    }
    assert_eq!(ids(&house, &all, "/v1/debtors?creditor=loja").await, ["d1"]);
    let first = house.with(&all, "GET", "/v1/debtors?limit=2", "").await.json;
    let next = first["next"].as_str().unwrap();
    assert_eq!(ids(&house, &all, &format!("/v1/debtors?limit=2&cursor={next}")).await, ["d1"]);
    house.get("/v1/debtors?cursor=a1").await.is_problem(400, "bad-request", Some("cursor"));
}

#[tokio::test]
async fn who_may_not_see_who_somebody_is_does_not_find_it_out_by_asking() {
    let house = house().await;
    house.post("/v1/debts", debt("x1")).await;
    let masked = house.token(json!({ "client": "crm", "scopes": ["read"] })).await;
    for search in ["Maria", "12345678909", "11987654321"] {
        assert!(ids(&house, &masked, &format!("/v1/debtors?search={search}")).await.is_empty(), "{search}");
    }
    let found = house.with(&masked, "GET", "/v1/debtors?search=d1", "").await;
    assert_eq!((&found.json["items"][0]["id"], &found.json["items"][0]["name"]), (&json!("d1"), &Value::Null));
    assert!(!found.text.contains("98765"), "{}", found.text);
    let limited = house.token(json!({ "client": "crm", "scopes": ["read", "pii"], "creditors": ["outra"] })).await;
    assert!(ids(&house, &limited, "/v1/debtors?search=d1").await.is_empty());
    house.with(&limited, "GET", "/v1/debtors/d1/numbers", "").await.is_problem(404, "not-found", None);
}

/// Two creditors, each with a debt of one debtor that is paid.
async fn two_paid() -> House {
    let house = house().await;
    let other = json!({ "id": "banco", "name": "Banco SA", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
    house.post("/v1/creditors", other).await;
    house.post("/v1/debts", debt("x1")).await;
    house.post("/v1/debts", debt_with("y1", json!({ "creditor": "banco" }))).await;
    for debt in ["x1", "y1"] {
        let answer = house.post(&format!("/v1/debts/{debt}/events"), json!({ "type": "payment_received" })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    house
}

#[tokio::test]
async fn an_event_about_a_debt_names_it_by_the_callers_ids() {
    let mut house = two_paid().await;
    let told = async |house: &House| -> Value {
        let events = house.get("/v1/events?after=0").await.json;
        let mut told =
            events["items"].as_array().unwrap().iter().filter(|event| event["data"]["happening"].is_string());
        told.next().unwrap().clone()
    };
    let event = told(&house).await;
    let ids = |event: &Value| [event["debt"].clone(), event["debtor"].clone(), event["creditor"].clone()];
    assert_eq!(ids(&event), [json!("x1"), json!("d1"), json!("loja")]);
    assert_eq!(event["data"]["status"], "paid");
    // An import and a modem are about no debt, and say so by saying nothing.
    let events = house.get("/v1/events?after=0").await.json;
    assert!(events["items"][0].get("debt").is_none(), "{events}");
    // The debt is gone, and its row is that of another which was taken in since.
    house.restart(|store, _| {
        let sql = "DELETE FROM debt_event; DELETE FROM track; DELETE FROM dunning_case; DELETE FROM debt;";
        store.connection().execute_batch(sql).unwrap();
    });
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    house.post("/v1/debts", debt("z1")).await;
    let event = told(&house).await;
    assert_eq!(ids(&event), [Value::Null, Value::Null, Value::Null]);
    assert!(event.as_object().unwrap().contains_key("debt"), "{event}");
}

#[tokio::test]
async fn whoever_is_limited_to_creditors_follows_their_debts_alone() {
    let house = two_paid().await;
    let about = |events: &Value| -> Vec<Value> {
        let items = events["items"].as_array().unwrap();
        items.iter().filter(|event| event.get("debt").is_some()).map(|event| event["debt"].clone()).collect()
    };
    assert_eq!(about(&house.get("/v1/events?after=0").await.json), ["x1", "y1"]);
    let token = house.token(json!({ "client": "a", "scopes": ["read"], "creditors": ["banco"] })).await;
    let limited = house.with(&token, "GET", "/v1/events?after=0", "").await.json;
    assert_eq!(about(&limited), ["y1"]);
    // What is about no creditor, as an import, is everybody's.
    let all = house.get("/v1/events?after=0").await.json["items"].as_array().unwrap().len();
    assert_eq!(limited["items"].as_array().unwrap().len(), all - 1);
}
