//! Tables `staff` and `staff_sessions`.

use settlement::corrections::AuditLine;
use settlement::model::StaffName;
use settlement::ports::StoreError;
use settlement::staff::{Role, Staff, StaffStore};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use units::Timestamp;

use crate::SqliteStore;
use crate::columns::{text, time};
use crate::corrections::insert_audit;
use crate::store::backend;

const ADD: &str = "INSERT INTO staff (name, role, token_hash, added_at) VALUES (?, ?, ?, ?) \
     ON CONFLICT (name) DO NOTHING";
const REMOVE: &str = "DELETE FROM staff WHERE name = ?";
const REMOVE_SESSIONS: &str = "DELETE FROM staff_sessions WHERE name = ?";
const ALL: &str = "SELECT * FROM staff ORDER BY name";
const OF_TOKEN: &str = "SELECT * FROM staff WHERE token_hash = ?";
const FORGET: &str = "DELETE FROM staff_sessions WHERE expires_at <= ?";
const OPEN: &str = "INSERT INTO staff_sessions (session_hash, name, expires_at) VALUES (?, ?, ?)";
const OF_SESSION: &str = "SELECT s.* FROM staff_sessions o JOIN staff s ON s.name = o.name \
     WHERE o.session_hash = ? AND o.expires_at > ?";
const CLOSE: &str = "DELETE FROM staff_sessions WHERE session_hash = ?";

type Query = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

impl StaffStore for SqliteStore {
    async fn add_staff(
        &self,
        staff: &Staff,
        token_hash: &[u8; 32],
        line: &AuditLine,
    ) -> Result<bool, StoreError> {
        let failed = backend("add staff");
        let mut tx = self.begin_write().await.map_err(&failed)?;
        let added = sqlx::query(ADD)
            .bind(staff.name.as_str().to_owned())
            .bind(staff.role.as_str())
            .bind(token_hash.to_vec())
            .bind(staff.added_at.as_micros())
            .execute(&mut *tx)
            .await
            .map_err(&failed)?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        insert_audit(&mut tx, line).await?;
        tx.commit().await.map_err(&failed)?;
        Ok(true)
    }

    async fn remove_staff(&self, name: &StaffName, line: &AuditLine) -> Result<bool, StoreError> {
        let failed = backend("remove staff");
        let mut tx = self.begin_write().await.map_err(&failed)?;
        let name = name.as_str().to_owned();
        let removed = sqlx::query(REMOVE).bind(name.clone()).execute(&mut *tx);
        if removed.await.map_err(&failed)?.rows_affected() == 0 {
            return Ok(false);
        }
        let sessions = sqlx::query(REMOVE_SESSIONS).bind(name).execute(&mut *tx);
        sessions.await.map_err(&failed)?;
        insert_audit(&mut tx, line).await?;
        tx.commit().await.map_err(&failed)?;
        Ok(true)
    }

    async fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        let failed = backend("list staff");
        let mut tx = self.begin_read().await.map_err(&failed)?;
        let rows = sqlx::query(ALL).fetch_all(&mut *tx).await;
        rows.map_err(&failed)?.iter().map(read).collect()
    }

    async fn staff_of_token(&self, token_hash: &[u8; 32]) -> Result<Option<Staff>, StoreError> {
        one(self, sqlx::query(OF_TOKEN).bind(token_hash.to_vec())).await
    }

    async fn open_session(
        &self,
        session_hash: &[u8; 32],
        name: &StaffName,
        expires_at: Timestamp,
        line: &AuditLine,
    ) -> Result<(), StoreError> {
        let failed = backend("open a session");
        let mut tx = self.begin_write().await.map_err(&failed)?;
        let over = sqlx::query(FORGET).bind(line.at.as_micros());
        over.execute(&mut *tx).await.map_err(&failed)?;
        let opened = sqlx::query(OPEN)
            .bind(session_hash.to_vec())
            .bind(name.as_str().to_owned())
            .bind(expires_at.as_micros())
            .execute(&mut *tx);
        opened.await.map_err(&failed)?;
        insert_audit(&mut tx, line).await?;
        tx.commit().await.map_err(&failed)
    }

    async fn staff_of_session(
        &self,
        session_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Staff>, StoreError> {
        let query = sqlx::query(OF_SESSION).bind(session_hash.to_vec());
        one(self, query.bind(now.as_micros())).await
    }

    async fn close_session(&self, session_hash: &[u8; 32]) -> Result<(), StoreError> {
        let failed = backend("close a session");
        let mut tx = self.begin_write().await.map_err(&failed)?;
        let closed = sqlx::query(CLOSE).bind(session_hash.to_vec());
        closed.execute(&mut *tx).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)
    }
}

async fn one(store: &SqliteStore, query: Query) -> Result<Option<Staff>, StoreError> {
    let failed = backend("find staff");
    let mut tx = store.begin_read().await.map_err(&failed)?;
    let row = query.fetch_optional(&mut *tx).await.map_err(&failed)?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<Staff, StoreError> {
    let name = StaffName::parse(text(row, "name")?);
    let role = Role::parse(text(row, "role")?);
    Ok(Staff {
        name: name.map_err(|source| StoreError::corrupt("staff.name", source))?,
        role: role.map_err(|source| StoreError::corrupt("staff.role", source))?,
        added_at: time(row, "added_at")?,
    })
}
