//! Secrets that a service manager hands to a service as files: `credential:NAME` in place of a path.

use std::path::{Path, PathBuf};

/// What the name of a credential follows (systemd.exec(5), `LoadCredential=`).
const CREDENTIAL: &str = "credential:";

/// It is a credential of a service, and this process is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("find the credential: it is there for the service only, by LoadCredential of its unit")]
pub struct NotAService;

/// The file of a path, or of the credential that is named so.
pub(super) fn locate(path: &Path, credentials: Option<&Path>) -> Result<PathBuf, NotAService> {
    match path.to_str().and_then(|path| path.strip_prefix(CREDENTIAL)) {
        Some(name) => Ok(credentials.ok_or(NotAService)?.join(name)),
        None => Ok(path.to_owned()),
    }
}
