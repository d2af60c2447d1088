//! Where stops go on the picture.

use super::Stop;

/// The longer side of the map, and the margins around it, in units of the picture.
const SIDE: f64 = 900.0;
pub(super) const MARGIN: f64 = 48.0;

/// From degrees to units of the picture.
pub(super) struct Frame {
    west: f64,
    north: f64,
    /// Degrees of latitude to units.
    scale: f64,
    /// A degree of longitude is so much of one of latitude here.
    narrow: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    /// The frame of all stops; `None` where there is none.
    pub(super) fn around(stops: &[Stop]) -> Option<Self> {
        let first = stops.first()?;
        let start = [
            first.lat_degrees,
            first.lat_degrees,
            first.lon_degrees,
            first.lon_degrees,
        ];
        let [south, north, west, east] = stops.iter().fold(start, |[s, n, w, e], stop| {
            let (lat, lon) = (stop.lat_degrees, stop.lon_degrees);
            [s.min(lat), n.max(lat), w.min(lon), e.max(lon)]
        });
        let narrow = f64::midpoint(south, north).to_radians().cos().max(0.05);
        let (wide, high) = ((east - west) * narrow, north - south);
        let scale = SIDE / wide.max(high).max(1e-4);
        Some(Self {
            west,
            north,
            scale,
            narrow,
            width: wide.mul_add(scale, 2.0 * MARGIN).max(420.0),
            height: high.mul_add(scale, 2.0 * MARGIN).max(300.0),
        })
    }

    pub(super) fn place(&self, stop: &Stop) -> (f64, f64) {
        let x = (stop.lon_degrees - self.west) * self.narrow * self.scale;
        let y = (self.north - stop.lat_degrees) * self.scale;
        (x + MARGIN, y + MARGIN)
    }
}
