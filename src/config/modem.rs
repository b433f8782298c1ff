//! `[modems]`, and `[[modem]]`: modems that are expected whether or not they are plugged in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::sms::id::ModemId;

use super::finding::{Place, Problem};
use super::section::Section;
use super::value;

/// Which modems are driven besides those that are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// USB modems are found by themselves.
    pub discover: bool,
    /// A modem that has carried nothing for so long, while others have, joins the network anew. Zero: never.
    pub suspicious_after: Duration,
}

impl Default for Discovery {
    fn default() -> Self {
        Self { discover: true, suspicious_after: Duration::from_secs(12 * 60 * 60) }
    }
}

impl Discovery {
    pub(super) fn read(&mut self, section: &mut Section<'_, '_>) {
        section.set("discover", &mut self.discover, value::truth);
        section.set("suspicious_after", &mut self.suspicious_after, value::duration);
    }
}

/// One modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modem {
    /// How it is told from others.
    pub by: Binding,
    /// What it is called; after its binding if nothing is said.
    pub name: Option<String>,
    /// What takes its power away for a while and gives it back: a program and its arguments.
    pub power_cycle: Option<Vec<String>>,
}

/// How a modem is told from others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Binding {
    /// By its device; symlinks may come and go.
    Port(PathBuf),
    /// By its IMEI, on whichever port it is.
    Imei(String),
    /// By its place on the USB, such as `1-1.4:1.2`, or `1-1.4` for the AT port of what is there.
    Slot(String),
}

impl Modem {
    /// Its name in the API: the one that is written, the last component of its port, its IMEI, or its slot without colon.
    pub fn id(&self) -> ModemId {
        let by_itself = || match &self.by {
            Binding::Port(port) => ModemId::new(&port.file_name().unwrap_or(port.as_os_str()).to_string_lossy()),
            Binding::Imei(imei) => ModemId::new(imei),
            Binding::Slot(slot) => ModemId::of_slot(slot),
        };
        self.name.as_deref().map_or_else(by_itself, ModemId::new)
    }

    /// Its device, if it is bound to one.
    pub fn port(&self) -> Option<&Path> {
        match &self.by {
            Binding::Port(port) => Some(port),
            Binding::Imei(_) | Binding::Slot(_) => None,
        }
    }
}

/// Reads all of them: each has one of port, IMEI and slot, and nothing is there twice. What has none is left out.
pub(super) fn read_all(root: &mut Section<'_, '_>) -> Vec<Modem> {
    let mut bindings: HashMap<Binding, Place> = HashMap::new();
    let mut names: HashMap<ModemId, Place> = HashMap::new();
    let read = |section: &mut Section<'_, '_>| {
        let (mut port, mut imei, mut slot, mut name, mut power_cycle) = (None, None, None, None, None);
        let keys = [
            ("port", section.set_some("port", &mut port, value::path)),
            ("imei", section.set_some("imei", &mut imei, value::imei)),
            ("slot", section.set_some("slot", &mut slot, value::slot)),
        ];
        let name_at = section.set_some("name", &mut name, value::name);
        section.set_some("power_cycle", &mut power_cycle, value::command);
        let mut written = keys.into_iter().filter(|(_, at)| *at != Place::Default);
        let Some((key, at)) = written.next() else {
            section.report_here(Problem::Unbound);
            return None;
        };
        if let Some((other, other_at)) = written.next() {
            section.report(other, other_at, Problem::BoundTwice { first: at });
            return None;
        }
        // None if the value was wrong, which has been reported.
        let by = port.map(Binding::Port).or(imei.map(Binding::Imei)).or(slot.map(Binding::Slot))?;
        let name_at = if name.is_some() { name_at } else { at.clone() };
        let modem = Modem { by, name, power_cycle };
        if section.is_first(key, &mut bindings, modem.by.clone(), at) {
            section.is_first("name", &mut names, modem.id(), name_at);
        }
        Some(modem)
    };
    root.tables("modem", read).into_iter().flatten().collect()
}
