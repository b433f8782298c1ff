//! What is noted of who changed what and who looked at whom.

use super::*;

impl House {
    /// Has looks written down, as the daemon does beside its doors.
    async fn note_looks(&mut self) {
        let (stop, stopped) = tokio::sync::watch::channel(true);
        let setup = audit::Setup {
            told: self.told.take().unwrap(),
            writer: self.writer.as_ref().unwrap().handle(),
            clock: self.clock.clone(),
            stop: stopped,
        };
        audit::run(setup).await;
        drop(stop);
    }

    /// Entries, oldest first: kind, route, which one, items and times.
    async fn audit(&self, path: &str) -> Vec<(String, String, Option<String>, u64, u64)> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
        let text = |entry: &Value, field: &str| entry[field].as_str().map(str::to_owned);
        let row = |entry: &Value| {
            (
                text(entry, "kind").unwrap(),
                text(entry, "route").unwrap(),
                text(entry, "id"),
                entry["items"].as_u64().unwrap(),
                entry["times"].as_u64().unwrap(),
            )
        };
        answer.json["items"].as_array().unwrap().iter().map(row).collect()
    }
}

fn entry(
    kind: &str,
    route: &str,
    id: Option<&str>,
    items: u64,
    times: u64,
) -> (String, String, Option<String>, u64, u64) {
    (kind.to_owned(), route.to_owned(), id.map(str::to_owned), items, times)
}

#[tokio::test]
async fn a_change_is_noted_with_it_and_a_refusal_behind_it() {
    let house = House::new();
    let id = house.submit(json!({ "to": "+5511987654321", "text": "ola" })).await;
    let path = format!("/v1/messages/{id}");
    assert_eq!(house.delete(&path).await.status, StatusCode::OK);
    let resolve = format!("{path}/resolve");
    assert_eq!(house.post(&resolve, json!({ "decision": "sent" })).await.status, StatusCode::CONFLICT);
    house.post("/v1/pause", json!({ "scope": "all", "reason": "mudança" })).await;
    let route = "DELETE /v1/messages/{id}";
    let expected = [
        entry("change", route, Some(&id), 0, 1),
        entry("change", "POST /v1/messages/{id}/resolve", Some(&id), 0, 1),
        entry("refused", "POST /v1/messages/{id}/resolve", Some(&id), 0, 1),
        entry("change", "POST /v1/pause", None, 0, 1),
    ];
    assert_eq!(house.audit("/v1/audit?after=0").await, expected);
    // Nobody needs to note what is a message with its client, or a question.
    house.post("/v1/preview", json!({ "to": "+5511987654321", "text": "ola" })).await;
    assert_eq!(house.audit("/v1/audit?after=0").await.len(), 4);
    assert_eq!(house.audit("/v1/audit?kind=refused").await.len(), 1);
    assert_eq!(house.audit("/v1/audit?client=outra").await.len(), 0);
    assert_eq!(house.audit(&format!("/v1/audit?id={id}&limit=2")).await.len(), 2);
}

#[tokio::test]
async fn looks_at_persons_are_noted_and_those_of_masked_eyes_are_not() {
    let mut house = House::new();
    house.submit(json!({ "to": "+5511987654321", "text": "ola", "debtor": "ana" })).await;
    let masked = house.token(json!({ "client": "painel", "scopes": ["read"] })).await;
    let open = house.token(json!({ "client": "crm", "scopes": ["read", "pii"] })).await;
    assert_eq!(house.with(&masked, "GET", "/v1/messages", "").await.status, StatusCode::OK);
    for _ in 0..3 {
        house.with(&open, "GET", "/v1/messages?debtor=ana", "").await;
    }
    // Nothing was there to be seen, and lines of one's own are nobody.
    house.with(&open, "GET", "/v1/messages?debtor=bea", "").await;
    house.with(&open, "GET", "/v1/sims", "").await;
    house.note_looks().await;
    let looks = house.audit("/v1/audit?after=0&kind=view").await;
    let digest = looks[0].2.clone().unwrap();
    assert!(digest.starts_with('~') && !digest.contains("ana"), "{digest}");
    let route = "GET /v1/messages";
    let expected = [entry("view", route, Some(&digest), 1, 1), entry("view", route, Some(&digest), 2, 2)];
    assert_eq!(looks, expected);
    assert_eq!(house.audit("/v1/audit?debtor=ana").await.len(), 2);
    assert_eq!(house.audit("/v1/audit?debtor=bea").await.len(), 0);
}

#[tokio::test]
async fn whoever_sees_texts_alone_is_noted_too() {
    let mut house = House::new();
    house.submit(json!({ "to": "+5511987654321", "text": "ola Ana", "debtor": "ana" })).await;
    let operator = house.token(json!({ "client": "ana", "role": "operator" })).await;
    assert_eq!(house.with(&operator, "GET", "/v1/messages", "").await.status, StatusCode::OK);
    house.note_looks().await;
    assert_eq!(house.audit("/v1/audit?kind=view").await.len(), 1);
}

#[tokio::test]
async fn an_export_and_an_erasure_name_the_person_by_a_digest_alone() {
    let mut house = House::new();
    house.submit(json!({ "to": "+5511987654321", "text": "ola" })).await;
    house.get("/v1/export?number=%2B5511987654321").await;
    let erasure = json!({ "number": "+55 11 8765-4321", "reason": "pedido" });
    assert_eq!(house.post("/v1/erasures", erasure).await.status, StatusCode::ACCEPTED);
    house.note_looks().await;
    let about = house.audit("/v1/audit?number=%2B5511987654321").await;
    let routes: Vec<&str> = about.iter().map(|entry| entry.1.as_str()).collect();
    assert_eq!(routes, ["GET /v1/export", "POST /v1/erasures"]);
    let all = house.get("/v1/audit").await.json.to_string();
    assert!(!all.contains("87654321"), "{all}");
}

#[tokio::test]
async fn the_audit_needs_admin() {
    let house = House::new();
    let token = house.token(json!({ "client": "crm", "scopes": ["read", "pii", "send", "manage"] })).await;
    assert_eq!(house.with(&token, "GET", "/v1/audit", "").await.status, StatusCode::FORBIDDEN);
    house.get("/v1/audit?kind=tudo").await.is_problem(400, "bad-request", Some("kind"));
    house.get("/v1/audit?debtor=a&number=b").await.is_problem(400, "bad-request", Some("id"));
}
