//! The steps of a bring-up, in order.

/// Settings that every modem gets: no echo, results in words, error codes, no automatic answer, DTR without meaning, no
/// flow control, caller's number, and the character set in which answers are read: another one may be left by a service
/// that was cut off, or by whoever used the modem before, and a service centre would then be read and set in it.
pub(super) const SETTINGS: &[&str] = &["E0", "Q0V1", "+CMEE=1", "S0=0", "&D0", "+IFC=0,0", "+CLIP=1", "+CSCS=\"GSM\""];

/// Registration announcements, network as code.
pub(super) const NETWORK: &[&str] = &["+CREG=1", "+CEREG=1", "+COPS=3,2"];

/// One step; those with a number are lists of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Waiting for silence after ESC, then an empty line and `AT`.
    Silence,
    Attention,
    /// Waiting for silence after an answer that may not be the last.
    Drain,
    Setting(usize),
    Manufacturer,
    Model,
    Firmware,
    Imei,
    Function,
    FullFunction,
    Iccid(usize),
    Pin,
    EnterPin,
    Imsi,
    /// Lines of the profile.
    Vendor(usize),
    Network(usize),
    Operator,
    Signal,
    Circuit,
    Evolved,
    PduMode,
    Service,
    ServiceInForce,
    Smsc,
    SetSmsc,
    Stores,
    SelectStore(usize),
    Indications(usize),
    IndicationsInForce(usize),
    Ready,
}

impl Step {
    /// The step after this one where nothing else decides. Lists that belong to the profile have no end here.
    pub(super) fn following(self) -> Self {
        match self {
            Self::Silence => Self::Attention,
            Self::Attention | Self::Drain => Self::Setting(0),
            Self::Setting(n) if n + 1 < SETTINGS.len() => Self::Setting(n + 1),
            Self::Setting(_) => Self::Manufacturer,
            Self::Manufacturer => Self::Model,
            Self::Model => Self::Firmware,
            Self::Firmware => Self::Imei,
            Self::Imei => Self::Function,
            Self::Function | Self::FullFunction => Self::Iccid(0),
            Self::Iccid(n) => Self::Iccid(n + 1),
            Self::Pin | Self::EnterPin => Self::Imsi,
            Self::Imsi => Self::Vendor(0),
            Self::Vendor(n) => Self::Vendor(n + 1),
            Self::Network(n) if n + 1 < NETWORK.len() => Self::Network(n + 1),
            Self::Network(_) => Self::Operator,
            Self::Operator => Self::Signal,
            Self::Signal => Self::Circuit,
            Self::Circuit => Self::Evolved,
            Self::Evolved => Self::PduMode,
            Self::PduMode => Self::Service,
            Self::Service => Self::ServiceInForce,
            Self::ServiceInForce => Self::Smsc,
            Self::Smsc | Self::SetSmsc => Self::Stores,
            Self::Stores => Self::SelectStore(0),
            Self::SelectStore(n) => Self::SelectStore(n + 1),
            Self::Indications(n) => Self::Indications(n + 1),
            Self::IndicationsInForce(_) | Self::Ready => Self::Ready,
        }
    }
}
