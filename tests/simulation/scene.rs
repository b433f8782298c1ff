//! What a world is made of: modems and their faults, limits, work.

use std::time::Duration;

use recado::dispatch::balance::{Question, Rule};
use recado::dispatch::budget::Limits;
use recado::emulator::{Config, Fault, FaultRate, Profile, Profiles, Rate};

use super::law::Law;
use super::random::Random;
use super::work::Task;

/// Every fault that there is, with some codes of refusals.
const FAULTS: [Fault; 21] = [
    Fault::DropResult,
    Fault::DropBeforeSend,
    Fault::LateResult,
    Fault::Split,
    Fault::Garbage,
    Fault::Echo,
    Fault::DoubleCr,
    Fault::Urc,
    Fault::EarlyReport,
    Fault::ReportLoss,
    Fault::ReportDup,
    Fault::NoPrompt,
    Fault::Hang,
    Fault::Vanish,
    Fault::StorageFull,
    Fault::PromptSurvives,
    Fault::Cms(38),
    Fault::Cms(50),
    Fault::Cms(500),
    Fault::Cms(21),
    Fault::Cms(330),
];

pub(crate) struct Scene {
    pub(crate) modems: Config,
    pub(crate) limits: Limits,
    /// What to submit, the next one last.
    pub(crate) tasks: Vec<Task>,
    /// Commits take up to so many milliseconds.
    pub(crate) slow_disk: u64,
    /// Rules, and people whom they protect, in some of them.
    pub(crate) law: Option<Law>,
}

/// One in so many scenes has rules.
const LAWFUL: u64 = 3;

impl Scene {
    /// A few modems with an afternoon's work.
    pub(crate) fn by_chance(seed: u64, random: &mut Random) -> Self {
        let modems = 2 + random.index(3);
        let faults = faults(random);
        let families: Vec<Profile> = Profile::all().collect();
        let families: Vec<Profile> = (0..modems).map(|_| random.pick(&families)).collect();
        let modems = Config {
            modems,
            seed,
            airtime: random.pick(&[Duration::from_millis(300), Duration::from_secs(2), Duration::ZERO]),
            report_delay: random.pick(&[Duration::from_secs(5), Duration::from_millis(200), Duration::from_secs(120)]),
            reply_rate: Rate::new(0.2).unwrap(),
            faults,
            storage_slots: random.pick(&[30, 5, 10]),
            profiles: Profiles::new(families),
            ..Config::default()
        };
        let limits = limits(random);
        let parts_max = usize::try_from(if limits.per_minute == 0 { 4 } else { limits.per_minute.min(4) }).unwrap();
        let count = 20 + random.index(41);
        let mut tasks = (1..=count).rev().map(|number| Task::new(number, parts_max, random)).collect();
        let slow_disk = random.pick(&[20, 20, 200, 3000]);
        let mut chance = Random::new(seed.rotate_left(32));
        let law = chance.once_in(LAWFUL).then(|| Law::by_chance(&mut tasks, &mut chance));
        Self { modems, limits, tasks, slow_disk, law }
    }

    /// So many modems of every family under every fault, with the pace that SIMs have if nothing is said. Work comes later.
    pub(crate) fn soak(modems: usize, seed: u64) -> Self {
        let rate = |fault| FaultRate { fault, rate: Rate::new(most(fault) / 20.0).unwrap() };
        let modems = Config {
            modems,
            seed,
            airtime: Duration::from_secs(2),
            reply_rate: Rate::new(0.1).unwrap(),
            faults: FAULTS.map(rate).to_vec(),
            // More than can be spent.
            credit: 10_000_000,
            profiles: Profiles::new(Profile::all().collect()),
            ..Config::default()
        };
        let limits = Limits { per_minute: 6, per_hour: 100, min_gap: Duration::from_secs(5), ..Limits::none() };
        Self { modems, limits, tasks: Vec::new(), slow_disk: 20, law: None }
    }
}

/// How often a fault may happen at most.
fn most(fault: Fault) -> f64 {
    match fault {
        Fault::Vanish | Fault::Hang => 0.01,
        Fault::Cms(_) => 0.1,
        _ => 0.3,
    }
}

/// Some faults, more or less often.
fn faults(random: &mut Random) -> Vec<FaultRate> {
    let density = random.pick(&[0, 2, 4, 10]);
    let mut given = Vec::new();
    for fault in FAULTS {
        if density > 0 && random.below(10) < density {
            let share = most(fault) * f64::from(u32::try_from(1 + random.below(100)).unwrap()) / 100.0;
            given.push(FaultRate { fault, rate: Rate::new(share).unwrap() });
        }
    }
    given
}

/// Every SIM is asked what is left on it, in between; more is left than a run can spend.
pub(crate) fn balance() -> Rule {
    Rule { asks: true, question: Some(Question::Code("*100#".to_owned())), ..Rule::default() }
}

fn limits(random: &mut Random) -> Limits {
    let (per_minute, per_hour, per_day, gap) =
        random.pick(&[(0, 0, 0, 0), (0, 40, 0, 0), (6, 0, 0, 5), (3, 15, 20, 1), (4, 0, 12, 0), (0, 0, 0, 2)]);
    let (per_month, recipients_per_month) = random.pick(&[(0, 0), (0, 0), (0, 0), (15, 0), (0, 8), (40, 12)]);
    let min_gap = Duration::from_secs(gap);
    Limits { per_minute, per_hour, per_day, per_month, recipients_per_month, min_gap, ..Limits::none() }
}
