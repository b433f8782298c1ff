//! Emulated modems on real pseudo-terminals, reached through symlinks `DIR/modem0`, `DIR/modem1` and so on.
//!
//! Linux tells the master of a pseudo-terminal that the last user closed the slave, but not that somebody opened it, and
//! a master without users is for ever readable to an edge-triggered poll. So the emulator keeps a descriptor of its own
//! on each slave, which keeps the master quiet, and learns of others from inotify: it counts opens and closes of the
//! device node. When the last other user has closed, the emulator takes back what that user may have left behind:
//! exclusive mode (which would keep out everybody but root while any descriptor is open), the terminal settings, and bytes
//! that nobody read. Nothing is polled; at rest nothing wakes.
//!
//! Two programs that have one port open at the same time and open or close it in the same instant may be counted as one,
//! because inotify merges equal events; bytes from a port that counts as closed put that right.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::{self, OptionalActions, QueueSelector};
use tokio::io::unix::AsyncFd;

use super::config::Config;
use super::edge::{Edge, Handle, PortEvent, Ports, UNSENT_MAX, Witness};
use crate::clock::Clock;

/// The most that the kernel gives at once.
const READ_BUFFER: usize = 4096;
/// Room for some tens of inotify events, which are 16 octets each without a name.
const EVENT_BUFFER: usize = 1024;

/// Emulated modems that nobody runs yet. Dropping it, or its future, hangs up all ports and removes the links.
#[derive(Debug)]
pub struct Running {
    edge: Edge<PtyPorts>,
    paths: Vec<PathBuf>,
}

/// Opens one pseudo-terminal per modem and links them in `dir`, which must exist. Links that are there already are
/// replaced.
///
/// # Errors
/// The pseudo-terminals or links cannot be made, or something that is not a link has the name of one.
///
/// # Panics
/// Outside of a runtime.
pub fn start(config: Config, dir: &Path, witness: Option<Witness>, clock: &Clock) -> io::Result<(Handle, Running)> {
    let paths: Vec<PathBuf> = (0..config.modems).map(|modem| dir.join(format!("modem{modem}"))).collect();
    let ports = PtyPorts::open(&paths)?;
    let (handle, edge) = Edge::new(config, ports, witness, clock);
    Ok((handle, Running { edge, paths }))
}

impl Running {
    /// The links, by index. They stay the same for the whole run; what they point to does not.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Runs until it is stopped, all handles are gone, or a port or the witness fails.
    pub async fn run(self) -> io::Result<()> {
        self.edge.run().await
    }
}

/// A pseudo-terminal.
#[derive(Debug)]
struct Pty {
    master: AsyncFd<OwnedFd>,
    /// Ours; see the module's documentation.
    slave: OwnedFd,
    path: PathBuf,
    watch: i32,
    /// Open descriptions of the slave besides ours.
    users: usize,
    unsent: VecDeque<u8>,
}

#[derive(Debug)]
struct Port {
    link: PathBuf,
    /// `None` while the modem is absent.
    pty: Option<Pty>,
}

#[derive(Debug)]
struct PtyPorts {
    ports: Vec<Port>,
    inotify: AsyncFd<OwnedFd>,
    events: VecDeque<PortEvent>,
    /// Where the next look at the ports begins, so that a busy one does not starve the others.
    next: usize,
}

impl Pty {
    fn open(inotify: &OwnedFd) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = rustix::pty::openpt(flags)?;
        rustix::pty::grantpt(&master)?;
        rustix::pty::unlockpt(&master)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        let path = rustix::pty::ptsname(&master, Vec::new())?;
        let path = PathBuf::from(OsStr::from_bytes(path.as_bytes()));
        let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags)?;
        make_raw(&slave)?;
        // The watch comes after our own open, which therefore is not counted.
        let watch = inotify::add_watch(inotify, &path, WatchFlags::OPEN | WatchFlags::CLOSE)?;
        let master = register(master)?;
        Ok(Self { master, slave, path, watch, users: 0, unsent: VecDeque::new() })
    }

    /// The last user is gone: the next one finds the port as the first one did.
    fn clean_up(&mut self) -> io::Result<()> {
        self.unsent.clear();
        termios::ioctl_tiocnxcl(&self.slave)?;
        // First what is still on its way to the slave, then what has arrived there.
        termios::tcflush(self.master.get_ref(), QueueSelector::OFlush)?;
        termios::tcflush(&self.slave, QueueSelector::IFlush)?;
        make_raw(&self.slave)
    }

    /// What the user wrote, if something is there.
    fn poll_read(&self, context: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        loop {
            let mut ready = match self.master.poll_read_ready(context) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return Poll::Pending,
            };
            let mut buffer = [0; READ_BUFFER];
            match rustix::io::read(self.master.get_ref(), &mut buffer) {
                Ok(count) => {
                    // A terminal gives all that it has: fewer bytes than asked for means that there are no more, and what
                    // comes later is announced anew. This saves a read per line.
                    if count < READ_BUFFER {
                        ready.clear_ready();
                    }
                    return Poll::Ready(Ok(buffer.get(..count).unwrap_or_default().to_vec()));
                }
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    fn poll_unsent(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while !self.unsent.is_empty() {
            let Poll::Ready(ready) = self.master.poll_write_ready(context) else { break };
            let mut ready = ready?;
            match rustix::io::write(self.master.get_ref(), self.unsent.as_slices().0) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> io::Result<()> {
        let sent = if self.unsent.is_empty() {
            match rustix::io::write(self.master.get_ref(), data) {
                Ok(count) => count,
                Err(Errno::AGAIN | Errno::INTR) => 0,
                Err(error) => return Err(error.into()),
            }
        } else {
            0
        };
        let room = UNSENT_MAX.saturating_sub(self.unsent.len());
        self.unsent.extend(data.iter().skip(sent).take(room));
        Ok(())
    }
}

impl Port {
    fn link(&self, target: &Path) -> io::Result<()> {
        let name = self.link.file_name().unwrap_or_default();
        let mut hidden = OsStr::new(".").to_owned();
        hidden.push(name);
        let fresh = self.link.with_file_name(hidden);
        match fs::symlink_metadata(&self.link) {
            Ok(there) if !there.file_type().is_symlink() => {
                let what = format!("{} is there and is not a link", self.link.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
            }
            Ok(_) | Err(_) => {}
        }
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::os::unix::fs::symlink(target, &fresh)?;
        fs::rename(&fresh, &self.link)
    }

    /// Hangs up, after the link is gone: nobody finds a dead port. A link that is not ours any more stays.
    fn close(&mut self) -> io::Result<()> {
        let Some(pty) = self.pty.take() else { return Ok(()) };
        if fs::read_link(&self.link).is_ok_and(|target| target == pty.path) {
            fs::remove_file(&self.link)?;
        }
        Ok(())
    }
}

impl PtyPorts {
    fn open(links: &[PathBuf]) -> io::Result<Self> {
        let inotify = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        let ports = links.iter().map(|link| Port { link: link.clone(), pty: None }).collect();
        let inotify = register(inotify)?;
        let mut opened = Self { ports, inotify, events: VecDeque::new(), next: 0 };
        for modem in 0..links.len() {
            opened.restore(modem)?;
        }
        Ok(opened)
    }

    /// Takes all that inotify has to say.
    fn read_inotify(&mut self) -> io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); EVENT_BUFFER];
        let mut seen = Vec::new();
        let mut reader = inotify::Reader::new(self.inotify.get_ref(), &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => seen.push((event.wd(), event.events())),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for (watch, flags) in seen {
            self.count(watch, flags);
        }
        Ok(())
    }

    fn count(&mut self, watch: i32, flags: ReadFlags) {
        let mut ports = self.ports.iter_mut().enumerate().filter_map(|(modem, port)| Some((modem, port.pty.as_mut()?)));
        let Some((modem, pty)) = ports.find(|(_, pty)| pty.watch == watch) else { return };
        if flags.contains(ReadFlags::OPEN) {
            pty.users += 1;
            if pty.users == 1 {
                self.events.push_back(PortEvent::Opened { modem });
            }
        } else if flags.intersects(ReadFlags::CLOSE_WRITE | ReadFlags::CLOSE_NOWRITE) && pty.users > 0 {
            pty.users -= 1;
            if pty.users == 0 {
                self.events.push_back(PortEvent::Closed { modem });
            }
        }
    }

    /// What was written ahead of a close that waits to be told still counts. Where somebody else has opened the port
    /// since, nothing says who wrote what is there: it goes to the one who waits for an answer.
    fn read_ahead_of_closes(&mut self) -> io::Result<()> {
        for modem in 0..self.ports.len() {
            let Some(pty) = self.ports.get(modem).and_then(|port| port.pty.as_ref()) else { continue };
            if pty.users > 0 || self.last_close(modem).is_none() {
                continue;
            }
            let mut data = Vec::new();
            let mut buffer = [0; READ_BUFFER];
            while let Ok(count @ 1..) = rustix::io::read(pty.master.get_ref(), &mut buffer) {
                data.extend_from_slice(buffer.get(..count).unwrap_or_default());
            }
            if data.is_empty() {
                continue;
            }
            self.read_inotify()?;
            let place = self.last_close(modem).filter(|_| self.users(modem) == Some(0)).unwrap_or(self.events.len());
            self.events.insert(place, PortEvent::Bytes { modem, data });
        }
        Ok(())
    }

    fn last_close(&self, modem: usize) -> Option<usize> {
        let closed = |event: &PortEvent| matches!(event, PortEvent::Closed { modem: closed } if *closed == modem);
        self.events.iter().rposition(closed)
    }

    /// Looks at every port once; `None` when nothing is to be read.
    fn poll_ports(&mut self, context: &mut Context<'_>) -> io::Result<Option<(usize, Vec<u8>)>> {
        let count = self.ports.len();
        for modem in (self.next..count).chain(0..self.next) {
            let Some(pty) = self.ports.get_mut(modem).and_then(|port| port.pty.as_mut()) else { continue };
            pty.poll_unsent(context)?;
            if let Poll::Ready(data) = pty.poll_read(context) {
                self.next = modem + 1;
                return Ok(Some((modem, data?)));
            }
        }
        self.next = 0;
        Ok(None)
    }

    /// Queues bytes behind the opening of their port. Whoever writes has the port open, also when inotify says so a little
    /// later or merged it away.
    fn push_bytes(&mut self, modem: usize, data: Vec<u8>) -> io::Result<()> {
        if self.users(modem) == Some(0) {
            self.read_inotify()?;
        }
        let opened = |event: &PortEvent| matches!(event, PortEvent::Opened { modem: opened } if *opened == modem);
        let opening = self.events.iter().position(opened);
        if opening.is_none()
            && let Some(pty) = self.ports.get_mut(modem).and_then(|port| port.pty.as_mut())
            && pty.users == 0
        {
            pty.users = 1;
            self.events.push_back(PortEvent::Opened { modem });
        }
        let place = opening.map_or(self.events.len(), |at| at + 1);
        self.events.insert(place, PortEvent::Bytes { modem, data });
        Ok(())
    }

    fn users(&self, modem: usize) -> Option<usize> {
        self.ports.get(modem)?.pty.as_ref().map(|pty| pty.users)
    }
}

impl Ports for PtyPorts {
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<io::Result<PortEvent>> {
        while let Poll::Ready(ready) = self.inotify.poll_read_ready(context) {
            ready?.clear_ready();
            self.read_inotify()?;
            self.read_ahead_of_closes()?;
        }
        if self.events.is_empty()
            && let Some((modem, data)) = self.poll_ports(context)?
        {
            self.push_bytes(modem, data)?;
        }
        let Some(event) = self.events.pop_front() else { return Poll::Pending };
        if let PortEvent::Closed { modem } = event
            && let Some(pty) = self.ports.get_mut(modem).and_then(|port| port.pty.as_mut())
        {
            // Not before: what was written ahead of the close has been answered by now.
            pty.clean_up()?;
        }
        Poll::Ready(Ok(event))
    }

    fn write(&mut self, modem: usize, data: &[u8]) -> io::Result<()> {
        match self.ports.get_mut(modem).and_then(|port| port.pty.as_mut()) {
            Some(pty) => pty.write(data),
            None => Ok(()),
        }
    }

    fn hang_up(&mut self, modem: usize) -> io::Result<()> {
        // What happened on this port belongs to nobody any more.
        self.events.retain(|event| event.modem() != modem);
        self.ports.get_mut(modem).map_or(Ok(()), Port::close)
    }

    fn restore(&mut self, modem: usize) -> io::Result<()> {
        let Some(port) = self.ports.get_mut(modem) else { return Ok(()) };
        let pty = Pty::open(self.inotify.get_ref())?;
        port.link(&pty.path)?;
        port.pty = Some(pty);
        Ok(())
    }
}

impl Drop for PtyPorts {
    fn drop(&mut self) {
        for port in &mut self.ports {
            // A link that cannot be removed is replaced by the next start.
            port.close().unwrap_or_default();
        }
    }
}

#[expect(deprecated, reason = "the successor is unsafe; an owned descriptor keeps what it asks for")]
fn register(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}

/// Bytes pass as they are in both directions, without echo.
fn make_raw(slave: &OwnedFd) -> io::Result<()> {
    let mut settings = termios::tcgetattr(slave)?;
    settings.make_raw();
    Ok(termios::tcsetattr(slave, OptionalActions::Now, &settings)?)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::OpenOptionsExt as _;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

    use super::*;
    use crate::emulator::edge::log_to;
    use crate::emulator::tests::submit_pdu;
    use std::time::Duration;

    /// A folder of its own, gone with the value.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("recado-pty-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn config() -> Config {
        Config { airtime: Duration::ZERO, report_delay: Duration::ZERO, ..Config::default() }
    }

    /// Runs `client` beside the modems and stops them.
    async fn beside(running: Running, handle: Handle, client: impl Future<Output = ()>) {
        let client = async move {
            tokio::time::timeout(Duration::from_secs(20), client).await.unwrap();
            handle.stop().await.unwrap();
        };
        let (outcome, ()) = tokio::join!(running.run(), client);
        outcome.unwrap();
    }

    fn open(path: &Path) -> SerialStream {
        tokio_serial::new(path.to_string_lossy(), 115_200).open_native_async().unwrap()
    }

    const LOCAL: termios::LocalModes = termios::LocalModes::ECHO.union(termios::LocalModes::ICANON);

    fn open_plain(path: &Path) -> fs::File {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).unwrap();
        fs::OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).unwrap()
    }

    /// Lets the runtime look at all descriptors, and the modems at what it saw.
    async fn turn() {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }

    async fn read_until(port: &mut SerialStream, end: &str) -> String {
        let mut said = String::new();
        while !said.ends_with(end) {
            let mut buffer = [0; 256];
            let count = AsyncReadExt::read(port, &mut buffer).await.unwrap();
            assert_ne!(count, 0, "hung up after {said:?}");
            said.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        said
    }

    #[tokio::test]
    async fn a_text_goes_through_a_real_terminal_and_into_the_log() {
        let folder = Folder::new("submit");
        let log = folder.0.join("log");
        let witness = log_to(fs::File::create(&log).unwrap());
        let (handle, running) = start(config(), &folder.0, Some(witness), &Clock::host()).unwrap();
        let path = running.paths()[0].clone();
        assert_eq!(path, folder.0.join("modem0"));
        beside(running, handle, async {
            let mut port = open(&path);
            AsyncWriteExt::write_all(&mut port, b"ATE0\r").await.unwrap();
            assert_eq!(read_until(&mut port, "OK\r\n").await, "ATE0\r\r\nOK\r\n");
            AsyncWriteExt::write_all(&mut port, b"AT+CNMI=2,1,0,1,0\r").await.unwrap();
            assert_eq!(read_until(&mut port, "OK\r\n").await, "\r\nOK\r\n");
            let (length, pdu) = submit_pdu("+5511987654321", "Oi", None);
            AsyncWriteExt::write_all(&mut port, format!("AT+CMGS={length}\r").as_bytes()).await.unwrap();
            assert_eq!(read_until(&mut port, "> ").await, "\r\n> ");
            AsyncWriteExt::write_all(&mut port, format!("{pdu}\x1a").as_bytes()).await.unwrap();
            let mut said = read_until(&mut port, "\r\n").await;
            let line = fs::read_to_string(&log).unwrap();
            assert!(line.ends_with(&format!("\"srr\":true,\"pdu\":\"{pdu}\"}}\n")), "{line}");
            while !said.contains("+CDS: ") {
                said += &read_until(&mut port, "\r\n").await;
            }
            assert!(said.starts_with("\r\n+CMGS: ") && said.contains("\r\nOK\r\n\r\n+CDS: "), "{said:?}");
        })
        .await;
        assert!(!folder.0.join("modem0").is_symlink());
    }

    #[tokio::test]
    async fn the_next_user_finds_the_port_free_raw_and_empty() {
        let folder = Folder::new("next");
        let (handle, running) = start(config(), &folder.0, None, &Clock::host()).unwrap();
        let path = running.paths()[0].clone();
        beside(running, handle.clone(), async {
            let mut port = open(&path);
            AsyncWriteExt::write_all(&mut port, b"ATE0\rAT+CNMI=2,1,0,1,0\r").await.unwrap();
            read_until(&mut port, "OK\r\n\r\nOK\r\n").await;
            drop(port);
            turn().await;
            // Leaves an answer unread, the terminal in cooked mode, and exclusive mode, which would outlive it.
            let slave = open_plain(&path);
            (&slave).write_all(b"AT+CFUN?\r").unwrap();
            while rustix::io::ioctl_fionread(&slave).unwrap() == 0 {
                turn().await;
            }
            let mut settings = termios::tcgetattr(&slave).unwrap();
            settings.local_modes |= LOCAL;
            termios::tcsetattr(&slave, OptionalActions::Now, &settings).unwrap();
            termios::ioctl_tiocexcl(&slave).unwrap();
            drop(slave);
            turn().await;
            // Nobody hears this announcement.
            handle.inbound(0, "+5511987654321", "alo").await.unwrap();
            let slave = open_plain(&path);
            assert!(!termios::tcgetattr(&slave).unwrap().local_modes.intersects(LOCAL));
            let nothing = (&slave).read(&mut [0; 64]).unwrap_err();
            assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
            drop(slave);
            let mut port = open(&path);
            AsyncWriteExt::write_all(&mut port, b"AT+CPMS?\r").await.unwrap();
            let said = read_until(&mut port, "OK\r\n").await;
            assert_eq!(said, "\r\n+CPMS: \"SM\",1,30,\"SM\",1,30,\"SM\",1,30\r\n\r\nOK\r\n");
        })
        .await;
    }

    #[tokio::test]
    async fn a_modem_that_hangs_up_returns_behind_the_same_link() {
        let folder = Folder::new("return");
        let (handle, running) = start(config(), &folder.0, None, &Clock::host()).unwrap();
        let path = running.paths()[0].clone();
        beside(running, handle.clone(), async {
            let mut port = open(&path);
            AsyncWriteExt::write_all(&mut port, b"AT\r").await.unwrap();
            read_until(&mut port, "OK\r\n").await;
            handle.unplug(0).await.unwrap();
            // A hung-up terminal reads as end of file or as an error.
            assert!(matches!(AsyncReadExt::read(&mut port, &mut [0; 8]).await, Ok(0) | Err(_)));
            assert!(!path.is_symlink());
            handle.plug(0).await.unwrap();
            handle.set_faults(Vec::new()).await.unwrap();
            // The answer to a request shows that all before it was done.
            handle.inbound(0, "+5511987654321", "alo").await.unwrap();
            let mut port = open(&path);
            AsyncWriteExt::write_all(&mut port, b"ATE0\r").await.unwrap();
            read_until(&mut port, "OK\r\n").await;
        })
        .await;
    }

    #[tokio::test]
    async fn something_that_is_no_link_is_not_replaced() {
        let folder = Folder::new("taken");
        fs::write(folder.0.join("modem0"), "mine").unwrap();
        let refused = start(config(), &folder.0, None, &Clock::host()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(folder.0.join("modem0")).unwrap(), "mine");
    }
}
