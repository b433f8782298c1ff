//! What modems receive: kept as it came before it is deleted from the SIM, joined when all parts are there.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use crate::pdu::{Concat, DeliverTpdu, Direction, Pdu, Tpdu};
use crate::sms::id::{MessageKey, SimKey};
use crate::sms::lifecycle::Carrier;
use crate::sms::number::{PhoneNumber, Sender};
use crate::sms::received::{Kind, classify};
use crate::sms::segment::join;
use crate::sms::tp_status::TpStatus;

use super::StoreError;
use super::event::{About, EventKind};
use super::row::stored_number;
use super::work::{Fact, Work};

/// The row of a received part and its octets.
type StoredPart = (i64, Vec<u8>);

/// A reference comes back after 256 messages, so parts of one text are younger than this.
const PARTS_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// What a received PDU turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// A whole text, published under this number.
    Text(i64),
    /// A part of a text that is not complete.
    Part,
    /// A status report; whether it was tied to a submission.
    Report {
        /// Whether a submission was found.
        matched: bool,
    },
    /// Seen before: it was stored but not yet deleted from the SIM.
    Duplicate,
    /// Nothing for a person; the word says what.
    Other(&'static str),
    /// It could not be decoded; its octets are kept.
    Undecodable,
}

impl Work<'_> {
    /// Keeps a received PDU and publishes the text that it completes.
    pub fn receive(&mut self, carrier: &Carrier, octets: &[u8]) -> Result<Received, StoreError> {
        match Pdu::decode(octets, Direction::Mt).map(|pdu| pdu.tpdu) {
            Ok(Tpdu::StatusReport(report)) => {
                let recipient = Sender::new(report.tp_ra.number());
                let matched = self.report(carrier.sim, report.tp_mr, &recipient, TpStatus(report.tp_st))?;
                Ok(Received::Report { matched })
            }
            Ok(Tpdu::Deliver(deliver)) => match classify(&deliver) {
                Kind::Text(concat) => self.receive_text(carrier, octets, &deliver, concat),
                Kind::Other(what) => {
                    let new = self.keep(carrier, octets, None, None, Some(what))?;
                    Ok(if new.is_some() { Received::Other(what) } else { Received::Duplicate })
                }
            },
            Ok(Tpdu::Submit(_)) => self.keep_undecodable(carrier, octets, "a SUBMIT"),
            Err(error) => self.keep_undecodable(carrier, octets, &error.to_string()),
        }
    }

    fn keep_undecodable(&mut self, carrier: &Carrier, octets: &[u8], why: &str) -> Result<Received, StoreError> {
        let new = self.keep(carrier, octets, None, None, Some(why))?;
        Ok(if new.is_some() { Received::Undecodable } else { Received::Duplicate })
    }

    fn receive_text(
        &mut self,
        carrier: &Carrier,
        octets: &[u8],
        deliver: &DeliverTpdu,
        concat: Option<Concat>,
    ) -> Result<Received, StoreError> {
        let sender = Sender::new(deliver.tp_oa.number());
        let Some(key) = self.keep(carrier, octets, Some(&sender), concat, None)? else {
            return Ok(Received::Duplicate);
        };
        let parts = match concat {
            None => vec![(key, octets.to_vec())],
            Some(concat) => match self.complete_set(carrier.sim, &sender, concat)? {
                Some(parts) => parts,
                None => return Ok(Received::Part),
            },
        };
        let delivers: Vec<DeliverTpdu> = parts.iter().filter_map(|(_, octets)| decode_deliver(octets)).collect();
        let text = join(delivers.iter().map(|d| (&d.user_data, d.tp_dcs))).unwrap_or_default();
        let seq = self.publish(carrier, &sender, &text, parts.len())?;
        for (key, _) in &parts {
            self.conn.prepare_cached("UPDATE received SET inbound = ? WHERE key = ?")?.execute([seq, *key])?;
        }
        Ok(Received::Text(seq))
    }

    /// Stores the PDU; `None` when it is there already.
    fn keep(
        &mut self,
        carrier: &Carrier,
        octets: &[u8],
        sender: Option<&Sender>,
        concat: Option<Concat>,
        remark: Option<&str>,
    ) -> Result<Option<i64>, StoreError> {
        let inserted = self
            .conn
            .prepare_cached(
                "INSERT INTO received (at, sim, modem, pdu, sender, concat_ref, concat_bits, total, seq, remark)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sim, pdu) DO NOTHING",
            )?
            .execute(params![
                self.now.as_millis(),
                carrier.sim.0,
                carrier.modem.as_str(),
                octets,
                sender.map(Sender::as_str),
                concat.map(|c| c.reference),
                concat.map(|c| c.bits),
                concat.map(|c| c.total),
                concat.map(|c| c.seq),
                remark,
            ])?;
        Ok((inserted > 0).then(|| self.conn.last_insert_rowid()))
    }

    /// All parts of a text in order, when they are there.
    fn complete_set(
        &self,
        sim: SimKey,
        sender: &Sender,
        concat: Concat,
    ) -> Result<Option<Vec<StoredPart>>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT seq, key, pdu FROM received WHERE sim = ? AND sender = ? AND concat_ref = ? AND total = ?
             AND concat_bits = ? AND inbound IS NULL AND total IS NOT NULL AND at > ? ORDER BY seq, key",
        )?;
        let since = self.now - PARTS_WITHIN;
        let mut rows = statement.query(params![
            sim.0,
            sender.as_str(),
            concat.reference,
            concat.total,
            concat.bits,
            since.as_millis(),
        ])?;
        let mut parts: Vec<(u8, i64, Vec<u8>)> = Vec::new();
        while let Some(row) = rows.next()? {
            let seq = row.get(0)?;
            // A part that was sent twice with another time stamp counts once.
            if parts.last().is_none_or(|(last, ..)| *last != seq) {
                parts.push((seq, row.get(1)?, row.get(2)?));
            }
        }
        let complete = parts.len() == usize::from(concat.total);
        Ok(complete.then(|| parts.into_iter().map(|(_, key, octets)| (key, octets)).collect()))
    }

    fn publish(&mut self, carrier: &Carrier, sender: &Sender, text: &str, parts: usize) -> Result<i64, StoreError> {
        let number = PhoneNumber::parse(sender.as_str(), self.settings.country).ok().map(stored_number);
        let message = number.map_or(Ok(None), |number| self.answered_message(number))?;
        self.conn
            .prepare_cached(
                "INSERT INTO inbound (at, sender, sim, modem, text, parts, message, number)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.now.as_millis(),
                sender.as_str(),
                carrier.sim.0,
                carrier.modem.as_str(),
                text,
                parts,
                message.map(|m| m.0),
                number,
            ])?;
        let seq = self.conn.last_insert_rowid();
        let about = About {
            message,
            modem: Some(carrier.modem.as_str()),
            sim: Some(carrier.sim),
            data: Some(format!("{{\"inbound\":{seq},\"parts\":{parts}}}")),
            ..About::default()
        };
        self.event(EventKind::InboundReceived, &about)?;
        self.fact(Fact::Received);
        self.told_by_text(carrier.sim, sender, text)?;
        Ok(seq)
    }

    /// The last message to this number: what the text most likely answers.
    fn answered_message(&self, number: i64) -> Result<Option<MessageKey>, StoreError> {
        let last = self
            .conn
            .prepare_cached("SELECT key FROM message WHERE recipient = ? AND parts_sent > 0 ORDER BY key DESC LIMIT 1")?
            .query_row([number], |row| row.get(0).map(MessageKey))
            .optional()?;
        Ok(last)
    }
}

fn decode_deliver(octets: &[u8]) -> Option<DeliverTpdu> {
    match Pdu::decode(octets, Direction::Mt).ok()?.tpdu {
        Tpdu::Deliver(deliver) => Some(deliver),
        Tpdu::Submit(_) | Tpdu::StatusReport(_) => None,
    }
}
