//! The program at rest.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::support::load;
use super::until;

const MODEMS: usize = 8;
/// After the last modem is up: longer than any setting up, sweeping or pool of threads goes on.
const SETTLE: Duration = Duration::from_secs(20);
const WATCHED: Duration = Duration::from_secs(10);
const TARGET_MB: f64 = 25.0;

pub(crate) fn measure(disk: &Path, runtime: &Runtime) {
    let folder = tempfile::tempdir_in(disk).unwrap();
    let ports = folder.path().join("ports");
    fs::create_dir(&ports).unwrap();
    let database = folder.path().join("recado.db");
    let program = env!("CARGO_BIN_EXE_recado");
    let modems = MODEMS.to_string();
    let emulator = Process::start(Command::new(program).args(["emulate", "--modems", &modems, "--dir"]).arg(&ports));
    let modem_ports = (0..MODEMS).map(|modem| format!("[[modem]]\nport = '{}/modem{modem}'\n", ports.display()));
    let store = format!("[store]\npath = '{}'\n[http]\nlisten = '127.0.0.1:0'\n", database.display());
    let config: String = std::iter::once(store).chain(modem_ports).collect();
    let file = folder.path().join("recado.toml");
    fs::write(&file, config).unwrap();
    let daemon = Process::start(Command::new(program).args(["serve", "--config"]).arg(&file));
    let (before, after) = runtime.block_on(async {
        while !database.exists() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let up = "SELECT 1 FROM event WHERE type = 'modem.up' GROUP BY type HAVING count(*) >= ?1";
        until(&database, up, MODEMS).await;
        tokio::time::sleep(SETTLE).await;
        let before = daemon.effort();
        tokio::time::sleep(WATCHED).await;
        (before, daemon.effort())
    });
    println!(
        "{:<10} {MODEMS} modems: resident {:.1} MB, of it {:.1} MB anonymous (target under {TARGET_MB:.0} MB resident), {} threads; in {} s at rest: {:.2} ms of a processor, {} voluntary switches; load {}",
        "idle",
        daemon.megabytes("VmRSS:"),
        daemon.megabytes("RssAnon:"),
        daemon.status("Threads:"),
        WATCHED.as_secs(),
        after.0.saturating_sub(before.0).as_secs_f64() * 1e3,
        after.1 - before.1,
        load()
    );
    drop(daemon);
    drop(emulator);
}

/// A process that ends with this value.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// A field of `/proc/PID/status`.
    fn status(&self, field: &str) -> u64 {
        number(&fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap(), field)
    }

    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    fn megabytes(&self, field: &str) -> f64 {
        self.status(field) as f64 / 1024.0
    }

    /// Time on a processor and voluntary switches of all threads.
    fn effort(&self) -> (Duration, u64) {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        tasks.fold((Duration::ZERO, 0), |(time, switches), task| {
            let task = task.unwrap().path();
            let spent = fs::read_to_string(task.join("schedstat")).unwrap();
            let nanos = spent.split(' ').next().unwrap_or_default().parse().unwrap();
            let status = fs::read_to_string(task.join("status")).unwrap();
            (time + Duration::from_nanos(nanos), switches + number(&status, "voluntary_ctxt_switches:"))
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        self.0.kill().unwrap_or_default();
        self.0.wait().unwrap();
    }
}

fn number(status: &str, field: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
