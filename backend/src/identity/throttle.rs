//! Wrong passwords are answered less and less. What is counted is failures, and where they come
//! from is asked before whom they are aimed at:
//!
//! 1. **An address block** (an IPv4 address, an IPv6 /64) may fail 60 times a minute. Whoever
//!    floods is stopped here, before any account's counter hears of it.
//! 2. **A block at one account** may fail 10 times a minute. A stranger who guesses at
//!    somebody's password uses up their own tries, never those of the person, who comes from
//!    elsewhere: there is nothing that locks an account.
//! 3. **An account, over all blocks**, may fail 100 times an hour before it counts as pressed.
//!    Then each block has one failure in five minutes at it instead of ten in one. Guessing
//!    from many addresses is thereby bounded by how many there are: 1,000 of them get 12,000
//!    guesses an hour instead of 600,000. The person still signs in at the first try; only a
//!    slip of theirs waits for five minutes. A single lock over all addresses would bound
//!    more, and would hand every stranger the key to it.
//!
//! A failure is counted when the attempt begins and given back when it was none, because
//! attempts that run at the same time must not all find the counter as it was before them; an
//! attempt whose caller has gone stays counted. Accounts that do not exist count like others.
//! Everything is in this process: with replicas the limits multiply by their number. A map that
//! is full forgets the less loaded half, so that memory is bounded and those who fail most are
//! remembered longest.

use super::account;
use crate::address::AddressBlock;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Entries that each map holds at most; about 5 MB for all of them.
const MOST_ENTRIES: usize = 16_384;

/// How many failures, in which time.
#[derive(Clone, Copy)]
struct Quota {
    failures: u32,
    within: Duration,
}

const BLOCK: Quota = Quota::new(60, 60);
const BLOCK_AT_ACCOUNT: Quota = Quota::new(10, 60);
const ACCOUNT: Quota = Quota::new(100, 3_600);
const BLOCK_AT_PRESSED_ACCOUNT: Quota = Quota::new(1, 300);

impl Quota {
    const fn new(failures: u32, seconds: u64) -> Self {
        Self {
            failures,
            within: Duration::from_secs(seconds),
        }
    }

    /// How long it takes until one failure is forgotten.
    fn each(self) -> Duration {
        self.within / self.failures
    }
}

/// A leaky bucket per key: the instant at which everything counted so far is forgotten.
struct Counter<K> {
    quota: Quota,
    empty_at: HashMap<K, Instant>,
}

impl<K: Copy + Eq + Hash> Counter<K> {
    fn new(quota: Quota) -> Self {
        Self {
            quota,
            empty_at: HashMap::new(),
        }
    }

    /// How long until this key may fail once more; `None` when it may now.
    fn wait(&self, key: K, now: Instant) -> Option<Duration> {
        let load = self.empty_at.get(&key)?.saturating_duration_since(now);
        let wait = (load + self.quota.each()).saturating_sub(self.quota.within);
        (!wait.is_zero()).then_some(wait)
    }

    /// Counts one failure; what is full already stays full.
    fn count(&mut self, key: K, now: Instant) {
        if self.empty_at.len() >= MOST_ENTRIES && !self.empty_at.contains_key(&key) {
            self.forget(now);
        }
        let empty_at = self.empty_at.entry(key).or_insert(now);
        *empty_at = (*empty_at).max(now) + self.quota.each();
        *empty_at = (*empty_at).min(now + self.quota.within);
    }

    /// Takes back one failure.
    fn give_back(&mut self, key: K) {
        if let Some(empty_at) = self.empty_at.get_mut(&key)
            && let Some(earlier) = empty_at.checked_sub(self.quota.each())
        {
            *empty_at = earlier;
        }
    }

    /// Drops what is empty, and when that is not enough the less loaded half.
    fn forget(&mut self, now: Instant) {
        self.empty_at.retain(|_, empty_at| *empty_at > now);
        if self.empty_at.len() > MOST_ENTRIES / 2 {
            let mut loads: Vec<Instant> = self.empty_at.values().copied().collect();
            let middle = loads.len() / 2;
            let (_, &mut median, _) = loads.select_nth_unstable(middle);
            self.empty_at.retain(|_, empty_at| *empty_at > median);
        }
    }
}

/// An account by the digest of its e-mail address.
type AccountDigest = [u8; 32];

struct Counters {
    blocks: Counter<AddressBlock>,
    pairs: Counter<(AddressBlock, AccountDigest)>,
    accounts: Counter<AccountDigest>,
    pressed_pairs: Counter<(AddressBlock, AccountDigest)>,
}

/// The counters of failed sign-ins.
pub struct SignInThrottle(Mutex<Counters>);

/// An attempt that may go on. It counts as failed unless it is forgiven.
#[must_use]
pub struct Attempt<'a> {
    throttle: &'a SignInThrottle,
    block: AddressBlock,
    account: AccountDigest,
}

impl Default for SignInThrottle {
    fn default() -> Self {
        Self(Mutex::new(Counters {
            blocks: Counter::new(BLOCK),
            pairs: Counter::new(BLOCK_AT_ACCOUNT),
            accounts: Counter::new(ACCOUNT),
            pressed_pairs: Counter::new(BLOCK_AT_PRESSED_ACCOUNT),
        }))
    }
}

impl SignInThrottle {
    /// Lets an attempt begin, or says how long to wait.
    pub fn begin(&self, email: &str, address: Option<IpAddr>) -> Result<Attempt<'_>, Duration> {
        self.begin_at(email, address, Instant::now())
    }

    fn begin_at(
        &self,
        email: &str,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<Attempt<'_>, Duration> {
        let block = AddressBlock::from(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        let account = Sha256::digest(account::normalised(email).as_bytes()).into();
        let pair = (block, account);
        let mut counters = self.counters();
        if let Some(wait) = counters.blocks.wait(block, now) {
            return Err(wait);
        }
        if let Some(wait) = counters.pairs.wait(pair, now) {
            return Err(wait);
        }
        let pressed = counters.accounts.wait(account, now).is_some();
        if let Some(wait) = counters.pressed_pairs.wait(pair, now).filter(|_| pressed) {
            return Err(wait);
        }
        counters.blocks.count(block, now);
        counters.pairs.count(pair, now);
        counters.accounts.count(account, now);
        counters.pressed_pairs.count(pair, now);
        Ok(Attempt {
            throttle: self,
            block,
            account,
        })
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        // The counters are whole after each statement, whoever panicked between two.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The attempt was no failure: it succeeded, or the password was never compared.
    pub fn forgive(self) {
        let pair = (self.block, self.account);
        let mut counters = self.throttle.counters();
        counters.blocks.give_back(self.block);
        counters.pairs.give_back(pair);
        counters.accounts.give_back(self.account);
        counters.pressed_pairs.give_back(pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMAIL: &str = "a@bank.example";

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(0xc633_0000 + n))
    }

    fn fail(throttle: &SignInThrottle, email: &str, from: u32, now: Instant) -> bool {
        throttle.begin_at(email, Some(address(from)), now).is_ok()
    }

    #[test]
    fn the_eleventh_failure_within_a_minute_waits_and_other_accounts_do_not() {
        let (throttle, now) = (SignInThrottle::default(), Instant::now());
        for _ in 0..10 {
            assert!(fail(&throttle, EMAIL, 1, now));
        }
        let refused = throttle.begin_at("A@bank.example ", Some(address(1)), now);
        let wait = refused.err().expect("the eleventh is refused");
        assert_eq!(wait, Duration::from_secs(6));
        assert!(fail(&throttle, "b@bank.example", 1, now));
        assert!(fail(&throttle, EMAIL, 1, now + wait));
    }

    #[test]
    fn somebody_who_signs_in_rightly_is_never_held_up() {
        let (throttle, now) = (SignInThrottle::default(), Instant::now());
        for _ in 0..1_000 {
            let attempt = throttle.begin_at(EMAIL, Some(address(1)), now);
            attempt.expect("no failure so far").forgive();
        }
    }

    #[test]
    fn attempts_at_the_same_time_are_counted_before_any_has_failed() {
        let (throttle, now) = (SignInThrottle::default(), Instant::now());
        let running: Vec<_> = (0..50)
            .filter_map(|_| throttle.begin_at(EMAIL, Some(address(1)), now).ok())
            .collect();
        assert_eq!(running.len(), 10);
    }

    #[test]
    fn a_stranger_cannot_lock_a_person_out() {
        let (throttle, now) = (SignInThrottle::default(), Instant::now());
        for _ in 0..10_000 {
            let _ = fail(&throttle, EMAIL, 1, now);
        }
        assert!(!fail(&throttle, EMAIL, 1, now));
        for _ in 0..10 {
            assert!(fail(&throttle, EMAIL, 2, now), "the person, from elsewhere");
        }
    }

    #[test]
    fn a_flood_from_one_address_stops_at_its_address_and_touches_no_more_accounts() {
        let (throttle, now) = (SignInThrottle::default(), Instant::now());
        let admitted = (0..1_000).filter(|n| fail(&throttle, &format!("{n}@bank.example"), 1, now));
        assert_eq!(admitted.count(), 60);
        assert_eq!(throttle.counters().accounts.empty_at.len(), 60);
    }

    #[test]
    fn guessing_from_many_addresses_is_slowed_and_the_person_is_let_in() {
        let (throttle, now) = (SignInThrottle::default(), Instant::now());
        let guesses = |now| -> usize {
            let tries = (0..10_000_u32).filter(|n| fail(&throttle, EMAIL, n % 1_000, now));
            tries.count()
        };
        // A hundred before it is pressed, then one for each address that is new to it.
        assert!(guesses(now) <= 1_100);
        // In the next minute the addresses would have had ten tries each.
        assert!(guesses(now + Duration::from_mins(1)) <= 10);
        let person = throttle.begin_at(EMAIL, Some(address(77_777)), now);
        person.expect("a first try from elsewhere").forgive();
        assert!(fail(&throttle, EMAIL, 77_777, now), "and it stays theirs");
        let wait = throttle.begin_at(EMAIL, Some(address(77_777)), now).err();
        assert_eq!(wait, Some(Duration::from_mins(5)));
    }

    #[test]
    fn the_maps_are_bounded_and_keep_who_fails_most() {
        let (throttle, now) = (SignInThrottle::default(), Instant::now());
        for _ in 0..60 {
            let _ = fail(&throttle, EMAIL, 1, now);
        }
        for n in 2..100_000 {
            let _ = fail(&throttle, &format!("{n}@bank.example"), n, now);
        }
        let counters = throttle.counters();
        assert!(counters.blocks.empty_at.len() <= MOST_ENTRIES);
        assert!(counters.pairs.empty_at.len() <= MOST_ENTRIES);
        assert!(counters.accounts.empty_at.len() <= MOST_ENTRIES);
        assert!(counters.pressed_pairs.empty_at.len() <= MOST_ENTRIES);
        drop(counters);
        assert!(
            !fail(&throttle, EMAIL, 1, now),
            "the worst is not forgotten"
        );
    }

    #[test]
    fn ipv6_addresses_of_one_subscriber_count_together() {
        let (throttle, now) = (SignInThrottle::default(), Instant::now());
        let admitted = (0..100_u32).filter(|n| {
            let address: IpAddr = format!("2001:db8::{n:x}").parse().expect("an address");
            throttle.begin_at(EMAIL, Some(address), now).is_ok()
        });
        assert_eq!(admitted.count(), 10);
    }
}
