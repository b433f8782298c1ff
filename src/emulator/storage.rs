//! Where a modem keeps messages until they are read: the stores of TS 27.005 section 2.3.2.
//!
//! Slots are numbered from 0 or 1, as the family has it, and the lowest free one is taken, so that an index is reused as soon as it is free.

use crate::pdu::EncodedPdu;

/// A store by the name that `+CPMS` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// `SM`: on the SIM.
    Sm,
    /// `ME`: in the modem.
    Me,
    /// `SR`: status reports, where a family keeps them apart.
    Sr,
}

impl Memory {
    const ALL: [Self; 3] = [Self::Sm, Self::Me, Self::Sr];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|memory| memory.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sm => "SM",
            Self::Me => "ME",
            Self::Sr => "SR",
        }
    }
}

/// A stored message or report.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) pdu: EncodedPdu,
    pub(super) is_read: bool,
}

/// One store.
#[derive(Debug, Clone)]
pub(super) struct Store {
    slots: Vec<Option<Entry>>,
    /// The number of the first one.
    first: usize,
    /// Counts as full whatever is free, until something is deleted.
    is_jammed: bool,
}

impl Store {
    pub(super) fn new(slots: usize, first: usize) -> Self {
        Self { slots: vec![None; slots], first, is_jammed: false }
    }

    pub(super) fn total(&self) -> usize {
        self.slots.len()
    }

    /// Slots in use, as the modem tells them.
    pub(super) fn used(&self) -> usize {
        if self.is_jammed { self.total() } else { self.slots.iter().flatten().count() }
    }

    pub(super) fn is_jammed(&self) -> bool {
        self.is_jammed
    }

    /// Counts as full from now on. Only a store that holds something can be jammed, else nothing could free it.
    pub(super) fn jam(&mut self) {
        self.is_jammed = self.slots.iter().any(Option::is_some);
    }

    /// Stores `pdu` as unread and gives its index; `None` when there is no room.
    pub(super) fn put(&mut self, pdu: EncodedPdu) -> Option<usize> {
        if self.is_jammed {
            return None;
        }
        let index = self.slots.iter().position(Option::is_none)?;
        *self.slots.get_mut(index)? = Some(Entry { pdu, is_read: false });
        Some(index + self.first)
    }

    /// The entry at `index`.
    pub(super) fn entry_mut(&mut self, index: usize) -> Option<&mut Entry> {
        self.slots.get_mut(index.checked_sub(self.first)?)?.as_mut()
    }

    /// All entries with their indices.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = (usize, &mut Entry)> {
        self.slots.iter_mut().zip(self.first..).filter_map(|(slot, index)| slot.as_mut().map(|entry| (index, entry)))
    }

    /// Empties the slot at `index`; `false` when there is no such slot. An empty slot can be deleted.
    pub(super) fn delete(&mut self, index: usize) -> bool {
        let slot = index.checked_sub(self.first).and_then(|place| self.slots.get_mut(place));
        slot.map(|slot| *slot = None).inspect(|()| self.is_jammed = false).is_some()
    }

    /// Deletes all entries, or those that were read.
    pub(super) fn delete_all(&mut self, only_read: bool) {
        for slot in &mut self.slots {
            if !only_read || slot.as_ref().is_some_and(|entry| entry.is_read) {
                *slot = None;
            }
        }
        self.is_jammed = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pdu() -> EncodedPdu {
        EncodedPdu { octets: vec![0, 4], tpdu_length: 1 }
    }

    #[test]
    fn the_lowest_free_slot_is_reused() {
        let mut store = Store::new(2, 1);
        assert_eq!((store.put(pdu()), store.put(pdu()), store.put(pdu())), (Some(1), Some(2), None));
        assert!(store.delete(1));
        assert_eq!(store.put(pdu()), Some(1));
        assert!(!store.delete(0) && !store.delete(3));
    }

    #[test]
    fn places_may_count_from_0() {
        let mut store = Store::new(2, 0);
        assert_eq!((store.put(pdu()), store.put(pdu()), store.put(pdu())), (Some(0), Some(1), None));
        assert!(store.entry_mut(0).is_some() && store.entry_mut(2).is_none());
        assert_eq!(store.entries_mut().map(|(index, _)| index).collect::<Vec<_>>(), [0, 1]);
        assert!(store.delete(0) && !store.delete(2));
    }

    #[test]
    fn a_jammed_store_takes_again_after_a_deletion() {
        let mut store = Store::new(3, 1);
        store.jam();
        assert!(!store.is_jammed(), "an empty store could never be freed");
        store.put(pdu());
        store.jam();
        assert_eq!((store.put(pdu()), store.used()), (None, 3));
        store.delete(1);
        assert_eq!((store.put(pdu()), store.used()), (Some(1), 1));
    }

    #[test]
    fn deleting_what_was_read_keeps_the_rest() {
        let mut store = Store::new(3, 1);
        store.put(pdu());
        store.put(pdu());
        store.entry_mut(1).unwrap().is_read = true;
        store.delete_all(true);
        assert_eq!(store.entries_mut().map(|(index, _)| index).collect::<Vec<_>>(), [2]);
        store.delete_all(false);
        assert_eq!(store.used(), 0);
    }
}
