//! The certificate of the door and its key: two files in PEM (RFC 7468), read and held against each other.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{self, ServerConfig};
use x509_cert::der::Decode as _;

use crate::clock::Timestamp;

/// Whoever must renew a certificate by hand is told so long before.
const ENDS_SOON: Duration = Duration::from_secs(14 * 86_400);

/// A chain of certificates has a few thousand octets.
const FILE_MAX: u64 = 1024 * 1024;

/// Permission of everybody to read.
const WORLD_READABLE: u32 = 0o004;

/// The only protocol that is spoken here.
const HTTP_1_1: &[u8] = b"http/1.1";

/// A certificate with the key that fits it.
#[derive(Debug, Clone)]
pub struct Certificate {
    config: Arc<ServerConfig>,
    ends_at: Timestamp,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("read {file}: {kind}")]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// The system's word.
        kind: ErrorKind,
    },
    /// Everybody on this host can read the key.
    #[error("trust {file}: everybody may read it (mode {mode:04o}); run chmod 640 on it")]
    Exposed {
        /// The file of the key.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// No certificate is in the file.
    #[error("find a certificate in {file}: expected PEM with -----BEGIN CERTIFICATE-----")]
    NoCertificate {
        /// Which.
        file: PathBuf,
    },
    /// No key is in the file.
    #[error("find a key in {file}: expected PEM with one key that has no passphrase")]
    NoKey {
        /// Which.
        file: PathBuf,
    },
    /// The key belongs to another certificate.
    #[error("use {key} with {cert}: the key does not fit the certificate")]
    Mismatch {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// It is over, and the one that is shown is not.
    #[error("use {cert}: it ended on {at}")]
    Ended {
        /// The file of the certificate.
        cert: PathBuf,
        /// When.
        at: Timestamp,
    },
    /// What is in the files cannot be used.
    #[error("use {cert}: {problem}")]
    Unusable {
        /// The file of the certificate.
        cert: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl Certificate {
    /// Reads a chain, the door's own certificate first, and its key.
    pub fn read(cert: &Path, key: &Path) -> Result<Self, CertificateError> {
        let chain = chain(cert)?;
        let secret = secret(key)?;
        let unusable = |problem: String| CertificateError::Unusable { cert: cert.to_owned(), problem };
        let ends_at = chain.first().and_then(ends_at).ok_or_else(|| unusable("not an X.509 certificate".to_owned()))?;
        let provider = Arc::new(ring::default_provider());
        let certified = CertifiedKey::from_der(chain, secret, &provider).map_err(|error| {
            if matches!(error, rustls::Error::InconsistentKeys(_)) {
                CertificateError::Mismatch { cert: cert.to_owned(), key: key.to_owned() }
            } else {
                unusable(error.to_string())
            }
        })?;
        let config = server_config(provider, certified).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { config: config.into(), ends_at })
    }

    /// Until when it is valid.
    pub fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// Whether it is over.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.ends_at <= now
    }

    /// Whether somebody should see to another one.
    pub fn ends_soon(&self, now: Timestamp) -> bool {
        self.ends_at <= now + ENDS_SOON
    }

    /// What connections are greeted with.
    pub(super) fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

fn server_config(provider: Arc<CryptoProvider>, certified: CertifiedKey) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(config)
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let octets = octets(file)?;
    let missing = || CertificateError::NoCertificate { file: file.to_owned() };
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&octets).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(missing)
}

fn secret(file: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let unreadable = |error: io::Error| CertificateError::Unreadable { file: file.to_owned(), kind: error.kind() };
    let mode = std::fs::metadata(file).map_err(unreadable)?.permissions().mode() & 0o7777;
    if mode & WORLD_READABLE != 0 {
        return Err(CertificateError::Exposed { file: file.to_owned(), mode });
    }
    // What is wrong with it is not told: it would quote the key.
    PrivateKeyDer::from_pem_slice(&octets(file)?).ok().ok_or_else(|| CertificateError::NoKey { file: file.to_owned() })
}

/// A file, or as much of it as a chain could have: whatever is named there, memory is not filled with it.
fn octets(file: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |error: io::Error| CertificateError::Unreadable { file: file.to_owned(), kind: error.kind() };
    let mut octets = Vec::new();
    File::open(file).map_err(unreadable)?.take(FILE_MAX).read_to_end(&mut octets).map_err(unreadable)?;
    Ok(octets)
}

/// RFC 5280, 4.1.2.5. A time that does not fit is later than any that matters.
fn ends_at(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let ends = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    Some(Timestamp::from_millis(i64::try_from(ends.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
    }

    /// Files for a test: the key is its owner's alone, as it must be.
    fn files(folder: &Path, cert: &[u8], key: &[u8]) -> (PathBuf, PathBuf) {
        let (cert_at, key_at) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&cert_at, cert).unwrap();
        std::fs::write(&key_at, key).unwrap();
        std::fs::set_permissions(&key_at, std::fs::Permissions::from_mode(0o600)).unwrap();
        (cert_at, key_at)
    }

    fn read(cert: &[u8], key: &[u8]) -> Result<Certificate, String> {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = files(folder.path(), cert, key);
        let shown = |error: CertificateError| error.to_string().replace(folder.path().to_str().unwrap(), "");
        Certificate::read(&cert, &key).map_err(shown)
    }

    fn pem(name: &str) -> Vec<u8> {
        std::fs::read(data(name)).unwrap()
    }

    #[test]
    fn a_certificate_and_its_key_are_read_with_their_end() {
        let short = read(&pem("short.pem"), &pem("short.key")).unwrap();
        let at = |time: &str| time.parse().unwrap();
        assert_eq!(short.ends_at(), at("2030-03-01T00:00:00Z"));
        assert!(!short.has_ended(at("2030-02-10T00:00:00Z")) && !short.ends_soon(at("2030-02-10T00:00:00Z")));
        assert!(short.ends_soon(at("2030-02-20T00:00:00Z")) && !short.has_ended(at("2030-02-20T00:00:00Z")));
        assert!(short.has_ended(at("2030-03-01T00:00:00Z")));
        assert!(read(&pem("localhost.pem"), &pem("localhost.key")).is_ok());
    }

    #[test]
    fn whatever_is_wrong_with_the_files_is_told_without_quoting_them() {
        let (good, key) = (pem("localhost.pem"), pem("localhost.key"));
        let half = good.get(..good.len() / 2).unwrap();
        for (cert, key, expected) in [
            (&b""[..], &key[..], "find a certificate in /cert.pem: expected PEM with -----BEGIN CERTIFICATE-----"),
            (half, &key, "find a certificate in /cert.pem: expected PEM with -----BEGIN CERTIFICATE-----"),
            (&key, &key, "find a certificate in /cert.pem: expected PEM with -----BEGIN CERTIFICATE-----"),
            (&good, &good, "find a key in /key.pem: expected PEM with one key that has no passphrase"),
            (&good, b"secret", "find a key in /key.pem: expected PEM with one key that has no passphrase"),
            (&good, &pem("short.key"), "use /key.pem with /cert.pem: the key does not fit the certificate"),
            (
                b"-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n",
                &key,
                "use /cert.pem: not an X.509 certificate",
            ),
        ] {
            assert_eq!(read(cert, key).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_key_that_everybody_may_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = files(folder.path(), &pem("localhost.pem"), &pem("localhost.key"));
        for (mode, is_used) in [(0o644, false), (0o604, false), (0o640, true), (0o400, true)] {
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(Certificate::read(&cert, &key).is_ok(), is_used, "{mode:o}");
        }
        let error = Certificate::read(&cert, &folder.path().join("none")).unwrap_err();
        assert!(matches!(error, CertificateError::Unreadable { kind: ErrorKind::NotFound, .. }), "{error}");
    }

    #[test]
    fn a_file_without_an_end_is_read_so_far() {
        let folder = tempfile::tempdir().unwrap();
        let (_, key) = files(folder.path(), b"", &pem("localhost.key"));
        let error = Certificate::read(Path::new("/dev/zero"), &key).unwrap_err();
        assert!(matches!(error, CertificateError::NoCertificate { .. }), "{error}");
    }
}
