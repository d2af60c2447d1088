//! Signed batches: a gate uploads its journal, at least once; each record counts once.
//!
//! The gate's signature covers the hash chain over the records' bytes, so it is checked before
//! anything in them is believed. After that no record is lost: a permitted tap with good evidence
//! is stored, a refused one is counted, and everything else is set aside with a reason. The answer
//! comes after the store's commit and says how far the gate may forget.

use std::collections::BTreeMap;

use tariff::{City, Holder, Tap, TapKind};
use units::{AccountId, CredentialId, DeviceId, Timestamp};
use wire::chain::{BATCH_RECORDS_MAX, ChainHead, batch_message};
use wire::note::{NoteRecord, Record};
use wire::tap::{PERMITTED, TapRecord};
use wire::{DeviceKey, IssuerKey, KeyError, SignatureError};

use super::evidence;
use crate::ids;
use crate::model::{
    CodeUse, Gate, GateState, QuarantineReason, Quarantined, RecordOutcome, RefusedTap, StoredTap,
    TapNote, TapSource,
};
use crate::ports::{
    BatchReceipt, Continuity, IssuanceLog, SettlementStore, StoreError, VerifiedBatch,
    VerifiedRecord,
};

/// A batch as it came over the network, decoded from its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBatch {
    /// Who uploads.
    pub device: DeviceId,
    /// One life of the device's journal.
    pub epoch: u32,
    /// The number of the first record, from 0.
    pub first_seq: u64,
    /// The chain's head before the first record.
    pub chain_before: [u8; 32],
    /// The records' bytes, numbered without a gap; at most [`BATCH_RECORDS_MAX`].
    pub records: Vec<Vec<u8>>,
    /// The device's Ed25519 signature over [`batch_message`].
    pub signature: [u8; 64],
}

/// Why a batch was not taken; nothing of it is stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// No gate is registered with this device.
    #[error("device {device} is not registered")]
    UnknownDevice {
        /// The device named.
        device: DeviceId,
    },
    /// The gate is out of service.
    #[error("device {device} is out of service")]
    Retired {
        /// The device named.
        device: DeviceId,
    },
    /// No record in it.
    #[error("the batch is empty")]
    Empty,
    /// Too many records.
    #[error("expected at most {max} records, got {got}")]
    TooMany {
        /// The limit.
        max: usize,
        /// Records given.
        got: usize,
    },
    /// A record longer than any.
    #[error("record {index}: expected at most {max} bytes, got {got}")]
    RecordTooLong {
        /// Which, from 0.
        index: usize,
        /// The limit.
        max: usize,
        /// Its bytes.
        got: usize,
    },
    /// Record numbers that leave 63 bits.
    #[error("record numbers end at {max}, the batch starts at {got}")]
    SequenceTooHigh {
        /// The highest number there is.
        max: u64,
        /// The first number of the batch.
        got: u64,
    },
    /// The device's signature does not hold over these records.
    #[error("the device's signature does not hold")]
    Signature(#[source] SignatureError),
    /// The key the gate was registered with is no key.
    #[error("the gate is registered with an unusable key")]
    GateKey(#[source] KeyError),
    /// The store could not do its work; send the batch again.
    #[error("the batch could not be stored")]
    Store(#[from] StoreError),
}

/// The highest record number: what a signed 64-bit column holds, with room for the one after it.
pub const SEQ_MAX: u64 = i64::MAX.unsigned_abs() - 1;

/// Verifies a batch and stores it. Storing the same batch again changes nothing.
///
/// `issuer_keys` are all keys that may have signed the codes, former ones included.
///
/// # Errors
/// [`BatchError`], and nothing was stored. A record that cannot be charged is no error: it is set
/// aside and counts as stored.
pub async fn store<S: SettlementStore + IssuanceLog>(
    store: &S,
    city: &City,
    issuer_keys: &[IssuerKey],
    batch: SignedBatch,
    now: Timestamp,
) -> Result<BatchReceipt, BatchError> {
    let mut answers = store_all(store, city, issuer_keys, vec![batch], now).await?;
    let missing = || StoreError::out_of_range("store_batches", "one receipt for each batch", 0);
    answers.pop().ok_or_else(missing)?
}

/// Verifies batches and stores those that hold in one transaction: many gates' uploads for one
/// flush of the disk. Answers for each, in order.
///
/// # Errors
/// [`StoreError`] when the store cannot do its work; then none is stored, and each may be sent
/// again.
pub async fn store_all<S: SettlementStore + IssuanceLog>(
    store: &S,
    city: &City,
    issuer_keys: &[IssuerKey],
    batches: Vec<SignedBatch>,
    now: Timestamp,
) -> Result<Vec<Result<BatchReceipt, BatchError>>, StoreError> {
    let mut heads = Heads::new();
    let mut good = Vec::with_capacity(batches.len());
    let mut refused = Vec::with_capacity(batches.len());
    for batch in batches {
        match verify(store, city, issuer_keys, batch, now, &heads).await {
            Ok(batch) => {
                let ends = (batch.device, batch.epoch, end_of(&batch));
                heads.entry(ends).or_default().push(batch.after);
                good.push(batch);
                refused.push(None);
            }
            Err(BatchError::Store(error)) => return Err(error),
            Err(error) => refused.push(Some(error)),
        }
    }
    let mut receipts = store.store_batches(&good).await?.into_iter();
    let answers = refused.into_iter().map(|refused| match refused {
        Some(error) => Some(Err(error)),
        None => receipts.next().map(Ok),
    });
    Ok(answers.flatten().collect())
}

/// The heads of batches that are stored together, by the number of the record after them.
type Heads = BTreeMap<(DeviceId, u32, u64), Vec<[u8; 32]>>;

fn end_of(batch: &VerifiedBatch) -> u64 {
    let count = u64::try_from(batch.records.len()).unwrap_or(u64::MAX);
    batch.first_seq.saturating_add(count)
}

/// Checks a batch and finds out what each of its records is.
async fn verify<S: SettlementStore + IssuanceLog>(
    store: &S,
    city: &City,
    issuer_keys: &[IssuerKey],
    batch: SignedBatch,
    now: Timestamp,
    beside: &Heads,
) -> Result<VerifiedBatch, BatchError> {
    check_limits(&batch)?;
    let device = batch.device;
    let gate = store.gate(device).await?;
    let gate = gate.ok_or(BatchError::UnknownDevice { device })?;
    if gate.state == GateState::Retired {
        return Err(BatchError::Retired { device });
    }
    let after = verify_device(&gate, &batch)?;
    let continuity = continuity(store, &batch, beside).await?;

    let judged: Vec<Judged<'_>> = batch
        .records
        .iter()
        .zip(batch.first_seq..)
        .map(|(bytes, seq)| judge(&gate, issuer_keys, bytes, seq))
        .collect();
    let mut shown: Vec<CredentialId> = judged.iter().filter_map(Judged::credential).collect();
    shown.sort_unstable();
    shown.dedup();
    let accounts = store.accounts_of(&shown).await?;
    let outcomes: Vec<RecordOutcome> = judged
        .into_iter()
        .map(|judged| conclude(city, &batch, judged, &accounts))
        .collect();

    let records = batch
        .records
        .into_iter()
        .zip(outcomes)
        .zip(batch.first_seq..)
        .map(|((bytes, outcome), seq)| VerifiedRecord {
            seq,
            bytes,
            outcome,
        })
        .collect();
    Ok(VerifiedBatch {
        device,
        epoch: batch.epoch,
        first_seq: batch.first_seq,
        before: batch.chain_before,
        after: *after.as_bytes(),
        signature: batch.signature,
        continuity,
        received_at: now,
        records,
    })
}

/// The tariff's word for a record's kind.
pub(crate) const fn kind_of(kind: wire::tap::TapKind) -> TapKind {
    match kind {
        wire::tap::TapKind::On => TapKind::On,
        wire::tap::TapKind::Off => TapKind::Off,
    }
}

fn check_limits(batch: &SignedBatch) -> Result<(), BatchError> {
    let got = batch.records.len();
    if got == 0 {
        return Err(BatchError::Empty);
    }
    if got > BATCH_RECORDS_MAX {
        return Err(BatchError::TooMany {
            max: BATCH_RECORDS_MAX,
            got,
        });
    }
    let count = u64::try_from(got).unwrap_or(u64::MAX);
    if batch.first_seq.saturating_add(count - 1) > SEQ_MAX {
        return Err(BatchError::SequenceTooHigh {
            max: SEQ_MAX,
            got: batch.first_seq,
        });
    }
    let max = wire::tap::RECORD_BYTES_MAX;
    let too_long = batch.records.iter().enumerate();
    match too_long.into_iter().find(|(_, bytes)| bytes.len() > max) {
        Some((index, bytes)) => Err(BatchError::RecordTooLong {
            index,
            max,
            got: bytes.len(),
        }),
        None => Ok(()),
    }
}

/// Checks the device's signature over the chain and gives the head after the last record.
///
/// `wire::chain::verify_batch` refuses a batch with one unreadable record whole; such a batch would
/// block its gate for ever, so only the chain is checked here and each record is judged alone.
fn verify_device(gate: &Gate, batch: &SignedBatch) -> Result<ChainHead, BatchError> {
    let key = DeviceKey::from_bytes(&gate.public_key).map_err(BatchError::GateKey)?;
    let before = ChainHead::from_bytes(batch.chain_before);
    let records = batch.records.iter();
    let after = records.fold(before, |head, record| head.after(record));
    let count = u32::try_from(batch.records.len()).unwrap_or(u32::MAX);
    let message = batch_message(
        batch.device,
        batch.epoch,
        batch.first_seq,
        count,
        before,
        after,
    );
    key.verify(&message, &batch.signature)
        .map_err(BatchError::Signature)?;
    Ok(after)
}

/// Whether the batch's chain goes on where a stored one ended. A break is kept with the batch and
/// counted, not refused: the device did sign these records, and refusing would lose them.
async fn continuity<S: SettlementStore>(
    store: &S,
    batch: &SignedBatch,
    beside: &Heads,
) -> Result<Continuity, StoreError> {
    let (device, epoch, seq) = (batch.device, batch.epoch, batch.first_seq);
    let expected = if seq == 0 {
        vec![*ChainHead::start(device, epoch).as_bytes()]
    } else {
        let mut heads = store.heads_before(device, epoch, seq).await?;
        heads.extend(beside.get(&(device, epoch, seq)).into_iter().flatten());
        heads
    };
    Ok(if expected.is_empty() {
        Continuity::Unknown
    } else if expected.contains(&batch.chain_before) {
        Continuity::Continues
    } else {
        Continuity::Broken
    })
}

/// What a record is, as far as its bytes and the keys can tell.
enum Judged<'r> {
    Permitted(u64, TapRecord<'r>, CodeUse, Holder),
    Refused(u64, TapRecord<'r>, Option<CodeUse>),
    Note(NoteRecord),
    Quarantined(Quarantined),
}

impl Judged<'_> {
    fn credential(&self) -> Option<CredentialId> {
        match self {
            Self::Permitted(_, _, code, _) => Some(code.credential),
            Self::Refused(_, _, code) => code.map(|code| code.credential),
            Self::Note(_) | Self::Quarantined(_) => None,
        }
    }
}

fn judge<'r>(gate: &Gate, keys: &[IssuerKey], bytes: &'r [u8], seq: u64) -> Judged<'r> {
    let record = match Record::decode(bytes) {
        Ok(record) => record,
        Err(error) => {
            return Judged::Quarantined(Quarantined {
                reason: QuarantineReason::MalformedRecord,
                detail: error.to_string(),
            });
        }
    };
    if record.seq() != seq {
        return Judged::Quarantined(Quarantined {
            reason: QuarantineReason::WrongSequence,
            detail: format!("expected record {seq}, got {}", record.seq()),
        });
    }
    let record = match record {
        Record::Tap(tap) => tap,
        Record::Note(note) => return Judged::Note(note),
    };
    if let Some(detail) = wrong_place(gate, &record) {
        return Judged::Quarantined(Quarantined {
            reason: QuarantineReason::WrongPlace,
            detail,
        });
    }
    if record.decision != PERMITTED {
        return Judged::Refused(seq, record, evidence::attribute(&record, keys));
    }
    match evidence::verify(&record, keys) {
        Ok((code, holder)) => Judged::Permitted(seq, record, code, holder),
        Err(quarantined) => Judged::Quarantined(quarantined),
    }
}

fn wrong_place(gate: &Gate, record: &TapRecord<'_>) -> Option<String> {
    if record.gate != gate.gate {
        return Some(format!("expected gate {}, got {}", gate.gate, record.gate));
    }
    if let Some(stop) = gate.stop.filter(|stop| *stop != record.stop) {
        return Some(format!("expected stop {stop}, got {}", record.stop));
    }
    let route = gate.route.filter(|route| Some(*route) != record.route)?;
    let got = record
        .route
        .map_or("none".to_owned(), |got| got.to_string());
    Some(format!("expected route {route}, got {got}"))
}

fn conclude(
    city: &City,
    batch: &SignedBatch,
    judged: Judged<'_>,
    accounts: &BTreeMap<CredentialId, AccountId>,
) -> RecordOutcome {
    match judged {
        Judged::Quarantined(quarantined) => RecordOutcome::Quarantined(quarantined),
        // The device in the tap's id is the one that signed: no gate speaks of another's taps.
        Judged::Note(note) => RecordOutcome::Note(TapNote {
            tap: ids::tap_of_record(batch.device, note.tap_epoch, note.tap_seq),
            epoch: note.tap_epoch,
            seq: note.tap_seq,
            outcome: note.outcome,
        }),
        Judged::Refused(seq, record, code) => RecordOutcome::Refused(Box::new(RefusedTap {
            id: ids::tap_of_record(batch.device, batch.epoch, seq),
            account: code.and_then(|code| accounts.get(&code.credential).copied()),
            day: city.service_day(record.at),
            at: record.at,
            kind: kind_of(record.kind),
            stop: record.stop,
            route: record.route,
            decision: record.decision,
        })),
        Judged::Permitted(seq, record, code, holder) => match accounts.get(&code.credential) {
            None => RecordOutcome::Quarantined(Quarantined {
                reason: QuarantineReason::NotInIssuanceLog,
                detail: format!("{} is not in the issuance log", code.credential),
            }),
            Some(account) => RecordOutcome::Tap(Box::new(StoredTap {
                account: *account,
                day: city.service_day(record.at),
                tap: Tap {
                    at: record.at,
                    kind: kind_of(record.kind),
                    id: ids::tap_of_record(batch.device, batch.epoch, seq),
                    stop: record.stop,
                    route: record.route,
                    holder,
                },
                source: TapSource::Gate {
                    device: batch.device,
                    epoch: batch.epoch,
                    seq,
                },
                code: Some(code),
                outcome: None,
            })),
        },
    }
}
