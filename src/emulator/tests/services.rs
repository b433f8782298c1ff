//! Codes to the operator, and what is left on a SIM.

use super::*;

fn family(name: &str) -> Bench {
    let mut bench = Bench::new(Config { seed: 1, credit: 1234, profiles: name.parse().unwrap(), ..Config::default() });
    bench.pass(ms(5000));
    bench.start_up();
    // What ends the chatter of those that have any.
    bench.command("AT^CURC=0");
    bench.command("AT+CPMS?");
    bench
}

/// What comes within two seconds, with what ends lines as `|`.
fn ask(bench: &mut Bench, written: &str) -> String {
    bench.pass(ms(50));
    bench.read();
    assert_eq!(bench.command(&format!("AT+CUSD=1,\"{written}\",15")), ["OK"], "{written}");
    bench.pass(ms(2000));
    std::mem::take(&mut bench.written[0]).trim().replace("\r\n", "|")
}

#[test]
fn what_is_left_falls_with_each_part() {
    let mut bench = family("generic");
    assert_eq!(ask(&mut bench, "*100#"), "+CUSD: 0,\"Seu saldo: R$ 12,34|Valido ate 31/12\",15");
    bench.send(TO);
    assert_eq!(ask(&mut bench, "*100#"), "+CUSD: 0,\"Seu saldo: R$ 12,24|Valido ate 31/12\",15");
}

#[test]
fn a_text_to_the_service_is_answered_by_a_text() {
    let mut bench = family("generic");
    bench.send("777");
    bench.pass(ms(2000));
    let listed = bench.command("AT+CMGL=4");
    assert_eq!(texts(&listed), ["Seu saldo: R$ 12,24\r\nValido ate 31/12"]);
}

#[test]
fn each_family_takes_codes_in_its_own_form_only() {
    let ucs2 = "+CUSD: 0,\"0043006F006400690067006F00200069006E00760061006C00690064006F\"";
    let mut bench = family("generic");
    assert_eq!(ask(&mut bench, "*1#"), "+CUSD: 0,\"Codigo invalido\",15");
    assert_eq!(bench.command("AT+CSCS=\"UCS2\""), ["OK"]);
    assert_eq!(ask(&mut bench, "002A00310023"), format!("{ucs2},15"));
    assert_eq!(ask(&mut bench, "*1#"), "+CUSD: 2");
    assert_eq!(bench.command("AT+CSCS=\"ASCII\""), ["+CME ERROR: 50"]);
    let mut bench = family("zte");
    assert_eq!(ask(&mut bench, "002A00310023"), format!("{ucs2},72"));
    assert_eq!(ask(&mut bench, "*1#"), "+CUSD: 2");
    let mut bench = family("huawei");
    assert_eq!(ask(&mut bench, "AAD808"), "+CUSD: 0,\"C337397D7E83D26E7B989D26BF1B\",15");
    assert_eq!(ask(&mut bench, "*1#"), "+CUSD: 2");
}

#[test]
fn a_menu_waits_for_its_answer_until_it_is_cancelled() {
    let mut bench = family("generic");
    assert_eq!(ask(&mut bench, "*111#"), "+CUSD: 1,\"1 Saldo|2 Fim\",15");
    assert_eq!(ask(&mut bench, "2"), "+CUSD: 2,\"Fim\",15");
    ask(&mut bench, "*111#");
    assert_eq!(ask(&mut bench, "1"), "+CUSD: 0,\"Seu saldo: R$ 12,34|Valido ate 31/12\",15");
    ask(&mut bench, "*111#");
    bench.command("AT+CUSD=2");
    assert_eq!(ask(&mut bench, "1"), "+CUSD: 0,\"Codigo invalido\",15");
}

#[test]
fn silence_and_what_is_not_supported() {
    let mut bench = family("generic");
    assert_eq!(ask(&mut bench, "*9#"), "");
    assert_eq!(ask(&mut bench, "*4#"), "+CUSD: 4");
    bench.command("AT+COPS=2");
    assert_eq!(bench.command("AT+CUSD=1,\"*100#\",15"), ["+CME ERROR: 30"]);
}
