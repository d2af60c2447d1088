//! Where a tap stands, and the hash over everything before it.

use sha2::{Digest as _, Sha256};

/// The place of one tap in a device's life: its epoch, then its sequence number. Ordered so.
///
/// An epoch is one unbroken run of the journal; sequence numbers start at 0 in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    epoch: u32,
    seq: u64,
}

impl Position {
    /// This tap of this epoch.
    #[must_use]
    pub const fn new(epoch: u32, seq: u64) -> Self {
        Self { epoch, seq }
    }

    /// The epoch, from 1.
    #[must_use]
    pub const fn epoch(self) -> u32 {
        self.epoch
    }

    /// The sequence number within the epoch, from 0.
    #[must_use]
    pub const fn seq(self) -> u64 {
        self.seq
    }

    /// The place after this one in the same epoch.
    #[must_use]
    pub const fn next(self) -> Self {
        Self {
            epoch: self.epoch,
            seq: self.seq.saturating_add(1),
        }
    }
}

impl core::fmt::Display for Position {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}/{}", self.epoch, self.seq)
    }
}

/// SHA-256 over every tap of an epoch so far; the first one is the caller's (`wire`'s
/// `ChainHead::start`), so that a batch of journal records verifies as a signed batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head([u8; 32]);

impl Head {
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

    /// The head after one more tap: SHA-256(head ‖ payload).
    #[must_use]
    pub fn after(&self, payload: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(payload);
        Self(hash.finalize().into())
    }
}

impl core::fmt::Debug for Head {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Head(")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}
