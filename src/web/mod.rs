//! The dashboard: pages that the daemon serves to browsers.
//!
//! A page is a client of the API like everybody else: it asks in the process, with the browser's own session, and draws what it
//! is told. So what a token may not see or do, its pages neither show nor do, and there is no second way to anything. What a
//! person changes, the page's script asks of the API itself. Pages are whole without scripts, but for changing and for being
//! live.

mod api;
mod asked;
mod assets;
mod chart;
mod finding;
mod format;
mod frame;
mod pages;
mod query;
mod segment;
mod words;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

/// Nothing but what this host serves itself, and no page of ours inside another.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What pages are drawn from.
#[derive(Clone)]
struct Web {
    api: Router,
}

/// The API of a door with the pages beside it.
pub fn router(api: Router) -> Router {
    let pages = Router::new()
        .merge(pages::all())
        .route("/language/{language}", get(frame::choose_language))
        .route("/assets/{name}", get(assets::serve))
        .layer(from_fn(guarded))
        .layer(CatchPanicLayer::new())
        .with_state(Web { api: api.clone() });
    let others = move |request: Request| elsewhere(api.clone(), request);
    pages.fallback(others)
}

/// What is no page is the API's; a person who is nowhere is told so in a page.
async fn elsewhere(api: Router, request: Request) -> Response {
    let headers = request.headers().clone();
    let wants_page = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let wants_page = wants_page.is_some_and(|accept| accept.contains("text/html"));
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let Ok(response) = api.oneshot(request).await;
    if wants_page && response.status() == StatusCode::NOT_FOUND {
        return guard(frame::nowhere(&headers, path));
    }
    response
}

/// What browsers are told to hold every page to.
async fn guarded(request: Request, next: Next) -> Response {
    guard(next.run(request).await)
}

fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page shows people's names: no cache keeps it. Assets say for themselves how long they hold.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
