//! Modems in processes of their own, and a gateway in another.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::process::configure;
use super::running::{Door, UP, until};
use super::{AIRTIME, Process};

/// Counted for every part, and never reached.
const LIMITS: &str = "[sim]\nper_minute = 100000\nper_hour = 1000000\nper_day = 1000000\nper_month = 1000000\n\
     recipients_per_month = 1000000\nmin_gap = '1ms'\n[webhooks]\nallow_private = true\n";

/// What has been on the air, whatever came of it.
const RESULTS: &str = "SELECT 1 WHERE (SELECT count(*) FROM segment WHERE state IN (3, 5)) >= ?1";

/// What one measurement runs on; gone with the value.
pub(crate) struct Rig {
    gateway: Option<Process>,
    door: Option<Door>,
    /// One for each group of modems.
    pub(crate) emulators: Vec<Process>,
    /// All of them, group after group.
    pub(crate) ports: Vec<PathBuf>,
    /// Last, so that it outlives the processes.
    folder: tempfile::TempDir,
}

impl Rig {
    /// Starts groups of so many modems.
    pub(crate) async fn start(disk: &Path, groups: &[usize]) -> Self {
        let folder = tempfile::tempdir_in(disk).unwrap();
        let (mut emulators, mut ports) = (Vec::new(), Vec::new());
        for (group, modems) in groups.iter().enumerate() {
            // Reports would come in a burst; they are not what is measured here.
            let airtime = format!("{}ms", AIRTIME.as_millis());
            let (seed, log) = (group.to_string(), folder.path().join(format!("log{group}")));
            let log = log.to_str().unwrap();
            let more =
                ["--airtime", &airtime, "--report-delay", "1h", "--reply-rate", "0", "--seed", &seed, "--log", log];
            let (emulator, linked) =
                Process::emulate(&folder.path().join(format!("ports{group}")), *modems, &more).await;
            emulators.push(emulator);
            ports.extend(linked);
        }
        Self { gateway: None, door: None, emulators, ports, folder }
    }

    /// Starts a gateway that drives these ports and waits until it does.
    pub(crate) async fn serve(&mut self, ports: &[PathBuf]) {
        // Nobody else takes it in this short time.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let config = configure(self.folder.path(), &address.to_string(), LIMITS, ports);
        self.gateway = Some(Process::start(&["serve", "--config", config.to_str().unwrap()]));
        until(&self.database(), UP, ports.len()).await;
        self.door = Some(Door::open(address, self.folder.path()).await);
    }

    /// Lets the gateway send these messages, and waits for so many results.
    pub(crate) async fn run(&mut self, messages: impl Iterator<Item = String>, results: usize) {
        self.begin(messages).await;
        self.until_results(results).await;
    }

    /// Waits for so many results.
    pub(crate) async fn until_results(&self, results: usize) {
        until(&self.database(), RESULTS, results).await;
    }

    /// A caller.
    pub(crate) fn door(&mut self) -> &mut Door {
        self.door.as_mut().unwrap()
    }

    /// Lets the gateway begin with these messages.
    pub(crate) async fn begin(&mut self, messages: impl Iterator<Item = String>) {
        let door = self.door();
        door.queue(messages).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        door.resume().await;
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("recado.db")
    }

    /// What the network has taken from a group of modems.
    pub(crate) fn log(&self, group: usize) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("log{group}"))).unwrap()
    }
}
