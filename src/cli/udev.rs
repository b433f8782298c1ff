//! `recado udev`: the rules of udev for the modems that are known.

use std::io::Write;

use crate::serial::rules::udev_rules;

use super::exit::Exit;
use super::failure::Failure;

/// What `udev` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct UdevArgs {
    /// The group that has the ports of modems: `uucp` on some systems
    #[arg(long, value_name = "NAME", default_value = "dialout")]
    group: String,
}

/// Prints the file.
pub(super) fn run(args: &UdevArgs, output: &mut dyn Write) -> Result<Exit, Failure> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if args.group.is_empty() || !args.group.chars().all(is_word) {
        return Err(Failure::Usage("--group is the name of a group"));
    }
    output.write_all(udev_rules(&args.group).as_bytes())?;
    Ok(Exit::Done)
}
