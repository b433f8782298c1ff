//! The program at rest, with modems that another process plays.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::process::{Process, configure};
use super::running::{UP, until};
use super::support::load;

/// After the last modem is up: longer than any setting up, sweeping or pool of threads goes on.
const SETTLE: Duration = Duration::from_secs(20);

/// What is looked at, and for how long.
pub(crate) struct Idle {
    pub(crate) modems: usize,
    pub(crate) watched: Duration,
    pub(crate) target_mb: f64,
}

impl Idle {
    pub(crate) async fn measure(&self, disk: &Path) {
        let folder = tempfile::tempdir_in(disk).unwrap();
        let (_emulator, ports) = Process::emulate(&folder.path().join("ports"), self.modems, &[]).await;
        let config = configure(folder.path(), "127.0.0.1:0", "", &ports);
        let daemon = Process::start(&["serve", "--config", config.to_str().unwrap()]);
        until(&folder.path().join("recado.db"), UP, self.modems).await;
        tokio::time::sleep(SETTLE).await;
        let before = effort(&daemon);
        tokio::time::sleep(self.watched).await;
        let after = effort(&daemon);
        let spent = after.0.saturating_sub(before.0);
        println!(
            "{:<10} {} modems: resident {:.1} MB, of it {:.1} MB anonymous (target under {:.0} MB resident), {} threads; in {} s at rest: {:.2} ms of a processor, {:.4} % of one (target under 0.1 %), {} voluntary switches; load {}",
            "idle",
            self.modems,
            megabytes(&daemon, "VmRSS:"),
            megabytes(&daemon, "RssAnon:"),
            self.target_mb,
            status(&daemon, "Threads:"),
            self.watched.as_secs(),
            spent.as_secs_f64() * 1e3,
            100.0 * spent.as_secs_f64() / self.watched.as_secs_f64(),
            after.1 - before.1,
            load()
        );
    }
}

/// A field of `/proc/PID/status`.
fn status(process: &Process, field: &str) -> u64 {
    number(&fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap(), field)
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn megabytes(process: &Process, field: &str) -> f64 {
    status(process, field) as f64 / 1024.0
}

/// Time on a processor and voluntary switches of all threads.
fn effort(process: &Process) -> (Duration, u64) {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
    tasks.fold((Duration::ZERO, 0), |(time, switches), task| {
        let task = task.unwrap().path();
        let spent = fs::read_to_string(task.join("schedstat")).unwrap();
        let nanos = spent.split(' ').next().unwrap_or_default().parse().unwrap();
        let status = fs::read_to_string(task.join("status")).unwrap();
        (time + Duration::from_nanos(nanos), switches + number(&status, "voluntary_ctxt_switches:"))
    })
}

fn number(status: &str, field: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
