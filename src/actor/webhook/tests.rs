//! Endpoints on real sockets, beside a real writer. What takes long is in virtual time, in the tests of the outbox.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::*;
use crate::actor::writer::Writer;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::contact::ContactSettings;
use crate::sms::id::MessageId;
use crate::sms::number::PhoneNumber;
use crate::sms::operational;
use crate::store::view::Page;
use crate::store::webhook::{DeliveryState, EndpointTerms, EndpointUrl, Replay, SigningKey, Wanted};
use crate::store::{Settings as StoreSettings, Store};

/// Longer than any of this takes on the slowest machine.
const LIMIT: Duration = Duration::from_secs(60);

const KEY: SigningKey = SigningKey([7; 32]);

const START: &str = "2026-11-24T13:00:00Z";

/// A request as an endpoint got it.
#[derive(Debug, Clone, PartialEq)]
struct Got {
    headers: HeaderMap,
    body: Bytes,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn seq(&self) -> i64 {
        self.json()["data"]["seq"].as_i64().unwrap()
    }
}

/// How an endpoint answers.
type Answer = Arc<dyn Fn(&Got) -> Response + Send + Sync>;

/// An endpoint on this host.
struct Endpoint {
    address: SocketAddr,
    got: mpsc::Receiver<Got>,
}

#[derive(Clone)]
struct Hears {
    answer: Answer,
    got: mpsc::Sender<Got>,
}

impl Endpoint {
    async fn new(answer: impl Fn(&Got) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, got) = mpsc::channel(10_000);
        let hears = Hears { answer: Arc::new(answer), got: sender };
        let router = Router::new().fallback(hear).with_state(hears);
        spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, got }
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    async fn next(&mut self) -> Got {
        tokio::time::timeout(LIMIT, self.got.recv()).await.expect("something is posted").unwrap()
    }
}

async fn hear(State(hears): State<Hears>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let got = Got { headers: head.headers, body };
    let answer = (hears.answer)(&got);
    hears.got.send(got).await.unwrap();
    answer
}

#[expect(clippy::disallowed_methods, reason = "ends with the runtime of the test")]
fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

fn ok(_: &Got) -> Response {
    StatusCode::NO_CONTENT.into_response()
}

fn status(status: u16) -> impl Fn(&Got) -> Response {
    move |_| StatusCode::from_u16(status).unwrap().into_response()
}

/// A writer, its log, and the task.
struct House {
    folder: tempfile::TempDir,
    writer: Writer,
    reader: Arc<Reader>,
    clock: Clock,
    handle: Handle,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
}

impl House {
    fn new() -> Self {
        Self::with(Settings { allow_private: true, ..Settings::default() })
    }

    fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::starting_at(START.parse().unwrap());
        let (writer, reader) = open(folder.path(), &clock);
        let handle = Handle::new(settings, clock.clone());
        let (stop, _) = watch::channel(false);
        Self { folder, writer, reader, clock, handle, metrics: Arc::default(), stop }
    }

    fn setup(&self) -> Setup {
        Setup {
            handle: self.handle.clone(),
            reader: Arc::clone(&self.reader),
            writer: self.writer.handle(),
            metrics: Arc::clone(&self.metrics),
            render: Arc::new(crate::http::posted),
            seed: 1,
            stop: self.stop.subscribe(),
        }
    }

    fn run(&self) {
        spawn(run(self.setup()));
    }

    async fn add(&self, url: String, batch: u32) -> i64 {
        let made = self.writer.handle().create_webhook(terms(url, batch), KEY, "local".to_owned()).await;
        self.handle.changed();
        made.unwrap().unwrap()
    }

    /// Each message is an event.
    async fn submit(&self, messages: std::ops::Range<u16>) {
        self.writer.handle().submit(messages.map(submission).collect()).await.unwrap();
    }

    /// Another event of each message.
    async fn cancel(&self, messages: std::ops::Range<u16>) {
        for message in messages {
            self.writer.handle().cancel(submission(message).id).await.unwrap();
        }
    }

    fn endpoint(&self, key: i64) -> EndpointView {
        self.reader.webhook(key).unwrap().unwrap()
    }

    /// Waits until something is so.
    async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LIMIT, waiting).await.expect("it comes to that");
    }

    fn errors(&self, key: i64) -> Vec<String> {
        let found = self.reader.webhook_deliveries(key, Some(DeliveryState::Waiting), Page::After(0), 100).unwrap();
        found.into_iter().filter_map(|delivery| delivery.error).collect()
    }

    /// Waits for the first attempt to fail, and says why.
    async fn first_error(&self, key: i64) -> String {
        self.until(|house| !house.errors(key).is_empty()).await;
        self.errors(key).remove(0)
    }
}

fn open(folder: &Path, clock: &Clock) -> (Writer, Arc<Reader>) {
    let path = folder.join("recado.db");
    let config = Config::default();
    let settings = StoreSettings {
        sims: config.sim_settings(),
        free_floor: 0,
        country: config.region.country,
        alarms: Vec::new(),
        contact: ContactSettings::none().into(),
    };
    let store = Store::open(&path, settings.clone(), clock.now().utc).unwrap();
    let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
    (writer, Arc::new(Reader::new(&path, settings.sims)))
}

fn terms(url: String, batch: u32) -> EndpointTerms {
    let wanted = Wanted(vec!["message.queued".to_owned(), "message.cancelled".to_owned()]);
    EndpointTerms { url: EndpointUrl(url), wanted, creditors: Vec::new(), pii: false, batch, enabled: true }
}

fn submission(number: u16) -> crate::sms::message::Submission {
    let to = PhoneNumber::from_digits("5511987654321").unwrap();
    let now: Timestamp = START.parse().unwrap();
    let mut random = [0; 10];
    random[..2].copy_from_slice(&number.to_be_bytes());
    operational::answer(MessageId::new(now, random), to, "Ola", now).unwrap()
}

#[tokio::test]
async fn an_event_is_posted_and_signed_and_its_place_is_noted() {
    let (house, mut endpoint) = (House::new(), Endpoint::new(ok).await);
    let key = house.add(endpoint.url(), 0).await;
    house.run();
    house.submit(0..1).await;
    let got = endpoint.next().await;
    let body = got.json();
    assert_eq!((&body["type"], &body["data"]["type"]), (&"message.queued".into(), &"message.queued".into()));
    assert_eq!(body["timestamp"], body["data"]["at"]);
    assert_eq!(got.header("webhook-id"), format!("evt_{key}_{}", got.seq()));
    assert_eq!(got.header("content-type"), "application/json");
    let at: i64 = got.header("webhook-timestamp").parse().unwrap();
    let signed = signature::signature(&[KEY], got.header("webhook-id"), Timestamp::from_millis(at * 1_000), &got.body);
    assert_eq!(got.header("webhook-signature"), signed);
    house.until(|house| house.endpoint(key).seq >= got.seq()).await;
    let shown = house.reader.webhook_deliveries(key, None, Page::Before(None), 10).unwrap();
    assert_eq!((shown.len(), shown[0].state, shown[0].status), (1, DeliveryState::Delivered, Some(204)));
}

#[tokio::test]
async fn what_happened_while_nothing_ran_is_posted_in_order_and_in_arrays() {
    let (house, mut endpoint) = (House::new(), Endpoint::new(ok).await);
    house.add(endpoint.url(), 40).await;
    house.submit(0..100).await;
    house.cancel(0..20).await;
    house.run();
    let mut seqs = Vec::new();
    let mut largest = 0;
    while seqs.len() < 120 {
        let events = endpoint.next().await.json();
        let events = events.as_array().unwrap();
        largest = largest.max(events.len());
        seqs.extend(events.iter().map(|event| event["data"]["seq"].as_i64().unwrap()));
    }
    assert_eq!(largest, 40);
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs.len(), 120);
}

#[tokio::test]
async fn a_slow_endpoint_holds_up_no_other() {
    let house = House::new();
    let stuck = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut fast = Endpoint::new(ok).await;
    let slow = house.add(format!("http://{}/", stuck.local_addr().unwrap()), 0).await;
    house.add(fast.url(), 0).await;
    house.run();
    house.submit(0..200).await;
    for _ in 0..200 {
        fast.next().await;
    }
    assert_eq!(house.endpoint(slow).waiting, 0, "the slow one has not answered a single time");
    drop(stuck);
}

#[tokio::test]
async fn an_answer_of_a_byte_a_second_is_cut_off() {
    let house =
        House::with(Settings { timeout: Duration::from_millis(300), allow_private: true, ..Settings::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key = house.add(format!("http://{}/", listener.local_addr().unwrap()), 0).await;
    spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            spawn(async move {
                for octet in b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" {
                    if stream.write_all(&[*octet]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
    });
    house.run();
    house.submit(0..1).await;
    assert_eq!(house.first_error(key).await, "hear 127.0.0.1 out within 0.3 s");
}

#[tokio::test]
async fn a_body_without_end_is_read_so_far_and_the_event_is_delivered() {
    let endless = |_: &Got| {
        let pieces = stream::repeat(Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096])));
        Body::from_stream(pieces).into_response()
    };
    let (house, mut endpoint) = (House::new(), Endpoint::new(endless).await);
    let key = house.add(endpoint.url(), 0).await;
    house.run();
    house.submit(0..2).await;
    for _ in 0..2 {
        endpoint.next().await;
    }
    house.until(|house| house.endpoint(key).seq >= 2).await;
    let tested = house.handle.test(&house.endpoint(key)).await;
    assert_eq!((tested.is_delivered, tested.answer.len()), (true, 1024));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let away = |_: &Got| (StatusCode::FOUND, [(header::LOCATION, "http://127.0.0.1:1/secret")]).into_response();
    let (house, endpoint) = (House::new(), Endpoint::new(away).await);
    let key = house.add(endpoint.url(), 0).await;
    house.run();
    house.submit(0..1).await;
    assert_eq!(house.first_error(key).await, "answered 302; redirects are not followed");
}

#[tokio::test]
async fn a_refused_connection_is_tried_again() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let key = house.add(format!("http://{address}/"), 0).await;
    house.run();
    house.submit(0..1).await;
    let error = house.first_error(key).await;
    assert!(error.starts_with(&format!("connect to {address}: ")), "{error}");
    assert!(house.endpoint(key).failing_since.is_some());
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_with_an_alarm_and_goes_on_when_it_is_enabled() {
    let (house, mut endpoint) = (House::new(), Endpoint::new(status(410)).await);
    let key = house.add(endpoint.url(), 0).await;
    house.run();
    house.submit(0..1).await;
    endpoint.next().await;
    house.until(|house| !house.endpoint(key).terms.enabled).await;
    assert_eq!(house.endpoint(key).disabled_why.as_deref(), Some("the endpoint answered that it is gone (410)"));
    let alarms = house.reader.alarms(Page::After(0), 10).unwrap();
    assert_eq!(
        (alarms[0].kind.as_str(), alarms[0].webhook, alarms[0].cleared_at),
        ("webhook_failing", Some(key), None)
    );
    let mut back = Endpoint::new(ok).await;
    assert!(house.writer.handle().change_webhook(key, terms(back.url(), 0)).await.unwrap());
    house.handle.changed();
    assert_eq!(back.next().await.json()["type"], "message.queued");
    assert!(house.reader.alarms(Page::After(0), 10).unwrap()[0].cleared_at.is_some());
}

#[tokio::test]
async fn a_process_that_dies_before_it_has_noted_posts_again_under_the_same_id() {
    let (house, mut endpoint) = (House::new(), Endpoint::new(ok).await);
    house.add(endpoint.url(), 0).await;
    #[expect(clippy::disallowed_methods, reason = "it is killed below")]
    let first = tokio::spawn(run(house.setup()));
    house.submit(0..1).await;
    let before = endpoint.next().await;
    // As `kill -9` does: nothing is noted any more.
    first.abort();
    house.run();
    let after = endpoint.next().await;
    assert_eq!(before.header("webhook-id"), after.header("webhook-id"));
    assert_eq!(before.body, after.body);
}

#[tokio::test]
async fn the_events_of_a_message_wait_for_an_earlier_one_and_others_do_not() {
    let bad = Arc::new(Mutex::new(None));
    let first = Arc::clone(&bad);
    // The first that comes is not taken the first time.
    let picky = move |got: &Got| {
        let mut bad = first.lock().unwrap();
        let is_first = bad.is_none();
        bad.get_or_insert(got.seq());
        StatusCode::from_u16(if is_first { 503 } else { 200 }).unwrap().into_response()
    };
    let (house, mut endpoint) = (House::new(), Endpoint::new(picky).await);
    let key = house.add(endpoint.url(), 0).await;
    house.submit(0..3).await;
    house.cancel(0..3).await;
    house.run();
    let mut got = Vec::new();
    // Six events, of which one comes twice and the one behind it only then.
    while got.len() < 7 {
        let next = endpoint.next().await;
        got.push((next.json()["data"]["message"].to_string(), next.seq()));
        if got.len() == 5 {
            house.until(|house| house.endpoint(key).waiting == 2).await;
            // It would be tried again after a while; when something is said of the endpoint it is tried at once.
            house.writer.handle().change_webhook(key, terms(endpoint.url(), 0)).await.unwrap();
            house.handle.changed();
        }
    }
    let (message, seq) = got.iter().find(|(_, seq)| Some(*seq) == *bad.lock().unwrap()).cloned().unwrap();
    let of_it: Vec<i64> = got.iter().filter(|(one, _)| *one == message).map(|(_, seq)| *seq).collect();
    assert_eq!((of_it.len(), of_it[0], of_it[1]), (3, seq, seq), "{got:?}");
    assert!(of_it[2] > seq);
    let last: Vec<&String> = got.iter().rev().take(2).map(|(message, _)| message).collect();
    assert_eq!(last, [&message, &message], "the others did not wait for it: {got:?}");
    house.until(|house| house.endpoint(key).waiting == 0).await;
}

#[tokio::test]
async fn both_secrets_sign_during_a_rotation_and_then_the_new_one_alone() {
    let (house, mut endpoint) = (House::new(), Endpoint::new(ok).await);
    let key = house.add(endpoint.url(), 0).await;
    let new = SigningKey([8; 32]);
    let now = house.clock.now().utc;
    assert!(house.writer.handle().rotate_webhook(key, new, now + LIMIT).await.unwrap());
    let signatures = async |endpoint: &mut Endpoint| {
        house.handle.test(&house.endpoint(key)).await;
        let got = endpoint.next().await;
        let at = Timestamp::from_millis(got.header("webhook-timestamp").parse::<i64>().unwrap() * 1_000);
        let by = |keys: &[SigningKey]| signature::signature(keys, got.header("webhook-id"), at, &got.body);
        (got.header("webhook-signature").to_owned(), by(&[new, KEY]), by(&[new]))
    };
    let (got, both, _) = signatures(&mut endpoint).await;
    assert_eq!(got, both);
    assert!(house.writer.handle().rotate_webhook(key, new, now).await.unwrap());
    let (got, _, alone) = signatures(&mut endpoint).await;
    assert_eq!(got, alone);
}

#[tokio::test]
async fn what_was_delivered_is_delivered_again_from_an_event_on() {
    let (house, mut endpoint) = (House::new(), Endpoint::new(ok).await);
    let key = house.add(endpoint.url(), 0).await;
    house.run();
    house.submit(0..5).await;
    let mut first: Vec<i64> = Vec::new();
    for _ in 0..5 {
        first.push(endpoint.next().await.seq());
    }
    first.sort_unstable();
    house.until(|house| house.endpoint(key).seq >= first[4]).await;
    house.writer.handle().replay_webhook(key, first[3], Replay::All).await.unwrap();
    house.handle.changed();
    let mut again = [endpoint.next().await.seq(), endpoint.next().await.seq()];
    again.sort_unstable();
    assert_eq!(again, first[3..]);
}

#[tokio::test]
async fn private_addresses_are_not_posted_to_unless_that_is_configured() {
    let (house, endpoint) = (House::with(Settings::default()), Endpoint::new(ok).await);
    // A name hides its address until it is resolved.
    let url = format!("https://localhost:{}/", endpoint.address.port());
    assert!(house.handle.check(&url).is_ok());
    let key = house.add(url, 0).await;
    house.run();
    house.submit(0..1).await;
    let error = house.first_error(key).await;
    assert!(error.starts_with("post to localhost: it leads to ") && error.contains("private"), "{error}");
    let refused = house.handle.check("https://127.0.0.1/").unwrap_err();
    assert!(matches!(refused, TargetError::Forbidden(_)), "{refused}");
}

/// Answers one request on each connection, behind a certificate for `localhost`.
async fn behind_tls() -> SocketAddr {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name);
    let certificate = CertificateDer::from_pem_file(file("localhost.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("localhost.key")).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async move |stream: TcpStream, acceptor: TlsAcceptor| {
        let mut stream = acceptor.accept(stream).await?;
        let mut request = [0; 4096];
        let read = stream.read(&mut request).await?;
        assert!(request[..read].starts_with(b"POST /hook HTTP/1.1\r\n"));
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nthere").await
    };
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who does not trust the certificate hangs up.
            drop(serve(stream, acceptor.clone()).await);
        }
    });
    address
}

fn authority() -> RootCertStore {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls/authority.pem");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    roots
}

#[tokio::test]
async fn a_certificate_counts_if_its_authority_is_trusted_and_the_name_is_right() {
    let mut house = House::new();
    let port = behind_tls().await.port();
    let settings = house.handle.settings;
    let courier = |roots| Arc::new(Courier::new(settings.timeout, true).trusting(roots));
    let by_name = house.endpoint(house.add(format!("https://localhost:{port}/hook"), 0).await);
    let by_address = house.endpoint(house.add(format!("https://127.0.0.1:{port}/hook"), 0).await);
    house.handle.courier = courier(authority());
    let taken = house.handle.test(&by_name).await;
    assert_eq!((taken.status, taken.answer.as_str(), taken.error), (Some(200), "there", None));
    let wrong_name = house.handle.test(&by_address).await.error.unwrap();
    assert!(
        wrong_name.starts_with("trust 127.0.0.1: invalid peer certificate: certificate not valid for name"),
        "{wrong_name}"
    );
    house.handle.courier = courier(RootCertStore::empty());
    let stranger = house.handle.test(&by_name).await.error.unwrap();
    assert_eq!(stranger, "trust localhost: invalid peer certificate: UnknownIssuer");
}

#[tokio::test]
async fn events_wait_for_an_endpoint_with_a_wrong_certificate() {
    let mut house = House::new();
    let port = behind_tls().await.port();
    house.handle.courier = Arc::new(Courier::new(LIMIT, true).trusting(RootCertStore::empty()));
    let key = house.add(format!("https://localhost:{port}/hook"), 0).await;
    house.run();
    house.submit(0..1).await;
    assert_eq!(house.first_error(key).await, "trust localhost: invalid peer certificate: UnknownIssuer");
    assert!(house.endpoint(key).failing_since.is_some() && house.endpoint(key).terms.enabled);
    assert_eq!(house.endpoint(key).waiting, 1);
}

#[tokio::test]
async fn an_endpoint_says_until_when_it_is_busy_by_a_date() {
    let busy = |_: &Got| {
        let said =
            [(header::DATE, "Tue, 24 Nov 2026 11:00:00 GMT"), (header::RETRY_AFTER, "Tue, 24 Nov 2026 12:30:00 GMT")];
        (StatusCode::SERVICE_UNAVAILABLE, said).into_response()
    };
    let (house, endpoint) = (House::new(), Endpoint::new(busy).await);
    let key = house.add(endpoint.url(), 0).await;
    house.run();
    house.submit(0..1).await;
    assert_eq!(house.first_error(key).await, "answered 503");
    let waiting = house.reader.webhook_deliveries(key, Some(DeliveryState::Waiting), Page::After(0), 1).unwrap();
    let (due, at) = (waiting[0].due.unwrap(), waiting[0].at.unwrap());
    assert_eq!(due.saturating_since(at), Duration::from_secs(90 * 60));
}

/// The line of the metric, if there is one.
fn pending(house: &House) -> Option<String> {
    let text = house.metrics.scrape(crate::telemetry::metrics::Standing::default()).unwrap();
    text.lines().find(|line| line.starts_with("recado_webhook_pending{")).map(ToOwned::to_owned)
}

#[tokio::test]
async fn the_metrics_say_what_waits_and_forget_an_endpoint_that_is_removed() {
    let (house, mut endpoint) = (House::new(), Endpoint::new(status(500)).await);
    let key = house.add(endpoint.url(), 0).await;
    house.run();
    house.submit(0..30).await;
    endpoint.next().await;
    house.until(|house| pending(house) == Some(format!("recado_webhook_pending{{endpoint=\"{key}\"}} 30"))).await;
    assert!(house.writer.handle().remove_webhook(key).await.unwrap());
    house.handle.changed();
    house.until(|house| pending(house).is_none()).await;
}

#[tokio::test]
async fn at_a_stop_the_place_is_noted() {
    let (house, mut endpoint) = (House::new(), Endpoint::new(ok).await);
    let key = house.add(endpoint.url(), 0).await;
    #[expect(clippy::disallowed_methods, reason = "waited for below")]
    let task = tokio::spawn(run(house.setup()));
    house.submit(0..3).await;
    for _ in 0..3 {
        endpoint.next().await;
    }
    // The answers to these three are on their way back.
    house.until(|house| pending(house) == Some(format!("recado_webhook_pending{{endpoint=\"{key}\"}} 0"))).await;
    house.stop.send_replace(true);
    tokio::time::timeout(LIMIT, task).await.expect("it ends").unwrap();
    assert_eq!(house.endpoint(key).seq, *house.writer.handle().committed().borrow());
    assert!(house.folder.path().exists());
}
