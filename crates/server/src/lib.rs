//! # server
//!
//! **What**: the HTTP side of a city: issuer, tap upload, riders' days, web pages, and the worker
//! that settles.
//!
//! **Why it exists**: phones, gates and pages speak HTTP; the use cases do not. Everything here is
//! translation: a request into a use case, its answer into a response, its error into a problem.
//!
//! **Where it sits**: layer L3, above `settlement`, `issuer` and a store. `cli` opens the store,
//! makes the [`AppState`] and listens.
//!
//! **Invariants**: no route holds a business rule; every error is an RFC 9457 problem, also for
//! unknown paths and methods; bodies are bounded; a rider's routes take no account from the
//! request, only from the session; a batch is answered after its commit.
//!
//! ```no_run
//! # async fn example(state: server::AppState) -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! let router = server::router(state, server::Offers::default());
//! server::serve(listener, router, std::future::pending()).await
//! # }
//! ```

mod app;
mod assets;
mod charging;
mod conditional;
mod cores;
mod document;
mod error;
mod extract;
mod idempotent;
mod judge;
mod limits;
mod listen;
mod lists;
mod problem_pages;
mod routes;
mod session;
mod state;
mod tls;
mod worker;

pub use app::{Offers, router};
pub use charging::{Charging, SharedCharging, Turn, charge_forever, sweep, turn};
pub use cores::AllCores;
pub use document::openapi;
pub use error::ApiError;
pub use extract::{Parameters, RawBody};
pub use judge::{JudgeError, judge};
pub use limits::{Limits, limited};
pub use listen::{serve, serve_with};
pub use lists::{PublishError, Publisher, ServedLists};
pub use routes::activity::activity;
pub use routes::operator::{day_explanation, explain};
pub use session::Session;
pub use state::{AppState, Clock, Rng};
pub use tls::{Tls, TlsError, TlsFiles};
pub use worker::settle_forever;
