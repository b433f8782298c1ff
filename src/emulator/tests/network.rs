//! Reports, answers and people who write.

use super::*;

#[test]
fn a_report_follows_the_acceptance() {
    let mut bench = Bench::started(&[]);
    bench.send(TO);
    bench.pass(ms(4000));
    assert!(bench.read().is_empty());
    bench.pass(ms(2000));
    let said = bench.read();
    assert!(said[0].starts_with("+CDS: "), "{said:?}");
    assert_eq!(said[0], format!("+CDS: {}", said[1].len() / 2 - 8));
    assert_eq!(reports(&said), [(bench.accepted[0].mr, 0)]);
}

#[test]
fn reports_overtake_one_another() {
    let mut bench = Bench::started(&[]);
    for _ in 0..30 {
        bench.send(TO);
    }
    bench.pass(ms(10_000));
    let got: Vec<u8> = reports(&bench.read()).iter().map(|(mr, _)| *mr).collect();
    let mut sent: Vec<u8> = bench.accepted.iter().map(|line| line.mr).collect();
    assert_ne!(got, sent[sent.len() - got.len()..]);
    sent.sort_unstable();
    assert!(got.iter().all(|mr| sent.contains(mr)));
}

#[test]
fn a_report_is_lost_when_nobody_has_the_port_open() {
    let mut bench = Bench::started(&[]);
    bench.send(TO);
    bench.close();
    bench.pass(ms(10_000));
    bench.open();
    bench.pass(ms(10_000));
    assert!(bench.read().is_empty());
    assert_eq!(bench.command("AT+CMGL=4"), ["OK"]);
}

#[test]
fn a_stored_report_waits_for_whoever_opens_the_port() {
    let mut bench = Bench::started(&[]);
    bench.command("AT+CNMI=2,1,0,2,0");
    bench.send(TO);
    bench.pass(ms(6000));
    assert_eq!(bench.read(), ["+CDSI: \"ME\",1"]);
    bench.send(TO);
    bench.close();
    bench.pass(ms(6000));
    bench.open();
    let listed = bench.command("AT+CMGL=4");
    assert_eq!(reports(&listed).len(), 2);
}

#[test]
fn numbers_with_a_fixed_fate_meet_it() {
    let mut bench = Bench::started(&[]);
    let mut check = |to: &str, answer: &[&str], expected: &[u8]| {
        let before = bench.accepted.len();
        let said = bench.send(to);
        bench.pass(ms(30_000));
        let after = bench.read();
        let got: Vec<u8> = reports(&after).iter().map(|(_, status)| *status).collect();
        assert_eq!(got, expected, "{to}");
        if answer.is_empty() {
            assert_eq!((said.len(), bench.accepted.len()), (2, before + 1), "{to}");
        } else {
            assert_eq!((said, bench.accepted.len()), (answer.iter().map(ToString::to_string).collect(), before));
        }
        after
    };
    check("+5511900000001", &[], &[0x46]);
    check("+5511900000002", &[], &[]);
    check("+5511900000003", &["+CMS ERROR: 1"], &[]);
    check("+5511900000004", &[], &[0x30, 0x00]);
    check("+5511900000005", &["+CMS ERROR: 38"], &[]);
    assert!(check("+5511900000006", &[], &[0]).contains(&"+CMTI: \"ME\",1".to_owned()));
    let announced = check("+5511900000007", &[], &[0]);
    assert!(announced.iter().filter(|line| line.starts_with("+CMTI")).count() > 1, "{announced:?}");
    let listed = texts(&bench.command("AT+CMGL=4"));
    assert_eq!(listed[0], "PARE");
    assert_eq!(listed[1..].concat(), recipient::Tongue::Portuguese.long_answer());
}

#[test]
fn recipients_answer_at_the_configured_rate() {
    let mut bench = Bench::new(Config { reply_rate: Rate::new(0.5).unwrap(), storage_slots: 300, ..Config::default() });
    bench.start_up();
    for _ in 0..60 {
        bench.send("+5215512345678");
    }
    bench.pass(ms(20_000));
    let listed = texts(&bench.command("AT+CMGL=4"));
    assert!((20..120).contains(&listed.len()), "{}", listed.len());
    assert!(listed.iter().any(|text| text == "Ya pagu\u{e9} ayer"), "{listed:?}");
}

#[test]
fn a_person_writes_and_the_text_is_stored_and_announced() {
    let mut bench = Bench::started(&[]);
    bench.inbound("+5511987654321", "Quem \u{e9}?");
    assert_eq!(bench.read(), ["+CMTI: \"ME\",1"]);
    bench.close();
    bench.inbound("Banco", "n\u{e3}o responda");
    bench.open();
    assert!(bench.read().is_empty());
    let listed = bench.command("AT+CMGL=0");
    assert!(listed[0].starts_with("+CMGL: 1,0,,") && listed[2].starts_with("+CMGL: 2,0,,"), "{listed:?}");
    assert_eq!(texts(&listed), ["Quem \u{e9}?", "n\u{e3}o responda"]);
    let again = bench.command("AT+CMGR=1");
    assert!(again[0].starts_with("+CMGR: 1,,"), "{again:?}");
    assert_eq!(bench.command("AT+CMGD=1"), ["OK"]);
    assert_eq!(texts(&bench.command("AT+CMGL=4")).len(), 1);
}

#[test]
fn an_announcement_waits_for_the_end_of_the_prompt() {
    let mut bench = Bench::started(&[]);
    let (length, hex) = submit_pdu(TO, "Oi", None);
    bench.write(&format!("AT+CMGS={length}\r"));
    bench.inbound(TO, "alo");
    assert_eq!(bench.read(), ["> "]);
    bench.write(&format!("{hex}\u{1a}"));
    bench.pass(ms(300));
    let said = bench.read();
    assert_eq!(said[0], "+CMTI: \"ME\",1");
    assert!(said[1].starts_with("+CMGS: "), "{said:?}");
}

#[test]
fn a_full_store_leaves_messages_at_the_centre() {
    let mut bench = Bench::new(Config { storage_slots: 2, ..Config::default() });
    bench.start_up();
    for text in ["one", "two", "three"] {
        bench.inbound(TO, text);
    }
    bench.read();
    assert_eq!(texts(&bench.command("AT+CMGL=4")), ["one", "two"]);
    bench.command("AT+CMGD=1");
    bench.pass(ms(1000));
    assert_eq!(bench.read(), ["+CMTI: \"ME\",1"]);
    assert_eq!(texts(&bench.command("AT+CMGR=1")), ["three"]);
}

#[test]
fn an_unplugged_modem_gets_its_messages_later_and_keeps_what_it_stored() {
    let mut bench = Bench::started(&[]);
    bench.inbound(TO, "before");
    bench.network.unplug(0, bench.now());
    bench.inbound(TO, "meanwhile");
    bench.pass(ms(60_000));
    assert_eq!(bench.comings, ["-0"]);
    bench.network.plug(0, bench.now());
    bench.drain();
    assert_eq!(bench.comings, ["-0", "+0"]);
    bench.open();
    bench.read();
    bench.start_up();
    bench.pass(ms(1000));
    assert_eq!(bench.read(), ["+CMTI: \"ME\",2"]);
    assert_eq!(texts(&bench.command("AT+CMGL=4")), ["before", "meanwhile"]);
}

#[test]
fn a_sender_that_cannot_be_written_is_refused() {
    let mut bench = Bench::started(&[]);
    let now = bench.now();
    assert!(matches!(bench.network.inbound(0, "", "x", now), Err(InboundError::Sender(_))));
    assert_eq!(bench.network.inbound(5, TO, "x", now), Err(InboundError::NoSuchModem(5)));
}
