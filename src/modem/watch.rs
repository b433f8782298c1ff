//! How the modem is: registration, signal, liveness. One idle tick a minute, and nothing else polls.

use std::collections::VecDeque;
use std::time::Duration;

use super::bring_up::is_sim_busy;
use super::output::{Output, Status};
use super::timers::{Timer, Timers};
use crate::at::{self, Command as _, Ended, Finished, Network, PinState, Plain, Registered, Session, Usage};
use crate::clock::Instant;

/// The idle tick: `AT+CPMS?`, which also shows that the modem is alive.
const TICK: Duration = Duration::from_secs(60);

/// Every so many ticks signal and registration are asked for.
const TICKS_PER_LOOK: u8 = 5;

/// Every so many the card: not every modem says when it goes.
const TICKS_PER_CARD: u8 = 10;

/// What still comes of a call after its end: `+CLIP` follows `RING`, and may cross with the answer to `AT+CHUP`. A ring
/// comes every five seconds or so.
const CALL_ECHOES: Duration = Duration::from_secs(3);

/// One question, or the end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    Stores,
    Signal,
    Registration(Network),
    Operator,
    Card,
    HangUp,
}

/// What is known of the modem's state, and which question comes next.
#[derive(Debug, Default)]
pub(super) struct Watch {
    status: Status,
    circuit: Registered,
    evolved: Registered,
    probes: VecDeque<Probe>,
    running: Option<Probe>,
    ticks: u8,
    call: Option<Call>,
    /// The SIM is used while it is roaming.
    may_roam: bool,
}

/// What the answer to a question means for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing.
    Nothing,
    /// How full the selected store is.
    Stores(Usage),
    /// The card is not as it was when the modem came up.
    NoCard,
}

/// A call that comes in, or came in a moment ago.
#[derive(Debug, Default)]
struct Call {
    from: Option<String>,
}

impl Watch {
    /// The modem is ready.
    pub(super) fn restart(&mut self, status: Status, circuit: Registered, evolved: Registered, may_roam: bool) {
        let is_nearly_full = self.status.is_nearly_full;
        *self = Self { status: Status { is_nearly_full, ..status }, circuit, evolved, may_roam, ..Self::default() };
        self.set_registration();
    }

    /// Nothing is known any more.
    pub(super) fn cut_off(&mut self, out: &mut VecDeque<Output>) {
        self.call_over(out);
        // A store is as full as it was until it is counted again.
        let status = Status { is_nearly_full: self.status.is_nearly_full, ..Status::default() };
        *self = Self { status, ..Self::default() };
    }

    pub(super) fn status(&self) -> &Status {
        &self.status
    }

    pub(super) fn is_registered(&self) -> bool {
        self.status.registration.is_registered()
    }

    pub(super) fn may_send(&self) -> bool {
        self.status.may_send
    }

    /// Starts the pause before the next tick.
    pub(super) fn rearm(timers: &mut Timers, now: Instant) {
        timers.set(Timer::Tick, now + TICK);
    }

    /// The idle tick.
    pub(super) fn tick(&mut self, timers: &mut Timers, now: Instant) {
        Self::rearm(timers, now);
        self.want(Probe::Stores);
        let look = self.ticks.is_multiple_of(TICKS_PER_LOOK);
        if look {
            self.want(Probe::Signal);
        }
        // While unregistered, a modem that does not announce registration is asked at each tick.
        if look || !self.is_registered() {
            self.want(Probe::Registration(Network::Circuit));
            self.want(Probe::Registration(Network::Evolved));
        }
        self.ticks = (self.ticks + 1) % TICKS_PER_CARD;
        if self.ticks == 0 {
            self.want(Probe::Card);
        }
    }

    /// The modem announces a registration.
    pub(super) fn registration(&mut self, network: Network, registered: Registered, out: &mut VecDeque<Output>) {
        match network {
            Network::Circuit => self.circuit = registered,
            Network::Evolved => self.evolved = registered,
            Network::Packet => return,
        }
        let best = self.best();
        if best != self.status.registration {
            self.set_registration();
            if best.is_registered() {
                self.want(Probe::Operator);
            }
            out.push_back(Output::Changed(self.status.clone()));
        }
    }

    /// A call comes in. It is ended at once: on some sticks it blocks messages.
    pub(super) fn rings(&mut self, timers: &mut Timers) {
        // One that rings on was not ended.
        timers.stop(Timer::CallOver);
        self.call.get_or_insert_default();
        if self.running != Some(Probe::HangUp) {
            self.want(Probe::HangUp);
        }
    }

    /// The network shows who calls, or called.
    pub(super) fn shows_caller(&mut self, caller: Option<String>, timers: &mut Timers, out: &mut VecDeque<Output>) {
        let is_another = |call: &Call| call.from.is_some() && caller.is_some() && call.from != caller;
        if self.call.as_ref().is_some_and(is_another) {
            self.call_over(out);
        }
        if self.call.is_none() {
            self.rings(timers);
        }
        let call = self.call.get_or_insert_default();
        call.from = caller.or(call.from.take());
    }

    /// The call is ended, by us or by the caller. It is told when nothing more is to be heard of it.
    pub(super) fn call_ended(&mut self, timers: &mut Timers, now: Instant) {
        self.probes.retain(|probe| *probe != Probe::HangUp);
        if self.call.is_some() && !timers.is_set(Timer::CallOver) {
            timers.set(Timer::CallOver, now + CALL_ECHOES);
        }
    }

    /// Nothing more is heard of a call.
    pub(super) fn call_over(&mut self, out: &mut VecDeque<Output>) {
        out.extend(self.call.take().map(|Call { from }| Output::Call { from }));
    }

    pub(super) fn is_ready(&self) -> bool {
        !self.probes.is_empty()
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Starts the next command. The session is idle.
    pub(super) fn begin(&mut self, session: &mut Session, now: Instant) {
        self.running = self.probes.pop_front();
        match self.running {
            Some(Probe::Stores) => session.start(&at::QueryStores, now),
            Some(Probe::Signal) => session.start(&at::QuerySignal, now),
            Some(Probe::Registration(network)) => session.start(&at::QueryRegistration(network), now),
            Some(Probe::Operator) => session.start(&at::QueryOperator, now),
            Some(Probe::Card) => session.start(&at::QueryPin, now),
            Some(Probe::HangUp) => session.start(&Plain::new("+CHUP"), now),
            None => {}
        }
    }

    /// A command of ours has ended by a final result.
    pub(super) fn finished(
        &mut self,
        finished: &Finished,
        timers: &mut Timers,
        out: &mut VecDeque<Output>,
        now: Instant,
    ) -> Seen {
        let Some(probe) = self.running.take() else { return Seen::Nothing };
        let reply = &finished.reply;
        let before = self.status.clone();
        match probe {
            Probe::HangUp => self.call_ended(timers, now),
            Probe::Card => return card(finished),
            _ if finished.ended != Ended::Ok => {}
            Probe::Stores => {
                let Some(usage) = at::QueryStores.read(reply) else { return Seen::Nothing };
                self.status.is_nearly_full = is_nearly_full(usage);
                if self.status != before {
                    out.push_back(Output::Changed(self.status.clone()));
                }
                return Seen::Stores(usage);
            }
            Probe::Signal => self.status.signal_dbm = at::QuerySignal.read(reply).flatten(),
            Probe::Operator => {
                self.status.operator = at::QueryOperator.read(reply).flatten();
            }
            Probe::Registration(network) => {
                if let Some(registered) = at::QueryRegistration(network).read(reply) {
                    self.registration(network, registered, out);
                }
                return Seen::Nothing;
            }
        }
        if self.status != before {
            out.push_back(Output::Changed(self.status.clone()));
        }
        Seen::Nothing
    }

    fn want(&mut self, probe: Probe) {
        if !self.probes.contains(&probe) {
            self.probes.push_back(probe);
        }
    }

    fn set_registration(&mut self) {
        let best = self.best();
        self.status.registration = best;
        self.status.may_send = best.is_registered() && (best != Registered::Roaming || self.may_roam);
    }

    /// The registration that carries messages. A network may deny circuit service and still offer LTE.
    fn best(&self) -> Registered {
        if self.circuit.is_registered() || !self.evolved.is_registered() { self.circuit } else { self.evolved }
    }
}

fn is_nearly_full(usage: Usage) -> bool {
    usage.total > 0 && u32::from(usage.used) * 5 >= u32::from(usage.total) * 4
}

/// What the answer to `AT+CPIN?` says. A card that is busy says nothing, and is asked again in ten minutes.
fn card(finished: &Finished) -> Seen {
    match (finished.ended, at::QueryPin.read(&finished.reply)) {
        (Ended::Ok, None | Some(PinState::Ready)) => Seen::Nothing,
        _ if is_sim_busy(finished) => Seen::Nothing,
        _ => Seen::NoCard,
    }
}
