//! An endpoint that takes everything and counts, and the bare loops that it is held against.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use recado::clock::{Clock, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::support::{Connection, post};

/// What was heard.
pub(crate) struct Heard {
    pub(crate) events: usize,
    pub(crate) requests: usize,
    /// From the first request to the last.
    pub(crate) took: Duration,
    /// The longest body.
    pub(crate) body: String,
}

#[derive(Default)]
struct Count {
    events: AtomicUsize,
    requests: AtomicUsize,
    first_and_last: Mutex<Option<(Instant, Instant)>>,
    longest: Mutex<Vec<u8>>,
}

/// The endpoint; it is closed with the value.
pub(crate) struct Ear {
    pub(crate) address: SocketAddr,
    count: Arc<Count>,
    _tasks: JoinSet<()>,
}

impl Ear {
    pub(crate) async fn open(clock: &Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::new(Count::default());
        let mut tasks = JoinSet::new();
        let (counted, clock) = (Arc::clone(&count), clock.clone());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(hear(stream, Arc::clone(&counted), clock.clone()));
            }
        });
        Self { address, count, _tasks: tasks }
    }

    pub(crate) fn events(&self) -> usize {
        self.count.events.load(Ordering::Relaxed)
    }

    /// Waits for so many events and until no more come.
    pub(crate) async fn until(&self, events: usize) -> Heard {
        let mut before = 0;
        loop {
            let now = self.events();
            if now >= events && now == before {
                break;
            }
            before = now;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let (first, last) = self.count.first_and_last.lock().unwrap().unwrap();
        Heard {
            events: self.events(),
            requests: self.count.requests.load(Ordering::Relaxed),
            took: last.saturating_since(first),
            body: String::from_utf8(self.count.longest.lock().unwrap().clone()).unwrap(),
        }
    }
}

async fn hear(mut stream: TcpStream, count: Arc<Count>, clock: Clock) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::with_capacity(64 * 1024);
    loop {
        buffer.clear();
        let mut whole = usize::MAX;
        let mut head = 0;
        while buffer.len() < whole {
            if stream.read_buf(&mut buffer).await.unwrap_or_default() == 0 {
                return;
            }
            if head == 0
                && let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n")
            {
                head = end + 4;
                let text = std::str::from_utf8(&buffer[..head]).unwrap();
                let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                whole = head + length.parse::<usize>().unwrap();
            }
        }
        let body = &buffer[head..];
        count.requests.fetch_add(1, Ordering::Relaxed);
        let events = body.windows(14).filter(|piece| *piece == b"\"data\":{\"seq\":").count();
        count.events.fetch_add(events, Ordering::Relaxed);
        note(&count, body, clock.now().instant);
        if stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
            return;
        }
    }
}

fn note(count: &Count, body: &[u8], now: Instant) {
    let mut times = count.first_and_last.lock().unwrap();
    *times = Some((times.map_or(now, |(first, _)| first), now));
    let mut longest = count.longest.lock().unwrap();
    if body.len() > longest.len() {
        *longest = body.to_vec();
    }
}

/// Posts this body so many times over so many connections, as fast as it goes; how long it took.
pub(crate) async fn post_bare(ear: &Ear, connections: usize, body: &str, requests: usize, clock: &Clock) -> Duration {
    let request: Arc<[u8]> = post("/hook", "bare", body).into();
    let mut loops = JoinSet::new();
    let began = clock.now().instant;
    for _ in 0..connections {
        let (address, request) = (ear.address, Arc::clone(&request));
        loops.spawn(async move {
            let mut connection = Connection::open(address).await;
            for _ in 0..requests / connections {
                assert_eq!(connection.ask(&request).await, 204);
            }
        });
    }
    while let Some(ended) = loops.join_next().await {
        ended.unwrap();
    }
    clock.now().instant.saturating_since(began)
}
