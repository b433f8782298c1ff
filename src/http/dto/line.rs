//! Modems, SIMs and readiness as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actor::fleet::{Fault, ModemState, ModemStatus};
use crate::dispatch::budget::Level;
use crate::modem;
use crate::sms::id::ModemId;
use crate::sms::number::Sender;
use crate::store::board::SimStatus;

use super::at;
use super::message::Eyes;

/// A modem.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ModemAnswer {
    /// Its name.
    id: String,
    /// Its port.
    port: String,
    /// Its place on the USB: bus and ports, and the interface, such as `1-1.4:1.2`.
    #[schema(required)]
    slot: Option<String>,
    #[schema(required)]
    imei: Option<String>,
    #[schema(required)]
    model: Option<String>,
    /// The family that it is treated as.
    #[schema(required)]
    profile: Option<String>,
    /// `absent`, `starting`, `ready`, `unregistered`, `roaming`, `recovering` or `dead`.
    state: &'static str,
    /// Why it does not send.
    #[schema(required)]
    reason: Option<String>,
    /// Its SIM: the name or ICCID.
    #[schema(required)]
    sim: Option<String>,
    /// The network.
    #[schema(required)]
    operator: Option<String>,
    #[schema(required)]
    registration: Option<&'static str>,
    #[schema(required)]
    signal_dbm: Option<i16>,
    /// When the network last took a part from it.
    #[schema(required)]
    last_sent_at: Option<String>,
    /// Rung of the recovery ladder that is being tried.
    #[schema(required)]
    rung: Option<u8>,
    /// What it was last down for, also after it is back. Null where it was not down since the daemon started.
    #[schema(required)]
    last_fault: Option<ModemFaultAnswer>,
}

/// Why a modem was down.
#[derive(Debug, Serialize, ToSchema)]
struct ModemFaultAnswer {
    /// In words.
    reason: String,
    /// When that was noticed last.
    at: String,
    /// Rung of the recovery ladder that it came to.
    #[schema(required)]
    rung: Option<u8>,
}

impl From<Fault> for ModemFaultAnswer {
    fn from(fault: Fault) -> Self {
        Self { reason: fault.reason, at: at(fault.at), rung: fault.rung }
    }
}

impl ModemAnswer {
    /// `sims` are those that were seen, for their names.
    pub(in super::super) fn new(id: &ModemId, modem: ModemStatus, sims: &[SimStatus]) -> Self {
        let label = |iccid: String| {
            let card = sims.iter().map(|sim| &sim.card.names).find(|names| names.iccid == iccid);
            card.and_then(|names| names.name.clone()).unwrap_or(iccid)
        };
        Self {
            id: id.to_string(),
            port: modem.port,
            slot: modem.slot,
            imei: modem.imei,
            model: modem.model,
            profile: modem.profile,
            state: modem.state.name(),
            reason: modem.reason,
            sim: modem.iccid.map(label),
            operator: modem.operator,
            registration: modem.registration,
            signal_dbm: modem.signal_dbm,
            last_sent_at: modem.last_sent_at.map(at),
            rung: modem.rung,
            last_fault: modem.last_fault.map(ModemFaultAnswer::from),
        }
    }
}

/// A code for the network.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct UssdRequest {
    /// 1 to 182 of the digits, `*`, `#` and `+`.
    #[schema(required, example = "*100#")]
    pub(in super::super) code: Option<String>,
}

/// What the network says.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct UssdAnswer {
    /// `done`; `reply_expected`: it waits for an answer; `ended`: it closed the session; `other_client`: another program
    /// answered; `not_supported`: it or the modem refuses the code; `timeout`: nothing came.
    status: &'static str,
    /// Null where it says nothing, and without the scope `pii`: it may name the line or what is on it.
    #[schema(required)]
    text: Option<String>,
    /// Why a text that there is is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<&'static str>,
}

impl UssdAnswer {
    pub(in super::super) fn new(answer: modem::UssdAnswer, eyes: Eyes) -> Self {
        let is_withheld = answer.text.is_some() && !eyes.see_people();
        Self {
            status: answer.status.name(),
            text: answer.text.filter(|_| !is_withheld),
            withheld: is_withheld.then_some("the text may name the line; it needs the scope `pii`"),
        }
    }
}

/// A SIM.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SimAnswer {
    iccid: String,
    /// Its configured name.
    #[schema(required)]
    name: Option<String>,
    /// Its configured number.
    #[schema(required)]
    number: Option<String>,
    /// Its configured group.
    #[schema(required)]
    group: Option<String>,
    /// `ready`, `paused`, `resting` or `absent`.
    state: &'static str,
    /// Why it does not send.
    #[schema(required)]
    reason: Option<String>,
    /// What each limit has left.
    budget: Vec<BudgetAnswer>,
    /// When what waits now would have left by it, at its pace and within its budgets: an estimate. What waits for several
    /// SIMs is shared evenly by those that are ready. Null when nothing waits, when it cannot send, and when it would take
    /// more than a year.
    #[schema(required)]
    queue_ends_at: Option<String>,
    /// What was last said of its balance. Null where it is not asked, or nothing was said yet.
    #[schema(required)]
    balance: Option<BalanceAnswer>,
}

/// What is left on a prepaid SIM.
#[derive(Debug, Serialize, ToSchema)]
struct BalanceAnswer {
    /// With two decimals. Null where none was found in what was said.
    #[schema(required, example = "12.34")]
    amount: Option<String>,
    /// ISO 4217; null where the operator is not known.
    #[schema(required, example = "BRL")]
    currency: Option<&'static str>,
    /// When it was said.
    at: String,
    /// What the operator said; null without the scope `pii`, since it may name the line.
    #[schema(required)]
    text: Option<String>,
}

/// One limit of a SIM that is in force, in parts; `recipients` in distinct numbers.
#[derive(Debug, Serialize, ToSchema)]
struct BudgetAnswer {
    /// `minute` and `hour` (any 60 s and 3600 s), `day` and `month` (civil, from the reset hour), or `recipients` (in the
    /// month).
    period: &'static str,
    limit: u32,
    used: u32,
    /// When something of it comes back.
    resets_at: String,
}

impl From<Level> for BudgetAnswer {
    fn from(level: Level) -> Self {
        Self { period: level.period.name(), limit: level.limit, used: level.used, resets_at: at(level.resets_at) }
    }
}

impl SimAnswer {
    /// `modems` say why a SIM in one of them rests.
    pub(in super::super) fn new(sim: SimStatus, modems: &[(ModemId, ModemStatus)], eyes: Eyes) -> Self {
        let modem = sim.modem.and_then(|id| modems.iter().find(|(known, _)| *known == id));
        let reason = match (sim.state, modem) {
            ("ready", _) => None,
            ("paused", _) => Some(match sim.pause.filter(|pause| !pause.reason.is_empty()) {
                Some(pause) => format!("paused by a person: {}", pause.reason),
                None => "paused by a person".to_owned(),
            }),
            ("resting", _) if sim.rest.is_some() => sim.rest.map(|rest| rest.reason.detail()),
            (_, Some((id, status))) => Some(standing(id, status)),
            (_, None) => Some("in no modem".to_owned()),
        };
        let names = sim.card.names;
        Self {
            iccid: names.iccid,
            name: names.name,
            number: sim.card.number.map(|number| eyes.sender(&Sender::new(number))),
            group: names.group,
            state: sim.state,
            reason,
            budget: sim.levels.into_iter().map(BudgetAnswer::from).collect(),
            queue_ends_at: sim.queue_ends_at.map(at),
            balance: sim.balance.map(|(reading, currency)| BalanceAnswer {
                amount: reading.amount.map(|amount| amount.to_string()),
                currency,
                at: at(reading.at),
                text: eyes.see_people().then_some(reading.text.0),
            }),
        }
    }
}

/// How a modem is, for a person.
pub(in super::super) fn standing(id: &ModemId, modem: &ModemStatus) -> String {
    let what = match modem.state {
        ModemState::Absent => "is absent",
        ModemState::Starting => "is starting",
        ModemState::Ready => "is ready",
        ModemState::Unregistered => "is not registered on a network",
        ModemState::Roaming => "is not used",
        ModemState::Recovering => "is being recovered",
        ModemState::Dead => "does not work, and a person must look after it",
    };
    match &modem.reason {
        Some(reason) => format!("modem {id} ({}) {what}: {reason}", modem.port),
        None => format!("modem {id} ({}) {what}", modem.port),
    }
}

/// Whether the daemon does its work.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in super::super) struct ReadyAnswer {
    /// The store is open and the daemon is not stopping.
    pub(in super::super) ready: bool,
    /// Messages are taken in.
    pub(in super::super) accepting: bool,
    /// Messages can leave.
    pub(in super::super) sending: bool,
    /// What is not as it should be.
    pub(in super::super) reasons: Vec<String>,
    /// The same for programs, in the same order.
    pub(in super::super) causes: Vec<CauseAnswer>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in super::super) struct CauseAnswer {
    /// `stopping`, `refused`, `paused`, `no_modem`, `modem`, `sim_paused` or `sim_resting`.
    pub(in super::super) code: &'static str,
    /// The modem, or the SIM by its name or the last digits of its ICCID.
    #[schema(required)]
    pub(in super::super) about: Option<String>,
    /// Of a modem, as in `/v1/modems`.
    #[schema(required)]
    pub(in super::super) state: Option<&'static str>,
    /// What more is known, in words.
    #[schema(required)]
    pub(in super::super) detail: Option<String>,
}

impl ReadyAnswer {
    /// Notes something, in words and for programs.
    pub(in super::super) fn note(&mut self, words: String, cause: CauseAnswer) {
        self.reasons.push(words);
        self.causes.push(cause);
    }
}

impl CauseAnswer {
    /// A cause that is about nothing in particular.
    pub(in super::super) fn new(code: &'static str) -> Self {
        Self { code, about: None, state: None, detail: None }
    }
}

/// The process runs.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct HealthAnswer {
    pub(in super::super) ok: bool,
}
