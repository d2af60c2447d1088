//! Texts of the file that stand for something else.

use serde::{Deserialize as _, Deserializer};
use units::{DeviceId, GateId, RouteId, StopId};

/// A text that `parse` understands.
fn parsed<'de, D: Deserializer<'de>, T, E: std::fmt::Display>(
    from: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).map_err(serde::de::Error::custom)
}

pub(super) fn gate_id<'de, D: Deserializer<'de>>(from: D) -> Result<GateId, D::Error> {
    parsed(from, GateId::parse)
}

pub(super) fn device_id<'de, D: Deserializer<'de>>(from: D) -> Result<DeviceId, D::Error> {
    parsed(from, DeviceId::parse)
}

pub(super) fn stop_id<'de, D: Deserializer<'de>>(from: D) -> Result<StopId, D::Error> {
    parsed(from, StopId::new)
}

pub(super) fn route_id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RouteId>, D::Error> {
    parsed(from, RouteId::new).map(Some)
}

pub(super) fn hex_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    parsed(from, |text| hex::decode(text))
}
