//! Resets from outside a modem, and who may be reset when: at most two modems of a hub at a time.

use std::collections::HashMap;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::modem::HostReset;
use crate::serial::replug::{self, Marks, Replug, ReplugError};
use crate::serial::usb::{Roots, hub_of};

/// Modems of one hub that may be off the bus at a time: more of them draw more current at their start than it has.
const AT_ONCE: usize = 2;

/// A command that cuts the power takes its time off, and a little more.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// The kernel lets a device go and finds it anew in a second or two; a driver that hangs keeps it for ever.
const KERNEL_LIMIT: Duration = Duration::from_secs(30);

/// Between looks whether it has ended.
const COMMAND_LOOK: Duration = Duration::from_millis(100);

/// The permission to reset one modem, for as long as it is kept.
#[derive(Debug)]
pub struct Permit {
    _place: Option<OwnedSemaphorePermit>,
}

/// The hubs. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Hubs(Arc<Mutex<HashMap<String, Arc<Semaphore>>>>);

impl Hubs {
    /// Waits until the modem in a slot may be reset. One that is on no hub need not wait.
    pub async fn permit(self, slot: Option<String>) -> Permit {
        let Some(slot) = slot else { return Permit { _place: None } };
        let hub = {
            let mut hubs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(hubs.entry(hub_of(&slot).to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
        };
        // Nobody closes it.
        Permit { _place: hub.acquire_owned().await.ok() }
    }
}

/// What can be done to one modem from outside.
#[derive(Debug, Clone, Default)]
pub struct Means {
    /// Where the kernel shows devices.
    pub roots: Roots,
    /// Where devices are noted that are off the bus for now.
    pub marks: Marks,
    /// The command that takes its power away for a while and gives it back: a program and its arguments.
    pub power_cycle: Option<Vec<String>>,
    /// All hubs of this host.
    pub hubs: Hubs,
}

/// Why a reset was not made.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// It cannot be plugged in anew.
    #[error(transparent)]
    Replug(#[from] ReplugError),
    /// The kernel keeps us waiting.
    #[error("the kernel does not answer")]
    Stuck,
    /// A defect of ours.
    #[error("the attempt has failed")]
    Panicked,
    /// Nothing is configured that cuts its power.
    #[error("no power_cycle is configured for it")]
    NoCommand,
    /// The command could not be run.
    #[error("{program}: {source}")]
    Run {
        /// Which.
        program: String,
        /// The system's word.
        source: std::io::Error,
    },
    /// The command failed.
    #[error("{program}: {status}")]
    Failed {
        /// Which.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// The command did not end.
    #[error("{program}: not ended after {} s", COMMAND_LIMIT.as_secs())]
    Late {
        /// Which.
        program: String,
    },
}

impl Means {
    /// Gives back what an earlier process took from its drivers and did not give back, because it was killed in between.
    /// The place of each such device, and why it could not be given back.
    pub async fn give_back(&self) -> Vec<(String, Result<(), ResetError>)> {
        let mut given_back = Vec::new();
        for unplugged in self.marks.left(&self.roots) {
            let place = unplugged.place().to_owned();
            let done = match blocking(|| unplugged.plug()).await {
                // Whoever pulled it out has done what was to be done.
                Err(ResetError::Replug(ReplugError::Absent(_))) => Ok(()),
                done => done,
            };
            given_back.push((place, done));
        }
        given_back
    }

    /// Makes a reset of the modem in a slot. Its port must be closed.
    pub async fn reset(self, reset: HostReset, slot: Option<String>) -> Result<(), ResetError> {
        match reset {
            HostReset::Replug => {
                let Self { roots, marks, .. } = self;
                let unplugged = blocking(move || Replug::of(&roots, slot.as_deref(), &marks)?.unplug()).await?;
                tokio::time::sleep(replug::BETWEEN).await;
                blocking(|| unplugged.plug()).await
            }
            HostReset::PowerCycle => run(self.power_cycle.as_deref().unwrap_or_default()).await,
        }
    }
}

/// The kernel takes its time for these. What comes too late is dropped, which plugs the device in again.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReplugError> + Send + 'static,
) -> Result<T, ResetError> {
    let done = tokio::time::timeout(KERNEL_LIMIT, tokio::task::spawn_blocking(work)).await;
    let done = done.map_err(|_elapsed| ResetError::Stuck)?;
    Ok(done.map_err(|_panicked| ResetError::Panicked)??)
}

/// Runs a program without a shell. One that is late is left to its end: power that it has taken it must give back.
async fn run(command: &[String]) -> Result<(), ResetError> {
    let Some((program, arguments)) = command.split_first() else { return Err(ResetError::NoCommand) };
    let run_error = |source| ResetError::Run { program: program.clone(), source };
    let mut child = std::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(run_error)?;
    let ended = tokio::time::timeout(COMMAND_LIMIT, async {
        loop {
            match child.try_wait() {
                Ok(None) => tokio::time::sleep(COMMAND_LOOK).await,
                Ok(Some(status)) => return Ok(status),
                Err(source) => return Err(source),
            }
        }
    });
    let Ok(ended) = ended.await else {
        reap(child);
        return Err(ResetError::Late { program: program.clone() });
    };
    let status = ended.map_err(run_error)?;
    if status.success() { Ok(()) } else { Err(ResetError::Failed { program: program.clone(), status }) }
}

/// Waits for a program that is late, which would else stay in the list of processes after its end. A thread of its own does
/// it, for which nobody waits at a stop.
fn reap(mut child: Child) {
    let reaper = std::thread::Builder::new().name("reaper".to_owned()).spawn(move || child.wait());
    if let Err(error) = reaper {
        tracing::warn!(%error, "no thread waits for a program that is late");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::usb::fake::{Fake, Stick};

    fn means(command: &[&str]) -> Means {
        let power_cycle = Some(command.iter().map(|&word| word.to_owned()).collect());
        Means { power_cycle, ..Means::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_third_modem_of_a_hub_waits_and_one_of_another_hub_does_not() {
        let hubs = Hubs::default();
        let permit = |slot: &str| hubs.clone().permit(Some(slot.to_owned()));
        let (first, _second) = (permit("1-1.1:1.2").await, permit("1-1.2:1.2").await);
        let mut third = Box::pin(permit("1-1.3:1.2"));
        let soon = Duration::from_secs(1);
        assert!(tokio::time::timeout(soon, &mut third).await.is_err());
        permit("1-2.1:1.2").await;
        hubs.clone().permit(None).await;
        drop(first);
        tokio::time::timeout(soon, third).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_modem_is_plugged_in_anew_by_the_kernel() {
        let fake = Fake::new();
        fake.plug(&Stick::new("1-1.4", 0x2c7c, 0x0125).port(2, 0, "ttyUSB2"));
        let file = fake.authorize("1-1.4");
        let means = Means { roots: fake.roots(), ..Means::default() };
        means.clone().reset(HostReset::Replug, Some("1-1.4:1.2".to_owned())).await.unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap().trim(), "1");
        let error = means.reset(HostReset::Replug, None).await.unwrap_err();
        assert!(matches!(error, ResetError::Replug(ReplugError::NotUsb)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_killed_process_left_off_the_bus_is_given_back() {
        let fake = Fake::new();
        fake.plug(&Stick::new("1-1.4", 0x2c7c, 0x0125).port(2, 0, "ttyUSB2"));
        let file = fake.authorize("1-1.4");
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::beside(&folder.path().join("recado.db"));
        let means = Means { roots: fake.roots(), marks: marks.clone(), ..Means::default() };
        assert!(means.give_back().await.is_empty());
        let replug = Replug::of(&fake.roots(), Some("1-1.4:1.2"), &marks).unwrap();
        let _killed = std::mem::ManuallyDrop::new(replug.unplug().unwrap());
        assert!(matches!(means.give_back().await.as_slice(), [(place, Ok(()))] if place == "1-1.4"));
        assert_eq!(std::fs::read_to_string(file).unwrap().trim(), "1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_kernel_that_keeps_the_device_is_not_waited_for_and_it_is_plugged_in_again() {
        let fake = Fake::new();
        fake.plug(&Stick::new("1-1.4", 0x2c7c, 0x0125).port(2, 0, "ttyUSB2"));
        let file = fake.authorize("1-1.4");
        std::fs::remove_file(&file).unwrap();
        // Opening it takes as long as nobody reads.
        rustix::fs::mkfifoat(rustix::fs::CWD, &file, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
        let means = Means { roots: fake.roots(), ..Means::default() };
        let resetting = means.reset(HostReset::Replug, Some("1-1.4:1.2".to_owned()));
        let time = async {
            tokio::task::yield_now().await;
            tokio::time::advance(KERNEL_LIMIT).await;
        };
        let (reset, ()) = tokio::join!(resetting, time);
        assert!(matches!(reset, Err(ResetError::Stuck)));
        let mut reader = std::fs::File::options().read(true).write(true).open(&file).unwrap();
        let mut written = [0; 2];
        std::io::Read::read_exact(&mut reader, &mut written).unwrap();
        assert_eq!(&written, b"01");
    }

    #[tokio::test]
    async fn the_power_is_cut_by_a_program_with_its_arguments_as_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a b; $HOME");
        means(&["touch", file.to_str().unwrap()]).reset(HostReset::PowerCycle, None).await.unwrap();
        assert!(file.exists());
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_is_late_is_left_to_its_end_and_leaves_no_process_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (number, gate) = (folder.path().join("number"), folder.path().join("gate"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &gate, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
        let script = "echo $$ > \"$1\"; exec cat \"$2\"";
        let command = ["sh", "-c", script, "sh", number.to_str().unwrap(), gate.to_str().unwrap()];
        let error = means(&command).reset(HostReset::PowerCycle, None).await.unwrap_err();
        assert!(matches!(error, ResetError::Late { .. }), "{error}");
        // From here on it is waited for what another process does.
        tokio::time::resume();
        // Opens as soon as the program reads from it, which then has said its number.
        let open = tokio::task::spawn_blocking({
            let gate = gate.clone();
            move || std::fs::File::options().write(true).open(gate).unwrap()
        });
        drop(open.await.unwrap());
        let number = std::fs::read_to_string(number).unwrap();
        let process = std::path::Path::new("/proc").join(number.trim());
        let reaped = async {
            let mut look = tokio::time::interval(Duration::from_millis(10));
            while process.exists() {
                look.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reaped).await.unwrap();
    }

    #[tokio::test]
    async fn a_command_that_fails_or_is_not_there_says_so() {
        let error = |command: &'static [&'static str]| async {
            means(command).reset(HostReset::PowerCycle, None).await.unwrap_err()
        };
        assert!(matches!(error(&["false"]).await, ResetError::Failed { .. }));
        assert!(matches!(error(&["/no/such/program"]).await, ResetError::Run { .. }));
        let none = Means::default().reset(HostReset::PowerCycle, None).await.unwrap_err();
        assert!(matches!(none, ResetError::NoCommand));
    }
}
