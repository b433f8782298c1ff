//! How things stand now: modems with their SIMs, what was sent in the last hours, what waits, and what needs somebody.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::api::{List, Refused};
use super::super::asked::Asked;
use super::super::chart::{Bar, Chart, Series};
use super::super::frame::{Drawn, Frame, draw};

/// Hours of the charts.
const HOURS: i64 = 12;

#[derive(Deserialize)]
struct Ready {
    accepting: bool,
    sending: bool,
    causes: Vec<Cause>,
}

/// What is not as it should be.
#[derive(Deserialize)]
struct Cause {
    code: String,
    about: Option<String>,
    state: Option<String>,
    detail: Option<String>,
}

impl Cause {
    /// In the language of the page.
    fn said(&self, frame: &Frame) -> String {
        let words = frame.tt("cause", &self.code).replacen("{}", self.about.as_deref().unwrap_or_default(), 1);
        match &self.state {
            Some(state) => format!("{words}: {}", frame.tt("modem", state)),
            None => words,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Modem {
    id: String,
    port: String,
    model: Option<String>,
    state: String,
    reason: Option<String>,
    sim: Option<String>,
    operator: Option<String>,
    signal_dbm: Option<i16>,
    last_sent_at: Option<String>,
    rung: Option<u8>,
    last_fault: Option<Fault>,
}

/// What a modem was last down for.
#[derive(Debug, Clone, Deserialize)]
struct Fault {
    reason: String,
    at: String,
    rung: Option<u8>,
}

impl Modem {
    /// The last fault, where it is not what is shown as the reason by now.
    fn past_fault(&self) -> Option<&Fault> {
        self.last_fault.as_ref().filter(|fault| self.reason.as_ref() != Some(&fault.reason))
    }

    /// How strong the signal is, in the five steps of handsets: from -110 dBm, where a modem hardly holds on, to -70.
    fn steps(&self) -> u8 {
        match self.signal_dbm {
            None => 0,
            Some(dbm) if dbm < -105 => 1,
            Some(dbm) if dbm < -95 => 2,
            Some(dbm) if dbm < -85 => 3,
            Some(dbm) if dbm < -75 => 4,
            Some(_) => 5,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Sim {
    iccid: String,
    name: Option<String>,
    state: String,
    reason: Option<String>,
    budget: Vec<Budget>,
}

#[derive(Debug, Clone, Deserialize)]
struct Budget {
    period: String,
    limit: u32,
    used: u32,
    resets_at: String,
}

impl Budget {
    fn left(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

#[derive(Deserialize)]
struct Alarm {
    id: i64,
    kind: String,
    sim: Option<String>,
    modem: Option<String>,
    webhook: Option<i64>,
    detail: String,
    raised_at: String,
    cleared_at: Option<String>,
}

impl Alarm {
    /// What it is about.
    fn subject(&self) -> Option<String> {
        let sim = self.sim.as_ref().map(|sim| format!("SIM {sim}"));
        sim.or_else(|| self.modem.clone()).or_else(|| self.webhook.map(|webhook| format!("Webhook {webhook}")))
    }
}

#[derive(Deserialize)]
struct Pause {
    scope: String,
    id: Option<String>,
    reason: Option<String>,
    since: String,
    client: String,
}

/// What waits, and for what.
#[derive(Deserialize)]
struct Queue {
    messages: BTreeMap<String, u64>,
    waiting: Vec<Waiting>,
    whole: bool,
    forecast: Forecast,
}

#[derive(Deserialize)]
struct Waiting {
    code: String,
    parts: u64,
    not_before: Option<String>,
}

#[derive(Deserialize)]
struct Forecast {
    ends_at: Option<String>,
    reason: Option<Why>,
}

#[derive(Deserialize)]
struct Why {
    code: String,
}

impl Queue {
    fn in_state(&self, state: &str) -> u64 {
        self.messages.get(state).copied().unwrap_or(0)
    }
}

/// States of messages that are not settled.
const OPEN: [&str; 3] = ["queued", "sending", "unknown"];

#[derive(Deserialize)]
struct Stats {
    rows: Vec<Hour>,
}

#[derive(Deserialize)]
struct Hour {
    period: Option<String>,
    texts: Option<Texts>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Texts {
    queued: i64,
    sent: i64,
    delivered: i64,
    undelivered: i64,
    failed: i64,
}

/// A modem with the SIM that is in it.
struct Line {
    modem: Modem,
    sim: Option<Sim>,
}

#[derive(Template)]
#[template(path = "now.html")]
struct NowPage {
    frame: Frame,
    ready: Ready,
    lines: Vec<Line>,
    /// Those in no modem.
    loose: Vec<Sim>,
    alarms: Vec<Alarm>,
    pauses: Vec<Pause>,
    today: Texts,
    /// Of everybody: nothing for those who are limited to creditors.
    queue: Option<Queue>,
    chart: Chart,
}

impl NowPage {
    fn is_paused(&self) -> bool {
        self.pauses.iter().any(|pause| pause.scope == "all")
    }
}

/// The first page.
pub(super) async fn show(asked: Asked) -> Drawn {
    let api = &asked.api;
    let ready = asked.or_say(api.get("/readyz").await)?;
    let modems: List<Modem> = asked.or_say(api.get("/v1/modems").await)?;
    let sims: List<Sim> = asked.or_say(api.get("/v1/sims").await)?;
    let alarms: List<Alarm> = asked.or_say(api.get("/v1/alarms").await)?;
    let pauses: List<Pause> = asked.or_say(api.get("/v1/pause").await)?;
    let now = asked.frame.now();
    let first = now.as_ref().map(|now| now.timestamp() - jiff::SignedDuration::from_hours(HOURS - 1));
    let since = first.map(|first| format!("&since={first}")).unwrap_or_default();
    let stats: Stats = asked.or_say(api.get(&format!("/v1/stats?every=hour{since}")).await)?;
    let day: Stats = asked.or_say(api.get(&format!("/v1/stats?since={}", today(&asked.frame))).await)?;
    let chart = chart(&asked.frame, first, &stats.rows);
    let queue = match api.get("/v1/queue").await {
        Err(Refused::Problem { status: StatusCode::FORBIDDEN, .. }) => None,
        answer => Some(asked.or_say(answer)?),
    };
    let mut loose = sims.items;
    let mut lines = Vec::with_capacity(modems.items.len());
    for modem in modems.items {
        let place = loose.iter().position(|sim| modem.sim == sim.name || modem.sim.as_ref() == Some(&sim.iccid));
        let sim = place.filter(|_| modem.sim.is_some()).map(|place| loose.remove(place));
        lines.push(Line { modem, sim });
    }
    Ok(draw(&NowPage {
        ready,
        lines,
        loose,
        alarms: alarms.items.into_iter().filter(|alarm| alarm.cleared_at.is_none()).collect(),
        pauses: pauses.items,
        today: day.rows.first().and_then(|row| row.texts).unwrap_or_default(),
        queue,
        chart,
        frame: asked.frame,
    }))
}

fn today(frame: &Frame) -> String {
    frame.now().map(|now| now.date().to_string()).unwrap_or_default()
}

/// What was taken in each of the last hours, and what became of it.
fn chart(frame: &Frame, first: Option<jiff::Timestamp>, rows: &[Hour]) -> Chart {
    let series = vec![
        Series { key: "delivered", name: frame.t("chart.delivered") },
        Series { key: "sent", name: frame.t("chart.sent") },
        Series { key: "refused", name: frame.t("chart.refused") },
        Series { key: "waiting", name: frame.t("chart.waiting") },
    ];
    let hours = (0..HOURS).filter_map(|hour| first.map(|first| first + jiff::SignedDuration::from_hours(hour)));
    let bars = hours.map(|hour| {
        let hour = hour.to_zoned(frame.zone().clone());
        let of_hour = rows.iter().find(|row| {
            let began = row.period.as_deref().and_then(|period| period.parse::<jiff::Timestamp>().ok());
            began.is_some_and(|began| {
                let began = began.to_zoned(frame.zone().clone());
                (began.date(), began.hour()) == (hour.date(), hour.hour())
            })
        });
        let texts = of_hour.and_then(|row| row.texts).unwrap_or_default();
        let refused = texts.undelivered + texts.failed;
        let sent = (texts.sent - texts.delivered - texts.undelivered).max(0);
        let waiting = (texts.queued - texts.delivered - sent - refused).max(0);
        Bar { label: hour.strftime("%H").to_string(), values: vec![texts.delivered, sent, refused, waiting] }
    });
    Chart::new(series, bars.collect())
}
