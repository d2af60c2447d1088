//! Notes find their taps: in the same transaction, among those stored before, or later, from table
//! `waiting_notes`. The caller holds the rows of the gates, so no tap slips by its note.

use std::collections::BTreeMap;

use settlement::model::{StoredTap, TapNote};
use settlement::ports::StoreError;
use sqlx::postgres::PgConnection;
use units::DeviceId;
use wire::note::TapOutcome;

use crate::columns::{array, int, seq_number, unsigned, unsigned_32};
use crate::owners::{self, Owner};
use crate::pack::tap::outcome;
use crate::parcels::LateOutcome;
use crate::store::backend;

const SELECT: &str =
    "SELECT device_id, epoch, seq, outcome FROM waiting_notes WHERE device_id = ANY($1)";

const DELETE: &str = "DELETE FROM waiting_notes WHERE device_id = $1 AND epoch = $2 AND seq = $3";

const UPSERT: &str = "INSERT INTO waiting_notes AS w (device_id, epoch, seq, outcome) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (device_id, epoch, seq) \
     DO UPDATE SET outcome = greatest(w.outcome, excluded.outcome)";

/// New taps of gates by device, epoch and record number.
pub(crate) type NewTaps = BTreeMap<(DeviceId, u32, u64), StoredTap>;

/// Gives new taps the notes that wait for them, and puts `notes` where their taps are. Of several
/// notes about one tap the highest counts.
pub(crate) async fn settle(
    conn: &mut PgConnection,
    taps: &mut NewTaps,
    devices: &[Vec<u8>],
    notes: &[(DeviceId, TapNote)],
) -> Result<Vec<(DeviceId, LateOutcome)>, StoreError> {
    wake(conn, taps, devices).await?;
    let mut late = Vec::new();
    for (device, note) in notes {
        let place = (*device, note.epoch, note.seq);
        if let Some(stored) = taps.get_mut(&place) {
            stored.outcome = stored.outcome.max(Some(note.outcome));
            continue;
        }
        match owners::owner(conn, place).await? {
            Owner::Nobody => {}
            Owner::Unknown => wait(conn, place, note.outcome).await?,
            Owner::Rider(account, day) => late.push((
                *device,
                LateOutcome {
                    account,
                    day,
                    tap: note.tap,
                    outcome: note.outcome,
                },
            )),
        }
    }
    Ok(late)
}

async fn wake(
    conn: &mut PgConnection,
    taps: &mut NewTaps,
    devices: &[Vec<u8>],
) -> Result<(), StoreError> {
    let failed = backend("read waiting notes");
    let rows = sqlx::query(SELECT).bind(devices).fetch_all(&mut *conn);
    for row in &rows.await.map_err(&failed)? {
        let device = DeviceId::from_bytes(array(row, "device_id")?);
        let place = (device, unsigned_32(row, "epoch")?, unsigned(row, "seq")?);
        let Some(stored) = taps.get_mut(&place) else {
            continue;
        };
        let number = u8::try_from(int(row, "outcome")?).unwrap_or(u8::MAX);
        stored.outcome = stored.outcome.max(outcome(number)?);
        let deleted = sqlx::query(DELETE)
            .bind(device.as_bytes().to_vec())
            .bind(i64::from(place.1))
            .bind(seq_number(place.2))
            .execute(&mut *conn);
        deleted.await.map_err(&failed)?;
    }
    Ok(())
}

async fn wait(
    conn: &mut PgConnection,
    (device, epoch, seq): (DeviceId, u32, u64),
    outcome: TapOutcome,
) -> Result<(), StoreError> {
    let stored = sqlx::query(UPSERT)
        .bind(device.as_bytes().to_vec())
        .bind(i64::from(epoch))
        .bind(seq_number(seq))
        .bind(i64::from(outcome.as_number()))
        .execute(conn);
    stored.await.map_err(backend("keep a note"))?;
    Ok(())
}
