//! Chromium, driven over WebDriver: one browser with a profile of its own per test. What a
//! story does with it reads as what a person does with a page; whatever does not come within
//! [`PATIENCE`] fails with the page's text.

use futures_util::FutureExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use thirtyfour::{By, Capabilities, WebDriver, WebElement};

/// How long anything on a page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,1000",
];

/// How a browser is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scripts {
    Run,
    /// Blocked, as some people's settings do.
    Blocked,
}

/// One browser with one window.
pub(crate) struct Browser {
    driver: WebDriver,
    driver_process: Child,
    base: String,
    profile: TempDir,
}

/// Walks a story in a new browser, and closes the browser however the story ends.
pub(crate) fn walk(base: &str, scripts: Scripts, story: impl AsyncFnOnce(&Browser)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime starts").block_on(async {
        let browser = Browser::open(base, scripts).await;
        let told = AssertUnwindSafe(story(&browser)).catch_unwind().await;
        if told.is_err() {
            browser.screenshot("failed").await;
            let log = browser.driver.browser_log().await.unwrap_or_default();
            eprintln!("the page was {}", browser.address().await);
            for entry in log {
                eprintln!("{} {}", entry.level, entry.message);
            }
        }
        browser.close().await;
        if let Err(panic) = told {
            std::panic::resume_unwind(panic);
        }
    });
}

/// A program that the system's packages bring.
fn program(names: &[&str], package: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!(
                "{} is not installed: install the package `{package}` (on Debian: \
                 apt-get install {package}); `tests/run browser` does it for you",
                names[0]
            )
        })
}

/// Starts chromedriver on a free port, which it names in its first lines.
fn start_driver() -> (Child, u16) {
    let mut process = Command::new(program(&["chromedriver"], "chromium-driver"))
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.split_once("started successfully on port ")?
            .1
            .trim_end_matches('.')
            .parse()
            .ok()
    });
    // Nobody reads on, and chromedriver must not stop at a full pipe.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    (process, port.expect("chromedriver names its port"))
}

impl Browser {
    async fn open(base: &str, scripts: Scripts) -> Self {
        let chromium = program(
            &["chromium", "chromium-browser", "google-chrome"],
            "chromium",
        );
        let (driver_process, port) = start_driver();
        let profile = TempDir::with_prefix("octroi-chromium-").expect("a folder");
        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|a| (*a).to_owned()).collect();
        arguments.push(format!(
            "--user-data-dir={}",
            profile.path().join("profile").display()
        ));
        let mut preferences = json!({
            "intl.accept_languages": "en-GB,en",
            "download.default_directory": profile.path().join("downloads"),
            "credentials_enable_service": false,
        });
        if scripts == Scripts::Blocked {
            preferences["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let wanted = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "binary": chromium,
                "args": arguments,
                "prefs": preferences,
            },
        });
        let Value::Object(wanted) = wanted else {
            unreachable!("written as an object")
        };
        // The driver's client is built with TLS, though it only talks to this machine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let driver = WebDriver::new(
            format!("http://127.0.0.1:{port}"),
            Capabilities::from(wanted),
        )
        .await;
        let driver = driver.expect("Chromium starts");
        Self {
            driver,
            driver_process,
            base: base.to_owned(),
            profile,
        }
    }

    async fn close(mut self) {
        // The driver may be gone after a failure; then so is the browser.
        let _ = self.driver.quit().await;
        let _ = self.driver_process.kill();
        let _ = self.driver_process.wait();
    }

    // --- where -------------------------------------------------------------------------

    /// Opens a path of the service.
    pub(crate) async fn go(&self, path: &str) {
        let address = format!("{}{path}", self.base);
        self.driver
            .goto(&address)
            .await
            .unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// Opens a file of this machine.
    pub(crate) async fn go_to_file(&self, file: &Path) {
        self.driver
            .goto(format!("file://{}", file.display()))
            .await
            .expect("the file opens");
    }

    pub(crate) async fn back(&self) {
        self.driver.back().await.expect("the browser goes back");
    }

    pub(crate) async fn reload(&self) {
        self.driver.refresh().await.expect("the page loads again");
    }

    /// Path and query of the page.
    pub(crate) async fn path(&self) -> String {
        self.script("return location.pathname + location.search")
            .await
    }

    async fn address(&self) -> String {
        self.driver
            .current_url()
            .await
            .map_or_else(|e| e.to_string(), |url| url.to_string())
    }

    /// Follows the link with this text to another page.
    pub(crate) async fn follow(&self, text: &str) {
        self.leave_by(By::LinkText(text), text).await;
    }

    /// Presses something that leads to another page, and waits until that is there.
    async fn leave_by(&self, by: By, what: &str) {
        self.script::<()>("window.octroiStays = true").await;
        self.press_at(by, what).await;
        let started = Instant::now();
        loop {
            let script = "return !window.octroiStays && document.readyState === 'complete'";
            // While one page goes and the other comes, no script can run.
            let arrived = self.driver.execute(script, Vec::new()).await;
            if arrived.is_ok_and(|told| told.json() == true) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{what} leads nowhere");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    // --- what is there -----------------------------------------------------------------

    async fn element(&self, by: By, what: &str) -> WebElement {
        let started = Instant::now();
        loop {
            if let Ok(element) = self.driver.find(by.clone()).await {
                return element;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{} has no {what}:\n{}",
                self.path().await,
                self.words().await
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits for an element.
    pub(crate) async fn await_element(&self, css: &str) {
        self.element(By::Css(css), css).await;
    }

    /// Waits until a JavaScript expression is neither null nor false. While one page goes and
    /// another comes no script can run, which is no answer either.
    async fn await_value(&self, expression: &str, arguments: Vec<Value>) -> Value {
        let started = Instant::now();
        let script = format!("return {expression}");
        loop {
            let told = self
                .driver
                .execute(script.as_str(), arguments.clone())
                .await;
            let value = told.map_or(Value::Null, |told| told.json().clone());
            if !value.is_null() && value != false {
                return value;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "on {} it never came that {expression} {arguments:?}:\n{}",
                self.path().await,
                self.words().await
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Waits until a JavaScript expression holds.
    pub(crate) async fn await_that(&self, expression: &str) {
        self.await_value(&format!("Boolean({expression})"), Vec::new())
            .await;
    }

    /// The text of the first such element as it is shown, once it is there.
    pub(crate) async fn text(&self, css: &str) -> String {
        let expression = "document.querySelector(arguments[0])?.innerText.trim() ?? null";
        let text = self.await_value(expression, vec![json!(css)]).await;
        text.as_str().expect("a text").to_owned()
    }

    /// The texts of all elements as they are in the page, shown or folded away.
    pub(crate) async fn texts(&self, css: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])]\
                      .map((e) => e.textContent.replace(/\\s+/g, ' ').trim())";
        self.script_with(script, vec![json!(css)]).await
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        self.driver
            .find_all(By::Css(css))
            .await
            .expect("a selector")
            .len()
    }

    /// Everything that can be read.
    pub(crate) async fn words(&self) -> String {
        self.script("return document.body.innerText").await
    }

    pub(crate) async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.element(By::Css(css), css)
            .await
            .attr(name)
            .await
            .expect("an attribute can be read")
    }

    /// The computed style of an element.
    pub(crate) async fn style(&self, css: &str, property: &str) -> String {
        self.element(By::Css(css), css)
            .await
            .css_value(property)
            .await
            .expect("a style")
    }

    /// The text of the first-level heading.
    pub(crate) async fn heading(&self) -> String {
        self.text("h1").await
    }

    // --- what a person does ------------------------------------------------------------

    async fn press_at(&self, by: By, what: &str) {
        let element = self.element(by, what).await;
        element
            .click()
            .await
            .unwrap_or_else(|error| panic!("{what} cannot be pressed: {error}"));
    }

    /// Presses an element.
    pub(crate) async fn press(&self, css: &str) {
        self.press_at(By::Css(css), css).await;
    }

    /// Presses the link with this text, which changes a part of the page.
    pub(crate) async fn press_link(&self, text: &str) {
        self.press_at(By::LinkText(text), text).await;
    }

    /// Sends a form by its button with this text.
    pub(crate) async fn send(&self, text: &str) {
        let by = format!("//button[normalize-space()={text:?}]");
        self.leave_by(By::XPath(by), text).await;
    }

    /// Sends a form, or follows a link, by an element.
    pub(crate) async fn leave(&self, css: &str) {
        self.leave_by(By::Css(css), css).await;
    }

    /// Types into a field what then stands in it.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.element(By::Css(css), css).await;
        field.clear().await.expect("the field can be emptied");
        field
            .send_keys(text)
            .await
            .expect("the field can be typed into");
    }

    /// Presses keys wherever the focus is.
    pub(crate) async fn keys(&self, keys: impl AsRef<str>) {
        let actions = self.driver.action_chain().send_keys(keys.as_ref());
        actions.perform().await.expect("keys can be pressed");
    }

    /// Chooses the option with this value.
    pub(crate) async fn choose(&self, select: &str, value: &str) {
        self.press(&format!("{select} option[value=\"{value}\"]"))
            .await;
    }

    /// Says yes to the question that the page asks; gives back the question.
    pub(crate) async fn agree(&self) -> String {
        let question = self
            .driver
            .get_alert_text()
            .await
            .expect("a question is asked");
        self.driver
            .accept_alert()
            .await
            .expect("it can be answered");
        question
    }

    /// Signs in with the form of the sign-in page.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) {
        self.await_element("input[name=email]").await;
        self.fill("input[name=email]", email).await;
        self.fill("input[name=password]", password).await;
        self.leave("form[action='/sign-in'] button").await;
    }

    // --- what a person does not do -----------------------------------------------------

    /// Runs JavaScript in the page.
    pub(crate) async fn script<T: DeserializeOwned>(&self, script: &str) -> T {
        self.script_with(script, Vec::new()).await
    }

    pub(crate) async fn script_with<T: DeserializeOwned>(
        &self,
        script: &str,
        arguments: Vec<Value>,
    ) -> T {
        let told = self.driver.execute(script, arguments).await;
        let told = told.unwrap_or_else(|error| panic!("{script}\nfailed: {error}"));
        told.convert()
            .unwrap_or_else(|error| panic!("{script}\ngave {}: {error}", told.json()))
    }

    /// The value of a cookie that scripts need not be able to read.
    pub(crate) async fn cookie(&self, name: &str) -> String {
        self.driver
            .get_named_cookie(name)
            .await
            .expect("the cookie is there")
            .value
    }

    /// Forgets every cookie of the service.
    pub(crate) async fn forget(&self) {
        self.driver
            .delete_all_cookies()
            .await
            .expect("cookies can be deleted");
    }

    pub(crate) async fn set_cookie(&self, name: &str, value: &str) {
        let mut cookie = thirtyfour::Cookie::new(name, value);
        cookie.set_path("/");
        self.driver
            .add_cookie(cookie)
            .await
            .expect("a cookie can be set");
    }

    /// The colour scheme that the system asks for.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        let sent = self
            .driver
            .cdp()
            .send_raw("Emulation.setEmulatedMedia", media)
            .await;
        sent.expect("the colour scheme can be emulated");
    }

    /// The file that is being downloaded, once it is whole.
    pub(crate) async fn download(&self) -> PathBuf {
        let folder = self.profile.path().join("downloads");
        let started = Instant::now();
        loop {
            let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let whole = files.map(|file| file.path()).find(|path| {
                path.extension().is_none_or(|ending| ending != "crdownload")
                    && path
                        .file_name()
                        .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
            });
            if let Some(file) = whole {
                return file;
            }
            assert!(started.elapsed() < PATIENCE, "nothing was downloaded");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Keeps a picture of the whole page in `target/screenshots`, for people to look at.
    pub(crate) async fn screenshot(&self, name: &str) {
        let folder = screenshots();
        std::fs::create_dir_all(&folder).expect("target/ can be written");
        let height: u64 = self
            .script("return Math.min(6000, Math.max(900, document.documentElement.scrollHeight))")
            .await;
        let metrics =
            json!({ "width": 1440, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let cdp = self.driver.cdp();
        let _ = cdp
            .send_raw("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        let file = folder.join(format!("{}-{name}.png", test_name()));
        // A picture helps who looks; it decides nothing.
        let _ = self.driver.screenshot(&file).await;
        let _ = cdp
            .send_raw("Emulation.clearDeviceMetricsOverride", json!({}))
            .await;
    }

    /// What the browser complained about since the last call: errors of scripts, violations
    /// of the content security policy, files that did not load.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self
            .driver
            .browser_log()
            .await
            .expect("the log can be read");
        log.into_iter()
            .filter(|entry| entry.level == "SEVERE" || entry.level == "WARNING")
            .map(|entry| format!("{} {}", entry.level, entry.message))
            .collect()
    }

    /// Fails on any complaint.
    pub(crate) async fn expect_no_complaints(&self) {
        let complaints = self.complaints().await;
        assert!(
            complaints.is_empty(),
            "the browser complained: {complaints:#?}"
        );
    }
}

/// The last part of the test's path: its thread bears its name.
fn test_name() -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("test");
    name.rsplit("::").next().unwrap_or(name).to_owned()
}

/// `target/screenshots`, beside the profile that the tests were built with.
fn screenshots() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    test.ancestors()
        .nth(3)
        .expect("tests lie in target/PROFILE/deps")
        .join("screenshots")
}
