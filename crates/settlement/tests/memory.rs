//! The memory store passes the contract every store must pass, and the law of settlement holds for
//! any deal of the same taps.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

use proptest::prelude::*;
use settlement::testing::MemoryStore;
use settlement::testing::contract::{self, Factory};
use units::{AccountId, CredentialId};

struct Memory;

impl Factory for Memory {
    type Store = MemoryStore;

    async fn fresh(&self) -> MemoryStore {
        MemoryStore::default()
    }

    async fn issue(&self, store: &MemoryStore, credential: CredentialId, account: AccountId) {
        store.issue(credential, account);
    }
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
