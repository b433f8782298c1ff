//! What callers write is data: it ends no statement, no header, no command, no cell and no template.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::http::HeaderName;

use super::scopes::operations;
use super::*;

/// What ends a text in one of the languages behind the door.
const HOSTILE: [&str; 9] =
    ["'", "\"", "' OR '1'='1", "'; DROP TABLE message; --", "%", "_", "\0", "\r\nx-evil: 1", "{{ 7 * 7 }}"];

/// Octet by octet, so that nothing of it is understood on the way.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, octet| {
        write!(encoded, "%{octet:02X}").unwrap();
        encoded
    })
}

/// What a parameter of a query is called, for each path that is read.
fn parameters() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&crate::http::openapi().to_json().unwrap()).unwrap();
    let mut all = BTreeSet::new();
    for (_, path) in operations().into_iter().filter(|(method, _)| method == "GET") {
        for parameter in document["paths"][&path]["get"]["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" {
                all.insert((path.clone(), parameter["name"].as_str().unwrap().to_owned()));
            }
        }
    }
    all
}

async fn house() -> House {
    let house = House::new();
    for number in 0..3 {
        let id = house
            .submit(message_with(json!({ "text": format!("texto {number}"), "debtor": "d-1", "batch": "b" })))
            .await;
        assert!(!id.is_empty());
    }
    let debtor = json!({ "id": "d-1", "name": "Maria", "document": "52998224725", "numbers": ["+5511987654321"] });
    house.post("/v1/debtors", debtor).await;
    house.post("/v1/suppressions", json!({ "number": "+5511987654399" })).await;
    house
}

#[tokio::test]
async fn no_filter_and_no_search_is_a_piece_of_sql() {
    let house = house().await;
    let parameters = parameters();
    assert!(parameters.len() > 60, "the document names what can be asked: {parameters:?}");
    for (path, name) in &parameters {
        let mut place = path.clone();
        while let (Some(from), Some(to)) = (place.find('{'), place.find('}')) {
            place.replace_range(from..=to, "1");
        }
        for hostile in HOSTILE {
            let answer = house.get(&format!("{place}?{name}={}", encoded(hostile))).await;
            let status = answer.status.as_u16();
            assert!(matches!(status, 200 | 400 | 404 | 410 | 422), "{path} {name} {hostile:?}: {}", answer.text);
            // What matches nobody finds nobody; these parameters narrow a list of something that is there.
            let narrows = ["debtor", "batch", "client_ref", "search", "to", "number"].contains(&name.as_str());
            if status == 200 && narrows && path != "/v1/stats" {
                let found = answer.json["items"].as_array().map_or(0, Vec::len);
                assert_eq!(found, 0, "{path} {name} {hostile:?}: {}", answer.text);
            }
        }
    }
    assert_eq!(house.get("/v1/messages").await.json["items"].as_array().unwrap().len(), 3, "all is still there");
}

#[tokio::test]
async fn no_part_of_a_path_is_a_piece_of_sql() {
    let house = house().await;
    for (_, path) in operations().into_iter().filter(|(method, path)| method == "GET" && path.contains('{')) {
        for hostile in HOSTILE {
            let mut place = path.clone();
            while let (Some(from), Some(to)) = (place.find('{'), place.find('}')) {
                place.replace_range(from..=to, &encoded(hostile));
            }
            let answer = house.get(&place).await;
            // What is said of somebody of whom nothing is known is an empty list, or that there is nobody.
            assert!(matches!(answer.status.as_u16(), 200 | 400 | 404), "{place}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn no_value_begins_a_header() {
    let house = house().await;
    let evil = "a\r\nset-cookie: recado_session=x\r\n\r\n<script>";
    let requests = [
        ("POST", "/v1/messages", message_with(json!({ "to": evil }))),
        ("POST", "/v1/messages", message_with(json!({ "client_ref": evil }))),
        ("POST", "/v1/messages", message_with(json!({ "batch": evil }))),
        ("POST", "/v1/messages", message_with(json!({ "creditor": evil }))),
        ("POST", "/v1/messages", message_with(json!({ "debtor": evil }))),
        ("POST", "/v1/messages", message_with(json!({ "tags": [evil] }))),
        ("POST", "/v1/tokens", json!({ "client": evil, "scopes": ["read"] })),
        ("POST", "/v1/webhooks", json!({ "url": format!("https://example.com/{evil}") })),
        ("POST", "/v1/batches", json!({ "name": evil, "creditor": "loja", "template": "a" })),
        ("PUT", "/v1/templates/nome%0D%0Ax-evil:%201", json!({ "texts": [{ "name": "a", "body": "oi" }] })),
        ("POST", "/v1/pause", json!({ "scope": "batch", "id": evil })),
    ];
    for (method, path, body) in requests {
        let answer = call(house.local(), request(method, path, &[], body.to_string().into())).await;
        assert!(answer.status.is_client_error(), "{method} {path} {body}: {}", answer.text);
        let names: Vec<&str> = answer.headers.keys().map(HeaderName::as_str).collect();
        assert!(!names.contains(&"set-cookie") && !names.contains(&"x-evil"), "{names:?}");
    }
}

#[tokio::test]
async fn no_code_and_no_number_is_a_command_for_a_modem() {
    let house = house().await;
    for code in ["*100#\r\nAT+CFUN=0\r", "*100#\u{1a}", "*100#\",15\r", "\u{1b}", "AT+CFUN=0", "*1#;+CFUN=0"] {
        let answer = house.post("/v1/modems/m1/ussd", json!({ "code": code })).await;
        answer.is_problem(400, "bad-request", Some("code"));
    }
    for to in ["+5511987654321\r\nAT+CFUN=0\r", "+5511987654321\u{1a}", "+5511987654321\",145\r"] {
        let answer = house.post("/v1/messages", message_with(json!({ "to": to }))).await;
        // What is kept of it is a number and nothing else.
        let is_plain = answer.status == 202 && answer.json["to"] == "+5511987654321";
        assert!(is_plain || answer.status == 422, "{to:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_debtors_are_called_is_no_template() {
    let house = House::new();
    let creditor =
        json!({ "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
    house.post("/v1/creditors", creditor).await;
    let name = "{{ 7 * 7 }}{% for x in range(999999999) %}a{% endfor %}";
    house.post("/v1/debtors", json!({ "id": "d1", "name": name, "numbers": ["+5511987654321"] })).await;
    let debt = json!({ "id": "x1", "creditor": "loja", "debtor": "d1", "amount": "110.00", "due": "2026-11-30" });
    house.post("/v1/debts", debt).await;
    let put = async |body: &str| {
        let texts = json!({ "texts": [{ "name": "a", "body": body }] });
        call(house.local(), request("PUT", "/v1/templates/t", &[], texts.to_string().into())).await
    };
    assert_eq!(put("{{ sender }}: {{ name }}, {{ amount }}").await.status, 200);
    let filled = house.post("/v1/templates/t/preview", json!({ "debtors": ["d1"] })).await;
    assert!(filled.text.contains("{{ 7 * 7 }}{% for x"), "{}", filled.text);
    assert!(!filled.text.contains("49"), "{}", filled.text);
    for hostile in [
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{% extends '/etc/passwd' %}",
        "{{ '/etc/passwd'|read }}",
        "{{ self }}",
        "{{ name.__class__ }}",
        "{% for x in range(999999999) %}a{% endfor %}",
        "{{ lipsum() }}",
    ] {
        let refused = put(hostile).await;
        assert!(refused.status.is_client_error(), "{hostile}: {}", refused.text);
        assert!(!refused.text.contains("root:"), "{hostile}");
    }
}

#[tokio::test]
async fn no_cell_of_the_table_of_numbers_is_a_formula() {
    let house = House::new();
    for id in ["=1+1", "@SUM(A1)", "-2+3", "+1-1"] {
        let answer = house.post("/v1/debtors", json!({ "id": id, "numbers": [] })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let table = house.get("/v1/hygiene?format=csv").await;
    for line in table.text.lines().skip(1) {
        assert!(line.starts_with('\''), "{line}");
    }
    assert!(table.text.lines().count() > 4, "{}", table.text);
}
