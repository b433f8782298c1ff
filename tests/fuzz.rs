//! Every target of `fuzz/` with every compiler: its seeds, and what is made of these by cutting, doubling, joining and changing.
//!
//! Without a word each target gets a few hundred inputs, in the same order in each run. `FUZZ_SECONDS=600` says for how long each of them
//! goes on instead, `FUZZ_SEED` from which chance, `FUZZ_TARGET` which one alone. An input that fails is kept in
//! `target/fuzz-failures` and is there to become a seed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that fails"
)]

#[path = "simulation/random.rs"]
#[expect(dead_code, reason = "the simulation draws more kinds of chance")]
mod random;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use random::Random;
use recado::clock::Clock;
use recado::fuzz::{TARGETS, Target};

/// Inputs of each target where no time is said, and for how long at most: some parsers read whole books of rules.
const INPUTS: usize = 300;
const SHORT: Duration = Duration::from_secs(3);
/// Octets of an input: parsers have bounds of their own, and what grows without end tests nothing else.
const OCTETS_MAX: usize = 8 * 1024;
/// No input may take longer, on a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(10);

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

/// What lies in the folder of a target, in the order of the names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder("fuzz/seeds").join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    seeds.extend(of_the_repository(target));
    seeds
}

/// Files that the program comes with are seeds too; a file of rules follows its number.
fn of_the_repository(target: &str) -> Vec<Vec<u8>> {
    let read = |name: &str| fs::read(folder("config").join(name)).unwrap();
    let rules = [
        "countries.toml",
        "areas_br.csv",
        "areas_mx.csv",
        "contact.toml",
        "holidays.toml",
        "replies.toml",
        "wording.toml",
    ];
    match target {
        "configuration" => vec![read("recado.toml")],
        "rules" | "rules_file" => {
            (0_u8..).zip(rules).map(|(number, name)| [vec![number], read(&format!("rules/{name}"))].concat()).collect()
        }
        _ => Vec::new(),
    }
}

/// Words of all parsers: what is between them is left to chance.
const WORDS: [&[u8]; 24] = [
    b"\r\n",
    b"\"",
    b",",
    b"{{",
    b"}}",
    b"{%",
    b"%}",
    b"\0",
    b"\xff\xfe",
    b"\x1a",
    b"\x1b",
    b"> ",
    b"OK\r\n",
    b"+CMGL: 1,1,,24\r\n",
    b"\\u0000",
    b"[",
    b"{",
    b"null",
    b"-1",
    b"99999999999999999999",
    b"1e999",
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b";",
];

/// One input, from one or two of those that there are.
fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut octets = random.pick(seeds);
    for _ in 0..=random.index(6) {
        let at = random.index(octets.len() + 1);
        let end = (at + random.index(32)).min(octets.len());
        match random.below(8) {
            0 => octets.truncate(at),
            1 => drop(octets.drain(at..end)),
            2 => {
                let piece = octets[at..end].to_vec();
                octets.splice(at..at, piece);
            }
            3 => {
                let other = random.pick(seeds);
                let from = random.index(other.len() + 1);
                octets.splice(at..end, other[from..].iter().copied().take(64));
            }
            4 => drop(octets.splice(at..at, random.pick(&WORDS).iter().copied())),
            5 => octets.insert(at, u8::try_from(random.below(256)).unwrap()),
            6 if at < octets.len() => octets[at] ^= 1 << random.below(8),
            _ if at < octets.len() => octets[at] = u8::try_from(random.below(256)).unwrap(),
            _ => {}
        }
    }
    octets.truncate(OCTETS_MAX);
    octets
}

/// Hands it over; an input that fails is kept and named.
fn hand(target: &Target, octets: &[u8], clock: &Clock) {
    let began = clock.now().instant;
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.check)(octets)));
    let took = clock.now().instant.saturating_since(began);
    if outcome.is_ok() && took < LIMIT {
        return;
    }
    let kept = folder("target/fuzz-failures").join(target.name);
    fs::create_dir_all(&kept).unwrap();
    let file =
        kept.join(format!("{:016x}", octets.iter().fold(0_u64, |sum, octet| sum.rotate_left(5) ^ u64::from(*octet))));
    fs::write(&file, octets).unwrap();
    panic!("{} fails after {took:?} with {}: {}", target.name, file.display(), octets.escape_ascii());
}

#[expect(clippy::print_stdout, reason = "how much was tried is what a long run is for")]
fn run(name: &str) {
    let only = std::env::var("FUZZ_TARGET").ok();
    if only.is_some_and(|only| only != name) {
        return;
    }
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let (clock, seeds) = (Clock::host(), seeds(name));
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let seconds = variable("FUZZ_SECONDS").map(Duration::from_secs);
    let mut random = Random::new(variable("FUZZ_SEED").unwrap_or(1));
    let began = clock.now().instant;
    let mut inputs = 0;
    for seed in &seeds {
        hand(target, seed, &clock);
        inputs += 1;
    }
    loop {
        let took = clock.now().instant.saturating_since(began);
        if took >= seconds.unwrap_or(SHORT) || (seconds.is_none() && inputs >= INPUTS) {
            break;
        }
        hand(target, &mutated(&mut random, &seeds), &clock);
        inputs += 1;
    }
    println!("{name}: {inputs} inputs from {} seeds, none failed", seeds.len());
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_target_is_here_in_the_crate_and_has_seeds() {
            let here: BTreeSet<&str> = [$(stringify!($name)),*].into();
            assert_eq!(here, TARGETS.iter().map(|target| target.name).collect());
            let names = |path: &str| -> BTreeSet<String> {
                let entries = fs::read_dir(folder(path)).unwrap();
                entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
            };
            let expected: BTreeSet<String> = here.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(names("fuzz/fuzz_targets"), expected);
            assert_eq!(names("fuzz/seeds"), expected);
        }
    };
}

targets! {
    at campaign_list configuration definition http_body import payment_code pdu_decode pdu_lines reply rules rules_file
    suppression_list template ussd
}
