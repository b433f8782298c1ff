//! Modems and their network in software: for tests in virtual time, for the demo, and for trying Recado without hardware.
//!
//! The model ([`Network`]) is pure: one modem dialogue per port (ITU-T V.250, 3GPP TS 27.005 and TS 27.007) and one
//! network behind all of them. It knows nothing of Recado's queue or of the driver; it shares the codec with the driver
//! and therefore proves nothing about it. Two edges carry its bytes: [`duplex`] in memory and [`pty`] on real
//! pseudo-terminals.
//!
//! # Fixed fates
//!
//! The last four digits of a recipient's number decide what becomes of a text to it:
//!
//! | number ends in | what happens |
//! |---|---|
//! | `0001` | accepted; the report says permanent failure (TP-ST 0x46) |
//! | `0002` | accepted; no report ever |
//! | `0003` | refused at submit, `+CMS ERROR: 1` |
//! | `0004` | accepted; a report that it is still tried (0x30), then one that it was delivered |
//! | `0005` | refused at submit, `+CMS ERROR: 38` |
//! | `0006` | delivered; always answers `PARE`, `ALTO` or `STOP` |
//! | `0007` | delivered; always answers with a text of several parts |
//! | anything else | delivered; answers at the configured rate |
//!
//! Answers are in Portuguese to +55, in Spanish to +52, else in English. Reports are sent only for parts that ask for
//! one, and each comes at the configured delay give or take a tenth, so that they overtake one another.
//!
//! # What is left on a SIM
//!
//! Each part that the network takes costs a tenth; nothing is refused when nothing is left. `*100#` tells what is left, and
//! so does a text to 777; `*111#` is a menu. `ussd.rs` has the other codes.
//!
//! # Faults
//!
//! See [`Fault`] for what each does and when.
//!
//! # Ailments
//!
//! What a modem suffers from until it is told, reset or cut off from its power: see [`Ailment`]. Only whoever drives the
//! model can make it ill.
//!
//! # What a modem does here
//!
//! Families differ in what [`Profile`] says. Power-up leaves echo on, `+CMEE=0`, `+CNMI=0,0,0,0,0` and the family's first
//! store. What a modem says of its start comes when its port is opened for the first time after power-up. Settings outlive a closed port, not a loss of
//! power; stored messages and the SIM's message reference outlive both. While nobody has the port open `+CDS` and
//! announcements are lost; messages are stored. While a part is on the air the modem is deaf and does afterwards what was
//! written meanwhile. A closed port does not stop a part that is on the air. At a prompt unsolicited lines wait. What
//! a full store or an unregistered modem cannot take waits at the service centre. Not played: text mode, calls,
//! cell broadcast, `+CMT`, MMS push, several extended commands in one line, and the reaction to a missing `+CNMA`.

mod answers;
mod centre;
mod command;
mod config;
pub mod duplex;
mod edge;
mod fault;
mod identity;
mod log;
mod modem;
mod network;
mod profile;
pub mod pty;
mod random;
mod recipient;
mod settings;
mod storage;
mod ussd;
mod wire;

pub use config::Config;
pub use edge::{Handle, SendError, Stopped, Witness, log_to};
pub use fault::{Fault, FaultError, FaultRate, Rate, RateError};
pub use identity::Identity;
pub use log::{LogConcat, LogLine};
pub use modem::Ailment;
pub use network::{InboundError, Network, Output};
pub use profile::{Profile, Profiles, UnknownProfile};

#[cfg(test)]
mod tests;
