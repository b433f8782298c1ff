//! Codes to the network, answered by a modem that is played.

use serde_json::{Value, json};

use crate::actor::fleet::ModemState;
use crate::modem::{UssdAnswer, UssdCode, UssdRefusal, UssdStatus};
use crate::sms::id::ModemId;

use super::{Answer, House, modem_up};

const PATH: &str = "/v1/modems/m1/ussd";

/// Asks a modem that says `said`, and checks that it got the code.
async fn ask(house: &House, code: &str, said: Result<(UssdStatus, Option<&str>), UssdRefusal>) -> Answer {
    let mut asks = house.fleet.listen(&ModemId::new("m1"));
    let modem = async {
        let ask = asks.recv().await.unwrap();
        assert_eq!(ask.code.as_str(), code);
        let said = said.map(|(status, text)| UssdAnswer { status, text: text.map(str::to_owned) });
        ask.reply.send(said).unwrap();
    };
    tokio::join!(house.post(PATH, json!({ "code": code })), modem).0
}

#[tokio::test]
async fn what_the_network_says_comes_back() {
    let house = House::new();
    for (status, text, expected) in [
        (UssdStatus::Done, Some("Saldo R$ 3,50\nValido"), json!({ "status": "done", "text": "Saldo R$ 3,50\nValido" })),
        (UssdStatus::ReplyExpected, Some("1 Saldo"), json!({ "status": "reply_expected", "text": "1 Saldo" })),
        (UssdStatus::Ended, None, json!({ "status": "ended", "text": null })),
        (UssdStatus::OtherClient, None, json!({ "status": "other_client", "text": null })),
        (UssdStatus::NotSupported, None, json!({ "status": "not_supported", "text": null })),
        (UssdStatus::TimedOut, None, json!({ "status": "timeout", "text": null })),
    ] {
        let answer = ask(&house, "*100#", Ok((status, text))).await;
        assert_eq!((answer.status.as_u16(), answer.json), (200, expected));
    }
}

#[tokio::test]
async fn what_the_network_says_is_shown_to_those_who_may_see_numbers() {
    let house = House::new();
    for (scopes, text, withheld) in
        [(json!(["manage", "pii"]), json!("Sua linha e 11987654321"), false), (json!(["manage"]), json!(null), true)]
    {
        let token = house.token(json!({ "client": "a", "scopes": scopes })).await;
        let mut asks = house.fleet.listen(&ModemId::new("m1"));
        let modem = async {
            let said = UssdAnswer { status: UssdStatus::Done, text: Some("Sua linha e 11987654321".to_owned()) };
            asks.recv().await.unwrap().reply.send(Ok(said)).unwrap();
        };
        let (answer, ()) = tokio::join!(house.with(&token, "POST", PATH, json!({ "code": "*100#" })), modem);
        assert_eq!((&answer.json["status"], &answer.json["text"]), (&json!("done"), &text), "{}", answer.text);
        assert_eq!(answer.json["withheld"].is_string(), withheld);
        assert_eq!(answer.text.contains("987654321"), !withheld);
    }
}

#[tokio::test]
async fn a_modem_that_is_busy_down_or_unknown_says_so() {
    let house = House::new();
    house.post(PATH, json!({ "code": "*100#" })).await.is_problem(404, "not-found", None);
    house.fleet.update(&ModemId::new("m1"), |modem| {
        modem.state = ModemState::Absent;
        modem.port = "/dev/ttyUSB0".to_owned();
    });
    ask(&house, "*100#", Err(UssdRefusal::Busy)).await.is_problem(503, "busy", None);
    let down = ask(&house, "*100#", Err(UssdRefusal::NotReady)).await;
    down.is_problem(409, "conflict", None);
    assert_eq!(down.json["detail"], "modem m1 (/dev/ttyUSB0) is absent");
    drop(house.fleet.listen(&ModemId::new("m1")));
    house.post(PATH, json!({ "code": "*100#" })).await.is_problem(409, "conflict", None);
}

#[tokio::test]
async fn only_codes_are_sent_and_only_for_who_may() {
    let house = House::new();
    let _asks = house.fleet.listen(&ModemId::new("m1"));
    let bad: [Value; 5] = [
        json!({}),
        json!({ "code": "" }),
        json!({ "code": "*100#\r" }),
        json!({ "code": "saldo" }),
        json!({ "code": "1".repeat(183) }),
    ];
    for body in bad {
        house.post(PATH, body).await.is_problem(400, "bad-request", Some("code"));
    }
    let read = house.token(json!({ "client": "a", "scopes": ["read", "send", "pii"] })).await;
    house.with(&read, "POST", PATH, json!({ "code": "*100#" })).await.is_problem(403, "forbidden", None);
}

#[tokio::test]
async fn what_is_left_on_a_sim_is_shown_and_its_text_to_who_may_see_numbers() {
    let mut house = House::new();
    house.restart_with(|store, now| {
        let sim = modem_up(store, now).sim;
        store.commit(now, |work| work.told(sim, &UssdCode::new("*1#").unwrap(), "Saldo R$ 12,34")).unwrap();
    });
    let mut balance = house.get("/v1/sims").await.json["items"][0]["balance"].clone();
    assert!(balance["at"].as_str().unwrap().starts_with("2026-11-24T13:"), "{balance}");
    balance["at"] = json!("T");
    let expected = json!({ "amount": "12.34", "currency": null, "at": "T", "text": "Saldo R$ 12,34" });
    assert_eq!(balance, expected);
    let read = house.token(json!({ "client": "a", "scopes": ["read"] })).await;
    let seen = house.with(&read, "GET", "/v1/sims", "").await.json;
    assert_eq!(
        (&seen["items"][0]["balance"]["amount"], &seen["items"][0]["balance"]["text"]),
        (&json!("12.34"), &json!(null))
    );
}
