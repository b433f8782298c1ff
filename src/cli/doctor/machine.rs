//! The host as far as it matters to modems: its release, its clock, whom the user is, and which devices there are.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::cli::check::port::PortState;
use crate::config::Config;
use crate::serial::known::{Kind, Known};
use crate::serial::usb::{self, Device, Roots};

use super::report::{Finding, Section};

/// Where the host tells about itself.
#[derive(Debug)]
pub(in super::super) struct Machine {
    /// `/`
    root: PathBuf,
    /// Whether other programs may be asked.
    asks: bool,
    /// Where USB devices are.
    pub(super) roots: Roots,
}

impl Machine {
    /// This one.
    pub(in super::super) fn here() -> Self {
        Self { root: "/".into(), asks: true, roots: Roots::default() }
    }

    /// One that is made of files.
    #[cfg(test)]
    pub(super) fn of(root: &Path, roots: Roots) -> Self {
        Self { root: root.to_owned(), asks: false, roots }
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    /// Release, kernel, clock and user.
    pub(super) fn host(&self) -> (Section, Vec<Finding>) {
        let mut section = Section::new("host");
        let mut findings = Vec::new();
        section.fact("system", self.release());
        section.fact("kernel", self.read("proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()));
        section.fact("machine", std::env::consts::ARCH);
        let uptime = self.read("proc/uptime").and_then(|text| text.split('.').next()?.parse::<u64>().ok());
        section.fact("up_for_s", uptime);
        let synchronised = self.clock_is_synchronised();
        section.fact("clock_synchronised", synchronised);
        if synchronised == Some(false) {
            findings.push(Finding::new(
                "clock",
                "nobody sets the clock of this host, and hours of contact and budgets go by it",
                "switch on systemd-timesyncd or chrony",
            ));
        }
        let groups = self.groups();
        section.fact("is_root", self.user() == Some(0));
        section.fact("groups", groups.values().cloned().collect::<Vec<_>>());
        let strangers = self.strangers();
        section.fact("programs_that_take_ports", strangers.clone());
        if strangers.iter().any(|name| name == "ModemManager") && !self.has_rules() {
            findings.push(Finding::new(
                "ModemManager",
                "it runs and speaks on the ports of modems, which garbles what Recado says there",
                "copy udev/77-recado.rules to /etc/udev/rules.d and plug the modems in again, or stop ModemManager",
            ));
        }
        if strangers.iter().any(|name| name == "brltty") {
            findings.push(Finding::new(
                "brltty",
                "it runs and takes the ports of CH340 bridges for Braille displays",
                "remove brltty if nobody needs it",
            ));
        }
        section.fact("rules_of_udev_installed", self.has_rules());
        (section, findings)
    }

    fn release(&self) -> Option<String> {
        let text = self.read("etc/os-release")?;
        let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(name.trim_matches('"').to_owned())
    }

    /// `None` where nobody says.
    fn clock_is_synchronised(&self) -> Option<bool> {
        if self.root.join("run/systemd/timesync/synchronized").exists() {
            return Some(true);
        }
        let ask = || {
            let mut command = Command::new("timedatectl");
            command.args(["show", "--property=NTPSynchronized", "--value"]).stdin(Stdio::null());
            command.output().ok().filter(|answer| answer.status.success())
        };
        let answer = if self.asks { ask()? } else { return None };
        match String::from_utf8_lossy(&answer.stdout).trim() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }

    fn status_line(&self, name: &str) -> Option<String> {
        let status = self.read("proc/self/status")?;
        status.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
    }

    fn user(&self) -> Option<u32> {
        self.status_line("Uid:")?.split_whitespace().nth(1)?.parse().ok()
    }

    /// Of the user, by number.
    fn groups(&self) -> BTreeMap<u32, String> {
        let own = self.status_line("Gid:").unwrap_or_default();
        let more = self.status_line("Groups:").unwrap_or_default();
        let ids = own.split_whitespace().nth(1).into_iter().chain(more.split_whitespace());
        ids.filter_map(|id| id.parse().ok()).map(|id| (id, self.group(id))).collect()
    }

    fn group(&self, id: u32) -> String {
        let text = self.read("etc/group").unwrap_or_default();
        let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = lines.find(|fields| fields.get(2).is_some_and(|field| field.parse() == Ok(id)));
        found.and_then(|fields| fields.first().map(|name| (*name).to_owned())).unwrap_or_else(|| id.to_string())
    }

    fn strangers(&self) -> Vec<String> {
        let processes = fs::read_dir(self.root.join("proc")).into_iter().flatten().filter_map(Result::ok);
        let names = processes.filter_map(|entry| fs::read_to_string(entry.path().join("comm")).ok());
        let known = ["ModemManager", "brltty", "gammu-smsd", "smsd", "gpsd"];
        let mut found: Vec<String> =
            names.map(|name| name.trim().to_owned()).filter(|name| known.contains(&name.as_str())).collect();
        found.sort();
        found.dedup();
        found
    }

    fn has_rules(&self) -> bool {
        ["etc/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"]
            .iter()
            .any(|folder| self.root.join(folder).join("77-recado.rules").exists())
    }

    /// Devices on the USB, and serial ports with who may open them and who has. No port is opened.
    pub(super) fn devices(&self, config: &Config) -> (Section, Vec<Finding>) {
        let mut section = Section::new("devices");
        let mut findings = Vec::new();
        // Hubs of the host itself are no devices.
        let devices: Vec<Device> =
            usb::devices(&self.roots).into_iter().filter(|device| device.vendor != LINUX_FOUNDATION).collect();
        section.table("usb", ["place", "id", "known_as", "kind", "ports"], devices.iter().map(of_usb));
        let listed = devices.iter().flat_map(|device| device.ports.iter().map(|port| port.node.clone()));
        let configured = config.modems.iter().filter_map(|modem| modem.port().map(Path::to_owned));
        let mut ports: Vec<PathBuf> = self.terminals();
        for port in listed.chain(configured) {
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let groups = self.groups();
        let rows: Vec<[Value; 5]> = ports.iter().map(|port| self.of_port(port, &groups, &mut findings)).collect();
        section.table("ports", ["port", "mode", "owner", "group", "state"], rows);
        (section, findings)
    }

    /// Lines of USB devices; those of the mainboard are seldom anything.
    fn terminals(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.roots.dev).into_iter().flatten().filter_map(Result::ok);
        let is_usb = |name: &str| name.starts_with("ttyUSB") || name.starts_with("ttyACM");
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| is_usb(name));
        let mut ports: Vec<PathBuf> = names.map(|name| self.roots.dev.join(name)).collect();
        ports.sort();
        ports
    }

    fn of_port(&self, port: &Path, groups: &BTreeMap<u32, String>, findings: &mut Vec<Finding>) -> [Value; 5] {
        let state = PortState::of(port);
        let says = match &state {
            Ok(PortState::Free(_)) => "free".to_owned(),
            Ok(PortState::Ours { pid, .. }) => format!("in use by Recado (process {pid})"),
            Err(error) => error.to_string(),
        };
        let Ok(device) = fs::metadata(port) else {
            return [json!(port.display().to_string()), Value::Null, Value::Null, Value::Null, json!(says)];
        };
        let (mode, group) = (device.mode() & 0o777, self.group(device.gid()));
        let is_open_to_group = mode & 0o060 == 0o060;
        let is_ours = self.user() == Some(0) || self.user() == Some(device.uid()) || mode & 0o006 == 0o006;
        let is_of_the_group = is_open_to_group && groups.contains_key(&device.gid());
        if !is_ours && !is_of_the_group {
            findings.push(Finding::new(
                port.display().to_string(),
                format!("this user may not open it: it is of the group {group}, mode {mode:03o}"),
                format!("put Recado's user into the group {group} and log in again, or see the rules of udev"),
            ));
        }
        let owner = if device.uid() == 0 { "root".to_owned() } else { device.uid().to_string() };
        [json!(port.display().to_string()), json!(format!("{mode:03o}")), json!(owner), json!(group), json!(says)]
    }
}

/// `1d6b`: what Linux calls the hubs of a host.
const LINUX_FOUNDATION: u16 = 0x1d6b;

fn of_usb(device: &Device) -> [Value; 5] {
    let known = Known::of(device);
    let name = known.map(|known| format!("{} {}", known.maker, known.model));
    let kind = match known.map(|known| known.kind) {
        Some(Kind::Modem(_)) => "modem",
        Some(Kind::Bridge) => "bridge",
        Some(Kind::Disk) => "shows its CD-ROM",
        Some(Kind::Network) => "network card",
        None => "unknown",
    };
    let id = format!("{:04x}:{:04x}", device.vendor, device.product);
    let ports: Vec<String> = device.ports.iter().map(|port| port.node.display().to_string()).collect();
    [json!(device.path), json!(id), json!(name), json!(kind), json!(ports)]
}
