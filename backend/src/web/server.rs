//! The HTTP server: every route in one place, the same for the program and for its tests
//! (which bind port 0). On SIGTERM it says "not ready", lets open requests finish, and stops.

use super::{api, headers, health, methods, observe, pages};
use crate::service::Service;
use crate::web::Problem;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(
        "the address {address} cannot be listened on: {source}; is another server running there? set server.address"
    )]
    Bind {
        address: String,
        source: std::io::Error,
    },
    #[error("the server stopped: {0}")]
    Run(#[from] std::io::Error),
}

/// A server that listens already.
pub struct Server {
    listener: TcpListener,
    service: web::Data<Service>,
}

impl Server {
    /// Takes the configured address; port 0 takes a free one.
    pub fn bind(service: Service) -> Result<Self, ServerError> {
        let address = service.settings.server.address.clone();
        let listener =
            TcpListener::bind(&address).map_err(|source| ServerError::Bind { address, source })?;
        Ok(Self {
            listener,
            service: web::Data::new(service),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr, ServerError> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until SIGTERM or Ctrl-C.
    pub async fn run(self) -> Result<(), ServerError> {
        let service = self.service.clone();
        let drain_seconds = service.settings.server.drain_seconds;
        let body_bytes = service.settings.server.body_bytes;
        let server = HttpServer::new(move || {
            App::new()
                .app_data(service.clone())
                .app_data(web::PayloadConfig::new(body_bytes))
                .app_data(
                    web::JsonConfig::default()
                        .limit(body_bytes)
                        .error_handler(|error, _| Problem::from(error).into()),
                )
                .app_data(web::PathConfig::default().error_handler(|_, _| {
                    // A path that cannot be what it should be names nothing that exists.
                    Problem::NotFound("page or resource").into()
                }))
                .app_data(
                    web::FormConfig::default()
                        .error_handler(|error, _| Problem::from(error).into()),
                )
                .app_data(
                    web::QueryConfig::default()
                        .error_handler(|error, _| Problem::BadRequest(error.to_string()).into()),
                )
                .wrap(Compress::default())
                .wrap(from_fn(methods::methods))
                .wrap(from_fn(headers::secure))
                .wrap(from_fn(observe::observe))
                .configure(health::routes)
                .configure(api::routes)
                .configure(pages::routes)
        })
        .shutdown_timeout(drain_seconds)
        .disable_signals()
        .listen(self.listener)?
        .run();
        let handle = server.handle();
        let service = self.service;
        let (running, stopped) = oneshot::channel();
        let refusals = tokio::spawn(record_refusals(service.clone(), stopped));
        let stopper = tokio::spawn(async move {
            if wait_for_signal().await.is_ok() {
                tracing::info!("asked to stop: finishing open requests");
                service.drain();
                handle.stop(true).await;
            }
        });
        server.await?;
        stopper.abort();
        drop(running);
        if refusals.await.is_err() {
            tracing::error!("what records refusals ended in a panic");
        }
        Ok(())
    }
}

/// Records the refusals of access that are counted together, when their window has ended, and
/// what is left of them when the server has stopped.
async fn record_refusals(service: web::Data<Service>, mut stopped: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            _ = &mut stopped => break,
        }
        service.refusals.flush(false).await;
    }
    service.refusals.settle().await;
}

async fn wait_for_signal() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
