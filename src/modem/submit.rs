//! The hand-over of one part: `AT+CMGS`, the offer, the prompt, the PDU, the result (TS 27.005 clause 3.5.1).
//!
//! Two rules hold whatever the modem does. The PDU with its 0x1A is written only after the offer was answered with
//! [`Offer::Go`] and the modem has prompted. And a lease whose offer is out is settled only after the answer, so that the
//! keeper sees offer and result in order.

mod verdict;

use std::collections::VecDeque;
use std::time::Duration;

use super::lease::{Lease, Offer, ReturnedWhy, Settlement, UnknownWhy};
use super::output::{Note, Output};
use super::timers::{Timer, Timers};
use crate::at::{self, Ended, Finished, Session};
use crate::clock::Instant;
use crate::sms::id::SegmentId;
use crate::sms::outcome::{Cause, Disposition, Phase, disposition};
use verdict::{cause_of, judge, reference};

/// Time for the result. The relay layer gives up after 35 to 45 s (TS 24.011 clause 10), one vendor documents 120 s.
const RESULT: Duration = Duration::from_secs(150);

/// After this a result is remarkable.
const SLOW: Duration = Duration::from_secs(45);

/// How long a prompt is kept waiting for the offer.
const OFFER: Duration = Duration::from_secs(10);

/// Keeps the relay link open until the next part (TS 27.005 clause 3.5.6). With 1 the modem goes back to 0 by itself when the
/// next command comes too late; 2 stays until it is taken back, and would hold the channel after every later message. Both
/// keep the link for the same time after the last part, so that nothing is gained by a command that takes 1 back.
const KEEP_LINK: at::Plain = at::Plain::new("+CMMS=1");

/// How long after a result the link is surely kept: the clause leaves 1 to 5 s to the modem.
const LINK: Duration = Duration::from_secs(1);

/// Asks whether the modem is back in command state after ESC.
const CHECK: at::Plain = at::Plain::new("");

/// What the machine has to do after a command of ours has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Go on; the modem is free or has its next command.
    Continue,
    /// The same, and the modem has proven its health.
    Accepted,
    /// The same, and this is why the part was not taken.
    Refused(Cause, Disposition),
    /// The dialogue is out of step.
    OutOfStep,
}

/// The lease on the wire, the lease after it, and what is remembered about the link.
#[derive(Debug, Default)]
pub(super) struct Submit {
    current: Option<Current>,
    next: Option<Lease>,
    /// The last segment that became unknown, until a new submission or resynchronisation.
    outstanding: Option<SegmentId>,
    link: Link,
}

/// What is known of `AT+CMMS`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Link {
    #[default]
    Plain,
    /// It is in force, and the link open, at least until then.
    Kept(Instant),
    /// The modem has no such command.
    Unsupported,
}

#[derive(Debug)]
struct Current {
    lease: Lease,
    stage: Stage,
    answer: Option<Offer>,
    /// It goes back untouched; said when the offer is answered.
    returned: Option<ReturnedWhy>,
    settled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// `AT+CMMS=1` runs.
    Linking,
    /// It was answered, and `AT+CMGS` is next.
    Linked,
    /// `AT+CMGS` runs and has not prompted.
    Calling,
    /// The modem waits for the PDU.
    Prompted,
    /// ESC was written.
    Escaping,
    /// `AT` shows whether ESC worked.
    Checking,
    /// The PDU was written.
    OnWire,
    /// No command runs; only the answer to the offer is missing.
    Over,
}

impl Submit {
    /// Whether a lease waits for its command.
    pub(super) fn is_ready(&self) -> bool {
        self.is_linked() || (self.current.is_none() && self.next.is_some())
    }

    /// Whether the relay link is kept for the lease that waits: nothing else comes before its command.
    pub(super) fn is_linked(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.stage == Stage::Linked)
    }

    /// Whether a command of ours runs.
    pub(super) fn is_running(&self) -> bool {
        self.current.as_ref().is_some_and(|current| !matches!(current.stage, Stage::Linked | Stage::Over))
    }

    /// Whether the modem may wait for a PDU that does not come any more.
    pub(super) fn may_be_at_prompt(&self) -> bool {
        let at_prompt = |stage| matches!(stage, Stage::Calling | Stage::Prompted | Stage::Escaping | Stage::Checking);
        self.current.as_ref().is_some_and(|current| at_prompt(current.stage))
    }

    /// Whether nothing is loaded.
    pub(super) fn is_empty(&self) -> bool {
        self.current.is_none() && self.next.is_none()
    }

    /// Whether no lease is under way; one may wait.
    pub(super) fn is_free(&self) -> bool {
        self.current.is_none()
    }

    pub(super) fn has_room(&self) -> bool {
        self.next.is_none()
    }

    pub(super) fn load(&mut self, lease: Lease) {
        self.next = Some(lease);
    }

    pub(super) fn release_next(&mut self) -> Option<SegmentId> {
        self.next.take().map(|lease| lease.segment)
    }

    /// Gives the next lease back.
    pub(super) fn return_next(&mut self, why: ReturnedWhy, out: &mut VecDeque<Output>) {
        if let Some(segment) = self.release_next() {
            settle(out, segment, Settlement::Returned { why });
        }
    }

    /// Takes the next lease to the modem. The session is idle.
    pub(super) fn begin(&mut self, session: &mut Session, out: &mut VecDeque<Output>, now: Instant) {
        if self.is_linked() {
            return self.call(session, out, now);
        }
        let Some(lease) = self.next.take() else { return };
        self.outstanding = None;
        let link = lease.follows_soon
            && match self.link {
                Link::Plain => true,
                Link::Kept(until) => until < now,
                Link::Unsupported => false,
            };
        self.current = Some(Current { lease, stage: Stage::Linking, answer: None, returned: None, settled: false });
        if link {
            session.start(&KEEP_LINK, now);
        } else {
            self.call(session, out, now);
        }
    }

    fn call(&mut self, session: &mut Session, out: &mut VecDeque<Output>, now: Instant) {
        let Some(current) = &mut self.current else { return };
        let Ok(tpdu_length) = u8::try_from(current.lease.pdu.tpdu_length) else {
            settle(out, current.lease.segment, Settlement::Returned { why: ReturnedWhy::TooLong });
            self.current = None;
            return;
        };
        current.stage = Stage::Calling;
        session.start(&at::Submit { tpdu_length }, now);
        while let Some(line) = session.poll_write() {
            out.push_back(Output::Write(line));
        }
        out.push_back(Output::Offer(current.lease.segment));
    }

    /// The modem waits for the PDU.
    pub(super) fn prompted(&mut self, session: &mut Session, timers: &mut Timers, now: Instant) {
        let Some(current) = self.current.as_mut().filter(|current| current.stage == Stage::Calling) else {
            session.escape(now);
            return;
        };
        match current.answer {
            Some(Offer::Go) => current.send(session, timers, now),
            Some(Offer::Stop) => current.escape(session, now),
            None => {
                current.stage = Stage::Prompted;
                timers.set(Timer::OfferLate, now + OFFER);
            }
        }
    }

    /// The offer transaction is over.
    pub(super) fn offer_answered(
        &mut self,
        segment: SegmentId,
        answer: Offer,
        session: &mut Session,
        timers: &mut Timers,
        out: &mut VecDeque<Output>,
        now: Instant,
    ) {
        let asked = |current: &&mut Current| {
            current.lease.segment == segment
                && current.answer.is_none()
                && !matches!(current.stage, Stage::Linking | Stage::Linked)
        };
        let Some(current) = self.current.as_mut().filter(asked) else { return };
        timers.stop(Timer::OfferLate);
        current.answer = Some(answer);
        if answer == Offer::Stop {
            current.returned.get_or_insert(ReturnedWhy::Stopped);
        }
        current.settle_returned(out);
        match (current.stage, answer) {
            (Stage::Over, _) => self.current = None,
            (Stage::Prompted, Offer::Go) => current.send(session, timers, now),
            (Stage::Prompted, Offer::Stop) => current.escape(session, now),
            (
                Stage::Linking | Stage::Linked | Stage::Calling | Stage::Escaping | Stage::Checking | Stage::OnWire,
                _,
            ) => {}
        }
    }

    /// The prompt has waited for its offer long enough.
    pub(super) fn offer_late(&mut self, session: &mut Session, now: Instant) {
        if let Some(current) = self.current.as_mut().filter(|current| current.stage == Stage::Prompted) {
            current.returned = Some(ReturnedWhy::OfferLate);
            current.escape(session, now);
        }
    }

    /// The result is slow.
    pub(super) fn slow(&self, out: &mut VecDeque<Output>) {
        if let Some(current) = &self.current {
            out.push_back(Output::Note(Note::SlowResult(current.lease.segment)));
        }
    }

    /// A command of ours has ended.
    pub(super) fn finished(
        &mut self,
        finished: &Finished,
        session: &mut Session,
        timers: &mut Timers,
        out: &mut VecDeque<Output>,
        now: Instant,
    ) -> After {
        let Some(current) = &mut self.current else { return After::Continue };
        let timed_out = finished.ended == Ended::TimedOut;
        match current.stage {
            Stage::Linking => match finished.ended {
                Ended::Ok | Ended::Failed(_) => {
                    self.link = if finished.ended == Ended::Ok { Link::Kept(now + LINK) } else { Link::Unsupported };
                    current.stage = Stage::Linked;
                    return After::Continue;
                }
                Ended::TimedOut | Ended::Lost => {
                    settle(out, current.lease.segment, Settlement::Returned { why: ReturnedWhy::ModemDown });
                    self.current = None;
                    self.link = Link::Unsupported;
                }
            },
            Stage::Calling | Stage::Prompted => {
                timers.stop(Timer::OfferLate);
                let why = match finished.ended {
                    Ended::Failed(failure) => ReturnedWhy::Cause(cause_of(failure)),
                    Ended::Ok | Ended::TimedOut => ReturnedWhy::NoPrompt,
                    Ended::Lost => ReturnedWhy::PortLost,
                };
                self.end_untouched(why, out);
                if let ReturnedWhy::Cause(cause) = why {
                    return After::Refused(cause, disposition(cause, Phase::BeforePdu));
                }
            }
            Stage::Escaping if timed_out => {
                current.stage = Stage::Checking;
                session.start(&CHECK, now);
                return After::Continue;
            }
            Stage::Escaping | Stage::Checking => self.end_untouched(ReturnedWhy::ModemDown, out),
            Stage::OnWire => {
                timers.stop(Timer::SlowResult);
                if let Link::Kept(until) = &mut self.link {
                    *until = now + LINK;
                }
                let result = judge(finished);
                let segment = current.lease.segment;
                self.current = None;
                self.conclude(segment, result, out);
                match result {
                    Settlement::Accepted { .. } if !timed_out => return After::Accepted,
                    Settlement::Refused { cause } => {
                        return After::Refused(cause, disposition(cause, Phase::AfterPdu));
                    }
                    Settlement::Accepted { .. }
                    | Settlement::LateAccepted { .. }
                    | Settlement::Unknown { .. }
                    | Settlement::Returned { .. } => {}
                }
            }
            Stage::Linked | Stage::Over => {}
        }
        if timed_out { After::OutOfStep } else { After::Continue }
    }

    /// The dialogue is cut off: settles what is on the wire by what is known, and gives the next lease back. `last` is the
    /// command that was cut off, with what it had taken.
    pub(super) fn cut_off(
        &mut self,
        last: Option<&Finished>,
        wire: UnknownWhy,
        returned: ReturnedWhy,
        out: &mut VecDeque<Output>,
    ) {
        self.link = if self.link == Link::Unsupported { Link::Unsupported } else { Link::Plain };
        if let Some(current) = &self.current {
            if current.stage == Stage::OnWire {
                let segment = current.lease.segment;
                let reference = last.and_then(reference);
                self.current = None;
                let result = reference.map_or(Settlement::Unknown { why: wire }, |submitted| Settlement::Accepted {
                    tp_mr: submitted.tp_mr,
                });
                self.conclude(segment, result, out);
            } else if matches!(current.stage, Stage::Linking | Stage::Linked) {
                settle(out, current.lease.segment, Settlement::Returned { why: returned });
                self.current = None;
            } else {
                self.end_untouched(returned, out);
            }
        }
        self.return_next(returned, out);
    }

    /// A reference came that no command awaits.
    pub(super) fn late(&mut self, tp_mr: u8, out: &mut VecDeque<Output>) {
        if let Some(segment) = self.outstanding.take() {
            settle(out, segment, Settlement::LateAccepted { tp_mr });
        }
    }

    /// Another modem is on the port: what was learnt of the last one says nothing about it.
    pub(super) fn forget_modem(&mut self) {
        self.link = Link::Plain;
    }

    /// From now on a reference without a command means nothing.
    pub(super) fn resynchronised(&mut self) {
        self.outstanding = None;
    }

    /// Ends a lease of which no octet was written, at once or when its offer is answered.
    fn end_untouched(&mut self, why: ReturnedWhy, out: &mut VecDeque<Output>) {
        let Some(current) = &mut self.current else { return };
        current.returned.get_or_insert(why);
        current.settle_returned(out);
        if current.settled {
            self.current = None;
        } else {
            current.stage = Stage::Over;
        }
    }

    /// Settles what was not written and waits for the answer to its offer only.
    pub(super) fn stop_awaiting_answer(&mut self, out: &mut VecDeque<Output>) {
        if let Some(Current { lease, returned: Some(why), settled: false, .. }) =
            self.current.take_if(|it| it.stage == Stage::Over)
        {
            settle(out, lease.segment, Settlement::Returned { why });
        }
    }

    fn conclude(&mut self, segment: SegmentId, result: Settlement, out: &mut VecDeque<Output>) {
        if matches!(result, Settlement::Unknown { .. }) {
            self.outstanding = Some(segment);
        }
        settle(out, segment, result);
    }
}

impl Current {
    fn send(&mut self, session: &mut Session, timers: &mut Timers, now: Instant) {
        if session.send_pdu(&self.lease.pdu.hex(), RESULT, now) {
            self.stage = Stage::OnWire;
            timers.set(Timer::SlowResult, now + SLOW);
        }
    }

    fn settle_returned(&mut self, out: &mut VecDeque<Output>) {
        if let Some(why) = self.returned
            && self.answer.is_some()
            && !self.settled
        {
            self.settled = true;
            settle(out, self.lease.segment, Settlement::Returned { why });
        }
    }

    fn escape(&mut self, session: &mut Session, now: Instant) {
        self.stage = Stage::Escaping;
        session.escape(now);
    }
}

fn settle(out: &mut VecDeque<Output>, segment: SegmentId, result: Settlement) {
    out.push_back(Output::Settled { segment, result });
}
