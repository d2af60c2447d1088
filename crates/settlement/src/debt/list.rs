//! Bringing the deny list into line with what an account owes.

use std::future::Future;

use units::{AccountId, Currency, Timestamp};

use super::deny::{DebtChange, DebtEntry, DebtPolicy, Listed, change};
use super::exposure;
use crate::charging::PaymentStore;
use crate::ports::StoreError;

/// Times that an account is looked at again after a change: what another worker wrote meanwhile.
const LOOKS_MAX: u32 = 3;

/// The part of the issuer's deny list that is there for debt. What staff put there for another
/// reason is not seen and not touched. Every method is one transaction.
pub trait DebtList: Send + Sync {
    /// What the list holds for an account's debt.
    fn listed(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Result<Option<Listed>, StoreError>> + Send;

    /// Puts every live code of the account on the list, in place of what is there for its debt.
    /// The account gets no new codes meanwhile, also where none of its codes is live.
    fn put(
        &self,
        entry: &DebtEntry,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes the account's codes off, as far as they are there for debt.
    fn take_off(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The next `limit` accounts after `after`, in order, that are listed for debt.
    fn debtors(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AccountId>, StoreError>> + Send;
}

/// Puts or takes the account's entry as its payments say. Answers the last change that it made; for
/// an account that never had a code there is none.
///
/// # Errors
/// [`StoreError`]; doing it again is safe.
pub async fn update<S: PaymentStore + DebtList>(
    store: &S,
    (account, currency): (AccountId, Currency),
    policy: &DebtPolicy,
    now: Timestamp,
) -> Result<DebtChange, StoreError> {
    let mut made = DebtChange::Nothing;
    for _ in 0..LOOKS_MAX {
        let payments = store.payments_of(account).await?;
        let owes = exposure::of(account, currency, &payments);
        let listed = store.listed(account).await?;
        match change(&owes, policy, listed.as_ref(), now) {
            DebtChange::Nothing => break,
            DebtChange::Put(entry) => {
                store.put(&entry, now).await?;
                if store.listed(account).await?.is_none() {
                    // It never had a code: no gate would know it, and nothing was put.
                    break;
                }
                made = DebtChange::Put(entry);
            }
            DebtChange::TakeOff => {
                store.take_off(account, now).await?;
                made = DebtChange::TakeOff;
            }
        }
    }
    Ok(made)
}
