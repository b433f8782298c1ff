//! Which message a text or a call most likely answers.
//!
//! It is one to the same person. Numbers come in several forms, of which the last eight digits are the same; a form that
//! says more must agree in all that it says, because a debtor who is shown to be another one is worse than none. Short
//! codes and names answer nothing. Of several messages the newest by the SIM that was written to, else the newest.

use super::id::{MessageKey, SimKey};
use super::number::{Country, PhoneNumber, Sender};

/// A message that may be the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Which.
    pub message: MessageKey,
    /// To whom it went.
    pub recipient: PhoneNumber,
    /// By which SIM.
    pub sim: Option<SimKey>,
}

/// Forms with no more digits may lack the area.
const LOCAL_DIGITS_MAX: usize = 9;

/// What `sender` answers, having written to `sim`. `earlier` are messages to numbers with the same last digits, newest
/// first.
pub fn choose(sender: &Sender, country: Country, sim: SimKey, earlier: &[Earlier]) -> Option<Earlier> {
    let is_local = sender.suffix(LOCAL_DIGITS_MAX + 1).is_none();
    let fits: Vec<Earlier> = match sender.number(country).filter(|_| !is_local) {
        Some(number) => earlier.iter().filter(|one| one.recipient.is_same_line(number)).copied().collect(),
        None => of_local_form(sender, earlier),
    };
    fits.iter().find(|one| one.sim == Some(sim)).or(fits.first()).copied()
}

/// Those that the last digits fit best; none when these fit several people.
fn of_local_form(sender: &Sender, earlier: &[Earlier]) -> Vec<Earlier> {
    let fits = sender.nearest(earlier, |one| one.recipient);
    let is_one = fits.windows(2).all(|two| matches!(two, [a, b] if a.recipient.is_same_line(b.recipient)));
    if is_one { fits } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earlier(message: i64, digits: &str, sim: i64) -> Earlier {
        let recipient = PhoneNumber::from_digits(digits).unwrap();
        Earlier { message: MessageKey(message), recipient, sim: Some(SimKey(sim)) }
    }

    fn check(sender: &str, earlier: &[Earlier], expected: Option<i64>) {
        let brazil = Country::from_iso("BR").unwrap();
        let found = choose(&Sender::new(sender), brazil, SimKey(1), earlier).map(|one| one.message.0);
        assert_eq!(found, expected, "{sender}");
    }

    #[test]
    fn a_person_is_recognised_in_every_form_of_the_number() {
        let one = [earlier(7, "5511987654321", 1)];
        for form in [
            "+5511987654321",
            "5511987654321",
            "005511987654321",
            "011987654321",
            "01511987654321",
            "11987654321",
            "987654321",
            "87654321",
            // Before the ninth digit.
            "+551187654321",
            "01187654321",
        ] {
            check(form, &one, Some(7));
        }
        let mexican = [earlier(8, "525512345678", 1)];
        check("+5215512345678", &mexican, Some(8));
        check("+525512345678", &mexican, Some(8));
        check("+551187654321", &[earlier(9, "551187654321", 1)], Some(9));
    }

    #[test]
    fn somebody_in_another_town_with_the_same_last_digits_is_somebody_else() {
        let one = [earlier(7, "5511987654321", 1)];
        check("+5521987654321", &one, None);
        check("021987654321", &one, None);
        check("+12087654321", &one, None);
    }

    #[test]
    fn a_local_form_that_fits_two_people_fits_nobody() {
        let two = [earlier(7, "5511987654321", 1), earlier(6, "5521987654321", 1)];
        check("87654321", &two, None);
        check("21987654321", &two, Some(6));
    }

    #[test]
    fn short_codes_and_names_answer_nothing() {
        let one = [earlier(7, "5511987654321", 1)];
        for form in ["54321", "654321", "7654321", "Banco", "", "+54321"] {
            check(form, &one, None);
        }
    }

    #[test]
    fn the_sim_that_was_written_to_counts_more_than_the_newest() {
        let three = [earlier(9, "5511987654321", 2), earlier(8, "5511987654321", 1), earlier(7, "5511987654321", 1)];
        check("+5511987654321", &three, Some(8));
        check("+5511987654321", &three[..1], Some(9));
    }
}
