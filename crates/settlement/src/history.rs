//! What stands between a rider's taps and fares and is not kept: how far caps have got, which
//! journeys a cap made cheaper, and for how many riders a tap counts.
//!
//! It is computed from the taps whenever somebody asks, as recomputing does.

use std::collections::{BTreeMap, BTreeSet};

use tariff::{AdjustmentKind, Carry, City, Tap, rate_day_after};
use units::{AccountId, Amount, JourneyId, ServiceDay, TapId};

use crate::model::{StoredTap, TapFlag};
use crate::recompute::counted_days;

/// A rider's days, and the taps that are not priced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Days with a tap.
    pub days: BTreeMap<ServiceDay, Day>,
    /// Taps that are not priced, and why, ordered by tap.
    pub flags: Vec<(TapId, TapFlag)>,
}

/// One day of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Day {
    /// The taps that are priced, each for as many riders as went through.
    pub taps: Vec<Tap>,
    /// Journeys that a cap made cheaper.
    pub capped: BTreeSet<JourneyId>,
    /// How far caps have got by the end of the day.
    pub caps: Vec<CapProgress>,
}

/// How far a cap has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapProgress {
    /// Its name for riders.
    pub name: String,
    /// Which member of the party: 0 is the holder of the code.
    pub rider: u8,
    /// The first day that it counts.
    pub first_day: ServiceDay,
    /// Paid towards it.
    pub paid: Amount,
    /// The most that is paid.
    pub limit: Amount,
}

/// The history that the taps of `account` make.
#[must_use]
pub fn of_taps(city: &City, account: AccountId, taps: &[StoredTap]) -> History {
    let (days, flags) = counted_days(city, taps);
    let mut carry = Carry::default();
    let days = days.into_iter().map(|(day, taps)| {
        let rated = rate_day_after(city, account, day, &taps, &mut carry);
        let capped = rated.journeys.iter().filter(|journey| {
            let mut adjustments = journey.breakdown.iter().flat_map(|part| &part.adjustments);
            adjustments.any(|adjustment| adjustment.kind == AdjustmentKind::Cap)
        });
        let of_day = Day {
            capped: capped.map(|journey| journey.id).collect(),
            caps: caps(city, day, &carry),
            taps,
        };
        (day, of_day)
    });
    History {
        days: days.collect(),
        flags,
    }
}

fn caps(city: &City, day: ServiceDay, carry: &Carry) -> Vec<CapProgress> {
    let rules = &city.in_force(day).extensions().caps;
    let amount =
        |minor| Amount::new(minor, city.currency()).unwrap_or(Amount::zero(city.currency()));
    let sums = carry.cap_sums(city, day).into_iter();
    sums.filter_map(|sum| {
        Some(CapProgress {
            name: rules.get(sum.place)?.name.clone(),
            rider: sum.rider,
            first_day: sum.first_day,
            paid: amount(sum.paid),
            limit: amount(sum.limit),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SettlementStore as _;
    use crate::testing::shuffle::HEADER;
    use crate::testing::world::{city_with, day, minutes};
    use crate::{ids, ingest, settle, testing::MemoryStore};

    /// Three rides of 2.00 under a cap of 5.00 a day and 12.00 a week: the third costs 1.00.
    #[tokio::test]
    async fn caps_say_how_far_they_have_got() {
        let caps = "cap_id,cap_name,period,amount\nd,Day,day,5.00\nw,Week,week,12.00\n";
        let city = city_with(&[("fare_caps.txt", caps)]);
        let store = MemoryStore::default();
        let rows = "1,ann,2019-01-07T08:00:00+08:00,on,market,b1,\n\
            2,ann,2019-01-07T09:00:00+08:00,on,market,b1,\n\
            3,ann,2019-01-07T10:00:00+08:00,on,market,b1,\n\
            4,ann,2019-01-08T10:00:00+08:00,on,market,b1,\n";
        let file = format!("{HEADER}{rows}");
        let now = minutes(3_000);
        let taken = ingest::rows::store(&store, &city, file.as_bytes(), now, |_| ());
        taken.await.unwrap();
        settle::all(&store, &city, now).await.unwrap();
        let record = store.accounts_page(None, 1).await.unwrap().remove(0);
        let history = of_taps(&city, ids::account_of_text("ann"), &record.taps);
        let monday = &history.days[&day()];
        let seen = |day: &Day| {
            let caps = day.caps.iter();
            caps.map(|cap| (cap.name.clone(), cap.paid.as_minor(), cap.limit.as_minor()))
                .collect::<Vec<_>>()
        };
        let (of_day, of_week) = ("Day".to_owned(), "Week".to_owned());
        assert_eq!(
            seen(monday),
            [(of_day.clone(), 500, 500), (of_week.clone(), 500, 1200)]
        );
        let third = record
            .journeys
            .iter()
            .find(|journey| journey.fare.as_minor() == 100);
        assert_eq!(monday.capped, BTreeSet::from([third.unwrap().id]));
        let tuesday = &history.days[&ServiceDay::from_days(day().as_days() + 1)];
        assert_eq!(seen(tuesday), [(of_day, 200, 500), (of_week, 700, 1200)]);
        assert!(tuesday.capped.is_empty() && history.flags.is_empty());
    }
}
