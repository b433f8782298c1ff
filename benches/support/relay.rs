//! A pseudo-terminal between the one who drives a modem and the modem: it passes everything on and tells what it saw.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use recado::clock::{Clock, Instant};
use recado::serial;
use rustix::pty::OpenptFlags;
use rustix::termios::{self, OptionalActions};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

/// What came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An `AT+CMGS` came out of the driver.
    Command,
    /// The result of a part came from the modem.
    Result,
}

/// Starts the relay to the modem at `modem`, and gives the port for the driver. `tell` hears of what came by, and when.
pub(crate) fn start(
    modem: &Path,
    clock: &Clock,
    tasks: &mut JoinSet<io::Result<()>>,
    tell: impl FnMut(Seen, Instant) + Send + 'static,
) -> PathBuf {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags).unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    rustix::io::ioctl_fionbio(&master, true).unwrap();
    let port = rustix::pty::ptsname(&master, Vec::new()).unwrap();
    let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags).unwrap();
    let mut settings = termios::tcgetattr(&slave).unwrap();
    settings.make_raw();
    termios::tcsetattr(&slave, OptionalActions::Now, &settings).unwrap();
    tasks.spawn(relay(register(master), slave, modem.to_owned(), clock.clone(), tell));
    PathBuf::from(OsStr::from_bytes(port.as_bytes()))
}

#[expect(deprecated, reason = "the successor is unsafe; an owned descriptor keeps what it asks for")]
fn register(descriptor: OwnedFd) -> AsyncFd<OwnedFd> {
    AsyncFd::new(descriptor).unwrap()
}

/// `_slave` keeps the master quiet while the driver has its port closed.
async fn relay(
    master: AsyncFd<OwnedFd>,
    _slave: OwnedFd,
    modem: PathBuf,
    clock: Clock,
    mut tell: impl FnMut(Seen, Instant) + Send,
) -> io::Result<()> {
    let mut modem = serial::open(&modem).unwrap();
    let (mut from_driver, mut from_modem) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            ready = master.readable() => {
                let mut ready = ready?;
                let Ok(read) = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut from_driver)?)) else { continue };
                let at = clock.now().instant;
                let bytes = from_driver.get(..read?).unwrap_or_default();
                if bytes.starts_with(b"AT+CMGS=") {
                    tell(Seen::Command, at);
                }
                modem.write_all(bytes).await?;
            }
            read = modem.read(&mut from_modem) => {
                let mut bytes = from_modem.get(..read?).unwrap_or_default();
                if bytes.starts_with(b"\r\n+CMGS: ") {
                    tell(Seen::Result, clock.now().instant);
                }
                while !bytes.is_empty() {
                    let written = match master.writable().await?.try_io(|fd| Ok(rustix::io::write(fd.get_ref(), bytes)?)) {
                        Ok(written) => written?,
                        Err(_would_block) => 0,
                    };
                    bytes = bytes.get(written..).unwrap_or_default();
                }
            }
        }
    }
}
