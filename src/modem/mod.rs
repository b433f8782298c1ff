//! What one modem does next: bring-up, hand-over of parts, what it receives, services of the network, and recovery.
//!
//! [`Machine`] is pure: it takes octets, answers and the time, and gives octets, facts and one deadline. It knows no port,
//! no database and no queue; who the recipient of a part is and whether it may go is decided outside, in the answer to
//! [`Output::Offer`]. What families of modems do differently is data in `profile`. Dialogues that the tests replay are in
//! `tests/data/at`.

mod bring_up;
mod config;
mod lease;
mod machine;
mod output;
mod profile;
#[cfg(test)]
mod properties;
mod receive;
mod recovery;
#[cfg(test)]
mod replay;
mod script;
mod submit;
mod timers;
mod transcript;
mod ussd;
mod watch;

pub use crate::at::UssdStatus;
pub use config::{Card, Config};
pub use lease::{Lease, Offer, ReturnedWhy, Settlement, UnknownWhy};
pub use machine::Machine;
pub use output::{DownReason, Handle, HostReset, Identity, Inbound, Note, Origin, Output, RUNG_DEAD, Status};
pub(crate) use profile::ways_to_iccid;
#[cfg(test)]
pub(crate) use replay::replay;
pub use script::{Diverges, bring_up};
pub use transcript::{Turn, redacted};
pub(crate) use ussd::text::decode as decode_ussd;
pub use ussd::{UssdAnswer, UssdCode, UssdRefusal};
