//! Server-sent events (WHATWG HTML, 9.2.6), as far as Recado sends them: the data of each event, which is its JSON.

use std::collections::VecDeque;

/// Takes octets in any pieces and gives the data of whole events.
#[derive(Debug, Default)]
pub(super) struct EventParser {
    line: Vec<u8>,
    data: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
}

impl EventParser {
    /// Reads on. Drain [`Self::poll_event`] afterwards.
    pub(super) fn handle_octets(&mut self, octets: &[u8]) {
        for octet in octets {
            if *octet == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.handle_line(line.strip_suffix(b"\r").unwrap_or(&line));
            } else {
                self.line.push(*octet);
            }
        }
    }

    /// The data of the next event that is whole.
    pub(super) fn poll_event(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    /// Names and numbers of events are in their data too; comments keep the connection alive.
    fn handle_line(&mut self, line: &[u8]) {
        if line.is_empty() {
            if !self.data.is_empty() {
                self.ready.push_back(std::mem::take(&mut self.data));
            }
        } else if let Some(data) = line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STREAM: &[u8] =
        b": hello\n\nid: 1\nevent: a\ndata: {\"seq\":1}\n\nid: 2\r\ndata:{\r\ndata: }\r\n\r\ndata: cut";

    fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut parser = EventParser::default();
        let mut events = Vec::new();
        for piece in pieces {
            parser.handle_octets(piece);
            while let Some(data) = parser.poll_event() {
                events.push(String::from_utf8(data).unwrap());
            }
        }
        events
    }

    #[test]
    fn comments_and_names_are_skipped_and_half_an_event_waits() {
        assert_eq!(parse([STREAM]), ["{\"seq\":1}", "{\n}"]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_events(size in 1..STREAM.len()) {
            prop_assert_eq!(parse(STREAM.chunks(size)), parse([STREAM]));
        }
    }
}
