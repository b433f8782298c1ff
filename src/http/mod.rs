//! The door: the HTTP API (v1, JSON), over TCP with tokens and over the Unix socket of the command line without.
//!
//! Handlers read a request, ask the writer or a reader, and answer; policy and state live behind those. Each handler
//! carries its own description, from which the OpenAPI document is made. A `202` is sent after the commit and never
//! before.

mod audit;
mod auth;
pub(crate) mod csv;
mod dto;
mod explain;
mod filled;
pub(crate) mod fuzz;
pub(crate) mod import;
mod json;
mod logins;
mod over;
mod page;
mod portfolio;
mod problem;
mod rate;
mod routes;
mod serve;
mod session;
mod stream;
mod submission;
pub mod tls;
mod tokens;

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::tz::TimeZone;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::actor::audit::Looks;
use crate::actor::errand::Errands;
use crate::actor::fleet::Fleet;
use crate::actor::ladder;
use crate::actor::ladder::review::Measure;
use crate::actor::reload;
use crate::actor::webhook;
use crate::actor::writer::Handle;
use crate::clock::Clock;
use crate::contact::secret::Secret;
use crate::dunning::money::PartPrice;
use crate::dunning::template::Wording;
use crate::sms::number::Country;
use crate::sms::text::TextOptions;
use crate::store::StoreError;
use crate::store::reader::Reader;
use crate::store::retention::Terms;
use crate::store::view::EventView;
use crate::telemetry::Metrics;

use dto::event::Posted;
use dto::message::Eyes;
use problem::{Kind, Problem};
use tokens::Tokens;

pub use rate::Pace;
pub use serve::{Bounds, FarEnd, serve, serve_tls};
pub use tokens::{AdminTokenError, ensure_admin_token};

/// The client of the command line, by the Unix socket and by signals.
pub const LOCAL: &str = "local";

/// What the door needs of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The country whose national number forms are understood.
    pub country: Country,
    /// How texts are encoded unless a caller says otherwise.
    pub text: TextOptions,
    /// How long a message is valid from its due time unless a caller says otherwise.
    pub validity: Duration,
    /// The key under which erased numbers are known again.
    pub secret: Secret,
    /// Whether a campaign starts only after it was test sent.
    pub campaigns_need_test: bool,
    /// What texts should not have, and what they must.
    pub wording: Arc<Wording>,
    /// Where days of results begin unless something else is asked for.
    pub zone: TimeZone,
    /// Whether another one than its author must approve a template.
    pub four_eyes: bool,
    /// Whether texts that ask for payment wait until the number is confirmed.
    pub confirm_numbers: bool,
    /// Names by which browsers may call this host, besides its addresses and `localhost`.
    pub hosts: Vec<String>,
    /// What a part costs where a caller does not say it; nothing where that is not known.
    pub price: PartPrice,
    /// How many requests a token may make.
    pub pace: Pace,
    /// For how long what is kept.
    pub kept: Terms,
}

/// What the door asks and tells.
#[derive(Debug)]
pub struct Parts {
    /// Everything that changes.
    pub writer: Handle,
    /// Everything that was committed.
    pub reader: Arc<Reader>,
    /// How the modems are.
    pub fleet: Fleet,
    /// The time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What ladders do.
    pub ladders: ladder::Handle,
    /// What is posted to endpoints.
    pub webhooks: webhook::Handle,
    /// What is configured at the start.
    pub initial_settings: Settings,
    /// Has the configuration read again.
    pub reload: reload::Handle,
    /// Who looked at whom.
    pub looks: Looks,
}

/// The application behind the door. Clones are one application.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    parts: Parts,
    /// What is configured now; [`Parts::initial_settings`] is how it was at the start.
    settings: watch::Sender<Arc<Settings>>,
    tokens: Tokens,
    logins: logins::Logins,
    /// Tokens that requests showed and that nobody knows.
    strangers: logins::Logins,
    rates: rate::Rates,
    imports: import::Runs,
    /// Changes that are under way.
    errands: Errands,
    /// How it was when `/readyz` was last asked.
    looked: tokio::sync::Mutex<Option<routes::Looked>>,
    phase: watch::Sender<Phase>,
}

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Everything works.
    Open,
    /// Nothing new is taken in; everything else works.
    Draining,
    /// Streams end.
    Closing,
}

impl App {
    /// An application that takes messages in. Reads the tokens, so a first one should be there already.
    pub fn new(parts: Parts) -> Result<Self, StoreError> {
        let tokens = Tokens::read(&parts.reader)?;
        Ok(Self(Arc::new(Shared {
            settings: watch::Sender::new(Arc::new(parts.initial_settings.clone())),
            parts,
            tokens,
            logins: logins::Logins::default(),
            strangers: logins::Logins::default(),
            rates: rate::Rates::default(),
            imports: import::Runs::default(),
            errands: Errands::default(),
            looked: tokio::sync::Mutex::default(),
            phase: watch::Sender::new(Phase::Open),
        })))
    }

    /// Goes by other settings from the next request on.
    pub fn set_settings(&self, settings: Settings) {
        self.0.settings.send_replace(settings.into());
    }

    /// Takes nothing new in from now on. Events, lists and cancellations still work.
    pub fn drain(&self) {
        self.advance(Phase::Draining);
    }

    /// Ends event streams, so that a server that finishes its connections comes to an end.
    pub fn close(&self) {
        self.advance(Phase::Closing);
    }

    /// Waits for changes that were begun and whose callers have hung up. New ones wait until then.
    pub async fn finish(&self) {
        self.0.errands.over().await;
    }

    fn advance(&self, to: Phase) {
        self.0.phase.send_if_modified(|phase| {
            let further = to > *phase;
            *phase = to.max(*phase);
            further
        });
    }
}

/// Where requests come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A TCP port: requests carry tokens.
    Tcp {
        /// Whether only this host can reach it; then `/metrics` is open.
        loopback: bool,
        /// Whether it is encrypted; then browsers are told to come no other way.
        is_tls: bool,
    },
    /// The Unix socket, guarded by its permissions: every request is the client `local` and may do everything.
    Unix,
}

/// What handlers see: the application and the door that the request came through.
#[derive(Debug, Clone)]
struct Site {
    app: App,
    door: Door,
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.app.0.parts
    }
}

impl Site {
    /// What is configured now.
    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.app.0.settings.borrow())
    }

    fn tokens(&self) -> &Tokens {
        &self.app.0.tokens
    }

    fn logins(&self) -> &logins::Logins {
        &self.app.0.logins
    }

    fn strangers(&self) -> &logins::Logins {
        &self.app.0.strangers
    }

    fn rates(&self) -> &rate::Rates {
        &self.app.0.rates
    }

    fn imports(&self) -> &import::Runs {
        &self.app.0.imports
    }

    fn looked(&self) -> &tokio::sync::Mutex<Option<routes::Looked>> {
        &self.app.0.looked
    }

    fn errands(&self) -> &Errands {
        &self.app.0.errands
    }

    fn phase(&self) -> Phase {
        *self.app.0.phase.borrow()
    }

    /// What ladders and templates are held against.
    fn measure(&self) -> Measure {
        Measure {
            calendar: self.ladders.calendar(),
            wording: Arc::clone(&self.settings().wording),
            country: self.settings().country,
            zone: self.settings().zone.clone(),
            text: self.settings().text.clone(),
        }
    }

    /// Reads from the database where blocking is allowed.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let reader = Arc::clone(&self.reader);
        aside(move || read(&reader)).await?.map_err(Problem::from)
    }
}

/// Runs what takes long on a thread where that is allowed.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_panicked| Problem::internal(&"a reading task panicked"))
}

/// The API for one door.
pub fn router(app: &App, door: Door) -> Router {
    let (router, api) = described();
    // Made once: the document does not change while the program runs.
    let text: Arc<str> = api.to_json().unwrap_or_default().into();
    let openapi =
        get(move || async move { ([(header::CONTENT_TYPE, "application/json")], text.to_string()).into_response() });
    let site = Site { app: app.clone(), door };
    let router = router.route("/openapi.json", openapi).layer(from_fn_with_state(site.clone(), audit::noted));
    dressed(router).with_state(site)
}

/// What every request meets, whichever route it takes.
fn dressed(router: Router<Site>) -> Router<Site> {
    router
        .fallback(|| async { Problem::new(Kind::NotFound, "there is nothing at this path; see /openapi.json") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::BadRequest, "this path has other methods; the header `allow` names them")
                .with_status(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(DefaultBodyLimit::max(json::BODY_MAX))
        .layer(from_fn(in_span))
        .layer(CatchPanicLayer::custom(panicked))
}

/// A router whose answers tell browsers to come no other way than encrypted (RFC 6797).
pub fn strict(router: Router) -> Router {
    router.layer(from_fn(only_encrypted))
}

/// For 30 days from each answer: who gives TLS up waits no longer than that, and a page is opened more often.
const STRICT: &str = "max-age=2592000";

async fn only_encrypted(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).map(session::name);
    // It would hold for every other program that listens there.
    let is_everybody = host.is_some_and(|name| name.eq_ignore_ascii_case("localhost"));
    let mut response = next.run(request).await;
    if !is_everybody {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT));
    }
    response
}

/// An event as it is posted to endpoints that may see numbers and texts, or not.
pub fn posted(event: EventView, pii: bool) -> String {
    let eyes = if pii { Eyes::Open } else { Eyes::Masked };
    serde_json::to_string(&Posted::new(event, eyes)).unwrap_or_default()
}

/// The OpenAPI 3.1 document of the API.
pub fn openapi() -> OpenApi {
    described().1
}

fn described() -> (Router<Site>, OpenApi) {
    OpenApiRouter::with_openapi(routes::document()).merge(routes::all()).split_for_parts()
}

/// The span of a request: its method and path, never its parameters, which may hold numbers.
async fn in_span(request: Request, next: Next) -> Response {
    let span = tracing::debug_span!("http", method = %request.method(), path = request.uri().path());
    next.run(request).instrument(span).await
}

/// The panic's own words may hold anything, so neither the caller nor the log gets more than its place, which the panic
/// hook has written.
fn panicked(_: Box<dyn Any + Send>) -> axum::http::Response<axum::body::Body> {
    Problem::internal(&"a handler panicked").into_response()
}

#[cfg(test)]
pub(crate) mod tests;
