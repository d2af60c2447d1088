//! The issuer's contract on a real file, and what the database itself refuses.

use std::sync::Mutex;

use issuer::testing::check_contract;

use super::*;
use crate::Location;

#[tokio::test]
async fn the_contract_holds_on_a_file() {
    let folders = Mutex::new(Vec::new());
    check_contract(|| async {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("issuer.db"));
        folders.lock().unwrap().push(folder);
        SqliteStore::open(&location).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn the_contract_holds_in_memory() {
    check_contract(|| async { SqliteStore::open(&Location::Memory).await.unwrap() }).await;
}

#[tokio::test]
async fn the_record_of_signatures_cannot_be_rewritten() {
    let store = SqliteStore::open(&Location::Memory).await.unwrap();
    let mut tx = store.begin_write().await.unwrap();
    sqlx::query(
        "INSERT INTO issuances VALUES (zeroblob(16), zeroblob(16), zeroblob(4), 1, 0, 1, 0, \
         zeroblob(32), 0, 0, 0)",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    for statement in [
        "UPDATE issuances SET account_id = randomblob(16)",
        "DELETE FROM issuances",
    ] {
        let error = sqlx::query(statement).execute(&mut *tx).await.unwrap_err();
        assert!(
            error.to_string().contains("append-only"),
            "{statement}: {error}"
        );
    }
}
