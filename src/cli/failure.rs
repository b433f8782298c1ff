//! Why a command could not be carried out: one line that says what, where and what to do, and an exit code.

use std::fmt;
use std::io;
use std::path::PathBuf;

use serde_json::Value;

use crate::actor::record::RecordError;
use crate::config::Finding;
use crate::daemon::DaemonError;
use crate::sms::number::NumberError;
use crate::store::backup::BackupError;
use crate::telemetry::log::LogError;

use super::definition::{FileError, findings, told};
use super::exit::Exit;
use super::import::ImportError;
use super::print;

/// Why there is no answer to print.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The configuration does not say where the daemon is.
    #[error("{}", lines(.0))]
    Configuration(Vec<Finding>),
    /// `--url` is no address that can be asked.
    #[error("use {url:?} as the daemon's address: expected http://HOST:PORT or https://HOST:PORT")]
    Url {
        /// What was given.
        url: String,
    },
    /// `--token-file` cannot be read.
    #[error("read the token from {path}: {source}")]
    TokenFile {
        /// Which.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Arguments that do not go together.
    #[error("understand the arguments: {0}")]
    Usage(&'static str),
    /// A number that cannot be texted.
    #[error("understand the number: {0}")]
    Number(NumberError),
    /// Nobody listens.
    #[error(
        "reach the daemon at {door}: {source}; is `recado serve` running there? name another with --socket or --url"
    )]
    Unreachable {
        /// Where.
        door: String,
        /// The system's word.
        source: io::Error,
    },
    /// The conversation ended in the middle.
    #[error("hear the daemon at {door} out: {source}")]
    Lost {
        /// Where.
        door: String,
        /// What happened.
        source: hyper::Error,
    },
    /// The daemon stopped telling events.
    #[error("follow the events of the daemon at {door}: it ended the stream")]
    Ended {
        /// Where.
        door: String,
    },
    /// No copy was made, put back or looked through.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The daemon did not start.
    #[error("start: {0}")]
    Start(#[from] DaemonError),
    /// There is no log to write to.
    #[error("start the log: {0}")]
    Log(#[from] LogError),
    /// Somebody else listens there.
    #[error("understand the answer at {door} (HTTP status {status}): it is not Recado's")]
    Stranger {
        /// Where.
        door: String,
        /// The status of the answer.
        status: u16,
    },
    /// The daemon says no.
    #[error("{0}")]
    Refused(Refusal),
    /// A file cannot be imported.
    #[error("import: {0}")]
    Import(#[from] ImportError),
    /// A file holds no template or ladder.
    #[error(transparent)]
    File(#[from] FileError),
    /// A modem was not recorded.
    #[error("record the modem: {0}")]
    Record(#[from] RecordError),
    /// A file that was asked for cannot be written.
    #[error("write {path}: {source}; name a file that is not there yet")]
    Written {
        /// Which.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The streams or the runtime of this process.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What a problem document says (RFC 9457).
#[derive(Debug)]
pub(super) struct Refusal(Box<Value>);

impl Refusal {
    /// `None` if the document is none of Recado's.
    pub(super) fn from_document(document: Value) -> Option<Self> {
        let is_ours = document.get("type")?.as_str()?.starts_with(PREFIX);
        is_ours.then(|| Self(Box::new(document)))
    }

    /// The name of the problem, such as `bad-number`.
    pub(super) fn name(&self) -> &str {
        let name = self.0.get("type").and_then(Value::as_str).unwrap_or_default();
        name.strip_prefix(PREFIX).unwrap_or(name)
    }

    fn hint(&self) -> &'static str {
        if self.name() == "unauthorized" {
            "; give a token with --token or RECADO_TOKEN, or use the socket"
        } else {
            ""
        }
    }
}

/// What the types of our problems begin with.
const PREFIX: &str = "urn:recado:problem:";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name| self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let detail = text("detail").or(text("title")).unwrap_or("the daemon refused");
        // Many details begin with the field anyway.
        if let Some(field) = text("field").filter(|field| detail.split(' ').next() != Some(field)) {
            write!(f, "{field}: ")?;
        }
        write!(f, "{detail} ({}", self.name())?;
        for operand in ["id", "state", "oldest"] {
            match self.0.get(operand) {
                None | Some(Value::Null) => {}
                Some(value) => write!(f, ", {operand} {}", print::text(value))?,
            }
        }
        write!(f, "){}", self.hint())?;
        findings(&self.0).iter().try_for_each(|finding| write!(f, "\n  {}", print::plain(&told(finding))))
    }
}

impl Failure {
    /// The exit code.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Configuration(_) => Exit::Configuration,
            Self::Start(error) if error.is_lasting() => Exit::Configuration,
            Self::Url { .. }
            | Self::TokenFile { .. }
            | Self::Usage(_)
            | Self::Number(_)
            | Self::Log(_)
            | Self::Import(_)
            | Self::File(_) => Exit::Usage,
            Self::Unreachable { .. } | Self::Lost { .. } | Self::Ended { .. } | Self::Stranger { .. } => {
                Exit::Unreachable
            }
            Self::Refused(_)
            | Self::Io(_)
            | Self::Start(_)
            | Self::Backup(_)
            | Self::Record(_)
            | Self::Written { .. } => Exit::Negative,
        }
    }

    /// The lines for the standard error stream.
    pub(super) fn explain(&self) -> String {
        match self {
            // Findings and files name their place, and what the daemon says is a sentence of its own.
            Self::Configuration(_) | Self::Backup(_) | Self::Refused(_) | Self::Io(_) => format!("error: {self}"),
            Self::Url { .. }
            | Self::TokenFile { .. }
            | Self::Usage(_)
            | Self::Number(_)
            | Self::Start(_)
            | Self::Record(_)
            | Self::Import(_)
            | Self::File(_)
            | Self::Written { .. }
            | Self::Log(_)
            | Self::Unreachable { .. }
            | Self::Lost { .. }
            | Self::Ended { .. }
            | Self::Stranger { .. } => format!("error: failed to {self}"),
        }
    }
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\nerror: ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(document: Value, expected: &str) {
        let refusal = Refusal::from_document(document).unwrap();
        assert_eq!(Failure::Refused(refusal).explain(), expected);
    }

    #[test]
    fn a_problem_is_one_line() {
        check(
            json!({"type": "urn:recado:problem:bad-number", "field": "to", "detail": "too short for its country"}),
            "error: to: too short for its country (bad-number)",
        );
        check(
            json!({"type": "urn:recado:problem:bad-text", "field": "text", "detail": "text is empty"}),
            "error: text is empty (bad-text)",
        );
        check(
            json!({"type": "urn:recado:problem:gone", "detail": "older than what is kept", "oldest": 90}),
            "error: older than what is kept (gone, oldest 90)",
        );
        check(
            json!({"type": "urn:recado:problem:unauthorized", "title": "Token needed"}),
            "error: Token needed (unauthorized); give a token with --token or RECADO_TOKEN, or use the socket",
        );
    }

    #[test]
    fn what_is_wrong_with_a_template_follows_line_by_line() {
        let finding =
            json!({"severity": "error", "code": "fault", "text": "a", "line": 2, "column": 4, "detail": "no"});
        check(
            json!({"type": "urn:recado:problem:bad-request", "field": "texts", "detail": "see", "findings": [finding]}),
            "error: texts: see (bad-request)\n  error: a:2:4: no (fault)",
        );
    }

    #[test]
    fn documents_of_others_are_no_refusals() {
        assert!(Refusal::from_document(json!({"type": "about:blank"})).is_none());
        assert!(Refusal::from_document(json!("no")).is_none());
    }
}
