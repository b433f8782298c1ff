//! Modems that are played by the test, on pseudo-terminals, and a task that fails.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use super::*;
use crate::actor::writer::Writer;
use crate::dispatch::balance::Rule;
use crate::dispatch::budget::Limits;
use crate::dispatch::sim::SimSettings;
use crate::sms::number::Country;
use crate::store::reader::Reader;
use crate::store::view::{EventView, Page};
use crate::store::{Settings, Store};

/// Nothing that a test waits for takes longer.
const LIMIT: Duration = Duration::from_secs(20);

const ICCID: &str = "89550310000012345678";

/// A queue on a database of its own.
struct Desk {
    folder: tempfile::TempDir,
    clock: Clock,
    writer: Writer,
    fleet: Fleet,
    refused_pins: RefusedPins,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::host();
        let settings =
            Settings { sims: sims(), free_floor: 0, country: Country::from_iso("BR").unwrap(), alarms: Vec::new() };
        let store = Store::open(&folder.path().join("recado.db"), settings, clock.now().utc).unwrap();
        let writer = Writer::start(store, clock.clone(), Arc::default()).unwrap();
        Self { folder, clock, writer, fleet: Fleet::default(), refused_pins: RefusedPins::default() }
    }

    fn reader(&self) -> Reader {
        Reader::new(&self.folder.path().join("recado.db"), sims())
    }

    fn events(&self) -> Vec<EventView> {
        self.reader().events(Page::After(0), 100, &[]).unwrap()
    }

    fn words(&self) -> LastWords {
        let (orders, _) = mpsc::channel(ORDERS);
        LastWords {
            armed: true,
            id: ModemId::new("m1"),
            writer: self.writer.handle(),
            fleet: self.fleet.clone(),
            orders,
        }
    }

    /// Runs the task of a modem until it has said that the modem is down.
    async fn run_until_down(&self, id: &str, port: &Path) {
        let mut committed = self.writer.handle().committed();
        committed.mark_unchanged();
        let (stop, stopped) = watch::channel(false);
        let card = Card { iccid: ICCID.to_owned(), pin: Some("1234".to_owned()), smsc: None };
        let mut task = JoinSet::new();
        task.spawn(run(Setup {
            id: ModemId::new(id),
            place: Place::Fixed(port.to_owned()),
            config: Config { cards: vec![card] },
            writer: self.writer.handle(),
            refused_pins: self.refused_pins.clone(),
            fleet: self.fleet.clone(),
            clock: self.clock.clone(),
            metrics: Arc::default(),
            stop: stopped,
            drain: Duration::from_secs(1),
        }));
        timeout(LIMIT, committed.changed()).await.unwrap().unwrap();
        assert_eq!(self.events().last().unwrap().kind, "modem.down");
        stop.send_replace(true);
        assert_eq!(task.join_next().await.unwrap().unwrap(), Ended::Drained);
    }
}

fn sims() -> SimSettings {
    let default = Limits::none();
    SimSettings { default, balance: Rule::default(), cards: Vec::new() }
}

/// A modem whose SIM wants a PIN and takes none. Its port, and what it was told until the port was closed.
fn locked_modem() -> (PathBuf, JoinHandle<Vec<String>>) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = std::ffi::OsString::from_vec(ptsname(&master, Vec::new()).unwrap().into_bytes());
    let mut port = File::from(master);
    let modem = spawn_blocking(move || {
        let (mut commands, mut line, mut octet) = (Vec::new(), String::new(), [0]);
        // The last user's closing of a pseudo-terminal is an error to its master.
        while port.read_exact(&mut octet).is_ok() {
            match octet[0] {
                b'\r' if line.starts_with("AT") => {
                    port.write_all(answer(&line).as_bytes()).unwrap();
                    commands.push(std::mem::take(&mut line));
                }
                b'\r' => line.clear(),
                other => line.push(char::from(other)),
            }
        }
        commands
    });
    (path.into(), modem)
}

fn answer(command: &str) -> String {
    let told = match command {
        "AT+CFUN?" => "+CFUN: 1".to_owned(),
        "AT+QCCID" => format!("+QCCID: {ICCID}"),
        "AT+CPIN?" => "+CPIN: SIM PIN".to_owned(),
        pin if pin.starts_with("AT+CPIN=") => return "\r\n+CME ERROR: 16\r\n".to_owned(),
        _ => return "\r\nOK\r\n".to_owned(),
    };
    format!("\r\n{told}\r\n\r\nOK\r\n")
}

fn pins(commands: &[String]) -> Vec<&str> {
    assert!(commands.iter().any(|command| command == "AT+CPIN?"), "{commands:?}");
    commands.iter().filter_map(|command| command.strip_prefix("AT+CPIN=")).collect()
}

#[tokio::test]
async fn a_pin_that_was_refused_in_one_modem_is_not_written_in_another() {
    let desk = Desk::new();
    let (port, modem) = locked_modem();
    desk.run_until_down("m1", &port).await;
    assert_eq!(pins(&modem.await.unwrap()), ["\"1234\""]);
    let refused = desk.reader().refused_pins().unwrap();
    assert_eq!(refused.len(), 1, "it is remembered beyond this run");
    assert_eq!(refused[0].0, ICCID);

    let (port, modem) = locked_modem();
    desk.run_until_down("m2", &port).await;
    assert_eq!(pins(&modem.await.unwrap()), [""; 0]);
    for (id, status) in desk.fleet.list() {
        assert!(status.reason.is_some_and(|reason| reason.contains("PIN")), "{id}");
    }
}

#[tokio::test]
async fn a_task_that_fails_says_that_its_modem_is_down() {
    let desk = Desk::new();
    let mut committed = desk.writer.handle().committed();
    let words = desk.words();
    desk.fleet.update(&ModemId::new("m1"), |status| status.state = ModemState::Ready);
    let mut task = JoinSet::new();
    task.spawn(async move {
        let _words = words;
        panic!("as a defect would");
    });
    assert!(task.join_next().await.unwrap().unwrap_err().is_panic());
    let (_, status) = desk.fleet.list().remove(0);
    assert_eq!(
        (status.state, status.reason.as_deref()),
        (ModemState::Absent, Some("its task has failed; restart the daemon"))
    );
    timeout(LIMIT, committed.changed()).await.unwrap().unwrap();
    let down = desk.events().remove(0);
    assert_eq!((down.kind.as_str(), down.modem.as_deref()), ("modem.down", Some("m1")));
    assert!(down.data.unwrap().contains("its task has failed"));
}

#[tokio::test]
async fn a_task_that_ends_as_it_should_has_no_last_words() {
    let desk = Desk::new();
    desk.words().withdraw();
    // The writer works in order: what is asked afterwards is answered after what was reported.
    desk.writer.handle().sims().await.unwrap();
    assert!(desk.events().is_empty() && desk.fleet.list().is_empty());
}
