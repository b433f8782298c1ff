//! One modem's task as a value: what `actor::modem` does with its machine, port and orders, in virtual time.

use std::collections::VecDeque;
use std::time::Duration;

use recado::actor::gateway::{Order, Report};
use recado::clock::Instant;
use recado::modem::{Config, HostReset, Machine, Output, ReturnedWhy, Settlement, UssdCode};
use recado::sms::id::{ModemId, SegmentId};
use recado::sms::number::Sender;

/// Between attempts to open a port that is not there: the first and the longest.
const OPEN_AGAIN: Duration = Duration::from_millis(500);
const OPEN_AGAIN_MAX: Duration = Duration::from_secs(10);

/// Until a reset is permitted.
const TURN: Duration = Duration::from_secs(1);

/// Things under way, in order.
pub(crate) struct Pipe<T>(VecDeque<(Instant, T)>);

impl<T> Pipe<T> {
    pub(crate) fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Nothing overtakes what was sent before it.
    pub(crate) fn push(&mut self, at: Instant, item: T) {
        let last = self.0.back().map_or(at, |(last, _)| *last);
        self.0.push_back((at.max(last), item));
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.0.front().map(|(at, _)| *at)
    }

    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<T> {
        if self.next_at()? > now {
            return None;
        }
        self.0.pop_front().map(|(_, item)| item)
    }

    pub(crate) fn take_all(&mut self) -> Vec<T> {
        self.0.drain(..).map(|(_, item)| item).collect()
    }
}

/// What comes out of a port.
pub(crate) enum Heard {
    Bytes(Vec<u8>),
    Gone,
}

/// What a line asks of the world, in order.
#[derive(Debug)]
pub(crate) enum Wish {
    Report(Vec<Report>),
    Write(Vec<u8>),
    /// The port is closed from our side.
    Close,
    /// The modem is to be reset from outside.
    Reset(HostReset),
}

pub(crate) struct Line {
    pub(crate) id: ModemId,
    pub(crate) machine: Machine,
    /// Whether we have the port open; the modem may have left it already.
    pub(crate) is_open: bool,
    /// The modem has left the port that we have open.
    pub(crate) is_hung_up: bool,
    open_at: Instant,
    failures: u32,
    /// When a reset is permitted.
    permit_at: Option<Instant>,
    pub(crate) stop_at: Option<Instant>,
    drained: bool,
    pub(crate) ended: bool,
    pub(crate) orders: Pipe<Order>,
    pub(crate) heard: Pipe<Heard>,
    pub(crate) written: Pipe<Vec<u8>>,
    /// The code that the network was sent.
    asked: Option<UssdCode>,
    wishes: VecDeque<Wish>,
}

impl Line {
    pub(crate) fn new(id: ModemId, now: Instant) -> Self {
        Self {
            id,
            machine: Machine::new(Config::default()),
            is_open: false,
            is_hung_up: false,
            open_at: now,
            failures: 0,
            permit_at: None,
            stop_at: None,
            drained: false,
            ended: false,
            orders: Pipe::new(),
            heard: Pipe::new(),
            written: Pipe::new(),
            asked: None,
            wishes: VecDeque::new(),
        }
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        let written = self.written.next_at();
        if self.ended {
            return written;
        }
        let open_at = (!self.is_open && self.stop_at.is_none()).then_some(self.open_at);
        let heard = self.heard.next_at();
        let own =
            [self.machine.deadline(), open_at, self.permit_at, self.stop_at, self.orders.next_at(), heard, written];
        own.into_iter().flatten().min()
    }

    pub(crate) fn wants_port(&self, now: Instant) -> bool {
        !self.ended && !self.is_open && self.stop_at.is_none() && self.open_at <= now
    }

    pub(crate) fn poll_wish(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// The port was there, or it was not.
    pub(crate) fn opened(&mut self, there: bool, now: Instant) {
        if there {
            self.is_open = true;
            self.is_hung_up = false;
            self.failures = 0;
            self.machine.port_opened(now);
        } else {
            let pause = OPEN_AGAIN.saturating_mul(2_u32.saturating_pow(self.failures)).min(OPEN_AGAIN_MAX);
            self.open_at = now + pause;
            self.failures = self.failures.saturating_add(1);
        }
        self.drain(now);
    }

    pub(crate) fn hear(&mut self, heard: Heard, now: Instant) {
        match heard {
            Heard::Bytes(bytes) => self.machine.handle_bytes(&bytes, now),
            Heard::Gone => self.lose_port(now),
        }
        self.drain(now);
    }

    /// A write to a port that has hung up fails.
    pub(crate) fn write_failed(&mut self, now: Instant) {
        self.lose_port(now);
        self.drain(now);
    }

    fn lose_port(&mut self, now: Instant) {
        self.is_open = false;
        self.is_hung_up = false;
        self.heard.take_all();
        self.open_at = now + OPEN_AGAIN;
        self.machine.port_lost(now);
    }

    /// A reset from outside was made, or could not be.
    pub(crate) fn was_reset(&mut self, is_done: bool, now: Instant) {
        self.machine.reset_done(is_done, now);
        self.drain(now);
    }

    pub(crate) fn obey(&mut self, order: Order, now: Instant) {
        match order {
            Order::Load(lease) => {
                if let Err(lease) = self.machine.load(lease, now) {
                    self.give_back(lease.segment);
                }
            }
            Order::Release(_) => {
                if let Some(released) = self.machine.release_next() {
                    self.give_back(released);
                }
            }
            Order::Answer(segment, offer) => self.machine.offer_answered(segment, offer, now),
            Order::Stored(handle) => self.machine.stored(handle, now),
            Order::Ask(code) => match self.machine.query_ussd(code.clone(), now) {
                Ok(()) => self.asked = Some(code),
                Err(_) => self.wishes.push_back(Wish::Report(vec![Report::NotAsked])),
            },
        }
        self.drain(now);
    }

    fn give_back(&mut self, segment: SegmentId) {
        let result = Settlement::Returned { why: ReturnedWhy::ModemDown };
        self.wishes.push_back(Wish::Report(vec![Report::Settled { segment, result }]));
    }

    pub(crate) fn time_out(&mut self, now: Instant) {
        if self.machine.deadline().is_some_and(|at| at <= now) {
            self.machine.handle_timeout(now);
            self.drain(now);
        }
        if self.permit_at.take_if(|at| *at <= now).is_some() {
            self.machine.reset_permitted(now);
            self.drain(now);
        }
        if self.stop_at.is_some_and(|at| at <= now) {
            self.machine.cut_short(now);
            self.drain(now);
            self.ended = true;
        }
    }

    pub(crate) fn stop(&mut self, until: Instant, now: Instant) {
        self.stop_at = Some(until);
        self.wishes.push_back(Wish::Report(vec![Report::Ready(false)]));
        self.machine.stop(now);
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        let (mut bytes, mut reports, mut reopen, mut reset) = (Vec::new(), Vec::new(), None, None);
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Write(octets) => bytes.extend(octets),
                Output::Reopen { after } => reopen = Some(after),
                Output::Offer(segment) => reports.push(Report::Offer(segment)),
                Output::Settled { segment, result } => reports.push(Report::Settled { segment, result }),
                Output::Inbound(inbound) => {
                    reports.push(Report::Inbound { handle: inbound.handle, octets: inbound.octets });
                }
                Output::Call { from } => reports.push(Report::Call { from: from.map(Sender::new) }),
                Output::Up { sim, .. } => reports.push(Report::Up { iccid: sim }),
                Output::Changed(status) => {
                    reports.push(Report::Ready(status.may_send && self.stop_at.is_none()));
                }
                Output::Down { reason, rung } => {
                    reports.extend(rung.map(|rung| Report::Recovery { rung, reason: reason.to_string() }));
                    reports.push(Report::Down { reason: reason.to_string() });
                }
                Output::Permit(true) => self.permit_at = Some(now + TURN),
                Output::Permit(false) => self.permit_at = None,
                Output::Reset(asked) => reset = Some(asked),
                Output::Drained => self.drained = true,
                Output::Ussd(answer) => {
                    reports.extend(self.asked.take().map(|code| Report::Told { code, text: answer.text }));
                }
                Output::Pin { .. } | Output::Note(_) => {}
            }
        }
        if !reports.is_empty() {
            self.wishes.push_back(Wish::Report(reports));
        }
        if !bytes.is_empty() {
            self.wishes.push_back(Wish::Write(bytes));
        }
        if let Some(after) = reopen {
            self.is_open = false;
            self.failures = 0;
            self.open_at = now + after;
            self.wishes.push_back(Wish::Close);
        }
        if let Some(reset) = reset {
            self.is_open = false;
            self.wishes.push_back(Wish::Close);
            self.wishes.push_back(Wish::Reset(reset));
        }
        self.ended |= self.drained;
    }
}
