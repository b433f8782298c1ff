//! A cursor over the octets of one PDU. Every read is checked; errors carry the offset.

use super::error::{DecodeError, DecodeErrorKind};

#[derive(Debug)]
pub(super) struct Reader<'a> {
    octets: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { octets, offset: 0 }
    }

    /// Offset of the next octet.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.octets.get(self.offset..).unwrap_or_default()
    }

    pub(super) fn octet(&mut self) -> Result<u8, DecodeError> {
        let octet = self.rest().first().copied().ok_or_else(|| self.truncated(1))?;
        self.offset += 1;
        Ok(octet)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let octets = self.rest().get(..count).ok_or_else(|| self.truncated(count))?;
        self.offset += count;
        Ok(octets)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let octets = self.rest().first_chunk::<N>().copied().ok_or_else(|| self.truncated(N))?;
        self.offset += N;
        Ok(octets)
    }

    /// An error about the field at `offset`.
    pub(super) fn error_at(offset: usize, kind: DecodeErrorKind) -> DecodeError {
        DecodeError { offset, kind }
    }

    fn truncated(&self, needed: usize) -> DecodeError {
        Self::error_at(self.offset, DecodeErrorKind::Truncated { needed, left: self.rest().len() })
    }
}
