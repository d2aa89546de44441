//! Failed sign-ins are slowed down per account and per address, alike for accounts that do
//! not exist. Counted in this process; the limits are low enough that a few replicas do not
//! make guessing practical.

use crate::digest;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// At most ten attempts a minute for one account and sixty for one address.
pub struct SignInThrottle {
    by_account: DefaultKeyedRateLimiter<String>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
}

impl Default for SignInThrottle {
    fn default() -> Self {
        let per_minute = |n| Quota::per_minute(NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN));
        Self {
            by_account: RateLimiter::keyed(per_minute(10)),
            by_address: RateLimiter::keyed(per_minute(60)),
        }
    }
}

impl SignInThrottle {
    /// True when this attempt may go on.
    #[must_use]
    pub fn admits(&self, email: &str, address: Option<IpAddr>) -> bool {
        let account = digest::sha256(email.trim().to_lowercase().as_bytes());
        // Both are counted whatever the first says.
        let by_account = self.by_account.check_key(&account).is_ok();
        let by_address = address.is_none_or(|ip| self.by_address.check_key(&ip).is_ok());
        by_account && by_address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_attempt_within_a_minute_is_refused_and_other_accounts_are_not() {
        let throttle = SignInThrottle::default();
        for _ in 0..10 {
            assert!(throttle.admits("a@bank.example", None));
        }
        assert!(!throttle.admits("A@bank.example ", None));
        assert!(throttle.admits("b@bank.example", None));
    }
}
