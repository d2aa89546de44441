//! Somebody with a browser that keeps cookies and reads forms, and does nothing else: enough
//! for what the pages promise without a script.

use crate::caller::{Answer, Caller};
use std::collections::BTreeMap;

/// A visitor of the pages.
pub struct Visitor {
    caller: Caller,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    pub fn new(base: &str) -> Self {
        Self {
            caller: Caller::new(base, None),
            cookies: BTreeMap::new(),
        }
    }

    #[track_caller]
    fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let jar = jar.join("; ");
        let mut headers = headers.to_vec();
        if !jar.is_empty() {
            headers.push(("Cookie", &jar));
        }
        let answer = self.caller.send(method, path, &headers, body);
        for cookie in answer.headers("Set-Cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair
                .split_once('=')
                .expect("a cookie has a name and a value");
            let gone = cookie.to_ascii_lowercase().contains("max-age=0") || value.is_empty();
            if gone {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    /// Sends a form as a browser does.
    #[track_caller]
    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.submit_with(path, &[], fields)
    }

    /// Sends a form with headers of one's own.
    #[track_caller]
    pub fn submit_with(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Answer {
        let body = serde_urlencoded::to_string(fields).expect("fields are text");
        let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.send("POST", path, &all, Some(body.as_bytes()))
    }

    /// Sends the sign-in form.
    #[track_caller]
    pub fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.submit("/sign-in", &[("email", email), ("password", password)])
    }

    /// The form token that a page carries.
    #[track_caller]
    pub fn form_token(&mut self, page: &str) -> String {
        let html = self.get(page).text();
        let field = html
            .split("<input")
            .filter_map(|rest| rest.split('>').next())
            .find(|field| field.contains("name=\"csrf\""))
            .unwrap_or_else(|| panic!("{page} has no form token"));
        let value = field
            .split("value=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        value.expect("the form token has a value").to_owned()
    }

    /// Sends a form of a page with the token of that page.
    #[track_caller]
    pub fn press(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token(page);
        let mut all = vec![("csrf", token.as_str())];
        all.extend_from_slice(fields);
        self.submit(action, &all)
    }

    /// The cookies, by name.
    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// Puts a cookie into the jar.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }
}
