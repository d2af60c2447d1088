//! Signed batches: a gate uploads its journal, at least once; each record counts once.
//!
//! The gate's signature covers the hash chain over the records' bytes, and it is all that is
//! checked here: the bytes are stored as they came, and what each record is, is found out later, in
//! bulk ([`super::judge`]). The answer comes after the store's commit and says how far the gate may
//! forget.

use std::collections::BTreeMap;

use units::{DeviceId, Timestamp};
use wire::chain::{BATCH_RECORDS_MAX, ChainHead, batch_message};
use wire::{DeviceKey, KeyError, SignatureError};

use crate::model::{Gate, GateState};
use crate::ports::{BatchReceipt, Continuity, SettlementStore, StoreError, VerifiedBatch};

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

/// Verifies the device's signature over a batch and stores its records, unjudged. Storing the same
/// batch again changes nothing.
///
/// # Errors
/// [`BatchError`], and nothing was stored. A record that cannot be charged is no error: it is
/// stored, and set aside when it is judged.
pub async fn store<S: SettlementStore>(
    store: &S,
    batch: SignedBatch,
    now: Timestamp,
) -> Result<BatchReceipt, BatchError> {
    let mut answers = store_all(store, vec![batch], now).await?;
    let missing = || StoreError::out_of_range("store_batches", "one receipt for each batch", 0);
    answers.pop().ok_or_else(missing)?
}

/// Verifies batches and stores those that hold in one transaction: many gates' uploads for one
/// flush of the disk. Answers for each, in order.
///
/// # Errors
/// [`StoreError`] when the store cannot do its work; then none is stored, and each may be sent
/// again.
pub async fn store_all<S: SettlementStore>(
    store: &S,
    batches: Vec<SignedBatch>,
    now: Timestamp,
) -> Result<Vec<Result<BatchReceipt, BatchError>>, StoreError> {
    let mut heads = Heads::new();
    let mut good = Vec::with_capacity(batches.len());
    let mut refused = Vec::with_capacity(batches.len());
    for batch in batches {
        match verify(store, batch, now, &heads).await {
            Ok(batch) => {
                let ends = (batch.device, batch.epoch, batch.next_seq());
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

/// Checks what of a batch is checked before its device is answered.
async fn verify<S: SettlementStore>(
    store: &S,
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
    Ok(VerifiedBatch {
        device,
        epoch: batch.epoch,
        first_seq: batch.first_seq,
        before: batch.chain_before,
        after: *after.as_bytes(),
        signature: batch.signature,
        continuity,
        received_at: now,
        records: batch.records,
    })
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
