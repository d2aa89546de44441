//! What a running service is made of, built once and shared by all requests.

use crate::address::TrustedProxies;
use crate::admission::{Gate, Quotas};
use crate::clients::{ClientError, FeatureWorker, Population, Populations};
use crate::configuration::{LimitSettings, Settings};
use crate::database::{Database, DatabaseError};
use crate::identity::{
    FailedSignIns, PasswordError, PasswordHasher, Refusals, SignInThrottle, TokenError, TokenSigner,
};
use crate::keys::{KeyError, KeyStore};
use crate::models::{ModelError, ModelLibrary};
use crate::monitoring::{DriftReports, Metrics};
use crate::tenancy::TenantScope;
use octroi_data::portfolio::Portfolio;
use octroi_frontend::views::DemoLogin;
use octroi_frontend::{Pages, RenderError};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Everything a handler may need.
pub struct Service {
    pub settings: Settings,
    pub database: Database,
    pub portfolio: &'static Portfolio,
    pub models: ModelLibrary,
    pub features: FeatureWorker,
    pub populations: Populations,
    /// Before whatever keeps a core busy for long.
    pub heavy: Gate,
    pub quotas: Quotas,
    pub refusals: Refusals,
    pub drift: DriftReports,
    pub passwords: PasswordHasher,
    pub throttle: SignInThrottle,
    pub failed_sign_ins: FailedSignIns,
    pub proxies: TrustedProxies,
    pub tokens: TokenSigner,
    pub pages: Pages,
    pub metrics: Metrics,
    /// Shown on the sign-in page of the demo; empty otherwise.
    pub demo_logins: Vec<DemoLogin>,
    draining: AtomicBool,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the pages cannot be loaded: {0}")]
    Pages(#[from] RenderError),
}

impl Service {
    /// Opens everything; the database must be migrated.
    pub async fn open(settings: Settings, database: Database) -> Result<Self, StartError> {
        database.check_is_current().await?;
        let portfolio = Portfolio::home_credit();
        let keys = Arc::new(KeyStore::open(&settings, &database).await?);
        let models = ModelLibrary::open(&settings, &database, Arc::clone(&keys)).await?;
        Ok(Self {
            models,
            features: FeatureWorker::start(portfolio, settings.limits.feature_queue())?,
            populations: Populations::default(),
            heavy: heavy_gate(&settings.limits),
            quotas: quotas(&settings.limits),
            refusals: refusals(&settings.limits),
            drift: DriftReports::new(above_0(settings.limits.drift_reports_per_hour)),
            passwords: PasswordHasher::new(2)?,
            throttle: SignInThrottle::default(),
            failed_sign_ins: FailedSignIns::start(database.clone()),
            proxies: TrustedProxies::of(&settings.server.trusted_proxies),
            tokens: TokenSigner::load(keys).await?,
            pages: Pages::new()?,
            metrics: Metrics::default(),
            demo_logins: Vec::new(),
            draining: AtomicBool::new(false),
            portfolio,
            settings,
            database,
        })
    }

    /// The session cookie's name; the prefix makes browsers insist on HTTPS and our host.
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        if self.settings.server.secure_cookies {
            "__Host-octroi-session"
        } else {
            "octroi-session"
        }
    }

    /// All clients of the tenant, for comparing.
    pub async fn population(&self, scope: &TenantScope) -> Result<Arc<Population>, ClientError> {
        self.populations
            .of(
                scope,
                self.portfolio,
                self.features.specs(),
                self.features.sql_digest(),
            )
            .await
    }

    /// From now on `/health/ready` says no, so that no new traffic comes.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

fn heavy_gate(limits: &LimitSettings) -> Gate {
    let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let at_once = match limits.heavy_at_once {
        0 => cores(),
        given => given,
    };
    Gate::new(at_once, limits.heavy_queue())
}

fn quotas(limits: &LimitSettings) -> Quotas {
    Quotas::new(
        above_0(limits.requests_per_second_per_caller),
        above_0(limits.requests_per_second_per_bank),
    )
}

fn refusals(limits: &LimitSettings) -> Refusals {
    let window = Duration::from_secs(limits.refusals_window_seconds.into());
    Refusals::new(limits.refusals_recorded, window)
}

/// What the settings have been checked for.
fn above_0(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}
