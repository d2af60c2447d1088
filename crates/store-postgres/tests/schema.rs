//! The catalog says that Citus can distribute every table, that riders' days are partitioned by
//! service day, and that no statement of the store leaves its key.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

mod factory;

use std::collections::BTreeMap;

use factory::Databases;
use sqlx::Row as _;

/// How each table is spread over machines: by a column of its primary key, or (`None`) as a copy
/// on every machine, which is for small tables that hardly change.
const SPREAD: [(&str, Option<&str>); 39] = [
    ("accounts", Some("account_id")),
    ("audit_trail", Some("line")),
    ("batches", Some("device_id")),
    ("book_orders", Some("account_id")),
    ("charged_days", Some("account_id")),
    ("charges", Some("account_id")),
    ("code_days", Some("account_id")),
    ("conflict_counts", Some("device_id")),
    ("correction_decisions", Some("account_id")),
    ("corrections", Some("account_id")),
    ("day_faults", Some("account_id")),
    ("deny_changes", None),
    ("deny_entries", None),
    ("device_cursors", Some("device_id")),
    ("device_records", Some("device_id")),
    ("dirty_days", Some("account_id")),
    ("file_taps", Some("tap_id")),
    ("gates", Some("device_id")),
    ("issuances", Some("credential_id")),
    ("kept_answers", Some("key_hash")),
    ("late_owners", Some("device_id")),
    ("ledger_pages", Some("account_id")),
    ("names", None),
    ("new_taps", Some("device_id")),
    ("payment_profiles", Some("account_id")),
    ("payments", Some("account_id")),
    ("phones", Some("public_key")),
    ("quarantine", Some("device_id")),
    ("record_conflicts", Some("device_id")),
    ("record_owners", Some("device_id")),
    ("refused_taps", Some("device_id")),
    ("rider_days", Some("account_id")),
    ("sessions", Some("public_key")),
    ("shards", None),
    ("staff", None),
    ("staff_sessions", Some("session_hash")),
    ("unjudged_runs", Some("device_id")),
    ("used_challenges", Some("challenge_hash")),
    ("waiting_notes", Some("device_id")),
];

/// Citus asks that a distributed table's primary key and every unique index hold the column that
/// spreads it.
const UNIQUE_INDEXES: &str = "SELECT c.relname AS name, i.indisprimary AS is_primary, \
     array_agg(a.attname::text) AS columns FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey) \
     WHERE i.indisunique AND NOT c.relispartition AND c.relname <> '_sqlx_migrations' \
     GROUP BY c.relname, i.indexrelid, i.indisprimary";

#[tokio::test]
async fn citus_can_distribute_every_table() {
    let databases = Databases::new();
    let url = databases.0.create_database().unwrap();
    let store = Databases::open(&url).await;
    factory::play_in_order(&store).await;
    let raw = sqlx::PgPool::connect(&url).await.unwrap();
    let mut spread: BTreeMap<&str, Option<&str>> = SPREAD.into();
    let mut keys = 0;
    for row in sqlx::query(UNIQUE_INDEXES).fetch_all(&raw).await.unwrap() {
        let name: String = row.get("name");
        let columns: Vec<String> = row.get("columns");
        let by = spread
            .get(name.as_str())
            .unwrap_or_else(|| panic!("{name} is not listed"));
        if let Some(by) = by {
            assert!(
                columns.iter().any(|column| column == by),
                "{name}: {columns:?} lack {by}"
            );
        }
        keys += i32::from(row.get::<bool, _>("is_primary"));
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables t JOIN pg_class c ON c.relname = t.tablename \
         WHERE schemaname = 'public' AND NOT c.relispartition AND tablename <> '_sqlx_migrations'",
    )
    .fetch_all(&raw)
    .await
    .unwrap();
    assert_eq!(
        usize::try_from(keys).unwrap(),
        tables.len(),
        "each has a primary key"
    );
    for name in &tables {
        assert!(
            spread.remove(name.as_str()).is_some(),
            "{name} is not listed"
        );
    }
    assert!(spread.is_empty(), "no such table: {spread:?}");
    let foreign: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")
        .fetch_one(&raw)
        .await
        .unwrap();
    assert_eq!(
        foreign, 0,
        "no foreign key ties tables that are spread differently"
    );
    let partitions: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = 'rider_days'::regclass AND c.relkind = 'r' ORDER BY 1",
    )
    .fetch_all(&raw)
    .await
    .unwrap();
    // The morning lies on 7 and 8 January 2019: days 17903 and 17904 since 1970.
    assert_eq!(partitions, ["rider_days_17903", "rider_days_17904"]);
}
