//! The network behind all modems, and the model's only door.
//!
//! Carries parts over the air, decides what becomes of them, sends status reports, answers and other people's texts to
//! the modems, and keeps what a modem cannot take until it can. Two equal sequences of inputs with equal times give equal
//! outputs; each modem draws from its own streams, so that the order in which modems are served changes nothing.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::answers;
use super::centre;
use super::config::Config;
use super::fault::{Dice, Fault, FaultRate};
use super::identity::Identity;
use super::log::{LogConcat, LogLine};
use super::modem::{Ailment, Effect, Modem, Submission};
use super::random::SplitMix64;
use super::recipient::{Fate, Tongue};
use super::ussd;
use crate::clock::{Instant, Now, Timestamp};
use crate::pdu::{Address, AddressError, EncodedPdu, Udh};

/// Between the parts of one message from the network.
const PART_GAP: Duration = Duration::from_millis(50);
/// From the moment at which a modem can take again to the network's next try.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How late the answer of `late_result` is: from well within what a driver waits to well beyond it.
const LATE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(180));
/// From a report to its repetition by `report_dup`.
const REPEAT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// From a code to the operator's answer.
const SERVICE: Duration = Duration::from_secs(1);
/// How long a modem that reset itself is off the bus.
const AWAY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(8));

/// What the edge has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write these bytes to the port.
    Bytes {
        /// Index of the modem.
        modem: usize,
        /// What to write, in one piece.
        data: Vec<u8>,
    },
    /// Record this part before any [`Output::Bytes`] that follows.
    Accepted(Box<LogLine>),
    /// The modem left the bus: hang up its port.
    HangUp {
        /// Index of the modem.
        modem: usize,
    },
    /// The modem is back on the bus: give it a new port.
    Return {
        /// Index of the modem.
        modem: usize,
    },
}

/// Why a text cannot come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InboundError {
    /// There is no modem of this index.
    #[error("find modem {0}")]
    NoSuchModem(usize),
    /// The sender is neither a number nor a name of up to 11 characters.
    #[error("read the sender: {0}")]
    Sender(#[from] AddressError),
}

/// What happens at a time of its own. A modem's events die with its `session`, the network's do not.
#[derive(Debug)]
enum Event {
    Airtime {
        modem: usize,
        session: u32,
        submission: Box<Submission>,
    },
    LateAnswer {
        modem: usize,
        session: u32,
        tp_mr: u8,
    },
    Report {
        modem: usize,
        report: Report,
    },
    Arrival {
        modem: usize,
        pdu: EncodedPdu,
    },
    Answer {
        modem: usize,
        from: String,
        text: String,
    },
    /// The operator answers a code.
    Service {
        modem: usize,
        session: u32,
        turn: u32,
        code: Option<String>,
    },
    Retry {
        modem: usize,
    },
    Return {
        modem: usize,
        session: u32,
    },
    /// A step of a modem's start.
    Step {
        modem: usize,
        session: u32,
        line: &'static str,
    },
    Chatter {
        modem: usize,
        session: u32,
    },
}

/// A status report that is still to be written.
#[derive(Debug, Clone, Copy)]
struct Report {
    tp_mr: u8,
    recipient: Address,
    accepted: Timestamp,
    tp_st: u8,
}

/// What waits at the service centre until a modem can take it.
#[derive(Debug)]
enum Waiting {
    Report(EncodedPdu),
    Message(EncodedPdu),
}

/// One modem with what the network knows of it.
#[derive(Debug)]
struct Line {
    modem: Modem,
    life: SplitMix64,
    waiting: VecDeque<Waiting>,
    /// Counts losses of power.
    session: u32,
    /// The session whose chatter is under way.
    chatter: Option<u32>,
}

/// All modems and the network behind them.
///
/// A machine without IO: call a `handle_*` or another verb, then drain [`Network::poll_output`], then wait until
/// [`Network::deadline`] or the next input. Events that are due are handled before each input.
#[derive(Debug)]
pub struct Network {
    config: Config,
    lines: Vec<Line>,
    events: BTreeMap<(Instant, u64), Event>,
    next_event: u64,
    outputs: VecDeque<Output>,
    started: Instant,
}

impl Network {
    /// A network whose log counts from `now`. All modems are present and nobody has a port open.
    pub fn new(config: Config, now: Now) -> Self {
        let line = |index: usize| {
            let stream = index as u64 + 1;
            let mut life = SplitMix64::new(config.seed, stream);
            let dice = Dice::new(&config.faults, config.seed, stream);
            let identity = Identity::new(config.seed, index);
            let profile = config.profiles.of(index);
            let modem = Modem::new(identity, profile, config.storage_slots, life.byte(), config.credit, dice);
            Line { modem, life, waiting: VecDeque::new(), session: 0, chatter: None }
        };
        let lines = (0..config.modems).map(line).collect();
        Self { config, lines, events: BTreeMap::new(), next_event: 0, outputs: VecDeque::new(), started: now.instant }
    }

    /// The identities of all modems, by index.
    pub fn identities(&self) -> Vec<Identity> {
        self.lines.iter().map(|line| line.modem.identity.clone()).collect()
    }

    /// The next thing to do. Drain after each input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Network::handle_timeout`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let event = self.events.first_key_value().map(|((at, _), _)| *at);
        self.lines.iter().filter_map(|line| line.modem.deadline()).chain(event).min()
    }

    /// Bytes from the port of `modem`. Bytes from a port that is not open are lost.
    pub fn handle_bytes(&mut self, modem: usize, bytes: &[u8], now: Now) {
        self.handle_timeout(now);
        if let Some(line) = self.lines.get_mut(modem) {
            line.modem.receive(bytes, now.instant);
        }
        self.settle(modem, now);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(first) = self.events.first_entry() {
            if first.key().0 > now.instant {
                break;
            }
            let event = first.remove();
            let modem = self.run(event, now);
            self.settle(modem, now);
        }
        for modem in 0..self.lines.len() {
            self.drain_bytes(modem, now);
        }
    }

    /// Somebody opened the port of `modem`.
    pub fn port_opened(&mut self, modem: usize, now: Now) {
        self.handle_timeout(now);
        if let Some(line) = self.lines.get_mut(modem) {
            line.modem.open(now.instant);
        }
        self.start_chatter(modem, now);
        self.settle(modem, now);
    }

    /// Nobody has the port of `modem` open any more.
    pub fn port_closed(&mut self, modem: usize, now: Now) {
        self.handle_timeout(now);
        if let Some(line) = self.lines.get_mut(modem) {
            line.modem.close();
        }
    }

    /// A person sends `text` from `from` to the SIM in `modem`; the message is in as many parts as it takes.
    pub fn inbound(&mut self, modem: usize, from: &str, text: &str, now: Now) -> Result<(), InboundError> {
        self.handle_timeout(now);
        self.send_to_modem(modem, from, text, now)?;
        self.handle_timeout(now);
        Ok(())
    }

    /// From now on `modem` suffers from this, until what helps happens.
    pub fn afflict(&mut self, modem: usize, ailment: Ailment, now: Now) {
        self.handle_timeout(now);
        if let Some(line) = self.lines.get_mut(modem) {
            answers::change(&mut line.modem, now.instant, |modem| modem.afflict(ailment));
        }
        self.settle(modem, now);
    }

    /// `modem` starts anew without leaving the bus and without a word. Its settings are lost, and so is what is in the air.
    pub fn restart_silently(&mut self, modem: usize, now: Now) {
        self.handle_timeout(now);
        if let Some(line) = self.lines.get_mut(modem)
            && line.modem.is_present()
        {
            line.modem.restart_silently();
            line.session += 1;
            self.schedule(now.instant + RETRY_AFTER, Event::Retry { modem });
        }
        self.start_chatter(modem, now);
        self.settle(modem, now);
    }

    /// Takes `modem` off the bus, and its power away, until [`Network::plug`].
    pub fn unplug(&mut self, modem: usize, now: Now) {
        self.handle_timeout(now);
        self.cut_power(modem);
        if let Some(line) = self.lines.get_mut(modem) {
            line.modem.heal();
            // One that was about to return by itself does not.
            line.session += 1;
        }
    }

    /// Puts `modem` back on the bus.
    pub fn plug(&mut self, modem: usize, now: Now) {
        self.handle_timeout(now);
        self.restore_power(modem, now);
    }

    /// Changes the faults from here on; their streams begin anew.
    pub fn set_faults(&mut self, faults: &[FaultRate]) {
        for (line, stream) in self.lines.iter_mut().zip(1..) {
            line.modem.dice = Dice::new(faults, self.config.seed.wrapping_add(self.next_event), stream);
        }
    }

    fn schedule(&mut self, at: Instant, event: Event) {
        self.events.insert((at, self.next_event), event);
        self.next_event += 1;
    }

    /// Does what the modem asks of the network, and collects what it writes.
    fn settle(&mut self, modem: usize, now: Now) {
        while let Some(effect) = self.lines.get_mut(modem).and_then(|line| line.modem.poll_effect()) {
            match effect {
                Effect::Submit(submission) => self.submit(modem, submission, now),
                Effect::Ready => self.schedule(now.instant + RETRY_AFTER, Event::Retry { modem }),
                Effect::Boot => self.boot(modem, now),
                Effect::Ussd(turn, code) => self.ask_service(modem, turn, code, now),
                Effect::Vanish => {
                    // What was written before, such as the OK of a reset, still leaves.
                    self.drain_bytes(modem, now);
                    self.vanish(modem, now);
                }
            }
        }
        self.drain_bytes(modem, now);
    }

    fn drain_bytes(&mut self, modem: usize, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        while let Some(bytes) = line.modem.poll_bytes(now.instant) {
            match self.outputs.back_mut() {
                Some(Output::Bytes { modem: last, data }) if *last == modem => data.extend(bytes),
                _ => self.outputs.push_back(Output::Bytes { modem, data: bytes }),
            }
        }
    }

    /// Runs a due event and says which modem it concerned.
    fn run(&mut self, event: Event, now: Now) -> usize {
        match event {
            Event::Airtime { modem, session, submission } => {
                if self.is_session(modem, session) {
                    self.end_airtime(modem, &submission, now);
                }
                modem
            }
            Event::LateAnswer { modem, session, tp_mr } => {
                if self.is_session(modem, session)
                    && let Some(line) = self.lines.get_mut(modem)
                {
                    line.modem.end_submit_accepted(tp_mr, now.instant);
                }
                modem
            }
            Event::Report { modem, report } => {
                self.send_report(modem, report, now);
                modem
            }
            Event::Arrival { modem, pdu } => {
                self.hand_over(modem, Waiting::Message(pdu), now);
                modem
            }
            Event::Answer { modem, from, text } => {
                // The sender is a number that was an address before, so it is one again.
                self.send_to_modem(modem, &from, &text, now).unwrap_or_default();
                modem
            }
            Event::Service { modem, session, turn, code } => {
                if self.is_session(modem, session)
                    && let Some(line) = self.lines.get_mut(modem)
                {
                    line.modem.answer_ussd(turn, code.as_deref(), now.instant);
                }
                modem
            }
            Event::Retry { modem } => {
                self.retry(modem, now);
                modem
            }
            Event::Step { modem, session, line: text } => {
                if self.is_session(modem, session)
                    && let Some(line) = self.lines.get_mut(modem)
                {
                    line.modem.say_anyway(text.to_owned(), now.instant);
                }
                modem
            }
            Event::Chatter { modem, session } => {
                if self.is_session(modem, session) {
                    self.chatter(modem, now);
                }
                modem
            }
            Event::Return { modem, session } => {
                if self.is_session(modem, session) {
                    self.restore_power(modem, now);
                }
                modem
            }
        }
    }

    fn ask_service(&mut self, modem: usize, turn: u32, code: Option<String>, now: Now) {
        let Some(line) = self.lines.get(modem) else { return };
        let session = line.session;
        self.schedule(now.instant + SERVICE, Event::Service { modem, session, turn, code });
    }

    /// Plans what a modem says of its start.
    fn boot(&mut self, modem: usize, now: Now) {
        let Some(line) = self.lines.get(modem) else { return };
        let (session, steps) = (line.session, line.modem.profile.family().boot);
        for (after, line) in steps {
            self.schedule(now.instant + *after, Event::Step { modem, session, line });
        }
        self.start_chatter(modem, now);
    }

    fn start_chatter(&mut self, modem: usize, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        let session = line.session;
        if line.modem.chatters && line.chatter != Some(session) {
            line.chatter = Some(session);
            self.chatter(modem, now);
        }
    }

    /// The next line of chatter, until it is ended or nobody listens.
    fn chatter(&mut self, modem: usize, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        let session = line.session;
        match &line.modem.profile.family().chatter {
            Some(chatter) if line.modem.chatters && line.modem.is_open() => {
                line.modem.say_anyway(chatter.line.to_owned(), now.instant);
                self.schedule(now.instant + chatter.every, Event::Chatter { modem, session });
            }
            _ => line.chatter = None,
        }
    }

    fn is_session(&self, modem: usize, session: u32) -> bool {
        self.lines.get(modem).is_some_and(|line| line.session == session)
    }

    /// A part left the modem for the air.
    fn submit(&mut self, modem: usize, submission: Box<Submission>, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        if line.modem.dice.strikes(Fault::Vanish) {
            if line.modem.dice.detail.below(2) == 0 {
                self.accept(modem, &submission, now);
            }
            return self.vanish(modem, now);
        }
        if line.modem.dice.strikes(Fault::Hang) {
            line.modem.hang();
            self.accept(modem, &submission, now);
            return;
        }
        if line.modem.dice.strikes(Fault::DropBeforeSend) {
            return line.modem.end_submit_silently(now.instant);
        }
        let session = line.session;
        if self.config.airtime.is_zero() {
            return self.end_airtime(modem, &submission, now);
        }
        self.schedule(now.instant + self.config.airtime, Event::Airtime { modem, session, submission });
    }

    /// The network decides, and the modem says so, unless a fault is in the way.
    fn end_airtime(&mut self, modem: usize, submission: &Submission, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        let fate = Fate::of(&submission.tpdu.tp_da.number());
        if let Some(cause) = fate.refusal().or_else(|| line.modem.dice.cms()) {
            line.modem.next_tp_mr();
            return line.modem.end_submit_refused(cause, now.instant);
        }
        let Some(tp_mr) = self.accept(modem, submission, now) else { return };
        let Some(line) = self.lines.get_mut(modem) else { return };
        if line.modem.dice.strikes(Fault::DropResult) {
            return line.modem.end_submit_silently(now.instant);
        }
        if line.modem.dice.strikes(Fault::LateResult) {
            let late = line.modem.dice.detail.between(LATE.0, LATE.1);
            let session = line.session;
            return self.schedule(now.instant + late, Event::LateAnswer { modem, session, tp_mr });
        }
        line.modem.end_submit_accepted(tp_mr, now.instant);
    }

    /// The network takes a part: from here on it is sent, whatever the modem says.
    fn accept(&mut self, modem: usize, submission: &Submission, now: Now) -> Option<u8> {
        let line = self.lines.get_mut(modem)?;
        let tpdu = &submission.tpdu;
        let number = tpdu.tp_da.number();
        let fate = Fate::of(&number);
        let tp_mr = line.modem.next_tp_mr();
        line.modem.pay();
        let concat = tpdu.user_data.header().and_then(Udh::concat);
        let t_us = now.instant.saturating_since(self.started).as_micros();
        self.outputs.push_back(Output::Accepted(Box::new(LogLine {
            t_us: u64::try_from(t_us).unwrap_or(u64::MAX),
            modem,
            to: number.clone(),
            text: tpdu.user_data.text(tpdu.tp_dcs).unwrap_or_default(),
            concat: concat.map(|c| LogConcat { reference: c.reference, part: c.seq, of: c.total }),
            mr: tp_mr,
            srr: tpdu.srr,
            pdu: submission.hex.clone(),
        })));
        if tpdu.srr {
            self.plan_reports(modem, tpdu.tp_da, fate, tp_mr, now);
        }
        if concat.is_none_or(|concat| concat.seq == concat.total) {
            self.plan_answer(modem, number, fate, now);
        }
        Some(tp_mr)
    }

    fn plan_reports(&mut self, modem: usize, recipient: Address, fate: Fate, tp_mr: u8, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        let mut after = Duration::ZERO;
        let mut planned = Vec::new();
        for tp_st in fate.reports() {
            let delay = self.config.report_delay;
            after += line.life.between(delay * 9 / 10, delay * 11 / 10);
            if line.modem.dice.strikes(Fault::ReportLoss) {
                continue;
            }
            let report = Report { tp_mr, recipient, accepted: now.utc, tp_st: *tp_st };
            planned.push((after, report));
            if line.modem.dice.strikes(Fault::ReportDup) {
                planned.push((after + line.modem.dice.detail.between(REPEAT.0, REPEAT.1), report));
            }
        }
        let is_early = !planned.is_empty() && line.modem.dice.strikes(Fault::EarlyReport);
        let mut planned = planned.into_iter();
        if is_early && let Some((_, report)) = planned.next() {
            self.send_report(modem, report, now);
        }
        for (after, report) in planned {
            self.schedule(now.instant + after, Event::Report { modem, report });
        }
    }

    fn plan_answer(&mut self, modem: usize, from: String, fate: Fate, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        if from == ussd::BALANCE_NUMBER {
            let text = ussd::balance(line.modem.credit());
            return self.schedule(now.instant + SERVICE, Event::Answer { modem, from, text });
        }
        let tongue = Tongue::of(&from);
        let text = match fate {
            Fate::OptsOut => Some(tongue.opt_out()),
            Fate::Talkative => Some(tongue.long_answer()),
            Fate::HasPaid => Some(tongue.paid()),
            Fate::IsAnother => Some(tongue.wrong_number()),
            Fate::Delivered if line.life.chance(self.config.reply_rate) => line.life.pick(tongue.answers()).copied(),
            Fate::Delivered
            | Fate::Undeliverable
            | Fate::NoReport
            | Fate::Unassigned
            | Fate::Delayed
            | Fate::Overloaded => None,
        };
        if let Some(text) = text {
            let delay = self.config.reply_delay;
            let after = line.life.between(delay / 2, delay * 3 / 2);
            self.schedule(now.instant + after, Event::Answer { modem, from, text: text.to_owned() });
        }
    }

    fn send_report(&mut self, modem: usize, report: Report, now: Now) {
        let Report { tp_mr, recipient, accepted, tp_st } = report;
        if let Some(pdu) = centre::status_report(tp_mr, recipient, accepted, now.utc, tp_st) {
            self.hand_over(modem, Waiting::Report(pdu), now);
        }
    }

    fn send_to_modem(&mut self, modem: usize, from: &str, text: &str, now: Now) -> Result<(), InboundError> {
        let line = self.lines.get_mut(modem).ok_or(InboundError::NoSuchModem(modem))?;
        let parts = centre::deliver(from, text, line.life.byte(), now.utc)?;
        let mut at = now.instant;
        for pdu in parts {
            self.schedule(at, Event::Arrival { modem, pdu });
            at = at + PART_GAP;
        }
        Ok(())
    }

    /// Gives the modem what is for it, or keeps it at the centre. What waits already goes first.
    fn hand_over(&mut self, modem: usize, what: Waiting, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        let is_reachable = line.modem.is_registered() && line.waiting.is_empty();
        line.waiting.push_back(what);
        if is_reachable {
            self.retry(modem, now);
        }
    }

    /// Hands over what waits, until the modem cannot take any more.
    fn retry(&mut self, modem: usize, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        while line.modem.is_registered()
            && let Some(what) = line.waiting.pop_front()
        {
            let refused = match what {
                Waiting::Report(pdu) => line.modem.take_report(pdu, now.instant).map_err(Waiting::Report),
                Waiting::Message(pdu) => line.modem.take_message(pdu, now.instant).map_err(Waiting::Message),
            };
            if let Err(back) = refused {
                line.waiting.push_front(back);
                break;
            }
        }
    }

    /// The modem leaves the bus and returns by itself.
    fn vanish(&mut self, modem: usize, now: Now) {
        let Some(line) = self.lines.get_mut(modem) else { return };
        let away = line.modem.dice.detail.between(AWAY.0, AWAY.1);
        self.cut_power(modem);
        if let Some(line) = self.lines.get(modem) {
            let session = line.session;
            self.schedule(now.instant + away, Event::Return { modem, session });
        }
    }

    fn cut_power(&mut self, modem: usize) {
        if let Some(line) = self.lines.get_mut(modem)
            && line.modem.is_present()
        {
            line.modem.power_off();
            line.session += 1;
            self.outputs.push_back(Output::HangUp { modem });
        }
    }

    fn restore_power(&mut self, modem: usize, now: Now) {
        if let Some(line) = self.lines.get_mut(modem)
            && !line.modem.is_present()
        {
            line.modem.power_on();
            self.outputs.push_back(Output::Return { modem });
            self.schedule(now.instant + RETRY_AFTER, Event::Retry { modem });
        }
    }
}
