//! One connection of a caller, as the HTTP server reads and writes it. It holds its place among
//! the connections, and it ends when nothing comes of it: actix times the head of the first
//! request and the pause between two, but neither the head of a later one nor what a caller goes
//! on sending after an answer, and it waits as long as they like for callers who do not read.

use super::connection_limits::Seat;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long nothing may be taken of what we write. The system takes it in pieces of some
/// kilobytes at least, so this is a least rate as well.
const WRITE_STALL: Duration = Duration::from_secs(30);

/// A caller's connection.
pub(super) struct Connection {
    io: TcpStream,
    /// Given up when the connection is dropped.
    _seat: Seat,
    exchanges: Rc<Exchanges>,
    /// How long there may be no request.
    quiet: Duration,
    /// Since the last request ended, with the number of requests there had been.
    quiet_timer: Option<(u64, Pin<Box<Sleep>>)>,
    write_timer: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    pub(super) fn new(io: TcpStream, seat: Seat, quiet: Duration) -> Self {
        Self {
            io,
            _seat: seat,
            exchanges: Rc::default(),
            quiet,
            quiet_timer: None,
            write_timer: None,
        }
    }

    /// Shared with the requests of this connection.
    pub(super) fn exchanges(&self) -> Rc<Exchanges> {
        Rc::clone(&self.exchanges)
    }

    /// Fails when there has been no request for too long; otherwise wakes the task then.
    fn check_quiet(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.exchanges.open.get() > 0 {
            self.quiet_timer = None;
            return Ok(());
        }
        let begun = self.exchanges.begun.get();
        let quiet = self.quiet;
        let timer = self.quiet_timer.take().filter(|(at, _)| *at == begun);
        let (_, timer) = self
            .quiet_timer
            .insert(timer.unwrap_or_else(|| (begun, Box::pin(sleep(quiet)))));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// Passes on what a write came to, unless it has been waiting for too long.
    fn unless_stalled(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.write_timer = None;
            return written;
        }
        let timer = self
            .write_timer
            .get_or_insert_with(|| Box::pin(sleep(WRITE_STALL)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_quiet(context)?;
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.unless_stalled(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.unless_stalled(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    /// The dispatcher flushes whenever it has been woken, also when it does not read.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check_quiet(context)?;
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// The requests of one connection: how many are being answered, and how many there have been.
#[derive(Default)]
pub(super) struct Exchanges {
    open: Cell<u32>,
    begun: Cell<u64>,
}

/// A request that is being answered.
struct Exchange(Rc<Exchanges>);

impl Exchange {
    fn begin(exchanges: Rc<Exchanges>) -> Self {
        exchanges.open.set(exchanges.open.get() + 1);
        exchanges.begun.set(exchanges.begun.get() + 1);
        Self(exchanges)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
    }
}

/// Middleware around everything: the connection is in use until the answer has been handed over.
pub(super) async fn in_use(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let exchanges = request.request().conn_data::<Rc<Exchanges>>().cloned();
    let exchange = exchanges.map(Exchange::begin);
    let response = next.call(request).await?.map_into_boxed_body();
    Ok(response.map_body(|_, body| Held {
        body,
        _exchange: exchange,
    }))
}

/// A body during whose sending the connection is in use.
struct Held {
    body: BoxBody,
    _exchange: Option<Exchange>,
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
