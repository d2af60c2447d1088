//! The issuer's port, method by method.

use issuer::{
    Denial, DenyList, DeviceRegistration, IssuanceRecord, IssuanceStore, Recorded,
    RegistrationOutcome, Rider, SessionHash,
};
use settlement::ports::StoreError;
use units::{CredentialId, Timestamp};

use crate::{Store, inside};

impl IssuanceStore for Store {
    type Error = StoreError;

    async fn register(
        &self,
        registration: &DeviceRegistration,
    ) -> Result<RegistrationOutcome, StoreError> {
        inside!(self, store => store.register(registration).await)
    }

    async fn rider(
        &self,
        session: &SessionHash,
        now: Timestamp,
    ) -> Result<Option<Rider>, StoreError> {
        inside!(self, store => store.rider(session, now).await)
    }

    async fn record(&self, record: &IssuanceRecord) -> Result<Recorded, StoreError> {
        inside!(self, store => store.record(record).await)
    }

    async fn issued(&self, id: CredentialId) -> Result<Option<IssuanceRecord>, StoreError> {
        inside!(self, store => store.issued(id).await)
    }

    async fn deny(&self, denial: &Denial) -> Result<u64, StoreError> {
        inside!(self, store => store.deny(denial).await)
    }

    async fn allow(&self, credential: CredentialId, now: Timestamp) -> Result<u64, StoreError> {
        inside!(self, store => store.allow(credential, now).await)
    }

    async fn deny_list(&self, now: Timestamp) -> Result<DenyList, StoreError> {
        inside!(self, store => store.deny_list(now).await)
    }

    async fn deny_version(&self, now: Timestamp) -> Result<u64, StoreError> {
        inside!(self, store => store.deny_version(now).await)
    }
}
