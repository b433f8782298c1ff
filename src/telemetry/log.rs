//! The log: lines on standard error, or fields in the journal where that is where standard error goes, filtered by `RUST_LOG`.
//!
//! What a line is about stands in fields that are called the same everywhere: `modem` its name, `sim` what the SIM is called (its
//! configured name, else the last four digits of its ICCID), `message_id` the message, `part` which of its parts, `segment`
//! the row of that part, `seq` the event, `webhook` the endpoint, `batch` the campaign, `error` and `reason` why. The name
//! `message` belongs to the words of the line, as programs that collect logs have it.

use std::io::stderr;

use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::journal;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object per line, with the fields beside `timestamp`, `level`, `target` and `message`.
    Json,
}

/// What libraries say of what they are given stays out of every log: this one repeats the numbers that it reads.
const SILENT: &str = "rlibphonenumber=off";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `RUST_LOG` is no filter.
    #[error("RUST_LOG: {0}")]
    Filter(tracing_subscriber::filter::FromEnvError),
    /// A library cannot be silenced.
    #[error("log: {0}")]
    Directive(#[from] tracing_subscriber::filter::ParseError),
    /// It was started before.
    #[error("log: {0}")]
    Started(tracing_subscriber::util::TryInitError),
}

/// Starts the log. What `RUST_LOG` says holds; without it, information and worse.
pub fn start(format: Format) -> Result<(), LogError> {
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).try_from_env().or_else(|error| {
            match std::env::var_os(EnvFilter::DEFAULT_ENV) {
                None => Ok(EnvFilter::new("info")),
                Some(_) => Err(LogError::Filter(error)),
            }
        })?;
    let filter = filter.add_directive(SILENT.parse()?);
    std::panic::set_hook(Box::new(|panic| {
        // The words of a panic may hold a text or a number; its place says enough.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
    let lines = || tracing_subscriber::fmt::layer().with_ansi(false);
    let all = tracing_subscriber::registry().with(filter);
    let in_journal = journal::takes_stderr(std::env::var("JOURNAL_STREAM").ok().as_deref());
    match (format, in_journal.then(journal::layer)) {
        (Format::Text, Some(Ok(fields))) => all.with(fields).try_init(),
        // The journal has a time of its own.
        (Format::Text, Some(Err(_))) => all.with(lines().without_time().with_writer(journal::Prioritised)).try_init(),
        (Format::Text, None) => all.with(lines().with_writer(stderr)).try_init(),
        (Format::Json, _) => {
            all.with(lines().with_writer(stderr).json().flatten_event(true).with_span_list(false)).try_init()
        }
    }
    .map_err(LogError::Started)
}
