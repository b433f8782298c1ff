//! Commands, prompts and submits.

use super::*;

#[test]
fn commands_of_the_start_up_are_answered() {
    let mut bench = Bench::started(&[]);
    let identity = bench.network.identities().remove(0);
    let check = |bench: &mut Bench, command: &str, expected: &[&str]| {
        assert_eq!(bench.command(command), expected, "{command}");
    };
    check(&mut bench, "AT", &["OK"]);
    check(&mut bench, "ATQ0V1", &["OK"]);
    check(&mut bench, "ATS0=0", &["OK"]);
    check(&mut bench, "AT+IFC=0,0", &["OK"]);
    check(&mut bench, "AT+CGSN", &[&identity.imei, "OK"]);
    check(&mut bench, "AT+CFUN?", &["+CFUN: 1", "OK"]);
    check(&mut bench, "AT+QCCID", &["ERROR"]);
    check(&mut bench, "AT+CCID", &[&format!("+CCID: {}", identity.iccid), "OK"]);
    check(&mut bench, "AT+CPIN?", &["+CPIN: READY", "OK"]);
    check(&mut bench, "AT+CIMI", &[&identity.imsi, "OK"]);
    check(&mut bench, "AT+CREG=1", &["OK"]);
    check(&mut bench, "AT+CREG?", &["+CREG: 1,1", "OK"]);
    check(&mut bench, "AT+COPS=3,2", &["OK"]);
    check(&mut bench, "AT+COPS?", &["+COPS: 0,2,\"00101\",7", "OK"]);
    check(&mut bench, "AT+CSQ", &["+CSQ: 21,99", "OK"]);
    check(&mut bench, "AT+CMGF=0", &["OK"]);
    check(&mut bench, "AT+CMGF=1", &["+CMS ERROR: 302"]);
    check(&mut bench, "AT+CSMS=0", &["+CSMS: 1,1,1", "OK"]);
    check(&mut bench, "AT+CSCA?", &["+CSCA: \"+999001010000\",145", "OK"]);
    check(&mut bench, "AT+CPMS=\"SM\",\"SM\",\"SM\"", &["+CPMS: 0,30,0,30,0,30", "OK"]);
    check(&mut bench, "AT+CPMS?", &["+CPMS: \"SM\",0,30,\"SM\",0,30,\"SM\",0,30", "OK"]);
    check(&mut bench, "AT+CPMS=\"MT\"", &["+CMS ERROR: 302"]);
    check(&mut bench, "AT+CNMI=?", &["+CNMI: (0-2),(0,1),(0),(0-2),(0,1)", "OK"]);
    check(&mut bench, "AT+CNMI=2,2,0,1,0", &["+CMS ERROR: 302"]);
    check(&mut bench, "AT+CNMI?", &["+CNMI: 2,1,0,1,0", "OK"]);
    check(&mut bench, "AT+CMMS=2", &["OK"]);
    check(&mut bench, "AT+CHUP", &["OK"]);
    check(&mut bench, "AT+CMGL=4", &["OK"]);
    check(&mut bench, "AT+CMGR=1", &["+CMS ERROR: 321"]);
    check(&mut bench, "AT+CMGD=1", &["OK"]);
    check(&mut bench, "AT+CMGD=31", &["+CMS ERROR: 321"]);
    check(&mut bench, "AT^HCSQ?", &["ERROR"]);
    check(&mut bench, "hello", &[]);
}

#[test]
fn a_modem_after_power_up_echoes_and_answers_in_words() {
    let mut bench = Bench::new(Config::default());
    bench.write("AT");
    bench.write("+CREG=9\r");
    assert_eq!(bench.written[0], "AT+CREG=9\r\r\nERROR\r\n");
    bench.written[0].clear();
    bench.write("ATV0\r");
    assert_eq!(bench.written[0], "ATV0\r0\r");
}

#[test]
fn a_reset_says_ok_and_comes_back_as_after_power_up() {
    let mut bench = Bench::started(&[]);
    assert_eq!(bench.command("AT+CFUN=1,1"), ["OK"]);
    assert_eq!(bench.comings, ["-0"]);
    bench.pass(ms(8000));
    assert_eq!(bench.comings, ["-0", "+0"]);
    bench.open();
    assert_eq!(bench.command("AT"), ["AT", "OK"]);
}

#[test]
fn a_part_is_answered_after_its_airtime_and_written_down_first() {
    let mut bench = Bench::started(&[]);
    bench.submit(TO, "Oi");
    assert_eq!(bench.written[0], "\r\n> ");
    bench.read();
    bench.pass(ms(299));
    assert!(bench.read().is_empty() && bench.accepted.is_empty());
    bench.elapsed += ms(1);
    bench.network.handle_timeout(bench.now());
    let first = bench.network.poll_output().unwrap();
    let Output::Accepted(line) = first else { panic!("the log line must come before {first:?}") };
    bench.drain();
    assert_eq!(bench.read(), [format!("+CMGS: {}", line.mr), "OK".into()]);
    let (_, pdu) = submit_pdu(TO, "Oi", None);
    let expected = LogLine {
        t_us: 300_000,
        modem: 0,
        to: TO.into(),
        text: "Oi".into(),
        concat: None,
        mr: line.mr,
        srr: true,
        pdu,
    };
    assert_eq!(*line, expected);
}

#[test]
fn references_count_modulo_256() {
    let mut bench = Bench::started(&[]);
    for _ in 0..300 {
        bench.send(TO);
    }
    for pair in bench.accepted.windows(2) {
        assert_eq!(pair[1].mr, pair[0].mr.wrapping_add(1));
    }
}

#[test]
fn escape_at_the_prompt_sends_nothing() {
    let mut bench = Bench::started(&[]);
    let (length, hex) = submit_pdu(TO, "Oi", None);
    bench.write(&format!("AT+CMGS={length}\r"));
    bench.write(&hex[..10]);
    assert_eq!(bench.read(), ["> "]);
    bench.write("\u{1b}");
    assert_eq!(bench.read(), ["OK"]);
    assert_eq!(bench.command("AT"), ["OK"]);
    bench.pass(ms(10_000));
    assert!(bench.accepted.is_empty());
}

#[test]
fn a_pdu_that_is_none_or_of_another_length_is_refused() {
    let mut bench = Bench::started(&[]);
    let (length, hex) = submit_pdu(TO, "Oi", None);
    let attempts = [
        (length + 1, hex.clone()),
        (length, format!("{hex}00")),
        (length, "no digits".into()),
        (length, String::new()),
        (length, hex.replacen("0021", "0022", 1)),
        (length, "0".repeat(5000)),
    ];
    for (length, pdu) in attempts {
        bench.write(&format!("AT+CMGS={length}\r{pdu}\u{1a}"));
        assert_eq!(bench.read(), ["> ", "+CMS ERROR: 304"], "{pdu}");
    }
    assert_eq!(bench.command("AT+CMGS=0"), ["+CMS ERROR: 304"]);
    assert_eq!(bench.command("AT+CMGS=200"), ["+CMS ERROR: 304"]);
    assert!(bench.accepted.is_empty());
}

#[test]
fn a_pdu_may_come_in_pieces_and_in_lower_case() {
    let mut bench = Bench::started(&[]);
    let (length, hex) = submit_pdu(TO, "Oi", None);
    bench.write(&format!("AT+CMGS={length}\r"));
    for piece in hex.to_lowercase().as_bytes().chunks(3) {
        bench.write(std::str::from_utf8(piece).unwrap());
    }
    bench.write("\u{1a}");
    bench.pass(ms(300));
    assert_eq!(bench.accepted.len(), 1);
}

#[test]
fn bytes_during_the_airtime_are_done_afterwards() {
    let mut bench = Bench::started(&[]);
    bench.submit(TO, "Oi");
    bench.write("AT+CFUN?\r");
    assert_eq!(bench.read(), ["> "]);
    bench.pass(ms(300));
    let said = bench.read();
    assert_eq!(said[1..], ["OK", "+CFUN: 1", "OK"]);
}

#[test]
fn a_part_on_the_air_is_sent_although_the_port_closes() {
    let mut bench = Bench::started(&[]);
    bench.submit(TO, "Oi");
    bench.read();
    bench.close();
    bench.pass(ms(300));
    assert_eq!(bench.accepted.len(), 1);
    bench.open();
    assert_eq!(bench.command("AT"), ["OK"]);
}

#[test]
fn a_prompt_outlives_the_port_when_dtr_is_ignored() {
    let mut bench = Bench::started(&[]);
    let (length, hex) = submit_pdu(TO, "Oi", None);
    bench.write(&format!("AT+CMGS={length}\r{}", &hex[..12]));
    bench.close();
    bench.open();
    bench.read();
    bench.write("\u{1b}");
    assert_eq!(bench.read(), ["OK"]);
    bench.command("AT&D2");
    bench.write(&format!("AT+CMGS={length}\r{}", &hex[..12]));
    bench.close();
    bench.open();
    bench.read();
    assert_eq!(bench.command("AT"), ["OK"]);
    assert!(bench.accepted.is_empty());
}

#[test]
fn without_a_network_the_modem_refuses() {
    let mut bench = Bench::started(&[]);
    bench.command("AT+CREG=1");
    assert_eq!(bench.command("AT+COPS=2"), ["+CREG: 0", "OK"]);
    assert_eq!(bench.send(TO), ["+CMS ERROR: 331"]);
    assert_eq!(bench.command("AT+COPS=0"), ["+CREG: 1", "OK"]);
    assert_eq!(bench.send(TO).len(), 2);
}

#[test]
fn the_parts_of_a_message_are_logged_with_their_place() {
    let mut bench = Bench::started(&[]);
    for seq in 1..=2 {
        let concat = Concat { reference: 7, total: 2, seq, bits: 8 };
        let (length, hex) = submit_pdu(TO, "metade", Some(concat));
        bench.write(&format!("AT+CMGS={length}\r{hex}\u{1a}"));
        bench.pass(ms(300));
    }
    let places: Vec<_> = bench.accepted.iter().map(|line| line.concat.unwrap()).collect();
    assert_eq!(
        places.iter().map(|place| (place.reference, place.part, place.of)).collect::<Vec<_>>(),
        [(7, 1, 2), (7, 2, 2)]
    );
}
