//! Who goes where this morning, and who cheats: decided before anything runs.

use std::collections::BTreeMap;

use tariff::{City, TapKind};
use units::{RouteId, ServiceDay, Span, StopId, Timestamp};

use super::dice::Dice;
use super::places::Places;

/// The ways of riding free that the demo tries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Cheat {
    /// A picture of somebody's code, shown two minutes later.
    Screenshot,
    /// A code shown again at the gate that just took it.
    SameGate,
    /// A code that one gate took, shown at another within its life: no gate can see this.
    OtherGate,
    /// A credential signed by a key of the cheat's own under the issuer's key id.
    Forged,
    /// A good code with one character changed.
    Tampered,
    /// A good code of a credential on the deny list.
    Denied,
    /// A code made from a credential that has run out.
    Expired,
    /// A code of another city's issuer, which this city does not trust.
    Foreign,
}

impl Cheat {
    /// All of them, in the order in which riders take them up.
    pub(super) const ALL: [Self; 8] = [
        Self::Screenshot,
        Self::SameGate,
        Self::OtherGate,
        Self::Forged,
        Self::Tampered,
        Self::Denied,
        Self::Expired,
        Self::Foreign,
    ];

    /// Stable name, for counts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Screenshot => "screenshot",
            Self::SameGate => "same_gate",
            Self::OtherGate => "other_gate",
            Self::Forged => "forged",
            Self::Tampered => "tampered",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Foreign => "foreign",
        }
    }
}

/// Something a rider does at a gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// Shows a fresh code; through a rendered and read picture when `picture` says so.
    Ride {
        /// Whether the code goes through a QR picture and its pixels.
        picture: bool,
    },
    /// Has no key in the phone: fetches a ticket and shows it.
    Ticket,
    /// Tries to ride free.
    Cheat(Cheat),
}

/// One moment of the morning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    /// Index of the rider.
    pub(super) rider: usize,
    pub(super) kind: TapKind,
    pub(super) stop: StopId,
    /// The bus route; the metro's gates belong to no route.
    pub(super) route: Option<RouteId>,
    pub(super) act: Act,
}

/// A whole morning.
pub(super) struct Plan {
    /// In the order of time.
    pub(super) moments: Vec<Moment>,
    /// Which riders cheat, and how.
    pub(super) cheats: BTreeMap<usize, Cheat>,
    /// When phones fetch their credentials.
    pub(super) dawn: Timestamp,
    /// How many riders there are.
    pub(super) riders: usize,
}

/// Every so many riders one is a cheat.
const HONEST_PER_CHEAT: usize = 25;
/// Share of riders who take the bus, of a hundred.
const BUS_PERCENT: u64 = 10;
/// Share of bus riders whose phone holds no key, of a hundred.
const TICKET_PERCENT: u64 = 30;
/// Share of journeys that lack their tap off, of a hundred.
const FORGETFUL_PERCENT: u64 = 2;
/// Share of riders who travel a second time, of a hundred.
const SECOND_TRIP_PERCENT: u64 = 12;
/// Share of codes that go through a rendered picture, of a hundred.
pub(super) const PICTURE_PERCENT: u64 = 5;

const HOUR: i64 = 3_600;

impl Plan {
    /// The morning of `riders` riders in `city` on `day`.
    pub(super) fn new(
        city: &City,
        places: &Places,
        day: ServiceDay,
        riders: usize,
        seed: u64,
    ) -> Self {
        let (start, _) = city.day_bounds(day);
        let mut plan = Self {
            moments: Vec::new(),
            cheats: BTreeMap::new(),
            dawn: start.plus(Span::from_secs(2 * HOUR)),
            riders,
        };
        for rider in 0..riders {
            let mut dice = Dice::new(seed, u64::try_from(rider).unwrap_or(0));
            // Rush hour: the sum of two throws makes a hump between 06:30 and 09:30.
            let wait = dice.below(5_400) + dice.below(5_400);
            let wait = Span::from_secs(i64::try_from(wait).unwrap_or(0));
            let leaves = start.plus(Span::from_secs(3 * HOUR + HOUR / 2)).plus(wait);
            if rider % HONEST_PER_CHEAT == HONEST_PER_CHEAT - 1 {
                let cheat = Cheat::ALL[(rider / HONEST_PER_CHEAT) % Cheat::ALL.len()];
                plan.cheats.insert(rider, cheat);
                plan.cheat(rider, cheat, leaves, places, &mut dice);
            } else {
                let arrived = plan.travel(rider, leaves, places, &mut dice);
                if dice.percent(SECOND_TRIP_PERCENT) {
                    let rest =
                        Span::from_secs(i64::try_from(1_200 + dice.below(2_400)).unwrap_or(0));
                    plan.travel(rider, arrived.plus(rest), places, &mut dice);
                }
            }
        }
        plan.moments.sort_by_key(|moment| (moment.at, moment.rider));
        plan
    }

    /// One journey; gives back when it ended.
    fn travel(
        &mut self,
        rider: usize,
        at: Timestamp,
        places: &Places,
        dice: &mut Dice,
    ) -> Timestamp {
        let picture = dice.percent(PICTURE_PERCENT);
        let act = Act::Ride { picture };
        let bus = dice.percent(BUS_PERCENT);
        if bus && let Some(&(route, stop)) = dice.pick(&places.bus) {
            let act = if dice.percent(TICKET_PERCENT) {
                Act::Ticket
            } else {
                act
            };
            self.moments.push(Moment {
                at,
                rider,
                kind: TapKind::On,
                stop,
                route: Some(route),
                act,
            });
            return at.plus(Span::from_secs(HOUR / 3));
        }
        let Some((from, to)) = places.pair(dice) else {
            return at;
        };
        let moment = Moment {
            at,
            rider,
            kind: TapKind::On,
            stop: from,
            route: None,
            act,
        };
        self.moments.push(moment);
        let off = at.plus(places.ride(from, to));
        if !dice.percent(FORGETFUL_PERCENT) {
            self.moments.push(Moment {
                at: off,
                kind: TapKind::Off,
                stop: to,
                ..moment
            });
        }
        off
    }

    fn cheat(
        &mut self,
        rider: usize,
        cheat: Cheat,
        at: Timestamp,
        places: &Places,
        dice: &mut Dice,
    ) {
        let Some((here, there)) = places.pair(dice) else {
            return;
        };
        let act = Act::Cheat(cheat);
        let moment = Moment {
            at,
            rider,
            kind: TapKind::On,
            stop: here,
            route: None,
            act,
        };
        // These two begin with an honest tap, whose code is then shown again.
        if matches!(cheat, Cheat::SameGate | Cheat::OtherGate) {
            self.moments.push(Moment {
                act: Act::Ride { picture: false },
                ..moment
            });
        }
        let (stop, later) = match cheat {
            Cheat::Screenshot => (here, 120),
            Cheat::SameGate => (here, 4),
            Cheat::OtherGate => (there, 4),
            _ => (here, 0),
        };
        self.moments.push(Moment {
            at: at.plus(Span::from_secs(later)),
            stop,
            ..moment
        });
    }
}

/// The stream of chance that a rider's key comes from; the plan draws from the lower ones.
pub(super) fn key_stream(rider: usize) -> u64 {
    (1 << 40) + u64::try_from(rider).unwrap_or(0)
}
