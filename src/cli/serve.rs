//! `recado serve`: the daemon in the foreground, until Ctrl-C or SIGTERM.

use std::io;
use std::path::PathBuf;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Environment, LogFormat};
use crate::daemon::{Daemon, Options, Simulate};
use crate::emulator::{self, Rate};
use crate::telemetry::log;

use super::exit::Exit;
use super::failure::Failure;

/// What `serve` was called with.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ServeArgs {
    /// Configuration; without it /etc/recado/recado.toml, and without that the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Drive this many emulated modems besides the configured ones
    #[arg(long, value_name = "N")]
    simulate: Option<usize>,
    /// Let the civil clock start at this time (RFC 3339); refused while a port is configured
    #[arg(long, value_name = "TIME")]
    now: Option<Timestamp>,
}

/// Runs the daemon until it is told to stop. SIGHUP reads the rules of contact again.
pub(super) fn run(args: &ServeArgs, environment: &Environment) -> Result<Exit, Failure> {
    let mut config = Config::load(args.config.as_deref(), environment).map_err(Failure::Configuration)?;
    if args.now.is_some() && !config.modems.is_empty() {
        return Err(Failure::Usage("--now moves the clock that budgets go by, and a real port is configured"));
    }
    // Nor is any looked for then.
    config.discovery.discover &= args.now.is_none();
    log::start(match config.log.format {
        LogFormat::Text => log::Format::Text,
        LogFormat::Json => log::Format::Json,
    })?;
    let clock = args.now.map_or_else(Clock::host, Clock::starting_at);
    // Where emulated ports are linked; gone when the daemon ends.
    let folder = tempfile::tempdir()?;
    let simulate = args.simulate.map(|modems| Simulate {
        config: emulator::Config {
            modems,
            reply_rate: Rate::new(0.1).unwrap_or(Rate::NEVER),
            ..emulator::Config::default()
        },
        folder: folder.path().to_owned(),
    });
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        // Signals are caught before anybody can know that we run.
        let mut stop = StopSignals::new()?;
        let mut again = signal(SignalKind::hangup())?;
        let daemon = Daemon::start(Options { config, clock, simulate }).await?;
        loop {
            tokio::select! {
                () = stop.wait() => break,
                _ = again.recv() => daemon.read_rules_again().await,
            }
        }
        daemon.stop().await;
        Ok(Exit::Done)
    });
    // What still runs is the system's look-up of a name that nobody waits for any more.
    runtime.shutdown_background();
    outcome
}

/// A runtime for a daemon: its work is small, and more threads only cost memory.
pub(super) fn runtime() -> io::Result<Runtime> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}

/// Ctrl-C and SIGTERM.
#[derive(Debug)]
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Catches them from now on. Needs a runtime.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the first.
    pub(super) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
