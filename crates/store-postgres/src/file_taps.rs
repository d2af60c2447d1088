//! Table `file_taps`: rows of outside files, each once.

use std::collections::{BTreeMap, BTreeSet};

use settlement::ports::{FileTap, FileTapStored, StoreError};
use sqlx::postgres::PgRow;
use units::TapId;

use crate::PostgresStore;
use crate::columns::array;
use crate::parcels::{self, Item, NO_DEVICE};
use crate::store::backend;

/// Two transactions that add the same ids wait for each other in one direction: ids are in order.
const INSERT: &str = "INSERT INTO file_taps (tap_id, digest, tap_text, account_text, device_text, \
     received_at) SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[], \
     $5::text[], $6::bigint[]) ON CONFLICT DO NOTHING RETURNING tap_id";

const SELECT: &str = "SELECT tap_id, digest FROM file_taps WHERE tap_id = ANY($1)";

pub(crate) async fn store(
    store: &PostgresStore,
    rows: &[FileTap],
) -> Result<Vec<FileTapStored>, StoreError> {
    let failed = backend("store rows of a file");
    let days: BTreeSet<_> = rows.iter().map(|row| row.tap.day).collect();
    store.make_partitions(&days).await?;
    let words = parcels::words(rows.iter().map(|row| &row.tap));
    let numbers = store.names.numbers(words).await?;

    // Of several rows with one id the first counts.
    let mut firsts: BTreeMap<TapId, &FileTap> = BTreeMap::new();
    for row in rows {
        firsts.entry(row.tap.tap.id).or_insert(row);
    }
    let ids: Vec<Vec<u8>> = firsts.keys().map(|id| id.as_bytes().to_vec()).collect();
    let each = || firsts.values();
    let mut tx = store.begin().await.map_err(&failed)?;
    let inserted = sqlx::query(INSERT)
        .bind(&ids)
        .bind(each().map(|row| row.digest.to_vec()).collect::<Vec<_>>())
        .bind(each().map(|row| row.texts.tap.clone()).collect::<Vec<_>>())
        .bind(
            each()
                .map(|row| row.texts.account.clone())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|row| row.texts.device.clone())
                .collect::<Vec<_>>(),
        )
        .bind(
            each()
                .map(|row| row.received_at.as_micros())
                .collect::<Vec<_>>(),
        )
        .fetch_all(&mut *tx);
    let inserted = inserted.await.map_err(&failed)?;
    let id_of = |row: &PgRow| array(row, "tap_id").map(TapId::from_bytes);
    let mut new: BTreeSet<TapId> = inserted.iter().map(id_of).collect::<Result<_, _>>()?;
    let items = firsts.values().filter(|row| new.contains(&row.tap.tap.id));
    let items = items.map(|row| (NO_DEVICE, Item::Tap(Box::new(row.tap.clone()))));
    parcels::insert(&mut tx, items, &numbers).await?;
    let stored = sqlx::query(SELECT).bind(&ids).fetch_all(&mut *tx).await;
    let mut digests: BTreeMap<TapId, [u8; 32]> = BTreeMap::new();
    for row in &stored.map_err(&failed)? {
        digests.insert(id_of(row)?, array(row, "digest")?);
    }
    tx.commit().await.map_err(&failed)?;
    let answer = |row: &FileTap| {
        let id = row.tap.tap.id;
        if digests.get(&id) != Some(&row.digest) {
            FileTapStored::Conflict
        } else if new.remove(&id) {
            FileTapStored::New
        } else {
            FileTapStored::Duplicate
        }
    };
    Ok(rows.iter().map(answer).collect())
}
