//! Questions about equipment, SIM and network: TS 27.007 clauses 5 to 8, TS 27.005 clauses 3.2 and 3.3.

use std::time::Duration;

use super::field::{fields, unquoted};
use super::shape;
use super::{Allowed, Command, Line, Reply, Takes};

/// Time for what the SIM has to answer; full or slow SIMs on 9600 baud take this long.
const SIM: Allowed = Allowed::Total(Duration::from_secs(20));

/// Use of one message store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Messages stored.
    pub used: u16,
    /// Places in all.
    pub total: u16,
}

/// `AT+CFUN?` (clause 8.2): 1 is full functionality.
#[derive(Debug, Clone, Copy)]
pub struct QueryFunction;

impl Command for QueryFunction {
    type Answer = u8;

    fn line(&self) -> Line {
        Line::query("+CFUN")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CFUN:")
    }

    fn read(&self, reply: &Reply) -> Option<u8> {
        reply.lines().find_map(|line| shape::one(line, "+CFUN:"))
    }
}

/// `AT+CPIN?` (clause 8.3).
#[derive(Debug, Clone, Copy)]
pub struct QueryPin;

/// What the SIM waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinState {
    /// Nothing.
    Ready,
    /// The SIM PIN.
    Pin,
    /// The SIM PUK: the PIN was wrong three times.
    Puk,
    /// Not settled yet (`NOT READY`).
    Starting,
    /// A device or network lock, which no SIM PIN opens.
    Locked,
    /// There is no SIM.
    Absent,
}

impl PinState {
    /// Reads `<code>`, of an answer or of a line that nobody asked for.
    pub(super) fn read(code: &[u8]) -> Self {
        match code {
            // A second PIN is for other services and does not stand in the way of messages.
            b"READY" | b"SIM PIN2" | b"SIM PUK2" => Self::Ready,
            b"SIM PIN" => Self::Pin,
            b"SIM PUK" => Self::Puk,
            b"NOT READY" => Self::Starting,
            b"NOT INSERTED" | b"SIM REMOVED" => Self::Absent,
            _ => Self::Locked,
        }
    }
}

impl Command for QueryPin {
    type Answer = PinState;

    fn line(&self) -> Line {
        Line::query("+CPIN")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CPIN:")
    }

    fn allowed(&self) -> Allowed {
        SIM
    }

    fn read(&self, reply: &Reply) -> Option<PinState> {
        reply.after("+CPIN:").map(PinState::read)
    }
}

/// Registration in one domain (clauses 7.2, 10.1.20, 10.1.22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registered {
    /// Not registered and not searching.
    #[default]
    No,
    /// Searching.
    Searching,
    /// Refused by the network.
    Denied,
    /// In the home network.
    Home,
    /// Roaming.
    Roaming,
}

impl Registered {
    /// Reads `<stat>`. "SMS only" (6, 7) and "CSFB not preferred" (9, 10) are registrations as far as we are concerned.
    pub(super) fn from_stat(stat: u8) -> Self {
        match stat {
            1 | 6 | 9 => Self::Home,
            5 | 7 | 10 => Self::Roaming,
            2 => Self::Searching,
            3 => Self::Denied,
            _ => Self::No,
        }
    }

    /// The word for the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "none",
            Self::Searching => "searching",
            Self::Denied => "denied",
            Self::Home => "home",
            Self::Roaming => "roaming",
        }
    }

    /// Whether messages can be sent.
    pub fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }
}

/// Which registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Circuit switched, `+CREG`.
    Circuit,
    /// Packet switched, `+CGREG`.
    Packet,
    /// LTE, `+CEREG`.
    Evolved,
}

/// `AT+CREG?` and its kin.
#[derive(Debug, Clone, Copy)]
pub struct QueryRegistration(pub Network);

impl QueryRegistration {
    fn names(self) -> (&'static str, &'static str) {
        match self.0 {
            Network::Circuit => ("+CREG", "+CREG:"),
            Network::Packet => ("+CGREG", "+CGREG:"),
            Network::Evolved => ("+CEREG", "+CEREG:"),
        }
    }
}

impl Command for QueryRegistration {
    type Answer = Registered;

    fn line(&self) -> Line {
        Line::query(self.names().0)
    }

    fn takes(&self) -> Takes {
        Takes::Pair(self.names().1)
    }

    fn read(&self, reply: &Reply) -> Option<Registered> {
        let (_, stat) = reply.lines().find_map(|line| shape::two(line, self.names().1))?;
        Some(Registered::from_stat(stat))
    }
}

/// `AT+COPS?` after `AT+COPS=3,2` (clause 7.3): the network's code (MCC and MNC) or, where the modem knows only that, its
/// name; `None` without a network.
#[derive(Debug, Clone, Copy)]
pub struct QueryOperator;

impl Command for QueryOperator {
    type Answer = Option<String>;

    fn line(&self) -> Line {
        Line::query("+COPS")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+COPS:")
    }

    fn allowed(&self) -> Allowed {
        SIM
    }

    fn read(&self, reply: &Reply) -> Option<Option<String>> {
        let operator = fields(reply.after("+COPS:")?).nth(2).map(unquoted).filter(|name| !name.is_empty());
        Some(operator.map(|name| String::from_utf8_lossy(name).into_owned()))
    }
}

/// `AT+CSQ` (clause 8.5): received signal strength in dBm, `None` while the modem cannot tell.
#[derive(Debug, Clone, Copy)]
pub struct QuerySignal;

impl Command for QuerySignal {
    type Answer = Option<i16>;

    fn line(&self) -> Line {
        Line::execute("+CSQ")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CSQ:")
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(Duration::from_secs(10))
    }

    fn read(&self, reply: &Reply) -> Option<Option<i16>> {
        let (rssi, _) = reply.lines().find_map(|line| shape::two::<i16>(line, "+CSQ:"))?;
        Some((0..=31).contains(&rssi).then(|| 2 * rssi - 113))
    }
}

/// `AT+CSCA?` (TS 27.005 clause 3.3.1): the service centre on the SIM, `None` when it has none.
#[derive(Debug, Clone, Copy)]
pub struct QuerySmsc;

impl Command for QuerySmsc {
    type Answer = Option<String>;

    fn line(&self) -> Line {
        Line::query("+CSCA")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CSCA:")
    }

    fn allowed(&self) -> Allowed {
        SIM
    }

    fn read(&self, reply: &Reply) -> Option<Option<String>> {
        let number = fields(reply.after("+CSCA:")?).next().map(unquoted).filter(|number| !number.is_empty());
        Some(number.map(|number| String::from_utf8_lossy(number).into_owned()))
    }
}

/// `AT+CSMS?` (TS 27.005 clause 3.2.1): the message service; 1 wants directly routed messages acknowledged.
#[derive(Debug, Clone, Copy)]
pub struct QueryService;

impl Command for QueryService {
    type Answer = u8;

    fn line(&self) -> Line {
        Line::query("+CSMS")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CSMS:")
    }

    fn read(&self, reply: &Reply) -> Option<u8> {
        reply.lines().find_map(|line| shape::one(line, "+CSMS:"))
    }
}

/// `AT+CPMS?` (TS 27.005 clause 3.2.2): use of the store that is read and deleted from.
#[derive(Debug, Clone, Copy)]
pub struct QueryStores;

impl Command for QueryStores {
    type Answer = Usage;

    fn line(&self) -> Line {
        Line::query("+CPMS")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CPMS:")
    }

    fn allowed(&self) -> Allowed {
        SIM
    }

    fn read(&self, reply: &Reply) -> Option<Usage> {
        let (_, used, total) = reply.lines().find_map(|line| {
            let matcher = shape::matcher(line, "+CPMS:")?.expect_string_parameter();
            matcher.expect_int_parameter().expect_int_parameter().finish().ok()
        })?;
        Some(Usage { used: used.try_into().ok()?, total: total.try_into().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::reply;
    use super::*;

    #[test]
    fn states_and_numbers() {
        assert_eq!(QueryPin.read(&reply(&["+CPIN: SIM PIN"])), Some(PinState::Pin));
        assert_eq!(QueryPin.read(&reply(&["+CPIN: PH-NET PIN"])), Some(PinState::Locked));
        assert_eq!(QuerySignal.read(&reply(&["+CSQ: 17,99"])), Some(Some(-79)));
        assert_eq!(QuerySignal.read(&reply(&["+CSQ: 99,99"])), Some(None));
        let circuit = QueryRegistration(Network::Circuit);
        assert_eq!(circuit.read(&reply(&["+CREG: 1,5"])), Some(Registered::Roaming));
        assert_eq!(circuit.read(&reply(&["+CREG: 2,1,\"00A1\",\"1234\",7"])), Some(Registered::Home));
        assert_eq!(QueryStores.read(&reply(&["+CPMS: \"SM\",3,30,\"SM\",3,30"])), Some(Usage { used: 3, total: 30 }));
        assert_eq!(QueryOperator.read(&reply(&["+COPS: 0,2,\"72405\",7"])), Some(Some("72405".to_owned())));
        assert_eq!(QueryOperator.read(&reply(&["+COPS: 0"])), Some(None));
        assert_eq!(QuerySmsc.read(&reply(&["+CSCA: \"\",129"])), Some(None));
        assert_eq!(QueryFunction.read(&reply(&["+CFUN: 1,0"])), Some(1));
    }
}
