//! The certificate of the door while it is open: read again when somebody asks for it, and when its files are others.
//!
//! Programs that renew certificates write files and often tell nobody, so they are looked at every minute. A certificate and its
//! key are two files, and between the two writes they do not fit: what is found wrong at a look is an alarm only when it is still
//! wrong at the next one. Whatever is wrong, the door goes on with what it has.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::sync::{Mutex, watch};

use crate::actor::writer::{Handle, WriteError};
use crate::clock::{Clock, Timestamp};
use crate::config::TlsFiles;
use crate::http::tls::{Certificate, CertificateError, Tls};

/// Between two looks at the files.
const EVERY: Duration = Duration::from_secs(60);

/// Keeps the certificate of the door.
#[derive(Debug)]
pub(super) struct Keeper {
    tls: Tls,
    writer: Handle,
    clock: Clock,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    files: TlsFiles,
    /// How the files were when they were read last.
    stamp: Stamp,
    certificate: Certificate,
    /// The files were wrong when they were read last.
    is_wrong: bool,
    /// What the alarms say.
    told: Option<Alarms>,
}

/// What of two files changes when they are written anew: modification, inode and length; nothing of one that is not there.
type Stamp = [Option<(i64, i64, u64, u64)>; 2];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Alarms {
    is_refused: bool,
    ends_soon: bool,
}

impl Keeper {
    /// Reads the certificate for a door that is about to be opened. One that has ended is better than a gateway that does not
    /// start: it is shown, with an alarm.
    pub(super) async fn open(files: TlsFiles, writer: Handle, clock: Clock) -> Result<Self, CertificateError> {
        let (stamp, certificate) = read(files.clone()).await;
        let certificate = certificate?;
        let held = Held { files, stamp, certificate: certificate.clone(), is_wrong: false, told: None };
        let keeper = Self { tls: Tls::new(&certificate), writer, clock, held: Mutex::new(held) };
        keeper.tell(&mut *keeper.held.lock().await, false).await;
        Ok(keeper)
    }

    /// What the door greets with.
    pub(super) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// Somebody wants the certificate read again, perhaps from other files. If it cannot be used, everything stays as it was.
    pub(super) async fn renew(&self, files: TlsFiles) -> Result<(), CertificateError> {
        let mut held = self.held.lock().await;
        let (stamp, certificate) = read(files.clone()).await;
        match certificate.and_then(|new| self.take(&mut held, new)) {
            Ok(()) => {
                (held.files, held.stamp, held.is_wrong) = (files, stamp, false);
                self.tell(&mut held, false).await;
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "certificate not taken: that of before is shown");
                self.tell(&mut held, true).await;
                Err(error)
            }
        }
    }

    /// Looks at the files until the daemon stops.
    pub(super) async fn watch(&self, mut stop: watch::Receiver<bool>) {
        loop {
            // An answer means that the daemon stops, an error that it is gone.
            let stopped = tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_ok();
            if stopped {
                return;
            }
            self.look().await;
        }
    }

    async fn look(&self) {
        let mut held = self.held.lock().await;
        let files = held.files.clone();
        if !held.is_wrong && stamp(&files) == held.stamp {
            // It may have come near its end meanwhile.
            let is_refused = held.told.is_some_and(|told| told.is_refused);
            return self.tell(&mut held, is_refused).await;
        }
        let was_wrong = held.is_wrong;
        let (stamp, certificate) = read(files).await;
        held.stamp = stamp;
        match certificate.and_then(|new| self.take(&mut held, new)) {
            Ok(()) => {
                held.is_wrong = false;
                tracing::info!(ends_at = %held.certificate.ends_at(), "certificate read again: its files have changed");
                self.tell(&mut held, false).await;
            }
            Err(error) => {
                held.is_wrong = true;
                if was_wrong && !held.told.is_some_and(|told| told.is_refused) {
                    tracing::error!(%error, "certificate not taken: that of before is shown");
                }
                self.tell(&mut held, was_wrong).await;
            }
        }
    }

    /// Shows another certificate from now on. One that has ended does not stand for one that holds.
    fn take(&self, held: &mut Held, new: Certificate) -> Result<(), CertificateError> {
        let now = self.clock.now().utc;
        if new.has_ended(now) && !held.certificate.has_ended(now) {
            return Err(CertificateError::Ended { cert: held.files.cert.clone(), at: new.ends_at() });
        }
        self.tls.replace(&new);
        held.certificate = new;
        Ok(())
    }

    /// Raises and clears what there is to be told. Nothing is written while it stays as it is.
    async fn tell(&self, held: &mut Held, is_refused: bool) {
        let ends_soon = held.certificate.ends_soon(self.clock.now().utc);
        let now = Alarms { is_refused, ends_soon };
        if held.told == Some(now) {
            return;
        }
        let refused = is_refused.then(|| held.files.cert.display().to_string());
        let ends = ends_soon.then(|| held.certificate.ends_at());
        match told(&self.writer, refused, ends).await {
            Ok(()) => held.told = Some(now),
            // At the next look once more.
            Err(error) => tracing::error!(%error, "alarm not written"),
        }
    }
}

/// A door without a certificate has none that could be wrong.
pub(super) async fn none(writer: &Handle) -> Result<(), WriteError> {
    told(writer, None, None).await
}

async fn told(writer: &Handle, refused: Option<String>, ends: Option<Timestamp>) -> Result<(), WriteError> {
    writer.certificate_stands(refused, ends).await
}

/// The files and how they were just before, so that what changes while they are read is seen at the next look.
async fn read(files: TlsFiles) -> (Stamp, Result<Certificate, CertificateError>) {
    let cert = files.cert.clone();
    let read = move || (stamp(&files), Certificate::read(&files.cert, &files.key));
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|_panicked| {
        ([None, None], Err(CertificateError::Unusable { cert, problem: "reading it failed".to_owned() }))
    })
}

fn stamp(files: &TlsFiles) -> Stamp {
    let of = |file: &Path| {
        std::fs::metadata(file).ok().map(|file: Metadata| (file.mtime(), file.mtime_nsec(), file.ino(), file.len()))
    };
    [of(&files.cert), of(&files.key)]
}

#[cfg(test)]
mod tests;
