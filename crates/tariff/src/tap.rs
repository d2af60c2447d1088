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
}
