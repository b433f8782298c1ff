//! The whole gateway in one thread and in virtual time, under seeded trouble.
//!
//! The real gateway on a real database, the real machine of each modem and the real model of modems and network; what lies
//! between them – threads, tasks, ports, time – is played by a loop that does what comes next. Bytes come in pieces and
//! late, commits take their time, ports vanish, people cancel and pause, and the process dies between any two commits. In one
//! scene of three there are rules, hours that open and close, and debtors who answer, pay and are suppressed.
//!
//! `RECADO_SEEDS` says how many seeds (or which: `100..200`), `RECADO_SEED` runs one and prints what happens. `soak.rs` is one
//! long run.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends at the first thing that fails"
)]

mod account;
mod hours;
mod law;
mod line;
mod person;
mod random;
mod reply;
mod scene;
mod soak;
mod work;
mod world;

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use world::World;

/// Held by each test: one of them looks at the memory of the process.
static ALONE: Mutex<()> = Mutex::new(());

/// Seeds in an ordinary run.
const SEEDS: u64 = 40;

/// How long everything may take to settle once nothing goes wrong any more: the waits after refusals add up to three hours.
const SETTLE: Duration = Duration::from_secs(12 * 3600);

/// Between two looks at what waits.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// Modems that rest or were given up for a while are back after this, and SIMs that rest have proven themselves: their tests
/// are two hours apart at most.
const RECOVERED: Duration = Duration::from_secs(150 * 60);

/// Runs one seed and gives the virtual time that it took.
fn run(seed: u64, verbose: bool) -> Duration {
    let mut world = World::new(seed, verbose);
    let trouble = world.random.seconds(15 * 60, 2 * 3600);
    let end = world.now + trouble;
    let crashes = world.random.pick(&[0, 1, 1, 4]);
    let people = world.random.pick(&[0, 1, 1]);
    let host = world.random.pick(&[0, 0, 1]);
    let pace = trouble.as_secs() / (world.tasks.len() as u64 * 4);
    let mut steps = 0;
    while world.now < end {
        let next = world.now + world.random.seconds(0, pace.max(2));
        world.run_until(next);
        match world.random.below(44) {
            0..24 => world.submit_next(),
            24 => {
                let index = world.random.index(world.modems);
                world.inbound(index);
            }
            25..28 if people > 0 => world.cancel(),
            28 if people > 0 => world.pause(),
            29..31 => world.resume(true),
            31..34 if people > 0 => world.resolve(),
            34 if crashes > 0 => {
                let index = world.random.index(world.modems);
                if world.is_unplugged(index) { world.plug(index) } else { world.unplug(index) }
            }
            40 if crashes > 0 && world.random.once_in(3) => world.exchange(),
            41 if host > 0 => world.set_clock(),
            42 if host > 0 => world.fill_disk(),
            35 if crashes > 0 => (0..world.modems).for_each(|index| world.plug(index)),
            36 if crashes > 0 && world.random.below(4) < crashes => world.crash(),
            37 if crashes > 0 && world.random.below(4) < crashes => world.doom(),
            38 if crashes > 0 && world.random.once_in(3) => world.stop(),
            39 if people > 0 && world.random.once_in(3) => {
                let index = world.random.index(world.modems);
                world.afflict(index);
            }
            43 if crashes > 0 && world.random.once_in(2) => {
                let index = world.random.index(world.modems);
                world.restart_silently(index);
            }
            _ => {}
        }
        world.live();
        steps += 1;
        if steps % 40 == 0 {
            account::consistent(&world);
        }
    }
    settle(&mut world);
    account::at_the_end(&world);
    world.now.since_origin()
}

fn settle(world: &mut World) {
    world.calm();
    while !world.tasks.is_empty() {
        world.run_until(world.now + Duration::from_secs(5));
        world.submit_next();
    }
    if world.random.once_in(3) {
        world.resume(true);
    } else {
        world.resume(false);
    }
    let began = world.now;
    let mut before = None;
    while world.now < began + SETTLE {
        world.run_until(world.now + LOOK);
        world.look_after();
        let look = account::look(world);
        // A clock that was set back makes what is to be done at a time wait for longer.
        let recovered = world.now >= began + RECOVERED + world.clock_set_back;
        if recovered {
            account::all_ready(world);
            account::nothing_is_stuck(world, before.as_ref(), &look);
        }
        if look.is_settled() {
            break;
        }
        before = recovered.then_some(look);
    }
    // Reports of what went last.
    world.run_until(world.now + Duration::from_secs(15 * 60));
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("RECADO_SEEDS") else { return 0..SEEDS };
    match text.split_once("..") {
        Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
        None => 0..text.parse().unwrap(),
    }
}

#[test]
fn whatever_goes_wrong_nothing_is_lost_sent_twice_or_stuck() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(seed) = std::env::var("RECADO_SEED") {
        run(seed.parse().unwrap(), true);
        return;
    }
    let next = Mutex::new(seeds());
    let done = Mutex::new((Vec::new(), Duration::ZERO, 0));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(seed) = { next.lock().unwrap().next() } {
                    let took = std::panic::catch_unwind(|| run(seed, false));
                    let (failed, time, clean) = &mut *done.lock().unwrap();
                    if let Ok(took) = took {
                        *time += took;
                        *clean += 1;
                    } else {
                        println!("replay: RECADO_SEED={seed} cargo test --test simulation -- --nocapture");
                        failed.push(seed);
                    }
                }
            });
        }
    });
    let (failed, time, clean) = done.into_inner().unwrap();
    println!("{clean} seeds clean, {} simulated hours, failed: {failed:?}", time.as_secs() / 3600);
    assert!(failed.is_empty(), "seeds that failed: {failed:?}");
}
