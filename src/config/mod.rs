//! What a person writes to set Recado up: one TOML file, one tree of structs, and variables of the environment over it.
//!
//! [`Config::load`] reports everything that is wrong at once, each finding with its line and column, before any port or
//! database is opened. Each section has a file with its keys; `config/recado.toml` documents them for people, and a test
//! keeps it equal to the defaults here. Unknown keys are refused, so that a misspelt limit is never silently absent.

mod convert;
mod credential;
mod difference;
mod environment;
mod finding;
mod modem;
mod pin;
pub mod replies;
pub mod rules;
mod section;
mod sim;
mod value;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use credential::NotAService;
pub use difference::Difference;
pub use environment::Environment;
pub use finding::{Finding, Place, Problem};
pub use modem::{Binding, Discovery, Modem};
pub use pin::{Pin, PinError};
pub use section::Written;
pub use sim::{Card, Sim};

use jiff::civil::Date;

use crate::contact::calendar::Policy;
use crate::contact::frequency::Limits;
use crate::contact::settings::Answers;
use crate::sms::message::VALIDITY_MAX;
use crate::sms::number::{Country, PhoneNumber};
use crate::sms::text::{Encoding, NationalTable};
use credential::locate;
use section::{Reading, Section};

/// Read when no other file is named and this one is there.
pub const SYSTEM_FILE: &str = "/etc/recado/recado.toml";

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// `[store]`
    pub store: Store,
    /// `[http]`
    pub http: Http,
    /// `[serve]`
    pub serve: Serve,
    /// `[log]`
    pub log: Log,
    /// `[region]`
    pub region: Region,
    /// `[messages]`
    pub messages: Messages,
    /// `[contact]`
    pub contact: Contact,
    /// `[templates]`
    pub templates: Templates,
    /// `[modems]`
    pub discovery: Discovery,
    /// `[[modem]]`
    pub modems: Vec<Modem>,
    /// `[sim]`
    pub sim: Sim,
    /// `[campaigns]`
    pub campaigns: Campaigns,
    /// `[alarms]`
    pub alarms: Alarms,
    /// `[webhooks]`
    pub webhooks: Webhooks,
    /// `[retention]`
    pub retention: Retention,
}

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The database. The command line's socket and the first token lie beside it.
    pub path: PathBuf,
}

/// The HTTP door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Listen on other addresses than loopback although nothing is encrypted.
    pub allow_plaintext: bool,
    /// Names by which browsers may call this host, besides its addresses and `localhost`.
    pub hosts: Vec<String>,
    /// What it is encrypted by, if it is.
    pub tls: Option<TlsFiles>,
    /// Requests a second that a token may make; 0 for any number.
    pub rate: u32,
    /// Requests that it may make at once.
    pub burst: u32,
}

/// Where the door's certificate is, in PEM. The files are read when they are used, and again when they have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those that lead from it to an authority.
    pub cert: PathBuf,
    /// Its key, which not everybody may read.
    pub key: PathBuf,
}

/// The daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// At stop: what is on the wire gets this long, then it is unknown.
    pub drain: Duration,
}

/// The log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Log {
    /// How its lines look.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object per line.
    Json,
}

/// Where the gateway stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The country whose national number forms are understood, and the zone of SIMs that have none of their own.
    pub country: Country,
    /// Which profile goes with the laws on contact.
    pub rules: Policy,
    /// A folder with rules that stand for those of the program.
    pub rules_dir: Option<PathBuf>,
}

/// When debtors are let alone, beyond the laws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// How often a debtor is texted, over all callers.
    pub frequency: Limits,
    /// Days after a promised day before the promise counts as broken.
    pub promise_grace: Duration,
    /// Whether texts that ask for payment wait until the number is confirmed.
    pub confirm_numbers: bool,
    /// Whether what did not arrive before the hours end is given up by the network too.
    pub deliver_within_window: bool,
    /// What is answered by itself.
    pub answers: Answers,
    /// While it is not empty, nobody else is texted.
    pub only_to: Vec<PhoneNumber>,
    /// Days on which the company is closed.
    pub closures: Vec<Date>,
}

/// The texts that are sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Templates {
    /// Whether another one than its author must approve a version.
    pub four_eyes: bool,
}

/// What holds for messages that do not say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Messages {
    /// How the alphabet is chosen.
    pub encoding: Encoding,
    /// How long a message is worth sending, from its due time.
    pub validity: Duration,
    /// National tables that [`Encoding::Auto`] may use before UCS-2.
    pub national: Vec<NationalTable>,
}

/// Texts to many people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaigns {
    /// Whether one starts only after what it says was sent to a number of one's own.
    pub require_test: bool,
}

/// Who is told when a person must look after something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alarms {
    /// Numbers that get a text.
    pub sms_to: Vec<PhoneNumber>,
}

/// Events that are posted to endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhooks {
    /// For a whole request and its answer.
    pub timeout: Duration,
    /// Whether endpoints may be in the company's own network, and unencrypted.
    pub allow_private: bool,
    /// For how long events that were given up are kept.
    pub keep: Duration,
}

/// For how long what is kept; no time for ever. The reasons for the defaults stand in `config/recado.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Debtors whose debts are settled, from the last change; at least as long as texts to and from them.
    pub debtors: Duration,
    /// Messages with their texts and numbers, from their end.
    pub messages: Duration,
    /// What came in, from its arrival.
    pub inbox: Duration,
    /// The log of events.
    pub events: Duration,
    /// Callers' references, from their messages.
    pub client_refs: Duration,
    /// Who changed what and who looked.
    pub audit: Duration,
}

/// Nothing but references is kept for less: answers are tied to messages of 30 days, and caps count weeks.
const KEPT_LEAST: Duration = Duration::from_secs(35 * 86_400);

/// Who waits longer for an answer holds up nobody else, and knows less and less.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);

impl Config {
    /// Reads a file, or [`SYSTEM_FILE`] if none is named, or only defaults if that is not there; the environment goes
    /// over it. The error holds all findings, never none.
    pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Self, Vec<Finding>> {
        let (config, findings) = Self::examine(path, environment);
        if findings.is_empty() { Ok(config) } else { Err(findings) }
    }

    /// The same for those who want what can be understood beside the findings: defaults stand for the rest.
    pub fn examine(path: Option<&Path>, environment: &Environment) -> (Self, Vec<Finding>) {
        let (config, findings, _) = Self::survey(path, environment);
        (config, findings)
    }

    /// The same, with all keys that somebody has written.
    pub fn survey(path: Option<&Path>, environment: &Environment) -> (Self, Vec<Finding>, Vec<Written>) {
        let file = path.unwrap_or(Path::new(SYSTEM_FILE));
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && path.is_none() => String::new(),
            Err(error) => {
                let place = Place::File(file.to_owned());
                let finding = Finding { place, key: String::new(), problem: Problem::Unreadable(error.kind()) };
                return (Self::default(), vec![finding], Vec::new());
            }
        };
        let (config, reading) = Self::read_all(file, &text, environment);
        (config, reading.findings, reading.written)
    }

    /// What a text says that is in no file, and what is wrong with it.
    pub(crate) fn of_text(text: &str, environment: &Environment) -> (Self, Vec<Finding>) {
        let (config, reading) = Self::read_all(Path::new("text"), text, environment);
        (config, reading.findings)
    }

    /// Where the command line finds the daemon. Findings elsewhere in the file, such as a PIN that this user may not read,
    /// do not keep anybody from asking how it is.
    pub fn locate_socket(path: Option<&Path>, environment: &Environment) -> Result<PathBuf, Vec<Finding>> {
        let (config, mut findings) = Self::examine(path, environment);
        findings.retain(|finding| finding.key.is_empty() || finding.key == "store" || finding.key == "store.path");
        findings.retain(|finding| !matches!(finding.problem, Problem::UnknownVariable { .. }));
        if findings.is_empty() { Ok(config.socket_path()) } else { Err(findings) }
    }

    fn read_all<'a>(file: &'a Path, text: &'a str, environment: &'a Environment) -> (Self, Reading<'a>) {
        let mut reading = Reading::new(file, text, environment);
        let mut config = Self::default();
        if let Some(table) = reading.parse() {
            let mut root = Section::root(&mut reading, &table);
            config.read_root(&mut root);
            root.finish();
            reading.report_unknown_variables();
        }
        (config, reading)
    }

    fn read_root(&mut self, root: &mut Section<'_, '_>) {
        root.table("store", |section| self.store.read(section));
        root.table("http", |section| self.http.read(section));
        root.table("serve", |section| self.serve.read(section));
        root.table("log", |section| self.log.read(section));
        root.table("region", |section| self.region.read(section));
        root.table("messages", |section| self.messages.read(section));
        root.table("contact", |section| self.contact.read(section, self.region.country));
        root.table("templates", |section| self.templates.read(section));
        root.table("modems", |section| self.discovery.read(section));
        root.table("campaigns", |section| self.campaigns.read(section));
        self.modems = modem::read_all(root);
        root.table("sim", |section| self.sim.read(section, self.region.country));
        root.table("alarms", |section| self.alarms.read(section, self.region.country));
        root.table("webhooks", |section| self.webhooks.read(section));
        let frequency = self.contact.frequency;
        root.table("retention", |section| self.retention.read(section, frequency));
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { path: "/var/lib/recado/recado.db".into() }
    }
}

impl Store {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        section.set("path", &mut self.path, value::path);
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 7670).into(),
            allow_plaintext: false,
            hosts: Vec::new(),
            tls: None,
            rate: 500,
            burst: 1_000,
        }
    }
}

impl Http {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        let listen_at = section.set("listen", &mut self.listen, value::address);
        section.set("allow_plaintext", &mut self.allow_plaintext, value::truth);
        section.set("hosts", &mut self.hosts, value::hosts);
        self.tls = read_tls(section);
        section.set("rate", &mut self.rate, value::count);
        let burst_at = section.set("burst", &mut self.burst, value::count);
        if self.burst == 0 {
            let problem = Problem::Range { min: 1, max: u32::MAX.into(), found: "0".to_owned() };
            section.report("burst", burst_at, problem);
        }
        if !self.listen.ip().is_loopback() && !self.allow_plaintext && self.tls.is_none() {
            section.report("listen", listen_at, Problem::Plaintext { listen: self.listen });
        }
    }
}

fn read_tls(section: &mut Section<'_, '_>) -> Option<TlsFiles> {
    let mut file = |name| {
        let mut path: Option<PathBuf> = None;
        let at = section.set_some(name, &mut path, value::path);
        let found = locate(&path?, section.credentials());
        Some((found.map_err(|error| section.report(name, at.clone(), Problem::Credential(error))).ok(), at))
    };
    match (file("tls_cert"), file("tls_key")) {
        (Some((cert, _)), Some((key, _))) => Some(TlsFiles { cert: cert?, key: key? }),
        (Some((_, at)), None) => {
            section.report("tls_cert", at, Problem::HalfTls { missing: "tls_key" });
            None
        }
        (None, Some((_, at))) => {
            section.report("tls_key", at, Problem::HalfTls { missing: "tls_cert" });
            None
        }
        (None, None) => None,
    }
}

impl Default for Serve {
    fn default() -> Self {
        Self { drain: Duration::from_secs(45) }
    }
}

impl Serve {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        section.set("drain", &mut self.drain, value::duration);
    }
}

impl Log {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        section.set("format", &mut self.format, value::log_format);
    }
}

impl Default for Region {
    fn default() -> Self {
        Self { country: Country::BRAZIL, rules: Policy::Auto, rules_dir: None }
    }
}

impl Region {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        section.set("country", &mut self.country, value::country);
        section.set("rules", &mut self.rules, value::policy);
        section.set("rules_dir", &mut self.rules_dir, value::folder);
    }
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            frequency: Limits {
                max_per_day: 1,
                max_per_week: 3,
                same_text_days: 7,
                min_gap: Duration::from_secs(4 * 3600),
                quiet_after_reply: Duration::from_secs(24 * 3600),
            },
            promise_grace: Duration::from_secs(2 * 86_400),
            confirm_numbers: false,
            deliver_within_window: false,
            answers: Answers { confirms_opt_out: true, opt_out: String::new(), help: String::new() },
            only_to: Vec::new(),
            closures: Vec::new(),
        }
    }
}

impl Contact {
    fn read(&mut self, section: &mut Section<'_, '_>, country: Country) {
        section.set("max_per_day", &mut self.frequency.max_per_day, value::count);
        section.set("max_per_week", &mut self.frequency.max_per_week, value::count);
        section.set("same_text_days", &mut self.frequency.same_text_days, value::days);
        section.set("min_gap", &mut self.frequency.min_gap, value::duration);
        section.set("quiet_after_reply", &mut self.frequency.quiet_after_reply, value::duration);
        section.set("promise_grace", &mut self.promise_grace, value::duration);
        section.set("confirm_opt_out", &mut self.answers.confirms_opt_out, value::truth);
        section.set("opt_out_text", &mut self.answers.opt_out, value::any_text);
        section.set("help_text", &mut self.answers.help, value::any_text);
        section.set("confirm_numbers", &mut self.confirm_numbers, value::truth);
        section.set("deliver_within_window", &mut self.deliver_within_window, value::truth);
        section.set("only_to", &mut self.only_to, |raw| value::numbers(raw, country));
        section.set("closures", &mut self.closures, value::dates);
    }
}

impl Default for Campaigns {
    fn default() -> Self {
        Self { require_test: true }
    }
}

impl Campaigns {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        section.set("require_test", &mut self.require_test, value::truth);
    }
}

impl Templates {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        section.set("four_eyes", &mut self.four_eyes, value::truth);
    }
}

impl Alarms {
    fn read(&mut self, section: &mut Section<'_, '_>, country: Country) {
        section.set("sms_to", &mut self.sms_to, |raw| value::numbers(raw, country));
    }
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(15), allow_private: false, keep: Duration::from_secs(7 * 86_400) }
    }
}

impl Webhooks {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        let timeout_at = section.set("timeout", &mut self.timeout, value::duration);
        if self.timeout.is_zero() || self.timeout > TIMEOUT_MAX {
            section.report("timeout", timeout_at, Problem::Validity { max: TIMEOUT_MAX });
        }
        section.set("allow_private", &mut self.allow_private, value::truth);
        section.set("keep", &mut self.keep, value::duration);
    }
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self {
            debtors: days(1_825),
            messages: days(1_825),
            inbox: days(1_825),
            events: days(1_825),
            client_refs: days(400),
            audit: days(1_825),
        }
    }
}

impl Retention {
    fn read(&mut self, section: &mut Section<'_, '_>, frequency: Limits) {
        // What counts towards caps of persons must be there for as long as it counts.
        let same_text = Duration::from_secs(u64::from(frequency.same_text_days) * 86_400);
        let least = KEPT_LEAST.max(same_text);
        for (key, kept, least) in [
            ("debtors", &mut self.debtors, KEPT_LEAST),
            ("messages", &mut self.messages, least),
            ("inbox", &mut self.inbox, KEPT_LEAST),
            ("events", &mut self.events, KEPT_LEAST),
            ("client_refs", &mut self.client_refs, Duration::from_secs(86_400)),
            ("audit", &mut self.audit, KEPT_LEAST),
        ] {
            let at = section.set(key, kept, value::duration);
            if !kept.is_zero() && *kept < least {
                section.report(key, at, Problem::KeptTooShort { least });
            }
        }
    }
}

impl Default for Messages {
    fn default() -> Self {
        Self { encoding: Encoding::Auto, validity: Duration::from_secs(86_400), national: Vec::new() }
    }
}

impl Messages {
    fn read(&mut self, section: &mut Section<'_, '_>) {
        section.set("encoding", &mut self.encoding, value::encoding);
        let validity_at = section.set("validity", &mut self.validity, value::duration);
        if self.validity.is_zero() || self.validity > VALIDITY_MAX {
            section.report("validity", validity_at, Problem::Validity { max: VALIDITY_MAX });
        }
        section.set("national", &mut self.national, value::national);
    }
}

#[cfg(test)]
mod tests;
