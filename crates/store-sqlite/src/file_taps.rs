//! Table `file_taps`: rows of outside files, once each.

use std::collections::BTreeMap;

use settlement::model::StoredTap;
use settlement::ports::{FileTap, FileTapStored, StoreError};
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteConnection;
use units::TapId;

use crate::SqliteStore;
use crate::columns::array;
use crate::store::backend;
use crate::taps::{self, ROWS_PER_STATEMENT};

pub(crate) async fn store(
    store: &SqliteStore,
    rows: &[FileTap],
) -> Result<Vec<FileTapStored>, StoreError> {
    let failed = backend("store taps of a file");
    let mut tx = store.begin_write().await.map_err(&failed)?;
    let mut known = digests(&mut tx, rows).await?;
    let mut answers = Vec::with_capacity(rows.len());
    let mut new: Vec<&FileTap> = Vec::new();
    for row in rows {
        let id = row.tap.tap.id;
        answers.push(match known.get(&id) {
            Some(digest) if *digest == row.digest => FileTapStored::Duplicate,
            Some(_) => FileTapStored::Conflict,
            None => {
                known.insert(id, row.digest);
                new.push(row);
                FileTapStored::New
            }
        });
    }
    insert(&mut tx, &new).await?;
    let new: Vec<&StoredTap> = new.iter().map(|row| &row.tap).collect();
    taps::insert(&mut tx, &new).await?;
    tx.commit().await.map_err(&failed)?;
    Ok(answers)
}

async fn digests(
    conn: &mut SqliteConnection,
    rows: &[FileTap],
) -> Result<BTreeMap<TapId, [u8; 32]>, StoreError> {
    let mut known = BTreeMap::new();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new("SELECT tap_id, digest FROM file_taps WHERE tap_id IN (");
        let mut ids = query.separated(", ");
        for row in chunk {
            ids.push_bind(row.tap.tap.id.as_bytes().to_vec());
        }
        query.push(")");
        let found = query.build().fetch_all(&mut *conn).await;
        for row in found.map_err(backend("read taps of a file"))? {
            known.insert(
                TapId::from_bytes(array(&row, "tap_id")?),
                array(&row, "digest")?,
            );
        }
    }
    Ok(known)
}

async fn insert(conn: &mut SqliteConnection, rows: &[&FileTap]) -> Result<(), StoreError> {
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(
            "INSERT INTO file_taps \
             (tap_id, digest, tap_text, account_text, device_text, received_at) ",
        );
        query.push_values(chunk, |mut values, row| {
            values
                .push_bind(row.tap.tap.id.as_bytes().to_vec())
                .push_bind(row.digest.to_vec())
                .push_bind(row.texts.tap.clone())
                .push_bind(row.texts.account.clone())
                .push_bind(row.texts.device.clone())
                .push_bind(row.received_at.as_micros());
        });
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("store taps of a file"))?;
    }
    Ok(())
}
