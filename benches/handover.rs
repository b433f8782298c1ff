//! The hand-over from queue to modem: `cargo bench --bench handover [-- speed|pool|latency|idle]`.
//!
//! - `speed`: one modem without airtime, beside a bare AT+CMGS loop on a pseudo-terminal of the same kind and beside bare
//!   SQLite with one small synced transaction per message. A second run has its database in memory: what the disk costs.
//! - `pool`: eight modems at 300 ms airtime, as a share of what the air can carry.
//! - `latency`: from a submit on an idle daemon to the `AT+CMGS` on the port, seen from the port's other side.
//! - `idle`: the program itself with eight modems that another process plays: memory, time and wake-ups at rest.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something fails")]

#[path = "handover/bare.rs"]
mod bare;
#[path = "support/daemon.rs"]
mod daemon;
#[path = "support/idle.rs"]
mod idle;
#[path = "support/loops.rs"]
mod loops;
#[path = "support/process.rs"]
mod process;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/running.rs"]
mod running;
mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use daemon::{start_daemon, working_hours};
use recado::clock::Clock;
use recado::daemon::Simulate;
use recado::emulator;
use relay::Seen;
use running::{Door, UP, message, quantile, until};
use support::{load, median, post, rate};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

const SPEED_TARGET: f64 = 5_000.0;
const POOL_MODEMS: usize = 8;
const POOL_MESSAGES: usize = 800;
const POOL_TARGET: f64 = 0.995;
const AIRTIME: Duration = Duration::from_millis(300);
const SUBMITS: usize = 400;
const LATENCY_TARGET: Duration = Duration::from_millis(5);
const IDLE_TARGET_MB: f64 = 25.0;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|arg| arg == name);
    let bench = Bench {
        clock: working_hours(),
        server: Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
        disk: PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
    };
    if wants("speed") {
        bench.speed(4_000, 5);
    }
    if wants("latency") {
        bench.latency(5);
    }
    if wants("idle") {
        let idle = idle::Idle { modems: POOL_MODEMS, watched: Duration::from_secs(10), target_mb: IDLE_TARGET_MB };
        bench.server.block_on(idle.measure(&bench.disk));
    }
    if wants("pool") {
        bench.pool();
    }
}

struct Bench {
    clock: Clock,
    server: Runtime,
    /// On the disk that the build is on; the system's temporary folder may be in memory.
    disk: PathBuf,
}

impl Bench {
    fn speed(&self, messages: usize, rounds: usize) {
        println!(
            "{:<10} {:>7} {:>12} {:>12} {:>12} {:>12} {:>6}",
            "speed", "round", "disk msg/s", "memory msg/s", "bare loop", "bare SQLite", "load"
        );
        let columns: Vec<[f64; 4]> = (1..=rounds)
            .map(|round| {
                let HandOver { speed: disk, pdu, .. } = self.hand_over(&self.disk, 1, Duration::ZERO, messages);
                let memory = self.hand_over(Path::new("/dev/shm"), 1, Duration::ZERO, messages).speed;
                let folder = tempfile::tempdir_in(&self.disk).unwrap();
                let alone = bare::modem_loops(folder.path(), &pdu, 1, Duration::ZERO, messages, &self.clock);
                let bare_loop = self.server.block_on(alone);
                let bare_disk = bare::Disk::open(folder.path()).inserts(messages / 2, &self.clock);
                println!(
                    "{:<10} {round:>7} {disk:>12.0} {memory:>12.0} {bare_loop:>12.0} {bare_disk:>12.0} {:>6}",
                    "speed",
                    load()
                );
                [disk, memory, bare_loop, bare_disk]
            })
            .collect();
        let middle = |pick: fn(&[f64; 4]) -> f64| median(&columns.iter().map(pick).collect::<Vec<_>>());
        println!(
            "{:<10} {:>7} {:>12.0} {:>12.0} {:>12.0} {:>12.0}  (target {SPEED_TARGET:.0} or more)",
            "speed",
            "median",
            middle(|c| c[0]),
            middle(|c| c[1]),
            middle(|c| c[2]),
            middle(|c| c[3])
        );
        println!(
            "{:<10} {:>7} disk to loop {:.2}, disk to SQLite {:.2}, memory to loop {:.2}",
            "speed",
            "ratio",
            middle(|c| c[0] / c[2]),
            middle(|c| c[0] / c[3]),
            middle(|c| c[1] / c[2])
        );
    }

    fn pool(&self) {
        let best = rate(POOL_MODEMS, AIRTIME);
        let HandOver { speed, pdu, gaps } = self.hand_over(&self.disk, POOL_MODEMS, AIRTIME, POOL_MESSAGES);
        let folder = tempfile::tempdir_in(&self.disk).unwrap();
        let loops = bare::modem_loops(folder.path(), &pdu, POOL_MODEMS, AIRTIME, POOL_MESSAGES, &self.clock);
        let floor = self.server.block_on(loops);
        println!(
            "{:<10} {POOL_MESSAGES} messages over {POOL_MODEMS} modems: {speed:.2} msg/s, {best:.2} in the air, share {:.2} % (target {:.1} % or more); bare loops {floor:.2} msg/s, share {:.2} %, ratio {:.4}; load {}",
            "pool",
            100.0 * speed / best,
            100.0 * POOL_TARGET,
            100.0 * floor / best,
            speed / floor,
            load()
        );
        let beyond = |share| quantile(&gaps, share).saturating_sub(AIRTIME).as_millis();
        println!(
            "{:<10} from one result of a modem to its next, beyond the airtime: p50 {} ms, p90 {} ms, p99 {} ms, longest {} ms",
            "pool",
            beyond(0.5),
            beyond(0.9),
            beyond(0.99),
            beyond(1.0)
        );
    }

    fn hand_over(&self, disk: &Path, modems: usize, airtime: Duration, messages: usize) -> HandOver {
        let folder = tempfile::tempdir_in(disk).unwrap();
        let database = folder.path().join("recado.db");
        // Reports would come in a burst; they are not what is measured here.
        let report_delay = Duration::from_secs(3600);
        let config = emulator::Config { modems, airtime, report_delay, ..emulator::Config::default() };
        self.server.block_on(async {
            let simulate = Some(Simulate { config, folder: folder.path().to_owned() });
            let daemon = start_daemon(folder.path(), &self.clock, simulate, &[]).await;
            let mut door = Door::open(daemon.address(), folder.path()).await;
            door.queue((0..messages).map(message)).await;
            until(&database, UP, modems).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            door.resume().await;
            until(&database, "SELECT 1 WHERE (SELECT count(*) FROM segment WHERE state = 3) >= ?1", messages).await;
            daemon.stop().await;
        });
        let conn = rusqlite::Connection::open(&database).unwrap();
        let (from, to, pdu): (i64, i64, Vec<u8>) = conn
            .query_row("SELECT min(offered_at), max(accepted_at), max(pdu) FROM segment", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap();
        let mut statement = conn
            .prepare(
                "SELECT accepted_at - lag(accepted_at) OVER (PARTITION BY modem ORDER BY accepted_at) FROM segment",
            )
            .unwrap();
        let gaps = statement.query_map([], |row| row.get::<_, Option<u64>>(0)).unwrap();
        HandOver {
            speed: rate(messages, Duration::from_millis(u64::try_from(to - from).unwrap())),
            pdu,
            gaps: gaps.filter_map(|gap| gap.unwrap()).map(Duration::from_millis).collect(),
        }
    }

    /// Each round beside its floor: one synced row of bare SQLite after each submit, on the same disk.
    fn latency(&self, rounds: usize) {
        println!(
            "{:<10} {:>7} {:>14} {:>14} {:>14} {:>14} {:>14} {:>6}",
            "latency", "round", "AT+CMGS p50", "AT+CMGS p99", "202 p99", "bare disk p50", "bare disk p99", "load"
        );
        let columns: Vec<[f64; 5]> = (1..=rounds)
            .map(|round| {
                let times = self.submit_at_rest();
                let ms = |times: &[Duration], share| quantile(times, share).as_secs_f64() * 1e3;
                let row = [
                    ms(&times.to_port, 0.5),
                    ms(&times.to_port, 0.99),
                    ms(&times.to_answer, 0.99),
                    ms(&times.disk, 0.5),
                    ms(&times.disk, 0.99),
                ];
                println!("{:<10} {round:>7} {} {:>6}", "latency", columns_of(&row), load());
                row
            })
            .collect();
        let medians: Vec<f64> =
            (0..5).map(|c| median(&columns.iter().filter_map(|row| row.get(c).copied()).collect::<Vec<_>>())).collect();
        println!(
            "{:<10} {:>7} {} ms (target for AT+CMGS p99 under {} ms; {SUBMITS} submits a round)",
            "latency",
            "median",
            columns_of(&medians),
            LATENCY_TARGET.as_millis()
        );
    }

    fn submit_at_rest(&self) -> Times {
        let folder = tempfile::tempdir_in(&self.disk).unwrap();
        let client = Builder::new_current_thread().enable_all().build().unwrap();
        client.block_on(async {
            let config = emulator::Config { airtime: Duration::ZERO, ..emulator::Config::default() };
            let (modem, running) = emulator::pty::start(config, folder.path(), None, &self.clock).unwrap();
            let modem_port = running.paths().first().cloned().unwrap();
            let mut tasks = tokio::task::JoinSet::new();
            tasks.spawn(running.run());
            let (sender, mut seen) = mpsc::channel(16);
            let tell = move |what, at| {
                if what == Seen::Command {
                    sender.try_send(at).unwrap();
                }
            };
            let port = relay::start(&modem_port, &self.clock, &mut tasks, tell);
            let server = self.server.handle();
            let (clock, home) = (self.clock.clone(), folder.path().to_owned());
            let starting = async move { start_daemon(&home, &clock, None, &[&port]).await };
            let daemon = self.on_server(server, starting).await;
            let mut door = Door::open(daemon.address(), folder.path()).await;
            until(&folder.path().join("recado.db"), UP, 1).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let disk = bare::Disk::open(folder.path());
            let mut times = Times::default();
            for number in 0..SUBMITS {
                // Long enough for the modem to be done and everything to be at rest; never in step with a timer.
                tokio::time::sleep(Duration::from_millis(u64::try_from(25 + number * 7_919 % 23).unwrap())).await;
                let request = post("/v1/messages", &door.token, &message(number));
                let began = self.clock.now().instant;
                let answered = async {
                    assert_eq!(door.connection.ask(&request).await, 202);
                    self.clock.now().instant
                };
                let (answered, written) = tokio::join!(answered, seen.recv());
                times.to_answer.push(answered.saturating_since(began));
                times.to_port.push(written.unwrap().saturating_since(began));
                tokio::time::sleep(Duration::from_millis(10)).await;
                times.disk.push(disk.insert(&self.clock));
            }
            self.on_server(server, daemon.stop()).await;
            modem.stop().await.unwrap();
            times
        })
    }

    /// Runs on the daemon's threads while this one goes on with the modem.
    async fn on_server<T: Send + 'static>(
        &self,
        server: &tokio::runtime::Handle,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let mut task = tokio::task::JoinSet::new();
        task.spawn_on(work, server);
        task.join_next().await.unwrap().unwrap()
    }
}

/// How a queue was handed over, as the store has noted it.
struct HandOver {
    /// Messages per second from the first offer to the last result.
    speed: f64,
    /// One of the PDUs.
    pdu: Vec<u8>,
    /// Between the results of a modem.
    gaps: Vec<Duration>,
}

/// What a round of submits took.
#[derive(Default)]
struct Times {
    to_port: Vec<Duration>,
    to_answer: Vec<Duration>,
    disk: Vec<Duration>,
}

fn columns_of(figures: &[f64]) -> String {
    let columns: Vec<String> = figures.iter().map(|figure| format!("{figure:>14.2}")).collect();
    columns.join(" ")
}
