//! What a server takes from gates, phones and operators.

use std::sync::OnceLock;

use api::TapBatch;
use prost::Message;
use settlement::ingest::csv::{Format, Rows};
use tariff::City;

/// A gate's batch in its protobuf envelope, and each record of it.
pub(super) fn tap_batch(bytes: &[u8]) {
    let Ok(batch) = TapBatch::decode(bytes) else {
        return;
    };
    for record in &batch.records {
        super::codes::tap_record(record);
    }
}

/// The bodies of the JSON API: a value or a problem with its place.
pub(super) fn json_bodies(bytes: &[u8]) {
    let _ = api::parse_json::<api::RegisterDeviceRequest>(bytes);
    let _ = api::parse_json::<api::TicketRequest>(bytes);
}

/// A file of foreign taps: every line is a row or is refused with its number.
pub(super) fn foreign_taps(bytes: &[u8]) {
    static CITY: OnceLock<City> = OnceLock::new();
    let city = CITY.get_or_init(tariff::testing::city);
    let lines = bytes.len().saturating_add(1);
    'formats: for format in [Format::Taps, Format::Tides] {
        let Ok(mut rows) = Rows::new(city, format, bytes) else {
            continue;
        };
        for _ in 0..=lines {
            match rows.next_row() {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => continue 'formats,
            }
        }
        panic!("more rows than bytes");
    }
}
