//! Style, scripts and signs: in the program, so that nothing is loaded from elsewhere.

use std::sync::LazyLock;

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// An asset: its name, its kind and its octets.
type Asset = (&'static str, &'static str, &'static [u8]);

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const ASSETS: &[Asset] = &[
    ("recado.css", CSS, include_bytes!("assets/recado.css")),
    ("theme.js", SCRIPT, include_bytes!("assets/theme.js")),
    ("recado.js", SCRIPT, include_bytes!("assets/recado.js")),
    ("preview.js", SCRIPT, include_bytes!("assets/preview.js")),
    ("thread.js", SCRIPT, include_bytes!("assets/thread.js")),
    ("suppress.js", SCRIPT, include_bytes!("assets/suppress.js")),
    ("import.js", SCRIPT, include_bytes!("assets/import.js")),
    ("template.js", SCRIPT, include_bytes!("assets/template.js")),
    ("ladder.js", SCRIPT, include_bytes!("assets/ladder.js")),
    ("evidence.js", SCRIPT, include_bytes!("assets/evidence.js")),
    ("campaign.js", SCRIPT, include_bytes!("assets/campaign.js")),
    ("login.js", SCRIPT, include_bytes!("assets/login.js")),
    ("signs.svg", "image/svg+xml", include_bytes!("assets/signs.svg")),
    ("recado.svg", "image/svg+xml", include_bytes!("assets/recado.svg")),
];

/// Tells the pages and assets of one release from those of another, so that a browser never mixes them: by the assets and the
/// version of the program.
static EDITION: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    all.update(env!("CARGO_PKG_VERSION"));
    for (_, _, octets) in ASSETS {
        all.update(octets);
    }
    // What is built for tests can stand for the release that comes after it.
    if cfg!(debug_assertions)
        && let Some(other) = std::env::var_os("RECADO_EDITION")
    {
        all.update(other.as_encoded_bytes());
    }
    URL_SAFE_NO_PAD.encode(all.finalize()).chars().take(8).collect()
});

/// The edition that this process serves.
pub(super) fn edition() -> &'static str {
    &EDITION
}

/// Where an asset is.
pub(super) fn link(name: &str) -> String {
    format!("/assets/{name}?v={}", *EDITION)
}

/// Which edition a page asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    v: Option<String>,
}

/// The octets of an asset. Under the link of this edition they never change; a page of another one that is still open gets what
/// there is now, and keeps it under no link.
pub(super) async fn serve(Path(name): Path<String>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let found = ASSETS.iter().find(|(own, _, _)| *own == name);
    let Some((_, kind, octets)) = found else { return StatusCode::NOT_FOUND.into_response() };
    let is_own = wanted.v.as_deref() == Some(edition());
    let lasts = if is_own { "public, max-age=31536000, immutable" } else { "no-cache" };
    let tag = format!("\"{}\"", edition());
    let told = [(header::CACHE_CONTROL, lasts), (header::ETAG, tag.as_str())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, told).into_response();
    }
    (told, [(header::CONTENT_TYPE, *kind)], *octets).into_response()
}
