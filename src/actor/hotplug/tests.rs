//! Emulated modems behind a sysfs and nodes that the test makes up.

use std::path::Path;
use std::sync::Arc;

use tokio::time::timeout;

use super::*;
use crate::actor::fleet::{Fleet, ModemState, ModemStatus};
use crate::actor::heartbeat::Heartbeats;
use crate::actor::modem::RefusedPins;
use crate::actor::modem::tests::mute_modem;
use crate::actor::reset::Means;
use crate::actor::writer::Writer;
use crate::dispatch::balance::Rule;
use crate::dispatch::budget::Limits;
use crate::dispatch::sim::SimSettings;
use crate::emulator;
use crate::serial;
use crate::serial::usb::fake::{Fake, Stick};
use crate::sms::number::Country;
use crate::store::reader::Reader;
use crate::store::view::Page;
use crate::store::{Settings, Store};

/// Nothing that a test waits for takes longer.
const LIMIT: Duration = Duration::from_secs(20);

/// The ids of Quectel EC25, with its AT port on interface 2.
const EC25: (u16, u16) = (0x2c7c, 0x0125);

struct Site {
    fake: Fake,
    folder: tempfile::TempDir,
    clock: Clock,
    writer: Writer,
    fleet: Fleet,
    stop: watch::Sender<bool>,
    /// Where modems were up before the start.
    places: Vec<(ModemId, String)>,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::host();
        let default = Limits::none();
        let sims = SimSettings { default, balance: Rule::default(), cards: Vec::new() };
        let settings = Settings {
            sims,
            free_floor: 0,
            country: Country::from_iso("BR").unwrap(),
            alarms: Vec::new(),
            contact: crate::contact::ContactSettings::none().into(),
        };
        let store = Store::open(&folder.path().join("recado.db"), settings, clock.now().utc).unwrap();
        let writer = Writer::start(store, clock.clone(), Arc::default()).unwrap();
        let (stop, _) = watch::channel(false);
        Self { fake: Fake::new(), folder, clock, writer, fleet: Fleet::default(), stop, places: Vec::new() }
    }

    /// Emulated modems; modems of one `pool` differ, and those of two pools with one seed are clones.
    fn emulate(&self, pool: &str, modems: usize) -> (JoinSet<()>, Vec<PathBuf>) {
        let folder = self.folder.path().join(pool);
        std::fs::create_dir(&folder).unwrap();
        let config = emulator::Config { modems, ..emulator::Config::default() };
        let (handle, running) = emulator::pty::start(config, &folder, None, &self.clock).unwrap();
        let ports = running.paths().iter().map(|path| std::fs::canonicalize(path).unwrap()).collect();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _handle = handle;
            running.run().await.unwrap();
        });
        (task, ports)
    }

    /// A stick with its AT port on `target`.
    fn plug(&self, path: &'static str, number: u32, node: &str, target: &Path) {
        let mut stick = Stick::new(path, EC25.0, EC25.1).port(2, 0, node);
        stick.number = number;
        self.fake.plug(&stick);
        self.fake.link(node, target);
    }

    fn unplug(&self, path: &str, node: &str) {
        self.fake.unplug(path);
        self.fake.unlink(node);
    }

    fn start(&self, discover: bool, bound: Vec<Bound>, taken: Vec<PathBuf>) -> JoinSet<Vec<Ended>> {
        let (fleet, clock, writer, stop) =
            (self.fleet.clone(), self.clock.clone(), self.writer.handle(), self.stop.subscribe());
        let modem = move |id, place| modem::Setup {
            id,
            place,
            config: crate::modem::Config::default(),
            writer: writer.clone(),
            refused_pins: RefusedPins::default(),
            sims: Arc::new(crate::config::Config::default().sim_settings()),
            means: Means::default(),
            suspicious_after: Duration::ZERO,
            fleet: fleet.clone(),
            hearts: Heartbeats::default(),
            clock: clock.clone(),
            metrics: Arc::default(),
            stop: stop.clone(),
            drain: Duration::from_secs(1),
        };
        let mut task = JoinSet::new();
        task.spawn(run(Setup {
            discover,
            bound,
            places: self.places.clone(),
            taken,
            roots: self.fake.roots(),
            clock: self.clock.clone(),
            hearts: Heartbeats::default(),
            stop: self.stop.subscribe(),
            modem: Box::new(modem),
        }));
        task
    }

    /// Waits until the modems are as `look` wants them.
    async fn eventually<T>(&self, what: &str, mut look: impl FnMut(&[(ModemId, ModemStatus)]) -> Option<T>) -> T {
        let watching = async {
            let mut pause = tokio::time::interval(Duration::from_millis(20));
            loop {
                pause.tick().await;
                if let Some(seen) = look(&self.fleet.list()) {
                    return seen;
                }
            }
        };
        timeout(LIMIT, watching).await.unwrap_or_else(|_| panic!("{what}: {:#?}", self.fleet.list()))
    }

    /// Waits until the modem that is plugged in there is ready; gives its name.
    async fn ready_at(&self, slot: &str, node: &str) -> String {
        self.eventually(slot, |modems| {
            let is_it = |status: &ModemStatus| {
                status.state == ModemState::Ready && status.slot.as_deref() == Some(slot) && status.port.ends_with(node)
            };
            modems.iter().find(|(_, status)| is_it(status)).map(|(id, _)| id.to_string())
        })
        .await
    }

    /// Waits in paused time, at most for so many seconds, until `look` is content.
    async fn passes(&self, what: &str, seconds: u32, look: impl Fn(&[(ModemId, ModemStatus)]) -> bool) {
        for _ in 0..seconds {
            if look(&self.fleet.list()) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("{what}: {:#?}", self.fleet.list());
    }

    /// Waits in paused time until this modem is reset.
    async fn climbs(&self, id: &str) {
        let is_reset = |status: &ModemStatus| status.rung.is_some_and(|rung| rung >= 4);
        self.passes(id, 900, |modems| modems.iter().any(|(name, status)| name.as_str() == id && is_reset(status)))
            .await;
    }

    async fn absent(&self, id: &str) {
        self.eventually(id, |modems| {
            let state =
                |(name, status): &(ModemId, ModemStatus)| name.as_str() == id && status.state == ModemState::Absent;
            modems.iter().any(state).then_some(())
        })
        .await;
    }

    async fn stop(&self, mut task: JoinSet<Vec<Ended>>) -> Vec<Ended> {
        self.stop.send_replace(true);
        timeout(LIMIT, task.join_next()).await.unwrap().unwrap().unwrap()
    }
}

fn imei_of(site: &Site, id: &str) -> String {
    let (_, status) = site.fleet.list().into_iter().find(|(name, _)| name.as_str() == id).unwrap();
    status.imei.unwrap()
}

#[tokio::test]
async fn a_stick_that_returns_elsewhere_is_the_same_modem() {
    let site = Site::new();
    let (_emulator, ports) = site.emulate("pool", 2);
    site.plug("1-1", 5, "ttyUSB0", &ports[0]);
    let task = site.start(true, Vec::new(), Vec::new());
    let first = site.ready_at("1-1:1.2", "ttyUSB0").await;
    assert_eq!(first, imei_of(&site, &first));

    // It comes out, another one takes its port, and it returns on another.
    site.unplug("1-1", "ttyUSB0");
    site.absent(&first).await;
    site.plug("1-1", 6, "ttyUSB0", &ports[1]);
    let second = site.ready_at("1-1:1.2", "ttyUSB0").await;
    assert_ne!(second, first);
    site.plug("1-4.3", 7, "ttyUSB1", &ports[0]);
    assert_eq!(site.ready_at("1-4.3:1.2", "ttyUSB1").await, first);
    let faulty = |id: &str| site.fleet.list().into_iter().find(|(name, _)| name.as_str() == id).unwrap().1.last_fault;
    assert!(faulty(&first).is_some() && faulty(&second).is_none(), "what it was down for is known when it is back");
    assert_eq!(site.fleet.list().len(), 2);
    assert_eq!(site.stop(task).await, [Ended::Drained, Ended::Drained]);
}

#[tokio::test]
async fn two_sticks_with_one_imei_are_both_driven() {
    let site = Site::new();
    let (_emulator, ports) = site.emulate("pool", 1);
    let (_other, clones) = site.emulate("clones", 1);
    site.plug("1-1", 5, "ttyUSB0", &ports[0]);
    site.plug("1-2", 6, "ttyUSB1", &clones[0]);
    let task = site.start(true, Vec::new(), Vec::new());
    assert_eq!(site.ready_at("1-1:1.2", "ttyUSB0").await, "1-1-1.2");
    assert_eq!(site.ready_at("1-2:1.2", "ttyUSB1").await, "1-2-1.2");
    assert_eq!(imei_of(&site, "1-1-1.2"), imei_of(&site, "1-2-1.2"));
    site.stop(task).await;
}

#[tokio::test]
async fn configured_modems_have_their_names_and_the_others_are_left_alone() {
    let site = Site::new();
    let (_emulator, ports) = site.emulate("pool", 5);
    // A line behind a bridge, a port of its own, a slot, a modem by its IMEI, and one that nobody configured.
    site.fake.plug(&Stick::new("1-1", 0x0403, 0x6001).port(0, 0, "ttyUSB0"));
    site.fake.link("ttyUSB0", &ports[0]);
    for (path, number, node, port) in
        [("1-2", 2, "ttyUSB1", 1), ("1-3", 3, "ttyUSB2", 2), ("1-4", 4, "ttyUSB3", 3), ("1-5", 5, "ttyUSB4", 4)]
    {
        site.plug(path, number, node, &ports[port]);
    }
    let imei = probe::ask(&ports[3], Depth::Imei, &site.clock).await.unwrap().identity.imei.unwrap();
    let bind = |id: &str, by| Bound { id: ModemId::new(id), by };
    let bound = vec![
        bind("line", By::Slot("1-1:1.0".to_owned())),
        bind("place", By::Slot("1-3".to_owned())),
        bind("stick", By::Imei(imei)),
        bind("nowhere", By::Slot("9-9:1.0".to_owned())),
    ];
    let taken = vec![site.fake.roots().dev.join("ttyUSB1")];
    let task = site.start(false, bound, taken);
    assert_eq!(site.ready_at("1-1:1.0", "ttyUSB0").await, "line");
    assert_eq!(site.ready_at("1-3:1.2", "ttyUSB2").await, "place");
    assert_eq!(site.ready_at("1-4:1.2", "ttyUSB3").await, "stick");
    site.absent("nowhere").await;
    let names: Vec<String> = site.fleet.list().iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(names, ["line", "nowhere", "place", "stick"]);
    assert_eq!(site.stop(task).await.len(), 4);
}

#[tokio::test]
async fn a_port_that_may_not_be_opened_yet_is_tried_again() {
    let site = Site::new();
    let (_emulator, ports) = site.emulate("pool", 1);
    // The kernel lists the terminal before its node is there.
    site.fake.plug(&Stick::new("1-1", EC25.0, EC25.1).port(2, 0, "ttyUSB0"));
    let task = site.start(true, Vec::new(), Vec::new());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(site.fleet.list().is_empty());
    site.fake.link("ttyUSB0", &ports[0]);
    let id = site.ready_at("1-1:1.2", "ttyUSB0").await;
    assert_eq!(id, imei_of(&site, &id));
    site.stop(task).await;
}

#[tokio::test]
async fn a_modem_that_comes_back_mute_is_given_to_its_task_which_climbs_on() {
    let site = Site::new();
    let (emulator, ports) = site.emulate("pool", 1);
    site.plug("1-1", 5, "ttyUSB0", &ports[0]);
    let task = site.start(true, Vec::new(), Vec::new());
    let id = site.ready_at("1-1:1.2", "ttyUSB0").await;
    site.unplug("1-1", "ttyUSB0");
    site.absent(&id).await;
    drop(emulator);
    // From here on nothing is heard, so that only timers are waited for.
    tokio::time::pause();
    let (mute, _master) = mute_modem();
    site.plug("1-1", 6, "ttyUSB0", &mute);
    site.climbs(&id).await;
    site.stop(task).await;
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_is_mute_at_the_start_has_the_name_of_the_one_that_was_there_and_climbs() {
    let mut site = Site::new();
    let (mute, _master) = mute_modem();
    site.plug("1-1", 5, "ttyUSB0", &mute);
    let imei = "353270040000016";
    site.places = vec![(ModemId::new("desk"), "1-1:1.2".to_owned())];
    let bound = Bound { id: ModemId::new("desk"), by: By::Imei(imei.to_owned()) };
    let task = site.start(false, vec![bound], Vec::new());
    site.climbs("desk").await;
    assert_eq!(site.fleet.list().len(), 1);
    site.stop(task).await;
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_nobody_has_met_and_that_is_mute_is_shown_climbs_and_is_dead() {
    let site = Site::new();
    let (mute, _master) = mute_modem();
    site.plug("1-1", 5, "ttyUSB0", &mute);
    let task = site.start(true, Vec::new(), Vec::new());
    site.climbs("1-1-1.2").await;
    site.passes("dead", 1200, |modems| modems.iter().any(|(_, status)| status.state == ModemState::Dead)).await;
    let (_, status) = site.fleet.list().remove(0);
    assert!(status.reason.is_some(), "{status:?}");
    let sims = SimSettings { default: Limits::none(), balance: Rule::default(), cards: Vec::new() };
    let reader = Reader::new(&site.folder.path().join("recado.db"), sims);
    // From here on it is waited for the writer's thread.
    tokio::time::resume();
    site.eventually("an alarm", |_| {
        let mut alarms = reader.alarms(Page::After(0), 10).unwrap().into_iter();
        alarms.find(|alarm| alarm.kind == "modem_dead" && alarm.modem.as_deref() == Some("1-1-1.2"))
    })
    .await;
    site.stop(task).await;
}

#[test]
fn a_starting_stick_is_asked_often_and_a_dead_one_rarely() {
    let waits = [0, 1, 3, 4, 11, 12, u32::MAX].map(|tries| ask_again(tries).as_secs());
    assert_eq!(waits, [1, 2, 8, 10, 10, 300, 300]);
}

#[tokio::test]
async fn a_modem_whose_configured_link_comes_late_is_let_go() {
    let site = Site::new();
    let (_emulator, ports) = site.emulate("pool", 1);
    let link = site.fake.roots().dev.join("tty-desk");
    site.plug("1-1", 5, "ttyUSB0", &ports[0]);
    let task = site.start(true, Vec::new(), vec![link.clone()]);
    let id = site.ready_at("1-1:1.2", "ttyUSB0").await;
    site.fake.link("tty-desk", &site.fake.roots().dev.join("ttyUSB0"));
    site.absent(&id).await;
    // The port is free for the task that is configured for it.
    serial::open(&link).unwrap();
    site.stop(task).await;
}

#[tokio::test]
async fn network_cards_and_bridges_are_never_opened() {
    let site = Site::new();
    let (_emulator, ports) = site.emulate("pool", 2);
    site.fake.plug(&Stick::new("1-1", 0x12d1, 0x14dc).port(0, 0, "ttyUSB0"));
    site.fake.link("ttyUSB0", &ports[0]);
    site.fake.plug(&Stick::new("1-2", 0x0403, 0x6001).port(0, 0, "ttyUSB1"));
    site.fake.link("ttyUSB1", &ports[1]);
    let task = site.start(true, Vec::new(), Vec::new());
    // A stick that is plugged in after them has been seen when they have been.
    let (_third, port) = site.emulate("stick", 1);
    site.plug("1-3", 3, "ttyUSB2", &port[0]);
    site.ready_at("1-3:1.2", "ttyUSB2").await;
    assert_eq!(site.fleet.list().len(), 1);
    site.stop(task).await;
}
