//! Into step with the modem, at the start and after a command without an answer (V.250 clause 5.2.1, TS 27.005 clause 3.5.1):
//! ESC, silence, an empty line, a pause, `AT` until it is answered. 0x1A is never written: it would submit what the modem has.

use super::step::Step;
use super::{BringUp, Next, SILENCE, SILENCE_AFTER_ESC};
use crate::at::Session;
use crate::modem::output::DownReason;

/// Tries of `AT`; autobauding modules need several.
const ATTENTION_TRIES: u8 = 5;

impl BringUp {
    /// The port has been silent. An empty line ends what the modem may have of another one, and has its own time: in one
    /// write with ESC it may be lost, in one with `AT` its answer would be taken for that of `AT`.
    pub(in crate::modem) fn silent(&mut self, session: &mut Session) -> Next {
        if self.step == Step::Silence {
            session.end_line();
            self.step = Step::Attention;
            return Next::Wait(SILENCE);
        }
        if self.step == Step::Drain {
            self.tries = 0;
            self.step = self.resume.take().unwrap_or(Step::Setting(0));
        }
        if self.step == Step::Ready { Next::Ready } else { Next::Go }
    }

    pub(super) fn attention(&mut self, ok: bool) -> Next {
        if ok {
            if self.resync || self.tries > 0 {
                self.step = Step::Drain;
                return Next::Silence(SILENCE);
            }
            return self.go(Step::Setting(0));
        }
        let reason = match (self.resync, self.heard) {
            (true, _) => DownReason::Silent,
            (false, true) => DownReason::NotAModem,
            (false, false) => DownReason::Mute,
        };
        self.tries += 1;
        if self.tries == ATTENTION_TRIES {
            return Next::Failed(reason);
        }
        // A modem that still waits for a PDU takes `AT` for text; ESC ends that.
        self.step = Step::Silence;
        self.silence = self.silence.max(SILENCE_AFTER_ESC);
        Next::Escape(self.silence)
    }

    /// A step got no answer: back into step, then on with the one after it.
    pub(super) fn unanswered(&mut self) -> Next {
        let after = if self.step == Step::PduMode {
            return Next::Failed(DownReason::NoPduMode);
        } else if self.step == Step::Pin {
            return Next::Failed(DownReason::SimFailure);
        } else if matches!(self.step, Step::SelectStore(_)) {
            Step::Indications(0)
        } else if matches!(self.step, Step::Indications(_)) {
            return Next::Failed(DownReason::Silent);
        } else if matches!(self.step, Step::Iccid(_) | Step::Imsi) {
            self.name_missed = true;
            if let failed @ Next::Failed(_) = self.sim_told() {
                return failed;
            }
            self.step
        } else {
            self.following()
        };
        self.resume = Some(after);
        self.resync = true;
        self.tries = 0;
        self.step = Step::Attention;
        Next::Go
    }
}
