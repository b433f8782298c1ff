//! The subcommands of `recado`, one file each. They take parsed arguments and streams, and give an exit code.
//!
//! Those that ask the daemon speak the HTTP API over its Unix socket; none of them changes its database while it runs.

mod alarms;
mod audit;
mod backup;
mod campaign;
mod check;
mod client;
mod conversations;
mod definition;
mod demo;
mod doctor;
pub mod emulate;
mod events;
mod evidence;
mod exit;
mod failure;
pub(crate) mod fuzz;
mod hygiene;
mod import;
mod inbox;
mod ladder;
mod manual;
mod messages;
mod modems;
mod overview;
mod pause;
pub mod pdu;
mod personal;
mod portfolio;
mod print;
mod probe;
mod reload;
mod remote;
mod rules;
mod segment;
mod send;
mod serve;
mod sims;
mod sse;
mod stats;
mod status;
mod suppressions;
mod template;
mod token;
mod udev;
mod webhook;

use std::io::{self, BufRead, Write};

use clap::{Parser, Subcommand};
use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::config::Environment;
use crate::serial::usb::Roots;
use failure::Failure;
use remote::Remote;

/// What `recado` was called with.
#[derive(Debug, Parser)]
#[command(name = "recado", version, about)]
#[command(after_help = "Exit codes: 0 done, 1 negative answer, 2 usage, 3 configuration, 4 daemon unreachable, \
                        5 held or blocked, 6 unknown outcome, 7 timeout.")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole thing on emulated modems
    Demo(demo::DemoArgs),
    /// Run the daemon until Ctrl-C
    Serve(serve::ServeArgs),
    /// Find everything that is wrong with configuration, ports and database, without changing anything
    Check(check::CheckArgs),
    /// Collect a report for support: what is wrong, where, and what to do; without numbers, names, texts and secrets
    Doctor(doctor::DoctorArgs),
    /// Find modems on this host, show who they are, and print configuration for them
    Probe(probe::ProbeArgs),
    /// Send a message
    Send(Box<Remote<send::SendArgs>>),
    /// List messages, show one, cancel it or settle it
    Messages(Box<Remote<messages::MessagesArgs>>),
    /// Show what a dispute about a message needs, and verify that the log is what was written
    Evidence(Remote<evidence::EvidenceArgs>),
    /// List the texts that came in, or the calls
    Inbox(Remote<inbox::InboxArgs>),
    /// List what people wrote and what waits for an answer; answer, assign, close, decide
    Conversations(Box<Remote<conversations::ConversationsArgs>>),
    /// Show, add and lift who must not be texted; lists in and out as CSV
    Suppressions(Box<Remote<suppressions::SuppressionsArgs>>),
    /// Erase a person, or block one until a date and erase then
    Erase(Remote<personal::EraseArgs>),
    /// Print everything that is held of a person, as one JSON document
    Export(Remote<personal::ExportArgs>),
    /// Take in debtors and debts from a CSV file
    Import(Box<Remote<import::ImportArgs>>),
    /// List who is owed, or make a creditor known
    Creditors(Box<Remote<portfolio::CreditorsArgs>>),
    /// List what is owed, or show a debt
    Debts(Box<Remote<portfolio::DebtsArgs>>),
    /// Show a debtor, or everything about one in order
    Debtors(Remote<portfolio::DebtorsArgs>),
    /// Show what came of texts: delivered, answered, paid, and what they have cost
    Stats(Box<Remote<stats::StatsArgs>>),
    /// List numbers of debtors that want looking after
    Hygiene(Remote<hygiene::HygieneArgs>),
    /// Write texts with places to fill, look at them, approve them, and fill them with real rows
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Write which text goes on which day
    #[command(subcommand)]
    Ladder(LadderCommand),
    /// Count who is in a segment
    #[command(subcommand)]
    Segment(SegmentCommand),
    /// Send one text to many people: from a segment or a file, counted, tested, started, ended
    #[command(subcommand)]
    Campaign(CampaignCommand),
    /// Show the modems
    Modems(Remote<modems::ModemsArgs>),
    /// Show the SIMs and what they may still spend
    Sims(Remote<sims::SimsArgs>),
    /// List what a person must look after, or clear it
    Alarms(Remote<alarms::AlarmsArgs>),
    /// List who changed what, and who looked at whom
    Audit(Remote<audit::AuditArgs>),
    /// Copy the database while it is in use
    Backup(backup::BackupArgs),
    /// Put a copy in the place of the database; the daemon must not run
    Restore(backup::RestoreArgs),
    /// Find out whether the database, or a copy, is what it should be; changes nothing
    Verify(backup::VerifyArgs),
    /// List or follow what happens
    Events(Remote<events::EventsArgs>),
    /// Say whether the daemon takes and sends messages
    Status(Remote<status::StatusArgs>),
    /// Stop sending: everything, a batch or a SIM
    Pause(Remote<pause::PauseArgs>),
    /// Go on sending
    Resume(Remote<pause::ResumeArgs>),
    /// Have the daemon read its configuration again; a mistake in it changes nothing
    Reload(Remote<reload::ReloadArgs>),
    /// Make, list and revoke tokens of the HTTP door
    #[command(subcommand)]
    Token(TokenCommand),
    /// Post events to other programs: add endpoints, test them, look at what became of events, do it again
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Say when a number may be texted, and which rules say so
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Read and write PDUs
    #[command(subcommand)]
    Pdu(PduCommand),
    /// Play modems on pseudo-terminals until Ctrl-C
    Emulate(emulate::EmulateArgs),
    /// Print the rules of udev for the modems that are known
    Udev(udev::UdevArgs),
    /// Print what completes this command line in a shell
    Completions(manual::CompletionsArgs),
    /// Write the manual pages into a folder
    Man(manual::ManArgs),
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it; it is never shown again
    Create(Remote<token::CreateArgs>),
    /// List tokens
    List(Remote<token::ListArgs>),
    /// Replace a token that is in use, and print the new one; the one before goes on for a while
    Rotate(Remote<token::RotateArgs>),
    /// End a token
    Revoke(Remote<token::RevokeArgs>),
}

#[derive(Debug, Subcommand)]
enum WebhookCommand {
    /// List endpoints
    List(Remote<webhook::ListArgs>),
    /// Add one and print its secret, which is never shown again
    Add(Remote<webhook::AddArgs>),
    /// Show one
    Show(Remote<webhook::ShowArgs>),
    /// Post a signed test event and say what the endpoint made of it
    Test(Remote<webhook::TestArgs>),
    /// Let one that was disabled go on from its place
    Enable(Remote<webhook::EnableArgs>),
    /// Post nothing to one until it is enabled; it keeps its place
    Disable(Remote<webhook::DisableArgs>),
    /// Print another secret; the one of before signs too for a while
    Rotate(Remote<webhook::RotateArgs>),
    /// Deliver again from an event on
    Replay(Remote<webhook::ReplayArgs>),
    /// Remove one with all that waits for it
    Remove(Remote<webhook::RemoveArgs>),
    /// List what waits, what was given up, and the last that was delivered
    Deliveries(Remote<webhook::DeliveriesArgs>),
}

#[derive(Debug, Subcommand)]
enum TemplateCommand {
    /// List the newest versions
    List(Remote<template::ListArgs>),
    /// Show all versions of one, the newest first
    Show(Remote<template::ShowArgs>),
    /// Store a file as the next version; it is sent once it is approved
    Save(Remote<template::SaveArgs>),
    /// Let a version be sent
    Approve(Remote<template::ApproveArgs>),
    /// Fill one with what is known of debtors, and count its parts
    Preview(Remote<template::PreviewArgs>),
    /// Find what is wrong with a file, or doubtful; needs no daemon
    Lint(template::LintArgs),
}

#[derive(Debug, Subcommand)]
enum LadderCommand {
    /// List the newest versions
    List(Remote<ladder::ListArgs>),
    /// Show one
    Show(Remote<ladder::ShowArgs>),
    /// Store a file as the next version, which holds from now on
    Save(Remote<ladder::SaveArgs>),
    /// Say who would get what and when on a day, and why others would not; nothing is carried out
    Plan(Remote<ladder::PlanArgs>),
    /// Carry out now what is up, and say what that was
    Run(Remote<ladder::RunArgs>),
}

#[derive(Debug, Subcommand)]
enum SegmentCommand {
    /// Say how many debtors and debts are in a segment, or in that of each step of a ladder
    Count(Remote<segment::CountArgs>),
}

#[derive(Debug, Subcommand)]
enum CampaignCommand {
    /// Write one, and count what it comes to; nothing is sent before it is started
    Create(Box<Remote<campaign::CreateArgs>>),
    /// List them, the newest first
    List(Remote<campaign::ListArgs>),
    /// Show how far one has come
    Show(Remote<campaign::ShowArgs>),
    /// Count what one comes to now: whom it reaches, who is left out and why
    Preview(Remote<campaign::PreviewArgs>),
    /// Send the longest text of one to numbers of your own, with the code that follows it
    Test(Remote<campaign::TestArgs>),
    /// Start a draft
    Start(Remote<campaign::StartArgs>),
    /// Hold one until it is resumed
    Pause(Remote<campaign::PauseArgs>),
    /// Let one go on
    Resume(Remote<campaign::ResumeArgs>),
    /// End one: nothing goes any more but what is on the wire
    Cancel(Remote<campaign::CancelArgs>),
    /// Delete a draft with its list
    Delete(Remote<campaign::DeleteArgs>),
    /// Say when one will have left, as far as that can be told
    Forecast(Remote<campaign::ForecastArgs>),
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Explain whether a number may be texted at a time
    Explain(rules::ExplainArgs),
}

#[derive(Debug, Subcommand)]
enum PduCommand {
    /// Say what PDUs mean: the arguments, or each line of the standard input
    Decode {
        /// PDUs in hexadecimal, beginning with the SMSC field
        #[arg(value_name = "HEX")]
        pdus: Vec<String>,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
        /// The PDUs go from the mobile to the network: SMS-SUBMIT
        #[arg(long)]
        mo: bool,
    },
    /// Write the PDUs of a text: each argument of --json, or each line of the standard input
    Encode {
        /// A JSON object with the fields of a message
        #[arg(long, value_name = "OBJECT", num_args = 0..)]
        json: Vec<String>,
    },
}

/// Carries a command out. What goes wrong is told on `errors`; an error is one of the streams.
pub fn run(
    arguments: Arguments,
    environment: &Environment,
    input: impl BufRead,
    mut output: impl Write,
    mut errors: impl Write,
) -> io::Result<u8> {
    let out = &mut output;
    let outcome = match arguments.command {
        Command::Demo(args) => demo::run(&args, out),
        Command::Serve(args) => serve::run(&args, environment),
        Command::Check(args) => {
            let host = check::Host { roots: Roots::default(), now: Clock::host().now().utc, zone: TimeZone::system() };
            check::run(&args, environment, &host, out)
        }
        Command::Doctor(args) => doctor::run(&args, environment, &doctor::Machine::here(), &Clock::host(), out),
        Command::Probe(args) => probe::run(&args, &Roots::default(), out),
        Command::Send(command) => command.run(environment, out),
        Command::Messages(command) => command.run(environment, out),
        Command::Evidence(command) => command.run(environment, out),
        Command::Inbox(command) => command.run(environment, out),
        Command::Conversations(command) => command.run(environment, out),
        Command::Suppressions(command) => command.run(environment, out),
        Command::Erase(command) => command.run(environment, out),
        Command::Export(command) => command.run(environment, out),
        Command::Import(command) => command.run(environment, out),
        Command::Creditors(command) => command.run(environment, out),
        Command::Debts(command) => command.run(environment, out),
        Command::Debtors(command) => command.run(environment, out),
        Command::Stats(command) => command.run(environment, out),
        Command::Hygiene(command) => command.run(environment, out),
        Command::Template(TemplateCommand::List(command)) => command.run(environment, out),
        Command::Template(TemplateCommand::Show(command)) => command.run(environment, out),
        Command::Template(TemplateCommand::Save(command)) => command.run(environment, out),
        Command::Template(TemplateCommand::Approve(command)) => command.run(environment, out),
        Command::Template(TemplateCommand::Preview(command)) => command.run(environment, out),
        Command::Template(TemplateCommand::Lint(args)) => template::lint(&args, environment, out),
        Command::Segment(SegmentCommand::Count(command)) => command.run(environment, out),
        Command::Ladder(LadderCommand::List(command)) => command.run(environment, out),
        Command::Ladder(LadderCommand::Show(command)) => command.run(environment, out),
        Command::Ladder(LadderCommand::Save(command)) => command.run(environment, out),
        Command::Ladder(LadderCommand::Plan(command)) => command.run(environment, out),
        Command::Ladder(LadderCommand::Run(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Create(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::List(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Show(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Preview(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Test(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Start(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Pause(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Resume(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Cancel(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Delete(command)) => command.run(environment, out),
        Command::Campaign(CampaignCommand::Forecast(command)) => command.run(environment, out),
        Command::Modems(command) => command.run(environment, out),
        Command::Sims(command) => command.run(environment, out),
        Command::Alarms(command) => command.run(environment, out),
        Command::Audit(command) => command.run(environment, out),
        Command::Backup(args) => backup::backup(&args, environment, &Clock::host(), out),
        Command::Restore(args) => backup::restore(&args, environment, &Clock::host(), out),
        Command::Verify(args) => backup::verify(&args, environment, out),
        Command::Events(command) => command.run(environment, out),
        Command::Status(command) => command.run(environment, out),
        Command::Pause(command) => command.run(environment, out),
        Command::Resume(command) => command.run(environment, out),
        Command::Reload(command) => command.run(environment, out),
        Command::Token(TokenCommand::Create(command)) => command.run(environment, out),
        Command::Token(TokenCommand::List(command)) => command.run(environment, out),
        Command::Token(TokenCommand::Rotate(command)) => command.run(environment, out),
        Command::Token(TokenCommand::Revoke(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::List(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Add(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Show(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Test(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Enable(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Disable(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Rotate(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Replay(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Remove(command)) => command.run(environment, out),
        Command::Webhook(WebhookCommand::Deliveries(command)) => command.run(environment, out),
        Command::Rules(RulesCommand::Explain(args)) => rules::explain(&args, environment, Clock::host().now().utc, out),
        Command::Pdu(PduCommand::Decode { pdus, json, mo }) => {
            return pdu::decode(&pdu::DecodeArgs { pdus, is_json: json, is_mobile_originated: mo }, input, output);
        }
        Command::Pdu(PduCommand::Encode { json }) => return pdu::encode(&json, input, output),
        Command::Udev(args) => udev::run(&args, out),
        Command::Completions(args) => manual::completions(&args, out),
        Command::Man(args) => manual::man(&args, out),
        Command::Emulate(args) => return emulate::run(args, output, errors),
    };
    match outcome {
        Ok(exit) => Ok(exit.code()),
        // What was printed before stands: a message that was taken keeps its name.
        Err(Failure::Io(error)) => Err(error),
        Err(failure) => {
            output.flush()?;
            // It may quote what a stranger wrote.
            let explained = failure.explain();
            explained.split('\n').try_for_each(|line| writeln!(errors, "{}", print::plain(line)))?;
            Ok(failure.exit().code())
        }
    }
}

#[cfg(test)]
mod tests;
