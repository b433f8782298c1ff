//! The writer's inbox: two queues and one place to wait.
//!
//! What modems report and what people decide is taken first and never refused; its number is bounded by the modems (each
//! waits for answers before it reports more) and by the connections of the door. Submits are bounded here: when the queue is
//! full the caller is told to come again.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Submits that wait for the writer. At 512 a commit this is a few hundredths of a second of work.
const SUBMITS_MAX: usize = 2048;

#[derive(Debug)]
pub(super) struct Inbox<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
}

#[derive(Debug)]
struct State<T> {
    first: VecDeque<T>,
    submits: VecDeque<T>,
    closed: bool,
}

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

impl<T> Inbox<T> {
    pub(super) fn new() -> Self {
        let state = State { first: VecDeque::new(), submits: VecDeque::new(), closed: false };
        Self { state: Mutex::new(state), wake: Condvar::new() }
    }

    /// For what is never refused while the writer lives.
    pub(super) fn push_first(&self, item: T) -> Result<(), Refused> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(Refused::Closed);
        }
        state.first.push_back(item);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    pub(super) fn push_submit(&self, item: T) -> Result<(), Refused> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.submits.len() >= SUBMITS_MAX {
            return Err(Refused::Full);
        }
        state.submits.push_back(item);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Waits until there is something, the inbox is closed, or `timeout` is over, then takes at most `max` items. `None`
    /// when it is closed and empty.
    pub(super) fn take(&self, max: usize, timeout: Option<Duration>) -> Option<Vec<T>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.first.is_empty() && state.submits.is_empty() {
            if state.closed {
                return None;
            }
            state = match timeout {
                Some(timeout) => {
                    let (state, result) =
                        self.wake.wait_timeout(state, timeout).unwrap_or_else(PoisonError::into_inner);
                    if result.timed_out() {
                        return Some(Vec::new());
                    }
                    state
                }
                None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        let results = state.first.len().min(max);
        let mut taken: Vec<T> = state.first.drain(..results).collect();
        let submits = state.submits.len().min(max - results);
        taken.extend(state.submits.drain(..submits));
        Some(taken)
    }

    /// Takes nothing more in; what is there is still taken out.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_before_submits() {
        let inbox = Inbox::new();
        inbox.push_submit("submit").unwrap();
        inbox.push_first("result").unwrap();
        assert_eq!(inbox.take(8, None), Some(vec!["result", "submit"]));
    }

    #[test]
    fn submits_are_refused_when_full_and_results_are_not() {
        let inbox = Inbox::new();
        for n in 0..SUBMITS_MAX {
            inbox.push_submit(n).unwrap();
        }
        assert_eq!(inbox.push_submit(0), Err(Refused::Full));
        assert_eq!(inbox.push_first(0), Ok(()));
    }

    #[test]
    fn a_closed_inbox_is_emptied_first() {
        let inbox = Inbox::new();
        inbox.push_first(1).unwrap();
        inbox.close();
        assert_eq!(inbox.push_first(2), Err(Refused::Closed));
        assert_eq!(inbox.take(8, None), Some(vec![1]));
        assert_eq!(inbox.take(8, None), None);
    }

    #[test]
    fn waiting_ends_in_time() {
        assert_eq!(Inbox::<u8>::new().take(8, Some(Duration::from_millis(1))), Some(Vec::new()));
    }
}
