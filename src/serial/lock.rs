//! Lock files in the form of UUCP (Filesystem Hierarchy Standard 3.0, 5.9): `LCK..ttyUSB0` with ten columns of the holder's
//! process number. Programs that know neither TIOCEXCL nor flock keep off a port by them.
//!
//! A lock file is a courtesy: where none can be written, the port is opened all the same.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::port::Holder;

/// Where they lie.
pub(super) const FOLDER: &str = "/run/lock";

/// Tries to take the place of a process that has ended; another one may be as quick.
const TRIES: u8 = 3;

/// Ours until it is dropped.
#[derive(Debug)]
pub(super) struct LockFile {
    path: PathBuf,
    /// Held open, so that no other file is taken for it that was written to the same place afterwards.
    file: File,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        let ours = self.file.metadata().map(|file| file.ino());
        if fs::metadata(&self.path).is_ok_and(|there| ours.is_ok_and(|ours| ours == there.ino()))
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!(%error, "lock file not removed");
        }
    }
}

/// Takes the lock of a device. An error names the process that has it; `None` where there can be none.
pub(super) fn take(folder: &Path, device: &Path) -> Result<Option<LockFile>, Holder> {
    let Some(path) = lock_path(folder, device) else { return Ok(None) };
    for _ in 0..TRIES {
        match write(folder, &path) {
            Ok(lock) => return Ok(Some(lock)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                tracing::debug!(%error, "no lock file");
                return Ok(None);
            }
        }
        match living_holder(&path) {
            Some(pid) => return Err(Holder::of(pid)),
            None => {
                if let Err(error) = fs::remove_file(&path) {
                    tracing::debug!(%error, "lock file of a process that has ended not removed");
                    return Ok(None);
                }
            }
        }
    }
    Ok(None)
}

/// Only of terminals that are lines: a pseudo-terminal has no name of its own for long.
fn lock_path(folder: &Path, device: &Path) -> Option<PathBuf> {
    let device = fs::canonicalize(device).ok()?;
    let name = device.file_name()?.to_str()?;
    name.starts_with("tty").then(|| folder.join(format!("LCK..{name}")))
}

/// The file appears with its content, or it is there already.
fn write(folder: &Path, path: &Path) -> io::Result<LockFile> {
    let everybody_reads = fs::Permissions::from_mode(0o644);
    let mut file = tempfile::Builder::new().prefix("LTMP.").permissions(everybody_reads).tempfile_in(folder)?;
    writeln!(file, "{:>10}", std::process::id())?;
    let file = file.persist_noclobber(path).map_err(|refused| refused.error)?;
    Ok(LockFile { path: path.to_owned(), file })
}

/// The process that a lock file names, if it lives and is not this one. We may have the file of a port that is gone
/// and has come back before its task closed it.
fn living_holder(path: &Path) -> Option<u32> {
    let content = fs::read_to_string(path).ok()?;
    let pid = content.split_whitespace().next()?.parse::<u32>().ok()?;
    let process = Pid::from_raw(i32::try_from(pid).ok()?)?;
    // No permission to signal it means that it lives.
    let is_gone = test_kill_process(process) == Err(Errno::SRCH);
    (pid != std::process::id() && !is_gone).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a device of that name; the lock folder is the same.
    fn place(name: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join(name);
        fs::write(&device, "").unwrap();
        (folder, device)
    }

    #[test]
    fn a_lock_names_us_and_goes_with_its_owner() {
        let (folder, device) = place("ttyUSB0");
        let path = folder.path().join("LCK..ttyUSB0");
        let lock = take(folder.path(), &device).unwrap().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{:>10}\n", std::process::id()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        drop(lock);
        assert!(!path.exists());
    }

    #[test]
    fn the_lock_of_a_living_process_names_it() {
        let (folder, device) = place("ttyUSB0");
        fs::write(folder.path().join("LCK..ttyUSB0"), "         1\n").unwrap();
        let holder = take(folder.path(), &device).unwrap_err();
        assert_eq!(holder.pid, 1);
    }

    #[test]
    fn the_lock_of_a_process_that_has_ended_is_taken_over() {
        let (folder, device) = place("ttyUSB0");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        for stale in [format!("{:>10}\n", child.id()), String::new(), "no number\n".to_owned()] {
            fs::write(folder.path().join("LCK..ttyUSB0"), &stale).unwrap();
            assert!(take(folder.path(), &device).unwrap().is_some(), "{stale:?}");
        }
    }

    #[test]
    fn a_port_that_came_back_before_it_was_closed_keeps_its_new_lock() {
        let (folder, device) = place("ttyUSB0");
        let old = take(folder.path(), &device).unwrap();
        let new = take(folder.path(), &device).unwrap();
        assert!(new.is_some());
        drop(old);
        assert!(folder.path().join("LCK..ttyUSB0").exists());
    }

    #[test]
    fn without_a_folder_or_a_name_there_is_no_lock() {
        let (folder, device) = place("ttyUSB0");
        assert!(take(&folder.path().join("none"), &device).unwrap().is_none());
        let (folder, device) = place("3");
        assert!(take(folder.path(), &device).unwrap().is_none());
    }
}
