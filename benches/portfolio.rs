//! A large portfolio: `cargo bench --bench portfolio [-- [import|day|campaign] [COUNT]]`.
//!
//! - `import`: a CSV file of 200 000 debts through `recado import`, to a daemon in a process of its own, with the memory of
//!   both; beside bare SQLite that writes the very rows that have come of it, a thousand debts with one commit.
//! - `day`: the daily run over 1 000 000 open debts while eight modems work, and how fast a modem that has given a result gets
//!   its next `AT+CMGS` before and during it; beside bare SQLite that reads each case and writes its next day.
//! - `campaign`: a campaign for a list of 200 000 numbers into the queue and ended there, and how fast the writer answers others
//!   meanwhile; beside bare SQLite that writes the very rows that have come of it, 32 texts with one commit.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something fails")]

#[path = "portfolio/campaign.rs"]
mod campaign;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "portfolio/day.rs"]
mod day;
#[path = "portfolio/floor.rs"]
mod floor;
#[path = "portfolio/import.rs"]
mod import;
#[path = "support/process.rs"]
mod process;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/running.rs"]
mod running;
mod support;

use std::path::Path;

use tokio::runtime::Builder;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let count = arguments.iter().find_map(|arg| arg.parse().ok());
    let names: Vec<&String> = arguments.iter().filter(|arg| arg.parse::<usize>().is_err()).collect();
    let wants = |name: &str| names.is_empty() || names.iter().any(|wanted| *wanted == name);
    // On the disk that the build is on; the system's temporary folder may be in memory.
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if wants("import") {
        runtime.block_on(import::measure(disk, count.unwrap_or(200_000)));
    }
    if wants("campaign") {
        runtime.block_on(campaign::measure(disk, count.unwrap_or(200_000)));
    }
    if wants("day") {
        runtime.block_on(day::measure(disk, count.unwrap_or(1_000_000)));
    }
}
