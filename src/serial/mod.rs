//! Serial ports: opening one for ourselves alone, saying why that failed, and which USB devices have one.
//!
//! Knows nothing of what is said on a port; which of several ports is a modem's is asked in `actor::probe`.

pub mod known;
mod lock;
mod port;
pub mod replug;
pub mod rules;
pub mod usb;

pub use port::{Holder, Port, PortError, holder, look, open};
