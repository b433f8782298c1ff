//! What is wrong with the database, its disk or the host, at the start and while the daemon runs: each has an end that is said, and
//! nothing is lost.
//!
//! Disks that are full or read-only are file systems in memory, in a view of the file system of the daemon's own; the test looks
//! into it by `/proc`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::json;

use super::common::{Daemon, Place, Process};
use super::{LIMIT, eventually, message, submit, texts, wait_for_state};

/// Octets of a page (`PRAGMA page_size`).
const PAGE: u64 = 4096;

fn open(place: &Place) -> Connection {
    Connection::open(place.path("recado.db")).unwrap()
}

/// A database that a daemon has made and left.
fn made() -> (Place, PathBuf) {
    let place = Place::new();
    let config = place.configure("127.0.0.1:0", "1s", &[]);
    assert!(Daemon::start(&config).process.signal("TERM").success());
    (place, config)
}

#[track_caller]
fn refused(config: &Path, exit: i32, words: &[&str]) {
    let (status, said) = Daemon::process(config).end();
    assert_eq!(status.code(), Some(exit), "{said}");
    for word in words {
        assert!(said.contains(word), "{word} in {said}");
    }
    assert!(!said.contains("panic"), "{said}");
}

#[test]
fn a_database_that_another_program_has_locked_is_named_at_the_start() {
    let (place, config) = made();
    let other = open(&place);
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    refused(&config, 1, &["recado.db: locked by another program", "close that one"]);
    other.execute_batch("COMMIT").unwrap();
    drop(Daemon::start(&config));
}

#[test]
fn while_another_program_locks_the_database_nothing_is_taken_in_and_what_is_sent_is_written_afterwards() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "1s", "--report-delay", "100ms", "--reply-rate", "0"]);
    let daemon = Daemon::start(&place.configure_emulated("10s", 1));
    daemon.wait_for_modem("modem0");
    let id = submit(&daemon.door, "+5511987654321", "on the air");
    wait_for_state(&daemon, &id, &["sending"]);
    let other = open(&place);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (status, problem) =
        daemon.door.ask("POST", "/v1/messages", Some(&json!({ "to": "+5511987654322", "text": "x" }))).unwrap();
    assert_eq!((status, &problem["type"]), (503, &json!("urn:recado:problem:not-ready")), "{problem}");
    assert_eq!(texts(&place), ["on the air"]);
    assert_eq!(daemon.door.ask("GET", "/readyz", None).unwrap().0, 503);
    other.execute_batch("COMMIT").unwrap();
    wait_for_state(&daemon, &id, &["delivered"]);
    submit(&daemon.door, "+5511987654322", "afterwards");
    assert!(daemon.process.output().contains("database is locked"), "{}", daemon.process.output());
}

#[test]
fn a_database_of_a_newer_release_is_left_alone() {
    let (place, config) = made();
    open(&place).pragma_update(None, "user_version", 9_999).unwrap();
    refused(&config, 3, &["recado.db: written by a newer release", "upgrade Recado or restore a backup"]);
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let (place, config) = made();
    std::fs::write(place.path("recado.db"), "a letter to a friend".repeat(500)).unwrap();
    refused(&config, 3, &["recado.db: damaged", "put a backup in its place"]);
    assert!(std::fs::read_to_string(place.path("recado.db")).unwrap().starts_with("a letter"));
}

#[test]
fn a_damaged_database_is_named_at_the_start_with_what_to_do() {
    let (place, config) = made();
    let file = place.path("recado.db");
    let mut octets = std::fs::read(&file).unwrap();
    octets.iter_mut().skip(usize::try_from(PAGE).unwrap()).for_each(|octet| *octet = 0xA5);
    std::fs::write(&file, octets).unwrap();
    refused(&config, 3, &["recado.db: damaged", "keep a copy of the file, put a backup in its place"]);
}

#[test]
fn a_page_that_breaks_while_the_daemon_runs_is_told_and_the_rest_goes_on() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "20ms", "--report-delay", "100ms", "--reply-rate", "0"]);
    let config = place.configure_emulated("1s", 1);
    let daemon = Daemon::start(&config);
    let page: u64 = {
        let other = open(&place);
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'call'";
        let page = other.query_row(sql, [], |row| row.get(0)).unwrap();
        // What is in the log only would hide the file.
        other.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        page
    };
    let mut file = std::fs::OpenOptions::new().write(true).open(place.path("recado.db")).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start((page - 1) * PAGE)).unwrap();
    file.write_all(&[0xA5; 4096]).unwrap();
    let (status, problem) = daemon.door.ask("GET", "/v1/calls", None).unwrap();
    assert_eq!((status, &problem["type"]), (500, &json!("urn:recado:problem:internal")), "{problem}");
    daemon.process.line("the file of the database is damaged");
    daemon.process.line("put a backup in its place");
    let id = submit(&daemon.door, "+5511987654321", "all the same");
    wait_for_state(&daemon, &id, &["delivered"]);
    assert!(!daemon.process.output().contains("panic"), "{}", daemon.process.output());
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
}

#[test]
fn a_clock_that_was_not_set_at_the_start_holds_everything() {
    let place = Place::new();
    let config = place.configure("127.0.0.1:0", "1s", &[]);
    let at = |time: &str| {
        let arguments = ["serve", "--config", config.to_str().unwrap(), "--simulate", "1", "--now", time];
        Daemon::of(Process::start(&arguments), &config)
    };
    let daemon = at("2026-11-24T10:00:00-03:00");
    let id = submit(&daemon.door, "+5511987654321", "before the power cut");
    wait_for_state(&daemon, &id, &["delivered"]);
    assert!(daemon.process.signal("TERM").success());

    let daemon = at("1970-01-01T00:01:00Z");
    daemon.wait_for_modem("modem0");
    let held = submit(&daemon.door, "+5511987654322", "after it");
    let held = message(&daemon.door, &held);
    assert_eq!((&held["state"], &held["reason"]["code"]), (&json!("queued"), &json!("paused")), "{held}");
    assert!(held["reason"]["detail"].as_str().unwrap().contains("the clock of this host showed 1970"), "{held}");
    let ready = daemon.door.get("/readyz");
    assert_eq!((&ready["accepting"], &ready["sending"]), (&json!(true), &json!(false)), "{ready}");
    assert_eq!(daemon.door.list("/v1/alarms")[0]["kind"], "clock_doubted");
    // Times cannot be judged by it: whoever asks for some asks again.
    let timed = json!({"to": "+5511987654324", "text": "at its time", "valid_until": "2026-11-25T18:00:00-03:00"});
    let (status, problem) = daemon.door.ask("POST", "/v1/messages", Some(&timed)).unwrap();
    assert_eq!((status, &problem["type"]), (503, &json!("urn:recado:problem:not-ready")), "{problem}");
    assert!(daemon.process.signal("TERM").success());

    let daemon = at("2026-11-24T11:00:00-03:00");
    // What was taken in meanwhile goes too.
    wait_for_state(&daemon, held["id"].as_str().unwrap(), &["delivered"]);
    let id = submit(&daemon.door, "+5511987654323", "with the right time");
    wait_for_state(&daemon, &id, &["delivered"]);
}

/// Puts a file system of this size in memory over the folder of the database, and runs the daemon.
const ON_A_DISK: &str = r#"mount -t tmpfs -o "$2" none "$1" && exec "$0" serve --config "$3""#;

/// A daemon whose database lies on a disk of its own.
struct Disk {
    place: Place,
    config: PathBuf,
    process: Process,
}

impl Disk {
    fn start(place: Place, options: &str, modems: usize) -> Self {
        let config = place.configure_emulated("1s", modems);
        std::fs::create_dir(place.path("disk")).unwrap();
        let text = std::fs::read_to_string(&config).unwrap().replacen("recado.db'", "disk/recado.db'", 1);
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", ON_A_DISK, env!("CARGO_BIN_EXE_recado")]);
        let process = Process::run(command.arg(place.path("disk")).arg(options).arg(&config));
        Self { place, config, process }
    }

    /// A path as the daemon sees it.
    fn path(process: &Process, place: &Place, name: &str) -> PathBuf {
        let inside = place.path("disk").join(name);
        Path::new("/proc").join(process.id().to_string()).join("root").join(inside.strip_prefix("/").unwrap())
    }
}

#[test]
fn on_a_file_system_that_cannot_be_written_the_daemon_says_so_and_what_to_do() {
    let disk = Disk::start(Place::new(), "size=80m,ro", 0);
    let (status, said) = disk.process.end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("Read-only file system") && said.contains("mount that for writing"), "{said}");
    assert!(said.contains("disk/recado.lock") && disk.config.exists(), "{said}");
}

#[test]
fn on_a_full_disk_nothing_is_taken_in_results_are_kept_and_all_of_it_goes_on_when_there_is_room() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "500ms", "--report-delay", "100ms", "--reply-rate", "0"]);
    let Disk { place, process, .. } = Disk::start(place, "size=80m", 1);
    process.line(": ready address=");
    let token = Disk::path(&process, &place, "admin.token");
    let daemon = Daemon::of(process, &token);
    daemon.wait_for_modem("modem0");
    let filler = Disk::path(&daemon.process, &place, "filler");
    let ask =
        || daemon.door.ask("POST", "/v1/messages", Some(&json!({ "to": "+5511987654329", "text": "x" }))).unwrap();

    // Below the floor: what was taken in before still goes, and is written.
    let ids: Vec<_> =
        (0..3).map(|n| submit(&daemon.door, &format!("+551198765432{n}"), &format!("text {n}"))).collect();
    std::fs::write(&filler, vec![0; 30 * 1024 * 1024]).unwrap();
    let (status, problem) = ask();
    assert_eq!((status, &problem["type"]), (503, &json!("urn:recado:problem:no-space")), "{problem}");
    wait_for_state(&daemon, &ids[0], &["delivered"]);

    // Not an octet left.
    wait_for_state(&daemon, &ids[1], &["sending", "accepted", "delivered"]);
    let mut file = std::fs::OpenOptions::new().append(true).open(&filler).unwrap();
    let piece = vec![0; 4096];
    while file.write_all(&piece).is_ok() {}
    eventually(&daemon.process, "the disk is full", LIMIT, || (ask().0 == 503).then_some(()));
    assert_eq!(daemon.door.get("/healthz")["ok"], true);

    std::fs::remove_file(&filler).unwrap();
    drop(file);
    for id in &ids {
        wait_for_state(&daemon, id, &["delivered"]);
    }
    assert_eq!(texts(&place), ["text 0", "text 1", "text 2"], "each once");
    eventually(&daemon.process, "there is room", LIMIT, || (ask().0 == 202).then_some(()));
    assert!(!daemon.process.output().contains("panic"), "{}", daemon.process.output());
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
}
