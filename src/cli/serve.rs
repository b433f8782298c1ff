//! `recado serve`: the daemon in the foreground, until Ctrl-C or SIGTERM.

use std::io;
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::clock::{Clock, Instant, Timestamp};
use crate::config::{Config, Environment, Finding, LogFormat};
use crate::daemon::notify::Notifier;
use crate::daemon::{Daemon, Options, Simulate, handed};
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

/// Runs the daemon until it is told to stop. SIGHUP reads configuration and rules again, as `recado reload` does.
pub(super) fn run(args: &ServeArgs, environment: &Environment) -> Result<Exit, Failure> {
    // Before there are other threads.
    let (notifier, listener) = (Notifier::of_process(), handed::listener()?);
    let config = load(args, environment).map_err(Failure::Configuration)?;
    if args.now.is_some() && !config.modems.is_empty() {
        return Err(Failure::Usage("--now moves the clock that budgets go by, and a real port is configured"));
    }
    log::start(match config.log.format {
        LogFormat::Text => log::Format::Text,
        LogFormat::Json => log::Format::Json,
    })?;
    no_core();
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
        let options = Options { config, clock: clock.clone(), simulate, listener };
        let mut daemon = Daemon::start(options).await?;
        notifier.ready(&daemon.status());
        let mut watchdog = Watchdog::default();
        loop {
            let asked = tokio::select! {
                () = stop.wait() => break,
                _ = again.recv() => None,
                Some(ask) = daemon.asked() => Some(ask),
                () = watchdog.due(&clock, &notifier) => {
                    watchdog.feed(&daemon, &notifier);
                    continue;
                }
            };
            notifier.reloading();
            let reloaded = daemon.reload(load(args, environment)).await;
            notifier.ready(&daemon.status());
            match asked {
                Some(ask) => ask.answer(reloaded),
                None => daemon.note_hangup().await,
            }
        }
        notifier.stopping(daemon.stops_within());
        daemon.stop().await;
        Ok(Exit::Done)
    });
    // What still runs is the system's look-up of a name that nobody waits for any more.
    runtime.shutdown_background();
    outcome
}

/// What is in memory – numbers, texts, PINs, keys – is written to no file when the process ends badly, also where no unit says
/// so. Programs to which the kernel pipes such files keep to the limit themselves.
fn no_core() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core files not forbidden");
    }
}

/// The configuration of a daemon that was called so.
fn load(args: &ServeArgs, environment: &Environment) -> Result<Config, Vec<Finding>> {
    let mut config = Config::load(args.config.as_deref(), environment)?;
    // With a clock of its own it drives no modem that somebody has plugged in.
    config.discovery.discover &= args.now.is_none();
    Ok(config)
}

/// Tells the service manager that all is well for as long as the actors say so themselves. When one is silent it is told
/// nothing, and starts the daemon anew.
#[derive(Debug, Default)]
struct Watchdog {
    next: Option<Instant>,
    /// Who is silent was told.
    said: bool,
}

impl Watchdog {
    /// Waits until the manager wants to hear something; for ever if it never does.
    async fn due(&mut self, clock: &Clock, notifier: &Notifier) {
        let Some(every) = notifier.feed_every() else { return std::future::pending().await };
        let next = *self.next.get_or_insert_with(|| clock.now().instant + every);
        tokio::time::sleep_until(clock.deadline(next)).await;
        self.next = None;
    }

    fn feed(&mut self, daemon: &Daemon, notifier: &Notifier) {
        match daemon.is_alive() {
            Ok(()) => {
                self.said = false;
                notifier.feed(&daemon.status());
            }
            Err(silent) => {
                if !std::mem::replace(&mut self.said, true) {
                    tracing::error!(
                        who = silent.who,
                        seconds = silent.silent.as_secs(),
                        "actor silent: watchdog not fed"
                    );
                }
                notifier.status(&format!("hangs: {silent}"));
            }
        }
    }
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
