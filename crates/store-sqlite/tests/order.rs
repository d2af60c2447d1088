//! 10,000 small worlds, each dealt out in its own way: order, repetition, lateness, partition into
//! files, settling and closing in between, restarts. All of them come to what they come to in the
//! memory store, in order and at once. (`store-postgres` plays the same worlds.)

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

#[expect(dead_code, reason = "the other tests of this crate use the rest")]
mod factory;

use std::thread;

use factory::Files;
use settlement::testing::worlds::{SEEDS, Worlds};
use store_sqlite::SqliteStore;
use tokio::runtime::Builder;

/// Databases that are played in at a time.
const THREADS: usize = 2;

#[test]
fn ten_thousand_deals_come_to_the_same() {
    thread::scope(|threads| {
        for first in 0..THREADS {
            threads.spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                for seed in (0..SEEDS).skip(first).step_by(THREADS) {
                    runtime.block_on(play(seed));
                }
            });
        }
    });
}

async fn play(seed: u64) {
    let files = Files::new();
    let location = files.next_location();
    let store = SqliteStore::open(&location).await.unwrap();
    let restart = async |store: SqliteStore| {
        store.close().await;
        SqliteStore::open(&location).await.unwrap()
    };
    Worlds::new(seed).check(&files, store, restart).await;
}
