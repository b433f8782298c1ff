//! Playing that a USB modem is unplugged and plugged in again: 0 and then 1 into `authorized` of its device in sysfs (kernel
//! documentation, "Authorizing (or not) your USB devices to connect to the system"). The kernel lets its drivers go and finds
//! the device anew; its power stays on.
//!
//! A device that is taken from its drivers stays so until a 1 is written, whatever becomes of the process that wrote the 0. So
//! a mark of it is on disk before the 0 and removed after the 1, and a process that starts undoes the marks that it finds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
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
    /// The kernel does not let us, or there is no mark without which it is not done.
    #[error("{path}: {source}")]
    Write {
        /// The file of the device, or of its mark.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
}

/// Where the devices are noted that are off the bus for now: a folder with a file for each, by its place. By default nothing
/// is noted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(Option<PathBuf>);

/// A modem that can be plugged in anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replug {
    place: String,
    path: PathBuf,
    marks: Marks,
}

/// A modem that its drivers have let go. It is plugged in again at the latest when this is dropped.
#[derive(Debug)]
pub struct Unplugged(Option<Replug>);

impl Marks {
    /// In the folder that belongs to this database.
    pub fn beside(database: &Path) -> Self {
        Self(Some(database.with_extension("unplugged")))
    }

    /// The places of the devices that are noted.
    pub fn places(&self) -> Vec<String> {
        let entries = self.0.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
        let mut places: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        places.sort();
        places
    }

    /// What was taken from its drivers by a process that ended before it could give it back. To be asked before anything is
    /// reset.
    pub fn left(&self, roots: &Roots) -> Vec<Unplugged> {
        self.places().into_iter().map(|place| Unplugged(Some(Replug::at(roots, place, self.clone())))).collect()
    }

    /// The mark is on disk when this returns: a process can be killed at any time.
    fn set(&self, place: &str) -> Result<(), ReplugError> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let path = folder.join(place);
        let made = fs::create_dir_all(folder)
            .and_then(|()| fs::File::create(&path)?.sync_all())
            .and_then(|()| fs::File::open(folder)?.sync_all());
        made.map_err(|source| ReplugError::Write { path, source })
    }

    fn remove(&self, place: &str) -> Result<(), ReplugError> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let path = folder.join(place);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(ReplugError::Write { path, source }),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Replug {
    /// For the modem in a slot; a bridge, which may carry other modems, is refused.
    pub fn of(roots: &Roots, slot: Option<&str>, marks: &Marks) -> Result<Self, ReplugError> {
        let place = device_of(slot.ok_or(ReplugError::NotUsb)?);
        let device = usb::devices(roots).into_iter().find(|device| device.path == place);
        let device = device.ok_or_else(|| ReplugError::Absent(place.to_owned()))?;
        if matches!(Known::of(&device), Some(Known { kind: Kind::Bridge, .. })) {
            return Err(ReplugError::Bridge(place.to_owned()));
        }
        Ok(Self::at(roots, place.to_owned(), marks.clone()))
    }

    fn at(roots: &Roots, place: String, marks: Marks) -> Self {
        Self { path: roots.sys.join("bus/usb/devices").join(&place).join("authorized"), place, marks }
    }

    /// Takes the device from its drivers. Wait for [`BETWEEN`] before it is plugged in again.
    pub fn unplug(self) -> Result<Unplugged, ReplugError> {
        self.marks.set(&self.place)?;
        if let Err(error) = self.write("0") {
            self.marks.remove(&self.place)?;
            return Err(error);
        }
        Ok(Unplugged(Some(self)))
    }

    fn give_back(&self) -> Result<(), ReplugError> {
        let written = self.write("1");
        // One that is away is authorised when it comes again.
        let is_away = !self.path.exists();
        if written.is_ok() || is_away {
            self.marks.remove(&self.place)?;
        }
        if is_away { Err(ReplugError::Absent(self.place.clone())) } else { written }
    }

    fn write(&self, text: &str) -> Result<(), ReplugError> {
        // A file that is not there is not made.
        let open = fs::File::options().write(true).open(&self.path);
        let written = open.and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|source| ReplugError::Write { path: self.path.clone(), source })
    }
}

impl Unplugged {
    /// Its place.
    pub fn place(&self) -> &str {
        self.0.as_ref().map_or("", |replug| &replug.place)
    }

    /// Lets the kernel find the device again. One that is absent is no longer noted.
    pub fn plug(mut self) -> Result<(), ReplugError> {
        self.0.take().map_or(Ok(()), |replug| replug.give_back())
    }
}

impl Drop for Unplugged {
    fn drop(&mut self) {
        if let Some(replug) = self.0.take() {
            // Whoever dropped it does not ask how that went.
            replug.give_back().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::mem::ManuallyDrop;

    use super::super::usb::fake::{Fake, Stick};
    use super::*;

    const MODEM: (u16, u16) = (0x2c7c, 0x0125);

    fn fake() -> Fake {
        let fake = Fake::new();
        fake.plug(&Stick::new("1-1.4", MODEM.0, MODEM.1).port(2, 0, "ttyUSB2"));
        fake
    }

    fn of(fake: &Fake, slot: Option<&str>) -> Result<Replug, ReplugError> {
        Replug::of(&fake.roots(), slot, &Marks::default())
    }

    #[test]
    fn the_device_of_the_slot_is_let_go_and_taken_again() {
        let fake = fake();
        let file = fake.authorize("1-1.4");
        let replug = of(&fake, Some("1-1.4:1.2")).unwrap();
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
        let replug = of(&fake, Some("1-1.4:1.2")).unwrap();
        let error = replug.unplug().unwrap_err().to_string();
        assert!(error.contains("1-1.4/authorized"), "{error}");
    }

    #[test]
    fn a_bridge_with_many_lines_is_left_alone() {
        let fake = fake();
        fake.plug(&Stick::new("1-2", 0x0403, 0x6001).channel(0, 1, "ttyUSB5"));
        let refused = of(&fake, Some("1-2:1.0-port1"));
        assert!(matches!(refused, Err(ReplugError::Bridge(place)) if place == "1-2"));
    }

    #[test]
    fn what_is_not_on_the_usb_cannot_be_plugged_in() {
        let fake = fake();
        assert!(matches!(of(&fake, None), Err(ReplugError::NotUsb)));
        assert!(matches!(of(&fake, Some("1-9:1.0")), Err(ReplugError::Absent(_))));
    }

    #[test]
    fn a_process_that_is_killed_between_0_and_1_leaves_a_mark_which_the_next_one_undoes() {
        let fake = fake();
        let file = fake.authorize("1-1.4");
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::beside(&folder.path().join("recado.db"));
        let replug = Replug::of(&fake.roots(), Some("1-1.4:1.2"), &marks).unwrap();
        // As after `kill -9`: nobody drops it.
        let _killed = ManuallyDrop::new(replug.clone().unplug().unwrap());
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), "0");
        assert_eq!(marks.places(), ["1-1.4"]);
        marks.left(&fake.roots()).remove(0).plug().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), "1");
        assert!(marks.places().is_empty());
        // One that lives leaves none.
        replug.clone().unplug().unwrap().plug().unwrap();
        drop(replug.unplug().unwrap());
        assert!(marks.places().is_empty());
    }

    #[test]
    fn a_mark_stays_until_the_device_was_given_back_or_is_away() {
        let fake = fake();
        let file = fake.authorize("1-1.4");
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::beside(&folder.path().join("recado.db"));
        let _killed =
            ManuallyDrop::new(Replug::of(&fake.roots(), Some("1-1.4:1.2"), &marks).unwrap().unplug().unwrap());
        // A folder cannot be written as a file, by root neither.
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        let error = marks.left(&fake.roots()).remove(0).plug().unwrap_err();
        assert!(matches!(error, ReplugError::Write { .. }), "{error}");
        assert_eq!(marks.places(), ["1-1.4"]);
        fake.unplug("1-1.4");
        let error = marks.left(&fake.roots()).remove(0).plug().unwrap_err();
        assert!(matches!(error, ReplugError::Absent(_)), "{error}");
        assert!(marks.places().is_empty());
    }

    #[test]
    fn without_a_mark_on_disk_nothing_is_taken_and_what_was_not_taken_leaves_none() {
        let fake = fake();
        let file = fake.authorize("1-1.4");
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("recado.unplugged"), "no folder").unwrap();
        let marks = Marks::beside(&folder.path().join("recado.db"));
        let replug = Replug::of(&fake.roots(), Some("1-1.4:1.2"), &marks).unwrap();
        assert!(replug.clone().unplug().unwrap_err().to_string().contains("recado.unplugged"));
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), "1");
        fs::remove_file(folder.path().join("recado.unplugged")).unwrap();
        fs::remove_file(&file).unwrap();
        replug.unplug().unwrap_err();
        assert!(marks.places().is_empty());
    }
}
