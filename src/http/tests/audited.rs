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

    /// Which ids stand in entries, each once.
    async fn digests(&self, path: &str) -> Vec<String> {
        let ids: std::collections::BTreeSet<_> =
            self.audit(path).await.into_iter().filter_map(|entry| entry.2).collect();
        ids.into_iter().collect()
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
    let whom = house.digests("/v1/audit?number=%2B5511987654321").await;
    let [whom] = &whom[..] else { panic!("{whom:?}") };
    let (cancel, resolve) = ("DELETE /v1/messages/{id}", "POST /v1/messages/{id}/resolve");
    let expected = [
        entry("change", cancel, Some(&id), 0, 1),
        entry("change", cancel, Some(whom), 0, 1),
        entry("change", resolve, Some(&id), 0, 1),
        entry("change", resolve, Some(whom), 0, 1),
        entry("refused", resolve, Some(&id), 0, 1),
        entry("change", "POST /v1/pause", None, 0, 1),
    ];
    assert_eq!(house.audit("/v1/audit?after=0").await, expected);
    // Nobody needs to note what is a message with its client, or a question.
    house.post("/v1/preview", json!({ "to": "+5511987654321", "text": "ola" })).await;
    assert_eq!(house.audit("/v1/audit?after=0").await.len(), 6);
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

/// A debtor who owes, was texted and has answered.
async fn ana(house: &mut House) -> String {
    let creditor =
        json!({ "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
    assert_eq!(house.post("/v1/creditors", creditor).await.status, StatusCode::OK);
    let debtor = json!({ "id": "ana", "name": "Ana", "numbers": ["+5511987654321"] });
    let debt = json!({ "id": "b-1", "creditor": "loja", "debtor": debtor, "amount": "10.00", "due": "2026-11-10" });
    assert_eq!(house.post("/v1/debts", debt).await.status, StatusCode::OK);
    let id = house.submit(json!({ "to": "+5511987654321", "text": "ola", "debtor": "ana", "creditor": "loja" })).await;
    house.restart_with(|store, now| {
        let carrier = modem_up(store, now);
        store.commit(now, |work| work.receive(&carrier, &reading::deliver("+5511987654321", "paguei"))).unwrap();
    });
    id
}

#[tokio::test]
async fn whoever_looks_at_one_thing_of_a_person_is_found_by_the_person() {
    let mut house = House::new();
    let id = ana(&mut house).await;
    let open = house.token(json!({ "client": "crm", "scopes": ["read", "pii"] })).await;
    for path in [
        &*format!("/v1/messages/{id}"),
        &*format!("/v1/messages/{id}/evidence"),
        "/v1/conversations/1",
        "/v1/debts/b-1",
        "/v1/debtors/ana",
        "/v1/debtors/ana/hours",
        "/v1/debtors?search=Ana",
        // Few are on these pages.
        "/v1/messages",
        "/v1/conversations",
        "/v1/inbox",
        "/v1/debts",
        "/v1/debtors",
    ] {
        let answer = house.with(&open, "GET", path, "").await;
        assert!(answer.status == StatusCode::OK || path.ends_with("hours"), "{path}: {}", answer.text);
    }
    house.note_looks().await;
    let routes = |entries: Vec<(String, String, Option<String>, u64, u64)>| -> std::collections::BTreeSet<String> {
        entries.into_iter().map(|entry| entry.1).collect()
    };
    let expected = [
        "GET /v1/conversations",
        "GET /v1/conversations/{id}",
        "GET /v1/debtors",
        "GET /v1/debtors/{debtor}",
        "GET /v1/debts",
        "GET /v1/debts/{debt}",
        "GET /v1/inbox",
        "GET /v1/messages",
        "GET /v1/messages/{id}",
        "GET /v1/messages/{id}/evidence",
    ];
    let expected: std::collections::BTreeSet<String> = expected.map(str::to_owned).into();
    for whom in ["debtor=ana", "number=%2B5511987654321"] {
        assert_eq!(routes(house.audit(&format!("/v1/audit?kind=view&{whom}")).await), expected, "{whom}");
    }
    assert_eq!(house.audit("/v1/audit?kind=view&debtor=bea").await, []);
    // The thing itself is found as before, and nothing says who it is.
    assert_eq!(house.audit(&format!("/v1/audit?kind=view&id={id}")).await.len(), 2);
    let all = house.get("/v1/audit?limit=1000").await.text;
    assert!(!all.contains("\"ana\"") && !all.contains("87654321"), "{all}");
}

#[tokio::test]
async fn whoever_changes_something_of_a_person_is_found_by_the_person() {
    let mut house = House::new();
    let id = ana(&mut house).await;
    let lift = json!({ "number": "+5511987654321", "why": "engano" });
    for (path, body) in [
        (&*format!("/v1/messages/{id}/resolve"), json!({ "decision": "sent" })),
        ("/v1/conversations/1/close", json!({})),
        ("/v1/debts/b-1/events", json!({ "type": "dispute" })),
        ("/v1/debtors", json!({ "id": "ana", "name": "Ana Maria", "numbers": ["+5511987654321"] })),
        ("/v1/suppressions", json!({ "number": "+5511987654321" })),
        ("/v1/suppressions/lift", lift),
        ("/v1/suppressions/erase", json!({ "number": "+5511987654321" })),
    ] {
        let status = house.post(path, body).await.status;
        assert!(status.is_success() || status == StatusCode::CONFLICT, "{path}: {status}");
    }
    let found = house.audit("/v1/audit?after=0&kind=change&debtor=ana").await;
    let routes: Vec<&str> = found.iter().map(|entry| entry.1.as_str()).collect();
    let expected = [
        "POST /v1/debts",
        "POST /v1/messages/{id}/resolve",
        "POST /v1/conversations/{id}/close",
        "POST /v1/debts/{debt}/events",
        "POST /v1/debtors",
        "POST /v1/suppressions",
        "POST /v1/suppressions/lift",
        "POST /v1/suppressions/erase",
    ];
    assert_eq!(routes, expected);
}

#[tokio::test]
async fn a_list_of_many_is_noted_with_how_many_it_showed() {
    let mut house = House::new();
    for last in 10..30 {
        house.submit(json!({ "to": format!("+55119876543{last}"), "text": "ola" })).await;
    }
    house.get("/v1/messages").await;
    house.note_looks().await;
    assert_eq!(house.audit("/v1/audit?kind=view").await, [entry("view", "GET /v1/messages", None, 20, 1)]);
}
