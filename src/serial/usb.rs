//! USB devices and their serial ports, as the kernel lists them in sysfs (`/sys/bus/usb/devices`).
//!
//! A device lies in a folder by its place on the bus, such as `1-1.4`; in it each interface in one such as `1-1.4:1.2`, and
//! in that the terminal, with a folder of its own between for USB serial drivers (`ttyUSB2/tty/ttyUSB2`) and without for
//! CDC-ACM (`tty/ttyACM0`).

use std::fs;
use std::path::{Path, PathBuf};

/// Where the kernel shows devices, and where their nodes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// `/sys`
    pub sys: PathBuf,
    /// `/dev`
    pub dev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { sys: "/sys".into(), dev: "/dev".into() }
    }
}

/// A USB device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// Its place: bus and ports, such as `1-1.4`.
    pub path: String,
    /// The number that it got when it was plugged in; another one each time (`devnum`).
    pub number: u32,
    /// `idVendor`
    pub vendor: u16,
    /// `idProduct`
    pub product: u16,
    /// What it says of itself; many modems of one kind say the same.
    pub serial: Option<String>,
    /// Its terminals, by interface.
    pub ports: Vec<Port>,
}

/// A terminal of a USB device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Port {
    /// Such as `/dev/ttyUSB2`.
    pub node: PathBuf,
    /// The place of the interface, such as `1-1.4:1.2`; the second port of one interface and those after it have
    /// `-port1` and so on behind.
    pub slot: String,
    /// `bInterfaceNumber`
    pub interface: u8,
    /// `bInterfaceProtocol`
    pub protocol: u8,
}

/// All USB devices, by place. None where the kernel shows none.
pub fn devices(roots: &Roots) -> Vec<Device> {
    let mut devices: Vec<Device> =
        folders(&roots.sys.join("bus/usb/devices")).filter_map(|folder| read_device(&folder, &roots.dev)).collect();
    devices.sort_by(|a, b| a.path.cmp(&b.path));
    devices
}

/// The slot of a terminal; `None` if it is not on the USB.
pub fn slot_of(roots: &Roots, node: &Path) -> Option<String> {
    let target = fs::canonicalize(node).ok()?;
    let is_it = |port: &Port| fs::canonicalize(&port.node).is_ok_and(|node| node == target);
    devices(roots).into_iter().flat_map(|device| device.ports).find(is_it).map(|port| port.slot)
}

/// The device of a slot: `1-1.4` of `1-1.4:1.2`.
pub fn device_of(slot: &str) -> &str {
    slot.split_once(':').map_or(slot, |(device, _)| device)
}

/// The hub in which the device of a slot is: `1-1` of `1-1.4:1.2`, and the bus where that is a port of the host.
pub fn hub_of(slot: &str) -> &str {
    let device = device_of(slot);
    device.rsplit_once(['.', '-']).map_or(device, |(hub, _)| hub)
}

/// `None` for interfaces, which are listed beside the devices, and for a device that goes while it is looked at.
fn read_device(folder: &Path, dev: &Path) -> Option<Device> {
    let mut ports: Vec<Port> = folders(folder).flat_map(|interface| read_ports(&interface, dev)).collect();
    ports.sort_by(|a, b| (a.interface, &a.slot).cmp(&(b.interface, &b.slot)));
    Some(Device {
        path: folder.file_name()?.to_str()?.to_owned(),
        number: text(folder, "devnum")?.parse().ok()?,
        vendor: hexadecimal(folder, "idVendor")?,
        product: hexadecimal(folder, "idProduct")?,
        serial: text(folder, "serial").filter(|serial| !serial.is_empty()),
        ports,
    })
}

/// The terminals of an interface; none of what is no interface.
fn read_ports(interface: &Path, dev: &Path) -> Vec<Port> {
    let read = |attribute| hexadecimal(interface, attribute).and_then(|value| u8::try_from(value).ok());
    let (Some(number), Some(protocol)) = (read("bInterfaceNumber"), read("bInterfaceProtocol")) else {
        return Vec::new();
    };
    let Some(slot) = interface.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let holders = std::iter::once(interface.to_owned()).chain(folders(interface));
    let terminals = holders.flat_map(|holder| {
        let channel = text(&holder, "port_number").and_then(|number| number.parse::<u8>().ok()).unwrap_or(0);
        folders(&holder.join("tty")).map(move |terminal| (terminal, channel))
    });
    let port = |(terminal, channel): (PathBuf, u8)| {
        let slot = if channel == 0 { slot.to_owned() } else { format!("{slot}-port{channel}") };
        Some(Port { node: dev.join(terminal.file_name()?), slot, interface: number, protocol })
    };
    terminals.filter_map(port).collect()
}

/// The folders in a folder, behind symbolic links too.
fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).filter(|path| path.is_dir())
}

fn text(folder: &Path, attribute: &str) -> Option<String> {
    fs::read_to_string(folder.join(attribute)).ok().map(|text| text.trim().to_owned())
}

fn hexadecimal(folder: &Path, attribute: &str) -> Option<u16> {
    u16::from_str_radix(&text(folder, attribute)?, 16).ok()
}

#[cfg(test)]
pub(crate) mod fake;

#[cfg(test)]
mod tests {
    use super::fake::{Fake, Stick};
    use super::*;

    /// Node, slot and protocol of every port.
    fn ports(fake: &Fake) -> Vec<(String, String, u8)> {
        let name = |port: &Port| port.node.file_name().unwrap().to_str().unwrap().to_owned();
        let ports = devices(&fake.roots()).into_iter().flat_map(|device| device.ports);
        ports.map(|port| (name(&port), port.slot.clone(), port.protocol)).collect()
    }

    fn expected(ports: &[(&str, &str, u8)]) -> Vec<(String, String, u8)> {
        ports.iter().map(|&(node, slot, protocol)| (node.to_owned(), slot.to_owned(), protocol)).collect()
    }

    #[test]
    fn a_stick_has_its_ports_by_interface() {
        let fake = Fake::new();
        let mut stick = Stick::new("1-1.4", 0x12d1, 0x1506);
        stick.serial = Some("0123456789ABCDEF");
        fake.plug(&stick.port(2, 2, "ttyUSB0").port(0, 1, "ttyUSB2").port(1, 3, "ttyUSB1"));
        let all = devices(&fake.roots());
        let [device] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((device.path.as_str(), device.vendor, device.product), ("1-1.4", 0x12d1, 0x1506));
        assert_eq!(device.serial.as_deref(), Some("0123456789ABCDEF"));
        let sorted = [("ttyUSB2", "1-1.4:1.0", 1), ("ttyUSB1", "1-1.4:1.1", 3), ("ttyUSB0", "1-1.4:1.2", 2)];
        assert_eq!(ports(&fake), expected(&sorted));
    }

    #[test]
    fn identical_sticks_differ_by_their_slot() {
        let fake = Fake::new();
        for (path, node) in [("1-1.1", "ttyUSB0"), ("1-1.2", "ttyUSB1")] {
            fake.plug(&Stick::new(path, 0x2c7c, 0x0125).port(2, 0, node));
        }
        assert_eq!(ports(&fake), expected(&[("ttyUSB0", "1-1.1:1.2", 0), ("ttyUSB1", "1-1.2:1.2", 0)]));
    }

    #[test]
    fn acm_ports_and_the_channels_of_a_bridge_are_found() {
        let fake = Fake::new();
        fake.plug(&Stick::new("2-1", 0x1546, 0x1102).acm_port(0, "ttyACM0"));
        fake.plug(&Stick::new("2-2", 0x9710, 0x7840).channel(0, 0, "ttyUSB0").channel(0, 1, "ttyUSB1"));
        let found = [("ttyACM0", "2-1:1.0", 1), ("ttyUSB0", "2-2:1.0", 0), ("ttyUSB1", "2-2:1.0-port1", 0)];
        assert_eq!(ports(&fake), expected(&found));
    }

    #[test]
    fn a_device_without_ports_is_listed_and_one_that_is_gone_is_not() {
        let fake = Fake::new();
        fake.plug(&Stick::new("1-3", 0x12d1, 0x14dc));
        assert_eq!(devices(&fake.roots()).len(), 1);
        fake.unplug("1-3");
        assert_eq!(devices(&fake.roots()), []);
    }

    #[test]
    fn a_slot_names_its_device_and_its_hub() {
        for (slot, device, hub) in
            [("1-1.4:1.2", "1-1.4", "1-1"), ("1-1.4.2:1.0-port1", "1-1.4.2", "1-1.4"), ("2-3", "2-3", "2")]
        {
            assert_eq!((device_of(slot), hub_of(slot)), (device, hub));
        }
    }

    #[test]
    fn a_host_without_usb_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots { sys: folder.path().join("sys"), dev: folder.path().to_owned() };
        assert_eq!(devices(&roots), []);
        assert_eq!(slot_of(&roots, Path::new("/dev/null")), None);
    }
}
