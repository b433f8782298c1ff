//! Processes of the real binary, and a client of their door. Nothing here knows how the daemon works inside.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::Builder;
use std::time::Duration;

use recado::clock::Clock;
use serde_json::Value;

/// Nothing that a test waits for takes longer, unless it says so.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// What a process has written so far, line by line.
#[derive(Default)]
struct Written {
    lines: Vec<String>,
    closed: usize,
}

/// A process that does not outlive the test, with all that it writes.
pub(crate) struct Process {
    child: Child,
    written: Arc<(Mutex<Written>, Condvar)>,
}

impl Process {
    /// Runs `recado` with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_recado")).args(arguments))
    }

    /// Runs `recado` by way of another program.
    pub(crate) fn run(command: &mut Command) -> Self {
        Self::run_with(command, &[])
    }

    /// The same with these variables.
    pub(crate) fn run_with(command: &mut Command, variables: &[(&str, &str)]) -> Self {
        let command = command.env_remove("RUST_LOG").envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let written = Arc::default();
        follow(child.stdout.take().unwrap(), &written);
        follow(child.stderr.take().unwrap(), &written);
        Self { child, written }
    }

    /// Waits for a line that has `text` in it and gives the first; `None` when there is none within `limit`.
    pub(crate) fn line_within(&self, text: &str, limit: Duration) -> Option<String> {
        let (written, changed) = &*self.written;
        let has = |written: &Written| written.lines.iter().find(|line| line.contains(text)).cloned();
        let waits = |written: &mut Written| has(written).is_none() && written.closed < 2;
        let (written, _) = changed.wait_timeout_while(written.lock().unwrap(), limit, waits).unwrap();
        has(&written)
    }

    /// The first line that has `text` in it.
    pub(crate) fn line(&self, text: &str) -> String {
        let found = self.line_within(text, LIMIT);
        found.unwrap_or_else(|| panic!("no line with {text:?} in:\n{}", self.output()))
    }

    /// All that was written so far.
    pub(crate) fn output(&self) -> String {
        self.written.0.lock().unwrap().lines.join("\n")
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would: SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name and waits for the end.
    pub(crate) fn signal(self, name: &str) -> ExitStatus {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.end().0
    }

    /// Waits for the end by itself; gives the status and all that was written.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let (written, changed) = &*self.written;
        let runs = |written: &mut Written| written.closed < 2;
        let (guard, late) = changed.wait_timeout_while(written.lock().unwrap(), LIMIT, runs).unwrap();
        drop(guard);
        assert!(!late.timed_out(), "still running:\n{}", self.output());
        (self.child.wait().unwrap(), self.output())
    }

    /// Looks until there is something to see, after each line that the process writes and some times in a second; `None` when
    /// there is nothing for so long.
    pub(crate) fn within<T>(&self, limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        let clock = Clock::host();
        let end = clock.now().instant + limit;
        loop {
            if let Some(seen) = look() {
                return Some(seen);
            }
            if clock.now().instant >= end {
                return None;
            }
            let (written, changed) = &*self.written;
            let guard = written.lock().unwrap();
            let known = guard.lines.len();
            let same = |written: &mut Written| written.lines.len() == known;
            drop(changed.wait_timeout_while(guard, Duration::from_millis(50), same).unwrap());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already unless the test failed or is done with it.
        self.child.kill().and_then(|()| self.child.wait()).map(drop).unwrap_or_default();
    }
}

fn follow(pipe: impl Read + Send + 'static, written: &Arc<(Mutex<Written>, Condvar)>) {
    let shared = Arc::clone(written);
    let read = move || {
        let (written, changed) = &*shared;
        for line in BufReader::new(pipe).lines() {
            written.lock().unwrap().lines.push(line.unwrap());
            changed.notify_all();
        }
        written.lock().unwrap().closed += 1;
        changed.notify_all();
    };
    Builder::new().spawn(read).unwrap();
}

/// A folder with all that one test needs: database, configuration, ports and the emulator's log.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts emulated modems with their ports in `ports` and their log in `witness`.
    pub(crate) fn emulate(&self, modems: usize, more: &[&str]) -> Process {
        let (modems, ports, log) = (modems.to_string(), self.path("ports"), self.path("witness"));
        let (ports, log) = (ports.to_str().unwrap(), log.to_str().unwrap());
        let emulator =
            Process::start(&[&["emulate", "--modems", &modems, "--dir", ports, "--log", log], more].concat());
        emulator.line("ready");
        emulator
    }

    /// Writes a configuration with these ports and without limits per SIM, and gives its path.
    pub(crate) fn configure(&self, listen: &str, drain: &str, ports: &[PathBuf]) -> PathBuf {
        let database = self.path("recado.db");
        let database = database.display();
        let mut text = format!(
            "[store]\npath = '{database}'\n[http]\nlisten = \"{listen}\"\nrate = 0\n[serve]\ndrain = \"{drain}\"\n[modems]\ndiscover = false\n\
             [region]\nrules = \"none\"\n\
             [contact]\nmax_per_day = 0\nmax_per_week = 0\nsame_text_days = 0\nmin_gap = \"0s\"\nquiet_after_reply = \"0s\"\n\
             [sim]\nper_minute = 0\nper_hour = 0\nper_day = 0\nper_month = 0\nmin_gap = \"0s\"\n"
        );
        for port in ports {
            writeln!(text, "[[modem]]\nport = '{}'", port.display()).unwrap();
        }
        let path = self.path("recado.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The same for some emulated modems.
    pub(crate) fn configure_emulated(&self, drain: &str, modems: usize) -> PathBuf {
        let ports: Vec<_> = (0..modems).map(|modem| self.path("ports").join(format!("modem{modem}"))).collect();
        self.configure("127.0.0.1:0", drain, &ports)
    }

    /// What the network accepted so far, in order.
    pub(crate) fn witness(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.path("witness")).unwrap();
        // The emulator writes whole lines; one that was killed may not have.
        let whole = log.rfind('\n').map_or("", |end| log.get(..end).unwrap());
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A running daemon that has said that it is ready.
pub(crate) struct Daemon {
    pub(crate) process: Process,
    pub(crate) door: Door,
}

impl Daemon {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(config: &Path) -> Self {
        Self::of(Self::process(config), config)
    }

    /// Starts it.
    pub(crate) fn process(config: &Path) -> Process {
        Process::start(&["serve", "--config", config.to_str().unwrap()])
    }

    /// Waits until it is ready.
    pub(crate) fn of(process: Process, config: &Path) -> Self {
        let ready = process.line(": ready address=");
        let address = ready.split("address=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        let token = std::fs::read_to_string(config.with_file_name("admin.token")).unwrap();
        let door = Door { address: address.parse().unwrap(), token: token.trim().to_owned() };
        Self { process, door }
    }

    /// Waits until this modem, or any that is named so, is up.
    pub(crate) fn wait_for_modem(&self, id: &str) {
        self.process.line(&format!("modem up modem={id}"));
    }
}

/// Where a daemon listens, and a token for it.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Door {
    /// One request on a connection of its own. An answer that is cut off is an error.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<(u16, Value)> {
        let stream = TcpStream::connect_timeout(&self.address, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        exchange(stream, method, path, &self.token, body)
    }

    /// What stands there; anything but `200` fails the test.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, None).unwrap();
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// All items of a list, page by page.
    pub(crate) fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{}limit=1000{cursor}", if path.contains('?') { '&' } else { '?' }));
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return items };
            cursor = format!("&cursor={next}");
        }
    }

    /// Whether nothing waits and nothing is on its way.
    pub(crate) fn is_settled(&self) -> bool {
        // A list would show persons, and each new one is written down.
        let queue = self.get("/v1/queue");
        ["queued", "sending"].iter().all(|state| queue["messages"].get(state).is_none())
    }
}

/// HTTP/1.1 on `stream`, of which nothing else is asked afterwards.
pub(crate) fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> io::Result<(u16, Value)> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let authorization = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: recado\r\n{authorization}content-type: application/json\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let cut_off = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_off)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    if body.len() < length.parse::<usize>().unwrap() {
        return Err(cut_off());
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok((status, serde_json::from_str(body).unwrap()))
}
