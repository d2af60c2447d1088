//! Codes used twice: found from the set of taps, whichever came first.

use tariff::{City, TapKind};
use units::Span;

use super::{Bench, Factory, check_laws};
use crate::ingest::batch::SignedBatch;
use crate::model::TapFlag;
use crate::statement;
use crate::testing::world::{Issuer, day, minutes};

pub(super) async fn check<F: Factory>(factory: &F) {
    a_screenshot_at_two_gates_is_charged_once(factory).await;
    a_ticket_counts_once_per_direction(factory).await;
    a_code_over_the_end_of_the_day(factory).await;
}

async fn a_screenshot_at_two_gates_is_charged_once<F: Factory>(factory: &F) {
    let mut dumps = Vec::new();
    for first in ["north", "centre"] {
        let mut bench = Bench::new(factory).await;
        let phone = bench.phone(1).await;
        let shot = phone.code(minutes(100));
        bench.north.permit(minutes(100), TapKind::On, &shot);
        bench.centre.permit(minutes(101), TapKind::On, &shot);
        let batches: [SignedBatch; 2] = match first {
            "north" => [bench.north.all(), bench.centre.all()],
            _ => [bench.centre.all(), bench.north.all()],
        };
        for batch in batches {
            bench.upload(batch).await;
            bench.settle().await;
        }
        bench.close().await;
        let counts = bench.counts().await;
        assert_eq!(
            counts.flagged.into_iter().collect::<Vec<_>>(),
            [("code_used_twice".into(), 1)]
        );
        assert_eq!(
            counts.charged_minor[&bench.city.currency()],
            900,
            "one journey, no tap off"
        );
        let currency = bench.city.currency();
        let seen = statement::of_day(&bench.store, phone.account, day(), currency)
            .await
            .unwrap();
        let flags: Vec<Option<TapFlag>> = seen.taps.iter().map(|tap| tap.flag).collect();
        assert_eq!(
            flags,
            [None, Some(TapFlag::CodeUsedTwice)],
            "the later one is flagged"
        );
        bench.check_laws(first).await;
        dumps.push(bench.dump().await);
    }
    assert_eq!(dumps[0], dumps[1]);
}

async fn a_ticket_counts_once_per_direction<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone(1).await;
    let id = Issuer::ticket_id(1);
    let issued = bench.issuer.ticket_issued(1, phone.account);
    factory.issue(&bench.store, id, issued).await;
    let ticket = bench.issuer.ticket(1);
    bench.north.permit(minutes(100), TapKind::On, &ticket);
    bench.centre.permit(minutes(120), TapKind::Off, &ticket);
    bench.north.permit(minutes(200), TapKind::On, &ticket);
    bench.centre.permit(minutes(220), TapKind::Off, &ticket);
    bench.upload_all().await;
    bench.close().await;
    let counts = bench.counts().await;
    assert_eq!(
        counts.flagged.into_iter().collect::<Vec<_>>(),
        [("code_used_twice".into(), 2)]
    );
    assert_eq!((counts.journeys, counts.incomplete), (1, 0));
    assert_eq!(counts.charged_minor[&bench.city.currency()], 300);
    bench.check_laws("ticket").await;
}

/// The same presentation some seconds before and after the day ends: two days, one code.
async fn a_code_over_the_end_of_the_day<F: Factory>(factory: &F) {
    let end = minutes(24 * 60);
    let apart = Span::from_secs(10);
    let mut dumps = Vec::new();
    for late_first in [false, true] {
        let mut bench = Bench::new(factory).await;
        let phone = bench.phone(1).await;
        let code = phone.code(end);
        bench.north.permit(end.minus(apart), TapKind::On, &code);
        bench.centre.permit(end.plus(apart), TapKind::On, &code);
        let city: &City = &bench.city;
        assert_ne!(
            city.service_day(end.minus(apart)),
            city.service_day(end.plus(apart))
        );
        let mut batches = [bench.north.all(), bench.centre.all()];
        if late_first {
            batches.reverse();
        }
        for batch in batches {
            bench.upload(batch).await;
            bench.settle().await;
        }
        let counts = bench.counts().await;
        assert_eq!(
            (counts.journeys, counts.flagged.values().sum::<u64>()),
            (1, 1)
        );
        assert_eq!(counts.fares_minor[&city.currency()], 900);
        check_laws(&bench.store, city, "over the end of the day").await;
        dumps.push(bench.dump().await);
    }
    assert_eq!(dumps[0], dumps[1]);
}
