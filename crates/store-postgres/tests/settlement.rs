//! PostgreSQL passes the contract of a settlement store and of an issuer's, agrees with the memory
//! store to the byte, and refuses to change history.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

mod factory;

use factory::Databases;
use settlement::ports::Issued;
use settlement::testing::MemoryStore;
use settlement::testing::contract::{self, Factory};
use settlement::testing::world::city;
use settlement::{recompute, verify_ledger};
use units::CredentialId;

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

#[tokio::test]
async fn a_database_keeps_the_contract() {
    contract::check_all(&Databases::new()).await;
}

#[tokio::test]
async fn payments_keep_the_contract() {
    contract::check_payments(&Databases::new()).await;
}

#[tokio::test]
async fn a_database_keeps_the_issuers_contract() {
    let databases = Databases::new();
    issuer::testing::check_contract(|| databases.fresh()).await;
}

#[tokio::test]
async fn postgres_and_memory_agree_to_the_byte() {
    let databases = Databases::new();
    for seed in 100..112 {
        let postgres = contract::dump_of_dealt_morning(&databases, seed).await;
        let model = contract::dump_of_dealt_morning(&Model, seed).await;
        assert_eq!(postgres, model, "seed {seed}");
    }
}

#[tokio::test]
async fn postgres_and_memory_agree_on_weeks() {
    let databases = Databases::new();
    for seed in 200..204 {
        let postgres = contract::dump_of_dealt_weeks(&databases, seed, Some(seed)).await;
        let model = contract::dump_of_dealt_weeks(&Model, seed, None).await;
        assert_eq!(postgres, model, "seed {seed}");
    }
}

/// A database with the morning played on it, and the same without our port in between.
async fn played() -> (Databases, String, sqlx::PgPool) {
    let databases = Databases::new();
    let url = databases.0.create_database().unwrap();
    let store = Databases::open(&url).await;
    factory::play_in_order(&store).await;
    store.close().await;
    let raw = sqlx::PgPool::connect(&url).await.unwrap();
    (databases, url, raw)
}

#[tokio::test]
async fn history_cannot_be_changed() {
    let (_databases, _url, raw) = played().await;
    let attempts = [
        "UPDATE ledger_pages SET debits_minor = 0",
        "DELETE FROM ledger_pages",
        "TRUNCATE ledger_pages",
        "UPDATE charges SET amount_minor = 1",
        "DELETE FROM charges",
        "UPDATE device_records SET records = ''",
        "DELETE FROM device_records",
        "UPDATE record_owners SET owners = ''",
        "UPDATE batches SET signature = ''",
        "DELETE FROM batches",
        "DELETE FROM refused_taps",
        "UPDATE quarantine SET reason = ''",
        "DELETE FROM record_conflicts",
        "DELETE FROM file_taps",
        "UPDATE names SET name = ''",
        "DELETE FROM issuances",
        "UPDATE phones SET account_id = ''",
    ];
    for sql in attempts {
        let refused = sqlx::query(sql).execute(&raw).await.unwrap_err();
        assert!(
            refused.to_string().contains("append-only"),
            "{sql}: {refused}"
        );
    }
    let state = sqlx::query("UPDATE charges SET state = 'pending'");
    state.execute(&raw).await.unwrap();
}

/// Somebody with the superuser's rights changes money; verifying or recomputing says so.
#[tokio::test]
async fn tampering_is_found() {
    let attempts = [
        "UPDATE ledger_pages SET currency = 'EUR'",
        "UPDATE ledger_pages SET entries = balances WHERE page = 1",
        "UPDATE ledger_pages SET service_day = service_day + 1",
        "DELETE FROM ledger_pages WHERE page = 1",
        "DELETE FROM ledger_pages p WHERE page = \
         (SELECT max(page) FROM ledger_pages o WHERE o.account_id = p.account_id)",
        "UPDATE names SET name = convert_to('Nothing ' || name_id, 'UTF8') \
         WHERE name LIKE 'Travel on%'",
        // A gate: fare entries name the record of their journey's first tap.
        "UPDATE names SET name = set_byte(name, 0, 255 - get_byte(name, 0)) \
         WHERE length(name) = 16",
        "UPDATE charges SET amount_minor = amount_minor + 1 WHERE amount_minor = 600",
        "DELETE FROM charges WHERE amount_minor = 600",
        "UPDATE rider_days SET fares_minor = fares_minor + 1",
        "UPDATE charged_days SET charged_minor = charged_minor + 1",
        "UPDATE names SET name = 'elsewhere' WHERE name = 'north'",
        "UPDATE rider_days r SET statement = (SELECT statement FROM rider_days o \
         WHERE o.account_id <> r.account_id AND o.journeys <> r.journeys LIMIT 1)",
    ];
    for sql in attempts {
        let (_databases, url, raw) = played().await;
        let mut conn = raw.acquire().await.unwrap();
        let off = sqlx::query("SET session_replication_role = replica");
        off.execute(&mut *conn).await.unwrap();
        let changed = sqlx::query(sql).execute(&mut *conn).await.unwrap();
        assert!(changed.rows_affected() > 0, "{sql}");
        let store = Databases::open(&url).await;
        let ledger = verify_ledger::verify(&store).await;
        let sound = ledger.is_ok_and(|report| report.is_sound());
        let recomputed = recompute::compare(&store, &city()).await;
        let equal = recomputed.is_ok_and(|recomputed| recomputed.is_equal());
        assert!(!sound || !equal, "{sql}");
    }
}
