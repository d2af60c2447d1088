//! The settlement port, method by method.

use std::future::Future;

use settlement::model::{AccountDay, AccountRecord, DayRecord, Gate, QuarantineReason, Registered};
use settlement::ports::{
    Again, BatchReceipt, ChargeChange, ChargeScope, Counts, Cursor, DayChange, DayFault, DayState,
    DayWindow, FileTap, FileTapStored, JudgedAgain, JudgedRun, QuarantinedRecord, RecordPlace,
    SettlementStore, StoreError, UnjudgedRun, VerifiedBatch,
};
use units::{AccountId, DeviceId, ServiceDay};

use crate::{
    SqliteStore, batches, charging, counts, faults, file_taps, gates, judging, pages, settling,
};

impl SettlementStore for SqliteStore {
    /// There is one writer: the others wait some milliseconds only.
    fn step_days(&self) -> u32 {
        200
    }

    async fn register_gate(&self, gate: &Gate) -> Result<Registered, StoreError> {
        gates::register(self, gate).await
    }

    async fn gate(&self, device: DeviceId) -> Result<Option<Gate>, StoreError> {
        gates::one(self, device).await
    }

    async fn gates(&self) -> Result<Vec<Gate>, StoreError> {
        gates::all(self).await
    }

    async fn heads_before(
        &self,
        device: DeviceId,
        epoch: u32,
        seq: u64,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        batches::heads_before(self, device, epoch, seq).await
    }

    async fn cursor(&self, device: DeviceId, epoch: u32) -> Result<Cursor, StoreError> {
        batches::cursor(self, device, epoch).await
    }

    async fn store_batches(
        &self,
        batches: &[VerifiedBatch],
    ) -> Result<Vec<BatchReceipt>, StoreError> {
        batches::store(self, batches).await
    }

    async fn judge_records<D, J>(&self, limit: u32, decide: D) -> Result<u32, StoreError>
    where
        D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
        J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send,
    {
        judging::judge(self, limit, decide).await
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
        judging::judge_again(self, reasons, after, limit, decide).await
    }

    async fn store_file_taps(&self, rows: &[FileTap]) -> Result<Vec<FileTapStored>, StoreError> {
        file_taps::store(self, rows).await
    }

    async fn settle_dirty<W, F>(&self, limit: u32, window: W, decide: F) -> Result<u32, StoreError>
    where
        W: Fn(ServiceDay) -> DayWindow + Send + Sync,
        F: Fn(&DayState) -> DayChange + Send + Sync,
    {
        settling::settle(self, limit, window, decide).await
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
        charging::charge(self, scope, limit, decide).await
    }

    async fn settle_again(&self, which: &Again) -> Result<u64, StoreError> {
        faults::mark(self, which).await
    }

    async fn day_faults(
        &self,
        after: Option<(ServiceDay, AccountId)>,
        limit: u32,
    ) -> Result<Vec<DayFault>, StoreError> {
        faults::page(self, after, limit).await
    }

    async fn accounts_page(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        pages::accounts(self, after, limit).await
    }

    async fn day_record(
        &self,
        account: AccountId,
        day: ServiceDay,
    ) -> Result<DayRecord, StoreError> {
        pages::day_record(self, account, day).await
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        counts::all(self).await
    }

    async fn quarantine(&self, limit: u32) -> Result<Vec<QuarantinedRecord>, StoreError> {
        judging::quarantine(self, limit).await
    }
}
