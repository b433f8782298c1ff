//! `recado demo`: the whole thing on emulated modems – daemon, database, door, texts, reports and answers, then a portfolio with
//! its ladder over three days.
//!
//! It is a user of the API and the command line like any other: what it does goes in through the HTTP door, and what becomes of
//! it is read from the event stream. The civil clock starts on a Tuesday at 10:00 in São Paulo, so that the demo is the same
//! at any hour; for the days that follow the daemon is started again with a later one.

mod cast;
mod days;
mod story;
mod texts;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Contact, Http, Sim, Store};
use crate::daemon::{Daemon, DaemonError, Options, Simulate};
use crate::emulator::{self, Rate};
use crate::telemetry::log;

use super::client::Client;
use super::exit::Exit;
use super::failure::Failure;
use super::print::Printer;
use super::serve::{StopSignals, runtime};

use story::Story;

/// What `demo` was called with.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DemoArgs {
    /// End when everything is settled; the exit code says whether all of it came to what was expected
    #[arg(long)]
    exit: bool,
}

/// Tuesday, 24 November 2026, 10:00 in São Paulo.
const START: Timestamp = Timestamp::from_millis(1_795_525_200_000);
const MODEMS: usize = 4;
/// What a part costs, so that there is something to count.
const PRICE: &str = "0.05";
const HOUR: Duration = Duration::from_secs(3_600);

/// Runs the demo until Ctrl-C, or with `--exit` until everything is settled.
pub(super) fn run(args: &DemoArgs, output: &mut dyn Write) -> Result<Exit, Failure> {
    // The story is told on standard output; the log is for those who ask for it.
    if std::env::var_os("RUST_LOG").is_some() {
        log::start(log::Format::Text)?;
    }
    let folder = tempfile::Builder::new().prefix("recado-demo-").tempdir()?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut stop = StopSignals::new()?;
        let mut stage = Stage { folder: folder.path().to_owned(), listen: free_address(), daemon: None };
        stage.open(START, some_answer()).await?;
        let url = format!("http://{}", stage.listen);
        let token = std::fs::read_to_string(folder.path().join("admin.token"))?.trim().to_owned();
        let mut story = Story::new(Printer::new(output, false), Client::over_tcp(&url, Some(token.clone()))?);
        story.introduce(folder.path(), &url, &token)?;
        let outcome = tokio::select! {
            outcome = perform(&mut stage, &mut story, args.exit) => outcome,
            () = stop.wait() => Ok(Exit::Done),
        };
        stage.close().await;
        outcome
    })
}

/// All acts, and with `ends` nothing after them.
async fn perform(stage: &mut Stage, story: &mut Story<'_>, ends: bool) -> Result<Exit, Failure> {
    let texts = story.send_texts().await?;
    let portfolio = days::play(stage, story).await?;
    let exit = if texts && portfolio { Exit::Done } else { Exit::Negative };
    if !ends {
        story.stay_up().await?;
    }
    Ok(exit)
}

/// Where the demo is played: one folder, one address, and one daemon after the other.
struct Stage {
    folder: PathBuf,
    listen: SocketAddr,
    daemon: Option<Daemon>,
}

impl Stage {
    /// Starts a daemon whose civil clock begins at `at`; the one before it ends.
    async fn open(&mut self, at: Timestamp, answers: Rate) -> Result<(), DaemonError> {
        self.close().await;
        let config = Config {
            store: Store { path: self.folder.join("recado.db") },
            http: Http { listen: self.listen, ..Http::default() },
            // A pace that can be watched; the default is meant for real lines.
            sim: Sim {
                per_minute: 30,
                min_gap: Duration::from_secs(1),
                price: PRICE.parse().unwrap_or_default(),
                ..Sim::default()
            },
            contact: Contact { promise_grace: 24 * HOUR, ..Contact::default() },
            ..Config::default()
        };
        let emulated = emulator::Config {
            modems: MODEMS,
            report_delay: Duration::from_secs(2),
            reply_rate: answers,
            reply_delay: Duration::from_secs(3),
            ..emulator::Config::default()
        };
        let simulate = Simulate { config: emulated, folder: self.folder.clone() };
        let options = Options { config, clock: Clock::starting_at(at), simulate: Some(simulate), listener: None };
        self.daemon = Some(Daemon::start(options).await?);
        Ok(())
    }

    async fn close(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.stop().await;
        }
    }
}

/// How often somebody answers whose number does not say it.
fn some_answer() -> Rate {
    Rate::new(0.3).unwrap_or(Rate::NEVER)
}

/// The usual port, or any where that one is taken.
fn free_address() -> SocketAddr {
    let usual = Http::default().listen;
    let found = TcpListener::bind(usual).or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    found.and_then(|listener| listener.local_addr()).unwrap_or(usual)
}
