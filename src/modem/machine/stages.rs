//! From stage to stage: bring-up, failure, another start.

use std::time::Duration;

use super::echo::Echo;
use super::{Machine, Stage};
use crate::at::Finished;
use crate::clock::Instant;
use crate::modem::bring_up::{BringUp, Next, SILENCE, SILENCE_AFTER_ESC, SILENCE_AT_PROMPT};
use crate::modem::lease::{ReturnedWhy, UnknownWhy};
use crate::modem::output::{DownReason, Identity, Note, Output};
use crate::modem::recovery::Trouble;
use crate::modem::timers::Timer;
use crate::modem::watch::Watch;

/// A port that is never silent is asked after this all the same.
const SILENCE_LIMIT: Duration = Duration::from_secs(3);

/// Health for so long says that an echo is something new.
const HEALTH: Duration = Duration::from_secs(15 * 60);

/// How long after bring-up a modem may still say that its SIM is ready: 30 s after power-up is usual.
const START: Duration = Duration::from_secs(60);

/// The first pause after a fault of the SIM; it doubles up to the second.
const REST: Duration = Duration::from_secs(60);
const REST_MAX: Duration = Duration::from_secs(30 * 60);

impl Machine {
    /// The modem has started anew: nothing that it was told is in force, and its SIM may be another one.
    pub(super) fn restarted(&mut self, now: Instant) {
        match &self.stage {
            Stage::Closed => {}
            Stage::BringUp(bring_up) if bring_up.has_set_nothing() => {}
            Stage::BringUp(_) | Stage::Resting | Stage::Reregister(_) | Stage::Ready => {
                self.start_over(DownReason::Restarted, UnknownWhy::Restarted, now);
            }
        }
    }

    /// The modem says something about its card, or the answer to a question does. A card that goes ends what is under way;
    /// one that comes is looked at by a whole bring-up, because it may be another one.
    pub(super) fn card(&mut self, is_there: bool, now: Instant) {
        match &self.stage {
            // A card goes and comes with the radio.
            Stage::Closed | Stage::Reregister(_) => {}
            // A bring-up finds out by itself how the card is. If it goes later, the modem rests: a bad contact must not lead
            // to one bring-up after the other.
            Stage::BringUp(bring_up) => {
                if !is_there && bring_up.has_seen_sim() {
                    self.session.abandon();
                    self.timers.stop_all();
                    self.step_due = false;
                    self.failed(DownReason::SimChanged, now);
                }
            }
            Stage::Resting => {
                if is_there {
                    self.start_over(DownReason::SimChanged, UnknownWhy::SimChanged, now);
                }
            }
            Stage::Ready => {
                let starts = self.ready_since.is_some_and(|since| now.saturating_since(since) < START);
                if !(is_there && starts) {
                    self.start_over(DownReason::SimChanged, UnknownWhy::SimChanged, now);
                }
            }
        }
    }

    /// Settles what is under way and brings the modem up from the beginning.
    fn start_over(&mut self, reason: DownReason, wire: UnknownWhy, now: Instant) {
        // While it is known whose SIM was called.
        self.watch.call_over(&mut self.outputs);
        if matches!(self.stage, Stage::Ready) {
            self.outputs.push_back(Output::Down { reason, rung: None });
        }
        self.forget_reset();
        self.recovery.is_not_good(now);
        let silence = if self.submit.may_be_at_prompt() { SILENCE_AT_PROMPT } else { SILENCE };
        let last = self.session.abandon();
        self.cut_off(last.as_ref(), wire, ReturnedWhy::ModemDown);
        self.drop_early();
        self.bring_up(false, silence, now);
    }

    /// Whether the modem has been up for long.
    pub(super) fn is_healthy(&self, now: Instant) -> bool {
        self.ready_since.is_some_and(|since| now.saturating_since(since) >= HEALTH)
    }

    pub(super) fn reopen(&mut self, after: Duration) {
        self.session.close();
        self.timers.stop_all();
        self.stage = Stage::Closed;
        self.outputs.push_back(Output::Reopen { after });
    }

    /// Nothing that was under way is any more.
    pub(super) fn cut_off(&mut self, last: Option<&Finished>, wire: UnknownWhy, returned: ReturnedWhy) {
        self.timers.stop_all();
        self.step_due = false;
        self.recovery.trouble = None;
        self.submit.cut_off(last, wire, returned, &mut self.outputs);
        self.receive.cut_off();
        self.watch.cut_off(&mut self.outputs);
        self.ussd.cut_off(&mut self.outputs);
    }

    pub(super) fn bring_up(&mut self, resync: bool, silence: Duration, now: Instant) {
        self.stage = Stage::BringUp(Box::new(BringUp::new(resync, silence, self.profile)));
        self.brought(Next::Escape(silence), now);
    }

    /// Does what a step of the bring-up wants next.
    pub(super) fn brought(&mut self, next: Next, now: Instant) {
        let Stage::BringUp(bring_up) = &mut self.stage else { return };
        if !bring_up.is_calling() {
            self.submit.resynchronised();
        }
        match next {
            Next::Go => self.step_due = true,
            Next::Wait(pause) => self.timers.set(Timer::Repeat, now + pause),
            Next::Escape(silence) => {
                self.session.interrupt();
                self.await_silence(silence, now);
            }
            Next::Silence(silence) => self.await_silence(silence, now),
            Next::Ready => self.ready(now),
            Next::Failed(reason) => self.failed(reason, now),
        }
    }

    /// The ICCID that the same SIM in the same modem had last time.
    fn known_iccid(&self, identity: &Identity) -> Option<String> {
        let same =
            |last: &&Identity| identity.imsi.is_some() && identity.imsi == last.imsi && identity.is_modem_of(last);
        self.last_up.as_ref().filter(same)?.iccid.clone()
    }

    /// Forgets what was learnt of another modem, and what came for another SIM.
    fn meet(&mut self, identity: &Identity) {
        let Some(last) = self.last_up.replace(identity.clone()) else { return };
        let same_modem = identity.is_modem_of(&last);
        if !same_modem {
            self.submit.forget_modem();
            self.receive.forget_modem();
            self.ussd.forget_modem();
            self.echo = Echo::default();
            self.recovery.forget_modem();
        }
        if !same_modem || identity.sim_label() != last.sim_label() {
            self.drop_early();
        }
    }

    fn await_silence(&mut self, silence: Duration, now: Instant) {
        self.timers.set(Timer::Silence, now + silence);
        self.timers.set(Timer::SilenceLimit, now + SILENCE_LIMIT);
    }

    fn ready(&mut self, now: Instant) {
        let Stage::BringUp(bring_up) = std::mem::replace(&mut self.stage, Stage::Ready) else { return };
        self.echo.is_off = bring_up.is_echo_off();
        let mut found = bring_up.found;
        if found.identity.iccid.is_none() {
            found.identity.iccid = self.known_iccid(&found.identity);
        }
        let Some(sim) = found.identity.sim_label() else { return self.failed(DownReason::SimNotNamed, now) };
        self.meet(&found.identity);
        self.rests = 0;
        self.ready_since = Some(now);
        if found.home.is_none() {
            self.outputs.push_back(Output::Note(Note::NoStore));
        }
        if found.indications_differ {
            self.outputs.push_back(Output::Note(Note::IndicationsDiffer));
        }
        if !found.announces {
            self.outputs.push_back(Output::Note(Note::NoIndications));
        }
        self.receive.restart(found.home, &found.stores.read, found.acknowledges, self.profile);
        let card = found.identity.iccid.as_deref().and_then(|iccid| self.config.card(iccid));
        let may_roam = card.is_some_and(|card| card.roaming);
        self.watch.restart(found.status, found.circuit, found.evolved, may_roam);
        Watch::rearm(&mut self.timers, now);
        self.forget_reset();
        self.recovery.is_up();
        self.outputs.push_back(Output::Up { identity: found.identity, sim });
        self.outputs.push_back(Output::Changed(self.watch.status().clone()));
        self.check_registration(now);
        for (kind, pdu) in std::mem::take(&mut self.early) {
            self.receive.routed(kind, &pdu, &mut self.outputs);
        }
    }

    fn failed(&mut self, reason: DownReason, now: Instant) {
        self.drop_early();
        if Trouble::of(&reason).is_some() {
            return self.climb(reason, SILENCE_AFTER_ESC, now);
        }
        // It answers, so that a reset is over; what it wants may never come.
        self.forget_reset();
        self.recovery.is_not_good(now);
        self.outputs.push_back(Output::Down { reason, rung: None });
        self.stage = Stage::Resting;
        self.timers.set(Timer::Rest, now + doubled(REST, self.rests, REST_MAX));
        self.rests += 1;
    }
}

fn doubled(first: Duration, times: u32, limit: Duration) -> Duration {
    first.saturating_mul(1_u32.checked_shl(times.min(16)).unwrap_or(u32::MAX)).min(limit)
}
