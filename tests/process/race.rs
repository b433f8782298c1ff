//! Suppressions and payments against a busy dispatcher: after the answer the network accepts nothing for the number but what
//! the answer names as on the wire. The emulator's log is the witness.

use serde_json::{Value, json};

use super::common::{Daemon, Door, LIMIT, Place};

const MODEMS: usize = 8;
const RACES: usize = 1000;

/// Each number has one message. Those that are raced are spread over all of them, so that most are met at the moment in
/// which they are drawn, offered or settled.
const MESSAGES: usize = 2 * RACES;

/// What one race came to.
struct Race {
    to: String,
    message: String,
    /// Lines of the witness when the answer was there.
    seen: usize,
    on_wire: bool,
    stopped: bool,
}

fn number(index: usize) -> String {
    format!("+55119{:08}", 50_000_000 + index * 10)
}

fn post(door: &Door, path: &str, body: &Value) -> Value {
    let (status, answer) = door.ask("POST", path, Some(body)).unwrap();
    assert!(status == 200 || status == 202, "{path}: {answer}");
    answer
}

/// How many parts the network has accepted. The emulator writes the line before it tells the modem.
fn lines(place: &Place) -> usize {
    std::fs::read(place.path("witness")).unwrap().split(|octet| *octet == b'\n').count() - 1
}

/// What stops a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Its number must not be texted any more.
    Suppression,
    /// Its debt was paid.
    Payment,
}

impl Stop {
    fn send(self, door: &Door, index: usize) -> Value {
        match self {
            Self::Suppression => post(door, "/v1/suppressions", &json!({ "number": number(index) })),
            Self::Payment => post(door, &format!("/v1/debts/d{index}/events"), &json!({ "type": "payment_received" })),
        }
    }
}

#[test]
fn after_a_suppression_nothing_is_accepted_but_what_was_on_the_wire() {
    race(Stop::Suppression);
}

#[test]
fn after_a_payment_nothing_is_accepted_but_what_was_on_the_wire() {
    race(Stop::Payment);
}

#[expect(clippy::print_stdout, reason = "the counts are for people")]
fn race(stop: Stop) {
    let place = Place::new();
    let emulator = place.emulate(MODEMS, &["--airtime", "15ms", "--report-delay", "1s"]);
    let config = place.configure_emulated("5s", MODEMS);
    let daemon = Daemon::start(&config);
    for modem in 0..MODEMS {
        daemon.wait_for_modem(&format!("modem{modem}"));
    }
    let creditor = json!({
        "id": "loja", "name": "Loja Azul", "sender": "Loja Azul", "zone": "America/Sao_Paulo",
        "language": "pt-BR", "currency": "BRL",
    });
    post(&daemon.door, "/v1/creditors", &creditor);
    let debts = (0..MESSAGES).map(|index| {
        let debtor = json!({ "id": format!("p{index}"), "numbers": [number(index)] });
        json!({ "id": format!("d{index}"), "creditor": "loja", "debtor": debtor, "amount": "10.00", "due": "2026-11-10" })
    });
    post(&daemon.door, "/v1/debts", &debts.collect());
    let items: Vec<Value> = (0..MESSAGES)
        .map(|index| {
            let text = format!("corrida {index}");
            json!({ "to": number(index), "text": text, "debtor": format!("p{index}"), "debt": format!("d{index}") })
        })
        .collect();
    let answer = post(&daemon.door, "/v1/messages", &Value::Array(items));
    let ids: Vec<String> =
        answer["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    let mut races: Vec<Race> = Vec::with_capacity(RACES);
    let mut raced = vec![false; MESSAGES];
    while races.len() < RACES {
        // The queue goes in order: what lies behind all that was sent or stopped is in somebody's hand about now, and what
        // lies a little further is drawn while the stop is on its way.
        let done = lines(&place) + races.iter().filter(|race| race.stopped).count() + races.len() % (4 * MODEMS);
        let ahead = (done.min(MESSAGES)..MESSAGES).chain(0..MESSAGES).find(|index| !raced[*index]);
        let Some(index) = ahead else { break };
        raced[index] = true;
        let answer = stop.send(&daemon.door, index);
        let seen = lines(&place);
        let on_wire = answer["on_wire"].as_array().unwrap().iter().any(|id| *id == ids[index].as_str());
        let stopped = answer["stopped"].as_u64().unwrap() > 0;
        races.push(Race { to: number(index), message: ids[index].clone(), seen, on_wire, stopped });
    }
    daemon.process.within(LIMIT, || daemon.door.is_settled().then_some(())).expect("the queue ends");
    let witness = place.witness();
    let (mut before, mut on_wire, mut stopped) = (0, 0, 0);
    for race in &races {
        let accepted = witness.iter().position(|line| line["to"] == race.to.as_str());
        let state = daemon.door.get(&format!("/v1/messages/{}", race.message))["state"].clone();
        match accepted {
            Some(line) if line >= race.seen => {
                assert!(race.on_wire, "line {line} came after the answer at {} and was not named: {state}", race.seen);
                on_wire += 1;
            }
            Some(_) => before += 1,
            None => {
                assert!(race.stopped, "neither sent nor stopped: {state}");
                assert_eq!(state, "blocked");
                stopped += 1;
            }
        }
    }
    assert_eq!(races.len(), RACES);
    println!(
        "{stop:?}, races {RACES}: accepted before {before}, named as on the wire and accepted later {on_wire}, stopped {stopped}"
    );
    assert!(stopped > 0 && before + on_wire > 0, "a race has two sides: {before}, {on_wire}, {stopped}");
    daemon.process.kill();
    emulator.kill();
}
