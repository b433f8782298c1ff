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
    /// `send`, `read`, `pii`, `manage`.
    pub scopes: Vec<String>,
    /// Creditors that it is limited to; empty for all.
    pub creditors: Vec<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
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
