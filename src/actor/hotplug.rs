//! USB modems that come and go: finds them, asks who they are, and gives each a task that lasts as long as the daemon.
//!
//! The kernel's list of USB devices is read at start, when a terminal appears in `/dev` or goes, and every five minutes,
//! because such events can get lost. Which name belongs to which modem is decided in `roster`. A task is told where its
//! modem is; a modem that comes back on another port goes on where it was.

mod roster;
mod watch_nodes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::{Clock, Instant};
use crate::serial::known::{Kind, Known};
use crate::serial::usb::{self, Device, Port, Roots};
use crate::sms::id::ModemId;

use super::heartbeat::{Heartbeats, Member, REST};
use super::modem::{self, Ended};
use super::place::{Place, Spot};
use super::probe::{self, Depth};
pub use roster::{Bound, By};
use roster::{Found, Roster};
use watch_nodes::NodeWatch;

/// After a terminal has come or gone: the others of its device follow, and its permissions.
const SETTLE: Duration = Duration::from_millis(200);

/// A look after that one: the kernel may still have been busy.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// A kernel that takes longer to list what is plugged in is stuck at a device; it is asked again at the next look.
const SCAN_LIMIT: Duration = Duration::from_secs(20);

/// Events of `/dev` get lost, and containers may not see them.
const RESCAN: Duration = Duration::from_secs(300);

/// Between attempts to ask a modem that cannot be asked: its node may not have its permissions yet, and a stick takes half a
/// minute to start. The first, the longest of the first dozen, and the longest.
const ASK_AGAIN: Duration = Duration::from_secs(1);
const ASK_AGAIN_SOON: Duration = Duration::from_secs(10);
const ASK_AGAIN_MAX: Duration = RESCAN;
const SOON_TRIES: u32 = 12;

/// While a configured port leads nowhere: its symbolic link may follow the terminal of a modem that has just come.
const LINKS_FOLLOW: Duration = Duration::from_secs(3);

/// What finding modems is given.
pub struct Setup {
    /// Modems that nobody configured are driven too.
    pub discover: bool,
    /// Those that are configured by IMEI or slot.
    pub bound: Vec<Bound>,
    /// Where modems were up last before the daemon was started.
    pub places: Vec<(ModemId, String)>,
    /// Ports that are configured as such: their devices are left alone.
    pub taken: Vec<PathBuf>,
    /// Where the kernel shows devices.
    pub roots: Roots,
    /// Time.
    pub clock: Clock,
    /// Where it is listened to.
    pub hearts: Heartbeats,
    /// Turns true when the daemon stops. The tasks see it too.
    pub stop: watch::Receiver<bool>,
    /// What the task of a modem is given.
    pub modem: Box<dyn Fn(ModemId, Place) -> modem::Setup + Send>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { discover, bound, taken, .. } = self;
        f.debug_struct("Setup").field("discover", discover).field("bound", bound).field("taken", taken).finish()
    }
}

/// Finds modems and runs their tasks until the daemon stops and all of them have ended. Gives how each ended; a task that
/// failed has said so.
pub async fn run(setup: Setup) -> Vec<Ended> {
    let nodes = NodeWatch::new(&setup.roots.dev);
    let roster = Roster::new(&setup.bound, &setup.places, setup.discover);
    let now = setup.clock.now().instant;
    let mut hotplug = Hotplug {
        heart: setup.hearts.join("hotplug", now),
        roster,
        setup,
        nodes,
        devices: BTreeMap::new(),
        places: BTreeMap::new(),
        tasks: JoinSet::new(),
        asking: JoinSet::new(),
        answers: Vec::new(),
        scan_at: now,
        look_again: true,
    };
    // Configured modems are there from the start, plugged in or not.
    let configured: Vec<ModemId> = hotplug.setup.bound.iter().map(|bound| bound.id.clone()).collect();
    for id in configured {
        hotplug.put(&id, None);
    }
    hotplug.run().await
}

/// A device for as long as it is plugged in: its place, and its number, which is another one the next time.
type Key = (String, u32);

/// What an asked device said: the port that answered and its IMEI, or why none did.
type Answer = Result<(Spot, Option<String>), String>;

#[derive(Debug)]
struct Entry {
    device: Device,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing to do with it.
    Ignored,
    /// To be asked.
    Waiting { at: Instant, tries: u32, said: Option<String> },
    /// Being asked.
    Asking { tries: u32, said: Option<String> },
    /// Driven, on this port.
    Live { id: ModemId, port: PathBuf },
}

struct Hotplug {
    setup: Setup,
    heart: Member,
    roster: Roster,
    nodes: NodeWatch,
    devices: BTreeMap<Key, Entry>,
    /// Where each task is told that its modem is.
    places: BTreeMap<ModemId, watch::Sender<Option<Spot>>>,
    tasks: JoinSet<Ended>,
    asking: JoinSet<(Key, Answer)>,
    /// Of those that are asked together, so that two with one IMEI are seen.
    answers: Vec<(Key, Answer)>,
    scan_at: Instant,
    look_again: bool,
}

/// What can wake it.
#[derive(Debug)]
enum Wake {
    Nodes,
    Scan,
    Ask,
    Rested,
    Answered(Key, Answer),
    Failed,
    Stop,
}

impl Hotplug {
    async fn run(mut self) -> Vec<Ended> {
        loop {
            let wake = self.wait().await;
            let now = self.setup.clock.now().instant;
            self.heart.beat(now);
            match wake {
                Wake::Nodes => {
                    self.scan_at = self.scan_at.min(now + SETTLE);
                    self.look_again = true;
                }
                Wake::Scan => {
                    let after = if std::mem::take(&mut self.look_again) { LOOK_AGAIN } else { RESCAN };
                    self.scan_at = now + after;
                    self.scan(now).await;
                }
                Wake::Ask | Wake::Rested => {}
                Wake::Answered(key, answer) => self.answers.push((key, answer)),
                Wake::Failed => tracing::error!("asking a port failed"),
                Wake::Stop => break,
            }
            if self.asking.is_empty() {
                self.name_answered(now);
                self.ask_due(now);
            }
        }
        self.asking.shutdown().await;
        let mut ended = Vec::new();
        while let Some(end) = self.tasks.join_next().await {
            match end {
                Ok(end) => ended.push(end),
                Err(error) => tracing::error!(%error, "a modem's task ended badly"),
            }
        }
        ended
    }

    async fn wait(&mut self) -> Wake {
        let clock = &self.setup.clock;
        let waiting = self.devices.values().filter_map(|entry| match entry.state {
            State::Waiting { at, .. } => Some(at),
            State::Ignored | State::Asking { .. } | State::Live { .. } => None,
        });
        let ask_at = waiting.min().filter(|_| self.asking.is_empty()).map(|at| clock.deadline(at));
        let ask = async {
            match ask_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let rested = clock.deadline(clock.now().instant + REST);
        tokio::select! {
            _ = self.setup.stop.wait_for(|stop| *stop) => Wake::Stop,
            Some(asked) = self.asking.join_next() => {
                asked.map_or(Wake::Failed, |(key, answer)| Wake::Answered(key, answer))
            }
            () = self.nodes.changed() => Wake::Nodes,
            () = tokio::time::sleep_until(clock.deadline(self.scan_at)) => Wake::Scan,
            () = ask => Wake::Ask,
            () = tokio::time::sleep_until(rested) => Wake::Rested,
        }
    }

    /// Compares what is plugged in with what was.
    async fn scan(&mut self, now: Instant) {
        let roots = self.setup.roots.clone();
        let taken = self.setup.taken.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let devices = usb::devices(&roots);
            let taken = Taken::of(&taken, &devices);
            (devices, taken)
        });
        let Ok(Ok((devices, taken))) = tokio::time::timeout(SCAN_LIMIT, looking).await else {
            tracing::warn!("USB devices not listed; what is plugged in now is found later");
            return;
        };
        let present: BTreeMap<Key, Device> =
            devices.into_iter().map(|device| ((device.path.clone(), device.number), device)).collect();
        // A device whose ports have changed is another one, and so is one whose port turns out to be configured.
        let is_let_go = |entry: &Entry| !matches!(entry.state, State::Ignored) && taken.has_any(&entry.device);
        let is_gone = |key: &Key, entry: &Entry| present.get(key) != Some(&entry.device) || is_let_go(entry);
        let gone: Vec<Key> =
            self.devices.iter().filter(|(key, entry)| is_gone(key, entry)).map(|(k, _)| k.clone()).collect();
        for key in gone {
            self.forget(&key);
        }
        self.put_bound_ports(&present);
        for (key, device) in present {
            if !self.devices.contains_key(&key) {
                let state = self.judge(&device, &taken, now);
                self.devices.insert(key, Entry { device, state });
            }
        }
    }

    fn forget(&mut self, key: &Key) {
        if let Some(Entry { state: State::Live { id, port }, .. }) = self.devices.remove(key) {
            tracing::info!(modem = %id, port = %port.display(), "modem gone from its port");
            self.roster.leave(&id);
            self.put(&id, None);
        }
    }

    /// Modems that are configured by the slot of their port need not be asked.
    fn put_bound_ports(&mut self, present: &BTreeMap<Key, Device>) {
        let ports = || present.values().flat_map(|device| &device.ports);
        let has_interface = |slot: &str| slot.contains(':');
        let bound = self.setup.bound.iter().filter_map(|bound| match &bound.by {
            By::Slot(slot) if has_interface(slot) => Some((bound.id.clone(), ports().find(|port| port.slot == *slot))),
            By::Slot(_) | By::Imei(_) => None,
        });
        let spots: Vec<(ModemId, Option<Spot>)> = bound.map(|(id, port)| (id, port.map(spot))).collect();
        for (id, spot) in spots {
            self.put(&id, spot);
        }
    }

    /// What to do with a device that was not there before.
    fn judge(&self, device: &Device, taken: &Taken, now: Instant) -> State {
        let Some(known) = Known::of(device) else { return State::Ignored };
        let (maker, model, place) = (known.maker, known.model, device.path.as_str());
        if let Some(refusal) = known.refusal() {
            tracing::warn!(maker, model, place, "USB device left alone: {refusal}");
            return State::Ignored;
        }
        let is_taken = taken.has_any(device) || device.ports.iter().any(|port| self.has_slot(&port.slot));
        if matches!(known.kind, Kind::Bridge) || device.ports.is_empty() || is_taken {
            return State::Ignored;
        }
        let is_wanted = self.setup.discover
            || self.has_slot(&device.path)
            || self.setup.bound.iter().any(|bound| matches!(bound.by, By::Imei(_)));
        if !is_wanted {
            return State::Ignored;
        }
        tracing::info!(maker, model, place, "USB modem found");
        let at = if taken.all_lead_somewhere { now } else { now + LINKS_FOLLOW };
        State::Waiting { at, tries: 0, said: None }
    }

    fn has_slot(&self, slot: &str) -> bool {
        self.bound_to(slot).is_some()
    }

    fn bound_to(&self, slot: &str) -> Option<&ModemId> {
        let is_bound = |bound: &&Bound| matches!(&bound.by, By::Slot(bound) if bound == slot);
        self.setup.bound.iter().find(is_bound).map(|bound| &bound.id)
    }

    /// Asks all that are due, each device by itself and its ports in order.
    fn ask_due(&mut self, now: Instant) {
        for (key, entry) in &mut self.devices {
            let State::Waiting { at, tries, said } = &mut entry.state else { continue };
            if *at > now {
                continue;
            }
            let (tries, said) = (*tries, said.take());
            let known = Known::of(&entry.device);
            let ports = known.map(|known| known.candidates(&entry.device)).unwrap_or_default();
            let spots: Vec<Spot> = ports.into_iter().map(spot).collect();
            entry.state = State::Asking { tries, said };
            let (key, clock) = (key.clone(), self.setup.clock.clone());
            self.asking.spawn(async move { (key, ask_device(spots, &clock).await) });
        }
    }

    /// Gives each that has answered its name and its task; the others are asked again later.
    fn name_answered(&mut self, now: Instant) {
        let (mut found, mut mute) = (Vec::new(), Vec::new());
        for (key, answer) in std::mem::take(&mut self.answers) {
            match answer {
                Ok((spot, imei)) => found.push((key, spot, imei)),
                Err(why) => mute.push((key, why)),
            }
        }
        // What went or changed while it was asked is named by nobody.
        let is_asking = |entry: &Entry| matches!(entry.state, State::Asking { .. });
        found.retain(|(key, ..)| self.devices.get(key).is_some_and(is_asking));
        let (bound, free): (Vec<_>, Vec<_>) = found.into_iter().partition(|((path, _), ..)| self.has_slot(path));
        for (key, spot, _) in bound {
            if let Some(id) = self.bound_to(&key.0).cloned() {
                self.settle(&key, &id, spot);
            }
        }
        let asked: Vec<Found> =
            free.iter().map(|(_, spot, imei)| Found { imei: imei.clone(), slot: spot.slot.clone() }).collect();
        let names = self.roster.name(&asked);
        for ((key, spot, _), named) in free.into_iter().zip(names) {
            let Some(id) = named.id else {
                self.ignore(&key);
                continue;
            };
            if named.is_clone {
                tracing::warn!(modem = %id, slot = spot.slot, "another modem has the same IMEI; it is told by its slot");
            }
            self.settle(&key, &id, spot);
        }
        // After those that say who they are.
        for (key, why) in mute {
            self.put_off(&key, why, now);
        }
        // Whatever has no answer by now gets none.
        let lost: Vec<Key> =
            self.devices.iter().filter(|(_, entry)| is_asking(entry)).map(|(k, _)| k.clone()).collect();
        for key in lost {
            self.put_off(&key, "asking failed".to_owned(), now);
        }
    }

    fn settle(&mut self, key: &Key, id: &ModemId, spot: Spot) {
        tracing::info!(modem = %id, port = %spot.port.display(), slot = spot.slot, "modem plugged in");
        if let Some(entry) = self.devices.get_mut(key) {
            entry.state = State::Live { id: id.clone(), port: spot.port.clone() };
        }
        self.put(id, Some(spot));
    }

    fn ignore(&mut self, key: &Key) {
        if let Some(entry) = self.devices.get_mut(key) {
            entry.state = State::Ignored;
        }
    }

    fn put_off(&mut self, key: &Key, why: String, now: Instant) {
        let Some(entry) = self.devices.get_mut(key) else { return };
        let State::Asking { tries, said } = &mut entry.state else { return };
        if said.as_ref() != Some(&why) {
            tracing::warn!(place = key.0, %why, "USB modem not asked");
        }
        let tries = *tries;
        entry.state = State::Waiting { at: now + ask_again(tries), tries: tries.saturating_add(1), said: Some(why) };
        if tries >= SOON_TRIES
            && let Some((id, spot)) = self.must_be(key)
        {
            tracing::warn!(modem = %id, place = key.0, "taken for a modem that is mute, so that it is recovered");
            self.settle(key, &id, spot);
        }
    }

    /// The modem that a device is which does not say so: the one that is configured for its place, or was there last, or one
    /// that nobody has met. It may have become mute by a reset, and only its task climbs on.
    fn must_be(&mut self, key: &Key) -> Option<(ModemId, Spot)> {
        let device = &self.devices.get(key)?.device;
        let ports = Known::of(device)?.candidates(device);
        // Of several ports nobody knows which one it would answer on.
        let only = ports.first().filter(|_| ports.len() == 1).map(|port| spot(port));
        if let Some(id) = self.bound_to(&key.0) {
            return Some((id.clone(), only?));
        }
        if let Some((id, slot)) = self.roster.take_back(|slot| ports.iter().any(|port| port.slot == slot)) {
            let port = ports.into_iter().find(|port| port.slot == slot)?;
            return Some((id, spot(port)));
        }
        let only = only?;
        Some((self.roster.guess(&only.slot)?, only))
    }

    /// Tells a modem's task where it is; starts the task where there is none.
    fn put(&mut self, id: &ModemId, spot: Option<Spot>) {
        if let Some(place) = self.places.get(id) {
            place.send_if_modified(|there| {
                let is_new = *there != spot;
                *there = spot;
                is_new
            });
            return;
        }
        let (place, told) = watch::channel(spot);
        self.places.insert(id.clone(), place);
        self.tasks.spawn(modem::run((self.setup.modem)(id.clone(), Place::Found(told))));
    }
}

/// Terminals whose ports are configured as such.
struct Taken {
    nodes: BTreeSet<PathBuf>,
    all_lead_somewhere: bool,
}

impl Taken {
    /// Follows the symbolic links on both sides.
    fn of(ports: &[PathBuf], devices: &[Device]) -> Self {
        let targets: Vec<_> = ports.iter().map(|port| std::fs::canonicalize(port).ok()).collect();
        let all_lead_somewhere = targets.iter().all(Option::is_some);
        let targets: BTreeSet<PathBuf> = targets.into_iter().flatten().collect();
        let nodes = devices.iter().flat_map(|device| &device.ports).map(|port| &port.node);
        let is_taken = |node: &&PathBuf| std::fs::canonicalize(node).is_ok_and(|target| targets.contains(&target));
        Self { nodes: nodes.filter(is_taken).cloned().collect(), all_lead_somewhere }
    }

    fn has_any(&self, device: &Device) -> bool {
        device.ports.iter().any(|port| self.nodes.contains(&port.node))
    }
}

/// One second, doubling to ten for the first two minutes, then to five minutes.
fn ask_again(tries: u32) -> Duration {
    let longest = if tries < SOON_TRIES { ASK_AGAIN_SOON } else { ASK_AGAIN_MAX };
    ASK_AGAIN.saturating_mul(2_u32.saturating_pow(tries)).min(longest)
}

fn spot(port: &Port) -> Spot {
    Spot { port: port.node.clone(), slot: port.slot.clone() }
}

/// The first port that answers. If none does, what each of them did.
async fn ask_device(spots: Vec<Spot>, clock: &Clock) -> Answer {
    let mut why = String::new();
    for spot in spots {
        match probe::ask(&spot.port, Depth::Imei, clock).await {
            Ok(asked) => return Ok((spot, asked.identity.imei)),
            Err(error) => {
                let between = if why.is_empty() { "" } else { "; " };
                // Writing to a String cannot fail.
                write!(why, "{between}{}: {error}", spot.port.display()).unwrap_or_default();
            }
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests;
