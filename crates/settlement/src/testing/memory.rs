//! The ports in memory: every method takes one lock, works on a copy or checks first, and so is a
//! transaction.

mod corrections;
mod idempotency;
mod operator;
mod payments;
mod uploads;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ledger::LedgerAccount;
use units::{
    AccountId, Balance, ChargeId, CorrectionId, CredentialId, Currency, DeviceId, EntryId,
    PaymentId, ServiceDay, TapId, Timestamp,
};

use wire::note::TapOutcome;

use crate::charging::{Payment, PaymentProfile};
use crate::corrections::AuditLine;
use crate::debt::deny::DebtEntry;
use crate::model::{
    AccountDay, AccountRecord, Correction, DayRecord, Gate, LedgerBalance, PostedEntry,
    QuarantineReason, RefusedTap, Registered, StaffName, StoredCharge, StoredFare, StoredJourney,
    StoredTap, TapFlag, TapNote, UnknownValue,
};
use crate::ports::{
    Again, BatchReceipt, ChargeChange, ChargeScope, Counts, Cursor, DayChange, DayFault, DayState,
    DayWindow, FileTap, FileTapStored, Issued, JudgedAgain, JudgedRun, QuarantinedRecord,
    RecordPlace, SettlementStore, StoreError, UnjudgedRun, VerifiedBatch,
};
use crate::staff::Staff;

/// A store in memory, gone when dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

/// Before any day somebody travels on.
const FIRST_DAY: ServiceDay = ServiceDay::from_days(i32::MIN);

type AccountDayKey = (AccountId, ServiceDay);
type RecordKey = (DeviceId, u32, u64);

#[derive(Debug, Default, Clone)]
struct State {
    issued: BTreeMap<CredentialId, Issued>,
    gates: BTreeMap<DeviceId, Gate>,
    heads: BTreeMap<RecordKey, BTreeSet<[u8; 32]>>,
    breaks: BTreeSet<(RecordKey, [u8; 32])>,
    records: BTreeMap<RecordKey, Vec<u8>>,
    unjudged: BTreeMap<RecordKey, Timestamp>,
    conflicts: BTreeSet<(RecordKey, Vec<u8>)>,
    conflicts_more: u64,
    quarantine: BTreeMap<RecordKey, QuarantinedRecord>,
    refused: BTreeMap<RecordKey, RefusedTap>,
    notes: BTreeMap<TapId, TapOutcome>,
    file_taps: BTreeMap<TapId, [u8; 32]>,
    taps: BTreeMap<(AccountId, ServiceDay, TapId), StoredTap>,
    dirty: BTreeSet<(ServiceDay, AccountId)>,
    faults: BTreeMap<(ServiceDay, AccountId), DayFault>,
    flags: BTreeMap<AccountDayKey, Vec<(TapId, TapFlag)>>,
    journeys: BTreeMap<AccountDayKey, Vec<StoredJourney>>,
    days: BTreeMap<AccountDayKey, AccountDay>,
    entries: BTreeMap<(AccountId, EntryId), PostedEntry>,
    balances: BTreeMap<(AccountId, LedgerAccount, Currency), i64>,
    charges: BTreeMap<(AccountId, ServiceDay, u32), StoredCharge>,
    corrections: BTreeMap<CorrectionId, Correction>,
    audit: Vec<AuditLine>,
    staff: BTreeMap<StaffName, (Staff, [u8; 32])>,
    sessions: BTreeMap<[u8; 32], (StaffName, Timestamp)>,
    settled_by: BTreeMap<ChargeId, Option<PaymentId>>,
    payments: BTreeMap<(AccountId, PaymentId), Payment>,
    profiles: BTreeMap<AccountId, PaymentProfile>,
    book: BTreeMap<(PaymentId, u32), payments::Booked>,
    debts: BTreeMap<AccountId, DebtEntry>,
    answers: BTreeMap<[u8; 32], idempotency::Kept>,
}

impl MemoryStore {
    /// Notes what was issued under `credential`.
    pub fn issue(&self, credential: CredentialId, issued: Issued) {
        self.lock().issued.insert(credential, issued);
    }

    /// A thread that panicked has changed nothing half-way: changes are made whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SettlementStore for MemoryStore {
    fn step_days(&self) -> u32 {
        200
    }

    async fn register_gate(&self, gate: &Gate) -> Result<Registered, StoreError> {
        let mut state = self.lock();
        let registered = match state.gates.get(&gate.device) {
            Some(known) if known.public_key != gate.public_key => {
                return Ok(Registered::KeyDiffers);
            }
            Some(_) => Registered::Updated,
            None => Registered::New,
        };
        state.gates.insert(gate.device, gate.clone());
        Ok(registered)
    }

    async fn gate(&self, device: DeviceId) -> Result<Option<Gate>, StoreError> {
        Ok(self.lock().gates.get(&device).cloned())
    }

    async fn gates(&self) -> Result<Vec<Gate>, StoreError> {
        Ok(self.lock().gates.values().cloned().collect())
    }

    async fn heads_before(
        &self,
        device: DeviceId,
        epoch: u32,
        seq: u64,
    ) -> Result<Vec<[u8; 32]>, StoreError> {
        let state = self.lock();
        let heads = state.heads.get(&(device, epoch, seq));
        Ok(heads.into_iter().flatten().copied().collect())
    }

    async fn cursor(&self, device: DeviceId, epoch: u32) -> Result<Cursor, StoreError> {
        Ok(self.lock().cursor(device, epoch))
    }

    async fn store_batches(
        &self,
        batches: &[VerifiedBatch],
    ) -> Result<Vec<BatchReceipt>, StoreError> {
        let mut state = self.lock();
        let mut next = state.clone();
        let receipts = batches.iter().map(|batch| next.store_batch(batch));
        let receipts = receipts.collect::<Result<Vec<_>, _>>()?;
        *state = next;
        Ok(receipts)
    }

    async fn judge_records<D, J>(&self, limit: u32, decide: D) -> Result<u32, StoreError>
    where
        D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
        J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send,
    {
        let runs = self.lock().unjudged_runs(limit);
        let taken = runs.len();
        let judged = decide(runs).await?;
        let mut state = self.lock();
        for judged in &judged {
            state.add_judged(judged);
        }
        Ok(u32::try_from(taken).unwrap_or(u32::MAX))
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
        let runs = self.lock().set_aside_runs(reasons, after, limit);
        let place = |run: &UnjudgedRun| (run.gate.device, run.epoch, run.first_seq);
        let next = runs.last().map(place);
        let judged = decide(runs).await?;
        let mut state = self.lock();
        let mut mended = 0;
        for judged in &judged {
            if let Some(record) = state.quarantine.remove(&place(&judged.run)) {
                state
                    .unjudged
                    .insert(place(&judged.run), record.received_at);
                state.add_judged(judged);
                mended += u32::from(!state.quarantine.contains_key(&place(&judged.run)));
            }
        }
        Ok(JudgedAgain { mended, next })
    }

    async fn store_file_taps(&self, rows: &[FileTap]) -> Result<Vec<FileTapStored>, StoreError> {
        let mut state = self.lock();
        let mut answers = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.tap.tap.id;
            answers.push(match state.file_taps.get(&id) {
                Some(digest) if *digest == row.digest => FileTapStored::Duplicate,
                Some(_) => FileTapStored::Conflict,
                None => {
                    state.file_taps.insert(id, row.digest);
                    state.add_tap(&row.tap);
                    FileTapStored::New
                }
            });
        }
        Ok(answers)
    }

    async fn settle_dirty<W, F>(&self, limit: u32, window: W, decide: F) -> Result<u32, StoreError>
    where
        W: Fn(ServiceDay) -> DayWindow + Send + Sync,
        F: Fn(&DayState) -> DayChange + Send + Sync,
    {
        let mut state = self.lock();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let taken: Vec<_> = state.dirty.iter().take(limit).copied().collect();
        let changes: Vec<DayChange> = taken
            .iter()
            .map(|(day, account)| decide(&state.day_state(*account, window(*day).first, *day)))
            .collect();
        let mut next = state.clone();
        for change in changes {
            let key = (change.account_day.account, change.account_day.day);
            next.mark_later(key, change.reaches);
            next.faults.remove(&(key.1, key.0));
            next.note_fault(change.fault);
            next.journeys.insert(key, change.journeys);
            next.flags.insert(key, change.flags);
            next.days.insert(key, change.account_day);
            next.post(change.entries)?;
        }
        for key in &taken {
            next.dirty.remove(key);
        }
        *state = next;
        Ok(u32::try_from(taken.len()).unwrap_or(u32::MAX))
    }

    async fn settle_again(&self, which: &Again) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let meant: BTreeSet<(ServiceDay, AccountId)> = match which {
            Again::Days(days) => {
                let taps = state.taps.values().filter(|tap| days.contains(&tap.day));
                taps.map(|tap| (tap.day, tap.account)).collect()
            }
            Again::Faulty => state.faults.keys().copied().collect(),
        };
        let before = state.dirty.len();
        state.dirty.extend(meant);
        Ok(count(state.dirty.len() - before))
    }

    async fn day_faults(
        &self,
        after: Option<(ServiceDay, AccountId)>,
        limit: u32,
    ) -> Result<Vec<DayFault>, StoreError> {
        let state = self.lock();
        let later = state.faults.iter();
        let later = later.filter(|(key, _)| after.is_none_or(|after| **key > after));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(later.map(|(_, fault)| fault.clone()).take(limit).collect())
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
        let mut state = self.lock();
        let mut open: Vec<&AccountDay> = state
            .days
            .values()
            .filter(|day| !day.closed && scope.days.contains(&day.day))
            .filter(|day| scope.account.is_none_or(|account| account == day.account))
            .filter(|day| !state.dirty.contains(&(day.day, day.account)))
            .filter(|day| !state.faults.contains_key(&(day.day, day.account)))
            .collect();
        open.sort_by_key(|day| (day.day, day.account));
        open.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let changes: Vec<ChargeChange> = open.into_iter().map(&decide).collect();
        let mut next = state.clone();
        let taken = changes.len();
        for change in changes {
            next.close_day(change)?;
        }
        *state = next;
        Ok(u32::try_from(taken).unwrap_or(u32::MAX))
    }

    async fn accounts_page(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> Result<Vec<AccountRecord>, StoreError> {
        let state = self.lock();
        let travelled = state.taps.keys().map(|key| key.0);
        let paid = state.entries.keys().map(|key| key.0);
        let accounts: BTreeSet<AccountId> = travelled.chain(paid).collect();
        Ok(accounts
            .into_iter()
            .filter(|account| after.is_none_or(|after| *account > after))
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|account| state.account(account))
            .collect())
    }

    async fn day_record(
        &self,
        account: AccountId,
        day: ServiceDay,
    ) -> Result<DayRecord, StoreError> {
        let state = self.lock();
        let key = (account, day);
        let mut refused: Vec<RefusedTap> = state
            .refused
            .values()
            .filter(|tap| tap.account == Some(account) && tap.day == day)
            .cloned()
            .collect();
        refused.sort_by_key(|tap| (tap.at, tap.id));
        let charges = state.charges.values();
        Ok(DayRecord {
            taps: state.taps_of(account, day),
            flags: state.flags.get(&key).cloned().unwrap_or_default(),
            refused,
            journeys: state.journeys.get(&key).cloned().unwrap_or_default(),
            charges: charges
                .filter(|charge| charge.account == account && charge.day == day)
                .cloned()
                .collect(),
            balances: state.balances_of(account),
        })
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        Ok(self.lock().counts())
    }

    async fn quarantine(&self, limit: u32) -> Result<Vec<QuarantinedRecord>, StoreError> {
        let state = self.lock();
        let mut records: Vec<QuarantinedRecord> = state.quarantine.values().cloned().collect();
        records.sort_by_key(|record| std::cmp::Reverse(record.received_at));
        records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(records)
    }
}

impl State {
    fn cursor(&self, device: DeviceId, epoch: u32) -> Cursor {
        let mut next_seq = 0;
        let from = (device, epoch, 0)..=(device, epoch, u64::MAX);
        for ((_, _, seq), _) in self.records.range(from) {
            if *seq != next_seq {
                let stored_beyond = Some(*seq);
                return Cursor {
                    next_seq,
                    stored_beyond,
                };
            }
            next_seq += 1;
        }
        Cursor {
            next_seq,
            stored_beyond: None,
        }
    }

    fn add_tap(&mut self, tap: &StoredTap) {
        self.dirty.insert((tap.day, tap.account));
        if tap.code.is_some() {
            let range = self.account_range(tap.account);
            for other in range.filter(|other| other.code == tap.code) {
                self.dirty.insert((other.day, other.account));
            }
        }
        let key = (tap.account, tap.day, tap.tap.id);
        let outcome = self.notes.get(&tap.tap.id).copied();
        self.taps.insert(
            key,
            StoredTap {
                outcome,
                ..tap.clone()
            },
        );
    }

    fn add_note(&mut self, note: &TapNote) {
        let worst = self.notes.entry(note.tap).or_insert(note.outcome);
        *worst = note.outcome.max(*worst);
        let outcome = Some(*worst);
        let noted = self.taps.values().find(|tap| tap.tap.id == note.tap);
        if let Some(noted) = noted.cloned() {
            self.add_tap(&noted);
            let key = (noted.account, noted.day, note.tap);
            self.taps.insert(key, StoredTap { outcome, ..noted });
        }
    }

    fn account_range(&self, account: AccountId) -> std::vec::IntoIter<StoredTap> {
        let first = (account, FIRST_DAY, TapId::from_bytes([0; 16]));
        let of_account = self
            .taps
            .range(first..)
            .take_while(|(key, _)| key.0 == account);
        let taps = of_account.map(|(_, tap)| tap.clone());
        taps.collect::<Vec<_>>().into_iter()
    }

    fn taps_of(&self, account: AccountId, day: ServiceDay) -> Vec<StoredTap> {
        let mut taps: Vec<StoredTap> = self.account_range(account).collect();
        taps.retain(|tap| tap.day == day);
        taps.sort_by_key(|tap| (tap.tap.at, tap.tap.id));
        taps
    }

    /// Makes the account's days with taps after the one of `key` up to `reaches` dirty.
    fn mark_later(&mut self, key: AccountDayKey, reaches: ServiceDay) {
        let later = self.account_range(key.0);
        let later = later.filter(|tap| key.1 < tap.day && tap.day <= reaches);
        self.dirty.extend(later.map(|tap| (tap.day, key.0)));
    }

    fn day_state(&self, account: AccountId, first: ServiceDay, day: ServiceDay) -> DayState {
        let taps = self.taps_of(account, day);
        let in_order = |mut taps: Vec<StoredTap>| {
            taps.sort_by_key(|tap| (tap.tap.at, tap.tap.id));
            taps
        };
        let of_account = || self.account_range(account);
        let is_earlier = |tap: &StoredTap| first <= tap.day && tap.day < day;
        let earlier = in_order(of_account().filter(is_earlier).collect());
        let window = taps.iter().chain(&earlier);
        let used: BTreeSet<_> = window.filter_map(|tap| tap.code).collect();
        let shares = |tap: &StoredTap| tap.code.is_some_and(|code| used.contains(&code));
        let is_outside = |tap: &StoredTap| tap.day != day && !is_earlier(tap) && shares(tap);
        let elsewhere = in_order(of_account().filter(is_outside).collect());
        DayState {
            account,
            day,
            taps,
            earlier,
            elsewhere,
            journeys: self
                .journeys
                .get(&(account, day))
                .cloned()
                .unwrap_or_default(),
            flags: self.flags.get(&(account, day)).cloned().unwrap_or_default(),
            account_day: self.days.get(&(account, day)).cloned(),
        }
    }

    fn note_fault(&mut self, fault: Option<DayFault>) {
        if let Some(fault) = fault {
            self.faults.insert((fault.day, fault.account), fault);
        }
    }

    fn post(&mut self, entries: Vec<PostedEntry>) -> Result<(), StoreError> {
        for posted in entries {
            for posting in posted.entry.postings() {
                let key = (posted.account, posting.account, posting.amount.currency());
                let minor = self.balances.entry(key).or_default();
                *minor = minor
                    .checked_add(posting.amount.as_minor())
                    .ok_or_else(|| {
                        StoreError::out_of_range("balances.minor", "64 bits of minor units", *minor)
                    })?;
            }
            let key = (posted.account, posted.entry.id());
            if self.entries.insert(key, posted).is_some() {
                return Err(repeated("entries"));
            }
        }
        Ok(())
    }

    fn balances_of(&self, account: AccountId) -> Vec<LedgerBalance> {
        self.balances
            .iter()
            .filter(|((of, _, _), minor)| *of == account && **minor != 0)
            .map(|((_, ledger_account, currency), minor)| LedgerBalance {
                account: *ledger_account,
                balance: Balance::new(*minor, *currency),
            })
            .collect()
    }

    fn account(&self, account: AccountId) -> AccountRecord {
        let mut taps: Vec<StoredTap> = self.account_range(account).collect();
        taps.sort_by_key(|tap| (tap.day, tap.tap.at, tap.tap.id));
        let all_days = (account, FIRST_DAY)..=(account, ServiceDay::from_days(i32::MAX));
        let flags = self.flags.range(all_days.clone());
        let mut flags: Vec<(TapId, TapFlag)> =
            flags.flat_map(|(_, flags)| flags.iter().copied()).collect();
        flags.sort_unstable();
        let days = self.days.range(all_days.clone()).map(|(_, day)| day);
        let first_entry = (account, EntryId::from_bytes([0; 16]));
        let charges = self.charges.range((account, FIRST_DAY, 0)..);
        let dirty = self.dirty.iter().filter(|key| key.1 == account);
        AccountRecord {
            account,
            taps,
            flags,
            journeys: self
                .journeys
                .range(all_days)
                .flat_map(|(_, journeys)| journeys.iter().cloned())
                .collect(),
            days: days.cloned().collect(),
            entries: self
                .entries
                .range(first_entry..)
                .take_while(|(key, _)| key.0 == account)
                .map(|(_, entry)| entry.clone())
                .collect(),
            balances: self.balances_of(account),
            charges: charges
                .take_while(|(key, _)| key.0 == account)
                .map(|(_, charge)| charge.clone())
                .collect(),
            corrections: self.corrections_of(account, None),
            dirty: dirty.map(|key| key.0).collect(),
        }
    }

    fn counts(&self) -> Counts {
        let riders: BTreeSet<AccountId> = self.taps.keys().map(|key| key.0).collect();
        let mut counts = Counts {
            riders: count(riders.len()),
            permitted: count(self.taps.len()),
            conflicts: count(self.conflicts.len()) + self.conflicts_more,
            chain_breaks: count(self.breaks.len()),
            charges: count(self.charges.len()),
            unjudged: count(self.unjudged.len()),
            dirty_days: count(self.dirty.len()),
            faulty_days: count(self.faults.len()),
            ..Counts::default()
        };
        for refused in self.refused.values() {
            *counts.refused.entry(refused.decision).or_default() += 1;
        }
        for record in self.quarantine.values() {
            *counts.quarantined.entry(record.reason.clone()).or_default() += 1;
        }
        for (_, flag) in self.flags.values().flatten() {
            let name = flag.as_str().to_owned();
            *counts.flagged.entry(name).or_default() += 1;
        }
        for journey in self.journeys.values().flatten() {
            counts.journeys += 1;
            counts.incomplete += u64::from(journey.status != tariff::JourneyStatus::Complete);
            counts.unpriced += u64::from(journey.fare == StoredFare::Unpriced);
        }
        for day in self.days.values() {
            let currency = day.fares.currency();
            *counts.fares_minor.entry(currency).or_default() += day.fares.as_minor();
        }
        for charge in self.charges.values() {
            let currency = charge.amount.currency();
            *counts.charged_minor.entry(currency).or_default() += charge.amount.as_minor();
        }
        for posting in self
            .entries
            .values()
            .flat_map(|posted| posted.entry.postings())
        {
            let currency = posting.amount.currency();
            *counts.ledger_sum_minor.entry(currency).or_default() += posting.amount.as_minor();
        }
        counts
    }
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

fn repeated(place: &'static str) -> StoreError {
    StoreError::corrupt(
        place,
        UnknownValue {
            expected: "an id that is new",
            got: "one that is there".to_owned(),
        },
    )
}
