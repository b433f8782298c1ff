//! What families do that the standards do not say.

use super::*;

fn family(name: &str) -> Bench {
    let mut bench = Bench::new(Config { seed: 1, profiles: name.parse().unwrap(), ..Config::default() });
    bench.pass(ms(5000));
    bench.command("ATE0");
    bench
}

fn check(bench: &mut Bench, command: &str, expected: &[&str]) {
    assert_eq!(bench.command(command), expected, "{command}");
}

#[test]
fn each_says_who_it_is_and_gives_the_iccid_in_its_own_way_only() {
    let ways = ["+QCCID", "+CICCID", "+CCID", "^SCID", "^ICCID?", "+ZICCID?"];
    for (name, maker, way) in [
        ("huawei", "huawei", "^ICCID?"),
        ("quectel-ec25", "Quectel", "+QCCID"),
        ("sim800", "SIMCOM_Ltd", "+CCID"),
        ("sim7600", "SIMCOM INCORPORATED", "+CICCID"),
        ("zte", "ZTE INCORPORATED", "+ZICCID?"),
        ("wavecom", " WAVECOM MODEM", "+CCID"),
        ("cinterion", "Cinterion", "^SCID"),
        ("u-blox", "u-blox", "+CCID"),
    ] {
        let mut bench = family(name);
        let iccid = bench.network.identities().remove(0).iccid;
        bench.pass(ms(50));
        check(&mut bench, "AT+CGMI", &[maker, "OK"]);
        for asked in ways {
            bench.pass(ms(50));
            bench.read();
            let tells = bench.command(&format!("AT{asked}")).iter().any(|line| line.ends_with(&iccid));
            assert_eq!(tells, asked == way, "{name} {asked}");
        }
    }
}

#[test]
fn a_start_is_told_once_and_commands_about_messages_wait_for_its_end() {
    let mut bench = Bench::new(Config { profiles: "sim800".parse().unwrap(), ..Config::default() });
    bench.pass(ms(1000));
    assert_eq!(bench.read(), ["RDY", "+CFUN: 1", "+CPIN: READY"]);
    bench.command("ATE0");
    check(&mut bench, "AT+CMGF=0", &["+CMS ERROR: 302"]);
    check(&mut bench, "AT+CMGS=16", &["+CMS ERROR: 302"]);
    check(&mut bench, "AT+CSQ", &["+CSQ: 21,99", "OK"]);
    bench.pass(ms(2000));
    assert_eq!(bench.read(), ["Call Ready", "SMS Ready"]);
    check(&mut bench, "AT+CMGF=0", &["OK"]);
    bench.close();
    bench.open();
    bench.pass(ms(5000));
    assert!(bench.read().is_empty());
    bench.command("AT+CFUN=1,1");
    bench.pass(ms(10_000));
    bench.open();
    bench.pass(ms(0));
    assert_eq!(bench.read(), ["RDY"]);
}

#[test]
fn reports_of_a_quectel_lie_in_another_store_than_announced() {
    let mut bench = family("quectel-ec25");
    check(&mut bench, "AT+CPMS=?", &["+CPMS: (\"ME\",\"SM\",\"SR\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")", "OK"]);
    check(&mut bench, "AT+CPMS=\"SR\",\"SR\",\"SR\"", &["+CMS ERROR: 302"]);
    check(&mut bench, "AT+CNMI=2,1,0,2,0", &["OK"]);
    bench.send(TO);
    bench.pass(ms(6000));
    assert_eq!(bench.read(), ["+CDSI: \"SM\",0"]);
    bench.command("AT+CPMS=\"SM\"");
    check(&mut bench, "AT+CMGL=4", &["OK"]);
    bench.command("AT+CPMS=\"SR\"");
    assert_eq!(reports(&bench.command("AT+CMGL=4")), [(bench.accepted[0].mr, 0)]);
}

#[test]
fn a_report_in_the_store_of_a_sim7600_cannot_be_read() {
    let mut bench = family("sim7600");
    bench.command("AT+CNMI=2,1,0,2,0");
    bench.command("AT+CPMS=\"SR\"");
    bench.send(TO);
    bench.pass(ms(6000));
    assert_eq!(bench.read(), ["+CDSI: \"SR\",0"]);
    check(&mut bench, "AT+CMGR=0", &["+CMS ERROR: 321"]);
}

#[test]
fn a_zte_floods_its_port_until_it_is_asked_for_its_stores() {
    let mut bench = family("zte");
    bench.read();
    bench.pass(ms(10_000));
    assert_eq!(bench.read(), ["+ZUSIMR:2"; 5]);
    bench.close();
    bench.pass(ms(10_000));
    bench.open();
    bench.pass(ms(4000));
    assert_eq!(bench.read().len(), 3, "one stream of it, also after the port was closed");
    bench.command("AT+CPMS?");
    bench.pass(ms(60_000));
    assert!(bench.read().is_empty());
}

#[test]
fn a_huawei_counts_from_0_and_has_words_of_its_own() {
    let mut bench = family("huawei");
    check(&mut bench, "AT^FOO", &["COMMAND NOT SUPPORT"]);
    check(&mut bench, "AT^CURC=0", &["OK"]);
    bench.command("AT+CNMI=2,1,0,2,0");
    bench.inbound(TO, "alo");
    bench.pass(ms(100));
    assert_eq!(bench.read(), ["+CMTI: \"SM\",0"]);
    assert_eq!(texts(&bench.command("AT+CMGR=0")), ["alo"]);
    check(&mut bench, "AT+CMGD=0", &["OK"]);
    check(&mut bench, "AT+CMGR=x", &["+CMS ERROR: 321"]);
    // The network tries once more after the deletion.
    bench.pass(ms(1000));
    for _ in 0..31 {
        bench.inbound(TO, "alo");
    }
    bench.pass(ms(1000));
    let said = bench.read();
    assert_eq!((said.len(), said.last().unwrap().as_str()), (31, "^SMMEMFULL: \"SM\""));
}

#[test]
fn full_function_starts_a_wavecom_anew() {
    let mut bench = family("wavecom");
    bench.read();
    check(&mut bench, "AT+WIND=0", &["OK"]);
    check(&mut bench, "AT+CNMI=2,1,0,2,0", &["+CMS ERROR: 302"]);
    check(&mut bench, "AT+CFUN=1", &["OK"]);
    bench.pass(ms(500));
    assert_eq!(bench.read(), ["+WIND: 3", "+WIND: 1"]);
    check(&mut bench, "AT+CMGF=0", &["AT+CMGF=0", "+CMS ERROR: 515"]);
    assert!(bench.comings.is_empty());
}

#[test]
fn a_cinterion_insists_on_the_buffer_flag() {
    let mut bench = family("cinterion");
    check(&mut bench, "AT+CNMI=?", &["+CNMI: (0-3),(0,1),(0),(0-2),(1)", "OK"]);
    check(&mut bench, "AT+CNMI=2,1,0,1,0", &["+CMS ERROR: 302"]);
    check(&mut bench, "AT+CNMI=2,1,0,2,1", &["OK"]);
}

#[test]
fn a_u_blox_is_deaf_for_a_moment_after_each_result() {
    let mut bench = family("u-blox");
    assert!(bench.command("AT").is_empty());
    bench.pass(ms(20));
    check(&mut bench, "AT", &["OK"]);
}

#[test]
fn a_mixed_pool_has_each_family_in_turn() {
    let config = Config { modems: 3, profiles: "zte,cinterion".parse().unwrap(), ..Config::default() };
    let mut bench = Bench::new(config);
    bench.pass(ms(0));
    let starts: Vec<_> = bench.written.iter().map(|written| written.trim()).collect();
    assert_eq!(starts[1], "^SYSSTART");
    assert!(starts[0].contains("+ZUSIMR:2") && starts[2].contains("+ZUSIMR:2"));
}
