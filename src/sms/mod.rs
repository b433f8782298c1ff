//! A text message as the trade knows it: to whom, in which parts, in which state.
//!
//! Pure values and functions. Knows the codec (`pdu`) and time values; knows nothing of modems, queues or storage.

pub mod assembly;
pub mod evidence;
pub mod id;
pub mod lifecycle;
pub mod message;
pub mod number;
pub mod operational;
pub mod outcome;
pub mod preview;
pub mod received;
pub mod reply;
pub mod report;
#[cfg(test)]
pub(crate) mod sample;
pub mod segment;
pub mod text;
pub mod tp_status;
mod transliterate;
