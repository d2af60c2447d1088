//! Fare products and leg rules.

use std::collections::{BTreeMap, BTreeSet};

use units::{Amount, AreaId, Currency, NetworkId, ProductId};

use super::places::Places;
use super::table::{Presence, Row, Table};
use crate::{CityFiles, Defect, LoadReport};

/// The file whose rows every fare line names.
pub(crate) const LEG_RULES: &str = "gtfs/fare_leg_rules.txt";

/// What the files say about fares.
#[derive(Debug, Default)]
pub(crate) struct FareRows {
    pub(crate) products: BTreeMap<ProductId, Product>,
    pub(crate) rules: Vec<LegRule>,
    /// Whether `fare_leg_rules.txt` has the column `rule_priority`.
    pub(crate) has_priority: bool,
}

/// A fare product and what it costs a rider of no category.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) name: String,
    /// The cheapest over all fare media; `None` where only riders of some category may hold it.
    pub(crate) price: Option<Amount>,
}

/// A row of `fare_leg_rules.txt`.
#[derive(Clone, Debug)]
pub(crate) struct LegRule {
    pub(crate) line: u64,
    pub(crate) network: Option<NetworkId>,
    pub(crate) from: Option<AreaId>,
    pub(crate) to: Option<AreaId>,
    pub(crate) product: ProductId,
    pub(crate) priority: u32,
}

/// Reads products and rules; amounts must be in `currency`.
pub(crate) fn read(
    files: &CityFiles,
    places: &Places,
    currency: Option<Currency>,
    report: &mut LoadReport,
) -> FareRows {
    refuse_unrated(files, report);
    let products = read_products(files, currency, report);
    let (rules, has_priority) = read_leg_rules(files, places, &products, report);
    FareRows {
        products,
        rules,
        has_priority,
    }
}

/// Files that change what a leg costs and are not rated here. Leaving them unread would charge
/// wrong fares without a word.
fn refuse_unrated(files: &CityFiles, report: &mut LoadReport) {
    for file in [
        "gtfs/fare_transfer_rules.txt",
        "gtfs/fare_leg_join_rules.txt",
    ] {
        let table = Table::read(files, file, Presence::Optional, &[], report);
        if !table.rows.is_empty() {
            report.push(Defect::of_file(
                file,
                "no rows: transfers between legs are not rated",
            ));
        }
    }
}

fn read_products(
    files: &CityFiles,
    currency: Option<Currency>,
    report: &mut LoadReport,
) -> BTreeMap<ProductId, Product> {
    let columns = ["fare_media_id"];
    let media_table = Table::read(
        files,
        "gtfs/fare_media.txt",
        Presence::Optional,
        &columns,
        report,
    );
    let media = unique_texts(&media_table, "fare_media_id", report);
    let columns = ["rider_category_id"];
    let category_table = Table::read(
        files,
        "gtfs/rider_categories.txt",
        Presence::Optional,
        &columns,
        report,
    );
    let categories = unique_texts(&category_table, "rider_category_id", report);
    let default_categories: BTreeSet<&str> = category_table
        .rows
        .iter()
        .filter(|row| category_table.text(row, "is_default_fare_category") == "1")
        .map(|row| category_table.text(row, "rider_category_id"))
        .collect();

    let columns = ["fare_product_id", "amount", "currency"];
    let file = "gtfs/fare_products.txt";
    let table = Table::read(files, file, Presence::Required, &columns, report);
    let mut products: BTreeMap<ProductId, Product> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for row in &table.rows {
        let Some(id) = table.id(row, "fare_product_id", ProductId::new, report) else {
            continue;
        };
        let category = table.text(row, "rider_category_id");
        let medium = table.text(row, "fare_media_id");
        if !medium.is_empty() && !media.contains(medium) {
            table.defect(row, "fare_media_id", "a medium of fare_media.txt", report);
        }
        if !category.is_empty() && !categories.contains(category) {
            table.defect(
                row,
                "rider_category_id",
                "a category of rider_categories.txt",
                report,
            );
        }
        if !keys.insert((id, category, medium)) {
            let expected = "one row for each product, rider category and fare medium";
            table.defect(row, "fare_product_id", expected, report);
        }
        let amount = read_amount(&table, row, currency, report);
        let name = table.name(row, "fare_product_name", report);
        let product = products.entry(id).or_insert_with(|| Product {
            name: String::new(),
            price: None,
        });
        if product.name.is_empty() {
            product.name = name;
        }
        if category.is_empty() || default_categories.contains(category) {
            product.price = product.price.into_iter().chain(amount).min();
        }
    }
    for (id, product) in &mut products {
        if product.name.is_empty() {
            id.as_str().clone_into(&mut product.name);
        }
    }
    products
}

fn unique_texts<'a>(table: &'a Table, field: &str, report: &mut LoadReport) -> BTreeSet<&'a str> {
    let mut texts = BTreeSet::new();
    for row in &table.rows {
        if !texts.insert(table.text(row, field)) {
            table.defect(row, field, "an id that no earlier row has", report);
        }
    }
    texts
}

/// GTFS "Currency amount": as many decimals as ISO 4217 gives the currency, no more, no fewer.
fn read_amount(
    table: &Table,
    row: &Row,
    currency: Option<Currency>,
    report: &mut LoadReport,
) -> Option<Amount> {
    let currency = currency?;
    if table.has_column("currency") && table.text(row, "currency") != currency.code() {
        table.defect(
            row,
            "currency",
            format!("the city's currency {currency}"),
            report,
        );
        return None;
    }
    if !table.has_column("amount") {
        return None;
    }
    let digits = currency.minor_digits();
    let amount = parse_minor(table.text(row, "amount"), digits)
        .and_then(|minor| Amount::new(minor, currency).ok());
    if amount.is_none() {
        let expected = format!("an amount of at least 0 with {digits} decimals ({currency})");
        table.defect(row, "amount", expected, report);
    }
    amount
}

/// Reads a decimal of exactly `digits` decimals as minor units.
pub(crate) fn parse_minor(text: &str, digits: u32) -> Option<i64> {
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
        Some(_) => return None,
        None => (text, ""),
    };
    let right_length = u32::try_from(decimals.len()).is_ok_and(|length| length == digits);
    if whole.is_empty() || !right_length {
        return None;
    }
    [whole, decimals]
        .iter()
        .flat_map(|part| part.bytes())
        .try_fold(0i64, |minor, byte| {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            minor.checked_mul(10)?.checked_add(i64::from(digit))
        })
}

fn read_leg_rules(
    files: &CityFiles,
    places: &Places,
    products: &BTreeMap<ProductId, Product>,
    report: &mut LoadReport,
) -> (Vec<LegRule>, bool) {
    let columns = ["fare_product_id"];
    let table = Table::read(files, LEG_RULES, Presence::Required, &columns, report);
    let has_priority = table.has_column("rule_priority");
    let mut rules = Vec::with_capacity(table.rows.len());
    let mut keys = BTreeSet::new();
    for row in &table.rows {
        for field in ["from_timeframe_group_id", "to_timeframe_group_id"] {
            if !table.text(row, field).is_empty() {
                table.defect(
                    row,
                    field,
                    "nothing: fares by time of day are not rated",
                    report,
                );
            }
        }
        let network = table.optional_id(row, "network_id", NetworkId::new, report);
        if let Ok(Some(id)) = network
            && !places.networks.contains(&id)
        {
            table.defect(
                row,
                "network_id",
                "a network of networks.txt or routes.txt",
                report,
            );
        }
        let from = read_area(&table, row, "from_area_id", places, report);
        let to = read_area(&table, row, "to_area_id", places, report);
        let product = table.id(row, "fare_product_id", ProductId::new, report);
        if product.is_some_and(|id| !products.contains_key(&id)) {
            table.defect(
                row,
                "fare_product_id",
                "a product of fare_products.txt",
                report,
            );
        }
        // GTFS fare_leg_rules.rule_priority: an empty value is treated as zero.
        let priority = match table.text(row, "rule_priority") {
            "" => Ok(0),
            text => text.parse::<u32>(),
        };
        if priority.is_err() {
            table.defect(row, "rule_priority", "a whole number of at least 0", report);
        }
        let (Ok(network), Ok(from), Ok(to), Some(product), Ok(priority)) =
            (network, from, to, product, priority)
        else {
            continue;
        };
        if keys.insert((network, from, to, product)) {
            rules.push(LegRule {
                line: row.line,
                network,
                from,
                to,
                product,
                priority,
            });
        } else {
            let expected = "one row for each network, areas and product";
            table.defect(row, "fare_product_id", expected, report);
        }
    }
    (rules, has_priority)
}

fn read_area(
    table: &Table,
    row: &Row,
    field: &str,
    places: &Places,
    report: &mut LoadReport,
) -> Result<Option<AreaId>, ()> {
    let area = table.optional_id(row, field, AreaId::new, report)?;
    if area.is_some_and(|id| !places.areas.contains(&id)) {
        table.defect(row, field, "an area of areas.txt", report);
    }
    Ok(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_exactly_the_currency_s_digits() {
        for (text, digits, minor) in [
            ("3.00", 2, Some(300)),
            ("0.05", 2, Some(5)),
            ("0.00", 2, Some(0)),
            ("1250", 0, Some(1250)),
            ("1.250", 3, Some(1250)),
            ("92233720368547758.07", 2, Some(i64::MAX)),
            ("92233720368547758.08", 2, None),
            ("3", 2, None),
            ("3.0", 2, None),
            ("3.000", 2, None),
            ("3.", 0, None),
            (".00", 2, None),
            ("-3.00", 2, None),
            ("+3.00", 2, None),
            ("3,00", 2, None),
            ("1e2", 0, None),
            ("３.00", 2, None),
            ("", 0, None),
        ] {
            assert_eq!(
                parse_minor(text, digits),
                minor,
                "{text:?} with {digits} digits"
            );
        }
    }
}
