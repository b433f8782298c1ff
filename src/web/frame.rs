//! What stands around every page: who looks, in which language, and where they are.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::api::Refused;
use super::words::Language;

/// Until a person chooses another language.
const COOKIE: &str = "recado_language";

const YEAR: u32 = 365 * 24 * 60 * 60;

/// Who looks, as the API says it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Session {
    pub(super) client: String,
    pub(super) scopes: Vec<String>,
    /// Creditors that the token is limited to; none for all.
    #[serde(default)]
    pub(super) creditors: Vec<String>,
    pub(super) zone: String,
    pub(super) now: String,
}

/// What every page has.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) language: Language,
    /// The path of the page, with its query.
    pub(super) path: String,
    pub(super) session: Option<Session>,
    zone: TimeZone,
}

/// Where pages are, what they are called, and their signs.
const MENU: &[(&str, &str, &str)] = &[
    ("/", "now", "pulse"),
    ("/messages", "messages", "message"),
    ("/conversations", "conversations", "inbox"),
    ("/debtors", "debtors", "people"),
    ("/ladders", "ladders", "ladder"),
    ("/templates", "templates", "template"),
    ("/campaigns", "campaigns", "campaign"),
    ("/import", "import", "import"),
    ("/suppressions", "suppressions", "stop"),
    ("/stats", "stats", "chart"),
    ("/settings", "settings", "settings"),
];

impl Frame {
    pub(super) fn new(headers: &HeaderMap, path: String, session: Option<Session>) -> Self {
        let zone = session.as_ref().and_then(|session| TimeZone::get(&session.zone).ok()).unwrap_or(TimeZone::UTC);
        Self { language: language(headers), path, session, zone }
    }

    /// Words.
    pub(super) fn t(&self, key: &str) -> String {
        self.language.word(key)
    }

    /// Words for a name that programs use, of a group of such names; the name itself where nobody has put it into words.
    pub(super) fn tt(&self, group: &str, name: &str) -> String {
        self.language.known(&format!("{group}.{name}")).unwrap_or(name).to_owned()
    }

    /// All words of a group, for a script, as JSON.
    pub(super) fn named(&self, group: &str) -> String {
        serde_json::to_string(&self.language.group(group)).unwrap_or_default()
    }

    /// Words with something put where `{}` stands.
    pub(super) fn said(&self, key: &str, value: impl std::fmt::Display) -> String {
        self.t(key).replacen("{}", &value.to_string(), 1)
    }

    pub(super) fn may(&self, scope: &str) -> bool {
        self.session.as_ref().is_some_and(|session| session.scopes.iter().any(|own| own == scope))
    }

    /// Creditors that who looks is limited to; none for all.
    pub(super) fn creditors(&self) -> &[String] {
        self.session.as_ref().map_or(&[], |session| &session.creditors)
    }

    #[expect(clippy::unused_self, reason = "templates call what belongs to their frame")]
    pub(super) fn menu(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        MENU
    }

    #[expect(clippy::unused_self, reason = "templates call what belongs to their frame")]
    pub(super) fn languages(&self) -> [Language; 3] {
        Language::ALL
    }

    /// Whether a place of the menu is the one that is shown.
    pub(super) fn is_at(&self, place: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        if place == "/" {
            path == "/"
        } else {
            path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
    }

    pub(super) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What tells pages of one release from those of another.
    #[expect(clippy::unused_self, reason = "templates call what belongs to their frame")]
    pub(super) fn edition(&self) -> &'static str {
        super::assets::edition()
    }

    /// Where the style, the scripts and the signs are.
    #[expect(clippy::unused_self, reason = "templates call what belongs to their frame")]
    pub(super) fn asset(&self, name: &str) -> String {
        super::assets::link(name)
    }
}

/// What the browser was told before, else what it wants.
fn language(headers: &HeaderMap) -> Language {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let chosen = pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, code)| Language::from_code(code));
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    chosen.unwrap_or_else(|| Language::wanted(wanted))
}

#[derive(Deserialize)]
pub(super) struct Back {
    back: Option<String>,
}

/// Remembers a language and goes back.
pub(super) async fn choose_language(Path(code): Path<String>, Query(Back { back }): Query<Back>) -> Response {
    let Some(language) = Language::from_code(&code) else { return StatusCode::NOT_FOUND.into_response() };
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Strict", language.code());
    ([(header::SET_COOKIE, cookie)], Redirect::to(&own(back))).into_response()
}

/// A path of this host: what begins otherwise would lead elsewhere, and browsers drop tabs and line ends before they look.
pub(super) fn own(back: Option<String>) -> String {
    let is_own = |path: &String| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.chars().any(char::is_control)
    };
    back.filter(is_own).unwrap_or_else(|| "/".to_owned())
}

/// A page, or what is shown in its place.
pub(super) type Drawn = Result<Html<String>, Undrawn>;

/// Why a page is not shown, with the frame to say it in.
pub(super) struct Undrawn {
    pub(super) frame: Box<Frame>,
    pub(super) refused: Refused,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    frame: Frame,
    title: String,
    detail: String,
}

impl IntoResponse for Undrawn {
    fn into_response(self) -> Response {
        let Self { frame, refused } = self;
        match refused {
            Refused::NoSession => {
                Redirect::to(&format!("/login?next={}", super::format::encode(&frame.path))).into_response()
            }
            Refused::Problem { status, detail } => {
                let title = match status {
                    StatusCode::NOT_FOUND => frame.t("refused.not_found"),
                    StatusCode::FORBIDDEN => frame.t("refused.forbidden"),
                    StatusCode::SERVICE_UNAVAILABLE => frame.t("refused.busy"),
                    _ => frame.t("refused.other"),
                };
                (status, draw(&RefusedPage { frame: *frame, title, detail })).into_response()
            }
        }
    }
}

/// The page of a path at which there is nothing.
pub(super) fn nowhere(headers: &HeaderMap, path: String) -> Response {
    let frame = Box::new(Frame::new(headers, path, None));
    let refused = Refused::Problem { status: StatusCode::NOT_FOUND, detail: String::new() };
    Undrawn { frame, refused }.into_response()
}

/// Draws a page.
pub(super) fn draw(page: &impl Template) -> Html<String> {
    Html(page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be drawn");
        String::new()
    }))
}
