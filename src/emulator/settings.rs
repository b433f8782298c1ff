//! What a modem was told and forgets at power-up.

use super::storage::Memory;
use super::ussd::CharacterSet;
use super::wire::Manner;

/// The state of the radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Radio {
    /// `+CFUN` 1 and registered.
    Registered,
    /// `+COPS=2`.
    Deregistered,
    /// `+CFUN` 0 or 4: the value.
    Off(u8),
}

/// Where status reports go: `<ds>` of `+CNMI`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportRoute {
    /// 0: they are lost.
    Nowhere,
    /// 1: `+CDS`.
    Direct,
    /// 2: into the store for received messages, announced by `+CDSI`.
    Stored,
}

/// `+CNMI`, TS 27.005 section 3.4.1, as far as this modem supports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cnmi {
    /// `<mode>` as given. In mode 0 unsolicited lines are thrown away.
    pub(super) mode: u8,
    /// `<mode>` is not 0.
    pub(super) forwards: bool,
    /// `<mt>` is 1: `+CMTI`.
    pub(super) announces_messages: bool,
    /// `<ds>`
    pub(super) reports: ReportRoute,
    /// `<bfr>` as given; it has no effect.
    pub(super) bfr: u8,
}

/// All settings, with what they are after power-up.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// `E`
    pub(super) is_echo: bool,
    /// `Q`, `V` and `+CMEE`
    pub(super) manner: Manner,
    /// `&D` is not 0: closing the port ends a prompt.
    pub(super) dtr_resets: bool,
    pub(super) radio: Radio,
    /// `+CREG`, `+CGREG`, `+CEREG`
    pub(super) registration_reports: [u8; 3],
    /// `+COPS=3`: 0 long name, 2 digits.
    pub(super) operator_format: u8,
    /// `+CSCS`
    pub(super) character_set: CharacterSet,
    pub(super) csms: u8,
    pub(super) cmms: u8,
    pub(super) csca: String,
    pub(super) cnmi: Cnmi,
    /// `<mem1>`: read and deleted from.
    pub(super) read: Memory,
    /// `<mem2>`: written to.
    pub(super) written: Memory,
    /// `<mem3>`: where received messages go.
    pub(super) received: Memory,
}

impl Settings {
    /// After power-up, with `store` for all purposes.
    pub(super) fn new(store: Memory) -> Self {
        Self {
            is_echo: true,
            manner: Manner { is_quiet: false, is_verbose: true, cmee: 0 },
            dtr_resets: true,
            radio: Radio::Registered,
            registration_reports: [0; 3],
            operator_format: 0,
            character_set: CharacterSet::Plain,
            csms: 0,
            cmms: 0,
            csca: super::centre::NUMBER.to_owned(),
            cnmi: Cnmi { mode: 0, forwards: false, announces_messages: false, reports: ReportRoute::Nowhere, bfr: 0 },
            read: store,
            written: store,
            received: store,
        }
    }
}
