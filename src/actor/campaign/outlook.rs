//! From what is known of SIMs, lanes and hours to an estimate.

use crate::clock::Timestamp;
use crate::contact::calendar::{Calendar, Class, Window};
use crate::dispatch::forecast::{Forecast, Hours, Load, Never};
use crate::store::StoreError;
use crate::store::campaign::Outlook;
use crate::store::reader::Reader;

/// Parts of a lane that are counted anew by their priority; in longer ones all count.
pub const EXACTLY: u64 = 200_000;

/// Classes of hours by their numbers.
#[derive(Default)]
struct Classes(Vec<String>);

impl Classes {
    fn number(&mut self, class: &str) -> usize {
        self.0.iter().position(|known| known == class).unwrap_or_else(|| {
            self.0.push(class.to_owned());
            self.0.len() - 1
        })
    }
}

/// When `own` parts, by the class of their hours, will have left at a priority.
pub fn ends(
    reader: &Reader,
    outlook: Outlook,
    own: &[(String, u64)],
    priority: u8,
    now: Timestamp,
) -> Result<Result<Timestamp, Never>, StoreError> {
    let Outlook { sims, others, quota, is_paused, calendar, own: _ } = outlook;
    if is_paused {
        return Ok(Err(Never::Paused));
    }
    let mut classes = Classes::default();
    let keys: Vec<_> = others.iter().map(|(key, _)| *key).collect();
    let waiting = reader.waiting_at(&keys, priority, EXACTLY)?;
    let mut load = |(class, parts): (&String, u64)| Load { class: classes.number(class), parts };
    let before = others.iter().zip(waiting).map(|((_, class), parts)| load((class, parts))).collect();
    let own = own.iter().map(|(class, parts)| load((class, *parts))).collect();
    let forecast = Forecast { sims, before, own, quota };
    let parsed: Vec<Option<Class>> = classes.0.iter().map(|class| Class::parse(class, calendar.atlas())).collect();
    Ok(forecast.ends(|class, at| hours(&calendar, parsed.get(class).and_then(Option::as_ref), at), now))
}

/// The hours of a class; what is not understood is always open, as it is in the queue.
fn hours(calendar: &Calendar, class: Option<&Class>, at: Timestamp) -> Hours {
    match class.map(|class| calendar.window(class, None, at)) {
        None => Hours { is_open: true, until: Timestamp::MAX },
        Some(Window::Open { until }) => Hours { is_open: true, until },
        Some(Window::Closed { until, next_opening, .. }) => {
            Hours { is_open: false, until: next_opening.unwrap_or(until) }
        }
    }
}
