//! The contract of a settlement store, case by case. Every adapter runs [`check_all`] in its tests.
//!
//! The cases drive the use cases over the store, not the bare port: what has to hold is what riders
//! and operators see. Expected fares are those of the tariff's test city: north–centre 3.00, bus
//! 2.00, a journey with a missing tap 9.00.

#![expect(
    clippy::unwrap_used,
    reason = "a suite of tests: failing is its way to answer"
)]

mod charging;
mod codes;
mod corrections;
mod faults;
mod files;
mod idempotency;
mod judging;
mod laws;
mod notes;
mod operator;
mod parties;
mod payments;
mod uploads;
mod windows;
mod write_offs;

use std::future::Future;

use tariff::City;
use units::CredentialId;
use wire::PartySize;

use super::world::{self, Device, Issuer, Phone};
use crate::charging::{InvoiceBook, PaymentStore, PrepaidBook};
use crate::corrections::CorrectionStore;
use crate::debt::list::DebtList;
use crate::idempotency::AnswerStore;
use crate::ingest::batch::{self, BatchError, SignedBatch};
use crate::ingest::judge::{self, OneCore};
use crate::operator::OperatorStore;
use crate::ports::{BatchReceipt, IssuanceLog, Issued, SettlementStore};
use crate::staff::StaffStore;
use crate::{charge, dump, recompute, settle, verify_ledger};

/// Makes stores for the suite.
pub trait Factory {
    /// The store under test.
    type Store: SettlementStore
        + IssuanceLog
        + CorrectionStore
        + OperatorStore
        + StaffStore
        + PaymentStore
        + PrepaidBook
        + InvoiceBook
        + DebtList
        + AnswerStore;

    /// An empty store that shares nothing with any other.
    fn fresh(&self) -> impl Future<Output = Self::Store>;

    /// Makes the issuance log of `store` say what was issued under `credential`.
    fn issue(
        &self,
        store: &Self::Store,
        credential: CredentialId,
        issued: Issued,
    ) -> impl Future<Output = ()>;
}

/// Runs every case.
///
/// # Panics
/// When a case fails; the message says which.
pub async fn check_all<F: Factory>(factory: &F) {
    // Boxed: together the cases would make a future too large for the stack.
    Box::pin(uploads::check(factory)).await;
    Box::pin(judging::check(factory)).await;
    Box::pin(codes::check(factory)).await;
    Box::pin(notes::check(factory)).await;
    Box::pin(parties::check(factory)).await;
    Box::pin(charging::check(factory)).await;
    Box::pin(faults::check(factory)).await;
    Box::pin(corrections::check(factory)).await;
    Box::pin(operator::check(factory)).await;
    Box::pin(files::check(factory)).await;
    Box::pin(idempotency::check(factory)).await;
    Box::pin(laws::check(factory)).await;
    Box::pin(windows::check(factory)).await;
}

pub use corrections::approvals_in_every_order;
/// Runs every case about payments, the books and the debt list.
///
/// # Panics
/// When a case fails; the message says which.
pub async fn check_payments<F: Factory>(factory: &F) {
    Box::pin(payments::check(factory)).await;
    Box::pin(write_offs::check(factory)).await;
}

pub use laws::dump_of_dealt_morning;
pub use windows::dump_of_dealt_weeks;

/// A store with an issuer, some phones and two gates at NORTH and CENTRE.
struct Bench<'f, F: Factory> {
    factory: &'f F,
    store: F::Store,
    city: City,
    issuer: Issuer,
    north: Device,
    centre: Device,
}

impl<'f, F: Factory> Bench<'f, F> {
    async fn new(factory: &'f F) -> Self {
        Self::in_city(factory, world::city()).await
    }

    async fn in_city(factory: &'f F, city: City) -> Self {
        let bench = Self {
            factory,
            store: factory.fresh().await,
            city,
            issuer: Issuer::new(1),
            north: Device::new(1, tariff::testing::NORTH, None),
            centre: Device::new(2, tariff::testing::CENTRE, None),
        };
        for device in [&bench.north, &bench.centre] {
            let gate = device.registration();
            bench.store.register_gate(&gate).await.unwrap();
        }
        bench
    }

    /// Phone `number`, in the issuance log.
    async fn phone(&self, number: u8) -> Phone {
        self.phone_of_party(number, PartySize::ONE).await
    }

    /// The same, for a party.
    async fn phone_of_party(&self, number: u8, party: PartySize) -> Phone {
        let phone = self.issuer.phone_of_party(number, party);
        let (credential, issued) = (phone.credential, phone.issued);
        self.factory.issue(&self.store, credential, issued).await;
        phone
    }

    async fn try_upload(&self, batch: SignedBatch) -> Result<BatchReceipt, BatchError> {
        batch::store(&self.store, batch, world::minutes(2_000)).await
    }

    /// Uploads a batch and has its records judged.
    async fn upload(&self, batch: SignedBatch) -> BatchReceipt {
        let receipt = self.try_upload(batch).await.unwrap();
        self.judge().await;
        receipt
    }

    /// Judges whatever waits; answers how many records did.
    async fn judge(&self) -> u64 {
        let keys = self.issuer.keys();
        let judged = judge::all(&self.store, &self.city, &keys, &OneCore);
        judged.await.unwrap()
    }

    /// Judges about `limit` records.
    async fn judge_some(&self, limit: u32) -> u32 {
        let keys = self.issuer.keys();
        let judged = judge::step(&self.store, &self.city, &keys, &OneCore, limit);
        judged.await.unwrap()
    }

    /// Uploads both journals whole.
    async fn upload_all(&self) {
        for device in [&self.north, &self.centre] {
            if !device.is_empty() {
                self.upload(device.all()).await;
            }
        }
    }

    async fn settle(&self) {
        let now = world::minutes(2_000);
        settle::all(&self.store, &self.city, now).await.unwrap();
    }

    /// Closes the day for everybody.
    async fn close(&self) -> u64 {
        let scope = charge::day(world::day());
        let now = world::minutes(2_100);
        charge::close(&self.store, &self.city, &scope, now)
            .await
            .unwrap()
    }

    async fn counts(&self) -> crate::ports::Counts {
        self.store.counts().await.unwrap()
    }

    async fn dump(&self) -> String {
        dump::canonical(&self.store).await.unwrap()
    }

    /// The laws that hold at rest: ledger sound, recomputing equal.
    async fn check_laws(&self, case: &str) {
        check_laws(&self.store, &self.city, case).await;
    }
}

async fn check_laws<S: SettlementStore>(store: &S, city: &City, case: &str) {
    let ledger = verify_ledger::verify(store).await.unwrap();
    assert!(ledger.is_sound(), "{case}: {ledger:#?}");
    let recomputed = recompute::compare(store, city).await.unwrap();
    assert!(recomputed.is_equal(), "{case}: {recomputed:#?}");
}
