//! A body as words and tags, and a tag as tokens, each with its place.
//!
//! It divides a body where the template engine does, so that what is checked is what is rendered. Knows nothing of what
//! names mean.

use std::fmt;

/// A place in a body; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column in that line.
    pub column: usize,
}

impl Place {
    /// Of an octet of `body`.
    pub(super) fn of(body: &str, offset: usize) -> Self {
        let before = body.get(..offset).unwrap_or(body);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        Self { line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// What is sent as it stands.
    Words {
        /// Where it begins, in octets.
        at: usize,
        /// The words.
        text: &'a str,
    },
    /// `{{ }}`, or `{% %}` if it is a statement.
    Tag {
        /// Where it begins, in octets.
        at: usize,
        /// Whether it is a statement.
        is_statement: bool,
        /// What stands between the braces.
        tokens: Vec<Token<'a>>,
    },
}

/// A token of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Where it begins, in octets of the body.
    pub(super) at: usize,
    /// What kind of token it is.
    pub(super) kind: TokenKind,
    /// As it is written.
    pub(super) text: &'a str,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or a word of the language.
    Name,
    /// Digits.
    Number,
    /// Something in quotes.
    Quoted,
    /// Anything else.
    Sign,
}

/// The pieces of a body in their order; comments are left out. A tag that does not end has the rest of the body.
pub(super) fn pieces(body: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let opening = ["{{", "{%", "{#"].into_iter().filter_map(|mark| Some((rest.find(mark)?, mark))).min();
        let (start, mark) = opening.unwrap_or((rest.len(), ""));
        if start > 0 {
            pieces.push(Piece::Words { at, text: rest.get(..start).unwrap_or(rest) });
        }
        let inside = at + start + mark.len();
        at = match mark {
            "" => body.len(),
            "{#" => body.get(inside..).and_then(|rest| rest.find("#}")).map_or(body.len(), |end| inside + end + 2),
            _ => {
                let is_statement = mark == "{%";
                let (tokens, end) = tokens(body, inside, if is_statement { "%}" } else { "}}" });
                pieces.push(Piece::Tag { at: at + start, is_statement, tokens });
                end
            }
        };
    }
    pieces
}

/// The tokens from an octet to the end of the tag, and where what follows begins.
fn tokens<'a>(body: &'a str, start: usize, end: &str) -> (Vec<Token<'a>>, usize) {
    let mut tokens = Vec::new();
    // A hyphen or a plus beside the braces is about blanks around the tag.
    let mut at = start + usize::from(body.get(start..).is_some_and(|rest| rest.starts_with(['-', '+'])));
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let bare = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        if let Some(after) = bare.strip_prefix(end) {
            return (tokens, body.len() - after.len());
        }
        let length = match rest.chars().next() {
            Some(blank) if blank.is_whitespace() => {
                at += blank.len_utf8();
                continue;
            }
            Some(quote @ ('"' | '\'')) => quoted(rest, quote),
            Some(letter) if is_of_name(letter) => rest.find(|c| !is_of_name(c)).unwrap_or(rest.len()),
            Some(_) if ["==", "!=", "<=", ">="].iter().any(|sign| rest.starts_with(sign)) => 2,
            Some(sign) => sign.len_utf8(),
            None => break,
        };
        let text = rest.get(..length).unwrap_or(rest);
        let kind = match text.chars().next() {
            Some('"' | '\'') => TokenKind::Quoted,
            Some(digit) if digit.is_ascii_digit() => TokenKind::Number,
            Some(letter) if is_of_name(letter) => TokenKind::Name,
            _ => TokenKind::Sign,
        };
        tokens.push(Token { at, kind, text });
        at += text.len();
    }
    (tokens, body.len())
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The length of what is quoted at the beginning, with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Words as they are, tags as their tokens between bars.
    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        let shown = pieces(body).into_iter().map(|piece| match piece {
            Piece::Words { text, .. } => text.to_owned(),
            Piece::Tag { tokens, .. } => {
                format!("<{}>", tokens.iter().map(|token| token.text).collect::<Vec<_>>().join("|"))
            }
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected, "{body}");
    }

    #[test]
    fn bodies_are_divided_into_words_and_tags() {
        check("Oi {{ first_name|upper }}, tudo?", &["Oi ", "<first_name|||upper>", ", tudo?"]);
        check("{%- if a>=5 and b -%}x{% endif %}", &["<if|a|>=|5|and|b>", "x", "<endif>"]);
        check("a{# {{ b }} #}c", &["a", "c"]);
        check(r#"{% if a == "%} \" }}" %}b"#, &[r#"<if|a|==|"%} \" }}">"#, "b"]);
        check("{{ debt.amount", &["<debt|.|amount>"]);
        check("R$ { } 5 %", &["R$ { } 5 %"]);
        check("", &[]);
    }

    #[test]
    fn places_count_characters() {
        let body = "\u{e9}\u{e9}\n\u{e9} {{ x }}";
        assert_eq!(Place::of(body, body.find('x').unwrap()).to_string(), "2:6");
        assert_eq!(Place::of("", 0).to_string(), "1:1");
    }

    proptest! {
        #[test]
        fn any_text_is_divided(body in "[a-z{}%#\"'\\\\ é|.-]{0,60}") {
            let words: usize = pieces(&body).iter().map(|piece| match piece {
                Piece::Words { text, .. } => text.len(),
                Piece::Tag { tokens, .. } => tokens.iter().map(|token| token.text.len()).sum(),
            }).sum();
            prop_assert!(words <= body.len());
        }
    }
}
