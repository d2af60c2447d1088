//! Every limit of the journal, with its unit and reason.

/// Bytes reserved for each of the two copies of a segment's header: the largest physical sector
/// of today's cards and disks, so that no later write touches a sector that holds a header.
pub const HEADER_SLOT_BYTES: u32 = 4096;

/// Byte offset of the first record: after both copies of the header.
pub const RECORDS_OFFSET: u32 = 2 * HEADER_SLOT_BYTES;

/// Bytes of a record before its payload.
pub const RECORD_HEADER_BYTES: u32 = 64;

/// Longest payload in bytes: four times the longest tap record of today, and small enough that
/// one record never takes a noticeable part of a segment.
pub const PAYLOAD_BYTES_MAX: usize = 2048;

/// Size of a segment in bytes unless the caller says otherwise: about 2,000 taps. Large enough
/// that a roll is rare, small enough that the copy of the last segment at each start is quick
/// and that trimming gives space back in useful portions.
pub const SEGMENT_BYTES_DEFAULT: u32 = 1 << 20;

/// Smallest segment in bytes: both headers and a few records.
pub const SEGMENT_BYTES_MIN: u32 = RECORDS_OFFSET + 512;

/// Largest segment in bytes: recovery reads a segment whole, so this bounds its memory.
pub const SEGMENT_BYTES_MAX: u32 = 1 << 24;

/// Smallest sector in bytes: lets tests tear records in many places with few bytes.
pub const SECTOR_BYTES_MIN: u32 = 16;

/// Sector in bytes unless the caller says otherwise: what block devices write at least whole.
pub const SECTOR_BYTES_DEFAULT: u32 = 512;

/// Largest sector in bytes: the size of a header's slot.
pub const SECTOR_BYTES_MAX: u32 = HEADER_SLOT_BYTES;

/// Most records between two syncs: a gate syncs after every tap; this bounds what is held in
/// memory for a rewrite when a sync fails.
pub const PENDING_RECORDS_MAX: usize = 256;

/// Most segments in one journal: at the default size 64 GiB, months of the busiest gate. Bounds
/// the list that is held in memory and what a hostile folder can make us read.
pub const SEGMENTS_MAX: usize = 65_536;

/// New segments tried, one after the other, before the journal stops: the second attempt helps
/// against one bad block; a medium that fails twice in a row is left alone.
pub const REPLACE_ATTEMPTS_MAX: u32 = 2;

/// Most taps in one [`Batch`](crate::Batch): what the server takes at once.
pub const BATCH_RECORDS_MAX: usize = 1024;
