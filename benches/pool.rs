//! A full pool of modems: `cargo bench --bench pool [-- [share|turnaround|trouble|idle]… [ROUNDS]]`.
//!
//! Gateway and modems are processes of their own on real pseudo-terminals; every SIM has limits that are counted and do not
//! bind. Each figure stands beside what bare loops without queue and disk reach on the same modems, or beside the same
//! without the trouble.
//!
//! - `share`: how much of the modems' time is on the air while work waits, as the network's log shows it.
//! - `turnaround`: from the result of a part to the next `AT+CMGS`, seen between gateway and modem.
//! - `trouble`: what a modem that falls silent in the midst of its work costs the others, and what a flood of numbers that
//!   do not exist costs everybody.
//! - `idle`: memory and processor at rest.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench prints, and ends where something fails"
)]

#[path = "pool/air.rs"]
mod air;
#[path = "support/idle.rs"]
mod idle;
#[path = "support/loops.rs"]
mod loops;
#[path = "support/process.rs"]
mod process;
#[path = "support/relay.rs"]
mod relay;
#[path = "pool/rig.rs"]
mod rig;
#[path = "support/running.rs"]
mod running;
mod support;
#[path = "pool/trouble.rs"]
mod trouble;
#[path = "pool/turnaround.rs"]
mod turnaround;

use std::path::PathBuf;
use std::time::Duration;

use air::{Air, Share};
use process::Process;
use recado::clock::Clock;
use rig::Rig;
use running::quantile;
use support::{load, median, rate};
use tokio::runtime::{Builder, Runtime};

const MODEMS: usize = 64;
const AIRTIME: Duration = Duration::from_millis(300);
/// A hundred for each modem: half a minute.
const MESSAGES: usize = 100 * MODEMS;
const SHARE_TARGET: f64 = 99.5;

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
    if wants("share") {
        bench.share(rounds);
    }
    if wants("turnaround") {
        bench.runtime.block_on(turnaround::measure(&bench, rounds));
    }
    if wants("trouble") {
        bench.runtime.block_on(trouble::measure(&bench, rounds));
    }
    if wants("idle") {
        let idle = idle::Idle { modems: MODEMS, watched: Duration::from_secs(60), target_mb: 40.0 };
        (0..rounds).for_each(|_| bench.runtime.block_on(idle.measure(&bench.disk)));
    }
}

struct Bench {
    clock: Clock,
    /// For what this process does: callers, bare loops, relays.
    runtime: Runtime,
    /// On the disk that the build is on; the system's temporary folder may be in memory.
    disk: PathBuf,
}

impl Bench {
    fn share(&self, rounds: usize) {
        println!(
            "{:<10} {:>7} {:>9} {:>9} {:>9} {:>9} {:>12} {:>12} {:>12} {:>12} {:>6}",
            "share",
            "round",
            "waiting %",
            "bare %",
            "whole %",
            "bare %",
            "gap p50 ms",
            "bare p50 ms",
            "gap p99 ms",
            "bare p99 ms",
            "load"
        );
        let mut shares = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for round in 1..=rounds {
            let (gateway, pdu) = self.runtime.block_on(self.by_gateway());
            let bare = self.runtime.block_on(self.by_loops(&pdu));
            let figures = [gateway.waiting, bare.waiting, gateway.whole, bare.whole];
            let ms = |share: &Share, at| quantile(&share.gaps, at).as_secs_f64() * 1e3;
            println!(
                "{:<10} {round:>7} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>12.2} {:>12.2} {:>12.2} {:>12.2} {:>6}",
                "share",
                figures[0],
                figures[1],
                figures[2],
                figures[3],
                ms(&gateway, 0.5),
                ms(&bare, 0.5),
                ms(&gateway, 0.99),
                ms(&bare, 0.99),
                load()
            );
            println!(
                "{:<10} {round:>7} {:.2} msg/s from the first to the last, bare loops {:.2}, ratio {:.4}, in the air {:.2}",
                "share",
                rate(MESSAGES, gateway.took),
                rate(MESSAGES, bare.took),
                bare.took.as_secs_f64() / gateway.took.as_secs_f64(),
                rate(MODEMS, AIRTIME)
            );
            shares.iter_mut().zip(figures).for_each(|(all, figure)| all.push(figure));
        }
        let middle = shares.map(|all| median(&all));
        println!(
            "{:<10} {:>7} {:>9.2} {:>9.2} {:>9.2} {:>9.2}  (target {SHARE_TARGET:.1} or more; {MESSAGES} messages over {MODEMS} modems at {} ms; waiting: while there was more to send; whole: from the first to the last; gap: from a result to the end of the next PDU)",
            "share",
            "median",
            middle[0],
            middle[1],
            middle[2],
            middle[3],
            AIRTIME.as_millis()
        );
    }

    /// The gateway's share, and one of the PDUs.
    async fn by_gateway(&self) -> (Share, String) {
        let mut rig = Rig::start(&self.disk, &[MODEMS]).await;
        let ports = rig.ports.clone();
        rig.serve(&ports).await;
        rig.run((0..MESSAGES).map(running::message), MESSAGES).await;
        let log = rig.log(0);
        (Air::of(&log).share(), air::pdu(&log))
    }

    async fn by_loops(&self, pdu: &str) -> Share {
        let rig = Rig::start(&self.disk, &[MODEMS]).await;
        loops::run(&rig.ports, pdu, MESSAGES, &self.clock).await;
        Air::of(&rig.log(0)).share()
    }
}
