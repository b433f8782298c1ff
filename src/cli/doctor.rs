//! `recado doctor`: a report for whoever is asked for help, with all that matters to it and nothing that says who is texted,
//! by which number, or what. It needs no daemon and no configuration that is right, changes nothing, and opens no port.

mod daemon;
mod database;
mod machine;
mod redact;
mod report;
mod setup;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::config::{Config, Environment};

use super::check;
use super::exit::Exit;
use super::failure::Failure;
use report::{Finding, Report, Section};

pub(super) use database::remedy;
pub(super) use machine::Machine;

/// What `doctor` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// The configuration; /etc/recado/recado.toml if nothing is said
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write the report to this new file, which only you may read
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Examines and reports. Exit code 0 if there is nothing that a person must do something about, else 1.
pub(super) fn run(
    args: &DoctorArgs,
    environment: &Environment,
    machine: &Machine,
    clock: &Clock,
    output: &mut dyn Write,
) -> Result<Exit, Failure> {
    let report = examine(args.config.as_deref(), environment, machine, clock)?;
    let text = if args.json { format!("{}\n", report.to_json()) } else { report.to_text() };
    match &args.output {
        None => output.write_all(text.as_bytes())?,
        Some(path) => {
            let made = File::options().write(true).create_new(true).mode(0o600).open(path);
            let mut file = made.map_err(|source| Failure::Written { path: path.clone(), source })?;
            file.write_all(text.as_bytes())?;
            let findings = report.findings.len();
            let path = path.display();
            writeln!(output, "{findings} findings; the report is in {path}. Look through it before you send it.")?;
        }
    }
    output.flush()?;
    Ok(if report.findings.is_empty() { Exit::Done } else { Exit::Negative })
}

fn examine(
    file: Option<&Path>,
    environment: &Environment,
    machine: &Machine,
    clock: &Clock,
) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut about = Section::new("recado");
    about.fact("version", env!("CARGO_PKG_VERSION"));
    about.fact("at", clock.now().utc.to_string());
    report.take((about, Vec::new()));
    let setup = setup::read(file, environment);
    report.take((setup.section, setup.findings));
    report.findings.extend(checked(file, environment, machine, clock));
    report.take(machine.host());
    report.take(machine.devices(&setup.config));
    if setup.is_read {
        report.take(database::examine(&setup.config, clock));
    }
    let socket = Config::locate_socket(file, environment).ok();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    report.take(runtime.block_on(daemon::ask(socket)));
    report.findings.dedup();
    Ok(report)
}

impl Report {
    fn take(&mut self, (section, findings): (Section, Vec<Finding>)) {
        self.sections.push(section);
        self.findings.extend(findings);
    }
}

/// What `recado check` finds besides the configuration. What is wrong with texts and ladders is counted only: findings about
/// them repeat their words.
fn checked(file: Option<&Path>, environment: &Environment, machine: &Machine, clock: &Clock) -> Vec<Finding> {
    let host = check::Host { roots: machine.roots.clone(), now: clock.now().utc, zone: TimeZone::system() };
    let (mut findings, mut of_paper) = (Vec::new(), 0);
    for line in check::examine(file, environment, &host).into_iter().filter(|line| !line.is_ok || line.is_warning) {
        match line.check {
            // Said already, without the values.
            "configuration" => {}
            "rules" | "clock" | "port" | "slot" | "usb" | "database" => {
                let (what, remedy) = line.says.split_once("; ").unwrap_or((&line.says, "see `recado check`"));
                findings.push(Finding::new(format!("{} {}", line.check, line.subject), what, remedy));
            }
            _ => of_paper += 1,
        }
    }
    if of_paper > 0 {
        let what = format!("{of_paper} findings about ladders, templates and portfolio");
        findings.push(Finding::new("texts", what, "see `recado check`"));
    }
    findings
}

#[cfg(test)]
mod tests;
