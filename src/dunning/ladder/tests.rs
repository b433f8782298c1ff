//! Ladders climbed day by day, with what a keeper does between two plans done here.

mod check;
mod hours;
mod meeting;
mod months;
mod property;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use crate::dunning::case::{Case, Past};
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::{Debt, Status};
use crate::dunning::money::Currency;
use crate::dunning::sample;
use crate::dunning::segment::Segment;

use super::*;

/// A step as a line: `D+3 cobranca`, `D+3 cobranca next`, `D+30 >letter`. Its id is its offset.
fn step(line: &str) -> Step {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let roll = words.last().and_then(|word| Roll::from_name(word));
    words.truncate(words.len() - usize::from(roll.is_some()));
    let action = words.pop().unwrap();
    let offset = words.join(" ");
    let action = match action.strip_prefix('>') {
        Some(channel) => Action::Exit { channel: Channel::from_name(channel).unwrap() },
        None => Action::Text { template: action.to_owned() },
    };
    Step {
        id: StepId(offset.replace(' ', "@")),
        offset: offset.parse().unwrap(),
        roll: roll.unwrap_or_default(),
        segment: Segment::default(),
        action,
    }
}

fn ladder(steps: &[&str]) -> Ladder {
    Ladder {
        name: "regua".to_owned(),
        version: 1,
        steps: steps.iter().map(|line| step(line)).collect(),
        saturday: false,
        catch_up: CatchUp::Skip,
        group: true,
    }
}

fn debt(id: &str, due: Date) -> Debt {
    sample::debt(id, "p1", due)
}

/// A debtor, what is owed, and what a keeper remembers.
#[derive(Debug, Clone)]
struct House {
    debts: BTreeMap<String, Debt>,
    tracks: BTreeMap<String, Track>,
    ladders: BTreeMap<String, Ladder>,
    ladder: Ladder,
    stop: Option<Stop>,
    is_unsettled: bool,
    texted: Option<Date>,
    holidays: Vec<Date>,
    /// A cap holds every text in the queue.
    is_held: bool,
    today: Date,
}

/// What was carried out on a day.
#[derive(Debug, Default, PartialEq, Eq)]
struct Happened {
    text: Option<(String, Vec<String>)>,
    exits: Vec<String>,
    withdrawn: Vec<String>,
    skipped: Vec<String>,
    next: Option<Date>,
    was_idle: bool,
}

impl House {
    fn new(ladder: Ladder, today: Date) -> Self {
        Self {
            debts: BTreeMap::new(),
            tracks: BTreeMap::new(),
            ladders: BTreeMap::new(),
            ladder,
            stop: None,
            is_unsettled: false,
            texted: None,
            holidays: Vec::new(),
            is_held: false,
            today,
        }
    }

    fn enter(&mut self, debt: Debt) {
        self.tracks.insert(debt.id.clone(), Track::new(self.today));
        self.debts.insert(debt.id.clone(), debt);
    }

    fn debt(&mut self, id: &str) -> &mut Debt {
        self.debts.get_mut(id).unwrap()
    }

    fn track(&mut self, id: &str) -> &mut Track {
        self.tracks.get_mut(id).unwrap()
    }

    fn promise(&mut self, id: &str, until: Date, grace: i32) {
        self.debt(id).status = Status::Promised { until };
        self.track(id).promise = until.checked_add(jiff::Span::new().days(grace)).ok();
    }

    fn case(&self) -> Case {
        let creditor = Creditor {
            name: "Loja".to_owned(),
            sender: "Loja".to_owned(),
            zone: TimeZone::UTC,
            ladder: Some(self.ladder.name.clone()),
            ..sample::creditor()
        };
        let debtor = sample::debtor("p1");
        let debts = self.debts.values().cloned().collect();
        Case {
            creditor: Arc::new(creditor),
            debtor,
            debts,
            past: Past::default(),
            today: self.today,
            entered: BTreeMap::new(),
            happened: None,
        }
    }

    /// Plans the day, with the debts turned round if asked, and carries nothing out.
    fn see<T>(&self, is_turned: bool, look: impl FnOnce(&Plan<'_>) -> T) -> T {
        let case = self.case();
        let mut entries: Vec<Entry<'_>> = self
            .debts
            .values()
            .map(|debt| {
                let ladder = self.ladders.get(&debt.id).unwrap_or(&self.ladder);
                Entry { debt, ladder, track: &self.tracks[&debt.id] }
            })
            .collect();
        if is_turned {
            entries.reverse();
        }
        let holiday = |day: Date| self.holidays.contains(&day);
        let (stop, texted) = (self.stop, self.texted);
        look(&plan(&Situation {
            case: &case,
            entries: &entries,
            stop,
            is_unsettled: self.is_unsettled,
            texted,
            holiday: &holiday,
        }))
    }

    /// Plans the day and carries it out.
    fn run(&mut self) -> Happened {
        let (happened, records) = self.see(false, |plan| {
            let name = |debt: &str, step: &StepId| format!("{debt} {step}");
            let happened = Happened {
                text: plan.text.as_ref().map(|text| {
                    let debts = text.debts.iter().map(|debt| debt.id.clone()).collect();
                    (name(&text.debt.id, &text.step.id), debts)
                }),
                exits: plan.exits.iter().map(|exit| name(&exit.debt.id, &exit.step.id)).collect(),
                withdrawn: plan.withdraw.iter().map(|(debt, step, _)| name(debt, step)).collect(),
                skipped: plan
                    .skipped
                    .iter()
                    .map(|skipped| format!("{} {}", name(skipped.debt, skipped.step), skipped.why.name()))
                    .collect(),
                next: plan.next,
                was_idle: plan.is_idle(),
            };
            let records: Vec<(String, Done)> =
                plan.records.iter().map(|record| (record.debt.to_owned(), record.done.clone())).collect();
            (happened, records)
        });
        for (debt, done) in records {
            let all = &mut self.track(&debt).done;
            all.retain(|other| (&other.step, other.cycle) != (&done.step, done.cycle));
            all.push(done);
        }
        let (day, today) = (self.today, self.today);
        for (id, track) in &mut self.tracks {
            let Ladder { name, version, .. } = self.ladders.get(id).unwrap_or(&self.ladder);
            track.planned = Some(Planned { day, ladder: Some(name.clone()), version: *version });
            for done in &mut track.done {
                if !self.is_held && matches!(done.outcome, Outcome::Queued | Outcome::Grouped) {
                    (done.day, done.outcome) = (today, Outcome::Sent);
                }
            }
        }
        happened
    }

    /// Runs every day up to and with one, and tells those on which something was done, as `11-05 a D-5 (a b)`.
    fn until(&mut self, last: Date) -> Vec<String> {
        let mut told = Vec::new();
        while self.today <= last {
            told.extend(self.tell());
            self.today = self.today.tomorrow().unwrap();
        }
        told
    }

    fn tell(&mut self) -> Option<String> {
        let Happened { text, exits, withdrawn, was_idle, .. } = self.run();
        let mut words = vec![self.today.strftime("%m-%d").to_string()];
        words.extend(withdrawn.into_iter().map(|step| format!("-{step}")));
        if let Some((step, debts)) = text {
            words.push(step);
            if debts.len() > 1 {
                words.push(format!("({})", debts.join(" ")));
            }
        }
        words.extend(exits.into_iter().map(|exit| format!(">{exit}")));
        (!was_idle && words.len() > 1).then(|| words.join(" "))
    }
}

fn november(day: i8) -> Date {
    date(2026, 11, day)
}
