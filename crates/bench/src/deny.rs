//! Looking up a rider in long deny lists, and building them.

use std::hint::black_box;
use std::io::Write as _;

use anyhow::Context as _;
use gate::denied::DeniedDraft;
use units::{CredentialId, Timestamp};
use validator::{DenyIndex, DenyList, FilterBlock};
use wire::lists::{DenyHeader, DenyStream, ListRef};

use crate::measure::{once, passes};
use crate::report::Row;

/// Ids asked about in a row, all different: so many that no predictor and no cache nearest to the
/// core holds their way through the list. A power of two.
const ASKED: usize = 65_536;
/// Of the UUIDs, in milliseconds.
const FIRST_MILLIS: u64 = 1_800_000_000_000;

type Index = DenyIndex<Vec<CredentialId>, Vec<FilterBlock>>;

/// The index of sorted `ids`.
///
/// # Errors
/// When they are not sorted.
pub(crate) fn index(ids: Vec<CredentialId>) -> anyhow::Result<Index> {
    let blocks = vec![FilterBlock::EMPTY; FilterBlock::count_for(ids.len())];
    Ok(DenyIndex::new(ids, blocks)?)
}

/// The UUID (version 7) of the millisecond `number`, with 74 bits of `splitmix64`: its first half
/// counts and its fixed bits are those of every other.
fn uuid(number: u64) -> CredentialId {
    let mix = |seed: u64| {
        let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let high = (FIRST_MILLIS + number) << 16 | 0x7000 | mix(number) & 0x0fff;
    let low = mix(!number) >> 2 | 1 << 63;
    CredentialId::from_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
}

/// A million ids in memory, as a library has them, and ten million of the agent, in a file.
///
/// # Errors
/// When an answer is wrong.
pub(crate) fn rows(rounds: usize) -> anyhow::Result<Vec<Row>> {
    let mut rows = in_memory(rounds)?;
    rows.extend(in_a_file(rounds)?);
    Ok(rows)
}

/// Every other millisecond is denied, so that those asked about lie between.
fn denied(count: u64) -> impl Iterator<Item = CredentialId> {
    (0..count).map(|number| uuid(2 * number))
}

fn in_memory(rounds: usize) -> anyhow::Result<Vec<Row>> {
    const COUNT: u64 = 1_000_000;
    let list: Vec<_> = denied(COUNT).collect();
    let (mut built, mut took) = (None, 0.0);
    let memory = allocation_counter::measure(|| {
        took = once(|| built = Some(index(list.clone())));
    });
    let index = built.context("built")??;
    let (miss, hit) = lookups(&index, COUNT, rounds)?;
    let what = |of: &str| format!("deny list of 1 M in memory: {of}");
    Ok(vec![
        Row::plain("deny_miss_1m", &what("lookup, miss"), miss, "ns").at_most(15.0),
        Row::plain("deny_hit_1m", &what("lookup, hit"), hit, "ns"),
        Row::plain("deny_build_1m", &what("update"), took, "s").at_most(1.0),
        Row::plain("deny_memory_1m", &what("memory"), mega(&memory), "MB").at_most(100.0),
    ])
}

fn in_a_file(rounds: usize) -> anyhow::Result<Vec<Row>> {
    const COUNT: u64 = 10_000_000;
    let bytes = list_bytes(COUNT)?;
    let mut file = tempfile::tempfile()?;
    file.write_all(&bytes)?;
    // What the agent does with a list that comes: length, hash and order checked, filter and pages
    // built.
    let expected = ListRef::to(1, &bytes);
    let (mut built, mut took) = (None, 0.0);
    let memory = allocation_counter::measure(|| {
        took = once(|| {
            let mut draft = DeniedDraft::new(COUNT);
            let mut stream = DenyStream::new(expected);
            let mut parts = bytes.chunks(64 << 10);
            let read = parts
                .try_for_each(|part| stream.push(part, |id| draft.take(id)))
                .and_then(|()| stream.finish());
            built = Some(read.map(|_| draft.finish(1, file)));
        });
    });
    drop(bytes);
    let list = built.context("built")??;
    let (miss, hit) = lookups(&list, COUNT, rounds)?;
    anyhow::ensure!(list.unread() == 0, "a page was not read");
    let what = |of: &str| format!("the agent's deny list of 10 M: {of}");
    Ok(vec![
        Row::plain("deny_miss_10m", &what("lookup, miss"), miss, "ns").at_most(70.0),
        Row::plain("deny_hit_10m", &what("lookup, hit, in the file"), hit, "ns"),
        Row::plain("deny_build_10m", &what("update"), took, "s").at_most(1.0),
        Row::plain("deny_memory_10m", &what("memory"), mega(&memory), "MB").at_most(100.0),
    ])
}

/// The bytes of a signed list of so many ids.
fn list_bytes(count: u64) -> anyhow::Result<Vec<u8>> {
    let head = DenyHeader {
        version: 1,
        issued: Timestamp::from_secs(1_800_000_000),
        count,
    };
    let mut bytes = head.encode()?.to_vec();
    denied(count).for_each(|id| bytes.extend_from_slice(id.as_bytes()));
    Ok(bytes)
}

/// Nanoseconds of a lookup that misses, and of one that hits.
fn lookups(list: &impl DenyList, count: u64, rounds: usize) -> anyhow::Result<(f64, f64)> {
    // Neighbours are asked about far apart.
    let ask = |odd: u64| -> Vec<_> {
        let (asked, step) = (0..1 << 16_u64, count >> 16);
        asked
            .map(|number| uuid(2 * step * ((number * 40_503) & 0xffff) + odd))
            .collect()
    };
    let (absent, present) = (ask(1), ask(0));
    let contains =
        |ids: &[CredentialId], item: usize| list.contains(black_box(&ids[item & (ASKED - 1)]));
    let miss = passes("miss", |item| !contains(&absent, item), ASKED, rounds)?;
    // Each takes a hundred times as long.
    let hit = passes(
        "hit",
        |item| contains(&present, item),
        ASKED,
        rounds.min(11),
    )?;
    Ok((miss.median(), hit.median()))
}

/// What is still allocated, in megabytes.
fn mega(memory: &allocation_counter::AllocationInfo) -> f64 {
    i32::try_from(memory.bytes_current).map_or(f64::NAN, f64::from) / 1e6
}
