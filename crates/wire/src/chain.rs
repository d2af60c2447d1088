//! The hash chain over a device's tap records, and the message a device signs for a batch.
//!
//! A head stands for every record before it: nothing can be dropped, added, changed or reordered
//! under a signed head. An epoch is one life of a device's journal; a device that loses its
//! journal starts another.

use sha2::{Digest as _, Sha256};
use units::DeviceId;

use crate::cose::SIGNATURE_BYTES;
use crate::error::DecodeError;
use crate::key::{DeviceKey, SignatureError};
use crate::note::Record;

/// Most records in one batch: at 16 taps a minute a gate fills it in an hour.
pub const BATCH_RECORDS_MAX: usize = 1024;

/// Bytes of the message that a device signs.
pub const BATCH_MESSAGE_BYTES: usize = 116;

const CHAIN_DOMAIN: &[u8; 20] = b"faregate tap chain 1";
const BATCH_DOMAIN: &[u8; 20] = b"faregate tap batch 1";

/// SHA-256 over everything in the chain so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainHead([u8; 32]);

impl ChainHead {
    /// The head before the first record of an epoch: SHA-256 of the domain, the device's id and
    /// the epoch, so that no two chains begin alike.
    #[must_use]
    pub fn start(device: DeviceId, epoch: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(CHAIN_DOMAIN);
        hash.update(device.as_bytes());
        hash.update(epoch.to_be_bytes());
        Self(hash.finalize().into())
    }

    /// The head after one more record: SHA-256(head ‖ record).
    #[must_use]
    pub fn after(&self, record: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(record);
        Self(hash.finalize().into())
    }

    /// The head made of these 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl core::fmt::Debug for ChainHead {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ChainHead(")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// What a device signs for a batch: 116 bytes, numbers big endian.
///
/// ```text
///   0  20  "faregate tap batch 1"
///  20  16  device
///  36   4  epoch
///  40   8  seq of the first record
///  48   4  number of records
///  52  32  chain head before the first record
///  84  32  chain head after the last record
/// ```
#[must_use]
pub fn batch_message(
    device: DeviceId,
    epoch: u32,
    first_seq: u64,
    count: u32,
    before: ChainHead,
    after: ChainHead,
) -> [u8; BATCH_MESSAGE_BYTES] {
    let parts = BATCH_DOMAIN
        .iter()
        .chain(device.as_bytes())
        .copied()
        .chain(epoch.to_be_bytes())
        .chain(first_seq.to_be_bytes())
        .chain(count.to_be_bytes())
        .chain(before.0)
        .chain(after.0);
    let mut message = [0; BATCH_MESSAGE_BYTES];
    for (slot, byte) in message.iter_mut().zip(parts) {
        *slot = byte;
    }
    message
}

/// Why a batch is refused whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// No record in it.
    #[error("the batch is empty")]
    Empty,
    /// More than [`BATCH_RECORDS_MAX`] records; the rest was not read.
    #[error("expected at most {max} records")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// A record that is none.
    #[error("record {index} cannot be read")]
    Record {
        /// Which, from 0.
        index: usize,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// Sequence numbers with a gap, a repetition or beyond 64 bits.
    #[error("record {index}: expected seq {expected}, got {got}")]
    Sequence {
        /// Which, from 0.
        index: usize,
        /// The number that belongs there.
        expected: u64,
        /// The number found.
        got: u64,
    },
    /// The device's signature does not hold over these records.
    #[error("the device's signature does not hold")]
    Signature(#[source] SignatureError),
}

/// Checks a batch: every record can be read, sequence numbers run without gaps from `first_seq`,
/// and the device signed the chain from `before` over all of them. Gives the head after the last.
///
/// That `before` is the head after the last batch is for the caller to compare.
///
/// # Errors
/// [`BatchError`], and then nothing of the batch is to be believed.
pub fn verify_batch<'r>(
    key: &DeviceKey,
    device: DeviceId,
    epoch: u32,
    first_seq: u64,
    before: ChainHead,
    records: impl IntoIterator<Item = &'r [u8]>,
    signature: &[u8; SIGNATURE_BYTES],
) -> Result<ChainHead, BatchError> {
    let mut head = before;
    let mut count: u32 = 0;
    let mut next_seq = Some(first_seq);
    for (index, bytes) in records.into_iter().enumerate() {
        if index >= BATCH_RECORDS_MAX {
            return Err(BatchError::TooMany {
                max: BATCH_RECORDS_MAX,
            });
        }
        let record =
            Record::decode(bytes).map_err(|source| BatchError::Record { index, source })?;
        let seq = record.seq();
        if next_seq != Some(seq) {
            let expected = next_seq.unwrap_or(u64::MAX);
            return Err(BatchError::Sequence {
                index,
                expected,
                got: seq,
            });
        }
        next_seq = seq.checked_add(1);
        head = head.after(bytes);
        count = count.saturating_add(1);
    }
    if count == 0 {
        return Err(BatchError::Empty);
    }
    let message = batch_message(device, epoch, first_seq, count, before, head);
    key.verify(&message, signature)
        .map_err(BatchError::Signature)?;
    Ok(head)
}
