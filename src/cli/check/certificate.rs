//! The certificate of the API as `check` sees it.

use crate::clock::Timestamp;
use crate::config::TlsFiles;
use crate::http::tls::Certificate;

use super::Line;

/// Whether it can be used, and for how long.
pub(super) fn examine(files: &TlsFiles, now: Timestamp) -> Line {
    let subject = files.cert.display();
    match Certificate::read(&files.cert, &files.key) {
        Err(error) => Line::bad("certificate", &subject, format!("failed to {error}")),
        Ok(certificate) => {
            let ends = certificate.ends_at();
            match (certificate.has_ended(now), certificate.ends_soon(now)) {
                (true, _) => Line::bad("certificate", &subject, format!("ended on {ends}; put another in its place")),
                (false, true) => {
                    Line::warning("certificate", &subject, format!("ends soon, on {ends}; put another in its place"))
                }
                (false, false) => Line::good("certificate", &subject, format!("fits its key and holds until {ends}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;

    fn check(cert: &str, key: &str, mode: u32, now: &str, expected: (bool, bool, &str)) {
        let folder = tempfile::tempdir().unwrap();
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        std::fs::copy(data.join(cert), &files.cert).unwrap();
        std::fs::copy(data.join(key), &files.key).unwrap();
        std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(mode)).unwrap();
        let line = examine(&files, now.parse().unwrap());
        let says = line.says.replace(folder.path().to_str().unwrap(), "");
        assert_eq!((line.is_ok, line.is_warning, says.as_str()), expected, "{cert} {key} {mode:o} {now}");
    }

    #[test]
    fn everything_that_a_door_would_stumble_over_is_found() {
        const NOW: &str = "2026-11-24T13:00:00Z";
        let good = "fits its key and holds until 2030-03-01T00:00:00.000Z";
        check("short.pem", "short.key", 0o640, NOW, (true, false, good));
        let mismatch = "failed to use /key.pem with /cert.pem: the key does not fit the certificate";
        check("short.pem", "localhost.key", 0o600, NOW, (false, false, mismatch));
        let exposed = "failed to trust /key.pem: everybody may read it (mode 0644); run chmod 640 on it";
        check("short.pem", "short.key", 0o644, NOW, (false, false, exposed));
        let rubbish = "failed to find a certificate in /cert.pem: expected PEM with -----BEGIN CERTIFICATE-----";
        check("README.md", "short.key", 0o600, NOW, (false, false, rubbish));
        let soon = "ends soon, on 2030-03-01T00:00:00.000Z; put another in its place";
        check("short.pem", "short.key", 0o600, "2030-02-20T00:00:00Z", (true, true, soon));
        let ended = "ended on 2030-03-01T00:00:00.000Z; put another in its place";
        check("short.pem", "short.key", 0o600, "2030-03-01T00:00:00Z", (false, false, ended));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let files = TlsFiles { cert: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() };
        let line = examine(&files, Timestamp::from_millis(0));
        assert_eq!((line.is_ok, line.says.as_str()), (false, "failed to read /nowhere/cert.pem: entity not found"));
    }
}
