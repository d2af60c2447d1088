//! Some weeks of travel in a city that counts over days, drawn from one seed and dealt out by
//! another.

use tariff::City;
use units::{ServiceDay, Timestamp};

use super::shuffle::{Dealer, HEADER};
use super::world::{city_with, day, minutes};
use crate::ingest::rows;
use crate::ports::SettlementStore;
use crate::{charge, settle};

/// How many service days the weeks have: a month ends in the fourth week.
const DAYS: usize = 27;

/// Who travels.
pub const RIDERS: [&str; 2] = ["anna", "ben"];

/// Rows of an outside file.
#[derive(Debug, Clone)]
pub struct Weeks {
    rows: Vec<String>,
}

/// One thing that happens to a store.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// A file comes in.
    File(String),
    /// The worker takes up to so many days.
    Settle(u32),
    /// Every day is closed for everybody.
    Close,
}

/// The test city with caps of a day, a week and a month, a discount for money spent and a pass
/// that rides earn; with `rolls` also a cap of any three days.
#[must_use]
pub fn city(rolls: bool) -> City {
    let caps = "cap_id,period,period_days,amount\n\
                d,day,,8.00\nw,week,,20.00\nm,month,,45.00\n";
    let rolling = format!("{caps}r,rolling,3,13.00\n");
    city_with(&[
        ("fare_caps.txt", if rolls { &rolling } else { caps }),
        (
            "fare_tiers.txt",
            "tier_id,period,from_amount,to_amount,pay_percent\n\
             t,month,10.00,25.00,80\nt,month,25.00,,50\n",
        ),
        (
            "fare_passes.txt",
            "pass_id,kind,period,rides,network_id\np,earned,week,3,bus\n",
        ),
    ])
}

impl Weeks {
    /// The weeks of `seed`: two riders, rides of metro and bus, now and then a tap is missing.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dealer = Dealer::new(seed);
        let mut rows = Vec::new();
        for number in 0..40 {
            let rider = RIDERS[dealer.below(RIDERS.len())];
            let minute = dealer.below(DAYS) * 1_440 + 60 + dealer.below(1_200);
            let (from, to) = [
                ("north", "centre"),
                ("centre", "south"),
                ("south", "north"),
                ("north", "north"),
            ][dealer.below(4)];
            let mut row = |id: usize, minute: usize, kind: &str, stop: &str, route: &str| {
                let at = minutes(i64::try_from(minute).unwrap_or(0));
                rows.push(format!("{id},{rider},{},{kind},{stop},{route},\n", utc(at)));
            };
            let lasts = 5 + dealer.below(100);
            let kind = dealer.below(9);
            if kind < 3 {
                row(number * 2, minute, "on", "market", "b1");
                continue;
            }
            if kind != 3 {
                row(number * 2, minute, "on", from, "");
            }
            if kind != 4 {
                row(number * 2 + 1, minute + lasts, "off", to, "");
            }
        }
        Self { rows }
    }

    /// The same weeks with the rows of `rider` alone.
    #[must_use]
    pub fn of(&self, rider: &str) -> Self {
        let own = |row: &&String| row.split(',').nth(1) == Some(rider);
        Self {
            rows: self.rows.iter().filter(own).cloned().collect(),
        }
    }

    /// One file, one settling, one closing.
    #[must_use]
    pub fn in_order(&self) -> Vec<Delivery> {
        let file = format!("{HEADER}{}", self.rows.concat());
        vec![Delivery::File(file), Delivery::Close]
    }

    /// The same rows as seed `seed` deals them: repeated, out of order, spread over files, with
    /// settling and closing in between; everything has come and is closed at the end.
    #[must_use]
    pub fn dealt(&self, seed: u64) -> Vec<Delivery> {
        let mut dealer = Dealer::new(seed);
        let mut rows = self.rows.clone();
        for _ in 0..dealer.below(rows.len()) {
            rows.push(rows[dealer.below(rows.len())].clone());
        }
        dealer.shuffle(&mut rows);
        let mut deliveries = Vec::new();
        let per_file = 1 + dealer.below(rows.len() / 2);
        for rows in rows.chunks(per_file) {
            deliveries.push(Delivery::File(format!("{HEADER}{}", rows.concat())));
            match dealer.below(4) {
                0 => deliveries.push(Delivery::Close),
                1 => deliveries.push(Delivery::Settle(200)),
                2 => deliveries.push(Delivery::Settle(
                    u32::try_from(1 + dealer.below(5)).unwrap_or(1),
                )),
                _ => {}
            }
        }
        deliveries.push(Delivery::Close);
        deliveries
    }

    /// Lets one thing happen.
    ///
    /// # Panics
    /// When the store fails.
    #[expect(
        clippy::expect_used,
        reason = "a test helper: failing is its way to answer"
    )]
    pub async fn deliver<S: SettlementStore>(&self, store: &S, city: &City, delivery: Delivery) {
        let now = minutes(60_000);
        match delivery {
            Delivery::File(text) => {
                let taken = rows::store(store, city, text.as_bytes(), now, |_| ()).await;
                taken.expect("store a file");
            }
            Delivery::Settle(days) => {
                settle::step(store, city, now, days).await.expect("settle");
            }
            Delivery::Close => {
                let scope = charge::through(ServiceDay::from_days(day().as_days() + 60));
                charge::close(store, city, &scope, now)
                    .await
                    .expect("close");
            }
        }
    }
}

/// RFC 3339, UTC, of an instant in January or February 2019.
pub(super) fn utc(at: Timestamp) -> String {
    // 2019-01-01T00:00:00Z.
    let secs = at.as_secs() - 1_546_300_800;
    let (day, secs) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
    let (month, day) = if day < 31 {
        (1, day + 1)
    } else {
        (2, day - 30)
    };
    let (hour, minute, second) = (secs / 3_600, secs / 60 % 60, secs % 60);
    format!("2019-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
