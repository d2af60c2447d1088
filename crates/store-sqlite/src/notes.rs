//! Table `tap_notes`: what gates noted about their taps.

use settlement::model::TapNote;
use settlement::ports::StoreError;
use sqlx::QueryBuilder;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use wire::note::TapOutcome;

use crate::columns::{int_or_null, seq_number};
use crate::judging::Place;
use crate::store::backend;
use crate::taps::ROWS_PER_STATEMENT;

/// Adds notes that are not there, and marks the days of their taps dirty, with every other day of
/// the account on which the tap's code was used: those flags may change too.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    notes: &[(Place, &TapNote)],
) -> Result<(), StoreError> {
    let failed = backend("store notes");
    for chunk in notes.chunks(ROWS_PER_STATEMENT) {
        let mut query =
            QueryBuilder::new("INSERT INTO tap_notes (device_id, epoch, seq, tap_id, outcome) ");
        query.push_values(chunk, |mut row, ((device, epoch, seq), note)| {
            row.push_bind(device.as_bytes().to_vec())
                .push_bind(i64::from(*epoch))
                .push_bind(seq_number(*seq))
                .push_bind(note.tap.as_bytes().to_vec())
                .push_bind(i64::from(note.outcome.as_number()));
        });
        query.build().execute(&mut *conn).await.map_err(&failed)?;
        let mut query = QueryBuilder::new("WITH noted (tap_id) AS (");
        query.push_values(chunk, |mut row, (_, note)| {
            row.push_bind(note.tap.as_bytes().to_vec());
        });
        query.push(
            "), days (service_day, account_id) AS ( \
             SELECT t.service_day, t.account_id FROM noted CROSS JOIN taps t \
             ON t.tap_id = noted.tap_id \
             UNION SELECT o.service_day, o.account_id FROM noted CROSS JOIN taps t \
             ON t.tap_id = noted.tap_id CROSS JOIN taps o ON o.account_id = t.account_id \
             AND o.credential_id = t.credential_id AND o.code_slot = t.code_slot) \
             INSERT INTO dirty_days (service_day, account_id) \
             SELECT service_day, account_id FROM days WHERE true ON CONFLICT DO NOTHING",
        );
        query.build().execute(&mut *conn).await.map_err(&failed)?;
    }
    Ok(())
}

/// Reads the column `outcome` of a tap with its notes.
pub(crate) fn read(row: &SqliteRow) -> Result<Option<TapOutcome>, StoreError> {
    let Some(got) = int_or_null(row, "outcome")? else {
        return Ok(None);
    };
    let outcome = u8::try_from(got).ok().and_then(TapOutcome::from_number);
    let wrong = || StoreError::out_of_range("tap_notes.outcome", "1, 2 or 3", got);
    outcome.map(Some).ok_or_else(wrong)
}
