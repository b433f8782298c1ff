//! Playing that a USB modem is unplugged and plugged in again: 0 and then 1 into `authorized` of its device in sysfs (kernel
//! documentation, "Authorizing (or not) your USB devices to connect to the system"). The kernel lets its drivers go and finds
//! the device anew; its power stays on.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::known::{Kind, Known};
use super::usb::{self, Roots, device_of};

/// The kernel's drivers let go of the ports meanwhile.
pub const BETWEEN: Duration = Duration::from_secs(1);

/// Why a modem cannot be plugged in anew.
#[derive(Debug, thiserror::Error)]
pub enum ReplugError {
    /// It is on no USB.
    #[error("not a USB device")]
    NotUsb,
    /// Nothing is plugged in there.
    #[error("no USB device in {0}")]
    Absent(String),
    /// What is there carries more than one modem, or something else.
    #[error("the USB device in {0} is a bridge, which may carry other lines")]
    Bridge(String),
    /// The kernel does not let us.
    #[error("{path}: {source}")]
    Write {
        /// The file of the device.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
}

/// A modem that can be plugged in anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replug {
    path: PathBuf,
}

/// A modem that its drivers have let go. It is plugged in again at the latest when this is dropped.
#[derive(Debug)]
pub struct Unplugged(Option<Replug>);

impl Replug {
    /// For the modem in a slot; a bridge, which may carry other modems, is refused.
    pub fn of(roots: &Roots, slot: Option<&str>) -> Result<Self, ReplugError> {
        let place = device_of(slot.ok_or(ReplugError::NotUsb)?);
        let device = usb::devices(roots).into_iter().find(|device| device.path == place);
        let device = device.ok_or_else(|| ReplugError::Absent(place.to_owned()))?;
        if matches!(Known::of(&device), Some(Known { kind: Kind::Bridge, .. })) {
            return Err(ReplugError::Bridge(place.to_owned()));
        }
        Ok(Self { path: roots.sys.join("bus/usb/devices").join(place).join("authorized") })
    }

    /// Takes the device from its drivers. Wait for [`BETWEEN`] before it is plugged in again.
    pub fn unplug(self) -> Result<Unplugged, ReplugError> {
        self.write("0")?;
        Ok(Unplugged(Some(self)))
    }

    fn write(&self, text: &str) -> Result<(), ReplugError> {
        // A file that is not there is not made.
        let open = fs::File::options().write(true).open(&self.path);
        let written = open.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|source| ReplugError::Write { path: self.path.clone(), source })
    }
}

impl Unplugged {
    /// Lets the kernel find the device again.
    pub fn plug(mut self) -> Result<(), ReplugError> {
        self.0.take().map_or(Ok(()), |replug| replug.write("1"))
    }
}

impl Drop for Unplugged {
    fn drop(&mut self) {
        if let Some(replug) = self.0.take() {
            // Whoever dropped it does not ask how that went.
            replug.write("1").unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::usb::fake::{Fake, Stick};
    use super::*;

    const MODEM: (u16, u16) = (0x2c7c, 0x0125);

    fn fake() -> Fake {
        let fake = Fake::new();
        fake.plug(&Stick::new("1-1.4", MODEM.0, MODEM.1).port(2, 0, "ttyUSB2"));
        fake
    }

    #[test]
    fn the_device_of_the_slot_is_let_go_and_taken_again() {
        let fake = fake();
        let file = fake.authorize("1-1.4");
        let replug = Replug::of(&fake.roots(), Some("1-1.4:1.2")).unwrap();
        let state = || fs::read_to_string(&file).unwrap().trim().to_owned();
        let unplugged = replug.clone().unplug().unwrap();
        assert_eq!(state(), "0");
        unplugged.plug().unwrap();
        assert_eq!(state(), "1");
        // Also when whoever did it is stopped in between.
        drop(replug.unplug().unwrap());
        assert_eq!(state(), "1");
    }

    #[test]
    fn what_is_not_permitted_is_said_with_the_file() {
        let fake = fake();
        // Without the file: as where the kernel has none, and root may write any.
        let replug = Replug::of(&fake.roots(), Some("1-1.4:1.2")).unwrap();
        let error = replug.unplug().unwrap_err().to_string();
        assert!(error.contains("1-1.4/authorized"), "{error}");
    }

    #[test]
    fn a_bridge_with_many_lines_is_left_alone() {
        let fake = fake();
        fake.plug(&Stick::new("1-2", 0x0403, 0x6001).channel(0, 1, "ttyUSB5"));
        let refused = Replug::of(&fake.roots(), Some("1-2:1.0-port1"));
        assert!(matches!(refused, Err(ReplugError::Bridge(place)) if place == "1-2"));
    }

    #[test]
    fn what_is_not_on_the_usb_cannot_be_plugged_in() {
        let fake = fake();
        assert!(matches!(Replug::of(&fake.roots(), None), Err(ReplugError::NotUsb)));
        assert!(matches!(Replug::of(&fake.roots(), Some("1-9:1.0")), Err(ReplugError::Absent(_))));
    }
}
