//! The witness: one line per part that the network accepted.

use serde::Serialize;

/// One accepted part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// Microseconds from the start of the emulation to the acceptance.
    pub t_us: u64,
    /// Index of the modem.
    pub modem: usize,
    /// The recipient, with leading `+` when TP-DA is international.
    pub to: String,
    /// The text of this part; empty for 8-bit data.
    pub text: String,
    /// Which part of which message this is, for concatenated ones.
    pub concat: Option<LogConcat>,
    /// TP-MR as the modem answered it.
    pub mr: u8,
    /// Whether a status report was asked for.
    pub srr: bool,
    /// The PDU in hexadecimal as it was submitted, SMSC field included.
    pub pdu: String,
}

/// The place of a part in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LogConcat {
    /// The reference that all parts share.
    #[serde(rename = "ref")]
    pub reference: u16,
    /// This part, from 1.
    pub part: u8,
    /// Number of parts.
    pub of: u8,
}

impl LogLine {
    /// The line as JSON, with a line feed at its end.
    pub fn to_json_line(&self) -> String {
        // Numbers, strings and a flat struct: serialisation to memory has nothing to fail at.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_exactly_the_agreed_fields() {
        let line = LogLine {
            t_us: 1_500_000,
            modem: 1,
            to: "+5511987654321".into(),
            text: "Ol\u{e1}".into(),
            concat: Some(LogConcat { reference: 7, part: 1, of: 2 }),
            mr: 9,
            srr: true,
            pdu: "0011".into(),
        };
        let expected = concat!(
            r#"{"t_us":1500000,"modem":1,"to":"+5511987654321","text":"Olá","#,
            r#""concat":{"ref":7,"part":1,"of":2},"mr":9,"srr":true,"pdu":"0011"}"#,
            "\n"
        );
        assert_eq!(line.to_json_line(), expected);
        let single = LogLine { concat: None, ..line }.to_json_line();
        assert!(single.contains(r#""concat":null"#), "{single}");
    }
}
