//! A modem that answers and carries nothing, while others do: pure, told what was carried and when.

use std::time::Duration;

use crate::clock::Instant;

/// Between looks whether others have carried something meanwhile.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// For how long one modem has carried nothing.
#[derive(Debug)]
pub(super) struct Idle {
    /// So long is suspicious; zero for never.
    after: Duration,
    /// When it last carried anything, came up, or was suspected.
    since: Instant,
    /// When to look, while it is up.
    look_at: Option<Instant>,
}

impl Idle {
    pub(super) fn new(after: Duration, now: Instant) -> Self {
        Self { after, since: now, look_at: None }
    }

    /// The modem is up.
    pub(super) fn up(&mut self, now: Instant) {
        self.since = now;
        self.look_at = (!self.after.is_zero()).then(|| now + self.after);
    }

    /// The modem is not up.
    pub(super) fn down(&mut self) {
        self.look_at = None;
    }

    /// It has sent, received or reported something.
    pub(super) fn carried(&mut self, now: Instant) {
        self.since = now;
    }

    /// When [`Idle::look`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.look_at
    }

    /// Whether the modem is suspicious. That others carried something counts only once this one has been idle for so long:
    /// before, there may have been nothing for it.
    pub(super) fn look(&mut self, others: Option<Instant>, now: Instant) -> bool {
        let due = self.since + self.after;
        let is_suspicious = now >= due && others.is_some_and(|at| at >= due);
        if is_suspicious {
            self.up(now);
        } else {
            self.look_at = Some(if now < due { due } else { now + LOOK });
        }
        is_suspicious
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn at(seconds: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(seconds))
    }

    fn idle() -> Idle {
        let mut idle = Idle::new(Duration::from_secs(HOUR), at(0));
        idle.up(at(0));
        idle
    }

    #[test]
    fn a_modem_that_carries_nothing_while_others_do_is_suspicious_and_then_has_its_time_again() {
        let mut idle = idle();
        assert_eq!(idle.deadline(), Some(at(HOUR)));
        assert!(idle.look(Some(at(HOUR)), at(HOUR)));
        assert_eq!(idle.deadline(), Some(at(2 * HOUR)));
    }

    #[test]
    fn a_pool_that_is_idle_is_not_suspicious() {
        let mut idle = idle();
        for others in [None, Some(at(HOUR - 1))] {
            assert!(!idle.look(others, at(HOUR)));
        }
        assert_eq!(idle.deadline(), Some(at(HOUR) + LOOK));
        assert!(idle.look(Some(at(HOUR + 200)), at(HOUR) + LOOK), "another one was busy since");
    }

    #[test]
    fn whoever_carries_something_is_looked_at_later() {
        let mut idle = idle();
        idle.carried(at(100));
        assert!(!idle.look(Some(at(HOUR)), at(HOUR)));
        assert_eq!(idle.deadline(), Some(at(HOUR + 100)));
    }

    #[test]
    fn without_a_time_and_while_it_is_down_nobody_looks() {
        let mut never = Idle::new(Duration::ZERO, at(0));
        never.up(at(0));
        assert_eq!(never.deadline(), None);
        let mut idle = idle();
        idle.down();
        assert_eq!(idle.deadline(), None);
    }
}
