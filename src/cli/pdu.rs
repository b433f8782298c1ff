//! `recado pdu decode` and `recado pdu encode`: the codec on the command line.
//!
//! One answer per line of input, also for bad input; the exit code says whether all were good. The shapes of the answers
//! are a contract with other programs.

use std::fmt;
use std::io::{self, BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::pdu::{
    Address, Concat, Dcs, DecodeError, Direction, EncodeError, Payload, Pdu, SubmitTpdu, Tpdu, UserData, Validity,
    to_hex,
};
use crate::sms::segment::Segments;
use crate::sms::text::{Encoding, TextError, TextOptions};

/// Every input was good.
const DONE: u8 = 0;
/// At least one was not.
const NEGATIVE: u8 = 1;

/// What `pdu decode` was called with.
#[derive(Debug, Clone, Default)]
pub struct DecodeArgs {
    /// PDUs in hexadecimal; none means one per line of the input.
    pub pdus: Vec<String>,
    /// Answers in JSON instead of a table.
    pub is_json: bool,
    /// The PDUs are on their way from the mobile.
    pub is_mobile_originated: bool,
}

/// Answers each PDU. The exit code is 0, or 1 if one was malformed; an error is one of the streams.
pub fn decode(args: &DecodeArgs, input: impl BufRead, mut output: impl Write) -> io::Result<u8> {
    let direction = if args.is_mobile_originated { Direction::Mo } else { Direction::Mt };
    each_line(&args.pdus, input, &mut output, |line, output| {
        let answer = Pdu::decode_hex(line, direction);
        let exit_code = if answer.is_ok() { DONE } else { NEGATIVE };
        match (answer, args.is_json) {
            (Ok(pdu), true) => write_json(output, &Decoded::from(&pdu)),
            (Ok(pdu), false) => write_table(output, &Decoded::from(&pdu)),
            (Err(error), true) => write_json(output, &Malformed::from(error)),
            (Err(error), false) => writeln!(output, "error: {error}\n"),
        }?;
        Ok(exit_code)
    })
}

/// Answers each request with a line per part. The exit code is 0, or 1 if one was refused; an error is one of the streams.
pub fn encode(requests: &[String], input: impl BufRead, mut output: impl Write) -> io::Result<u8> {
    each_line(requests, input, &mut output, |line, output| match encode_request(line) {
        Ok(parts) => parts.iter().try_for_each(|part| write_json(output, part)).map(|()| DONE),
        Err(error) => write_json(output, &Refused { error: error.to_string() }).map(|()| NEGATIVE),
    })
}

/// Answers the arguments or, if there are none, the lines of `input` as they come; the worst exit code.
fn each_line<W: Write>(
    arguments: &[String],
    mut input: impl BufRead,
    output: &mut W,
    mut answer: impl FnMut(&[u8], &mut W) -> io::Result<u8>,
) -> io::Result<u8> {
    let mut exit_code = DONE;
    for argument in arguments {
        exit_code = exit_code.max(answer(argument.as_bytes().trim_ascii(), output)?);
    }
    let mut line = Vec::new();
    while arguments.is_empty() {
        // Whoever feeds us line by line must see the answers before the next wait.
        output.flush()?;
        let chunk = input.fill_buf()?;
        let length = chunk.len();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                exit_code = exit_code.max(answer(line.trim_ascii(), output)?);
                line.clear();
            }
        }
        input.consume(length);
        if length == 0 {
            break;
        }
    }
    if !line.is_empty() {
        exit_code = exit_code.max(answer(line.trim_ascii(), output)?);
    }
    output.flush()?;
    Ok(exit_code)
}

fn write_json(output: &mut impl Write, answer: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, answer)?;
    writeln!(output)
}

/// One row per field that applies, an empty line after the last.
fn write_table(output: &mut impl Write, decoded: &Decoded) -> io::Result<()> {
    for (name, value) in decoded.rows() {
        if let Some(value) = value {
            writeln!(output, "{name:<10} {value}")?;
        }
    }
    writeln!(output)
}

#[derive(Serialize)]
struct Malformed {
    error: String,
    offset: usize,
}

impl From<DecodeError> for Malformed {
    fn from(error: DecodeError) -> Self {
        Self { error: error.kind.to_string(), offset: error.offset }
    }
}

#[derive(Serialize)]
struct Refused {
    error: String,
}

/// What does not apply is absent.
#[derive(Default, Serialize)]
struct Decoded {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    smsc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mr: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<DecodedAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dcs: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alphabet: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scts: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discharge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validity: Option<DecodedValidity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    srr: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rd: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    udh: Option<Vec<DecodedElement>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concat: Option<DecodedConcat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    national: Option<DecodedNational>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

#[derive(Serialize)]
struct DecodedAddress {
    number: String,
    ton: u8,
    npi: u8,
}

/// A validity that is neither a period nor a point in time is absent.
#[derive(Serialize)]
#[serde(untagged)]
enum DecodedValidity {
    Period { relative_s: u32 },
    Point { until: String },
}

#[derive(Serialize)]
struct DecodedElement {
    iei: u8,
    data: String,
}

#[derive(Serialize)]
struct DecodedConcat {
    #[serde(rename = "ref")]
    reference: u16,
    total: u8,
    seq: u8,
    bits: u8,
}

#[derive(Serialize)]
struct DecodedNational {
    #[serde(skip_serializing_if = "Option::is_none")]
    locking: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    single: Option<u8>,
}

impl From<&Pdu> for Decoded {
    fn from(pdu: &Pdu) -> Self {
        let mut decoded = match &pdu.tpdu {
            Tpdu::Submit(tpdu) => Self {
                kind: "SMS-SUBMIT",
                mr: Some(tpdu.tp_mr),
                address: Some((&tpdu.tp_da).into()),
                pid: Some(tpdu.tp_pid),
                validity: tpdu.validity.and_then(decoded_validity),
                srr: Some(tpdu.srr),
                rd: Some(tpdu.rd),
                ..Self::default()
            }
            .with_content(tpdu.tp_dcs, &tpdu.user_data),
            Tpdu::Deliver(tpdu) => Self {
                kind: "SMS-DELIVER",
                address: Some((&tpdu.tp_oa).into()),
                pid: Some(tpdu.tp_pid),
                scts: Some(tpdu.tp_scts.to_string()),
                ..Self::default()
            }
            .with_content(tpdu.tp_dcs, &tpdu.user_data),
            Tpdu::StatusReport(tpdu) => {
                let head = Self {
                    kind: "SMS-STATUS-REPORT",
                    mr: Some(tpdu.tp_mr),
                    address: Some((&tpdu.tp_ra).into()),
                    pid: tpdu.tp_pid,
                    dcs: tpdu.tp_dcs.map(|dcs| dcs.0),
                    scts: Some(tpdu.tp_scts.to_string()),
                    discharge: Some(tpdu.tp_dt.to_string()),
                    status: Some(tpdu.tp_st),
                    ..Self::default()
                };
                match &tpdu.user_data {
                    Some(user_data) => head.with_content(tpdu.tp_dcs.unwrap_or_default(), user_data),
                    None => head,
                }
            }
        };
        decoded.smsc = pdu.smsc.as_ref().map(Address::number);
        decoded
    }
}

impl Decoded {
    fn with_content(mut self, dcs: Dcs, user_data: &UserData) -> Self {
        self.dcs = Some(dcs.0);
        self.alphabet = Some(dcs.alphabet().as_str());
        self.class = dcs.class();
        if let Some(header) = user_data.header() {
            let elements = header.elements.iter();
            self.udh = Some(
                elements.map(|element| DecodedElement { iei: element.iei, data: to_hex(&element.data) }).collect(),
            );
            self.concat = header.concat().map(DecodedConcat::from);
            let shift = header.national();
            let national = DecodedNational { locking: shift.locking, single: shift.single };
            self.national = Some(national).filter(|national| national.locking.is_some() || national.single.is_some());
        }
        self.text = user_data.text(dcs);
        if let (None, Payload::Octets(octets)) = (&self.text, user_data.payload()) {
            self.data = Some(to_hex(octets));
        }
        self
    }

    fn rows(&self) -> [(&'static str, Option<String>); 19] {
        let decimal = |number: Option<u8>| number.map(|number| number.to_string());
        let octet = |octet: Option<u8>| octet.map(|octet| format!("0x{octet:02X}"));
        let udh = self.udh.as_ref().map(|elements| {
            let elements = elements.iter().map(|element| format!("{:02X}:{}", element.iei, element.data));
            elements.collect::<Vec<_>>().join(" ")
        });
        let concat = self.concat.as_ref().map(|concat| {
            format!("part {} of {}, {}-bit reference {}", concat.seq, concat.total, concat.bits, concat.reference)
        });
        let national = self.national.as_ref().map(|national| {
            let table = |name, language: Option<u8>| language.map(|language| format!("{name} {language}"));
            let tables = [table("locking", national.locking), table("single", national.single)];
            tables.into_iter().flatten().collect::<Vec<_>>().join(", ")
        });
        [
            ("type", Some(self.kind.to_owned())),
            ("smsc", self.smsc.clone()),
            ("mr", decimal(self.mr)),
            (
                "address",
                self.address
                    .as_ref()
                    .map(|at| format!("{} (ton {}, npi {})", at.number.escape_debug(), at.ton, at.npi)),
            ),
            ("pid", octet(self.pid)),
            ("dcs", octet(self.dcs)),
            ("alphabet", self.alphabet.map(str::to_owned)),
            ("class", decimal(self.class)),
            ("scts", self.scts.clone()),
            ("discharge", self.discharge.clone()),
            ("status", octet(self.status)),
            ("validity", self.validity.as_ref().map(ToString::to_string)),
            ("srr", self.srr.map(|srr| srr.to_string())),
            ("rd", self.rd.map(|rd| rd.to_string())),
            ("udh", udh),
            ("concat", concat),
            ("national", national),
            // Escaped, so that a text can neither move the cursor nor look like a row.
            ("text", self.text.as_ref().map(|text| text.escape_debug().to_string())),
            ("data", self.data.clone()),
        ]
    }
}

impl fmt::Display for DecodedValidity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period { relative_s } => write!(f, "{relative_s} s"),
            Self::Point { until } => write!(f, "until {until}"),
        }
    }
}

impl From<&Address> for DecodedAddress {
    fn from(address: &Address) -> Self {
        Self { number: address.number(), ton: address.ton(), npi: address.npi() }
    }
}

impl From<Concat> for DecodedConcat {
    fn from(Concat { reference, total, seq, bits }: Concat) -> Self {
        Self { reference, total, seq, bits }
    }
}

fn decoded_validity(validity: Validity) -> Option<DecodedValidity> {
    match validity {
        Validity::Absolute(at) => Some(DecodedValidity::Point { until: at.to_string() }),
        Validity::Relative(_) | Validity::Enhanced(_) => {
            validity.seconds().map(|relative_s| DecodedValidity::Period { relative_s })
        }
    }
}

/// One request of `pdu encode`. The names mean what they mean in `POST /v1/messages`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EncodeRequest {
    to: String,
    text: String,
    #[serde(default)]
    encoding: Option<String>,
    #[serde(default = "yes")]
    report: bool,
    #[serde(default)]
    validity: Option<String>,
    #[serde(default)]
    class: Option<u8>,
    #[serde(default)]
    concat_ref: u8,
    #[serde(default)]
    smsc: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Serialize)]
struct EncodedPart {
    pdu: String,
    tpdu_length: usize,
    encoding: &'static str,
    part: u8,
    of: u8,
}

#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error("not a request: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{field} is no number")]
    Number { field: &'static str, source: crate::pdu::AddressError },
    #[error("encoding: {0}")]
    Encoding(#[from] crate::sms::text::UnknownName),
    #[error("class is 0 to 3")]
    Class,
    #[error("validity is a duration such as \"24h\"")]
    Validity,
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

fn encode_request(line: &[u8]) -> Result<Vec<EncodedPart>, RequestError> {
    let request: EncodeRequest = serde_json::from_slice(line)?;
    let encoding = request.encoding.as_deref().map(str::parse::<Encoding>).transpose()?.unwrap_or_default();
    if request.class.is_some_and(|class| class > 3) {
        return Err(RequestError::Class);
    }
    let number =
        |field, text: &str| Address::from_number(text).map_err(|source| RequestError::Number { field, source });
    let tp_da = number("to", &request.to)?;
    let smsc = request.smsc.as_deref().map(|smsc| number("smsc", smsc)).transpose()?;
    let validity = request.validity.as_deref().map(validity_of).transpose()?;
    let options = TextOptions { encoding, ..TextOptions::default() };
    let segments = Segments::new(&request.text, &options, request.concat_ref)?;
    let parts = segments.iter().map(|segment| {
        let submit = SubmitTpdu {
            rd: false,
            rp: false,
            srr: request.report,
            tp_mr: 0,
            tp_da,
            tp_pid: 0,
            tp_dcs: segments.dcs(request.class),
            validity,
            user_data: segment.user_data.clone(),
        };
        let encoded = Pdu { smsc, tpdu: Tpdu::Submit(submit) }.encode()?;
        Ok(EncodedPart {
            pdu: encoded.hex(),
            tpdu_length: encoded.tpdu_length,
            encoding: segments.coding().encoding().as_str(),
            part: segment.part.number(),
            of: segment.part.total(),
        })
    });
    parts.collect()
}

/// A relative validity from a duration such as `24h`, `30m` or `2d`, rounded up to what TP-VP can say.
fn validity_of(text: &str) -> Result<Validity, RequestError> {
    let bad = |_| RequestError::Validity;
    let span: jiff::Span = text.parse().map_err(bad)?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(bad)?;
    let seconds = u64::try_from(duration.as_secs()).ok().filter(|seconds| *seconds > 0);
    seconds.map(|seconds| Validity::relative(u32::try_from(seconds).unwrap_or(u32::MAX))).ok_or(RequestError::Validity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_lines(input: &[u8], is_json: bool, is_mobile_originated: bool) -> (u8, String) {
        let mut output = Vec::new();
        let args = DecodeArgs { pdus: Vec::new(), is_json, is_mobile_originated };
        let exit_code = decode(&args, input, &mut output).unwrap();
        (exit_code, String::from_utf8(output).unwrap())
    }

    #[track_caller]
    fn check_decode(pdu: &str, is_mobile_originated: bool, expected: &str) {
        let (exit_code, answer) = decode_lines(pdu.as_bytes(), true, is_mobile_originated);
        assert_eq!((exit_code, answer.trim_end()), (0, expected));
    }

    #[test]
    fn answers_have_the_fields_that_apply() {
        check_decode(
            "0791551100000000440B915511896745F30008621142010000290D0608040ABC0201007000610073",
            false,
            r#"{"type":"SMS-DELIVER","smsc":"+551100000000","address":{"number":"+55119876543","ton":1,"npi":1},"pid":0,"dcs":8,"alphabet":"ucs2","scts":"2026-11-24T10:00:00-03:00","udh":[{"iei":8,"data":"0ABC0201"}],"concat":{"ref":2748,"total":2,"seq":1,"bits":16},"text":"pas"}"#,
        );
        check_decode(
            "003507038109F1001AA7020041",
            true,
            r#"{"type":"SMS-SUBMIT","mr":7,"address":{"number":"901","ton":0,"npi":1},"pid":0,"dcs":26,"alphabet":"ucs2","class":2,"validity":{"relative_s":86400},"srr":true,"rd":true,"text":"A"}"#,
        );
        check_decode(
            "00260B0A810021436587621142010000296211420110002900",
            false,
            r#"{"type":"SMS-STATUS-REPORT","mr":11,"address":{"number":"0012345678","ton":0,"npi":1},"scts":"2026-11-24T10:00:00-03:00","discharge":"2026-11-24T10:01:00-03:00","status":0}"#,
        );
    }

    #[test]
    fn every_line_is_answered_and_bad_ones_do_not_stop_the_rest() {
        let (exit_code, answers) = decode_lines(b"zz\r\n\n00\xFF\n0791", true, false);
        let expected = [
            r#"{"error":"not a hexadecimal octet","offset":0}"#,
            r#"{"error":"field needs 1 octets, 0 left","offset":0}"#,
            r#"{"error":"not a hexadecimal octet","offset":1}"#,
            r#"{"error":"field needs 6 octets, 0 left","offset":2}"#,
        ];
        assert_eq!((exit_code, answers.lines().collect::<Vec<_>>().as_slice()), (1, expected.as_slice()));
    }

    #[test]
    fn the_table_escapes_what_a_terminal_would_obey() {
        let (exit_code, answer) = decode_lines(b"000403810921000862114201000029060041000A001B", false, false);
        assert_eq!(exit_code, 0, "{answer}");
        assert!(answer.contains("\ntext       A\\n\\u{1b}\n"), "{answer}");
    }

    #[track_caller]
    fn check_encode(request: &str, expected: &[&str]) {
        let mut output = Vec::new();
        let exit_code = encode(&[request.to_owned()], io::empty(), &mut output).unwrap();
        let answers = String::from_utf8(output).unwrap();
        assert_eq!(answers.lines().collect::<Vec<_>>(), expected);
        assert_eq!(exit_code, u8::from(expected.iter().any(|answer| answer.contains("error"))));
    }

    #[test]
    fn requests_become_parts() {
        check_encode(
            r#"{"to":"+5511987654321","text":"hola"}"#,
            &[r#"{"pdu":"0021000D91551189674523F1000004E8373B0C","tpdu_length":18,"encoding":"gsm7","part":1,"of":1}"#],
        );
        check_encode(
            r#"{"to":"123","text":"ã","report":false,"validity":"24h","class":0,"smsc":"+1234"}"#,
            &[r#"{"pdu":"039121431100038121F30018A70200E3","tpdu_length":12,"encoding":"ucs2","part":1,"of":1}"#],
        );
    }

    #[test]
    fn bad_requests_say_why() {
        check_encode("{}", &[r#"{"error":"not a request: missing field `to` at line 1 column 2"}"#]);
        let unknown = r#"{"to":"1","text":"x","txt":1}"#;
        let mut output = Vec::new();
        assert_eq!(encode(&[unknown.to_owned()], io::empty(), &mut output).unwrap(), 1);
        assert!(String::from_utf8(output).unwrap().contains("unknown field `txt`"));
        check_encode(r#"{"to":"a b","text":"x"}"#, &[r#"{"error":"to is no number"}"#]);
        check_encode(r#"{"to":"1","text":""}"#, &[r#"{"error":"text is empty"}"#]);
        check_encode(r#"{"to":"1","text":"x","class":4}"#, &[r#"{"error":"class is 0 to 3"}"#]);
        let validity = [r#"{"error":"validity is a duration such as \"24h\""}"#];
        check_encode(r#"{"to":"1","text":"x","validity":"soon"}"#, &validity);
        check_encode(r#"{"to":"1","text":"x","validity":"-1h"}"#, &validity);
        check_encode(
            r#"{"to":"1","text":"ã","encoding":"gsm7"}"#,
            &[r#"{"error":"1 characters are not in the encoding that was asked for"}"#],
        );
    }
}
