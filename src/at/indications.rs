//! `AT+CNMI`: what is announced of received messages, and how (TS 27.005 clause 3.4.1).

use super::field::{fields, number};
use super::{Command, Line, Reply, Takes};

/// The parameters that decide what comes to the port. `<bm>` is for broadcasts, `<bfr>` for what was buffered before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indications {
    mode: u8,
    mt: u8,
    ds: u8,
}

impl Indications {
    /// Reads `<mode>,<mt>,<bm>,<ds>,<bfr>`. What is left out is 0.
    pub fn read(parameters: &[u8]) -> Option<Self> {
        let mut fields = fields(parameters);
        let mut next = || fields.next().filter(|field| !field.is_empty()).map_or(Some(0), number);
        let (mode, mt, _bm, ds) = (next()?, next()?, next()?, next()?);
        Some(Self { mode, mt, ds })
    }

    /// Whether these bring the same to the port as others. The modes but 0 differ only in what is done while the port
    /// carries data.
    pub fn announce_as(self, other: Self) -> bool {
        (self.mode == 0, self.mt, self.ds) == (other.mode == 0, other.mt, other.ds)
    }
}

/// `AT+CNMI?`.
#[derive(Debug, Clone, Copy)]
pub struct QueryIndications;

impl Command for QueryIndications {
    type Answer = Indications;

    fn line(&self) -> Line {
        Line::query("+CNMI")
    }

    fn takes(&self) -> Takes {
        Takes::Lines("+CNMI:")
    }

    fn read(&self, reply: &Reply) -> Option<Indications> {
        Indications::read(reply.after("+CNMI:")?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::reply;
    use super::*;

    fn check(set: &str, line: &str, expected: Option<bool>) {
        let set = Indications::read(set.as_bytes()).unwrap();
        let told = QueryIndications.read(&reply(&[line]));
        assert_eq!(told.map(|told| told.announce_as(set)), expected, "{set:?} {line}");
    }

    #[test]
    fn what_is_set_and_what_is_told() {
        check("2,1,0,1,0", "+CNMI: 2,1,0,1,0", Some(true));
        check("2,1,0,1,0", "+CNMI: 1,1,2,1,1", Some(true));
        check("2,1,0,1,0", "+CNMI: 2,1", Some(false));
        check("2,1,0,1,0", "+CNMI: 0,1,0,1,0", Some(false));
        check("2,1,0,1,0", "+CNMI: 2,2,0,1,0", Some(false));
        check("2,1,0,0,0", "+CNMI: 2,1,,,", Some(true));
        check("2,1,0,1,0", "+CNMI: (0-2)", None);
    }
}
