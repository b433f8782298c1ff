//! `recado backup`, `recado restore` and `recado verify`: a copy of the database while it is in use, putting one back, and
//! whether a database is what it should be. They work on the files, so that they need no daemon that answers.

use std::fmt;
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::contact::secret::Secret;
use crate::daemon;
use crate::store::backup::{self, Carry, Since};
use crate::store::published::{Published, PublishedError, verify_heads};
use crate::store::verify::{self, Look};

use super::exit::Exit;
use super::failure::Failure;
use super::print::counted;

/// Which database.
#[derive(Debug, clap::Args)]
struct Of {
    /// The configuration that names the database; /etc/recado/recado.toml if nothing is said
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Of {
    fn config(&self, environment: &Environment) -> Result<Config, Failure> {
        Config::load(self.config.as_deref(), environment).map_err(Failure::Configuration)
    }
}

/// What `backup` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The copy: a file that is not there yet
    file: PathBuf,
    #[command(flatten)]
    of: Of,
}

/// What `restore` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// The copy
    file: PathBuf,
    #[command(flatten)]
    of: Of,
    /// Give up what waited when the copy was made, instead of leaving it to a person
    #[arg(long)]
    give_up_waiting: bool,
    /// Go on as if nothing had been sent since the copy was made; only true where its daemon has not run since
    #[arg(long, conflicts_with = "give_up_waiting")]
    nothing_sent_since: bool,
}

/// What `verify` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// A copy or another database; that of the configuration if nothing is said
    file: Option<PathBuf>,
    /// A heads.log that was kept elsewhere: both chains must have what it says
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
    #[command(flatten)]
    of: Of,
}

/// Octets as people read them.
struct Mib(u64);

impl fmt::Display for Mib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0.saturating_mul(10) >> 20;
        write!(f, "{}.{} MiB", tenths / 10, tenths % 10)
    }
}

/// Copies the database that is configured.
pub(super) fn backup(
    args: &BackupArgs,
    environment: &Environment,
    clock: &Clock,
    output: &mut dyn Write,
) -> Result<Exit, Failure> {
    let config = args.of.config(environment)?;
    // Whoever watches sees how far it is; a log of a timer has the last line only.
    let is_watched = std::io::stderr().is_terminal();
    let mut said = 0;
    let progress = move |done: u64, all: u64| {
        let percent = done.saturating_mul(100) / all.max(1);
        if is_watched && percent > said {
            said = percent;
            // A screen that is gone does not matter.
            drop(write!(std::io::stderr(), "\r{percent} % of {}\x1b[K", Mib(all)));
        }
    };
    let made = backup::backup(&config.store.path, &args.file, clock.now().utc, progress);
    if is_watched {
        drop(write!(std::io::stderr(), "\r\x1b[K"));
    }
    let made = made?;
    writeln!(
        output,
        "{}: {}, schema {}, up to event {}; looked through. suppression.key is not in it: keep {} elsewhere",
        args.file.display(),
        Mib(made.octets),
        made.schema,
        made.last_event,
        config.key_path().display(),
    )?;
    if !made.is_noted {
        writeln!(
            output,
            "the audit has no entry of this copy: the database cannot be written, or is of an earlier release"
        )?;
    }
    Ok(Exit::Done)
}

/// Puts a copy in the place of the database that is configured.
pub(super) fn restore(
    args: &RestoreArgs,
    environment: &Environment,
    clock: &Clock,
    output: &mut dyn Write,
) -> Result<Exit, Failure> {
    let config = args.of.config(environment)?;
    let path = &config.store.path;
    let _lock = daemon::lock(path)?;
    let since = match (args.give_up_waiting, args.nothing_sent_since) {
        (true, _) => Since::GivenUp,
        (false, true) => Since::Nothing,
        (false, false) => Since::Unknown,
    };
    let secret = key(&config.key_path())?;
    let restored = backup::restore(&args.file, path, since, secret.as_ref(), clock.now().utc)?;
    let made_at = restored.made_at.map_or_else(|| "an unknown time".to_owned(), |at| at.to_string());
    writeln!(output, "{}: the copy of {made_at}, up to event {}", path.display(), restored.last_event)?;
    if let Some(kept) = &restored.kept {
        writeln!(output, "what was there before is kept as {}", kept.display())?;
    }
    carried(&restored.carry, output)?;
    let waiting = restored.waiting;
    match since {
        Since::Nothing => writeln!(output, "{waiting} messages wait and go on at the next start")?,
        Since::GivenUp => writeln!(
            output,
            "{waiting} messages wait and are given up at the next start; everything is paused then, until `recado resume all`"
        )?,
        Since::Unknown => writeln!(
            output,
            "{waiting} messages wait. Some may have been sent since the copy was made, so everything is paused at the next \
             start: look at `recado messages --state queued`, cancel what has gone, then `recado resume all`"
        )?,
    }
    writeln!(
        output,
        "what was on the wire is unknown and is not sent again. Events after {} will get their numbers again: programs that \
         read them begin anew there",
        restored.last_event
    )?;
    Ok(Exit::Done)
}

/// Says what of the time after the copy is in it all the same, and what a person must bring.
fn carried(carry: &Carry, output: &mut dyn Write) -> Result<(), Failure> {
    let again = "suppress, revoke and erase again what was after the copy, before `recado resume all`";
    match carry {
        Carry::NotNeeded => {}
        Carry::NothingThere => {
            writeln!(
                output,
                "there was no database whose suppressions, revoked tokens and erasures could be taken over: {again}"
            )?;
        }
        Carry::Unreadable(why) => {
            writeln!(
                output,
                "suppressions, revoked tokens and erasures cannot be read from what was there before: {why}; {again}"
            )?;
        }
        Carry::Done(carried) => {
            writeln!(
                output,
                "taken over from what was there before: {}, {}, {}",
                counted(&carried.suppressions.to_string(), "suppression", "suppressions"),
                counted(&carried.tokens.to_string(), "end of a token", "ends of tokens"),
                counted(&carried.erasures.to_string(), "erasure", "erasures"),
            )?;
            for missed in &carried.missed {
                writeln!(output, "not read: {missed}; {again}")?;
            }
            writeln!(output, "tokens that were made after the copy are not in it, nor is anything else of that time")?;
        }
    }
    Ok(())
}

/// Looks at everything that can be looked at.
pub(super) fn verify(args: &VerifyArgs, environment: &Environment, output: &mut dyn Write) -> Result<Exit, Failure> {
    let path = match &args.file {
        Some(file) => file.clone(),
        None => args.of.config(environment)?.store.path,
    };
    let is_watched = std::io::stderr().is_terminal();
    let mut looked = Vec::new();
    let flaws = verify::verify(&path, |look| {
        looked.push(look);
        if is_watched {
            drop(write!(std::io::stderr(), "\r{} …\x1b[K", look.name()));
        }
    });
    if is_watched {
        drop(write!(std::io::stderr(), "\r\x1b[K"));
    }
    let mut flaws = flaws.map_err(backup::BackupError::from)?;
    if let Some(heads) = &args.heads {
        let kept = kept_heads(heads)?;
        flaws.extend(verify_heads(&path, &kept).map_err(backup::BackupError::from)?);
    }
    for look in Look::ALL {
        let of_this = flaws.iter().filter(|flaw| flaw.look == look);
        let says: Vec<&str> = of_this.map(|flaw| flaw.detail.as_str()).collect();
        match (looked.contains(&look), says.is_empty()) {
            (false, _) => writeln!(output, "{}: not looked at", look.name())?,
            (true, true) => writeln!(output, "{}: as it should be", look.name())?,
            (true, false) => says.iter().try_for_each(|says| writeln!(output, "{}: {says}", look.name()))?,
        }
    }
    if args.file.is_none() {
        for kept in backup::replaced(&path).unwrap_or_default() {
            writeln!(
                output,
                "{}: kept by a restore; who was erased since is still in it, so remove it when it is not needed any more",
                kept.display()
            )?;
        }
    }
    Ok(if flaws.is_empty() { Exit::Done } else { Exit::Negative })
}

/// The heads of a file that somebody kept.
fn kept_heads(path: &Path) -> Result<Vec<Published>, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|source| backup::BackupError::File { path: path.to_owned(), source })?;
    let read = |(index, line): (usize, &str)| {
        line.parse().map_err(|error: PublishedError| {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidData, format!("line {}: {error}", index + 1));
            backup::BackupError::File { path: path.to_owned(), source }.into()
        })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(read).collect()
}

/// The key for erased numbers, where there is one. None is made: a new one would know nobody again.
fn key(path: &Path) -> Result<Option<Secret>, Failure> {
    match std::fs::read(path) {
        Ok(octets) => Ok(octets.try_into().ok().map(Secret::new)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(backup::BackupError::File { path: path.to_owned(), source }.into()),
    }
}
