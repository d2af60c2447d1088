//! Thousands of small worlds in one database: each is one rider with some taps, dealt out in a way
//! of its own (its order, what is repeated, what comes late, over how many files), with settling,
//! closing and restarts in between; and the gates of a morning ([`Morning`]), dealt out among them.
//! What all of them come to must not depend on any of it.

use tariff::City;
use units::{ServiceDay, Timestamp};

use super::MemoryStore;
use super::contract::Factory;
use super::shuffle::{self, Dealer, HEADER, Morning};
use super::weeks::{self, utc};
use super::world::{day, minutes};
use crate::ingest::judge::{self, OneCore};
use crate::ingest::rows;
use crate::ports::{IssuanceLog, SettlementStore};
use crate::{charge, dump, recompute, settle, verify_ledger};

/// Databases that a store plays worlds in, each drawn from the seed of its number.
pub const SEEDS: u64 = 10;

/// Worlds in each of them: 10,000 in all.
const WORLDS: u32 = 1_000;

/// Files that the taps of all worlds are spread over.
const FILES: usize = 4;

/// The worlds of one seed.
pub struct Worlds {
    seed: u64,
    morning: Morning,
    /// Rows of an outside file, by rider.
    rows: Vec<Vec<String>>,
}

/// One thing that happens to a store.
enum Step {
    /// Something of the morning.
    Morning(shuffle::Delivery),
    /// A file comes in.
    File(String),
    /// The worker takes up to so many days.
    Settle(u32),
    /// Every day is closed for everybody.
    Close,
    /// The process ends and another one opens the database.
    Restart,
}

impl Worlds {
    /// The worlds of `seed`: riders with two or three rides on one or two days of a week in a city
    /// whose caps, tiers and passes count over days; now and then a tap is missing, or two look
    /// alike.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dealer = Dealer::new(seed);
        Self {
            seed,
            morning: Morning::new(),
            rows: (0..WORLDS).map(|world| rider(&mut dealer, world)).collect(),
        }
    }

    /// The steps to the end, where everything has come and every day is closed.
    fn steps(&self) -> Vec<Step> {
        let mut dealer = Dealer::new(self.seed ^ 0x0dea_1e4d);
        let mut files: [Vec<&str>; FILES] = Default::default();
        for row in self.rows.iter().flatten() {
            // Any part of a world may come before or after any other, and some of it again.
            for _ in 0..=usize::from(dealer.below(3) == 0) {
                if let Some(file) = files.get_mut(dealer.below(FILES)) {
                    file.push(row);
                }
            }
        }
        // Closing is among the steps here, once for all.
        let is_part = |step: &shuffle::Delivery| !matches!(step, shuffle::Delivery::Close);
        let of_morning = self.morning.dealt(self.seed).into_iter().filter(is_part);
        let mut of_morning: Vec<_> = of_morning.map(Step::Morning).collect();
        let mut steps = Vec::new();
        for mut rows in files {
            dealer.shuffle(&mut rows);
            steps.push(Step::File(format!("{HEADER}{}", rows.concat())));
            let some = u32::try_from(1 + dealer.below(300)).unwrap_or(1);
            steps.extend(match dealer.below(3) {
                0 => vec![Step::Close],
                1 => vec![Step::Settle(some), Step::Restart],
                _ => vec![Step::Restart, Step::Settle(some)],
            });
            let place = dealer.below(of_morning.len() + 1);
            steps.extend(of_morning.drain(place..));
        }
        steps.extend(of_morning);
        steps.push(Step::Close);
        steps
    }

    /// What the worlds come to in the memory store, in order and at once.
    #[expect(
        clippy::expect_used,
        reason = "a test helper: failing is its way to answer"
    )]
    async fn expected(&self) -> String {
        let store = MemoryStore::default();
        let city = weeks::city(false);
        for (credential, issued) in self.morning.issued() {
            store.issue(credential, issued);
        }
        self.morning.prepare(&store).await;
        for delivery in self.morning.in_order() {
            self.take(&store, &city, Step::Morning(delivery)).await;
        }
        let rows = self.rows.concat().concat();
        let file = Step::File(format!("{HEADER}{rows}"));
        self.take(&store, &city, file).await;
        self.take(&store, &city, Step::Close).await;
        dump::canonical(&store).await.expect("dump")
    }

    /// Deals them out to the empty `store` and sees that they come to what they come to in order.
    /// `restart` ends a store and opens it again.
    ///
    /// # Panics
    /// When they do not, the store fails or its books are not sound.
    pub async fn check<F: Factory>(
        &self,
        factory: &F,
        store: F::Store,
        restart: impl AsyncFn(F::Store) -> F::Store,
    ) {
        let expected = self.expected().await;
        let dealt = self.dealt(factory, store, restart).await;
        let mut pairs = dealt.lines().zip(expected.lines());
        let differing = pairs.find(|(dealt, expected)| dealt != expected);
        let seed = self.seed;
        assert_eq!(differing, None, "seed {seed}: dealt out, in order");
        assert!(dealt == expected, "seed {seed}: one has more lines");
        let fares = expected.lines().filter(|line| line.starts_with("fares "));
        let count = fares.count();
        assert!(count > self.rows.len(), "seed {seed}: a world is missing");
    }

    async fn dealt<F: Factory>(
        &self,
        factory: &F,
        mut store: F::Store,
        restart: impl AsyncFn(F::Store) -> F::Store,
    ) -> String {
        let city = weeks::city(false);
        for (credential, issued) in self.morning.issued() {
            factory.issue(&store, credential, issued).await;
        }
        self.morning.prepare(&store).await;
        for step in self.steps() {
            if matches!(step, Step::Restart) {
                store = restart(store).await;
            } else {
                self.take(&store, &city, step).await;
            }
        }
        written(&store, &city).await
    }

    #[expect(
        clippy::expect_used,
        reason = "a test helper: failing is its way to answer"
    )]
    async fn take<S>(&self, store: &S, city: &City, step: Step)
    where
        S: SettlementStore + IssuanceLog,
    {
        match step {
            Step::Morning(delivery) => self.morning.deliver(store, city, delivery).await,
            Step::File(text) => {
                let taken = rows::store(store, city, text.as_bytes(), now(), |_| ()).await;
                assert_eq!(taken.expect("store a file").rejected, 0, "rows left out");
            }
            Step::Settle(days) => {
                let settled = settle::step(store, city, now(), days).await;
                settled.expect("settle");
            }
            Step::Close => {
                let keys = self.morning.issuer_keys();
                let judged = judge::all(store, city, &keys, &OneCore).await;
                judged.expect("judge");
                let scope = charge::through(ServiceDay::from_days(day().as_days() + 60));
                let closed = charge::close(store, city, &scope, now()).await;
                closed.expect("close");
            }
            Step::Restart => {}
        }
    }
}

/// The rows of one rider.
fn rider(dealer: &mut Dealer, world: u32) -> Vec<String> {
    let mut rows = Vec::new();
    for ride in 0..2 + dealer.below(2) {
        let minute = dealer.below(2) * 1_440 + 60 + dealer.below(1_200);
        let mut row = |end: &str, minute: usize, kind: &str, stop: &str, route: &str| {
            let at = utc(minutes(i64::try_from(minute).unwrap_or(0)));
            rows.push(format!(
                "w{world}-{ride}{end},w{world},{at},{kind},{stop},{route},\n"
            ));
        };
        let places = [("north", "centre"), ("centre", "south"), ("north", "north")];
        let (from, to) = places[dealer.below(places.len())];
        match dealer.below(7) {
            0..3 => row("a", minute, "on", "market", "b1"),
            // Two travel on one account: taps that look alike, and are two.
            3 => {
                row("a", minute, "on", "market", "b1");
                row("b", minute, "on", "market", "b1");
            }
            4 => row("a", minute, "on", from, ""),
            _ => {
                row("a", minute, "on", from, "");
                row("b", minute + 5 + dealer.below(100), "off", to, "");
            }
        }
    }
    rows
}

fn now() -> Timestamp {
    minutes(60_000)
}

/// The canonical dump of sound books.
#[expect(
    clippy::expect_used,
    reason = "a test helper: failing is its way to answer"
)]
async fn written<S: SettlementStore>(store: &S, city: &City) -> String {
    let ledger = verify_ledger::verify(store).await.expect("read the ledger");
    assert!(ledger.is_sound(), "{:#?}", ledger.listed);
    let recomputed = recompute::compare(store, city).await.expect("recompute");
    assert!(recomputed.is_equal(), "{:#?}", recomputed.listed);
    dump::canonical(store).await.expect("dump")
}
