//! The HTTP server: every route in one place, the same for the program and for its tests
//! (which bind port 0). On SIGTERM it says "not ready", lets open requests finish, and stops.

use super::connection::{self, Connection};
use super::connection_limits::ConnectionLimits;
use super::{api, headers, health, methods, observe, pages};
use crate::service::Service;
use crate::web::Problem;
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_service::{ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, Server as Workers};
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// How long a connection may be idle between two requests.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Connections to the operations address: probes and a scraper or two.
const OPERATORS: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error(
        "the address {address} cannot be listened on: {source}; is another server running there? \
         set {setting}"
    )]
    Bind {
        address: String,
        setting: &'static str,
        source: std::io::Error,
    },
    #[error("the server stopped: {0}")]
    Run(#[from] std::io::Error),
}

/// A server that listens already.
pub struct Server {
    listener: TcpListener,
    operations: Option<TcpListener>,
    service: web::Data<Service>,
}

impl Server {
    /// Takes the configured addresses; port 0 takes a free one.
    pub fn bind(service: Service) -> Result<Self, ServerError> {
        let settings = &service.settings.server;
        let listener = listen(&settings.address, "server.address")?;
        let operations = (!settings.operations_address.is_empty())
            .then(|| listen(&settings.operations_address, "server.operations_address"))
            .transpose()?;
        Ok(Self {
            listener,
            operations,
            service: web::Data::new(service),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> Result<SocketAddr, ServerError> {
        Ok(self.listener.local_addr()?)
    }

    /// Where it answers what operators ask, when that is an address of its own.
    #[must_use]
    pub fn operations_address(&self) -> Option<SocketAddr> {
        self.operations.as_ref()?.local_addr().ok()
    }

    /// Serves until SIGTERM or Ctrl-C.
    pub async fn run(self) -> Result<(), ServerError> {
        let service = self.service;
        let (running, stopped) = oneshot::channel();
        let refusals = tokio::spawn(record_refusals(service.clone(), stopped));
        let published = self.operations.is_none();
        let operations = self
            .operations
            .map(|l| operations(l, &service))
            .transpose()?;
        let operations = operations.map(|server| (server.handle(), tokio::spawn(server)));
        let server = workers(self.listener, &service, published)?;
        let handle = server.handle();
        let stopping = service.clone();
        let stopper = tokio::spawn(async move {
            if wait_for_signal().await.is_ok() {
                tracing::info!("asked to stop: finishing open requests");
                stopping.drain();
                handle.stop(true).await;
            }
        });
        server.await?;
        stopper.abort();
        drop(running);
        if refusals.await.is_err() {
            tracing::error!("what records refusals ended in a panic");
        }
        service.failed_sign_ins.settle().await;
        // Probes are answered until the last request is.
        if let Some((handle, running)) = operations {
            handle.stop(false).await;
            running.await.map_err(std::io::Error::other)??;
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

fn listen(address: &str, setting: &'static str) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).map_err(|source| ServerError::Bind {
        address: address.to_owned(),
        setting,
        source,
    })
}

/// The server of everybody. Every connection is admitted before anything is read from it, which
/// is why actix's parts are put together here and not by its `HttpServer`. It speaks HTTP/1.1
/// only: a connection of HTTP/2 could hold as many bodies as it likes.
fn workers(
    listener: TcpListener,
    service: &web::Data<Service>,
    published: bool,
) -> Result<Workers, ServerError> {
    let settings = &service.settings.server;
    let head = Duration::from_secs(settings.head_seconds.into());
    let refused = service.metrics.refused_connections.clone();
    let limits = web::Data::new(ConnectionLimits::new(settings, KEEP_ALIVE + head, refused));
    let body_bytes = settings.body_bytes;
    let builder = Workers::build()
        .shutdown_timeout(settings.drain_seconds)
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let service = service.clone();
    let factory = move || {
        let (service, limits, stopping) = (service.clone(), limits.clone(), stopping.clone());
        let admitting = limits.clone();
        let app = App::new()
            .app_data(service)
            .app_data(limits)
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
                web::FormConfig::default().error_handler(|error, _| Problem::from(error).into()),
            )
            .app_data(
                web::QueryConfig::default()
                    .error_handler(|error, _| Problem::BadRequest(error.to_string()).into()),
            )
            .wrap(Compress::default())
            .wrap(from_fn(methods::methods))
            .wrap(from_fn(headers::secure))
            .wrap(from_fn(observe::observe))
            .wrap(from_fn(connection::in_use))
            .configure(|config| {
                if published {
                    health::routes(config);
                }
            })
            .configure(api::routes)
            .configure(pages::routes);
        let app = actix_service::IntoServiceFactory::into_factory(app)
            .map_err(|error: actix_web::Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(head)
            .on_connect_ext(|connection: &Connection, data| {
                data.insert(connection.exchanges());
            })
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |io: TcpStream| {
            let limits = admitting.clone();
            async move {
                let peer = io.peer_addr().ok();
                let connection = limits.admit(io).await;
                let connection = connection.ok_or(DispatchError::DisconnectTimeout)?;
                Ok((connection, Protocol::Http1, peer))
            }
        })
        .and_then(http)
    };
    Ok(builder.listen("octroi", listener, factory)?.run())
}

/// The server of those who run us.
fn operations(listener: TcpListener, service: &web::Data<Service>) -> Result<Workers, ServerError> {
    let service = service.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(service.clone())
            .wrap(from_fn(methods::methods))
            .wrap(from_fn(headers::secure))
            .wrap(from_fn(observe::observe))
            .configure(health::routes)
    });
    let server = server
        .workers(1)
        .max_connections(OPERATORS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
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
