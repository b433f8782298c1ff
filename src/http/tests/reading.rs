use std::collections::HashSet;

use serde_json::{Value, json};

use crate::modem::Settlement;
use crate::pdu::{Address, Dcs, DeliverTpdu, Pdu, Scts, Tpdu, UserData};
use crate::sms::id::SegmentId;
use crate::sms::number::Sender;

use super::{House, hand_over, message, message_with, modem_up};

pub(crate) fn deliver(from: &str, text: &str) -> Vec<u8> {
    let tpdu = DeliverTpdu {
        mms: true,
        sri: false,
        lp: false,
        rp: false,
        tp_oa: Address::from_number(from).unwrap(),
        tp_pid: 0,
        tp_dcs: Dcs::default(),
        tp_scts: Scts::from_unix_seconds(1_795_525_200, -12).unwrap(),
        user_data: UserData::from_gsm7(text).unwrap(),
    };
    Pdu { smsc: None, tpdu: Tpdu::Deliver(tpdu) }.encode().unwrap().octets
}

/// A message was accepted by the network and answered.
pub(super) async fn conversation() -> (House, String) {
    let mut house = House::new();
    let id = house.submit(message_with(json!({ "debtor": "d-1", "creditor": "c-1" }))).await;
    house.restart(|store, now| {
        let carrier = modem_up(store, now);
        store.commit(now, |work| work.offer(SegmentId(1), &carrier)).unwrap();
        store
            .commit(now, |work| {
                work.settle(SegmentId(1), &carrier.modem, Some(carrier.sim), Settlement::Accepted { tp_mr: 7 })
            })
            .unwrap();
        store.commit(now, |work| work.receive(&carrier, &deliver("+5511987654321", "Ja paguei"))).unwrap();
    });
    (house, id)
}

#[tokio::test]
async fn a_message_shows_its_parts_and_its_history() {
    let (house, id) = conversation().await;
    insta::assert_json_snapshot!("accepted_by_the_network", house.get(&format!("/v1/messages/{id}")).await.redacted());
}

#[tokio::test]
async fn the_inbox_names_what_was_answered() {
    let (house, id) = conversation().await;
    let inbox = house.get("/v1/inbox?after=0").await;
    assert_eq!(inbox.json["items"][0]["message"], id);
    insta::assert_json_snapshot!("inbox", inbox.redacted());
}

#[tokio::test]
async fn a_call_is_no_text_and_its_caller_is_seen_with_pii_only() {
    let (mut house, id) = conversation().await;
    house.restart(|store, now| {
        let carrier = modem_up(store, now);
        store.commit(now, |work| work.call(&carrier, Some(&Sender::new("+5511987654321")))).unwrap();
        store.commit(now, |work| work.call(&carrier, None)).unwrap();
    });
    let calls = house.get("/v1/calls?after=0").await;
    assert_eq!(calls.json["items"][0]["message"], id);
    insta::assert_json_snapshot!("calls", calls.redacted());
    assert_eq!(house.get("/v1/inbox").await.json["items"].as_array().unwrap().len(), 1);
    let blind = house.token(json!({ "client": "stats", "scopes": ["read"] })).await;
    for path in ["/v1/calls", "/v1/events?after=0"] {
        let shown = house.with(&blind, "GET", path, "").await;
        assert!(shown.status.is_success() && !shown.text.contains("987654321"), "{}", shown.text);
    }
    let foreign = json!({ "client": "c3", "scopes": ["read", "pii"], "creditors": ["c-3"] });
    let foreign = house.token(foreign).await;
    assert_eq!(house.with(&foreign, "GET", "/v1/calls", "").await.json["items"], json!([]));
}

#[tokio::test]
async fn an_unknown_part_shows_what_is_known_about_it() {
    let mut house = House::new();
    let id = house.submit(message()).await;
    house.restart(hand_over);
    let shown = house.get(&format!("/v1/messages/{id}")).await.json;
    insta::assert_json_snapshot!(shown["parts"][0]["evidence"], @r#"
    [
      {
        "at": null,
        "code": "seen",
        "detail": "the daemon ended without a word before the modem answered",
        "suggests": null
      },
      {
        "at": null,
        "code": "no_report",
        "detail": "a status report was asked for, and none has come that fits",
        "suggests": null
      }
    ]
    "#);
}

#[tokio::test]
async fn without_pii_numbers_and_texts_are_masked() {
    let (house, id) = conversation().await;
    let blind = house.token(json!({ "client": "stats", "scopes": ["read"] })).await;
    let seeing = house.token(json!({ "client": "crm", "scopes": ["read", "pii"] })).await;
    for path in ["/v1/messages", &format!("/v1/messages/{id}"), "/v1/inbox", "/v1/events?after=0"] {
        let text = house.with(&blind, "GET", path, "").await.text;
        assert!(!text.contains("987654321") && !text.contains("tudo bem") && !text.contains("paguei"), "{text}");
    }
    let shown = house.with(&blind, "GET", &format!("/v1/messages/{id}"), "").await.json;
    assert_eq!((&shown["to"], &shown["text"]), (&json!("+55*********21"), &json!("[13 characters]")));
    let shown = house.with(&seeing, "GET", "/v1/inbox", "").await.json;
    assert_eq!(shown["items"][0]["from"], "+5511987654321");
    let number = async |token| house.with(token, "GET", "/v1/sims", "").await.json["items"][0]["number"].clone();
    assert_eq!((number(&blind).await, number(&seeing).await), (json!("+55*********00"), json!("+5511912340000")));
}

#[tokio::test]
async fn who_may_not_see_numbers_may_not_guess_them() {
    let (house, id) = conversation().await;
    let blind = house.token(json!({ "client": "stats", "scopes": ["read"] })).await;
    let seeing = house.token(json!({ "client": "crm", "scopes": ["read", "pii"] })).await;
    for to in ["11987654321", "11987654322"] {
        let answer = house.with(&blind, "GET", &format!("/v1/messages?to={to}"), "").await;
        answer.is_problem(403, "forbidden", None);
        assert!(answer.text.contains("`pii`"), "{}", answer.text);
    }
    let found = house.with(&seeing, "GET", "/v1/messages?to=11987654321", "").await.json;
    assert_eq!(found["items"][0]["id"], id);
}

#[tokio::test]
async fn a_client_of_some_creditors_sees_and_sends_only_theirs() {
    let (house, id) = conversation().await;
    let other = house.submit(message_with(json!({ "creditor": "c-2" }))).await;
    house.submit(message()).await;
    let scopes = json!(["send", "read", "pii"]);
    let own = house.token(json!({ "client": "c1", "scopes": scopes, "creditors": ["c-1"] })).await;
    let foreign = house.token(json!({ "client": "c3", "scopes": scopes, "creditors": ["c-3"] })).await;

    let listed = house.with(&own, "GET", "/v1/messages", "").await.json;
    assert_eq!(listed["items"].as_array().unwrap().iter().map(|m| &m["id"]).collect::<Vec<_>>(), [&json!(id)]);
    house.with(&own, "GET", &format!("/v1/messages/{other}"), "").await.is_problem(404, "not-found", None);
    house.with(&own, "DELETE", &format!("/v1/messages/{other}"), "").await.is_problem(404, "not-found", None);
    let resolve = format!("/v1/messages/{other}/resolve");
    house.with(&own, "POST", &resolve, r#"{"decision":"sent"}"#).await.is_problem(404, "not-found", None);
    assert_eq!(house.with(&own, "GET", "/v1/inbox", "").await.json["items"].as_array().unwrap().len(), 1);
    assert_eq!(house.with(&foreign, "GET", "/v1/inbox", "").await.json["items"], json!([]));
    let events = house.with(&foreign, "GET", "/v1/events?after=0&limit=1000", "").await.json;
    let foreign_events = events["items"].as_array().unwrap();
    assert!(foreign_events.iter().all(|event| !event["type"].as_str().unwrap().starts_with("message.")), "{events}");

    house.with(&own, "POST", "/v1/messages", message()).await.is_problem(403, "forbidden", Some("creditor"));
    let sent = house.with(&own, "POST", "/v1/messages", message_with(json!({ "creditor": "c-1" }))).await;
    assert_eq!(sent.status, 202);
}

#[tokio::test]
async fn a_cursor_leads_through_all_messages_once() {
    let house = House::new();
    for n in 0..7 {
        house.submit(message_with(json!({ "text": n.to_string() }))).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/messages?limit=3".to_owned();
    loop {
        let page = house.get(&path).await.json;
        seen.extend(page["items"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/messages?limit=3&cursor={next}");
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
    let listed = house.get("/v1/messages?limit=1").await.json;
    assert!(listed["items"][0].get("parts").is_none() && listed["items"][0].get("history").is_none());
}

#[tokio::test]
async fn filters_narrow_a_list() {
    let house = House::new();
    let id = house
        .submit(json!({ "to": "+5511912345678", "text": "Oi", "batch": "b", "debtor": "d", "client_ref": "r" }))
        .await;
    let cancelled = house.submit(message()).await;
    house.delete(&format!("/v1/messages/{cancelled}")).await;
    let both = HashSet::from([id.clone(), cancelled.clone()]);
    for (query, expected) in [
        ("state=queued", HashSet::from([id.clone()])),
        ("state=cancelled", HashSet::from([cancelled.clone()])),
        ("batch=b", HashSet::from([id.clone()])),
        ("debtor=d", HashSet::from([id.clone()])),
        ("to=11912345678", HashSet::from([id.clone()])),
        ("to=%2B5511912345678&state=cancelled", HashSet::new()),
        ("client_ref=r", HashSet::from([id.clone()])),
        ("client_ref=other", HashSet::new()),
        ("since=2026-11-24T13:00:00Z", both),
        ("since=2026-11-25T13:00:00Z", HashSet::new()),
    ] {
        let listed = house.get(&format!("/v1/messages?{query}")).await;
        let ids = listed.json["items"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_owned());
        assert_eq!(ids.collect::<HashSet<_>>(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_reference_is_found_whoever_gave_it_as_far_as_creditors_are_ones_business() {
    let house = House::new();
    let mut given = Vec::new();
    for (client, creditor) in [("crm", "loja"), ("erp", "banco")] {
        let token = house.token(json!({ "client": client, "scopes": ["send"] })).await;
        let body = message_with(json!({ "client_ref": "r-1", "creditor": creditor }));
        given.push(house.with(&token, "POST", "/v1/messages", body).await.json["id"].clone());
    }
    let found = async |token: &str| {
        let listed = house.with(token, "GET", "/v1/messages?client_ref=r-1", "").await.json;
        listed["items"].as_array().unwrap().iter().map(|each| each["id"].clone()).collect::<Vec<_>>()
    };
    let ana = house.token(json!({ "client": "ana", "scopes": ["read"] })).await;
    assert_eq!(found(&ana).await, [given[1].clone(), given[0].clone()]);
    let limited = house.token(json!({ "client": "eva", "scopes": ["read"], "creditors": ["loja"] })).await;
    assert_eq!(found(&limited).await, [given[0].clone()]);
}

#[tokio::test]
async fn wrong_parameters_are_refused() {
    let house = House::new();
    for (path, name, field) in [
        ("/v1/messages?state=lost", "bad-request", Some("state")),
        ("/v1/messages?stat=queued", "unknown-field", Some("stat")),
        ("/v1/messages?limit=1001", "bad-request", Some("limit")),
        ("/v1/messages?limit=x", "bad-request", Some("limit")),
        ("/v1/messages?cursor=a1", "bad-request", Some("cursor")),
        ("/v1/messages?since=now", "bad-request", Some("since")),
        ("/v1/messages?state=queued&state=sending", "bad-request", None),
        ("/v1/inbox?after=-1", "bad-request", Some("after")),
        ("/v1/events?cursor=%FF", "bad-request", Some("cursor")),
    ] {
        house.get(path).await.is_problem(400, name, field);
    }
    house.get("/v1/messages?to=x").await.is_problem(422, "bad-number", Some("to"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let house = House::new();
    let id = "019ab1c8-5e6a-7c3e-9f10-3a5b6c7d8e9f";
    for path in [format!("/v1/messages/{id}"), "/v1/messages/1".to_owned(), "/v1/message".to_owned()] {
        house.get(&path).await.is_problem(404, "not-found", None);
    }
    house.delete(&format!("/v1/messages/{id}")).await.is_problem(404, "not-found", None);
    let resolve = format!("/v1/messages/{id}/resolve");
    house.post(&resolve, r#"{"decision":"sent"}"#).await.is_problem(404, "not-found", None);
    house.delete("/v1/tokens/7").await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn another_method_is_a_problem_too() {
    let house = House::new();
    let answer = house.delete("/v1/messages").await;
    answer.is_problem(405, "bad-request", None);
    let allowed: HashSet<&str> = answer.headers["allow"].to_str().unwrap().split(',').collect();
    assert_eq!(allowed, HashSet::from(["GET", "HEAD", "POST"]));
}

#[tokio::test]
async fn cancelling_is_exact() {
    let (house, accepted) = conversation().await;
    let waiting = house.submit(message()).await;
    for _ in 0..2 {
        let answer = house.delete(&format!("/v1/messages/{waiting}")).await;
        assert_eq!((answer.status.as_u16(), answer.json), (200, json!({ "id": waiting, "state": "cancelled" })));
    }
    let answer = house.delete(&format!("/v1/messages/{accepted}")).await;
    answer.is_problem(409, "conflict", None);
    assert_eq!(answer.json["state"], "accepted");
}

async fn unknown() -> (House, String) {
    let mut house = House::new();
    let id = house.submit(message()).await;
    house.restart(hand_over);
    (house, id)
}

#[tokio::test]
async fn what_is_on_the_wire_cannot_be_cancelled() {
    let (house, id) = unknown().await;
    let answer = house.delete(&format!("/v1/messages/{id}")).await;
    answer.is_problem(409, "conflict", None);
    assert_eq!(answer.json["state"], "unknown");
}

#[tokio::test]
async fn what_is_unknown_is_settled_once() {
    for (decision, state) in [("sent", "accepted"), ("resend", "queued"), ("give_up", "failed")] {
        let (house, id) = unknown().await;
        let path = format!("/v1/messages/{id}/resolve");
        house.post(&path, r#"{"decision":"maybe"}"#).await.is_problem(400, "bad-request", Some("decision"));
        let body = json!({ "decision": decision });
        let answer = house.post(&path, &body).await;
        assert_eq!((answer.status.as_u16(), answer.json), (200, json!({ "id": id, "state": state })));
        let again = house.post(&path, &body).await;
        again.is_problem(409, "conflict", None);
        assert_eq!(again.json["state"], state);
    }
}

#[tokio::test]
async fn a_waiting_message_says_what_holds_it() {
    let house = House::new();
    let id = house.submit(message_with(json!({ "batch": "b" }))).await;
    let reason = async || house.get(&format!("/v1/messages/{id}")).await.json["reason"]["code"].clone();
    assert_eq!(reason().await, "no_sim");
    house.post("/v1/pause", json!({ "scope": "batch", "id": "b" })).await;
    assert_eq!(reason().await, "paused");
    let listed: Value = house.get("/v1/messages").await.json;
    assert_eq!(listed["items"][0]["reason"]["code"], "paused");
    house.post("/v1/resume", json!({ "scope": "batch", "id": "b" })).await;
    assert_eq!(reason().await, "no_sim");
}

#[tokio::test]
async fn a_preview_counts_and_sends_nothing() {
    let house = House::new();
    let body = json!({ "text": "Ação: {boleto} até 10/12 ção", "encoding": "transliterate" });
    insta::assert_json_snapshot!("preview", house.post("/v1/preview", body).await.json);
    let long = json!({ "text": "x".repeat(161), "max_segments": 1 });
    assert_eq!(house.post("/v1/preview", long).await.json["segments"], 2);
    let empty = json!({ "to": "+5511987654321" });
    house.post("/v1/preview", empty).await.is_problem(422, "bad-text", Some("text"));
    assert_eq!(house.get("/v1/messages").await.json["items"], json!([]));
}

#[tokio::test]
async fn a_client_of_some_creditors_reads_their_part_of_the_suppression_list() {
    let house = House::new();
    for (number, creditor) in
        [("+5511987654321", json!("c-1")), ("+5511987654322", json!("c-2")), ("+5511987654323", json!(null))]
    {
        let entry = json!({ "number": number, "creditor": creditor, "why": "carta" });
        assert_eq!(house.post("/v1/suppressions", entry).await.status, 200);
    }
    let limited = house.token(json!({ "client": "c1", "scopes": ["read", "pii"], "creditors": ["c-1"] })).await;
    let seen = |answer: Value| -> Vec<Value> {
        answer["items"].as_array().unwrap().iter().map(|entry| entry["creditor"].clone()).collect()
    };
    assert_eq!(seen(house.get("/v1/suppressions").await.json), [json!(null), json!("c-2"), json!("c-1")]);
    assert_eq!(seen(house.with(&limited, "GET", "/v1/suppressions", "").await.json), [json!("c-1")]);
    for (number, expected) in [("%2B5511987654321", vec![json!("c-1")]), ("%2B5511987654322", vec![])] {
        let path = format!("/v1/suppressions?number={number}");
        assert_eq!(seen(house.with(&limited, "GET", &path, "").await.json), expected);
    }
}

#[tokio::test]
async fn a_number_is_erased_with_all_that_the_list_holds_of_it() {
    let house = House::new();
    for kind in ["opt_out", "register"] {
        let entry = json!({ "number": "+5511987654321", "kind": kind });
        assert_eq!(house.post("/v1/suppressions", entry).await.status, 200);
    }
    // There is no erasing of one kind: whoever asks for it would believe the others readable.
    let some = json!({ "number": "+5511987654321", "kind": "register" });
    house.post("/v1/suppressions/erase", some).await.is_problem(400, "unknown-field", Some("kind"));
    let all = house.post("/v1/suppressions/erase", json!({ "number": "+5511987654321" })).await;
    assert_eq!(all.json, json!({ "entries": 2 }));
}
