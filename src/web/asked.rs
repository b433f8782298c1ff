//! A browser's question for a page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Web;
use super::api::{Api, Refused};
use super::format::encode;
use super::frame::{Frame, Session, Undrawn};

/// Somebody who is logged in asks for a page.
pub(super) struct Asked {
    pub(super) api: Api,
    pub(super) frame: Frame,
}

impl FromRequestParts<Web> for Asked {
    type Rejection = Undrawn;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Undrawn> {
        let api = Api::new(web.api.clone(), &parts.headers);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let frame = |session| Frame::new(&parts.headers, path, session);
        match api.get::<Session>("/v1/session").await {
            Ok(session) => Ok(Self { api, frame: frame(Some(session)) }),
            Err(refused) => Err(Undrawn { frame: Box::new(frame(None)), refused }),
        }
    }
}

impl Asked {
    /// Whether a debtor is one of the portfolio, with a page of its own: others are only names on messages.
    pub(super) async fn knows(&self, debtor: Option<&str>) -> bool {
        let Some(debtor) = debtor else { return false };
        self.api.get::<serde::de::IgnoredAny>(&format!("/v1/debtors/{}", encode(debtor))).await.is_ok()
    }

    /// What the API says, or the page that says why not.
    pub(super) fn or_say<T>(&self, answer: Result<T, Refused>) -> Result<T, Undrawn> {
        answer.map_err(|refused| Undrawn { frame: Box::new(self.frame.clone()), refused })
    }
}
