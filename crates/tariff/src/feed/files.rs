//! The files of a feed: their names, and their bytes as a shell hands them over.

use std::collections::BTreeMap;

use crate::CityFiles;

macro_rules! feed_files {
    ($($(#[$doc:meta])* $name:ident $file:literal;)*) => {
        /// A file of the GTFS reference that fares need.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum FeedFile {$($(#[$doc])* $name,)*}

        impl FeedFile {
            /// All of them, in the order in which they are read.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name of the file, like `fare_leg_rules.txt`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {$(Self::$name => $file,)*}
            }
        }
    };
}

feed_files! {
    /// Agencies.
    Agency "agency.txt";
    /// Stops and stations.
    Stops "stops.txt";
    /// Routes.
    Routes "routes.txt";
    /// Groups of routes.
    Networks "networks.txt";
    /// Which route is in which network.
    RouteNetworks "route_networks.txt";
    /// Groups of stops.
    Areas "areas.txt";
    /// Which stop is in which area.
    StopAreas "stop_areas.txt";
    /// Weeks of services.
    Calendar "calendar.txt";
    /// Dates of services.
    CalendarDates "calendar_dates.txt";
    /// Times of day.
    Timeframes "timeframes.txt";
    /// What tickets are on.
    FareMedia "fare_media.txt";
    /// Who pays what.
    RiderCategories "rider_categories.txt";
    /// Prices.
    FareProducts "fare_products.txt";
    /// Which product a leg needs.
    LegRules "fare_leg_rules.txt";
    /// Which legs count as one.
    LegJoinRules "fare_leg_join_rules.txt";
    /// What a transfer costs.
    TransferRules "fare_transfer_rules.txt";
    /// Prices (Fares v1).
    FareAttributes "fare_attributes.txt";
    /// Which price an itinerary needs (Fares v1).
    FareRules "fare_rules.txt";
}

/// The bytes of a feed's files by name. Files that fares do not need do no harm.
#[derive(Clone, Debug, Default)]
pub struct FeedFiles<'a> {
    folder: &'a str,
    files: BTreeMap<&'a str, &'a [u8]>,
}

impl<'a> FeedFiles<'a> {
    /// No files. `folder` goes before their names in every defect: empty, or like `gtfs/`.
    #[must_use]
    pub const fn new(folder: &'a str) -> Self {
        Self {
            folder,
            files: BTreeMap::new(),
        }
    }

    /// The files of `files` below `folder`, which ends with `/` unless it is empty.
    #[must_use]
    pub fn of_city(files: &'a CityFiles, folder: &'a str) -> Self {
        let inside = files.0.iter().filter_map(|(path, bytes)| {
            let name = path.strip_prefix(folder)?;
            (!name.contains('/')).then_some((name, bytes.as_slice()))
        });
        Self {
            folder,
            files: inside.collect(),
        }
    }

    /// Adds a file, like `stops.txt`.
    pub fn insert(&mut self, name: &'a str, bytes: &'a [u8]) {
        self.files.insert(name, bytes);
    }

    pub(crate) fn get(&self, file: FeedFile) -> Option<&'a [u8]> {
        self.files.get(file.name()).copied()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The path of a file in defects.
    pub(crate) fn path(&self, file: FeedFile) -> String {
        format!("{}{}", self.folder, file.name())
    }
}
