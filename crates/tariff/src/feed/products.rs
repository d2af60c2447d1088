//! `fare_media.txt`, `rider_categories.txt` and `fare_products.txt`.

use std::collections::{BTreeMap, BTreeSet};

use super::Feed;
use super::files::{FeedFile, FeedFiles};
use super::names::ProductIx;
use super::rows::{FareMedium, FareProduct, RiderCategory};
use super::table::Table;
use crate::{Defect, LoadReport};

/// Reads what can be bought, by whom, on what.
pub(super) fn read(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    media(files, feed, report);
    categories(files, feed, report);
    products(files, feed, report);
    defaults(files, feed, report);
}

fn media(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::FareMedia, report) else {
        return;
    };
    let id = table.required("fare_media_id", report);
    let name = table.optional("fare_media_name");
    let kind = table.expected("fare_media_type", report);
    while let Some(row) = table.next(report) {
        if row.define(id, &mut feed.ids.media, report).is_none() {
            continue;
        }
        let number = row.choice(kind, 5).ok().flatten();
        if number.is_none() && kind.exists() {
            report.push(row.defect(kind, "0, 1, 2, 3 or 4").warning());
        }
        feed.media.push(FareMedium {
            row: row.line,
            name: row.name(name, report),
            kind: number,
        });
    }
    feed.ids.media.listed = !feed.media.is_empty();
}

fn categories(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::RiderCategories, report) else {
        return;
    };
    let id = table.required("rider_category_id", report);
    let name = table.expected("rider_category_name", report);
    let default = table.expected("is_default_fare_category", report);
    while let Some(row) = table.next(report) {
        if row.define(id, &mut feed.ids.categories, report).is_none() {
            continue;
        }
        let is_default = row.choice(default, 2);
        if is_default.is_err() {
            report.push(row.defect(default, "0, 1 or nothing"));
        }
        feed.categories.push(RiderCategory {
            row: row.line,
            name: row.name(name, report),
            is_default: matches!(is_default, Ok(Some(1))),
        });
    }
    feed.ids.categories.listed = !feed.categories.is_empty();
}

fn products(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::FareProducts, report) else {
        return;
    };
    let id = table.required("fare_product_id", report);
    let name = table.optional("fare_product_name");
    let category = table.optional("rider_category_id");
    let medium = table.optional("fare_media_id");
    let amount = table.required("amount", report);
    let currency = table.required("currency", report);
    let mut prices = BTreeMap::new();
    while let Some(row) = table.next(report) {
        let Some(text) = row.id(id, report) else {
            continue;
        };
        let names = &mut feed.ids.products;
        let product = names.define(text).or_else(|| names.find(text));
        let what = "a category of rider_categories.txt";
        let category = row.reference(category, &mut feed.ids.categories, what, report);
        let what = "a medium of fare_media.txt";
        let medium = row.reference(medium, &mut feed.ids.media, what, report);
        let money = row.money(amount, currency, report);
        let (Some(product), Ok(category), Ok(medium), Some(money)) =
            (product, category, medium, money)
        else {
            continue;
        };
        if let Some(earlier) = prices.insert((product, category, medium), money) {
            let expected = "one row for each product, rider category and fare medium";
            let defect = row.defect(id, expected);
            // The same price twice says nothing new; two prices contradict each other.
            report.push(if earlier == money {
                defect.warning()
            } else {
                defect
            });
            continue;
        }
        feed.products.push(FareProduct {
            row: row.line,
            product,
            name: row.name(name, report),
            category,
            medium,
            amount: money,
        });
    }
    feed.ids.products.listed = true;
}

/// Reference, `is_default_fare_category`: where riders of several categories may use a product,
/// exactly one of them is the default.
fn defaults(files: &FeedFiles<'_>, feed: &Feed, report: &mut LoadReport) {
    let mut eligible: BTreeMap<ProductIx, BTreeSet<_>> = BTreeMap::new();
    for row in &feed.products {
        eligible
            .entry(row.product)
            .or_default()
            .extend(row.category);
    }
    for (product, categories) in eligible {
        let is_default = |category: &&super::CategoryIx| {
            let row = feed.categories.get(category.index());
            row.is_some_and(|row| row.is_default)
        };
        let defaults = categories.iter().filter(is_default).count();
        if categories.len() < 2 || defaults == 1 || feed.categories.is_empty() {
            continue;
        }
        let mut rows = feed.products.iter();
        let Some(row) = rows.rfind(|row| row.product == product) else {
            continue;
        };
        let expected = format!(
            "exactly one default among the {} rider categories of this product (column \
             is_default_fare_category of rider_categories.txt), there are {defaults}",
            categories.len()
        );
        let path = files.path(FeedFile::FareProducts);
        let id = feed.ids.products.text(product);
        let line = u64::from(row.row);
        report.push(Defect::of_field(&path, line, "fare_product_id", id, expected).warning());
    }
}
