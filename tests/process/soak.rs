//! The binary for a while under every fault: its memory, its descriptors and its log.
//!
//! `RECADO_SOAK_SECONDS` says how long. The virtual day is in `simulation/soak.rs`, which has no ports and no log.

use std::time::Duration;

use recado::clock::Clock;
use serde_json::json;

use super::common::{Daemon, Door, Place};

const SECONDS: u64 = 30;
const MODEMS: usize = 8;

/// Every fault that the emulator knows, as often as leaves time for work: each modem leaves its port every few seconds.
const FAULTS: [&str; 18] = [
    "drop_result=0.01",
    "drop_before_send=0.01",
    "late_result=0.005",
    "split=0.05",
    "garbage=0.02",
    "echo=0.02",
    "double_cr=0.05",
    "urc=0.05",
    "early_report=0.05",
    "report_loss=0.05",
    "report_dup=0.05",
    "no_prompt=0.01",
    "hang=0.002",
    "vanish=0.02",
    "storage_full=0.01",
    "prompt_survives=0.02",
    "cms=38=0.02",
    "cms=500=0.02",
];

/// Messages that wait at most.
const BACKLOG: u64 = 100;
/// Between two looks, and between two texts.
const PACE: Duration = Duration::from_millis(50);

/// Caches that fill and what the allocator leaves lying about.
const GROWTH_KB_MAX: u64 = 8 * 1024;
/// Ports that are open at one moment and not at another, and a connection with a database of its own behind it.
const DESCRIPTORS_MORE: usize = 4;

/// What the process holds.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    resident_kb: u64,
    descriptors: usize,
}

impl Held {
    fn of(process: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Self {
            resident_kb: resident.split_whitespace().next().unwrap().parse().unwrap(),
            descriptors: std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count(),
        }
    }

    fn max(self, other: Self) -> Self {
        Self {
            resident_kb: self.resident_kb.max(other.resident_kb),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}

fn queued(door: &Door) -> u64 {
    door.list("/v1/messages?state=queued").len() as u64
}

/// How often a port has been opened so far.
fn opened(daemon: &Daemon) -> usize {
    daemon.process.output().lines().filter(|line| line.contains(": port opened ")).count()
}

/// Keeps the modems busy for so long, and gives the most that the process held.
fn live(daemon: &Daemon, time: Duration, number: &mut usize) -> Held {
    let clock = Clock::host();
    let end = clock.now().instant + time;
    let mut most = Held::default();
    while clock.now().instant < end {
        if !number.is_multiple_of(20) || queued(&daemon.door) < BACKLOG {
            let to = format!("+55119{:08}", 60_000_009 + *number * 10);
            let text =
                if number.is_multiple_of(4) { "Sua fatura vence hoje. ".repeat(10) } else { "Sua fatura".into() };
            let message = json!({ "to": to, "text": text });
            let (status, answer) = daemon.door.ask("POST", "/v1/messages", Some(&message)).unwrap();
            assert_eq!(status, 202, "{answer}");
            *number += 1;
        }
        // Nothing ends this wait early: the daemon is looked at at a pace, whatever it says.
        daemon.process.within(PACE, || None::<()>);
        most = most.max(Held::of(daemon.process.id()));
    }
    most
}

#[test]
fn for_a_while_under_every_fault_it_grows_nothing_and_logs_no_error() {
    let seconds = std::env::var("RECADO_SOAK_SECONDS").map_or(SECONDS, |seconds| seconds.parse().unwrap());
    let place = Place::new();
    let faults = FAULTS.iter().flat_map(|fault| ["--fault", fault]);
    let modems = ["--airtime", "100ms", "--report-delay", "500ms", "--profile", "mixed", "--seed", "1"];
    let _emulator = place.emulate(MODEMS, &modems.into_iter().chain(faults).collect::<Vec<_>>());
    let daemon = Daemon::start(&place.configure_emulated("1s", MODEMS));
    daemon.wait_for_modem("modem");
    let half = Duration::from_secs(seconds) / 2;
    let mut number = 0;
    let first = live(&daemon, half, &mut number);
    let opened_first = opened(&daemon);
    let second = live(&daemon, half, &mut number);
    let opened_second = opened(&daemon) - opened_first;
    let taken = place.witness().len();
    println!(
        "{MODEMS} modems, {seconds} s: {number} texts, {taken} parts taken; first half: ports opened {opened_first} times, \
         at most {} kB and {} descriptors; second half: {opened_second} times, {} kB and {}",
        first.resident_kb, first.descriptors, second.resident_kb, second.descriptors
    );
    assert!(taken > MODEMS, "next to nothing was sent");
    // So many that one descriptor left behind at each would be seen.
    assert!(opened_second > DESCRIPTORS_MORE, "ports were opened {opened_second} times only");
    assert!(second.resident_kb <= first.resident_kb + GROWTH_KB_MAX, "memory grew: {first:?} {second:?}");
    assert!(second.descriptors <= first.descriptors + DESCRIPTORS_MORE, "descriptors grew: {first:?} {second:?}");
    // Whatever modems do: an error is for a person, and its causes (the disk, a defect of ours) are not played here.
    let log = daemon.process.output();
    let errors: Vec<&str> = log.lines().filter(|line| line.contains(" ERROR ")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(daemon.process.signal("TERM").success());
}
