//! `recado completions` and `recado man`: what a shell and man(1) know of the command line, from its own definitions.

use std::io::Write;
use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Arguments;
use super::exit::Exit;
use super::failure::Failure;

/// What `completions` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// For which shell
    shell: Shell,
}

/// What `man` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// The folder for the pages; it is made if need be
    folder: PathBuf,
}

/// Prints the script.
pub(super) fn completions(args: &CompletionsArgs, output: &mut dyn Write) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "recado", &mut script);
    output.write_all(&script)?;
    output.flush()?;
    Ok(Exit::Done)
}

/// Writes a page for the program and one for each subcommand.
pub(super) fn man(args: &ManArgs, output: &mut dyn Write) -> Result<Exit, Failure> {
    std::fs::create_dir_all(&args.folder)?;
    clap_mangen::generate_to(Arguments::command(), &args.folder)?;
    let pages = std::fs::read_dir(&args.folder)?.count();
    writeln!(output, "{pages} pages in {}", args.folder.display())?;
    Ok(Exit::Done)
}
