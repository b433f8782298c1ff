//! The PIN of a SIM (TS 27.007 clause 8.3): written at most once, and only where it is known whose it is. Three wrong ones
//! lock the SIM.

use std::collections::BTreeSet;

use super::step::Step;
use super::{BringUp, Next, PAUSE, STACK_TRIES, START_TRIES};
use crate::at::{self, Command as _, Ended, Failure, Finished, PinState};
use crate::modem::config::Config;
use crate::modem::output::DownReason;

impl BringUp {
    pub(super) fn pin_state(&mut self, finished: &Finished, config: &Config, pin_spent: &mut BTreeSet<String>) -> Next {
        let iccid = self.found.identity.iccid.clone();
        match (finished.ended, at::QueryPin.read(&finished.reply)) {
            // The card was not ready when its ICCID was read, and may have been another one.
            (Ended::Ok, Some(PinState::Ready)) if self.tries > 0 && !self.pin_entered && !self.looked_again => {
                self.looked_again = true;
                self.go(Step::Iccid(self.iccid_by))
            }
            (Ended::Ok, Some(PinState::Ready)) => {
                if let Some(iccid) = &iccid {
                    pin_spent.remove(iccid);
                }
                self.go(Step::Imsi)
            }
            (Ended::Ok, Some(PinState::Pin)) => match iccid.filter(|_| self.pin(config).is_some()) {
                Some(iccid) if pin_spent.contains(&iccid) => {
                    // Some modems still say so for seconds after the right PIN.
                    let tries = if self.pin_entered { STACK_TRIES } else { 1 };
                    self.again(tries, Next::Failed(DownReason::PinRefused { iccid, is_wrong: self.pin_denied }))
                }
                Some(iccid) => {
                    // Noted before it is written: what becomes of it may never be known.
                    pin_spent.insert(iccid);
                    self.pin_entered = true;
                    self.go(Step::EnterPin)
                }
                None => Next::Failed(DownReason::PinNeeded),
            },
            (Ended::Ok, Some(PinState::Puk)) | (Ended::Failed(Failure::Cme(12)), _) => {
                Next::Failed(DownReason::PukNeeded)
            }
            (Ended::Ok, Some(PinState::Locked)) => Next::Failed(DownReason::Locked),
            (Ended::Ok, Some(PinState::Absent)) => Next::Failed(DownReason::NoSim),
            (Ended::Failed(Failure::Cme(11)), _) => Next::Failed(DownReason::PinNeeded),
            // CME 10, 13 and 14, `NOT READY` and bare `ERROR` pass while the SIM starts.
            (Ended::Failed(Failure::Cme(10)), _) => self.again(START_TRIES, Next::Failed(DownReason::NoSim)),
            _ => self.again(START_TRIES, Next::Failed(DownReason::SimFailure)),
        }
    }

    pub(super) fn pin_answered(&mut self, ended: Ended) -> Next {
        // A bare `ERROR` may be a wrong PIN, or one that is not wanted any more: the SIM itself shows it.
        if matches!(ended, Ended::Ok | Ended::Failed(Failure::Error)) {
            self.pin_denied = ended != Ended::Ok;
            self.step = Step::Pin;
            self.tries = 0;
            return Next::Wait(PAUSE);
        }
        let iccid = self.found.identity.iccid.clone().unwrap_or_default();
        // 16 is a wrong PIN, 12 the third one. What else there is, such as silence or a busy SIM, proves nothing.
        let is_wrong = matches!(ended, Ended::Failed(Failure::Cme(12 | 16)));
        Next::Failed(DownReason::PinRefused { iccid, is_wrong })
    }

    /// The SIM whose PIN the present step writes.
    pub(in crate::modem) fn spends_pin_of(&self) -> Option<String> {
        self.found.identity.iccid.clone().filter(|_| self.step == Step::EnterPin)
    }

    pub(super) fn pin<'a>(&self, config: &'a Config) -> Option<&'a str> {
        config.card(self.found.identity.iccid.as_deref()?)?.pin.as_deref()
    }
}
