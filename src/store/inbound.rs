//! What modems receive: kept as it came before it is deleted from the SIM, and published when it is a text.

use rusqlite::params;

use crate::pdu::{Concat, DeliverTpdu, Direction, Pdu, StatusReportTpdu, Tpdu};
use crate::sms::lifecycle::Carrier;
use crate::sms::number::Sender;
use crate::sms::received::{Kind, Skipped, classify};

use super::StoreError;
use super::event::{About, EventKind};
use super::reply::{Answer, told};
use super::report::ReportRead;
use super::row::stored_number;
use super::work::{Fact, Work};

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
    /// Nothing for a person, or not to be decoded; its octets are kept.
    Other(Skipped),
}

/// A text about to be published.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) carrier: &'a Carrier,
    pub(super) sender: &'a Sender,
    pub(super) body: &'a str,
    /// How many parts of it there are.
    pub(super) parts: usize,
    /// Which there are not.
    pub(super) missing: &'a [u8],
    /// What was published of it before.
    pub(super) replaces: Option<i64>,
}

impl Work<'_> {
    /// Keeps a received PDU and publishes the text that it completes.
    pub fn receive(&mut self, carrier: &Carrier, octets: &[u8]) -> Result<Received, StoreError> {
        match Pdu::decode(octets, Direction::Mt).map(|pdu| pdu.tpdu) {
            Ok(Tpdu::StatusReport(report)) => self.receive_report(carrier, octets, &report),
            Ok(Tpdu::Deliver(deliver)) => match classify(&deliver) {
                Kind::Text(concat) => self.receive_text(carrier, octets, &deliver, concat),
                Kind::Other(skipped) => self.skip(carrier, octets, skipped, skipped.name()),
            },
            Ok(Tpdu::Submit(_)) => self.skip(carrier, octets, Skipped::Undecodable, "a SUBMIT"),
            Err(error) => self.skip(carrier, octets, Skipped::Undecodable, &error.to_string()),
        }
    }

    fn receive_report(
        &mut self,
        carrier: &Carrier,
        octets: &[u8],
        tpdu: &StatusReportTpdu,
    ) -> Result<Received, StoreError> {
        if !self.is_new_report(carrier.sim, octets)? {
            return Ok(Received::Duplicate);
        }
        let matched = self.report(&ReportRead::new(carrier.sim, tpdu))?;
        Ok(Received::Report { matched })
    }

    fn skip(
        &mut self,
        carrier: &Carrier,
        octets: &[u8],
        skipped: Skipped,
        remark: &str,
    ) -> Result<Received, StoreError> {
        if self.keep(carrier, octets, None, None, Some(remark))?.is_none() {
            return Ok(Received::Duplicate);
        }
        self.fact(Fact::Skipped(skipped));
        Ok(Received::Other(skipped))
    }

    fn receive_text(
        &mut self,
        carrier: &Carrier,
        octets: &[u8],
        deliver: &DeliverTpdu,
        concat: Option<Concat>,
    ) -> Result<Received, StoreError> {
        let sender = Sender::new(deliver.tp_oa.number());
        let seq = concat.map(|concat| concat.seq);
        let Some(key) = self.keep(carrier, octets, Some(&sender), seq, None)? else {
            return Ok(Received::Duplicate);
        };
        if let Some(concat) = concat {
            return self.receive_part(carrier, key, &sender, deliver, concat);
        }
        let body = deliver.user_data.text(deliver.tp_dcs).unwrap_or_default();
        let text = Text { carrier, sender: &sender, body: &body, parts: 1, missing: &[], replaces: None };
        let seq = self.publish(&text)?;
        self.conn.prepare_cached("UPDATE received SET inbound = ? WHERE key = ?")?.execute([seq, key])?;
        Ok(Received::Text(seq))
    }

    /// Stores the PDU; `None` when it is there already. Sender and TP-SCTS are in the octets, so they tell messages apart.
    fn keep(
        &mut self,
        carrier: &Carrier,
        octets: &[u8],
        sender: Option<&Sender>,
        seq: Option<u8>,
        remark: Option<&str>,
    ) -> Result<Option<i64>, StoreError> {
        let inserted = self
            .conn
            .prepare_cached(
                "INSERT INTO received (at, sim, modem, pdu, sender, seq, remark)
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sim, pdu) DO NOTHING",
            )?
            .execute(params![
                self.now.as_millis(),
                carrier.sim.0,
                carrier.modem.as_str(),
                octets,
                sender.map(Sender::as_str),
                seq,
                remark,
            ])?;
        Ok((inserted > 0).then(|| self.conn.last_insert_rowid()))
    }

    /// Makes a text known. Returns its number.
    pub(super) fn publish(&mut self, text: &Text<'_>) -> Result<i64, StoreError> {
        let Text { carrier, sender, .. } = *text;
        let tie = self.tie(sender, carrier.sim)?;
        let missing = (!text.missing.is_empty()).then(|| serde_json::json!(text.missing).to_string());
        self.conn
            .prepare_cached(
                "INSERT INTO inbound (at, sender, sim, modem, text, parts, message, number, missing, replaces)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.now.as_millis(),
                sender.as_str(),
                carrier.sim.0,
                carrier.modem.as_str(),
                text.body,
                text.parts,
                tie.message.map(|message| message.0),
                tie.number.map(stored_number),
                missing,
                text.replaces,
            ])?;
        let seq = self.conn.last_insert_rowid();
        let understood = self.understand(seq, text.body, tie)?;
        let mut data = serde_json::json!({ "inbound": seq, "parts": text.parts });
        if let Some(data) = data.as_object_mut() {
            if !text.missing.is_empty() {
                data.insert("missing".to_owned(), text.missing.into());
            }
            if let Some(replaces) = text.replaces {
                data.insert("replaces".to_owned(), replaces.into());
            }
        }
        if let (Some(data), Some(understood)) = (data.as_object_mut(), &understood) {
            data.insert("understood".to_owned(), told(understood));
        }
        let about = About {
            message: tie.message,
            modem: Some(carrier.modem.as_str()),
            sim: Some(carrier.sim),
            data: Some(data.to_string()),
            ..About::default()
        };
        let kind = if text.missing.is_empty() { EventKind::InboundReceived } else { EventKind::InboundPartial };
        self.event(kind, &about)?;
        let intents = understood.as_ref().map(|understood| understood.intents.clone()).unwrap_or_default();
        if text.replaces.is_none() {
            self.fact(Fact::Received(intents));
        }
        if let (Some(understood), Some(number)) = (understood, tie.number) {
            self.follow(&Answer { seq, number, message: tie.message, sim: carrier.sim }, &understood)?;
        }
        self.told_by_text(carrier.sim, sender, text.body)?;
        Ok(seq)
    }
}
