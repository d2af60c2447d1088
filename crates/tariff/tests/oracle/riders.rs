//! Generated riders: taps of several days, with what goes wrong at gates.

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use tariff::{Holder, Medium, Tap, TapKind};
use units::{RouteId, Span, StopId, TapId, Timestamp};

use crate::city::{Pair, STOPS};
use crate::dice::Dice;

/// A rider's codes, and taps so far.
struct Rider<'a> {
    pair: &'a Pair,
    dice: Dice,
    category: u8,
    product: u16,
    media: Vec<Option<Medium>>,
    taps: Vec<Tap>,
}

/// The taps of a rider of a city, in any order, some of them twice.
pub(crate) fn taps(pair: &Pair, number: u64) -> Vec<Tap> {
    let mut dice = Dice::new(pair.seed.wrapping_mul(1_009).wrapping_add(number + 1));
    let medium = |n: u8| Some(Medium::from_bytes([n; 16]));
    let media = match dice.below(6) {
        0 => vec![medium(1), medium(2)],
        1 => vec![medium(1), medium(2), None],
        2 => vec![None],
        _ => vec![medium(1)],
    };
    let category = u8::try_from(dice.pick(&[0, 0, 0, 1, 2, 3, 9])).unwrap();
    let product = u16::try_from(dice.pick(&[0, 0, 1, 2])).unwrap();
    let mut rider = Rider {
        pair,
        dice,
        category,
        product,
        media,
        taps: Vec::new(),
    };
    for day in 0..11 {
        if rider.dice.chance(93) {
            rider.day(day);
        }
    }
    rider.late_and_twice();
    rider.taps
}

impl Rider<'_> {
    fn day(&mut self, day: i64) {
        let midnight = self
            .pair
            .from
            .at(0, 0, 0, 0)
            .checked_add(day.days())
            .unwrap();
        // Around the moments when timeframes and days begin and end, more often than not.
        let hour = self
            .dice
            .pick(&[0, 1, 2, 5, 6, 6, 7, 7, 8, 9, 12, 15, 16, 21]);
        let mut wall = midnight.checked_add(hour.hours()).unwrap();
        for _ in 0..self.dice.between(1, 4) {
            wall = self.ride(wall);
        }
    }

    fn instant(&self, wall: DateTime) -> Timestamp {
        let zoned = self
            .pair
            .zone
            .to_ambiguous_zoned(wall)
            .compatible()
            .unwrap();
        Timestamp::from_micros(zoned.timestamp().as_microsecond())
    }

    /// A ride that begins at this time on the wall; gives when the next one may begin.
    fn ride(&mut self, wall: DateTime) -> DateTime {
        let from = self.dice.pick(&STOPS);
        let to = if self.dice.chance(8) {
            from
        } else {
            self.dice.pick(&STOPS)
        };
        let route = self.dice.pick(&["", "", "", "m1", "r1", "b1", "b2", "x1"]);
        let companions = u8::try_from(self.dice.pick(&[0, 0, 0, 0, 0, 0, 1, 3])).unwrap();
        let medium = self.dice.pick(&self.media.clone());
        let wait = self
            .dice
            .pick(&[0, 60, 300, 900, 1_800, 1_801, 3_600, 7_200]);
        let lasts = match self.dice.below(12) {
            0 => 1_800,
            1 => 3_600,
            2 => 7_200,
            3 => 10_800,
            4 => 10_801,
            5 => 0,
            6 => 9_000,
            _ => self.dice.between(120, 5_400),
        };
        let start = self.instant(wall);
        let end = start.plus(Span::from_secs(lasts));
        let is_bus = route.starts_with('b');
        let (lacks_on, lacks_off) = (
            self.dice.chance(5),
            self.dice.chance(if is_bus { 85 } else { 6 }),
        );
        if !lacks_on {
            self.tap(start, TapKind::On, from, route, (medium, companions));
        }
        if !lacks_off {
            // Off with another device, now and then.
            let other = self.dice.pick(&self.media.clone());
            let medium = if self.dice.chance(10) { other } else { medium };
            let route = if self.dice.chance(80) { route } else { "" };
            self.tap(end, TapKind::Off, to, route, (medium, companions));
        }
        wall.checked_add((lasts + wait).seconds()).unwrap()
    }

    fn tap(
        &mut self,
        at: Timestamp,
        kind: TapKind,
        stop: &str,
        route: &str,
        (medium, companions): (Option<Medium>, u8),
    ) {
        let mut id = [0; 16];
        for byte in &mut id {
            *byte = u8::try_from(self.dice.below(256)).unwrap();
        }
        let stop = if self.dice.chance(1) { "nowhere" } else { stop };
        self.taps.push(Tap {
            at,
            kind,
            id: TapId::from_bytes(id),
            stop: StopId::new(stop).unwrap(),
            route: (!route.is_empty()).then(|| RouteId::new(route).unwrap()),
            holder: Holder {
                category: self.category,
                companions,
                product: self.product,
                medium,
            },
        });
    }

    /// Some taps come twice, and they come in any order.
    fn late_and_twice(&mut self) {
        for _ in 0..self.taps.len() / 10 {
            let tap = self.taps[self.dice.below(self.taps.len())];
            self.taps.push(tap);
        }
        for place in (1..self.taps.len()).rev() {
            let other = self.dice.below(place + 1);
            self.taps.swap(place, other);
        }
    }
}
