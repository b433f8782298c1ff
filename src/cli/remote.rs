//! Commands that ask the daemon: which daemon, and the run of one question.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, FromArgMatches as _};

use crate::config::{Config, Environment};

use super::client::Client;
use super::exit::Exit;
use super::failure::Failure;
use super::print::Printer;

/// A command with the arguments that all of them share.
#[derive(Debug, Args)]
pub(super) struct Remote<T: Args> {
    #[command(flatten)]
    command: T,
    #[command(flatten)]
    target: Target,
}

/// Which daemon. A socket goes before a URL, and a URL before the configuration.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which daemon")]
struct Target {
    /// The configuration beside whose database the daemon's socket lies
    #[arg(global = true, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The daemon's socket
    #[arg(global = true, long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// The daemon's address, such as `http://127.0.0.1:7670` or `https://recado.example:7670`
    #[arg(global = true, long, env = "RECADO_URL")]
    url: Option<String>,
    /// The token for --url. Other users of this host see arguments: rather put it into `RECADO_TOKEN` or a file
    #[arg(global = true, long, env = "RECADO_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// A file with the token for --url; goes before `RECADO_TOKEN`
    #[arg(global = true, long, value_name = "FILE", env = "RECADO_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Print JSON: the API's objects, one per line
    #[arg(global = true, long, help_heading = None)]
    json: bool,
}

/// What a command does once it can ask.
pub(super) trait Command {
    /// Asks and prints.
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure>;
}

impl<T: Args + Command> Remote<T> {
    /// The command of a line as it would be typed, with the name of the command in front.
    pub(super) fn typed(words: &[&str]) -> Result<T, clap::Error> {
        let matches = Self::augment_args(clap::Command::new("recado")).try_get_matches_from(words)?;
        Ok(Self::from_arg_matches(&matches)?.command)
    }

    /// Finds the daemon and runs the command.
    pub(super) fn run(self, environment: &Environment, output: &mut dyn Write) -> Result<Exit, Failure> {
        let client = self.target.client(environment)?;
        let mut printer = Printer::new(output, self.target.json);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let exit = runtime.block_on(self.command.run(&client, &mut printer))?;
        printer.flush()?;
        Ok(exit)
    }
}

fn token_of(file: &Path) -> Result<String, Failure> {
    let token = std::fs::read_to_string(file);
    let token = token.map_err(|source| Failure::TokenFile { path: file.to_owned(), source })?;
    Ok(token.trim().to_owned())
}

impl Target {
    fn client(&self, environment: &Environment) -> Result<Client, Failure> {
        if let Some(path) = &self.socket {
            return Ok(Client::over_socket(path));
        }
        if let Some(url) = &self.url {
            let token = match &self.token_file {
                Some(file) => Some(token_of(file)?),
                None => self.token.clone(),
            };
            return Client::over_tcp(url, token);
        }
        let socket = Config::locate_socket(self.config.as_deref(), environment).map_err(Failure::Configuration)?;
        Ok(Client::over_socket(&socket))
    }
}
