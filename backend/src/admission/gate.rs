//! The gate before heavy work: as many pass at a time as there are cores, the others wait in
//! [`Turns`]. A [`Pass`] moves into the work and frees its place when it is dropped, whether
//! the work came to its end, failed or panicked; a caller who goes away while waiting gives
//! the place in the queue back.

use super::{Caller, NotAdmitted, QueueLimits, Ticket, Turns};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What a piece of work is taken to last before any has been measured.
const AT_FIRST: Duration = Duration::from_millis(100);
/// The latest piece counts for an eighth in the typical duration.
const MEMORY: u32 = 8;

/// Lets heavy work through; cheap to clone.
#[derive(Clone)]
pub struct Gate {
    shared: Arc<Shared>,
}

struct Shared {
    at_once: u32,
    state: Mutex<State>,
}

struct State {
    free: u32,
    waiting: Turns<oneshot::Sender<()>>,
    typical: Duration,
}

/// A place among the work that runs. Keep it as long as the work takes.
pub struct Pass {
    gate: Gate,
    since: Instant,
}

impl Gate {
    /// `at_once` pieces of work at a time, at least one.
    #[must_use]
    pub fn new(at_once: u32, limits: QueueLimits) -> Self {
        let at_once = at_once.max(1);
        let state = State {
            free: at_once,
            waiting: Turns::new(limits),
            typical: AT_FIRST,
        };
        Self {
            shared: Arc::new(Shared {
                at_once,
                state: Mutex::new(state),
            }),
        }
    }

    /// Waits for the caller's turn.
    pub async fn enter(&self, caller: impl Into<Caller>) -> Result<Pass, NotAdmitted> {
        let caller = caller.into();
        let (turn, comes) = oneshot::channel();
        let ticket = {
            let mut state = self.state();
            let pace = state.typical / self.shared.at_once;
            let ticket = state.waiting.push(caller, turn, pace)?;
            state.serve();
            ticket
        };
        let mut place = Place {
            gate: self,
            caller,
            ticket,
            passed: false,
        };
        // The sender is dropped by nobody but the place itself.
        let _ = comes.await;
        place.passed = true;
        Ok(self.pass())
    }

    /// Does blocking work when it is the caller's turn.
    pub async fn run<T: Send + 'static>(
        &self,
        caller: impl Into<Caller>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Result<T, tokio::task::JoinError>, NotAdmitted> {
        let pass = self.enter(caller).await?;
        Ok(tokio::task::spawn_blocking(move || {
            let _pass = pass;
            work()
        })
        .await)
    }

    fn pass(&self) -> Pass {
        Pass {
            gate: self.clone(),
            since: Instant::now(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here is left half done by a panic.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, lasted: Option<Duration>) {
        let mut state = self.state();
        state.free += 1;
        if let Some(lasted) = lasted {
            state.typical = (state.typical * (MEMORY - 1) + lasted) / MEMORY;
        }
        state.serve();
    }
}

impl State {
    /// Hands free places to those whose turn it is.
    fn serve(&mut self) {
        while self.free > 0
            && let Some(turn) = self.waiting.take()
        {
            self.free -= 1;
            // Whoever is going away at this moment gives the turn back; see `Place`.
            let _ = turn.send(());
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.gate.leave(Some(self.since.elapsed()));
    }
}

/// A place in the queue, given back when its owner stops waiting.
struct Place<'a> {
    gate: &'a Gate,
    caller: Caller,
    ticket: Ticket,
    passed: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.passed {
            return;
        }
        let removed = self.gate.state().waiting.remove(self.caller, self.ticket);
        if removed.is_none() {
            // The turn had come, and nobody took it.
            self.gate.leave(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenancy::TenantId;
    use sea_orm::prelude::Uuid;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    const LIMITS: QueueLimits = QueueLimits {
        per_caller: 4,
        per_bank: 8,
        in_all: 16,
    };

    fn caller(bank: u128) -> Caller {
        Caller {
            bank: TenantId(Uuid::from_u128(bank)),
            id: None,
        }
    }

    fn free(gate: &Gate) -> u32 {
        gate.state().free
    }

    #[tokio::test]
    async fn a_flooding_bank_waits_behind_its_own_and_another_passes_next() {
        let gate = Gate::new(1, LIMITS);
        let first = gate.enter(caller(1)).await.expect("room");
        let mut context = Context::from_waker(Waker::noop());
        let mut own = pin!(gate.enter(caller(1)));
        let mut more = pin!(gate.enter(caller(1)));
        let mut other = pin!(gate.enter(caller(2)));
        assert!(own.as_mut().poll(&mut context).is_pending());
        assert!(more.as_mut().poll(&mut context).is_pending());
        assert!(other.as_mut().poll(&mut context).is_pending());
        drop(first);
        let Poll::Ready(Ok(second)) = own.as_mut().poll(&mut context) else {
            panic!("the longest wait goes first");
        };
        drop(second);
        assert!(more.as_mut().poll(&mut context).is_pending());
        let Poll::Ready(Ok(third)) = other.as_mut().poll(&mut context) else {
            panic!("the other bank is next");
        };
        drop(third);
        assert!(more.as_mut().poll(&mut context).is_ready());
    }

    #[tokio::test]
    async fn whoever_goes_away_frees_the_place_before_and_after_the_turn_has_come() {
        let gate = Gate::new(1, LIMITS);
        let pass = gate.enter(caller(1)).await.expect("room");
        let mut context = Context::from_waker(Waker::noop());
        let mut early = Box::pin(gate.enter(caller(1)));
        let mut late = Box::pin(gate.enter(caller(2)));
        assert!(early.as_mut().poll(&mut context).is_pending());
        assert!(late.as_mut().poll(&mut context).is_pending());
        drop(early);
        assert_eq!(gate.state().waiting.len(), 1);
        drop(pass);
        // The turn of `late` has come; it is gone before it looks.
        assert_eq!(free(&gate), 0);
        drop(late);
        assert_eq!(free(&gate), 1);
        assert!(gate.state().waiting.is_empty());
    }

    #[tokio::test]
    async fn work_that_panics_frees_its_place() {
        let gate = Gate::new(1, LIMITS);
        let ended = gate.run(caller(1), || panic!("on purpose")).await;
        assert!(matches!(ended, Ok(Err(error)) if error.is_panic()));
        assert_eq!(free(&gate), 1);
        let next = gate.run(caller(1), || 7).await;
        assert!(matches!(next, Ok(Ok(7))));
    }

    #[tokio::test]
    async fn a_queue_that_is_full_says_when_to_come_again() {
        let gate = Gate::new(1, LIMITS);
        let _pass = gate.enter(caller(1)).await.expect("room");
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(gate.enter(caller(1)))).collect();
        for one in &mut waiting {
            assert!(one.as_mut().poll(&mut context).is_pending());
        }
        let refused = gate.enter(caller(1)).await;
        assert!(matches!(
            refused,
            Err(NotAdmitted::OverShare { seconds: 1 })
        ));
        assert!(
            pin!(gate.enter(caller(2)))
                .as_mut()
                .poll(&mut context)
                .is_pending()
        );
    }
}
