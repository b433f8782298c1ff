//! Calls, which are hung up on at once and kept: who calls back wants to be called, or written to.

use rusqlite::params;

use crate::clock::Timestamp;
use crate::sms::id::MessageId;
use crate::sms::lifecycle::Carrier;
use crate::sms::number::Sender;

use super::StoreError;
use super::event::{About, EventKind};
use super::tie::Tie;
use super::work::Work;

/// A call as readers see it.
#[derive(Debug, Clone)]
pub struct CallView {
    /// Its number.
    pub seq: i64,
    /// When it was hung up on.
    pub at: Timestamp,
    /// Who called; `None` where the network did not show it.
    pub from: Option<Sender>,
    /// The SIM that was called, by name or ICCID.
    pub to_sim: String,
    /// The modem that it was in.
    pub modem: String,
    /// The last message to the caller.
    pub message: Option<MessageId>,
    /// The debtor of that message.
    pub debtor: Option<String>,
}

impl Work<'_> {
    /// Somebody called and was hung up on.
    pub fn call(&mut self, carrier: &Carrier, from: Option<&Sender>) -> Result<(), StoreError> {
        let tie = from.map_or(Ok(Tie::default()), |from| self.tie(from, carrier.sim))?;
        self.conn
            .prepare_cached("INSERT INTO call (at, caller, sim, modem, message) VALUES (?, ?, ?, ?, ?)")?
            .execute(params![
                self.now.as_millis(),
                from.map(Sender::as_str),
                carrier.sim.0,
                carrier.modem.as_str(),
                tie.message.map(|message| message.0),
            ])?;
        let data = Some(format!("{{\"call\":{}}}", self.conn.last_insert_rowid()));
        let about = About {
            message: tie.message,
            modem: Some(carrier.modem.as_str()),
            sim: Some(carrier.sim),
            data,
            ..About::default()
        };
        self.event(EventKind::InboundCall, &about)
    }
}
