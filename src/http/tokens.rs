//! Tokens: 32 random octets, of which the database keeps the SHA-256.
//!
//! All tokens are kept in memory and read again when one was made or revoked, which happens through this door alone.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;

use crate::actor::writer::{Handle, WriteError};
use crate::clock::{Clock, Timestamp};
use crate::store::StoreError;
use crate::store::reader::Reader;
use crate::store::token::NewToken;
use crate::store::view::TokenView;

use super::LOCAL;
use super::auth::{Grant, Scope, TokenKey};
use super::problem::{Kind, Problem};

/// Says what a secret is where it turns up.
const PREFIX: &str = "rcd_";

/// Use of a token is noted no more often than this.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// No wait for an expiry is longer than this, so that a jump of the civil clock is noticed.
const LOOK: Duration = Duration::from_secs(30);

/// The file beside the database that holds the first token.
const ADMIN_FILE: &str = "admin.token";

/// A new secret: what the caller is shown once, and what is stored.
pub(super) struct Secret {
    pub(super) text: String,
    pub(super) hash: [u8; 32],
}

impl Secret {
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut octets = [0; 32];
        getrandom::fill(&mut octets)?;
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(octets));
        let hash = hash(&text);
        Ok(Self { text, hash })
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// The tokens that are valid, or were until they expired.
#[derive(Debug)]
pub(super) struct Tokens {
    known: RwLock<Vec<Known>>,
    /// Says that they were read again.
    changed: watch::Sender<()>,
    local: Arc<Grant>,
    /// Held from reading the rows until they are known, so that a slower reading never replaces a later one.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Known {
    key: TokenKey,
    hash: [u8; 32],
    grant: Arc<Grant>,
    expires_at: Option<Timestamp>,
    /// In milliseconds.
    noted_at: AtomicI64,
}

impl Tokens {
    pub(super) fn read(reader: &Reader) -> Result<Self, StoreError> {
        let known = RwLock::new(known(reader.tokens()?));
        let (changed, local) = (watch::Sender::new(()), Arc::new(Grant::everything(LOCAL)));
        Ok(Self { known, changed, local, reading: tokio::sync::Mutex::default() })
    }

    /// A token was revoked: it ends here whether or not the rows can be read again.
    pub(super) async fn revoked(&self, key: TokenKey) {
        self.ends(key, None).await;
    }

    /// A token was replaced and goes on until a time, whether or not the rows can be read again.
    pub(super) async fn replaced(&self, key: TokenKey, ends_at: Timestamp) {
        self.ends(key, Some(ends_at)).await;
    }

    async fn ends(&self, key: TokenKey, at: Option<Timestamp>) {
        // Rows that were read before the commit do not come after this.
        let _reading = self.reading.lock().await;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match at {
            None => known.retain(|token| token.key != key),
            Some(at) => {
                let ends = known.iter_mut().filter(|token| token.key == key);
                ends.for_each(|token| token.expires_at = Some(token.expires_at.map_or(at, |before| before.min(at))));
            }
        }
        drop(known);
        self.changed.send_replace(());
    }

    /// Reads them again after one was made.
    pub(super) async fn refresh(&self, site: &super::Site) -> Result<(), Problem> {
        let _reading = self.reading.lock().await;
        let fresh = known(site.read(Reader::tokens).await?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.changed.send_replace(());
        Ok(())
    }

    /// The client of the Unix socket.
    pub(super) fn local(&self) -> Arc<Grant> {
        Arc::clone(&self.local)
    }

    /// Whose secret this is. Notes the use.
    pub(super) fn authenticate(
        &self,
        secret: &str,
        now: Timestamp,
        writer: &Handle,
    ) -> Result<(TokenKey, Arc<Grant>), Problem> {
        let hash = hash(secret);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let token = known
            .iter()
            .find(|token| bool::from(token.hash.ct_eq(&hash)))
            .ok_or_else(|| Problem::new(Kind::Unauthorized, "this token is not known, or was revoked"))?;
        if token.expires_at.is_some_and(|at| at <= now) {
            return Err(Problem::new(Kind::Unauthorized, "this token has expired"));
        }
        token.note(now, writer);
        Ok((token.key, Arc::clone(&token.grant)))
    }

    /// The token of a row while it holds, with the hash of its secret. Notes the use.
    pub(super) fn resume(&self, key: TokenKey, now: Timestamp, writer: &Handle) -> Option<([u8; 32], Arc<Grant>)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let token = known.iter().find(|token| token.key == key)?;
        token.expires_at.is_none_or(|at| at > now).then(|| {
            token.note(now, writer);
            (token.hash, Arc::clone(&token.grant))
        })
    }

    /// Waits until a token is revoked or has expired, for answers that go on for as long as somebody reads them.
    pub(super) async fn ended(&self, key: TokenKey, clock: &Clock) {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let left = self.left(key, clock.now().utc);
            if left.is_zero() {
                return;
            }
            // Whichever comes first, the token is looked at again. The sender of changes lives as long as we do.
            if left == Duration::MAX {
                drop(changed.changed().await);
            } else {
                drop(tokio::time::timeout(left.min(LOOK), changed.changed()).await);
            }
        }
    }

    /// How long a token holds: no time when it is gone or has expired, [`Duration::MAX`] when it never expires.
    fn left(&self, key: TokenKey, now: Timestamp) -> Duration {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let token = known.iter().find(|token| token.key == key);
        token.map_or(Duration::ZERO, |token| token.expires_at.map_or(Duration::MAX, |at| at.saturating_since(now)))
    }
}

impl Known {
    fn note(&self, now: Timestamp, writer: &Handle) {
        let last = self.noted_at.load(Ordering::Relaxed);
        if now.saturating_since(Timestamp::from_millis(last)) < NOTED_EVERY {
            return;
        }
        // Of requests at the same time, one notes it.
        if self.noted_at.compare_exchange(last, now.as_millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            writer.touch_token(self.key.0);
        }
    }
}

fn known(views: Vec<TokenView>) -> Vec<Known> {
    views
        .into_iter()
        .filter(|view| view.revoked_at.is_none())
        .map(|view| Known {
            key: TokenKey(view.key),
            hash: view.hash,
            expires_at: view.expires_at,
            noted_at: AtomicI64::new(view.last_used.map_or(i64::MIN, Timestamp::as_millis)),
            grant: Arc::new(Grant {
                client: view.client,
                scopes: view.scopes.iter().filter_map(|name| Scope::from_name(name)).collect(),
                creditors: view.creditors.into(),
            }),
        })
        .collect()
}

/// Why there is no first token.
#[derive(Debug, thiserror::Error)]
pub enum AdminTokenError {
    /// The system gives no randomness.
    #[error("no randomness for the first token: {0}")]
    Random(getrandom::Error),
    /// The file could not be written.
    #[error("could not write {}: {error}", .path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The token could not be stored.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Makes the first token, unless one was ever made, and writes it to `admin.token` in `folder`, readable by the owner
/// alone. It may do everything. Returns the file if it was written.
pub async fn ensure_admin_token(writer: &Handle, folder: &Path) -> Result<Option<PathBuf>, AdminTokenError> {
    if writer.has_tokens().await? {
        return Ok(None);
    }
    let secret = Secret::random().map_err(AdminTokenError::Random)?;
    // The file first: a token that is stored and was never written down would be lost for good, while a file whose
    // token is not stored is replaced at the next start.
    let path = folder.join(ADMIN_FILE);
    write_secret(&path, folder, &secret.text).map_err(|error| AdminTokenError::File { path: path.clone(), error })?;
    let scopes = Scope::ALL.map(|scope| scope.name().to_owned()).to_vec();
    let token =
        NewToken { hash: secret.hash, client: "admin".to_owned(), scopes, creditors: Vec::new(), expires_at: None };
    writer.create_token(token).await?;
    Ok(Some(path))
}

/// Temporary files are made with mode 0600 and renamed into place, so that nobody ever sees half of it.
fn write_secret(path: &Path, folder: &Path, secret: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{secret}")?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(folder)?.sync_all()
}
