//! How many wrong tokens an address may show, to the page of logging in and, counted apart, with requests. It keeps the noise of
//! guessing down; that nothing is guessed is what the length of tokens is for.
//!
//! Each address has a count of its own, so that one who guesses keeps nobody else out. Of IPv6 a whole /64 is one address,
//! since whoever has one address of it has all. Behind a proxy on its way everybody has the proxy's address and shares one
//! count: what a proxy says of whom it speaks for can be said by anybody, and is not read. Such a proxy counts by itself.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Instant;

use super::problem::{Kind, Problem};
use super::serve::Peer;

/// Tokens of one address that may be refused within [`PER`] before no other is looked at.
const REFUSALS: usize = 10;

const PER: Duration = Duration::from_secs(60);

/// Addresses that are remembered, some 300 octets each. When there are more, the one that was refused longest ago is forgotten.
const ADDRESSES_MAX: usize = 1_024;

/// Tokens that were shown and refused.
#[derive(Debug, Default)]
pub(super) struct Logins(Mutex<HashMap<Option<IpAddr>, VecDeque<Instant>>>);

impl Logins {
    /// Refuses to look at one more token of an address after too many wrong ones.
    pub(super) fn may_try(&self, peer: Peer, now: Instant) -> Result<(), Problem> {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(times) = refused.get_mut(&household(peer)) else { return Ok(()) };
        forget_old(times, now);
        if times.len() < REFUSALS {
            return Ok(());
        }
        let detail = format!("{REFUSALS} tokens were refused within a minute; try again in a minute");
        Err(Problem::new(Kind::TooManyRequests, detail).retry_after(PER))
    }

    /// A token was wrong.
    pub(super) fn refused(&self, peer: Peer, now: Instant) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = household(peer);
        if refused.len() >= ADDRESSES_MAX && !refused.contains_key(&address) {
            refused.retain(|_, times| {
                forget_old(times, now);
                !times.is_empty()
            });
            let oldest = refused.iter().min_by_key(|(_, times)| times.back().copied()).map(|(address, _)| *address);
            if let Some(oldest) = oldest.filter(|_| refused.len() >= ADDRESSES_MAX) {
                refused.remove(&oldest);
            }
        }
        let times = refused.entry(address).or_default();
        times.push_back(now);
        // Those that were asked at the same time and are refused as well count once more at most.
        if times.len() > REFUSALS {
            times.pop_front();
        }
    }
}

fn forget_old(times: &mut VecDeque<Instant>, now: Instant) {
    while times.front().is_some_and(|at| now.saturating_since(*at) >= PER) {
        times.pop_front();
    }
}

/// What counts as one address.
fn household(Peer(address): Peer) -> Option<IpAddr> {
    match address?.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
        }
        address @ IpAddr::V4(_) => Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn peer(address: &str) -> Peer {
        Peer(Some(address.parse().unwrap()))
    }

    /// An address shows as many wrong tokens as it may.
    fn guess(logins: &Logins, from: Peer, now: Instant) {
        for _ in 0..REFUSALS {
            assert!(logins.may_try(from, now).is_ok());
            logins.refused(from, now);
        }
    }

    #[test]
    fn who_guesses_keeps_nobody_else_out() {
        let (logins, now) = (Logins::default(), Clock::host().now().instant);
        guess(&logins, peer("192.0.2.1"), now);
        assert!(logins.may_try(peer("192.0.2.1"), now).is_err());
        assert!(logins.may_try(peer("::ffff:192.0.2.1"), now).is_err(), "the same address, written as IPv6");
        assert!(logins.may_try(peer("192.0.2.2"), now).is_ok());
        assert!(logins.may_try(Peer(None), now).is_ok());
        assert!(logins.may_try(peer("192.0.2.1"), now + PER).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let (logins, now) = (Logins::default(), Clock::host().now().instant);
        guess(&logins, peer("2001:db8:0:1::1"), now);
        assert!(logins.may_try(peer("2001:db8:0:1:ffff::2"), now).is_err());
        assert!(logins.may_try(peer("2001:db8:0:2::1"), now).is_ok());
    }

    #[test]
    fn any_number_of_addresses_takes_bounded_memory() {
        let (logins, start) = (Logins::default(), Clock::host().now().instant);
        guess(&logins, peer("192.0.2.1"), start);
        for number in 0..20_000_u32 {
            let from = Peer(Some(IpAddr::V4(number.into())));
            for _ in 0..3 * REFUSALS {
                logins.refused(from, start + Duration::from_millis(number.into()));
            }
        }
        let held = logins.0.lock().unwrap();
        assert_eq!(held.len(), ADDRESSES_MAX);
        assert!(held.values().all(|times| times.len() <= REFUSALS));
        drop(held);
        let now = start + Duration::from_secs(20);
        assert!(logins.may_try(Peer(Some(IpAddr::V4(19_999.into()))), now).is_err(), "the newest are remembered");
        assert!(logins.may_try(peer("192.0.2.1"), now).is_ok(), "the oldest was forgotten for them");
    }
}
