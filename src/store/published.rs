//! Heads of both chains as they are published day by day, and holding a database against those that somebody kept elsewhere:
//! whoever can write the database can compute a chain anew, but not what has left the house.
//!
//! A line is `TIME SEQ:HEX audit SEQ:HEX`; without a chained event it has `-` in its place, and lines of before the audit's head was
//! published end there.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension as _};

use crate::clock::Timestamp;

use super::chain::{ChainHash, Head};
use super::verify::{Flaw, Look};
use super::{OpenError, StoreError, schema};

/// What stands before the head of the audit.
const AUDIT: &str = "audit";

/// In place of a head that there is not.
const NONE: &str = "-";

/// The heads of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// When they were published.
    pub at: Timestamp,
    /// The end of the chain over the events.
    pub events: Option<Head>,
    /// The end of the chain over the audit.
    pub audit: Option<Head>,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.at)?;
        match self.events {
            Some(head) => write!(f, " {head}")?,
            None => write!(f, " {NONE}")?,
        }
        self.audit.map_or(Ok(()), |head| write!(f, " {AUDIT} {head}"))
    }
}

/// The text is no line of heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a line of heads (TIME SEQ:HEX audit SEQ:HEX)")]
pub struct PublishedError;

impl FromStr for Published {
    type Err = PublishedError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let mut words = line.split_whitespace();
        let mut next = || words.next();
        let at = next().and_then(|at| at.parse().ok()).ok_or(PublishedError)?;
        let head = |word: &str| word.parse::<Head>().or(Err(PublishedError));
        let events = match next().ok_or(PublishedError)? {
            NONE => None,
            word => Some(head(word)?),
        };
        let audit = match (next(), next()) {
            (None, None) => None,
            (Some(AUDIT), Some(word)) => Some(head(word)?),
            _ => return Err(PublishedError),
        };
        next().is_none().then_some(Self { at, events, audit }).ok_or(PublishedError)
    }
}

/// A chain with what is kept of its beginning.
struct Chain {
    look: Look,
    entry: &'static str,
    hash: &'static str,
    cut: &'static str,
}

const EVENTS: Chain = Chain {
    look: Look::Events,
    entry: "event",
    hash: "SELECT hash FROM event WHERE seq = ?",
    cut: "SELECT seq, hash FROM event_cut ORDER BY seq DESC LIMIT 1",
};

const ENTRIES: Chain = Chain {
    look: Look::Audit,
    entry: "entry",
    hash: "SELECT hash FROM audit WHERE seq = ?",
    cut: "SELECT seq, hash FROM audit_cut ORDER BY seq DESC LIMIT 1",
};

impl Chain {
    /// What is wrong with a head that somebody kept. Of one that went at the end of its time nothing can be told.
    fn flaw(&self, conn: &Connection, kept: Head, at: Timestamp) -> Result<Option<Flaw>, StoreError> {
        let hash = |octets: Option<Vec<u8>>| ChainHash::from_stored(octets);
        let stored = conn.prepare_cached(self.hash)?.query_row([kept.seq], |row| row.get(0).map(hash)).optional()?;
        let cut = conn.prepare_cached(self.cut)?.query_row([], |row| Ok((row.get(0)?, row.get(1).map(hash)?)));
        let cut: Option<(i64, Option<ChainHash>)> = cut.optional()?;
        if cut.is_some_and(|(last, _)| last > kept.seq) {
            return Ok(None);
        }
        let of_cut = cut.filter(|(last, _)| *last == kept.seq).map(|(_, hash)| hash);
        let (entry, seq) = (self.entry, kept.seq);
        let detail = match stored.or(of_cut) {
            Some(hash) if hash == Some(kept.hash) => return Ok(None),
            Some(_) => {
                format!("{entry} {seq} is not the one whose head was published {at}: it, or one before it, was changed")
            }
            None => {
                format!(
                    "{entry} {seq}, whose head was published {at}, is not there: the end was cut off, or this is older"
                )
            }
        };
        Ok(Some(Flaw { look: self.look, detail }))
    }
}

/// Holds a database against heads that were kept. Whether the chains themselves hold is for [`super::verify::verify`].
pub fn verify_heads(path: &Path, kept: &[Published]) -> Result<Vec<Flaw>, OpenError> {
    let conn = schema::open_looker(path)?;
    let mut flaws = Vec::new();
    for Published { at, events, audit } in kept {
        for (chain, head) in [(&EVENTS, events), (&ENTRIES, audit)] {
            let flaw = head.map(|head| chain.flaw(&conn, head, *at)).transpose()?;
            flaws.extend(flaw.flatten());
        }
    }
    Ok(flaws)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: i64, octet: u8) -> Head {
        Head { seq, hash: ChainHash([octet; 32]) }
    }

    #[test]
    fn a_line_is_read_as_it_is_written_and_those_of_before_too() {
        let at: Timestamp = "2026-11-24T13:00:00Z".parse().unwrap();
        for (events, audit) in
            [(Some(head(3, 7)), Some(head(9, 8))), (Some(head(3, 7)), None), (None, Some(head(9, 8))), (None, None)]
        {
            let line = Published { at, events, audit };
            assert_eq!(line.to_string().parse(), Ok(line), "{line}");
        }
        for text in
            ["", "2026-11-24T13:00:00Z", "x 3:07", "2026-11-24T13:00:00Z - audit", "2026-11-24T13:00:00Z - a 3:07"]
        {
            assert_eq!(text.parse::<Published>(), Err(PublishedError), "{text}");
        }
    }
}
