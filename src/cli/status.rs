//! `recado status`: whether the daemon takes and sends messages, how many there are and why they wait, what is paused, what
//! a person must look after, and its modems.

use super::client::Client;
use super::exit::Exit;
use super::failure::Failure;
use super::overview::{HEADING, Overview};
use super::print::Printer;
use super::remote::Command;

/// What `status` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {}

/// Exit code 0 if the daemon takes messages and sends them, else 1.
impl Command for StatusArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let overview = Overview::ask(client).await?;
        if printer.is_json {
            printer.line(&overview.to_json().to_string())?;
        } else {
            for line in overview.summary() {
                printer.line(&line)?;
            }
            let rows: Vec<[String; 11]> = std::iter::once(HEADING.map(str::to_owned)).chain(overview.rows()).collect();
            printer.table(&rows)?;
        }
        Ok(if overview.is_well() { Exit::Done } else { Exit::Negative })
    }
}
