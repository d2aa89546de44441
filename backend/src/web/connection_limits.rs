//! How many connections there may be, in all and from one address, so that nobody takes them
//! from the others and the process never runs out of descriptors. Whoever is above a limit is
//! told so at once, before anything is read. Proxies that the configuration names stand for
//! many callers: their connections count in all, and for each caller behind them their requests.

use super::Problem;
use super::connection::Connection;
use crate::address::{AddressBlock, TrustedProxies};
use crate::configuration::ServerSettings;
use crate::monitoring::RefusedConnections;
use actix_web::ResponseError;
use actix_web::rt::net::TcpStream;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Descriptors that are not connections of callers: the database, packages, the log, the
/// operations address, refusals that are being told.
const RESERVED: usize = 256;
/// Refusals that are told at a time; further ones are closed without a word.
const TOLD: usize = 64;
/// How long a refusal may take to be told.
const TELLING: Duration = Duration::from_secs(1);

/// The limits, and what is taken of them.
pub(super) struct ConnectionLimits {
    all: Arc<Semaphore>,
    connections: Arc<Tally>,
    requests: Arc<Tally>,
    told: Arc<Semaphore>,
    refused: RefusedConnections,
    proxies: TrustedProxies,
    quiet: Duration,
}

/// The place of one connection.
pub(super) struct Seat {
    _all: OwnedSemaphorePermit,
    _address: Option<Taken>,
}

impl ConnectionLimits {
    /// Raises the process's limit of descriptors as far as it may, and keeps below it.
    pub(super) fn new(
        settings: &ServerSettings,
        quiet: Duration,
        refused: RefusedConnections,
    ) -> Self {
        let fitting = raised_descriptor_limit()
            .map_or(usize::MAX, |limit| limit.saturating_sub(RESERVED).max(16));
        if settings.connections > fitting {
            tracing::warn!(
                wanted = settings.connections,
                taken = fitting,
                "server.connections does not fit into the process's limit of open files \
                 (ulimit -n, LimitNOFILE)"
            );
        }
        let all = settings
            .connections
            .min(fitting)
            .min(Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(all)),
            connections: Tally::new(settings.connections_per_address),
            requests: Tally::new(settings.connections_per_address),
            told: Arc::new(Semaphore::new(TOLD)),
            refused,
            proxies: TrustedProxies::of(&settings.trusted_proxies),
            quiet,
        }
    }

    /// Takes a new connection on, or says why not and ends it.
    pub(super) async fn admit(&self, io: TcpStream) -> Option<Connection> {
        let refusal = match io.peer_addr() {
            Ok(peer) => match self.seat(peer.ip()) {
                Ok(seat) => return Some(Connection::new(io, seat, self.quiet)),
                Err(refusal) => refusal,
            },
            // It is gone already.
            Err(_) => return None,
        };
        self.refused.count(refusal.name());
        if let Ok(_telling) = Arc::clone(&self.told).try_acquire_owned() {
            // Whoever does not listen is not waited for.
            let _ = tokio::time::timeout(TELLING, tell(io, &refusal)).await;
        }
        None
    }

    fn seat(&self, peer: IpAddr) -> Result<Seat, Problem> {
        let all = Arc::clone(&self.all).try_acquire_owned();
        let all = all.map_err(|_| Problem::Busy(1))?;
        let address = if self.proxies.contains(peer) {
            None
        } else {
            Some(
                self.connections
                    .take(peer)
                    .ok_or(Problem::TooManyConnections)?,
            )
        };
        Ok(Seat {
            _all: all,
            _address: address,
        })
    }

    /// A place for a request that a proxy passes on for a caller; none is needed by a caller
    /// who is connected themselves.
    pub(super) fn request(
        &self,
        peer: Option<IpAddr>,
        caller: Option<IpAddr>,
    ) -> Result<Option<Taken>, Problem> {
        match (peer, caller) {
            (Some(peer), Some(caller)) if peer.to_canonical() != caller => {
                let taken = self.requests.take(caller);
                taken.map(Some).ok_or(Problem::TooManyConnections)
            }
            _ => Ok(None),
        }
    }
}

/// How much each address block has taken.
struct Tally {
    most: usize,
    taken: Mutex<HashMap<AddressBlock, usize>>,
}

/// One that an address block has taken, until it is dropped.
pub(super) struct Taken {
    tally: Arc<Tally>,
    block: AddressBlock,
}

impl Tally {
    fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
        })
    }

    fn take(self: &Arc<Self>, address: IpAddr) -> Option<Taken> {
        let block = AddressBlock::from(address);
        let mut all = self.taken();
        let own = all.entry(block).or_default();
        (*own < self.most).then(|| {
            *own += 1;
            Taken {
                tally: Arc::clone(self),
                block,
            }
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<AddressBlock, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut all = self.tally.taken();
        if let Some(own) = all.get_mut(&self.block) {
            *own -= 1;
            if *own == 0 {
                all.remove(&self.block);
            }
        }
    }
}

/// Writes the refusal and reads until the caller has had it: a connection that is closed with
/// something unread is reset, and a reset takes the answer with it.
async fn tell(mut io: TcpStream, refusal: &Problem) -> std::io::Result<()> {
    let status = refusal.status_code();
    let body = serde_json::to_vec(&refusal.document()).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\
         Retry-After: 1\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    io.write_all(&[head.as_bytes(), &body].concat()).await?;
    io.shutdown().await?;
    let mut unread = [0; 4096];
    while io.read(&mut unread).await? > 0 {}
    Ok(())
}

/// The limit of descriptors after it has been raised to what the system allows; `None`: no limit.
fn raised_descriptor_limit() -> Option<usize> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        // The system may have a bound of its own below the hard limit.
        Err(_) => limit.current,
    };
    current.map(|current| usize::try_from(current).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_has_taken_is_free_again_when_it_is_dropped() {
        let tally = Tally::new(2);
        let address: IpAddr = "192.0.2.7".parse().expect("an address");
        let first = tally.take(address);
        let _second = tally.take(address).expect("two fit");
        assert!(tally.take(address).is_none());
        assert!(
            tally
                .take("192.0.2.8".parse().expect("an address"))
                .is_some()
        );
        drop(first);
        assert!(tally.take(address).is_some());
    }

    #[test]
    fn nothing_is_kept_of_addresses_that_have_nothing() {
        let tally = Tally::new(1);
        for n in 0..1_000 {
            drop(tally.take(IpAddr::V4(n.into())));
        }
        assert!(tally.taken().is_empty());
    }
}
