//! What somebody may have meant: the known name that is the fewest edits away. Knows nothing of what the names are for.

/// The closest of `known`, if it is close enough to be a slip of the hand: a third of the name at most.
///
/// Takes time in proportion to the length of `name`, so bound it where it comes from a stranger.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = known.into_iter().map(|one| (distance(name, one), one)).min_by_key(|&(edits, _)| edits)?;
    let (edits, one) = near;
    (edits <= one.chars().count().div_ceil(3)).then(|| one.to_owned())
}

/// Insertions, deletions and replacements between two names, without regard to case (Levenshtein's distance).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().map(|c| c.to_ascii_lowercase()).collect();
    // One row of the table at a time: the cost of every beginning of `to`.
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, character) in from.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let (mut diagonal, mut left) = (index, index + 1);
        let mut cells = row.iter_mut();
        if let Some(first) = cells.next() {
            *first = left;
        }
        for (other, cell) in to.iter().zip(cells) {
            let above = *cell;
            let replaced = diagonal + usize::from(character != *other);
            left = replaced.min(above + 1).min(left + 1);
            *cell = left;
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<&str>) {
        let known = ["listen", "allow_plaintext", "per_day", "per_minute", "min_gap"];
        assert_eq!(closest(name, known), expected.map(ToOwned::to_owned), "{name}");
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        check("lisen", Some("listen"));
        check("Listen", Some("listen"));
        check("per-day", Some("per_day"));
        check("perminute", Some("per_minute"));
        check("mingap", Some("min_gap"));
        check("colour", None);
        check("", None);
    }

    #[test]
    fn distances_count_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
