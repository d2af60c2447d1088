//! Taps as rating sees them: verified, and of one rider.

use units::{RouteId, StopId, TapId, Timestamp};

/// Whether a rider got on or off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TapKind {
    /// Into the paid area or onto the vehicle.
    On,
    /// Out of the paid area or off the vehicle.
    Off,
}

/// One tap of one rider. The order of taps is that of their fields: time first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tap {
    /// When, by the clock of the gate, in UTC.
    pub at: Timestamp,
    /// On or off.
    pub kind: TapKind,
    /// Unique in the city; taps with one id are one tap.
    pub id: TapId,
    /// Where (`stops.stop_id`).
    pub stop: StopId,
    /// On which route (`routes.route_id`): given by gates on vehicles, not by those in stations.
    pub route: Option<RouteId>,
    /// Who travels on the code that was shown.
    pub holder: Holder,
}

/// Who travels on a code: what its entitlement says, and which of the rider's devices showed it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Holder {
    /// Rider category by number: 0 is the default, n the n-th row of `rider_categories.txt`.
    pub category: u8,
    /// How many travel with the holder on the same code.
    pub companions: u8,
    /// The product's number: a pass of `fare_passes.txt` with this `product_number`; else nothing.
    pub product: u16,
    /// The device or card; `None` where taps do not say, which counts as one device.
    pub medium: Option<Medium>,
}

/// One of a rider's devices or cards: sixteen bytes that stay the same for its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Medium([u8; 16]);

impl Medium {
    /// The medium that these bytes name.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}
