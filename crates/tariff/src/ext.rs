//! What transit needs and GTFS has no file for: extension files beside those of the feed.
//!
//! Each file is CSV with a header like the feed's own, and its defects are told in the same way.
//! `docs/FARES.md` documents names, columns and the order in which the rules are applied.

pub(crate) mod apportionment;
pub(crate) mod caps;
pub(crate) mod cells;
pub(crate) mod distance;
pub(crate) mod events;
pub(crate) mod money;
pub(crate) mod od;
pub(crate) mod passes;
pub(crate) mod period;
pub(crate) mod scope;
pub(crate) mod tickets;
pub(crate) mod tiers;
pub(crate) mod timeframes;
mod ways;
pub(crate) mod windows;

use std::collections::{BTreeMap, BTreeSet};

use units::{AreaId, Currency, NetworkId, ProductId, StopId, TextId};

pub use apportionment::{Apportionment, Carried, ShareBy, ShareRule};
pub use caps::{Cap, CapRow};
pub use distance::{Band, Distances};
pub use events::{Concession, Disruption, Event, Evidence, Group};
pub use od::OdMatrix;
pub use passes::{Pass, PassKind};
pub use period::Period;
pub use scope::{Ride, Scope};
pub use tickets::ZoneTicket;
pub use tiers::{Tier, TierStep};
pub use windows::TransferWindow;

use crate::city::places::Places;
use crate::fares::{Fares, Rider};
use crate::feed::Feed;
use crate::rate::gtfs;
use crate::{CityFiles, LoadReport};
use timeframes::Timeframes;

/// Every extension file of a city, compiled; all empty where the city has none.
#[derive(Clone, Debug, Default)]
pub struct Extensions {
    /// `fare_caps.txt`.
    pub caps: Vec<Cap>,
    /// `fare_tiers.txt`.
    pub tiers: Vec<Tier>,
    /// `fare_passes.txt`.
    pub passes: Vec<Pass>,
    /// `fare_windows.txt`.
    pub windows: Vec<TransferWindow>,
    /// `fare_zone_tickets.txt`.
    pub tickets: Vec<ZoneTicket>,
    /// `track_links.txt` and `fare_distance_bands.txt`.
    pub distances: Distances,
    /// `fare_od_matrix.csv` and `fare_od_classes.txt`.
    pub matrix: OdMatrix,
    /// `fare_concessions.txt`.
    pub concessions: Vec<Concession>,
    /// `fare_groups.txt`.
    pub groups: Vec<Group>,
    /// `journey_events.txt`.
    pub events: Vec<Event>,
    /// `disruptions.txt`.
    pub disruptions: Vec<Disruption>,
    /// `apportionment_rules.txt`, `apportionment_shares.txt` and `apportionment_links.txt`.
    pub apportionment: Apportionment,
}

/// The extensions of a city with what they need to know of its feed.
#[derive(Clone, Debug)]
pub(crate) struct CityRules {
    pub(crate) rules: Extensions,
    areas_of_stop: BTreeMap<StopId, Vec<AreaId>>,
    categories: Vec<TextId>,
    default_category: Option<TextId>,
    stations: BTreeMap<StopId, StopId>,
    pub(crate) fares: Fares,
    riders: BTreeMap<Option<TextId>, Rider>,
    pub(crate) timeframes: Timeframes,
    pub(crate) asks_time: bool,
    pub(crate) asks_areas: bool,
    /// Whether what one leg of a day costs depends on the others.
    pub(crate) asks_itinerary: bool,
}

/// What the feed defines and extension files may name.
pub(crate) struct Known<'a> {
    /// The folder of the files, with `/`.
    pub(crate) folder: &'a str,
    pub(crate) currency: Option<Currency>,
    pub(crate) stops: BTreeSet<&'a StopId>,
    pub(crate) networks: BTreeSet<&'a NetworkId>,
    pub(crate) areas: BTreeSet<&'a AreaId>,
    pub(crate) categories: BTreeSet<TextId>,
    pub(crate) media: BTreeSet<TextId>,
    pub(crate) timeframes: BTreeSet<TextId>,
    pub(crate) agencies: BTreeSet<TextId>,
}

impl Extensions {
    /// Reads every extension file there is.
    pub(crate) fn read(files: &CityFiles, known: &Known<'_>, report: &mut LoadReport) -> Self {
        Self {
            caps: caps::read(files, known, report),
            tiers: tiers::read(files, known, report),
            passes: passes::read(files, known, report),
            windows: windows::read(files, known, report),
            tickets: tickets::read(files, known, report),
            distances: distance::read(files, known, report),
            matrix: od::read(files, known, report),
            concessions: events::read_concessions(files, known, report),
            groups: events::read_groups(files, known, report),
            events: events::read_events(files, known, report),
            disruptions: events::read_disruptions(files, known, report),
            apportionment: Apportionment::read(files, known, report),
        }
    }

    /// The longest windows over which money or rides are counted.
    pub(crate) fn periods(&self) -> impl Iterator<Item = Period> + '_ {
        let caps = self.caps.iter().map(|cap| cap.period);
        let tiers = self.tiers.iter().map(|tier| tier.period);
        let passes = self.passes.iter().map(|pass| pass.period);
        caps.chain(tiers).chain(passes)
    }

    /// Whether some rule asks for the time of day.
    pub(crate) fn asks_time(&self) -> bool {
        self.scopes().any(|scope| scope.timeframe.is_some())
    }

    /// Whether some rule asks for areas.
    pub(crate) fn asks_areas(&self) -> bool {
        let asks = |scope: &Scope| scope.from_area.is_some() || scope.to_area.is_some();
        !self.tickets.is_empty() || self.scopes().any(asks)
    }

    fn scopes(&self) -> impl Iterator<Item = &Scope> + '_ {
        let caps = self.caps.iter().flat_map(|cap| &cap.rows);
        let tiers = self.tiers.iter().flat_map(|tier| &tier.scopes);
        let passes = self.passes.iter().flat_map(|pass| &pass.scopes);
        let windows = self.windows.iter().flat_map(|window| &window.scopes);
        caps.map(|row| &row.scope)
            .chain(tiers)
            .chain(passes)
            .chain(windows)
            .chain(self.tickets.iter().map(|ticket| &ticket.scope))
            .chain(self.distances.bands().iter().map(|band| &band.scope))
            .chain(self.matrix.scopes())
            .chain(self.concessions.iter().map(|row| &row.scope))
    }
}

impl Known<'_> {
    /// The path of an extension file, like `gtfs/fare_caps.txt`.
    pub(crate) fn path(&self, file: &str) -> String {
        format!("{}{file}", self.folder)
    }
}

impl CityRules {
    /// Reads the extension files of a city whose feed has these `places`.
    pub(crate) fn read(
        files: &CityFiles,
        folder: &str,
        feed: Feed,
        places: &Places,
        currency: Option<Currency>,
        report: &mut LoadReport,
    ) -> Self {
        let ids = &feed.ids;
        let defined = |(_, text): (_, &str)| TextId::new(text).ok();
        let categories: Vec<TextId> = ids.categories.iter().filter_map(defined).collect();
        let default = feed.categories.iter().position(|row| row.is_default);
        let default_category = default.and_then(|place| categories.get(place).copied());
        let media = ids.media.iter();
        let media = media
            .filter_map(|(_, text)| TextId::new(text).ok())
            .collect();
        let agencies = ids.agencies.iter();
        let agencies = agencies
            .filter_map(|(_, text)| TextId::new(text).ok())
            .collect();
        let timeframes = Timeframes::new(&feed);
        let fares = Fares::new(feed);
        let of_riders = categories.iter().copied().map(Some).chain([None]);
        let riders = of_riders
            .map(|id| (id, fares.rider(id.as_ref().map(TextId::as_str), None)))
            .collect();
        let known = Known {
            folder,
            currency,
            stops: places.stops.keys().collect(),
            networks: places.networks.iter().collect(),
            areas: places.areas.iter().collect(),
            categories: categories.iter().copied().collect(),
            media,
            timeframes: timeframes.groups().collect(),
            agencies,
        };
        let rules = Extensions::read(files, &known, report);
        let of_stop = places.areas_of_stop.iter();
        Self {
            asks_time: rules.asks_time(),
            asks_areas: rules.asks_areas(),
            asks_itinerary: gtfs::asks_itinerary(fares.feed()),
            areas_of_stop: of_stop
                .map(|(stop, areas)| (*stop, areas.iter().copied().collect()))
                .collect(),
            rules,
            categories,
            default_category,
            stations: places.stations.clone(),
            riders,
            fares,
            timeframes,
        }
    }

    /// The areas of a stop, its station's included.
    pub(crate) fn areas(&self, stop: &StopId) -> &[AreaId] {
        self.areas_of_stop.get(stop).map_or(&[], Vec::as_slice)
    }

    /// The prices of a rider of this category; for the default one, of a rider who names none: a
    /// feed may have a default category for each product.
    pub(crate) fn rider(&self, category: Option<&TextId>) -> Option<&Rider> {
        let named = category.filter(|id| Some(**id) != self.default_category);
        self.riders.get(&named.copied())
    }

    /// The station of a platform; a stop of its own is its own.
    pub(crate) fn station(&self, stop: &StopId) -> StopId {
        self.stations.get(stop).copied().unwrap_or(*stop)
    }

    /// The name of a product for riders: that of its first row in `fare_products.txt` that has
    /// one, else of its row in `fare_zone_tickets.txt`, else its id.
    pub(crate) fn product_name<'a>(&'a self, id: &'a ProductId) -> &'a str {
        let feed = self.fares.feed();
        let tickets = &self.rules.tickets;
        let ticket = tickets.iter().find(|ticket| ticket.product == *id);
        let otherwise = ticket.map_or(id.as_str(), |ticket| &ticket.name);
        let Some(product) = feed.ids.products.find(id.as_str()) else {
            return otherwise;
        };
        let mut rows = feed.products.iter().filter(|row| row.product == product);
        let named = rows.find(|row| !row.name.is_empty());
        named.map_or(otherwise, |row| &row.name)
    }

    /// The rider categories in the order of their file.
    pub(crate) fn categories(&self) -> &[TextId] {
        &self.categories
    }

    /// The rider category of this number in codes: 0 is the default category, n the n-th row of
    /// `rider_categories.txt`; a number without a row is the default category too.
    pub(crate) fn category(&self, number: u8) -> Option<TextId> {
        usize::from(number)
            .checked_sub(1)
            .and_then(|place| self.categories.get(place).copied())
            .or(self.default_category)
    }
}
