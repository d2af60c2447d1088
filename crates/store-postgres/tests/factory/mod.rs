//! Fresh databases on a real server for the contract suite, and the morning played on one.

use std::sync::Arc;

use issuer::{CodeKind, IssuanceRecord, IssuanceStore as _, MessageHash};
use services::Postgres;
use settlement::dump;
use settlement::ports::Issued;
use settlement::testing::contract::Factory;
use settlement::testing::shuffle::Morning;
use settlement::testing::world::{self, minutes};
use store_postgres::{Location, PostgresStore};
use units::{CredentialId, KeyId};
use wire::{Entitlement, PartySize, ProductCode, RiderCategory};

/// Databases of one server, which ends with the last of its users.
pub(crate) struct Databases(pub(crate) Arc<Postgres>);

impl Databases {
    pub(crate) fn new() -> Self {
        Self(Postgres::shared().unwrap())
    }

    pub(crate) async fn open(url: &str) -> PostgresStore {
        PostgresStore::open(&Location::parse(url).unwrap())
            .await
            .unwrap()
    }
}

impl Factory for Databases {
    type Store = PostgresStore;

    async fn fresh(&self) -> PostgresStore {
        Self::open(&self.0.create_database().unwrap()).await
    }

    async fn issue(&self, store: &PostgresStore, credential: CredentialId, issued: Issued) {
        issue(store, credential, issued).await;
    }
}

/// Writes what the issuer writes before it signs.
pub(crate) async fn issue(store: &PostgresStore, credential: CredentialId, issued: Issued) {
    let record = IssuanceRecord {
        id: credential,
        account: issued.account,
        kid: KeyId::from_bytes([1; 4]),
        kind: CodeKind::Credential,
        entitlement: Entitlement {
            category: RiderCategory::from_code(0),
            party: PartySize::ONE,
            product: ProductCode::from_number(1),
        },
        message: MessageHash::from_bytes(issued.message),
        starts_at: minutes(0),
        expires_at: minutes(60),
        recorded_at: minutes(0),
    };
    store.record(&record).await.unwrap();
}

/// Plays the morning in order and gives its dump.
pub(crate) async fn play_in_order(store: &PostgresStore) -> String {
    let morning = Morning::new();
    for (credential, issued) in morning.issued() {
        issue(store, credential, issued).await;
    }
    morning.prepare(store).await;
    for delivery in morning.in_order() {
        morning.deliver(store, &world::city(), delivery).await;
    }
    dump::canonical(store).await.unwrap()
}
