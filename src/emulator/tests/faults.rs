//! Each fault, shown.

use super::*;

#[test]
fn drop_result_accepts_and_says_nothing() {
    let mut bench = Bench::started(&["drop_result=1"]);
    assert!(bench.send(TO).is_empty());
    assert_eq!(bench.accepted.len(), 1);
    assert_eq!(bench.command("AT"), ["OK"]);
}

#[test]
fn drop_before_send_neither_accepts_nor_answers() {
    let mut bench = Bench::started(&["drop_before_send=1"]);
    assert!(bench.send(TO).is_empty());
    assert_eq!(bench.command("AT"), ["OK"]);
    bench.pass(ms(60_000));
    assert!(bench.accepted.is_empty() && bench.read().is_empty());
}

#[test]
fn late_result_keeps_the_modem_deaf_until_it_comes() {
    let mut bench = Bench::started(&["late_result=1"]);
    assert!(bench.send(TO).is_empty());
    assert_eq!(bench.accepted.len(), 1);
    assert!(bench.command("AT").is_empty());
    bench.pass(ms(180_000));
    let said: Vec<String> = bench.read().into_iter().filter(|line| line.starts_with('+') || line == "OK").collect();
    assert!(said.contains(&format!("+CMGS: {}", bench.accepted[0].mr)), "{said:?}");
    assert_eq!(said.iter().filter(|line| *line == "OK").count(), 2);
}

#[test]
fn split_cuts_an_answer_into_pieces_that_add_up() {
    let mut bench = Bench::started(&["split=1"]);
    bench.pieces.clear();
    for _ in 0..10 {
        bench.write("AT+CPMS?\r");
        bench.pass(ms(200));
        assert_eq!(bench.read(), ["+CPMS: \"ME\",0,30,\"ME\",0,30,\"ME\",0,30", "OK"]);
    }
    assert!(bench.pieces.len() > 15, "{:?}", bench.pieces);
}

#[test]
fn garbage_comes_before_an_answer() {
    let mut bench = Bench::started(&["garbage=1"]);
    bench.write("AT\r");
    let written = bench.written[0].clone();
    assert!(written.ends_with("\r\nOK\r\n") && written.len() > 6, "{written:?}");
    assert!(!written[..written.len() - 6].contains(['\r', '\n', '>']), "{written:?}");
}

#[test]
fn echo_returns_lines_and_pdus_although_it_is_off() {
    let mut bench = Bench::started(&["echo=1"]);
    assert_eq!(bench.command("AT+CFUN?"), ["AT+CFUN?", "+CFUN: 1", "OK"]);
    let (length, hex) = submit_pdu(TO, "Oi", None);
    bench.write(&format!("AT+CMGS={length}\r{hex}\u{1a}"));
    assert_eq!(bench.read(), [format!("AT+CMGS={length}"), format!("> {hex}")]);
}

#[test]
fn double_cr_ends_every_line_of_an_answer() {
    let mut bench = Bench::started(&["double_cr=1"]);
    bench.write("AT+CFUN?\r");
    assert_eq!(bench.written[0], "\r\r\n+CFUN: 1\r\r\n\r\r\nOK\r\r\n");
}

#[test]
fn urc_throws_lines_in_everywhere_but_between_header_and_pdu() {
    let mut bench = Bench::started(&["urc=1"]);
    bench.inbound(TO, "alo");
    bench.read();
    let mut places = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let said = bench.command("AT+CMGL=4");
        assert_eq!(said.len(), 4);
        let header = said.iter().position(|line| line.starts_with("+CMGL")).unwrap();
        assert_eq!(texts(&said[header + 1..header + 2]), ["alo"]);
        let done = said.iter().position(|line| line == "OK").unwrap();
        places.insert((header, done));
    }
    assert_eq!(places.into_iter().collect::<Vec<_>>(), [(0, 2), (0, 3), (1, 3)]);
    let (length, _) = submit_pdu(TO, "Oi", None);
    bench.write(&format!("AT+CMGS={length}\r"));
    let said = bench.read();
    assert_eq!((said[0].as_str(), said.len()), ("> ", 2));
}

#[test]
fn early_report_is_there_before_the_result() {
    let mut bench = Bench::started(&["early_report=1"]);
    let said = bench.send(TO);
    assert!(said[0].starts_with("+CDS: ") && said[2].starts_with("+CMGS: "), "{said:?}");
    assert_eq!(reports(&said), [(bench.accepted[0].mr, 0)]);
    bench.pass(ms(10_000));
    assert!(bench.read().is_empty());
}

#[test]
fn report_loss_and_report_dup_change_the_count() {
    let count = |fault: &[&str]| {
        let mut bench = Bench::started(fault);
        bench.send(TO);
        bench.pass(ms(20_000));
        reports(&bench.read()).len()
    };
    assert_eq!((count(&["report_loss=1"]), count(&[]), count(&["report_dup=1"])), (0, 1, 2));
}

#[test]
fn cms_ends_a_part_with_its_code_and_without_acceptance() {
    let mut bench = Bench::started(&["cms=500=1"]);
    assert_eq!(bench.send(TO), ["+CMS ERROR: 500"]);
    bench.pass(ms(10_000));
    assert!(bench.accepted.is_empty() && bench.read().is_empty());
}

#[test]
fn no_prompt_leaves_the_driver_waiting() {
    let mut bench = Bench::started(&["no_prompt=1"]);
    assert!(bench.command("AT+CMGS=20").is_empty());
    bench.write("\u{1b}");
    assert_eq!(bench.command("AT"), ["OK"]);
}

#[test]
fn hang_ends_when_the_port_is_closed_and_opened() {
    let mut bench = Bench::started(&["hang=1"]);
    assert!(bench.command("AT").is_empty());
    bench.network.set_faults(&[]);
    assert!(bench.command("AT").is_empty());
    bench.pass(ms(600_000));
    assert!(bench.command("\u{1b}AT").is_empty());
    bench.close();
    bench.open();
    assert_eq!(bench.command("AT"), ["OK"]);
}

#[test]
fn a_part_at_which_the_modem_hangs_was_sent() {
    let mut bench = Bench::started(&[]);
    let (length, hex) = submit_pdu(TO, "Oi", None);
    bench.write(&format!("AT+CMGS={length}\r"));
    bench.network.set_faults(&["hang=1".parse().unwrap()]);
    bench.write(&format!("{hex}\u{1a}"));
    bench.pass(ms(10_000));
    assert_eq!((bench.read(), bench.accepted.len()), (vec!["> ".to_owned()], 1));
}

#[test]
fn vanish_hangs_up_and_returns_as_after_power_up() {
    let mut bench = Bench::started(&["vanish=1"]);
    bench.inbound(TO, "kept");
    bench.read();
    assert!(bench.command("AT").is_empty());
    assert_eq!(bench.comings, ["-0"]);
    bench.pass(ms(1999));
    assert_eq!(bench.comings, ["-0"]);
    bench.pass(ms(6001));
    assert_eq!(bench.comings, ["-0", "+0"]);
    bench.network.set_faults(&[]);
    bench.open();
    assert_eq!(bench.command("AT"), ["AT", "OK"]);
    bench.start_up();
    assert_eq!(texts(&bench.command("AT+CMGL=4")), ["kept"]);
}

#[test]
fn a_part_at_which_the_modem_vanishes_was_sent_in_some_cases() {
    let mut sent = 0;
    let mut bench = Bench::started(&[]);
    for _ in 0..40 {
        let (length, hex) = submit_pdu(TO, "Oi", None);
        bench.write(&format!("AT+CMGS={length}\r"));
        bench.network.set_faults(&["vanish=1".parse().unwrap()]);
        let before = bench.accepted.len();
        bench.write(&format!("{hex}\u{1a}"));
        sent += bench.accepted.len() - before;
        bench.network.set_faults(&[]);
        bench.pass(ms(8000));
        bench.open();
        bench.read();
    }
    assert!((5..35).contains(&sent), "{sent}");
}

#[test]
fn an_unplugged_modem_does_not_finish_what_was_on_the_air() {
    let mut bench = Bench::started(&[]);
    bench.submit(TO, "Oi");
    bench.network.unplug(0, bench.now());
    bench.pass(ms(10_000));
    assert!(bench.accepted.is_empty());
}

#[test]
fn storage_full_refuses_until_something_is_deleted() {
    let mut bench = Bench::started(&["storage_full=1"]);
    bench.inbound(TO, "one");
    bench.inbound(TO, "two");
    bench.read();
    assert_eq!(bench.send(TO), ["+CMS ERROR: 322"]);
    assert!(bench.accepted.is_empty());
    assert_eq!(bench.command("AT+CPMS?")[0], "+CPMS: \"ME\",30,30,\"ME\",30,30,\"ME\",30,30");
    assert_eq!(texts(&bench.command("AT+CMGL=4")), ["one"]);
    bench.network.set_faults(&[]);
    bench.command("AT+CMGD=1");
    assert_eq!(bench.send(TO).len(), 2);
    bench.pass(ms(1000));
    assert_eq!(texts(&bench.command("AT+CMGL=4")), ["two"]);
}

#[test]
fn prompt_survives_makes_later_bytes_part_of_the_pdu() {
    let mut bench = Bench::started(&["prompt_survives=1"]);
    let (length, hex) = submit_pdu(TO, "Oi", None);
    bench.write(&format!("AT+CMGS={length}\r"));
    bench.read();
    bench.write("\u{1b}");
    assert!(bench.command("AT").is_empty());
    bench.write(&format!("{hex}\u{1a}"));
    assert_eq!(bench.read(), ["+CMS ERROR: 304"]);
    bench.write(&format!("AT+CMGS={length}\r\u{1b}"));
    bench.close();
    bench.open();
    bench.read();
    assert_eq!(bench.command("AT"), ["OK"]);
    assert!(bench.accepted.is_empty());
}
