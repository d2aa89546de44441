//! What a text that comes in may hold. A database keeps no NUL (PostgreSQL refuses it, and a
//! program in C reads the text only up to it), so a text with one is refused here with the
//! place named, whichever way it came: path, query, JSON at any depth, form. Headers need no
//! rule, because HTTP itself has no NUL in them. Also here, because it is about how a body is
//! to be read: codings and charsets that we do not know.

use super::Problem;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpRequest, web};
use octroi_data::application::FieldProblem;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::pin::Pin;

/// What is said of a text that cannot be kept.
const NUL: &str = "a text cannot hold the character U+0000";

/// Middleware around the routes of the API and of the pages: the path, the query and the
/// headers that say how the body is written.
pub(super) async fn acceptable(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let refused = address(request.uri().path(), request.query_string())
        .and_then(|()| body_headers(request.headers()));
    match refused {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(problem) => Ok(request.error_response(problem).map_into_right_body()),
    }
}

/// `%00` is the one spelling of NUL in an address.
fn address(path: &str, query: &str) -> Result<(), Problem> {
    if path.contains("%00") {
        return Err(Problem::BadRequest(format!("in the path, {NUL}")));
    }
    let Some(pair) = query.split('&').find(|pair| pair.contains("%00")) else {
        return Ok(());
    };
    let name = pair.split('=').next().unwrap_or_default();
    Err(Problem::BadRequest(format!(
        "in the query parameter \"{name}\", {NUL}"
    )))
}

/// The codings that bodies are unpacked from, and UTF-8.
fn body_headers(headers: &HeaderMap) -> Result<(), Problem> {
    const CODINGS: [&str; 3] = ["identity", "gzip", "deflate"];
    let known = |coding: &str| CODINGS.iter().any(|own| own.eq_ignore_ascii_case(coding));
    let mut codings = headers.get_all(CONTENT_ENCODING);
    let coding = codings
        .next()
        .map(|value| value.to_str().unwrap_or_default());
    if codings.next().is_some() || coding.is_some_and(|coding| !known(coding.trim())) {
        return Err(Problem::MediaType(
            "identity, gzip or deflate (Content-Encoding)",
        ));
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let charset = content_type
        .unwrap_or_default()
        .split(';')
        .skip(1)
        .find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches('"'))
        });
    let utf8 = |charset: &str| {
        ["utf-8", "utf8"]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(charset))
    };
    if charset.is_some_and(|charset| !utf8(charset)) {
        return Err(Problem::MediaType("UTF-8 (charset)"));
    }
    Ok(())
}

/// The pointers of all texts and names with a NUL in a JSON value, at any depth.
pub(super) fn in_json(value: &Value) -> Result<(), Problem> {
    let mut found = Vec::new();
    look(value, "", &mut found);
    if found.is_empty() {
        return Ok(());
    }
    let problem = |pointer| FieldProblem {
        pointer,
        problem: NUL.to_owned(),
    };
    Err(Problem::Invalid(found.into_iter().map(problem).collect()))
}

fn look(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains('\0') => found.push(at.to_owned()),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                look(item, &format!("{at}/{i}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let shown = name
                    .replace('\0', "\u{2400}")
                    .replace('~', "~0")
                    .replace('/', "~1");
                let at = format!("{at}/{shown}");
                if name.contains('\0') {
                    found.push(at.clone());
                }
                look(field, &at, found);
            }
        }
        _ => {}
    }
}

/// The fields of a form as they came, in their order; a name may be there more than once.
pub(crate) struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// The fields as a form of this kind has them.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text = serde_urlencoded::to_string(&self.0)
            .map_err(|error| Problem::BadRequest(error.to_string()))?;
        serde_urlencoded::from_str(&text).map_err(|error| Problem::BadRequest(error.to_string()))
    }
}

impl FromRequest for FormFields {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = web::Form::<Vec<(String, String)>>::from_request(request, payload);
        Box::pin(async move {
            let fields = form
                .await
                .map_err(|error| Problem::of(&error))?
                .into_inner();
            for (name, value) in &fields {
                if name.contains('\0') || value.contains('\0') {
                    let name = name.replace('\0', "\u{2400}");
                    return Err(Problem::BadRequest(format!(
                        "in the field \"{name}\", {NUL}"
                    )));
                }
            }
            Ok(Self(fields))
        })
    }
}

/// A form of fields of this kind.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let fields = FormFields::from_request(request, payload);
        Box::pin(async move { Ok(Self(fields.await?.read()?)) })
    }
}
