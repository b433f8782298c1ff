//! Situations of the ladder, with a modem that the test plays. Dialogues of the low rungs are in `tests/data/at`.

use super::*;
use crate::modem::replay::{lease, standard};
use crate::modem::{Config, Offer, Settlement};
use crate::sms::id::SegmentId;

/// A machine, its modem and its keeper.
struct Player {
    machine: Machine,
    now: Instant,
    /// What `+CREG?` and `+CEREG?` say.
    registration: u8,
    is_mute: bool,
    /// A line that is not answered in the usual way, and its answer.
    own: Option<(&'static str, &'static str)>,
    /// How a part ends.
    result: &'static str,
    /// A reset is permitted at once.
    permits: bool,
    /// What the host says of a reset.
    host: bool,
    reopen_at: Option<Instant>,
    written: Vec<String>,
    rungs: Vec<(u8, DownReason)>,
    settled: Vec<Settlement>,
    permits_out: i32,
    loaded: u8,
    /// It was said to be up, and not down since.
    is_up: bool,
}

impl Player {
    fn up() -> Self {
        let mut player = Self {
            machine: Machine::new(Config::default()),
            now: Instant::from_origin(Duration::from_secs(1)),
            registration: 1,
            is_mute: false,
            own: None,
            result: "+CMGS: 1\r\n\r\nOK",
            permits: true,
            host: true,
            reopen_at: None,
            written: Vec::new(),
            rungs: Vec::new(),
            settled: Vec::new(),
            permits_out: 0,
            loaded: 0,
            is_up: false,
        };
        player.machine.port_opened(player.now);
        player.run(1);
        assert!(player.machine.can_load());
        player
    }

    fn act(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Write(octets) => self.hear(&octets),
                Output::Offer(segment) => self.machine.offer_answered(segment, Offer::Go, self.now),
                Output::Settled { result, .. } => self.settled.push(result),
                Output::Up { .. } => self.is_up = true,
                Output::Down { reason, rung } => {
                    self.is_up = false;
                    self.rungs.extend(rung.map(|rung| (rung, reason)));
                }
                Output::Reopen { after } => self.reopen_at = Some(self.now + after),
                Output::Permit(is_wanted) => {
                    self.permits_out += if is_wanted { 1 } else { -1 };
                    if is_wanted && self.permits {
                        self.machine.reset_permitted(self.now);
                    }
                }
                Output::Reset(_) => self.machine.reset_done(self.host, self.now),
                Output::Inbound(_)
                | Output::Call { .. }
                | Output::Ussd(_)
                | Output::Pin { .. }
                | Output::Changed(_)
                | Output::Drained
                | Output::Note(_) => {}
            }
        }
    }

    fn hear(&mut self, octets: &[u8]) {
        let text = String::from_utf8_lossy(octets).into_owned();
        self.written.push(text.trim_end().to_owned());
        if self.is_mute {
            return;
        }
        let answer = match (text.trim_end(), self.own) {
            (line, Some((own, answer))) if line == own => Some(format!("\r\n{answer}\r\n")),
            (line, _) if line.starts_with("AT+CMGS=") => Some("\r\n> ".to_owned()),
            (line, _) if line.ends_with('\x1a') => Some(format!("\r\n{}\r\n", self.result)),
            ("AT+CREG?", _) => Some(format!("\r\n+CREG: 1,{}\r\n\r\nOK\r\n", self.registration)),
            (line, _) => standard(line),
        };
        if let Some(answer) = answer {
            self.machine.handle_bytes(answer.as_bytes(), self.now);
        }
    }

    /// Lets so many seconds pass.
    fn run(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        self.act();
        loop {
            let next = self.machine.deadline().into_iter().chain(self.reopen_at).min();
            let Some(at) = next.filter(|at| *at <= until) else { break };
            self.now = self.now.max(at);
            if self.reopen_at.is_some_and(|at| at <= self.now) {
                self.reopen_at = None;
                self.machine.port_opened(self.now);
            } else {
                self.machine.handle_timeout(self.now);
            }
            self.act();
        }
        self.now = until;
    }

    fn say(&mut self, line: &str) {
        self.machine.handle_bytes(format!("\r\n{line}\r\n").as_bytes(), self.now);
        self.act();
    }

    fn register(&mut self, stat: u8) {
        self.registration = stat;
        self.say(&format!("+CREG: {stat}"));
    }

    fn send(&mut self) {
        self.loaded += 1;
        self.machine.load(lease(self.loaded, 1, 1, false), self.now).unwrap();
        self.run(1);
    }

    fn rungs(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rungs).into_iter().map(|(rung, _)| rung).collect()
    }

    fn wrote(&self, line: &str) -> usize {
        self.written.iter().filter(|written| *written == line).count()
    }
}

#[test]
fn a_modem_that_is_denied_the_network_for_five_minutes_joins_it_anew() {
    let mut player = Player::up();
    player.register(3);
    assert!(!player.machine.can_load(), "denied is not registered");
    player.run(299);
    assert_eq!(player.rungs(), [0; 0]);
    player.written.clear();
    player.run(1);
    assert_eq!(player.rungs, [(3, DownReason::Unregistered)]);
    let begun = player.written.iter().position(|line| line == "AT+COPS=2").unwrap();
    assert_eq!(player.written[begun..begun + 4], ["AT+COPS=2", "AT+COPS=0", "AT+CFUN=4", "AT+CFUN=1"]);
    player.run(1);
    player.register(1);
    assert!(player.machine.can_load());
}

#[test]
fn a_network_that_comes_back_in_time_is_no_trouble() {
    let mut player = Player::up();
    player.register(2);
    player.run(299);
    player.register(1);
    player.run(3000);
    assert_eq!(player.rungs(), [0; 0]);
}

#[test]
fn without_a_network_it_is_reset_after_a_minute_then_loses_its_power_and_is_dead() {
    let mut player = Player::up();
    player.register(0);
    player.run(300);
    assert_eq!(player.rungs(), [3]);
    player.run(62);
    assert_eq!(player.rungs(), [4]);
    assert_eq!(player.wrote("AT+CFUN=1,1"), 1);
    player.run(80);
    assert_eq!(player.rungs(), [6]);
    assert!(!player.machine.is_dead());
    player.run(70);
    assert_eq!(player.rungs(), [7]);
    assert!(player.machine.is_dead());
    assert_eq!(player.permits_out, 0);
    // Looked at every ten minutes, and never reset again.
    player.run(3600);
    let looks = player.rungs();
    assert!(looks.iter().all(|rung| *rung == 7) && (5..=6).contains(&looks.len()), "{looks:?}");
    player.register(1);
    assert!(player.machine.can_load() && !player.machine.is_dead());
}

#[test]
fn a_network_that_is_found_while_a_reset_waits_for_its_turn_makes_it_needless() {
    let mut player = Player::up();
    player.permits = false;
    player.register(0);
    player.run(400);
    assert_eq!(player.rungs(), [3, 4]);
    assert_eq!((player.permits_out, player.wrote("AT+CFUN=1,1")), (1, 0));
    player.register(1);
    player.run(1);
    assert_eq!((player.permits_out, player.wrote("AT+CFUN=1,1")), (0, 0));
    assert!(player.machine.can_load());
}

#[test]
fn roaming_is_a_network_even_where_it_is_not_used() {
    let mut player = Player::up();
    player.register(5);
    player.run(3600);
    assert_eq!(player.rungs(), [0; 0]);
    assert!(!player.machine.can_load());
}

#[test]
fn the_radio_is_turned_off_the_other_way_where_the_first_is_refused() {
    let mut player = Player::up();
    player.machine.suspect(player.now);
    let mut lines = Vec::new();
    for _ in 0..5 {
        while let Some(output) = player.machine.poll_output() {
            let Output::Write(octets) = output else { continue };
            let line = String::from_utf8(octets).unwrap();
            let answer = if line.contains("CFUN=4") { "\r\nERROR\r\n" } else { "\r\nOK\r\n" };
            player.machine.handle_bytes(answer.as_bytes(), player.now);
            lines.push(line.trim_end().to_owned());
        }
    }
    assert_eq!(lines[..5], ["AT+COPS=2", "AT+COPS=0", "AT+CFUN=4", "AT+CFUN=0", "AT+CFUN=1"]);
}

#[test]
fn three_refusals_in_a_row_that_may_pass_lead_to_the_network_and_three_more_to_a_reset() {
    let mut player = Player::up();
    player.result = "+CMS ERROR: 42";
    player.send();
    player.send();
    assert_eq!(player.rungs(), [0; 0]);
    player.send();
    assert_eq!(player.rungs, [(3, DownReason::Refused)]);
    player.rungs.clear();
    for _ in 0..3 {
        player.send();
    }
    assert_eq!(player.rungs(), [4]);
    assert_eq!(player.settled.len(), 6, "all were settled before");
}

#[test]
fn a_message_that_is_refused_is_no_reason_to_do_anything() {
    let mut player = Player::up();
    for cause in ["+CMS ERROR: 1", "+CMS ERROR: 38", "+CMS ERROR: 8", "+CMS ERROR: 304", "+CMS ERROR: 500"] {
        player.result = cause;
        for _ in 0..4 {
            player.send();
        }
    }
    // Another answer between ends the row of those that may pass.
    for _ in 0..3 {
        player.result = "+CMS ERROR: 42";
        player.send();
        player.send();
        player.result = "+CMS ERROR: 1";
        player.send();
    }
    assert_eq!(player.rungs(), [0; 0]);
}

#[test]
fn a_modem_that_says_that_it_has_failed_is_reset_at_once() {
    let mut player = Player::up();
    player.result = "+CMS ERROR: 313";
    player.send();
    assert_eq!(player.rungs, [(4, DownReason::Failed(Cause::Cms(313)))]);
    assert_eq!(player.settled, [Settlement::Refused { cause: Cause::Cms(313) }]);
    assert_eq!(player.written.last().map(String::as_str), Some("AT+CFUN=1,1"));
    player.run(20);
    assert!(player.machine.can_load());
}

#[test]
fn a_sim_that_never_gets_ready_ends_in_a_word_to_reseat_it() {
    let mut player = Player::up();
    player.own = Some(("AT+CPIN?", "+CME ERROR: 14"));
    player.say("+CPIN: NOT READY");
    player.run(600);
    let rungs: Vec<u8> = player.rungs.iter().map(|(rung, _)| *rung).collect();
    assert_eq!(rungs, [4, 6, 7]);
    let (_, reason) = player.rungs.last().unwrap();
    assert!(reason.to_string().contains("take it out and put it in again"));
}

#[test]
fn what_is_on_the_wire_is_settled_before_anything_is_begun() {
    let mut player = Player::up();
    player.result = "";
    player.send();
    player.machine.load(lease(9, 1, 1, false), player.now).unwrap();
    player.machine.suspect(player.now);
    player.run(30);
    assert_eq!((player.rungs(), player.settled.len()), (vec![], 0), "the part has its time");
    player.say("+CMGS: 7");
    player.say("OK");
    player.run(2);
    let returned = Settlement::Returned { why: ReturnedWhy::ModemDown };
    assert_eq!(player.settled, [Settlement::Accepted { tp_mr: 7 }, returned]);
    assert_eq!(player.rungs(), [3]);
    assert_eq!(player.machine.release_next(), None::<SegmentId>);
}

#[test]
fn nothing_but_a_pdu_ends_with_0x1a() {
    let mut player = Player::up();
    player.is_mute = true;
    player.run(7200);
    assert!(player.rungs().starts_with(&[0, 1, 2, 4, 5, 5, 6, 7, 7]));
    assert!(player.written.iter().all(|line| !line.contains('\x1a')));
}

#[test]
fn a_mute_modem_that_comes_back_after_its_power_was_cut_works_again() {
    let mut player = Player::up();
    player.is_mute = true;
    while !player.rungs.iter().any(|(rung, _)| *rung == 6) {
        player.run(1);
        assert!(player.now < Instant::from_origin(Duration::from_secs(600)));
    }
    player.is_mute = false;
    player.run(60);
    assert!(player.machine.can_load());
    assert_eq!(player.permits_out, 0);
    player.is_mute = true;
    // The ladder is left at its foot only after a quarter of an hour.
    player.run(120);
    assert_eq!(player.rungs.last().map(|(rung, _)| *rung), Some(7));
}

#[test]
fn a_modem_that_does_not_come_back_from_a_reset_is_dead_without_another() {
    let mut player = Player::up();
    player.result = "+CMS ERROR: 313";
    player.send();
    player.reopen_at = None;
    player.run(298);
    assert_eq!(player.rungs(), [4]);
    player.run(2);
    assert_eq!(player.rungs, [(7, DownReason::NotBack)]);
    assert_eq!(player.permits_out, 0);
    player.machine.port_opened(player.now);
    player.run(2);
    assert!(player.machine.can_load());
}

/// Others of its hub wait for their turn.
#[test]
fn a_modem_that_is_back_from_a_reset_and_of_no_use_has_had_its_turn() {
    for own in [("AT+CPIN?", "+CME ERROR: 10"), ("AT+CMGF=0", "ERROR"), ("AT", "$GPGGA,,,,")] {
        let mut player = Player::up();
        player.result = "+CMS ERROR: 313";
        player.send();
        assert_eq!((player.permits_out, player.wrote("AT+CFUN=1,1")), (1, 1));
        player.own = Some(own);
        player.run(90);
        assert_eq!(player.permits_out, 0, "{own:?}");
    }
}

#[test]
fn a_modem_that_has_had_all_its_resets_keeps_no_turn() {
    let mut player = Player::up();
    for _ in 0..3 {
        player.result = "+CMS ERROR: 313";
        player.send();
        player.run(20);
        player.result = "+CMGS: 1\r\n\r\nOK";
        player.run(900);
    }
    player.is_mute = true;
    player.run(600);
    assert!(player.rungs().ends_with(&[4, 5, 5, 2]), "{:?}", player.written.last());
    assert_eq!(player.permits_out, 0);
}

#[test]
fn a_modem_that_is_unplugged_while_it_waits_for_its_turn_waits_no_more() {
    let mut player = Player::up();
    player.permits = false;
    player.result = "+CMS ERROR: 313";
    player.send();
    assert_eq!(player.permits_out, 1);
    player.machine.port_lost(player.now);
    player.act();
    assert_eq!(player.permits_out, 0);
    player.machine.reset_permitted(player.now);
    player.act();
    assert_eq!(player.wrote("AT+CFUN=1,1"), 0, "a permission that crossed with it is not used");
}

#[test]
fn a_port_that_cannot_be_opened_leads_nowhere() {
    let mut player = Player::up();
    player.machine.port_lost(player.now);
    player.run(24 * 3600);
    assert_eq!(player.rungs(), [0; 0]);
}

#[test]
fn a_suspicious_modem_joins_the_network_anew_and_is_not_given_up() {
    let mut player = Player::up();
    for expected in [3, 4, 4] {
        player.machine.suspect(player.now);
        player.run(30);
        assert_eq!(player.rungs(), [expected]);
        assert!(player.machine.can_load());
    }
}

#[test]
fn a_modem_without_a_network_that_falls_silent_soon_after_a_reset_is_said_to_be_down() {
    let mut player = Player::up();
    player.register(0);
    player.run(300 + 62);
    assert_eq!(player.rungs(), [3, 4]);
    while !player.is_up {
        player.run(1);
        assert!(player.now < Instant::from_origin(Duration::from_secs(400)));
    }
    player.is_mute = true;
    player.say("+CMTI: \"SM\",3");
    player.run(25);
    assert!(!player.is_up, "its port was closed: {:?}", player.written.last());
    assert_eq!(player.rungs(), [0; 0], "a modem that starts is no failure");
}
