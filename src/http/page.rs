//! Pages of lists: limits and cursors.
//!
//! A cursor is the place where the next page begins and the direction of the list; callers give it back as they got it.

use serde::Deserialize;

use crate::actor::audit;
use crate::store::conversation::TurnsBefore;
use crate::store::view::Page;

use super::dto::List;
use super::problem::Problem;

/// Items on a page unless the caller says otherwise.
const LIMIT: u32 = 50;
/// The most items on a page.
const LIMIT_MAX: u32 = 1000;

/// Parameters of a list of numbered things.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParameters {
    /// Only what has a higher number, oldest first. Not together with `cursor`.
    #[param(value_type = Option<i64>)]
    pub(super) after: Option<String>,
    /// Where the page before ended.
    pub(super) cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub(super) limit: Option<String>,
}

impl PageParameters {
    /// The page that is asked for, and its length.
    pub(super) fn page(&self) -> Result<(Page, u32), Problem> {
        let page = match (self.cursor.as_deref(), self.after.as_deref()) {
            (Some(_), Some(_)) => {
                return Err(Problem::bad("cursor", "goes on where a page ended and `after` begins anew; give one"));
            }
            (Some(cursor), None) => read_cursor(cursor)?,
            (None, Some(after)) => Page::After(number("after", after)?),
            (None, None) => Page::Before(None),
        };
        Ok((page, limit(self.limit.as_deref())?))
    }
}

/// The length of a page.
pub(super) fn limit(given: Option<&str>) -> Result<u32, Problem> {
    let Some(given) = given else { return Ok(LIMIT) };
    let limit = given.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| Problem::bad("limit", format!("a page has 1 to {LIMIT_MAX} items")))
}

/// The number of an item.
pub(super) fn number(field: &'static str, given: &str) -> Result<i64, Problem> {
    let number = given.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| Problem::bad(field, "give the number of an item, 0 or more"))
}

/// Reads a cursor.
pub(super) fn read_cursor(cursor: &str) -> Result<Page, Problem> {
    let number = |digits: &str| digits.parse::<i64>().ok().filter(|number| *number >= 0);
    let page = match cursor.split_at_checked(1) {
        Some(("a", digits)) => number(digits).map(Page::After),
        Some(("b", digits)) => number(digits).map(|before| Page::Before(Some(before))),
        _ => None,
    };
    page.ok_or_else(|| Problem::bad("cursor", "is not a cursor of this list; give `next` of the page before"))
}

/// Reads a cursor of a conversation, which goes on in two lists.
pub(super) fn read_turns_cursor(cursor: &str) -> Result<TurnsBefore, Problem> {
    let number = |digits: &str| digits.parse::<i64>().ok().filter(|number| *number >= 0);
    let places = cursor.strip_prefix('t').and_then(|places| places.split_once('.'));
    let before = places
        .and_then(|(message, inbound)| Some(TurnsBefore { message: number(message)?, inbound: number(inbound)? }));
    before.ok_or_else(|| Problem::bad("cursor", "is not a cursor of this list; give `next` of the page before"))
}

/// Writes one.
pub(super) fn turns_cursor(before: TurnsBefore) -> String {
    format!("t{}.{}", before.message, before.inbound)
}

impl<T> List<T> {
    /// A page, with a cursor where it is full. `seq` is the number of an item.
    pub(super) fn page(items: Vec<T>, limit: u32, page: Page, seq: impl Fn(&T) -> i64) -> Self {
        audit::counts(items.len());
        let last = items.last().filter(|_| items.len() >= usize::try_from(limit).unwrap_or(usize::MAX)).map(seq);
        let next = last.map(|seq| match page {
            Page::After(_) => format!("a{seq}"),
            Page::Before(_) => format!("b{seq}"),
        });
        Self { items, next }
    }

    /// All there is.
    pub(super) fn whole(items: Vec<T>) -> Self {
        audit::counts(items.len());
        Self { items, next: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_on_in_its_direction() {
        for page in [Page::After(0), Page::Before(None)] {
            let list = List::page(vec![7, 8], 2, page, |seq| *seq);
            let next = read_cursor(list.next.as_deref().unwrap()).unwrap();
            assert_eq!(next, if page == Page::After(0) { Page::After(8) } else { Page::Before(Some(8)) });
        }
    }

    #[test]
    fn a_cursor_of_a_conversation_leads_on_in_both_lists() {
        let before = TurnsBefore { message: 17, inbound: i64::MAX };
        assert_eq!(read_turns_cursor(&turns_cursor(before)), Ok(before));
        for cursor in ["", "t", "t1", "t1.-2", "b7", "t1.2.3"] {
            assert!(read_turns_cursor(cursor).is_err(), "{cursor}");
        }
    }

    #[test]
    fn a_page_that_is_not_full_is_the_last() {
        assert_eq!(List::page(vec![7], 2, Page::After(0), |seq| *seq).next, None);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for cursor in ["", "7", "a", "c7", "a-7", "\u{e9}7"] {
            assert!(read_cursor(cursor).is_err(), "{cursor}");
        }
    }
}
