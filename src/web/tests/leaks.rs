//! What no answer and no page shows to whoever may not see it: a house full of sentinels, and every route walked with each kind of
//! eyes.

use serde_json::Value;

use crate::http::tests::reading::deliver;
use crate::http::tests::scopes::{limited_changes, limited_scopes, operations};
use crate::http::tests::{House, modem_up};
use crate::modem::Settlement;
use crate::sms::id::SegmentId;
use crate::sms::number::Sender;

use super::*;

/// Of whom nothing may be seen without `pii`, and what they wrote without `text` or `pii`.
const NUMBER: &str = "987650431";
const NAME: &str = "Sentinela";
const DOCUMENT: &str = "52998224725";
const PIX: &str = "pix-sentinela@example.com";

/// A code with that key, as banks make them.
const CODE: &str = "00020126470014br.gov.bcb.pix0125pix-sentinela@example.com5204000053039865406110.005802BR5904LOJA6009SAO PAULO62070503***630487DE";
const OURS: &str = "corpo vigiado";
const THEIRS: &str = "resposta vigiada";

const PEOPLE: [&str; 4] = [NUMBER, NAME, DOCUMENT, PIX];
const TEXTS: [&str; 2] = [OURS, THEIRS];

/// The hours that suit, which nobody has of a stranger.
const HOURS: &str = "09:17-20:43";

/// The rows that were made.
struct Known {
    message: String,
    import: String,
}

async fn put(house: &House, path: &str, body: Value) {
    let request = Request::builder().method("PUT").uri(path).body(Body::from(body.to_string())).unwrap();
    let response = house.local().oneshot(request).await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
}

async fn post(house: &House, path: &str, body: Value) -> Value {
    let answer = house.post(path, body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text);
    answer.json
}

/// A house in which everything exists once that is about a person.
async fn full() -> (House, Known) {
    let mut house = House::new();
    let loja =
        json!({ "id": "loja", "name": "Loja", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
    post(&house, "/v1/creditors", loja).await;
    let other =
        json!({ "id": "azul", "name": "Azul", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" });
    post(&house, "/v1/creditors", other).await;
    let to = format!("+5511{NUMBER}");
    let debtor = json!({ "id": "d-1", "name": format!("{NAME} da Silva"), "document": DOCUMENT, "numbers": [to] });
    post(&house, "/v1/debtors", debtor).await;
    let debt = json!({ "id": "b-1", "creditor": "loja", "debtor": "d-1", "amount": "110.00", "due": "2026-11-10", "pix": CODE });
    post(&house, "/v1/debts", debt).await;
    let body = "{{ sender }}: {{ first_name }}, {{ total }}. Responda SAIR.";
    put(&house, "/v1/templates/atraso", json!({ "texts": [{ "name": "a", "body": body }] })).await;
    post(&house, "/v1/templates/atraso/approve", json!({ "version": 1 })).await;
    put(&house, "/v1/ladders/leve", json!({ "steps": [{ "id": "d3", "on": "D+3", "text": "atraso" }] })).await;
    let campaign =
        json!({ "name": "nov", "creditor": "loja", "template": "atraso", "segment": { "days_late": { "min": 1 } } });
    post(&house, "/v1/batches", campaign).await;
    let rows = json!([{ "debtor": "d-1" }, { "to": "+5511987650432", "vars": { "first_name": NAME } }]);
    let list = json!({ "name": "lista", "creditor": "loja", "template": "atraso", "rows": rows });
    post(&house, "/v1/batches", list).await;
    let message = json!({ "to": to, "text": OURS, "debtor": "d-1", "debt": "b-1", "creditor": "loja" });
    let message = house.submit(message).await;
    house.restart_with(|store, now| {
        let carrier = modem_up(store, now);
        store.commit(now, |work| work.offer(SegmentId(1), &carrier)).unwrap();
        let accepted = Settlement::Accepted { tp_mr: 7 };
        store.commit(now, |work| work.settle(SegmentId(1), &carrier.modem, Some(carrier.sim), accepted)).unwrap();
        for text in [THEIRS, "nao me mande mais nada, pare"] {
            store.commit(now, |work| work.receive(&carrier, &deliver(&to, text))).unwrap();
        }
        store.commit(now, |work| work.call(&carrier, Some(&Sender::new(to.clone())))).unwrap();
    });
    put(&house, "/v1/debtors/d-1/hours", json!({ "preferred": [HOURS] })).await;
    post(&house, "/v1/suppressions", json!({ "number": to, "why": "asked by phone" })).await;
    let file = format!(
        "CPF;Nome;Telefone;Contrato;Parcela;Valor;Vencimento\n{DOCUMENT};{NAME};11{NUMBER};c1;1/1;{NAME};30/11/2026\n"
    );
    // Imports are shown to the client who has begun them.
    let importer = &house.token(json!({ "client": "crm", "scopes": ["send", "read"] })).await;
    let begun = house.with(importer, "POST", "/v1/imports?creditor=loja&dry_run=true", file).await;
    let import = begun.json["id"].to_string();
    while house.with(importer, "GET", &format!("/v1/imports/{import}"), "").await.json["state"] == "running" {
        tokio::task::yield_now().await;
    }
    post(&house, "/v1/webhooks", json!({ "url": "http://127.0.0.1:9/hook" })).await;
    (house, Known { message, import })
}

/// The paths of all pages, as they are written where they are put together.
fn pages() -> Vec<String> {
    let paths = include_str!("../pages/mod.rs").lines().filter_map(|line| line.trim().strip_prefix(".route(\""));
    let paths: Vec<String> = paths.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
    assert!(paths.len() > 25, "{paths:?}");
    paths
}

/// Every answer to a question that changes nothing, and every page.
async fn seen(house: &House, known: &Known, token: &str) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    let streams = ["/v1/changes"];
    for (_, path) in
        operations().into_iter().filter(|(method, path)| method == "GET" && !streams.contains(&path.as_str()))
    {
        let id = if path.starts_with("/v1/messages") {
            &known.message
        } else if path.starts_with("/v1/imports") {
            &known.import
        } else {
            "1"
        };
        let mut place = path.replace("{id}", id);
        for (name, known) in
            [("{debtor}", "d-1"), ("{debt}", "b-1"), ("{batch}", "nov"), ("{ladder}", "leve"), ("{template}", "atraso")]
        {
            place = place.replace(name, known);
        }
        let number = format!("%2B5511{NUMBER}");
        for query in [
            String::new(),
            "?format=csv".to_owned(),
            "?limit=100&debtor=d-1".to_owned(),
            format!("?search={NAME}"),
            format!("?search={number}"),
            format!("?to={number}"),
            format!("?number={number}"),
            "?creditor=loja".to_owned(),
            "?creditor=azul".to_owned(),
        ] {
            let asked = format!("{place}{query}");
            let answer = house.with(token, "GET", &asked, "").await;
            seen.push((asked, answer.text));
        }
    }
    for (path, body) in [
        ("/v1/preview", json!({ "debtor": "d-1", "creditor": "loja", "template": "atraso" })),
        ("/v1/preview", json!({ "debtor": "d-1", "creditor": "azul", "template": "atraso" })),
        ("/v1/preview", json!({ "debtor": "d-1", "debt": "b-1", "creditor": "azul", "template": "atraso" })),
        ("/v1/templates/atraso/preview", json!({ "debtors": ["d-1"] })),
        ("/v1/templates/atraso/preview", json!({ "debtors": ["d-1"], "creditor": "azul" })),
        ("/v1/preview/template", json!({ "texts": [{ "name": "a", "body": "{{ first_name }}" }], "debtor": "d-1" })),
        ("/v1/batches/nov/preview", json!({})),
        ("/v1/batches/lista/preview", json!({})),
        ("/v1/segments/count", json!({ "creditor": "loja" })),
        ("/v1/messages", json!({ "debtor": "d-1", "creditor": "azul", "template": "atraso", "to": "+5511999990000" })),
        ("/v1/ladders/run", json!({})),
        // What is refused is told without saying of whom it is.
        ("/v1/messages", json!({ "debtor": "d-1", "creditor": "loja", "template": "atraso", "to": "+5511999990000" })),
        ("/v1/messages", json!({ "debtor": "d-1", "creditor": "loja", "template": "nada" })),
        ("/v1/conversations/1/reply", json!({ "text": "" })),
    ] {
        seen.push((format!("POST {path} {body}"), house.with(token, "POST", path, body).await.text));
    }
    let headers = [("host", "127.0.0.1:7670"), ("x-recado-page", "1")];
    let mut login = Request::builder().method("POST").uri("/v1/session");
    for (name, value) in headers {
        login = login.header(name, value);
    }
    let login = login.body(Body::from(json!({ "token": token }).to_string())).unwrap();
    let begun = house.tcp().oneshot(login).await.unwrap();
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for path in pages() {
        let name = match path.as_str() {
            path if path.starts_with("/messages") => &known.message,
            path if path.starts_with("/debtors") => "d-1",
            path if path.starts_with("/ladders") => "leve",
            path if path.starts_with("/templates") => "atraso",
            path if path.starts_with("/campaigns") => "nov",
            _ => "1",
        };
        let place = path.replace("{id}", name).replace("{name}", name);
        let request = Request::builder().uri(&place).header("host", "127.0.0.1:7670").header("cookie", &cookie);
        let request = request.header("accept", "text/html").body(Body::empty()).unwrap();
        let response = router(house.tcp()).oneshot(request).await.unwrap();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        seen.push((place, String::from_utf8(body.to_vec()).unwrap()));
    }
    seen
}

/// Which of these stand where.
fn found<'a>(seen: &'a [(String, String)], secrets: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let holds = |(place, text): &'a (String, String)| {
        let here = secrets.iter().filter(move |secret| text.contains(*secret));
        here.map(move |secret| (*secret, place.as_str()))
    };
    seen.iter().flat_map(holds).collect()
}

#[tokio::test]
async fn nobody_sees_people_or_texts_by_any_route_without_the_scope_for_it() {
    let (house, known) = full().await;
    let everything = ["send", "read", "manage", "admin"];
    for (more, hidden) in
        [(&[][..], [&PEOPLE[..], &TEXTS[..]].concat()), (&["text"][..], PEOPLE.to_vec()), (&["pii"][..], Vec::new())]
    {
        let scopes = [&everything[..], more].concat();
        let token = house.token(json!({ "client": "crm", "scopes": scopes })).await;
        let seen = seen(&house, &known, &token).await;
        assert_eq!(found(&seen, &hidden), [], "with {scopes:?}");
        // What may be seen is seen somewhere: otherwise nothing is proved.
        for secret in PEOPLE.iter().chain(&TEXTS).filter(|secret| !hidden.contains(secret)) {
            assert!(!found(&seen, &[secret]).is_empty(), "{secret} is nowhere with {scopes:?}");
        }
    }
}

/// Who may not see somebody may not find them out either, by asking for one after the other.
#[tokio::test]
async fn nobody_finds_people_by_asking_for_them_without_the_scope_for_it() {
    let (house, _) = full().await;
    for scopes in [json!(["send", "read", "manage", "admin"]), json!(["send", "read", "text"])] {
        let token = house.token(json!({ "client": "crm", "scopes": scopes })).await;
        let ask = async |path: String| house.with(&token, "GET", &path, "").await;
        for sought in [NAME, DOCUMENT, "%2B5511987650431"] {
            let found = ask(format!("/v1/debtors?search={sought}")).await;
            assert_eq!(found.json["items"], json!([]), "{sought}");
        }
        for path in ["/v1/messages?to", "/v1/suppressions?number", "/v1/export?number"] {
            assert_eq!(ask(format!("{path}=%2B5511{NUMBER}")).await.status, 403, "{path}");
        }
    }
}

/// A token that is limited to a creditor, with everything that such a token may have.
async fn limited(house: &House, creditor: &str) -> String {
    let client = format!("de {creditor}");
    house.token(json!({ "client": client, "scopes": limited_scopes(), "creditors": [creditor] })).await
}

#[tokio::test]
async fn a_token_of_another_creditor_sees_nothing_of_them_by_any_route() {
    let (house, known) = full().await;
    let hidden = [&PEOPLE[..], &TEXTS[..], &[HOURS][..]].concat();
    let others = seen(&house, &known, &limited(&house, "azul").await).await;
    assert_eq!(found(&others, &hidden), []);
    // Their own creditor's sees all of it somewhere: otherwise nothing is proved.
    let own = seen(&house, &known, &limited(&house, "loja").await).await;
    for secret in hidden {
        assert!(!found(&own, &[secret]).is_empty(), "{secret} is nowhere");
    }
}

/// What somebody of another creditor may try with each route that changes something, and the query of it.
fn attempts(known: &Known) -> Vec<(&'static str, &'static str, String, Value)> {
    let to = format!("+5511{NUMBER}");
    let debt = |id: &str, creditor: &str| json!({ "id": id, "creditor": creditor, "debtor": "d-1", "amount": "1.00", "due": "2026-11-10" });
    let rows = json!([{ "debtor": "d-1" }]);
    let campaign = |name: &str| json!({ "name": name, "creditor": "loja", "template": "atraso", "segment": { "days_late": { "min": 2 } } });
    let message = json!({ "to": to, "text": "oi", "debtor": "d-1", "creditor": "loja" });
    let of = |method, path, body| (method, path, String::new(), body);
    vec![
        of("POST", "/v1/messages", message.clone()),
        of("POST", "/v1/messages", json!({ "to": to, "text": "oi" })),
        of("POST", "/v1/preview", message),
        of("DELETE", "/v1/messages/{id}", Value::Null),
        of("POST", "/v1/messages/{id}/resolve", json!({ "decision": "give_up" })),
        of("POST", "/v1/suppressions", json!({ "number": to, "creditor": "loja" })),
        of("POST", "/v1/suppressions", json!({ "number": to })),
        of("POST", "/v1/debtors", json!({ "id": "d-1", "name": "Outra" })),
        of("PUT", "/v1/debtors/{debtor}/hours", json!({ "forbidden": ["08:00-20:00"] })),
        of("POST", "/v1/debts", debt("b-1", "loja")),
        of("POST", "/v1/debts", debt("b-1", "azul")),
        of("POST", "/v1/debts/{debt}/events", json!({ "type": "cancelled" })),
        of("POST", "/v1/conversations/{id}/assign", json!({ "to": "outra" })),
        of("POST", "/v1/conversations/{id}/close", json!({})),
        of("POST", "/v1/conversations/{id}/reply", json!({ "text": "oi" })),
        of("POST", "/v1/conversations/{id}/preview", json!({ "text": "oi" })),
        of("POST", "/v1/conversations/{id}/standing", json!({ "standing": "disputed" })),
        ("POST", "/v1/imports", "?creditor=loja".to_owned(), json!("CPF;Nome")),
        ("PUT", "/v1/imports/mapping", "?creditor=loja".to_owned(), json!({})),
        of("POST", "/v1/batches", campaign("nova")),
        of("POST", "/v1/batches", campaign("nov")),
        of("PUT", "/v1/batches/{batch}", campaign("nov")),
        of("DELETE", "/v1/batches/{batch}", Value::Null),
        of("POST", "/v1/batches/{batch}/rows", rows),
        of("POST", "/v1/batches/{batch}/test", json!({ "to": ["+5511999990000"] })),
        of("POST", "/v1/batches/{batch}/start", json!({})),
        of("POST", "/v1/batches/{batch}/pause", json!({})),
        of("POST", "/v1/batches/{batch}/resume", json!({})),
        of("POST", "/v1/batches/{batch}/cancel", json!({})),
        of("POST", "/v1/batches/{batch}/preview", json!({})),
        of("POST", "/v1/batches/preview", campaign("nova")),
        of("POST", "/v1/segments/count", json!({ "creditor": "loja" })),
        of("POST", "/v1/templates/{template}/preview", json!({ "creditor": "loja" })),
        of(
            "POST",
            "/v1/preview/template",
            json!({ "definition": { "texts": [{ "name": "a", "body": "{{ first_name }}" }] }, "creditor": "loja" }),
        ),
        of("POST", "/v1/ladders/run", json!({})),
        // It remembers nothing of what it is shown.
        ("POST", "/v1/imports/columns", "?creditor=loja".to_owned(), json!("CPF;Nome")),
    ]
    .into_iter()
    .map(|(method, path, query, body)| (method, path, format!("{}{query}", placed(path, known)), body))
    .collect()
}

/// A path with the names of what there is.
fn placed(path: &str, known: &Known) -> String {
    let id = if path.starts_with("/v1/messages") { &known.message } else { "1" };
    let names = [("{id}", id), ("{debtor}", "d-1"), ("{debt}", "b-1"), ("{batch}", "nov"), ("{template}", "atraso")];
    names.into_iter().fold(path.to_owned(), |path, (name, known)| path.replace(name, known))
}

/// How things stand that are another creditor's.
async fn stand(house: &House, known: &Known) -> Vec<Value> {
    let mut stand = Vec::new();
    for path in [
        &*format!("/v1/messages/{}", known.message),
        "/v1/messages",
        "/v1/debtors/d-1",
        "/v1/debtors/d-1/hours",
        "/v1/debtors/d-1/journey",
        "/v1/debts",
        "/v1/conversations/1",
        "/v1/suppressions",
        "/v1/batches",
        "/v1/imports/mapping?creditor=loja",
        "/v1/pause",
    ] {
        stand.push(house.get(path).await.json);
    }
    stand
}

#[tokio::test]
async fn a_token_of_another_creditor_changes_nothing_of_theirs_by_any_route() {
    let (house, known) = full().await;
    let token = limited(&house, "azul").await;
    let attempts = attempts(&known);
    let tried = attempts.iter().map(|(method, path, ..)| (*method, *path)).collect();
    assert_eq!(limited_changes(), tried, "each route is tried");
    let before = stand(&house, &known).await;
    for (method, path, place, body) in attempts {
        let answer = house.with(&token, method, &place, body.clone()).await;
        assert!(answer.status.is_client_error(), "{method} {path} {body}: {} {}", answer.status, answer.text);
        assert_ne!(answer.json["type"], "urn:recado:problem:unknown-field", "{method} {path}: {}", answer.text);
        assert_eq!(stand(&house, &known).await, before, "{method} {path} {body}: {}", answer.text);
    }
}
