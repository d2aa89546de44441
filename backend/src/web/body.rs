//! Bodies that callers send: how fast they must come, and for some routes how small they must
//! be. Both are watched in the stream itself, around all routes of the API and all pages, so that
//! no handler can leave it out; what has been found there decides the answer, whatever the
//! handler made of a body that ended early. What no handler reads is left to the connection.

use super::connection_limits::ConnectionLimits;
use super::{Problem, caller};
use crate::configuration::ServerSettings;
use crate::service::Service;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError, web};
use futures_util::Stream;
use futures_util::stream::poll_fn;
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The most that a sign-in needs: an e-mail address, a password of 128 characters, percent
/// encoded, and the page to go on to.
pub(super) const SMALL: usize = 8 * 1024;

/// What was found about a body, when it was not all right.
type Verdict = Rc<Cell<Option<Problem>>>;

/// After a grace the average must stay above a rate. With the largest body this is a deadline
/// as well: the grace, and the body's size at that rate.
#[derive(Clone, Copy)]
struct Pace {
    grace: Duration,
    bytes_per_second: f64,
}

impl Pace {
    fn of(settings: &ServerSettings) -> Self {
        Self {
            grace: Duration::from_secs(settings.body_grace_seconds.into()),
            bytes_per_second: f64::from(settings.body_bytes_per_second),
        }
    }

    /// How long the first bytes may have taken, when there have been this many.
    fn allows(self, bytes: usize) -> Duration {
        self.grace + Duration::from_secs_f64(bytes as f64 / self.bytes_per_second)
    }
}

/// Middleware around the routes that have bodies: they keep their pace, and a caller behind a proxy has as
/// many requests at a time as others have connections.
pub(super) async fn paced(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(service) = request.app_data::<web::Data<Service>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let mut place = None;
    if let Some(limits) = request.app_data::<web::Data<ConnectionLimits>>() {
        let peer = request.peer_addr().map(|peer| peer.ip());
        let caller = caller::address(request.request(), &service.proxies);
        match limits.request(peer, caller) {
            Ok(taken) => place = taken,
            Err(problem) => return Ok(request.into_response(problem.error_response())),
        }
    }
    let verdict = Verdict::default();
    let pace = Pace::of(&service.settings.server);
    let body = keep_pace(request.take_payload(), pace, Rc::clone(&verdict));
    request.set_payload(body);
    let answer = decided(next.call(request).await?, &verdict);
    drop(place);
    Ok(answer)
}

/// Middleware around a route whose bodies are small.
pub(super) async fn small(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > SMALL as u64) {
        return Ok(request.into_response(Problem::TooLarge(SMALL).error_response()));
    }
    let verdict = Verdict::default();
    let body = keep_small(request.take_payload(), Rc::clone(&verdict));
    request.set_payload(body);
    Ok(decided(next.call(request).await?, &verdict))
}

/// The answer, or what was found about the body.
fn decided(
    answer: ServiceResponse<impl MessageBody + 'static>,
    verdict: &Verdict,
) -> ServiceResponse<BoxBody> {
    match verdict.take() {
        Some(problem) => answer.into_response(problem.error_response()),
        None => answer.map_into_boxed_body(),
    }
}

fn keep_pace(body: Payload, pace: Pace, verdict: Verdict) -> Payload {
    let mut came = 0;
    // Begins when the body is first asked for: what we do before is not the caller's time.
    let mut timing = None;
    watched(body, move |body, context| {
        let (began, timer) = timing.get_or_insert_with(|| {
            let began = Instant::now();
            (began, Box::pin(sleep_until(began + pace.allows(0))))
        });
        let piece = Pin::new(body).poll_next(context);
        match &piece {
            Poll::Ready(Some(Ok(bytes))) => came += bytes.len(),
            Poll::Ready(_) => {}
            Poll::Pending => {
                timer.as_mut().reset(*began + pace.allows(came));
                if timer.as_mut().poll(context).is_ready() {
                    verdict.set(Some(Problem::Timeout));
                    let late = io::Error::from(io::ErrorKind::TimedOut);
                    return Poll::Ready(Some(Err(PayloadError::Io(late))));
                }
            }
        }
        piece
    })
}

fn keep_small(body: Payload, verdict: Verdict) -> Payload {
    let mut came = 0;
    watched(body, move |body, context| {
        let piece = Pin::new(body).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &piece {
            came += bytes.len();
            if came > SMALL {
                verdict.set(Some(Problem::TooLarge(SMALL)));
                return Poll::Ready(Some(Err(PayloadError::Overflow)));
            }
        }
        piece
    })
}

type Piece = Poll<Option<Result<web::Bytes, PayloadError>>>;

fn watched(
    mut body: Payload,
    mut poll: impl FnMut(&mut Payload, &mut std::task::Context<'_>) -> Piece + 'static,
) -> Payload {
    if matches!(body, Payload::None) {
        return body;
    }
    let stream = poll_fn(move |context| poll(&mut body, context));
    Payload::Stream {
        payload: Box::pin(stream),
    }
}
