//! What an operator's page asks of the books: days, exceptions, gaps, charges. Read only.

use std::future::Future;

use units::{AccountId, Currency, DeviceId, ServiceDay};

use crate::model::StoredCharge;
use crate::ports::StoreError;

/// Pages of the books, each in a fixed order that goes on after the last item of the page before.
pub trait OperatorStore: Send + Sync {
    /// Up to `limit` service days before `before`, the newest first.
    fn days(
        &self,
        before: Option<ServiceDay>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<DaySummary>, StoreError>> + Send;

    /// Up to `limit` accounts after `after` that have a journey of `day` without a fare or without
    /// an end, in order of account.
    fn exceptions(
        &self,
        day: ServiceDay,
        after: Option<AccountId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AccountId>, StoreError>> + Send;

    /// Up to `limit` gaps in devices' records, in order of device and epoch.
    fn gaps(&self, limit: u32) -> impl Future<Output = Result<Vec<Gap>, StoreError>> + Send;

    /// Up to `limit` charges after `after`, in order of (day, account, revision).
    fn charges(
        &self,
        filter: &ChargeFilter,
        after: Option<ChargeKey>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<StoredCharge>, StoreError>> + Send;
}

/// What a service day has come to so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySummary {
    /// The day.
    pub day: ServiceDay,
    /// The city's currency.
    pub currency: Currency,
    /// Accounts that travelled.
    pub riders: u64,
    /// Taps that were settled.
    pub taps: u64,
    /// Journeys.
    pub journeys: u64,
    /// Journeys that lack an end.
    pub incomplete: u64,
    /// Journeys that no fare applies to.
    pub unpriced: u64,
    /// Net fares, minor units.
    pub fares_minor: i64,
    /// Net charges, minor units.
    pub charged_minor: i64,
    /// What of the approved refunds is credited, minor units.
    pub credited_minor: i64,
    /// Accounts whose day is not closed.
    pub open: u64,
}

/// Records of a device that have not come though later ones have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The device.
    pub device: DeviceId,
    /// Its epoch.
    pub epoch: u32,
    /// The first record that is missing.
    pub first_missing: u64,
    /// The first that is here beyond it.
    pub stored_beyond: u64,
}

/// Which charges to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChargeFilter {
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only of this day.
    pub day: Option<ServiceDay>,
}

/// Where a charge stands in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargeKey {
    /// Its day.
    pub day: ServiceDay,
    /// Its account.
    pub account: AccountId,
    /// Its revision.
    pub revision: u32,
}

impl ChargeKey {
    /// The place of `charge`.
    #[must_use]
    pub const fn of(charge: &StoredCharge) -> Self {
        Self {
            day: charge.day,
            account: charge.account,
            revision: charge.revision,
        }
    }
}
