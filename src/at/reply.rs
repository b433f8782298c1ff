//! The lines of one answer, in one buffer.

/// Most octets that an answer may have. A full store of 500 messages stays below; what is longer comes from a port that
/// babbles.
pub const REPLY_BYTES_MAX: usize = 256 * 1024;

/// The lines that a command took, in order of arrival.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Reply {
    /// Appends a line; `false` if it would exceed [`REPLY_BYTES_MAX`] and was dropped.
    pub(super) fn push(&mut self, line: &[u8]) -> bool {
        if self.bytes.len() + line.len() > REPLY_BYTES_MAX {
            return false;
        }
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len());
        true
    }

    /// The lines.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let line = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            line
        })
    }

    /// What follows the prefix in the first line that has it.
    pub(super) fn after(&self, prefix: &str) -> Option<&[u8]> {
        self.lines().find_map(|line| super::field::after(line, prefix))
    }
}

#[cfg(test)]
pub(super) fn reply(lines: &[&str]) -> Reply {
    let mut reply = Reply::default();
    for line in lines {
        assert!(reply.push(line.as_bytes()));
    }
    reply
}
