//! Sections `fare_products.txt`, `rider_categories.txt`, `fare_media.txt`: what products cost a
//! rider.

use units::Balance;

use crate::Feed;
use crate::feed::{CategoryIx, FareProduct, MediumIx, ProductIx};

/// The prices that hold for a rider of some category with some fare media.
///
/// Make it once per kind of rider and use it for any number of itineraries.
#[derive(Clone, Debug)]
pub struct Rider {
    prices: Vec<Price>,
    of_product: Vec<(u32, u32)>,
    /// By product: its rows name categories, none of them is this rider's, and nobody knows which
    /// category the rider is in.
    unknown: Vec<bool>,
}

/// A row of `fare_products.txt` that the rider may buy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Price {
    pub(super) amount: Balance,
    /// `None`: unknown, which goes with any medium.
    pub(super) medium: Option<MediumIx>,
    pub(super) row: u32,
}

/// Who the rider is to the feed.
enum Category {
    /// Named none: the default categories are theirs.
    Default,
    Known(CategoryIx),
    /// One that the feed does not have.
    Undefined,
}

impl Rider {
    pub(super) fn new(feed: &Feed, category: Option<&str>, medium: Option<&str>) -> Self {
        let category = match category.map(|text| feed.ids.categories.find(text)) {
            None => Category::Default,
            Some(Some(found)) => Category::Known(found),
            Some(None) => Category::Undefined,
        };
        let medium = medium.map(|text| feed.ids.media.find(text));
        let eligible = |row: &&FareProduct| {
            // "If `fare_products.rider_category_id` is empty, the fare product is eligible for any
            // `rider_category_id`."
            row.category.is_none_or(|asked| match category {
                Category::Known(own) => asked == own,
                Category::Default => is_default(feed, asked),
                Category::Undefined => false,
            })
        };
        // "When `fare_media_id` is empty, it is considered that the fare media is unknown": such a
        // price is the only one there is, whatever the rider holds.
        let usable = |row: &&FareProduct| {
            let asked = row.medium;
            asked.is_none() || medium.is_none_or(|own| own == asked)
        };

        let mut rows: Vec<Vec<&FareProduct>> = vec![Vec::new(); feed.ids.products.len()];
        for row in &feed.products {
            if let Some(slot) = rows.get_mut(row.product.index()) {
                slot.push(row);
            }
        }
        let mut rider = Self {
            prices: Vec::new(),
            of_product: Vec::with_capacity(rows.len()),
            unknown: Vec::with_capacity(rows.len()),
        };
        for rows in &rows {
            let begin = rider.prices.len();
            let mut open: Vec<Price> = rows
                .iter()
                .copied()
                .filter(eligible)
                .filter(usable)
                .map(|row| Price {
                    amount: row.amount,
                    medium: row.medium,
                    row: row.row,
                })
                .collect();
            // The cheapest first, and of each medium no other.
            open.sort_by_key(|price| {
                (
                    price.amount.currency(),
                    price.amount.as_minor(),
                    price.medium,
                    price.row,
                )
            });
            for price in open {
                let better = rider.prices.iter().skip(begin).any(|known| {
                    known.amount.currency() == price.amount.currency()
                        && (known.medium.is_none() || known.medium == price.medium)
                });
                if !better {
                    rider.prices.push(price);
                }
            }
            rider.of_product.push((at(begin), at(rider.prices.len())));
            rider.unknown.push(undecided(feed, &category, rows));
        }
        rider
    }

    /// The prices of a product with their places.
    pub(super) fn prices_of(
        &self,
        product: ProductIx,
    ) -> impl Iterator<Item = (u32, &Price)> + use<'_> {
        let (begin, end) = self
            .of_product
            .get(product.index())
            .copied()
            .unwrap_or_default();
        (begin..end).filter_map(|at| Some((at, self.price(at)?)))
    }

    pub(super) fn price(&self, at: u32) -> Option<&Price> {
        self.prices.get(usize::try_from(at).ok()?)
    }

    /// Whether only a category that nobody knows would tell the price of a product.
    pub(super) fn is_unknown(&self, product: ProductIx) -> bool {
        self.unknown.get(product.index()) == Some(&true)
    }
}

fn at(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn is_default(feed: &Feed, category: CategoryIx) -> bool {
    feed.categories
        .get(category.index())
        .is_some_and(|row| row.is_default)
}

/// Whether a product has prices for named categories alone and the rider's is not known: they
/// named one that the feed lacks, or none where the feed has no default.
fn undecided(feed: &Feed, category: &Category, rows: &[&FareProduct]) -> bool {
    let named = !rows.is_empty() && rows.iter().all(|row| row.category.is_some());
    named
        && match category {
            Category::Known(_) => false,
            Category::Undefined => true,
            Category::Default => !feed.categories.iter().any(|row| row.is_default),
        }
}
