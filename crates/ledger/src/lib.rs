//! # ledger
//!
//! **What**: double entry: accounts, entries that sum to zero, balances, and apportionment that
//! gives back every minor unit.
//!
//! **Why it exists**: money that is added up in two places is wrong in one of them. Here an entry
//! that does not balance cannot be made, and a balance is nothing but the fold of entries.
//!
//! **Where it sits**: layer L1, pure. `settlement` makes entries and stores keep them; this crate
//! knows no tap, no fare, no clock and no store. Ids and times come in as arguments.
//!
//! Entries of one rider are chained by hash ([`chain`]) and print as a journal that hledger checks
//! ([`hledger`]).
//!
//! **Invariants**: every [`Entry`] sums to zero per currency; no posting is zero; entries are never
//! changed, a correction is another entry; balances depend on the set of entries, not their order;
//! [`apportion`] hands out exactly the total; overflow is refused, never wrapped.
//!
//! ```
//! use ledger::{Entry, EntryKind, LedgerAccount, Posting, apportion, fold};
//! use units::{AccountId, Amount, Balance, Currency, EntryId, Timestamp};
//!
//! let cny = Currency::from_code("CNY")?;
//! let rider = LedgerAccount::Rider(AccountId::from_bytes([7; 16]));
//! let fare = Entry::new(
//!     EntryId::from_bytes([1; 16]),
//!     Timestamp::from_secs(1_546_819_200),
//!     EntryKind::Fare,
//!     "one journey".to_owned(),
//!     vec![
//!         Posting { account: rider, amount: Balance::new(-300, cny) },
//!         Posting { account: LedgerAccount::Clearing, amount: Balance::new(300, cny) },
//!     ],
//! )?;
//! assert_eq!(fold([&fare])?.of(rider, cny), Balance::new(-300, cny));
//!
//! let parts = apportion(Amount::new(100, cny)?, &[1, 1, 1])?;
//! assert_eq!(parts.iter().map(|part| part.as_minor()).collect::<Vec<_>>(), [34, 33, 33]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]
#![cfg_attr(not(test), deny(clippy::as_conversions, clippy::float_arithmetic))]

mod account;
mod apportionment;
mod balances;
pub mod chain;
mod entry;
pub mod hledger;

pub use account::{LedgerAccount, LedgerAccountError};
pub use apportionment::{ApportionError, apportion};
pub use balances::{Balances, FoldError, fold};
pub use entry::{Entry, EntryKind, EntryKindError, PostError, Posting};
