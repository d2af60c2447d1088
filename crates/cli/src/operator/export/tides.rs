//! Taps as the table `fare_transactions` of TIDES 1.0 (<https://tides-transit.org>).
//!
//! A row is a tap. Its `amount` is the fare of the journey that ends with it, else 0, so that the
//! amounts of all rows are the net fares. What `faregate settle --format tides` reads again is in
//! [`settlement::ingest::tides`]; a tap that is not priced is an action `Other`, no travel.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use settlement::history::{self, History};
use settlement::model::{AccountRecord, StoredFare, StoredJourney, TapSource};
use tariff::ext::PassKind;
use tariff::{City, Tap, TapKind};
use units::{Amount, TapId};

use super::super::Open;
use super::Written;
use super::table::Kind::{Day, Instant, Integer, Text};
use super::table::{Cell, Column, Format, Table};

/// The fields that the books can fill; each is in the schema.
const FIELDS: [Column; 15] = [
    Column("transaction_id", Text, false),
    Column("service_date", Day, false),
    Column("event_timestamp", Instant, false),
    Column("amount", Text, false),
    Column("currency_type", Text, false),
    Column("fare_action", Text, false),
    Column("pattern_id", Text, true),
    Column("device_id", Text, true),
    Column("stop_id", Text, false),
    Column("num_riders", Integer, false),
    Column("fare_media_id", Text, false),
    Column("rider_category", Text, true),
    Column("fare_product", Text, true),
    Column("fare_capped", Text, false),
    Column("token_id", Text, false),
];

/// Writes the table into `folder`.
pub(super) async fn write(open: &mut Open, folder: &Path) -> Result<Vec<Written>> {
    let mut table = Table::new(folder, "fare_transactions", &FIELDS, Format::Csv)?;
    loop {
        let page = open.page().await?;
        if page.is_empty() {
            break;
        }
        for record in &page {
            add(&mut table, &open.city, record)?;
        }
    }
    Ok(vec![table.end()?])
}

fn add(table: &mut Table, city: &City, record: &AccountRecord) -> Result<()> {
    let history = history::of_taps(city, record.account, &record.taps);
    let counted = history.days.values().flat_map(|day| &day.taps);
    let counted: BTreeMap<TapId, &Tap> = counted.map(|tap| (tap.id, tap)).collect();
    let ends = |journey| (last_tap(journey), journey);
    let journeys = record.journeys.iter().map(ends);
    let journeys: BTreeMap<Option<TapId>, &StoredJourney> = journeys.collect();
    for stored in &record.taps {
        let tap = counted.get(&stored.tap.id);
        let journey = journeys.get(&Some(stored.tap.id));
        let fare = journey.and_then(|journey| match journey.fare {
            StoredFare::Priced(fare) => Some(fare),
            StoredFare::Unpriced => None,
        });
        let action = match (tap, stored.tap.kind) {
            (None, _) => "Other",
            (Some(_), TapKind::On) => "Enter",
            (Some(_), TapKind::Off) => "Exit",
        };
        let holder = tap.map_or(stored.tap.holder, |tap| tap.holder);
        let device = match stored.source {
            TapSource::Gate { device, .. } => Cell::text(device),
            TapSource::File => Cell::Nothing,
        };
        table.row(vec![
            Cell::text(stored.tap.id),
            Cell::Day(stored.day),
            Cell::Instant(stored.tap.at),
            Cell::Text(decimal(fare.unwrap_or(Amount::zero(city.currency())))),
            Cell::text(city.currency()),
            Cell::text(action),
            stored.tap.route.map_or(Cell::Nothing, Cell::text),
            device,
            Cell::text(stored.tap.stop),
            Cell::Integer(i64::from(holder.companions) + 1),
            Cell::text("Optical scan"),
            category(city, holder.category),
            product(city, holder.product),
            Cell::text(journey.is_some_and(|journey| is_capped(&history, journey))),
            Cell::text(record.account),
        ])?;
    }
    Ok(())
}

fn last_tap(journey: &StoredJourney) -> Option<TapId> {
    journey.taps.last().copied()
}

fn is_capped(history: &History, journey: &StoredJourney) -> bool {
    let of_day = history.days.get(&journey.day);
    of_day.is_some_and(|day| day.capped.contains(&journey.id))
}

/// `3.00`: the amount without its currency.
fn decimal(amount: Amount) -> String {
    let text = amount.to_string();
    text.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// The id of a category; the default one has none.
fn category(city: &City, number: u8) -> Cell {
    let place = usize::from(number).checked_sub(1);
    let id = place.and_then(|place| city.rider_categories().get(place));
    id.map_or(Cell::Nothing, Cell::text)
}

/// The id of the pass that is held.
fn product(city: &City, number: u16) -> Cell {
    let is_held =
        |kind| matches!(kind, PassKind::Bought { product_number } if product_number == number);
    let mut passes = city.extensions().passes.iter();
    let held = passes.find(|pass| is_held(pass.kind));
    held.map_or(Cell::Nothing, |pass| Cell::text(pass.id))
}
