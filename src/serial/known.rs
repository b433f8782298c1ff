//! USB devices that Recado knows, and where their AT port is. The list is `config/usb_modems.csv`.

use super::usb::{Device, Port};

const TABLE: &str = include_str!("../../config/usb_modems.csv");

/// A device of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// What it is to us.
    pub kind: Kind,
    /// Who made it.
    pub maker: &'static str,
    /// What it is called, often a family.
    pub model: &'static str,
}

/// What a device is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It has AT ports.
    Modem(AtPort),
    /// A serial line with anything behind it.
    Bridge,
    /// A stick that shows its CD-ROM.
    Disk,
    /// A stick that is a network card (HiLink).
    Network,
}

/// Which port of a modem takes AT commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtPort {
    /// The one on this interface.
    Interface(u8),
    /// The one whose interface has this `bInterfaceProtocol`.
    Protocol(u8),
    /// It has to be found by asking.
    Unknown,
}

impl Known {
    /// What is known of a device; `None` if nothing is.
    pub fn of(device: &Device) -> Option<Self> {
        let id = format!("{:04x}:{:04x}", device.vendor, device.product);
        lines().find(|(known, _)| *known == id).and_then(|(_, rest)| read(rest))
    }

    /// Why a device without an AT port cannot be used, with what to do about it.
    pub fn refusal(self) -> Option<&'static str> {
        match self.kind {
            Kind::Modem(_) | Kind::Bridge => None,
            Kind::Network => {
                Some("a network card without an AT port (HiLink); it needs the maker's stick firmware to send texts")
            }
            Kind::Disk => Some("shows its CD-ROM instead of a modem; install usb_modeswitch"),
        }
    }

    /// The ports to ask, best first. A port that the list names is the only one: others of the same modem may answer as
    /// well, and then tell nothing of what comes in.
    pub fn candidates(self, device: &Device) -> Vec<&Port> {
        let Kind::Modem(at) = self.kind else { return Vec::new() };
        let named = device.ports.iter().find(|port| match at {
            AtPort::Interface(interface) => port.interface == interface,
            AtPort::Protocol(protocol) => port.protocol == protocol,
            AtPort::Unknown => false,
        });
        named.map_or_else(|| device.ports.iter().collect(), |port| vec![port])
    }
}

/// Vendor and product of every modem of the list, as they are written there.
pub(super) fn modems() -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_modem = |rest| matches!(read(rest), Some(Known { kind: Kind::Modem(_), .. }));
    lines().filter(move |(_, rest)| is_modem(rest)).filter_map(|(id, _)| id.split_once(':'))
}

/// Identifier and the rest of each line.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(|line| line.split_once(','))
}

fn read(rest: &'static str) -> Option<Known> {
    let mut fields = rest.splitn(4, ',');
    let (kind, at) = (fields.next()?, fields.next()?);
    let kind = match kind {
        "modem" => Kind::Modem(at_port(at)?),
        "bridge" => Kind::Bridge,
        "disk" => Kind::Disk,
        "network" => Kind::Network,
        _ => return None,
    };
    Some(Known { kind, maker: fields.next()?, model: fields.next()? })
}

fn at_port(text: &str) -> Option<AtPort> {
    match text.strip_prefix('p') {
        Some(protocol) => u8::from_str_radix(protocol, 16).ok().map(AtPort::Protocol),
        None if text.is_empty() => Some(AtPort::Unknown),
        None => text.parse().ok().map(AtPort::Interface),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn device(id: (u16, u16), interfaces: &[(u8, u8)]) -> Device {
        let port = |&(interface, protocol): &(u8, u8)| Port {
            node: format!("/dev/ttyUSB{interface}").into(),
            slot: format!("1-1:1.{interface}"),
            interface,
            protocol,
        };
        Device { vendor: id.0, product: id.1, ports: interfaces.iter().map(port).collect(), ..Device::default() }
    }

    /// The interfaces that are asked, in order.
    fn check(id: (u16, u16), interfaces: &[(u8, u8)], expected: &[u8]) {
        let device = device(id, interfaces);
        let known = Known::of(&device).unwrap();
        let asked: Vec<u8> = known.candidates(&device).iter().map(|port| port.interface).collect();
        assert_eq!(asked, expected, "{id:04x?}");
    }

    #[test]
    fn every_line_is_understood_and_every_device_is_there_once() {
        let mut seen = BTreeSet::new();
        for (id, rest) in lines() {
            let known = read(rest).unwrap_or_else(|| panic!("{id},{rest}"));
            let (vendor, product) = id.split_once(':').unwrap();
            let is_hex = |part: &str| part.len() == 4 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(is_hex(vendor) && is_hex(product), "{id}");
            assert!(!known.maker.is_empty() && !known.model.is_empty(), "{id}");
            assert!(seen.insert(id), "{id} is there twice");
        }
        assert!(seen.len() > 200);
    }

    #[test]
    fn the_at_port_is_the_one_that_the_list_names() {
        check((0x2c7c, 0x0125), &[(0, 0xff), (1, 0), (2, 0), (3, 0)], &[2]);
        check((0x12d1, 0x1506), &[(0, 1), (1, 3), (2, 2)], &[2]);
    }

    #[test]
    fn ports_are_asked_in_order_where_the_list_names_none_or_one_that_is_not_there() {
        check((0x2c7c, 0x0901), &[(2, 0), (3, 0)], &[2, 3]);
        check((0x2c7c, 0x0125), &[(0, 0), (1, 0)], &[0, 1]);
        check((0x12d1, 0x1506), &[(0, 0xff), (1, 0xff)], &[0, 1]);
    }

    #[test]
    fn what_has_no_at_port_is_asked_nothing_and_says_why() {
        for (id, word) in [((0x12d1, 0x14dc), "HiLink"), ((0x12d1, 0x14db), "HiLink"), ((0x12d1, 0x1f01), "CD-ROM")] {
            check(id, &[(0, 0)], &[]);
            assert!(Known::of(&device(id, &[])).unwrap().refusal().unwrap().contains(word));
        }
        check((0x0403, 0x6001), &[(0, 0)], &[]);
        assert_eq!(Known::of(&device((0x0403, 0x6001), &[])).unwrap().refusal(), None);
        assert_eq!(Known::of(&device((0x046d, 0xc31c), &[])), None);
    }
}
