//! The log of a short run, as programs read it: each line is an object, and what it is about stands in fields that are
//! called the same in all of them.

use std::process::Command;

use serde_json::Value;

use super::common::{Daemon, Door, Place, Process};
use super::{submit, wait_for_state};

const NUMBER: &str = "+5511987654321";

#[test]
fn every_line_about_a_message_or_a_modem_says_which() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "20ms", "--report-delay", "50ms", "--reply-rate", "0"]);
    let config = place.configure_emulated("1s", 1);
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}[log]\nformat = \"json\"\n")).unwrap();
    let process = Process::run_with(
        Command::new(env!("CARGO_BIN_EXE_recado")).args(["serve", "--config", config.to_str().unwrap()]),
        &[("RUST_LOG", "debug")],
    );
    let ready: Value = serde_json::from_str(&process.line("\"message\":\"ready\"")).unwrap();
    let token = std::fs::read_to_string(place.path("admin.token")).unwrap();
    let door = Door { address: ready["address"].as_str().unwrap().parse().unwrap(), token: token.trim().to_owned() };
    let daemon = Daemon { process, door };
    let id = submit(&daemon.door, NUMBER, "segredo de Maria");
    wait_for_state(&daemon, &id, &["delivered"]);
    let iccid = daemon.door.list("/v1/sims")[0]["iccid"].as_str().unwrap().to_owned();
    let sim = iccid[iccid.len() - 4..].to_owned();
    let log = daemon.process.output();
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let said = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
    let about = |word: &str| lines.iter().filter(move |line| said(line) == word).collect::<Vec<_>>();
    for word in ["message.queued", "message.accepted", "message.delivered"] {
        let found = about(word);
        assert_eq!(found.len(), 1, "{word} in {log}");
        assert_eq!(found[0]["message_id"], id.as_str(), "{}", found[0]);
    }
    for word in ["segment.offered", "segment.accepted", "segment.reported"] {
        let found = about(word);
        assert_eq!(found.len(), 1, "{word} in {log}");
        let line = found[0];
        assert_eq!((&line["message_id"], &line["part"]), (&id.as_str().into(), &1.into()), "{line}");
        assert_eq!(line["sim"], sim.as_str(), "{line}");
        assert!(line["seq"].is_number(), "{line}");
    }
    for word in ["port opened", "modem up", "segment settled", "modem.up"] {
        let found = about(word);
        assert!(!found.is_empty(), "{word} in {log}");
        assert!(found.iter().all(|line| line["modem"] == "modem0"), "{found:?}");
    }
    for word in ["modem up", "segment settled", "sim.seen"] {
        assert!(about(word).iter().all(|line| line["sim"] == sim.as_str()), "{log}");
    }
    for line in &lines {
        for field in ["timestamp", "level", "target", "message"] {
            assert!(line[field].is_string(), "{field} of {line}");
        }
        // Whoever is told apart by words or by other names of fields is not found by programs.
        let names: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert!(
            !names.iter().any(|name| ["id", "modem_id", "sim_id", "iccid", "port_id"].contains(&name.as_str())),
            "{line}"
        );
    }
    for secret in [NUMBER.trim_start_matches('+'), "87654321", "segredo", "Maria", &iccid] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
