//! What ladders would do, and what they could not.

use super::*;

/// A house with a ladder of one step, three debtors on it, and no template.
async fn house() -> House {
    let house = House::new();
    let ladder = json!({ "steps": [{ "id": "hoje", "on": "D+0", "text": "hoje" }] });
    call(house.local(), request("PUT", "/v1/ladders/leve", &[], ladder.to_string().into())).await;
    let creditor = json!({
        "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL",
        "ladder": "leve",
    });
    house.post("/v1/creditors", creditor).await;
    for (id, number, due, status) in [
        ("d1", "11 98765-4321", "2026-11-24", "open"),
        ("d2", "11 98765-4322", "2026-11-24", "paid"),
        ("d3", "11 98765-4323", "2026-12-01", "open"),
    ] {
        let debtor = json!({ "id": id, "numbers": [number] });
        let debt = json!({
            "id": format!("x-{id}"), "creditor": "loja", "debtor": debtor, "amount": "10.00", "due": due, "status": status,
        });
        house.post("/v1/debts", debt).await;
    }
    house
}

async fn approve(house: &House) {
    let written = json!({ "texts": [{ "name": "a", "body": "{{ sender }}: vence hoje." }] });
    call(house.local(), request("PUT", "/v1/templates/hoje", &[], written.to_string().into())).await;
    house.post("/v1/templates/hoje/approve", json!({ "version": 1 })).await;
}

#[tokio::test]
async fn a_plan_says_who_gets_what_and_why_others_do_not() {
    let house = house().await;
    let outcomes = |answer: &Answer| -> Vec<Value> {
        let items = answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.text));
        items.iter().map(|item| json!([item["debtor"], item["outcome"], item["why"]])).collect()
    };
    let plan = house.get("/v1/ladders/leve/plan").await;
    assert_eq!(outcomes(&plan), [json!(["d1", "problem", null]), json!(["d2", "skipped", "paid"])]);
    assert_eq!(plan.json["items"][0]["detail"], "no template \"hoje\" is approved");
    approve(&house).await;
    let plan = house.get("/v1/ladders/leve/plan?creditor=loja").await;
    assert_eq!(plan.json["items"][0]["template"], "hoje", "{}", plan.text);
    assert_eq!((&plan.json["items"][0]["segments"], &plan.json["debtors"]), (&json!(1), &json!(3)));
    // A day to come: what is up today is sent by then.
    let ahead = house.get("/v1/ladders/leve/plan?date=2026-12-01").await;
    assert_eq!(outcomes(&ahead), [json!(["d3", "text", null])]);
    assert_eq!(ahead.json["items"][0]["not_before"], "2026-12-01T08:00:00.000Z");
    assert_eq!(house.get("/v1/messages").await.json["items"], json!([]), "nothing is carried out");
    house.get("/v1/ladders/nada/plan").await.is_problem(404, "not-found", None);
    house.get("/v1/ladders/leve/plan?date=2026-11-01").await.is_problem(400, "bad-request", Some("date"));
    house.get("/v1/ladders/leve/plan?date=2036-11-01").await.is_problem(400, "bad-request", Some("date"));
    house.get("/v1/ladders/leve/plan?cursor=x").await.is_problem(400, "bad-request", Some("cursor"));
}

#[tokio::test]
async fn a_plan_goes_on_over_pages() {
    let house = house().await;
    let (mut path, mut debtors) = ("/v1/ladders/leve/plan?limit=2".to_owned(), 0);
    for _ in 0..2 {
        let page = house.get(&path).await.json;
        debtors += page["debtors"].as_u64().unwrap();
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/ladders/leve/plan?limit=2&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(debtors, 3);
}

#[tokio::test]
async fn a_token_sees_the_plan_of_its_creditors() {
    let house = house().await;
    let token =
        |creditors: Value| house.token(json!({ "client": "c", "scopes": ["read", "send"], "creditors": creditors }));
    let other = token(json!(["banco"])).await;
    let plan = house.with(&other, "GET", "/v1/ladders/leve/plan", "").await;
    assert_eq!((&plan.json["items"], &plan.json["debtors"]), (&json!([]), &json!(0)), "{}", plan.text);
    let named = house.with(&other, "GET", "/v1/ladders/leve/plan?creditor=loja", "").await;
    named.is_problem(403, "forbidden", Some("creditor"));
    let both = token(json!(["banco", "loja"])).await;
    house.with(&both, "GET", "/v1/ladders/leve/plan", "").await.is_problem(400, "bad-request", Some("creditor"));
    house.with(&both, "POST", "/v1/ladders/run", "").await.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn nobody_waits_for_a_task_that_is_not_there() {
    let house = house().await;
    house.post("/v1/ladders/run", "").await.is_problem(503, "busy", None);
    assert_eq!(house.get("/v1/ladders/leve/problems").await.json, json!({ "items": [], "next": null }));
}

fn codes(answer: &Answer) -> Vec<Value> {
    let findings = answer.json["findings"].as_array().unwrap_or_else(|| panic!("{}", answer.text));
    findings.iter().map(|finding| json!([finding["code"], finding["severity"]])).collect()
}

#[tokio::test]
async fn a_step_outside_the_hours_is_found_when_it_is_saved_shown_and_planned() {
    let house = house().await.with_hours();
    approve(&house).await;
    let steps = json!({ "steps": [
        { "id": "noite", "on": "D+1 23:30", "text": "hoje" },
        { "id": "dia", "on": "D+2 14:00", "text": "hoje" },
    ] });
    let expected = [json!(["outside_hours", "warning"])];
    let saved = call(house.local(), request("PUT", "/v1/ladders/leve", &[], steps.to_string().into())).await;
    assert_eq!(codes(&saved), expected, "{}", saved.text);
    let detail = saved.json["findings"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("step noite (D+1 23:30) comes outside the hours of contact"), "{detail}");
    assert!(detail.contains("it never goes on its day, but the day after at 08:00"), "{detail}");
    assert_eq!(codes(&house.get("/v1/ladders/leve").await), expected);
    assert_eq!(codes(&house.get("/v1/ladders/leve/plan").await), expected);
    // Of the ladder it is said on the first page.
    let page = house.get("/v1/ladders/leve/plan?limit=2").await;
    let next = page.json["next"].as_str().unwrap();
    assert_eq!(codes(&house.get(&format!("/v1/ladders/leve/plan?limit=2&cursor={next}")).await), [json!(null); 0]);
}

#[tokio::test]
async fn a_plan_finds_one_debt_on_two_ladders_and_a_text_of_two_parts() {
    let house = house().await;
    approve(&house).await;
    assert_eq!(codes(&house.get("/v1/ladders/leve/plan").await), [json!(null); 0]);
    let body = format!("{{{{ sender }}}}: {}", "vence hoje. ".repeat(16));
    let written = json!({ "texts": [{ "name": "a", "body": body }] });
    call(house.local(), request("PUT", "/v1/templates/hoje", &[], written.to_string().into())).await;
    house.post("/v1/templates/hoje/approve", json!({ "version": 2 })).await;
    let debt = json!({
        "id": "again", "creditor": "loja", "debtor": "d1", "amount": "10.00", "due": "2026-11-24", "ladder": "dura",
    });
    assert_eq!(house.post("/v1/debts", debt).await.status, StatusCode::OK);
    let plan = house.get("/v1/ladders/leve/plan").await;
    assert_eq!(codes(&plan), [json!(["two_ladders", "warning"]), json!(["long", "warning"])], "{}", plan.text);
    let details: Vec<&str> = [0, 1].map(|place| plan.json["findings"][place]["detail"].as_str().unwrap()).into();
    assert!(
        details[0].starts_with("debts again and x-d1 look like one, and go by ladders dura and leve"),
        "{details:?}"
    );
    assert_eq!(
        details[1],
        "template hoje takes 2 parts in its longest case of this day; shorten it, or leave a variable out"
    );
}

#[tokio::test]
async fn a_plan_finds_one_debt_under_two_ids_on_one_ladder() {
    let house = house().await;
    approve(&house).await;
    let debt = json!({ "id": "again", "creditor": "loja", "debtor": "d1", "amount": "10.00", "due": "2026-11-24" });
    assert_eq!(house.post("/v1/debts", debt).await.status, StatusCode::OK);
    let plan = house.get("/v1/ladders/leve/plan").await;
    assert_eq!(codes(&plan), [json!(["double", "warning"])], "{}", plan.text);
}

#[tokio::test]
async fn a_plan_finds_a_ladder_that_can_never_fire() {
    let house = house().await;
    // A release that knew less may have stored it; a request to write it is refused.
    let steps = json!([{ "id": "d1", "on": "D+1", "text": "hoje", "segment": { "days_late": { "min": 30 } } }]);
    let ladder = crate::store::definition::read_ladder("leve", 0, json!({ "steps": steps })).unwrap();
    house.writer().store_ladder(ladder, "local".to_owned()).await.unwrap();
    let plan = house.get("/v1/ladders/leve/plan").await;
    assert_eq!(codes(&plan), [json!(["never_then", "error"]), json!(["no_template", "warning"])], "{}", plan.text);
    let body = json!({ "steps": steps }).to_string();
    let refused = call(house.local(), request("PUT", "/v1/ladders/outra", &[], body.into())).await;
    refused.is_problem(400, "bad-request", Some("steps"));
    let found = &refused.json["findings"][0];
    assert_eq!((&found["code"], &found["operands"]), (&json!("never_then"), &json!({ "step": "d1" })));
}

#[tokio::test]
async fn of_two_people_who_edit_one_ladder_the_second_is_told() {
    let house = house().await;
    let ladder = |day: u8| json!({ "steps": [{ "id": "hoje", "on": format!("D+{day}"), "text": "hoje" }] }).to_string();
    let put = async |name: &str, value: &str, day: u8| {
        call(house.local(), request("PUT", "/v1/ladders/leve", &[(name, value)], ladder(day).into())).await
    };
    assert_eq!(house.get("/v1/ladders/leve").await.headers["etag"], "\"1\"");
    let first = put("if-match", "\"1\"", 2).await;
    assert_eq!((&first.headers["etag"], &first.json["client"]), (&"\"2\"".parse().unwrap(), &json!("local")));
    put("if-match", "\"1\"", 3).await.is_problem(412, "changed", None);
    put("if-none-match", "*", 3).await.is_problem(412, "changed", None);
    assert_eq!(
        put("if-match", "\"1\"", 2).await.json["version"],
        2,
        "who asks again for what is there is not told off"
    );
    assert_eq!(put("if-match", "*", 4).await.json["version"], 3);
    put("if-match", "3", 5).await.is_problem(400, "bad-request", Some("If-Match"));
}
