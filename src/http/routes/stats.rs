//! `GET /v1/stats`: what came of texts.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::dunning::result::{Dimension, PAID_WITHIN_MAX};
use crate::store::reader::Reader;
use crate::store::rollup::{Every, StatsError, StatsQuestion};

use super::super::auth::{Caller, Scope};
use super::super::dto::stats::{StatsAnswer, StatsRowAnswer, cells, heading};
use super::super::json::Parameters;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::time;
use super::super::{Site, csv};

/// Payments count for so many days unless something else is asked for.
const WITHIN: u8 = 7;

/// Rows of an answer: more are nobody's to read.
const ROWS_MAX: usize = 50_000;

/// What is asked.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StatsParameters {
    /// What to tell apart, with commas between: `creditor`, `batch`, `ladder`, `step`, `segment`, `template`, `version`, `arm`,
    /// `mode`, `team`, `operator`, `sim`. By `sim` there are parts and costs alone: a text is of no SIM.
    #[param(example = "creditor,step")]
    by: Option<String>,
    /// Over time: `hour`, `day` or `week`.
    every: Option<String>,
    /// Where days begin, such as `America/Sao_Paulo`; where the creditor is, if one is named, else as configured.
    zone: Option<String>,
    /// Texts taken in from then on: RFC 3339, or a day in the zone. Hours count as a whole.
    since: Option<String>,
    /// Texts taken in before then: RFC 3339, or the last day in the zone.
    until: Option<String>,
    /// Payments count that came within so many days after the text: `0d` to `90d`, default `7d`.
    within: Option<String>,
    /// `json` or `csv`; also by `Accept: text/csv`.
    format: Option<String>,
    /// Only of this creditor.
    creditor: Option<String>,
    /// Only of this batch.
    batch: Option<String>,
    /// Only of this ladder.
    ladder: Option<String>,
    /// Only of this step.
    step: Option<String>,
    /// Only of this segment.
    segment: Option<String>,
    /// Only of this template.
    template: Option<String>,
    /// Only of this version of it.
    version: Option<String>,
    /// Only of this text of it.
    arm: Option<String>,
    /// Only of this mode: `single`, `batch`, `ladder` or `event`.
    mode: Option<String>,
    /// Only of this team.
    team: Option<String>,
    /// Only of this person.
    operator: Option<String>,
    /// Only what went by this SIM, by its name or ICCID: parts and costs.
    sim: Option<String>,
}

/// Results: what became of texts, who answered, what was paid afterwards, and what they have cost.
///
/// A text counts by the hour in which it was taken in, and where it is now; so every share is one of the same texts. A payment
/// counts for the last text about the debt before it: it is what followed, not what was caused.
#[utoipa::path(
    get,
    path = "/v1/stats",
    operation_id = "getStats",
    tag = "results",
    params(StatsParameters),
    responses(
        (status = OK, description = "Results", content((StatsAnswer = "application/json"), (String = "text/csv"))),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    headers: HeaderMap,
    Parameters(asked): Parameters<StatsParameters>,
) -> Result<Response, Problem> {
    caller.needs(Scope::Read)?;
    let is_csv = csv::is_wanted(asked.format.as_deref(), &headers)?;
    let question = asked.question(&site, &caller).await?;
    let StatsQuestion { by, every, zone, within, .. } = question.clone();
    let stats = site.read(move |reader| reader.stats(&question)).await?.map_err(|error| match error {
        StatsError::TooMany(rows) => Problem::bad("by", format!("more than {rows} rows; tell less apart")),
        StatsError::Store(error) => Problem::from(error),
    })?;
    if is_csv {
        let rows = stats.rows.into_iter().map(|row| cells(row, &by));
        return Ok(csv::answer(&heading(&by, every.is_some()), rows));
    }
    let rows = stats.rows.into_iter().map(|row| StatsRowAnswer::new(row, &by)).collect();
    let zone = zone.iana_name().unwrap_or("UTC").to_owned();
    Ok(Json(StatsAnswer { rows, zone, within_days: within, behind: stats.behind }).into_response())
}

impl StatsParameters {
    async fn question(self, site: &Site, caller: &Caller) -> Result<StatsQuestion, Problem> {
        if self.creditor.as_deref().is_some_and(|creditor| !caller.covers(Some(creditor))) {
            return Err(Problem::new(Kind::Forbidden, "your token is limited to other creditors").field("creditor"));
        }
        let zone = self.zone(site).await?;
        let since = bound("since", self.since.as_deref(), &zone, false)?;
        let until = bound("until", self.until.as_deref(), &zone, true)?;
        let (by, within) = (self.by()?, self.within()?);
        let every = self
            .every
            .as_deref()
            .map(|word| Every::from_name(word).ok_or_else(|| Problem::bad("every", "there are hour, day and week")));
        let every = every.transpose()?;
        let mode = self.mode.as_deref();
        if mode.is_some_and(|mode| crate::sms::message::Mode::from_name(mode).is_none()) {
            return Err(Problem::bad("mode", "there are single, batch, ladder and event"));
        }
        let own = caller.creditors().to_vec();
        Ok(StatsQuestion {
            by,
            every,
            creditors: own,
            only: self.only(),
            within,
            rows_max: ROWS_MAX,
            ..StatsQuestion::new(zone).between(since, until)
        })
    }

    fn by(&self) -> Result<Vec<Dimension>, Problem> {
        let mut by = Vec::new();
        for word in self.by.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let names = || Dimension::ALL.map(Dimension::name).join(", ");
            let dimension = Dimension::from_name(word)
                .ok_or_else(|| Problem::bad("by", format!("there are {}, with commas between", names())))?;
            if by.contains(&dimension) {
                return Err(Problem::bad("by", format!("{word} stands there twice")));
            }
            by.push(dimension);
        }
        Ok(by)
    }

    fn within(&self) -> Result<u8, Problem> {
        let Some(given) = self.within.as_deref() else { return Ok(WITHIN) };
        let days = given.strip_suffix('d').and_then(|days| days.parse().ok()).filter(|days| *days <= PAID_WITHIN_MAX);
        days.ok_or_else(|| Problem::bad("within", format!("give days, from 0d to {PAID_WITHIN_MAX}d")))
    }

    async fn zone(&self, site: &Site) -> Result<TimeZone, Problem> {
        if let Some(name) = &self.zone {
            return TimeZone::get(name)
                .map_err(|_unknown| Problem::bad("zone", "is no zone, such as America/Sao_Paulo"));
        }
        let of_creditor = match self.creditor.clone() {
            Some(id) => site.read(Reader::creditors).await?.into_iter().find(|creditor| creditor.id == id),
            None => None,
        };
        Ok(of_creditor.map_or_else(|| site.settings().zone.clone(), |creditor| creditor.zone))
    }

    fn only(self) -> Vec<(Dimension, String)> {
        let given = [
            (Dimension::Creditor, self.creditor),
            (Dimension::Batch, self.batch),
            (Dimension::Ladder, self.ladder),
            (Dimension::Step, self.step),
            (Dimension::Segment, self.segment),
            (Dimension::Template, self.template),
            (Dimension::Version, self.version),
            (Dimension::Arm, self.arm),
            (Dimension::Mode, self.mode),
            (Dimension::Team, self.team),
            (Dimension::Operator, self.operator),
            (Dimension::Sim, self.sim),
        ];
        given.into_iter().filter_map(|(dimension, value)| Some((dimension, value?))).collect()
    }
}

/// A time, or the beginning of a day; of the day after it, where the day is the last one.
fn bound(
    field: &'static str,
    given: Option<&str>,
    zone: &TimeZone,
    is_last: bool,
) -> Result<Option<Timestamp>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let Ok(day) = given.parse::<Date>() else { return time(field, Some(given)) };
    if given.len() > "2026-11-24".len() {
        return time(field, Some(given));
    }
    let day = if is_last { day.tomorrow().unwrap_or(day) } else { day };
    let begins = day.to_zoned(zone.clone()).map_err(|_far| Problem::bad(field, "is too far away"))?;
    Ok(Some(Timestamp::from_jiff(begins.timestamp())))
}
