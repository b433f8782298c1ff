//! Modems that are played by the test, on pseudo-terminals, and a task that fails.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use super::*;
use crate::actor::place::Spot;
use crate::actor::writer::Writer;
use crate::dispatch::balance::Rule;
use crate::dispatch::budget::Limits;
use crate::dispatch::sim::SimSettings;
use crate::serial::usb::fake::{Fake, Stick};
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
        let settings = Settings {
            sims: sims(),
            free_floor: 0,
            country: Country::from_iso("BR").unwrap(),
            alarms: Vec::new(),
            contact: crate::contact::ContactSettings::none().into(),
        };
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

    /// For a modem whose SIM has a PIN configured.
    fn setup(&self, id: &str, port: &Path, stop: watch::Receiver<bool>) -> Setup {
        let card = Card { iccid: ICCID.to_owned(), pin: Some("1234".to_owned()), smsc: None, roaming: false };
        Setup {
            id: ModemId::new(id),
            place: Place::Fixed(port.to_owned()),
            config: Config { cards: vec![card] },
            writer: self.writer.handle(),
            refused_pins: self.refused_pins.clone(),
            sims: Arc::new(crate::config::Config::default().sim_settings()),
            means: Means::default(),
            suspicious_after: Duration::ZERO,
            fleet: self.fleet.clone(),
            hearts: Heartbeats::default(),
            clock: self.clock.clone(),
            metrics: Arc::default(),
            stop,
            drain: Duration::from_secs(1),
        }
    }

    /// Runs the task of a modem until it has said that the modem is down.
    async fn run_until_down(&self, id: &str, port: &Path) {
        let mut committed = self.writer.handle().committed();
        committed.mark_unchanged();
        let (stop, stopped) = watch::channel(false);
        let mut task = JoinSet::new();
        task.spawn(run(self.setup(id, port, stopped)));
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

/// A port whose modem says nothing, for as long as the file is kept.
pub(in crate::actor) fn mute_modem() -> (PathBuf, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = std::ffi::OsString::from_vec(ptsname(&master, Vec::new()).unwrap().into_bytes());
    (path.into(), File::from(master))
}

/// A modem whose SIM wants a PIN and takes none. Its port, and what it was told until the port was closed.
fn locked_modem() -> (PathBuf, JoinHandle<Vec<String>>) {
    locked_modem_that(|_| {})
}

/// The same; does this before it answers a command.
fn locked_modem_that(mut before: impl FnMut(&str) + Send + 'static) -> (PathBuf, JoinHandle<Vec<String>>) {
    let (path, mut port) = mute_modem();
    let modem = spawn_blocking(move || {
        let (mut commands, mut line, mut octet) = (Vec::new(), String::new(), [0]);
        // The last user's closing of a pseudo-terminal is an error to its master.
        while port.read_exact(&mut octet).is_ok() {
            match octet[0] {
                b'\r' if line.starts_with("AT") => {
                    before(&line);
                    port.write_all(answer(&line).as_bytes()).unwrap();
                    commands.push(std::mem::take(&mut line));
                }
                b'\r' => line.clear(),
                other => line.push(char::from(other)),
            }
        }
        commands
    });
    (path, modem)
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
async fn that_a_pin_is_spent_is_on_disk_before_it_is_written() {
    let desk = Desk::new();
    let reader = desk.reader();
    let (port, modem) = locked_modem_that(move |command| {
        let spent = reader.refused_pins().unwrap();
        assert_eq!(spent.len(), usize::from(command.starts_with("AT+CPIN=")), "{command}");
        assert!(spent.is_empty(), "killed at the worst moment");
    });
    desk.run_until_down("m1", &port).await;
    assert!(modem.await.unwrap_err().into_panic().is::<&str>());
    assert_eq!(desk.reader().refused_pins().unwrap().len(), 1);
}

#[tokio::test]
async fn a_pin_that_is_refused_while_another_modem_is_open_is_not_written_there_either() {
    let desk = Desk::new();
    let (asked, mut is_asked) = mpsc::channel(1);
    let (refused, is_refused) = std::sync::mpsc::sync_channel(1);
    let (port, modem) = locked_modem_that(move |command| {
        if command == "AT+CPIN?" && asked.try_send(()).is_ok() {
            is_refused.recv().unwrap();
        }
    });
    let (stop, stopped) = watch::channel(false);
    let mut task = JoinSet::new();
    task.spawn(run(desk.setup("m2", &port, stopped)));
    timeout(LIMIT, is_asked.recv()).await.unwrap().unwrap();
    is_asked.close();

    let (other, _) = locked_modem();
    desk.run_until_down("m1", &other).await;
    let mut committed = desk.writer.handle().committed();
    committed.mark_unchanged();
    // As if the SIM had come from there.
    refused.send(()).unwrap();
    timeout(LIMIT, committed.changed()).await.unwrap().unwrap();
    stop.send_replace(true);
    assert_eq!(task.join_next().await.unwrap().unwrap(), Ended::Drained);
    assert_eq!(pins(&modem.await.unwrap()), [""; 0]);
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

/// The whole ladder of a modem that never answers, in virtual time: nothing is heard, so that only timers are waited for.
#[tokio::test(start_paused = true)]
async fn a_modem_that_stays_mute_is_plugged_in_anew_loses_its_power_and_is_dead() {
    let desk = Desk::new();
    let fake = Fake::new();
    fake.plug(&Stick::new("1-1.4", 0x2c7c, 0x0125).port(2, 0, "ttyUSB2"));
    fake.authorize("1-1.4");
    let (port, master) = mute_modem();
    let power = desk.folder.path().join("power was cut");
    let (stop, stopped) = watch::channel(false);
    let hearts = Heartbeats::default();
    let (_place, place) = watch::channel(Some(Spot { port, slot: "1-1.4:1.2".to_owned() }));
    let command = ["touch", power.to_str().unwrap()].map(str::to_owned).to_vec();
    let mut task = JoinSet::new();
    task.spawn(run(Setup {
        id: ModemId::new("m1"),
        place: Place::Found(place),
        config: Config::default(),
        writer: desk.writer.handle(),
        refused_pins: RefusedPins::default(),
        sims: Arc::new(crate::config::Config::default().sim_settings()),
        means: Means { roots: fake.roots(), power_cycle: Some(command), ..Means::default() },
        suspicious_after: Duration::ZERO,
        fleet: desk.fleet.clone(),
        hearts: hearts.clone(),
        clock: desk.clock.clone(),
        metrics: Arc::default(),
        stop: stopped,
        drain: Duration::from_secs(1),
    }));
    let is_dead = || desk.fleet.list().iter().any(|(_, status)| status.state == ModemState::Dead);
    for _ in 0..3600 {
        if is_dead() {
            break;
        }
        assert_eq!(hearts.check(desk.clock.now().instant), Ok(()), "its task waits for it and does not hang");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(is_dead() && power.exists());
    let fault = desk.fleet.list().remove(0).1.last_fault.unwrap();
    assert_eq!((fault.reason.as_str(), fault.rung), ("nothing answers on this port", Some(7)));
    stop.send_replace(true);
    assert_eq!(task.join_next().await.unwrap().unwrap(), Ended::Drained);
    // The writer works in order: what is asked now is answered after what was reported.
    desk.writer.handle().sims().await.unwrap();
    let rungs = desk.events().into_iter().filter(|event| event.kind == "modem.recovery").filter_map(|event| event.data);
    let rungs: Vec<char> = rungs.filter_map(|data| data.trim_end_matches('}').chars().last()).collect();
    assert_eq!(rungs, ['0', '1', '2', '4', '5', '5', '6', '7']);
    let alarms = desk.reader().alarms(Page::After(0), 10).unwrap();
    assert_eq!((alarms[0].kind.as_str(), alarms[0].modem.as_deref()), ("modem_dead", Some("m1")));
    drop(master);
}
