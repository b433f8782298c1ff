//! One modem: the task that owns its port for as long as there is one, and drives its machine.
//!
//! Waits for bytes, an order of the queue, the machine's deadline, the time to open the port, or the end; feeds one of them;
//! drains every output. What the machine reports in one drain is written in one transaction, while the bytes go out.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::at::Registered;
use crate::clock::{Clock, Instant};
use crate::dispatch::sim::SimSettings;
use crate::modem::{
    Card, Config, DownReason, HostReset, Identity, Machine, Note, Output, RUNG_DEAD, ReturnedWhy, Settlement, Status,
    UssdAnswer, UssdCode, UssdRefusal,
};
use crate::serial::usb;
use crate::serial::{self, Port, PortError};
use crate::sms::id::{ModemId, SegmentId};
use crate::sms::number::Sender;
use crate::sms::received::Skipped;
use crate::telemetry::Metrics;

use super::fleet::{Ask, Fault, Fleet, ModemState};
use super::gateway::{Order, Report};
use super::heartbeat::{Heartbeats, Member, REST};
use super::idle::Idle;
use super::place::Place;
use super::reset::{Means, Permit, ResetError};
use super::writer::{Handle, WriteError};

/// Orders that may be on their way: two leases, an answer, and what was read from a full SIM (50 places and as many
/// reports), with room.
pub(super) const ORDERS: usize = 256;

/// A driver that takes longer to open or write a port is stuck.
const PORT_LIMIT: Duration = Duration::from_secs(10);

/// Between attempts to open a port that is not there: the first and the longest.
const OPEN_AGAIN: Duration = Duration::from_millis(500);
const OPEN_AGAIN_MAX: Duration = Duration::from_secs(10);

/// A submission that follows a result later than this was not waiting for it.
const BUSY: Duration = Duration::from_secs(1);

/// What a modem's task is given.
#[derive(Debug)]
pub struct Setup {
    /// Its name.
    pub id: ModemId,
    /// Where it is.
    pub place: Place,
    /// For its machine.
    pub config: Config,
    /// What SIMs are called.
    pub sims: Arc<SimSettings>,
    /// The queue.
    pub writer: Handle,
    /// SIMs whose PIN was refused in any modem of this run.
    pub refused_pins: RefusedPins,
    /// What resets it from outside.
    pub means: Means,
    /// A modem that has carried nothing for so long, while others have, joins the network anew. Zero: never.
    pub suspicious_after: Duration,
    /// Where its status is shown.
    pub fleet: Fleet,
    /// Where it is listened to.
    pub hearts: Heartbeats,
    /// Time.
    pub clock: Clock,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Turns true when the daemon stops: what is on the wire is finished, nothing new begins.
    pub stop: watch::Receiver<bool>,
    /// How long what is on the wire gets after that.
    pub drain: Duration,
}

/// SIMs, by ICCID, whose PIN was written once and not taken: no other modem may write it a second time. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct RefusedPins(Arc<watch::Sender<BTreeSet<String>>>);

impl RefusedPins {
    fn insert(&self, iccid: &str) {
        self.0.send_if_modified(|refused| refused.insert(iccid.to_owned()));
    }

    /// Those that there are already count as news.
    fn news(&self) -> watch::Receiver<BTreeSet<String>> {
        let mut news = self.0.subscribe();
        news.mark_changed();
        news
    }
}

/// Why a modem's task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop and nothing was on the wire any more.
    Drained,
    /// It was told to stop, and what was on the wire is unknown.
    CutOff,
    /// The queue has ended.
    QueueGone,
}

/// Runs until it is told to stop.
pub async fn run(setup: Setup) -> Ended {
    let (sender, orders) = mpsc::channel(ORDERS);
    if setup.writer.register(setup.id.clone(), sender.clone()).is_err() {
        return Ended::QueueGone;
    }
    show_place(&setup);
    let last_words = LastWords {
        armed: true,
        id: setup.id.clone(),
        writer: setup.writer.clone(),
        fleet: setup.fleet.clone(),
        orders: sender.clone(),
    };
    let machine = Machine::new(setup.config.clone());
    let stop_at = None;
    let asks = setup.fleet.listen(&setup.id);
    let open_at = setup.clock.now().instant;
    let idle = Idle::new(setup.suspicious_after, open_at);
    let refused_pins = setup.refused_pins.news();
    let heart = setup.hearts.join(&format!("modem {}", setup.id), open_at);
    let task = Task {
        setup,
        heart,
        machine,
        port: None,
        opened: None,
        slot: None,
        orders,
        asks,
        asked: None,
        has_home: false,
        sender,
        open_at,
        failures: 0,
        stop_at,
        settled_at: None,
        said: None,
        drained: false,
        is_up: false,
        sim: None,
        refused_pins,
        idle,
        permit: None,
        asking: JoinSet::new(),
        resetting: JoinSet::new(),
        is_nearly_full: false,
        buffer: vec![0; 4096],
    };
    let ended = task.run().await;
    last_words.withdraw();
    ended
}

/// What is said of a modem whose task did not come to its end, which is a defect of ours: a panic in it stops this modem
/// and no other.
struct LastWords {
    armed: bool,
    id: ModemId,
    writer: Handle,
    fleet: Fleet,
    orders: mpsc::Sender<Order>,
}

impl LastWords {
    /// The task has ended as it should.
    fn withdraw(mut self) {
        self.armed = false;
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let reason = "its task has failed; restart the daemon".to_owned();
        tracing::error!(modem = %self.id, "modem task failed");
        self.fleet.update(&self.id, |status| {
            status.state = ModemState::Absent;
            status.reason = Some(reason.clone());
        });
        drop(self.writer.report(self.id.clone(), vec![Report::Down { reason }], self.orders.clone()));
    }
}

#[derive(Debug)]
struct Task {
    setup: Setup,
    heart: Member,
    machine: Machine,
    port: Option<Port>,
    /// Where the port is that was opened last.
    opened: Option<PathBuf>,
    /// The slot of that port.
    slot: Option<String>,
    orders: mpsc::Receiver<Order>,
    asks: mpsc::Receiver<Ask>,
    /// The code that the network was sent last, and who waits for its answer: a person, or else the queue.
    asked: Option<(UssdCode, Option<Reply>)>,
    /// Whose subscriber the SIM is has been told.
    has_home: bool,
    sender: mpsc::Sender<Order>,
    /// When to open the port, while it is closed.
    open_at: Instant,
    /// Attempts to open it that failed in a row.
    failures: u32,
    /// When draining ends, once it has begun.
    stop_at: Option<Instant>,
    /// When the last part was settled.
    settled_at: Option<Instant>,
    /// What was last logged about the port, so that an absent one is logged once.
    said: Option<String>,
    drained: bool,
    /// The modem has come up since it was last said to be down.
    is_up: bool,
    /// What the SIM is called that was in it when it came up last.
    sim: Option<String>,
    refused_pins: watch::Receiver<BTreeSet<String>>,
    idle: Idle,
    /// Held while a reset is under way.
    permit: Option<Permit>,
    /// Waits for a permission.
    asking: JoinSet<Permit>,
    /// Resets from outside; the port stays closed meanwhile.
    resetting: JoinSet<Result<(), ResetError>>,
    /// What was last reported of its store.
    is_nearly_full: bool,
    buffer: Vec<u8>,
}

type Reply = oneshot::Sender<Result<UssdAnswer, UssdRefusal>>;

/// What one drain of the machine came to.
#[derive(Debug, Default)]
struct Drained {
    bytes: Vec<u8>,
    reports: Vec<Report>,
    reopen: Option<Duration>,
    reset: Option<HostReset>,
    /// The SIM whose PIN is among the octets.
    pin: Option<String>,
}

impl Drained {
    fn is_empty(&self) -> bool {
        let has_port_work = self.reopen.is_some() || self.reset.is_some();
        self.bytes.is_empty() && self.reports.is_empty() && !has_port_work
    }

    fn write(&mut self, octets: Vec<u8>) {
        if self.bytes.is_empty() {
            self.bytes = octets;
        } else {
            self.bytes.extend_from_slice(&octets);
        }
    }
}

/// What can wake the task.
#[derive(Debug)]
enum Wake {
    Read(usize),
    Gone,
    Order(Order),
    Ask(Ask),
    Deadline,
    Suspect,
    Rested,
    Permitted(Permit),
    ResetDone(Result<(), ResetError>),
    Open,
    Moved,
    Stop,
    CutOff,
    QueueGone,
}

impl Task {
    async fn run(mut self) -> Ended {
        loop {
            if self.drained {
                return Ended::Drained;
            }
            let now_or_later = self.wait().await;
            let now = self.setup.clock.now().instant;
            self.heart.beat(now);
            self.withhold_pins();
            match now_or_later {
                Wake::Read(count) => {
                    let bytes = self.buffer.get(..count).unwrap_or_default();
                    self.machine.handle_bytes(bytes, now);
                }
                Wake::Gone => self.lose_port(now),
                Wake::Order(order) => self.obey(order, now),
                Wake::Ask(Ask { code, reply }) => self.ask(code, Some(reply), now),
                Wake::Deadline => self.machine.handle_timeout(now),
                Wake::Suspect => self.look_beside(now),
                Wake::Rested => {}
                Wake::Permitted(permit) => {
                    self.permit = Some(permit);
                    self.machine.reset_permitted(now);
                }
                Wake::ResetDone(done) => {
                    if let Err(error) = &done {
                        tracing::warn!(modem = %self.setup.id, sim = self.sim, %error, "modem not reset");
                    }
                    self.machine.reset_done(done.is_ok(), now);
                }
                Wake::Open => self.open(now).await,
                Wake::Moved => self.follow(now),
                Wake::Stop => {
                    self.stop_at = Some(now + self.setup.drain);
                    // Before what the machine gives back, so that nothing is loaded again.
                    drop(self.report(vec![Report::Ready(false)]));
                    self.machine.stop(now);
                }
                Wake::CutOff => {
                    self.machine.cut_short(now);
                    return match self.drain_outputs(now).await {
                        Ok(()) => Ended::CutOff,
                        Err(_) => Ended::QueueGone,
                    };
                }
                Wake::QueueGone => return Ended::QueueGone,
            }
            if self.drain_outputs(now).await.is_err() {
                return Ended::QueueGone;
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let clock = &self.setup.clock;
        let open_at = clock.deadline(self.open_at);
        let rested = clock.deadline(clock.now().instant + REST);
        let machine = self.machine.deadline().map(|at| clock.deadline(at));
        let cut_off = self.stop_at.map(|at| clock.deadline(at));
        let stopping = self.stop_at.is_some();
        let may_open = self.port.is_none() && !stopping && self.resetting.is_empty();
        let opens = may_open && self.setup.place.port().is_some();
        let suspect = self.idle.deadline().map(|at| clock.deadline(at));
        let sleep = |at: Option<tokio::time::Instant>| async move {
            match at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            order = self.orders.recv() => order.map_or(Wake::QueueGone, Wake::Order),
            Some(ask) = self.asks.recv() => Wake::Ask(ask),
            read = read(self.port.as_mut(), &mut self.buffer) => match read {
                Ok(0) | Err(_) => Wake::Gone,
                Ok(count) => Wake::Read(count),
            },
            () = sleep(machine) => Wake::Deadline,
            () = sleep(suspect) => Wake::Suspect,
            () = tokio::time::sleep_until(rested) => Wake::Rested,
            Some(Ok(permit)) = self.asking.join_next() => Wake::Permitted(permit),
            Some(done) = self.resetting.join_next() => {
                Wake::ResetDone(done.unwrap_or(Err(ResetError::Panicked)))
            }
            () = tokio::time::sleep_until(open_at), if opens => Wake::Open,
            () = self.setup.place.moved() => Wake::Moved,
            _ = self.setup.stop.wait_for(|stop| *stop), if !stopping => Wake::Stop,
            () = sleep(cut_off), if stopping => Wake::CutOff,
        }
    }

    fn obey(&mut self, order: Order, now: Instant) {
        match order {
            Order::Load(lease) => {
                if let Err(lease) = self.machine.load(lease, now) {
                    self.give_back(lease.segment);
                }
            }
            Order::Release(segment) => {
                // What is begun already takes its course; what waits behind the wire goes back.
                if let Some(released) = self.machine.release_next() {
                    self.give_back(released);
                } else {
                    tracing::debug!(modem = %self.setup.id, sim = self.sim, segment = segment.0, "lease is begun and stays");
                }
            }
            Order::Answer(segment, offer) => self.machine.offer_answered(segment, offer, now),
            Order::Stored(handle) => self.machine.stored(handle, now),
            Order::Ask(code) => self.ask(code, None, now),
        }
    }

    /// Sends a code to the network, or says why not.
    fn ask(&mut self, code: UssdCode, reply: Option<Reply>, now: Instant) {
        let taken = match reply {
            Some(_) => self.machine.request_ussd(code.clone(), now),
            None => self.machine.query_ussd(code.clone(), now),
        };
        match (taken, reply) {
            (Ok(()), reply) => self.asked = Some((code, reply)),
            // Whoever asked may have gone away.
            (Err(refusal), Some(reply)) => drop(reply.send(Err(refusal))),
            // Fails when the queue has ended, which the next drain finds out.
            (Err(_), None) => drop(self.report(vec![Report::NotAsked])),
        }
    }

    /// What came of the code that was sent. The answer to a person may be one that the queue keeps.
    fn answered(&mut self, answer: UssdAnswer) -> Option<Report> {
        let (code, reply) = self.asked.take()?;
        tracing::info!(modem = %self.setup.id, sim = self.sim, ?answer, "service answered");
        let text = answer.text.clone();
        if let Some(reply) = reply {
            drop(reply.send(Ok(answer)));
        }
        Some(Report::Told { code, text })
    }

    /// A lease that was asked back, or that crossed with the modem's going down.
    fn give_back(&self, segment: SegmentId) {
        let result = Settlement::Returned { why: ReturnedWhy::ModemDown };
        // Fails when the queue has ended, which the next drain finds out.
        drop(self.report(vec![Report::Settled { segment, result }]));
    }

    fn report(&self, reports: Vec<Report>) -> Result<(), WriteError> {
        if reports.is_empty() {
            return Ok(());
        }
        self.setup.writer.report(self.setup.id.clone(), reports, self.sender.clone())
    }

    /// Opens the port; where that fails, says why once and tries again later.
    async fn open(&mut self, now: Instant) {
        let Some(path) = self.setup.place.port() else { return };
        let (node, slot, roots) = (path.clone(), self.setup.place.slot(), self.setup.means.roots.clone());
        let opening = tokio::task::spawn_blocking(move || {
            let port = serial::open(&node)?;
            Ok((port, slot.or_else(|| usb::slot_of(&roots, &node))))
        });
        let opened = match timeout(PORT_LIMIT, opening).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(panicked)) => Err(PortError::Other(panicked.to_string())),
            Err(_elapsed) => Err(PortError::Stuck),
        };
        match opened {
            Ok((port, slot)) => {
                tracing::info!(modem = %self.setup.id, "port opened");
                self.port = Some(port);
                self.opened = Some(path);
                self.setup.fleet.update(&self.setup.id, |status| status.slot.clone_from(&slot));
                self.slot = slot;
                self.failures = 0;
                self.said = None;
                self.show(ModemState::Starting, None);
                self.machine.port_opened(now);
            }
            Err(error) => {
                let error = error.to_string();
                if self.said.as_ref() != Some(&error) {
                    tracing::warn!(modem = %self.setup.id, port = %path.display(), %error, "port not opened");
                }
                self.show(ModemState::Absent, Some(error.clone()));
                self.said = Some(error);
                self.open_at = self.setup.clock.now().instant + open_again(self.failures);
                self.failures = self.failures.saturating_add(1);
            }
        }
    }

    /// A SIM whose PIN was refused in another modem may come into this one while its port is open.
    fn withhold_pins(&mut self) {
        // It cannot be closed: the other end is in the setup.
        if self.refused_pins.has_changed().unwrap_or(false) {
            for iccid in self.refused_pins.borrow_and_update().iter() {
                self.machine.withhold_pin(iccid);
            }
        }
    }

    fn lose_port(&mut self, now: Instant) {
        if self.port.take().is_some() {
            tracing::warn!(modem = %self.setup.id, sim = self.sim, "port lost");
        }
        self.open_at = now + OPEN_AGAIN;
        self.machine.port_lost(now);
    }

    /// The modem has come, gone, or is somewhere else now.
    fn follow(&mut self, now: Instant) {
        show_place(&self.setup);
        let place = self.setup.place.port();
        if self.port.is_some() && place != self.opened {
            self.lose_port(now);
        }
        // Whoever moved it has seen the port; what was wrong with another one is no reason to wait.
        (self.open_at, self.failures, self.said) = (now, 0, None);
    }

    fn show(&self, state: ModemState, reason: Option<String>) {
        self.setup.fleet.update(&self.setup.id, |status| {
            status.state = state;
            status.reason = reason;
        });
    }

    /// Takes every output until there is none: bytes go to the port in one write, facts to the queue in one report.
    async fn drain_outputs(&mut self, now: Instant) -> Result<(), WriteError> {
        loop {
            let mut drained = Drained::default();
            while let Some(output) = self.machine.poll_output() {
                self.take(output, now, &mut drained);
            }
            if drained.is_empty() {
                return Ok(());
            }
            // The transaction runs while the modem works on what it is sent.
            self.report(drained.reports)?;
            let may_write = match drained.pin {
                Some(iccid) => self.spend_pin(iccid).await,
                None => true,
            };
            if may_write {
                self.write(&drained.bytes, now).await;
            } else {
                self.lose_port(now);
            }
            if let Some(after) = drained.reopen {
                self.close();
                self.open_at = now + after;
            }
            if let Some(reset) = drained.reset {
                self.close();
                tracing::warn!(modem = %self.setup.id, sim = self.sim, ?reset, "modem reset from outside");
                self.resetting.spawn(self.setup.means.clone().reset(reset, self.slot.clone()));
            }
        }
    }

    /// Notes on disk that the PIN of a SIM is spent; false if it could not be. A kill at any moment then finds that it was:
    /// nobody else writes it a second time.
    async fn spend_pin(&self, iccid: String) -> bool {
        let card = self.setup.config.cards.iter().find(|card| card.iccid == iccid);
        let Some(mark) = card.and_then(Card::pin_mark) else { return false };
        let spent = timeout(PORT_LIMIT, self.setup.writer.spend_pin(iccid, mark)).await;
        let is_spent = matches!(spent, Ok(Ok(())));
        if !is_spent {
            tracing::warn!(modem = %self.setup.id, "PIN not written: that it is spent cannot be noted on disk");
        }
        is_spent
    }

    fn take(&mut self, output: Output, now: Instant, drained: &mut Drained) {
        match output {
            Output::Write(octets) => drained.write(octets),
            Output::Pin { iccid } => drained.pin = Some(iccid),
            Output::Reopen { after } => drained.reopen = Some(after),
            Output::Reset(reset) => drained.reset = Some(reset),
            Output::Permit(true) => {
                self.asking.spawn(self.setup.means.hubs.clone().permit(self.slot.clone()));
            }
            Output::Permit(false) => {
                // With it a permission that has crossed with this.
                self.asking = JoinSet::new();
                self.permit = None;
            }
            Output::Offer(segment) => {
                self.time_turnaround(now);
                drained.reports.push(Report::Offer(segment));
            }
            Output::Settled { segment, result } => {
                let report = self.settled(segment, result, now);
                drained.reports.push(report);
            }
            Output::Inbound(inbound) => {
                self.carried(now);
                drained.reports.push(Report::Inbound { handle: inbound.handle, octets: inbound.octets });
            }
            Output::Call { from } => drained.reports.push(Report::Call { from: from.map(Sender::new) }),
            Output::Ussd(answer) => drained.reports.extend(self.answered(answer)),
            Output::Up { identity, sim } => {
                self.is_up = true;
                self.idle.up(now);
                drained.reports.extend(self.up(identity, sim));
            }
            Output::Changed(status) => {
                let is_nearly_full = status.is_nearly_full;
                if std::mem::replace(&mut self.is_nearly_full, is_nearly_full) != is_nearly_full {
                    drained.reports.push(Report::StoreCounted { is_nearly_full });
                }
                drained.reports.extend(self.changed(status));
            }
            Output::Down { reason, rung } => self.down(&reason, rung, drained),
            Output::Drained => self.drained = true,
            Output::Note(note) => self.note(&note),
        }
    }

    fn note(&self, note: &Note) {
        tracing::debug!(modem = %self.setup.id, sim = self.sim, ?note, "modem note");
        // What the store never sees.
        for (dropped, skipped) in [(Note::PushDropped, Skipped::Push), (Note::BroadcastDropped, Skipped::Broadcast)] {
            if *note == dropped {
                self.setup.metrics.skipped(skipped.name());
            }
        }
    }

    fn up(&mut self, identity: Identity, iccid: String) -> impl Iterator<Item = Report> + use<> {
        let id = &self.setup.id;
        let sim = self.sim.insert(self.setup.sims.card(&iccid).names.label());
        tracing::info!(modem = %id, %sim, model = identity.model.as_deref().unwrap_or("unknown"), "modem up");
        self.setup.fleet.update(id, |status| {
            status.imei = identity.imei;
            status.model = identity.model;
            status.profile = Some(identity.profile.to_owned());
            status.iccid = Some(iccid.clone());
        });
        // Country and network are five digits or six (TS 23.003 clause 2.2).
        let home = identity.imsi.as_deref().and_then(|imsi| imsi.get(..6)).map(|code| Report::Home(code.to_owned()));
        self.has_home = home.is_some();
        let slot = self.slot.clone().filter(|_| matches!(self.setup.place, Place::Found(_)));
        std::iter::once(Report::Up { iccid }).chain(slot.map(Report::At)).chain(home)
    }

    fn down(&mut self, reason: &DownReason, rung: Option<u8>, drained: &mut Drained) {
        let id = &self.setup.id;
        self.idle.down();
        let is_dead = self.machine.is_dead();
        let mut was_dead = false;
        self.setup.fleet.update(id, |status| {
            was_dead = status.rung == Some(RUNG_DEAD);
            status.rung = rung.or(status.rung);
        });
        let state = match (is_dead, self.port.is_some()) {
            (true, _) => ModemState::Dead,
            (false, true) => ModemState::Recovering,
            (false, false) => ModemState::Absent,
        };
        self.show(state, Some(reason.to_string()));
        let was_up = std::mem::take(&mut self.is_up);
        if is_dead && was_dead && !was_up {
            tracing::debug!(modem = %id, sim = self.sim, %reason, "another look at a dead modem came to nothing");
            return;
        }
        tracing::warn!(modem = %id, sim = self.sim, %reason, rung, "modem down");
        let at = self.setup.clock.now().utc;
        self.setup.fleet.update(id, |status| {
            status.last_fault = Some(Fault { reason: reason.to_string(), at, rung: status.rung });
        });
        if let Some(rung) = rung.filter(|_| !(is_dead && was_dead)) {
            self.setup.metrics.recovering(id.as_str(), rung);
            drained.reports.push(Report::Recovery { rung, reason: reason.to_string() });
        }
        if let DownReason::PinRefused { iccid, .. } = reason {
            self.setup.refused_pins.insert(iccid);
        }
        drained.reports.push(Report::Down { reason: reason.to_string() });
    }

    fn settled(&mut self, segment: SegmentId, result: Settlement, now: Instant) -> Report {
        self.settled_at = Some(now);
        if matches!(result, Settlement::Accepted { .. } | Settlement::LateAccepted { .. }) {
            let at = self.setup.clock.now().utc;
            self.setup.fleet.update(&self.setup.id, |status| status.last_sent_at = Some(at));
            self.carried(now);
        }
        tracing::debug!(modem = %self.setup.id, sim = self.sim, segment = segment.0, ?result, "segment settled");
        Report::Settled { segment, result }
    }

    /// The modem has carried something.
    fn carried(&mut self, now: Instant) {
        self.idle.carried(now);
        self.setup.fleet.update(&self.setup.id, |status| status.last_traffic = Some(now));
    }

    fn look_beside(&mut self, now: Instant) {
        let others = self.setup.fleet.last_traffic_beside(&self.setup.id);
        if self.idle.look(others, now) {
            self.machine.suspect(now);
        }
    }

    fn changed(&mut self, status: Status) -> impl Iterator<Item = Report> + use<> {
        let ready = status.may_send && self.stop_at.is_none();
        let registration = status.registration;
        let id = &self.setup.id;
        let is_dead = self.machine.is_dead();
        self.setup.fleet.update(id, |entry| {
            entry.state = match (ready, is_dead) {
                (true, _) => ModemState::Ready,
                (false, true) => ModemState::Dead,
                (false, false) if registration == Registered::Roaming => ModemState::Roaming,
                (false, false) => ModemState::Unregistered,
            };
            if ready {
                entry.rung = None;
            }
            entry.reason = (!ready).then(|| why_not(registration));
            entry.registration = Some(registration.name());
            entry.operator.clone_from(&status.operator);
            entry.signal_dbm = status.signal_dbm;
        });
        // At home the network is the SIM's own.
        let is_own = !self.has_home && status.registration == Registered::Home;
        let is_code = |code: &String| matches!(code.len(), 5 | 6) && code.bytes().all(|b| b.is_ascii_digit());
        let home = status.operator.filter(|code| is_own && is_code(code)).map(Report::Home);
        self.has_home |= home.is_some();
        std::iter::once(Report::Ready(ready)).chain(home)
    }

    /// From a final result to the next `AT+CMGS`, where one followed at once.
    fn time_turnaround(&mut self, now: Instant) {
        if let Some(settled_at) = self.settled_at.take() {
            let elapsed = now.saturating_since(settled_at);
            if elapsed < BUSY {
                self.setup.metrics.turned_around(elapsed);
            }
        }
    }

    async fn write(&mut self, bytes: &[u8], now: Instant) {
        let Some(port) = self.port.as_mut().filter(|_| !bytes.is_empty()) else { return };
        match timeout(PORT_LIMIT, port.write_all(bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => self.lose_port(now),
        }
    }

    /// Closes the port with DTR dropped, which many modems take as a reason to look after themselves.
    fn close(&mut self) {
        use tokio_serial::SerialPort;
        if let Some(mut port) = self.port.take()
            && let Err(error) = port.write_data_terminal_ready(false)
        {
            tracing::trace!(%error, "modem line not cleared");
        }
        self.failures = 0;
    }
}

/// Where the modem is. One that is nowhere keeps showing where it was.
fn show_place(setup: &Setup) {
    let (port, slot) = (setup.place.port(), setup.place.slot());
    setup.fleet.update(&setup.id, |status| {
        if let Some(port) = port {
            status.port = port.display().to_string();
            status.slot = slot;
        } else {
            status.state = ModemState::Absent;
            status.reason = Some("not plugged in".to_owned());
        }
    });
}

/// Why a modem that is up does not send.
fn why_not(registration: Registered) -> String {
    match registration {
        Registered::Roaming => "its SIM is roaming, and roaming = true is not configured for it".to_owned(),
        Registered::No | Registered::Searching | Registered::Denied | Registered::Home => {
            format!("not registered on a network ({})", registration.name())
        }
    }
}

async fn read(port: Option<&mut Port>, buffer: &mut [u8]) -> std::io::Result<usize> {
    match port {
        Some(port) => port.read(buffer).await,
        None => std::future::pending().await,
    }
}

/// Half a second, doubling to ten.
fn open_again(failures: u32) -> Duration {
    OPEN_AGAIN.saturating_mul(2_u32.saturating_pow(failures)).min(OPEN_AGAIN_MAX)
}

#[cfg(test)]
pub(super) mod tests;
