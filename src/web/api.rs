//! Asking the API in the process, as the browser that asked for the page.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, Request, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

/// Octets of an answer that a page is drawn from.
const ANSWER_MAX: usize = 16 * 1024 * 1024;

/// What says who asks, and from where.
const CARRIED: [HeaderName; 2] = [header::COOKIE, header::HOST];

/// The API as one browser sees it.
pub(super) struct Api {
    router: Router,
    headers: HeaderMap,
}

/// Why there is no answer to draw.
#[derive(Debug)]
pub(super) enum Refused {
    /// Nobody is logged in here.
    NoSession,
    /// The API says no.
    Problem { status: StatusCode, detail: String },
}

/// The words of a problem document.
#[derive(Deserialize)]
struct Document {
    detail: String,
}

/// A list of the API.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    #[serde(default)]
    pub(super) next: Option<String>,
}

impl Api {
    pub(super) fn new(router: Router, asked: &HeaderMap) -> Self {
        let mut headers = HeaderMap::new();
        for name in CARRIED {
            for value in asked.get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        Self { router, headers }
    }

    /// What is at a path.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Refused> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().map_err(|_none| Refused::internal())?;
        *request.headers_mut() = self.headers.clone();
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let octets = to_bytes(response.into_body(), ANSWER_MAX).await.map_err(|_cut| Refused::internal())?;
        // Readiness says no with a document of its own.
        if status.is_success() || (status == StatusCode::SERVICE_UNAVAILABLE && path == "/readyz") {
            return serde_json::from_slice(&octets).map_err(|error| {
                tracing::error!(%error, "a page does not understand the API");
                Refused::internal()
            });
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(Refused::NoSession);
        }
        let detail = serde_json::from_slice::<Document>(&octets).map(|document| document.detail);
        Err(Refused::Problem { status, detail: detail.unwrap_or_default() })
    }
}

impl Refused {
    fn internal() -> Self {
        Self::Problem { status: StatusCode::INTERNAL_SERVER_ERROR, detail: String::new() }
    }
}
