//! Looking up a rider in long deny lists, and building them.

use std::hint::black_box;

use anyhow::Context as _;
use units::CredentialId;
use validator::{DenyIndex, DenyList as _, FilterBlock};

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

/// A million and ten million ids.
///
/// # Errors
/// When an answer is wrong.
pub(crate) fn rows(rounds: usize) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let names = [
        "deny_miss_1m",
        "deny_hit_1m",
        "deny_build_1m",
        "deny_memory_1m",
        "deny_filter_1m",
    ];
    rows.extend(of(1_000_000, "1 M", 15.0, names, rounds)?);
    let names = [
        "deny_miss_10m",
        "deny_hit_10m",
        "deny_build_10m",
        "deny_memory_10m",
        "deny_filter_10m",
    ];
    rows.extend(of(10_000_000, "10 M", 70.0, names, rounds)?);
    Ok(rows)
}

fn of(
    count: u64,
    name: &str,
    most_ns: f64,
    ids: [&'static str; 5],
    rounds: usize,
) -> anyhow::Result<Vec<Row>> {
    // Every other millisecond is denied, so those asked about lie between.
    let list: Vec<_> = (0..count).map(|number| uuid(2 * number)).collect();
    let mut index = None;
    let list_bytes = size_of_val(&list[..]);
    let took = once(|| index = Some(crate::deny::index(list)));
    let index = index.context("built")??;
    let filter_bytes = FilterBlock::count_for(index.ids().len()) * size_of::<FilterBlock>();
    // Neighbours are asked about far apart.
    let ask = |odd: u64| -> Vec<_> {
        let (asked, step) = (0..1 << 16_u64, count >> 16);
        asked
            .map(|number| uuid(2 * step * ((number * 40_503) & 0xffff) + odd))
            .collect()
    };
    let (absent, present) = (ask(1), ask(0));
    let contains =
        |ids: &[CredentialId], item: usize| index.contains(black_box(&ids[item & (ASKED - 1)]));
    let miss = passes("miss", |item| !contains(&absent, item), ASKED, rounds)?;
    let hit = passes("hit", |item| contains(&present, item), ASKED, rounds)?;
    let mega = |bytes: usize| f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6;
    let [miss_id, hit_id, build, memory, filter] = ids;
    let what = |of: &str| format!("deny list of {name}: {of}");
    Ok(vec![
        Row::plain(miss_id, &what("lookup, miss"), miss.median(), "ns").at_most(most_ns),
        Row::plain(hit_id, &what("lookup, hit"), hit.median(), "ns"),
        Row::plain(
            build,
            &what("update: order checked, filter built"),
            took,
            "s",
        )
        .at_most(1.0),
        Row::plain(
            memory,
            &what("memory, list and filter"),
            mega(list_bytes + filter_bytes),
            "MB",
        )
        .at_most(100.0),
        Row::plain(
            filter,
            &what("memory, filter alone"),
            mega(filter_bytes),
            "MB",
        ),
    ])
}
