//! What the modem received: announcements, sweeps, commit, delete (TS 27.005 clauses 3.4 and 3.5).
//!
//! An announcement is a hint to sweep, not the message. A message leaves its store only after the keeper has it
//! ([`Receive::stored`]), and one place at a time: deleting a whole store races with what arrives meanwhile. Every step is
//! one command, so that submissions go between them.

use std::collections::VecDeque;

use super::output::{Handle, Inbound, Note, Origin, Output};
use super::profile::{GENERIC, Profile};
use crate::at::{self, Command as _, Ended, Entry, Finished, Routed, Session, Store, Usage};
use crate::clock::Instant;
use crate::pdu::from_hex;

/// Places that are tried where neither list nor count work; SIM stores hold 10 to 50 messages.
const PLACES: u16 = 50;

/// One command of this dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Select(Store),
    List(Store),
    Read(Store, u16),
    Delete(Store, u16),
    Acknowledge,
}

/// A received message that the keeper does not have yet, or that is still in its store.
#[derive(Debug)]
struct Held {
    handle: Handle,
    place: Option<(Store, u16)>,
    octets: Vec<u8>,
}

/// A store that is read place by place.
#[derive(Debug)]
struct Scan {
    store: Store,
    next: u16,
    last: u16,
}

/// What is received, what is owed to the stores, and which command comes next.
#[derive(Debug, Default)]
pub(super) struct Receive {
    /// Where new messages go.
    home: Option<Store>,
    /// It could not be selected; tried again when there is something to do in it.
    home_refused: bool,
    /// What `AT+CMGL` and `AT+CMGD` work on.
    selected: Option<Store>,
    lists: VecDeque<Store>,
    deletes: VecDeque<(Store, u16)>,
    scan: Option<Scan>,
    running: Option<Work>,
    held: Vec<Held>,
    handles: u64,
    /// Directly routed messages want `AT+CNMA`.
    acknowledges: bool,
    acknowledgements: u16,
    /// `AT+CMGL` does not work on this modem.
    list_fails: bool,
    /// In these it finds nothing.
    unlisted: &'static [Store],
    /// `SR` can be read.
    has_reports: bool,
    /// An announced MMS push is deleted unread.
    drops_pushes: bool,
    usage: Option<Usage>,
    /// Messages at home that are not ours to take: drafts, and what cannot be read.
    left_alone: u16,
}

impl Receive {
    /// The modem is ready: nothing from before is in force.
    pub(super) fn restart(&mut self, home: Option<Store>, stores: &[Store], acknowledges: bool, profile: &Profile) {
        *self = Self {
            home,
            selected: home,
            acknowledges,
            handles: self.handles,
            list_fails: self.list_fails,
            unlisted: profile.unlisted,
            has_reports: stores.contains(&Store::Reports),
            drops_pushes: profile.drops_pushes,
            lists: stores.iter().copied().filter(|store| is_swept(*store)).collect(),
            ..Self::default()
        };
    }

    /// The port is gone or the modem starts anew: what was held is read again, and recognised by the keeper.
    pub(super) fn cut_off(&mut self) {
        self.restart(None, &[], false, &GENERIC);
    }

    /// Another modem is on the port: what was learnt of the last one says nothing about it.
    pub(super) fn forget_modem(&mut self) {
        self.list_fails = false;
    }

    /// A command of ours got no answer. Some Huawei sticks hang on `AT+CMGL`: it is not used again.
    pub(super) fn timed_out(&mut self, out: &mut VecDeque<Output>) {
        if matches!(self.running, Some(Work::List(_))) {
            self.list_fails = true;
            out.push_back(Output::Note(Note::ListFails));
        }
    }

    /// Something was stored, or may have been: sweep.
    pub(super) fn hint(&mut self, store: Option<Store>) {
        if let Some(store) = store.filter(|store| is_swept(*store)).or(self.home)
            && !self.lists.contains(&store)
        {
            self.lists.push_back(store);
        }
    }

    /// A status report was stored. Some modems name another store than the one it is in: seen as `+CDSI: "SM",0` for what
    /// lies in `SR`, on Quectel EC25.
    pub(super) fn hint_report(&mut self, store: Option<Store>) {
        self.hint(store);
        if self.has_reports {
            self.hint(Some(Store::Reports));
        }
    }

    /// An MMS push was stored. It is nothing to us but a place that is taken.
    pub(super) fn pushed(&mut self, store: Option<Store>, place: u16, out: &mut VecDeque<Output>) {
        match store.filter(|store| is_swept(*store)) {
            Some(store) if self.drops_pushes => {
                if !self.deletes.contains(&(store, place)) {
                    self.deletes.push_back((store, place));
                }
                out.push_back(Output::Note(Note::PushDropped));
            }
            store => self.hint(store),
        }
    }

    /// What the idle tick saw of the selected store.
    pub(super) fn counted(&mut self, usage: Usage) {
        self.usage = Some(usage);
        if usage.used > self.left_alone {
            self.hint(None);
        }
    }

    /// A message came over the port itself.
    pub(super) fn routed(&mut self, kind: Routed, digits: &[u8], out: &mut VecDeque<Output>) {
        if kind == Routed::Broadcast {
            out.push_back(Output::Note(Note::BroadcastDropped));
            return;
        }
        match from_hex(digits) {
            Ok(octets) => {
                let handle = self.name();
                if self.acknowledges {
                    self.held.push(Held { handle, place: None, octets: Vec::new() });
                }
                out.push_back(Output::Inbound(Inbound { handle, octets, origin: Origin::Routed(kind) }));
            }
            Err(_) => out.push_back(Output::Note(Note::Garbled)),
        }
    }

    /// The keeper has it.
    pub(super) fn stored(&mut self, handle: Handle) {
        let Some(at) = self.held.iter().position(|held| held.handle == handle) else { return };
        match self.held.get(at).and_then(|held| held.place) {
            Some(place) if !self.deletes.contains(&place) => self.deletes.push_back(place),
            Some(_) => {}
            None => {
                self.held.swap_remove(at);
                self.acknowledgements += 1;
            }
        }
    }

    /// Whether a command is wanted.
    pub(super) fn is_ready(&self) -> bool {
        self.running.is_none() && self.next().is_some()
    }

    /// Whether a command of ours runs.
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Starts the next command. The session is idle.
    pub(super) fn begin(&mut self, session: &mut Session, now: Instant) {
        self.running = self.next();
        if let Some(Work::List(store)) = self.running {
            // Taken off now: what is announced while the list runs may be missing from it.
            self.lists.retain(|listed| *listed != store);
            if self.list_fails || self.unlisted.contains(&store) {
                self.running = Some(self.scan(store));
            }
        }
        match self.running {
            Some(Work::Select(store)) => session.start(&at::SelectStore { store, for_all: false }, now),
            Some(Work::List(_)) => session.start(&at::List, now),
            Some(Work::Read(_, index)) => session.start(&at::Read { index }, now),
            Some(Work::Delete(_, index)) => session.start(&at::Delete { index }, now),
            Some(Work::Acknowledge) => session.start(&at::Plain::new("+CNMA"), now),
            None => {}
        }
    }

    /// What is owed first: the network waits for acknowledgements, senders for room, then the selected store for its end.
    fn next(&self) -> Option<Work> {
        if self.acknowledgements > 0 {
            return Some(Work::Acknowledge);
        }
        let here = |store: &Store| self.selected == Some(*store);
        let delete = self.deletes.iter().find(|(store, _)| here(store)).or(self.deletes.front());
        let scan = self.scan.as_ref().map(|scan| Work::Read(scan.store, scan.next));
        let list = self.lists.iter().find(|store| here(store)).or(self.lists.front());
        let work = delete
            .map(|&(store, index)| Work::Delete(store, index))
            .or(scan)
            .or(list.map(|&store| Work::List(store)))
            .or(self.home.filter(|_| !self.home_refused).map(Work::Select))?;
        match work {
            Work::Select(home) => (!here(&home)).then_some(work),
            Work::Delete(store, _) | Work::Read(store, _) | Work::List(store) if !here(&store) => {
                Some(Work::Select(store))
            }
            Work::Delete(..) | Work::Read(..) | Work::List(_) | Work::Acknowledge => Some(work),
        }
    }

    /// A command of ours has ended by a final result.
    pub(super) fn finished(&mut self, finished: &Finished, out: &mut VecDeque<Output>) {
        let Some(work) = self.running.take() else { return };
        let ok = finished.ended == Ended::Ok;
        match work {
            Work::Select(store) => self.selected_store(store, finished),
            Work::List(store) => {
                if ok {
                    self.listed(store, &at::List.read(&finished.reply).unwrap_or_default(), out);
                } else {
                    self.scan(store);
                    out.push_back(Output::Note(Note::ListFails));
                }
            }
            Work::Read(store, index) => {
                let entry = at::Read { index }.read(&finished.reply).flatten().filter(|_| ok);
                self.scan =
                    self.scan.take().map(|scan| Scan { next: index + 1, ..scan }).filter(|scan| index < scan.last);
                if let Some(entry) = entry {
                    self.entry(store, &entry, out);
                }
            }
            Work::Delete(store, index) => {
                self.deletes.retain(|place| *place != (store, index));
                self.held.retain(|held| held.place != Some((store, index)));
                if !ok {
                    out.push_back(Output::Note(Note::DeleteFails));
                }
            }
            Work::Acknowledge => self.acknowledgements -= 1,
        }
    }

    fn selected_store(&mut self, store: Store, finished: &Finished) {
        if finished.ended == Ended::Ok {
            self.selected = Some(store);
            self.home_refused &= self.home != Some(store);
            self.usage = at::SelectStore { store, for_all: false }.read(&finished.reply);
            return;
        }
        // A store that cannot be selected is not asked for again before something names it.
        self.lists.retain(|listed| *listed != store);
        self.deletes.retain(|(place, _)| *place != store);
        self.held.retain(|held| held.place.is_none_or(|(place, _)| place != store));
        self.scan = self.scan.take().filter(|scan| scan.store != store);
        if self.home == Some(store) {
            self.selected = None;
            self.home_refused = true;
        }
    }

    fn listed(&mut self, store: Store, entries: &[Entry], out: &mut VecDeque<Output>) {
        if self.home == Some(store) {
            self.left_alone = 0;
        }
        for entry in entries {
            self.entry(store, entry, out);
        }
    }

    fn entry(&mut self, store: Store, entry: &Entry, out: &mut VecDeque<Output>) {
        let octets = entry.pdu.as_ref().and_then(|digits| from_hex(digits).ok());
        let Some(octets) = octets.filter(|_| entry.received) else {
            self.left_alone += u16::from(self.home == Some(store));
            if entry.received {
                out.push_back(Output::Note(Note::Garbled));
            }
            return;
        };
        let place = (store, entry.index);
        if self.held.iter().any(|held| held.place == Some(place) && held.octets == octets) {
            return;
        }
        // The network may have replaced what lay there (TS 23.040 clause 9.2.3.9), and it must not be deleted unread in the
        // place of the old one.
        self.held.retain(|held| held.place != Some(place));
        self.deletes.retain(|known| *known != place);
        let handle = self.name();
        self.held.push(Held { handle, place: Some(place), octets: octets.clone() });
        out.push_back(Output::Inbound(Inbound { handle, octets, origin: Origin::Store(store) }));
    }

    /// Starts to read a store place by place. Places count from 0 on some modems and from 1 on others.
    fn scan(&mut self, store: Store) -> Work {
        self.scan = Some(Scan { store, next: 0, last: self.usage.map_or(PLACES, |usage| usage.total) });
        if self.home == Some(store) {
            self.left_alone = 0;
        }
        Work::Read(store, 0)
    }

    fn name(&mut self) -> Handle {
        self.handles += 1;
        Handle(self.handles)
    }
}

/// Stores whose messages are for us. `MT` shows those of `SM` and `ME` under other places.
fn is_swept(store: Store) -> bool {
    matches!(store, Store::Sim | Store::Equipment | Store::Reports)
}
