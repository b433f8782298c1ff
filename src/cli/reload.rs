//! `recado reload`: the daemon reads its configuration again.

use hyper::Method;

use super::client::{Ask, Client};
use super::exit::Exit;
use super::failure::Failure;
use super::print::Printer;
use super::remote::Command;

/// What `reload` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ReloadArgs {}

impl Command for ReloadArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let answer = client.ask(Ask { method: Method::POST, path: "/v1/reload", body: None }).await?;
        let words = |field: &str| -> Vec<String> {
            let list = answer.get(field).and_then(|list| list.as_array());
            list.into_iter().flatten().filter_map(|word| word.as_str().map(ToOwned::to_owned)).collect()
        };
        let findings = words("findings");
        if printer.is_json {
            printer.line(&answer.to_string())?;
        } else if findings.is_empty() {
            let or_nothing =
                |words: Vec<String>| if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
            printer.line(&format!("changed: {}", or_nothing(words("changed"))))?;
            let needs_restart = words("needs_restart");
            if !needs_restart.is_empty() {
                printer.line(&format!("holds after a restart: {}", needs_restart.join(", ")))?;
            }
        } else {
            for finding in &findings {
                printer.line(finding)?;
            }
            printer.line("nothing was changed")?;
        }
        Ok(if findings.is_empty() { Exit::Done } else { Exit::Configuration })
    }
}
