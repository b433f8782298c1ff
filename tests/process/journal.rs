//! The log where systemd takes it: the daemon in a view of the file system of its own, in which the test is the journal.

use std::collections::BTreeMap;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use super::common::{Daemon, LIMIT, Place, Process};

/// Puts a folder where the journal's socket lies and says that standard error is its stream.
const SERVICE: &str = r#"
mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind "$1" /run/systemd/journal &&
JOURNAL_STREAM="$(stat -L -c %d:%i /proc/self/fd/2)" exec "$0" serve --config "$2""#;

fn start(place: &Place) -> Process {
    std::fs::create_dir(place.path("journal")).unwrap_or_default();
    let config = place.configure("127.0.0.1:0", "1s", &[]);
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", SERVICE, env!("CARGO_BIN_EXE_recado")]);
    Process::run(command.arg(place.path("journal")).arg(config))
}

/// The fields of an entry. Those of one line are `NAME=value`; others have their length before them (journal native protocol).
fn fields(mut entry: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while let Some(end) = entry.iter().position(|octet| *octet == b'\n') {
        let (line, rest) = (&entry[..end], &entry[end + 1..]);
        let (name, value) = if let Some(at) = line.iter().position(|octet| *octet == b'=') {
            entry = rest;
            (&line[..at], &line[at + 1..])
        } else {
            let (length, value) = rest.split_first_chunk::<8>().unwrap();
            let (value, rest) = value.split_at(usize::try_from(u64::from_le_bytes(*length)).unwrap());
            entry = &rest[1..];
            (line, value)
        };
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        fields.insert(text(name), text(value));
    }
    fields
}

#[test]
fn in_the_journal_lines_are_fields_with_priorities() {
    let place = Place::new();
    std::fs::create_dir(place.path("journal")).unwrap();
    let journal = UnixDatagram::bind(place.path("journal/socket")).unwrap();
    journal.set_read_timeout(Some(LIMIT)).unwrap();
    let process = start(&place);
    let mut buffer = vec![0; 64 * 1024];
    let entry = loop {
        let length = journal.recv(&mut buffer).unwrap_or_else(|error| panic!("{error}: {}", process.output()));
        let entry = fields(&buffer[..length]);
        if entry.get("MESSAGE").is_some_and(|words| words == "ready") {
            break entry;
        }
    };
    assert_eq!((entry["PRIORITY"].as_str(), entry["SYSLOG_IDENTIFIER"].as_str()), ("6", "recado"), "{entry:?}");
    assert!(entry["RECADO_ADDRESS"].starts_with("127.0.0.1:"), "{entry:?}");
    assert!(entry.keys().all(|name| name != "MESSAGE_ID" && name != "F_ADDRESS"), "{entry:?}");
    assert_eq!(process.output(), "", "nothing is said twice");
    assert_eq!(process.signal("TERM").code(), Some(0));
}

#[test]
fn without_the_journals_socket_each_line_has_its_priority_in_front() {
    let place = Place::new();
    let process = start(&place);
    let ready = process.line(": ready address=");
    assert!(ready.starts_with("<6> INFO recado::"), "{ready}");
    let daemon = Daemon::of(process, &place.path("recado.toml"));
    assert_eq!(daemon.door.get("/healthz")["ok"], true);
    assert!(daemon.process.output().lines().all(|line| line.starts_with('<')), "{}", daemon.process.output());
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
}
