//! What a running service is made of, built once and shared by all requests.

use crate::address::TrustedProxies;
use crate::clients::{ClientError, FeatureWorker, Population, Populations};
use crate::configuration::Settings;
use crate::database::{Database, DatabaseError};
use crate::identity::{
    FailedSignIns, PasswordError, PasswordHasher, SignInThrottle, TokenError, TokenSigner,
};
use crate::models::{ModelError, ModelLibrary};
use crate::monitoring::Metrics;
use crate::tenancy::TenantScope;
use octroi_data::portfolio::Portfolio;
use octroi_frontend::views::DemoLogin;
use octroi_frontend::{Pages, RenderError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Everything a handler may need.
pub struct Service {
    pub settings: Settings,
    pub database: Database,
    pub portfolio: &'static Portfolio,
    pub models: ModelLibrary,
    pub features: FeatureWorker,
    pub populations: Populations,
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
    Token(#[from] TokenError),
    #[error("the pages cannot be loaded: {0}")]
    Pages(#[from] RenderError),
}

impl Service {
    /// Opens everything; the database must be migrated.
    pub async fn open(settings: Settings, database: Database) -> Result<Self, StartError> {
        database.check_is_current().await?;
        let portfolio = Portfolio::home_credit();
        Ok(Self {
            models: ModelLibrary::open(&settings, &database).await?,
            features: FeatureWorker::start(portfolio)?,
            populations: Populations::default(),
            passwords: PasswordHasher::new(2)?,
            throttle: SignInThrottle::default(),
            failed_sign_ins: FailedSignIns::start(database.clone()),
            proxies: TrustedProxies::of(&settings.server.trusted_proxies),
            tokens: TokenSigner::load(&database).await?,
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
