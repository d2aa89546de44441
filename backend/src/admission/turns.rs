//! A queue that serves banks in turn, and the callers of a bank in turn. Each caller's things
//! stay in their order; a bank that has had its turn goes behind every other that waits.

use super::{Caller, NotAdmitted, whole_seconds};
use crate::tenancy::TenantId;
use sea_orm::prelude::Uuid;
use std::collections::VecDeque;
use std::time::Duration;

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    pub per_caller: usize,
    pub per_bank: usize,
    pub in_all: usize,
}

/// Things that wait for their turn. Banks and callers are looked for one by one: there are
/// never more than things that wait.
pub struct Turns<T> {
    limits: QueueLimits,
    /// In the order of their turns; each has something that waits.
    banks: VecDeque<BankQueue<T>>,
    waiting: usize,
    tickets: u64,
}

struct BankQueue<T> {
    bank: TenantId,
    /// In the order of their turns; each has something that waits.
    callers: VecDeque<CallerQueue<T>>,
    waiting: usize,
}

struct CallerQueue<T> {
    id: Option<Uuid>,
    things: VecDeque<(Ticket, T)>,
}

/// Finds a thing again that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

impl<T> Turns<T> {
    #[must_use]
    pub fn new(limits: QueueLimits) -> Self {
        Self {
            limits,
            banks: VecDeque::new(),
            waiting: 0,
            tickets: 0,
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Puts a thing behind the caller's others. `pace` is how long one thing takes until the
    /// next is served: whoever is refused is told by it when there will be room.
    pub fn push(
        &mut self,
        caller: Caller,
        thing: T,
        pace: Duration,
    ) -> Result<Ticket, NotAdmitted> {
        self.check(caller, pace)?;
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let at = self
            .banks
            .iter()
            .position(|queue| queue.bank == caller.bank);
        let at = at.unwrap_or_else(|| {
            self.banks.push_back(BankQueue {
                bank: caller.bank,
                callers: VecDeque::new(),
                waiting: 0,
            });
            self.banks.len() - 1
        });
        let bank = &mut self.banks[at];
        let own = bank.callers.iter().position(|queue| queue.id == caller.id);
        let own = own.unwrap_or_else(|| {
            bank.callers.push_back(CallerQueue {
                id: caller.id,
                things: VecDeque::new(),
            });
            bank.callers.len() - 1
        });
        bank.callers[own].things.push_back((ticket, thing));
        bank.waiting += 1;
        self.waiting += 1;
        Ok(ticket)
    }

    /// A place is free for sure when all that waits before it has been served: the caller's own
    /// things, each followed by one of every other caller of the bank, and each of the bank's by
    /// one of every other bank.
    fn check(&self, caller: Caller, pace: Duration) -> Result<(), NotAdmitted> {
        let bank = self.banks.iter().find(|queue| queue.bank == caller.bank);
        let of_bank = bank.map_or(0, |queue| queue.waiting);
        let own = bank.and_then(|queue| queue.callers.iter().find(|queue| queue.id == caller.id));
        let own = own.map_or(0, |queue| queue.things.len());
        let after = |things: usize| {
            let things = u32::try_from(things.min(self.waiting)).unwrap_or(u32::MAX);
            whole_seconds(pace.saturating_mul(things))
        };
        let callers = bank.map_or(1, |queue| queue.callers.len());
        if own >= self.limits.per_caller {
            let seconds = after(own * callers * self.banks.len());
            Err(NotAdmitted::OverShare { seconds })
        } else if of_bank >= self.limits.per_bank {
            let seconds = after(of_bank * self.banks.len());
            Err(NotAdmitted::OverShare { seconds })
        } else if self.waiting >= self.limits.in_all {
            let seconds = after(self.waiting);
            Err(NotAdmitted::Full { seconds })
        } else {
            Ok(())
        }
    }

    /// The thing whose turn it is.
    pub fn take(&mut self) -> Option<T> {
        let mut bank = self.banks.pop_front()?;
        let mut caller = bank.callers.pop_front()?;
        let (_, thing) = caller.things.pop_front()?;
        self.waiting -= 1;
        bank.waiting -= 1;
        if !caller.things.is_empty() {
            bank.callers.push_back(caller);
        }
        if !bank.callers.is_empty() {
            self.banks.push_back(bank);
        }
        Some(thing)
    }

    /// Takes a thing out that nobody waits for any longer; `None` where it has been served.
    pub fn remove(&mut self, caller: Caller, ticket: Ticket) -> Option<T> {
        let at = self
            .banks
            .iter()
            .position(|queue| queue.bank == caller.bank)?;
        let bank = &mut self.banks[at];
        let own = bank
            .callers
            .iter()
            .position(|queue| queue.id == caller.id)?;
        let things = &mut bank.callers[own].things;
        let place = things.iter().position(|(own, _)| *own == ticket)?;
        let (_, thing) = things.remove(place)?;
        if things.is_empty() {
            bank.callers.remove(own);
        }
        self.waiting -= 1;
        bank.waiting -= 1;
        if bank.callers.is_empty() {
            self.banks.remove(at);
        }
        Some(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const MANY: QueueLimits = QueueLimits {
        per_caller: 1_000,
        per_bank: 1_000,
        in_all: 10_000,
    };
    const PACE: Duration = Duration::from_millis(100);

    fn caller(bank: u128, id: u128) -> Caller {
        Caller {
            bank: TenantId(Uuid::from_u128(bank)),
            id: Some(Uuid::from_u128(id)),
        }
    }

    /// A small generator of numbers: the order of arrivals is arbitrary and the same each time.
    struct Arrivals(u64);

    impl Arrivals {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005) + 1_442_695_040_888_963_407;
            (self.0 >> 33) % limit
        }
    }

    #[test]
    fn between_two_turns_of_a_bank_every_other_that_waits_has_had_one() {
        let mut arrivals = Arrivals(7);
        for _ in 0..200 {
            let mut turns = Turns::new(MANY);
            let mut waiting = [0_usize; 6];
            // Who has been passed over since each bank's last turn.
            let mut since: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); 6];
            for _ in 0..300 {
                if arrivals.below(2) == 0 {
                    let bank = arrivals.below(6) as usize;
                    let caller = caller(bank as u128, u128::from(arrivals.below(3)));
                    turns.push(caller, bank, PACE).expect("room");
                    waiting[bank] += 1;
                    continue;
                }
                let Some(served) = turns.take() else { continue };
                waiting[served] -= 1;
                assert!(
                    since[served].is_empty(),
                    "bank {served} came again before {:?}",
                    since[served]
                );
                // Whoever waits now has to be served before this bank is again.
                since[served] = (0..6)
                    .filter(|bank| *bank != served && waiting[*bank] > 0)
                    .collect();
                for others in &mut since {
                    others.remove(&served);
                }
            }
        }
    }

    #[test]
    fn callers_of_a_bank_are_served_in_turn_and_each_in_the_order_it_asked() {
        let mut turns = Turns::new(MANY);
        for thing in 0..4 {
            turns.push(caller(1, 1), (1, thing), PACE).expect("room");
        }
        for thing in 0..2 {
            turns.push(caller(1, 2), (2, thing), PACE).expect("room");
        }
        let order: Vec<(i32, i32)> = std::iter::from_fn(|| turns.take()).collect();
        assert_eq!(order, [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (1, 3)]);
        assert!(turns.is_empty());
    }

    #[test]
    fn beyond_its_share_a_caller_is_refused_and_others_are_not() {
        let limits = QueueLimits {
            per_caller: 2,
            per_bank: 3,
            in_all: 5,
        };
        let mut turns = Turns::new(limits);
        let over = |seconds| Err(NotAdmitted::OverShare { seconds });
        for _ in 0..2 {
            assert!(turns.push(caller(1, 1), (), PACE).is_ok());
        }
        assert_eq!(turns.push(caller(1, 1), (), PACE), over(1));
        assert!(turns.push(caller(1, 2), (), PACE).is_ok());
        // The bank's share is used up, whoever asks.
        assert_eq!(turns.push(caller(1, 3), (), PACE * 20), over(6));
        assert!(turns.push(caller(2, 1), (), PACE).is_ok());
        assert!(turns.push(caller(3, 1), (), PACE).is_ok());
        let full = Err(NotAdmitted::Full { seconds: 10 });
        assert_eq!(turns.push(caller(4, 1), (), PACE * 20), full);
    }

    #[test]
    fn what_nobody_waits_for_any_longer_makes_room() {
        let limits = QueueLimits {
            per_caller: 1,
            per_bank: 1,
            in_all: 1,
        };
        let mut turns = Turns::new(limits);
        let ticket = turns.push(caller(1, 1), "a", PACE).expect("room");
        assert_eq!(turns.remove(caller(1, 1), ticket), Some("a"));
        assert_eq!(turns.remove(caller(1, 1), ticket), None);
        assert!(turns.take().is_none());
        assert!(turns.push(caller(2, 1), "b", PACE).is_ok());
        assert_eq!(turns.take(), Some("b"));
    }
}
