//! The door over TLS, with real hands shaken over connections in memory and on this host.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};

use crate::clock::Clock;

use super::super::tls::{Certificate, Tls};
use super::super::{Bounds, Door, router, serve_tls, strict};
use super::serve::Memory;
use super::{House, call, request};

const BOUNDS: Bounds = Bounds { connections: 2, head: Duration::from_secs(30), write: Duration::from_secs(60) };

const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

/// A certificate of the tests; its key lies where everybody may read it, so it is copied first.
fn certificate(name: &str) -> Certificate {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    std::fs::write(&key, std::fs::read(data(&format!("{name}.key"))).unwrap()).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    Certificate::read(&data(&format!("{name}.pem")), &key).unwrap()
}

fn der(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(data(&format!("{name}.pem"))).unwrap()
}

/// A client that trusts the authority of the tests.
fn client(versions: &[&'static SupportedProtocolVersion], alpn: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(der("authority")).unwrap();
    roots.add(der("renewed")).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

fn any_client() -> TlsConnector {
    client(&[&version::TLS12, &version::TLS13], &[])
}

/// A door over TLS whose connections are in memory.
struct Hall {
    connect: mpsc::Sender<DuplexStream>,
    tls: Tls,
    _door: JoinSet<()>,
    clock: Clock,
}

impl Hall {
    fn new() -> Self {
        let (connect, accepted) = mpsc::channel(16);
        let tls = Tls::new(&certificate("localhost"));
        let router = Router::new().route("/", get(|| async { "well met" }));
        let mut door = JoinSet::new();
        door.spawn(serve_tls(tls.clone(), Memory(accepted), router, BOUNDS, std::future::pending()));
        Self { connect, tls, _door: door, clock: Clock::host() }
    }

    async fn connect(&self) -> DuplexStream {
        let (here, there) = duplex(64 * 1024);
        self.connect.send(there).await.unwrap();
        here
    }

    async fn greeted(&self, client: &TlsConnector) -> std::io::Result<TlsStream<DuplexStream>> {
        client.connect(ServerName::try_from("localhost").unwrap(), self.connect().await).await
    }

    fn seconds(&self) -> u64 {
        self.clock.now().instant.since_origin().as_secs()
    }
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> String {
    stream.write_all(ASK).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn shown<S>(stream: &TlsStream<S>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

#[tokio::test(start_paused = true)]
async fn both_versions_are_spoken_and_http_1_1_by_name() {
    let hall = Hall::new();
    for (versions, expected) in
        [(&[&version::TLS12], ProtocolVersion::TLSv1_2), (&[&version::TLS13], ProtocolVersion::TLSv1_3)]
    {
        let mut stream = hall.greeted(&client(versions, &[b"h2", b"http/1.1"])).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert!(ask(&mut stream).await.ends_with("well met"));
    }
    let refused = hall.greeted(&client(&[&version::TLS13], &[b"h2"])).await.unwrap_err();
    assert!(refused.to_string().contains("NoApplicationProtocol"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_expects_another_name_goes_away() {
    let hall = Hall::new();
    let name = ServerName::try_from("elsewhere.example").unwrap();
    assert!(any_client().connect(name, hall.connect().await).await.is_err());
    assert!(ask(&mut hall.greeted(&any_client()).await.unwrap()).await.ends_with("well met"));
}

#[tokio::test(start_paused = true)]
async fn new_connections_see_the_new_certificate_and_open_ones_go_on() {
    let hall = Hall::new();
    // One client, so that it could resume what it had.
    let client = any_client();
    let mut open = hall.greeted(&client).await.unwrap();
    assert_eq!(shown(&open), der("localhost"));
    hall.tls.replace(&certificate("renewed"));
    let mut new = hall.greeted(&client).await.unwrap();
    assert_eq!(shown(&new), der("renewed"));
    assert!(ask(&mut new).await.ends_with("well met"));
    assert!(ask(&mut open).await.ends_with("well met"));
}

#[tokio::test(start_paused = true)]
async fn half_a_handshake_keeps_nobody_else_out_and_makes_room_again() {
    let hall = Hall::new();
    let mut silent = hall.connect().await;
    // The door has room for two; the second is served at once.
    assert!(ask(&mut hall.greeted(&any_client()).await.unwrap()).await.ends_with("well met"));
    let mut half = hall.connect().await;
    half.write_all(&[22, 3, 1]).await.unwrap();
    assert_eq!(hall.seconds(), 0);
    let third = hall.greeted(&any_client()).await;
    assert!(ask(&mut third.unwrap()).await.ends_with("well met"));
    assert_eq!(hall.seconds(), 30, "both were given up");
    assert_eq!((silent.read(&mut [0; 1]).await.unwrap(), half.read(&mut [0; 1]).await.unwrap()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_comes_without_tls_is_told_so() {
    let hall = Hall::new();
    let answer = ask(&mut hall.connect().await).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert!(head.ends_with(&format!("\r\ncontent-length: {}", body.len())), "{head}");
    assert_eq!(body, "this port speaks TLS: begin with `https://`\n");
    let mut rubbish = hall.connect().await;
    rubbish.write_all(&[0xff; 100]).await.unwrap();
    assert_eq!(rubbish.read(&mut [0; 1]).await.unwrap(), 0);
    let mut garbled = hall.connect().await;
    garbled.write_all(&[&[22, 3, 1, 0, 90][..], &[7; 90]].concat()).await.unwrap();
    let mut alert = Vec::new();
    garbled.read_to_end(&mut alert).await.unwrap();
    assert!(alert.first().is_none_or(|first| *first == 21), "an alert at most, and then nothing: {alert:?}");
}

/// Over TLS the cookie goes nowhere else, and browsers are told to come no other way.
#[tokio::test]
async fn browsers_are_held_to_the_encrypted_door() {
    let house = House::new();
    let token = house.token(json!({ "client": "ana", "scopes": ["read"] })).await;
    let door = || strict(router(&house.app, Door::Tcp { loopback: true, is_tls: true }));
    let body = json!({ "token": token }).to_string();
    let headers = [("host", "cobranca.example:7670"), ("x-recado-page", "1")];
    let begun = call(door(), request("POST", "/v1/session", &headers, body.into())).await;
    let set = begun.headers["set-cookie"].to_str().unwrap();
    assert!(set.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{set}");
    assert_eq!(begun.headers["strict-transport-security"], "max-age=2592000");
    let cookie = set.split(';').next().unwrap().to_owned();
    let ended =
        call(door(), request("DELETE", "/v1/session", &[headers[0], headers[1], ("cookie", &cookie)], Body::empty()))
            .await;
    assert!(ended.headers["set-cookie"].to_str().unwrap().ends_with("; Max-Age=0; HttpOnly; SameSite=Strict; Secure"));
    // For `localhost` it would hold for every other program there.
    let local = call(door(), request("GET", "/healthz", &[("host", "localhost:7670")], Body::empty())).await;
    assert!(!local.headers.contains_key("strict-transport-security"));
    let plain = call(house.tcp(), request("GET", "/healthz", &[headers[0]], Body::empty())).await;
    assert!(!plain.headers.contains_key("strict-transport-security"));
}
