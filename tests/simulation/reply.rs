//! What people of a scene write, and what it means: whole replies that a person has read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::random::Random;

/// What Recado answers by itself in a scene.
pub(crate) const OPTED_OUT: &str = "Pronto, encerrado";
pub(crate) const HELP: &str = "Ajuda: ligue para a central";

/// What follows from a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    OptsOut,
    OptsIn,
    IsAnother,
    HasPaid,
    Promises,
}

/// A text, and what it means beyond doubt.
type Reply = (&'static str, Option<Meaning>);

/// A line is: what was asked, intents, a date, text.
const PORTUGUESE: &str = include_str!("../data/replies/pt-BR.tsv");
const SPANISH: &str = include_str!("../data/replies/es-MX.tsv");

/// What the emulated network's own people write.
const OF_THE_NETWORK: [(&str, Meaning); 6] = [
    ("PARE", Meaning::OptsOut),
    ("ALTO", Meaning::OptsOut),
    ("Já paguei ontem", Meaning::HasPaid),
    ("Ya pagué ayer", Meaning::HasPaid),
    ("Número errado, não conheço essa pessoa", Meaning::IsAnother),
    ("Número equivocado, no conozco a esa persona", Meaning::IsAnother),
];

/// Replies to a text that asked nothing, in one piece.
fn lines(of: &'static str) -> impl Iterator<Item = Reply> {
    of.lines().filter_map(|line| {
        let [asked, intents, _, text] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line:?}") };
        let meaning = match intents {
            "opt_in" => Some(Meaning::OptsIn),
            "wrong_person" => Some(Meaning::IsAnother),
            "already_paid" => Some(Meaning::HasPaid),
            "promise_to_pay" => Some(Meaning::Promises),
            // Whatever is said besides.
            more if more.split(',').any(|intent| intent == "opt_out") => Some(Meaning::OptsOut),
            _ => None,
        };
        (asked == "-" && !text.contains('\\') && text.chars().count() <= 70).then_some((text, meaning))
    })
}

static MEANINGS: LazyLock<BTreeMap<&'static str, Meaning>> = LazyLock::new(|| {
    let known = lines(PORTUGUESE).chain(lines(SPANISH)).filter_map(|(text, meaning)| Some((text, meaning?)));
    known.chain(OF_THE_NETWORK).collect()
});

static WRITTEN: LazyLock<[Vec<Reply>; 2]> = LazyLock::new(|| [lines(PORTUGUESE).collect(), lines(SPANISH).collect()]);

/// What a text means, where that is beyond doubt.
pub(crate) fn meaning_of(text: &str) -> Option<Meaning> {
    MEANINGS.get(text).copied()
}

/// What somebody writes: half of it chatter.
pub(crate) fn by_chance(is_spanish: bool, random: &mut Random) -> &'static str {
    let written = &WRITTEN[usize::from(is_spanish)];
    let wanted = random.pick(&[
        None,
        None,
        Some(Meaning::OptsOut),
        Some(Meaning::OptsIn),
        Some(Meaning::IsAnother),
        Some(Meaning::HasPaid),
        Some(Meaning::Promises),
    ]);
    let choices: Vec<&str> = written.iter().filter(|(_, meaning)| *meaning == wanted).map(|(text, _)| *text).collect();
    random.pick(&choices)
}
