//! Ports that are played by the test, on pseudo-terminals.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::task::{JoinHandle, spawn_blocking};

use super::*;

/// A port where `say` is said to each line that comes, until it is closed. Gives what was written to it.
fn port(greeting: &'static [u8], say: fn(&str) -> &'static str) -> (PathBuf, JoinHandle<Vec<u8>>) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = std::ffi::OsString::from_vec(ptsname(&master, Vec::new()).unwrap().into_bytes());
    let mut port = File::from(master);
    let play = spawn_blocking(move || {
        let (mut written, mut line, mut octet) = (Vec::new(), String::new(), [0]);
        // The closing of a pseudo-terminal is an error to its master.
        while port.read_exact(&mut octet).is_ok() {
            if written.is_empty() {
                port.write_all(greeting).unwrap();
            }
            written.push(octet[0]);
            match octet[0] {
                b'\r' => {
                    // A port that is closed before it is answered.
                    if port.write_all(say(&std::mem::take(&mut line)).as_bytes()).is_err() {
                        break;
                    }
                }
                0x1b => line.clear(),
                other => line.push(char::from(other)),
            }
        }
        written
    });
    (path.into(), play)
}

fn modem(line: &str) -> &'static str {
    match line {
        "AT+CGSN" => "\r\n490154203237518\r\n\r\nOK\r\n",
        "AT+CGMI" => "\r\nQuectel\r\n\r\nOK\r\n",
        "AT+CGMM" => "\r\nEC25\r\n\r\nOK\r\n",
        "AT+CGMR" => "\r\nEC25EFAR06A03M4G\r\n\r\nOK\r\n",
        "AT+CCID" => "\r\n+CCID: 89550310000012345678\r\n\r\nOK\r\n",
        "AT+CSQ" => "\r\n+CSQ: 17,99\r\n\r\nOK\r\n",
        "AT" => "\r\nOK\r\n",
        _ => "\r\nERROR\r\n",
    }
}

async fn probe(greeting: &'static [u8], say: fn(&str) -> &'static str) -> (Result<Asked, ProbeError>, Vec<u8>) {
    let (path, play) = port(greeting, say);
    let asked = ask(&path, Depth::Everything, &Clock::host()).await;
    (asked, play.await.unwrap())
}

#[tokio::test]
async fn a_modem_says_who_it_is_and_is_told_nothing() {
    let (asked, written) = probe(b"", modem).await;
    let asked = asked.unwrap();
    let identity = asked.identity;
    let said = [identity.imei, identity.manufacturer, identity.model, identity.firmware, identity.iccid];
    let expected = ["490154203237518", "Quectel", "EC25", "EC25EFAR06A03M4G", "89550310000012345678"];
    assert_eq!(said.map(Option::unwrap), expected);
    assert_eq!(asked.signal_dbm, Some(-79));
    let written = String::from_utf8(written).unwrap();
    let is_question = |line: &str| line == "AT" || line == "AT+CSQ" || line.contains("+CG") || line.contains("ID");
    assert!(written.split_terminator('\r').all(|line| is_question(line) || line.contains("+CRSM=176")), "{written:?}");
}

#[tokio::test]
async fn a_port_that_streams_positions_is_told_apart_even_if_it_says_ok() {
    let sentence = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n";
    let (asked, _) = probe(sentence, |_| "").await;
    assert!(matches!(asked, Err(ProbeError::Streams)), "{asked:?}");
    let (asked, _) = probe(sentence, modem).await;
    assert!(matches!(asked, Err(ProbeError::Streams)), "{asked:?}");
}

#[tokio::test]
async fn a_diagnostic_port_streams() {
    let (asked, _) =
        probe(b"\x7e\x13\x01\x02\x90\xff\xfe\x80\x81\x7e\x7e\x13\x01\x02\x90\xff\xfe\x80\x81\x7e", |_| "").await;
    assert!(matches!(asked, Err(ProbeError::Streams)), "{asked:?}");
}

#[tokio::test]
async fn a_mute_port_is_called_three_times() {
    let (asked, written) = probe(b"", |_| "").await;
    assert!(matches!(asked, Err(ProbeError::Mute)), "{asked:?}");
    assert_eq!(written, b"AT\r\x1bAT\r\x1bAT\r");
}

#[tokio::test]
async fn what_answers_something_else_is_no_modem() {
    let (asked, _) = probe(b"", |_| "login: \r\n").await;
    assert!(matches!(asked, Err(ProbeError::NotAModem)), "{asked:?}");
}

#[tokio::test]
async fn a_port_of_another_process_names_it() {
    use std::process::{Command, Stdio};
    let (path, _play) = port(b"", modem);
    let side = File::options().read(true).write(true).open(&path).unwrap();
    let mut child = Command::new("cat").stdin(side).stdout(Stdio::null()).spawn().unwrap();
    let taken = serialport::new(path.to_str().unwrap(), 115_200).open().unwrap();
    let asked = ask(&path, Depth::Imei, &Clock::host()).await;
    child.kill().unwrap();
    child.wait().unwrap();
    drop(taken);
    let said = asked.unwrap_err().to_string();
    assert!(said.starts_with(&format!("in use by cat (process {})", child.id())), "{said}");
}
