//! The recovery ladder: which rung answers a failure, how long it is given, and what limits it.
//!
//! One rung is climbed per failure, and the foot is reached again after 15 minutes of health, or when a modem that is over
//! one trouble gets another. A trouble has its own first rung and leaves out those that cannot help it: a modem that answers
//! is not mended by plugging it in anew, and one that is registered is never given up. It does not know ports and commands;
//! what a rung does is in `machine::ladder`.

mod reregister;

use std::collections::VecDeque;
use std::time::Duration;

use super::output::{DownReason, RUNG_DEAD};
use crate::clock::Instant;
pub(super) use reregister::{After, Reregister};

/// Health for so long takes the ladder back to its foot.
const HEALTH: Duration = Duration::from_secs(15 * 60);

/// How long a modem may be without a network before that is a trouble.
const UNREGISTERED: Duration = Duration::from_secs(5 * 60);

/// The same after a rung was tried.
const REGISTERS: Duration = Duration::from_secs(60);

/// Refusals in a row by a network that may take the same later.
const SETBACKS: u8 = 3;

/// Resets in an hour: a loop of them makes the bus slow for all.
const RESETS_MAX: usize = 6;
const RESETS_WITHIN: Duration = Duration::from_secs(60 * 60);

/// Between looks at a modem that is dead, and at one that has had all its resets.
const LOOK: Duration = Duration::from_secs(10 * 60);

/// Between closing a silent port and opening it again.
const REOPEN: Duration = Duration::from_secs(2);
const REOPEN_MAX: Duration = Duration::from_secs(600);

/// Between looks at a port whose modem may still be starting after a reset.
const STARTS: Duration = Duration::from_secs(5);

/// A modem that comes back is given so long to start.
const START: Duration = Duration::from_secs(20);

/// What is wrong, by what may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It does not answer.
    Silent,
    /// Something answers that is of no use, and is hardly a modem: it is looked at again and left alone.
    Foreign,
    /// It answers and has no network.
    Unregistered,
    /// It answers, has a network, and carries nothing.
    Useless,
    /// Modem or SIM says that it has failed.
    Broken,
}

impl Trouble {
    /// The trouble behind a reason; `None` where the ladder has no help.
    pub(super) fn of(reason: &DownReason) -> Option<Self> {
        match reason {
            DownReason::Silent | DownReason::Mute => Some(Self::Silent),
            DownReason::NotAModem | DownReason::NoPduMode => Some(Self::Foreign),
            DownReason::Unregistered => Some(Self::Unregistered),
            DownReason::Refused | DownReason::Suspicious => Some(Self::Useless),
            DownReason::SimFailure | DownReason::Failed(_) => Some(Self::Broken),
            DownReason::PortLost
            | DownReason::Restarted
            | DownReason::SimChanged
            | DownReason::NoSim
            | DownReason::SimNotNamed
            | DownReason::PinNeeded
            | DownReason::PinRefused { .. }
            | DownReason::PukNeeded
            | DownReason::Locked
            | DownReason::NotBack => None,
        }
    }

    /// The rung for this trouble where the ladder has come to `next`.
    fn rung(self, next: u8) -> u8 {
        match (self, next) {
            (Self::Foreign, _) => Rung::REOPEN,
            (Self::Silent, Rung::REREGISTER)
            | (Self::Broken, 0..=Rung::REREGISTER)
            | (Self::Useless, Rung::RESET..) => Rung::RESET,
            (Self::Unregistered | Self::Useless, 0..=Rung::REREGISTER) => Rung::REREGISTER,
            (Self::Unregistered | Self::Broken, Rung::REPLUG) => Rung::POWER,
            (Self::Silent | Self::Unregistered | Self::Broken, next) => next.min(Rung::DEAD),
        }
    }
}

/// The rungs by their numbers.
pub(super) struct Rung;

impl Rung {
    pub(super) const REOPEN: u8 = 2;
    pub(super) const REREGISTER: u8 = 3;
    pub(super) const RESET: u8 = 4;
    pub(super) const REPLUG: u8 = 5;
    pub(super) const POWER: u8 = 6;
    pub(super) const DEAD: u8 = RUNG_DEAD;
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Bring the dialogue back into step.
    Resync,
    /// Close the port and open it after this pause.
    Reopen(Duration),
    /// The same, and it is no rung: the modem still starts.
    Wait(Duration),
    /// Leave the network and join it again.
    Reregister,
    /// Reset the modem on this rung, as soon as that is permitted.
    Reset(u8),
    /// Give up but for a look now and then: reopen after this pause.
    Dead(Duration),
    /// Nothing for now.
    Nothing,
}

/// How far a permission to reset has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Permit {
    #[default]
    None,
    Wanted,
    Held,
}

/// Where one modem stands on the ladder.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// The rung of the next failure.
    next: u8,
    /// The rung that is being tried.
    trying: Option<u8>,
    /// What the last rung was tried against, and whether that is over.
    last: Option<Trouble>,
    is_over: bool,
    /// It was given up since the ladder was left at its foot.
    was_dead: bool,
    /// A trouble that is answered as soon as nothing is on the wire.
    pub(super) trouble: Option<DownReason>,
    /// The reset that waits for permission, and why it is made.
    pub(super) pending: Option<(u8, DownReason)>,
    pub(super) permit: Permit,
    /// Up and registered since then.
    good_since: Option<Instant>,
    setbacks: u8,
    /// Times on the fifth rung, which is tried twice.
    replugs: u8,
    reopens: u32,
    /// Of the last hour.
    resets: VecDeque<Instant>,
    /// Until then a modem that was reset may be silent.
    grace_until: Option<Instant>,
    /// It has not been back since.
    is_away: bool,
}

impl Recovery {
    /// The rung on which the next failure is answered.
    pub(super) fn next(&self) -> u8 {
        self.next
    }

    /// Whether nothing has helped.
    pub(super) fn is_dead(&self) -> bool {
        self.trying == Some(Rung::DEAD)
    }

    /// The modem is up, which ends troubles of another kind than those with the network.
    pub(super) fn is_up(&mut self) {
        self.is_over |= matches!(self.last, Some(Trouble::Silent | Trouble::Broken));
    }

    /// The modem is up and registered.
    pub(super) fn is_good(&mut self, now: Instant) {
        self.is_over = true;
        self.good_since.get_or_insert(now);
        (self.trying, self.replugs) = (None, 0);
        (self.grace_until, self.is_away) = (None, false);
    }

    /// The modem is not up any more, or not registered.
    pub(super) fn is_not_good(&mut self, now: Instant) {
        self.settle(now);
        self.good_since = None;
    }

    /// The network took a part: what answers and sends is in step.
    pub(super) fn proven(&mut self) {
        (self.setbacks, self.reopens) = (0, 0);
        if self.next <= Rung::REREGISTER {
            self.next = 0;
        }
    }

    /// The network refused a part and may take it later. True when that was once too often.
    pub(super) fn setback(&mut self) -> bool {
        self.setbacks = (self.setbacks + 1) % SETBACKS;
        self.setbacks == 0
    }

    /// A refusal that says nothing of the modem.
    pub(super) fn no_setback(&mut self) {
        self.setbacks = 0;
    }

    /// How long the modem may be without a network from now on.
    pub(super) fn patience(&self) -> Duration {
        match self.trying {
            None | Some(0..=Rung::REOPEN) => UNREGISTERED,
            Some(Rung::DEAD..) => LOOK,
            Some(_) => REGISTERS,
        }
    }

    /// The rung that answers a failure, and what to do there.
    pub(super) fn climb(&mut self, trouble: Trouble, now: Instant) -> (u8, Step) {
        self.is_not_good(now);
        self.setbacks = 0;
        if trouble == Trouble::Silent
            && let (Some(rung), true) = (self.trying, self.grace_until.is_some_and(|until| now < until))
        {
            return (rung, Step::Wait(STARTS));
        }
        self.begin(trouble);
        let rung = trouble.rung(self.next);
        let is_reset = (Rung::RESET..=Rung::POWER).contains(&rung);
        if is_reset && !self.may_reset(now) {
            let looks = matches!(trouble, Trouble::Silent | Trouble::Broken);
            return (Rung::REOPEN, if looks { Step::Reopen(LOOK) } else { Step::Nothing });
        }
        self.trying = Some(rung);
        let step = match rung {
            0 | 1 => Step::Resync,
            Rung::REOPEN => {
                let after = REOPEN.saturating_mul(2_u32.saturating_pow(self.reopens)).min(REOPEN_MAX);
                self.reopens = self.reopens.saturating_add(1);
                Step::Reopen(after)
            }
            Rung::REREGISTER => Step::Reregister,
            Rung::RESET..=Rung::POWER => Step::Reset(rung),
            // What answers may find its network while it is looked at.
            _ if trouble == Trouble::Unregistered => Step::Dead(REOPEN),
            _ => Step::Dead(LOOK),
        };
        if trouble != Trouble::Foreign {
            self.went_to(rung);
        }
        (rung, step)
    }

    /// A reset on this rung begins.
    pub(super) fn resets(&mut self, rung: u8, now: Instant) {
        self.resets.push_back(now);
        self.is_away = true;
        self.allow(wait(rung), now);
    }

    /// A reset has been made, and the modem is to come back.
    pub(super) fn was_reset(&mut self, rung: u8, now: Instant) {
        self.is_away = true;
        self.allow(wait(rung), now);
    }

    /// The port is open again.
    pub(super) fn is_back(&mut self, now: Instant) {
        if std::mem::take(&mut self.is_away) {
            self.allow(START, now);
        }
    }

    /// What was tried on this rung could not be done here: it is not tried a second time.
    pub(super) fn is_impossible(&mut self, rung: u8) {
        (self.grace_until, self.is_away) = (None, false);
        self.next = (rung + 1).min(Rung::DEAD);
        // What was not done does not count as a reset.
        self.resets.pop_back();
    }

    /// Nothing helps any more.
    pub(super) fn give_up(&mut self, now: Instant) {
        self.is_not_good(now);
        (self.trying, self.next, self.grace_until) = (Some(Rung::DEAD), Rung::DEAD, None);
        self.was_dead = true;
    }

    /// Another modem is here: what this one went through says nothing about it.
    pub(super) fn forget_modem(&mut self) {
        *self = Self { permit: self.permit, ..Self::default() };
    }

    /// Another trouble than the one that is over begins at its own rung. One that was given up and was over for a while is
    /// worth a reset again.
    fn begin(&mut self, trouble: Trouble) {
        if trouble == Trouble::Foreign {
            return;
        }
        let last = self.last.replace(trouble);
        let is_another = last != Some(trouble);
        // What says that something is wrong is not silent any more.
        self.is_over |= self.was_dead && is_another && last == Some(Trouble::Silent);
        if std::mem::take(&mut self.is_over) && (is_another || self.was_dead) {
            self.next = if is_another { 0 } else { Rung::RESET };
            (self.replugs, self.was_dead) = (0, false);
        }
    }

    fn went_to(&mut self, rung: u8) {
        self.was_dead |= rung == Rung::DEAD;
        self.replugs += u8::from(rung == Rung::REPLUG);
        let stays = rung == Rung::DEAD || rung == Rung::REPLUG && self.replugs < 2;
        self.next = if stays { rung } else { rung + 1 };
    }

    fn settle(&mut self, now: Instant) {
        if self.good_since.is_some_and(|since| now.saturating_since(since) >= HEALTH) {
            (self.next, self.replugs, self.reopens, self.was_dead) = (0, 0, 0, false);
        }
    }

    fn may_reset(&mut self, now: Instant) -> bool {
        self.resets.retain(|at| now.saturating_since(*at) < RESETS_WITHIN);
        self.resets.len() < RESETS_MAX
    }

    fn allow(&mut self, time: Duration, now: Instant) {
        let until = now + time;
        self.grace_until = Some(self.grace_until.map_or(until, |known| known.max(until)));
    }
}

/// How long a modem may take to come back from a reset on this rung.
fn wait(rung: u8) -> Duration {
    Duration::from_secs(match rung {
        Rung::REPLUG => 30,
        Rung::POWER => 90,
        _ => 60,
    })
}

#[cfg(test)]
mod tests;
