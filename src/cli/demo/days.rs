//! The demo's second act: a file of debts, its ladder, and three days of it.

use std::time::Duration;

use clap::Args;
use hyper::Method;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::emulator::Rate;
use crate::sms::lifecycle::MessageState;

use super::super::failure::Failure;
use super::super::import::ImportArgs;
use super::super::print::cell;
use super::super::remote::{Command, Remote};
use super::super::stats::StatsArgs;
use super::cast::{FILE, TEMPLATES, ladder};
use super::story::Story;
use super::{HOUR, START, Stage};

/// What a day is to bring: to whom, by which template, and what comes of it.
type Outcome = (&'static str, &'static str, MessageState);

/// The first day. Ana owes twice and gets one text; Eva's goes at four o'clock.
const TUESDAY: [Outcome; 5] = [
    ("ana", "atraso", MessageState::Delivered),
    ("bia", "lembrete", MessageState::Delivered),
    ("caio", "atraso", MessageState::Delivered),
    ("davi", "atraso", MessageState::Delivered),
    ("eva", "atraso", MessageState::Queued),
];

/// Eva has paid.
const PAID: [Outcome; 2] = [("eva", "atraso", MessageState::Blocked), ("eva", "obrigado", MessageState::Delivered)];

/// Caio has kept what he promised.
const WEDNESDAY: [Outcome; 1] = [("caio", "obrigado", MessageState::Delivered)];

/// Davi has not, and Bia's instalment is due.
const FRIDAY: [Outcome; 2] = [("davi", "promessa", MessageState::Delivered), ("bia", "hoje", MessageState::Delivered)];

/// Between looks at what is counted.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Plays it. Whether all came to what was expected.
pub(super) async fn play(stage: &mut Stage, story: &mut Story<'_>) -> Result<bool, Failure> {
    begin(stage, story, START + HOUR, "Tuesday, 11:00: a portfolio with its ladder").await?;
    prepare(story).await?;
    let file = stage.folder.join("carteira.csv");
    std::fs::write(&file, FILE)?;
    let file = file.to_string_lossy().into_owned();
    let import = ["import", &file, "--creditor", "aurora", "--map", "debt=contrato", "--map", "debtor=cliente"];
    command::<ImportArgs>(story, &import).await?;
    let mut all = watch(story, &TUESDAY).await?;
    tell(story, "AUR-6", &json!({ "type": "payment_received" })).await?;
    all &= watch(story, &PAID).await?;
    for debt in ["AUR-4", "AUR-5"] {
        tell(story, debt, &json!({ "type": "promise", "until": "2026-11-25" })).await?;
    }

    begin(stage, story, START + 24 * HOUR, "Wednesday, 10:00: one promise is kept").await?;
    tell(story, "AUR-4", &json!({ "type": "payment_received" })).await?;
    all &= watch(story, &WEDNESDAY).await?;

    begin(stage, story, START + 72 * HOUR, "Friday, 10:00: the other one was not").await?;
    all &= watch(story, &FRIDAY).await?;

    story.say("")?;
    count(story).await?;
    command::<StatsArgs>(story, &["stats", "--creditor", "aurora", "--by", "mode,step,template"]).await?;
    Ok(all)
}

/// Waits until all that has happened is counted.
async fn count(story: &Story<'_>) -> Result<(), Failure> {
    while story.client.get("/v1/stats").await?.get("behind").and_then(Value::as_i64) != Some(0) {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}

/// Another daemon on the same database, at another time. Nobody answers in this act.
async fn begin(stage: &mut Stage, story: &mut Story<'_>, at: Timestamp, title: &str) -> Result<(), Failure> {
    story.say(&format!("\n{title}"))?;
    Ok(stage.open(at, Rate::NEVER).await?)
}

/// The creditor, the words and the ladder.
async fn prepare(story: &mut Story<'_>) -> Result<(), Failure> {
    for (name, purpose, body) in TEMPLATES {
        let written = json!({ "purpose": purpose, "texts": [{ "name": "a", "body": body }] });
        let saved = story.ask(Method::PUT, &format!("/v1/templates/{name}"), &written).await?;
        let version = json!({ "version": saved.get("version") });
        story.ask(Method::POST, &format!("/v1/templates/{name}/approve"), &version).await?;
    }
    story.ask(Method::PUT, "/v1/ladders/padrao", &ladder()).await?;
    let creditor = json!({
        "id": "aurora", "name": "Loja Aurora", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL",
        "ladder": "padrao", "on": { "payment_received": "obrigado" },
    });
    story.ask(Method::POST, "/v1/creditors", &creditor).await?;
    Ok(())
}

/// Tells what happened to a debt, and shows the answer.
async fn tell(story: &mut Story<'_>, debt: &str, event: &Value) -> Result<(), Failure> {
    let answer = story.ask(Method::POST, &format!("/v1/debts/{debt}/events"), event).await?;
    let said = ["status", "amount", "stopped", "on_wire"].map(|field| format!("{field} {}", cell(&answer, field)));
    story.say(&format!("{debt}: {} -> {}", cell(event, "type"), said.join(", ")))
}

/// Runs a command as it would be typed.
async fn command<T: Args + Command>(story: &mut Story<'_>, words: &[&str]) -> Result<(), Failure> {
    story.say(&format!("$ recado {}", words.join(" ")))?;
    let command = Remote::<T>::typed(words).unwrap_or_else(|error| error.exit());
    let client = story.client.clone();
    command.run(&client, &mut story.printer).await?;
    Ok(story.printer.flush()?)
}

/// Shows what happens until the day has brought what it is to bring. False where it does not.
async fn watch(story: &mut Story<'_>, day: &[Outcome]) -> Result<bool, Failure> {
    let is_so =
        |story: &Story<'_>, (debtor, template, state): &Outcome| story.state_of(debtor, template) == Some(state.name());
    let is_over = story.watch(|story| day.iter().all(|outcome| is_so(story, outcome))).await?;
    for outcome in day {
        if !is_so(story, outcome) {
            let (debtor, template, expected) = outcome;
            let state = story.state_of(debtor, template).unwrap_or("not there").to_owned();
            story.say(&format!("{template} to {debtor} is {state}, expected {}", expected.name()))?;
        }
    }
    Ok(is_over)
}
