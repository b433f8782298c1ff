//! The daemon under a service manager: what it says to it, the socket that it is handed, reading its configuration again.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

use super::*;

/// A service manager, as far as it listens.
struct Manager(UnixDatagram);

impl Manager {
    fn new(place: &Place) -> Self {
        let socket = UnixDatagram::bind(place.path("notify")).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        Self(socket)
    }

    /// The next that it hears which begins so.
    fn hear(&self, beginning: &str) -> String {
        let mut buffer = [0; 1024];
        loop {
            let length = self.0.recv(&mut buffer).unwrap_or_else(|error| panic!("{beginning:?} not heard: {error}"));
            let heard = String::from_utf8(buffer[..length].to_vec()).unwrap();
            if heard.starts_with(beginning) {
                return heard;
            }
        }
    }
}

fn serve(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
    command.args(["serve", "--config", config.to_str().unwrap()]);
    command
}

/// The command line, asked for something by the socket of this configuration.
fn ask(config: &Path, words: &[&str]) -> (Option<i32>, String) {
    let (status, output) = Process::start(&[words, &["--config", config.to_str().unwrap()]].concat()).end();
    (status.code(), output)
}

fn change(config: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(config).unwrap();
    assert!(text.contains(from));
    std::fs::write(config, text.replace(from, to)).unwrap();
}

#[test]
fn the_service_manager_hears_of_start_watchdog_reload_and_stop() {
    let place = Place::new();
    let manager = Manager::new(&place);
    let config = place.configure("127.0.0.1:0", "2s", &[]);
    let mut command = serve(&config);
    command.env("NOTIFY_SOCKET", place.path("notify")).env("WATCHDOG_USEC", "200000");
    let daemon = Daemon::of(Process::run(&mut command), &config);
    assert!(manager.hear("READY=1").contains("STATUS=0 of 0 modems can send"));
    manager.hear("WATCHDOG=1");
    manager.hear("WATCHDOG=1");
    let (exit, said) = ask(&config, &["reload"]);
    assert_eq!((exit, said.as_str()), (Some(0), "changed: nothing"));
    manager.hear("RELOADING=1\nMONOTONIC_USEC=");
    manager.hear("READY=1");
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
    // The time for draining and fifty seconds for all else.
    manager.hear("STOPPING=1\nEXTEND_TIMEOUT_USEC=55000000\n");
}

#[test]
fn a_socket_that_is_handed_over_is_the_door() {
    let place = Place::new();
    let config = place.configure("127.0.0.1:1", "1s", &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Whoever connects before the daemon is there is served by it.
    let early = TcpStream::connect(address).unwrap();
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve --config \"$1\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_recado"), config.to_str().unwrap()]);
    command.stdin(OwnedFd::from(listener));
    let daemon = Daemon::of(Process::run(&mut command), &config);
    assert_eq!(daemon.door.address, address);
    let (status, _) = exchange(early, "GET", "/v1/messages", &daemon.door.token, None).unwrap();
    assert_eq!(status, 200);
}

#[test]
fn a_socket_that_others_can_reach_is_refused_unless_that_is_meant() {
    let place = Place::new();
    let config = place.configure("127.0.0.1:0", "1s", &[]);
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" serve --config \"$1\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_recado"), config.to_str().unwrap()]);
    command.stdin(OwnedFd::from(listener));
    let (status, said) = Process::run(&mut command).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("allow_plaintext"), "{said}");
}

#[test]
fn a_configuration_is_read_again_while_messages_go_and_none_is_lost_or_sent_twice() {
    let place = Place::new();
    let _emulator = place.emulate(2, &["--airtime", "20ms", "--report-delay", "50ms", "--reply-rate", "0"]);
    let config = place.configure_emulated("10s", 2);
    let daemon = Daemon::start(&config);
    let ids: Vec<String> = (0..60)
        .map(|n| {
            // In the middle of it the file changes, by the API and by the signal in turn.
            if n % 10 == 5 {
                let (from, to) =
                    if n % 20 == 5 { ("per_hour = 0", "per_hour = 5000") } else { ("per_hour = 5000", "per_hour = 0") };
                change(&config, from, to);
                if n % 20 == 5 {
                    assert_eq!(ask(&config, &["reload"]), (Some(0), "changed: sim".to_owned()));
                } else {
                    let id = daemon.process.id().to_string();
                    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
                }
            }
            submit(&daemon.door, &format!("+55119876543{n:02}"), &format!("text {n}"))
        })
        .collect();
    for id in &ids {
        wait_for_state(&daemon, id, &["accepted", "delivered"]);
    }
    let mut sent = texts(&place);
    sent.sort();
    let mut expected: Vec<String> = (0..60).map(|n| format!("text {n}")).collect();
    expected.sort();
    assert_eq!(sent, expected);
    // Who had it read again is in the audit, by the signal too.
    let noted = daemon.door.list("/v1/audit");
    let reloads =
        |route: &str| noted.iter().filter(|entry| entry["route"] == route && entry["client"] == "local").count();
    assert_eq!(reloads("POST /v1/reload"), 3);
    // Signals that come at once are one.
    assert!((1..=3).contains(&reloads("SIGHUP")), "{noted:?}");
}

#[test]
fn a_mistake_in_the_file_leaves_that_of_before_in_force_and_is_an_alarm_until_it_is_mended() {
    let place = Place::new();
    let config = place.configure("127.0.0.1:0", "1s", &[]);
    let daemon = Daemon::start(&config);
    change(&config, "\nper_day = 0", "\nper_day = \"many\"");
    let (exit, said) = ask(&config, &["reload"]);
    assert_eq!(exit, Some(3), "{said}");
    assert!(
        said.contains("recado.toml:21:") && said.contains("sim.per_day") && said.contains("nothing was changed"),
        "{said}"
    );
    daemon.process.line("configuration not taken");
    let open = || -> Vec<Value> {
        let alarms = daemon.door.list("/v1/alarms");
        alarms.into_iter().filter(|alarm| alarm["cleared_at"].is_null()).collect()
    };
    assert_eq!(open()[0]["kind"], "configuration_refused");
    // What cannot be changed while running is named.
    change(&config, "per_day = \"many\"", "per_day = 9");
    change(&config, "listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:7999\"");
    let (exit, said) = ask(&config, &["reload"]);
    assert_eq!((exit, said.as_str()), (Some(0), "changed: sim\nholds after a restart: http.listen"));
    assert!(open().is_empty());
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
}
