//! `recado stats`: what came of texts, with shares for people.

use serde_json::Value;

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::{Failure, Refusal};
use super::print::{Printer, cell};
use super::remote::Command;

/// What `stats` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct StatsArgs {
    /// What to tell apart, with commas between: creditor, batch, ladder, step, segment, template, version, arm, mode, team,
    /// operator or sim
    #[arg(long, value_name = "NAMES")]
    by: Option<String>,
    /// Over time: hour, day or week
    #[arg(long)]
    every: Option<String>,
    /// Texts taken in from this time or day on
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Texts taken in before this time, or up to this day
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Payments count that came within so many days after the text, such as 7d
    #[arg(long, value_name = "DAYS")]
    within: Option<String>,
    /// Where days begin, such as `America/Sao_Paulo`
    #[arg(long)]
    zone: Option<String>,
    /// Only of this creditor
    #[arg(long)]
    creditor: Option<String>,
    /// Only of this batch
    #[arg(long)]
    batch: Option<String>,
    /// Only of this ladder
    #[arg(long)]
    ladder: Option<String>,
    /// Only of this step
    #[arg(long)]
    step: Option<String>,
    /// Only of this template
    #[arg(long)]
    template: Option<String>,
    /// Only of this team
    #[arg(long)]
    team: Option<String>,
    /// Only of this person
    #[arg(long)]
    operator: Option<String>,
    /// Print CSV, for spreadsheets
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Command for StatsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let query = Query::default()
            .with("by", self.by.as_ref())
            .with("every", self.every.as_ref())
            .with("since", self.since)
            .with("until", self.until)
            .with("within", self.within)
            .with("zone", self.zone)
            .with("creditor", self.creditor)
            .with("batch", self.batch)
            .with("ladder", self.ladder)
            .with("step", self.step)
            .with("template", self.template)
            .with("team", self.team)
            .with("operator", self.operator);
        if self.csv {
            let path = query.with("format", Some("csv")).on("/v1/stats");
            let (status, octets) = client.fetch(&path).await?;
            if !status.is_success() {
                let refusal = serde_json::from_slice(&octets).ok().and_then(Refusal::from_document);
                return Err(refusal.map_or_else(|| client.stranger(status), Failure::Refused));
            }
            printer.raw(&octets)?;
            return Ok(Exit::Done);
        }
        let stats = client.get(&query.on("/v1/stats")).await?;
        let rows = stats.get("rows").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if printer.is_json {
            rows.iter().try_for_each(|row| printer.line(&row.to_string()))?;
            return Ok(Exit::Done);
        }
        let by: Vec<&str> =
            self.by.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|by| !by.is_empty()).collect();
        printer.table(&table(rows, &by, self.every.is_some()))?;
        match stats.get("behind").and_then(Value::as_i64) {
            None | Some(0) => {}
            Some(behind) => printer.line(&format!("not counted yet: {behind} events"))?,
        }
        Ok(Exit::Done)
    }
}

fn table(rows: &[Value], by: &[&str], is_over_time: bool) -> Vec<Vec<String>> {
    let has_texts = rows.iter().any(|row| row.get("texts").is_some_and(Value::is_object));
    let mut heading: Vec<String> = by.iter().map(|by| by.to_uppercase()).collect();
    heading.extend(is_over_time.then(|| "WHEN".to_owned()));
    if has_texts {
        let names = ["QUEUED", "SENT", "DELIVERED", "REPLIED", "PROMISED", "OPTED OUT", "WRONG", "PAID", "AMOUNT"];
        heading.extend(names.map(str::to_owned));
    }
    heading.extend(["PARTS", "COST"].map(str::to_owned));
    let mut table = vec![heading];
    for row in rows {
        let group = |by: &&str| row.pointer(&format!("/group/{by}")).and_then(Value::as_str).unwrap_or("-");
        let shown = |word: &str| if word.is_empty() { "-".to_owned() } else { word.to_owned() };
        let mut cells: Vec<String> = by.iter().map(|by| shown(group(by))).collect();
        cells.extend(is_over_time.then(|| cell(row, "period")));
        if has_texts {
            cells.extend(texts(row.get("texts").unwrap_or(&Value::Null)));
        }
        cells.extend([cell(row, "parts"), cell(row, "cost")]);
        table.push(cells);
    }
    table
}

/// Counts, and the share of what was sent where that says something.
fn texts(texts: &Value) -> Vec<String> {
    let count = |name: &str| texts.get(name).and_then(Value::as_i64).unwrap_or_default();
    let sent = count("sent");
    let shared = |name: &str| with_share(count(name), sent);
    let amounts = texts.get("paid").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let amount = |paid: &Value| format!("{} {}", cell(paid, "amount"), cell(paid, "currency"));
    let amounts: Vec<String> = amounts.iter().map(amount).collect();
    vec![
        count("queued").to_string(),
        sent.to_string(),
        shared("delivered"),
        shared("replied"),
        shared("promised"),
        shared("opted_out"),
        shared("wrong_person"),
        shared("paid_debts"),
        if amounts.is_empty() { "-".to_owned() } else { amounts.join(", ") },
    ]
}

/// `12 (3.4%)`, rounded to the nearest tenth.
fn with_share(count: i64, of: i64) -> String {
    if of <= 0 || count == 0 {
        return count.to_string();
    }
    let tenths = (i128::from(count) * 1_000 + i128::from(of) / 2) / i128::from(of);
    format!("{count} ({}.{}%)", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::with_share;

    #[test]
    fn shares_are_rounded_to_the_nearest_tenth() {
        for (count, of, expected) in
            [(0, 0, "0"), (0, 9, "0"), (1, 3, "1 (33.3%)"), (2, 3, "2 (66.7%)"), (3, 3, "3 (100.0%)"), (1, 0, "1")]
        {
            assert_eq!(with_share(count, of), expected);
        }
    }
}
