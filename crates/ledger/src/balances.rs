//! Balances: the fold of entries, whatever their order.

use std::collections::BTreeMap;

use units::{Balance, Currency};

use crate::{Entry, LedgerAccount};

/// The balance of each account and currency. Zero balances are not kept, so an account whose
/// entries cancel out equals an account that never had any.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Balances(BTreeMap<(LedgerAccount, Currency), Balance>);

/// Why entries have no balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FoldError {
    /// A final balance leaves 64 bits of minor units.
    #[error("the balance of {account} is {sum_minor} minor units of {currency}, beyond 64 bits")]
    Overflow {
        /// The account.
        account: LedgerAccount,
        /// The currency.
        currency: Currency,
        /// The exact sum in minor units.
        sum_minor: i128,
    },
}

/// Adds up every posting of `entries`.
///
/// # Errors
/// [`FoldError::Overflow`] when a final balance does not fit [`Balance`]. Sums on the way there
/// are exact, so whether it fits does not depend on the order of the entries.
pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Balances, FoldError> {
    let mut sums: BTreeMap<(LedgerAccount, Currency), i128> = BTreeMap::new();
    for posting in entries.into_iter().flat_map(Entry::postings) {
        let sum = sums
            .entry((posting.account, posting.amount.currency()))
            .or_default();
        // 2^64 postings of 64 bits fit in 128 bits: no memory holds more.
        *sum = sum.saturating_add(i128::from(posting.amount.as_minor()));
    }
    let mut balances = BTreeMap::new();
    for ((account, currency), sum_minor) in sums {
        let minor = i64::try_from(sum_minor).map_err(|_| FoldError::Overflow {
            account,
            currency,
            sum_minor,
        })?;
        if minor != 0 {
            balances.insert((account, currency), Balance::new(minor, currency));
        }
    }
    Ok(Balances(balances))
}

impl Balances {
    /// The balance of `account` in `currency`; zero where it has no entries.
    #[must_use]
    pub fn of(&self, account: LedgerAccount, currency: Currency) -> Balance {
        self.0
            .get(&(account, currency))
            .copied()
            .unwrap_or_else(|| Balance::zero(currency))
    }

    /// Every balance that is not zero, ordered by account and currency.
    pub fn iter(&self) -> impl Iterator<Item = (LedgerAccount, Balance)> + '_ {
        self.0
            .iter()
            .map(|((account, _), balance)| (*account, *balance))
    }
}
