//! What the daemon tells the service manager that started it: `sd_notify(3)`, lines in one datagram.
//!
//! Written here and not taken from a crate, because it is one datagram; what a manager makes of the words is in
//! systemd.service(5). Without `NOTIFY_SOCKET` nobody is told anything.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Tells the service manager.
#[derive(Debug, Default)]
pub struct Notifier {
    to: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// The manager of this process, if it has one.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var_os(name), std::process::id())
    }

    /// What is not understood is as if it were not there: a daemon works without a manager.
    fn new(variable: impl Fn(&str) -> Option<OsString>, process: u32) -> Self {
        let Some(to) = variable("NOTIFY_SOCKET").and_then(|name| connect(&name).ok()) else { return Self::default() };
        let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
        // What the manager gave to a process that started us does not hold for us.
        let is_for_us = number("WATCHDOG_PID").is_none_or(|id| id == u64::from(process));
        let watchdog = number("WATCHDOG_USEC").filter(|usec| is_for_us && *usec > 0).map(Duration::from_micros);
        Self { to: Some(to), watchdog }
    }

    /// How often the manager wants to hear that all is well, with room for one message that is late; nothing if it does not.
    pub fn feed_every(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// Start-up, or reading the configuration again, is over.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// All is well.
    pub fn feed(&self, status: &str) {
        self.tell(&format!("WATCHDOG=1\nSTATUS={status}"));
    }

    /// Something is the matter, or goes on: a line for people.
    pub fn status(&self, status: &str) {
        self.tell(&format!("STATUS={status}"));
    }

    /// The configuration is being read again.
    pub fn reloading(&self) {
        // Not a time of ours: the manager compares it with its own.
        let now = clock_gettime(ClockId::Monotonic);
        let usec = now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1000);
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={usec}"));
    }

    /// The daemon is stopping, which takes at most so long.
    pub fn stopping(&self, within: Duration) {
        let usec = within.as_micros();
        self.tell(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={usec}\nSTATUS=stopping: what is on the wire is finished"));
    }

    fn tell(&self, message: &str) {
        let Some((socket, to)) = &self.to else { return };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), to) {
            tracing::debug!(%error, "service manager not told");
        }
    }
}

/// A path, or a name of the abstract kind after `@`.
fn connect(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let to = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read does not stop us.
    socket.set_nonblocking(true)?;
    Ok((socket, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: u32 = 4321;

    /// A manager, and what its process is given beside the name of the socket.
    fn manager(more: &[(&str, &str)]) -> (tempfile::TempDir, UnixDatagram, Notifier) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::new(
            |name| match name {
                "NOTIFY_SOCKET" => Some(path.clone().into()),
                _ => more.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()),
            },
            US,
        );
        (folder, socket, notifier)
    }

    fn heard(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 512];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    fn check(variables: &[(&str, &str)], expected: Option<Duration>) {
        let (_folder, _socket, notifier) = manager(variables);
        assert_eq!(notifier.feed_every(), expected, "{variables:?}");
    }

    #[test]
    fn it_is_fed_at_half_of_what_the_manager_allows() {
        check(&[], None);
        check(&[("WATCHDOG_USEC", "30000000")], Some(Duration::from_secs(15)));
        check(&[("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "4321")], Some(Duration::from_secs(15)));
        check(&[("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "1")], None);
        check(&[("WATCHDOG_USEC", "0")], None);
        check(&[("WATCHDOG_USEC", "soon")], None);
    }

    #[test]
    fn each_word_is_one_datagram() {
        let (_folder, socket, notifier) = manager(&[]);
        notifier.ready("2 of 3 modems can send");
        assert_eq!(heard(&socket), "READY=1\nSTATUS=2 of 3 modems can send");
        notifier.feed("all");
        assert_eq!(heard(&socket), "WATCHDOG=1\nSTATUS=all");
        notifier.reloading();
        let told = heard(&socket);
        let usec = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(usec.parse::<u64>().unwrap() > 0);
        notifier.stopping(Duration::from_secs(95));
        assert!(heard(&socket).starts_with("STOPPING=1\nEXTEND_TIMEOUT_USEC=95000000\n"));
    }

    #[test]
    fn a_manager_of_the_abstract_kind_hears_too() {
        let name = format!("recado-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        let notifier = Notifier::new(|asked| (asked == "NOTIFY_SOCKET").then(|| format!("@{name}").into()), US);
        notifier.status("here");
        assert_eq!(heard(&socket), "STATUS=here");
    }

    #[test]
    fn without_a_manager_nobody_is_told_and_nothing_is_wrong() {
        let notifier = Notifier::new(|_| None, US);
        notifier.ready("nobody hears it");
        assert_eq!(notifier.feed_every(), None);
        Notifier::new(|_| Some("/no/such/socket".into()), US).ready("nobody hears it");
    }
}
