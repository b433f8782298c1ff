//! Each ailment, and what helps against it.

use super::*;

impl Bench {
    fn afflict(&mut self, ailment: Ailment) {
        let now = self.now();
        self.network.afflict(0, ailment, now);
        self.drain();
        self.read();
    }

    fn registration(&mut self) -> String {
        self.command("AT+CREG?").remove(0)
    }

    fn cut_power(&mut self) {
        let now = self.now();
        self.network.unplug(0, now);
        self.network.plug(0, now);
        self.open();
        self.start_up();
    }

    /// Lets a modem that was reset come back.
    fn come_back(&mut self) {
        self.pass(ms(10_000));
        self.open();
        self.start_up();
    }
}

#[test]
fn a_lost_network_is_found_when_the_modem_is_told_to_join_it() {
    let mut bench = Bench::started(&[]);
    bench.afflict(Ailment::LostNetwork);
    assert_eq!(bench.registration(), "+CREG: 0,0");
    assert_eq!(bench.command("AT+COPS=0"), ["OK"]);
    assert_eq!(bench.registration(), "+CREG: 0,1");
}

#[test]
fn a_deaf_radio_hears_again_after_a_reset_only() {
    let mut bench = Bench::started(&[]);
    bench.afflict(Ailment::DeafRadio);
    for command in ["AT+COPS=2", "AT+COPS=0", "AT+CFUN=4", "AT+CFUN=1"] {
        bench.command(command);
    }
    assert_eq!(bench.registration(), "+CREG: 0,0");
    bench.command("AT+CFUN=1,1");
    bench.come_back();
    assert_eq!(bench.registration(), "+CREG: 0,1");
}

#[test]
fn a_mute_modem_obeys_its_reset_and_nothing_else() {
    let mut bench = Bench::started(&[]);
    bench.afflict(Ailment::Mute);
    bench.close();
    bench.open();
    assert!(bench.command("AT").is_empty());
    assert!(bench.command("AT+CFUN=1,1").is_empty());
    bench.come_back();
    assert_eq!(bench.command("AT"), ["OK"]);
}

#[test]
fn a_dead_modem_and_a_busy_sim_need_their_power_cut() {
    let mut bench = Bench::started(&[]);
    bench.afflict(Ailment::Dead);
    assert!(bench.command("AT+CFUN=1,1").is_empty());
    bench.pass(ms(10_000));
    assert!(bench.command("AT").is_empty());
    bench.cut_power();
    assert_eq!(bench.command("AT"), ["OK"]);
    bench.command("AT+CMEE=1");
    bench.afflict(Ailment::BusySim);
    assert_eq!(bench.command("AT+CPIN?"), ["+CME ERROR: 14"]);
    bench.command("AT+CFUN=1,1");
    bench.come_back();
    bench.command("AT+CMEE=1");
    assert_eq!(bench.command("AT+CPIN?"), ["+CME ERROR: 14"]);
    bench.cut_power();
    assert_eq!(bench.command("AT+CPIN?"), ["+CPIN: READY", "OK"]);
}

#[test]
fn a_modem_that_starts_anew_without_a_word_has_lost_its_settings_and_what_was_in_the_air() {
    let mut bench = Bench::started(&[]);
    bench.submit("+5511987654321", "Oi");
    bench.read();
    let now = bench.now();
    bench.network.restart_silently(0, now);
    bench.pass(ms(10_000));
    assert_eq!((bench.read(), bench.accepted.len(), bench.comings.len()), (Vec::new(), 0, 0));
    assert_eq!(bench.command("AT"), ["AT", "OK"], "it echoes again");
    bench.start_up();
    assert_eq!(bench.send("+5511987654321").last().map(String::as_str), Some("OK"));
}
