//! # store-postgres
//!
//! **What**: PostgreSQL behind the ports of `settlement` and `issuer`: the database of a city, with
//! several servers and workers on it.
//!
//! **Why it exists**: a city's taps come faster than rows can be kept under several indexes. So an
//! upload is one row of bytes as signed, a rider's day is one row of packed taps and journeys, and
//! a gate's journal needs one cursor row, not a key per record (docs/decisions/0021).
//!
//! **Where it sits**: layer L2, an adapter, beside `store-sqlite`; both pass one contract suite. It
//! decides nothing: what to write comes from the pure functions of `settlement`, called inside its
//! transactions.
//!
//! **Invariants**: each method of a port that writes is one transaction and answers after its
//! commit; who writes a rider's days holds the row of the rider's shard, who writes a device's
//! records that of its gate, each in one order; uploads, ledger pages and charges refuse UPDATE and
//! DELETE by trigger; every statement's text is fixed, values are only ever bound.
//!
//! ```no_run
//! use settlement::ports::SettlementStore;
//! use store_postgres::{Location, PostgresStore};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let store = PostgresStore::open(&Location::parse("postgres://faregate@127.0.0.1/city")?).await?;
//! assert_eq!(store.counts().await?.journeys, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod books;
mod charging;
mod columns;
mod copy;
mod corrections;
mod counts;
mod day_rows;
mod days;
mod faults;
mod file_taps;
mod gates;
mod idempotency;
mod ingest;
mod issuance;
mod issuance_log;
mod judging;
mod ledger_pages;
mod location;
mod names;
mod notes;
mod open;
mod operator;
mod owners;
mod pack;
mod pages;
mod parcels;
mod payment_rows;
mod payments;
mod runs;
mod settlement_port;
mod settling;
mod staff;
mod store;

pub use location::{Location, LocationError};
pub use open::OpenError;
pub use store::PostgresStore;
