//! What came of texts: told apart as somebody likes, over time, and as a file for a spreadsheet.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Query;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::asked::Asked;
use super::super::chart::{Bar, Chart, Series};
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;

/// What results can be told apart by.
const BY: [&str; 12] =
    ["creditor", "ladder", "step", "segment", "batch", "template", "version", "arm", "mode", "team", "operator", "sim"];

const EVERY: [&str; 3] = ["hour", "day", "week"];

/// Days that are shown unless others are asked for.
const DAYS: i64 = 30;

/// Days that a chart has room for.
const DAYS_MAX: i64 = 62;

/// What is asked.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    by: String,
    then: String,
    every: String,
    since: String,
    until: String,
    creditor: String,
}

#[derive(Deserialize)]
struct Stats {
    rows: Vec<Row>,
    within_days: u8,
    behind: i64,
}

#[derive(Deserialize)]
struct Row {
    group: BTreeMap<String, String>,
    period: Option<String>,
    texts: Option<Texts>,
    parts: u64,
    cost: String,
}

impl Row {
    /// Of which group it is.
    fn of(&self, dimension: &str) -> &str {
        self.group.get(dimension).map(String::as_str).unwrap_or_default()
    }
}

#[derive(Clone, Default, Deserialize)]
struct Texts {
    queued: i64,
    sent: i64,
    delivered: i64,
    undelivered: i64,
    failed: i64,
    replied: i64,
    promised: i64,
    opted_out: i64,
    wrong_person: i64,
    paid_debts: u64,
    paid: Vec<Money>,
}

impl Texts {
    /// A count of hundredths of those that the network took.
    fn share(&self, count: i64) -> String {
        (count * 100).checked_div(self.sent).map_or_else(String::new, |share| format!("{share} %"))
    }
}

#[derive(Clone, Deserialize)]
struct Money {
    currency: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "stats.html")]
struct StatsPage {
    frame: Frame,
    sought: Sought,
    /// By what the rows are told apart.
    by: Vec<String>,
    stats: Stats,
    chart: Chart,
    file: String,
}

/// The page of results.
pub(super) async fn show(asked: Asked, Query(mut sought): Query<Sought>) -> Drawn {
    let today = asked.frame.now().map(|now| now.date());
    if sought.since.is_empty()
        && let Some(first) = today.and_then(|today| today.checked_sub(DAYS.days()).ok())
    {
        sought.since = first.to_string();
    }
    let by = [&sought.by, &sought.then].into_iter().filter(|name| BY.contains(&name.as_str()));
    let mut by: Vec<String> = by.cloned().collect();
    by.dedup();
    let joined = by.join(",");
    let path = |by: &str, every: &str, format: &str| {
        let Sought { since, until, creditor, .. } = &sought;
        let creditor = creditor.trim();
        let days = [("since", since.as_str()), ("until", until.as_str()), ("creditor", creditor), ("format", format)];
        query("/v1/stats", &[&[("by", by), ("every", every)][..], &days].concat())
    };
    let stats: Stats = asked.or_say(asked.api.get(&path(&joined, &sought.every, "")).await)?;
    let over_time: Stats = asked.or_say(asked.api.get(&path("", "day", "")).await)?;
    let chart = chart(&asked.frame, &days(&sought, today), &over_time.rows);
    let file = path(&joined, &sought.every, "csv");
    Ok(draw(&StatsPage { frame: asked.frame, sought, by, stats, chart, file }))
}

/// The days of the chart: all that are asked for, or the last of them.
fn days(sought: &Sought, today: Option<Date>) -> Vec<Date> {
    let last = sought.until.parse().ok().into_iter().chain(today).min();
    let Some(last) = last else { return Vec::new() };
    let earliest = last.saturating_sub((DAYS_MAX - 1).days());
    let first = sought.since.parse().map_or(earliest, |first: Date| first.max(earliest));
    first.series(1.day()).take_while(|day| *day <= last).collect()
}

/// What was taken in each day, and what became of it.
fn chart(frame: &Frame, days: &[Date], rows: &[Row]) -> Chart {
    let series = vec![
        Series { key: "delivered", name: frame.t("chart.delivered") },
        Series { key: "sent", name: frame.t("chart.sent") },
        Series { key: "refused", name: frame.t("chart.refused") },
        Series { key: "waiting", name: frame.t("chart.waiting") },
    ];
    let bars = days.iter().map(|day| {
        let of_day =
            rows.iter().find(|row| row.period.as_deref().and_then(|period| period.parse::<Date>().ok()) == Some(*day));
        let texts = of_day.and_then(|row| row.texts.clone()).unwrap_or_default();
        let refused = texts.undelivered + texts.failed;
        let sent = (texts.sent - texts.delivered - texts.undelivered).max(0);
        let waiting = (texts.queued - texts.delivered - sent - refused).max(0);
        Bar { label: day.strftime("%d").to_string(), values: vec![texts.delivered, sent, refused, waiting] }
    });
    Chart::new(series, bars.collect())
}
