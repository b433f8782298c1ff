//! Leaving the network and joining it again, then the radio off and on (TS 27.007 clauses 7.3 and 8.2).

use std::time::Duration;

use crate::at::{Ended, Finished, Plain, Session};
use crate::clock::Instant;
use crate::modem::profile::Profile;

/// Time for leaving or joining; a modem may answer only when it has looked for networks.
const NETWORK: Duration = Duration::from_secs(60);

/// Time for switching the radio.
const RADIO: Duration = Duration::from_secs(30);

/// The command under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::modem) enum Reregister {
    Leave,
    Join,
    RadioOff,
    /// For those that refuse the other way.
    MinimumFunction,
    RadioOn,
}

/// What comes after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::modem) enum After {
    Go(Reregister),
    Done,
    /// The modem gave no answer.
    Silent,
}

impl Reregister {
    /// Starts the command. The session is idle.
    pub(in crate::modem) fn begin(self, profile: &Profile, session: &mut Session, now: Instant) {
        let (text, allowed) = match self {
            Self::Leave => ("+COPS=2", NETWORK),
            Self::Join => ("+COPS=0", NETWORK),
            Self::RadioOff => ("+CFUN=4", RADIO),
            Self::MinimumFunction => ("+CFUN=0", RADIO),
            Self::RadioOn => (profile.full_function.unwrap_or_default(), RADIO),
        };
        session.start(&Plain::new(text).allowed(allowed), now);
    }

    /// The command has ended. Where turning the radio on starts the modem anew, it is left as it is.
    pub(in crate::modem) fn finished(self, finished: &Finished, profile: &Profile) -> After {
        let is_refused = matches!(finished.ended, Ended::Failed(_));
        if finished.ended == Ended::TimedOut {
            return After::Silent;
        }
        match self {
            Self::Leave => After::Go(Self::Join),
            Self::Join if profile.full_function.is_none() => After::Done,
            Self::Join => After::Go(Self::RadioOff),
            Self::RadioOff if is_refused => After::Go(Self::MinimumFunction),
            Self::RadioOff | Self::MinimumFunction => After::Go(Self::RadioOn),
            Self::RadioOn => After::Done,
        }
    }
}
