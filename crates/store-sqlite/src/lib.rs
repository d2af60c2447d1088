//! # store-sqlite
//!
//! **What**: SQLite behind the ports of `settlement` and `issuer`: the embedded database of a
//! laptop, a demo or a small town.
//!
//! **Why it exists**: a newcomer needs no server, and money needs a real database: WAL,
//! `synchronous=FULL`, one writer.
//!
//! **Where it sits**: layer L2, an adapter. `server` and `cli` open it and hand it to use cases. It
//! decides nothing: what to write comes from the pure functions of `settlement`, called inside its
//! transactions.
//!
//! **Invariants**: each method of a port that writes is one `BEGIN IMMEDIATE` transaction and
//! answers after its commit; tables of taps, entries and charges refuse UPDATE and DELETE by
//! trigger; every statement's text is fixed, values are only ever bound.
//!
//! ```
//! use store_sqlite::{Location, SqliteStore};
//! use settlement::ports::SettlementStore;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let store = SqliteStore::open(&Location::parse("sqlite::memory:")?).await?;
//! assert_eq!(store.counts().await?.journeys, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batches;
mod books;
mod charging;
mod columns;
mod corrections;
mod counts;
mod faults;
mod file_taps;
mod gates;
mod idempotency;
mod issuance;
mod issuance_log;
mod journeys;
mod judging;
mod money;
mod notes;
mod open;
mod operator;
mod pages;
mod payment_rows;
mod payments;
mod settlement_port;
mod settling;
mod staff;
mod store;
mod taps;
mod windows;

pub use open::OpenError;
pub use store::{Location, LocationError, SqliteStore};
