//! How things stand, put together of several answers of the daemon: modems with their SIMs, what waits and why, and what a
//! person must look after. Shown by `recado status` and `recado modems --watch`.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::client::Client;
use super::doctor::remedy;
use super::failure::Failure;
use super::messages::items;
use super::print::{self, cell};

/// Messages that are asked why they wait, the newest first. Each costs a question to the gate.
const ASKED: u64 = 200;

/// What is said of those that nothing holds.
const IN_TURN: &str = "in turn";

/// The order in which a message goes through its states.
const STATES: [&str; 10] = [
    "queued",
    "sending",
    "unknown",
    "accepted",
    "delivered",
    "undelivered",
    "failed",
    "expired",
    "blocked",
    "cancelled",
];

/// What `recado modems` and this show of a modem, in columns.
pub(super) const HEADING: [&str; 11] =
    ["MODEM", "STATE", "SIM", "OPERATOR", "SIGNAL", "LAST SENT", "HOUR", "DAY", "MONTH", "QUEUE ENDS", "REASON"];

/// Everything.
#[derive(Debug)]
pub(super) struct Overview {
    ready: Value,
    /// Messages by state; those without messages are left out.
    tallies: BTreeMap<String, u64>,
    waiting: Waiting,
    pauses: Vec<Value>,
    /// Those that are not over.
    alarms: Vec<Value>,
    pub(super) modems: Vec<Value>,
    sims: Vec<Value>,
    /// For how long what is kept; nothing where the daemon does not tell.
    retention: Vec<Value>,
    /// By the daemon's clock, which may not be ours.
    pub(super) clock: Civil,
}

/// Why messages wait.
#[derive(Debug, Default)]
struct Waiting {
    /// How many were asked.
    asked: u64,
    /// By reason: how many, and when the first of them could go.
    reasons: BTreeMap<String, (u64, Option<String>)>,
}

/// A time and a zone to tell others in.
#[derive(Debug, Clone)]
pub(super) struct Civil {
    now: Option<jiff::Timestamp>,
    zone: TimeZone,
}

impl Overview {
    /// Asks for all of it.
    pub(super) async fn ask(client: &Client) -> Result<Self, Failure> {
        let (status, octets) = client.fetch("/readyz").await?;
        // It comes with an error status when the answer is no.
        let ready = serde_json::from_slice::<Value>(&octets).ok().filter(|ready| ready.get("ready").is_some());
        let ready = ready.ok_or_else(|| client.stranger(status))?;
        let (_, metrics) = client.fetch("/metrics").await?;
        let tallies = tallies(&String::from_utf8_lossy(&metrics));
        let waiting = match tallies.get("queued") {
            Some(_) => Waiting::of(items(&client.get(&format!("/v1/messages?state=queued&limit={ASKED}")).await?)),
            None => Waiting::default(),
        };
        let list = async |path: &str| Ok::<_, Failure>(items(&client.get(path).await?).to_vec());
        let alarms = list("/v1/alarms?limit=100").await?;
        let (pauses, modems, sims) = (list("/v1/pause").await?, list("/v1/modems").await?, list("/v1/sims").await?);
        // A daemon of a release before does not know it.
        let retention = list("/v1/retention").await.unwrap_or_default();
        let session = client.get("/v1/session").await?;
        let is_open = |alarm: &Value| alarm.get("cleared_at").is_none_or(Value::is_null);
        let alarms = alarms.into_iter().filter(is_open).collect();
        Ok(Self { ready, tallies, waiting, pauses, alarms, modems, sims, retention, clock: Civil::of(&session) })
    }

    /// Whether messages are taken and sent.
    pub(super) fn is_well(&self) -> bool {
        self.is("accepting") && self.is("sending")
    }

    fn is(&self, field: &str) -> bool {
        self.ready.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        let reasons: Map<String, Value> = self
            .waiting
            .reasons
            .iter()
            .map(|(code, (count, first))| (code.clone(), json!({"count": count, "not_before": first})))
            .collect();
        json!({"ready": self.ready, "messages": self.tallies, "waiting": {"asked": self.waiting.asked, "reasons": reasons},
               "queue_ends_at": self.queue_ends_at(), "pauses": self.pauses, "alarms": self.alarms, "modems": self.modems,
               "sims": self.sims, "retention": self.retention})
    }

    /// When the last of the SIMs will have sent what waits for it now.
    fn queue_ends_at(&self) -> Option<&str> {
        self.sims.iter().filter_map(|sim| sim.get("queue_ends_at")?.as_str()).max()
    }

    /// What stands above the modems, in lines.
    pub(super) fn summary(&self) -> Vec<String> {
        let word = |field, yes: &'static str, no: &'static str| if self.is(field) { yes } else { no };
        let (accepting, sending) =
            (word("accepting", "accepting", "not accepting"), word("sending", "sending", "not sending"));
        let mut lines = vec![format!("{}: {accepting}, {sending}", word("ready", "ready", "not ready"))];
        let reasons = self.ready.get("reasons").and_then(Value::as_array).into_iter().flatten();
        lines.extend(reasons.map(|reason| format!("  {}", print::plain(&print::text(reason)))));
        if !self.tallies.is_empty() {
            let place = |state: &str| STATES.iter().position(|known| *known == state).unwrap_or(STATES.len());
            let mut tallies: Vec<(&String, &u64)> = self.tallies.iter().collect();
            tallies.sort_by_key(|(state, _)| place(state));
            let tallies: Vec<String> = tallies.iter().map(|(state, count)| format!("{count} {state}")).collect();
            lines.push(format!("messages: {}", tallies.join(", ")));
        }
        lines.extend(self.waiting.told(self.tallies.get("queued").copied().unwrap_or_default(), &self.clock));
        if let Some(at) = self.queue_ends_at() {
            lines.push(format!("queue ends: {} as things stand", self.clock.brief(at)));
        }
        lines.extend(self.pauses.iter().map(|pause| self.paused(pause)));
        lines.extend(self.alarms.iter().flat_map(|alarm| self.alarm(alarm)));
        lines.extend(self.kept());
        lines
    }

    /// `kept: messages 1825d since 24 Nov 2025, inbox for ever`
    fn kept(&self) -> Option<String> {
        let told = |class: &Value| {
            let kept = class.get("kept").and_then(Value::as_str).unwrap_or("for ever");
            let oldest = class.get("oldest").and_then(Value::as_str).map(|at| at.split('T').next().unwrap_or(at));
            let since = oldest.map(|day| format!(" since {day}")).unwrap_or_default();
            let is_over = class.get("is_over").and_then(Value::as_bool).unwrap_or(false);
            let over = if is_over { " (over, and still needed or next to go)" } else { "" };
            format!("{} {kept}{since}{over}", cell(class, "class"))
        };
        let classes: Vec<String> = self.retention.iter().map(told).collect();
        (!classes.is_empty()).then(|| format!("kept: {}", classes.join(", ")))
    }

    /// `paused: batch november, since 24 Nov 13:00, by ana: wrong amount`
    fn paused(&self, pause: &Value) -> String {
        let word = |field| pause.get(field).and_then(Value::as_str).map(print::plain);
        let what: Vec<String> = ["scope", "id"].into_iter().filter_map(word).collect();
        let (since, by) = (word("since").unwrap_or_default(), word("client").unwrap_or_default());
        let why = word("reason").filter(|reason| !reason.is_empty()).map(|reason| format!(": {reason}"));
        let since = self.clock.brief(&since);
        format!("paused: {}, since {since}, by {by}{}", what.join(" "), why.unwrap_or_default())
    }

    /// What is wrong, and what to do about it.
    fn alarm(&self, alarm: &Value) -> [String; 2] {
        let word = |field| alarm.get(field).and_then(Value::as_str).map(print::plain).unwrap_or_default();
        let since = self.clock.brief(&word("raised_at"));
        let head = format!("alarm {}, since {since}: {}", cell(alarm, "id"), word("detail"));
        [head, format!("  do: {}", remedy(&word("kind")))]
    }

    /// A row for each modem, and for each SIM that is in none.
    pub(super) fn rows(&self) -> Vec<[String; 11]> {
        let is_in = |sim: &Value, modem: &Value| {
            let called = modem.get("sim").filter(|called| !called.is_null());
            called.is_some() && (called == sim.get("name") || called == sim.get("iccid"))
        };
        let of = |modem: &Value| self.sims.iter().find(|sim| is_in(sim, modem));
        let with = self.modems.iter().map(|modem| self.row(modem, of(modem).unwrap_or(&Value::Null)));
        let is_loose = |sim: &&Value| !self.modems.iter().any(|modem| is_in(sim, modem));
        let loose = self.sims.iter().filter(is_loose).map(|sim| self.row(&Value::Null, sim));
        with.chain(loose).collect()
    }

    fn row(&self, modem: &Value, sim: &Value) -> [String; 11] {
        let field = |name| cell(modem, name);
        let of_sim = |name: &str| sim.get(name).filter(|value| !value.is_null()).map(print::text);
        let time = |at: Option<&Value>| match at.and_then(Value::as_str) {
            Some(at) => self.clock.brief(at),
            None => "-".to_owned(),
        };
        // A modem that is ready sends nothing while its SIM is paused or rests.
        let (state, reason) = match modem.get("state").and_then(Value::as_str) {
            Some("ready") => (of_sim("state").unwrap_or_else(|| "ready".to_owned()), of_sim("reason")),
            Some(state) => (state.to_owned(), Some(field("reason"))),
            None => (of_sim("state").unwrap_or_default(), of_sim("reason")),
        };
        let rung = modem.get("rung").and_then(Value::as_u64).map(|rung| format!(" (rung {rung})")).unwrap_or_default();
        [
            field("id"),
            format!("{state}{rung}"),
            of_sim("name").or_else(|| of_sim("iccid")).unwrap_or_else(|| field("sim")),
            field("operator"),
            modem.get("signal_dbm").and_then(Value::as_i64).map_or_else(|| "-".to_owned(), |dbm| format!("{dbm} dBm")),
            time(modem.get("last_sent_at")),
            spent(sim, "hour"),
            spent(sim, "day"),
            spent(sim, "month"),
            time(sim.get("queue_ends_at")),
            reason.unwrap_or_else(|| "-".to_owned()),
        ]
    }
}

/// `10/300`
fn spent(sim: &Value, period: &str) -> String {
    let levels = sim.get("budget").and_then(Value::as_array).into_iter().flatten();
    let level = levels.into_iter().find(|level| level.get("period").is_some_and(|of| of == period));
    level.map_or_else(|| "-".to_owned(), |level| format!("{}/{}", cell(level, "used"), cell(level, "limit")))
}

impl Waiting {
    fn of(messages: &[Value]) -> Self {
        let mut waiting = Self { asked: messages.len() as u64, reasons: BTreeMap::new() };
        for message in messages {
            let code = message.pointer("/reason/code").and_then(Value::as_str).unwrap_or(IN_TURN);
            let at = message.get("not_before").and_then(Value::as_str).filter(|_| code != IN_TURN).map(str::to_owned);
            let (count, first) = waiting.reasons.entry(code.to_owned()).or_default();
            *count += 1;
            *first = match (first.take(), at) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        waiting
    }

    /// `waiting: 3 in turn, 12 sim_pace (from 13:05)`
    fn told(&self, queued: u64, clock: &Civil) -> Option<String> {
        let reason = |(code, (count, first)): (&String, &(u64, Option<String>))| {
            let from = first.as_ref().map(|at| format!(" (from {})", clock.brief(at))).unwrap_or_default();
            format!("{count} {code}{from}")
        };
        let reasons: Vec<String> = self.reasons.iter().map(reason).collect();
        let of = if queued > self.asked { format!(" (of the newest {})", self.asked) } else { String::new() };
        (!reasons.is_empty()).then(|| format!("waiting{of}: {}", reasons.join(", ")))
    }
}

impl Civil {
    fn of(session: &Value) -> Self {
        let field = |name| session.get(name).and_then(Value::as_str);
        let zone = field("zone").and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
        Self { now: field("now").and_then(|now| now.parse().ok()), zone }
    }

    /// `13:05` of today, `25 Nov 13:05` of another day.
    pub(super) fn brief(&self, at: &str) -> String {
        let civil = |at: jiff::Timestamp| at.to_zoned(self.zone.clone());
        let Ok(at) = at.parse::<jiff::Timestamp>() else { return at.to_owned() };
        let is_today = self.now.is_some_and(|now| civil(now).date() == civil(at).date());
        civil(at).strftime(if is_today { "%H:%M" } else { "%-d %b %H:%M" }).to_string()
    }

    /// `13:05:12`
    pub(super) fn time(&self) -> String {
        self.now.map(|now| now.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()).unwrap_or_default()
    }
}

/// Messages by state, from the text of the metrics. States without messages are left out.
fn tallies(metrics: &str) -> BTreeMap<String, u64> {
    let tally = |line: &str| {
        let (state, count) = line.strip_prefix("recado_messages{state=\"")?.split_once("\"} ")?;
        let count = count.trim().parse().ok().filter(|count| *count > 0)?;
        Some((state.to_owned(), count))
    };
    metrics.lines().filter_map(tally).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_come_from_the_metrics() {
        let metrics = "# HELP recado_messages x\nrecado_messages{state=\"queued\"} 7\nrecado_messages{state=\"failed\"} 0\n\
                       recado_modem_up{modem=\"a\"} 1\nrecado_messages{state=\"sending\"} 1\n# EOF\n";
        assert_eq!(tallies(metrics), [("queued".to_owned(), 7), ("sending".to_owned(), 1)].into());
    }

    #[test]
    fn times_are_of_the_zone_of_the_daemon() {
        let clock = Civil::of(&json!({"now": "2026-11-25T01:00:00Z", "zone": "America/Sao_Paulo"}));
        assert_eq!(clock.brief("2026-11-24T13:05:00.000Z"), "10:05");
        assert_eq!(clock.brief("2026-11-25T13:05:00.000Z"), "25 Nov 10:05");
        assert_eq!((clock.brief("soon"), clock.time()), ("soon".to_owned(), "22:00:00".to_owned()));
    }

    #[test]
    fn an_overview_says_what_waits_why_and_what_to_do() {
        let level = |period, used, limit| json!({"period": period, "used": used, "limit": limit});
        let message = |code, at| json!({"reason": {"code": code}, "not_before": at});
        let overview = Overview {
            ready: json!({"ready": true, "accepting": true, "sending": false, "reasons": ["no modem is up"]}),
            tallies: [("queued".to_owned(), 700), ("delivered".to_owned(), 3)].into(),
            waiting: Waiting::of(&[
                message("window", Some("2026-11-25T11:00:00.000Z")),
                message("window", Some("2026-11-25T10:00:00.000Z")),
                message("paused", None),
                json!({"reason": null, "not_before": null}),
            ]),
            pauses: vec![
                json!({"scope": "batch", "id": "november", "since": "2026-11-24T13:00:00.000Z", "client": "ana",
                                "reason": "wrong\u{1b}amount"}),
            ],
            alarms: vec![json!({"id": 3, "kind": "balance_low", "detail": "SIM norte has 1.20 BRL left",
                                "raised_at": "2026-11-23T13:00:00.000Z"})],
            modems: vec![
                json!({"id": "m1", "state": "ready", "sim": "norte", "operator": "Vivo", "signal_dbm": -71,
                       "last_sent_at": "2026-11-24T13:00:00.000Z"}),
                json!({"id": "m2", "state": "recovering", "sim": null, "rung": 3, "reason": "it says nothing"}),
            ],
            sims: vec![
                json!({"iccid": "8955", "name": "norte", "state": "paused", "reason": "paused by a person",
                       "budget": [level("hour", 1, 100), level("day", 10, 300)],
                       "queue_ends_at": "2026-11-24T15:00:00.000Z"}),
                json!({"iccid": "8952", "name": null, "state": "absent", "reason": "in no modem", "budget": []}),
            ],
            retention: vec![
                json!({"class": "messages", "kept": "1825d", "oldest": "2021-11-20T13:00:00.000Z", "is_over": true}),
                json!({"class": "inbox", "kept": null, "oldest": null, "is_over": false}),
            ],
            clock: Civil::of(&json!({"now": "2026-11-24T13:30:00Z", "zone": "America/Sao_Paulo"})),
        };
        let rows: Vec<[String; 11]> = std::iter::once(HEADING.map(str::to_owned)).chain(overview.rows()).collect();
        let lines: Vec<String> = overview.summary().into_iter().chain(print::aligned(&rows)).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
