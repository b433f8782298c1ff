//! The gateway, its modems and the network in one thread: a loop that always does what comes next.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use recado::actor::gateway::{Context, Gateway, Order, Report};
use recado::clock::{Instant, Now, Timestamp};
use recado::contact::ContactSettings;
use recado::dispatch::route::SimNames;
use recado::dispatch::sim::{Card, SimSettings};
use recado::emulator::{self, Ailment, FaultRate, LogLine, Network};
use recado::modem::{HostReset, Offer};
use recado::sms::id::{MessageId, ModemId};
use recado::sms::number::{Country, PhoneNumber};
use recado::store::board::Scope;
use recado::store::control::{CancelAnswer, Decision};
use recado::store::reader::Reader;
use recado::store::submit::SubmitAnswer;
use recado::store::{Settings, Store, StoreError};
use rusqlite::Connection;

use super::law::{Act, Law};
use super::line::{Heard, Line, Wish};
use super::person::{Moment, Note, ON_ITS_WAY, People};
use super::random::Random;
use super::reply::{self, HELP, OPTED_OUT};
use super::scene::{Scene, balance};
use super::work::{SIMS, TWIN, Task, number_in};

/// 2026-11-24T13:00:00Z, where the scene does not say otherwise.
const START: Timestamp = Timestamp::from_millis(1_795_525_200_000);

/// The writer's wait after a transaction that failed, and its longest one.
const AGAIN: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_secs(30);

/// One offer in so many meets a caller who does something to that person.
const IN_BETWEEN: u64 = 8;

const DATABASE: &str = "recado.db";

/// Something that waits for the writer.
enum Job {
    Report(usize, Vec<Report>),
    Submit(Box<Task>),
    Cancel(usize, MessageId),
    Resolve(MessageId, Decision),
    Pause(Scope, String),
    Resume(Scope, String),
    Act(Act),
}

/// Where in the round of a writer the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    BeforeCommit,
    AfterCommit,
    AfterAssign,
}

/// What the network took, and when. Small, because a long run has many.
pub(crate) struct Taken {
    pub(crate) at: Instant,
    /// The last event that was on disk then.
    pub(crate) seq: i64,
    pub(crate) modem: usize,
    /// The recipient's digits.
    pub(crate) to: u64,
    /// The number of the message, and the part; none for texts of our own.
    pub(crate) part: Option<(usize, u8)>,
}

impl Taken {
    fn new(line: &LogLine, at: Instant, seq: i64) -> Self {
        let digits = line.to.trim_start_matches('+');
        let to = digits.parse().unwrap();
        let is_ours = to == OWN || [OPTED_OUT, HELP].iter().any(|own| line.text.starts_with(own));
        Self { at, seq, modem: line.modem, to, part: (!is_ours).then(|| part_of(line)) }
    }
}

/// The number of the message, and the part.
pub(crate) fn part_of(line: &LogLine) -> (usize, u8) {
    // Twins have the same text. The old form of a number is a digit shorter.
    let is_twin = line.to.starts_with("+55") && line.to.len() == 13;
    (number_in(&line.text) + if is_twin { TWIN } else { 0 }, line.concat.map_or(1, |concat| concat.part))
}

/// Where alarms and self-tests go; no message of a caller does.
const OWN: u64 = 5_511_999_990_000;

/// What a seed has made of the world.
pub(crate) struct World {
    pub(crate) seed: u64,
    verbose: bool,
    pub(crate) now: Instant,
    pub(crate) random: Random,
    network: Network,
    /// For each line the modem at its port.
    seats: Vec<usize>,
    /// Modems on the bus, and those that were taken off it.
    present: Vec<bool>,
    unplugged: BTreeSet<usize>,
    /// The true time at the origin.
    start: Timestamp,
    /// It is so late in a month that another one may begin.
    pub(crate) ends_a_month: bool,
    /// How far the host's civil clock is off, and how far it was before each time that it was set.
    clock_off_ms: i64,
    clock_was: Vec<(Instant, i64)>,
    /// Whom rules protect, in a scene that has them.
    pub(crate) people: Option<People>,
    pub(crate) clock_set_forward: bool,
    pub(crate) clock_set_back: Duration,
    /// Until then no transaction succeeds.
    disk_full_until: Instant,
    /// The last event that is on disk.
    last_seq: i64,
    pub(crate) modems: usize,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) settings: Settings,
    pub(crate) reader: Reader,
    beside: OnceCell<Connection>,
    pub(crate) gateway: Option<Gateway>,
    lines: Vec<Line>,
    inbox: VecDeque<Job>,
    writer_at: Option<Instant>,
    /// The writer woke so many times in a row at the same time with nothing to do.
    spins: u32,
    /// When the process starts again.
    start_at: Option<Instant>,
    death: Option<(u32, Death)>,
    /// Commits take up to so many milliseconds.
    slow_disk: u64,
    /// What to submit, the next one last.
    pub(crate) tasks: Vec<Task>,
    pub(crate) accepted: BTreeMap<usize, MessageId>,
    pub(crate) refused: BTreeSet<usize>,
    pub(crate) cancelled: BTreeMap<usize, Instant>,
    pub(crate) log: Vec<Taken>,
    pub(crate) pauses: BTreeSet<(Scope, String)>,
    pub(crate) crashes: usize,
    pub(crate) stops: usize,
    pub(crate) commits: usize,
    pub(crate) faults: Vec<FaultRate>,
    pub(crate) unplugs: usize,
    pub(crate) restarts: usize,
    pub(crate) ailments: usize,
}

impl World {
    /// One that the seed makes.
    pub(crate) fn new(seed: u64, verbose: bool) -> Self {
        let mut random = Random::new(seed);
        let scene = Scene::by_chance(seed, &mut random);
        Self::play(scene, random, verbose)
    }

    /// One that is made of this, with this chance.
    pub(crate) fn play(scene: Scene, random: Random, verbose: bool) -> Self {
        let Scene { modems: config, limits, tasks, slow_disk, law } = scene;
        let told = law.as_ref().map(Law::told).unwrap_or_default();
        let (start, people, contact) =
            law.map_or((START, None, ContactSettings::none()), |law| (law.start, Some(law.people), law.contact));
        let (seed, modems, count) = (config.seed, config.modems, tasks.len());
        let (faults, families) = (config.faults.clone(), config.profiles.clone());
        let zero = Now { instant: Instant::from_origin(Duration::from_secs(1)), utc: start + Duration::from_secs(1) };
        let network = Network::new(config, zero);
        let identities = network.identities();
        let card = |(name, index): (&str, usize)| Card {
            names: SimNames { iccid: identities[index].iccid.clone(), name: Some(name.to_owned()), group: None },
            number: None,
            limits: limits.clone(),
            balance: balance(),
        };
        let sims = SimSettings {
            cards: SIMS.into_iter().zip(0..).map(card).collect(),
            default: limits.clone(),
            balance: balance(),
        };
        let folder = Self::folder();
        let alarms = vec![PhoneNumber::from_digits(&OWN.to_string()).unwrap()];
        let reader = Reader::new(&folder.path().join(DATABASE), sims.clone());
        let mut world = Self {
            seed,
            verbose,
            now: zero.instant,
            random,
            network,
            seats: (0..modems).collect(),
            present: vec![true; modems],
            unplugged: BTreeSet::new(),
            start,
            ends_a_month: start.to_jiff().unwrap().to_zoned(jiff::tz::TimeZone::UTC).day() >= 28,
            clock_off_ms: 0,
            clock_was: Vec::new(),
            people,
            clock_set_forward: false,
            clock_set_back: Duration::ZERO,
            disk_full_until: Instant::ZERO,
            last_seq: 0,
            modems,
            folder,
            settings: Settings {
                sims,
                free_floor: 0,
                country: Country::from_iso("BR").unwrap(),
                alarms,
                contact: contact.into(),
            },
            reader,
            beside: OnceCell::new(),
            gateway: None,
            lines: Vec::new(),
            inbox: VecDeque::new(),
            writer_at: None,
            spins: 0,
            start_at: None,
            death: None,
            slow_disk,
            tasks,
            accepted: BTreeMap::new(),
            refused: BTreeSet::new(),
            cancelled: BTreeMap::new(),
            log: Vec::new(),
            pauses: BTreeSet::new(),
            crashes: 0,
            stops: 0,
            commits: 0,
            faults,
            unplugs: 0,
            restarts: 0,
            ailments: 0,
        };
        let faults: Vec<String> = world.faults.iter().map(|f| format!("{}={}", f.fault, f.rate.get())).collect();
        world.say(format_args!(
            "{modems} modems {families:?}, {count} messages, {limits:?}, {told}, {}",
            faults.join(" ")
        ));
        world.start();
        world
    }

    /// In memory where the system has such a place: what a power cut does to a disk is not shown here.
    fn folder() -> tempfile::TempDir {
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        folder.unwrap()
    }

    pub(crate) fn say(&self, what: fmt::Arguments<'_>) {
        if self.verbose {
            println!("{:>12.3} {what}", self.now.since_origin().as_secs_f64());
        }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(DATABASE)
    }

    /// A look at the database from beside.
    pub(crate) fn beside(&self) -> &Connection {
        self.beside.get_or_init(|| Connection::open(self.path()).unwrap())
    }

    /// What the host's civil clock shows.
    pub(crate) fn utc(&self) -> Timestamp {
        self.utc_with(self.now, self.clock_off_ms)
    }

    fn utc_with(&self, at: Instant, off_ms: i64) -> Timestamp {
        Timestamp::from_millis((self.start + at.since_origin()).as_millis() + off_ms)
    }

    /// Now, and what the host's clock has shown since the offer of a part that arrives now.
    fn moment(&self) -> Moment {
        let since = Instant::from_origin(self.now.since_origin().saturating_sub(ON_ITS_WAY));
        let mut hosts = vec![self.utc()];
        let mut off_ms = self.clock_off_ms;
        for (at, before) in self.clock_was.iter().rev().take_while(|(at, _)| *at >= since) {
            hosts.extend([self.utc_with(*at, off_ms), self.utc_with(*at, *before)]);
            off_ms = *before;
        }
        hosts.push(self.utc_with(since, off_ms));
        Moment { at: self.now, hosts, was_set: !self.clock_was.is_empty() }
    }

    /// The network's clock does not jump.
    fn both(&self) -> Now {
        Now { instant: self.now, utc: self.start + self.now.since_origin() }
    }

    fn instant_of(&self, at: Timestamp) -> Instant {
        self.now + at.saturating_since(self.utc())
    }

    /// The host's civil clock is set. What is due is seen at the writer's next look at the latest.
    pub(crate) fn set_clock(&mut self) {
        let hour = 3_600_000;
        let jump = self.random.pick(&[-5_000, 5_000, -hour, hour, -3 * hour, 26 * hour]);
        self.say(format_args!("the clock jumps by {jump} ms"));
        self.clock_was.push((self.now, self.clock_off_ms));
        self.clock_off_ms += jump;
        self.clock_set_forward |= jump > 0;
        self.clock_set_back += Duration::from_millis(u64::try_from(-jump).unwrap_or(0));
        self.wake_writer();
    }

    /// The disk takes nothing for a while.
    pub(crate) fn fill_disk(&mut self) {
        let until = self.now + self.random.seconds(1, 120);
        self.say(format_args!("the disk is full"));
        self.disk_full_until = until;
    }

    fn is_disk_full(&self) -> bool {
        self.now < self.disk_full_until
    }

    fn start(&mut self) {
        self.say(format_args!("start"));
        let store = Store::open(&self.path(), self.settings.clone(), self.utc()).unwrap();
        let mut gateway = Gateway::new(store).unwrap();
        if gateway.store().board().is_clock_doubted() {
            self.say(format_args!("a person says that the clock is right"));
            gateway.commit(self.utc(), |context| context.work.resume(Scope::All, "")).unwrap();
        }
        self.gateway = Some(gateway);
        self.lines = (0..self.modems).map(|index| Line::new(ModemId::new(&format!("m{index}")), self.now)).collect();
        self.start_at = None;
        self.wake_writer();
    }

    /// Nothing but the file and the network is left.
    pub(crate) fn crash(&mut self) {
        if self.gateway.is_none() {
            return;
        }
        self.say(format_args!("crash"));
        self.crashes += 1;
        self.end();
    }

    fn end(&mut self) {
        self.gateway = None;
        self.death = None;
        self.writer_at = None;
        self.spins = 0;
        for job in std::mem::take(&mut self.inbox) {
            // Who asked got no answer and asks again.
            if let Job::Submit(task) = job {
                self.tasks.push(*task);
            }
        }
        for index in 0..self.lines.len() {
            self.close(index);
        }
        self.lines.clear();
        let pause = if self.random.once_in(3) { self.random.seconds(0, 300) } else { self.random.millis(2000) };
        self.start_at = Some(self.now + pause);
    }

    /// Tells all modems to stop; the process ends when they have.
    pub(crate) fn stop(&mut self) {
        if self.gateway.is_none() || self.lines.iter().any(|line| line.stop_at.is_some()) {
            return;
        }
        self.say(format_args!("stop"));
        self.stops += 1;
        let until = self.now + self.random.pick(&[Duration::from_secs(45), Duration::from_millis(500)]);
        for index in 0..self.lines.len() {
            self.lines[index].stop(until, self.now);
            self.grant(index);
        }
    }

    /// Two modems, with their SIMs, change places.
    pub(crate) fn exchange(&mut self) {
        let (one, other) = (self.random.index(self.modems), self.random.index(self.modems));
        if one != other {
            self.say(format_args!("the modems of m{one} and m{other} change places"));
            self.unplug(self.seats[one]);
            self.unplug(self.seats[other]);
            self.seats.swap(one, other);
        }
    }

    fn line_of(&mut self, modem: usize) -> Option<&mut Line> {
        let index = self.seats.iter().position(|seat| *seat == modem)?;
        self.lines.get_mut(index)
    }

    /// Closes the port of a line, with or without what was written and is not out yet.
    fn close(&mut self, index: usize) {
        let written = self.lines[index].written.take_all();
        let seat = self.seats[index];
        let (open, hung_up) = (self.present[seat], self.lines[index].is_hung_up);
        self.lines[index].heard.take_all();
        self.lines[index].is_hung_up = false;
        self.lines[index].is_open = false;
        if open && !hung_up {
            if self.random.once_in(2) {
                for bytes in written {
                    self.network.handle_bytes(seat, &bytes, self.both());
                }
            }
            self.network.port_closed(seat, self.both());
        }
        self.carry();
    }

    pub(crate) fn unplug(&mut self, index: usize) {
        self.say(format_args!("unplug {index}"));
        self.unplugs += 1;
        self.unplugged.insert(index);
        self.network.unplug(index, self.both());
        self.carry();
    }

    pub(crate) fn plug(&mut self, index: usize) {
        if self.unplugged.remove(&index) {
            self.say(format_args!("plug {index}"));
            self.network.plug(index, self.both());
            self.carry();
        }
    }

    /// A modem falls ill. What helps is somewhere on the ladder.
    pub(crate) fn afflict(&mut self, modem: usize) {
        let ailments = [Ailment::LostNetwork, Ailment::DeafRadio, Ailment::Mute, Ailment::Dead, Ailment::BusySim];
        let ailment = self.random.pick(&ailments);
        self.say(format_args!("modem {modem} suffers from {ailment:?}"));
        self.ailments += 1;
        self.network.afflict(modem, ailment, self.both());
        self.carry();
    }

    /// A modem starts anew and says nothing of it.
    pub(crate) fn restart_silently(&mut self, modem: usize) {
        self.say(format_args!("modem {modem} starts anew without a word"));
        self.restarts += 1;
        self.network.restart_silently(modem, self.both());
        self.carry();
    }

    /// A person looks after the modems that are dead.
    pub(crate) fn look_after(&mut self) {
        let dead: Vec<usize> = (0..self.lines.len()).filter(|&index| self.lines[index].machine.is_dead()).collect();
        for index in dead {
            self.unplug(self.seats[index]);
            self.plug(self.seats[index]);
        }
    }

    pub(crate) fn is_unplugged(&self, index: usize) -> bool {
        self.unplugged.contains(&index)
    }

    pub(crate) fn inbound(&mut self, index: usize) {
        let long = self.random.once_in(3);
        let text = "uma resposta ".repeat(if long { 20 } else { 1 });
        self.network.inbound(index, "+5511900001234", &text, self.both()).unwrap();
        self.carry();
    }

    /// In a scene with rules: somebody writes, a caller does something to somebody, or the rules change.
    pub(crate) fn live(&mut self) {
        let Some(people) = &self.people else { return };
        let (modem, person) = (self.random.index(self.modems), self.random.index(people.persons.len()));
        match self.random.below(24) {
            0 => {
                let person = &people.persons[person];
                let (from, is_mexican) = (format!("+{}", person.digits), person.place.is_mexican());
                let text = reply::by_chance(is_mexican, &mut self.random);
                self.say(format_args!("{from} writes {text:?}"));
                self.network.inbound(modem, &from, text, self.both()).unwrap();
                self.carry();
            }
            1..4 => self.act(person),
            _ => {}
        }
    }

    /// A caller does something to somebody. Who is not sure asks again.
    fn act(&mut self, person: usize) {
        let (now, random) = (self.utc(), &mut self.random);
        let Some(people) = &self.people else { return };
        let act = Act::by_chance(people, person, now, random);
        let again = random.once_in(4).then(|| act.clone());
        self.say(format_args!("{act:?}"));
        for act in again.into_iter().chain([act]) {
            self.push(Job::Act(act));
        }
    }

    /// A caller does something to whom a part is on its way.
    fn act_in_between(&mut self) {
        let Some(people) = self.people.as_ref().filter(|_| self.random.once_in(IN_BETWEEN)) else { return };
        let sql = "SELECT recipient FROM message JOIN segment ON segment.message = message.key WHERE segment.state = 2";
        let mut statement = self.beside().prepare_cached(sql).unwrap();
        let mut recipients = statement.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        let person = recipients.find_map(|digits| people.index_of(&digits.unwrap().to_string()));
        drop(recipients);
        drop(statement);
        if let Some(person) = person {
            self.act(person);
        }
    }

    /// No faults from here on, and everything is plugged.
    pub(crate) fn calm(&mut self) {
        self.say(format_args!("calm"));
        self.network.set_faults(&[]);
        for index in 0..self.modems {
            self.plug(index);
        }
        self.death = None;
        self.disk_full_until = self.now;
    }

    /// The process dies some commits from here.
    pub(crate) fn doom(&mut self) {
        let place = self.random.pick(&[Death::BeforeCommit, Death::AfterCommit, Death::AfterAssign]);
        self.death = Some((u32::try_from(self.random.below(6)).unwrap(), place));
    }

    fn push(&mut self, job: Job) {
        if self.gateway.is_none() {
            if let Job::Submit(task) = job {
                self.tasks.push(*task);
            }
            return;
        }
        self.inbox.push_back(job);
        self.wake_writer();
    }

    fn wake_writer(&mut self) {
        let slow = if self.random.once_in(200) { self.slow_disk * 6 } else { self.slow_disk };
        let at = self.now + self.random.millis(slow);
        self.writer_at =
            Some(self.writer_at.map_or(at, |known| if self.inbox.len() > 1 { known } else { known.min(at) }));
    }

    pub(crate) fn submit_next(&mut self) {
        if let Some(task) = self.tasks.pop() {
            self.push(Job::Submit(Box::new(task)));
        }
    }

    pub(crate) fn cancel(&mut self) {
        if let Some((number, id)) = self.any_message() {
            self.push(Job::Cancel(number, id));
        }
    }

    pub(crate) fn resolve(&mut self) {
        let decision = self.random.pick(&[Decision::Sent, Decision::Resend, Decision::GiveUp]);
        if let Some((_, id)) = self.any_message() {
            self.push(Job::Resolve(id, decision));
        }
    }

    pub(crate) fn pause(&mut self) {
        let scopes = [(Scope::All, ""), (Scope::Batch, "a"), (Scope::Batch, "b"), (Scope::Sim, "um")];
        let (scope, id) = self.random.pick(&scopes);
        self.push(Job::Pause(scope, id.to_owned()));
    }

    pub(crate) fn resume(&mut self, keep: bool) {
        let paused: Vec<_> = self.pauses.iter().cloned().collect();
        for (scope, id) in paused {
            if !keep || self.random.once_in(2) {
                self.push(Job::Resume(scope, id));
            }
        }
    }

    fn any_message(&mut self) -> Option<(usize, MessageId)> {
        let known: Vec<_> = self.accepted.iter().map(|(number, id)| (*number, *id)).collect();
        (!known.is_empty()).then(|| self.random.pick(&known))
    }

    /// Does everything up to `until`.
    pub(crate) fn run_until(&mut self, until: Instant) {
        while let Some(at) = self.next_at().filter(|at| *at <= until) {
            assert!(at >= self.now || at + Duration::from_secs(1) >= self.now, "time runs backwards");
            self.now = self.now.max(at);
            self.step();
        }
        self.now = until;
    }

    fn next_at(&self) -> Option<Instant> {
        let lines = self.lines.iter().filter_map(Line::next_at).min();
        [self.network.deadline(), lines, self.writer_at, self.start_at].into_iter().flatten().min()
    }

    fn step(&mut self) {
        let now = self.now;
        if self.network.deadline().is_some_and(|at| at <= now) {
            self.network.handle_timeout(self.both());
            self.carry();
        }
        if self.start_at.is_some_and(|at| at <= now) {
            self.start();
        }
        for index in 0..self.lines.len() {
            self.serve(index);
        }
        if self.writer_at.is_some_and(|at| at <= now) {
            self.write();
        }
        if !self.lines.is_empty() && self.lines.iter().all(|line| line.ended) {
            // What they said last is written before the end.
            if self.inbox.is_empty() {
                self.say(format_args!("stopped"));
                self.end();
            }
        }
    }

    /// Everything that is due on one line, one thing after the other.
    fn serve(&mut self, index: usize) {
        let now = self.now;
        let seat = self.seats[index];
        while let Some(bytes) = self.lines[index].written.pop_due(now) {
            self.network.handle_bytes(seat, &bytes, self.both());
            self.carry();
        }
        if self.lines[index].ended {
            return;
        }
        while let Some(heard) = self.lines[index].heard.pop_due(now) {
            self.lines[index].hear(heard, now);
            self.grant(index);
        }
        while let Some(order) = self.lines[index].orders.pop_due(now) {
            self.say(format_args!("m{index} <- {order:?}"));
            self.lines[index].obey(order, now);
            self.grant(index);
        }
        self.lines[index].time_out(now);
        self.grant(index);
        if self.lines[index].wants_port(now) {
            let there = self.present[seat];
            if there {
                self.network.port_opened(seat, self.both());
                self.carry();
            }
            self.lines[index].opened(there, now);
            self.grant(index);
        }
    }

    /// Does what a line asks for.
    fn grant(&mut self, index: usize) {
        while let Some(wish) = self.lines[index].poll_wish() {
            match wish {
                Wish::Report(reports) => {
                    if self.verbose {
                        self.say(format_args!("m{index} -> {}", brief(&reports)));
                    }
                    self.push(Job::Report(index, reports));
                }
                Wish::Write(_) if self.lines[index].is_hung_up => self.lines[index].write_failed(self.now),
                Wish::Write(bytes) => {
                    if self.lines[index].is_open {
                        self.say(format_args!("m{index} >> {}", String::from_utf8_lossy(&bytes).escape_debug()));
                        let mut rest = bytes.as_slice();
                        while !rest.is_empty() {
                            let (piece, after) = rest.split_at(self.piece(rest.len()));
                            let at = self.now + self.delay();
                            self.lines[index].written.push(at, piece.to_vec());
                            rest = after;
                        }
                    }
                }
                Wish::Close => {
                    self.say(format_args!("m{index} closes its port"));
                    self.close(index);
                }
                Wish::Reset(reset) => {
                    let is_done = self.reset(index, reset);
                    self.lines[index].was_reset(is_done, self.now);
                }
            }
        }
    }

    /// Resets a modem from outside, where that is possible. Plugging it in anew helps against nothing here.
    fn reset(&mut self, index: usize, reset: HostReset) -> bool {
        self.say(format_args!("m{index} is reset: {reset:?}"));
        match reset {
            HostReset::Replug => self.random.once_in(2),
            HostReset::PowerCycle => {
                let modem = self.seats[index];
                let is_there = !self.unplugged.contains(&modem);
                if is_there {
                    self.network.unplug(modem, self.both());
                    self.network.plug(modem, self.both());
                    self.carry();
                }
                is_there
            }
        }
    }

    fn piece(&mut self, of: usize) -> usize {
        if self.random.once_in(8) { 1 + self.random.index(of) } else { of }
    }

    fn delay(&mut self) -> Duration {
        if self.random.once_in(30) { self.random.millis(50) } else { self.random.millis(2) }
    }

    /// Brings what the network says to the lines.
    fn carry(&mut self) {
        while let Some(output) = self.network.poll_output() {
            match output {
                emulator::Output::Bytes { modem, data } => {
                    self.say(format_args!("m{modem} << {}", String::from_utf8_lossy(&data).escape_debug()));
                    let mut rest = data.as_slice();
                    while !rest.is_empty() {
                        let (piece, after) = rest.split_at(self.piece(rest.len()));
                        let at = self.now + self.delay();
                        if let Some(line) = self.line_of(modem).filter(|line| line.is_open) {
                            line.heard.push(at, Heard::Bytes(piece.to_vec()));
                        }
                        rest = after;
                    }
                }
                emulator::Output::Accepted(line) => {
                    self.say(format_args!(
                        "network takes {} {:?} from m{}, mr {}",
                        line.to, line.concat, line.modem, line.mr
                    ));
                    let moment = self.moment();
                    if let Some(people) = &mut self.people {
                        let accepted = &self.accepted;
                        people.taken(&line, |number| accepted.get(&number).copied(), &moment);
                    }
                    self.log.push(Taken::new(&line, self.now, self.last_seq));
                }
                emulator::Output::HangUp { modem } => {
                    self.say(format_args!("m{modem} hangs up"));
                    self.present[modem] = false;
                    let at = self.now + self.random.millis(20);
                    if let Some(line) = self.line_of(modem).filter(|line| line.is_open) {
                        line.is_hung_up = true;
                        line.written.take_all();
                        line.heard.push(at, Heard::Gone);
                    }
                }
                emulator::Output::Return { modem } => {
                    self.say(format_args!("m{modem} returns"));
                    self.present[modem] = true;
                }
            }
        }
    }

    /// One round of the writer: time, what waits in one transaction, answers, work for lines.
    fn write(&mut self) {
        self.writer_at = None;
        let now = self.utc();
        let death = self.die_in();
        if death == Some(Death::BeforeCommit) {
            return self.crash();
        }
        if self.gateway.is_none() {
            return;
        }
        let idle = self.inbox.is_empty();
        self.tick(now);
        let jobs: Vec<Job> = self.inbox.drain(..).collect();
        let answers = if jobs.is_empty() { Vec::new() } else { self.commit(jobs, now) };
        let goes =
            |(_, orders): &(usize, Vec<Order>)| orders.iter().any(|order| matches!(order, Order::Answer(_, Offer::Go)));
        if answers.iter().any(goes) {
            self.act_in_between();
        }
        let Some(gateway) = self.gateway.as_mut() else { return };
        self.last_seq = gateway.store().last_seq();
        if death == Some(Death::AfterCommit) {
            return self.crash();
        }
        let (orders, errors) = gateway.assign(now);
        assert!(errors.is_empty(), "{errors:?}");
        gateway.take_facts();
        let deadline = gateway.deadline(now);
        let in_vain = idle && orders.is_empty() && deadline.is_some_and(|at| at <= now) && !self.is_disk_full();
        self.spins = if in_vain { self.spins + 1 } else { 0 };
        assert!(self.spins < 20, "the writer spins");
        if death == Some(Death::AfterAssign) {
            return self.crash();
        }
        for (index, orders) in answers {
            for order in orders {
                self.send(index, order);
            }
        }
        for (modem, order) in orders {
            let index = self.lines.iter().position(|line| line.id == modem).unwrap();
            self.send(index, order);
        }
        let again = self.is_disk_full().then(|| self.now + AGAIN);
        let due = deadline.map(|at| self.instant_of(at));
        let look = Some(self.now + LOOK);
        self.writer_at = [self.writer_at, again.or(due), look].into_iter().flatten().min();
    }

    /// What time alone does. On a full disk it is done later.
    fn tick(&mut self, now: Timestamp) {
        let full = self.is_disk_full();
        let Some(gateway) = self.gateway.as_mut() else { return };
        if gateway.store().board().deadline().is_some_and(|at| at <= now) {
            let result = gateway.commit(now, |context| {
                context.work.tick()?;
                if full { Err(StoreError::Full) } else { Ok(()) }
            });
            assert_eq!(result.is_err(), full, "{result:?}");
            self.commits += 1;
        }
    }

    /// Runs jobs in one transaction. On a full disk reports are kept for later, and everybody else is told.
    fn commit(&mut self, jobs: Vec<Job>, now: Timestamp) -> Vec<(usize, Vec<Order>)> {
        let full = self.is_disk_full();
        self.commits += 1;
        let mut done = Done::default();
        let lines = &self.lines;
        let Some(gateway) = self.gateway.as_mut() else { return Vec::new() };
        let result = gateway.commit(now, |context| {
            jobs.iter().try_for_each(|job| done.run(job, context, lines, now))?;
            if full { Err(StoreError::Full) } else { Ok(()) }
        });
        match result {
            Ok(()) => {
                self.accepted.extend(done.accepted);
                self.refused.extend(done.refused);
                let host = self.utc();
                if let Some(people) = &mut self.people {
                    done.notes.into_iter().for_each(|note| people.note(note, self.now, host));
                }
                for job in &jobs {
                    if let Job::Act(act) = job
                        && let Some(contact) = act.rules(&self.settings.contact)
                    {
                        self.settings.contact = contact.into();
                    }
                }
                for number in done.cancelled {
                    self.cancelled.entry(number).or_insert(self.now);
                }
                for (pause, holds) in done.pauses {
                    if holds {
                        self.pauses.insert(pause)
                    } else {
                        self.pauses.remove(&pause)
                    };
                }
                done.answers
            }
            Err(error) => {
                assert!(full, "a transaction failed: {error}");
                for job in jobs {
                    match job {
                        Job::Report(..) => self.inbox.push_back(job),
                        Job::Submit(task) => self.tasks.push(*task),
                        Job::Cancel(..) | Job::Resolve(..) | Job::Pause(..) | Job::Resume(..) | Job::Act(_) => {}
                    }
                }
                Vec::new()
            }
        }
    }

    fn die_in(&mut self) -> Option<Death> {
        let (left, place) = self.death?;
        self.death = left.checked_sub(1).map(|left| (left, place));
        (left == 0).then_some(place)
    }

    /// An order takes its time, as the answer of a slow disk does.
    fn send(&mut self, index: usize, order: Order) {
        let at = self.now + self.random.millis(self.slow_disk / 4);
        if let Some(line) = self.lines.get_mut(index).filter(|line| !line.ended) {
            line.orders.push(at, order);
        }
    }
}

/// What a transaction did; nothing unless it is committed.
#[derive(Default)]
struct Done {
    answers: Vec<(usize, Vec<Order>)>,
    accepted: Vec<(usize, MessageId)>,
    refused: Vec<usize>,
    cancelled: Vec<usize>,
    /// Pauses that began, or ended.
    pauses: Vec<((Scope, String), bool)>,
    /// What holds for people from now on.
    notes: Vec<Note>,
}

impl Done {
    fn run(
        &mut self,
        job: &Job,
        context: &mut Context<'_, '_>,
        lines: &[Line],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match job {
            Job::Report(index, reports) => {
                self.answers.push((*index, context.report(&lines[*index].id, reports)?));
                for report in reports {
                    if let Report::Inbound { octets, .. } = report {
                        self.notes.push(Note::Heard(octets.clone()));
                    }
                }
            }
            Job::Act(act) => self.notes.push(act.run(context, now)?),
            Job::Submit(task) => {
                let submission = task.submission(now);
                match context.work.submit(&submission)? {
                    SubmitAnswer::Queued(_) => self.accepted.push((task.number, submission.id)),
                    SubmitAnswer::Repeated(id) => self.accepted.push((task.number, id)),
                    SubmitAnswer::DuplicateRef(_) | SubmitAnswer::Changed => panic!("a repeat looks different"),
                    SubmitAnswer::OfCampaign => panic!("there is no campaign"),
                    SubmitAnswer::ExceedsBudget { .. } | SubmitAnswer::Over => self.refused.push(task.number),
                }
            }
            Job::Cancel(number, id) => {
                if context.work.cancel(*id)? == CancelAnswer::Cancelled {
                    self.cancelled.push(*number);
                }
            }
            Job::Resolve(id, decision) => {
                context.work.resolve(*id, *decision, "chance")?;
            }
            Job::Pause(scope, id) => {
                context.work.pause(*scope, id, "", "chance")?;
                self.pauses.push(((*scope, id.clone()), true));
            }
            Job::Resume(scope, id) => {
                context.work.resume(*scope, id)?;
                self.pauses.push(((*scope, id.clone()), false));
            }
        }
        Ok(())
    }
}

fn brief(reports: &[Report]) -> String {
    let one = |report: &Report| match report {
        Report::Inbound { handle, .. } => format!("Inbound({handle:?})"),
        other => format!("{other:?}"),
    };
    reports.iter().map(one).collect::<Vec<_>>().join(", ")
}
