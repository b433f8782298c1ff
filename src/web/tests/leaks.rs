//! What no answer and no page shows to whoever may not see it: a house full of sentinels, and every route walked with each kind of
//! eyes.

use serde_json::Value;

use crate::http::tests::reading::deliver;
use crate::http::tests::scopes::operations;
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
        ] {
            let asked = format!("{place}{query}");
            let answer = house.with(token, "GET", &asked, "").await;
            seen.push((asked, answer.text));
        }
    }
    for (path, body) in [
        ("/v1/preview", json!({ "debtor": "d-1", "creditor": "loja", "template": "atraso" })),
        ("/v1/templates/atraso/preview", json!({ "debtors": ["d-1"] })),
        ("/v1/preview/template", json!({ "texts": [{ "name": "a", "body": "{{ first_name }}" }], "debtor": "d-1" })),
        ("/v1/batches/nov/preview", json!({})),
        ("/v1/batches/lista/preview", json!({})),
        ("/v1/segments/count", json!({ "creditor": "loja" })),
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
