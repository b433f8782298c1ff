//! How a port is, without opening it: opening would raise DTR and wake or reset what hangs on it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::serial::{self, Holder, PortError};

/// What the kernel calls our processes (`/proc/PID/comm`).
const OUR_NAME: &str = "recado";

/// A port that can be used.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum PortState {
    /// Nobody has it open, as far as this user can see.
    Free(PathBuf),
    /// A daemon of ours has it open.
    Ours {
        /// The device behind all symlinks.
        device: PathBuf,
        /// The process.
        pid: u32,
    },
}

impl PortState {
    pub(in super::super) fn of(port: &Path) -> Result<Self, PortError> {
        serial::look(port)?;
        let device = fs::canonicalize(port).map_err(|error| PortError::Other(error.to_string()))?;
        // Other than a terminal, such as /dev/null, a device can be open many times.
        let holder = if is_terminal(&device) { serial::holder(&device) } else { None };
        match holder {
            None => Ok(Self::Free(device)),
            Some(Holder { pid, name }) if name == OUR_NAME => Ok(Self::Ours { device, pid }),
            holder => Err(PortError::Busy { holder }),
        }
    }
}

/// Terminals are what the kernel lists as such: /dev/tty…, and /dev/pts/… of the emulator.
fn is_terminal(device: &Path) -> bool {
    let under = device.strip_prefix("/dev").ok().and_then(Path::to_str);
    under.is_some_and(|name| name.starts_with("tty") || name.starts_with("pts/") || name.starts_with("cdc-wdm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_are_not_there_or_no_devices_say_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(PortState::of(&folder.path().join("tty")), Err(PortError::Absent)));
        assert!(matches!(PortState::of(folder.path()), Err(PortError::NotAPort)));
        let link = folder.path().join("modem");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        assert_eq!(PortState::of(&link).unwrap(), PortState::Free("/dev/null".into()));
    }

    #[test]
    fn a_port_that_another_process_has_open_is_busy() {
        use std::process::{Command, Stdio};
        let (_master, path) = terminal();
        let side = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut child = Command::new("cat").stdin(side).stdout(Stdio::null()).spawn().unwrap();
        let state = PortState::of(&path);
        child.kill().unwrap();
        child.wait().unwrap();
        let busy = format!("in use by cat (process {}); stop it or keep it off this port", child.id());
        assert_eq!(state.unwrap_err().to_string(), busy);
    }

    /// A pseudo-terminal and the path of its far side.
    fn terminal() -> (std::os::fd::OwnedFd, PathBuf) {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap().into();
        (master, path)
    }
}
