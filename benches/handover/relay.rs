//! A pseudo-terminal between the daemon and a modem: it passes everything on and notes when an `AT+CMGS` comes out.

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
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Starts the relay to the modem at `modem`; the port for the daemon, and the times at which commands came.
pub(crate) fn start(
    modem: &Path,
    clock: &Clock,
    tasks: &mut JoinSet<io::Result<()>>,
) -> (PathBuf, mpsc::Receiver<Instant>) {
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
    let (sender, seen) = mpsc::channel(16);
    tasks.spawn(relay(register(master), slave, modem.to_owned(), clock.clone(), sender));
    (PathBuf::from(OsStr::from_bytes(port.as_bytes())), seen)
}

#[expect(deprecated, reason = "the successor is unsafe; an owned descriptor keeps what it asks for")]
fn register(descriptor: OwnedFd) -> AsyncFd<OwnedFd> {
    AsyncFd::new(descriptor).unwrap()
}

/// `_slave` keeps the master quiet while the daemon has its port closed.
async fn relay(
    master: AsyncFd<OwnedFd>,
    _slave: OwnedFd,
    modem: PathBuf,
    clock: Clock,
    seen: mpsc::Sender<Instant>,
) -> io::Result<()> {
    let mut modem = serial::open(&modem).unwrap();
    let (mut from_daemon, mut from_modem) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            ready = master.readable() => {
                let mut ready = ready?;
                let Ok(read) = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut from_daemon)?)) else { continue };
                let at = clock.now().instant;
                let bytes = from_daemon.get(..read?).unwrap_or_default();
                if bytes.starts_with(b"AT+CMGS=") {
                    seen.try_send(at).unwrap();
                }
                modem.write_all(bytes).await?;
            }
            read = modem.read(&mut from_modem) => {
                let mut bytes = from_modem.get(..read?).unwrap_or_default();
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
