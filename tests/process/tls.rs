//! The door of the real process over TLS, asked by the command line, while its certificate is replaced.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

/// Puts a certificate and its key in the place of those that are there.
fn put(place: &Place, name: &str) {
    std::fs::copy(data(&format!("{name}.pem")), place.path("door.pem")).unwrap();
    let key = place.path("door.key");
    std::fs::write(&key, std::fs::read(data(&format!("{name}.key"))).unwrap()).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A configuration with TLS at an address that others can reach.
fn configure(place: &Place) -> PathBuf {
    let config = place.configure("0.0.0.0:0", "1s", &[]);
    let text = std::fs::read_to_string(&config).unwrap();
    let [cert, key] = ["door.pem", "door.key"].map(|name| place.path(name).display().to_string());
    let tls = format!("[http]\ntls_cert = '{cert}'\ntls_key = '{key}'\n");
    std::fs::write(&config, text.replace("[http]\n", &tls)).unwrap();
    config
}

/// The command line, over TCP with the token from its file; trusted is who has signed this certificate.
fn ask(place: &Place, daemon: &Daemon, trusts: &str, words: &[&str]) -> (Option<i32>, String) {
    let url = format!("https://localhost:{}", daemon.door.address.port());
    let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
    command.args(words).args(["--url", &url, "--token-file", place.path("admin.token").to_str().unwrap()]);
    let (status, output) = Process::run_with(&mut command, &[("SSL_CERT_FILE", data(trusts).to_str().unwrap())]).end();
    (status.code(), output)
}

#[test]
fn the_door_is_asked_over_tls_and_its_certificate_is_replaced() {
    let place = Place::new();
    put(&place, "localhost");
    let config = configure(&place);
    let daemon = Daemon::start(&config);
    let reload = || Process::start(&["reload", "--config", config.to_str().unwrap()]).end();
    let (exit, said) = ask(&place, &daemon, "authority.pem", &["sims", "--json"]);
    assert_eq!(exit, Some(0), "{said}");
    let (exit, said) = ask(&place, &daemon, "renewed.pem", &["sims"]);
    assert_eq!(exit, Some(4), "somebody else has signed it: {said}");
    // Without TLS there is a word about it, and no answer.
    let mut plain = TcpStream::connect(("127.0.0.1", daemon.door.address.port())).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut plain, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"), "{answer}");

    put(&place, "renewed");
    let (status, said) = reload();
    assert_eq!(status.code(), Some(0), "{said}");
    let (exit, said) = ask(&place, &daemon, "renewed.pem", &["sims"]);
    assert_eq!(exit, Some(0), "{said}");

    std::fs::write(place.path("door.pem"), "rubbish").unwrap();
    let (status, said) = reload();
    assert_eq!(status.code(), Some(3));
    assert!(said.contains("certificate: failed to find a certificate in "), "{said}");
    let (exit, said) = ask(&place, &daemon, "renewed.pem", &["alarms", "--json"]);
    assert_eq!(exit, Some(0), "that of before is shown: {said}");
    assert!(said.contains("certificate_refused"), "{said}");
    put(&place, "renewed");
    assert_eq!(reload().0.code(), Some(0));
    let alarms = ask(&place, &daemon, "renewed.pem", &["alarms", "--json"]).1;
    assert!(alarms.lines().all(|alarm| !alarm.contains("\"cleared_at\":null")), "{alarms}");
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
}

#[test]
fn a_certificate_that_cannot_be_used_keeps_the_daemon_from_starting_and_says_why() {
    let place = Place::new();
    put(&place, "localhost");
    std::fs::copy(data("renewed.pem"), place.path("door.pem")).unwrap();
    let (status, said) = Daemon::process(&configure(&place)).end();
    assert_ne!(status.code(), Some(0));
    assert!(said.contains("the key does not fit the certificate"), "{said}");
}

#[test]
fn a_socket_that_the_service_manager_hands_over_is_encrypted_too() {
    let place = Place::new();
    put(&place, "localhost");
    let config = configure(&place);
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve --config \"$1\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_recado"), config.to_str().unwrap()]);
    command.stdin(std::os::fd::OwnedFd::from(listener));
    let daemon = Daemon::of(Process::run(&mut command), &config);
    assert_eq!(daemon.door.address.port(), port);
    let (exit, said) = ask(&place, &daemon, "authority.pem", &["sims", "--json"]);
    assert_eq!(exit, Some(0), "{said}");
}
