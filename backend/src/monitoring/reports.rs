//! Which drift report is of today, and its document. A report is computed once for a version
//! and a state of the clients, however often it is asked for; those who ask at the same time
//! wait for the one that is being made. A bank whose clients change all the time is told when
//! to come again, and keeps its latest reports only. Kept in this process: after a start, and
//! on each replica, the first who asks has the report computed.

use super::drift::{self, MonitoringError};
use crate::admission::{Gate, NotAdmitted};
use crate::clients::Population;
use crate::models::ResolvedModel;
use crate::tenancy::{TenantId, TenantScope};
use actix_web::web::Bytes;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use octroi_frontend::Language;
use sea_orm::prelude::Uuid;
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Documents kept in memory, a megabyte each.
const DOCUMENTS: usize = 16;

/// The known reports of all banks.
pub struct DriftReports {
    banks: Mutex<HashMap<TenantId, Arc<BankReport>>>,
    per_hour: DefaultKeyedRateLimiter<TenantId>,
    documents: Mutex<VecDeque<(DocumentKey, Bytes)>>,
}

type BankReport = tokio::sync::Mutex<Option<Known>>;

/// What the latest report of a bank is about.
struct Known {
    version: Uuid,
    /// The clients as they were: another population is loaded when they have changed.
    population: Weak<Population>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct DocumentKey {
    bank: TenantId,
    report: Uuid,
    language: Language,
}

impl DriftReports {
    /// At most `per_hour` reports are computed for a bank in an hour.
    #[must_use]
    pub fn new(per_hour: NonZeroU32) -> Self {
        Self {
            banks: Mutex::default(),
            per_hour: RateLimiter::keyed(Quota::per_hour(per_hour)),
            documents: Mutex::default(),
        }
    }

    /// Sees to it that the latest report is about this version and these clients.
    pub async fn update(
        &self,
        heavy: &Gate,
        scope: &TenantScope,
        model: ResolvedModel,
        population: Arc<Population>,
        by: &str,
    ) -> Result<(), MonitoringError> {
        let bank = {
            let mut banks = locked(&self.banks);
            Arc::clone(banks.entry(scope.tenant_id()).or_default())
        };
        let mut known = bank.lock().await;
        let version = model.row.id;
        let is_current = known.as_ref().is_some_and(|known| {
            known.version == version && known.population.as_ptr() == Arc::as_ptr(&population)
        });
        if is_current {
            return Ok(());
        }
        self.admit(scope)?;
        let clients = Arc::downgrade(&population);
        drift::compute(heavy, scope, model, population, by).await?;
        *known = Some(Known {
            version,
            population: clients,
        });
        Ok(())
    }

    fn admit(&self, scope: &TenantScope) -> Result<(), NotAdmitted> {
        self.per_hour
            .check_key(&scope.tenant_id())
            .map_err(|until| {
                NotAdmitted::over_share(until.wait_time_from(DefaultClock::default().now()))
            })
    }

    /// The document of a report, if it has been made before.
    #[must_use]
    pub fn document(&self, scope: &TenantScope, report: Uuid, language: Language) -> Option<Bytes> {
        let wanted = DocumentKey {
            bank: scope.tenant_id(),
            report,
            language,
        };
        let documents = locked(&self.documents);
        let found = documents.iter().find(|(key, _)| *key == wanted);
        found.map(|(_, document)| document.clone())
    }

    /// Keeps a document for the next who asks, in place of the oldest.
    pub fn keep(&self, scope: &TenantScope, report: Uuid, language: Language, document: Bytes) {
        let key = DocumentKey {
            bank: scope.tenant_id(),
            report,
            language,
        };
        let mut documents = locked(&self.documents);
        documents.retain(|(other, _)| *other != key);
        documents.push_back((key, document));
        if documents.len() > DOCUMENTS {
            documents.pop_front();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is one statement.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
