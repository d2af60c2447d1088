//! Table `new_taps`: taps and notes on their way into riders' days, many in a row of one service
//! day, shard and device.

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::{StoredTap, TapSource};
use settlement::ports::StoreError;
use sqlx::postgres::PgConnection;
use units::{AccountId, DeviceId, ServiceDay, TapId, Timestamp};
use wire::note::TapOutcome;

use crate::names::{Numbers, Words, in_order};
use crate::pack::tap::{self, Before};
use crate::pack::{Column, Packer, Unpacker, Vocabulary};
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
    let (mut counts, mut packed) = (Vec::new(), Vec::new());
    let mut vocabulary = Vocabulary::default();
    for ((day, shard, device), items) in parcels {
        days.push(day.as_days());
        shards.push(shard);
        devices.push(device.as_bytes().to_vec());
        counts.push(i32::try_from(items.len()).unwrap_or(i32::MAX));
        packed.push(pack(&mut vocabulary, &items));
    }
    let numbers = in_order(numbers, &vocabulary)?;
    let columns = packed.iter().map(|column| column.finish(&numbers));
    let columns: Vec<Vec<u8>> = columns.collect::<Result<_, _>>()?;
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

fn pack(words: &mut Vocabulary, items: &[Item]) -> Column {
    let mut packer = Packer::new(words);
    packer.len(items.len());
    let day = items
        .first()
        .map_or(ServiceDay::from_days(0), |first| first.place().0);
    let mut before = Before::first(day);
    for item in items {
        packer.id(item.account().as_bytes());
        match item {
            Item::Tap(stored) => {
                packer.byte(0);
                tap::write(&mut packer, stored, &before);
                before = Before::at(stored.tap.at);
            }
            Item::Outcome(late) => {
                packer.byte(late.outcome.as_number());
                packer.raw(late.tap.as_bytes());
            }
        }
    }
    packer.done()
}

/// Reads the column `packed` of a row of `day`.
pub(crate) fn read(column: &[u8], day: ServiceDay, words: &Words) -> Result<Vec<Item>, StoreError> {
    let mut packed = Unpacker::new(column, words)?;
    let mut items = Vec::new();
    let mut before = Before::first(day).time();
    for _ in 0..packed.len()? {
        let item = read_item(&mut packed, day, before)?;
        if let Item::Tap(stored) = &item {
            before = stored.tap.at;
        }
        items.push(item);
    }
    Ok(items)
}

fn read_item(
    packed: &mut Unpacker<'_>,
    day: ServiceDay,
    before: Timestamp,
) -> Result<Item, StoreError> {
    let account = AccountId::from_bytes(packed.id()?);
    let what = packed.byte()?;
    Ok(match tap::outcome(what)? {
        None => Item::Tap(Box::new(tap::read(
            packed,
            (account, day),
            &Before::at(before),
        )?)),
        Some(outcome) => Item::Outcome(LateOutcome {
            account,
            day,
            tap: TapId::from_bytes(packed.raw()?),
            outcome,
        }),
    })
}

/// Parcels of one day that stay packed, and where in them each account's items stand: a tenth of
/// the memory that the items would take.
pub(crate) struct Waiting<'r> {
    day: ServiceDay,
    parcels: Vec<Unpacker<'r>>,
    spots: Vec<Spot>,
}

/// Where an item stands.
struct Spot {
    account: AccountId,
    parcel: usize,
    place: usize,
    /// The time of the tap before it in the parcel.
    before: Timestamp,
}

impl<'r> Waiting<'r> {
    /// Finds the items of `columns`; they keep this order within each account.
    pub(crate) fn new(
        columns: impl Iterator<Item = &'r [u8]>,
        day: ServiceDay,
        words: &'r Words,
    ) -> Result<Self, StoreError> {
        let mut waiting = Self {
            day,
            parcels: Vec::new(),
            spots: Vec::new(),
        };
        for column in columns {
            let mut packed = Unpacker::new(column, words)?;
            let mut before = Before::first(day).time();
            for _ in 0..packed.len()? {
                let place = packed.place();
                waiting.spots.push(Spot {
                    account: AccountId::from_bytes(packed.id()?),
                    parcel: waiting.parcels.len(),
                    place,
                    before,
                });
                match tap::outcome(packed.byte()?)? {
                    None => before = tap::skip(&mut packed, before)?,
                    Some(_) => {
                        packed.raw()?;
                    }
                }
            }
            waiting.parcels.push(packed);
        }
        waiting.spots.sort_by_key(|spot| spot.account);
        Ok(waiting)
    }

    /// The accounts, in order; one is named as often as it has items.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.spots.iter().map(|spot| spot.account)
    }

    /// The items of the accounts from `first` to `last`, in order of account.
    pub(crate) fn items(
        &mut self,
        (first, last): (AccountId, AccountId),
    ) -> Result<Vec<Item>, StoreError> {
        let from = self.spots.partition_point(|spot| spot.account < first);
        let to = self.spots.partition_point(|spot| spot.account <= last);
        let spots = self.spots.get(from..to).unwrap_or_default();
        let mut items = Vec::with_capacity(spots.len());
        for spot in spots {
            if let Some(packed) = self.parcels.get_mut(spot.parcel) {
                packed.go_to(spot.place);
                items.push(read_item(packed, self.day, spot.before)?);
            }
        }
        Ok(items)
    }
}

/// Merges items into an account's taps, which are ordered by time and id, and tells which taps are
/// new or have another outcome.
pub(crate) fn merge(taps: &mut Vec<StoredTap>, items: Vec<Item>) -> BTreeSet<TapId> {
    let mut known: BTreeSet<TapId> = taps.iter().map(|stored| stored.tap.id).collect();
    let mut changed = BTreeSet::new();
    let mut outcomes: BTreeMap<TapId, TapOutcome> = BTreeMap::new();
    for item in items {
        match item {
            Item::Outcome(late) => {
                let outcome = outcomes.entry(late.tap).or_insert(late.outcome);
                *outcome = late.outcome.max(*outcome);
            }
            Item::Tap(stored) => {
                if known.insert(stored.tap.id) {
                    changed.insert(stored.tap.id);
                    taps.push(*stored);
                }
            }
        }
    }
    for stored in taps.iter_mut().filter(|_| !outcomes.is_empty()) {
        let outcome = outcomes.get(&stored.tap.id).copied();
        if stored.outcome < outcome {
            stored.outcome = outcome;
            changed.insert(stored.tap.id);
        }
    }
    taps.sort_by_key(|stored| (stored.tap.at, stored.tap.id));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use settlement::ids;
    use settlement::model::CodeUse;
    use tariff::{Holder, Medium, Tap, TapKind};
    use units::{CredentialId, RouteId, StopId};

    const DAY: ServiceDay = ServiceDay::from_days(20_000);

    /// A tap whose every optional part is there or not by the bits of `number`.
    fn tap_of(number: u8) -> StoredTap {
        let has = |bit: u8| number & (1 << bit) != 0;
        let (device, seq) = (DeviceId::from_bytes([9; 16]), u64::from(number) * 1_000);
        let made = ids::tap_of_record(device, 2, seq);
        let credential = CredentialId::from_bytes([number % 3; 16]);
        StoredTap {
            account: AccountId::from_bytes([number % 5; 16]),
            day: DAY,
            tap: Tap {
                at: Timestamp::from_micros(1_000_000_007 * i64::from(number ^ 0x2a)),
                kind: if has(0) { TapKind::Off } else { TapKind::On },
                id: if has(1) {
                    made
                } else {
                    TapId::from_bytes([number; 16])
                },
                stop: StopId::new(&format!("stop-{}", number % 40)).unwrap(),
                route: has(2).then(|| RouteId::new("r").unwrap()),
                holder: Holder {
                    product: u16::from(has(3)) * 300,
                    medium: has(4).then(|| Medium::from_bytes([number % 7; 16])),
                    ..Holder::default()
                },
            },
            source: if has(1) {
                let epoch = 2;
                TapSource::Gate { device, epoch, seq }
            } else {
                TapSource::File
            },
            code: has(5).then(|| CodeUse::from_slot(credential, i64::from(number))),
            outcome: has(0).then_some(TapOutcome::Opened),
        }
    }

    /// Packs items; two parcels name their words by the same numbers.
    fn column(items: &[Item], words: &mut Words) -> Vec<u8> {
        let mut vocabulary = Vocabulary::default();
        let column = pack(&mut vocabulary, items);
        let numbers = vocabulary.words().iter().map(|word| {
            let number = crc(word);
            words.insert(i64::from(number), Arc::clone(word));
            u64::from(number)
        });
        column.finish(&numbers.collect::<Vec<_>>()).unwrap()
    }

    /// A number of a word.
    fn crc(name: &[u8]) -> u32 {
        name.iter().fold(7, |sum, byte| {
            let mixed = u32::from(*byte).wrapping_add(sum.wrapping_mul(31));
            mixed & 0xff_ffff
        })
    }

    #[test]
    fn items_found_by_account_are_the_items_read_in_a_row() {
        let mut words = Words::new();
        let items: Vec<Item> = (0..64_u8)
            .map(|number| match number % 9 {
                8 => Item::Outcome(LateOutcome {
                    account: AccountId::from_bytes([number % 5; 16]),
                    day: DAY,
                    tap: TapId::from_bytes([number; 16]),
                    outcome: TapOutcome::NobodyPassed,
                }),
                _ => Item::Tap(Box::new(tap_of(number))),
            })
            .collect();
        let columns: Vec<Vec<u8>> = items
            .chunks(40)
            .map(|part| column(part, &mut words))
            .collect();
        let read_in_a_row: Vec<Item> = columns
            .iter()
            .flat_map(|column| read(column, DAY, &words).unwrap())
            .collect();
        assert_eq!(format!("{read_in_a_row:?}"), format!("{items:?}"));
        let packed = columns.iter().map(Vec::as_slice);
        let mut waiting = Waiting::new(packed, DAY, &words).unwrap();
        assert!(waiting.accounts().is_sorted());
        for number in 0..5 {
            let account = AccountId::from_bytes([number; 16]);
            let found = waiting.items((account, account)).unwrap();
            let expected = items.iter().filter(|item| item.account() == account);
            let expected: Vec<&Item> = expected.collect();
            assert!(!found.is_empty());
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{account}");
        }
    }
}
