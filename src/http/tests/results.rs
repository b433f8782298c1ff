//! Results, the way of a debtor, and numbers that want looking after.

use crate::dunning::money::Prices;
use crate::modem::Settlement;

use super::*;

impl House {
    /// Sends the first part that there is, and counts everything.
    fn send_and_count(&mut self) {
        let path = path(&self.folder);
        self.restart_with(|store, now| {
            let carrier = modem_up(store, now);
            store.commit(now, |work| work.offer(SegmentId(1), &carrier)).unwrap();
            let accepted = Settlement::Accepted { tp_mr: 7 };
            store.commit(now, |work| work.settle(SegmentId(1), &carrier.modem, Some(carrier.sim), accepted)).unwrap();
            let reader = Reader::new(&path, sims());
            let prices = Prices { each: "0.0325".parse().unwrap(), cards: Vec::new() };
            while let Some(counted) = reader.roll_up(3, &prices).unwrap() {
                assert!(store.commit(now, |work| work.count_up(&counted)).unwrap().0);
            }
        });
    }
}

/// Three texts of two creditors, of which the first is sent.
async fn house() -> House {
    let mut house = House::new();
    for (creditor, operator) in [("loja", "ana"), ("loja", "=ana"), ("banco", "rui")] {
        let about = json!({ "creditor": creditor, "operator": operator, "text": format!("Oi de {operator}") });
        house.submit(message_with(about)).await;
    }
    house.send_and_count();
    house
}

fn groups(answer: &Answer) -> Vec<(&str, i64, i64)> {
    let rows = answer.json["rows"].as_array().unwrap();
    let row = |row: &'_ Value| (row["texts"]["queued"].as_i64().unwrap(), row["texts"]["sent"].as_i64().unwrap());
    rows.iter().map(|one| (one["group"]["creditor"].as_str().unwrap(), row(one).0, row(one).1)).collect()
}

#[tokio::test]
async fn results_are_told_apart_as_they_are_asked_for() {
    let house = house().await;
    let answer = house.get("/v1/stats?by=creditor&within=30d").await;
    assert_eq!(groups(&answer), [("banco", 1, 0), ("loja", 2, 1)], "{}", answer.text);
    let rest = (&answer.json["zone"], &answer.json["within_days"], &answer.json["behind"]);
    assert_eq!(rest, (&json!("America/Sao_Paulo"), &json!(30), &json!(0)));
    let whole = house.get("/v1/stats").await;
    assert_eq!(
        whole.json["rows"],
        json!([{
            "group": {}, "period": null, "parts": 1, "cost": "0.0325",
            "texts": {
                "queued": 3, "waiting": 2, "sent": 1, "delivered": 0, "undelivered": 0, "unknown": 0, "failed": 0,
                "expired": 0, "blocked": 0, "cancelled": 0, "replied": 0, "promised": 0, "opted_out": 0, "wrong_person": 0,
                "disputed": 0, "says_paid": 0, "paid_debts": 0, "paid": []
            }
        }])
    );
    let by_sim = house.get("/v1/stats?by=sim&every=day").await.json;
    assert_eq!(
        by_sim["rows"],
        json!([{ "group": { "sim": "norte" }, "period": "2026-11-24", "texts": null, "parts": 1, "cost": "0.0325" }])
    );
    let today = house.get("/v1/stats?since=2026-11-24&until=2026-11-24&operator=ana").await.json;
    assert_eq!(today["rows"][0]["texts"]["queued"], 1);
    assert_eq!(house.get("/v1/stats?until=2026-11-23").await.json["rows"], json!([]));
    assert_eq!(house.get("/v1/stats?since=2026-11-24T14:00:00Z").await.json["rows"], json!([]));
}

#[tokio::test]
async fn a_table_for_spreadsheets_has_no_formulas() {
    let house = house().await;
    let answer = house.get("/v1/stats?by=operator&every=week&creditor=loja&format=csv").await;
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(
        answer.text.lines().collect::<Vec<_>>(),
        [
            "operator,period,queued,waiting,sent,delivered,undelivered,unknown,failed,expired,blocked,cancelled,replied,\
             promised,opted_out,wrong_person,disputed,says_paid,paid_debts,paid_brl,paid_mxn,paid_usd,parts,cost",
            "'=ana,2026-11-23,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.00,0.00,0.00,0,0.0000",
            "ana,2026-11-23,1,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0.00,0.00,0.00,1,0.0325",
        ]
    );
    let headers = [("accept", "text/csv")];
    let by_sim = call(house.local(), request("GET", "/v1/stats?by=sim", &headers, Body::empty())).await;
    assert_eq!(by_sim.text, "sim,parts,cost\r\nnorte,1,0.0325\r\n");
}

#[tokio::test]
async fn who_is_limited_to_a_creditor_sees_its_results_alone() {
    let house = house().await;
    let limited = json!({ "client": "crm", "scopes": ["read"], "creditors": ["loja"] });
    let token = house.token(limited).await;
    let answer = house.with(&token, "GET", "/v1/stats?by=creditor", "").await;
    assert_eq!(groups(&answer), [("loja", 2, 1)]);
    let refused = house.with(&token, "GET", "/v1/stats?creditor=banco", "").await;
    refused.is_problem(403, "forbidden", Some("creditor"));
    let blind = house.token(json!({ "client": "erp", "scopes": ["send"] })).await;
    for path in ["/v1/stats", "/v1/hygiene", "/v1/debtors/d1/journey"] {
        house.with(&blind, "GET", path, "").await.is_problem(403, "forbidden", None);
    }
}

#[tokio::test]
async fn what_is_asked_for_and_is_not_there_is_named() {
    let house = House::new();
    for (query, field) in [
        ("by=colour", "by"),
        ("by=step,step", "by"),
        ("every=month", "every"),
        ("within=91d", "within"),
        ("within=7", "within"),
        ("zone=Mars/Base", "zone"),
        ("since=yesterday", "since"),
        ("mode=mail", "mode"),
        ("format=xml", "format"),
    ] {
        house.get(&format!("/v1/stats?{query}")).await.is_problem(400, "bad-request", Some(field));
    }
    house.get("/v1/hygiene?trouble=flu").await.is_problem(400, "bad-request", Some("trouble"));
    house.get("/v1/hygiene?sent=0").await.is_problem(400, "bad-request", Some("sent"));
    house.get("/v1/debtors/d1/journey?cursor=b1").await.is_problem(400, "bad-request", Some("cursor"));
    house.get("/v1/debtors/d1/journey").await.is_problem(404, "not-found", None);
}

/// A debtor of two creditors with a text about one of the debts, who was asked and has paid.
async fn debtor() -> House {
    let mut house = House::new();
    for id in ["loja", "banco"] {
        let creditor =
            json!({ "id": id, "name": id, "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
        house.post("/v1/creditors", creditor).await;
        let debtor = json!({ "id": "d1", "name": "Maria", "numbers": ["11 98765-4321", "11 98765-4322"] });
        let debt = json!({ "id": format!("{id} 1"), "creditor": id, "debtor": debtor, "amount": "110.00", "due": "2026-11-30" });
        let answer = house.post("/v1/debts", debt).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    house.submit(message_with(json!({ "creditor": "loja", "debtor": "d1", "debt": "loja 1" }))).await;
    house.send_and_count();
    house.post("/v1/debts/loja%201/events", json!({ "type": "payment_received", "amount": "60.00" })).await;
    let suppressed = json!({ "numbers": ["11 98765-4322"], "kind": "wrong_person", "why": "said so" });
    let answer = house.post("/v1/suppressions", suppressed).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    house
}

fn kinds(answer: &Answer) -> Vec<&str> {
    answer.json["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_way_of_a_debtor_is_told_in_order() {
    let house = debtor().await;
    let way = house.get("/v1/debtors/d1/journey").await;
    let expected = [
        "debt.taken_in",
        "debt.taken_in",
        "text",
        "text.held",
        "text.sending",
        "text.accepted",
        "debt.payment_received",
        "suppression.added",
    ];
    assert_eq!(kinds(&way), expected, "{}", way.text);
    let text = &way.json["items"][2];
    assert_eq!((&text["text"], &text["number"]), (&json!("Oi, tudo bem?"), &json!("+5511987654321")));
    assert_eq!(way.json["items"][6]["amount"], "60.00");
    let first = house.get("/v1/debtors/d1/journey?limit=3").await;
    let next = first.json["next"].as_str().unwrap();
    let rest = house.get(&format!("/v1/debtors/d1/journey?limit=5&cursor={next}")).await;
    assert_eq!([kinds(&first), kinds(&rest)].concat(), expected);
    assert_eq!(house.get("/v1/debtors/d1/journey?after=7").await.json["items"][0]["place"], 8);
}

#[tokio::test]
async fn who_may_not_see_texts_and_other_creditors_does_not_see_them_on_the_way() {
    let house = debtor().await;
    let token = |creditors: Value| json!({ "client": "crm", "scopes": ["read"], "creditors": creditors });
    let loja = house.token(token(json!(["loja"]))).await;
    let way = house.with(&loja, "GET", "/v1/debtors/d1/journey", "").await;
    let text = way.json["items"].as_array().unwrap().iter().find(|item| item["kind"] == "text").unwrap();
    assert_eq!((&text["text"], &text["number"]), (&json!("[13 characters]"), &json!("+55*********21")));
    assert!(!way.text.contains("banco"), "{}", way.text);
    let banco = house.token(token(json!(["banco"]))).await;
    assert_eq!(kinds(&house.with(&banco, "GET", "/v1/debtors/d1/journey", "").await), ["debt.taken_in"]);
    let other = house.token(token(json!(["outra"]))).await;
    house.with(&other, "GET", "/v1/debtors/d1/journey", "").await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn numbers_that_want_looking_after_are_listed() {
    let house = debtor().await;
    let listed = house.get("/v1/hygiene").await;
    let found: Vec<_> = listed.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (item["number"].as_str().unwrap(), item["trouble"].as_str().unwrap(), item["sent"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(found, [("+5511987654321", "unconfirmed", 1), ("+5511987654322", "wrong_person", 0)]);
    let never = house.get("/v1/hygiene?sent=1&trouble=never_delivered").await.json;
    assert_eq!((never["items"].as_array().unwrap().len(), &never["next"]), (1, &Value::Null));
    let table = house.get("/v1/hygiene?format=csv&trouble=wrong_person").await;
    assert_eq!(table.text.lines().nth(1), Some("d1,+5511987654322,wrong_person,0,0,0,,,"));
    let page = house.get("/v1/hygiene?format=csv&limit=1").await;
    assert_eq!(page.headers["recado-next"], "a1");
    let limited = house.token(json!({ "client": "crm", "scopes": ["read"], "creditors": ["outra"] })).await;
    assert_eq!(house.with(&limited, "GET", "/v1/hygiene", "").await.json["items"], json!([]));
    let masked = house.token(json!({ "client": "crm", "scopes": ["read"] })).await;
    assert!(!house.with(&masked, "GET", "/v1/hygiene", "").await.text.contains("5511987654321"));
    let numbers = house.get("/v1/debtors/d1/numbers").await.json;
    let found: Vec<_> = numbers["items"].as_array().unwrap().iter().map(|item| &item["trouble"]).collect();
    assert_eq!((found, &numbers["items"][0]["sent"]), (vec![&json!("unconfirmed"), &json!("wrong_person")], &json!(1)));
    let blind = house.with(&masked, "GET", "/v1/debtors/d1/numbers", "").await;
    assert!(blind.text.contains("+55*********21") && !blind.text.contains("987654321"), "{}", blind.text);
}
