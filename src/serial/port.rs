//! Opening a port for ourselves alone, and saying why that failed.

use std::collections::BTreeSet;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tokio_serial::{SerialPort, SerialPortBuilderExt, SerialStream};

use super::lock::{self, LockFile};

/// USB modems ignore the rate; modems on a real line are set to it more often than to any other.
const BAUD: u32 = 115_200;

/// Why a port could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Nothing has this name.
    #[error("no such port; plug the modem in, or correct the path")]
    Absent,
    /// It is a file or folder.
    #[error("not a serial port")]
    NotAPort,
    /// This user may not open it.
    #[error("no permission for this user; put it into the group that owns the device (often dialout)")]
    Denied,
    /// Another process has it.
    #[error("in use by {}; stop it or keep it off this port", holder_name(.holder.as_ref()))]
    Busy {
        /// Which, where that can be seen.
        holder: Option<Holder>,
    },
    /// Its driver keeps us waiting.
    #[error("the driver does not answer")]
    Stuck,
    /// The system's own words.
    #[error("{0}")]
    Other(String),
}

/// A process that has a port open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// What the kernel calls it.
    pub name: String,
}

impl Holder {
    /// A process by its number.
    pub(super) fn of(pid: u32) -> Self {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Self { pid, name: name.trim().to_owned() }
    }
}

fn holder_name(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |holder| format!("{} (process {})", holder.name, holder.pid))
}

/// An open port, which is ours until this is dropped.
#[derive(Debug)]
pub struct Port {
    stream: SerialStream,
    /// After the stream, so that nobody is told that the port is free before it is.
    _lock: Option<LockFile>,
}

impl Deref for Port {
    type Target = SerialStream;

    fn deref(&self) -> &SerialStream {
        &self.stream
    }
}

impl DerefMut for Port {
    fn deref_mut(&mut self) -> &mut SerialStream {
        &mut self.stream
    }
}

/// Ports that are being opened. A driver that hangs keeps the thread that opens its port, perhaps for ever, and a program has
/// only so many.
static OPENING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A port that is being opened, until this is dropped.
struct Opening(PathBuf);

impl Opening {
    /// `None` where the last attempt has not ended.
    fn begin(path: &Path) -> Option<Self> {
        let is_first = OPENING.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        is_first.then(|| Self(path.to_owned()))
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        OPENING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Opens a port exclusively (lock file, TIOCEXCL and flock), raw, 8N1, DTR and RTS asserted: several modems announce
/// messages only with DTR on. Blocks for as long as the driver takes.
pub fn open(path: &Path) -> Result<Port, PortError> {
    look(path)?;
    let _opening = Opening::begin(path).ok_or(PortError::Stuck)?;
    let lock = lock::take(Path::new(lock::FOLDER), path).map_err(|holder| PortError::Busy { holder: Some(holder) })?;
    // The driver library takes text; a name that is not text is none that it can open.
    let name = path.to_str().ok_or(PortError::NotAPort)?;
    let mut stream = tokio_serial::new(name, BAUD).open_native_async().map_err(|e| explain(path, &e))?;
    // Pseudo-terminals and some bridges have no modem lines.
    for asserted in [stream.write_data_terminal_ready(true), stream.write_request_to_send(true)] {
        if let Err(error) = asserted {
            tracing::trace!(%error, "modem line not set");
        }
    }
    Ok(Port { stream, _lock: lock })
}

/// Says whether the port is there and could be opened, without opening it.
pub fn look(path: &Path) -> Result<(), PortError> {
    let metadata = std::fs::metadata(path).map_err(|e| named(e.kind()).unwrap_or(PortError::Other(e.to_string())))?;
    if !metadata.file_type().is_char_device() {
        return Err(PortError::NotAPort);
    }
    rustix::fs::access(path, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK)
        .map_err(|_errno| PortError::Denied)
}

fn explain(path: &Path, error: &tokio_serial::Error) -> PortError {
    match error.kind {
        // Also what a port says that another process has locked.
        tokio_serial::ErrorKind::NoDevice if path.exists() => PortError::Busy { holder: holder(path) },
        tokio_serial::ErrorKind::NoDevice => PortError::Absent,
        tokio_serial::ErrorKind::Io(io::ErrorKind::ResourceBusy) => PortError::Busy { holder: holder(path) },
        tokio_serial::ErrorKind::Io(kind) => named(kind).unwrap_or(PortError::Other(error.to_string())),
        tokio_serial::ErrorKind::InvalidInput | tokio_serial::ErrorKind::Unknown => PortError::Other(error.to_string()),
    }
}

/// The errors of the system that have a word of ours.
#[expect(clippy::wildcard_enum_match_arm, reason = "the system has many errors, and more to come")]
fn named(kind: io::ErrorKind) -> Option<PortError> {
    match kind {
        io::ErrorKind::NotFound => Some(PortError::Absent),
        io::ErrorKind::PermissionDenied => Some(PortError::Denied),
        _ => None,
    }
}

/// A process besides ours that has the port open. Those of other users are passed over where this user may not look.
pub fn holder(path: &Path) -> Option<Holder> {
    let device = std::fs::canonicalize(path).ok()?;
    let ours = std::process::id();
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pid = pids.find(|pid| *pid != ours && has_open(*pid, &device))?;
    Some(Holder::of(pid))
}

fn has_open(pid: u32, device: &Path) -> bool {
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors
        .filter_map(Result::ok)
        .any(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_still_being_opened_is_not_opened_a_second_time() {
        // What is a port to the first look, and to nobody else.
        let path = Path::new("/dev/null");
        let stuck = Opening::begin(path).unwrap();
        assert!(matches!(open(path), Err(PortError::Stuck)));
        drop(stuck);
        assert!(!matches!(open(path), Err(PortError::Stuck) | Ok(_)));
    }

    #[test]
    fn what_is_no_port_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(open(&folder.path().join("ttyUSB0")), Err(PortError::Absent)));
        assert!(matches!(open(folder.path()), Err(PortError::NotAPort)));
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(open(&file), Err(PortError::NotAPort)));
    }
}
