//! The law of settlement: what a set of taps comes to does not depend on how it came.

use super::{Factory, check_laws};
use crate::dump;
use crate::testing::shuffle::{Delivery, Morning};
use crate::testing::world::city;

/// How many of the morning's deals every store is put through.
const DEALS: u64 = 12;

pub(super) async fn check<F: Factory>(factory: &F) {
    let morning = Morning::new();
    let expected = dump_of(factory, &morning, morning.in_order(), "in order").await;
    check_morning(&expected);
    for seed in 0..DEALS {
        let dealt = dump_of_dealt_morning(factory, seed).await;
        assert_eq!(dealt, expected, "seed {seed}");
    }
}

/// The canonical dump of a fresh store after [`Morning::dealt`] with `seed`.
///
/// # Panics
/// When the store fails or a law does not hold.
pub async fn dump_of_dealt_morning<F: Factory>(factory: &F, seed: u64) -> String {
    let morning = Morning::new();
    let case = format!("seed {seed}");
    dump_of(factory, &morning, morning.dealt(seed), &case).await
}

async fn dump_of<F: Factory>(
    factory: &F,
    morning: &Morning,
    deliveries: Vec<Delivery>,
    case: &str,
) -> String {
    let store = factory.fresh().await;
    for (credential, account) in morning.issued() {
        factory.issue(&store, credential, account).await;
    }
    morning.prepare(&store).await;
    let city = city();
    for delivery in deliveries {
        morning.deliver(&store, &city, delivery).await;
    }
    check_laws(&store, &city, case).await;
    dump::canonical(&store).await.unwrap()
}

/// What the morning comes to, worked out by hand.
///
/// | who | rides | minor |
/// |---|---|---|
/// | phone 1 | north–centre, centre–north | 300 + 300 |
/// | phone 2 | north without end, bus | 900 + 200 |
/// | phone 3 | north–centre (the bus tap used the same code) | 300 |
/// | phone 4 | one bus ride on a ticket (the second use is flagged) | 200 |
/// | phone 6 | bus before the day ends; then off at centre without a counted start | 200 + 900 |
/// | anna | north–centre, bus | 300 + 200 |
/// | ben | centre without end; next day off without start | 900 + 900 |
/// | carl | south–centre | 400 |
fn check_morning(dump: &str) {
    let count = |start: &str| dump.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(count("journey "), 13, "{dump}");
    assert_eq!(count("flag "), 3, "{dump}");
    let complete = dump
        .lines()
        .filter(|line| line.contains(" complete "))
        .count();
    assert_eq!(complete, 9, "{dump}");
    let total = 600 + 1100 + 300 + 200 + 1100 + 500 + 1800 + 400;
    assert!(
        dump.contains(&format!("balance clearing CNY -{total}\n")),
        "{dump}"
    );
    assert_eq!(count("balance rider"), 0, "everybody has paid: {dump}");
    let operator = dump
        .lines()
        .find(|line| line.starts_with("balance operator:"));
    assert!(
        operator.unwrap().ends_with(&format!("CNY {total}")),
        "{dump}"
    );
}
