//! Settlement's ports, method by method.

use std::collections::BTreeMap;
use std::future::Future;

use settlement::model::{AccountDay, AccountRecord, DayRecord, Gate, QuarantineReason, Registered};
use settlement::ports::{
    Again, BatchReceipt, ChargeChange, ChargeScope, Counts, Cursor, DayChange, DayFault, DayState,
    DayWindow, FileTap, FileTapStored, IssuanceLog, Issued, JudgedAgain, JudgedRun,
    QuarantinedRecord, RecordPlace, SettlementStore, StoreError, UnjudgedRun, VerifiedBatch,
};
use units::{AccountId, CredentialId, DeviceId, ServiceDay};

use crate::{Store, inside};

impl IssuanceLog for Store {
    async fn issuances_of(
        &self,
        credentials: &[CredentialId],
    ) -> Result<BTreeMap<CredentialId, Issued>, StoreError> {
        inside!(self, store => store.issuances_of(credentials).await)
    }
}

impl SettlementStore for Store {
    fn step_days(&self) -> u32 {
        inside!(self, store => store.step_days())
    }

    async fn register_gate(&self, gate: &Gate) -> Result<Registered, StoreError> {
        inside!(self, store => store.register_gate(gate).await)
    }

    async fn gate(&self, device: DeviceId) -> Result<Option<Gate>, StoreError> {
        inside!(self, store => store.gate(device).await)
    }

    async fn gates(&self) -> Result<Vec<Gate>, StoreError> {
        inside!(self, store => store.gates().await)
    }

    async fn heads_before(
        &self,
        device: DeviceId,
        epoch: u32,
        seq: u64,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        inside!(self, store => store.heads_before(device, epoch, seq).await)
    }

    async fn cursor(&self, device: DeviceId, epoch: u32) -> Result<Cursor, StoreError> {
        inside!(self, store => store.cursor(device, epoch).await)
    }

    async fn store_batches(
        &self,
        batches: &[VerifiedBatch],
    ) -> Result<Vec<BatchReceipt>, StoreError> {
        inside!(self, store => store.store_batches(batches).await)
    }

    async fn judge_records<D, J>(&self, limit: u32, decide: D) -> Result<u32, StoreError>
    where
        D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
        J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send,
    {
        inside!(self, store => store.judge_records(limit, decide).await)
    }

    async fn judge_again<D, J>(
        &self,
        reasons: &[QuarantineReason],
        after: Option<RecordPlace>,
        limit: u32,
        decide: D,
    ) -> Result<JudgedAgain, StoreError>
    where
        D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
        J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send,
    {
        inside!(self, store => store.judge_again(reasons, after, limit, decide).await)
    }

    async fn store_file_taps(&self, rows: &[FileTap]) -> Result<Vec<FileTapStored>, StoreError> {
        inside!(self, store => store.store_file_taps(rows).await)
    }

    async fn settle_dirty<W, F>(&self, limit: u32, window: W, decide: F) -> Result<u32, StoreError>
    where
        W: Fn(ServiceDay) -> DayWindow + Send + Sync,
        F: Fn(&DayState) -> DayChange + Send + Sync,
    {
        inside!(self, store => store.settle_dirty(limit, window, decide).await)
    }

    async fn charge_days<F>(
        &self,
        scope: &ChargeScope,
        limit: u32,
        decide: F,
    ) -> Result<u32, StoreError>
    where
        F: Fn(&AccountDay) -> ChargeChange + Send + Sync,
    {
        inside!(self, store => store.charge_days(scope, limit, decide).await)
    }

    async fn settle_again(&self, which: &Again) -> Result<u64, StoreError> {
        inside!(self, store => store.settle_again(which).await)
    }

    async fn day_faults(
        &self,
        after: Option<(ServiceDay, AccountId)>,
        limit: u32,
    ) -> Result<Vec<DayFault>, StoreError> {
        inside!(self, store => store.day_faults(after, limit).await)
    }

    async fn accounts_page(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        inside!(self, store => store.accounts_page(after, limit).await)
    }

    async fn day_record(
        &self,
        account: AccountId,
        day: ServiceDay,
    ) -> Result<DayRecord, StoreError> {
        inside!(self, store => store.day_record(account, day).await)
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        inside!(self, store => store.counts().await)
    }

    async fn quarantine(&self, limit: u32) -> Result<Vec<QuarantinedRecord>, StoreError> {
        inside!(self, store => store.quarantine(limit).await)
    }
}
