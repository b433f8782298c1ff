//! What a session says to what a modem says.

use proptest::prelude::*;

use super::*;
use crate::at::{self, List, Network, Plain, Registered, Store};

const NOW: Instant = Instant::ZERO;

/// Everything that a session says to `bytes` while `command` runs, in whole and octet by octet.
fn check<C: Command>(command: &C, bytes: &str, expected: &[&str]) {
    for size in [bytes.len(), 1] {
        let mut session = Session::default();
        session.start(command, NOW);
        let mut said = Vec::new();
        for chunk in bytes.as_bytes().chunks(size) {
            session.handle_bytes(chunk, NOW);
            while let Some(output) = session.poll_output() {
                said.push(show(&output));
            }
        }
        assert_eq!(said, expected, "{bytes:?} in chunks of {size}");
    }
}

fn show(output: &Output) -> String {
    if let Output::Finished(finished) = output {
        let lines: Vec<_> = finished.reply.lines().map(String::from_utf8_lossy).collect();
        return format!("{:?} {}", finished.ended, lines.join("|"));
    }
    format!("{output:?}")
}

#[test]
fn answers_and_final_results() {
    check(&at::QuerySignal, "AT+CSQ\r\r\n+CSQ: 17,99\r\n\r\nOK\r\n", &["Echo", "Ok +CSQ: 17,99"]);
    check(&Plain::new("+X"), "\r\nCOMMAND NOT SUPPORT\r\n", &["Failed(Text(CommandNotSupport)) "]);
    check(&Plain::new("E0"), "ATE0\r0\r", &["Echo", "Ok "]);
    check(&Plain::new("+X"), "\r\n+CME ERROR: SIM busy\r\n", &["Failed(Cme(14)) "]);
}

#[test]
fn a_prefix_of_both_kinds_is_routed_by_its_form() {
    let query = at::QueryRegistration(Network::Circuit);
    let changed = "Unsolicited(Registration(Circuit, Roaming))";
    check(&query, "+CREG: 5\r\n+CREG: 1,1\r\nOK\r\n", &[changed, "Ok +CREG: 1,1"]);
    check(
        &query,
        "+CREG: 5,\"00A1\",\"04D2\",7\r\n+CREG: 2,1,\"00A1\",\"04D2\",7\r\nOK\r\n",
        &[changed, "Ok +CREG: 2,1,\"00A1\",\"04D2\",7"],
    );
    check(&Plain::new(""), "+CREG: 5\r\nOK\r\n", &[changed, "Ok "]);
}

#[test]
fn an_unknown_line_ends_nothing() {
    check(
        &Plain::new(""),
        "OKAY\r\n+FOO: 5511\r\n\r\nOK\r\n",
        &["Unknown { name: \"\" }", "Unknown { name: \"+FOO\" }", "Ok "],
    );
}

#[test]
fn routed_messages_interleave_with_a_list() {
    let bytes = "+CMGL: 1,0,,24\r\n+CMT: ,24\r\n07914487200030AA\r\n07914487200030BB\r\n+CDS: 25\r\n+CMTI: \"SM\",2\r\n\
                 07914487200030CC\r\nOK\r\n";
    let routed = |kind, pdu: &str| show(&Output::Unsolicited(Unsolicited::Routed { kind, pdu: pdu.into() }));
    check(
        &List,
        bytes,
        &[
            &routed(Routed::Deliver, "07914487200030AA"),
            &show(&Output::Unsolicited(Unsolicited::Stored(Some(Store::Sim)))),
            &routed(Routed::StatusReport, "07914487200030CC"),
            "Ok +CMGL: 1,0,,24|07914487200030BB",
        ],
    );
}

#[test]
fn no_carrier_ends_a_call_before_it_ends_a_command() {
    check(
        &Plain::new(""),
        "RING\r\nNO CARRIER\r\nNO CARRIER\r\n",
        &["Unsolicited(Ring)", "Unsolicited(CallEnded)", "Failed(Text(NoCarrier)) "],
    );
}

#[test]
fn a_babbling_answer_is_cut_and_reported_once() {
    let mut session = Session::default();
    session.start(&at::QueryText("+CGMI"), NOW);
    let line = format!("{}\r\n", "x".repeat(4000));
    let mut said = Vec::new();
    for _ in 0..70 {
        session.handle_bytes(line.as_bytes(), NOW);
        said.extend(std::iter::from_fn(|| session.poll_output()));
    }
    assert_eq!(said, [Output::Overrun(Overrun::Reply)]);
}

#[test]
fn the_time_of_a_list_counts_from_the_last_octet() {
    let at = |seconds| Instant::from_origin(Duration::from_secs(seconds));
    let mut session = Session::default();
    session.start(&List, at(0));
    assert_eq!(session.deadline(), Some(at(20)));
    session.handle_bytes(b"+CMGL: 1", at(15));
    assert_eq!(session.deadline(), Some(at(35)));
    session.handle_timeout(at(34));
    assert_eq!(session.poll_output(), None);
    session.handle_timeout(at(35));
    assert!(matches!(session.poll_output(), Some(Output::Finished(Finished { ended: Ended::TimedOut, .. }))));
}

#[test]
fn a_pdu_goes_out_at_a_prompt_only() {
    let mut session = Session::default();
    assert!(!session.send_pdu("00", Duration::ZERO, NOW));
    session.start(&at::Submit { tpdu_length: 1 }, NOW);
    assert_eq!(session.poll_write(), Some(b"AT+CMGS=1\r".to_vec()));
    assert!(!session.send_pdu("00", Duration::ZERO, NOW));
    session.handle_bytes(b"\r\n> ", NOW);
    assert_eq!(session.poll_output(), Some(Output::Prompt));
    assert_eq!(session.deadline(), None);
    assert!(session.send_pdu("0001", Duration::from_secs(150), NOW));
    assert_eq!(session.poll_write(), Some(b"0001\x1a".to_vec()));
    assert!(!session.send_pdu("0001", Duration::ZERO, NOW));
    session.escape(NOW);
    assert_eq!(session.poll_write(), None, "no ESC after a PDU");
}

/// Texts travel as digits; what is none would be a command of whoever has written the text.
#[test]
fn what_is_no_pdu_is_not_written_at_a_prompt() {
    let mut session = Session::default();
    session.start(&at::Submit { tpdu_length: 2 }, NOW);
    session.handle_bytes(b"\r\n> ", NOW);
    assert_eq!(session.poll_output(), Some(Output::Prompt));
    for hostile in ["0001\u{1a}", "0001\r\nAT+CFUN=0\r", "\u{1b}", "Oi"] {
        assert!(!session.send_pdu(hostile, Duration::ZERO, NOW), "{hostile:?}");
    }
    assert!(session.send_pdu("00Ff", Duration::from_secs(150), NOW), "the prompt is there still");
}

#[test]
fn the_answer_of_a_service_over_several_lines() {
    let said = show(&Output::Unsolicited(Unsolicited::Ussd(at::UssdResult {
        status: at::UssdStatus::Done,
        text: Some(b"Saldo R$ 3,50\r\nOK\r\nValido".to_vec()),
        dcs: Some(15),
    })));
    let bytes = "+CUSD: 0,\"Saldo R$ 3,50\r\nOK\r\nValido\",15\r\n\r\nOK\r\n";
    check(&at::RequestUssd("*100#"), bytes, &[&said, "Ok "]);
    assert!(!said.contains("Saldo"), "{said}");
}

#[test]
fn a_text_that_is_never_closed_holds_a_result_up_for_two_seconds_of_silence() {
    let at = |millis| Instant::from_origin(Duration::from_millis(millis));
    let mut session = Session::default();
    session.start(&Plain::new("+CUSD=2"), at(0));
    session.handle_bytes(b"+CUSD: 0,\"Saldo\r\n", at(100));
    assert_eq!(session.poll_output(), None);
    session.handle_bytes(b"\r\nOK\r\n", at(600));
    assert_eq!(session.poll_output(), None);
    assert_eq!(session.deadline(), Some(at(2600)));
    session.handle_timeout(at(2600));
    assert!(matches!(session.poll_output(), Some(Output::Unsolicited(Unsolicited::Ussd(_)))));
    assert!(matches!(session.poll_output(), Some(Output::Finished(Finished { ended: Ended::Ok, .. }))));
}

#[test]
fn chatter_does_not_hold_a_result_up_for_ever() {
    let at = |seconds| Instant::from_origin(Duration::from_secs(seconds));
    let mut session = Session::default();
    session.handle_bytes(b"+CUSD: 0,\"Saldo\r\n", at(0));
    for second in 1..10 {
        assert_eq!(session.poll_output(), None);
        session.handle_bytes(b"^RSSI:18\r\n", at(second));
    }
    assert_eq!(session.poll_output(), None);
    assert_eq!(session.deadline(), Some(at(10)));
}

#[test]
fn registered_only_by_announcement() {
    let mut session = Session::default();
    session.handle_bytes(b"\r\n+CEREG: 1\r\n\r\nOK\r\n", NOW);
    let registered = Unsolicited::Registration(Network::Evolved, Registered::Home);
    assert_eq!(session.poll_output(), Some(Output::Unsolicited(registered)));
    assert_eq!(session.poll_output(), None, "a final result without a command is nothing");
}

proptest! {
    #[test]
    fn any_octets_in_any_chunks_say_the_same(
        pieces in prop::collection::vec(prop_oneof![
            Just("\r\n"), Just("> "), Just("OK\r\n"), Just("ERROR\r\n"), Just("+CMT: ,24\r\n"), Just("+CMGL: 1,0,,24\r\n"),
            Just("07914487200030AA\r\n"), Just("+CREG: 1"), Just("RING\r\n"), Just("NO CARRIER\r\n"), Just("AT+CMGL=4\r"),
            Just("+CMGS: 5\r\n"), Just("0\r"), Just("x"),
        ], 0..30),
        size in 1_usize..30,
    ) {
        let bytes = pieces.concat();
        let run = |size: usize| {
            let mut session = Session::default();
            session.start(&List, NOW);
            let mut said = Vec::new();
            for chunk in bytes.as_bytes().chunks(size) {
                session.handle_bytes(chunk, NOW);
                said.extend(std::iter::from_fn(|| session.poll_output()));
            }
            said
        };
        prop_assert_eq!(run(size), run(bytes.len().max(1)));
    }
}
