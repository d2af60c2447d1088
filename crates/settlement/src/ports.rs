//! What settlement needs from a store. One implementation per database, one contract suite for all.
//!
//! The ports are coarse on purpose: each method that moves money or marks work is **one
//! transaction** in the adapter, so that a kill at any instant leaves either all of it or none.
//! What to write is decided by pure functions of this crate, which the adapter calls inside its
//! transaction with what it has locked and read ([`SettlementStore::settle_dirty`]).

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::ops::RangeInclusive;

use units::{AccountId, CredentialId, Currency, DeviceId, ServiceDay, Span, TapId, Timestamp};

pub use crate::faults::{Again, DayFault, MoneyFault};
use crate::ingest::EVIDENCE_SKEW_MAX;
use crate::model::{
    AccountDay, AccountRecord, DayRecord, Gate, PostedEntry, QuarantineReason, RecordOutcome,
    Registered, StoredCharge, StoredJourney, StoredTap, TapFlag, UnknownValue,
};

/// The issuer's log of who got which credential or ticket, as settlement reads it.
pub trait IssuanceLog: Send + Sync {
    /// What was issued under `credentials`; those never issued are left out.
    fn issuances_of(
        &self,
        credentials: &[CredentialId],
    ) -> impl Future<Output = Result<BTreeMap<CredentialId, Issued>, StoreError>> + Send;
}

/// What the issuer wrote down before it signed a credential or ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// Whose it is.
    pub account: AccountId,
    /// SHA-256 of the bytes to be signed (`Sig_structure`, RFC 9052 section 4.4).
    pub message: [u8; 32],
}

/// Where settlement keeps taps, journeys, entries and charges.
pub trait SettlementStore: Send + Sync {
    /// How many account-days one transaction best takes: so many that the disk's flush and the
    /// statements are paid once for many, so few that others wait little and memory is bounded.
    fn step_days(&self) -> u32;

    /// Registers a gate, or changes its number, place and state; its key never changes.
    fn register_gate(
        &self,
        gate: &Gate,
    ) -> impl Future<Output = Result<Registered, StoreError>> + Send;

    /// The gate of `device`.
    fn gate(
        &self,
        device: DeviceId,
    ) -> impl Future<Output = Result<Option<Gate>, StoreError>> + Send;

    /// Every gate, ordered by device.
    fn gates(&self) -> impl Future<Output = Result<Vec<Gate>, StoreError>> + Send;

    /// The chain's heads after the stored batches that end right before record `seq`: one for an
    /// honest device, several for one that signed two histories, none where no batch ends there.
    fn heads_before(
        &self,
        device: DeviceId,
        epoch: u32,
        seq: u64,
    ) -> impl Future<Output = Result<Vec<[u8; 32]>, StoreError>> + Send;

    /// How far a device's records are stored without a gap.
    fn cursor(
        &self,
        device: DeviceId,
        epoch: u32,
    ) -> impl Future<Output = Result<Cursor, StoreError>> + Send;

    /// Stores verified batches: their records, unjudged, and cursors. One transaction for all of
    /// them, as if one came after the other; answers after the commit, one receipt for each.
    ///
    /// A record whose (device, epoch, seq) is stored with the same bytes is a duplicate and changes
    /// nothing; with other bytes it is kept as a conflict and the first stays.
    fn store_batches(
        &self,
        batches: &[VerifiedBatch],
    ) -> impl Future<Output = Result<Vec<BatchReceipt>, StoreError>> + Send;

    /// Takes about `limit` unjudged records, in whole runs, gives them to `decide`, and writes what
    /// it says they are; they are judged then. One transaction: a kill, and a `decide` that fails,
    /// leave them unjudged. No record is judged twice, and what others have taken is left to them.
    /// Answers how many records it took; 0 = none is unjudged.
    ///
    /// A new tap makes its account's day dirty, and (at the latest when that day is settled) every
    /// other day of the account that has a tap with the same [`crate::model::CodeUse`]. `decide`
    /// may read the store ([`IssuanceLog`]), and gates may upload while it computes.
    fn judge_records<D, J>(
        &self,
        limit: u32,
        decide: D,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send
    where
        D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
        J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send;

    /// Gives records that were set aside for one of `reasons` to `decide` once more, up to `limit`
    /// of them after `after` in order of their places, each as a run of its own, and writes what
    /// they are now, in one transaction. What stays set aside stays with the reason of today.
    fn judge_again<D, J>(
        &self,
        reasons: &[QuarantineReason],
        after: Option<RecordPlace>,
        limit: u32,
        decide: D,
    ) -> impl Future<Output = Result<JudgedAgain, StoreError>> + Send
    where
        D: Fn(Vec<UnjudgedRun>) -> J + Send + Sync,
        J: Future<Output = Result<Vec<JudgedRun>, StoreError>> + Send;

    /// Stores taps of an outside file. One transaction.
    ///
    /// A tap id that is stored with the same digest is a duplicate; with another it is a conflict
    /// and the first stays. The answer has one item per row, in order.
    fn store_file_taps(
        &self,
        rows: &[FileTap],
    ) -> impl Future<Output = Result<Vec<FileTapStored>, StoreError>> + Send;

    /// Takes dirty (account, day), the earliest days first and about `limit` of them (a store that
    /// keeps days together takes them together), gives the state of each to `decide`, writes what
    /// it says and takes the day off the dirty list. A change with a fault is kept as the day's
    /// fault ([`Self::day_faults`]), one without ends it. `window` says how far back the state of a
    /// day reaches ([`DayState::earlier`]). Days that a change reaches ([`DayChange::reaches`])
    /// become dirty, but for those taken with it, which were decided from the same taps. One
    /// transaction. Answers how many days it took; 0 = none is dirty and no other process is
    /// settling one.
    fn settle_dirty<W, F>(
        &self,
        limit: u32,
        window: W,
        decide: F,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send
    where
        W: Fn(ServiceDay) -> DayWindow + Send + Sync,
        F: Fn(&DayState) -> DayChange + Send + Sync;

    /// Takes up to `limit` days of `scope` that are not dirty, not closed and have no fault (days
    /// that the store cannot tell from dirty ones wait too), gives each to `decide` and writes what
    /// it says, a fault included. One transaction. Answers how many days it took; 0 = none is left.
    fn charge_days<F>(
        &self,
        scope: &ChargeScope,
        limit: u32,
        decide: F,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send
    where
        F: Fn(&AccountDay) -> ChargeChange + Send + Sync;

    /// Makes days dirty that are not, so that they are settled again. Answers how many became so.
    fn settle_again(&self, which: &Again) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Up to `limit` days with a fault after `after`, in order of day and account.
    fn day_faults(
        &self,
        after: Option<(ServiceDay, AccountId)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DayFault>, StoreError>> + Send;

    /// Everything about the next `limit` accounts after `after`, in order of account: those with a
    /// tap, a day or an entry. Empty at the end.
    fn accounts_page(
        &self,
        after: Option<AccountId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AccountRecord>, StoreError>> + Send;

    /// What is kept about one account and day.
    fn day_record(
        &self,
        account: AccountId,
        day: ServiceDay,
    ) -> impl Future<Output = Result<DayRecord, StoreError>> + Send;

    /// Counts over the whole store.
    fn counts(&self) -> impl Future<Output = Result<Counts, StoreError>> + Send;

    /// The records set aside, newest first, at most `limit`.
    fn quarantine(
        &self,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<QuarantinedRecord>, StoreError>> + Send;
}

/// Why a store could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("the store could not {what}")]
    Backend {
        /// What was tried.
        what: &'static str,
        /// What the driver said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database holds something that this version never writes.
    #[error("the store holds something unreadable in {place}")]
    Corrupt {
        /// Table and column.
        place: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The decision inside the transaction failed; nothing was written.
    #[error("the money does not add up")]
    Money(#[from] MoneyFault),
}

impl StoreError {
    /// Says that `place` (table and column) holds `value`, which is unknown.
    #[must_use]
    pub fn corrupt(place: &'static str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Corrupt {
            place,
            source: Box::new(source),
        }
    }

    /// Says that `place` holds another number than `expected`.
    #[must_use]
    pub fn out_of_range(place: &'static str, expected: &'static str, got: i64) -> Self {
        Self::corrupt(
            place,
            UnknownValue {
                expected,
                got: got.to_string(),
            },
        )
    }
}

/// How far a device's records of one epoch are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// Every record below this number is stored: the number of the next one to send, from 0.
    pub next_seq: u64,
    /// The lowest number that is stored beyond a gap, if any: `next_seq` up to one below it is
    /// missing.
    pub stored_beyond: Option<u64>,
}

impl Cursor {
    /// Every record up to and including this one is durable; `None` when record 0 is missing, so
    /// that the device must keep everything.
    #[must_use]
    pub const fn acked_through_seq(&self) -> Option<u64> {
        self.next_seq.checked_sub(1)
    }
}

/// Whether a batch's chain goes on where a stored batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    /// It does.
    Continues,
    /// No stored batch ends right before this one: the batch overlaps or follows a gap.
    Unknown,
    /// A stored batch ends there with another head: the device signed two histories.
    Broken,
}

impl Continuity {
    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Continues => "continues",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
        }
    }
}

/// A batch whose device signature holds over its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedBatch {
    /// The device.
    pub device: DeviceId,
    /// Its epoch.
    pub epoch: u32,
    /// The number of the first record, from 0.
    pub first_seq: u64,
    /// The chain's head before the first record.
    pub before: [u8; 32],
    /// The chain's head after the last record.
    pub after: [u8; 32],
    /// The device's signature over the batch.
    pub signature: [u8; 64],
    /// Whether the chain goes on where a stored batch ended.
    pub continuity: Continuity,
    /// When the batch came in.
    pub received_at: Timestamp,
    /// The records' bytes as signed, numbered from `first_seq` without a gap.
    pub records: Vec<Vec<u8>>,
}

impl VerifiedBatch {
    /// The number of the record after the last.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        let count = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        self.first_seq.saturating_add(count)
    }
}

/// Records of one gate that are stored and not judged, numbered without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnjudgedRun {
    /// The gate, as it is registered.
    pub gate: Gate,
    /// The device's epoch.
    pub epoch: u32,
    /// The number of the first record.
    pub first_seq: u64,
    /// When they came in.
    pub received_at: Timestamp,
    /// Their bytes as signed.
    pub records: Vec<Vec<u8>>,
}

/// What judging says of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedRun {
    /// The run.
    pub run: UnjudgedRun,
    /// What each of its records is, in their order.
    pub outcomes: Vec<RecordOutcome>,
}

impl JudgedRun {
    /// Each record's number, bytes and outcome.
    pub fn records(&self) -> impl Iterator<Item = (u64, &[u8], &RecordOutcome)> {
        let numbered = (self.run.first_seq..).zip(&self.run.records);
        let judged = numbered.zip(&self.outcomes);
        judged.map(|((seq, bytes), outcome)| (seq, bytes.as_slice(), outcome))
    }
}

/// Where a record stands: its device, epoch and number.
pub type RecordPlace = (DeviceId, u32, u64);

/// What judging a page of the records set aside did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JudgedAgain {
    /// Records that are set aside no more.
    pub mended: u32,
    /// After which record the next page goes on; `None` = this was the last.
    pub next: Option<RecordPlace>,
}

/// Conflicting records of one device that are kept with their bytes: enough to see what it does.
/// A device that goes on costs no more than a count.
pub const CONFLICTS_KEPT_MAX: u32 = 1_000;

/// What storing a batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchReceipt {
    /// Where the device's cursor stands now.
    pub cursor: Cursor,
    /// Records that are new.
    pub stored: u32,
    /// Records that were stored already.
    pub duplicates: u32,
    /// Records whose number was stored already with other bytes.
    pub conflicts: u32,
}

/// One row of an outside file, as a tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTap {
    /// The tap.
    pub tap: StoredTap,
    /// SHA-256 over the row's content: what tells a repeat from a conflict.
    pub digest: [u8; 32],
    /// The row's own texts, kept as they came.
    pub texts: FileTexts,
    /// When the row came in.
    pub received_at: Timestamp,
}

/// The texts that an outside file uses where we use ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTexts {
    /// `tap_id`.
    pub tap: String,
    /// `account_id`.
    pub account: String,
    /// `device_id`, may be empty.
    pub device: String,
}

/// What storing a row of a file did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileTapStored {
    /// The tap is new.
    New,
    /// The same tap was there.
    Duplicate,
    /// Another tap was there under this id, and stays.
    Conflict,
}

/// What the days around a dirty day have to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayWindow {
    /// The first day whose taps the fares of this one depend on; the day itself where nothing is
    /// counted over days.
    pub first: ServiceDay,
    /// When the day begins.
    pub starts: Timestamp,
    /// When it is over: the first instant of the next.
    pub ends: Timestamp,
}

impl DayWindow {
    /// Whether the code of `tap`, which lies on this day, may have been used on another day too: a
    /// ticket, or a presentation near one of the day's ends. Two taps with one presentation are
    /// each within [`EVIDENCE_SKEW_MAX`] of the second it was made in.
    #[must_use]
    pub fn shares_code(&self, tap: &StoredTap) -> bool {
        let reach = Span::from_secs(2 * EVIDENCE_SKEW_MAX.as_secs() + 1);
        let at = tap.tap.at;
        tap.code.is_some_and(|code| {
            code.is_ticket() || at.minus(reach) < self.starts || at.plus(reach) >= self.ends
        })
    }
}

/// What is known about one dirty day, read under the transaction's lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayState {
    /// The account.
    pub account: AccountId,
    /// The day.
    pub day: ServiceDay,
    /// The day's permitted taps, ordered by time and id.
    pub taps: Vec<StoredTap>,
    /// The permitted taps of the account's earlier days that this one's fares depend on, ordered
    /// by time and id: empty where nothing is counted over days.
    pub earlier: Vec<StoredTap>,
    /// Taps of the account's other days that used a code which a tap of this day or of `earlier`
    /// used too; some of them may be in `earlier` themselves.
    pub elsewhere: Vec<StoredTap>,
    /// The journeys as stored.
    pub journeys: Vec<StoredJourney>,
    /// The flags as stored, ordered by tap.
    pub flags: Vec<(TapId, TapFlag)>,
    /// Where the day stands; `None` when it was never settled.
    pub account_day: Option<AccountDay>,
}

/// What settling a day writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayChange {
    /// The day as it stands afterwards.
    pub account_day: AccountDay,
    /// All journeys of the day, in place of the stored ones.
    pub journeys: Vec<StoredJourney>,
    /// All flags of the day, in place of the stored ones.
    pub flags: Vec<(TapId, TapFlag)>,
    /// Entries to add.
    pub entries: Vec<PostedEntry>,
    /// The last day whose fares this change may alter: the account's later days with taps up to
    /// it become dirty. The day itself where it alters no other.
    pub reaches: ServiceDay,
    /// Why the day cannot be settled; all else is then as it was.
    pub fault: Option<DayFault>,
}

/// What charging a day writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeChange {
    /// The day as it stands afterwards: closed.
    pub account_day: AccountDay,
    /// The charge; `None` when what was charged is due already.
    pub charge: Option<StoredCharge>,
    /// Entries to add: an allowance where the credited refunds change, and that of the charge.
    pub entries: Vec<PostedEntry>,
    /// Why the day cannot be charged; all else is then as it was.
    pub fault: Option<DayFault>,
}

/// Which days to charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeScope {
    /// Only this account; `None` = all.
    pub account: Option<AccountId>,
    /// The service days.
    pub days: RangeInclusive<ServiceDay>,
}

/// Counts over the whole store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Accounts with a permitted tap.
    pub riders: u64,
    /// Permitted taps of known accounts.
    pub permitted: u64,
    /// Refused taps by the refusal's code.
    pub refused: BTreeMap<u16, u64>,
    /// Records set aside, by reason.
    pub quarantined: BTreeMap<String, u64>,
    /// Flagged taps, by flag.
    pub flagged: BTreeMap<String, u64>,
    /// Records that came with other bytes under a stored number: those that are kept, and each
    /// further one beyond [`CONFLICTS_KEPT_MAX`] as often as it came.
    pub conflicts: u64,
    /// Batches whose chain does not go on where a stored one ended.
    pub chain_breaks: u64,
    /// Journeys, all.
    pub journeys: u64,
    /// Journeys that lack an end.
    pub incomplete: u64,
    /// Journeys that have no fare.
    pub unpriced: u64,
    /// Net fares in minor units, by currency.
    pub fares_minor: BTreeMap<Currency, i64>,
    /// Charges, adjustments and credits included.
    pub charges: u64,
    /// Net of all charges in minor units, by currency.
    pub charged_minor: BTreeMap<Currency, i64>,
    /// The sum of every posting, by currency; anything but 0 is a fault.
    pub ledger_sum_minor: BTreeMap<Currency, i64>,
    /// Records of gates that wait to be judged.
    pub unjudged: u64,
    /// Days that wait to be settled.
    pub dirty_days: u64,
    /// Days that cannot be settled or charged.
    pub faulty_days: u64,
}

/// A record that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRecord {
    /// The device.
    pub device: DeviceId,
    /// Its epoch.
    pub epoch: u32,
    /// The record's number.
    pub seq: u64,
    /// The reason, stable.
    pub reason: String,
    /// The particulars.
    pub detail: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// The record's bytes.
    pub bytes: Vec<u8>,
}
