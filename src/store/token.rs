//! Tokens of the HTTP door: stored as hashes.

use rusqlite::params;

use crate::clock::Timestamp;

use super::StoreError;
use super::work::Work;

/// A token about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// The client that it speaks for.
    pub client: String,
    /// `send`, `read`, `text`, `pii`, `manage`, `admin`.
    pub scopes: Vec<String>,
    /// Creditors that it is limited to; empty for all.
    pub creditors: Vec<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// A token about to take the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The row of the one before.
    pub before: i64,
    /// When that one ends, unless it ends earlier by itself.
    pub ends_at: Timestamp,
    /// The new one.
    pub token: NewToken,
}

impl Work<'_> {
    /// Stores a token. Returns its row.
    pub fn create_token(&mut self, token: &NewToken) -> Result<i64, StoreError> {
        let creditors = if token.creditors.is_empty() { None } else { serde_json::to_string(&token.creditors).ok() };
        self.conn
            .prepare_cached(
                "INSERT INTO token (hash, client, scopes, creditors, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                token.hash,
                token.client,
                token.scopes.join(" "),
                creditors,
                self.now.as_millis(),
                token.expires_at.map(Timestamp::as_millis),
            ])?;
        Ok(self.conn.last_insert_rowid())
    }

    /// Stores a token in place of another, which ends at its time: at once if that is over. Returns its row; `None`, and
    /// nothing is stored, when there is none to replace.
    pub fn rotate_token(&mut self, rotation: &Rotation) -> Result<Option<i64>, StoreError> {
        let Rotation { before, ends_at, token } = rotation;
        if *ends_at <= self.now {
            return if self.revoke_token(*before)? { self.create_token(token).map(Some) } else { Ok(None) };
        }
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE token SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE key = ?2 AND revoked_at IS NULL",
            )?
            .execute(params![ends_at.as_millis(), before])?;
        if changed == 0 { Ok(None) } else { self.create_token(token).map(Some) }
    }

    /// Revokes a token. False when there is no such token that is not revoked.
    pub fn revoke_token(&mut self, key: i64) -> Result<bool, StoreError> {
        let changed = self
            .conn
            .prepare_cached("UPDATE token SET revoked_at = ? WHERE key = ? AND revoked_at IS NULL")?
            .execute(params![self.now.as_millis(), key])?;
        Ok(changed > 0)
    }

    /// Notes that a token was used.
    pub fn touch_token(&mut self, key: i64) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("UPDATE token SET last_used = ? WHERE key = ?")?
            .execute(params![self.now.as_millis(), key])?;
        Ok(())
    }

    /// Whether any token was ever made.
    pub fn has_tokens(&self) -> Result<bool, StoreError> {
        Ok(self.conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM token)")?.query_row([], |row| row.get(0))?)
    }
}
