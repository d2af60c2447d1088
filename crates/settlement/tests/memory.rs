//! The memory store passes the contract every store must pass, and the law of settlement holds for
//! any deal of the same taps.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use settlement::dump;
use settlement::ports::Issued;
use settlement::testing::MemoryStore;
use settlement::testing::contract::{self, Factory};
use settlement::testing::weeks::{self, Delivery, Weeks};
use units::CredentialId;

struct Memory;

impl Factory for Memory {
    type Store = MemoryStore;

    async fn fresh(&self) -> MemoryStore {
        MemoryStore::default()
    }

    async fn issue(&self, store: &MemoryStore, credential: CredentialId, issued: Issued) {
        store.issue(credential, issued);
    }
}

/// The lines of the canonical dump by account; without the sums over all.
async fn lines_of_riders(
    weeks: &Weeks,
    seed: u64,
    deliveries: Vec<Delivery>,
) -> BTreeMap<String, Vec<String>> {
    let store = MemoryStore::default();
    let city = weeks::city(seed % 2 == 1);
    for delivery in deliveries {
        weeks.deliver(&store, &city, delivery).await;
    }
    let dump = dump::canonical(&store).await.unwrap();
    let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in dump.lines().filter(|line| !line.starts_with("balance ")) {
        let account = line.split(' ').nth(1).unwrap_or_default();
        let of_account = accounts.entry(account.to_owned()).or_default();
        of_account.push(line.to_owned());
    }
    accounts.remove("canonical");
    accounts
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

#[test]
fn the_memory_store_keeps_the_contract() {
    block_on(contract::check_all(&Memory));
    block_on(contract::check_payments(&Memory));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_deal_of_the_same_taps_comes_to_the_same(one: u64, other: u64) {
        let (one, other) = block_on(async {
            (
                contract::dump_of_dealt_morning(&Memory, one).await,
                contract::dump_of_dealt_morning(&Memory, other).await,
            )
        });
        prop_assert_eq!(one, other);
    }

    #[test]
    fn one_riders_taps_never_change_anothers_fares(seed: u64, deal: u64) {
        let weeks = Weeks::new(seed);
        let together = block_on(lines_of_riders(&weeks, seed, weeks.dealt(deal)));
        let mut apart = BTreeMap::new();
        for rider in weeks::RIDERS {
            let alone = weeks.of(rider);
            apart.extend(block_on(lines_of_riders(&alone, seed, alone.in_order())));
        }
        prop_assert_eq!(together, apart);
    }

    #[test]
    fn any_deal_of_the_same_weeks_comes_to_the_same(weeks: u64, deal: u64) {
        let (in_order, dealt) = block_on(async {
            (
                contract::dump_of_dealt_weeks(&Memory, weeks, None).await,
                contract::dump_of_dealt_weeks(&Memory, weeks, Some(deal)).await,
            )
        });
        prop_assert_eq!(in_order, dealt);
    }
}

#[test]
fn approvals_and_late_taps_make_the_same_books_in_every_order() {
    block_on(contract::approvals_in_every_order(&Memory));
}
