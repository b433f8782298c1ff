//! Bytes into lines and prompts (V.250 clauses 5.2 and 5.7, TS 27.005 clause 3.5.1).
//!
//! The framer knows no command. It is lazy: a frame is cut only when asked for, so that the reader can change its mind
//! about an awaited prompt between two frames of one read, and any chunking of the same bytes gives the same frames.

/// Longest line that is handed on. A message of 176 octets needs 352; the rest is room for chatter. What is longer comes
/// from a port that babbles.
pub const LINE_BYTES_MAX: usize = 4096;

/// What the modem sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A line without its end, never empty, without leading spaces.
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

    /// The next frame, if one is complete.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        if self.overlong {
            return self.end_overlong();
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
        let start = self.taken;
        let length = self.scanned + end;
        self.take(length + 1);
        if length > LINE_BYTES_MAX {
            return Some(Frame::Overrun);
        }
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

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_frames(
            pieces in prop::collection::vec(prop_oneof![
                Just(b"\r\n".to_vec()), Just(b"\r".to_vec()), Just(b"> ".to_vec()), Just(b">".to_vec()), Just(b"OK\r\n".to_vec()),
                Just(b"+CMTI: \"SM\",3".to_vec()), Just(vec![b'x'; 3000]), prop::collection::vec(any::<u8>(), 0..8),
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
