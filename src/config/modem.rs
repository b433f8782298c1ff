//! `[[modem]]`: ports that are driven whether or not something is plugged in.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use crate::sms::id::ModemId;

use super::finding::Place;
use super::section::Section;
use super::value;

/// One modem by its port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Modem {
    /// The device; symlinks may come and go.
    pub port: PathBuf,
    /// What it is called; the last component of its port if nothing is said.
    pub name: Option<String>,
}

impl Modem {
    /// Its name in the API.
    pub fn id(&self) -> ModemId {
        let device = || self.port.file_name().unwrap_or(self.port.as_os_str()).to_string_lossy();
        ModemId::new(&self.name.as_deref().map_or_else(device, Cow::Borrowed))
    }
}

/// Reads all of them: no port twice and no name twice.
pub(super) fn read_all(root: &mut Section<'_, '_>) -> Vec<Modem> {
    let mut ports: HashMap<PathBuf, Place> = HashMap::new();
    let mut names: HashMap<ModemId, Place> = HashMap::new();
    root.tables("modem", |section| {
        let mut modem = Modem::default();
        let port_at = section.require("port", &mut modem.port, value::path);
        let name_at = section.set_some("name", &mut modem.name, value::name);
        if let Some(port_at) = port_at {
            let name_at = if modem.name.is_some() { name_at } else { port_at.clone() };
            if section.is_first("port", &mut ports, modem.port.clone(), port_at) {
                section.is_first("name", &mut names, modem.id(), name_at);
            }
        }
        modem
    })
}
