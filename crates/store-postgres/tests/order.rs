//! 10,000 small worlds, each dealt out in its own way: order, repetition, lateness, partition into
//! files, settling and closing in between, restarts. All of them come to what they come to in the
//! memory store, in order and at once. (`store-sqlite` plays the same worlds.)
//!
//! The server does not sync its files: nothing here cuts its power, and `crash.rs` does with one
//! that does.

#![expect(clippy::unwrap_used, reason = "a test answers by failing")]

#[expect(dead_code, reason = "the other tests of this crate use the rest")]
mod factory;

use std::sync::Arc;
use std::thread;

use factory::Databases;
use services::Postgres;
use settlement::testing::worlds::{SEEDS, Worlds};
use store_postgres::PostgresStore;
use tokio::runtime::Builder;

/// Databases that are played in at a time.
const THREADS: usize = 2;

#[test]
fn ten_thousand_deals_come_to_the_same() {
    let fast = [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
    ];
    let databases = Databases(Arc::new(Postgres::start_with(&fast).unwrap()));
    thread::scope(|threads| {
        for first in 0..THREADS {
            let databases = &databases;
            threads.spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                for seed in (0..SEEDS).skip(first).step_by(THREADS) {
                    runtime.block_on(play(databases, seed));
                }
            });
        }
    });
}

async fn play(databases: &Databases, seed: u64) {
    let url = databases.0.create_database().unwrap();
    let restart = async |store: PostgresStore| {
        store.close().await;
        Databases::open(&url).await
    };
    let store = Databases::open(&url).await;
    Worlds::new(seed).check(databases, store, restart).await;
}
