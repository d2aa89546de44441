//! Octroi: credit scoring that banks share. This crate is the service and its command line;
//! data, models, migrations and pages are crates of their own. One folder per capability:
//! [`identity`] (who comes in), [`tenancy`] (which bank), [`admission`] (whose turn it is), [`clients`], [`models`],
//! [`decisions`], [`audit`] (what happened), [`monitoring`], and [`web`] and [`command`], the
//! two ways in. docs/ARCHITECTURE.md walks through a decision.

pub mod address;
pub mod admission;
pub mod audit;
pub mod clients;
pub mod command;
pub mod configuration;
pub mod database;
pub mod decisions;
pub mod digest;
pub mod home;
pub mod identity;
pub mod instant;
pub mod keys;
pub mod models;
pub mod monitoring;
pub mod name;
pub mod service;
pub mod tenancy;
pub mod web;
