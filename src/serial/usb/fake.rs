//! A sysfs and a folder of nodes that a test makes up, for it and for those who use what is found there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::Roots;

/// The folders, gone with it.
pub(crate) struct Fake(tempfile::TempDir);

/// A device to plug in. Its ports lead nowhere unless [`Fake::link`] says where.
#[derive(Default)]
pub(crate) struct Stick {
    path: &'static str,
    id: (u16, u16),
    pub(crate) number: u32,
    pub(crate) serial: Option<&'static str>,
    /// Folder of the terminal below the device, interface, protocol, and channel.
    ports: Vec<(String, u8, u8, Option<u8>)>,
}

impl Stick {
    pub(crate) fn new(path: &'static str, vendor: u16, product: u16) -> Self {
        Self { path, id: (vendor, product), number: 1, ..Self::default() }
    }

    pub(crate) fn port(self, interface: u8, protocol: u8, node: &str) -> Self {
        self.add(format!("{node}/tty/{node}"), interface, protocol, None)
    }

    pub(crate) fn acm_port(self, interface: u8, node: &str) -> Self {
        self.add(format!("tty/{node}"), interface, 1, None)
    }

    pub(crate) fn channel(self, interface: u8, channel: u8, node: &str) -> Self {
        self.add(format!("{node}/tty/{node}"), interface, 0, Some(channel))
    }

    fn add(mut self, folder: String, interface: u8, protocol: u8, channel: Option<u8>) -> Self {
        self.ports.push((folder, interface, protocol, channel));
        self
    }
}

impl Fake {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("sys/bus/usb/devices")).unwrap();
        fs::create_dir_all(folder.path().join("dev")).unwrap();
        Self(folder)
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots { sys: self.0.path().join("sys"), dev: self.0.path().join("dev") }
    }

    pub(crate) fn plug(&self, stick: &Stick) {
        let devices = self.roots().sys.join("bus/usb/devices");
        // As the kernel does it: the device is elsewhere, and listed by a link.
        let device = self.0.path().join("sys/devices").join(stick.path);
        fs::create_dir_all(&device).unwrap();
        let write = |folder: &Path, attribute: &str, text: String| fs::write(folder.join(attribute), text).unwrap();
        write(&device, "idVendor", format!("{:04x}\n", stick.id.0));
        write(&device, "idProduct", format!("{:04x}\n", stick.id.1));
        write(&device, "devnum", format!("{}\n", stick.number));
        if let Some(serial) = stick.serial {
            write(&device, "serial", format!("{serial}\n"));
        }
        for (folder, interface, protocol, channel) in &stick.ports {
            let place = device.join(format!("{}:1.{interface}", stick.path));
            let terminal = place.join(folder);
            fs::create_dir_all(&terminal).unwrap();
            write(&place, "bInterfaceNumber", format!("{interface:02x}\n"));
            write(&place, "bInterfaceProtocol", format!("{protocol:02x}\n"));
            if let Some(channel) = channel {
                write(terminal.parent().unwrap().parent().unwrap(), "port_number", format!("{channel}\n"));
            }
        }
        symlink(&device, devices.join(stick.path)).unwrap();
    }

    /// Makes the file by which a device can be let go and taken again.
    pub(crate) fn authorize(&self, path: &str) -> PathBuf {
        let file = self.roots().sys.join("bus/usb/devices").join(path).join("authorized");
        fs::write(&file, "1\n").unwrap();
        file
    }

    /// Takes a device away, and leaves nodes to [`Fake::unlink`].
    pub(crate) fn unplug(&self, path: &str) {
        fs::remove_file(self.roots().sys.join("bus/usb/devices").join(path)).unwrap();
        fs::remove_dir_all(self.0.path().join("sys/devices").join(path)).unwrap();
    }

    /// Makes the node of a terminal.
    pub(crate) fn link(&self, node: &str, target: &Path) -> PathBuf {
        let path = self.roots().dev.join(node);
        symlink(target, &path).unwrap();
        path
    }

    pub(crate) fn unlink(&self, node: &str) {
        fs::remove_file(self.roots().dev.join(node)).unwrap();
    }
}
