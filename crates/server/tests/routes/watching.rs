//! The city's description, and a rider's day as a stream of events.

use api::{Activity, CityBody};
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, header};
use futures_util::StreamExt as _;
use tariff::testing::{CENTRE, NORTH};
use wallet::Wallet;
use wire::tap::TapKind;

use crate::taps::{batch, record, register_gate, settle, upload_json};
use crate::world::World;

/// The next event of a stream: its name, and the day that it tells.
async fn next(stream: &mut BodyDataStream) -> (String, Activity) {
    let mut text = String::new();
    while !text.ends_with("\n\n") {
        let piece = stream.next().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    let line = |field: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(field));
        found.unwrap_or_default().trim_start().to_owned()
    };
    (
        line("event:"),
        serde_json::from_str(&line("data:")).unwrap(),
    )
}

fn watching(session: &str) -> Request<Body> {
    Request::get("/v1/me/events")
        .header(header::AUTHORIZATION, format!("Bearer {session}"))
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn a_day_is_told_as_it_happens_to_its_rider_alone() {
    let world = World::new().await;
    register_gate(&world).await;
    let (mut ann, mut bob) = (Wallet::new(&[1; 32]), Wallet::new(&[2; 32]));
    let ann_session = world.register(&mut ann).await.session.to_text();
    let bob_session = world.register(&mut bob).await.session.to_text();

    let response = world.open(watching(&ann_session)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let mut hers = response.into_body().into_data_stream();
    let mut his = world.open(watching(&bob_session)).await;
    let mut his = std::mem::take(his.body_mut()).into_data_stream();
    let (name, empty) = next(&mut hers).await;
    assert_eq!((name.as_str(), empty.taps.len()), ("activity", 0));
    assert_eq!(next(&mut his).await.1.taps.len(), 0);

    let on = record(&ann, 0, world.now(), TapKind::On, NORTH);
    world.advance(1_200);
    let off = record(&ann, 1, world.now(), TapKind::Off, CENTRE);
    upload_json(&world, &batch(vec![on, off])).await;
    settle(&world).await;
    // The first look may fall between the upload and its settlement.
    let mut told = next(&mut hers).await.1;
    while told.journeys.is_empty() {
        told = next(&mut hers).await.1;
    }
    assert_eq!(told.taps.len(), 2);
    // North to centre costs ¥3 in the test city's files.
    assert_eq!(told.journeys[0].fare_minor, Some(300));
    // She has heard of it; he hears nothing, however long he listens.
    let silence = std::time::Duration::from_millis(2_500);
    assert!(tokio::time::timeout(silence, his.next()).await.is_err());
}

#[tokio::test]
async fn a_stream_needs_a_session() {
    let world = World::new().await;
    let nobody = world.get("/v1/me/events").await;
    nobody.problem(401, "unauthorized");
}

#[tokio::test]
async fn the_city_says_where_its_codes_open_gates() {
    let world = World::new().await;
    let city: CityBody = world.get("/v1/city").await.read(200);
    assert_eq!(city.name, world.state.city.name());
    assert_eq!(city.currency, "CNY");
    assert!(!city.networks.is_empty());
    let mut sorted = city.networks.clone();
    sorted.sort_by_key(|network| network.network_id.0);
    assert_eq!(city.networks, sorted);
}
