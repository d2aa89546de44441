//! Keys as a running replica has them, which another replica or a command may have added to
//! since. Who meets a key that is not among them asks for them to be read again; however many
//! strangers make up keys, the database is read at most once in a pause.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Least time between two readings.
const PAUSE: Duration = Duration::from_secs(2);

/// Keys of one kind.
pub struct InUse<T> {
    current: RwLock<(Arc<T>, Instant)>,
    /// When they were last asked for; held while they are read.
    turn: Mutex<Instant>,
    pause: Duration,
}

impl<T> InUse<T> {
    pub fn new(keys: T) -> Self {
        Self::with_pause(keys, PAUSE)
    }

    fn with_pause(keys: T, pause: Duration) -> Self {
        let now = Instant::now();
        Self {
            current: RwLock::new((Arc::new(keys), now)),
            turn: Mutex::new(now),
            pause,
        }
    }

    pub fn current(&self) -> Arc<T> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current.0)
    }

    /// How long ago they were read, or at least asked for.
    pub fn age(&self) -> Duration {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.1.elapsed()
    }

    /// Keys newer than `stale`, the ones that did not do. Who comes within the pause waits for
    /// its end rather than being refused: what is waited for may have been made a moment ago.
    pub async fn newer_than<E, R>(
        &self,
        stale: &Arc<T>,
        read: impl FnOnce() -> R,
    ) -> Result<Arc<T>, E>
    where
        R: Future<Output = Result<T, E>>,
    {
        let mut last = self.turn.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, stale) {
            // Somebody who was waiting, too, has read them.
            return Ok(current);
        }
        tokio::time::sleep_until(*last + self.pause).await;
        *last = Instant::now();
        self.put(current, *last);
        let fresh = Arc::new(read().await?);
        self.put(Arc::clone(&fresh), *last);
        Ok(fresh)
    }

    fn put(&self, keys: Arc<T>, at: Instant) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = (keys, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn however_many_ask_the_keys_are_read_once_in_a_pause() {
        let pause = Duration::from_millis(100);
        let keys = Arc::new(InUse::with_pause(0, pause));
        let readings = Arc::new(AtomicUsize::new(0));
        let started = Instant::now();
        let stale = keys.current();
        let asking: Vec<_> = (0..100)
            .map(|_| {
                let (keys, readings) = (Arc::clone(&keys), Arc::clone(&readings));
                let stale = Arc::clone(&stale);
                tokio::spawn(async move {
                    let read =
                        || async { Ok::<_, ()>(readings.fetch_add(1, Ordering::Relaxed) + 1) };
                    keys.newer_than(&stale, read).await
                })
            })
            .collect();
        for asked in asking {
            assert_eq!(asked.await.expect("no panic").as_deref(), Ok(&1));
        }
        let stale = keys.current();
        let read = || async { Ok::<_, ()>(readings.fetch_add(1, Ordering::Relaxed) + 1) };
        assert_eq!(keys.newer_than(&stale, read).await.as_deref(), Ok(&2));
        assert!(started.elapsed() >= 2 * pause, "{:?}", started.elapsed());
    }
}
