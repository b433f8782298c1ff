//! What one modem's, or one caller's, trouble costs the rest.

use std::process::Command;
use std::time::Duration;

use super::air::Air;
use super::rig::Rig;
use super::running::message;
use super::support::{TEXT, load};
use super::{Bench, MODEMS};

/// What waits: more than is sent while it is watched.
const MESSAGES: usize = 100 * MODEMS;
/// Before anything is watched.
const WARM: Duration = Duration::from_secs(3);
const WATCHED: Duration = Duration::from_secs(20);
const TARGET: f64 = 1.0;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Nothing,
    /// One modem says nothing any more, while a part of it is on the air.
    DeadModem,
    /// Every second number does not exist.
    BadNumbers,
}

pub(crate) async fn measure(bench: &Bench, rounds: usize) {
    for round in 1..=rounds {
        let well = watch(bench, Trouble::Nothing).await;
        let dead = watch(bench, Trouble::DeadModem).await;
        let bad = watch(bench, Trouble::BadNumbers).await;
        println!(
            "{:<10} {round:>7} air time used: {:.2} % by {} modems without trouble, {:.2} % by the others beside a dead one, lost {:.2} %; {:.2} % by {MODEMS} without trouble, {:.2} % with every second number bad, lost {:.2} % (target less than {TARGET:.0} %); load {}",
            "trouble",
            well.others,
            MODEMS - 1,
            dead.others,
            lost(well.others, dead.others),
            well.all,
            bad.all,
            lost(well.all, bad.all),
            load()
        );
        println!(
            "{:<10} {round:>7} results in {} s: {} without trouble, {} beside a dead one, {} with bad numbers, {} of them refused",
            "trouble",
            WATCHED.as_secs(),
            well.results,
            dead.results,
            bad.results,
            bad.refused
        );
    }
}

fn lost(well: f64, ill: f64) -> f64 {
    100.0 * (well - ill) / well
}

/// Percent of air time, and results in the time watched.
struct Watched {
    all: f64,
    /// Without the last modem.
    others: f64,
    results: usize,
    refused: usize,
}

async fn watch(bench: &Bench, trouble: Trouble) -> Watched {
    let mut rig = Rig::start(&bench.disk, &[MODEMS - 1, 1]).await;
    let ports = rig.ports.clone();
    rig.serve(&ports).await;
    let bad = |number: usize| {
        // The emulated network knows no number that ends so.
        format!(r#"{{"to":"+55119{:04}0003","text":"{TEXT}"}}"#, 6_000 + number / 2)
    };
    let is_bad = |number: usize| trouble == Trouble::BadNumbers && number.is_multiple_of(2);
    rig.begin((0..MESSAGES).map(|number| if is_bad(number) { bad(number) } else { message(number) })).await;
    tokio::time::sleep(WARM).await;
    if trouble == Trouble::DeadModem {
        let emulator = rig.emulators.last().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-STOP", &emulator]).status().unwrap().success());
    }
    let from = bench.clock.now().utc.as_millis();
    tokio::time::sleep(WATCHED).await;
    let to = bench.clock.now().utc.as_millis();
    // What is on the air now ends.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let conn = rusqlite::Connection::open(rig.database()).unwrap();
    let mut statement = conn
        .prepare("SELECT at, modem, type FROM event WHERE type IN ('segment.accepted', 'segment.refused') AND at >= ?1")
        .unwrap();
    let results: Vec<(i64, String, String)> = statement
        .query_map([from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let waiting: usize = conn.query_row("SELECT count(*) FROM segment WHERE state = 0", [], |row| row.get(0)).unwrap();
    assert!(waiting > MODEMS, "the work has run out");
    let micros = |ms: i64| u64::try_from(ms).unwrap() * 1_000;
    let last = format!("m{}", MODEMS - 1);
    let air = |with_last: bool| {
        let results = results.iter().filter(|(_, modem, _)| with_last || *modem != last);
        let modems = if with_last { MODEMS } else { MODEMS - 1 };
        Air::new(results.map(|(at, modem, _)| (modem.clone(), micros(*at)))).percent(micros(from), micros(to), modems)
    };
    let in_time = || results.iter().filter(|(at, ..)| *at <= to);
    Watched {
        all: air(true),
        others: air(false),
        results: in_time().count(),
        refused: in_time().filter(|(.., kind)| kind == "segment.refused").count(),
    }
}
