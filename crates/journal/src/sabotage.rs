//! Seeded bugs: each can be switched on in tests, and a named test must see it.

/// A bug that the crash tests must be able to see (numbers: the project's list of seeded bugs).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    not(feature = "testing"),
    expect(unreachable_pub, reason = "exported for tests")
)]
pub enum Sabotage {
    /// 1: `sync` says durable without asking the medium.
    AckBeforeSync,
    /// 2: neither the CRC nor, in its place, the chain is compared.
    NoCrc,
    /// 3: record and sequence numbers are not compared, nor the chain.
    NoSequence,
    /// 4: epoch, segment and salt are left out of the CRC and not compared, nor the chain.
    NoGeneration,
    /// 5: a failed sync is tried again on the same segment and believed.
    SyncRetried,
    /// 6: an append counts as durable: the door opens before the journal.
    OpenBeforeJournal,
    /// 7: recovery does not show the last segment's records: the replay memory lacks them.
    ReplayNotRebuilt,
    /// Recovery goes on in the segment that it found instead of copying it.
    AppendAfterTail,
    /// The header of a new segment is written before the records that it carries are durable.
    HeaderBeforeRecords,
    /// A new segment counts as durable before its folder is synced.
    NoDirectorySync,
    /// A record that follows a hole in a durable region ends the log without a word.
    SilentGap,
    /// Segments are removed before the server has acknowledged all of their taps.
    TrimBeforeAck,
    /// A restored image goes on in its old epoch.
    NoEpochBump,
    /// A record may share a sector with durable ones.
    NoAlignment,
}

#[cfg(feature = "testing")]
impl Sabotage {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::AckBeforeSync,
        Self::NoCrc,
        Self::NoSequence,
        Self::NoGeneration,
        Self::SyncRetried,
        Self::OpenBeforeJournal,
        Self::ReplayNotRebuilt,
        Self::AppendAfterTail,
        Self::HeaderBeforeRecords,
        Self::NoDirectorySync,
        Self::SilentGap,
        Self::TrimBeforeAck,
        Self::NoEpochBump,
        Self::NoAlignment,
    ];
}
