//! Recado: a hardware SMS gateway for collection teams.
//!
//! Deciding is pure: it takes octets, events and the time, and gives octets, events and one next deadline. Doing is thin:
//! tasks and threads that each own one resource. `ARCHITECTURE.md` has the arrows between the modules and the life of a
//! message; `tests/house.rs` checks the arrows.
//!
//! | module | what it is | pure |
//! |---|---|---|
//! | [`pdu`] | short messages as octets: 3GPP TS 23.040 and TS 23.038 | yes |
//! | [`clock`] | the only reader of time, and its values | |
//! | [`suggest`] | what a misspelt name was meant to be | yes |
//! | [`at`] | the AT dialogue: V.250, TS 27.005, TS 27.007 | yes |
//! | [`sms`] | number, text, parts, states, outcomes, matching of reports | yes |
//! | [`contact`] | who may be texted and when, and what answers want | yes |
//! | [`dunning`] | what is owed, and what is said about it | yes |
//! | [`modem`] | what one modem does next | yes |
//! | [`dispatch`] | gate, budgets, routes, and which SIM draws from which lane | yes |
//! | [`store`] | what survives a restart, in SQLite | |
//! | [`config`] | the configuration, and everything that is wrong with it | |
//! | [`serial`] | opening ports, and finding those of USB modems | |
//! | [`telemetry`] | metrics and the log | |
//! | [`emulator`] | modems and their network in software | the model |
//! | [`actor`] | the writer's thread, the task of each modem, and finding modems | |
//! | [`http`] | the API | |
//! | [`web`] | the dashboard | |
//! | [`daemon`] | what starts and stops in which order | |
//! | [`cli`] | the subcommands | |
//! | [`fuzz`] | what must hold of every parser | |

pub mod actor;
pub mod at;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contact;
pub mod daemon;
pub mod dispatch;
pub mod dunning;
pub mod emulator;
#[doc(hidden)]
pub mod fuzz;
pub mod http;
pub mod modem;
pub mod pdu;
pub mod serial;
pub mod sms;
pub mod store;
pub mod suggest;
pub mod telemetry;
pub mod web;
