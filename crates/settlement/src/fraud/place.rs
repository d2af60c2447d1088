//! How far two stops are apart, at least.

use tariff::{City, Stop};
use units::StopId;

/// Metres between two stops as the crow flies, never more than there are; `None` where a stop has
/// no place.
///
/// One degree of latitude is at least 110,574 m. A degree of longitude shrinks with the cosine of
/// the latitude, for which Bhaskara's formula stands (at most 0.2 per cent off), less one per
/// cent. Whole numbers, so every machine says the same.
pub(super) fn metres_at_least(city: &City, from: &StopId, to: &StopId) -> Option<u64> {
    let (from, to) = (micro(city.stop(from)?)?, micro(city.stop(to)?)?);
    let latitude = (from.0.unsigned_abs())
        .max(to.0.unsigned_abs())
        .checked_div(1_000_000)?;
    let square = latitude.checked_add(1)?.min(90).pow(2);
    let shrink = u64::checked_sub(32_400, square.saturating_mul(4))?.saturating_mul(990);
    let cosine_per_mille = shrink.checked_div(square.saturating_add(32_400))?;
    let turn = from.1.abs_diff(to.1);
    let turn = turn.min(360_000_000_u64.saturating_sub(turn));
    let north = from.0.abs_diff(to.0).saturating_mul(110_574) / 1_000_000;
    let east = turn.saturating_mul(110_574) / 1_000_000;
    let east = east.saturating_mul(cosine_per_mille) / 1_000;
    Some(north.pow(2).saturating_add(east.pow(2)).isqrt())
}

/// Latitude and longitude in millionths of a degree.
#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees of a checked feed are at most 180; a cast of anything else saturates"
)]
fn micro(stop: &Stop) -> Option<(i64, i64)> {
    let (lat, lon) = stop.degrees?;
    let micro = |degrees: f64| (degrees * 1e6) as i64;
    Some((micro(lat), micro(lon)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::world;

    #[test]
    fn distances_are_a_little_less_than_they_are() {
        // From 30.30 to 30.20 on one meridian: 0.1 degrees of 110.85 km at this latitude (WGS 84).
        // From North Gate to Market Street: 0.04 degrees north, 0.01 degrees of 96.3 km east.
        let city = world::city();
        let stop = |id: &str| StopId::new(id).unwrap();
        for (from, to, metres) in [
            ("north", "south", 11_085_u64),
            ("south", "north", 11_085),
            ("north", "market", 4_538),
            ("centre", "centre", 0),
        ] {
            let got = metres_at_least(&city, &stop(from), &stop(to)).unwrap();
            assert!(got <= metres, "{from} to {to}: {got} is more than {metres}");
            assert!(
                got >= metres - metres / 50,
                "{from} to {to}: {got} is far from {metres}"
            );
        }
        assert_eq!(
            metres_at_least(&city, &stop("north"), &stop("nowhere")),
            None
        );
    }
}
