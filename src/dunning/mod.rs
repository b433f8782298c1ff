//! What is owed, by whom and to whom, and what is said about it.
//!
//! Everything here is a value or a pure function: the store keeps the rows, and the caller brings the day. It knows nothing
//! of queues, SIMs and hours; whether somebody may be texted is asked of `contact` when a text is handed over.

pub mod boleto;
pub mod campaign;
pub mod case;
pub mod creditor;
pub mod debt;
pub mod debtor;
pub mod event;
pub mod history;
pub mod import;
pub mod ladder;
pub mod money;
pub mod operands;
pub mod paper;
pub mod pix;
pub mod result;
pub mod segment;
pub mod template;
pub mod unsaid;

#[cfg(test)]
pub(crate) mod sample;
