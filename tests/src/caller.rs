//! A program that calls the API: over HTTP/1.1, with or without credentials.

use serde_json::Value;
use std::time::Duration;
use ureq::Agent;
use ureq::http::{Method, Request, header};

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Every header of this name.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: no JSON ({error}): {}", self.status, self.text()))
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "the answer was {}", self.text());
        self.json()
    }

    /// The problem document of an answer that must be one, with this status.
    #[track_caller]
    pub fn expect_problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "the answer was {}", self.text());
        assert_eq!(
            self.header("Content-Type"),
            Some("application/problem+json")
        );
        let document = self.json();
        assert_eq!(document["status"], status, "in {document}");
        for field in ["type", "title", "detail"] {
            assert!(
                document[field]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "a problem document says its {field}: {document}"
            );
        }
        document
    }
}

/// Somebody who calls the API.
#[derive(Clone)]
pub struct Caller {
    agent: Agent,
    base: String,
    credential: Option<String>,
}

/// One connection pool; answers of any status are answers, redirects are not followed.
pub(crate) fn agent() -> Agent {
    Agent::new_with_config(
        Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .build(),
    )
}

impl Caller {
    /// `base` is `http://host:port`; `credential` goes into `Authorization: Bearer`.
    pub fn new(base: &str, credential: Option<&str>) -> Self {
        Self {
            agent: agent(),
            base: base.to_owned(),
            credential: credential.map(str::to_owned),
        }
    }

    /// The bearer credential.
    pub fn credential(&self) -> Option<&str> {
        self.credential.as_deref()
    }

    /// Any request; `Err` when no answer came.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(credential) = &self.credential {
            request = request.header(header::AUTHORIZATION, format!("Bearer {credential}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).expect("a request")),
            None => self.agent.run(request.body(()).expect("a request")),
        };
        let mut answer = answer?;
        let headers = answer.headers().iter();
        let headers = headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        Ok(Answer {
            status: answer.status().as_u16(),
            headers,
            body: answer
                .body_mut()
                .with_config()
                .limit(256 << 20)
                .read_to_vec()?,
        })
    }

    /// Any request that must be answered.
    #[track_caller]
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        self.try_send(method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path} was not answered: {error}"))
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string())
    }

    /// Posts text as JSON, which it need not be.
    #[track_caller]
    pub fn post_text(&self, path: &str, body: &str) -> Answer {
        let headers = [("Content-Type", "application/json")];
        self.send("POST", path, &headers, Some(body.as_bytes()))
    }

    /// Posts JSON under an idempotency key.
    #[track_caller]
    pub fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key),
        ];
        self.send("POST", path, &headers, Some(body.to_string().as_bytes()))
    }
}
