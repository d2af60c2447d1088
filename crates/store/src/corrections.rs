//! Corrections and the audit trail, method by method.

use settlement::corrections::{
    AuditLine, Case, CaseChange, CorrectionFilter, CorrectionStore, PageAfter, Refused,
};
use settlement::model::{Correction, StoredCharge};
use settlement::ports::StoreError;
use units::{AccountId, ChargeId, CorrectionId, ServiceDay};

use crate::{Store, inside};

impl CorrectionStore for Store {
    async fn charge(&self, id: ChargeId) -> Result<Option<StoredCharge>, StoreError> {
        inside!(self, store => store.charge(id).await)
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        inside!(self, store => store.correction(id).await)
    }

    async fn corrections(
        &self,
        filter: &CorrectionFilter,
        after: Option<PageAfter>,
        limit: u32,
    ) -> Result<Vec<Correction>, StoreError> {
        inside!(self, store => store.corrections(filter, after, limit).await)
    }

    async fn correct<F>(
        &self,
        account: AccountId,
        day: ServiceDay,
        decide: F,
    ) -> Result<Result<(), Refused>, StoreError>
    where
        F: Fn(&Case) -> Result<CaseChange, Refused> + Send + Sync,
    {
        inside!(self, store => store.correct(account, day, decide).await)
    }

    async fn audit(&self, line: &AuditLine) -> Result<(), StoreError> {
        inside!(self, store => store.audit(line).await)
    }

    async fn audit_trail(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, AuditLine)>, StoreError> {
        inside!(self, store => store.audit_trail(before, limit).await)
    }
}
