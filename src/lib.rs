//! Recado: a hardware SMS gateway for collection teams.

pub mod actor;
pub mod at;
pub mod clock;
pub mod config;
pub mod dispatch;
pub mod emulator;
pub mod http;
pub mod modem;
pub mod pdu;
pub mod serial;
pub mod sms;
pub mod store;
pub mod telemetry;
