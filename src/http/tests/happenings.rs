//! Events of debts, and the texts that they bring.

use super::*;

const THANKS: &str = "{{ sender }}: {{ first_name }}, recebemos {{ paid | money }}. Obrigado.";

/// A house with a debt, and a creditor that thanks for payments.
async fn house() -> House {
    let house = House::new();
    let written = json!({ "purpose": "confirmation", "texts": [{ "name": "a", "body": THANKS }] });
    call(house.local(), request("PUT", "/v1/templates/obrigado", &[], written.to_string().into())).await;
    house.post("/v1/templates/obrigado/approve", json!({ "version": 1 })).await;
    let creditor = json!({
        "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL",
        "on": { "payment_received": "obrigado", "promise": "nada" },
    });
    let taken = house.post("/v1/creditors", creditor).await;
    assert_eq!(taken.json["warnings"], json!(["on promise: no template \"nada\" is approved"]), "{}", taken.text);
    let debtor = json!({ "id": "d1", "name": "Maria da Silva", "numbers": ["11 98765-4321"] });
    let debt = json!({ "id": "x1", "creditor": "loja", "debtor": debtor, "amount": "110.00", "due": "2026-11-30" });
    house.post("/v1/debts", debt).await;
    house
}

async fn tell(house: &House, event: Value) -> Answer {
    house.post("/v1/debts/x1/events", event).await
}

#[tokio::test]
async fn a_payment_is_thanked_for_once() {
    let house = house().await;
    let event = json!({ "type": "payment_received", "amount": "60.00", "ref": "p1" });
    let answer = tell(&house, event.clone()).await;
    let message = answer.json["message"].as_str().expect("a message").to_owned();
    assert_eq!((&answer.json["amount"], &answer.json["untold"]), (&json!("50.00"), &Value::Null));
    let text = house.get(&format!("/v1/messages/{message}")).await.json;
    assert_eq!(text["text"], "Loja: Maria, recebemos R$ 60,00. Obrigado.");
    assert_eq!((&text["origin"]["mode"], &text["origin"]["template"]), (&json!("event"), &json!("obrigado")));
    let again = tell(&house, event).await;
    assert_eq!((&again.json["repeated"], &again.json["message"]), (&json!(true), &json!(message)));
    assert_eq!(house.get("/v1/messages").await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_event_can_be_told_without_a_text_or_with_another() {
    let house = house().await;
    for template in [Value::Null, json!("none")] {
        let answer = tell(&house, json!({ "type": "payment_received", "amount": "1.00", "template": template })).await;
        assert_eq!((&answer.json["message"], &answer.json["untold"]), (&Value::Null, &Value::Null), "{}", answer.text);
    }
    let answer = tell(&house, json!({ "type": "promise", "until": "2026-12-10" })).await;
    assert_eq!((&answer.json["status"], &answer.json["untold"]["code"]), (&json!("promised"), &json!("no_template")));
    let answer = tell(&house, json!({ "type": "overdue", "template": "obrigado" })).await;
    assert_eq!(answer.json["untold"]["code"], "unfilled", "{}", answer.text);
    assert_eq!(house.get("/v1/messages").await.json["items"], json!([]));
}

#[tokio::test]
async fn triggers_are_shown_and_unknown_events_refused() {
    let house = house().await;
    let shown = house.get("/v1/creditors").await.json["items"][0]["on"].clone();
    assert_eq!(shown, json!({ "payment_received": "obrigado", "promise": "nada" }));
    let creditor = json!({
        "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL",
        "on": { "paid": "obrigado" },
    });
    house.post("/v1/creditors", creditor).await.is_problem(400, "bad-request", Some("on"));
}
