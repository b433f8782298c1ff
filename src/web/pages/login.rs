//! Logging in: a token, once.

use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use axum::response::Html;
use serde::Deserialize;

use super::super::frame::{Frame, draw, own};

#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    frame: Frame,
    next: String,
}

/// The page for those who are not logged in.
pub(super) async fn show(uri: Uri, headers: HeaderMap, Query(Next { next }): Query<Next>) -> Html<String> {
    let frame = Frame::new(&headers, uri.path().to_owned(), None);
    draw(&LoginPage { frame, next: own(next) })
}
