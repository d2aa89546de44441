//! The pages in Chromium, as people use them: each test walks one story through the demo.
//! Pictures of the pages are kept in `target/screenshots`.

mod accessibility;
mod adviser;
mod analyst;
mod chart;
mod chromium;
mod demo;
mod french;
mod rights;
mod without_scripts;
