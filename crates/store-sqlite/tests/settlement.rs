//! SQLite passes the contract of a settlement store, in memory and in a file, agrees with the
//! memory store to the byte, and refuses to change history.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test answers by failing"
)]

mod factory;

use factory::Files;
use settlement::ports::Issued;
use settlement::testing::MemoryStore;
use settlement::testing::contract::{self, Factory};
use settlement::testing::world::city;
use settlement::{recompute, verify_ledger};
use store_sqlite::{Location, SqliteStore};
use units::CredentialId;

/// Databases in memory.
struct Memory;

impl Factory for Memory {
    type Store = SqliteStore;

    async fn fresh(&self) -> SqliteStore {
        SqliteStore::open(&Location::Memory).await.unwrap()
    }

    async fn issue(&self, store: &SqliteStore, credential: CredentialId, issued: Issued) {
        factory::issue(store, credential, issued).await;
    }
}

/// The memory store, as the model.
struct Model;

impl Factory for Model {
    type Store = MemoryStore;

    async fn fresh(&self) -> MemoryStore {
        MemoryStore::default()
    }

    async fn issue(&self, store: &MemoryStore, credential: CredentialId, issued: Issued) {
        store.issue(credential, issued);
    }
}

/// The database without our port in between.
async fn raw(location: &Location) -> sqlx::SqlitePool {
    let Location::File(path) = location else {
        panic!("a file database lies in a file");
    };
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false);
    sqlx::SqlitePool::connect_with(options).await.unwrap()
}

#[tokio::test]
async fn a_memory_database_keeps_the_contract() {
    contract::check_all(&Memory).await;
}

#[tokio::test]
async fn payments_keep_the_contract() {
    contract::check_payments(&Memory).await;
    contract::check_payments(&Files::new()).await;
}

#[tokio::test]
async fn a_file_database_keeps_the_contract() {
    contract::check_all(&Files::new()).await;
}

#[tokio::test]
async fn sqlite_and_memory_agree_to_the_byte() {
    for seed in 100..130 {
        let sqlite = contract::dump_of_dealt_morning(&Memory, seed).await;
        let model = contract::dump_of_dealt_morning(&Model, seed).await;
        assert_eq!(sqlite, model, "seed {seed}");
    }
}

#[tokio::test]
async fn sqlite_and_memory_agree_on_weeks() {
    for seed in 200..208 {
        let sqlite = contract::dump_of_dealt_weeks(&Memory, seed, Some(seed)).await;
        let model = contract::dump_of_dealt_weeks(&Model, seed, None).await;
        assert_eq!(sqlite, model, "seed {seed}");
    }
}

#[tokio::test]
async fn a_database_is_there_after_it_was_closed() {
    let files = Files::new();
    let location = files.next_location();
    let store = SqliteStore::open(&location).await.unwrap();
    let dump = factory::play_in_order(&store).await;
    assert!(dump.lines().count() > 20);
    store.close().await;
    let again = SqliteStore::open(&location).await.unwrap();
    assert_eq!(settlement::dump::canonical(&again).await.unwrap(), dump);
}

#[tokio::test]
async fn history_cannot_be_changed() {
    let files = Files::new();
    let location = files.next_location();
    let store = SqliteStore::open(&location).await.unwrap();
    factory::play_in_order(&store).await;
    let raw = raw(&location).await;
    let attempts = [
        "UPDATE taps SET at = at + 1",
        "DELETE FROM taps",
        "UPDATE entries SET description = ''",
        "DELETE FROM entries",
        "UPDATE postings SET minor = minor + 1",
        "DELETE FROM postings",
        "UPDATE charges SET amount_minor = 1",
        "DELETE FROM charges",
        "UPDATE device_records SET record = x'00'",
        "DELETE FROM device_records",
        "UPDATE batches SET signature = x'00'",
        "DELETE FROM batches",
        "DELETE FROM refused_taps",
        "UPDATE quarantine SET reason = ''",
        "DELETE FROM file_taps",
    ];
    for sql in attempts {
        let refused = sqlx::query(sql)
            .execute(&raw)
            .await
            .unwrap_err()
            .to_string();
        let expected = ["append-only", "only the state"];
        assert!(
            expected.iter().any(|text| refused.contains(text)),
            "{sql}: {refused}"
        );
    }
    sqlx::query("UPDATE charges SET state = 'pending'")
        .execute(&raw)
        .await
        .unwrap();
}

/// Somebody with the file and no respect for triggers changes money; verifying or recomputing says
/// so. The second column is whether the ledger alone shows it.
#[tokio::test]
async fn tampering_is_found() {
    let files = Files::new();
    let attempts = [
        (
            "UPDATE postings SET minor = minor + 1 WHERE minor = 300",
            true,
        ),
        ("DELETE FROM postings WHERE minor < 0", true),
        (
            "UPDATE balances SET minor = minor + 1 WHERE ledger_account = 'clearing'",
            true,
        ),
        (
            "UPDATE charges SET amount_minor = amount_minor + 1 WHERE amount_minor = 600",
            true,
        ),
        ("DELETE FROM charges WHERE amount_minor = 600", true),
        (
            "UPDATE journeys SET fare_minor = 200 WHERE fare_minor = 300",
            true,
        ),
        (
            "UPDATE account_days SET fares_minor = 500, charged_minor = 500",
            true,
        ),
        ("DELETE FROM journeys", true),
        ("DELETE FROM tap_flags", false),
        (
            "UPDATE taps SET at = at + 7200000000 WHERE kind = 2 AND credential_id IS NULL",
            false,
        ),
        ("UPDATE journeys SET because = ''", false),
    ];
    for (sql, in_the_ledger) in attempts {
        let location = files.next_location();
        let store = SqliteStore::open(&location).await.unwrap();
        factory::play_in_order(&store).await;
        let raw = raw(&location).await;
        let triggers: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
                .fetch_all(&raw)
                .await
                .unwrap();
        for trigger in triggers {
            let drop = sqlx::AssertSqlSafe(format!("DROP TRIGGER {trigger}"));
            sqlx::query(drop).execute(&raw).await.unwrap();
        }
        let changed = sqlx::query(sql).execute(&raw).await.unwrap();
        assert!(changed.rows_affected() > 0, "{sql}");
        let ledger = verify_ledger::verify(&store).await;
        // A store may also refuse to read an entry that has lost its balance.
        let found = !ledger.is_ok_and(|report| report.is_sound());
        assert_eq!(found, in_the_ledger, "{sql}");
        let recomputed = recompute::compare(&store, &city()).await;
        let equal = recomputed.is_ok_and(|recomputed| recomputed.is_equal());
        assert!(found || !equal, "{sql}");
    }
}

#[test]
fn locations_are_urls_or_paths() {
    let file = |path: &str| Ok(Location::File(path.into()));
    assert_eq!(Location::parse("sqlite::memory:"), Ok(Location::Memory));
    assert_eq!(Location::parse("sqlite:town.db"), file("town.db"));
    assert_eq!(Location::parse("sqlite://dir/town.db"), file("dir/town.db"));
    assert_eq!(
        Location::parse("sqlite:///var/town.db"),
        file("/var/town.db")
    );
    assert_eq!(Location::parse("town.db"), file("town.db"));
    for bad in ["", "sqlite:", "sqlite://", "postgres://town"] {
        assert!(Location::parse(bad).is_err(), "{bad}");
    }
}
