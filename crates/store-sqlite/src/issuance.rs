//! The issuer's port: each call one transaction, answered after its commit.

mod debts;
mod denying;
mod record;
mod registration;

#[cfg(test)]
mod tests;

use issuer::{
    Denial, DenyList, DeviceRegistration, IssuanceRecord, IssuanceStore, Recorded,
    RegistrationOutcome, Rider, SessionHash,
};
use settlement::ports::StoreError;
use sqlx::sqlite::SqliteRow;
use units::{CredentialId, Timestamp};
use wire::{Entitlement, PartySize, ProductCode, RiderCategory};

use crate::SqliteStore;
use crate::columns::int;

impl SqliteStore {
    /// The newest signature on record; `None` in a new database.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn newest_issuance(&self) -> Result<Option<IssuanceRecord>, StoreError> {
        record::newest(self).await
    }
}

impl IssuanceStore for SqliteStore {
    type Error = StoreError;

    async fn register(
        &self,
        registration: &DeviceRegistration,
    ) -> Result<RegistrationOutcome, StoreError> {
        registration::register(self, registration).await
    }

    async fn rider(
        &self,
        session: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<Rider>, StoreError> {
        registration::rider(self, session, now).await
    }

    async fn record(&self, record: &IssuanceRecord) -> Result<Recorded, StoreError> {
        record::append(self, record).await
    }

    async fn issued(&self, id: CredentialId) -> Result<Option<IssuanceRecord>, StoreError> {
        record::one(self, id).await
    }

    async fn deny(&self, denial: &Denial) -> Result<u64, StoreError> {
        denying::deny(self, denial).await
    }

    async fn allow(&self, credential: CredentialId, now: Timestamp) -> Result<u64, StoreError> {
        denying::allow(self, credential, now).await
    }

    async fn deny_list(&self, now: Timestamp) -> Result<DenyList, StoreError> {
        denying::list(self, now).await
    }

    async fn deny_version(&self, now: Timestamp) -> Result<u64, StoreError> {
        denying::version(self, now).await
    }
}

/// The columns category, party and product.
fn entitlement(row: &SqliteRow) -> Result<Entitlement, StoreError> {
    let category = int(row, "category")?;
    let party = int(row, "party")?;
    let product = int(row, "product")?;
    let wrong = |place, got| StoreError::out_of_range(place, "a number of a code", got);
    Ok(Entitlement {
        category: u8::try_from(category)
            .map(RiderCategory::from_code)
            .map_err(|_| wrong("category", category))?,
        party: u8::try_from(party)
            .ok()
            .and_then(PartySize::new)
            .ok_or_else(|| wrong("party", party))?,
        product: u16::try_from(product)
            .map(ProductCode::from_number)
            .map_err(|_| wrong("product", product))?,
    })
}
