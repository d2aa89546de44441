//! Pages, charts and documents of Octroi. The backend fills typed views ([`views`]) and
//! [`Pages::render`] turns them into HTML in the reader's language; [`document`] makes the
//! self-contained files that can be sent or printed; [`asset`] serves what the pages load.
//!
//! No page holds an inline script or style, so that they work under
//! `Content-Security-Policy: default-src 'self'`. Every page works without JavaScript.

mod assets;
pub mod charts;
mod chrome;
pub mod document;
pub mod format;
mod language;
mod pages;
pub mod scale;
pub mod sentence;
pub mod views;
mod words;

pub use assets::{Asset, asset, asset_paths, asset_url};
pub use chrome::{Chrome, Notice, Permissions, Section, SignedIn, Theme};
pub use language::{Language, UnknownLanguage};
pub use pages::{Pages, RenderError};
pub use words::{Argument, Words};
