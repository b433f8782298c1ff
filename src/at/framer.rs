//! Bytes into lines and prompts (V.250 clauses 5.2 and 5.7, TS 27.005 clause 3.5.1).
//!
//! The framer knows no command, and one line: the text of `+CUSD` (TS 27.007 clause 7.15) has line ends inside its quotes.
//! It is lazy: a frame is cut only when asked for, so that the reader can change its mind about an awaited prompt between
//! two frames of one read, and any chunking of the same bytes gives the same frames.

use super::ussd;

/// Longest line that is handed on. A message of 176 octets needs 352; the rest is room for chatter. What is longer comes
/// from a port that babbles.
pub const LINE_BYTES_MAX: usize = 4096;

/// What the modem sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A line without its end, never empty, without leading spaces. One that holds a text in quotes may have line ends in
    /// it.
    Line(&'a [u8]),
    /// The `>` that asks for a PDU.
    Prompt,
    /// A line beyond [`LINE_BYTES_MAX`] has ended and was dropped.
    Overrun,
}

/// Cuts a byte stream. Feed bytes, then take frames until there is none.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Octets of `buffer` that have been handed out.
    taken: usize,
    /// Octets after `taken` that are known to hold no line end.
    scanned: usize,
    prompt_awaited: bool,
    /// The present line is too long; its end is looked for, its content is gone.
    overlong: bool,
    /// The present line has begun a text that goes on in the next.
    within_text: bool,
    /// Nobody waits for the end of that text any more.
    ends_text: bool,
}

impl Framer {
    /// Appends what was read.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// From now on a `>` at the start of a line is a prompt, once. One that is already there answered something else.
    pub fn await_prompt(&mut self) {
        if !self.overlong && self.scanned == self.rest().len() && self.rest().first() == Some(&b'>') {
            self.clear();
        }
        self.prompt_awaited = true;
    }

    /// A `>` is text again.
    pub fn expect_no_prompt(&mut self) {
        self.prompt_awaited = false;
    }

    /// Forgets everything that was fed.
    pub fn clear(&mut self) {
        *self = Self { buffer: std::mem::take(&mut self.buffer), ..Self::default() };
        self.buffer.clear();
    }

    /// Whether a text has begun and its end has not been found in what was cut so far.
    pub fn is_within_text(&self) -> bool {
        self.within_text
    }

    /// The end of the present text does not come: the next frame is what can be taken for it, and what follows is lines.
    pub fn end_text(&mut self) {
        self.ends_text = self.within_text;
    }

    /// The next frame, if one is complete.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        if self.overlong {
            return self.end_overlong();
        }
        if self.within_text {
            return self.text();
        }
        let blank = self.rest().iter().take_while(|&&b| is_end(b) || b == b' ').count();
        if blank > 0 {
            self.take(blank);
        }
        if self.prompt_awaited && self.rest().first() == Some(&b'>') {
            self.prompt_awaited = false;
            self.take(1);
            return Some(Frame::Prompt);
        }
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let Some(end) = rest.iter().skip(self.scanned).position(|&b| is_end(b)) else {
            self.scanned = rest.len();
            if rest.len() > LINE_BYTES_MAX {
                self.overlong = true;
                self.take(self.scanned);
            }
            return None;
        };
        let length = self.scanned + end;
        if length > LINE_BYTES_MAX {
            self.take(length + 1);
            return Some(Frame::Overrun);
        }
        if rest.get(..length).is_some_and(|line| ussd::begins_text(line) && !ussd::ends_text(line)) {
            self.within_text = true;
            self.scanned = length + 1;
            return self.text();
        }
        self.line(length)
    }

    /// The line that begins a text, up to the line end after its closing quote.
    fn text(&mut self) -> Option<Frame<'_>> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let bounded = rest.get(..LINE_BYTES_MAX).unwrap_or(rest);
        let line_ends =
            |from: usize| bounded.iter().enumerate().skip(from).filter(|(_, b)| is_end(**b)).map(|(at, _)| at);
        let is_whole = |end: &usize| bounded.get(..*end).is_some_and(ussd::ends_text);
        if let Some(end) = line_ends(self.scanned).find(is_whole) {
            return self.line(end);
        }
        self.scanned = bounded.len();
        if !self.ends_text && bounded.len() < LINE_BYTES_MAX {
            return None;
        }
        let may_be = |end: &usize| bounded.get(..*end).is_some_and(ussd::may_end_text);
        let end = line_ends(0).rfind(may_be).or_else(|| line_ends(0).next());
        self.line(end.unwrap_or(bounded.len()))
    }

    /// Hands out so many octets as a line.
    fn line(&mut self, length: usize) -> Option<Frame<'_>> {
        let start = self.taken;
        self.within_text = false;
        self.ends_text = false;
        self.take(length + 1);
        self.buffer.get(start..start + length).map(|line| Frame::Line(line.trim_ascii_end()))
    }

    fn end_overlong(&mut self) -> Option<Frame<'_>> {
        let end = self.rest().iter().position(|&b| is_end(b));
        self.take(end.map_or(self.rest().len(), |end| end + 1));
        end.map(|_| {
            self.overlong = false;
            Frame::Overrun
        })
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    fn take(&mut self, octets: usize) {
        self.taken = (self.taken + octets).min(self.buffer.len());
        self.scanned = 0;
    }
}

/// CR and LF end a line. So do the octets that are only ever echoes of ours (0x1A, ESC) and NUL, which serial lines make
/// up at power-on: an echoed PDU is then a line like any other.
fn is_end(octet: u8) -> bool {
    matches!(octet, b'\r' | b'\n' | 0x1a | 0x1b | 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(chunks: &[&[u8]], await_prompt: bool) -> Vec<String> {
        let mut framer = Framer::default();
        if await_prompt {
            framer.await_prompt();
        }
        let mut found = Vec::new();
        for chunk in chunks {
            framer.feed(chunk);
            while let Some(frame) = framer.next_frame() {
                found.push(match frame {
                    Frame::Line(line) => String::from_utf8_lossy(line).into_owned(),
                    Frame::Prompt => "<prompt>".to_owned(),
                    Frame::Overrun => "<overrun>".to_owned(),
                });
            }
        }
        found
    }

    fn check(bytes: &[u8], expected: &[&str]) {
        assert_eq!(frames(&[bytes], true), expected);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(frames(&single, true), expected);
    }

    #[test]
    fn lines_end_with_any_mix_of_cr_and_lf() {
        check(b"\r\nOK\r\n", &["OK"]);
        check(b"\r\r\n+CSQ: 17,99\r\r\n\r\r\nOK\r\r\n", &["+CSQ: 17,99", "OK"]);
        check(b"AT\rOK\r", &["AT", "OK"]);
        check(b"\r\n\r\n\r\n", &[]);
        check(b"OK", &[]);
    }

    #[test]
    fn prompt_with_and_without_space_or_extra_line_ends() {
        check(b"\r\n> ", &["<prompt>"]);
        check(b"\r\n>", &["<prompt>"]);
        check(b"\r\n\r\n> ", &["<prompt>"]);
        check(b"AT+CMGS=23\r\r\n> 0011\x1a\r\n+CMGS: 1\r\n", &["AT+CMGS=23", "<prompt>", "0011", "+CMGS: 1"]);
    }

    #[test]
    fn unsolicited_line_before_the_prompt() {
        check(b"\r\n+CMTI: \"SM\",3\r\n\r\n> ", &["+CMTI: \"SM\",3", "<prompt>"]);
    }

    #[test]
    fn prompt_sign_is_text_inside_a_line_and_while_none_is_awaited() {
        check(b"a > b\r\n", &["a > b"]);
        assert_eq!(frames(&[b"\r\n> OK\r\n"], false), ["> OK"]);
    }

    #[test]
    fn a_prompt_that_came_before_it_was_awaited_is_stale() {
        let mut framer = Framer::default();
        framer.feed(b"\r\n> ");
        assert_eq!(framer.next_frame(), None);
        framer.await_prompt();
        assert_eq!(framer.next_frame(), None);
        framer.feed(b"\r\n> ");
        assert_eq!(framer.next_frame(), Some(Frame::Prompt));
    }

    #[test]
    fn babbling_is_cut_and_reported_once() {
        let mut bytes = vec![b'x'; LINE_BYTES_MAX + 1];
        bytes.extend_from_slice(b"\r\nOK\r\n");
        check(&bytes, &["<overrun>", "OK"]);
        let longest = "y".repeat(LINE_BYTES_MAX);
        check(format!("{longest}\r\n").as_bytes(), &[&longest]);
    }

    #[test]
    fn a_text_in_quotes_goes_on_to_its_closing_quote() {
        let text = "+CUSD: 1,\"1 Saldo\r\n\r\n 2 \"Fim\"\n> OK\r\n\",15";
        check(format!("\r\n{text}\r\n\r\nOK\r\n").as_bytes(), &[text, "OK"]);
        check(b"+CUSD: 0,\"Saldo\"\r\nOK\r\n", &["+CUSD: 0,\"Saldo\"", "OK"]);
        check(b"+CUSD: 2\r\nOK\r\n", &["+CUSD: 2", "OK"]);
        check(b"+CMTI: \"SM\r\nOK\r\n", &["+CMTI: \"SM", "OK"]);
    }

    #[test]
    fn a_text_without_an_end_gives_back_the_lines_behind_it() {
        let given_up = |bytes: &[u8]| {
            let mut framer = Framer::default();
            framer.feed(bytes);
            assert_eq!(framer.next_frame(), None);
            assert!(framer.is_within_text());
            framer.end_text();
            let mut lines = Vec::new();
            while let Some(Frame::Line(line)) = framer.next_frame() {
                lines.push(String::from_utf8_lossy(line).into_owned());
            }
            assert!(!framer.is_within_text());
            lines
        };
        assert_eq!(given_up(b"+CUSD: 0,\"Saldo\r\n+CMGS: 5\r\nOK\r\n"), ["+CUSD: 0,\"Saldo", "+CMGS: 5", "OK"]);
        assert_eq!(given_up(b"+CUSD: 0,\"15\" e\r\nfim\"\r\nOK\r\n"), ["+CUSD: 0,\"15\" e\r\nfim\"", "OK"]);
    }

    #[test]
    fn a_text_is_bounded() {
        let mut bytes = b"+CUSD: 0,\"Saldo\r\n".to_vec();
        bytes.extend(vec![b'x'; LINE_BYTES_MAX]);
        bytes.extend_from_slice(b"\r\nOK\r\n");
        check(&bytes, &["+CUSD: 0,\"Saldo", &"x".repeat(LINE_BYTES_MAX), "OK"]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_frames(
            pieces in prop::collection::vec(prop_oneof![
                Just(b"\r\n".to_vec()), Just(b"\r".to_vec()), Just(b"> ".to_vec()), Just(b">".to_vec()), Just(b"OK\r\n".to_vec()),
                Just(b"+CMTI: \"SM\",3".to_vec()), Just(vec![b'x'; 3000]), Just(b"+CUSD: 1,\"1 Saldo\r\n".to_vec()), Just(b"\",15\r\n".to_vec()),
                Just(b"\"\r\n".to_vec()), prop::collection::vec(any::<u8>(), 0..8),
            ], 0..24),
            sizes in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let bytes = pieces.concat();
            let mut chunks: Vec<&[u8]> = Vec::new();
            let mut rest = bytes.as_slice();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, tail) = rest.split_at((*size).min(rest.len()));
                chunks.push(chunk);
                rest = tail;
            }
            prop_assert_eq!(frames(&chunks, true), frames(&[&bytes], true));
        }
    }
}
