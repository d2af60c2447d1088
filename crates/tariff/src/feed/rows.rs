//! One row of each file, typed. `row` is the line in the file; the header is line 1.

use units::{Amount, Balance, ServiceDay};

use super::names::{
    AgencyIx, AreaIx, CategoryIx, FareIx, LegGroupIx, MediumIx, NetworkIx, ProductIx, RouteIx,
    ServiceIx, StopIx, TimeframeIx, ZoneIx,
};

/// A row of `agency.txt`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agency {
    /// Line.
    pub row: u32,
    /// `agency_name`.
    pub name: Box<str>,
    /// `agency_timezone`, an IANA name that the tz database knows.
    pub time_zone: Option<Box<str>>,
}

/// `stops.location_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StopKind {
    /// 0 or empty: a stop, or a platform of a station.
    Stop,
    /// 1.
    Station,
    /// 2.
    Entrance,
    /// 3.
    Node,
    /// 4: a part of a platform.
    BoardingArea,
}

/// A row of `stops.txt`.
#[derive(Clone, PartialEq, Debug)]
pub struct StopRow {
    /// Line.
    pub row: u32,
    /// `stop_name`, may be empty.
    pub name: Box<str>,
    /// `location_type`.
    pub kind: StopKind,
    /// `parent_station`.
    pub parent: Option<StopIx>,
    /// `zone_id`.
    pub zone: Option<ZoneIx>,
    /// `stop_timezone`, an IANA name that the tz database knows.
    pub time_zone: Option<Box<str>>,
    /// `stop_lat` and `stop_lon`, WGS 84 degrees.
    pub place: Option<(f64, f64)>,
}

/// A row of `routes.txt`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteRow {
    /// Line.
    pub row: u32,
    /// `route_short_name`, or `route_long_name` where that is empty.
    pub name: Box<str>,
    /// `agency_id`, or the only agency where it is empty.
    pub agency: Option<AgencyIx>,
    /// `network_id`, or that of `route_networks.txt`.
    pub network: Option<NetworkIx>,
}

/// A row of `networks.txt`, or the first row of `routes.txt` that names the network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    /// Line.
    pub row: u32,
    /// `network_name`, may be empty.
    pub name: Box<str>,
}

/// A row of `route_networks.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RouteNetwork {
    /// Line.
    pub row: u32,
    /// `network_id`.
    pub network: NetworkIx,
    /// `route_id`.
    pub route: RouteIx,
}

/// A row of `areas.txt`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Area {
    /// Line.
    pub row: u32,
    /// `area_name`, may be empty.
    pub name: Box<str>,
}

/// A row of `stop_areas.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StopArea {
    /// Line.
    pub row: u32,
    /// `area_id`.
    pub area: AreaIx,
    /// `stop_id`.
    pub stop: StopIx,
}

/// The week of a row of `calendar.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weekly {
    /// Line.
    pub row: u32,
    /// Monday to Sunday.
    pub days: [bool; 7],
    /// `start_date`.
    pub start: ServiceDay,
    /// `end_date`, itself included.
    pub end: ServiceDay,
}

/// The days of a `service_id`, from `calendar.txt` and `calendar_dates.txt`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Service {
    /// From `calendar.txt`.
    pub weekly: Option<Weekly>,
    /// From `calendar_dates.txt`, ordered: true where service was added, false where removed.
    pub dates: Vec<(ServiceDay, bool)>,
}

impl Service {
    /// Whether the service runs on this date: what `calendar_dates.txt` says of it, else what the
    /// week of `calendar.txt` says (reference, section `calendar_dates.txt`).
    #[must_use]
    pub fn runs_on(&self, day: ServiceDay) -> bool {
        if let Ok(place) = self.dates.binary_search_by_key(&day, |(date, _)| *date) {
            return self.dates.get(place).is_some_and(|(_, added)| *added);
        }
        self.weekly.is_some_and(|week| {
            // Day 0 is 1970-01-01, a Thursday.
            let weekday = day.as_days().wrapping_add(3).rem_euclid(7);
            let runs = usize::try_from(weekday).ok().and_then(|n| week.days.get(n));
            week.start <= day && day <= week.end && runs == Some(&true)
        })
    }
}

/// A row of `timeframes.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeframe {
    /// Line.
    pub row: u32,
    /// `timeframe_group_id`.
    pub group: TimeframeIx,
    /// `start_time`, seconds of the wall clock since 00:00:00; empty is 0.
    pub start_s: u32,
    /// `end_time`, seconds, not itself included; empty is 86,400.
    pub end_s: u32,
    /// `service_id`.
    pub service: ServiceIx,
}

/// A row of `fare_media.txt`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FareMedium {
    /// Line.
    pub row: u32,
    /// `fare_media_name`, may be empty.
    pub name: Box<str>,
    /// `fare_media_type`, 0 to 4; `None` where it is none of these.
    pub kind: Option<u8>,
}

/// A row of `rider_categories.txt`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RiderCategory {
    /// Line.
    pub row: u32,
    /// `rider_category_name`.
    pub name: Box<str>,
    /// `is_default_fare_category`.
    pub is_default: bool,
}

/// A row of `fare_products.txt`; several rows may price one product.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FareProduct {
    /// Line.
    pub row: u32,
    /// `fare_product_id`.
    pub product: ProductIx,
    /// `fare_product_name`, may be empty.
    pub name: Box<str>,
    /// `rider_category_id`; `None`: riders of any category.
    pub category: Option<CategoryIx>,
    /// `fare_media_id`; `None`: any or unknown medium.
    pub medium: Option<MediumIx>,
    /// `amount` and `currency`; negative is a discount of a transfer.
    pub amount: Balance,
}

/// A row of `fare_leg_rules.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LegRule {
    /// Line.
    pub row: u32,
    /// `leg_group_id`.
    pub leg_group: Option<LegGroupIx>,
    /// `network_id`.
    pub network: Option<NetworkIx>,
    /// `from_area_id`.
    pub from_area: Option<AreaIx>,
    /// `to_area_id`.
    pub to_area: Option<AreaIx>,
    /// `from_timeframe_group_id`.
    pub from_timeframe: Option<TimeframeIx>,
    /// `to_timeframe_group_id`.
    pub to_timeframe: Option<TimeframeIx>,
    /// `fare_product_id`.
    pub product: ProductIx,
    /// `rule_priority`; empty is 0.
    pub priority: u32,
}

/// A row of `fare_leg_join_rules.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LegJoinRule {
    /// Line.
    pub row: u32,
    /// `from_network_id`.
    pub from_network: Option<NetworkIx>,
    /// `to_network_id`.
    pub to_network: Option<NetworkIx>,
    /// `from_stop_id`.
    pub from_stop: Option<StopIx>,
    /// `to_stop_id`.
    pub to_stop: Option<StopIx>,
}

/// `fare_transfer_rules.transfer_count`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TransferCount {
    /// 1 or more.
    UpTo(u32),
    /// -1.
    Unlimited,
}

/// `fare_transfer_rules.duration_limit_type`: which two fare validations the time is between.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LimitType {
    /// 0: departure of the first leg to arrival of the last.
    DepartureToArrival,
    /// 1: departure of the first leg to departure of the last.
    DepartureToDeparture,
    /// 2: arrival of the first leg to departure of the last.
    ArrivalToDeparture,
    /// 3: arrival of the first leg to arrival of the last.
    ArrivalToArrival,
}

/// `fare_transfer_rules.fare_transfer_type`: what a transfer from A to B costs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TransferType {
    /// 0: A + AB.
    FromPlusTransfer,
    /// 1: A + AB + B.
    FromPlusTransferPlusTo,
    /// 2: AB.
    TransferOnly,
}

/// A row of `fare_transfer_rules.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransferRule {
    /// Line.
    pub row: u32,
    /// `from_leg_group_id`.
    pub from_leg_group: Option<LegGroupIx>,
    /// `to_leg_group_id`.
    pub to_leg_group: Option<LegGroupIx>,
    /// `transfer_count`; only where both leg groups are the same: elsewhere it is forbidden, told
    /// by a warning, and `None`.
    pub transfer_count: Option<TransferCount>,
    /// `duration_limit`, seconds, and `duration_limit_type`.
    pub limit: Option<(u32, LimitType)>,
    /// `fare_transfer_type`.
    pub transfer_type: TransferType,
    /// `fare_product_id`; `None`: the transfer itself costs 0.
    pub product: Option<ProductIx>,
}

/// A row of `fare_attributes.txt` (Fares v1); its index is [`FareIx`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FareAttribute {
    /// Line.
    pub row: u32,
    /// `price` and `currency_type`.
    pub price: Amount,
    /// `payment_method`: true is 1, before boarding.
    pub before_boarding: bool,
    /// `transfers`; `None`: any number.
    pub transfers: Option<u32>,
    /// `agency_id`.
    pub agency: Option<AgencyIx>,
    /// `transfer_duration`, seconds.
    pub transfer_duration_s: Option<u32>,
}

/// A row of `fare_rules.txt` (Fares v1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FareRule {
    /// Line.
    pub row: u32,
    /// `fare_id`.
    pub fare: FareIx,
    /// `route_id`.
    pub route: Option<RouteIx>,
    /// `origin_id`.
    pub origin: Option<ZoneIx>,
    /// `destination_id`.
    pub destination: Option<ZoneIx>,
    /// `contains_id`.
    pub contains: Option<ZoneIx>,
}
