//! The binary as a process: stopping, ports that are not there, what it says when it cannot start, and its doors.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that fails"
)]

mod common;
#[path = "process/examples.rs"]
mod examples;
#[path = "process/fault.rs"]
mod fault;
#[path = "process/journal.rs"]
mod journal;
#[path = "process/log.rs"]
mod log;
#[path = "process/race.rs"]
mod race;
#[path = "process/secrets.rs"]
mod secrets;
#[path = "process/service.rs"]
mod service;
#[path = "process/soak.rs"]
mod soak;
#[path = "process/syncs.rs"]
mod syncs;
#[path = "process/tls.rs"]
mod tls;
#[path = "process/watch.rs"]
mod watch;
#[path = "process/webhook.rs"]
mod webhook;

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use common::{Daemon, Door, LIMIT, Place, Process, exchange};
use recado::clock::Clock;
use serde_json::{Value, json};

/// Looks until there is something to see.
fn eventually<T>(process: &Process, what: &str, limit: Duration, look: impl FnMut() -> Option<T>) -> T {
    process.within(limit, look).unwrap_or_else(|| panic!("not seen: {what}; the process wrote:\n{}", process.output()))
}

fn submit(door: &Door, to: &str, text: &str) -> String {
    let message = json!({ "to": to, "text": text });
    let (status, answer) = door.ask("POST", "/v1/messages", Some(&message)).unwrap();
    assert_eq!(status, 202, "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

fn message(door: &Door, id: &str) -> Value {
    door.get(&format!("/v1/messages/{id}"))
}

fn wait_for_state(daemon: &Daemon, id: &str, states: &[&str]) -> Value {
    eventually(&daemon.process, &format!("{id} in {states:?}"), LIMIT, || {
        let seen = message(&daemon.door, id);
        states.contains(&seen["state"].as_str().unwrap()).then_some(seen)
    })
}

/// What happened to a message, by the types of its events.
fn history(message: &Value) -> Vec<&str> {
    message["history"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// The words that tell how a modem is.
fn standing(door: &Door, id: &str) -> (String, String) {
    let modems = door.list("/v1/modems");
    let modem = modems.iter().find(|modem| modem["id"] == id).unwrap();
    (modem["state"].as_str().unwrap().to_owned(), modem["reason"].as_str().unwrap_or_default().to_owned())
}

fn texts(place: &Place) -> Vec<String> {
    place.witness().iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_demo_comes_to_what_it_says() {
    let demo = Process::start(&["demo", "--exit"]);
    // It is told at a pace that a person can follow.
    let results = demo.line_within("quebra  promessa", Duration::from_secs(240));
    assert!(results.is_some(), "{}", demo.output());
    let (status, output) = demo.end();
    assert_eq!(status.code(), Some(0), "{output}");
}

#[test]
fn at_a_stop_the_part_on_the_wire_ends_and_the_rest_goes_after_the_restart() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "1s", "--report-delay", "100ms", "--reply-rate", "0"]);
    let config = place.configure_emulated("10s", 1);
    let daemon = Daemon::start(&config);
    let first = submit(&daemon.door, "+5511987654321", "first");
    let second = submit(&daemon.door, "+5511987654322", "second");
    wait_for_state(&daemon, &first, &["sending"]);
    let clock = Clock::host();
    let asked = clock.now().instant;
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
    let took = clock.now().instant.saturating_since(asked);
    assert!(took < Duration::from_secs(5), "stopped after {took:?}");
    assert_eq!(texts(&place), ["first"]);

    let daemon = Daemon::start(&config);
    let first = message(&daemon.door, &first);
    assert!(["accepted", "delivered"].contains(&first["state"].as_str().unwrap()), "{first}");
    assert!(!history(&first).contains(&"segment.unknown"), "{first}");
    wait_for_state(&daemon, &second, &["accepted", "delivered"]);
    assert_eq!(texts(&place), ["first", "second"]);
    println!("stopped {took:?} after SIGTERM with a part of 1 s airtime on the wire");
}

#[test]
fn what_outlasts_the_drain_is_unknown_until_its_report_proves_it() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "3s", "--report-delay", "5s", "--reply-rate", "0"]);
    let config = place.configure_emulated("200ms", 1);
    let daemon = Daemon::start(&config);
    // From its reference follows the one that the next part will have.
    let before = submit(&daemon.door, "+5511987654321", "before");
    wait_for_state(&daemon, &before, &["accepted"]);
    let id = submit(&daemon.door, "+5511987654322", "on the air at the stop");
    wait_for_state(&daemon, &id, &["sending"]);
    let clock = Clock::host();
    let asked = clock.now().instant;
    assert_eq!(daemon.process.signal("INT").code(), Some(0));
    let took = clock.now().instant.saturating_since(asked);
    assert!(took < Duration::from_millis(2500), "stopped after {took:?}");
    assert_eq!(texts(&place), ["before"], "the network has not taken it yet");

    let daemon = Daemon::start(&config);
    let unknown = message(&daemon.door, &id);
    assert_eq!((&unknown["state"], &unknown["parts"][0]["state"]), (&"unknown".into(), &"unknown".into()), "{unknown}");
    assert!(history(&unknown).contains(&"segment.unknown"), "{unknown}");
    assert_eq!(unknown["parts"][0]["cause"], "daemon-stopped", "{unknown}");
    let delivered = wait_for_state(&daemon, &id, &["delivered"]);
    let evidence = delivered["history"].as_array().unwrap().iter().find(|event| event["type"] == "segment.accepted");
    assert_eq!(evidence.unwrap()["data"]["evidence"], "report", "{delivered}");
    assert_eq!(texts(&place), ["before", "on the air at the stop"]);
    println!("stopped {took:?} after SIGINT with a drain of 200 ms, and delivered by its report");
}

#[test]
fn ports_that_cannot_be_opened_are_explained_and_the_others_send() {
    let place = Place::new();
    let _emulator = place.emulate(3, &["--airtime", "20ms", "--reply-rate", "0"]);
    let port = |name: &str| place.path("ports").join(name);
    std::fs::write(place.path("notes"), "not a modem").unwrap();
    let held = serialport::new(port("modem1").to_str().unwrap(), 115_200).open().unwrap();
    let ports = [port("modem0"), port("modem1"), place.path("later"), place.path("notes")];
    let daemon = Daemon::start(&place.configure("127.0.0.1:0", "1s", &ports));
    let door = &daemon.door;
    daemon.wait_for_modem("modem0");
    let reasons = [("later", "no such port"), ("notes", "not a serial port"), ("modem1", "in use by ")];
    for (id, reason) in reasons {
        let (state, said) =
            eventually(&daemon.process, id, LIMIT, || Some(standing(door, id)).filter(|(_, said)| !said.is_empty()));
        assert_eq!(state, "absent", "{id}: {said}");
        assert!(said.starts_with(reason), "{id}: {said}");
        if id == "modem1" {
            assert!(said.contains(&format!("(process {})", std::process::id())), "{said}");
        }
    }
    let ready = door.get("/readyz");
    assert_eq!((&ready["ready"], &ready["accepting"], &ready["sending"]), (&true.into(), &true.into(), &true.into()));
    for (id, reason) in reasons {
        let said = ready["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap());
        assert_eq!(said.filter(|said| said.contains(id) && said.contains(reason)).count(), 1, "{ready}");
    }
    let sent = wait_for_state(&daemon, &submit(door, "+5511987654321", "by the other"), &["accepted", "delivered"]);
    assert_eq!(sent["parts"][0]["modem"], "modem0");

    symlink(port("modem2"), place.path("later")).unwrap();
    drop(held);
    daemon.wait_for_modem("later");
    daemon.wait_for_modem("modem1");
    assert_eq!(standing(door, "notes").0, "absent");
    for modem in ["later", "modem1"] {
        eventually(&daemon.process, modem, LIMIT, || {
            (standing(door, modem) == ("ready".into(), String::new())).then_some(())
        });
    }
}

#[test]
fn unplugged_modems_that_come_back_send_the_rest_and_nothing_twice() {
    let place = Place::new();
    let modems = ["--airtime", "100ms", "--reply-rate", "0", "--report-delay", "200ms"];
    let emulator = place.emulate(2, &modems);
    let daemon = Daemon::start(&place.configure_emulated("1s", 2));
    let door = &daemon.door;
    let submit = |n: usize| submit(door, &format!("+5511987654{}", 300 + n), &format!("text {n:02}"));
    let ids: Vec<_> = (0..30).map(submit).collect();
    eventually(&daemon.process, "some parts sent", LIMIT, || (place.witness().len() >= 6).then_some(()));
    emulator.kill();
    daemon.process.line("port lost modem=modem0");
    daemon.process.line("port lost modem=modem1");
    let before = place.witness().len();
    let _emulator = place.emulate(2, &modems);
    eventually(&daemon.process, "everything settled", LIMIT, || door.is_settled().then_some(()));
    let mut texts = texts(&place);
    let sent = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), sent, "something was sent twice");
    let mut unknown = 0;
    for (n, id) in ids.iter().enumerate() {
        let message = message(door, id);
        match message["state"].as_str().unwrap() {
            "accepted" | "delivered" => assert!(texts.contains(&format!("text {n:02}")), "{message}"),
            "unknown" => unknown += 1,
            state => panic!("{state}: {message}"),
        }
    }
    assert!(unknown <= 2, "{unknown} parts unknown after two modems were lost");
    assert!(sent + unknown >= ids.len());
    println!("30 texts by 2 modems: {before} sent before the unplugging, {sent} in all, {unknown} unknown");
}

#[test]
fn probing_leaves_the_ports_of_a_daemon_alone_and_says_whose_they_are() {
    let place = Place::new();
    let _emulator = place.emulate(2, &["--airtime", "20ms", "--reply-rate", "0"]);
    let daemon = Daemon::start(&place.configure_emulated("1s", 1));
    daemon.wait_for_modem("modem0");
    let ports = ["modem0", "modem1"].map(|name| place.path("ports").join(name).display().to_string());
    let (status, said) = Process::start(&["probe", "--json", &ports[0], &ports[1]]).end();
    assert_eq!(status.code(), Some(0), "{said}");
    let found: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(found[0]["says"].as_str().unwrap().starts_with("driven by the daemon (process "), "{said}");
    assert_eq!((&found[0]["found"], &found[1]["found"]), (&false.into(), &true.into()), "{said}");
    assert_eq!(standing(&daemon.door, "modem0"), ("ready".into(), String::new()));
}

#[test]
fn a_second_daemon_on_the_same_database_is_refused() {
    let place = Place::new();
    let config = place.configure("127.0.0.1:0", "1s", &[]);
    let daemon = Daemon::start(&config);
    let (status, said) = Daemon::process(&config).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("recado.db: another daemon is using this database"), "{said}");
    assert_eq!(daemon.door.get("/healthz")["ok"], true);
    let socket = UnixStream::connect(place.path("recado.sock")).unwrap();
    assert_eq!(exchange(socket, "GET", "/healthz", "", None).unwrap().0, 200);
}

#[test]
fn all_findings_of_a_configuration_are_told_before_anything_is_opened() {
    let place = Place::new();
    let config = place.path("recado.toml");
    let database = place.path("recado.db");
    let text = format!(
        "[store]\npath = '{}'\n[http]\nlisten = \"0.0.0.0:7670\"\n[serve]\ndrian = \"1s\"\n\
         [messages]\nvalidity = \"1 fortnight\"\n[[modem]]\nport = \"/dev/ttyUSB0\"\n[[modem]]\nname = \"second\"\n",
        database.display()
    );
    std::fs::write(&config, text).unwrap();
    let (status, said) = Daemon::process(&config).end();
    assert_eq!(status.code(), Some(3), "{said}");
    for finding in ["recado.toml:4:", "recado.toml:6:1", "drain", "recado.toml:8:", "fortnight", "port"] {
        assert!(said.contains(finding), "{finding} in {said}");
    }
    assert_eq!(said.lines().count(), 4, "{said}");
    let left = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["recado.toml"]);
}

#[test]
fn the_first_token_is_there_before_anybody_can_connect() {
    let place = Place::new();
    // Where the daemon cannot listen it ends, and what is there then was there before.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let config = place.configure(&listen, "1s", &[]);
    let (status, said) = Daemon::process(&config).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("failed to start: listen on {listen}")), "{said}");
    assert!(!place.path("recado.sock").exists());
    let token = place.path("admin.token");
    assert_eq!(std::fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&token).unwrap();
    drop(taken);

    let daemon = Daemon::start(&config);
    assert_eq!(std::fs::read_to_string(&token).unwrap(), secret, "the token is made once");
    assert_eq!(daemon.door.get("/v1/messages")["items"], json!([]));
    let stranger = Door { token: String::new(), ..daemon.door.clone() };
    let (status, problem) = stranger.ask("GET", "/v1/messages", None).unwrap();
    assert_eq!((status, &problem["type"]), (401, &"urn:recado:problem:unauthorized".into()));
    let local = |path: &str| exchange(UnixStream::connect(place.path("recado.sock")).unwrap(), "GET", path, "", None);
    assert_eq!(local("/v1/messages").unwrap(), (200, daemon.door.get("/v1/messages")));
    let mode = std::fs::metadata(place.path("recado.sock")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode & 0o007, 0, "{mode:o}: others may connect");
    assert!(daemon.process.signal("TERM").success());
    assert!(!place.path("recado.sock").exists());
}

#[test]
fn connections_that_say_nothing_do_not_shut_out_the_command_line() {
    let place = Place::new();
    let daemon = Daemon::start(&place.configure("127.0.0.1:0", "1s", &[]));
    let address = daemon.door.address;
    // More than a door holds; the system keeps the rest in its queue.
    let silent: Vec<_> = (0..300).map(|_| TcpStream::connect_timeout(&address, LIMIT).unwrap()).collect();
    let local = || exchange(UnixStream::connect(place.path("recado.sock")).unwrap(), "GET", "/healthz", "", None);
    assert_eq!(local().unwrap().0, 200);
    let late = TcpStream::connect_timeout(&address, LIMIT).unwrap();
    late.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let waits = exchange(&late, "GET", "/healthz", "", None).unwrap_err();
    assert_eq!(waits.kind(), std::io::ErrorKind::WouldBlock);
    drop(silent);
    assert_eq!(daemon.door.get("/healthz")["ok"], true);
}

#[test]
fn an_answer_arrives_and_is_tied_to_the_message() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "20ms", "--report-delay", "100ms"]);
    let daemon = Daemon::start(&place.configure_emulated("1s", 1));
    let id = submit(&daemon.door, "+5511987650006", "Seu boleto vence hoje");
    let inbox = eventually(&daemon.process, "an answer", LIMIT, || {
        let inbox = daemon.door.list("/v1/inbox");
        (!inbox.is_empty()).then_some(inbox)
    });
    let [answer] = inbox.as_slice() else { panic!("{inbox:?}") };
    let said = [&answer["from"], &answer["text"], &answer["message"], &answer["modem"]];
    assert_eq!(said, ["+5511987650006", "PARE", &id, "modem0"]);
    assert_eq!(wait_for_state(&daemon, &id, &["delivered"])["parts_sent"], 1);
}

#[test]
fn a_wish_to_stop_takes_back_what_waits_and_is_confirmed_and_seen() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "20ms", "--report-delay", "100ms"]);
    let config = place.configure_emulated("1s", 1);
    let daemon = Daemon::start(&config);
    let first = submit(&daemon.door, "+5511987650006", "Seu boleto vence hoje");
    let later = (Clock::host().now().utc + Duration::from_secs(3600)).to_string();
    let body = json!({ "to": "+5511987650006", "text": "Seu boleto venceu", "not_before": later });
    let (status, second) = daemon.door.ask("POST", "/v1/messages", Some(&body)).unwrap();
    assert_eq!((status, &second["state"]), (202, &"queued".into()), "{second}");
    let blocked = wait_for_state(&daemon, second["id"].as_str().unwrap(), &["blocked"]);
    assert!(history(&blocked).contains(&"message.blocked"), "{blocked}");
    wait_for_state(&daemon, &first, &["delivered"]);
    let sent = eventually(&daemon.process, "a confirmation", LIMIT, || {
        let sent = texts(&place);
        (sent.len() > 1).then_some(sent)
    });
    assert!(sent[0] == "Seu boleto vence hoje" && sent[1].contains("VOLTAR"), "{sent:?}");

    let ask = |arguments: &[&str]| {
        let more = ["--json", "--config", config.to_str().unwrap()];
        let (status, said) = Process::start(&[&["conversations"][..], arguments, &more[..]].concat()).end();
        assert_eq!(status.code(), Some(0), "{said}");
        serde_json::from_str::<Value>(&said).unwrap()
    };
    let listed = ask(&[]);
    let told = ["number", "state", "needs_person", "last_intents", "last_text"].map(|field| listed[field].clone());
    assert_eq!(told, [json!("+5511987650006"), json!("open"), json!(false), json!(["opt_out"]), json!("PARE")]);
    let shown = ask(&["show", &listed["id"].to_string()]);
    let turns = shown["messages"].as_array().unwrap();
    assert!(turns.iter().any(|turn| turn["direction"] == "in" && turn["intents"] == json!(["opt_out"])), "{shown}");
    assert!(turns.iter().any(|turn| turn["direction"] == "out" && turn["id"] == first.as_str()), "{shown}");
    let closed = ask(&["close", &listed["id"].to_string()]);
    assert_eq!(closed["assigned"], Value::Null, "{closed}");
}

#[test]
fn a_code_is_answered_by_the_network_and_is_kept_where_it_tells_the_balance() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--profile", "huawei"]);
    let config = place.configure_emulated("1s", 1);
    let ask = |daemon: &Daemon, code: &str| {
        eventually(&daemon.process, "an answer of the network", LIMIT, || {
            let body = json!({ "code": code });
            let (status, answer) = daemon.door.ask("POST", "/v1/modems/modem0/ussd", Some(&body)).unwrap();
            (status == 200).then_some(answer)
        })
    };
    let balance = "Seu saldo: R$ 100,00\nValido ate 31/12";
    let daemon = Daemon::start(&config);
    assert_eq!(ask(&daemon, "*100#"), json!({ "status": "done", "text": balance }));
    assert_eq!(ask(&daemon, "*111#")["status"], "reply_expected");
    assert_eq!(ask(&daemon, "2"), json!({ "status": "ended", "text": "Fim" }));
    let sims = daemon.door.list("/v1/sims");
    assert_eq!(sims[0]["balance"], Value::Null);
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));

    let iccid = sims[0]["iccid"].as_str().unwrap();
    let card = format!("[[sim.card]]\niccid = \"{iccid}\"\nbalance = {{ ussd = \"*100#\", low = 200 }}\n");
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap() + &card).unwrap();
    let daemon = Daemon::start(&config);
    ask(&daemon, "*100#");
    let sims = eventually(&daemon.process, "a balance", LIMIT, || {
        let sims = daemon.door.list("/v1/sims");
        (sims[0]["balance"]["amount"] == "100.00").then_some(sims)
    });
    assert_eq!(sims[0]["balance"]["text"], balance);
    assert_eq!(daemon.door.list("/v1/alarms")[0]["kind"], "balance_low");
}
