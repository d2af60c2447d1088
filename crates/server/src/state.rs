//! What every route shares.

use std::sync::Arc;

use issuer::Issuer;
use store::Store;
use tariff::City;
use units::Timestamp;

/// Where routes get the time from: the machine's clock, or one that a test or demo moves.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where routes get randomness from: it fills what it is given.
pub type Rng = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// The city that a server serves, its books and its issuer. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The books.
    pub store: Store,
    /// Fares, stops and time zone.
    pub city: Arc<City>,
    /// Signs credentials and tickets.
    pub issuer: Arc<Issuer<Store>>,
    /// What time it is.
    pub clock: Clock,
    /// Randomness.
    pub rng: Rng,
}

impl AppState {
    /// The instant at which a request is handled.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
