//! Connections in memory and in virtual time.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use axum::serve::Listener;
use futures_util::stream;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;

use super::super::serve::BUFFER_MAX;
use super::super::{Bounds, FarEnd, serve};
use super::{House, call, request};

const BOUNDS: Bounds = Bounds { connections: 2, head: Duration::from_secs(30), write: Duration::from_secs(60) };

/// Octets in an answer.
const LENGTH: usize = 10_000;

const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: recado\r\n\r\n";

/// Gives what its other end was given.
pub(super) struct Memory(pub(super) mpsc::Receiver<DuplexStream>);

/// The far end of a connection in memory.
pub(super) struct Nowhere;

impl FarEnd for Nowhere {
    fn ip(&self) -> Option<IpAddr> {
        None
    }
}

impl Listener for Memory {
    type Io = DuplexStream;
    type Addr = Nowhere;

    async fn accept(&mut self) -> (DuplexStream, Nowhere) {
        match self.0.recv().await {
            Some(stream) => (stream, Nowhere),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Nowhere> {
        Ok(Nowhere)
    }
}

/// A door whose answers are longer than what fits into a connection.
struct Hall {
    connect: mpsc::Sender<DuplexStream>,
    close: Option<oneshot::Sender<()>>,
    door: tokio::task::JoinSet<()>,
    clock: Clock,
}

impl Hall {
    fn new() -> Self {
        let (connect, accepted) = mpsc::channel(16);
        let (close, closing) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(|| async { format!("{:#>LENGTH$}", "~") }));
        let mut door = tokio::task::JoinSet::new();
        door.spawn(serve(Memory(accepted), router, BOUNDS, async move { drop(closing.await) }));
        Self { connect, close: Some(close), door, clock: Clock::host() }
    }

    async fn connect(&self) -> DuplexStream {
        let (here, there) = duplex(1000);
        self.connect.send(there).await.unwrap();
        here
    }

    fn seconds(&self) -> u64 {
        self.clock.now().instant.since_origin().as_secs()
    }
}

/// Reads one answer.
async fn answer(stream: &mut DuplexStream) -> String {
    let mut octets = Vec::new();
    while octets.last() != Some(&b'~') {
        assert_ne!(stream.read_buf(&mut octets).await.unwrap(), 0, "closed");
    }
    String::from_utf8(octets).unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_connects_and_says_nothing_makes_room_again() {
    let hall = Hall::new();
    let (mut silent, mut slow) = (hall.connect().await, hall.connect().await);
    let mut third = hall.connect().await;
    third.write_all(ASK).await.unwrap();
    // An octet now and then is as good as none.
    for octet in ASK.iter().take(5) {
        slow.write_all(&[*octet]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    assert_eq!(hall.seconds(), 25);
    assert!(answer(&mut third).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(hall.seconds(), 30, "it waited until there was room");
    assert_eq!((silent.read(&mut [0; 1]).await.unwrap(), slow.read(&mut [0; 1]).await.unwrap()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_kept_may_rest_between_requests() {
    let hall = Hall::new();
    let mut kept = hall.connect().await;
    for _ in 0..3 {
        kept.write_all(ASK).await.unwrap();
        answer(&mut kept).await;
        tokio::time::sleep(Duration::from_secs(29)).await;
    }
    assert_eq!(kept.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(hall.seconds(), 3 * 29 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_is_given_up() {
    let hall = Hall::new();
    let mut reading = hall.connect().await;
    let mut stuck = hall.connect().await;
    let mut third = hall.connect().await;
    for stream in [&mut reading, &mut stuck, &mut third] {
        stream.write_all(ASK).await.unwrap();
    }
    for _ in 0..8 {
        assert_ne!(reading.read(&mut [0; 1000]).await.unwrap(), 0, "who takes a little now and then is served");
        tokio::time::sleep(Duration::from_secs(20)).await;
        if hall.seconds() == 40 {
            assert_ne!(third.read(&mut [0; 1]).await.unwrap(), 0);
            assert_eq!(hall.seconds(), 60, "there was room when the second was given up");
        }
    }
    assert_eq!(hall.seconds(), 180);
}

#[tokio::test(start_paused = true)]
async fn a_door_that_closes_lets_answers_out_and_takes_nothing_in() {
    let mut hall = Hall::new();
    let (mut asking, mut idle) = (hall.connect().await, hall.connect().await);
    asking.write_all(ASK).await.unwrap();
    idle.write_all(ASK).await.unwrap();
    answer(&mut idle).await;
    drop(hall.close.take());
    assert!(answer(&mut asking).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(asking.read(&mut [0; 1]).await.unwrap(), 0);
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
    hall.door.join_next().await.unwrap().unwrap();
    assert_eq!(hall.seconds(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_head_without_end_is_refused() {
    let hall = Hall::new();
    let mut stream = hall.connect().await;
    let ask = format!("GET / HTTP/1.1\r\nhost: recado\r\nx: {}\r\n\r\n", "a".repeat(BUFFER_MAX));
    // The door may close before all of it is taken.
    drop(stream.write_all(ask.as_bytes()).await);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(hall.seconds(), 0);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let house = House::new();
    tokio::time::pause();
    let began = house.clock.now().instant;
    let (head, rest) = (stream::iter([Ok::<_, std::io::Error>(Bytes::from("{\"to\":"))]), stream::pending());
    let body = Body::from_stream(futures_util::StreamExt::chain(head, rest));
    let answer = call(house.local(), request("POST", "/v1/messages", &[], body)).await;
    answer.is_problem(408, "bad-request", None);
    assert_eq!(house.clock.now().instant.saturating_since(began).as_secs(), 60);
}

/// A connection that was let in once is asked for its token again.
#[tokio::test]
async fn a_kept_connection_ends_with_its_token() {
    let house = House::new();
    let made = house.post("/v1/tokens", json!({ "client": "a", "scopes": ["read"] })).await.json;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let mut door = tokio::task::JoinSet::new();
    door.spawn(serve(listener, house.tcp(), Bounds::default(), std::future::pending()));
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let token = made["token"].as_str().unwrap();
    let ask = format!("GET /v1/sims HTTP/1.1\r\nhost: recado\r\nauthorization: Bearer {token}\r\n\r\n");
    let mut status = async || {
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer[..read]).lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(status().await, "HTTP/1.1 200 OK");
    house.delete(&format!("/v1/tokens/{}", made["key"])).await;
    assert_eq!(status().await, "HTTP/1.1 401 Unauthorized");
}
