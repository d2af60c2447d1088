//! The rows of what was judged to be no permitted tap: `refused_taps`, `quarantine`.

use settlement::model::{QuarantineReason, Quarantined, RefusedTap};
use settlement::ports::{QuarantinedRecord, StoreError, UnjudgedRun};
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, DeviceId, TapId, Timestamp};

use super::Place;
use crate::PostgresStore;
use crate::columns::{
    array, array_or_null, bytes, day, int, kind, kind_number, route_or_null, seq_number, stop,
    text, time, unsigned, unsigned_32,
};
use crate::gates;
use crate::store::backend;

const INSERT_REFUSED: &str = "INSERT INTO refused_taps (device_id, epoch, seq, tap_id, \
     account_id, service_day, at, kind, stop_id, route_id, decision) SELECT * FROM \
     unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::integer[], \
     $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::bigint[])";

const INSERT_QUARANTINE: &str = "INSERT INTO quarantine (device_id, epoch, seq, reason, detail, \
     record, received_at) SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], \
     $4::text[], $5::text[], $6::bytea[], $7::bigint[])";

const SELECT_QUARANTINE: &str = "SELECT device_id, epoch, seq, reason, detail, record, \
     received_at FROM quarantine ORDER BY received_at DESC, device_id, epoch, seq LIMIT $1";

const HOLD_SET_ASIDE: &str = "SELECT q.epoch, q.seq, q.record, q.received_at, g.device_id, g.gate, \
     g.public_key, g.stop_id, g.route_id, g.state FROM quarantine q JOIN gates g USING (device_id) \
     WHERE q.reason = ANY($1) AND (q.device_id, q.epoch, q.seq) > ($2, $3, $4) \
     ORDER BY q.device_id, q.epoch, q.seq LIMIT $5 FOR UPDATE OF q SKIP LOCKED";

const DELETE_SET_ASIDE: &str = "DELETE FROM quarantine q \
     USING unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS j (device_id, epoch, seq) \
     WHERE q.device_id = j.device_id AND q.epoch = j.epoch AND q.seq = j.seq";

/// A refused tap and its record.
pub(super) type Refused<'j> = (Place, &'j RefusedTap);

/// A record that was set aside: why, its bytes, and when it came in.
pub(super) type SetAside<'j> = (Place, &'j Quarantined, &'j [u8], Timestamp);

pub(super) async fn insert_refused(
    conn: &mut PgConnection,
    refused: &[Refused<'_>],
) -> Result<(), StoreError> {
    if refused.is_empty() {
        return Ok(());
    }
    let taps = || refused.iter().map(|(_, tap)| tap);
    let accounts = taps().map(|tap| tap.account.map(|account| account.as_bytes().to_vec()));
    let routes = taps().map(|tap| tap.route.map(|route| route.as_str().to_owned()));
    let (devices, epochs, seqs) = places(refused.iter().map(|(place, _)| place));
    let inserted = sqlx::query(INSERT_REFUSED)
        .bind(devices)
        .bind(epochs)
        .bind(seqs)
        .bind(
            taps()
                .map(|tap| tap.id.as_bytes().to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(accounts.collect::<Vec<_>>())
        .bind(taps().map(|tap| tap.day.as_days()).collect::<Vec<_>>())
        .bind(taps().map(|tap| tap.at.as_micros()).collect::<Vec<_>>())
        .bind(taps().map(|tap| kind_number(tap.kind)).collect::<Vec<_>>())
        .bind(
            taps()
                .map(|tap| tap.stop.as_str().to_owned())
                .collect::<Vec<_>>(),
        )
        .bind(routes.collect::<Vec<_>>())
        .bind(
            taps()
                .map(|tap| i64::from(tap.decision))
                .collect::<Vec<_>>(),
        )
        .execute(conn);
    inserted.await.map_err(backend("store refused taps"))?;
    Ok(())
}

pub(super) async fn insert_quarantine(
    conn: &mut PgConnection,
    set_aside: &[SetAside<'_>],
) -> Result<(), StoreError> {
    if set_aside.is_empty() {
        return Ok(());
    }
    let reasons = set_aside.iter().map(|row| row.1.reason.as_str().to_owned());
    let details = set_aside.iter().map(|row| row.1.detail.clone());
    let received = set_aside.iter().map(|row| row.3.as_micros());
    let (devices, epochs, seqs) = places(set_aside.iter().map(|row| &row.0));
    let inserted = sqlx::query(INSERT_QUARANTINE)
        .bind(devices)
        .bind(epochs)
        .bind(seqs)
        .bind(reasons.collect::<Vec<_>>())
        .bind(details.collect::<Vec<_>>())
        .bind(
            set_aside
                .iter()
                .map(|row| row.2.to_vec())
                .collect::<Vec<_>>(),
        )
        .bind(received.collect::<Vec<_>>())
        .execute(conn);
    inserted.await.map_err(backend("set records aside"))?;
    Ok(())
}

/// Holds records set aside for one of `reasons`, each a run of its own.
pub(super) async fn hold_set_aside(
    conn: &mut PgConnection,
    reasons: &[QuarantineReason],
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<UnjudgedRun>, StoreError> {
    // The empty blob is below every id.
    let (device, epoch, seq) = after.map_or_else(Default::default, |(device, epoch, seq)| {
        (
            device.as_bytes().to_vec(),
            i64::from(epoch),
            seq_number(seq),
        )
    });
    let reasons: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
    let rows = sqlx::query(HOLD_SET_ASIDE)
        .bind(reasons)
        .bind(device)
        .bind(epoch)
        .bind(seq)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(backend("read records set aside"))?;
    let read = |row: &PgRow| {
        Ok(UnjudgedRun {
            gate: gates::read(row)?,
            epoch: unsigned_32(row, "epoch")?,
            first_seq: unsigned(row, "seq")?,
            received_at: time(row, "received_at")?,
            records: vec![bytes(row, "record")?],
        })
    };
    rows.iter().map(read).collect()
}

/// Takes records out of the quarantine.
pub(super) async fn delete_set_aside(
    conn: &mut PgConnection,
    of: &[Place],
) -> Result<(), StoreError> {
    let (devices, epochs, seqs) = places(of.iter());
    let deleted = sqlx::query(DELETE_SET_ASIDE)
        .bind(devices)
        .bind(epochs)
        .bind(seqs)
        .execute(conn);
    deleted.await.map_err(backend("judge records again"))?;
    Ok(())
}

/// The columns `device_id`, `epoch` and `seq`.
fn places<'p>(of: impl Iterator<Item = &'p Place>) -> (Vec<Vec<u8>>, Vec<i64>, Vec<i64>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for (device, epoch, seq) in of {
        columns.0.push(device.as_bytes().to_vec());
        columns.1.push(i64::from(*epoch));
        columns.2.push(seq_number(*seq));
    }
    columns
}

pub(crate) async fn quarantine(
    store: &PostgresStore,
    limit: u32,
) -> Result<Vec<QuarantinedRecord>, StoreError> {
    let rows = sqlx::query(SELECT_QUARANTINE)
        .bind(i64::from(limit))
        .fetch_all(&store.pool)
        .await
        .map_err(backend("read the quarantine"))?;
    let read = |row: &PgRow| {
        Ok(QuarantinedRecord {
            device: DeviceId::from_bytes(array(row, "device_id")?),
            epoch: unsigned_32(row, "epoch")?,
            seq: unsigned(row, "seq")?,
            reason: text(row, "reason")?.to_owned(),
            detail: text(row, "detail")?.to_owned(),
            received_at: time(row, "received_at")?,
            bytes: bytes(row, "record")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Reads a row of `refused_taps`.
pub(crate) fn read_refused(row: &PgRow) -> Result<RefusedTap, StoreError> {
    let decision = int(row, "decision")?;
    Ok(RefusedTap {
        id: TapId::from_bytes(array(row, "tap_id")?),
        account: array_or_null(row, "account_id")?.map(AccountId::from_bytes),
        day: day(row, "service_day")?,
        at: time(row, "at")?,
        kind: kind(row, "kind")?,
        stop: stop(row, "stop_id")?,
        route: route_or_null(row, "route_id")?,
        decision: u16::try_from(decision).map_err(|_| {
            StoreError::out_of_range("refused_taps.decision", "a 16-bit number", decision)
        })?,
    })
}
