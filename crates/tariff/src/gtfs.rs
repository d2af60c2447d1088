//! The tables of `gtfs/` that fares need, after the GTFS Schedule reference
//! (<https://gtfs.org/documentation/schedule/reference/>).

pub(crate) mod fares;
pub(crate) mod places;
pub(crate) mod table;

use units::{NetworkId, RouteId, StopId};

/// A stop, platform or station where taps happen (`stops.txt`, `location_type` 0 or 1).
#[derive(Clone, PartialEq, Debug)]
pub struct Stop {
    /// `stop_id`.
    pub id: StopId,
    /// `stop_name`.
    pub name: String,
    /// `stop_lat`, WGS 84 degrees.
    pub lat_degrees: f64,
    /// `stop_lon`, WGS 84 degrees.
    pub lon_degrees: f64,
}

/// A route (`routes.txt`) and its network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// `route_id`.
    pub id: RouteId,
    /// `route_short_name`, or the long name where that is empty.
    pub name: String,
    /// From `route_networks.txt` or `routes.network_id`.
    pub network: Option<NetworkId>,
}
