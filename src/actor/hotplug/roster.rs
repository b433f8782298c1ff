//! Which name belongs to which modem: pure, told what was found and what went.
//!
//! A modem that is not configured is called by its IMEI, so that it has one name on every port; by its slot where it tells no
//! IMEI, or where two that are plugged in tell the same one, as cheap boxes do. A name is kept for as long as the daemon
//! runs. One that has not said who it is goes by where it is: it is the modem that was there last, also before the daemon was
//! started, and else is called by its slot until the next start.

use crate::sms::id::ModemId;

/// How a configured modem is told from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Its IMEI.
    Imei(String),
    /// Its slot, or the device in which that is.
    Slot(String),
}

/// A configured modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Its name.
    pub id: ModemId,
    /// How it is found.
    pub by: By,
}

/// A modem that was asked who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) imei: Option<String>,
    pub(super) slot: String,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// Its name; `None` if it is not among those that may be driven.
    pub(super) id: Option<ModemId>,
    /// Another modem that is plugged in has the same IMEI.
    pub(super) is_clone: bool,
}

#[derive(Debug)]
struct Seat {
    id: ModemId,
    /// By the configuration or by itself.
    imei: Option<String>,
    /// Where it was last.
    slot: Option<String>,
    is_configured: bool,
    is_live: bool,
    /// Its IMEI was seen in two modems at once.
    is_shared: bool,
    /// It is called by its slot because it has not said who it is.
    is_guess: bool,
}

/// All modems that were ever found or are configured by IMEI.
#[derive(Debug)]
pub(super) struct Roster {
    seats: Vec<Seat>,
    /// Modems that nobody configured are driven too.
    discovers: bool,
}

impl Roster {
    /// `places` is where modems were up last before the daemon was started.
    pub(super) fn new(bound: &[Bound], places: &[(ModemId, String)], discovers: bool) -> Self {
        let slot_of = |names: [&str; 2]| {
            let place = places.iter().find(|(id, _)| names.contains(&id.as_str()));
            place.map(|(_, slot)| slot.clone())
        };
        let configured = bound.iter().filter_map(|bound| {
            let By::Imei(imei) = &bound.by else { return None };
            let slot = slot_of([bound.id.as_str(), imei]);
            Some(Seat { slot, is_configured: true, ..Seat::new(bound.id.clone(), Some(imei.clone())) })
        });
        let mut seats: Vec<Seat> = configured.collect();
        for (id, slot) in places.iter().filter(|(id, _)| discovers && is_imei(id.as_str())) {
            let imei = Some(id.to_string());
            if !seats.iter().any(|seat| seat.imei == imei) {
                seats.push(Seat { slot: Some(slot.clone()), ..Seat::new(id.clone(), imei) });
            }
        }
        Self { seats, discovers }
    }

    /// Names all that were asked together: of two with one IMEI neither goes before the other.
    pub(super) fn name(&mut self, found: &[Found]) -> Vec<Named> {
        let is_shared = |one: &Found| {
            let same = |imei: &Option<String>| imei.is_some() && *imei == one.imei;
            let among = found.iter().filter(|other| same(&other.imei)).count();
            among > 1 || self.seats.iter().any(|seat| seat.is_live && same(&seat.imei))
        };
        let shared: Vec<bool> = found.iter().map(is_shared).collect();
        for seat in &mut self.seats {
            let same = |(one, is_shared): (&Found, &bool)| *is_shared && one.imei == seat.imei;
            seat.is_shared |= found.iter().zip(&shared).any(same);
        }
        found.iter().zip(shared).map(|(one, is_clone)| Named { id: self.seat(one, is_clone), is_clone }).collect()
    }

    /// A modem is not plugged in any more.
    pub(super) fn leave(&mut self, id: &ModemId) {
        for seat in self.seats.iter_mut().filter(|seat| seat.id == *id) {
            seat.is_live = false;
        }
    }

    /// The modem that was in one of these slots last and is nowhere now, with that slot: it is plugged in again. `None`
    /// where it may be one of several.
    pub(super) fn take_back(&mut self, is_here: impl Fn(&str) -> bool) -> Option<(ModemId, String)> {
        let was_here = |seat: &&mut Seat| !seat.is_live && seat.slot.as_deref().is_some_and(&is_here);
        let mut seats = self.seats.iter_mut().filter(was_here);
        let (seat, None) = (seats.next()?, seats.next()) else { return None };
        seat.is_live = true;
        Some((seat.id.clone(), seat.slot.clone()?))
    }

    /// Takes what is mute in a slot for a modem that is called by it. `None` where modems that nobody configured are left
    /// alone.
    pub(super) fn guess(&mut self, slot: &str) -> Option<ModemId> {
        let found = Found { imei: None, slot: slot.to_owned() };
        let index = self.add(&found, false)?;
        let seat = self.seats.get_mut(index)?;
        (seat.is_live, seat.is_guess, seat.imei, seat.slot) = (true, true, None, Some(found.slot));
        Some(seat.id.clone())
    }

    fn seat(&mut self, found: &Found, is_shared: bool) -> Option<ModemId> {
        let index = self.known(found, is_shared).or_else(|| self.add(found, is_shared))?;
        let seat = self.seats.get_mut(index)?;
        (seat.is_live, seat.is_guess) = (true, false);
        seat.imei.clone_from(&found.imei);
        seat.slot = Some(found.slot.clone());
        seat.is_shared |= is_shared;
        Some(seat.id.clone())
    }

    /// The seat of a modem that was here before or is configured.
    fn known(&self, found: &Found, is_shared: bool) -> Option<usize> {
        let free = |wanted: &dyn Fn(&Seat) -> bool| self.seats.iter().position(|seat| !seat.is_live && wanted(seat));
        let here = |seat: &Seat| seat.slot.as_ref() == Some(&found.slot);
        let same = |seat: &Seat| found.imei.is_some() && seat.imei == found.imei;
        free(&|seat| here(seat) && seat.imei == found.imei)
            .or_else(|| free(&|seat| same(seat) && seat.is_configured))
            // Of clones that are both away nobody can tell which one has come back.
            .or_else(|| free(&|seat| same(seat) && !seat.is_shared && !is_shared))
            // It has found its tongue, and has a name already.
            .or_else(|| free(&|seat| here(seat) && seat.is_guess))
    }

    fn add(&mut self, found: &Found, is_shared: bool) -> Option<usize> {
        if !self.discovers {
            return None;
        }
        let is_shared = is_shared || self.seats.iter().any(|seat| seat.is_shared && seat.imei == found.imei);
        let by_imei = found.imei.as_deref().filter(|_| !is_shared).map(ModemId::new);
        let id = by_imei.unwrap_or_else(|| ModemId::of_slot(&found.slot));
        // What was in this slot before has gone, or it could not be here.
        if let Some(index) = self.seats.iter().position(|seat| seat.id == id) {
            return self.seats.get(index).filter(|seat| !seat.is_live).map(|_| index);
        }
        self.seats.push(Seat { is_shared, ..Seat::new(id, None) });
        Some(self.seats.len() - 1)
    }
}

impl Seat {
    fn new(id: ModemId, imei: Option<String>) -> Self {
        Self { id, imei, slot: None, is_configured: false, is_live: false, is_shared: false, is_guess: false }
    }
}

/// Whether a name is an IMEI (TS 23.003 clause 6.2): nobody else has fourteen digits or more and nothing else.
fn is_imei(name: &str) -> bool {
    name.len() >= 14 && name.bytes().all(|octet| octet.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "490154203237518";
    const B: &str = "353270040000016";

    fn found(imei: &str, slot: &str) -> Found {
        Found { imei: Some(imei.to_owned()).filter(|imei| !imei.is_empty()), slot: slot.to_owned() }
    }

    /// Plugs modems in together; gives their names, `-` for those that are left alone and `!` behind those of clones.
    fn check(roster: &mut Roster, plugged: &[(&str, &str)], expected: &[&str]) {
        let plugged: Vec<Found> = plugged.iter().map(|(imei, slot)| found(imei, slot)).collect();
        let name = |named: Named| {
            let id = named.id.map_or_else(|| "-".to_owned(), |id| id.to_string());
            if named.is_clone { format!("{id}!") } else { id }
        };
        let names: Vec<String> = roster.name(&plugged).into_iter().map(name).collect();
        assert_eq!(names, expected, "{plugged:?}");
    }

    fn leave(roster: &mut Roster, ids: &[&str]) {
        for id in ids {
            roster.leave(&ModemId::new(id));
        }
    }

    fn by_imei(id: &str, imei: &str) -> Bound {
        Bound { id: ModemId::new(id), by: By::Imei(imei.to_owned()) }
    }

    #[test]
    fn a_modem_is_called_by_its_imei_wherever_it_is() {
        let mut roster = Roster::new(&[], &[], true);
        check(&mut roster, &[(A, "1-1:1.2"), (B, "1-2:1.2")], &[A, B]);
        leave(&mut roster, &[A, B]);
        check(&mut roster, &[(B, "1-1:1.2")], &[B]);
        check(&mut roster, &[(A, "2-3:1.2")], &[A]);
    }

    #[test]
    fn a_modem_that_tells_no_imei_is_called_by_its_slot() {
        let mut roster = Roster::new(&[], &[], true);
        check(&mut roster, &[("", "1-1.4:1.2"), ("", "1-2:1.2")], &["1-1.4-1.2", "1-2-1.2"]);
        leave(&mut roster, &["1-2-1.2"]);
        check(&mut roster, &[("", "1-2:1.2")], &["1-2-1.2"]);
    }

    #[test]
    fn two_modems_with_one_imei_are_called_by_their_slots() {
        let mut roster = Roster::new(&[], &[], true);
        check(&mut roster, &[(A, "1-1:1.2"), (A, "1-2:1.2"), (B, "1-3:1.2")], &["1-1-1.2!", "1-2-1.2!", B]);
        leave(&mut roster, &["1-1-1.2", "1-2-1.2"]);
        check(&mut roster, &[(A, "1-2:1.2")], &["1-2-1.2"]);
        check(&mut roster, &[(A, "1-1:1.2")], &["1-1-1.2!"]);
    }

    #[test]
    fn a_clone_that_comes_later_does_not_take_the_name_of_the_first() {
        let mut roster = Roster::new(&[], &[], true);
        check(&mut roster, &[(A, "1-1:1.2")], &[A]);
        check(&mut roster, &[(A, "1-2:1.2")], &["1-2-1.2!"]);
        // Each comes back to its place and has its name again, in either order.
        leave(&mut roster, &[A, "1-2-1.2"]);
        check(&mut roster, &[(A, "1-2:1.2")], &["1-2-1.2"]);
        check(&mut roster, &[(A, "1-1:1.2")], &[&format!("{A}!")]);
        // In a third place nobody can tell which of them it is.
        leave(&mut roster, &[A, "1-2-1.2"]);
        check(&mut roster, &[(A, "1-3:1.2")], &["1-3-1.2"]);
    }

    #[test]
    fn a_configured_modem_has_its_name_and_its_clone_has_not() {
        let mut roster = Roster::new(&[by_imei("desk", A)], &[], true);
        check(&mut roster, &[(A, "1-1:1.2"), (B, "1-2:1.2")], &["desk", B]);
        leave(&mut roster, &["desk"]);
        check(&mut roster, &[(A, "1-9:1.2")], &["desk"]);
        check(&mut roster, &[(A, "1-1:1.2")], &["1-1-1.2!"]);
    }

    #[test]
    fn without_discovery_only_configured_modems_are_driven() {
        let mut roster = Roster::new(&[by_imei("desk", A)], &[], false);
        check(&mut roster, &[(B, "1-1:1.2"), (A, "1-2:1.2"), ("", "1-3:1.2")], &["-", "desk", "-"]);
    }

    #[test]
    fn what_is_mute_in_the_slot_of_a_modem_that_has_left_is_that_modem() {
        let mut roster = Roster::new(&[], &[], true);
        check(&mut roster, &[(A, "1-1:1.2"), (B, "1-2:1.2")], &[A, B]);
        let take_back = |roster: &mut Roster, slot: &str| {
            let found = roster.take_back(|here| here == slot);
            found.map(|(id, slot)| (id.to_string(), slot))
        };
        assert_eq!(take_back(&mut roster, "1-1:1.2"), None, "it is there");
        leave(&mut roster, &[A]);
        assert_eq!(take_back(&mut roster, "1-9:1.2"), None);
        assert_eq!(take_back(&mut roster, "1-1:1.2"), Some((A.to_owned(), "1-1:1.2".to_owned())));
        assert_eq!(take_back(&mut roster, "1-1:1.2"), None, "it is there again");
        // Two have been in one place.
        leave(&mut roster, &[A, B]);
        check(&mut roster, &[(B, "1-1:1.2")], &[B]);
        leave(&mut roster, &[B]);
        assert_eq!(take_back(&mut roster, "1-1:1.2"), None);
    }

    #[test]
    fn another_modem_in_the_slot_of_one_without_imei_goes_on_under_its_name() {
        let mut roster = Roster::new(&[], &[], true);
        check(&mut roster, &[("", "1-1:1.2")], &["1-1-1.2"]);
        leave(&mut roster, &["1-1-1.2"]);
        check(&mut roster, &[(A, "1-1:1.2")], &[A]);
        leave(&mut roster, &[A]);
        check(&mut roster, &[("", "1-1:1.2")], &["1-1-1.2"]);
    }

    fn place(id: &str, slot: &str) -> (ModemId, String) {
        (ModemId::new(id), slot.to_owned())
    }

    #[test]
    fn what_is_mute_at_a_start_is_the_modem_that_was_there_before_it() {
        let take_back = |roster: &mut Roster, slot: &str| roster.take_back(|here| here == slot).map(|(id, _)| id);
        let places = [place("desk", "1-1:1.2"), place(B, "1-2:1.2"), place("1-3-1.2", "1-3:1.2")];
        let mut roster = Roster::new(&[by_imei("desk", A)], &places, true);
        assert_eq!(take_back(&mut roster, "1-1:1.2"), Some(ModemId::new("desk")));
        assert_eq!(take_back(&mut roster, "1-2:1.2"), Some(ModemId::new(B)));
        assert_eq!(take_back(&mut roster, "1-3:1.2"), None, "only its slot is known of it");
        // One that was found before it was configured; and one that nobody wants to be driven any more.
        let places = [place(A, "1-1:1.2"), place(B, "1-2:1.2")];
        let mut roster = Roster::new(&[by_imei("desk", A)], &places, false);
        assert_eq!(take_back(&mut roster, "1-1:1.2"), Some(ModemId::new("desk")));
        assert_eq!(take_back(&mut roster, "1-2:1.2"), None);
    }

    #[test]
    fn a_modem_that_was_elsewhere_before_the_start_has_its_name() {
        let mut roster = Roster::new(&[], &[place(A, "1-1:1.2")], true);
        check(&mut roster, &[(A, "1-2:1.2"), (B, "1-1:1.2")], &[A, B]);
    }

    #[test]
    fn what_is_mute_where_nobody_was_is_called_by_its_slot_until_the_next_start() {
        let mut roster = Roster::new(&[by_imei("desk", B)], &[], true);
        assert_eq!(roster.guess("1-1:1.2"), Some(ModemId::new("1-1-1.2")));
        assert_eq!(roster.guess("1-1:1.2"), None, "it is there");
        leave(&mut roster, &["1-1-1.2"]);
        check(&mut roster, &[(A, "1-1:1.2")], &["1-1-1.2"]);
        leave(&mut roster, &["1-1-1.2"]);
        check(&mut roster, &[(A, "1-7:1.2")], &["1-1-1.2"]);
        // One that has a name of its own keeps it.
        assert_eq!(roster.guess("1-2:1.2"), Some(ModemId::new("1-2-1.2")));
        leave(&mut roster, &["1-2-1.2"]);
        check(&mut roster, &[(B, "1-2:1.2")], &["desk"]);
        assert_eq!(Roster::new(&[by_imei("desk", A)], &[], false).guess("1-1:1.2"), None);
    }
}
