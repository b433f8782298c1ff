//! The file of the key for erased numbers: made once, readable by its owner only, and never part of a backup.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::contact::secret::{KEY_OCTETS, Secret};

/// Reads the key, or makes one where there is none.
pub(super) fn load(path: &Path) -> io::Result<Secret> {
    match std::fs::read(path) {
        Ok(octets) => match octets.try_into() {
            Ok(octets) => Ok(Secret::new(octets)),
            Err(octets) => {
                let found = octets.len();
                Err(io::Error::other(format!(
                    "{found} octets, a key has {KEY_OCTETS}; put the file back from where it was kept"
                )))
            }
        },
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => Err(error),
    }
}

/// On disk under its own name only when it is whole: half a key would be refused for ever.
fn make(path: &Path) -> io::Result<Secret> {
    let mut octets = [0; KEY_OCTETS];
    getrandom::fill(&mut octets).map_err(io::Error::other)?;
    let unfinished = path.with_extension("key.new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&unfinished)?;
    file.write_all(&octets)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(Secret::new(octets))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("suppression.key");
        let made = load(&path).unwrap();
        assert_eq!(load(&path).unwrap(), made);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(load(&folder.path().join("other.key")).unwrap(), made);
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("suppression.key");
        std::fs::write(&path, "short").unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert_eq!(error, "5 octets, a key has 32; put the file back from where it was kept");
        assert_eq!(std::fs::read(&path).unwrap(), b"short");
    }
}
