//! `recado check`: everything that is wrong before the daemon is started, all at once and without changing anything.

mod certificate;
mod paper;
pub(super) mod port;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use jiff::tz::{Offset, TimeZone};
use rustix::fs::{Access, access};
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::config::rules::RuleBook;
use crate::config::{Binding, Config, Environment, Finding, Modem, Place, Problem};
use crate::serial::known::{Kind, Known};
use crate::serial::replug::Marks;
use crate::serial::usb::{self, Device, Roots};
use crate::store::{self, OpenError};

use super::exit::Exit;
use super::failure::Failure;
use super::print::Printer;
use port::PortState;

/// What `check` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The configuration; /etc/recado/recado.toml if nothing is said
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print a JSON object per line
    #[arg(long)]
    json: bool,
}

/// What is examined besides the configuration.
#[derive(Debug)]
pub(super) struct Host {
    /// Where USB devices are.
    pub(super) roots: Roots,
    /// What time it is.
    pub(super) now: Timestamp,
    /// The zone that its clock is set to.
    pub(super) zone: TimeZone,
}

/// Examines and prints. Exit code 0 if nothing is wrong, else 3.
pub(super) fn run(
    args: &CheckArgs,
    environment: &Environment,
    host: &Host,
    output: &mut dyn Write,
) -> Result<Exit, Failure> {
    let lines = examine(args.config.as_deref(), environment, host);
    let mut printer = Printer::new(output, args.json);
    for line in &lines {
        line.print(&mut printer)?;
    }
    printer.flush()?;
    Ok(if lines.iter().all(|line| line.is_ok) { Exit::Done } else { Exit::Configuration })
}

/// Everything that was examined.
pub(super) fn examine(file: Option<&Path>, environment: &Environment, host: &Host) -> Vec<Line> {
    let (config, findings) = Config::examine(file, environment);
    let mut lines: Vec<Line> = findings.iter().map(|finding| Line::from_finding("configuration", finding)).collect();
    if lines.is_empty() {
        lines.push(Line::good("configuration", &"all keys and values", "ok".to_owned()));
    }
    // Without a file that can be read there is nothing to say of what it names.
    let is_unread = |finding: &Finding| matches!(finding.problem, Problem::Unreadable(_) | Problem::Syntax(_));
    if !findings.iter().any(is_unread) {
        let book = RuleBook::load(&config.region, &config.contact);
        lines.extend(examine_rules(&config, &book, host));
        lines.extend(config.http.tls.as_ref().map(|files| certificate::examine(files, host.now)));
        lines.extend(examine_ports(&config.modems));
        lines.extend(examine_usb(&config, &usb::devices(&host.roots)));
        lines.extend(Marks::beside(&config.store.path).places().iter().map(|place| off_the_bus(place)));
        let database = examine_database(&config.store.path);
        let is_there = database.is_ok && config.store.path.exists();
        lines.push(database);
        // What cannot be held against rules is not looked at: these are mended first.
        if let (Ok(book), true) = (book, is_there) {
            lines.extend(paper::examine(&config, book, host.now));
        }
    }
    lines
}

/// One thing that was examined.
pub(super) struct Line {
    /// What was held against what.
    pub(super) check: &'static str,
    /// The key, port or file.
    pub(super) subject: String,
    /// Nothing is wrong.
    pub(super) is_ok: bool,
    /// Nothing is wrong, but a person should look.
    pub(super) is_warning: bool,
    /// What there is to say, often with what to do behind a semicolon.
    pub(super) says: String,
    place: Option<Place>,
}

impl Line {
    fn good(check: &'static str, subject: &dyn fmt::Display, says: String) -> Self {
        Self { check, subject: subject.to_string(), is_ok: true, is_warning: false, says, place: None }
    }

    fn bad(check: &'static str, subject: &dyn fmt::Display, says: String) -> Self {
        Self { check, subject: subject.to_string(), is_ok: false, is_warning: false, says, place: None }
    }

    fn warning(check: &'static str, subject: &dyn fmt::Display, says: String) -> Self {
        Self { is_warning: true, ..Self::good(check, subject, says) }
    }

    fn from_finding(check: &'static str, finding: &Finding) -> Self {
        let says = finding.problem.to_string();
        Self { place: Some(finding.place.clone()), ..Self::bad(check, &finding.key, says) }
    }

    fn print(&self, printer: &mut Printer<'_>) -> io::Result<()> {
        if printer.is_json {
            return printer.line(&self.to_json().to_string());
        }
        let Self { check, subject, says, .. } = self;
        let place = self.place.as_ref().map(|place| format!(" {place}")).unwrap_or_default();
        let subject = if subject.is_empty() { String::new() } else { format!(" {subject}") };
        let verdict = match (self.is_ok, self.is_warning) {
            (false, _) => "wrong",
            (true, true) => "warn ",
            (true, false) => "ok   ",
        };
        printer.line(&format!("{verdict} {check}{place}{subject}: {says}"))
    }

    fn to_json(&self) -> Value {
        let mut line = json!({"check": self.check, "subject": self.subject, "ok": self.is_ok, "says": self.says});
        let Some(fields) = line.as_object_mut() else { return line };
        if self.is_warning {
            fields.insert("warning".to_owned(), json!(true));
        }
        if let Some(place) = &self.place {
            let (file, at) = match place {
                Place::Line { file, line, column } => (file.display().to_string(), Some((*line, *column))),
                Place::File(_) | Place::Variable(_) | Place::Default => (place.to_string(), None),
            };
            fields.insert("file".to_owned(), json!(file));
            if let Some((line, column)) = at {
                fields.insert("line".to_owned(), json!(line));
                fields.insert("column".to_owned(), json!(column));
            }
        }
        line
    }
}

/// Files of rules: every finding, what was looked up long ago, and whether the clock of this host fits the country.
fn examine_rules(config: &Config, book: &Result<RuleBook, Vec<Finding>>, host: &Host) -> Vec<Line> {
    let book = match book {
        Ok(book) => book,
        Err(findings) => return findings.iter().map(|finding| Line::from_finding("rules", finding)).collect(),
    };
    let says = format!("{} rules and {} holidays", book.rules, book.holidays);
    let mut lines = vec![Line::good("rules", &config.region.rules, says)];
    let Some(now) = host.now.to_jiff() else { return lines };
    for old in book.outdated(now.to_zoned(TimeZone::UTC).date()) {
        let says = format!("looked up on {}, more than a year ago; see whether it still holds", old.date);
        lines.push(Line { place: Some(old.place.clone()), ..Line::warning("rules", &old.id, says) });
    }
    let (country, offset) = (config.region.country, host.zone.to_offset(now));
    let clocks = book.calendar.atlas().clocks(country);
    // Servers are often set to UTC, which tells nothing. Any other time may be a local one that was set by hand.
    if offset != Offset::UTC && !clocks.is_empty() && clocks.iter().all(|clock| clock.to_offset(now) != offset) {
        let says = format!("no clock of {country} is at {offset}; see whether time and zone of this host are right");
        lines.push(Line::warning("clock", &host.zone.iana_name().unwrap_or("host"), says));
    }
    lines
}

/// Each port once; ports that are the same device under two names are wrong too.
fn examine_ports(modems: &[Modem]) -> Vec<Line> {
    let mut devices: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    let examine = |port: &Path| match PortState::of(port) {
        Ok(PortState::Free(device)) => (true, "there, and nobody has it open".to_owned(), Some(device)),
        Ok(PortState::Ours { device, pid }) => (true, format!("in use by Recado (process {pid})"), Some(device)),
        Err(error) => (false, error.to_string(), None),
    };
    let mut lines = Vec::new();
    for port in modems.iter().filter_map(Modem::port) {
        let (mut is_ok, mut says, device) = examine(port);
        if let Some(first) = device.and_then(|device| devices.insert(device, port)) {
            (is_ok, says) = (false, format!("the same device as {}; leave one of them out", first.display()));
        }
        let subject = port.display();
        lines.push(if is_ok { Line::good("port", &subject, says) } else { Line::bad("port", &subject, says) });
    }
    lines
}

/// Slots of the configuration, and the USB modems that will be found. What has to be asked for its IMEI is not: asking would
/// open its port.
fn examine_usb(config: &Config, devices: &[Device]) -> Vec<Line> {
    let mut lines = Vec::new();
    for slot in config.modems.iter().filter_map(|modem| match &modem.by {
        Binding::Slot(slot) => Some(slot),
        Binding::Port(_) | Binding::Imei(_) => None,
    }) {
        let mut ports = devices.iter().flat_map(|device| device.ports.iter().map(move |port| (&device.path, port)));
        lines.push(match ports.find(|(path, port)| port.slot == *slot || *path == slot) {
            Some((_, port)) => Line::good("slot", slot, format!("has {}", port.node.display())),
            None => Line::bad("slot", slot, "no port there; plug the modem in, or correct the slot".to_owned()),
        });
    }
    if config.discovery.discover {
        for (device, known) in devices.iter().filter_map(|device| Some((device, Known::of(device)?))) {
            let name = format!("{} {}", known.maker, known.model);
            match known.refusal() {
                // No mistake: it may be what this host is on the net by.
                Some(refusal) => lines.push(Line::good("usb", &device.path, format!("{name}: left alone, {refusal}"))),
                None if known.kind == Kind::Bridge => {}
                None => lines.push(Line::good("usb", &device.path, format!("{name}; `recado probe` asks it"))),
            }
        }
    }
    lines
}

/// A device that a reset took from its drivers: for a second, or since a daemon was killed within that.
fn off_the_bus(place: &str) -> Line {
    let says =
        "taken off the bus by a reset; the daemon puts it back when it starts, or unplug it and plug it in again";
    Line::bad("usb", &place, says.to_owned())
}

/// Whether the database can be written and is ours; the file is opened for reading alone.
fn examine_database(path: &Path) -> Line {
    let subject = path.display();
    match store::inspect(path) {
        Err(OpenError::File { source, .. }) if source.kind() == ErrorKind::NotFound => match writable_folder(path) {
            Ok(folder) => Line::good("database", &subject, format!("will be made in {}", folder.display())),
            Err(says) => Line::bad("database", &subject, says),
        },
        Err(OpenError::File { source, .. }) => Line::bad("database", &subject, format!("cannot be read: {source}")),
        Err(error) => {
            let says = error.to_string();
            let says = says.strip_prefix(&format!("{subject}: ")).unwrap_or(&says);
            Line::bad("database", &subject, says.to_owned())
        }
        Ok(()) => {
            let folder = path.parent().unwrap_or(Path::new("."));
            match access(path, Access::READ_OK | Access::WRITE_OK).and_then(|()| access(folder, Access::WRITE_OK)) {
                Ok(()) => Line::good("database", &subject, "ours, and can be written".to_owned()),
                Err(error) => Line::bad("database", &subject, format!("cannot be written by this user: {error}")),
            }
        }
    }
}

/// The folder in which the database, or the folders above it, can be made.
fn writable_folder(path: &Path) -> Result<&Path, String> {
    let folders = path.ancestors().skip(1);
    let folder = folders.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let Some(folder) = folder.into_iter().find(|folder| folder.exists()) else {
        return Err("no folder above it is there".to_owned());
    };
    match access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(folder),
        Err(error) => Err(format!("cannot be made in {} by this user: {error}", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::usb::fake::{Fake, Stick};

    fn check(config: &str, is_json: bool) -> (Exit, String) {
        check_with(&Fake::new(), config, is_json)
    }

    fn check_with(usb: &Fake, config: &str, is_json: bool) -> (Exit, String) {
        let now = "2026-11-24T13:00:00Z".parse().unwrap();
        check_on(&Host { roots: usb.roots(), now, zone: TimeZone::UTC }, config, is_json)
    }

    fn check_on(host: &Host, config: &str, is_json: bool) -> (Exit, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.toml");
        std::fs::write(&path, config.replace("FOLDER", folder.path().to_str().unwrap())).unwrap();
        let before = std::fs::read_dir(folder.path()).unwrap().count();
        let args = CheckArgs { config: Some(path), json: is_json };
        let mut output = Vec::new();
        let exit = run(&args, &Environment::default(), host, &mut output).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before, "a check leaves nothing behind");
        let output = String::from_utf8(output).unwrap().replace(host.roots.dev.to_str().unwrap(), "/dev");
        (exit, output.replace(folder.path().to_str().unwrap(), "FOLDER"))
    }

    #[test]
    fn everything_wrong_comes_at_once() {
        let (exit, output) = check(
            "[store]\npath = \"FOLDER/recado.toml\"\n[http]\nlisen = 1\n[[modem]]\nport = \"/dev/null\"\n\
             [[modem]]\nport = \"FOLDER/tty\"\n[[modem]]\nport = \"FOLDER\"\n[[modem]]\nport = \"/dev/../dev/null\"\nname = \"b\"\n\
             [sim]\nper_day = -1\n",
            false,
        );
        assert_eq!(exit, Exit::Configuration);
        insta::assert_snapshot!(output, @r"
        wrong configuration FOLDER/recado.toml:4:1 http.lisen: unknown key; did you mean listen?
        wrong configuration FOLDER/recado.toml:15:11 sim.per_day: expected a whole number from 0 to 4294967295, found -1
        ok    rules auto: 27 rules and 68 holidays
        ok    port /dev/null: there, and nobody has it open
        wrong port FOLDER/tty: no such port; plug the modem in, or correct the path
        wrong port FOLDER: not a serial port
        wrong port /dev/../dev/null: the same device as /dev/null; leave one of them out
        wrong database FOLDER/recado.toml: not a database of Recado (application id 0x0)
        ");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_all_there_is_to_say() {
        let (exit, output) = check("[store\n", false);
        assert_eq!(exit, Exit::Configuration);
        assert_eq!(output, "wrong configuration FOLDER/recado.toml:1:7: unclosed table, expected `]`\n");
    }

    #[test]
    fn a_good_configuration_passes() {
        let (exit, output) = check("[store]\npath = \"FOLDER/a/b/recado.db\"\n[[modem]]\nport = \"/dev/null\"\n", true);
        assert_eq!(exit, Exit::Done);
        insta::assert_snapshot!(output, @r#"
        {"check":"configuration","ok":true,"says":"ok","subject":"all keys and values"}
        {"check":"rules","ok":true,"says":"27 rules and 68 holidays","subject":"auto"}
        {"check":"port","ok":true,"says":"there, and nobody has it open","subject":"/dev/null"}
        {"check":"database","ok":true,"says":"will be made in FOLDER","subject":"FOLDER/a/b/recado.db"}
        "#);
    }

    #[test]
    fn usb_modems_are_named_without_asking_them() {
        let usb = Fake::new();
        usb.plug(&Stick::new("1-1", 0x2c7c, 0x0125).port(2, 0, "ttyUSB0"));
        usb.plug(&Stick::new("1-2", 0x12d1, 0x14dc));
        usb.plug(&Stick::new("1-3", 0x0403, 0x6001).port(0, 0, "ttyUSB1"));
        let slots = "[store]\npath = \"FOLDER/recado.db\"\n[[modem]]\nslot = \"1-3:1.0\"\n[[modem]]\nslot = \"9-9\"\n";
        let (exit, output) = check_with(&usb, slots, false);
        assert_eq!(exit, Exit::Configuration);
        insta::assert_snapshot!(output, @r"
        ok    configuration all keys and values: ok
        ok    rules auto: 27 rules and 68 holidays
        ok    slot 1-3:1.0: has /dev/ttyUSB1
        wrong slot 9-9: no port there; plug the modem in, or correct the slot
        ok    usb 1-1: Quectel EC25 LTE modem; `recado probe` asks it
        ok    usb 1-2: Huawei E3372 HiLink: left alone, a network card without an AT port (HiLink); it needs the maker's stick firmware to send texts
        ok    database FOLDER/recado.db: will be made in FOLDER
        ");
        let (_, output) = check_with(&usb, &format!("[modems]\ndiscover = false\n{slots}"), false);
        assert!(!output.contains(" usb "), "{output}");
    }

    #[test]
    fn old_rules_and_a_clock_of_elsewhere_are_warnings() {
        let usb = Fake::new();
        let now = "2027-11-23T13:00:00Z".parse().unwrap();
        let host = Host { roots: usb.roots(), now, zone: TimeZone::get("Asia/Tokyo").unwrap() };
        let (exit, output) = check_on(&host, "[store]\npath = \"FOLDER/recado.db\"\n", false);
        assert_eq!(exit, Exit::Done);
        let warnings: Vec<&str> = output.lines().filter(|line| line.starts_with("warn ")).collect();
        assert_eq!(warnings.len(), 36, "{output}");
        let says = "looked up on 2026-11-22, more than a year ago; see whether it still holds";
        assert!(warnings.iter().any(|line| line.contains(&format!(" br-sp-15426-2014: {says}"))), "{output}");
        let says = "no clock of BR is at +09; see whether time and zone of this host are right";
        assert_eq!(warnings.last(), Some(&&*format!("warn  clock Asia/Tokyo: {says}")));
        let (_, output) = check_on(&host, "[store]\npath = \"FOLDER/recado.db\"\n", true);
        assert!(output.contains("\"warning\":true"), "{output}");
    }

    #[test]
    fn a_mistake_in_a_rule_file_is_wrong() {
        let (exit, output) = check("[region]\nrules_dir = \"FOLDER\"\n[store]\npath = \"FOLDER/recado.db\"\n", false);
        assert_eq!(exit, Exit::Configuration);
        // The configuration itself lies in that folder.
        assert!(output.contains("wrong rules FOLDER/recado.toml: not a file of rules\n"), "{output}");
    }

    #[test]
    fn a_device_that_a_killed_daemon_left_off_the_bus_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let marks = folder.path().join("recado.unplugged");
        std::fs::create_dir(&marks).unwrap();
        std::fs::write(marks.join("1-1.4"), "").unwrap();
        let config = format!("[store]\npath = \"{}/recado.db\"\n", folder.path().display());
        let (exit, output) = check(&config, false);
        assert_eq!(exit, Exit::Configuration);
        assert!(output.contains("wrong usb 1-1.4: taken off the bus by a reset"), "{output}");
    }
}
