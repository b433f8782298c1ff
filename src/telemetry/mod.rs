//! What Recado says while it runs: metrics and the log. Knows no protocol, no policy and no store; values come in as
//! numbers and words from closed sets, never as phone numbers or texts.

mod journal;
pub mod log;
pub mod metrics;

pub use metrics::Metrics;
