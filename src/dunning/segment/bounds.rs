//! What a value of a case is held against: a least and a most, or a list of which it has to be one.

/// A least and a most, both included; what is not given does not bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    /// The least.
    pub min: Option<T>,
    /// The most.
    pub max: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { min: None, max: None }
    }
}

impl<T: Ord + Copy> Bounds<T> {
    /// From a least on.
    pub fn from(min: T) -> Self {
        Self { min: Some(min), max: None }
    }

    /// Up to a most.
    pub fn up_to(max: T) -> Self {
        Self { min: None, max: Some(max) }
    }

    /// From a least up to a most.
    pub fn between(min: T, max: T) -> Self {
        Self { min: Some(min), max: Some(max) }
    }

    /// Whether a value lies between them.
    pub fn holds(&self, value: T) -> bool {
        self.min.is_none_or(|min| min <= value) && self.max.is_none_or(|max| value <= max)
    }

    /// The same of a value that may not be known: what is not known is not between bounds, and is free where there are none.
    pub fn holds_known(&self, value: Option<T>) -> bool {
        value.map_or(self.min.is_none() && self.max.is_none(), |value| self.holds(value))
    }

    /// Whether no value lies between them.
    pub fn is_empty(&self) -> bool {
        self.min.zip(self.max).is_some_and(|(min, max)| min > max)
    }

    /// Whether a value may lie between these and between those.
    pub fn overlaps(&self, other: &Self) -> bool {
        let least = self.min.max(other.min);
        // `None` is the least of options, and the most of a bound from above.
        let most = [self.max, other.max].into_iter().flatten().min();
        !Self { min: least, max: most }.is_empty()
    }

    /// Whether every value between those lies between these.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.min.is_none_or(|min| other.min.is_some_and(|theirs| min <= theirs))
            && self.max.is_none_or(|max| other.max.is_some_and(|theirs| theirs <= max))
    }
}

/// A word of the caller's, without regard to case: a product, a tag, a kind of customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(String);

impl Word {
    /// The word as it is compared.
    pub fn new(word: &str) -> Self {
        Self(word.trim().to_lowercase())
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a word of the data is this one.
    pub fn is(&self, word: &str) -> bool {
        word.trim().chars().flat_map(char::to_lowercase).eq(self.0.chars())
    }
}

/// Whether a value is in a list; every value is in an empty one.
pub(super) fn allows<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

/// Whether a word of the data is in a list; every one, and none at all, is in an empty one.
pub(super) fn allows_word(list: &[Word], word: Option<&str>) -> bool {
    list.is_empty() || word.is_some_and(|word| list.iter().any(|one| one.is(word)))
}

/// Whether a value may be in both lists.
pub(super) fn lists_meet<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|value| other.contains(value))
}

/// Whether every value that is in the narrow list is in the wide one.
pub(super) fn list_covers<T: PartialEq>(wide: &[T], narrow: &[T]) -> bool {
    wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|value| wide.contains(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bounds() -> impl Strategy<Value = Bounds<i32>> {
        (prop::option::of(-3..4), prop::option::of(-3..4)).prop_map(|(min, max)| Bounds { min, max })
    }

    proptest! {
        #[test]
        fn bounds_agree_with_the_values_between_them(one in bounds(), other in bounds()) {
            let values = || -10..=10;
            prop_assert_eq!(one.is_empty(), values().all(|value| !one.holds(value)));
            prop_assert_eq!(one.overlaps(&other), values().any(|value| one.holds(value) && other.holds(value)));
            if one.covers(&other) {
                prop_assert!(values().all(|value| one.holds(value) || !other.holds(value)));
            }
        }
    }

    #[test]
    fn what_is_not_known_is_free_where_nothing_is_bound() {
        assert!(Bounds::<u32>::default().holds_known(None));
        assert!(!Bounds::from(0_u32).holds_known(None));
    }

    #[test]
    fn words_are_compared_without_regard_to_case() {
        assert!(Word::new(" Cartão ").is("CARTÃO"));
        assert!(!Word::new("cartão").is("cartao"));
    }
}
