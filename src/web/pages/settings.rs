//! What is configured: tokens, lines with their budgets, and the rules in force with their law.

use askama::Template;
use serde::Deserialize;

use super::super::api::{List, Refused};
use super::super::asked::Asked;
use super::super::frame::{Drawn, Frame, draw};

const SCOPES: [&str; 6] = ["send", "read", "text", "pii", "manage", "admin"];

const ROLES: [&str; 3] = ["operator", "manager", "administrator"];

const PERIODS: [&str; 5] = ["minute", "hour", "day", "month", "recipients"];

#[derive(Deserialize)]
struct Token {
    key: i64,
    client: String,
    scopes: Vec<String>,
    role: Option<String>,
    creditors: Vec<String>,
    expires_at: Option<String>,
    last_used: Option<String>,
    revoked_at: Option<String>,
}

#[derive(Deserialize)]
struct Sim {
    iccid: String,
    name: Option<String>,
    number: Option<String>,
    group: Option<String>,
    state: String,
    budget: Vec<Budget>,
}

impl Sim {
    /// The limit of a period, where there is one.
    fn limit(&self, period: &str) -> Option<u32> {
        self.budget.iter().find(|budget| budget.period == period).map(|budget| budget.limit)
    }
}

#[derive(Deserialize)]
struct Budget {
    period: String,
    limit: u32,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    law: String,
    country: String,
    state: Option<String>,
    status: String,
    certainty: Option<String>,
    days: Vec<Option<Vec<String>>>,
    holiday: Option<Vec<String>>,
    gathered: String,
}

impl Rule {
    /// Days with their hours: equal ones that follow each other together, as first day, last day and hours. Where the rule says
    /// nothing there is none.
    fn spans(&self) -> Vec<(usize, usize, String)> {
        let mut spans: Vec<(usize, usize, String)> = Vec::new();
        for (day, hours) in self.days.iter().enumerate() {
            let Some(hours) = hours else { continue };
            let hours = hours.join(", ");
            match spans.last_mut() {
                Some((_, last, same)) if *last + 1 == day && *same == hours => *last = day,
                _ => spans.push((day, day, hours)),
            }
        }
        spans
    }
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    /// Nothing where the token may not see them.
    tokens: Option<Vec<Token>>,
    sims: Vec<Sim>,
    rules: Vec<Rule>,
}

/// The page of settings.
pub(super) async fn show(asked: Asked) -> Drawn {
    let tokens = match asked.api.get::<List<Token>>("/v1/tokens").await {
        Ok(tokens) => Some(tokens.items),
        Err(Refused::Problem { status: axum::http::StatusCode::FORBIDDEN, .. }) => None,
        Err(refused) => return asked.or_say(Err(refused)),
    };
    let sims: List<Sim> = asked.or_say(asked.api.get("/v1/sims").await)?;
    let rules: List<Rule> = asked.or_say(asked.api.get("/v1/rules").await)?;
    Ok(draw(&SettingsPage { frame: asked.frame, tokens, sims: sims.items, rules: rules.items }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_days_in_a_row_are_one_line() {
        let day = |hours: &[&str]| Some(hours.iter().map(|span| (*span).to_owned()).collect::<Vec<_>>());
        let work = || day(&["08:00-20:00"]);
        let days = vec![work(), work(), work(), work(), work(), day(&["08:00-14:00"]), day(&[])];
        let rule = Rule {
            id: String::new(),
            law: String::new(),
            country: String::new(),
            state: None,
            status: String::new(),
            certainty: None,
            days,
            holiday: None,
            gathered: String::new(),
        };
        let expected = [(0, 4, "08:00-20:00"), (5, 5, "08:00-14:00"), (6, 6, "")];
        assert_eq!(rule.spans(), expected.map(|(first, last, hours)| (first, last, hours.to_owned())));
    }
}
