//! Parties that go through turnstiles one by one: each pays one fare, and nobody two.

use tariff::TapKind;
use units::Span;
use wire::PartySize;
use wire::note::TapOutcome;

use super::{Bench, Factory};
use crate::model::TapFlag;
use crate::statement;
use crate::testing::world::{self, Device, Phone, day, minutes};

pub(super) async fn check<F: Factory>(factory: &F) {
    a_party_of_three_pays_three_fares(factory).await;
    who_stays_outside_pays_nothing(factory).await;
    together_one_tap_is_for_all(factory).await;
}

/// A tap for each rider, each with the phone's next code, 15 s apart.
fn pass(gate: &mut Device, phone: &Phone, minute: i64, kind: TapKind, riders: i64) {
    for rider in 0..riders {
        let at = minutes(minute).plus(Span::from_secs(15 * rider));
        let tap = gate.permit(at, kind, &phone.code(at));
        gate.note(at, tap, TapOutcome::Opened);
    }
}

fn three() -> PartySize {
    PartySize::new(3).unwrap()
}

/// One journey at 3 x ¥3: neither nine fares, nor two maximum fares for codes without a tap off.
async fn a_party_of_three_pays_three_fares<F: Factory>(factory: &F) {
    let mut bench = Bench::in_city(factory, world::city_of_turnstiles()).await;
    let phone = bench.phone_of_party(1, three()).await;
    pass(&mut bench.north, &phone, 100, TapKind::On, 3);
    pass(&mut bench.centre, &phone, 120, TapKind::Off, 3);
    bench.upload_all().await;
    bench.close().await;
    let counts = bench.counts().await;
    assert_eq!((counts.journeys, counts.incomplete), (1, 0));
    assert_eq!(counts.charged_minor[&bench.city.currency()], 900);
    let currency = bench.city.currency();
    let seen = statement::of_day(&bench.store, phone.account, day(), currency).await;
    let flags: Vec<_> = seen.unwrap().taps.iter().map(|tap| tap.flag).collect();
    let later = Some(TapFlag::OfParty);
    assert_eq!(flags, [None, later, later, None, later, later]);
    bench.check_laws("a party one by one").await;
}

/// Two of three travel: two fares.
async fn who_stays_outside_pays_nothing<F: Factory>(factory: &F) {
    let mut bench = Bench::in_city(factory, world::city_of_turnstiles()).await;
    let phone = bench.phone_of_party(1, three()).await;
    pass(&mut bench.north, &phone, 100, TapKind::On, 2);
    pass(&mut bench.centre, &phone, 120, TapKind::Off, 2);
    bench.upload_all().await;
    bench.close().await;
    assert_eq!(
        bench.counts().await.charged_minor[&bench.city.currency()],
        600
    );
    bench.check_laws("two of a party").await;
}

/// Where the door stays open for all, one tap is three fares.
async fn together_one_tap_is_for_all<F: Factory>(factory: &F) {
    let mut bench = Bench::new(factory).await;
    let phone = bench.phone_of_party(1, three()).await;
    pass(&mut bench.north, &phone, 100, TapKind::On, 1);
    pass(&mut bench.centre, &phone, 120, TapKind::Off, 1);
    bench.upload_all().await;
    bench.close().await;
    assert_eq!(
        bench.counts().await.charged_minor[&bench.city.currency()],
        900
    );
    bench.check_laws("a party together").await;
}
