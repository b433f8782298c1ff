use serde_json::json;

use crate::store::chain::Head;
use crate::store::published::{Published, verify_heads};
use crate::store::verify::Look;

use super::reading::conversation;
use super::{House, message};

#[tokio::test]
async fn a_message_shows_what_a_dispute_needs() {
    let (house, id) = conversation().await;
    insta::assert_json_snapshot!("evidence", house.get(&format!("/v1/messages/{id}/evidence")).await.redacted());
}

#[tokio::test]
async fn without_pii_texts_numbers_and_what_would_give_them_away_are_masked() {
    let (house, id) = conversation().await;
    let path = format!("/v1/messages/{id}/evidence");
    let blind = house.token(json!({ "client": "stats", "scopes": ["read"] })).await;
    let shown = house.with(&blind, "GET", &path, "").await;
    assert!(!shown.text.contains("987654321") && !shown.text.contains("tudo bem"), "{}", shown.text);
    assert_eq!((&shown.json["salt"], &shown.json["matches"]["holds"]), (&json!(null), &json!(true)));
    let sender = house.token(json!({ "client": "crm", "scopes": ["send"] })).await;
    for path in [&path, "/v1/evidence/head", "/v1/evidence/chain"] {
        house.with(&sender, "GET", path, "").await.is_problem(403, "forbidden", None);
    }
    let foreign = json!({ "client": "c3", "scopes": ["read", "pii"], "creditors": ["c-3"] });
    let foreign = house.token(foreign).await;
    house.with(&foreign, "GET", &path, "").await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn the_head_of_the_day_stands_in_a_file_and_the_chain_holds_against_it() {
    let mut house = House::new();
    house.get("/v1/evidence/head").await.is_problem(404, "not-found", None);
    house.submit(message()).await;
    house.submit(message()).await;
    house.restart(|_, _| ());
    let lines = std::fs::read_to_string(house.folder.path().join("heads.log")).unwrap();
    let heads: Vec<Published> = lines.lines().map(|line| line.parse().unwrap()).collect();
    let heads: Vec<Head> = heads.into_iter().filter_map(|line| line.events).collect();
    assert_eq!(heads.len(), 1, "{lines}");
    let found = house.get(&format!("/v1/evidence/chain?head={}", heads[0])).await.json;
    let newest = house.get("/v1/evidence/head").await.json;
    assert_eq!((&found["holds"], &found["begins"], &found["before"]), (&json!(true), &json!(1), &json!(0)));
    assert_eq!((&found["last"], &found["hash"]), (&newest["seq"], &newest["hash"]));
    house.get("/v1/evidence/chain?head=12").await.is_problem(400, "bad-request", Some("head"));
}

#[tokio::test]
async fn a_row_that_somebody_changed_is_named() {
    let (mut house, _) = conversation().await;
    house.restart(|store, _| {
        store
            .connection()
            .execute("UPDATE event SET data = '{\"tp_mr\":9}' WHERE type = 'segment.accepted'", [])
            .unwrap();
    });
    let events = house.get("/v1/events?after=0").await.json;
    let changed =
        events["items"].as_array().unwrap().iter().find(|event| event["data"] == json!({ "tp_mr": 9 })).unwrap();
    let found = house.get("/v1/evidence/chain").await.json;
    let fault = json!({ "seq": changed["seq"], "code": "changed", "detail": "the event is not what was written" });
    assert_eq!((&found["holds"], &found["fault"]), (&json!(false), &fault));
}

/// Whoever can write the database writes the audit anew with all its hashes: the chain holds, and the head of a day that was kept
/// does not.
#[tokio::test]
async fn an_audit_that_was_written_anew_is_betrayed_by_a_head_that_somebody_kept() {
    let mut house = House::new();
    house.post("/v1/pause", json!({ "scope": "all", "reason": "troca" })).await;
    house.submit(message()).await;
    house.restart(|_, _| ());
    let lines = std::fs::read_to_string(house.folder.path().join("heads.log")).unwrap();
    let kept: Vec<Published> = lines.lines().map(|line| line.parse().unwrap()).collect();
    assert!(kept.iter().any(|line| line.audit.is_some_and(|head| head.seq == 1)), "{lines}");
    house.post("/v1/resume", json!({ "scope": "all" })).await;
    house.stop();
    let path = super::path(&house.folder);
    assert_eq!(verify_heads(&path, &kept).unwrap(), []);
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch("DROP TRIGGER audit_stays; UPDATE audit SET client = 'outra', hash = zeroblob(32)").unwrap();
    let flaws = verify_heads(&path, &kept).unwrap();
    assert_eq!(flaws.iter().map(|flaw| flaw.look).collect::<Vec<_>>(), [Look::Audit]);
    assert!(flaws[0].detail.contains("entry 1 is not the one whose head was published"), "{}", flaws[0].detail);
    conn.execute_batch("DROP TRIGGER audit_is_kept; DELETE FROM audit").unwrap();
    let flaws = verify_heads(&path, &kept).unwrap();
    assert!(flaws[0].detail.contains("entry 1, whose head was published"), "{}", flaws[0].detail);
}
