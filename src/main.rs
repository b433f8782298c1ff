//! The `recado` command: arguments and exit code.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use recado::cli;
use recado::config::Environment;

fn main() -> io::Result<ExitCode> {
    let arguments = cli::Arguments::parse();
    let (input, output) = (io::stdin().lock(), io::BufWriter::new(io::stdout().lock()));
    match cli::run(arguments, &Environment::of_process(), input, output, io::stderr()) {
        // Whoever read our answers has gone; nobody is left to tell.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::FAILURE),
        exit_code => exit_code.map(ExitCode::from),
    }
}
