//! `recado modems --watch` of a real daemon, where nobody looks at a terminal: a line for each change, also after the daemon
//! was away.

use std::fs::remove_file;
use std::os::unix::fs::symlink;

use super::common::{Daemon, Place, Process};

#[test]
fn a_watch_tells_of_changes_and_outlives_a_restart_of_the_daemon() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "20ms", "--reply-rate", "0"]);
    let (port, link) = (place.path("ports").join("modem0"), place.path("desk"));
    symlink(&port, &link).unwrap();
    let config = place.configure("127.0.0.1:0", "1s", std::slice::from_ref(&link));
    let daemon = Daemon::start(&config);
    daemon.wait_for_modem("desk");
    let watch = Process::start(&["modems", "--watch", "--config", config.to_str().unwrap()]);
    watch.line("desk  ready  SIM ");
    remove_file(&link).unwrap();
    drop(daemon);
    watch.line("no answer: ");
    // It comes back without its modem, which is plugged in later.
    let daemon = Daemon::start(&config);
    watch.line("desk  absent  ");
    symlink(&port, &link).unwrap();
    daemon.wait_for_modem("desk");
    let is_back = || watch.output().lines().filter(|line| line.contains("desk  ready  SIM ")).count() == 2;
    watch.within(super::LIMIT, || is_back().then_some(())).unwrap_or_else(|| panic!("{}", watch.output()));
    assert_eq!(watch.signal("INT").code(), Some(0));
}

#[test]
fn a_watch_without_a_daemon_says_so_at_once() {
    let place = Place::new();
    let config = place.configure("127.0.0.1:0", "1s", &[]);
    let (status, output) = Process::start(&["modems", "--watch", "--config", config.to_str().unwrap()]).end();
    assert_eq!(status.code(), Some(4), "{output}");
    assert!(output.contains("reach the daemon"), "{output}");
}
