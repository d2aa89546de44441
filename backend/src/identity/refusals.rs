//! Events of refused access. The first few refusals of one permission to one key or person are
//! recorded one by one; further ones within a window are counted, and recorded together when
//! it ends: how many there were, on which routes, from when to when. A program that is refused
//! 600 times a second thus leaves a handful of rows a minute instead of filling the database.
//!
//! The refusal itself is answered whatever becomes of its event: one that cannot be written is
//! counted, and written when the database answers again. What is counted and not written yet
//! is lost with the process when it is killed, and written before an orderly stop.

use super::Permission;
use crate::admission::Caller;
use crate::audit::{Action, Event};
use crate::instant;
use crate::tenancy::TenantScope;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the end of the service waits for the database.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts then.
const PAUSE: Duration = Duration::from_millis(100);

/// Counts refusals. There are never more windows than keys and people times permissions, and
/// each is forgotten when it ends.
pub struct Refusals {
    one_by_one: u32,
    window: Duration,
    open: Mutex<HashMap<(Caller, Permission), Window>>,
}

/// The refusals of one permission to one caller, from the first on.
struct Window {
    ends: Instant,
    recorded: u32,
    further: Option<Further>,
}

/// Refusals that are recorded together.
struct Further {
    /// Of the latest of them.
    scope: TenantScope,
    count: u64,
    first: i64,
    last: i64,
    routes: BTreeMap<String, u64>,
}

impl Further {
    fn add(&mut self, other: Self) {
        if other.last >= self.last {
            self.scope = other.scope;
        }
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (route, count) in other.routes {
            *self.routes.entry(route).or_default() += count;
        }
    }

    fn event(&self, permission: Permission) -> Event {
        Event::new(Action::AccessDenied, "permission", permission.as_str()).with(json!({
            "refusals": self.count,
            "first": instant::rfc3339(self.first),
            "last": instant::rfc3339(self.last),
            "routes": self.routes,
        }))
    }
}

impl Refusals {
    #[must_use]
    pub fn new(one_by_one: u32, window: Duration) -> Self {
        Self {
            one_by_one,
            window,
            open: Mutex::default(),
        }
    }

    /// Records a refusal, by itself or among others.
    pub async fn record(
        &self,
        scope: &TenantScope,
        permission: Permission,
        method: &str,
        route: &str,
    ) {
        let key = (Caller::from(scope), permission);
        if self.is_one_of_the_first(key) {
            let event = Event::new(Action::AccessDenied, "permission", permission.as_str())
                .with(json!({ "method": method, "route": route }));
            match scope.record(event).await {
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(%error, "a refusal could not be recorded; trying again later");
                }
            }
        }
        let now = instant::now();
        let further = Further {
            scope: scope.clone(),
            count: 1,
            first: now,
            last: now,
            routes: BTreeMap::from([(format!("{method} {route}"), 1)]),
        };
        self.count(key, further);
    }

    /// Records what was counted in windows that have ended; with `all`, in the others, too.
    /// Returns how many could not be written; they stay counted.
    pub async fn flush(&self, all: bool) -> usize {
        let mut left = 0;
        for (key, further) in self.ended(all) {
            if let Err(error) = further.scope.record(further.event(key.1)).await {
                tracing::error!(%error, refusals = further.count, "refusals could not be recorded; trying again later");
                self.count(key, further);
                left += 1;
            }
        }
        left
    }

    /// Before an orderly stop: everything is written, or the log says what is not.
    pub async fn settle(&self) {
        let begun = Instant::now();
        while self.flush(true).await > 0 {
            if begun.elapsed() > PATIENCE {
                let open = self.open();
                let further = open.values().filter_map(|window| window.further.as_ref());
                let refusals: u64 = further.map(|further| further.count).sum();
                tracing::error!(refusals, "refusals are not in the audit trail");
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn is_one_of_the_first(&self, key: (Caller, Permission)) -> bool {
        let mut open = self.open();
        let window = open.entry(key).or_insert_with(|| self.window());
        window.recorded += 1;
        window.recorded <= self.one_by_one
    }

    fn count(&self, key: (Caller, Permission), further: Further) {
        let mut open = self.open();
        let window = open.entry(key).or_insert_with(|| self.window());
        match &mut window.further {
            Some(counted) => counted.add(further),
            none => *none = Some(further),
        }
    }

    fn ended(&self, all: bool) -> Vec<((Caller, Permission), Further)> {
        let now = Instant::now();
        let mut counted = Vec::new();
        self.open().retain(|key, window| {
            let ended = all || window.ends <= now;
            if ended && let Some(further) = window.further.take() {
                counted.push((*key, further));
            }
            !ended
        });
        counted
    }

    fn window(&self) -> Window {
        Window {
            ends: Instant::now() + self.window,
            recorded: 0,
            further: None,
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<(Caller, Permission), Window>> {
        // Each window is whole whenever the lock is free.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
