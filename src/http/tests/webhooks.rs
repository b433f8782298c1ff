//! Endpoints of webhooks at the door.

use super::*;

fn shown(mut answer: Value) -> Value {
    redact(&mut answer);
    if answer["secret"].is_string() {
        answer["secret"] = json!("[secret]");
    }
    answer
}

#[tokio::test]
async fn an_endpoint_is_made_shown_changed_and_removed() {
    let house = House::new();
    let body = json!({"url": "http://ana:geheim@127.0.0.1:9/hook", "types": ["message.*", "inbound.received"]});
    let made = house.post("/v1/webhooks", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert!(made.json["secret"].as_str().unwrap().starts_with("whsec_"));
    insta::assert_json_snapshot!(shown(made.json.clone()));
    let path = format!("/v1/webhooks/{}", made.json["id"]);
    let seen = house.get(&path).await;
    assert!(!seen.text.contains("geheim") && !seen.text.contains("whsec_"), "{}", seen.text);
    let change = json!({"batch": 50, "enabled": false}).to_string();
    let changed = call(house.local(), request("PATCH", &path, &[], change.into())).await;
    assert_eq!((&changed.json["batch"], &changed.json["state"]), (&json!(50), &json!("disabled")), "{}", changed.text);
    assert_eq!(changed.json["types"], json!(["message.*", "inbound.received"]));
    assert_eq!(house.get("/v1/webhooks").await.json["items"], json!([changed.json]));
    assert_eq!(house.delete(&path).await.json, json!({"id": 1, "removed": true}));
    house.get(&path).await.is_problem(404, "not-found", None);
    house.delete(&path).await.is_problem(404, "not-found", None);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let house = House::new();
    let check = async |body: Value, field: &str| {
        house.post("/v1/webhooks", body).await.is_problem(400, "bad-request", Some(field));
    };
    check(json!({}), "url").await;
    check(json!({"url": "example.com"}), "url").await;
    check(json!({"url": "ftp://example.com/"}), "url").await;
    check(json!({"url": "http://169.254.169.254/latest"}), "url").await;
    check(json!({"url": "https://example.com", "types": ["mesage.*"]}), "types").await;
    check(json!({"url": "https://example.com", "types": []}), "types").await;
    check(json!({"url": "https://example.com", "batch": 1001}), "batch").await;
    check(json!({"url": "https://example.com", "creditors": [""]}), "creditors").await;
    house.post("/v1/webhooks/7/rotate", json!({"keep_old": "31d"})).await.is_problem(
        400,
        "bad-request",
        Some("keep_old"),
    );
    for path in ["rotate", "test", "replay"] {
        let answer = house.post(&format!("/v1/webhooks/7/{path}"), json!({"from": 1})).await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{path} {}", answer.text);
    }
}

#[tokio::test]
async fn only_who_manages_sees_endpoints_and_only_who_administers_and_may_see_numbers_lets_them_see_numbers() {
    let house = House::new();
    let reader = house.token(json!({"client": "bi", "scopes": ["send", "read", "pii"]})).await;
    house.with(&reader, "GET", "/v1/webhooks", "").await.is_problem(403, "forbidden", None);
    let manager = house.token(json!({"client": "ops", "scopes": ["manage"]})).await;
    let asked = json!({"url": "https://example.com/", "pii": true});
    house.with(&manager, "POST", "/v1/webhooks", &asked).await.is_problem(403, "forbidden", None);
    let admin = house.token(json!({"client": "it", "scopes": ["admin"]})).await;
    house.with(&admin, "POST", "/v1/webhooks", &asked).await.is_problem(403, "forbidden", None);
    let made = house.with(&admin, "POST", "/v1/webhooks", json!({"url": "https://example.com/"})).await;
    assert_eq!(made.json["client"], "it");
    assert_eq!(house.with(&manager, "GET", "/v1/webhooks", "").await.json["items"][0]["client"], "it");
}

#[tokio::test]
async fn a_replay_begins_at_an_event_that_is_kept() {
    let mut house = House::new();
    let made = house.post("/v1/webhooks", json!({"url": "https://example.com/", "enabled": false})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    for _ in 0..3 {
        house.submit(message()).await;
    }
    let answer = house.post("/v1/webhooks/1/replay", json!({"from": 0})).await;
    assert_eq!(answer.json, json!({"id": 1, "from": 0, "events": 0}), "it has not come farther than that");
    house.post("/v1/webhooks/1/replay", json!({})).await.is_problem(400, "bad-request", Some("from"));
    house.post("/v1/webhooks/1/replay", json!({"from": 1, "only": "all"})).await.is_problem(
        400,
        "bad-request",
        Some("only"),
    );
    house.restart(|store, _| {
        store.connection().execute("DELETE FROM event WHERE seq < 3", []).unwrap();
    });
    let gone = house.post("/v1/webhooks/1/replay", json!({"from": 2})).await;
    gone.is_problem(410, "gone", Some("from"));
    assert_eq!(gone.json["oldest"], 3);
    assert_eq!(house.post("/v1/webhooks/1/replay", json!({"from": 3})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_was_given_up_is_put_back_from_the_first_event_on_though_the_log_was_cut() {
    let mut house = House::new();
    house.post("/v1/webhooks", json!({"url": "https://example.com/", "enabled": false})).await;
    for _ in 0..3 {
        house.submit(message()).await;
    }
    house.restart(|store, _| {
        let dead = "INSERT INTO webhook_delivery (webhook, seq, state, attempts) VALUES (1, ?, 2, 12)";
        for seq in [1, 3] {
            store.connection().execute(dead, [seq]).unwrap();
        }
        store.connection().execute("DELETE FROM event WHERE seq < 3", []).unwrap();
    });
    let again = house.post("/v1/webhooks/1/replay", json!({"from": 1, "only": "dead"})).await;
    assert_eq!(again.json, json!({"id": 1, "from": 1, "events": 1}), "what is not kept any more stays given up");
    let states = house.get("/v1/webhooks/1/deliveries").await.json;
    let states: Vec<_> =
        states["items"].as_array().unwrap().iter().map(|each| (&each["seq"], &each["state"])).collect();
    assert_eq!(states, [(&json!(3), &json!("waiting")), (&json!(1), &json!("dead"))]);
}

#[tokio::test]
async fn a_test_says_what_the_endpoint_made_of_it() {
    let house = House::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    house.post("/v1/webhooks", json!({"url": format!("http://{address}/")})).await;
    drop(listener);
    let answer = house.post("/v1/webhooks/1/test", "").await;
    assert_eq!((&answer.json["delivered"], &answer.json["status"]), (&json!(false), &Value::Null), "{}", answer.text);
    assert!(answer.json["error"].as_str().unwrap().starts_with("connect to 127.0.0.1:"), "{}", answer.text);
    let deliveries = house.get("/v1/webhooks/1/deliveries?state=dead").await;
    assert_eq!(deliveries.json, json!({"items": [], "next": null}));
    house.get("/v1/webhooks/1/deliveries?state=lost").await.is_problem(400, "bad-request", Some("state"));
}
