//! Which SIM it is: its ICCID, or its IMSI where the modem has no command for the ICCID (TS 31.102 clauses 4.2.2 and 4.2.1).
//!
//! The budget hangs on this name. A SIM that is called by another one because an answer was lost would be spent twice, so an
//! answer that was lost is asked for again, and a SIM without a name is not used.

use super::step::Step;
use super::{BringUp, Next, PAUSE, STACK_TRIES};
use crate::modem::output::DownReason;

impl BringUp {
    /// A question for the ICCID or the IMSI has ended, answered or not.
    pub(super) fn sim_told(&mut self) -> Next {
        let identity = &self.found.identity;
        if let Step::Iccid(n) = self.step {
            if identity.iccid.is_some() {
                self.iccid_by = n;
            } else if self.profile.iccid(n + 1).is_some() {
                return self.go_on(Step::Iccid(n + 1));
            // Noise can look like a refusal, but hardly twice.
            } else if (self.name_missed || self.looks == 0)
                && let Some(next) = self.look_again()
            {
                return next;
            }
            return self.go(Step::Pin);
        }
        if identity.sim_label().is_none() {
            return self.look_again().unwrap_or(Next::Failed(DownReason::SimNotNamed));
        }
        let next = self.following();
        self.go(next)
    }

    /// Back to the ICCID, unless that was done often enough.
    fn look_again(&mut self) -> Option<Next> {
        self.name_missed = false;
        self.looks += 1;
        (self.looks < STACK_TRIES).then(|| {
            self.step = Step::Iccid(0);
            Next::Wait(PAUSE)
        })
    }
}
