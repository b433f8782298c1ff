//! One long run of a full pool under every fault, without a restart: nothing may grow that need not.
//!
//! `RECADO_SOAK_HOURS` says how many simulated hours, with 64 modems then; without it a few modems have a short one. What
//! the process holds is that of gateway, machines, emulated network and this test's own account together. Ports and log are
//! played here; `process/soak.rs` has them real.

use std::sync::PoisonError;
use std::time::Duration;

use super::random::Random;
use super::scene::Scene;
use super::work::Task;
use super::world::World;
use super::{ALONE, account, settle};

const HOUR: Duration = Duration::from_secs(3600);

/// Modems and hours: if nothing is said, and otherwise.
const SHORT: (usize, u64) = (8, 1);
const FULL_MODEMS: usize = 64;

/// Messages per modem and hour, of one and a half parts on average.
const PACE: usize = 30;

/// What a process has taken by then it has for good: caches are full, and every trouble has been there once. A sixth of the
/// time: the fourth hour of a day.
const WARM_SHARE: u32 = 6;

/// What may come on top: caches and what the allocator leaves lying about, and this test's own account (56 octets for each
/// part that was taken, as many for each message, with some room).
const GROWTH_KB_MAX: u64 = 4 * 1024;
const ACCOUNT_OCTETS_PER_MESSAGE: u64 = 192;

/// Descriptors are those of the database; one look at it more or less.
const DESCRIPTORS_MORE: usize = 4;

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Work and trouble for so long. Of 150 messages one comes with a modem that falls ill, and one with a modem that is gone for
/// a while.
fn live(world: &mut World, time: Duration, next: &mut usize) {
    let end = world.now + time;
    let pause = HOUR / u32::try_from(world.modems * PACE).unwrap();
    while world.now < end {
        *next += 1;
        let task = Task::new(*next, 4, &mut world.random);
        // Of many messages those would be left in the end, and some of them in a row make a SIM rest, as they should.
        if task.is_refused_for_now() {
            continue;
        }
        world.tasks.push(task);
        world.submit_next();
        let modem = world.random.index(world.modems);
        match world.random.below(150) {
            0 => world.afflict(modem),
            1 => world.unplug(modem),
            2..6 => (0..world.modems).for_each(|modem| world.plug(modem)),
            6 => world.look_after(),
            7..10 => world.resolve(),
            10..15 => world.inbound(modem),
            _ => {}
        }
        let next_at = world.now + pause;
        world.run_until(next_at);
    }
}

#[test]
fn a_long_run_under_every_fault_grows_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let hours = std::env::var("RECADO_SOAK_HOURS").ok().map(|hours| hours.parse().unwrap());
    let (modems, hours) = hours.map_or(SHORT, |hours| (FULL_MODEMS, hours));
    let seed = std::env::var("RECADO_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut world = World::play(Scene::soak(modems, seed), Random::new(seed), false);
    let whole = HOUR * u32::try_from(hours).unwrap();
    // Steps of an hour, or fewer minutes where there are not that many hours.
    let step = HOUR.min(whole / (2 * WARM_SHARE));
    let (mut next, mut warm) = (0, None);
    let began = world.now;
    while world.now < began + whole {
        live(&mut world, step, &mut next);
        let (kb, open) = (resident_kb(), descriptors());
        let lived = world.now.saturating_since(began);
        if lived >= whole / WARM_SHARE && warm.is_none() {
            warm = Some((kb, open, next));
        }
        println!(
            "{:>4} min: {next} messages, {} parts taken, {} unplugs, {} ailments, resident {kb} kB, {open} descriptors",
            lived.as_secs() / 60,
            world.log.len(),
            world.unplugs,
            world.ailments
        );
    }
    let (kb, open) = (resident_kb(), descriptors());
    let (warm_kb, warm_open, warm_next) = warm.unwrap();
    let grown = kb.saturating_sub(warm_kb);
    let most_kb = GROWTH_KB_MAX + (next - warm_next) as u64 * ACCOUNT_OCTETS_PER_MESSAGE / 1024;
    println!(
        "{modems} modems, {hours} simulated hours: {next} messages, {} parts, resident {warm_kb} kB after a sixth of it, \
         {kb} kB at the end (bound {} kB more), {warm_open} and {open} descriptors",
        world.log.len(),
        most_kb
    );
    assert!(world.log.len() > next / 2, "next to nothing was sent");
    assert!(grown <= most_kb, "memory grew by {grown} kB");
    assert!(open <= warm_open + DESCRIPTORS_MORE, "descriptors grew from {warm_open} to {open}");
    settle(&mut world);
    account::at_the_end(&world);
}
