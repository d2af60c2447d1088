//! Charging as the server runs it: turns, sweeps, and the routes that riders and providers ask.

mod routes;
mod turn;
mod worker;

use std::sync::Arc;

use provider::Providers;
use settlement::charging::{PayWindow, Terms};
use settlement::debt::deny::DebtPolicy;
use store::Store;
use tariff::City;
use tokio::sync::Notify;
use units::{ProviderId, ServiceDay, Span, Timestamp};

pub(crate) use routes::{Paying, routes};
pub use turn::{Turn, sweep, turn};
pub use worker::charge_forever;

/// On what terms a city collects, and through whom.
pub struct Charging {
    /// The city's providers.
    pub providers: Providers<Store>,
    /// Provider and window of riders who have not said how they pay; `None` = nothing is collected
    /// from them.
    pub unsaid: Option<(ProviderId, PayWindow)>,
    /// How long after a service day's end its charges are collected: so long late taps count.
    pub grace: Span,
    /// How far the city goes along with debt.
    pub policy: DebtPolicy,
    /// Wakes the worker before its time.
    pub bell: Notify,
}

/// Shared between the worker and the routes.
pub type SharedCharging = Arc<Charging>;

impl Charging {
    /// The terms at `now`: the last service day that has been over for the grace.
    #[must_use]
    pub fn terms(&self, city: &City, now: Timestamp) -> Terms {
        let running = city.service_day(now.minus(self.grace));
        Terms {
            closed: ServiceDay::from_days(running.as_days().saturating_sub(1)),
            unsaid: self.unsaid,
        }
    }
}
