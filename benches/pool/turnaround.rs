//! How fast a modem that has given a result gets its next `AT+CMGS`, seen from a relay between driver and modem.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use super::relay::{self, Seen};
use super::rig::Rig;
use super::running::{message, quantile};
use super::support::load;
use super::{Bench, MODEMS, air, loops};

/// Fifty for each modem: a quarter of a minute.
const MESSAGES: usize = 50 * MODEMS;
const TARGET_MS: u128 = 5;

type Times = Arc<Mutex<Vec<Duration>>>;

pub(crate) async fn measure(bench: &Bench, rounds: usize) {
    for round in 1..=rounds {
        let (by_gateway, pdu) = through_relays(bench, None).await;
        let (by_loops, _) = through_relays(bench, Some(&pdu)).await;
        let ms = |times: &[Duration], share| quantile(times, share).as_secs_f64() * 1e3;
        println!(
            "{:<10} {round:>7} from a result to the next AT+CMGS, {} of them: p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms (target under {TARGET_MS} ms), longest {:.2} ms; bare loops p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms; load {}",
            "turnaround",
            by_gateway.len(),
            ms(&by_gateway, 0.5),
            ms(&by_gateway, 0.9),
            ms(&by_gateway, 0.99),
            ms(&by_gateway, 1.0),
            ms(&by_loops, 0.5),
            ms(&by_loops, 0.99),
            ms(&by_loops, 1.0),
            load()
        );
    }
}

/// The gateway drives the modems, or bare loops with this PDU. Gives all the times, and one of the PDUs.
async fn through_relays(bench: &Bench, pdu: Option<&str>) -> (Vec<Duration>, String) {
    let mut rig = Rig::start(&bench.disk, &[MODEMS]).await;
    let times = Times::default();
    let mut relays = JoinSet::new();
    let ports: Vec<PathBuf> = rig
        .ports
        .iter()
        .map(|modem| {
            let (times, mut result) = (Arc::clone(&times), None);
            relay::start(modem, &bench.clock, &mut relays, move |seen, at| match seen {
                Seen::Result => result = Some(at),
                Seen::Command => {
                    let took = result.take().map(|result| at.saturating_since(result));
                    times.lock().unwrap().extend(took);
                }
            })
        })
        .collect();
    if let Some(pdu) = pdu {
        loops::run(&ports, pdu, MESSAGES, &bench.clock).await;
    } else {
        rig.serve(&ports).await;
        rig.run((0..MESSAGES).map(message), MESSAGES).await;
    }
    relays.shutdown().await;
    let seen = times.lock().unwrap().clone();
    (seen, air::pdu(&rig.log(0)))
}
