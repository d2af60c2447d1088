//! # settlement
//!
//! **What**: the use cases that turn taps into journeys, fares, ledger entries and charges, and the
//! ports they need.
//!
//! **Why it exists**: a charge must follow from the taps and from nothing else, whatever order they
//! came in, however often, however late, and wherever the process was killed in between.
//!
//! **Where it sits**: layer L2. `server` and `cli` call the use cases; `store-sqlite` (and others
//! later) implement the [`ports`]. It knows no SQL, no HTTP, no clock and no private key.
//!
//! **Invariants**: a batch is answered after its commit and storing it again changes nothing; only
//! permitted taps with the rider's verified evidence, or taps of an outside file, are priced;
//! journeys, fares and balances are a function of the set of taps ([`dump::canonical`]); the ledger
//! only grows and sums to zero ([`verify_ledger::verify`]); a day is never charged twice;
//! recomputing from the taps gives what is stored ([`recompute::compare`]).
//!
//! ```
//! # #[cfg(feature = "testing")] {
//! use settlement::{charge, dump, ingest, settle, testing::MemoryStore};
//! use units::{ServiceDay, Timestamp};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let city = tariff::testing::city();
//! let store = MemoryStore::default();
//! let file = "tap_id,account_id,time,kind,stop_id,route_id,device_id\n\
//!             1,anna,2019-01-07T08:00:00+08:00,on,north,,g1\n\
//!             2,anna,2019-01-07T08:20:00+08:00,off,centre,,g2\n";
//! let now = Timestamp::from_secs(1_546_830_000);
//! ingest::rows::store(&store, &city, file.as_bytes(), now, |_rejected| ()).await?;
//! settle::all(&store, &city, now).await?;
//! let day = ServiceDay::parse("2019-01-07")?;
//! charge::close(&store, &city, &charge::through(day), now).await?;
//! let counts = settlement::ports::SettlementStore::counts(&store).await?;
//! assert_eq!((counts.journeys, counts.charged_minor[&city.currency()]), (1, 300));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod apportion;
pub mod charge;
pub mod charging;
pub mod corrections;
pub mod debt;
pub mod dump;
mod faults;
pub mod flags;
pub mod fraud;
pub mod history;
pub mod idempotency;
pub mod ids;
pub mod ingest;
pub mod model;
pub mod operator;
pub mod parties;
pub mod ports;
pub mod recompute;
pub mod sentences;
pub mod settle;
pub mod shadow;
pub mod staff;
pub mod statement;
pub mod summary;
#[cfg(feature = "testing")]
pub mod testing;
pub mod verify_ledger;
