//! What the rungs of the recovery ladder do, and what makes the machine climb.
//!
//! Nothing is begun while a part is on the wire: it is settled first by the rules for it. A lease that waits goes back. 0x1A
//! is never written here: it would submit what the modem may have.

use std::time::Duration;

use super::{Draining, Machine, Stage};
use crate::at::{Finished, Registered};
use crate::clock::Instant;
use crate::modem::bring_up::{SILENCE, SILENCE_AFTER_ESC, SILENCE_AT_PROMPT};
use crate::modem::lease::{ReturnedWhy, UnknownWhy};
use crate::modem::output::{DownReason, HostReset, Output, RUNG_DEAD};
use crate::modem::recovery::{After, Permit, Reregister, Rung, Step, Trouble};
use crate::modem::timers::Timer;
use crate::sms::outcome::{Cause, Disposition};

/// From the reset command to the first look for the port: an open one would keep the name of the modem that returns from it.
const LEAVES: Duration = Duration::from_secs(15);

/// From a reset by the host, which is over then, to the first look.
const RETURNS: Duration = Duration::from_secs(2);

/// A modem that is not back after so long does not come by itself.
const RETURN_MAX: Duration = Duration::from_secs(5 * 60);

impl Machine {
    /// The modem has carried nothing for long, while others have.
    pub fn suspect(&mut self, now: Instant) {
        self.note(DownReason::Suspicious);
        self.pump(now);
    }

    /// Answers [`Output::Permit`]: this modem may be reset now.
    pub fn reset_permitted(&mut self, now: Instant) {
        if self.recovery.permit == Permit::Wanted {
            self.recovery.permit = Permit::Held;
            self.reset(now);
        }
        self.pump(now);
    }

    /// Answers [`Output::Reset`]: whether it could be done.
    pub fn reset_done(&mut self, is_done: bool, now: Instant) {
        let waits = matches!(self.stage, Stage::Closed);
        if let Some((rung, reason)) = self.recovery.pending.take_if(|_| waits) {
            if is_done {
                self.recovery.was_reset(rung, now);
                self.await_return(RETURNS, now);
            } else {
                self.recovery.is_impossible(rung);
                self.climb(reason, SILENCE, now);
            }
        }
        self.pump(now);
    }

    /// A trouble to be answered as soon as nothing is on the wire.
    pub(super) fn note(&mut self, reason: DownReason) {
        if matches!(self.stage, Stage::Ready) && self.draining == Draining::No {
            self.recovery.trouble.get_or_insert(reason);
        }
    }

    /// Answers a trouble that was noted. True when the modem is not up any more.
    pub(super) fn answer_trouble(&mut self, now: Instant) -> bool {
        if !matches!(self.stage, Stage::Ready) || !self.session.is_idle() || !self.submit.is_free() {
            return false;
        }
        let Some(reason) = self.recovery.trouble.take() else { return false };
        self.climb(reason, SILENCE, now);
        !matches!(self.stage, Stage::Ready)
    }

    /// The network or the modem did not take a part.
    pub(super) fn refused(&mut self, cause: Cause, disposition: Disposition) {
        match disposition {
            Disposition::RecoverModem => self.note(DownReason::Failed(cause)),
            Disposition::RetryLater if is_of_the_network(cause) => {
                if self.recovery.setback() {
                    self.note(DownReason::Refused);
                }
            }
            Disposition::RetryLater
            | Disposition::FailRecipient
            | Disposition::FailMessage
            | Disposition::AnotherSim
            | Disposition::RestSim
            | Disposition::RetryNow
            | Disposition::Unknown => self.recovery.no_setback(),
        }
    }

    /// A command got no answer. `at_prompt` says that the modem may wait for a PDU.
    pub(super) fn recover(&mut self, at_prompt: bool, now: Instant) {
        let last = self.session.abandon();
        self.cut_off(last.as_ref(), UnknownWhy::Silence, ReturnedWhy::ModemDown);
        self.climb(DownReason::Silent, if at_prompt { SILENCE_AT_PROMPT } else { SILENCE_AFTER_ESC }, now);
    }

    /// Answers a failure by the next rung. Nothing is on the wire. `silence` is for a modem that is brought back into step.
    pub(super) fn climb(&mut self, reason: DownReason, silence: Duration, now: Instant) {
        let Some(trouble) = Trouble::of(&reason) else { return };
        let (rung, step) = self.recovery.climb(trouble, now);
        match step {
            Step::Nothing => return self.check_registration(now),
            Step::Wait(after) => {
                // It may have been up, without a network; if not, it is still down.
                if matches!(self.stage, Stage::Ready) {
                    self.outputs.push_back(Output::Down { reason, rung: None });
                }
                return self.reopen(after);
            }
            Step::Resync | Step::Reopen(_) | Step::Reregister | Step::Reset(_) | Step::Dead(_) => {}
        }
        self.cut_off(None, UnknownWhy::Silence, ReturnedWhy::ModemDown);
        self.outputs.push_back(Output::Down { reason: reason.clone(), rung: Some(rung) });
        match step {
            Step::Resync => self.bring_up(true, silence, now),
            Step::Reopen(after) => {
                // After a reset it has had its turn, and may be like this for ever.
                self.give_permit_back();
                self.reopen(after);
            }
            Step::Reregister => {
                self.stage = Stage::Reregister(Reregister::Leave);
                self.step_due = true;
            }
            Step::Reset(rung) => {
                self.recovery.pending = Some((rung, reason));
                if !matches!(self.stage, Stage::Closed) {
                    self.stage = Stage::Resting;
                }
                match self.recovery.permit {
                    Permit::Held => self.reset(now),
                    Permit::Wanted => {}
                    Permit::None => {
                        self.recovery.permit = Permit::Wanted;
                        self.outputs.push_back(Output::Permit(true));
                    }
                }
            }
            Step::Dead(after) => {
                self.give_permit_back();
                self.reopen(after);
            }
            Step::Wait(_) | Step::Nothing => {}
        }
    }

    /// Makes the reset that has waited for this.
    fn reset(&mut self, now: Instant) {
        let Some((rung, _)) = self.recovery.pending else { return self.give_permit_back() };
        self.recovery.resets(rung, now);
        let host = match rung {
            Rung::REPLUG => Some(HostReset::Replug),
            Rung::POWER => Some(HostReset::PowerCycle),
            _ => None,
        };
        self.session.close();
        self.timers.stop_all();
        self.stage = Stage::Closed;
        if let Some(host) = host {
            self.outputs.push_back(Output::Reset(host));
        } else {
            self.recovery.pending = None;
            // Without waiting for an answer: a modem that is mute may obey all the same.
            self.outputs.push_back(Output::Write(format!("AT{}\r", self.profile.reset).into_bytes()));
            self.await_return(LEAVES, now);
        }
    }

    fn await_return(&mut self, after: Duration, now: Instant) {
        self.outputs.push_back(Output::Reopen { after });
        self.timers.set(Timer::Return, now + RETURN_MAX);
    }

    /// The modem has not come back from a reset. That a port cannot be opened is no reason to reset anything.
    pub(super) fn not_back(&mut self, now: Instant) {
        self.recovery.give_up(now);
        self.give_permit_back();
        self.outputs.push_back(Output::Down { reason: DownReason::NotBack, rung: Some(RUNG_DEAD) });
    }

    /// No reset is made or waited for any more.
    pub(super) fn forget_reset(&mut self) {
        self.recovery.pending = None;
        self.give_permit_back();
    }

    fn give_permit_back(&mut self) {
        if std::mem::take(&mut self.recovery.permit) != Permit::None {
            self.outputs.push_back(Output::Permit(false));
        }
    }

    /// A modem that waits for a reset because it had no network has found one.
    pub(super) fn found_network(&mut self, registered: Registered, now: Instant) {
        let waits = matches!(self.recovery.pending, Some((_, DownReason::Unregistered)));
        if waits && registered.is_registered() {
            self.forget_reset();
            self.bring_up(false, SILENCE, now);
        }
    }

    /// A command of the third rung has ended.
    pub(super) fn reregistered(&mut self, step: Reregister, finished: &Finished, now: Instant) {
        match step.finished(finished, self.profile) {
            After::Go(next) => {
                self.stage = Stage::Reregister(next);
                self.step_due = true;
            }
            After::Done => self.bring_up(false, SILENCE, now),
            After::Silent => self.climb(DownReason::Silent, SILENCE_AFTER_ESC, now),
        }
    }

    /// The modem takes no leases unless it is registered, and not where its SIM is not to roam; one that waits goes back, so
    /// that another modem may take it.
    pub(super) fn check_registration(&mut self, now: Instant) {
        if !matches!(self.stage, Stage::Ready) {
            return;
        }
        if self.watch.is_registered() {
            self.timers.stop(Timer::Unregistered);
            self.recovery.trouble.take_if(|trouble| *trouble == DownReason::Unregistered);
            self.recovery.is_good(now);
            if !self.watch.may_send() {
                self.submit.return_next(ReturnedWhy::Roaming, &mut self.outputs);
            }
            return;
        }
        self.submit.return_next(ReturnedWhy::NotRegistered, &mut self.outputs);
        if !self.timers.is_set(Timer::Unregistered) {
            self.recovery.is_not_good(now);
            self.timers.set(Timer::Unregistered, now + self.recovery.patience());
        }
    }
}

/// Whether a cause came from the network, or says that there is none.
fn is_of_the_network(cause: Cause) -> bool {
    matches!(cause, Cause::Cms(0..=255 | 331 | 332))
}

#[cfg(test)]
mod tests;
