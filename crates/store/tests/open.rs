//! Opening databases that are not there, not ours, of another version, guarded, behind TLS: each
//! failure says what to do and never a password.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test answers by failing"
)]

use std::error::Error as _;
use std::path::Path;

use services::{GUARDED_USER, Postgres};
use settlement::ports::SettlementStore as _;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use store::{Address, Store};

async fn open(url: &str) -> Result<Store, String> {
    Store::open(&Address::parse(url).unwrap())
        .await
        .map_err(|error| {
            let shown = format!("{error:?}");
            let mut told = error.to_string();
            let mut below = error.source();
            while let Some(error) = below {
                told = format!("{told}: {error}");
                below = error.source();
            }
            assert!(
                !told.contains("hush") && !shown.contains("hush"),
                "{told} {shown}"
            );
            told
        })
}

async fn refused(url: &str, expected: &str) {
    match open(url).await {
        Ok(_) => panic!("{url} was opened"),
        Err(told) => assert!(told.contains(expected), "{told:?} lacks {expected:?}"),
    }
}

async fn on_postgres(url: &str, statement: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(statement)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

async fn on_sqlite(path: &Path, statement: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let options = options.create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(statement)
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

const LATER_STEP: &str = "INSERT INTO _sqlx_migrations \
    (version, description, success, checksum, execution_time) VALUES (9999, 'later', true, '', 0)";

#[tokio::test(flavor = "multi_thread")]
async fn postgres_says_what_is_wrong_and_no_password() {
    let server = Postgres::start().unwrap();
    let url = server.create_database().unwrap();
    let store = open(&url).await.unwrap();
    assert_eq!(store.counts().await.unwrap().journeys, 0);
    store.close().await;
    // Again, with its tables there.
    open(&url).await.unwrap().close().await;

    let place = url.strip_prefix("postgres://faregate@").unwrap();
    on_postgres(&url, "CREATE USER guarded PASSWORD 'right'").await;
    assert_eq!(GUARDED_USER, "guarded");
    refused(
        &format!("postgres://guarded:hush@{place}"),
        "does not let this user in",
    )
    .await;
    refused(&server.url("nowhere"), "no such database").await;
    refused(
        &format!("{url}?sslmode=require"),
        "no TLS that can be trusted",
    )
    .await;

    on_postgres(&url, LATER_STEP).await;
    refused(&url, "newer version (step 9999)").await;
    let other = server.create_database().unwrap();
    on_postgres(&other, "CREATE TABLE customers (id int)").await;
    refused(&other, "not Faregate's").await;
    // Another program's that keeps its record of steps under the same name.
    let other = server.create_database().unwrap();
    let steps = "CREATE TABLE _sqlx_migrations (version bigint, checksum bytea); \
        INSERT INTO _sqlx_migrations VALUES (1, ''), (20190107080000, '')";
    on_postgres(&other, steps).await;
    refused(&other, "not Faregate's").await;

    server.stop_fast();
    refused(
        &format!("postgres://anna:hush@{place}"),
        "no PostgreSQL answers",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let at = |name: &str| path(name).display().to_string();
    open(&at("books.db")).await.unwrap().close().await;
    open(&at("books.db")).await.unwrap().close().await;
    on_sqlite(&path("books.db"), LATER_STEP).await;
    refused(&at("books.db"), "newer version (step 9999)").await;
    on_sqlite(&path("other.db"), "CREATE TABLE customers (id int)").await;
    refused(&at("other.db"), "not Faregate's").await;
    std::fs::write(path("text.db"), "a text, and a long one: ".repeat(100)).unwrap();
    refused(&at("text.db"), "cannot be opened").await;
    refused(&at("no/folder.db"), "cannot be opened").await;
}

/// An authority, and a certificate of it for 127.0.0.1 with its key, all PEM.
fn certificates() -> (String, String, String) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = rcgen::CertifiedIssuer::self_signed(params, key).unwrap();
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    (authority.pem(), certificate.pem(), key.serialize_pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_must_prove_its_name_before_it_is_told_anything() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, certificate, key) = certificates();
    let (wrong, _, _) = certificates();
    std::fs::write(folder.path().join("ca.pem"), authority).unwrap();
    std::fs::write(folder.path().join("wrong.pem"), wrong).unwrap();
    let ca = |name: &str| folder.path().join(name).display().to_string();
    // It speaks with nobody in the clear: what opens there is encrypted.
    let server = Postgres::start_with_tls(&certificate, &key).unwrap();
    let url = server.url("postgres");
    let right = format!("{url}?sslmode=verify-full&sslrootcert={}", ca("ca.pem"));
    let store = open(&right).await.unwrap();
    assert_eq!(store.counts().await.unwrap().journeys, 0);
    store.close().await;

    let wrong = format!("{url}?sslmode=verify-full&sslrootcert={}", ca("wrong.pem"));
    refused(&wrong, "no TLS that can be trusted").await;
    let public = format!("{url}?sslmode=verify-full");
    refused(&public, "no TLS that can be trusted").await;
    let by_another_name = right.replace("127.0.0.1", "localhost");
    refused(&by_another_name, "no TLS that can be trusted").await;
    refused(
        &format!("{url}?sslmode=disable"),
        "does not let this user in",
    )
    .await;
}
