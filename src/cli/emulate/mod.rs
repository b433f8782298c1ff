//! `recado emulate`: modems without hardware, for trying Recado and for tests of other programs.
//!
//! Prints the path of each port and then `ready`; ends by Ctrl-C or SIGTERM and takes its links away.

mod order;

use std::convert::Infallible;
use std::fs::{self, File};
use std::future::pending;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::Clock;
use crate::clock::duration;
use crate::emulator::{Config, FaultRate, Handle, Profiles, Rate, Witness, log_to, pty};

use order::{NoOrder, Order};

/// The modems ran until they were stopped.
const DONE: u8 = 0;
/// They could not be set up or did not go on.
const NEGATIVE: u8 = 1;

/// What `emulate` was called with.
#[derive(Debug, Clone, clap::Args)]
pub struct EmulateArgs {
    /// How many modems
    #[arg(long, value_name = "N")]
    pub modems: usize,
    /// Where their ports are linked as modem0, modem1 and so on
    #[arg(long)]
    pub dir: PathBuf,
    /// Decides all that is left to chance
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Append a JSON line per accepted part, before the modem answers
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// From Ctrl-Z to the result of a part
    #[arg(long, value_parser = duration::parse, default_value = "300ms")]
    pub airtime: Duration,
    /// From acceptance to the status report, give or take a tenth
    #[arg(long, value_parser = duration::parse, default_value = "5s")]
    pub report_delay: Duration,
    /// The share of messages that get an answer, 0 to 1
    #[arg(long, value_name = "RATE", default_value = "0.1")]
    pub reply_rate: Rate,
    /// Trouble and how often, such as `drop_result=0.05` or `cms=38=0.1`; may be given several times
    #[arg(long = "fault", value_name = "NAME=RATE")]
    pub faults: Vec<FaultRate>,
    /// Read what is to happen from the standard input, a line each: `say MODEM FROM TEXT`, `unplug MODEM`, `plug MODEM`
    #[arg(long)]
    pub orders: bool,
    /// Which modem family is played; several with commas between or `mixed` are taken in turn
    #[arg(long, value_name = "NAME", default_value = "generic")]
    pub profile: Profiles,
}

/// Runs the modems. The exit code is 0 after a stop and 1 after a failure, which is told on `errors`; an error is one of
/// the streams.
pub fn run(args: EmulateArgs, output: impl Write, mut errors: impl Write) -> io::Result<u8> {
    match emulate(args, output) {
        Ok(()) => Ok(DONE),
        Err(error) => writeln!(errors, "error: failed to {error}").map(|()| NEGATIVE),
    }
}

/// Why the modems do not run.
#[derive(Debug, thiserror::Error)]
enum EmulateError {
    #[error("open {path}: {source}")]
    Path { path: PathBuf, source: io::Error },
    #[error("set up modems in {dir}: {source}")]
    Ports { dir: PathBuf, source: io::Error },
    #[error("run the modems: {0}")]
    Run(#[from] io::Error),
}

fn emulate(args: EmulateArgs, mut output: impl Write) -> Result<(), EmulateError> {
    fs::create_dir_all(&args.dir).map_err(|source| EmulateError::Path { path: args.dir.clone(), source })?;
    let witness = args.log.as_deref().map(open_log).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let config = Config {
            modems: args.modems,
            seed: args.seed,
            airtime: args.airtime,
            report_delay: args.report_delay,
            reply_rate: args.reply_rate,
            faults: args.faults,
            profiles: args.profile,
            ..Config::default()
        };
        // Signals are caught before anybody can know that we run.
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let (handle, running) = pty::start(config, &args.dir, witness, &Clock::host())
            .map_err(|source| EmulateError::Ports { dir: args.dir.clone(), source })?;
        for path in running.paths() {
            writeln!(output, "{}", path.display())?;
        }
        writeln!(output, "ready")?;
        output.flush()?;
        let orders = carry_out(args.orders.then(standard_input).transpose()?, &handle);
        // Whichever ends first: dropping the modems hangs up their ports and removes the links.
        tokio::select! {
            outcome = running.run() => outcome?,
            never = orders => match never {},
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        drop(handle);
        Ok::<(), EmulateError>(())
    })?;
    // Nobody waits for one more line.
    runtime.shutdown_background();
    Ok(())
}

/// The standard input by a descriptor of its own: the program's holds a lock while it runs.
fn standard_input() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Does what the lines say, for as long as it says something.
async fn carry_out(orders: Option<File>, handle: &Handle) -> Infallible {
    let Some(orders) = orders else { return pending().await };
    let mut lines = BufReader::new(tokio::fs::File::from_std(orders)).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let done = match line.parse() {
            Ok(Order::Say { modem, from, text }) => {
                handle.inbound(modem, &from, &text).await.map_err(|error| error.to_string())
            }
            Ok(Order::Unplug { modem }) => handle.unplug(modem).await.map_err(|error| error.to_string()),
            Ok(Order::Plug { modem }) => handle.plug(modem).await.map_err(|error| error.to_string()),
            Err(error) => Err(NoOrder::to_string(&error)),
        };
        if let Err(error) = done {
            tell(&error);
        }
    }
    pending().await
}

#[expect(clippy::print_stderr, reason = "an order that cannot be carried out is told to whoever gave it")]
fn tell(error: &str) {
    eprintln!("error: {error}");
}

/// Lines are appended: a witness is never wiped.
fn open_log(path: &Path) -> Result<Witness, EmulateError> {
    let file = File::options().create(true).append(true).open(path);
    file.map(log_to).map_err(|source| EmulateError::Path { path: path.to_owned(), source })
}
