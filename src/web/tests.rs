//! Pages as a browser gets them, with an API that says what a test wants.

mod leaks;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::router;

/// Who looks: what the API lets them do.
fn api(scopes: &'static [&'static str], message: Value) -> Router {
    let session = move |headers: HeaderMap| async move {
        if headers.get(header::COOKIE).is_none() {
            let problem = json!({ "title": "Token needed", "detail": "log in" });
            return (StatusCode::UNAUTHORIZED, axum::Json(problem)).into_response();
        }
        let session =
            json!({ "client": "ana", "scopes": scopes, "zone": "America/Sao_Paulo", "now": "2026-11-24T13:00:00Z" });
        axum::Json(session).into_response()
    };
    let list = json!({ "items": [message.clone()], "next": null });
    let absent = (StatusCode::NOT_FOUND, axum::Json(json!({ "detail": "there is nothing at this path" })));
    Router::new()
        .route("/v1/session", get(session))
        .route("/v1/messages", get(move || async { axum::Json(list) }))
        .route("/v1/messages/{id}", get(move || async { axum::Json(message) }))
        .route("/v1/pause", any(|| async { StatusCode::NO_CONTENT }))
        .fallback(|| async { absent })
}

fn message() -> Value {
    json!({
        "id": "01a2", "state": "unknown", "to": "+5511987654321", "text": "<b>Oi</b> \u{202e}olá", "segments": 1, "encoding": "ucs2",
        "created_at": "2026-11-24T12:00:00Z", "valid_until": "2026-11-25T12:00:00Z", "not_before": null, "reason": null,
        "client": "crm", "client_ref": null, "purpose": "collection", "debtor": null, "debt": null, "creditor": null,
        "batch": null, "team": null, "operator": null, "report_state": "none",
        "parts": [{ "part": 1, "state": "unknown", "sim": "norte", "modem": "m1", "offered_at": null, "accepted_at": null,
            "reported_at": null, "cause": null, "evidence": [{ "code": "no_report", "detail": "no report came", "suggests": null, "at": null }] }],
        "history": [],
    })
}

async fn ask(api: Router, path: &str, headers: &[(&str, &str)]) -> (Response, String) {
    let mut request = Request::builder().uri(path).header("accept", "text/html");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(api).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    (Response::from_parts(head, Body::empty()), text)
}

const LOGGED_IN: (&str, &str) = ("cookie", "recado_session=x");

#[tokio::test]
async fn who_is_not_logged_in_is_sent_to_log_in_and_back() {
    let (response, _) = ask(api(&[], message()), "/messages?state=failed", &[]).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], "/login?next=%2Fmessages%3Fstate%3Dfailed");
    for (next, expected) in
        [("/messages", "/messages"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/%5Cevil", "/")]
    {
        let (_, page) = ask(api(&[], message()), &format!("/login?next={next}"), &[]).await;
        assert!(page.contains(&format!("data-done=\"{expected}\"")), "{next}");
    }
}

#[tokio::test]
async fn every_page_is_held_to_this_host_and_kept_nowhere() {
    for path in ["/login", "/messages", "/nowhere"] {
        let (response, _) = ask(api(&["read"], message()), path, &[LOGGED_IN]).await;
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{path}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(headers["cache-control"], "no-store", "{path}");
    }
    assert_eq!(ask(api(&[], message()), "/assets/..%2Fmod.rs", &[]).await.0.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_asset_is_kept_for_good_under_the_link_of_its_edition_and_asked_for_again_under_any_other() {
    let (_, page) = ask(api(&["read"], message()), "/login", &[]).await;
    let (_, edition) = page.split_once("/assets/recado.css?v=").unwrap();
    let edition = edition.split('"').next().unwrap();
    assert!(page.contains(&format!("data-edition=\"{edition}\"")), "a page says of which edition it is");
    for (link, expected) in [
        (format!("/assets/recado.css?v={edition}"), "public, max-age=31536000, immutable"),
        ("/assets/recado.css?v=another".to_owned(), "no-cache"),
        ("/assets/recado.css".to_owned(), "no-cache"),
    ] {
        let (response, style) = ask(api(&[], message()), &link, &[]).await;
        assert_eq!(response.headers()["cache-control"], expected, "{link}");
        assert!(!style.is_empty(), "{link}");
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        let (response, style) = ask(api(&[], message()), &link, &[("if-none-match", &tag)]).await;
        assert_eq!((response.status(), style.as_str()), (StatusCode::NOT_MODIFIED, ""), "{link}");
    }
}

#[tokio::test]
async fn what_people_wrote_is_text_and_nothing_else() {
    let (_, page) = ask(api(&["read", "pii"], message()), "/messages/01a2", &[LOGGED_IN]).await;
    assert!(page.contains("&#60;b&#62;Oi&#60;/b&#62;") && !page.contains("<b>Oi"), "{page}");
    assert!(page.contains("<blockquote dir=\"auto\">"), "a line from the right does not turn the page round");
}

#[tokio::test]
async fn who_may_not_decide_sees_no_button_for_it() {
    let decides = "/v1/messages/01a2/resolve";
    let (_, page) = ask(api(&["read", "send"], message()), "/messages/01a2", &[LOGGED_IN]).await;
    assert!(page.contains(decides));
    let (_, page) = ask(api(&["read"], message()), "/messages/01a2", &[LOGGED_IN]).await;
    assert!(!page.contains(decides) && page.contains("não chegou nenhum que corresponda"));
    let (_, page) = ask(api(&["read"], message()), "/messages", &[LOGGED_IN]).await;
    assert!(!page.contains("name=\"to\""), "numbers are not looked for without seeing them");
}

#[tokio::test]
async fn a_page_speaks_the_language_that_was_chosen_else_the_browsers() {
    let title = async |headers: &[(&str, &str)]| {
        let (_, page) = ask(api(&["read"], message()), "/messages", headers).await;
        let (_, rest) = page.split_once("<title>").unwrap();
        rest.split(" · ").next().unwrap().to_owned()
    };
    assert_eq!(title(&[LOGGED_IN, ("accept-language", "es-MX,es;q=0.9")]).await, "Mensajes");
    assert_eq!(title(&[LOGGED_IN, ("accept-language", "es"), ("cookie", "recado_language=en")]).await, "Messages");
    assert_eq!(title(&[LOGGED_IN]).await, "Mensagens");
    let (response, _) = ask(api(&[], message()), "/language/es?back=/messages", &[]).await;
    assert_eq!(response.headers()["location"], "/messages");
    assert_eq!(ask(api(&[], message()), "/language/xx", &[]).await.0.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_page_is_the_apis_and_nowhere_is_said_in_a_page() {
    let (response, page) = ask(api(&["read"], message()), "/nowhere", &[LOGGED_IN, ("accept-language", "en")]).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(page.contains("<h1>Not found</h1>"), "{page}");
    let (response, _) = ask(api(&["read"], message()), "/v1/pause", &[]).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_the_api_refuses_is_said_in_its_words() {
    let refusing = Router::new().route(
        "/v1/session",
        get(|| async { (StatusCode::MISDIRECTED_REQUEST, axum::Json(json!({ "detail": "call it localhost" }))) }),
    );
    let (response, page) = ask(refusing, "/messages", &[LOGGED_IN]).await;
    assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(page.contains("call it localhost"), "{page}");
}

#[tokio::test]
async fn what_an_endpoint_was_not_told_is_seen_however_much_was_delivered_since() {
    let delivery = |seq: i64, state: &str| {
        json!({ "seq": seq, "type": "message.queued", "state": state, "attempts": 1, "at": null, "next": null, "status": 500,
            "took_ms": 3, "error": "answered 500" })
    };
    let list = move |uri: axum::http::Uri| async move {
        let (state, next) = match uri.query().unwrap_or_default() {
            asked if asked.contains("state=dead") => ("dead", "d1"),
            _ => ("delivered", "b7"),
        };
        axum::Json(json!({ "items": [delivery(if state == "dead" { 3 } else { 900 }, state)], "next": next }))
    };
    let webhook = json!({ "id": 1, "url": "https://crm.example/", "types": ["*"], "state": "ok", "enabled": true, "reason": null,
        "failing_since": null, "seq": 950, "waiting": 0, "dead": 51, "passed_over": 0 });
    let api = api(&["read", "manage"], message())
        .route("/v1/webhooks/1", get(move || async { axum::Json(webhook) }))
        .route("/v1/webhooks/1/deliveries", get(list));
    let (_, page) = ask(api, "/settings/webhooks/1?cursor=b8", &[LOGGED_IN, ("accept-language", "pt-BR")]).await;
    let (dead, last) = page.split_once("Últimas entregas</h2>").expect("both lists are there");
    assert!(dead.contains("<td class=\"number\">3</td>") && last.contains("<td class=\"number\">900</td>"), "{page}");
    assert!(page.contains("?cursor=b8&#38;dead=d1") && page.contains("?cursor=b7\""), "{page}");
}

/// A link of ours that goes on to a place of the caller's choice goes to a path of this host.
#[tokio::test]
async fn nobody_is_led_elsewhere() {
    for back in [
        "https:%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2F%09%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%0D%0Ax:y",
        "evil",
    ] {
        let (response, _) = ask(api(&[], message()), &format!("/language/es?back={back}"), &[]).await;
        assert_eq!(response.headers()["location"], "/", "{back}");
    }
}
