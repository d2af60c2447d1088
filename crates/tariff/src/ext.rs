//! What transit needs and GTFS has no file for: extension files beside those of the feed.
//!
//! Each file is CSV with a header like the feed's own, and its defects are told in the same way.
//! `docs/FARES.md` documents names, columns and the order in which the rules are applied.

pub(crate) mod caps;
pub(crate) mod cells;
pub(crate) mod distance;
pub(crate) mod events;
pub(crate) mod od;
pub(crate) mod passes;
pub(crate) mod period;
pub(crate) mod scope;
pub(crate) mod tickets;
pub(crate) mod tiers;
pub(crate) mod windows;

use std::collections::BTreeSet;

use units::{AreaId, Currency, NetworkId, StopId, TextId};

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

use crate::{CityFiles, LoadReport};

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
}

/// What the feed defines and extension files may name.
pub(crate) struct Known<'a> {
    pub(crate) currency: Option<Currency>,
    pub(crate) stops: BTreeSet<&'a StopId>,
    pub(crate) networks: BTreeSet<&'a NetworkId>,
    pub(crate) areas: BTreeSet<&'a AreaId>,
    pub(crate) categories: BTreeSet<TextId>,
    pub(crate) media: BTreeSet<TextId>,
    pub(crate) timeframes: BTreeSet<TextId>,
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
            .chain(self.concessions.iter().map(|row| &row.scope))
    }
}

#[cfg(test)]
mod tests;
