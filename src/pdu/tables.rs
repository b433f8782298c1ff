//! The 7-bit alphabets: the default alphabet with its extension table (TS 23.038 clauses 6.2.1 and 6.2.1.1), and the
//! national language tables of annex A for Turkish, Spanish and Portuguese.
//!
//! A [`Coding`] is a main table with a table of what may follow ESC. Lookups go through arrays in both directions.

/// A code that stands for nothing. NUL is in none of the alphabets.
const NO: char = '\0';
/// The code that announces a character of the extension table.
const ESC: u8 = 0x1B;

/// A national language identifier (clause 6.2.1.2.4) that has tables here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Identifier 1.
    Turkish,
    /// Identifier 2, which has a single shift table only.
    Spanish,
    /// Identifier 3.
    Portuguese,
}

impl Language {
    /// The language of an identifier, `None` for those without tables here.
    pub fn from_identifier(identifier: u8) -> Option<Self> {
        match identifier {
            1 => Some(Self::Turkish),
            2 => Some(Self::Spanish),
            3 => Some(Self::Portuguese),
            _ => None,
        }
    }

    /// The identifier in the header.
    pub fn identifier(self) -> u8 {
        match self {
            Self::Turkish => 1,
            Self::Spanish => 2,
            Self::Portuguese => 3,
        }
    }
}

/// The tables that one message uses.
#[derive(Debug, Clone, Copy)]
pub struct Coding {
    main: &'static Table,
    extension: &'static Table,
}

/// The default alphabet with its extension table.
pub const GSM7: Coding = Coding { main: &DEFAULT, extension: &EXTENSION };

impl Coding {
    /// The tables that the header's identifiers name. One without a table leaves the default in place, as clause
    /// 6.2.1.2.4 asks of a receiver that does not know it.
    pub fn of_identifiers(locking: Option<u8>, single: Option<u8>) -> Self {
        Self::new(locking.and_then(Language::from_identifier), single.and_then(Language::from_identifier))
    }

    /// The tables of a locking and a single shift. There is no Spanish locking shift table: the default stays.
    pub fn new(locking: Option<Language>, single: Option<Language>) -> Self {
        let main = match locking {
            Some(Language::Turkish) => &TURKISH_LOCKING,
            Some(Language::Portuguese) => &PORTUGUESE_LOCKING,
            Some(Language::Spanish) | None => &DEFAULT,
        };
        let extension = match single {
            Some(Language::Turkish) => &TURKISH_SINGLE,
            Some(Language::Spanish) => &SPANISH_SINGLE,
            Some(Language::Portuguese) => &PORTUGUESE_SINGLE,
            None => &EXTENSION,
        };
        Self { main, extension }
    }

    /// Septets that `character` takes: 1, 2 with ESC, or `None` if it is in neither table.
    pub fn cost(&self, character: char) -> Option<usize> {
        if self.main.code(character).is_some() { Some(1) } else { self.extension.code(character).map(|_| 2) }
    }

    /// Septets that `text` takes, `None` if a character is in neither table.
    pub fn units(&self, text: &str) -> Option<usize> {
        let mut units = 0;
        self.walk(text, |group| units += group.len()).then_some(units)
    }

    /// The septets of `text`, `None` if a character is in neither table.
    pub fn encode(&self, text: &str) -> Option<Vec<u8>> {
        let mut septets = Vec::with_capacity(text.len() + text.len() / 8);
        self.walk(text, |group| septets.extend_from_slice(group)).then_some(septets)
    }

    /// Gives the septets of `text` in its order, eight at once where eight ASCII characters take one each; `false` at the
    /// first character that is in neither table.
    fn walk(&self, text: &str, mut take: impl FnMut(&[u8])) -> bool {
        let mut rest = text;
        loop {
            while let Some(group) = rest.as_bytes().first_chunk().and_then(|group| self.main.plain_codes(*group)) {
                take(&group);
                rest = rest.get(group.len()..).unwrap_or_default();
            }
            let mut characters = rest.chars();
            // Past whatever kept the eight from being plain.
            for _ in 0..8 {
                let Some(character) = characters.next() else { return true };
                if let Some(code) = self.main.code(character) {
                    take(&[code]);
                } else if let Some(code) = self.extension.code(character) {
                    take(&[ESC, code]);
                } else {
                    return false;
                }
            }
            rest = characters.as_str();
        }
    }

    /// Appends the characters of `septets`.
    ///
    /// A code that the extension table lacks shows the main table's character; ESC twice, or at the very end, a space.
    pub fn decode(&self, septets: &[u8], text: &mut String) {
        let mut utf8 = std::mem::take(text).into_bytes();
        utf8.reserve(septets.len() + septets.len() / 4);
        let mut rest = septets;
        while !rest.is_empty() {
            while let Some(group) = rest.first_chunk().and_then(|group| self.main.plain_characters(*group)) {
                utf8.extend(group);
                rest = rest.get(group.len()..).unwrap_or_default();
            }
            let mut codes = rest.iter();
            for _ in 0..8 {
                let Some(&code) = codes.next() else { break };
                let character =
                    if code == ESC { self.shifted(codes.next().copied()) } else { self.main.character(code) };
                utf8.extend_from_slice(character.unwrap_or(' ').encode_utf8(&mut [0; 4]).as_bytes());
            }
            rest = codes.as_slice();
        }
        // Only whole characters were appended, so this never falls back.
        *text = String::from_utf8(utf8).unwrap_or_default();
    }

    /// The character of a code after ESC.
    fn shifted(&self, code: Option<u8>) -> Option<char> {
        let code = code.filter(|code| *code != ESC)?;
        self.extension.character(code).or_else(|| self.main.character(code))
    }
}

/// Characters below this are found by index; the few above (Greek, the euro, infinity) by search.
const DIRECT: usize = 0x180;
/// Marks a character without a code.
const ABSENT: u8 = 0xFF;

/// One table with its inverse.
#[derive(Debug)]
struct Table {
    characters: [char; 128],
    /// The ASCII characters among them; [`ABSENT`] for the others.
    ascii: [u8; 128],
    codes: [u8; DIRECT],
}

impl Table {
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "evaluated by the compiler; codes are below 128"
    )]
    const fn new(characters: &[char; 128]) -> Self {
        let mut codes = [ABSENT; DIRECT];
        let mut ascii = [ABSENT; 128];
        let mut code = 0;
        while code < 128 {
            let character = characters[code];
            if character != NO && code != ESC as usize && (character as usize) < DIRECT {
                codes[character as usize] = code as u8;
                if character.is_ascii() {
                    ascii[code] = character as u8;
                }
            }
            code += 1;
        }
        Self { characters: *characters, ascii, codes }
    }

    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    const fn sparse(entries: &[(u8, char)]) -> Self {
        let mut characters = [NO; 128];
        let mut at = 0;
        while at < entries.len() {
            characters[entries[at].0 as usize] = entries[at].1;
            at += 1;
        }
        Self::new(&characters)
    }

    /// The codes of eight ASCII characters; `None` if one is not ASCII or not in the table.
    fn plain_codes(&self, characters: [u8; 8]) -> Option<[u8; 8]> {
        let codes = characters.map(|character| self.codes.get(usize::from(character)).copied().unwrap_or(ABSENT));
        (are_ascii(characters) && are_ascii(codes)).then_some(codes)
    }

    /// The characters of eight codes; `None` if one is not ASCII or stands for nothing.
    fn plain_characters(&self, codes: [u8; 8]) -> Option<[u8; 8]> {
        let characters = codes.map(|code| self.ascii.get(usize::from(code & 0x7F)).copied().unwrap_or(ABSENT));
        are_ascii(characters).then_some(characters)
    }

    fn character(&self, code: u8) -> Option<char> {
        self.characters.get(usize::from(code)).copied().filter(|character| *character != NO)
    }

    fn code(&self, character: char) -> Option<u8> {
        match self.codes.get(character as usize) {
            Some(code) => Some(*code).filter(|code| *code != ABSENT),
            None => self.characters.iter().position(|known| *known == character).and_then(|at| u8::try_from(at).ok()),
        }
    }
}

/// Whether no byte has its high bit, which [`ABSENT`] has.
fn are_ascii(bytes: [u8; 8]) -> bool {
    u64::from_ne_bytes(bytes) & 0x8080_8080_8080_8080 == 0
}

/// Clause 6.2.1.
#[rustfmt::skip]
static DEFAULT: Table = Table::new(&[
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1B}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
]);

/// Clause 6.2.1.1.
#[rustfmt::skip]
static EXTENSION: Table = Table::sparse(&[
    (0x0A, '\u{C}'), (0x14, '^'), (0x28, '{'), (0x29, '}'), (0x2F, '\\'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'),
    (0x40, '|'), (0x65, '€'),
]);

/// Annex A.2.1.
#[rustfmt::skip]
static TURKISH_SINGLE: Table = Table::sparse(&[
    (0x0A, '\u{C}'), (0x14, '^'), (0x28, '{'), (0x29, '}'), (0x2F, '\\'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'),
    (0x40, '|'), (0x47, 'Ğ'), (0x49, 'İ'), (0x53, 'Ş'), (0x63, 'ç'), (0x65, '€'), (0x67, 'ğ'), (0x69, 'ı'),
    (0x73, 'ş'),
]);

/// Annex A.2.2.
#[rustfmt::skip]
static SPANISH_SINGLE: Table = Table::sparse(&[
    (0x09, 'ç'), (0x0A, '\u{C}'), (0x14, '^'), (0x28, '{'), (0x29, '}'), (0x2F, '\\'), (0x3C, '['), (0x3D, '~'),
    (0x3E, ']'), (0x40, '|'), (0x41, 'Á'), (0x49, 'Í'), (0x4F, 'Ó'), (0x55, 'Ú'), (0x61, 'á'), (0x65, '€'),
    (0x69, 'í'), (0x6F, 'ó'), (0x75, 'ú'),
]);

/// Annex A.2.3.
#[rustfmt::skip]
static PORTUGUESE_SINGLE: Table = Table::sparse(&[
    (0x05, 'ê'), (0x09, 'ç'), (0x0A, '\u{C}'), (0x0B, 'Ô'), (0x0C, 'ô'), (0x0E, 'Á'), (0x0F, 'á'), (0x12, 'Φ'),
    (0x13, 'Γ'), (0x14, '^'), (0x15, 'Ω'), (0x16, 'Π'), (0x17, 'Ψ'), (0x18, 'Σ'), (0x19, 'Θ'), (0x1F, 'Ê'),
    (0x28, '{'), (0x29, '}'), (0x2F, '\\'), (0x3C, '['), (0x3D, '~'), (0x3E, ']'), (0x40, '|'), (0x41, 'À'),
    (0x49, 'Í'), (0x4F, 'Ó'), (0x55, 'Ú'), (0x5B, 'Ã'), (0x5C, 'Õ'), (0x61, 'Â'), (0x65, '€'), (0x69, 'í'),
    (0x6F, 'ó'), (0x75, 'ú'), (0x7B, 'ã'), (0x7C, 'õ'), (0x7F, 'â'),
]);

/// Annex A.3.1.
#[rustfmt::skip]
static TURKISH_LOCKING: Table = Table::new(&[
    '@', '£', '$', '¥', '€', 'é', 'ù', 'ı', 'ò', 'Ç', '\n', 'Ğ', 'ğ', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1B}', 'Ş', 'ş', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    'İ', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    'ç', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
]);

/// Annex A.3.3.
#[rustfmt::skip]
static PORTUGUESE_LOCKING: Table = Table::new(&[
    '@', '£', '$', '¥', 'ê', 'é', 'ú', 'í', 'ó', 'ç', '\n', 'Ô', 'ô', '\r', 'Á', 'á',
    'Δ', '_', 'ª', 'Ç', 'À', '∞', '^', '\\', '€', 'Ó', '|', '\u{1B}', 'Â', 'â', 'Ê', 'É',
    ' ', '!', '"', '#', 'º', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    'Í', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ã', 'Õ', 'Ú', 'Ü', '§',
    '~', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ã', 'õ', '`', 'ü', 'à',
]);
