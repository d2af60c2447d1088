//! Table `kept_answers`.

use settlement::idempotency::{AnswerStore, Asked, Begun, KEPT_FOR, KeptAnswer, WORKED_FOR};
use settlement::ports::StoreError;
use sqlx::sqlite::SqliteRow;
use units::Timestamp;

use crate::SqliteStore;
use crate::columns::{array, bytes, int_or_null};
use crate::store::backend;

const FORGET: &str = "DELETE FROM kept_answers WHERE over_at <= ?";
const TAKE: &str = "INSERT INTO kept_answers (key_hash, fingerprint, over_at) \
     VALUES (?, ?, ?) ON CONFLICT (key_hash) DO NOTHING";
const FIND: &str = "SELECT * FROM kept_answers WHERE key_hash = ?";
const KEEP: &str = "INSERT INTO kept_answers (key_hash, fingerprint, status, body, over_at) \
     VALUES (?, ?, ?, ?, ?) ON CONFLICT (key_hash) DO UPDATE SET \
     fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body, \
     over_at = excluded.over_at";
const DROP: &str = "DELETE FROM kept_answers WHERE key_hash = ?";

impl AnswerStore for SqliteStore {
    async fn begin_request(&self, asked: &Asked, now: Timestamp) -> Result<Begun, StoreError> {
        let failed = backend("begin a request");
        let mut tx = self.begin_write().await.map_err(&failed)?;
        let over = sqlx::query(FORGET).bind(now.as_micros());
        over.execute(&mut *tx).await.map_err(&failed)?;
        let taken = sqlx::query(TAKE)
            .bind(asked.key.to_vec())
            .bind(asked.fingerprint.to_vec())
            .bind(now.plus(WORKED_FOR).as_micros())
            .execute(&mut *tx)
            .await
            .map_err(&failed)?;
        let begun = if taken.rows_affected() > 0 {
            Begun::First
        } else {
            let found = sqlx::query(FIND).bind(asked.key.to_vec());
            let row = found.fetch_optional(&mut *tx).await.map_err(&failed)?;
            // Whoever held it has just given it back: it may be asked for again.
            row.map_or(Ok(Begun::UnderWay), |row| read(&row, asked))?
        };
        tx.commit().await.map_err(&failed)?;
        Ok(begun)
    }

    async fn end_request(
        &self,
        asked: &Asked,
        answer: Option<&KeptAnswer>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let failed = backend("end a request");
        let mut tx = self.begin_write().await.map_err(&failed)?;
        let written = match answer {
            None => sqlx::query(DROP).bind(asked.key.to_vec()),
            Some(answer) => sqlx::query(KEEP)
                .bind(asked.key.to_vec())
                .bind(asked.fingerprint.to_vec())
                .bind(i64::from(answer.status))
                .bind(answer.body.clone())
                .bind(now.plus(KEPT_FOR).as_micros()),
        };
        written.execute(&mut *tx).await.map_err(&failed)?;
        tx.commit().await.map_err(&failed)
    }
}

fn read(row: &SqliteRow, asked: &Asked) -> Result<Begun, StoreError> {
    if array::<32>(row, "fingerprint")? != asked.fingerprint {
        return Ok(Begun::Different);
    }
    let Some(status) = int_or_null(row, "status")? else {
        return Ok(Begun::UnderWay);
    };
    let status = u16::try_from(status)
        .map_err(|_| StoreError::out_of_range("status", "an HTTP status", status))?;
    let body = bytes(row, "body")?;
    Ok(Begun::Answered(KeptAnswer { status, body }))
}
