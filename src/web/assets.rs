//! Style, scripts and signs: in the program, so that nothing is loaded from elsewhere.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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

/// Tells the assets of one release from those of another, so that a browser never mixes them.
static EDITION: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    for (_, _, octets) in ASSETS {
        all.update(octets);
    }
    URL_SAFE_NO_PAD.encode(all.finalize()).chars().take(8).collect()
});

/// Where an asset is.
pub(super) fn link(name: &str) -> String {
    format!("/assets/{name}?v={}", *EDITION)
}

/// The octets of an asset.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let found = ASSETS.iter().find(|(own, _, _)| *own == name);
    let Some((_, kind, octets)) = found else { return StatusCode::NOT_FOUND.into_response() };
    // Another edition has another link.
    ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], *octets)
        .into_response()
}
