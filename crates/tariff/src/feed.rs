//! A feed: the rows of all fare files of the GTFS Schedule reference (revised 27 April 2026),
//! typed and checked, with ids as small numbers. Fares are computed from this and nothing else.

mod cells;
mod files;
mod names;
mod places;
mod products;
mod rows;
mod rules;
mod services;
pub(crate) mod table;
mod text;
mod v1;

pub use files::{FeedFile, FeedFiles};
pub use names::{
    AgencyIx, AgencyName, AreaIx, AreaName, CategoryIx, CategoryName, FareIx, FareName, Ix,
    LegGroupIx, LegGroupName, MediumIx, MediumName, Names, NetworkIx, NetworkName, ProductIx,
    ProductName, RouteIx, RouteName, ServiceIx, ServiceName, StopIx, StopName, TimeframeIx,
    TimeframeName, ZoneIx, ZoneName,
};
pub use rows::{
    Agency, Area, FareAttribute, FareMedium, FareProduct, FareRule, LegJoinRule, LegRule,
    LimitType, Network, RiderCategory, RouteNetwork, RouteRow, Service, StopArea, StopKind,
    StopRow, Timeframe, TransferCount, TransferRule, TransferType, Weekly,
};
pub use table::{COLUMNS_MAX, FILE_BYTES_MAX, ID_BYTES_MAX, NAME_BYTES_MAX, ROWS_MAX};

use crate::LoadReport;

/// The texts of all ids of a feed.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    /// Defined by [`Feed::agencies`].
    pub agencies: Names<AgencyName>,
    /// Defined by [`Feed::stops`].
    pub stops: Names<StopName>,
    /// Defined by [`Feed::routes`].
    pub routes: Names<RouteName>,
    /// Defined by [`Feed::networks`].
    pub networks: Names<NetworkName>,
    /// Defined by [`Feed::areas`].
    pub areas: Names<AreaName>,
    /// Named by [`Feed::timeframes`].
    pub timeframes: Names<TimeframeName>,
    /// Defined by [`Feed::services`].
    pub services: Names<ServiceName>,
    /// Defined by [`Feed::media`].
    pub media: Names<MediumName>,
    /// Defined by [`Feed::categories`].
    pub categories: Names<CategoryName>,
    /// Named by [`Feed::products`].
    pub products: Names<ProductName>,
    /// Named by [`Feed::leg_rules`].
    pub leg_groups: Names<LegGroupName>,
    /// Named by [`Feed::stops`].
    pub zones: Names<ZoneName>,
    /// Defined by [`Feed::fare_attributes`].
    pub fares: Names<FareName>,
}

/// All rows that fares need.
///
/// Where a table is said to be *indexed* by an id, row `i` is that of the id with index `i`, and
/// ids that are only referred to (their file is absent) have no row.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    /// The texts of the ids.
    pub ids: Ids,
    /// Indexed by [`AgencyIx`].
    pub agencies: Vec<Agency>,
    /// Indexed by [`StopIx`].
    pub stops: Vec<StopRow>,
    /// Indexed by [`RouteIx`].
    pub routes: Vec<RouteRow>,
    /// Indexed by [`NetworkIx`].
    pub networks: Vec<Network>,
    /// `route_networks.txt`; for routes of `routes.txt` it is in [`RouteRow::network`] too.
    pub route_networks: Vec<RouteNetwork>,
    /// Indexed by [`AreaIx`].
    pub areas: Vec<Area>,
    /// `stop_areas.txt` as it is; [`Feed::areas_of`] knows what platforms inherit.
    pub stop_areas: Vec<StopArea>,
    /// Indexed by [`ServiceIx`].
    pub services: Vec<Service>,
    /// `timeframes.txt`.
    pub timeframes: Vec<Timeframe>,
    /// Indexed by [`MediumIx`].
    pub media: Vec<FareMedium>,
    /// Indexed by [`CategoryIx`].
    pub categories: Vec<RiderCategory>,
    /// `fare_products.txt`, in the order of the file.
    pub products: Vec<FareProduct>,
    /// `fare_leg_rules.txt`, in the order of the file.
    pub leg_rules: Vec<LegRule>,
    /// Whether `fare_leg_rules.txt` has the column `rule_priority`: empty cells are wildcards then.
    pub has_rule_priority: bool,
    /// `fare_leg_join_rules.txt`.
    pub join_rules: Vec<LegJoinRule>,
    /// `fare_transfer_rules.txt`.
    pub transfer_rules: Vec<TransferRule>,
    /// Indexed by [`FareIx`] (Fares v1).
    pub fare_attributes: Vec<FareAttribute>,
    /// `fare_rules.txt` (Fares v1).
    pub fare_rules: Vec<FareRule>,
    areas_of_stop: Vec<Vec<AreaIx>>,
    warnings: LoadReport,
}

impl Feed {
    /// Reads a feed.
    ///
    /// No file is required: what is not listed is in no area and no network.
    ///
    /// # Errors
    /// [`LoadReport`] with every defect of every file, when at least one is an error.
    pub fn read(files: &FeedFiles<'_>) -> Result<Self, LoadReport> {
        let mut report = LoadReport::new();
        let mut feed = Self::read_what_is_sound(files, &mut report);
        if !report.is_sound() {
            return Err(report);
        }
        feed.warnings = report;
        Ok(feed)
    }

    /// Reads as much of a feed as is sound; every defect goes to `report`.
    pub(crate) fn read_what_is_sound(files: &FeedFiles<'_>, report: &mut LoadReport) -> Self {
        let mut feed = Self::default();
        places::read(files, &mut feed, report);
        services::read(files, &mut feed, report);
        products::read(files, &mut feed, report);
        rules::read(files, &mut feed, report);
        v1::read(files, &mut feed, report);
        feed
    }

    /// What is against the reference and has one clear meaning all the same.
    #[must_use]
    pub const fn warnings(&self) -> &LoadReport {
        &self.warnings
    }

    /// The areas of a stop, ordered, those that a platform has from its station included
    /// (reference, `stop_areas.stop_id`).
    #[must_use]
    pub fn areas_of(&self, stop: StopIx) -> &[AreaIx] {
        self.areas_of_stop
            .get(stop.index())
            .map_or(&[], Vec::as_slice)
    }

    /// The network of a route; `None` where it is in none.
    #[must_use]
    pub fn network_of(&self, route: RouteIx) -> Option<NetworkIx> {
        self.routes.get(route.index())?.network
    }

    /// The row of a stop; `None` where `stops.txt` does not list it.
    #[must_use]
    pub fn stop(&self, stop: StopIx) -> Option<&StopRow> {
        self.stops.get(stop.index())
    }

    /// The IANA name of the feed's time zone: that of its agencies.
    #[must_use]
    pub fn time_zone(&self) -> Option<&str> {
        self.agencies
            .iter()
            .find_map(|row| row.time_zone.as_deref())
    }

    /// Whether Fares v2 prices this feed. Where it does, Fares v1 is not used (reference,
    /// `fare_attributes.txt`, "Versions").
    #[must_use]
    pub const fn is_v2(&self) -> bool {
        !self.leg_rules.is_empty()
    }
}
