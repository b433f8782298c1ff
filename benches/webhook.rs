//! Webhooks to an endpoint on this host: `cargo bench --bench webhook [-- [drain|beside]… [ROUNDS]]`.
//!
//! - `drain`: how fast a log that is there already is posted, beside bare loops that post the same bodies over as many
//!   connections and do nothing else.
//! - `beside`: from the result of a part to the next `AT+CMGS` while events happen and are posted, and while the same happens
//!   and nothing is posted; and how many events a second that is. Texts go in the hours of contact; at night say
//!   `RECADO_REGION__RULES=none`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench prints, and ends where something fails"
)]

#[path = "webhook/ear.rs"]
mod ear;
#[expect(dead_code, reason = "other benches ask more of it")]
#[path = "support/process.rs"]
mod process;
#[path = "support/relay.rs"]
mod relay;
#[expect(dead_code, reason = "the other bench asks more of it")]
#[path = "pool/rig.rs"]
mod rig;
#[path = "support/running.rs"]
mod running;
mod support;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ear::Ear;
use process::Process;
use recado::clock::Clock;
use relay::Seen;
use rig::Rig;
use running::{message, quantile};
use support::{TEXT, load, median, rate};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const MODEMS: usize = 64;
const AIRTIME: Duration = Duration::from_millis(300);
/// Fifty for each modem: a quarter of a minute.
const MESSAGES: usize = 50 * MODEMS;
/// Messages that wait in the log which is posted; each has some events.
const LOGGED: usize = 10_000;
/// Connections that an endpoint's task has.
const CONNECTIONS: usize = 8;
const TARGET: usize = 2_000;

type Times = Arc<Mutex<Vec<Duration>>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let rounds = arguments.iter().find_map(|arg| arg.parse().ok()).unwrap_or(1);
    let names: Vec<&String> = arguments.iter().filter(|arg| arg.parse::<usize>().is_err()).collect();
    let wants = |name: &str| names.is_empty() || names.iter().any(|wanted| *wanted == name);
    let bench = Bench {
        clock: Clock::host(),
        runtime: Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
        disk: PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
    };
    for round in 1..=rounds {
        if wants("drain") {
            bench.runtime.block_on(bench.drain(round));
        }
        if wants("beside") {
            bench.runtime.block_on(bench.beside(round));
        }
    }
}

struct Bench {
    clock: Clock,
    /// For what this process does: callers, relays, the endpoint.
    runtime: Runtime,
    /// On the disk that the build is on; the system's temporary folder may be in memory.
    disk: PathBuf,
}

impl Bench {
    async fn drain(&self, round: usize) {
        let mut rig = Rig::start(&self.disk, &[1]).await;
        let ports = rig.ports.clone();
        rig.serve(&ports).await;
        let door = rig.door();
        door.queue((0..LOGGED).map(message)).await;
        let mut figures = Vec::new();
        for batch in [0, 100] {
            let ear = Ear::open(&self.clock).await;
            let body = format!(r#"{{"url":"http://{}/hook","types":["message.*"],"batch":{batch}}}"#, ear.address);
            door.send("/v1/webhooks", &body, 201).await;
            let id = figures.len() + 1;
            door.send(&format!("/v1/webhooks/{id}/replay"), r#"{"from":1}"#, 200).await;
            let heard = ear.until(LOGGED).await;
            let bare = ear::post_bare(&ear, CONNECTIONS, &heard.body, heard.requests, &self.clock).await;
            println!(
                "{:<10} {round:>7} {} in a request: {:.0} events/s in {:.0} requests/s; bare loops {:.0} requests/s of the same size; load {}",
                "drain",
                if batch == 0 { "one event".to_owned() } else { format!("up to {batch} events") },
                rate(heard.events, heard.took),
                rate(heard.requests, heard.took),
                rate(heard.requests, bare),
                load()
            );
            figures.push(rate(heard.events, heard.took));
        }
        println!("{:<10} {round:>7} {:.0} events/s in the middle (target {TARGET} or more)", "drain", median(&figures));
    }

    async fn beside(&self, round: usize) {
        for posts in [false, true] {
            let (times, heard, took) = self.turnaround(posts).await;
            let ms = |share| quantile(&times, share).as_secs_f64() * 1e3;
            println!(
                "{:<10} {round:>7} {}: {} turn-arounds, p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, longest {:.2} ms; {:.0} events/s heard; load {}",
                "beside",
                if posts { "posting" } else { "posting nothing" },
                times.len(),
                ms(0.5),
                ms(0.9),
                ms(0.99),
                ms(1.0),
                rate(heard, took),
                load()
            );
        }
    }

    /// All times from a result to the next command, events that were heard meanwhile, and how long it took.
    async fn turnaround(&self, posts: bool) -> (Vec<Duration>, usize, Duration) {
        let mut rig = Rig::start(&self.disk, &[MODEMS]).await;
        let times = Times::default();
        let mut relays = JoinSet::new();
        let through = |modem: &PathBuf, relays: &mut JoinSet<_>| {
            let (times, mut result) = (Arc::clone(&times), None);
            relay::start(modem, &self.clock, relays, move |seen, at| match seen {
                Seen::Result => result = Some(at),
                Seen::Command => {
                    let took = result.take().map(|result| at.saturating_since(result));
                    times.lock().unwrap().extend(took);
                }
            })
        };
        let ports: Vec<PathBuf> = rig.ports.iter().map(|modem| through(modem, &mut relays)).collect();
        rig.serve(&ports).await;
        let ear = Ear::open(&self.clock).await;
        if posts {
            let body = format!(r#"{{"url":"http://{}/hook"}}"#, ear.address);
            rig.door().send("/v1/webhooks", &body, 201).await;
        }
        rig.begin((0..MESSAGES).map(message)).await;
        let (began, before) = (self.clock.now().instant, ear.events());
        // Texts for another day beside it: their events make two thousand a second with those of the modems.
        let other = |n: usize| {
            let to = 1_000_000 + MESSAGES * 10 + n * 10;
            format!(r#"{{"to":"+55119{:08}","text":"{TEXT}","not_before":"2027-06-01T13:00:00Z"}}"#, 60_000_009 + to)
        };
        let end = began + AIRTIME * u32::try_from(MESSAGES / MODEMS).unwrap();
        let mut made = 0;
        while self.clock.now().instant < end {
            let some: Vec<String> = (made..made + 60).map(other).collect();
            made += some.len();
            rig.door().send("/v1/messages", &format!("[{}]", some.join(",")), 202).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let took = self.clock.now().instant.saturating_since(began);
        let heard = ear.events() - before;
        rig.until_results(MESSAGES).await;
        relays.shutdown().await;
        let seen = times.lock().unwrap().clone();
        (seen, heard, took)
    }
}
