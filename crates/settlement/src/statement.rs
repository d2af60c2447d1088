//! A rider's statement: what one account sees of one day.

use ledger::LedgerAccount;
use tariff::TapKind;
use units::{AccountId, Balance, Currency, RouteId, ServiceDay, StopId, TapId, Timestamp};

use crate::model::{StoredCharge, StoredJourney, TapFlag};
use crate::ports::{SettlementStore, StoreError};

/// One account's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub account: AccountId,
    /// Which day.
    pub day: ServiceDay,
    /// Its taps, permitted and refused, ordered by time and id.
    pub taps: Vec<StatementTap>,
    /// Its journeys with their explanation, ordered by start.
    pub journeys: Vec<StoredJourney>,
    /// Its charges, ordered by revision.
    pub charges: Vec<StoredCharge>,
    /// The account's balance over all days: below zero the rider owes.
    pub balance: Balance,
}

/// A tap as its rider sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementTap {
    /// The tap.
    pub id: TapId,
    /// When, by the gate's clock.
    pub at: Timestamp,
    /// On or off.
    pub kind: TapKind,
    /// Where.
    pub stop: StopId,
    /// On which route, where the gate says.
    pub route: Option<RouteId>,
    /// 0 = permitted, else the refusal's code (crate `validator`).
    pub decision: u16,
    /// Why a permitted tap is not priced.
    pub flag: Option<TapFlag>,
}

/// The statement of `account` for `day`; an unknown account has an empty one. The balance is the
/// one in `currency`.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn of_day<S: SettlementStore>(
    store: &S,
    account: AccountId,
    day: ServiceDay,
    currency: Currency,
) -> Result<Statement, StoreError> {
    let record = store.day_record(account, day).await?;
    let flag_of = |id: &TapId| {
        let found = record.flags.iter().find(|flag| flag.0 == *id);
        found.map(|flag| flag.1)
    };
    let permitted = record.taps.iter().map(|stored| StatementTap {
        id: stored.tap.id,
        at: stored.tap.at,
        kind: stored.tap.kind,
        stop: stored.tap.stop,
        route: stored.tap.route,
        decision: 0,
        flag: flag_of(&stored.tap.id),
    });
    let refused = record.refused.iter().map(|refused| StatementTap {
        id: refused.id,
        at: refused.at,
        kind: refused.kind,
        stop: refused.stop,
        route: refused.route,
        decision: refused.decision,
        flag: None,
    });
    let mut taps: Vec<StatementTap> = permitted.chain(refused).collect();
    taps.sort_by_key(|tap| (tap.at, tap.id));
    let balance = record
        .balances
        .iter()
        .find(|row| {
            row.account == LedgerAccount::Rider(account) && row.balance.currency() == currency
        })
        .map_or(Balance::zero(currency), |row| row.balance);
    Ok(Statement {
        account,
        day,
        taps,
        journeys: record.journeys,
        charges: record.charges,
        balance,
    })
}
