//! The message commands of TS 27.005 clauses 3.2 to 3.5, in PDU mode.

use std::time::Duration;

use super::field::{fields, number, unquoted};
use super::{Allowed, Command, Line, Reply, Takes, Usage, shape};

/// Time for a prompt: no network traffic is needed for it.
const PROMPT: Allowed = Allowed::Total(Duration::from_secs(10));

/// Time for what touches the store; full or slow SIMs on 9600 baud take this long.
const STORE: Duration = Duration::from_secs(20);

/// A message store (clause 3.1, `<mem>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Store {
    /// `SM`, the SIM.
    Sim,
    /// `ME`, the equipment.
    Equipment,
    /// `MT`, any of both; modems disagree about what that is.
    Both,
    /// `SR`, status reports.
    Reports,
    /// `BM`, broadcasts.
    Broadcasts,
    /// `TA`, the terminal adapter.
    Adapter,
}

impl Store {
    /// Reads a name, quoted or not.
    pub fn read(name: &[u8]) -> Option<Self> {
        Some(match unquoted(name) {
            b"SM" => Self::Sim,
            b"ME" => Self::Equipment,
            b"MT" => Self::Both,
            b"SR" => Self::Reports,
            b"BM" => Self::Broadcasts,
            b"TA" => Self::Adapter,
            _ => return None,
        })
    }

    /// The standard's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sim => "SM",
            Self::Equipment => "ME",
            Self::Both => "MT",
            Self::Reports => "SR",
            Self::Broadcasts => "BM",
            Self::Adapter => "TA",
        }
    }
}

/// `AT+CPMS=?`: the stores for each purpose.
#[derive(Debug, Clone, Copy)]
pub struct NameStores;

/// The stores that a modem offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreUse {
    /// For reading and deleting, `<mem1>`.
    pub read: Vec<Store>,
    /// For writing, `<mem2>`.
    pub write: Vec<Store>,
    /// For what is received, `<mem3>`.
    pub receive: Vec<Store>,
}

impl Command for NameStores {
    type Answer = StoreUse;

    fn line(&self) -> Line {
        Line::test("+CPMS")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CPMS:")
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(STORE)
    }

    fn read(&self, reply: &Reply) -> Option<StoreUse> {
        let mut sets = reply.after("+CPMS:")?.split(|&b| b == b')').map(|set| {
            let names = set.trim_ascii().trim_ascii_start();
            let names = names.strip_prefix(b",").unwrap_or(names).trim_ascii();
            fields(names.strip_prefix(b"(").unwrap_or(names)).filter_map(Store::read).collect()
        });
        Some(StoreUse { read: sets.next()?, write: sets.next()?, receive: sets.next()? })
    }
}

/// `AT+CPMS=`: the store to read and delete from, or all three at once.
#[derive(Debug, Clone, Copy)]
pub struct SelectStore {
    /// Which.
    pub store: Store,
    /// Whether new messages go there as well.
    pub for_all: bool,
}

impl Command for SelectStore {
    type Answer = Usage;

    fn line(&self) -> Line {
        let name = self.store.name();
        Line::set("+CPMS", |set| {
            let set = set.with_string_parameter(name);
            if self.for_all { set.with_string_parameter(name).with_string_parameter(name) } else { set }
        })
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CPMS:")
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(STORE)
    }

    fn read(&self, reply: &Reply) -> Option<Usage> {
        let (used, total) = reply.lines().find_map(|line| shape::two(line, "+CPMS:"))?;
        Some(Usage { used, total })
    }
}

/// `AT+CMGS=<length>` (clause 3.5.1), with a prompt for the PDU.
#[derive(Debug, Clone, Copy)]
pub struct Submit {
    /// Octets of the TPDU, without the SMSC field.
    pub tpdu_length: u8,
}

/// The network has accepted a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// TP-MR as the modem assigned it.
    pub tp_mr: u8,
}

impl Command for Submit {
    type Answer = Submitted;

    fn line(&self) -> Line {
        Line::set("+CMGS", |set| set.with_int_parameter(self.tpdu_length))
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CMGS:")
    }

    fn allowed(&self) -> Allowed {
        PROMPT
    }

    fn asks_for_pdu(&self) -> bool {
        true
    }

    fn read(&self, reply: &Reply) -> Option<Submitted> {
        reply.lines().find_map(Submitted::read)
    }
}

impl Submitted {
    /// Reads `+CMGS: <mr>[,<ackpdu>]`.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        shape::one(line, "+CMGS:").map(|tp_mr| Self { tp_mr })
    }
}

/// A message in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub index: u16,
    /// Whether it came from the network (`<stat>` 0 and 1); a draft or a sent one otherwise.
    pub received: bool,
    /// SMSC field and TPDU in hexadecimal digits; `None` when the modem gave no such line.
    pub pdu: Option<Vec<u8>>,
}

/// `AT+CMGL=4`: all messages of the selected store.
#[derive(Debug, Clone, Copy)]
pub struct List;

impl Command for List {
    type Answer = Vec<Entry>;

    fn line(&self) -> Line {
        Line::set("+CMGL", |set| set.with_int_parameter(4))
    }

    fn takes(&self) -> Takes {
        Takes::Entries("+CMGL:")
    }

    fn allowed(&self) -> Allowed {
        Allowed::SinceLastOctet(STORE)
    }

    fn read(&self, reply: &Reply) -> Option<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::new();
        for line in reply.lines() {
            let Some(header) = super::field::after(line, "+CMGL:") else {
                if let Some(entry) = entries.last_mut() {
                    entry.pdu = Some(line.to_vec());
                }
                continue;
            };
            let mut parameters = fields(header);
            let (Some(index), Some(stat)) = (parameters.next(), parameters.next()) else { continue };
            let Some(index) = number(index) else { continue };
            entries.push(Entry { index, received: is_received(stat), pdu: None });
        }
        Some(entries)
    }
}

/// `AT+CMGR=<index>`: one message of the selected store, `None` when its place is empty.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    /// Its place.
    pub index: u16,
}

impl Command for Read {
    type Answer = Option<Entry>;

    fn line(&self) -> Line {
        Line::set("+CMGR", |set| set.with_int_parameter(self.index))
    }

    fn takes(&self) -> Takes {
        Takes::Entries("+CMGR:")
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(STORE)
    }

    /// An empty place is a bare `OK` or `+CMGR: 0,,0` without a PDU.
    fn read(&self, reply: &Reply) -> Option<Option<Entry>> {
        let mut lines = reply.lines();
        let stat =
            lines.next().and_then(|line| super::field::after(line, "+CMGR:")).and_then(|head| fields(head).next());
        let pdu = lines.next();
        Some(stat.zip(pdu).map(|(stat, pdu)| Entry {
            index: self.index,
            received: is_received(stat),
            pdu: Some(pdu.to_vec()),
        }))
    }
}

/// `<stat>` in PDU mode: 0 and 1 received, 2 and 3 stored by a user. Some modems say it in words.
fn is_received(stat: &[u8]) -> bool {
    matches!(unquoted(stat), b"0" | b"1" | b"REC UNREAD" | b"REC READ")
}

/// `AT+CMGD=<index>`: one message of the selected store.
#[derive(Debug, Clone, Copy)]
pub struct Delete {
    /// Its place.
    pub index: u16,
}

impl Command for Delete {
    type Answer = ();

    fn line(&self) -> Line {
        Line::set("+CMGD", |set| set.with_int_parameter(self.index))
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(STORE)
    }

    fn read(&self, _: &Reply) -> Option<()> {
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::reply;
    use super::*;

    #[test]
    fn command_lines() {
        assert_eq!(Submit { tpdu_length: 154 }.line().as_bytes(), b"AT+CMGS=154\r");
        assert_eq!(Delete { index: 0 }.line().as_bytes(), b"AT+CMGD=0\r");
        let all = SelectStore { store: Store::Sim, for_all: true };
        assert_eq!(all.line().as_bytes(), b"AT+CPMS=\"SM\",\"SM\",\"SM\"\r");
        assert_eq!(SelectStore { for_all: false, ..all }.line().as_bytes(), b"AT+CPMS=\"SM\"\r");
    }

    #[test]
    fn the_reference_is_found_wherever_it_stands() {
        let submit = Submit { tpdu_length: 1 };
        assert_eq!(submit.read(&reply(&["+CMGS: 42"])), Some(Submitted { tp_mr: 42 }));
        let with_ack =
            "+CMGS: 7,\"07915892000000F001000B915892214365F7000021493A283D0795C3F33C88FE06C9CB6132885EC6D341EDF2\"";
        assert_eq!(submit.read(&reply(&[with_ack])), Some(Submitted { tp_mr: 7 }));
        assert_eq!(submit.read(&reply(&["+CMGS: 7,07915892000000F0012"])), Some(Submitted { tp_mr: 7 }));
        assert_eq!(submit.read(&reply(&["+CMGS:"])), None);
        assert_eq!(submit.read(&reply(&[])), None);
    }

    #[test]
    fn lists_keep_their_gaps() {
        let list =
            reply(&["+CMGL: 0,1,,24", "0791448720003023", "+CMGL: 3,2,\"a,b\",2", "+CMGL: 7,0,,24", "07914487200030"]);
        let entries = List.read(&list).unwrap();
        let seen: Vec<_> = entries.iter().map(|e| (e.index, e.received, e.pdu.as_ref().map(Vec::len))).collect();
        assert_eq!(seen, [(0, true, Some(16)), (3, false, None), (7, true, Some(14))]);
    }

    #[test]
    fn empty_places() {
        let read = Read { index: 1 };
        assert_eq!(read.read(&reply(&[])), Some(None));
        assert_eq!(read.read(&reply(&["+CMGR: 0,,0"])), Some(None));
        assert!(read.read(&reply(&["+CMGR: 0,,24", "0791448720003023"])).unwrap().is_some());
    }

    #[test]
    fn stores_on_offer() {
        let stores = NameStores.read(&reply(&["+CPMS: (\"SM\",\"ME\",\"XX\"),(\"SM\"),(\"SM\",\"SR\")"])).unwrap();
        assert_eq!(stores.read, [Store::Sim, Store::Equipment]);
        assert_eq!(stores.write, [Store::Sim]);
        assert_eq!(stores.receive, [Store::Sim, Store::Reports]);
    }
}
