//! To which rides a rule applies.

use units::{AreaId, NetworkId, ProductId, ServiceDay, TextId, Timestamp};

/// Which rides a rule counts; `None` is an empty cell and means "anything".
///
/// Unlike in `fare_leg_rules.txt` an empty cell never means "all that no other row names".
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// `network_id`: the network of the ride.
    pub network: Option<NetworkId>,
    /// `from_area_id`: an area of the first stop.
    pub from_area: Option<AreaId>,
    /// `to_area_id`: an area of the last stop; a ride without a last stop is in none.
    pub to_area: Option<AreaId>,
    /// `from_timeframe_group_id`: the ride begins inside a timeframe of the group.
    pub timeframe: Option<TextId>,
    /// `fare_product_id`: the product that priced the ride.
    pub product: Option<ProductId>,
    /// `rider_category_id`: the rider's category.
    pub category: Option<TextId>,
    /// `fare_media_id`: the medium used.
    pub medium: Option<TextId>,
}

/// One priced ride of one rider, as scopes, caps, tiers and passes see it.
#[derive(Clone, Copy, Debug)]
pub struct Ride<'a> {
    /// The service day.
    pub day: ServiceDay,
    /// When it began.
    pub start: Timestamp,
    /// Its network.
    pub network: Option<NetworkId>,
    /// Areas of the first stop.
    pub from_areas: &'a [AreaId],
    /// Areas of the last stop.
    pub to_areas: &'a [AreaId],
    /// Timeframe groups that hold its begin.
    pub timeframes: &'a [TextId],
    /// The product that priced it.
    pub product: Option<ProductId>,
    /// The rider's category.
    pub category: Option<TextId>,
    /// The medium.
    pub medium: Option<TextId>,
    /// Numbers of passes the rider holds.
    pub held: Option<u16>,
    /// Whether a tap is missing.
    pub is_incomplete: bool,
    /// The leg fare in minor units, before everything this module does.
    pub fare: i64,
}

impl Scope {
    /// Whether `ride` is within.
    #[must_use]
    pub fn holds(&self, ride: &Ride<'_>) -> bool {
        fn fits<T: PartialEq>(wanted: Option<&T>, has: Option<&T>) -> bool {
            wanted.is_none_or(|wanted| has == Some(wanted))
        }
        fn within<T: PartialEq>(wanted: Option<&T>, has: &[T]) -> bool {
            wanted.is_none_or(|wanted| has.contains(wanted))
        }
        fits(self.network.as_ref(), ride.network.as_ref())
            && fits(self.product.as_ref(), ride.product.as_ref())
            && fits(self.category.as_ref(), ride.category.as_ref())
            && fits(self.medium.as_ref(), ride.medium.as_ref())
            && within(self.from_area.as_ref(), ride.from_areas)
            && within(self.to_area.as_ref(), ride.to_areas)
            && within(self.timeframe.as_ref(), ride.timeframes)
    }
}
