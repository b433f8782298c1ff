//! Webhooks of the real process: what is posted and not noted when it is killed is posted again, under the same id and in
//! the order of its message.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::Builder;

use serde_json::{Value, json};

use super::common::{Daemon, LIMIT, Place};
use super::{eventually, submit};

/// A request as the endpoint got it.
#[derive(Debug, Clone)]
struct Got {
    id: String,
    seq: i64,
    kind: String,
    message: String,
}

/// An endpoint that keeps what it got. While it is mute it takes requests and never answers.
#[derive(Clone)]
struct Endpoint {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
    is_mute: Arc<Mutex<bool>>,
}

impl Endpoint {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let endpoint = Self { url, got: Arc::default(), is_mute: Arc::default() };
        let hears = endpoint.clone();
        let accept = move || {
            for stream in listener.incoming() {
                let (stream, hears) = (stream.unwrap(), hears.clone());
                Builder::new().spawn(move || hears.serve(&stream)).unwrap();
            }
        };
        Builder::new().spawn(accept).unwrap();
        endpoint
    }

    /// Requests of one connection, until its other end goes.
    fn serve(&self, stream: &TcpStream) {
        let (mut reader, mut writer) = (BufReader::new(stream), stream);
        loop {
            let (mut id, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                match line.trim().to_ascii_lowercase().split_once(": ") {
                    Some(("webhook-id", value)) => value.clone_into(&mut id),
                    Some(("content-length", value)) => length = value.parse().unwrap(),
                    Some(_) => {}
                    None if line.trim().is_empty() => break,
                    None => {}
                }
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                return;
            }
            let body: Value = serde_json::from_slice(&body).unwrap();
            let word = |name: &str| body["data"][name].as_str().unwrap_or_default().to_owned();
            let seq = body["data"]["seq"].as_i64().unwrap();
            self.got.lock().unwrap().push(Got { id, seq, kind: word("type"), message: word("message") });
            if *self.is_mute.lock().unwrap() {
                continue;
            }
            if writer.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_err() {
                return;
            }
        }
    }

    fn mute(&self, is_mute: bool) {
        *self.is_mute.lock().unwrap() = is_mute;
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

/// A daemon without modems, whose endpoints may be on this host.
fn configure(place: &Place) -> PathBuf {
    let path = place.configure("127.0.0.1:0", "1s", &[]);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}[webhooks]\nallow_private = true\n")).unwrap();
    path
}

fn add(daemon: &Daemon, endpoint: &Endpoint) {
    let body = json!({"url": endpoint.url, "types": ["message.queued", "message.cancelled"]});
    let (status, answer) = daemon.door.ask("POST", "/v1/webhooks", Some(&body)).unwrap();
    assert_eq!(status, 201, "{answer}");
}

fn cancel(daemon: &Daemon, id: &str) {
    let (status, answer) = daemon.door.ask("DELETE", &format!("/v1/messages/{id}"), None).unwrap();
    assert_eq!(status, 200, "{answer}");
}

/// Kills the daemon once this many events have come, and starts it again.
fn kill_after(daemon: Daemon, endpoint: &Endpoint, config: &std::path::Path, events: usize) -> Daemon {
    let came = || (endpoint.got().len() >= events).then_some(());
    eventually(&daemon.process, "events at the endpoint", LIMIT, came);
    daemon.process.kill();
    Daemon::start(config)
}

#[test]
fn what_was_delivered_and_not_noted_comes_again_under_its_id_after_a_kill() {
    let (place, endpoint) = (Place::new(), Endpoint::new());
    let config = configure(&place);
    let daemon = Daemon::start(&config);
    add(&daemon, &endpoint);
    // Progress is noted a second after the first event that was taken: before that the process is gone.
    let ids: Vec<String> = (0..3).map(|number| submit(&daemon.door, "+5511987654321", &format!("{number}"))).collect();
    let daemon = kill_after(daemon, &endpoint, &config, 3);
    let before = endpoint.got();
    ids.iter().for_each(|id| cancel(&daemon, id));
    let all = || {
        let got = endpoint.got();
        let cancelled = got.iter().filter(|one| one.kind == "message.cancelled").count();
        (cancelled >= ids.len()).then_some(got)
    };
    let got = eventually(&daemon.process, "the cancellations", LIMIT, all);
    let again = got.get(before.len()..).unwrap();
    let is_again = |one: &&Got| again.iter().any(|other| other.seq == one.seq && other.id == one.id);
    assert_eq!(before.iter().filter(is_again).count(), before.len(), "{got:?}");
    check_order(&got, &ids);
}

#[test]
fn what_was_on_its_way_at_a_kill_comes_again_before_what_follows_of_its_message() {
    let (place, endpoint) = (Place::new(), Endpoint::new());
    let config = configure(&place);
    let daemon = Daemon::start(&config);
    add(&daemon, &endpoint);
    endpoint.mute(true);
    let ids: Vec<String> = (0..3).map(|number| submit(&daemon.door, "+5511987654321", &format!("{number}"))).collect();
    ids.iter().for_each(|id| cancel(&daemon, id));
    let came = || (endpoint.got().len() >= ids.len()).then_some(());
    eventually(&daemon.process, "events at the endpoint", LIMIT, came);
    let before = endpoint.got();
    assert!(before.iter().all(|one| one.kind == "message.queued"), "the next of a message waits: {before:?}");
    daemon.process.kill();
    endpoint.mute(false);
    let daemon = Daemon::start(&config);
    let all = || {
        let got = endpoint.got();
        (got.iter().filter(|one| one.kind == "message.cancelled").count() >= ids.len()).then_some(got)
    };
    let got = eventually(&daemon.process, "the cancellations", LIMIT, all);
    for one in &before {
        assert_eq!(
            got.iter().filter(|other| other.seq == one.seq && other.id == one.id).count(),
            2,
            "{one:?} in {got:?}"
        );
    }
    check_order(&got, &ids);
}

/// Every event of every message came, the first time in order.
fn check_order(got: &[Got], ids: &[String]) {
    for id in ids {
        let mut seqs: Vec<i64> = Vec::new();
        for one in got.iter().filter(|one| one.message == *id) {
            if !seqs.contains(&one.seq) {
                seqs.push(one.seq);
            }
        }
        assert_eq!(seqs.len(), 2, "{id} in {got:?}");
        assert!(seqs.is_sorted(), "{id} in {got:?}");
    }
}
