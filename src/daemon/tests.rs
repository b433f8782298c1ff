use crate::modem::{self, Card};

use crate::store::Settings;

use super::*;

const ICCID: &str = "89550310000012345678";
const OTHER: &str = "89550310000087654321";

fn card(iccid: &str, pin: &str) -> Card {
    Card { iccid: iccid.to_owned(), pin: Some(pin.to_owned()), smsc: None, roaming: false }
}

/// The PINs that are left after SIM `ICCID` has refused 1234.
fn check(cards: Vec<Card>, expected: &[Option<&str>]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recado.db");
    let config = Config::default();
    let settings = Settings {
        sims: config.sim_settings(),
        free_floor: 0,
        country: config.region.country,
        alarms: Vec::new(),
        contact: crate::contact::ContactSettings::none().into(),
    };
    let now = Clock::host().now().utc;
    let mut store = Store::open(&path, settings.clone(), now).unwrap();
    let mark = card(ICCID, "1234").pin_mark().unwrap();
    store.commit(now, |work| work.spend_pin(ICCID, &mark)).unwrap();
    let sims = settings.sims.clone();
    let left = known_pins(modem::Config { cards }, &Reader::new(&path, settings.sims), &sims).unwrap();
    let pins: Vec<Option<&str>> = left.cards.iter().map(|card| card.pin.as_deref()).collect();
    assert_eq!(pins, expected);
}

#[test]
fn a_pin_that_was_refused_before_is_left_out() {
    check(vec![card(ICCID, "1234"), card(OTHER, "1234")], &[None, Some("1234")]);
}

#[test]
fn another_pin_for_the_same_sim_is_tried() {
    check(vec![card(ICCID, "4321")], &[Some("4321")]);
}

#[test]
fn a_card_without_a_pin_stays_without() {
    check(vec![Card { iccid: ICCID.to_owned(), ..Card::default() }], &[None]);
}
