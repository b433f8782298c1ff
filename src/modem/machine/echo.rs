//! An echo where echo is off (ITU-T V.250 clause 6.2.4) shows a modem that has started anew without a word: it may be in
//! text mode, where a PDU would go out as text, announce nothing, and hold another SIM. Some modems echo all the same.

use super::{Machine, Stage};
use crate::clock::Instant;
use crate::modem::output::{Note, Output};

/// Bring-ups for an echo, without an accepted part or long health between, after which echo says nothing about this modem.
const TRIES: u8 = 2;

/// What an echo says about this modem.
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// The modem is up and has obeyed `ATE0`.
    pub(super) is_off: bool,
    tries: u8,
}

impl Echo {
    /// The modem works: the next echo says something new.
    pub(super) fn proven(&mut self) {
        if self.tries < TRIES {
            self.tries = 0;
        }
    }
}

impl Machine {
    /// A command line came back.
    pub(super) fn echoed(&mut self, now: Instant) {
        let is_off = match &self.stage {
            Stage::BringUp(bring_up) => bring_up.is_echo_off(),
            Stage::Ready => self.echo.is_off,
            Stage::Closed | Stage::Resting | Stage::Reregister(_) => false,
        };
        if !is_off || self.echo.tries == TRIES {
            return;
        }
        let is_up = matches!(self.stage, Stage::Ready);
        if is_up && self.is_healthy(now) {
            self.echo.proven();
        }
        self.echo.tries += 1;
        let stays = self.echo.tries == TRIES;
        self.outputs.push_back(Output::Note(if stays { Note::EchoStays } else { Note::SettingsLost }));
        // When it stays, a bring-up goes on. A modem that was up is brought up again all the same: it may be in text mode.
        if is_up || !stays {
            self.restarted(now);
        }
    }
}
