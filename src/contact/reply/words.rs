//! A text as words that can be compared: lower-case ASCII, without accents, marks, emoji and what is quoted.
//!
//! Knows no language. The work is bounded: of a very long text the beginning and the end are looked at.

use std::ops::Range;

/// Characters looked at in the beginning of a text, nearly twenty parts.
const HEAD_CHARS: usize = 3000;

/// Characters looked at in the end: what is wanted is said first or last.
const TAIL_CHARS: usize = 1000;

/// No word of a phrase is longer; some characters of other scripts become long words.
const WORD_CHARS_MAX: usize = 40;

/// With fewer words between marks something is stressed and not quoted.
const QUOTATION_WORDS_MIN: usize = 4;

/// Single letters in a row that may be one word: `S A I R`.
const SPELT_LETTERS_MIN: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether a stop, a comma or a new line stands before it. No phrase reaches across.
    pub(super) begins_clause: bool,
}

/// The words of a text, and what was seen on the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Words {
    pub(super) all: Vec<Word>,
    /// Characters that were not looked at.
    pub(super) skipped: Option<Range<usize>>,
    /// What is left out because somebody else wrote it.
    pub(super) quoted: Vec<Word>,
    /// There are question marks.
    pub(super) is_asking: bool,
}

impl Words {
    /// Reads a text. `is_known` tells words of the rules: single letters in a row and digits for letters are read as one
    /// of these, or left as they are.
    pub(super) fn read(text: &str, is_known: impl Fn(&str) -> bool) -> Self {
        let (looked_at, skipped) = cut(text);
        let mut quoted = String::new();
        let own = without_quoted_lines(&looked_at, &mut quoted);
        let own = without_quotations(&own, &mut quoted);
        let (mut words, mut quoted) = (split(&own), split(&quoted));
        if words.is_empty() {
            // All of it is quoted: then it is what the person says.
            words = std::mem::take(&mut quoted);
        }
        words = join_spelt(words, &is_known);
        for word in &mut words {
            respell(&mut word.text, &is_known);
        }
        words.dedup_by(|later, earlier| {
            later.text == earlier.text && later.text.bytes().all(|b| b.is_ascii_lowercase())
        });
        Self { all: words, skipped, quoted, is_asking: looked_at.contains(['?', '¿']) }
    }
}

/// Beginning and end of a long text, as if they were two sentences.
fn cut(text: &str) -> (String, Option<Range<usize>>) {
    let all = text.chars().count();
    if all <= HEAD_CHARS + TAIL_CHARS {
        return (text.to_owned(), None);
    }
    let skipped = HEAD_CHARS..all - TAIL_CHARS;
    let head = text.chars().take(skipped.start);
    let tail = text.chars().skip(skipped.end);
    (head.chain(['\n']).chain(tail).collect(), Some(skipped))
}

/// As mail programs and some telephones mark what they answer.
fn without_quoted_lines(text: &str, quoted: &mut String) -> String {
    let (theirs, own): (Vec<&str>, Vec<&str>) = text.split('\n').partition(|line| line.trim_start().starts_with('>'));
    quoted.push_str(&theirs.join("\n"));
    own.join("\n")
}

/// A stop in place of each quotation. A mark without its fellow quotes nothing.
fn without_quotations(text: &str, quoted: &mut String) -> String {
    let mut rest = text;
    let mut own = String::with_capacity(text.len());
    while let Some((before, quotation, after)) = next_quotation(rest) {
        own.push_str(before);
        if quotation.split_whitespace().count() < QUOTATION_WORDS_MIN {
            own.push(' ');
            own.push_str(quotation);
            own.push(' ');
        } else {
            quoted.push('\n');
            quoted.push_str(quotation);
            own.push('\n');
        }
        rest = after;
    }
    own.push_str(rest);
    own
}

fn next_quotation(text: &str) -> Option<(&str, &str, &str)> {
    let (at, opening) = text.char_indices().find(|(_, c)| matches!(c, '"' | '“' | '”' | '„' | '«'))?;
    let closing: &[char] = match opening {
        '«' => &['»'],
        _ => &['"', '“', '”'],
    };
    let (before, after) = (text.get(..at)?, text.get(at + opening.len_utf8()..)?);
    let end = after.find(closing)?;
    let quoted = after.get(..end)?;
    let closing = after.get(end..)?.chars().next()?;
    Some((before, quoted, after.get(end + closing.len_utf8()..)?))
}

fn split(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut current = String::new();
    let mut begins_clause = true;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let within_number = || current.ends_with(|last: char| last.is_ascii_digit());
        match c {
            _ if c.is_alphanumeric() => push_letters(&mut current, c),
            _ if is_unseen(c) => {}
            // 15/12, 1.500,00 and 18:30 are each one.
            '/' | '-' | '.' | ',' | ':' if within_number() && characters.peek().is_some_and(char::is_ascii_digit) => {
                if current.len() < WORD_CHARS_MAX {
                    current.push(if c == '-' { '/' } else { c });
                }
            }
            _ => {
                end_word(&mut words, &mut current, &mut begins_clause);
                begins_clause |=
                    matches!(c, '.' | ',' | '!' | '?' | ';' | ':' | '…' | '¿' | '¡' | '(' | ')' | '\n' | '\r');
            }
        }
    }
    end_word(&mut words, &mut current, &mut begins_clause);
    words
}

/// What sits on a letter, between the letters of a word, or is not seen at all.
fn is_unseen(c: char) -> bool {
    let is_mark = matches!(c, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}');
    let is_format = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    is_mark || is_format || matches!(c, '\'' | '’' | '‘' | '`' | '´')
}

/// The likeness of a letter in small ASCII letters and digits, where it has one.
fn push_letters(word: &mut String, letter: char) {
    for c in any_ascii::any_ascii_char(letter).chars().filter(char::is_ascii_alphanumeric) {
        if word.len() < WORD_CHARS_MAX {
            word.push(c.to_ascii_lowercase());
        }
    }
}

fn end_word(words: &mut Vec<Word>, current: &mut String, begins_clause: &mut bool) {
    if !current.is_empty() {
        let text = shorten_stretched(&std::mem::take(current));
        words.push(Word { text, begins_clause: std::mem::take(begins_clause) });
    }
}

/// `pareeee` is `pare`: no word of ours has a letter three times in a row.
fn shorten_stretched(word: &str) -> String {
    let mut short = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let after = rest.trim_start_matches(first);
        let run = rest.len() - after.len();
        let kept = if run >= 3 && first.is_ascii_lowercase() { 1 } else { run };
        short.extend(rest.get(..kept));
        rest = after;
    }
    short
}

/// Single letters in a row that make a known word become that word.
fn join_spelt(words: Vec<Word>, is_known: &impl Fn(&str) -> bool) -> Vec<Word> {
    let mut joined: Vec<Word> = Vec::with_capacity(words.len());
    let mut spelt: Vec<Word> = Vec::new();
    for word in words {
        if word.text.len() > 1 {
            joined.extend(settle(std::mem::take(&mut spelt), is_known));
            joined.push(word);
        } else {
            spelt.push(word);
        }
    }
    joined.extend(settle(spelt, is_known));
    joined
}

fn settle(spelt: Vec<Word>, is_known: &impl Fn(&str) -> bool) -> Vec<Word> {
    let text: String = spelt.iter().map(|word| word.text.as_str()).collect();
    match spelt.first() {
        Some(first) if spelt.len() >= SPELT_LETTERS_MIN && is_known(&text) => {
            vec![Word { text, begins_clause: first.begins_clause }]
        }
        _ => spelt,
    }
}

/// Digits in the place of letters, as in `st0p`, and a last letter twice, as in `sairr`.
fn respell(word: &mut String, is_known: &impl Fn(&str) -> bool) {
    if !word.starts_with(|c: char| c.is_ascii_lowercase()) || is_known(word) {
        return;
    }
    let letter = |c| match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        other => other,
    };
    let mut respelt: String = word.chars().map(letter).collect();
    if !is_known(&respelt) {
        let last = respelt.pop();
        if !respelt.ends_with(|c| Some(c) == last) {
            return;
        }
    }
    if is_known(&respelt) {
        *word = respelt;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The words with `/` before each that begins a clause.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let words = Words::read(text, |word| ["stop", "sair"].contains(&word)).all;
        let marked = words.iter().map(|word| format!("{}{}", if word.begins_clause { "/" } else { "" }, word.text));
        assert_eq!(marked.collect::<Vec<_>>().join(" "), expected, "{text:?}");
    }

    #[test]
    fn letters_lose_case_and_marks() {
        check("NÃO quero Ação", "/nao quero acao");
        check("na\u{303}o", "/nao");
        check("don't don’t", "/dont");
        check("𝗦𝗧𝗢𝗣", "/stop");
        check("1º dia", "/1o dia");
    }

    #[test]
    fn emoji_are_no_words_and_end_none() {
        check("pare 🛑🛑 de mandar 😡", "/pare de mandar");
        check("👍🏽", "");
    }

    #[test]
    fn stops_commas_and_lines_begin_clauses() {
        check("Não, número errado! Pare\nok", "/nao /numero errado /pare /ok");
        check("¿Quién es?", "/quien es");
    }

    #[test]
    fn dates_and_amounts_stay_whole() {
        check("15/12, 15-12-26 ou R$ 1.500,00 às 18:30.", "/15/12 /15/12/26 ou r 1.500,00 as 18:30");
        check("segunda-feira", "/segunda feira");
    }

    #[test]
    fn stretched_repeated_and_spelt_words() {
        check("pareeee parrrra", "/pare para");
        check("sair sair. Sair", "/sair");
        check("S.A.I.R", "/sair");
        check("s t o p it", "/stop it");
        check("n e o carlos", "/n e o carlos");
        check("st0p 5o 1000", "/stop 5o 1000");
        check("sairr stopp carr", "/sair stop carr");
    }

    #[test]
    fn quotations_are_left_out_unless_they_are_all() {
        check("ok \"responda sair para nao receber\" ta", "/ok /ta");
        check("“responda sair para nao receber” que e isso", "/que e isso");
        check("\"sair\"", "/sair");
        check("\"por favor nao mande mais\"", "/por favor nao mande mais");
        check("> responda sair\nok", "/ok");
        check("tela de 15\" ok", "/tela de 15 ok");
    }

    #[test]
    fn of_a_long_text_the_middle_is_not_looked_at() {
        let text = format!("sair {} parem", "xo ".repeat(2000));
        let words = Words::read(&text, |_| false);
        assert_eq!(words.skipped, Some(3000..5011));
        assert_eq!(words.all.first().map(|word| word.text.as_str()), Some("sair"));
        assert_eq!(words.all.last().map(|word| word.text.as_str()), Some("parem"));
    }

    proptest! {
        #[test]
        fn any_text_becomes_few_plain_words(text in "\\PC*|(?s).{0,300}") {
            let words = Words::read(&text, |_| true).all;
            prop_assert!(words.len() <= text.chars().count());
            for word in words {
                prop_assert!(!word.text.is_empty() && word.text.len() <= WORD_CHARS_MAX + 8);
                prop_assert!(word.text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/.,:".contains(&b)));
            }
        }
    }
}
