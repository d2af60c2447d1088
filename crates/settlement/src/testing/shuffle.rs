//! One set of taps, dealt out in many ways: order, partition, repetition and lateness follow from a
//! seed alone.

use tariff::{City, TapKind};
use units::{CredentialId, ServiceDay, Span};

use super::world::{Device, Issuer, Phone, day, minutes};
use crate::ingest::batch::{self, SignedBatch};
use crate::ingest::judge::{self, IssuerKeys, OneCore};
use crate::ingest::rows;
use crate::model::Gate;
use crate::ports::{IssuanceLog, Issued, SettlementStore};
use crate::{charge, settle};

/// A small deterministic generator (`SplitMix64`), enough to deal with and no more.
#[derive(Debug, Clone)]
pub struct Dealer(u64);

impl Dealer {
    /// The dealer of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound_64 = u64::try_from(bound).unwrap_or(u64::MAX);
        let drawn = self.next().checked_rem(bound_64).unwrap_or(0);
        usize::try_from(drawn).unwrap_or(0)
    }

    /// Puts `items` into some order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }
}

/// A morning of travel: journals of three gates and rows of an outside file, with everything in it
/// that makes order matter to a careless store.
pub struct Morning {
    issuer: Issuer,
    phones: Vec<Phone>,
    devices: Vec<Device>,
    rows: Vec<String>,
}

/// One thing that happens to a store.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// A gate uploads a batch.
    Batch(Box<SignedBatch>),
    /// An outside file comes in.
    File(String),
    /// The worker judges about so many records and settles about so many days.
    Settle(u32),
    /// Every record is judged and the day closed for everybody.
    Close,
}

/// The header of an outside file.
pub const HEADER: &str = "tap_id,account_id,time,kind,stop_id,route_id,device_id\n";

impl Default for Morning {
    fn default() -> Self {
        Self::new()
    }
}

impl Morning {
    /// The morning; always the same.
    ///
    /// Phone 1 rides twice; phone 2 forgets to tap off; phone 3's code is shown at two gates; phone
    /// 4 uses a ticket twice in one direction; phone 5 is only refused; phone 6 rides over the end
    /// of the day with one code on both sides of it. Records of phones nobody issued, and bytes
    /// that are no record, lie in between.
    #[must_use]
    pub fn new() -> Self {
        let issuer = Issuer::new(1);
        let phones: Vec<Phone> = (1..=6).map(|number| issuer.phone(number)).collect();
        let mut north = Device::new(1, tariff::testing::NORTH, None);
        let mut centre = Device::new(2, tariff::testing::CENTRE, None);
        let mut bus = Device::new(3, tariff::testing::MARKET, Some(tariff::testing::BUS));
        let code = |phone: usize, minute| phones[phone - 1].code(minutes(minute));
        let (on, off) = (TapKind::On, TapKind::Off);

        north.permit(minutes(10), on, &code(1, 10));
        centre.permit(minutes(30), off, &code(1, 30));
        centre.permit(minutes(500), on, &code(1, 500));
        north.permit(minutes(520), off, &code(1, 520));
        north.permit(minutes(12), on, &code(2, 12));
        bus.permit(minutes(60), on, &code(2, 60));
        // One screenshot, two gates, some seconds apart.
        let shot = code(3, 40);
        north.permit(minutes(40), on, &shot);
        bus.permit(minutes(40).plus(Span::from_secs(20)), on, &shot);
        centre.permit(minutes(70), off, &code(3, 70));
        let ticket = issuer.ticket(4);
        bus.permit(minutes(80), on, &ticket);
        bus.permit(minutes(95), on, &ticket);
        north.refuse(minutes(15), on, &code(5, 11), 122);
        north.scribble(b"no record");
        let stranger = Issuer::new(1).phone(99);
        centre.permit(minutes(33), on, &stranger.code(minutes(33)));
        let last = code(6, 24 * 60);
        bus.permit(minutes(24 * 60).minus(Span::from_secs(5)), on, &last);
        centre.permit(minutes(24 * 60).plus(Span::from_secs(5)), on, &last);
        centre.permit(minutes(24 * 60 + 30), off, &code(6, 24 * 60 + 30));
        Self {
            issuer,
            phones,
            devices: vec![north, centre, bus],
            rows: rows(),
        }
    }

    /// The issuer's key.
    #[must_use]
    pub fn issuer_keys(&self) -> IssuerKeys {
        self.issuer.keys()
    }

    /// Who was issued what.
    #[must_use]
    pub fn issued(&self) -> Vec<(CredentialId, Issued)> {
        let phones = self.phones.iter();
        let mut issued: Vec<_> = phones
            .map(|phone| (phone.credential, phone.issued))
            .collect();
        let ticket = self.issuer.ticket_issued(4, self.phones[3].account);
        issued.push((Issuer::ticket_id(4), ticket));
        issued
    }

    /// The gates.
    #[must_use]
    pub fn gates(&self) -> Vec<Gate> {
        self.devices.iter().map(Device::registration).collect()
    }

    /// Everything in one go: each journal as one batch, one file, one settling, one closing.
    #[must_use]
    pub fn in_order(&self) -> Vec<Delivery> {
        let batches = self
            .devices
            .iter()
            .map(|device| Delivery::Batch(Box::new(device.all())));
        let file = Delivery::File(format!("{HEADER}{}", self.rows.concat()));
        batches.chain([file, Delivery::Close]).collect()
    }

    /// The same taps as seed `seed` deals them: journals cut into overlapping batches, rows
    /// repeated and spread over files, all of it out of order, with settling and closing in
    /// between; everything has come and the days are closed at the end.
    #[must_use]
    pub fn dealt(&self, seed: u64) -> Vec<Delivery> {
        let mut dealer = Dealer::new(seed);
        let mut deliveries = Vec::new();
        for device in &self.devices {
            let mut from = 0;
            while from < device.len() {
                let longest = usize::try_from(device.len() - from).unwrap_or(1);
                let count = u64::try_from(1 + dealer.below(longest.min(4))).unwrap_or(1);
                let to = from + count;
                let overlap = u64::try_from(dealer.below(3)).unwrap_or(0).min(from);
                deliveries.push(Delivery::Batch(Box::new(device.batch(from - overlap, to))));
                if dealer.below(3) == 0 {
                    deliveries.push(Delivery::Batch(Box::new(device.batch(from, to))));
                }
                from = to;
            }
        }
        let mut rows = self.rows.clone();
        for _ in 0..dealer.below(rows.len()) {
            rows.push(rows[dealer.below(rows.len())].clone());
        }
        dealer.shuffle(&mut rows);
        let per_file = 1 + dealer.below(rows.len());
        for rows in rows.chunks(per_file) {
            deliveries.push(Delivery::File(format!("{HEADER}{}", rows.concat())));
        }
        for _ in 0..dealer.below(6) {
            let days = u32::try_from(1 + dealer.below(4)).unwrap_or(1);
            deliveries.push(Delivery::Settle(days));
        }
        for _ in 0..dealer.below(3) {
            deliveries.push(Delivery::Close);
        }
        dealer.shuffle(&mut deliveries);
        deliveries.push(Delivery::Close);
        deliveries
    }

    /// Registers the gates; the caller has to make the store's issuance log say [`Self::issued`].
    ///
    /// # Panics
    /// When the store fails.
    #[expect(
        clippy::expect_used,
        reason = "a test helper: failing is its way to answer"
    )]
    pub async fn prepare<S: SettlementStore>(&self, store: &S) {
        for gate in self.gates() {
            store.register_gate(&gate).await.expect("register a gate");
        }
    }

    /// Lets one thing happen.
    ///
    /// # Panics
    /// When the store fails.
    #[expect(
        clippy::expect_used,
        reason = "a test helper: failing is its way to answer"
    )]
    pub async fn deliver<S>(&self, store: &S, city: &City, delivery: Delivery)
    where
        S: SettlementStore + IssuanceLog,
    {
        let now = minutes(3_000);
        match delivery {
            Delivery::Batch(batch) => {
                let taken = batch::store(store, *batch, now).await;
                taken.expect("store a batch");
            }
            Delivery::File(text) => {
                let taken = rows::store(store, city, text.as_bytes(), now, |_| ()).await;
                taken.expect("store a file");
            }
            Delivery::Settle(days) => {
                let keys = self.issuer_keys();
                let judged = judge::step(store, city, &keys, &OneCore, days).await;
                judged.expect("judge");
                settle::step(store, city, now, days).await.expect("settle");
            }
            Delivery::Close => {
                let judged = judge::all(store, city, &self.issuer_keys(), &OneCore).await;
                judged.expect("judge");
                let scope = charge::through(ServiceDay::from_days(day().as_days() + 1));
                charge::close(store, city, &scope, now)
                    .await
                    .expect("close");
            }
        }
    }
}

/// Rows of an outside file: two complete journeys, one without its end, one that begins the day.
fn rows() -> Vec<String> {
    [
        "f1,anna,2019-01-07T08:00:00+08:00,on,north,,x1",
        "f2,anna,2019-01-07T08:20:00+08:00,off,centre,,x2",
        "f3,ben,2019-01-07T09:00:00+08:00,on,centre,,x2",
        "f4,anna,2019-01-07T18:00:00+08:00,on,market,b1,x3",
        "f5,carl,2019-01-07T02:00:00Z,on,south,,x4",
        "f6,carl,2019-01-07T02:40:00Z,off,centre,,x2",
        "f7,ben,2019-01-08T03:00:00+08:00,off,south,,x4",
    ]
    .iter()
    .map(|row| format!("{row}\n"))
    .collect()
}
