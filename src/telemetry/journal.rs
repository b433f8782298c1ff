//! The log where systemd takes it: the journal, with its priorities and with fields that it can be asked by.
//!
//! A service whose standard error is a stream of the journal is told so by `JOURNAL_STREAM` (systemd.exec(5)). Then each event goes
//! to the journal's own socket, as fields: those of the log begin with `RECADO_`, since some names mean something else there
//! (`MESSAGE_ID` is a catalogue's). Where there is no such socket, as in a container, lines go to standard error as ever, each behind
//! the number of its priority (sd-daemon(3)), which the journal takes off.

use std::io::{self, Stderr, Write};

use tracing::{Level, Metadata};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::fmt::MakeWriter;

/// What our fields begin with.
const PREFIX: &str = "RECADO";

/// Whether standard error is the stream that the variable speaks of: it may have been handed on to a process that writes elsewhere.
pub(super) fn takes_stderr(stream: Option<&str>) -> bool {
    let number = |text: &str| text.parse::<u64>().ok();
    let told = stream.and_then(|stream| stream.split_once(':'));
    let told = told.and_then(|(device, inode)| Some((number(device)?, number(inode)?)));
    told.is_some() && rustix::fs::fstat(io::stderr()).ok().map(|stat| (stat.st_dev, stat.st_ino)) == told
}

/// What hands events to the journal; an error where nobody listens.
pub(super) fn layer() -> io::Result<tracing_journald::Layer> {
    let priorities = PriorityMappings {
        info: Priority::Informational,
        debug: Priority::Debug,
        trace: Priority::Debug,
        ..PriorityMappings::new()
    };
    let layer = tracing_journald::layer()?.with_priority_mappings(priorities);
    Ok(layer.with_field_prefix(Some(PREFIX.to_owned())).with_syslog_identifier("recado".to_owned()))
}

/// Standard error, with the priority in front of each line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prioritised;

/// One line.
#[derive(Debug)]
pub(super) struct Line {
    priority: &'static str,
    stderr: Stderr,
}

impl<'a> MakeWriter<'a> for Prioritised {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { priority: "<6>", stderr: io::stderr() }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line {
        Line { priority: priority(*event.level()), stderr: io::stderr() }
    }
}

/// The same as by the journal's own socket, whichever way a line goes (syslog(3)).
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

impl Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        // The whole line comes at once, and leaves so, that no other gets between.
        let mut line = Vec::with_capacity(self.priority.len() + octets.len());
        line.extend_from_slice(self.priority.as_bytes());
        line.extend_from_slice(octets);
        self.stderr.write_all(&line)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stderr.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stream_that_is_meant_is_the_journals() {
        let stat = rustix::fs::fstat(io::stderr()).unwrap();
        let own = format!("{}:{}", stat.st_dev, stat.st_ino);
        assert!(takes_stderr(Some(&own)));
        for other in [None, Some(""), Some("1"), Some("1:x"), Some("99999:99999")] {
            assert!(!takes_stderr(other), "{other:?}");
        }
    }
}
