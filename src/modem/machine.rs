//! The machine of one modem: stages, turns, timers.

mod echo;
mod ladder;
mod stages;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::bring_up::{BringUp, Next, SILENCE};
use super::config::Config;
use super::lease::{Lease, Offer, ReturnedWhy, UnknownWhy};
use super::output::{DownReason, Handle, Identity, Note, Output};
use super::profile::{GENERIC, Profile};
use super::receive::Receive;
use super::recovery::{Recovery, Reregister};
use super::submit::{After, Submit};
use super::timers::{Timer, Timers};
use super::ussd::{Ussd, UssdCode, UssdRefusal};
use super::watch::{Seen, Watch};
use crate::at::{self, Ended, Finished, Routed, Session, Unsolicited};
use crate::clock::Instant;
use crate::sms::id::SegmentId;
use echo::Echo;

/// Pause without a submission that ends a burst; then the store is swept.
const BURST: Duration = Duration::from_secs(5);

/// Messages that are kept until the modem is up; more than a modem buffers for a port that nobody reads.
const EARLY_MAX: usize = 128;

/// What one modem does next.
///
/// Contract: after each `handle_*`, `port_*` and verb, take [`Machine::poll_output`] until it is empty before the next; call
/// [`Machine::handle_timeout`] when [`Machine::deadline`] has come. The machine outlives its port: it starts closed, works
/// after `port_opened`, and is closed again by `port_lost` and by [`Output::Reopen`].
///
/// Turns: a submission that is ready goes before everything else, with two exceptions. After each submission at most one
/// other command (read, delete, idle tick) has its turn, if one is wanted. So sweeping delays a submission by one command,
/// and the store is drained under any load. And while a session of a service is under way no submission begins; the network
/// has 90 s for each answer, a person 60 s.
///
/// Every lease is settled exactly once (or given back by [`Machine::release_next`]), apart from
/// [`super::Settlement::LateAccepted`], which corrects an unknown outcome.
#[derive(Debug)]
pub struct Machine {
    config: Config,
    /// The family of the modem that was here last.
    profile: &'static Profile,
    session: Session,
    stage: Stage,
    /// The present step of the bring-up has its command yet to come.
    step_due: bool,
    submit: Submit,
    receive: Receive,
    watch: Watch,
    ussd: Ussd,
    timers: Timers,
    outputs: VecDeque<Output>,
    draining: Draining,
    /// A command other than a submission has the next turn.
    turn_of_others: bool,
    recovery: Recovery,
    rests: u32,
    ready_since: Option<Instant>,
    /// SIMs whose PIN was written and has not proven right.
    pin_spent: BTreeSet<String>,
    echo: Echo,
    /// Who was up last. What was learnt of the modem, such as what it does not support, is about this one.
    last_up: Option<Identity>,
    /// Messages that came over the port while it was brought up. Whose they are is known when the SIM is, and a modem gives
    /// out what it has buffered as soon as it is told how (TS 27.005 clause 3.4.1, `<bfr>`). Kept only while the SIM cannot
    /// have changed unseen.
    early: Vec<(Routed, Vec<u8>)>,
}

#[derive(Debug)]
enum Stage {
    /// No port.
    Closed,
    BringUp(Box<BringUp>),
    /// The SIM cannot be used, and is tried again later; or a reset waits for its permission.
    Resting,
    /// The third rung of recovery.
    Reregister(Reregister),
    Ready,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Draining {
    No,
    Wanted,
    Said,
}

impl Machine {
    /// A machine without a port.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            profile: &GENERIC,
            session: Session::default(),
            stage: Stage::Closed,
            step_due: false,
            submit: Submit::default(),
            receive: Receive::default(),
            watch: Watch::default(),
            ussd: Ussd::default(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
            draining: Draining::No,
            turn_of_others: false,
            recovery: Recovery::default(),
            rests: 0,
            ready_since: None,
            pin_spent: BTreeSet::new(),
            echo: Echo::default(),
            last_up: None,
            early: Vec::new(),
        }
    }

    /// The port is open: brings the modem up.
    pub fn port_opened(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Closed) {
            // Another modem may be on the port.
            self.drop_early();
            self.submit.resynchronised();
            self.timers.stop(Timer::Return);
            self.recovery.is_back(now);
            self.bring_up(false, SILENCE, now);
            self.pump(now);
        }
    }

    /// The PIN of this SIM was refused, by this machine or another: it is not written again.
    pub fn withhold_pin(&mut self, iccid: &str) {
        self.pin_spent.insert(iccid.to_owned());
    }

    /// The port is gone, or is being closed: settles what was on the wire. Ignored without a port.
    pub fn port_lost(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Closed) {
            return;
        }
        let last = self.session.close();
        self.cut_off(last.as_ref(), UnknownWhy::PortLost, ReturnedWhy::PortLost);
        self.stage = Stage::Closed;
        self.forget_reset();
        self.recovery.is_not_good(now);
        self.outputs.push_back(Output::Down { reason: DownReason::PortLost, rung: None });
        self.pump(now);
    }

    /// Feeds what was read from the port.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        if matches!(self.stage, Stage::Closed) {
            return;
        }
        if let Stage::BringUp(bring_up) = &mut self.stage {
            bring_up.hears();
            if let Some(silence) = bring_up.silence() {
                self.timers.set(Timer::Silence, now + silence);
            }
        }
        self.session.handle_bytes(bytes, now);
        self.pump(now);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
        self.pump(now);
        while let Some(timer) = self.timers.expired(now) {
            self.expired(timer, now);
            self.pump(now);
        }
    }

    /// Whether [`Machine::load`] would take a lease: the modem is up, registered and not roaming unasked, and the place after the part on the
    /// wire is free.
    pub fn can_load(&self) -> bool {
        matches!(self.stage, Stage::Ready)
            && self.draining == Draining::No
            && self.watch.may_send()
            && self.submit.has_room()
    }

    /// Takes a lease, and starts it if the modem is free. Gives it back when [`Machine::can_load`] is false.
    pub fn load(&mut self, lease: Lease, now: Instant) -> Result<(), Lease> {
        if !self.can_load() {
            return Err(lease);
        }
        self.submit.load(lease);
        self.pump(now);
        Ok(())
    }

    /// Gives the lease back that waits behind the one on the wire. It is not settled by an output any more.
    pub fn release_next(&mut self) -> Option<SegmentId> {
        self.submit.release_next()
    }

    /// Sends a person's code to the network, or answers it in an open session. [`Output::Ussd`] says what came of it.
    pub fn request_ussd(&mut self, code: UssdCode, now: Instant) -> Result<(), UssdRefusal> {
        self.begin_ussd(code, true, now)
    }

    /// Sends a code on nobody's behalf: never into a person's session, and none is kept open for an answer.
    pub fn query_ussd(&mut self, code: UssdCode, now: Instant) -> Result<(), UssdRefusal> {
        self.begin_ussd(code, false, now)
    }

    fn begin_ussd(&mut self, code: UssdCode, attended: bool, now: Instant) -> Result<(), UssdRefusal> {
        if !matches!(self.stage, Stage::Ready) || self.draining != Draining::No || !self.watch.is_registered() {
            return Err(UssdRefusal::NotReady);
        }
        self.ussd.request(code, attended, self.profile.ussd, &mut self.timers)?;
        self.pump(now);
        Ok(())
    }

    /// Answers [`Output::Offer`].
    pub fn offer_answered(&mut self, segment: SegmentId, answer: Offer, now: Instant) {
        let (session, timers, outputs) = (&mut self.session, &mut self.timers, &mut self.outputs);
        self.submit.offer_answered(segment, answer, session, timers, outputs, now);
        self.pump(now);
    }

    /// Answers [`Output::Inbound`]: the message is on disk and may leave the modem. A handle from before a loss of the
    /// port is ignored; its message comes again.
    pub fn stored(&mut self, handle: Handle, now: Instant) {
        self.receive.stored(handle);
        self.pump(now);
    }

    /// Takes nothing new, gives back what is not on the wire, and says [`Output::Drained`] when the rest is settled.
    pub fn stop(&mut self, now: Instant) {
        if self.draining == Draining::No {
            self.draining = Draining::Wanted;
            self.watch.call_over(&mut self.outputs);
            self.submit.return_next(ReturnedWhy::Draining, &mut self.outputs);
            self.pump(now);
        }
    }

    /// The time for draining is over: settles what is on the wire by what is known, and works no more. Not the port is to
    /// blame, so nothing is said of it. Nobody hears the answer to an offer any more: the queue is told after the offer
    /// that nothing of it was written.
    pub fn cut_short(&mut self, now: Instant) {
        if !matches!(self.stage, Stage::Closed) {
            let last = self.session.close();
            self.cut_off(last.as_ref(), UnknownWhy::DaemonStopped, ReturnedWhy::Draining);
            self.stage = Stage::Closed;
        }
        self.submit.stop_awaiting_answer(&mut self.outputs);
        self.pump(now);
    }

    /// Rung of the recovery ladder on which the next failure is answered: 0 and 1 resynchronise, 2 reopens the port, 3 joins
    /// the network anew, 4 to 6 reset the modem, 7 gives it up.
    pub fn rung(&self) -> u8 {
        self.recovery.next()
    }

    /// Whether nothing that the ladder has brought the modem back. It is looked at now and then all the same.
    pub fn is_dead(&self) -> bool {
        self.recovery.is_dead()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Machine::handle_timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        [self.session.deadline(), self.timers.next()].into_iter().flatten().min()
    }

    /// Acts on everything that the modem has said, and only then gives it its next command: what was read before a command
    /// was written does not answer it.
    fn pump(&mut self, now: Instant) {
        self.flush();
        while let Some(output) = self.session.poll_output() {
            self.react(output, now);
            self.flush();
        }
        self.advance(now);
        self.flush();
        if self.draining == Draining::Wanted && self.submit.is_empty() {
            self.draining = Draining::Said;
            self.outputs.push_back(Output::Drained);
        }
    }

    fn flush(&mut self) {
        while let Some(octets) = self.session.poll_write() {
            self.outputs.push_back(Output::Write(octets));
        }
    }

    /// Whose turn it is.
    fn advance(&mut self, now: Instant) {
        if self.timers.is_set(Timer::Pause) {
            return;
        }
        if let Stage::BringUp(bring_up) = &mut self.stage
            && std::mem::take(&mut self.step_due)
        {
            if let Some(iccid) = bring_up.spends_pin_of() {
                self.outputs.push_back(Output::Pin { iccid });
            }
            bring_up.begin(&mut self.session, &self.config, now);
        }
        if let Stage::Reregister(step) = self.stage
            && std::mem::take(&mut self.step_due)
        {
            step.begin(self.profile, &mut self.session, now);
        }
        if self.answer_trouble(now) {
            return self.advance(now);
        }
        while matches!(self.stage, Stage::Ready) && self.session.is_idle() {
            let others = self.receive.is_ready() || self.watch.is_ready() || self.ussd.is_ready();
            let waits = self.ussd.holds_the_line() || self.turn_of_others && others;
            if self.submit.is_linked() || self.submit.is_ready() && !waits {
                self.timers.stop(Timer::BurstEnd);
                self.turn_of_others = true;
                self.submit.begin(&mut self.session, &mut self.outputs, now);
            } else {
                self.turn_of_others = false;
                if self.ussd.is_ready() {
                    self.ussd.begin(&mut self.session, now);
                } else if self.receive.is_ready() {
                    self.receive.begin(&mut self.session, now);
                } else if self.watch.is_ready() {
                    self.watch.begin(&mut self.session, now);
                } else {
                    break;
                }
            }
        }
    }

    fn react(&mut self, output: at::Output, now: Instant) {
        match output {
            at::Output::Prompt => self.submit.prompted(&mut self.session, &mut self.timers, now),
            at::Output::Echo => self.echoed(now),
            at::Output::Finished(finished) => self.finished(&finished, now),
            at::Output::Unsolicited(unsolicited) => self.unsolicited(unsolicited, now),
            at::Output::Unknown { name } => self.outputs.push_back(Output::Note(Note::UnknownLine(name))),
            at::Output::Overrun(overrun) => self.outputs.push_back(Output::Note(Note::Overrun(overrun))),
        }
    }

    fn finished(&mut self, finished: &Finished, now: Instant) {
        if let Stage::BringUp(bring_up) = &mut self.stage {
            let next = bring_up.finished(finished, &self.config, &mut self.pin_spent);
            self.profile = bring_up.profile();
            self.pause(finished, now);
            return self.brought(next, now);
        }
        self.pause(finished, now);
        if let Stage::Reregister(step) = self.stage {
            return self.reregistered(step, finished, now);
        }
        if self.submit.is_running() {
            let at_prompt = self.submit.may_be_at_prompt();
            let (session, timers, outputs) = (&mut self.session, &mut self.timers, &mut self.outputs);
            match self.submit.finished(finished, session, timers, outputs, now) {
                After::OutOfStep => return self.recover(at_prompt, now),
                After::Accepted => {
                    self.recovery.proven();
                    self.echo.proven();
                }
                After::Refused(cause, disposition) => self.refused(cause, disposition),
                After::Continue => {}
            }
            if !self.submit.is_running() {
                self.timers.set(Timer::BurstEnd, now + BURST);
            }
            return;
        }
        if finished.ended == Ended::TimedOut {
            self.receive.timed_out(&mut self.outputs);
            return self.recover(false, now);
        }
        if self.ussd.is_running() {
            self.ussd.finished(finished, &mut self.timers, &mut self.outputs, now);
        } else if self.receive.is_running() {
            self.receive.finished(finished, &mut self.outputs);
        } else if self.watch.is_running() {
            match self.watch.finished(finished, &mut self.timers, &mut self.outputs, now) {
                Seen::Nothing => {}
                Seen::Stores(usage) => self.receive.counted(usage),
                Seen::NoCard => return self.card(false, now),
            }
        }
        self.check_registration(now);
    }

    /// The modem has answered, and may need time before it hears the next command.
    fn pause(&mut self, finished: &Finished, now: Instant) {
        if matches!(finished.ended, Ended::Ok | Ended::Failed(_)) && !self.profile.pause.is_zero() {
            self.timers.set(Timer::Pause, now + self.profile.pause);
        }
    }

    fn unsolicited(&mut self, unsolicited: Unsolicited, now: Instant) {
        match unsolicited {
            Unsolicited::Stored(store) => self.receive.hint(store),
            Unsolicited::ReportStored(store) => self.receive.hint_report(store),
            Unsolicited::PushStored { store, place } => self.receive.pushed(store, place, &mut self.outputs),
            Unsolicited::StoreFull => self.receive.hint(None),
            Unsolicited::Routed { kind, pdu } => match self.stage {
                Stage::Ready => self.receive.routed(kind, &pdu, &mut self.outputs),
                Stage::Closed | Stage::BringUp(_) | Stage::Resting | Stage::Reregister(_) => {
                    self.keep_early(kind, pdu);
                }
            },
            Unsolicited::Registration(network, registered) => match &mut self.stage {
                Stage::BringUp(bring_up) => bring_up.registration(network, registered),
                Stage::Ready => {
                    self.watch.registration(network, registered, &mut self.outputs);
                    self.check_registration(now);
                }
                Stage::Resting => self.found_network(registered, now),
                Stage::Closed | Stage::Reregister(_) => {}
            },
            Unsolicited::Ring => self.watch.rings(&mut self.timers),
            Unsolicited::Caller(number) => self.watch.shows_caller(number, &mut self.timers, &mut self.outputs),
            Unsolicited::CallEnded => self.watch.call_ended(&mut self.timers, now),
            Unsolicited::LateSubmit(tp_mr) => self.submit.late(tp_mr, &mut self.outputs),
            Unsolicited::Restarted => self.restarted(now),
            Unsolicited::Card { is_there } => self.card(is_there, now),
            Unsolicited::Ussd(result) => {
                if matches!(self.stage, Stage::Ready) {
                    self.ussd.told(result, &mut self.timers, &mut self.outputs, now);
                }
            }
        }
    }

    fn keep_early(&mut self, kind: Routed, pdu: Vec<u8>) {
        if self.early.len() < EARLY_MAX {
            self.early.push((kind, pdu));
        } else {
            self.outputs.push_back(Output::Note(Note::TooEarly));
        }
    }

    fn drop_early(&mut self) {
        let dropped = std::mem::take(&mut self.early).len();
        if dropped > 0 {
            self.outputs.push_back(Output::Note(Note::EarlyDropped(dropped)));
        }
    }

    fn expired(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::Silence | Timer::SilenceLimit => {
                self.timers.stop(Timer::Silence);
                self.timers.stop(Timer::SilenceLimit);
                if let Stage::BringUp(bring_up) = &mut self.stage {
                    let next = bring_up.silent(&mut self.session);
                    self.brought(next, now);
                }
            }
            Timer::Repeat => self.brought(Next::Go, now),
            Timer::Pause => {}
            Timer::Rest => self.bring_up(false, SILENCE, now),
            Timer::SlowResult => self.submit.slow(&mut self.outputs),
            Timer::OfferLate => self.submit.offer_late(&mut self.session, now),
            Timer::BurstEnd => self.receive.hint(None),
            Timer::Tick => self.watch.tick(&mut self.timers, now),
            Timer::CallOver => self.watch.call_over(&mut self.outputs),
            Timer::Unregistered => self.note(DownReason::Unregistered),
            Timer::Return => self.not_back(now),
            Timer::Ussd => self.ussd.expired(&mut self.outputs),
        }
    }
}
