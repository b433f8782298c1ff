//! `recado emulate` as a program: its ports, its log, its end, and what it says to wrong arguments.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that fails")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A folder of its own, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("recado-emulate-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A child that does not outlive the test.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        self.0.kill().and_then(|()| self.0.wait()).map(drop).unwrap_or_default();
    }
}

fn emulate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
    command.arg("emulate").args(arguments);
    command
}

fn read_until(port: &mut dyn serialport::SerialPort, end: &str) -> String {
    let mut said = Vec::new();
    while !said.ends_with(end.as_bytes()) {
        let mut byte = [0];
        port.read_exact(&mut byte).unwrap();
        said.extend(byte);
    }
    String::from_utf8(said).unwrap()
}

#[test]
fn a_text_is_sent_logged_and_the_links_go_at_the_end() {
    let folder = Folder::new("run");
    let dir = folder.0.join("ports").display().to_string();
    let log = folder.0.join("log");
    let arguments = ["--modems", "2", "--dir", &dir, "--airtime", "0", "--log", &log.display().to_string()];
    let mut emulator = Emulator(emulate(&arguments).stdout(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(emulator.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let paths = [said.next().unwrap(), said.next().unwrap()];
    assert_eq!(paths, [format!("{dir}/modem0"), format!("{dir}/modem1")]);
    assert_eq!(said.next().unwrap(), "ready");

    let mut port = serialport::new(&paths[1], 115_200).timeout(Duration::from_secs(20)).open().unwrap();
    port.write_all(b"ATE0\r").unwrap();
    read_until(port.as_mut(), "OK\r\n");
    // "Oi" to +5511987654321 with a status report asked for.
    let pdu = "0021000D91551189674523F1000002CF34";
    port.write_all(b"AT+CMGS=16\r").unwrap();
    read_until(port.as_mut(), "> ");
    port.write_all(format!("{pdu}\x1a").as_bytes()).unwrap();
    let answer = read_until(port.as_mut(), "OK\r\n");
    assert!(answer.starts_with("\r\n+CMGS: "), "{answer:?}");
    let logged: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&log).unwrap()).unwrap();
    assert_eq!((&logged["modem"], &logged["to"], &logged["text"]), (&1.into(), &"+5511987654321".into(), &"Oi".into()));
    drop(port);

    let killed = Command::new("kill").args(["-TERM", &emulator.0.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(emulator.0.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
}

fn check(arguments: &[&str], exit_code: i32, expected: &[&str]) {
    let Output { status, stderr, .. } = emulate(arguments).output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(exit_code), "{said}");
    assert!(expected.iter().all(|expected| said.contains(expected)), "{said}");
}

#[test]
fn wrong_arguments_are_named_with_what_there_is() {
    let folder = Folder::new("wrong");
    let dir = folder.0.display().to_string();
    let start = ["--modems", "1", "--dir", &dir];
    let with = |more: [&str; 2], expected: &[&str]| check(&[&start[..], &more].concat(), 2, expected);
    with(["--fault", "drop_results=0.1"], &["drop_results", "drop_result ", "prompt_survives", "cms=CODE"]);
    with(["--fault", "split=2"], &["from 0 to 1"]);
    with(["--profile", "nokia"], &["nokia", "there is generic, huawei", "mixed"]);
    with(["--airtime", "3 s"], &["ms, s, m, h, d"]);
    std::fs::write(folder.0.join("modem0"), "").unwrap();
    check(&start, 1, &["modem0 is there and is not a link"]);
}
