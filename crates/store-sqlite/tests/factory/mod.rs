//! Fresh databases for the contract suite, and the morning played on one.

use std::cell::Cell;

use issuer::{CodeKind, IssuanceRecord, IssuanceStore as _, MessageHash};
use settlement::dump;
use settlement::ports::Issued;
use settlement::testing::contract::Factory;
use settlement::testing::shuffle::Morning;
use settlement::testing::world::{self, minutes};
use store_sqlite::{Location, SqliteStore};
use tempfile::TempDir;
use units::{CredentialId, KeyId};
use wire::{Entitlement, PartySize, ProductCode, RiderCategory};

/// Databases in files of one folder, gone with it.
pub(crate) struct Files {
    folder: TempDir,
    made: Cell<u32>,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            made: Cell::new(0),
        }
    }

    pub(crate) fn next_location(&self) -> Location {
        self.made.set(self.made.get() + 1);
        let name = format!("{}.db", self.made.get());
        Location::File(self.folder.path().join(name))
    }
}

impl Factory for Files {
    type Store = SqliteStore;

    async fn fresh(&self) -> SqliteStore {
        SqliteStore::open(&self.next_location()).await.unwrap()
    }

    async fn issue(&self, store: &SqliteStore, credential: CredentialId, issued: Issued) {
        issue(store, credential, issued).await;
    }
}

/// Writes what the issuer writes before it signs.
pub(crate) async fn issue(store: &SqliteStore, credential: CredentialId, issued: Issued) {
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
pub(crate) async fn play_in_order(store: &SqliteStore) -> String {
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
