//! The door as callers meet it: a router, a writer and a database in a temporary folder, without a socket.

mod access;
mod alarms;
mod audited;
mod campaigns;
mod conversations;
mod erasures;
mod events;
mod evidence;
mod hanging_up;
mod happenings;
mod imports;
mod injection;
mod ladder_plan;
mod operation;
mod pauses;
mod portfolio;
pub(crate) mod reading;
mod results;
pub(crate) mod scopes;
mod serve;
mod session;
mod stream;
mod submitting;
mod templates;
mod tls;
mod ussd;
mod webhooks;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::actor::audit;
use crate::actor::fleet::Fleet;
use crate::actor::writer::Writer;
use crate::clock::{Clock, Timestamp};
use crate::config::rules::RuleBook;
use crate::config::{Contact, Region};
use crate::contact::ContactSettings;
use crate::contact::calendar::Calendar;
use crate::dispatch::balance::{Question, Rule};
use crate::dispatch::budget::Limits;
use crate::dispatch::route::SimNames;
use crate::dispatch::sim::{Card, SimSettings};
use crate::sms::id::{ModemId, SegmentId, SimKey};
use crate::sms::lifecycle::Carrier;
use crate::sms::number::Country;
use crate::sms::text::TextOptions;
use crate::store::reader::Reader;
use crate::store::{Settings as StoreSettings, Store};
use crate::telemetry::Metrics;

use super::{App, Door, Pace, PartPrice, Parts, Settings, Wording, router};

const ICCID: &str = "8955031234567890123";

/// A daemon without modems.
pub(crate) struct House {
    folder: tempfile::TempDir,
    free_floor: u64,
    clock: Clock,
    fleet: Fleet,
    writer: Option<Writer>,
    app: App,
    /// Made when they are used first: the document of the API takes longer than most of what is asked.
    local: OnceLock<Router>,
    tcp: OnceLock<Router>,
    /// Looks at persons, until a test has them noted.
    told: Option<audit::Told>,
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with_floor(0)
    }

    /// One that takes nothing in when less than this is free.
    fn with_floor(free_floor: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::starting_at("2026-11-24T13:00:00Z".parse().unwrap());
        let fleet = Fleet::default();
        let store = Store::open(&path(&folder), store_settings(free_floor), clock.now().utc).unwrap();
        let (writer, app, told) = start(store, &folder, &clock, &fleet, Kept::default());
        let (local, tcp) = (OnceLock::new(), OnceLock::new());
        Self { folder, free_floor, clock, fleet, writer: Some(writer), app, local, tcp, told: Some(told) }
    }

    /// The same, where another one than its author approves a template.
    fn with_four_eyes(self) -> Self {
        self.keeping(Kept { four_eyes: true, ..Kept::default() })
    }

    /// The same, where ladders are held against the hours of contact that come with the program.
    fn with_hours(self) -> Self {
        let book = RuleBook::load(&Region::default(), &Contact::default()).unwrap();
        self.keeping(Kept { calendar: book.calendar.into(), ..Kept::default() })
    }

    /// The same, where texts are held against the wording that comes with the program, where debtors live.
    fn with_rules(self) -> Self {
        let book = RuleBook::load(&Region::default(), &Contact::default()).unwrap();
        self.keeping(Kept { calendar: book.calendar.into(), wording: book.wording.into(), ..Kept::default() })
    }

    /// The same, where a part has a price.
    fn with_price(self, price: &str) -> Self {
        self.keeping(Kept { price: price.parse().unwrap(), ..Kept::default() })
    }

    fn keeping(mut self, kept: Kept) -> Self {
        self.stop();
        let store = Store::open(&path(&self.folder), store_settings(self.free_floor), self.clock.now().utc).unwrap();
        let (writer, app, told) = start(store, &self.folder, &self.clock, &self.fleet, kept);
        self.open(writer, app, told);
        self
    }

    /// Stops, lets something happen to the database, and starts again.
    fn restart(&mut self, meanwhile: impl FnOnce(&mut Store, Timestamp)) {
        self.stop();
        let now = self.clock.now().utc;
        let open = || Store::open(&path(&self.folder), store_settings(self.free_floor), now).unwrap();
        meanwhile(&mut open(), now);
        let (writer, app, told) = start(open(), &self.folder, &self.clock, &self.fleet, Kept::default());
        self.open(writer, app, told);
    }

    /// The same, with what a running daemon knows besides the database: which SIM is in which modem.
    pub(crate) fn restart_with(&mut self, meanwhile: impl FnOnce(&mut Store, Timestamp)) {
        self.stop();
        let now = self.clock.now().utc;
        let mut store = Store::open(&path(&self.folder), store_settings(self.free_floor), now).unwrap();
        meanwhile(&mut store, now);
        let (writer, app, told) = start(store, &self.folder, &self.clock, &self.fleet, Kept::default());
        self.open(writer, app, told);
    }

    fn open(&mut self, writer: Writer, app: App, told: audit::Told) {
        (self.writer, self.app, self.told) = (Some(writer), app, Some(told));
        (self.local, self.tcp) = (OnceLock::new(), OnceLock::new());
    }

    fn stop(&mut self) {
        self.writer.take().unwrap().stop();
    }

    fn writer(&self) -> crate::actor::writer::Handle {
        self.writer.as_ref().unwrap().handle()
    }

    pub(crate) fn local(&self) -> Router {
        self.local.get_or_init(|| router(&self.app, Door::Unix)).clone()
    }

    pub(crate) fn tcp(&self) -> Router {
        self.tcp.get_or_init(|| router(&self.app, Door::Tcp { loopback: true, is_tls: false })).clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        call(self.local(), request("GET", path, &[], Body::empty())).await
    }

    async fn delete(&self, path: &str) -> Answer {
        call(self.local(), request("DELETE", path, &[], Body::empty())).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl ToString) -> Answer {
        call(self.local(), request("POST", path, &[], body.to_string().into())).await
    }

    /// Over TCP, with a token.
    pub(crate) async fn with(&self, token: &str, method: &str, path: &str, body: impl ToString) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        call(self.tcp(), request(method, path, &headers, body.to_string().into())).await
    }

    /// Submits and returns the name.
    pub(crate) async fn submit(&self, body: Value) -> String {
        let answer = self.post("/v1/messages", body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.json);
        answer.json["id"].as_str().unwrap().to_owned()
    }

    /// Makes a token and returns its secret.
    pub(crate) async fn token(&self, body: Value) -> String {
        let answer = self.post("/v1/tokens", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json);
        answer.json["token"].as_str().unwrap().to_owned()
    }
}

fn path(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("recado.db")
}

/// What is asked of templates and ladders.
struct Kept {
    four_eyes: bool,
    calendar: Arc<Calendar>,
    wording: Arc<Wording>,
    price: PartPrice,
}

impl Default for Kept {
    fn default() -> Self {
        let (wording, price) = (Arc::default(), PartPrice::default());
        Self { four_eyes: false, calendar: ContactSettings::none().calendar, wording, price }
    }
}

fn start(
    store: Store,
    folder: &tempfile::TempDir,
    clock: &Clock,
    fleet: &Fleet,
    kept: Kept,
) -> (Writer, App, audit::Told) {
    let Kept { four_eyes, calendar, wording, price } = kept;
    let metrics = Arc::new(Metrics::default());
    let (looks, told) = audit::looks();
    let writer = Writer::start(store, clock.clone(), Arc::clone(&metrics)).unwrap();
    let app = App::new(Parts {
        writer: writer.handle(),
        reader: Arc::new(Reader::new(&path(folder), sims())),
        fleet: fleet.clone(),
        clock: clock.clone(),
        metrics,
        ladders: crate::actor::ladder::handle(tokio::sync::watch::channel(calendar).1, TextOptions::default()).0,
        webhooks: crate::actor::webhook::Handle::new(
            crate::actor::webhook::Settings { allow_private: true, ..Default::default() },
            clock.clone(),
        ),
        initial_settings: Settings {
            secret: ContactSettings::none().secret,
            wording,
            price,
            campaigns_need_test: true,
            zone: jiff::tz::TimeZone::get("America/Sao_Paulo").unwrap(),
            country: Country::from_iso("BR").unwrap(),
            text: TextOptions::default(),
            validity: Duration::from_secs(24 * 3600),
            four_eyes,
            confirm_numbers: false,
            hosts: vec!["cobranca.example".to_owned()],
            pace: Pace { per_second: 500, burst: 1_000 },
            kept: crate::store::retention::Terms {
                messages: Some(Duration::from_secs(1_825 * 86_400)),
                ..Default::default()
            },
        },
        reload: crate::actor::reload::channel().0,
        looks,
    });
    (writer, app.unwrap(), told)
}

fn store_settings(free_floor: u64) -> StoreSettings {
    let contact = ContactSettings { lexicon: crate::config::replies::standard().into(), ..ContactSettings::none() };
    StoreSettings {
        sims: sims(),
        free_floor,
        country: Country::from_iso("BR").unwrap(),
        alarms: Vec::new(),
        contact: contact.into(),
    }
}

/// One prepaid SIM with a name; at most three parts a day leave by it.
fn sims() -> SimSettings {
    let limits = Limits { per_day: 3, ..Limits::none() };
    let balance = Rule { asks: true, question: Some(Question::Code("*1#".to_owned())), ..Rule::default() };
    let names = SimNames { iccid: ICCID.to_owned(), name: Some("norte".to_owned()), group: None };
    SimSettings {
        default: limits.clone(),
        balance: Rule::default(),
        cards: vec![Card { names, number: Some("+5511912340000".to_owned()), limits, balance }],
    }
}

/// A modem with the SIM comes up. Its name and its SIM.
pub(crate) fn modem_up(store: &mut Store, now: Timestamp) -> Carrier {
    let modem = ModemId::new("m1");
    let (sim, _) = store
        .commit(now, |work| {
            let sim = work.modem_up(&modem, ICCID)?;
            work.line_ready(sim, &modem, true).unwrap();
            Ok::<SimKey, _>(sim)
        })
        .unwrap();
    Carrier { modem, sim }
}

/// The first message's first part is on the wire; when the database is opened again it is unknown.
fn hand_over(store: &mut Store, now: Timestamp) {
    let carrier = modem_up(store, now);
    store.commit(now, |work| work.offer(SegmentId(1), &carrier)).unwrap();
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    #[track_caller]
    fn is_problem(&self, status: u16, name: &str, field: Option<&str>) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.json["status"], status);
        self.json.is_problem(name, field);
    }

    /// Without what differs from run to run.
    fn redacted(&self) -> Value {
        let mut json = self.json.clone();
        redact(&mut json);
        json
    }
}

trait ProblemValue {
    fn is_problem(&self, name: &str, field: Option<&str>);
}

impl ProblemValue for Value {
    #[track_caller]
    fn is_problem(&self, name: &str, field: Option<&str>) {
        assert_eq!(self["type"], format!("urn:recado:problem:{name}"), "{self}");
        assert_eq!(self.get("field").and_then(Value::as_str), field, "{self}");
        assert!(self["title"].is_string() && self["detail"].is_string(), "{self}");
    }
}

fn redact(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &value) {
                    ("id" | "message", Value::String(id)) if id.len() == 36 => *value = json!("[id]"),
                    (
                        "at" | "last_at" | "created_at" | "offered_at" | "accepted_at" | "valid_until" | "resets_at",
                        Value::String(_),
                    ) => {
                        *value = json!("[time]");
                    }
                    // The clock of the tests runs.
                    ("local", Value::Array(_)) => *value = json!("[local]"),
                    ("hash" | "text_hash" | "to_hash" | "salt", Value::String(_)) => *value = json!("[hash]"),
                    _ => redact(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body).unwrap()
}

async fn send(router: Router, request: Request<Body>) -> Response {
    router.oneshot(request).await.unwrap()
}

async fn call(router: Router, request: Request<Body>) -> Answer {
    let response = send(router, request).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let octets = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(octets.to_vec()).unwrap();
    Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
}

fn message() -> Value {
    json!({ "to": "+5511987654321", "text": "Oi, tudo bem?" })
}

/// `message` with other fields.
fn message_with(fields: Value) -> Value {
    let mut message = message();
    let Value::Object(fields) = fields else { unreachable!("fields are an object") };
    message.as_object_mut().unwrap().extend(fields);
    message
}
