//! Who may be texted, and when.
//!
//! Pure. Knows where a number may be ([`place`]) and when texts are allowed there ([`calendar`]). Tables come built from
//! `config`; nothing here reads a file, a clock or zone data.

pub mod calendar;
pub mod place;
