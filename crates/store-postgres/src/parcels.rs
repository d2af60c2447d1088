//! Table `new_taps`: taps and notes on their way into riders' days, many in a row of one service
//! day, shard and device.

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::{StoredTap, TapSource};
use settlement::ports::StoreError;
use sqlx::postgres::PgConnection;
use units::{AccountId, DeviceId, ServiceDay, TapId, Timestamp};
use wire::note::TapOutcome;

use crate::names::{Numbers, Words};
use crate::pack::{Packer, Unpacker, tap};
use crate::store::{backend, shard_of};

/// The device of taps that no gate recorded.
pub(crate) const NO_DEVICE: DeviceId = DeviceId::from_bytes([0; 16]);

const INSERT: &str = "INSERT INTO new_taps (service_day, shard, device_id, items, packed) \
     SELECT * FROM unnest($1::integer[], $2::smallint[], $3::bytea[], $4::integer[], $5::bytea[])";

/// What waits to be merged into a rider's day.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// A new tap.
    Tap(Box<StoredTap>),
    /// What became of a tap that is there.
    Outcome(LateOutcome),
}

/// A note that came after its tap had left the gate's upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LateOutcome {
    pub(crate) account: AccountId,
    pub(crate) day: ServiceDay,
    pub(crate) tap: TapId,
    pub(crate) outcome: TapOutcome,
}

impl Item {
    fn place(&self) -> (ServiceDay, AccountId) {
        match self {
            Self::Tap(stored) => (stored.day, stored.account),
            Self::Outcome(late) => (late.day, late.account),
        }
    }

    /// Whose day it is merged into.
    pub(crate) fn account(&self) -> AccountId {
        self.place().1
    }
}

/// Every word that packing `taps` may need, and more.
pub(crate) fn words<'t>(taps: impl Iterator<Item = &'t StoredTap>) -> BTreeSet<Vec<u8>> {
    let mut words = BTreeSet::new();
    for stored in taps {
        words.insert(stored.tap.stop.as_str().as_bytes().to_vec());
        words.extend(
            stored
                .tap
                .route
                .map(|route| route.as_str().as_bytes().to_vec()),
        );
        if let TapSource::Gate { device, .. } = stored.source {
            words.insert(device.as_bytes().to_vec());
        }
    }
    words
}

/// Adds items, each with the device it came from.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    items: impl Iterator<Item = (DeviceId, Item)>,
    numbers: &Numbers,
) -> Result<(), StoreError> {
    let mut parcels: BTreeMap<(ServiceDay, i16, DeviceId), Vec<Item>> = BTreeMap::new();
    for (device, item) in items {
        let (day, account) = item.place();
        let parcel = parcels.entry((day, shard_of(account), device)).or_default();
        parcel.push(item);
    }
    if parcels.is_empty() {
        return Ok(());
    }
    let (mut days, mut shards, mut devices) = (Vec::new(), Vec::new(), Vec::new());
    let (mut counts, mut columns) = (Vec::new(), Vec::new());
    for ((day, shard, device), items) in parcels {
        days.push(day.as_days());
        shards.push(shard);
        devices.push(device.as_bytes().to_vec());
        counts.push(i32::try_from(items.len()).unwrap_or(i32::MAX));
        columns.push(pack(&items).finish(numbers)?);
    }
    let inserted = sqlx::query(INSERT)
        .bind(days)
        .bind(shards)
        .bind(devices)
        .bind(counts)
        .bind(columns)
        .execute(conn);
    inserted.await.map_err(backend("queue taps"))?;
    Ok(())
}

fn pack(items: &[Item]) -> Packer {
    let mut packer = Packer::default();
    packer.len(items.len());
    let mut before = Timestamp::from_micros(0);
    for item in items {
        packer.id(item.account().as_bytes());
        match item {
            Item::Tap(stored) => {
                packer.byte(0);
                tap::write(&mut packer, stored, before);
                before = stored.tap.at;
            }
            Item::Outcome(late) => {
                packer.byte(late.outcome.as_number());
                packer.raw(late.tap.as_bytes());
            }
        }
    }
    packer
}

/// Reads the column `packed` of a row of `day`.
pub(crate) fn read(column: &[u8], day: ServiceDay, words: &Words) -> Result<Vec<Item>, StoreError> {
    let mut packed = Unpacker::new(column, words)?;
    let mut items = Vec::new();
    let mut before = Timestamp::from_micros(0);
    for _ in 0..packed.len()? {
        let account = AccountId::from_bytes(packed.id()?);
        let what = packed.byte()?;
        items.push(match tap::outcome(what)? {
            None => {
                let stored = tap::read(&mut packed, (account, day), before)?;
                before = stored.tap.at;
                Item::Tap(Box::new(stored))
            }
            Some(outcome) => Item::Outcome(LateOutcome {
                account,
                day,
                tap: TapId::from_bytes(packed.raw()?),
                outcome,
            }),
        });
    }
    Ok(items)
}

/// Merges items into an account's taps, which are ordered by time and id, and tells which taps are
/// new or have another outcome.
pub(crate) fn merge(taps: &mut Vec<StoredTap>, items: Vec<Item>) -> BTreeSet<TapId> {
    let mut by_id: BTreeMap<TapId, StoredTap> = taps
        .drain(..)
        .map(|stored| (stored.tap.id, stored))
        .collect();
    let mut changed = BTreeSet::new();
    let mut outcomes = Vec::new();
    for item in items {
        match item {
            Item::Outcome(late) => outcomes.push(late),
            Item::Tap(stored) => {
                by_id.entry(stored.tap.id).or_insert_with(|| {
                    changed.insert(stored.tap.id);
                    *stored
                });
            }
        }
    }
    for late in outcomes {
        if let Some(stored) = by_id.get_mut(&late.tap)
            && stored.outcome < Some(late.outcome)
        {
            stored.outcome = Some(late.outcome);
            changed.insert(late.tap);
        }
    }
    taps.extend(by_id.into_values());
    taps.sort_by_key(|stored| (stored.tap.at, stored.tap.id));
    changed
}
