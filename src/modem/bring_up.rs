//! From an open port to a modem that can work: attention, identity, SIM, network, message service.
//!
//! The order matters: EF-ICCID is readable before the PIN and says whose PIN it is, storage commands fail until the SIM
//! has settled. Every step tolerates `ERROR` unless said otherwise; one that gets no answer is left out after the dialogue
//! was brought back into step. The modem's settings are never reset wholesale (`ATZ`, `AT&F`): on some modules that
//! brings echo and automatic answering back.

mod attention;
mod name;
mod pin;
mod step;

use std::collections::BTreeSet;
use std::time::Duration;

use step::{NETWORK, SETTINGS, Step};

use super::config::Config;
use super::output::{DownReason, Identity, Status};
use super::profile::Profile;
use crate::at::{self, Command, Ended, Failure, Finished, Network, Plain, Registered, Session, Store};
use crate::clock::Instant;

/// Time for each `AT` until one is answered.
const ATTENTION: Duration = Duration::from_millis(500);

/// Pause before a step is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// How often a step is repeated while the SIM or the message stack starts: 30 s after power-up is usual.
const START_TRIES: u8 = 30;

/// How often a setting is repeated that fails until the message stack is ready.
const STACK_TRIES: u8 = 10;

/// Silence that ends the wait for leftovers on a fresh port.
pub(super) const SILENCE: Duration = Duration::from_millis(200);

/// Silence after ESC in a dialogue that is out of step.
pub(super) const SILENCE_AFTER_ESC: Duration = Duration::from_millis(500);

/// Silence after ESC where the modem may wait for a PDU.
pub(super) const SILENCE_AT_PROMPT: Duration = Duration::from_secs(2);

/// What the machine does after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Begin the next step.
    Go,
    /// Begin it after a pause.
    Wait(Duration),
    /// Write ESC, then as for [`Next::Silence`].
    Escape(Duration),
    /// Wait for silence, then say so by `silent`.
    Silence(Duration),
    /// The modem is ready.
    Ready,
    /// It cannot be brought up.
    Failed(DownReason),
}

/// One bring-up.
#[derive(Debug)]
pub(super) struct BringUp {
    step: Step,
    /// Of the modem that was here last, until this one has said who it is.
    profile: &'static Profile,
    /// The silence after ESC.
    silence: Duration,
    /// Step that got no answer and is left out when the dialogue is back in step.
    resume: Option<Step>,
    tries: u8,
    /// The dialogue was out of step: an `OK` may answer something else.
    resync: bool,
    heard: bool,
    /// An ICCID command was not refused and told nothing: the SIM was busy, or the answer was lost.
    name_missed: bool,
    pin_entered: bool,
    /// It was answered by `ERROR`, which is no proof yet.
    pin_denied: bool,
    /// The way to read the ICCID that worked last.
    iccid_by: usize,
    /// How often the ICCID was looked for without success.
    looks: u8,
    /// The ICCID was read again.
    looked_again: bool,
    /// `ATE0` was answered with `OK`.
    echo_off: bool,
    /// What was found.
    pub(super) found: Found,
}

/// What a bring-up finds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) identity: Identity,
    pub(super) status: Status,
    pub(super) circuit: Registered,
    pub(super) evolved: Registered,
    pub(super) stores: at::StoreUse,
    pub(super) home: Option<Store>,
    pub(super) announces: bool,
    pub(super) indications_differ: bool,
    pub(super) acknowledges: bool,
}

impl BringUp {
    /// A bring-up that begins with [`Next::Escape`].
    pub(super) fn new(resync: bool, silence: Duration, profile: &'static Profile) -> Self {
        Self {
            step: Step::Silence,
            profile,
            silence,
            resume: None,
            tries: 0,
            resync,
            heard: false,
            name_missed: false,
            pin_entered: false,
            pin_denied: false,
            iccid_by: 0,
            looks: 0,
            looked_again: false,
            echo_off: false,
            found: Found::default(),
        }
    }

    /// Whether `AT` has not been answered yet.
    pub(super) fn is_calling(&self) -> bool {
        matches!(self.step, Step::Silence | Step::Attention | Step::Drain)
    }

    /// Whether no setting has been written yet, so that a modem that starts anew has lost none.
    pub(super) fn has_set_nothing(&self) -> bool {
        self.is_calling() && self.resume.is_none()
    }

    /// Whether the modem said that it would not echo any more.
    pub(super) fn is_echo_off(&self) -> bool {
        self.echo_off
    }

    /// Whether the SIM has been looked at, so that what is found belongs to it.
    pub(super) fn has_seen_sim(&self) -> bool {
        self.resume.unwrap_or(self.step) > Step::EnterPin
    }

    /// The silence that is waited for.
    pub(super) fn silence(&self) -> Option<Duration> {
        let silence = if self.step == Step::Silence { self.silence } else { SILENCE };
        matches!(self.step, Step::Silence | Step::Drain).then_some(silence)
    }

    /// What is known of this modem's family.
    pub(super) fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Something was read from the port.
    pub(super) fn hears(&mut self) {
        self.heard = true;
    }

    /// The modem announces a registration.
    pub(super) fn registration(&mut self, network: Network, registered: Registered) {
        match network {
            Network::Circuit => self.found.circuit = registered,
            Network::Evolved => self.found.evolved = registered,
            Network::Packet => {}
        }
    }

    /// Starts the command of the present step. The session is idle.
    pub(super) fn begin(&mut self, session: &mut Session, config: &Config, now: Instant) {
        let profile = self.profile;
        match self.step {
            Step::Silence | Step::Drain | Step::Ready => {}
            Step::Attention => session.start(&Plain::new("").allowed(ATTENTION), now),
            Step::Setting(n) => start_plain(session, SETTINGS.get(n), now),
            Step::Manufacturer => session.start(&at::QueryText("+CGMI"), now),
            Step::Model => session.start(&at::QueryText("+CGMM"), now),
            Step::Firmware => session.start(&at::QueryText("+CGMR"), now),
            Step::Imei => session.start(&at::QueryDigits("+CGSN"), now),
            Step::Function => session.start(&at::QueryFunction, now),
            Step::FullFunction => {
                let command = Plain::new(profile.full_function.unwrap_or_default());
                session.start(&command.allowed(Duration::from_secs(30)), now);
            }
            Step::Iccid(n) => session.start(&at::Iccid(profile.iccid(n).unwrap_or_default()), now),
            Step::Pin => session.start(&at::QueryPin, now),
            Step::EnterPin => session.start(&at::EnterPin(self.pin(config).unwrap_or_default()), now),
            Step::Imsi => session.start(&at::QueryDigits("+CIMI"), now),
            // Some of them are questions, whose answers are of no interest.
            Step::Vendor(n) => session.start(&at::QueryText(profile.start.get(n).copied().unwrap_or_default()), now),
            Step::Network(n) => start_plain(session, NETWORK.get(n), now),
            Step::Operator => session.start(&at::QueryOperator, now),
            Step::Signal => session.start(&at::QuerySignal, now),
            Step::Circuit => session.start(&at::QueryRegistration(Network::Circuit), now),
            Step::Evolved => session.start(&at::QueryRegistration(Network::Evolved), now),
            Step::PduMode => session.start(&Plain::new("+CMGF=0"), now),
            // Answered by what the service can do, which nobody asks.
            Step::Service if profile.acknowledges => session.start(&at::QueryText("+CSMS=1"), now),
            Step::Service => session.start(&at::QueryText("+CSMS=0"), now),
            Step::ServiceInForce => session.start(&at::QueryService, now),
            Step::Smsc => session.start(&at::QuerySmsc, now),
            Step::SetSmsc => session.start(&at::SetSmsc(self.smsc(config).unwrap_or_default()), now),
            Step::Stores => session.start(&at::NameStores, now),
            Step::SelectStore(n) => {
                let store = self.candidate(n).unwrap_or(Store::Sim);
                session.start(&at::SelectStore { store, for_all: true }, now);
            }
            Step::Indications(n) => start_plain(session, profile.indications.get(n), now),
            Step::IndicationsInForce(_) => session.start(&at::QueryIndications, now),
        }
    }

    /// The command of the present step has ended.
    pub(super) fn finished(&mut self, finished: &Finished, config: &Config, pin_spent: &mut BTreeSet<String>) -> Next {
        let ok = finished.ended == Ended::Ok;
        if self.step == Step::Attention {
            return self.attention(ok);
        }
        if self.step == Step::EnterPin {
            return self.pin_answered(finished.ended);
        }
        if finished.ended == Ended::TimedOut {
            return self.unanswered();
        }
        let (reply, profile) = (&finished.reply, self.profile);
        let found = &mut self.found;
        match self.step {
            Step::Silence | Step::Attention | Step::Drain | Step::EnterPin | Step::Ready => return Next::Go,
            Step::Setting(0) => self.echo_off = ok,
            Step::Manufacturer => found.identity.manufacturer = text(finished),
            Step::Model => found.identity.model = text(finished),
            Step::Firmware => found.identity.firmware = text(finished),
            Step::Imei => found.identity.imei = subscriber_number(finished),
            Step::Imsi => {
                found.identity.imsi = subscriber_number(finished);
                return self.sim_told();
            }
            Step::Function => {
                let full = at::QueryFunction.read(reply).is_none_or(|function| function == 1);
                return self.go(if full || profile.full_function.is_none() {
                    Step::Iccid(0)
                } else {
                    Step::FullFunction
                });
            }
            Step::Iccid(_) => {
                found.identity.iccid = at::Iccid("").read(reply).filter(|_| ok);
                self.name_missed |= ok || is_sim_busy(finished);
                return self.sim_told();
            }
            Step::Pin => return self.pin_state(finished, config, pin_spent),
            Step::Operator => {
                found.status.operator = at::QueryOperator.read(reply).flatten();
            }
            Step::Signal => found.status.signal_dbm = at::QuerySignal.read(reply).flatten(),
            Step::Circuit => found.circuit = registered(Network::Circuit, finished),
            Step::Evolved => found.evolved = registered(Network::Evolved, finished),
            Step::PduMode if !ok => return self.again(START_TRIES, Next::Failed(DownReason::NoPduMode)),
            Step::Service if ok => {
                found.acknowledges = profile.acknowledges;
                return self.go(Step::Smsc);
            }
            Step::ServiceInForce => found.acknowledges = at::QueryService.read(reply) == Some(1),
            Step::Smsc => {
                found.status.smsc = at::QuerySmsc.read(reply).flatten();
                let wanted = self.smsc(config);
                let set = wanted.is_some() && wanted != self.found.status.smsc.as_deref();
                return self.go(if set { Step::SetSmsc } else { Step::Stores });
            }
            Step::SetSmsc if ok => self.found.status.smsc = self.smsc(config).map(str::to_owned),
            Step::Stores => found.stores = at::NameStores.read(reply).unwrap_or_default(),
            Step::SelectStore(n) if ok => {
                self.found.home = self.candidate(n);
                return self.go(Step::Indications(0));
            }
            Step::Indications(n) if ok => {
                self.found.announces = true;
                return self.go_on(Step::IndicationsInForce(n));
            }
            Step::IndicationsInForce(n) => {
                let told = at::QueryIndications.read(reply);
                return self.indications_told(n, told);
            }
            Step::SelectStore(n) if self.candidate(n + 1).is_none() => {
                return self.round_again(Step::SelectStore(0), Step::Indications(0));
            }
            Step::Indications(n) if n + 1 >= profile.indications.len() && !self.found.indications_differ => {
                return self.round_again(Step::Indications(0), Step::Ready);
            }
            Step::Setting(_)
            | Step::FullFunction
            | Step::Vendor(_)
            | Step::Network(_)
            | Step::PduMode
            | Step::Service
            | Step::SetSmsc
            | Step::SelectStore(_)
            | Step::Indications(_) => {}
        }
        let next = self.following();
        self.go_on(next)
    }

    /// The step after this one where nothing else decides.
    fn following(&mut self) -> Step {
        let (next, profile) = (self.step.following(), self.profile);
        let over = |n: usize, list: &[&str]| n >= list.len();
        if next == Step::Firmware {
            self.recognised()
        } else if matches!(next, Step::Iccid(n) if profile.iccid(n).is_none()) {
            Step::Pin
        } else if matches!(next, Step::Vendor(n) if over(n, profile.start)) {
            Step::Network(0)
        } else if matches!(next, Step::Indications(n) if over(n, profile.indications)) {
            Step::Ready
        } else {
            next
        }
    }

    /// The modem has said what it is, as far as it does. If it needs pauses that it was not given, settings may be lost.
    fn recognised(&mut self) -> Step {
        let profile = Profile::of(&self.found.identity);
        let hurried = profile.pause > self.profile.pause;
        self.profile = profile;
        self.found.identity.profile = profile.name;
        if hurried { Step::Setting(0) } else { Step::Firmware }
    }

    fn go(&mut self, step: Step) -> Next {
        self.tries = 0;
        self.go_on(step)
    }

    /// Goes to a step that belongs to the same round of tries.
    fn go_on(&mut self, step: Step) -> Next {
        let same_round = matches!(
            (self.step, step),
            (Step::SelectStore(_), Step::SelectStore(_))
                | (Step::Indications(_), Step::Indications(_) | Step::IndicationsInForce(_))
                | (Step::IndicationsInForce(_), Step::Indications(_))
        );
        if !same_round {
            self.tries = 0;
        }
        self.step = step;
        if step == Step::Ready { Next::Ready } else { Next::Go }
    }

    /// Repeats the step after a pause, or gives up.
    fn again(&mut self, tries_max: u8, otherwise: Next) -> Next {
        self.tries += 1;
        if self.tries < tries_max { Next::Wait(PAUSE) } else { otherwise }
    }

    /// All candidates of a step failed: tries them all again after a pause, or goes on without.
    fn round_again(&mut self, first: Step, without: Step) -> Next {
        self.tries += 1;
        if self.tries < STACK_TRIES {
            self.step = first;
            return Next::Wait(PAUSE);
        }
        self.go(without)
    }

    /// Support lists and `OK` lie: what is in force counts. A modem that does not tell is believed.
    fn indications_told(&mut self, n: usize, told: Option<at::Indications>) -> Next {
        let profile = self.profile;
        let parameters = profile.indications.get(n).and_then(|text| text.split_once('='));
        let set = parameters.and_then(|(_, parameters)| at::Indications::read(parameters.as_bytes()));
        match (set, told) {
            (Some(set), Some(told)) if !told.announce_as(set) => {
                self.found.announces = false;
                self.found.indications_differ = true;
                let is_last = n + 1 >= profile.indications.len();
                self.go_on(if is_last { Step::Ready } else { Step::Indications(n + 1) })
            }
            _ => self.go(Step::Ready),
        }
    }

    fn smsc<'a>(&self, config: &'a Config) -> Option<&'a str> {
        config.card(self.found.identity.iccid.as_deref()?)?.smsc.as_deref()
    }

    /// The stores that serve all purposes, best first; all of the profile's when the modem does not say.
    fn candidate(&self, n: usize) -> Option<Store> {
        let at::StoreUse { read, write, receive } = &self.found.stores;
        let serves = |store: &&Store| [read, write, receive].iter().all(|set| set.is_empty() || set.contains(store));
        self.profile.stores.iter().filter(serves).nth(n).copied()
    }
}

fn start_plain(session: &mut Session, text: Option<&&'static str>, now: Instant) {
    session.start(&Plain::new(text.copied().unwrap_or_default()), now);
}

fn text(finished: &Finished) -> Option<String> {
    at::QueryText("").read(&finished.reply).filter(|_| finished.ended == Ended::Ok)
}

/// An IMEI or IMSI: a line of 14 to 16 digits, whatever else came between (TS 23.003 clauses 2.2 and 6.2).
fn subscriber_number(finished: &Finished) -> Option<String> {
    at::QueryDigits("").read(&finished.reply).filter(|_| finished.ended == Ended::Ok)
}

fn registered(network: Network, finished: &Finished) -> Registered {
    at::QueryRegistration(network).read(&finished.reply).unwrap_or_default()
}

/// The SIM answers later.
pub(super) fn is_sim_busy(finished: &Finished) -> bool {
    matches!(finished.ended, Ended::Failed(Failure::Cme(14 | 515 | 529) | Failure::Cms(314 | 515)))
}
