//! Pages for an operator, staff, and kept answers, method by method.

use settlement::corrections::AuditLine;
use settlement::idempotency::{AnswerStore, Asked, Begun, KeptAnswer};
use settlement::model::{StaffName, StoredCharge};
use settlement::operator::{ChargeFilter, ChargeKey, DaySummary, Gap, OperatorStore};
use settlement::ports::StoreError;
use settlement::staff::{Staff, StaffStore};
use units::{AccountId, ServiceDay, Timestamp};

use crate::{Store, inside};

impl OperatorStore for Store {
    async fn days(
        &self,
        before: Option<ServiceDay>,
        limit: u32,
    ) -> Result<Vec<DaySummary>, StoreError> {
        inside!(self, store => store.days(before, limit).await)
    }

    async fn exceptions(
        &self,
        day: ServiceDay,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountId>, StoreError> {
        inside!(self, store => store.exceptions(day, after, limit).await)
    }

    async fn gaps(&self, limit: u32) -> Result<Vec<Gap>, StoreError> {
        inside!(self, store => store.gaps(limit).await)
    }

    async fn charges(
        &self,
        filter: &ChargeFilter,
        after: Option<ChargeKey>,
        limit: u32,
    ) -> Result<Vec<StoredCharge>, StoreError> {
        inside!(self, store => store.charges(filter, after, limit).await)
    }
}

impl StaffStore for Store {
    async fn add_staff(
        &self,
        staff: &Staff,
        token_hash: &[u8; 32],
        line: &AuditLine,
    ) -> Result<bool, StoreError> {
        inside!(self, store => store.add_staff(staff, token_hash, line).await)
    }

    async fn remove_staff(&self, name: &StaffName, line: &AuditLine) -> Result<bool, StoreError> {
        inside!(self, store => store.remove_staff(name, line).await)
    }

    async fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        inside!(self, store => store.staff().await)
    }

    async fn staff_of_token(&self, token_hash: &[u8; 32]) -> Result<Option<Staff>, StoreError> {
        inside!(self, store => store.staff_of_token(token_hash).await)
    }

    async fn open_session(
        &self,
        session_hash: &[u8; 32],
        name: &StaffName,
        expires_at: Timestamp,
        line: &AuditLine,
    ) -> Result<(), StoreError> {
        inside!(self, store => store.open_session(session_hash, name, expires_at, line).await)
    }

    async fn staff_of_session(
        &self,
        session_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Staff>, StoreError> {
        inside!(self, store => store.staff_of_session(session_hash, now).await)
    }

    async fn close_session(&self, session_hash: &[u8; 32]) -> Result<(), StoreError> {
        inside!(self, store => store.close_session(session_hash).await)
    }
}

impl AnswerStore for Store {
    async fn begin_request(&self, asked: &Asked, now: Timestamp) -> Result<Begun, StoreError> {
        inside!(self, store => store.begin_request(asked, now).await)
    }

    async fn end_request(
        &self,
        asked: &Asked,
        answer: Option<&KeptAnswer>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        inside!(self, store => store.end_request(asked, answer, now).await)
    }
}
