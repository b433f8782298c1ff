//! Ladders: a line that one can read, edited as a whole, and what a day would bring.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use crate::dunning::ladder::{Anchor, Channel, Offset};

use super::super::api::{List, Refused};
use super::super::asked::Asked;
use super::super::finding::Finding;
use super::super::format::encode;
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;
use super::super::segment::{BOUNDS, CHOICES, LISTS, Segment};

#[derive(Deserialize)]
struct Ladder {
    name: String,
    version: u32,
    created_at: String,
    client: String,
    definition: Definition,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Definition {
    saturday: bool,
    catch_up: String,
    group: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Default, Deserialize)]
struct Step {
    id: String,
    on: String,
    roll: String,
    #[serde(default)]
    segment: Segment,
    text: Option<String>,
    exit: Option<String>,
}

impl Step {
    fn offset(&self) -> Offset {
        self.on.parse().unwrap_or(Offset::due(0))
    }

    /// In which way the day is counted, for the form.
    fn way(&self) -> &'static str {
        let offset = self.offset();
        match offset.from {
            Anchor::Promise if offset.in_hours => "promise_hours",
            Anchor::Promise => "promise",
            Anchor::Due if offset.in_hours && offset.days < 0 => "hours_before",
            Anchor::Due if offset.in_hours => "hours",
            Anchor::Due if offset.days < 0 => "before",
            Anchor::Due => "after",
        }
    }

    /// How many of them.
    fn count(&self) -> i64 {
        let offset = self.offset();
        let days = i64::from(offset.days);
        let hour = || offset.time.map_or(0, |time| i64::from(time.hour()));
        match self.way() {
            "hours" | "promise_hours" => days * 24 + hour(),
            "hours_before" => -(days * 24 + hour()),
            "before" => -days,
            _ => days,
        }
    }

    /// The time of day from which it may go.
    fn time(&self) -> String {
        let offset = self.offset();
        let time = offset.time.filter(|_| !offset.in_hours);
        time.map(|time| time.strftime("%H:%M").to_string()).unwrap_or_default()
    }

    /// The day and the time in words.
    fn when(&self, frame: &Frame) -> String {
        let count = self.count();
        let day = match (self.way(), count) {
            ("before", 1) => frame.t("when.day_before"),
            ("before", _) => frame.said("when.days_before", count),
            ("after", 0) => frame.t("when.due_day"),
            ("after", 1) => frame.t("when.day_after"),
            ("hours", _) => frame.said("when.hours", count),
            ("hours_before", _) => frame.said("when.hours_before", count),
            ("promise_hours", _) => frame.said("when.promise_hours", count),
            ("promise", 1) => frame.t("when.promise_day"),
            ("promise", _) => frame.said("when.promise_days", count),
            _ => frame.said("when.days_after", count),
        };
        let time = self.time();
        if time.is_empty() { day } else { format!("{day}, {}", frame.said("when.from", time)) }
    }

    /// What it does, as the form of a step chooses it.
    fn is_text(&self, template: &str) -> bool {
        self.text.as_deref() == Some(template)
    }

    fn is_exit(&self, channel: &str) -> bool {
        self.exit.as_deref() == Some(channel)
    }
}

/// A mark on the line of a ladder.
struct Mark {
    x: i32,
    y: i32,
    label: String,
    kind: &'static str,
    title: String,
}

/// Where things are on the line.
struct Line {
    marks: Vec<Mark>,
    /// Where the due day is.
    due: i32,
    /// Where what follows promises begins, if anything does.
    promises: Option<i32>,
    width: i32,
}

/// Days near the due day have more room than those far from it.
fn stretched(days: i32) -> f64 {
    let days = f64::from(days);
    days.signum() * (days.abs() + 1.0).ln()
}

/// Rounded to a place of the line.
fn place(of: f64) -> i32 {
    format!("{of:.0}").parse().unwrap_or(0)
}

impl Definition {
    /// Steps in the order of their days.
    fn in_order(&self) -> Vec<&Step> {
        let mut steps: Vec<&Step> = self.steps.iter().collect();
        steps.sort_by_key(|step| {
            let offset = step.offset();
            (offset.from, offset.days, offset.time)
        });
        steps
    }

    fn line(&self, frame: &Frame) -> Line {
        const WIDTH: i32 = 1000;
        let steps = self.in_order();
        let of_due = || steps.iter().filter(|step| step.offset().from == Anchor::Due).map(|step| step.offset().days);
        let (first, last) = (of_due().min().unwrap_or(0).min(-1), of_due().max().unwrap_or(0).max(3));
        let broken = steps.iter().filter(|step| step.offset().from == Anchor::Promise).count();
        let room = if broken > 0 { i32::try_from(broken).unwrap_or(9).min(5) * 60 + 60 } else { 0 };
        let (low, high) = (stretched(first), stretched(last));
        let at = |days: i32| 40 + place((stretched(days) - low) / (high - low) * f64::from(WIDTH - room - 80));
        let promises = (room > 0).then_some(WIDTH - room + 20);
        let (mut marks, mut free, mut next): (Vec<Mark>, [i32; 3], i32) = (Vec::new(), [i32::MIN; 3], 0);
        for step in steps {
            let offset = step.offset();
            let x = match (offset.from, promises) {
                (Anchor::Promise, Some(from)) => {
                    next += 1;
                    from + next * 60 - 20
                }
                _ => at(offset.days),
            };
            // Labels that would meet stand above each other.
            let row = free.iter().position(|free| x >= *free).unwrap_or(2);
            if let Some(free) = free.get_mut(row) {
                *free = x + 62;
            }
            let kind = if step.exit.is_some() { "exit" } else { "text" };
            let label = step.on.split(' ').next().unwrap_or_default().to_owned();
            let title =
                format!("{}: {}", step.when(frame), step.text.as_ref().or(step.exit.as_ref()).unwrap_or(&step.id));
            marks.push(Mark { x, y: 62 - i32::try_from(row).unwrap_or(0) * 17, label, kind, title });
        }
        Line { marks, due: at(0), promises, width: WIDTH }
    }
}

/// Steps as a form has them now, as JSON.
#[derive(Deserialize)]
pub(super) struct Draft {
    steps: String,
}

#[derive(Template)]
#[template(path = "ladder_line.html")]
struct LinePage {
    frame: Frame,
    line: Line,
}

/// The line of a ladder that is being written, to stand in its form.
pub(super) async fn line(asked: Asked, Query(draft): Query<Draft>) -> Drawn {
    let steps = serde_json::from_str(&draft.steps).unwrap_or_default();
    let frame = asked.frame;
    let line = Definition { saturday: false, catch_up: String::new(), group: false, steps }.line(&frame);
    Ok(draw(&LinePage { frame, line }))
}

#[derive(Template)]
#[template(path = "ladders.html")]
struct LaddersPage {
    frame: Frame,
    ladders: Vec<Ladder>,
}

/// All ladders.
pub(super) async fn list(asked: Asked) -> Drawn {
    let ladders: List<Ladder> = asked.or_say(asked.api.get("/v1/ladders").await)?;
    Ok(draw(&LaddersPage { frame: asked.frame, ladders: ladders.items }))
}

#[derive(Deserialize)]
struct Creditor {
    id: String,
    name: String,
    ladder: Option<String>,
}

/// What a day brings.
#[derive(Deserialize)]
struct Plan {
    items: Vec<Item>,
    debtors: u64,
    next: Option<String>,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Item {
    debtor: String,
    creditor: String,
    debt: String,
    step: String,
    outcome: String,
    template: Option<String>,
    segments: Option<usize>,
    not_before: Option<String>,
    with: Option<String>,
    channel: Option<String>,
    why: Option<String>,
    detail: Option<String>,
    problem: Option<Finding>,
    until: Option<String>,
}

#[derive(Deserialize)]
struct CaseProblem {
    debtor: String,
    creditor: String,
    reason: Finding,
}

/// Which plan is looked at.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Day {
    date: String,
    creditor: String,
    cursor: String,
}

#[derive(Template)]
#[template(path = "ladder.html")]
struct LadderPage {
    frame: Frame,
    ladder: Ladder,
    day: Day,
    today: String,
    /// What the day brings, or why that is not told.
    plan: Option<Result<Plan, String>>,
    next: Option<String>,
    problems: List<CaseProblem>,
    creditors: Vec<Creditor>,
}

impl LadderPage {
    fn own(&self) -> impl Iterator<Item = &Creditor> {
        self.creditors.iter().filter(|creditor| creditor.ladder.as_ref() == Some(&self.ladder.name))
    }
}

/// One ladder, what a day would bring, and what could not be written.
pub(super) async fn show(asked: Asked, Path(name): Path<String>, Query(day): Query<Day>) -> Drawn {
    let path = format!("/v1/ladders/{}", encode(&name));
    let ladder: Ladder = asked.or_say(asked.api.get(&path).await)?;
    let creditors: List<Creditor> = asked.or_say(asked.api.get("/v1/creditors").await)?;
    let problems = asked.or_say(asked.api.get(&format!("{path}/problems")).await)?;
    let given = [("date", day.date.as_str()), ("creditor", &day.creditor), ("cursor", &day.cursor)];
    let plan: Option<Result<Plan, Refused>> =
        if day.date.is_empty() { None } else { Some(asked.api.get(&query(&format!("{path}/plan"), &given)).await) };
    let plan = match plan {
        Some(Err(Refused::Problem { detail, .. })) => Some(Err(detail)),
        Some(answer) => {
            let mut plan = asked.or_say(answer)?;
            // What is said of the ladder stands above.
            plan.findings.retain(|found| ladder.findings.iter().all(|known| known.detail != found.detail));
            Some(Ok(plan))
        }
        None => None,
    };
    let next = plan.as_ref().and_then(|plan| plan.as_ref().ok()?.next.clone());
    let next = next.map(|cursor| {
        let given = [("date", day.date.as_str()), ("creditor", &day.creditor), ("cursor", &cursor)];
        query(&format!("/ladders/{}", encode(&name)), &given)
    });
    let today = asked.frame.now().map(|now| now.date().to_string()).unwrap_or_default();
    let creditors = creditors.items;
    Ok(draw(&LadderPage { frame: asked.frame, ladder, day, today, plan, next, problems, creditors }))
}

#[derive(Deserialize)]
struct TemplateName {
    name: String,
}

#[derive(Template)]
#[template(path = "ladder_edit.html")]
struct EditPage {
    frame: Frame,
    /// Of a new one, none.
    name: Option<String>,
    version: u32,
    definition: Definition,
    templates: Vec<String>,
    fresh: Step,
    channels: [&'static str; Channel::ALL.len()],
}

impl EditPage {
    /// A template or a channel as a step has it.
    #[expect(clippy::unused_self, reason = "templates call what belongs to their page")]
    fn chosen(&self, kind: &str, name: &str) -> String {
        serde_json::json!({ kind: name }).to_string()
    }

    /// A template that a step names and that is not there.
    fn is_missing(&self, step: &Step) -> bool {
        step.text.as_ref().is_some_and(|text| !self.templates.contains(text))
    }
}

const WAYS: [&str; 6] = ["before", "after", "hours_before", "hours", "promise", "promise_hours"];
const ROLLS: [&str; 3] = ["stay", "next", "previous"];

/// The form of a ladder.
pub(super) async fn edit(asked: Asked, Path(name): Path<String>) -> Drawn {
    let ladder: Ladder = asked.or_say(asked.api.get(&format!("/v1/ladders/{}", encode(&name))).await)?;
    form(asked, Some(name), ladder.version, ladder.definition).await
}

/// The form of a new one.
pub(super) async fn new(asked: Asked) -> Drawn {
    let definition = Definition { saturday: false, catch_up: "skip".to_owned(), group: true, steps: vec![first()] };
    form(asked, None, 0, definition).await
}

fn first() -> Step {
    Step { on: "D+1".to_owned(), roll: "next".to_owned(), ..Step::default() }
}

async fn form(asked: Asked, name: Option<String>, version: u32, definition: Definition) -> Drawn {
    let templates: List<TemplateName> = asked.or_say(asked.api.get("/v1/templates").await)?;
    let templates = templates.items.into_iter().map(|template| template.name).collect();
    let (frame, fresh, channels) = (asked.frame, first(), Channel::ALL.map(Channel::name));
    Ok(draw(&EditPage { frame, name, version, definition, templates, fresh, channels }))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::http::header::ACCEPT_LANGUAGE;

    use super::*;

    fn frame() -> Frame {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, "en".parse().unwrap())]);
        Frame::new(&headers, "/".to_owned(), None)
    }

    fn step(on: &str) -> Step {
        Step { on: on.to_owned(), text: Some("t".to_owned()), ..Step::default() }
    }

    #[test]
    fn days_are_said_in_words() {
        for (on, way, count, time, words) in [
            ("D-5", "before", 5, "", "5 days before it is due"),
            ("D-1 09:30", "before", 1, "09:30", "1 day before it is due, from 09:30"),
            ("D+0", "after", 0, "", "on the day it is due"),
            ("D+36h", "hours", 36, "", "36 hours after the due day began"),
            ("D-12h", "hours_before", 12, "", "12 hours before the due day began"),
            ("P+36h", "promise_hours", 36, "", "36 hours after the promise ended"),
            ("P+1", "promise", 1, "", "on the first day after a broken promise"),
            ("P+3 14:00", "promise", 3, "14:00", "3 days after the promise ended, from 14:00"),
        ] {
            let step = step(on);
            assert_eq!((step.way(), step.count(), step.time().as_str()), (way, count, time), "{on}");
            assert_eq!(step.when(&frame()), words, "{on}");
        }
    }

    #[test]
    fn steps_stand_on_the_line_in_their_order_and_labels_do_not_meet() {
        let steps = ["P+1", "D+90", "D+4", "D-5", "D+3", "D+5"].map(step).to_vec();
        let ladder = Definition { saturday: false, catch_up: "skip".to_owned(), group: true, steps };
        let Line { marks, promises, width, .. } = ladder.line(&frame());
        let labels: Vec<&str> = marks.iter().map(|mark| mark.label.as_str()).collect();
        assert_eq!(labels, ["D-5", "D+3", "D+4", "D+5", "D+90", "P+1"]);
        assert!(marks.is_sorted_by_key(|mark| mark.x) && marks.iter().all(|mark| (0..width).contains(&mark.x)));
        assert!(promises.is_some_and(|from| marks[4].x < from && marks[5].x > from));
        let meet = |one: &Mark, other: &Mark| one.y == other.y && (one.x - other.x).abs() < 60;
        for (place, mark) in marks.iter().enumerate() {
            assert!(!marks[place + 1..].iter().any(|other| meet(mark, other)), "{}", mark.label);
        }
    }

    #[test]
    fn a_ladder_without_steps_is_a_line() {
        let ladder = Definition { saturday: false, catch_up: "skip".to_owned(), group: true, steps: Vec::new() };
        assert!(ladder.line(&frame()).marks.is_empty());
    }
}
