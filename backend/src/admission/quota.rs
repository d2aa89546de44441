//! How many requests a key, a person and a bank may send. Counted in this process, so that
//! each replica has the whole quota. A person in a browser has a quota of their own only: what
//! a bank's programs use up does not shut its people out.

use super::{Caller, NotAdmitted};
use crate::tenancy::TenantId;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

/// Keys whose quota is whole again are forgotten after this many requests.
const PRUNED_EVERY: u32 = 4_096;

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Counts requests by caller and by bank.
pub struct Quotas {
    per_caller: Limiter<Caller>,
    per_bank: Limiter<TenantId>,
    clock: DefaultClock,
    counted: AtomicU32,
}

/// What is left of the quota that is nearer to its end, for the headers of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// `caller` or `bank`.
    pub policy: &'static str,
    /// Requests a second.
    pub per_second: u32,
    /// Requests that may follow at once.
    pub remaining: u32,
}

impl Allowance {
    /// `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers.
    #[must_use]
    pub fn policy_header(&self) -> String {
        format!("\"{}\";q={};w=1", self.policy, self.per_second)
    }

    /// `RateLimit` of the same draft.
    #[must_use]
    pub fn limit_header(&self) -> String {
        format!("\"{}\";r={};t=1", self.policy, self.remaining)
    }
}

impl Quotas {
    /// Requests a second, which may also come all at once.
    #[must_use]
    pub fn new(per_caller: NonZeroU32, per_bank: NonZeroU32) -> Self {
        Self {
            per_caller: limiter(per_caller),
            per_bank: limiter(per_bank),
            clock: DefaultClock::default(),
            counted: AtomicU32::new(0),
        }
    }

    /// Counts a request of a program (a key or an access token): against its own quota, then
    /// against the bank's.
    pub fn admit_program(&self, caller: Caller) -> Result<Allowance, NotAdmitted> {
        let own = self.admit_person(caller)?;
        let bank = self.take("bank", &self.per_bank, &caller.bank)?;
        Ok(if bank.remaining < own.remaining {
            bank
        } else {
            own
        })
    }

    /// Counts a request of a person in a browser.
    pub fn admit_person(&self, caller: Caller) -> Result<Allowance, NotAdmitted> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % PRUNED_EVERY == PRUNED_EVERY - 1 {
            self.per_caller.retain_recent();
            self.per_bank.retain_recent();
        }
        self.take("caller", &self.per_caller, &caller)
    }

    fn take<K: Hash + Eq + Clone>(
        &self,
        policy: &'static str,
        limiter: &Limiter<K>,
        key: &K,
    ) -> Result<Allowance, NotAdmitted> {
        let state = limiter
            .check_key(key)
            .map_err(|until| NotAdmitted::over_share(until.wait_time_from(self.clock.now())))?;
        Ok(Allowance {
            policy,
            per_second: state.quota().burst_size().get(),
            remaining: state.remaining_burst_capacity(),
        })
    }
}

fn limiter<K: Hash + Eq + Clone>(per_second: NonZeroU32) -> Limiter<K> {
    RateLimiter::dashmap(Quota::per_second(per_second))
        .with_middleware::<StateInformationMiddleware>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::prelude::Uuid;

    fn caller(bank: u128, id: u128) -> Caller {
        Caller {
            bank: TenantId(Uuid::from_u128(bank)),
            id: Some(Uuid::from_u128(id)),
        }
    }

    fn quotas(per_caller: u32, per_bank: u32) -> Quotas {
        let number = |n| NonZeroU32::new(n).expect("above 0");
        Quotas::new(number(per_caller), number(per_bank))
    }

    #[test]
    fn a_key_that_has_used_its_quota_up_leaves_the_others_theirs() {
        let quotas = quotas(1, 100);
        assert!(quotas.admit_program(caller(1, 1)).is_ok());
        let refused = quotas.admit_program(caller(1, 1));
        assert_eq!(refused, Err(NotAdmitted::OverShare { seconds: 1 }));
        assert!(quotas.admit_program(caller(1, 2)).is_ok());
        assert!(quotas.admit_program(caller(2, 1)).is_ok());
    }

    #[test]
    fn programs_that_use_up_the_banks_quota_do_not_shut_its_people_out() {
        let quotas = quotas(100, 1);
        let first = quotas
            .admit_program(caller(1, 1))
            .expect("within the quota");
        assert_eq!(first.limit_header(), "\"bank\";r=0;t=1");
        assert_eq!(first.policy_header(), "\"bank\";q=1;w=1");
        assert!(quotas.admit_program(caller(1, 2)).is_err());
        assert!(quotas.admit_person(caller(1, 3)).is_ok());
        assert!(quotas.admit_program(caller(2, 1)).is_ok());
    }
}
