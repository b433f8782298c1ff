//! The daemon is killed at random moments, with the emulator's log as witness of what the network took.
//!
//! `RECADO_KILLS` says how often, `RECADO_SEED` repeats the moments of an earlier run; what happens in between is still up
//! to the scheduler of the host. SIGKILL takes the process, not the host: what the disk keeps in a power cut is not shown.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that fails"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use common::{Daemon, Door, LIMIT, Place};
use recado::clock::Clock;
use serde_json::{Value, json};

const MODEMS: usize = 8;
const CLIENTS: usize = 8;
/// Messages that may wait: more than is sent between two kills.
const BACKLOG: usize = 200;
/// Final results that a modem swallows after the network took the part: nothing but a kill, or a report, ends the wait.
const SWALLOWED: &str = "drop_result=0.05";
/// Restarts after the last random moment until nothing is on the wire any more.
const TAIL_MAX: u64 = 100;
/// What waits goes out in this time, if no modem has swallowed a result.
const SETTLE: Duration = Duration::from_secs(6);
/// Between two messages of a client.
const PACE: Duration = Duration::from_millis(40);
/// Every so many messages one takes two parts.
const LONG_EVERY: usize = 8;

/// What clients and the one who kills know of each other.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The daemon's door; none while it is dead.
    door: Option<Door>,
    /// How many messages may be submitted by now.
    granted: usize,
    /// How many numbers of messages were given out.
    begun: usize,
    /// The ids of those that got an answer, by number.
    answered: BTreeMap<usize, String>,
    /// Requests that got no answer and were repeated.
    repeated: usize,
    done: bool,
}

/// A stream of numbers that its seed decides entirely.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn millis_below(&mut self, limit: u64) -> Duration {
        Duration::from_millis(self.below(limit))
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// The text says its number in each of its parts.
fn text(number: usize) -> String {
    let body = format!("msg {number:06} ");
    if number.is_multiple_of(LONG_EVERY) { body.repeat(20) } else { body }
}

/// The number of the message that this part belongs to.
fn number_in(part: &str) -> usize {
    let digits = part.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6);
    digits.unwrap_or_else(|| panic!("no number in {part:?}")).parse().unwrap()
}

/// Submits messages one after the other; each until it is answered, under the same reference.
fn client(shared: &Shared) {
    let Shared { state, changed } = shared;
    loop {
        let waits = |state: &mut State| !state.done && (state.begun >= state.granted || state.door.is_none());
        let mut now = changed.wait_while(state.lock().unwrap(), waits).unwrap();
        if now.done {
            return;
        }
        let number = now.begun;
        now.begun += 1;
        drop(now);
        let to = format!("+55119{:08}", 10_000_000 + number * 10 + 9);
        let message = json!({ "to": to, "text": text(number), "client_ref": format!("ref-{number}") });
        let id = loop {
            let waits = |state: &mut State| state.door.is_none() && !state.done;
            let now = changed.wait_while(state.lock().unwrap(), waits).unwrap();
            let Some(door) = now.door.clone() else { return };
            drop(now);
            match door.ask("POST", "/v1/messages", Some(&message)) {
                Ok((200 | 202, answer)) => break answer["id"].as_str().unwrap().to_owned(),
                Ok((status, answer)) => panic!("{status}: {answer}"),
                Err(_) => {
                    // Killed in between. The next attempt may still find the old door for a moment.
                    let mut now = state.lock().unwrap();
                    now.repeated += 1;
                    let same =
                        |state: &mut State| state.door.as_ref().is_some_and(|known| known.address == door.address);
                    drop(changed.wait_timeout_while(now, Duration::from_millis(20), same).unwrap());
                }
            }
        };
        let mut now = state.lock().unwrap();
        now.answered.insert(number, id);
        changed.notify_all();
        // Not faster than the modems send, so that some request is under way at any moment.
        drop(changed.wait_timeout_while(now, PACE, |state| !state.done).unwrap());
    }
}

/// Sends the clients home, also when the test fails.
struct Done<'a>(&'a Shared);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        // Nobody cares for a poisoned lock at the end.
        let mut state = self.0.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (state.done, state.door) = (true, None);
        drop(state);
        self.0.changed.notify_all();
    }
}

/// Kills it `kills` times. Gives how many of the kills came before it was ready, during the bring-up of its modems, and at
/// work.
fn torment(place: &Place, config: &Path, shared: &Shared, random: &mut Random, kills: u64) -> [usize; 3] {
    let mut moments = [0; 3];
    for kill in 0..kills {
        // The first and one in six die before they are ready, as many while modems are brought up, the others at work.
        let stage = if kill == 0 { 0 } else { usize::try_from(random.below(6)).unwrap().min(2) };
        moments[stage] += 1;
        let process = Daemon::process(config);
        if stage == 0 {
            process.line_within("ready", random.millis_below(60));
            process.kill();
            continue;
        }
        let daemon = Daemon::of(process, config);
        let witness = place.witness();
        let sent: BTreeSet<_> = witness.iter().map(|line| number_in(line["text"].as_str().unwrap())).collect();
        let granted = sent.len() + BACKLOG;
        let mut now = shared.state.lock().unwrap();
        (now.door, now.granted) = (Some(daemon.door.clone()), granted);
        drop(now);
        shared.changed.notify_all();
        if stage == 2 {
            daemon.wait_for_modem("modem");
        }
        let moment = random.millis_below(550);
        assert_eq!(daemon.process.line_within("ERROR", moment), None);
        shared.state.lock().unwrap().door = None;
        daemon.process.kill();
    }
    moments
}

/// Leaves one running that has nothing on the wire any more, and gives how many more it took: a modem that has swallowed
/// its result is waited for until the next one.
fn calm(config: &Path, shared: &Shared) -> (Daemon, u64) {
    for more in 0..TAIL_MAX {
        let daemon = Daemon::start(config);
        shared.state.lock().unwrap().door = Some(daemon.door.clone());
        shared.changed.notify_all();
        // Whoever has begun gets an answer now.
        let mut now = shared.state.lock().unwrap();
        now.granted = now.begun;
        let unanswered = |state: &mut State| state.answered.len() < state.begun;
        let (now, late) = shared.changed.wait_timeout_while(now, LIMIT, unanswered).unwrap();
        assert!(!late.timed_out(), "{} of {} were answered", now.answered.len(), now.begun);
        drop(now);
        if daemon.process.within(SETTLE, || daemon.door.is_settled().then_some(())).is_some() {
            return (daemon, more);
        }
        daemon.process.kill();
    }
    panic!("something is on the wire for ever");
}

/// A part as the witness and the daemon name it: message and place.
type Part = (usize, u64);

#[derive(Debug, Default)]
struct Sum {
    accepted: usize,
    delivered: usize,
    unknown: usize,
    never_sent: usize,
}

/// Compares what the daemon says of one message with what the network took.
fn account(number: usize, message: &Value, log: &HashMap<Part, Vec<Value>>, sum: &mut Sum) -> Result<(), &'static str> {
    let ensure = |holds: bool, otherwise| if holds { Ok(()) } else { Err(otherwise) };
    ensure(message["client_ref"] == format!("ref-{number}"), "another reference")?;
    ensure(message["text"] == text(number), "another text")?;
    let parts = message["parts"].as_array().unwrap();
    ensure(parts.len() == if number.is_multiple_of(LONG_EVERY) { 2 } else { 1 }, "another number of parts")?;
    for part in parts {
        let seen = log.get(&(number, part["part"].as_u64().unwrap())).map(Vec::as_slice).unwrap_or_default();
        match part["state"].as_str().unwrap() {
            "accepted" | "reported" => {
                let line = seen.first().ok_or("accepted, but the network never took it")?;
                ensure(part["modem"] == format!("modem{}", line["modem"]), "taken by another modem")?;
                ensure(part["tp_mr"] == line["mr"], "taken under another reference")?;
            }
            "unknown" => sum.never_sent += usize::from(seen.is_empty()),
            _ => return Err("a part that was left behind"),
        }
    }
    match message["state"].as_str().unwrap() {
        "accepted" => sum.accepted += 1,
        "delivered" => sum.delivered += 1,
        "unknown" => sum.unknown += 1,
        _ => return Err("not accepted or better"),
    }
    Ok(())
}

/// Checks that each restart found at most one part per modem on the wire, and gives how many all of them found.
fn unknown_parts(door: &Door, kills: u64) -> usize {
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut after = 0;
    loop {
        let page = door.get(&format!("/v1/events?after={after}&limit=1000"));
        let events = page["items"].as_array().unwrap();
        let Some(last) = events.last() else { break };
        after = last["seq"].as_u64().unwrap();
        for event in events.iter().filter(|event| event["type"] == "segment.unknown") {
            assert_eq!(event["data"]["cause"], "daemon-ended", "{event}");
            let name = |key: &str| event[key].as_str().unwrap().to_owned();
            *found.entry((name("at"), name("modem"))).or_default() += 1;
        }
    }
    assert!(found.values().all(|parts| *parts == 1), "more than one part per modem and kill: {found:?}");
    let restarts: BTreeSet<_> = found.keys().map(|(at, _)| at).collect();
    assert!(restarts.len() <= usize::try_from(kills).unwrap(), "parts became unknown without a kill: {found:?}");
    found.len()
}

#[test]
fn killed_at_any_moment_it_loses_nothing_and_sends_nothing_twice() {
    let clock = Clock::host();
    let began = clock.now();
    let kills = setting("RECADO_KILLS", 50);
    let seed = setting("RECADO_SEED", began.utc.as_millis().unsigned_abs());
    println!("seed {seed}");
    let place = Place::new();
    let emulator =
        place.emulate(MODEMS, &["--airtime", "20ms", "--report-delay", "300ms", "--seed", "7", "--fault", SWALLOWED]);
    let config = place.configure_emulated("2s", MODEMS);
    let shared = Shared { state: Mutex::default(), changed: Condvar::new() };
    let (moments, (daemon, more)) = std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| client(&shared));
        }
        let _done = Done(&shared);
        (torment(&place, &config, &shared, &mut Random(seed), kills), calm(&config, &shared))
    });
    let kills = kills + more;
    let State { answered, repeated, .. } = shared.state.into_inner().unwrap();
    let door = &daemon.door;
    let mut log: HashMap<Part, Vec<Value>> = HashMap::new();
    let mut lines = 0;
    for line in place.witness() {
        let part = (number_in(line["text"].as_str().unwrap()), line["concat"]["part"].as_u64().unwrap_or(1));
        assert!(answered.contains_key(&part.0), "sent, but nobody asked for it: {line}");
        log.entry(part).or_default().push(line);
        lines += 1;
    }
    let twice: Vec<_> = log.iter().filter(|(_, lines)| lines.len() > 1).collect();
    let mut sum = Sum::default();
    let (mut lost, mut wrong) = (Vec::new(), Vec::new());
    for (&number, id) in &answered {
        match door.ask("GET", &format!("/v1/messages/{id}"), None).unwrap() {
            (200, message) => {
                wrong.extend(account(number, &message, &log, &mut sum).err().map(|why| format!("{why}: {message}")));
            }
            (status, answer) => lost.push((number, status, answer)),
        }
    }
    let unknown_parts = unknown_parts(door, kills);
    let inbox = door.list("/v1/inbox");
    let answerers: BTreeSet<_> = inbox.iter().map(|text| text["from"].as_str().unwrap()).collect();
    println!(
        "kills {kills} (before it was ready, during the bring-up, at work: {moments:?}, to end what waited for a swallowed result: {more}), messages {}, requests repeated {repeated}, accepted {}, delivered {}, unknown {}, \
         unknown but never sent {} parts, parts found unknown at a restart {unknown_parts}, parts in the log {lines}, \
         duplicates {}, lost {}, answers received {}, {:.1} s",
        answered.len(),
        sum.accepted,
        sum.delivered,
        sum.unknown,
        sum.never_sent,
        twice.len(),
        lost.len(),
        inbox.len(),
        clock.now().instant.saturating_since(began.instant).as_secs_f64()
    );
    assert!(twice.is_empty(), "left twice: {twice:?}");
    assert!(lost.is_empty(), "answered, but not there: {lost:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(door.list("/v1/messages").len(), answered.len(), "a repeated request made a second message");
    assert_eq!(answerers.len(), inbox.len(), "an answer was received twice");
    assert!(lines >= moments[2], "next to nothing was sent");
    assert!(daemon.process.signal("TERM").success());
    assert!(emulator.signal("TERM").success());
}
