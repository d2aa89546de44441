//! How much of the service one bank may have at a time. Heavy work waits in a queue of its
//! caller and its bank, and banks are served in turn, so that a flood of one lengthens that
//! one's own queue and nobody else's; requests are counted by key and by bank. What does not fit
//! is told when to come again.

mod gate;
mod quota;
mod turns;

pub use gate::{Gate, Pass};
pub use quota::{Allowance, Quotas};
pub use turns::{QueueLimits, Ticket, Turns};

use crate::tenancy::{TenantId, TenantScope};
use sea_orm::prelude::Uuid;
use std::time::Duration;

/// Whose turn it is: an API key, a person or the command line, of a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    pub bank: TenantId,
    /// `None` at the command line.
    pub id: Option<Uuid>,
}

impl From<&TenantScope> for Caller {
    fn from(scope: &TenantScope) -> Self {
        Self {
            bank: scope.tenant_id(),
            id: scope.actor().id,
        }
    }
}

/// Why something was not taken on, and when to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// The caller's own doing, or that of others of the same bank.
    #[error("your bank has asked for more than its share; come again in {seconds} s")]
    OverShare { seconds: u64 },
    /// Everybody's doing.
    #[error("the service has all the work it can take; come again in {seconds} s")]
    Full { seconds: u64 },
}

impl NotAdmitted {
    /// The caller's own doing; `wait` is told in whole seconds.
    #[must_use]
    pub fn over_share(wait: Duration) -> Self {
        Self::OverShare {
            seconds: whole_seconds(wait),
        }
    }
}

/// The longest that anybody is told to wait.
const LONGEST: Duration = Duration::from_mins(10);

/// A wait in whole seconds, as `Retry-After` tells it: at least one.
fn whole_seconds(wait: Duration) -> u64 {
    let wait = wait.min(LONGEST);
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
