//! Tap upload, and the day that a rider sees of it.

use api::{Activity, TapAck, TapAckBody, TapBatch};
use axum::body::Body;
use axum::http::{Request, header};
use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message as _;
use settlement::model::{Gate, GateState};
use settlement::ports::SettlementStore as _;
use tariff::testing::{CENTRE, NORTH};
use units::{DeviceId, GateId, StopId, Timestamp};
use wallet::Wallet;
use wire::chain::{ChainHead, batch_message};
use wire::tap::{PERMITTED, TapKind, TapRecord};
use wire::text::CodeBuffer;

use crate::world::{Answer, World};

const DEVICE: DeviceId = DeviceId::from_bytes([0xd1; 16]);
const GATE: GateId = GateId::from_number(7);
const PROTOBUF: &str = "application/x-protobuf";

fn device_key() -> SigningKey {
    SigningKey::from_bytes(&[0x77; 32])
}

pub(crate) async fn register_gate(world: &World) {
    let gate = Gate {
        device: DEVICE,
        gate: GATE,
        public_key: device_key().verifying_key().to_bytes(),
        stop: None,
        route: None,
        state: GateState::Active,
    };
    world.state.store.register_gate(&gate).await.unwrap();
}

/// The record of a permitted scan of what `wallet` shows at `at`.
pub(crate) fn record(
    wallet: &Wallet,
    seq: u64,
    at: Timestamp,
    kind: TapKind,
    stop: &str,
) -> Vec<u8> {
    let text = wallet.present(at, None).unwrap();
    let mut buffer = CodeBuffer::new();
    let evidence = wire::text::decode(text.as_bytes(), &mut buffer).unwrap();
    let stop = StopId::new(stop).unwrap();
    let tap = TapRecord {
        seq,
        at,
        kind,
        gate: GATE,
        stop,
        route: None,
        decision: PERMITTED,
        evidence,
        lists: wire::ListVersions::UNKNOWN,
        clock: wire::ClockState::Unproven,
    };
    tap.encode().unwrap().to_vec()
}

/// A signed batch of `records`, numbered from 0.
pub(crate) fn batch(records: Vec<Vec<u8>>) -> TapBatch {
    let before = ChainHead::start(DEVICE, 1);
    let after = records
        .iter()
        .fold(before, |head, record| head.after(record));
    let count = u32::try_from(records.len()).unwrap();
    let message = batch_message(DEVICE, 1, 0, count, before, after);
    TapBatch {
        device_id: DEVICE.as_bytes().to_vec(),
        epoch: 1,
        first_seq: 0,
        chain_before: before.as_bytes().to_vec(),
        records,
        signature: device_key().sign(&message).to_bytes().to_vec(),
    }
}

async fn upload(world: &World, body: Vec<u8>, accept: &str) -> Answer {
    let request = Request::post("/v1/taps")
        .header(header::CONTENT_TYPE, PROTOBUF)
        .header(header::ACCEPT, accept);
    world.send(request.body(Body::from(body)).unwrap()).await
}

pub(crate) async fn upload_json(world: &World, batch: &TapBatch) -> Answer {
    upload(world, batch.encode_to_vec(), "application/json").await
}

/// Settles what was uploaded.
pub(crate) async fn settle(world: &World) {
    server::judge(&world.state).await.unwrap();
    settlement::settle::all(&world.state.store, &world.state.city, world.now())
        .await
        .unwrap();
}

async fn day_of(world: &World, session: &str, query: &str) -> Answer {
    let request = Request::get(format!("/v1/me/activity{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {session}"));
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn two_taps_become_a_journey_that_its_rider_alone_sees() {
    let world = World::new().await;
    register_gate(&world).await;
    let (mut ann, mut bob) = (Wallet::new(&[1; 32]), Wallet::new(&[2; 32]));
    let ann_session = world.register(&mut ann).await.session.to_text();
    let bob_session = world.register(&mut bob).await.session.to_text();
    let on = record(&ann, 0, world.now(), TapKind::On, NORTH);
    world.advance(1_200);
    let off = record(&ann, 1, world.now(), TapKind::Off, CENTRE);
    let taps = batch(vec![on, off]);

    let ack: TapAckBody = upload_json(&world, &taps).await.read(200);
    assert_eq!(
        (ack.acked_through_seq, ack.stored, ack.duplicates),
        (Some(1), 2, 0)
    );
    let again = upload(&world, taps.encode_to_vec(), PROTOBUF).await;
    assert_eq!(again.header("content-type"), PROTOBUF);
    let ack = TapAck::decode(again.body.as_slice()).unwrap();
    assert_eq!(
        (ack.acked_through_seq, ack.stored, ack.duplicates),
        (Some(1), 0, 2)
    );

    settle(&world).await;
    let day: Activity = day_of(&world, &ann_session, "?day=2019-01-07")
        .await
        .read(200);
    assert_eq!((day.taps.len(), day.journeys.len()), (2, 1));
    assert_eq!(day.taps[0].decision, "permitted");
    // North to centre costs ¥3 in the test city's files; it is owed until it is charged.
    assert_eq!(
        (day.journeys[0].fare_minor, day.balance_minor),
        (Some(300), 300)
    );
    assert_eq!(day.journeys[0].status, "complete");
    assert!(day.journeys[0].lines[0].rule.is_some());

    let today: Activity = day_of(&world, &bob_session, "").await.read(200);
    assert_eq!(
        (today.taps.len(), today.journeys.len(), today.balance_minor),
        (0, 0, 0)
    );
    let nobody = day_of(&world, "nobody", "").await;
    nobody.problem(401, "unauthorized");
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    let wrong = day_of(&world, &bob_session, "?day=2019-02-30").await;
    assert_eq!(
        wrong.problem(400, "invalid_query")["errors"][0]["pointer"],
        "query:day"
    );
}

#[tokio::test]
async fn a_journey_is_open_until_its_tap_off_can_come_no_more() {
    let world = World::new().await;
    register_gate(&world).await;
    let mut ann = Wallet::new(&[1; 32]);
    let session = world.register(&mut ann).await.session.to_text();
    let on = record(&ann, 0, world.now(), TapKind::On, NORTH);
    upload_json(&world, &batch(vec![on]))
        .await
        .read::<TapAckBody>(200);
    settle(&world).await;
    let status = async || {
        let day: Activity = day_of(&world, &session, "?day=2019-01-07").await.read(200);
        assert_eq!(day.journeys[0].fare_minor, Some(900), "the maximum fare");
        day.journeys[0].status.clone()
    };
    // The test city's longest journey takes 180 minutes.
    world.advance(180 * 60);
    assert_eq!(status().await, "open");
    world.advance(1);
    assert_eq!(status().await, "no_tap_off");
}

#[tokio::test]
async fn what_is_no_batch_of_a_known_device_is_refused() {
    let world = World::new().await;
    let mut ann = Wallet::new(&[1; 32]);
    world.register(&mut ann).await;
    let good = batch(vec![record(&ann, 0, world.now(), TapKind::On, NORTH)]);
    upload_json(&world, &good)
        .await
        .problem(403, "device_not_in_service");
    register_gate(&world).await;

    let json = world.post("/v1/taps", None, "{}").await;
    json.problem(415, "unsupported_media_type");
    upload(&world, vec![0xff; 40], "application/json")
        .await
        .problem(422, "invalid_body");
    upload(&world, Vec::new(), "application/json")
        .await
        .problem(422, "invalid_body");
    upload(&world, vec![0; (1 << 20) + 1], "*/*")
        .await
        .problem(413, "body_too_large");

    let check = async |spoil: fn(&mut TapBatch), status: u16, code: &str| {
        let mut spoiled = good.clone();
        spoil(&mut spoiled);
        upload_json(&world, &spoiled).await.problem(status, code);
    };
    check(
        |batch| batch.signature[5] ^= 1,
        422,
        "device_signature_wrong",
    )
    .await;
    check(
        |batch| batch.records[0][9] ^= 1,
        422,
        "device_signature_wrong",
    )
    .await;
    check(|batch| batch.epoch += 1, 422, "device_signature_wrong").await;
    check(
        |batch| batch.chain_before[0] ^= 1,
        422,
        "device_signature_wrong",
    )
    .await;
    check(|batch| batch.signature.truncate(63), 422, "invalid_body").await;
    check(|batch| batch.records.clear(), 422, "invalid_body").await;
    check(|batch| batch.first_seq = u64::MAX, 422, "invalid_body").await;
    check(
        |batch| batch.records = vec![Vec::new(); 1025],
        422,
        "invalid_body",
    )
    .await;

    let ack: TapAckBody = upload_json(&world, &good).await.read(200);
    assert_eq!((ack.stored, ack.duplicates), (1, 0), "the server goes on");
}

#[tokio::test]
async fn a_tap_without_the_rider_s_signature_is_kept_and_never_charged() {
    let world = World::new().await;
    register_gate(&world).await;
    let mut ann = Wallet::new(&[1; 32]);
    let session = world.register(&mut ann).await.session.to_text();
    let mut forged = record(&ann, 0, world.now(), TapKind::On, NORTH);
    // The last byte of the record is the last of the phone's signature.
    *forged.last_mut().unwrap() ^= 1;
    let ack: TapAckBody = upload_json(&world, &batch(vec![forged])).await.read(200);
    assert_eq!(ack.stored, 1, "nothing is lost");
    settle(&world).await;
    let day: Activity = day_of(&world, &session, "?day=2019-01-07").await.read(200);
    assert_eq!((day.journeys.len(), day.balance_minor), (0, 0));
    let counts = world.state.store.counts().await.unwrap();
    assert_eq!(counts.quarantined.values().sum::<u64>(), 1, "{counts:?}");
}
