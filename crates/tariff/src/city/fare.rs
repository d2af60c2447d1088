//! What a leg of a city costs by the rules of GTFS.

use super::City;
use crate::rate::gtfs::{self, ByRules};
use crate::{Leg, LegFare, Unpriced, explain};

impl City {
    /// The fare of `leg` alone, of a rider who names no category: the least that the rules ask.
    ///
    /// # Errors
    /// [`Unpriced`] when a stop is unknown, no rule matches, or none that matches has a price.
    pub fn fare(&self, leg: &Leg) -> Result<LegFare, Unpriced> {
        let found = gtfs::price_alone(self, leg, None, None);
        let priced = found.and_then(|found| self.leg_fare(found));
        priced.ok_or_else(|| self.no_fare(leg))
    }

    fn leg_fare(&self, found: ByRules) -> Option<LegFare> {
        let product = found.product?;
        Some(LegFare {
            amount: units::Amount::new(found.fare, self.currency()).ok()?,
            product,
            product_name: self.rules().product_name(&product).to_owned(),
            rule: found.rule,
        })
    }

    /// Why the rules give a leg no fare.
    pub(crate) fn no_fare(&self, leg: &Leg) -> Unpriced {
        let stops = [Some(leg.from), leg.to];
        let mut stops = stops.into_iter().flatten();
        if let Some(unknown) = stops.find(|stop| !self.lists_stop(stop)) {
            return Unpriced::UnknownStop(unknown);
        }
        if let Some(product) = gtfs::product_without_price(self, leg) {
            return Unpriced::NoPrice { product };
        }
        Unpriced::NoRule {
            sentence: explain::no_rule(self, leg),
        }
    }
}
