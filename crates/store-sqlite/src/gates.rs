//! Table `gates`.

use settlement::model::{Gate, GateState, Registered};
use settlement::ports::StoreError;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use units::{DeviceId, GateId};

use crate::SqliteStore;
use crate::columns::{array, int, route_or_null, stop_or_null, text};
use crate::store::backend;

const SELECT: &str =
    "SELECT device_id, gate, public_key, stop_id, route_id, state FROM gates WHERE device_id = ?";

const SELECT_ALL: &str =
    "SELECT device_id, gate, public_key, stop_id, route_id, state FROM gates ORDER BY device_id";

const UPSERT: &str = "INSERT INTO gates (device_id, gate, public_key, stop_id, route_id, state) \
     VALUES (?, ?, ?, ?, ?, ?) \
     ON CONFLICT (device_id) DO UPDATE SET gate = excluded.gate, stop_id = excluded.stop_id, \
     route_id = excluded.route_id, state = excluded.state";

pub(crate) async fn register(store: &SqliteStore, gate: &Gate) -> Result<Registered, StoreError> {
    let failed = backend("register a gate");
    let mut tx = store.begin_write().await.map_err(&failed)?;
    let known = select(&mut tx, gate.device).await?;
    let registered = match known {
        Some(known) if known.public_key != gate.public_key => return Ok(Registered::KeyDiffers),
        Some(_) => Registered::Updated,
        None => Registered::New,
    };
    sqlx::query(UPSERT)
        .bind(gate.device.as_bytes().to_vec())
        .bind(i64::from(gate.gate.as_number()))
        .bind(gate.public_key.to_vec())
        .bind(gate.stop.map(|stop| stop.as_str().to_owned()))
        .bind(gate.route.map(|route| route.as_str().to_owned()))
        .bind(gate.state.as_str())
        .execute(&mut *tx)
        .await
        .map_err(&failed)?;
    tx.commit().await.map_err(&failed)?;
    Ok(registered)
}

pub(crate) async fn one(store: &SqliteStore, device: DeviceId) -> Result<Option<Gate>, StoreError> {
    let mut tx = store.begin_read().await.map_err(backend("read a gate"))?;
    select(&mut tx, device).await
}

pub(crate) async fn all(store: &SqliteStore) -> Result<Vec<Gate>, StoreError> {
    let failed = backend("read the gates");
    let mut tx = store.begin_read().await.map_err(&failed)?;
    let rows = sqlx::query(SELECT_ALL).fetch_all(&mut *tx).await;
    rows.map_err(&failed)?.iter().map(read).collect()
}

async fn select(conn: &mut SqliteConnection, device: DeviceId) -> Result<Option<Gate>, StoreError> {
    let row = sqlx::query(SELECT)
        .bind(device.as_bytes().to_vec())
        .fetch_optional(conn)
        .await
        .map_err(backend("read a gate"))?;
    row.as_ref().map(read).transpose()
}

pub(crate) fn read(row: &SqliteRow) -> Result<Gate, StoreError> {
    let number = int(row, "gate")?;
    let gate = u32::try_from(number)
        .map_err(|_| StoreError::out_of_range("gates.gate", "a 32-bit number", number))?;
    Ok(Gate {
        device: DeviceId::from_bytes(array(row, "device_id")?),
        gate: GateId::from_number(gate),
        public_key: array(row, "public_key")?,
        stop: stop_or_null(row, "stop_id")?,
        route: route_or_null(row, "route_id")?,
        state: GateState::parse(text(row, "state")?)
            .map_err(|source| StoreError::corrupt("gates.state", source))?,
    })
}
