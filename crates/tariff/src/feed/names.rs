//! Ids of a feed as small numbers, with a table of their texts.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// An index into one table of names. `T` says which table, so that an area is never taken for a
/// stop.
pub struct Ix<T> {
    number: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Ix<T> {
    pub(crate) const fn new(number: u32) -> Self {
        Self {
            number,
            kind: PhantomData,
        }
    }

    /// The place in the table, from 0.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// The place in the table as an index of a slice.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.number).unwrap_or(usize::MAX)
    }
}

// Written out, because derives would ask the same of `T`.
impl<T> Clone for Ix<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Ix<T> {}
impl<T> PartialEq for Ix<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl<T> Eq for Ix<T> {}
impl<T> PartialOrd for Ix<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Ix<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}
impl<T> std::hash::Hash for Ix<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}
impl<T> fmt::Debug for Ix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.number)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $index:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}
        #[doc = concat!("Index of [`", stringify!($kind), "`].")]
        pub type $index = Ix<$kind>;
    )*};
}

kinds! {
    /// Names of `agency.agency_id`.
    AgencyName AgencyIx;
    /// Names of `stops.stop_id`.
    StopName StopIx;
    /// Names of `routes.route_id`.
    RouteName RouteIx;
    /// Names of `networks.network_id`, or of `routes.network_id`.
    NetworkName NetworkIx;
    /// Names of `areas.area_id`.
    AreaName AreaIx;
    /// Names of `timeframes.timeframe_group_id`.
    TimeframeName TimeframeIx;
    /// Names of `calendar.service_id` and `calendar_dates.service_id`.
    ServiceName ServiceIx;
    /// Names of `fare_media.fare_media_id`.
    MediumName MediumIx;
    /// Names of `rider_categories.rider_category_id`.
    CategoryName CategoryIx;
    /// Names of `fare_products.fare_product_id`.
    ProductName ProductIx;
    /// Names of `fare_leg_rules.leg_group_id`.
    LegGroupName LegGroupIx;
    /// Names of `stops.zone_id` (Fares v1).
    ZoneName ZoneIx;
    /// Names of `fare_attributes.fare_id` (Fares v1).
    FareName FareIx;
}

/// The texts of one kind of id, in the order in which the files name them.
///
/// The first [`Names::defined`] of them are those of the file that defines the kind, in the order
/// of its rows; what follows is only referred to.
pub struct Names<T> {
    texts: Vec<Arc<str>>,
    by_text: BTreeMap<Arc<str>, Ix<T>>,
    defined: u32,
    /// Whether some file defines this kind at all.
    pub(crate) listed: bool,
    /// Whether it was told that no file does.
    pub(crate) told: bool,
}

impl<T> Names<T> {
    /// The index of a text; `None` where no file names it.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Ix<T>> {
        self.by_text.get(text).copied()
    }

    /// The text of an index.
    #[must_use]
    pub fn text(&self, index: Ix<T>) -> &str {
        self.texts.get(index.index()).map_or("", |text| text)
    }

    /// How many texts there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// How many the defining file lists; the others are only referred to.
    #[must_use]
    pub const fn defined(&self) -> u32 {
        self.defined
    }

    /// Whether the defining file lists this one.
    #[must_use]
    pub const fn is_defined(&self, index: Ix<T>) -> bool {
        index.number < self.defined
    }

    /// All of them with their texts, by index.
    pub fn iter(&self) -> impl Iterator<Item = (Ix<T>, &str)> + '_ {
        (0u32..)
            .zip(&self.texts)
            .map(|(n, text)| (Ix::new(n), &**text))
    }

    /// The index of `text`, which becomes a name where it is none yet.
    pub(crate) fn intern(&mut self, text: &str) -> Ix<T> {
        if let Some(index) = self.find(text) {
            return index;
        }
        // Rows are limited to a million a file, so that the number always fits.
        let index = Ix::new(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.by_text.insert(text, index);
        index
    }

    /// A new name of the defining file; `None` where it has it already.
    pub(crate) fn define(&mut self, text: &str) -> Option<Ix<T>> {
        if self.find(text).is_some() {
            return None;
        }
        let index = self.intern(text);
        self.defined = index.number.saturating_add(1);
        Some(index)
    }
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self {
            texts: Vec::new(),
            by_text: BTreeMap::new(),
            defined: 0,
            listed: false,
            told: false,
        }
    }
}

impl<T> Clone for Names<T> {
    fn clone(&self) -> Self {
        Self {
            texts: self.texts.clone(),
            by_text: self.by_text.clone(),
            ..*self
        }
    }
}

impl<T> fmt::Debug for Names<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.texts).finish()
    }
}
