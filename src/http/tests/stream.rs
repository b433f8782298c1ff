//! Slow readers of the event stream, over the real door, in memory and in virtual time: what waits for them is what can be
//! read from their connection once they are cut off, since nothing lies between.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::mpsc;

use crate::clock::Instant;

use super::super::serve::BUFFER_MAX;
use super::super::{Bounds, serve};
use super::serve::Memory;
use super::{House, message};

/// What a connection holds between its ends.
const WIRE: usize = 1_000;

/// Messages of which the log tells; each has two events.
const MESSAGES: usize = 1_500;

/// A long log and its door.
struct Hall {
    house: House,
    connect: mpsc::Sender<DuplexStream>,
    _door: tokio::task::JoinSet<()>,
    began: Instant,
}

impl Hall {
    async fn new() -> Self {
        let house = House::new();
        let answer = house.post("/v1/messages", Value::from(vec![message(); MESSAGES])).await;
        assert_eq!(answer.status, 202);
        assert!(*house.writer().committed().borrow() >= 2 * i64::try_from(MESSAGES).unwrap());
        let (connect, accepted) = mpsc::channel(16);
        let mut door = tokio::task::JoinSet::new();
        door.spawn(serve(Memory(accepted), house.local(), Bounds::default(), std::future::pending()));
        tokio::time::pause();
        let began = house.clock.now().instant;
        Self { house, connect, _door: door, began }
    }

    /// Begins to read after this event.
    async fn follow(&self, last: i64) -> DuplexStream {
        let (mut here, there) = duplex(WIRE);
        self.connect.send(there).await.unwrap();
        let ask = format!(
            "GET /v1/events HTTP/1.1\r\nhost: recado\r\naccept: text/event-stream\r\nlast-event-id: {last}\r\n\r\n"
        );
        here.write_all(ask.as_bytes()).await.unwrap();
        here
    }

    fn seconds(&self) -> u64 {
        self.house.clock.now().instant.saturating_since(self.began).as_secs()
    }

    /// The first event after this one.
    async fn first_after(&self, last: i64) -> i64 {
        let mut stream = self.follow(last).await;
        let mut octets = Vec::new();
        loop {
            assert_ne!(stream.read_buf(&mut octets).await.unwrap(), 0, "closed");
            if let Some(first) = whole(&octets).first() {
                return *first;
            }
        }
    }

    /// The writer takes something in, while nobody reads. It is a thread, so time is the host's meanwhile.
    async fn is_written(&self) {
        tokio::time::resume();
        let began = self.house.clock.now().instant;
        self.house.submit(message()).await;
        let took = self.house.clock.now().instant.saturating_since(began);
        tokio::time::pause();
        assert!(took < Duration::from_secs(20), "the writer waits for no reader, and this took {took:?}");
    }
}

/// The numbers of the events that came whole.
fn whole(octets: &[u8]) -> Vec<i64> {
    let text = String::from_utf8_lossy(octets);
    let (events, _cut) = text.rsplit_once("\n\n").unwrap_or_default();
    events.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

/// Everything that is left until the end, fast.
async fn rest(stream: &mut DuplexStream) -> Vec<u8> {
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets).await.unwrap();
    octets
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_cut_off_and_goes_on_where_it_was() {
    let hall = Hall::new().await;
    let mut stream = hall.follow(0).await;
    let mut octets = vec![0; WIRE];
    stream.read_exact(&mut octets).await.unwrap();
    hall.is_written().await;
    tokio::time::sleep(Duration::from_secs(59)).await;
    hall.is_written().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let left = rest(&mut stream).await;
    assert!(left.len() <= WIRE, "{} octets were still on the wire", left.len());
    octets.extend(left);
    let got = whole(&octets);
    let last = *got.last().unwrap();
    assert_eq!(got, (1..=last).collect::<Vec<_>>());
    assert_eq!(hall.first_after(last).await, last + 1);
}

#[tokio::test]
async fn a_reader_that_takes_a_little_now_and_then_is_cut_off_too_and_little_waits_for_it() {
    let hall = Hall::new().await;
    let mut stream = hall.follow(0).await;
    let mut octets = Vec::new();
    while hall.seconds() < 240 {
        let mut little = [0; 100];
        stream.read_exact(&mut little).await.unwrap();
        octets.extend(little);
        tokio::time::sleep(Duration::from_secs(30)).await;
        hall.is_written().await;
    }
    let left = rest(&mut stream).await;
    // One event may be asked for when there is room for the last octet.
    let most = BUFFER_MAX + WIRE + 1_000;
    assert!(left.len() <= most, "{} octets waited for it", left.len());
    octets.extend(left);
    let got = whole(&octets);
    let last = *got.last().unwrap();
    assert!(got.len() < 500, "{} events were written for it", got.len());
    assert_eq!(got, (1..=last).collect::<Vec<_>>());
    assert_eq!(hall.first_after(last).await, last + 1);
}

#[tokio::test]
async fn a_reader_that_keeps_up_reads_for_as_long_as_it_likes() {
    let hall = Hall::new().await;
    let newest = *hall.house.writer().committed().borrow();
    let mut stream = hall.follow(0).await;
    let mut octets = Vec::new();
    let mut read_to = async |last: i64| {
        let begin = format!("id: {last}\n");
        let came = |octets: &[u8]| {
            let text = String::from_utf8_lossy(octets).into_owned();
            text.split_once(&begin).is_some_and(|(_, event)| event.contains("\n\n"))
        };
        while !came(&octets) {
            assert_ne!(stream.read_buf(&mut octets).await.unwrap(), 0, "closed");
            let kept = octets.len().saturating_sub(4 * WIRE);
            octets.drain(..kept);
        }
    };
    read_to(newest).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    hall.is_written().await;
    read_to(newest + 1).await;
}
