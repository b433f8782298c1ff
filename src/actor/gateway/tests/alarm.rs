//! Alarms about modems, and the texts that tell of them.

use super::*;
use crate::store::alarm::{AlarmView, ClearAnswer};

impl Desk {
    fn watched(iccid: &str) -> Self {
        let mut desk = Self::new(unlimited());
        desk.settings.alarms = vec![PhoneNumber::from_digits("5511900000001").unwrap()];
        desk.restart();
        desk.plug("m1", iccid);
        desk.report("m1", &[Report::Down { reason: "a command got no answer".into() }]);
        desk
    }

    fn dead(&mut self, modem: &str) {
        self.report(modem, &[Report::Recovery { rung: 7, reason: "nothing answers on this port".into() }]);
    }

    fn alarms(&self) -> Vec<AlarmView> {
        self.reader().alarms(Page::After(0), 100).unwrap()
    }
}

#[test]
fn a_dead_modem_raises_one_alarm_that_names_it_and_that_ends_when_it_is_up() {
    let mut desk = Desk::watched("sim-a");
    desk.dead("m1");
    desk.dead("m1");
    desk.dead("m2");
    let open: Vec<_> = desk.alarms().into_iter().map(|alarm| (alarm.kind, alarm.modem, alarm.sim)).collect();
    let about = |modem: &str| ("modem_dead".to_owned(), Some(modem.to_owned()), None);
    assert_eq!(open, [about("m1"), about("m2")]);
    desk.plug("m1", "sim-a");
    let over: Vec<_> = desk.alarms().into_iter().map(|alarm| alarm.cleared_at.is_some()).collect();
    assert_eq!(over, [true, false]);
    let events = desk.reader().events(Page::After(0), 100, &[]).unwrap();
    let rungs: Vec<_> = events.into_iter().filter(|event| event.kind == "modem.recovery").collect();
    assert_eq!(rungs.len(), 3);
    assert_eq!(rungs[0].data.as_deref(), Some(r#"{"reason":"nothing answers on this port","rung":7}"#));
    let cleared = desk.reader().events(Page::After(0), 100, &[]).unwrap();
    let cleared = cleared.into_iter().find(|event| event.kind == "alarm.cleared").unwrap();
    assert_eq!(cleared.modem.as_deref(), Some("m1"));
}

#[test]
fn lower_rungs_and_a_modem_that_is_up_without_a_network_change_no_alarm() {
    let mut desk = Desk::watched("sim-a");
    desk.report("m1", &[Report::Recovery { rung: 6, reason: "no network for minutes".into() }]);
    assert!(desk.alarms().is_empty());
    desk.dead("m1");
    desk.report("m1", &[Report::Up { iccid: "sim-a".into() }, Report::Ready(false)]);
    assert_eq!(desk.alarms()[0].cleared_at, None);
}

#[test]
fn a_text_about_an_alarm_waits_for_days_for_a_sim_that_works() {
    let mut desk = Desk::watched("sim-a");
    desk.dead("m1");
    desk.pass(Duration::from_secs(5 * 24 * 60 * 60));
    desk.plug("m2", "sim-b");
    let lease = desk.send(1);
    assert_eq!(submit_tpdu(&lease).tp_da.number(), "+5511900000001");
}

#[test]
fn a_text_about_an_alarm_that_is_over_is_not_sent() {
    let mut desk = Desk::watched("sim-a");
    desk.dead("m1");
    desk.plug("m1", "sim-a");
    assert!(desk.loads().is_empty());
}

#[test]
fn a_store_that_is_nearly_full_is_told_until_there_is_room_or_the_daemon_counts_anew() {
    let mut desk = Desk::watched("sim-a");
    desk.plug("m1", "sim-a");
    let counted = |is_nearly_full| Report::StoreCounted { is_nearly_full };
    for _ in 0..2 {
        desk.report("m1", &[counted(true)]);
    }
    let open = |desk: &Desk| -> Vec<_> {
        let alarms = desk.alarms().into_iter().filter(|alarm| alarm.cleared_at.is_none());
        alarms.map(|alarm| (alarm.kind, alarm.modem)).collect()
    };
    assert_eq!(open(&desk), [("store_nearly_full".to_owned(), Some("m1".to_owned()))]);
    assert!(desk.load().1.pdu.octets.len() > 20, "somebody is told");
    desk.report("m1", &[counted(false)]);
    assert_eq!(open(&desk), []);
    desk.report("m1", &[counted(true)]);
    assert_eq!(open(&desk).len(), 1);
    desk.restart();
    assert_eq!(open(&desk), []);
}

#[test]
fn a_device_that_cannot_be_put_back_on_the_bus_is_an_alarm_until_a_start_puts_it_back() {
    let mut desk = Desk::watched("sim-a");
    let given_back = |desk: &mut Desk, failure: Option<&str>| {
        desk.gateway.commit(desk.now, |context| context.work.given_back("1-1.4", failure)).unwrap();
    };
    given_back(&mut desk, Some("permission denied"));
    let alarm = desk.alarms().remove(0);
    assert_eq!((alarm.kind.as_str(), alarm.modem.as_deref()), ("modem_dead", Some("1-1.4")));
    assert!(alarm.detail.contains("permission denied"), "{}", alarm.detail);
    given_back(&mut desk, None);
    assert!(desk.alarms().iter().all(|alarm| alarm.cleared_at.is_some()));
}

#[test]
fn an_alarm_about_a_modem_that_was_replaced_is_cleared_by_a_person() {
    let mut desk = Desk::watched("sim-a");
    desk.dead("m1");
    let key = desk.alarms()[0].key;
    let clear =
        |desk: &mut Desk, key| desk.gateway.commit(desk.now, |context| context.work.clear_alarm(key, "ana")).unwrap();
    assert_eq!(clear(&mut desk, key + 1), ClearAnswer::NotFound);
    assert_eq!(clear(&mut desk, key), ClearAnswer::Cleared);
    assert_eq!(clear(&mut desk, key), ClearAnswer::Over);
    let alarm = desk.alarms().remove(0);
    assert_eq!(alarm.cleared_at, Some(desk.now));
    let events = desk.reader().events(Page::After(0), 100, &[]).unwrap();
    let cleared = events.into_iter().find(|event| event.kind == "alarm.cleared").unwrap();
    assert_eq!(cleared.data.as_deref(), Some(r#"{"by":"client ana","kind":"modem_dead"}"#));
    desk.plug("m2", "sim-b");
    assert!(desk.loads().is_empty(), "nobody is told of it any more");
}

#[test]
fn what_fails_again_and_again_is_told_once_an_hour() {
    let mut desk = Desk::watched("sim-a");
    desk.plug("m2", "sim-b");
    desk.dead("m1");
    desk.send(1);
    let again = |desk: &mut Desk| {
        desk.plug("m1", "sim-a");
        desk.report("m1", &[Report::Down { reason: "a command got no answer".into() }]);
        desk.dead("m1");
    };
    for _ in 0..5 {
        desk.pass(Duration::from_secs(10 * 60));
        again(&mut desk);
        assert!(desk.loads().is_empty());
    }
    // It lasts this time.
    desk.pass(Duration::from_secs(10 * 60 - 1));
    assert!(desk.loads().is_empty());
    desk.pass(Duration::from_secs(1));
    desk.send(2);
    assert!(desk.loads().is_empty());
    // Another thing is told at once.
    desk.dead("m3");
    desk.send(3);
}

#[test]
fn what_nobody_was_told_of_in_time_does_not_keep_the_next_one_back() {
    let mut desk = Desk::watched("sim-a");
    desk.dead("m1");
    desk.plug("m1", "sim-a");
    desk.report("m1", &[Report::Down { reason: "a command got no answer".into() }]);
    desk.dead("m1");
    desk.plug("m2", "sim-b");
    desk.send(1);
}

#[test]
fn a_configuration_with_a_mistake_is_an_alarm_until_it_is_mended() {
    let mut desk = Desk::watched("sim-a");
    let read = |desk: &mut Desk, mistake: Option<&str>| {
        desk.gateway.commit(desk.now, |context| context.work.configuration_read(mistake)).unwrap();
    };
    read(&mut desk, Some("/etc/recado/recado.toml line 12"));
    let alarm = desk.alarms().remove(0);
    assert_eq!((alarm.kind.as_str(), alarm.sim, alarm.modem), ("configuration_refused", None, None));
    assert!(alarm.detail.contains("/etc/recado/recado.toml line 12"), "{}", alarm.detail);
    read(&mut desk, Some("/etc/recado/recado.toml line 13"));
    assert_eq!(desk.alarms().len(), 1, "it is told once");
    read(&mut desk, None);
    assert!(desk.alarms().iter().all(|alarm| alarm.cleared_at.is_some()));
}
