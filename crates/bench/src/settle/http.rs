//! The same taps through the whole front of a server: a socket, HTTP, protobuf and the devices'
//! signatures, against the store alone.
//!
//! Both sides keep every core busy: the store with a caller for each core, the server with
//! connections of several gates. What is sent was encoded and signed before; sending it is a part
//! of the time, as the senders run on the same cores.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::available_parallelism;

use api::{TapAck, TapBatch};
use ed25519_dalek::Signer as _;
use issuer::{ChallengeSecret, Issuer, KeyRing, Lives, RingKey, SeedSigner};
use prost::Message as _;
use reqwest::header::CONTENT_TYPE;
use server::{AppState, Limits, Offers};
use services::Postgres;
use settlement::ports::{SettlementStore as _, VerifiedBatch};
use store::Store;
use store_postgres::{Location, PostgresStore};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use units::{DeviceId, Timestamp};
use wire::chain::{ChainHead, batch_message};

use super::city::Day;
use super::ingest::count;
use super::uploads::{self, Batch, STORED_TOGETHER, UPLOAD_RECORDS};
use crate::codes;
use crate::measure::{Times, now};
use crate::report::Row;

/// Taps of one side in a round.
const ROUND_TAPS: usize = 30_000;
/// Rounds in which both sides take turns.
const ROUNDS: usize = 7;
/// Gates that upload at once.
const CONNECTIONS: usize = 16;

/// An upload: of which device, and the body of its request.
struct Sent {
    device: DeviceId,
    body: Vec<u8>,
}

/// The row.
///
/// # Errors
/// When the server or the database refuses.
pub(super) fn rows(runtime: &Runtime, postgres: &Postgres) -> anyhow::Result<Vec<Row>> {
    let day = Day::new(3)?;
    // Twice as many: what does not fill an upload is left out.
    let taps = day.taps(ROUND_TAPS * ROUNDS * 2);
    let batches: Vec<Batch> = uploads::of(&taps)
        .into_iter()
        .filter(|upload| upload.1.len() == UPLOAD_RECORDS)
        .map(|upload| uploads::batch(&day, upload))
        .collect::<anyhow::Result<_>>()?;
    runtime.block_on(async {
        let alone = open(postgres).await?;
        let behind = open(postgres).await?;
        uploads::register(&alone, &taps).await?;
        uploads::register(&behind, &taps).await?;
        let url = serve(behind, &day).await?;
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let client = client.build()?;
        let mut heads = BTreeMap::new();
        let (mut stored, mut sent) = (Vec::new(), Vec::new());
        let rounds = batches.chunks_exact(ROUND_TAPS / UPLOAD_RECORDS);
        for round in rounds.take(ROUNDS) {
            stored.push(store_alone(&alone, round).await?);
            let uploads = round.iter().map(|batch| sign(batch, &mut heads)).collect();
            sent.push(send(&client, &url, uploads).await?);
        }
        anyhow::ensure!(sent.len() == ROUNDS, "too few taps for {ROUNDS} rounds");
        alone.close().await;
        let (stored, sent) = (Times::of(stored), Times::of(sent));
        let what = format!(
            "{UPLOAD_RECORDS} taps a request, {CONNECTIONS} connections: HTTP, protobuf and \
             devices' signatures; the store alone"
        );
        let row = Row::plain("settle_ingest_http", &what, 1e9 / sent.median(), "taps/s");
        let row = row.against(1e9 / stored.median(), stored.ratio_to(&sent));
        Ok(vec![row.ratio_at_least(0.5)])
    })
}

async fn open(postgres: &Postgres) -> anyhow::Result<PostgresStore> {
    let location = Location::parse(&postgres.create_database()?)?;
    Ok(PostgresStore::open(&location).await?)
}

/// Serves a city on `store` as `faregate serve` does; answers where taps go.
async fn serve(store: PostgresStore, day: &Day) -> anyhow::Result<String> {
    let at = uploads::received(day);
    let store = Store::from(store);
    let issuer = Issuer::new(store.clone(), ring()?, Lives::default(), at)?;
    let clock: server::Clock = Arc::new(move || at);
    let state = AppState {
        store,
        city: Arc::new(Day::new(3)?.city),
        issuer: Arc::new(issuer),
        clock: Arc::clone(&clock),
        // Nobody registers here, so nothing is drawn.
        rng: Arc::new(|bytes: &mut [u8]| bytes.fill(0)),
    };
    let router = server::limited(
        server::router(state, Offers::default()),
        Limits::new(None, Vec::new(), clock),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/taps", listener.local_addr()?);
    tokio::spawn(server::serve(listener, router, std::future::pending()));
    Ok(url)
}

/// A ring of the bench's issuer, for ever.
///
/// # Errors
/// When the key is none.
pub(super) fn ring() -> anyhow::Result<KeyRing> {
    let signer = SeedSigner::new(&codes::issuer().to_bytes());
    let until = Timestamp::from_secs(3_900_000_000);
    let key = RingKey::new(codes::issuer_key()?, until, Box::new(signer));
    let secret = ChallengeSecret::from_bytes(codes::bytes("challenges", 0));
    Ok(KeyRing::new(secret, vec![key]))
}

/// Nanoseconds per tap through the store, by as many callers as there are cores.
async fn store_alone(store: &PostgresStore, round: &[Batch]) -> anyhow::Result<f64> {
    let callers = available_parallelism().map_or(1, usize::from);
    let mut shares = vec![Vec::new(); callers];
    for batch in round {
        // Uploads of one gate stay with one caller, in their order.
        shares[place(batch.verified.device, callers)].push(batch.verified.clone());
    }
    let start = now();
    let mut running = JoinSet::new();
    for share in shares {
        let store = store.clone();
        running.spawn(async move {
            for group in share.chunks(STORED_TOGETHER / UPLOAD_RECORDS) {
                store.store_batches(group).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(start.elapsed().as_secs_f64() * 1e9 / count(ROUND_TAPS))
}

/// Nanoseconds per tap through the server, each upload answered before its gate's next.
async fn send(client: &reqwest::Client, url: &str, uploads: Vec<Sent>) -> anyhow::Result<f64> {
    let mut shares: Vec<Vec<Vec<u8>>> = vec![Vec::new(); CONNECTIONS];
    for upload in uploads {
        shares[place(upload.device, CONNECTIONS)].push(upload.body);
    }
    let start = now();
    let mut running = JoinSet::new();
    for share in shares {
        let (client, url) = (client.clone(), url.to_owned());
        running.spawn(async move {
            for body in share {
                let request = client.post(&url).body(body);
                let request = request.header(CONTENT_TYPE, "application/x-protobuf");
                let answer = request.send().await?.error_for_status()?;
                let ack = TapAck::decode(answer.bytes().await?)?;
                let expected = u32::try_from(UPLOAD_RECORDS)?;
                anyhow::ensure!(ack.stored == expected, "an upload was not stored: {ack:?}");
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(start.elapsed().as_secs_f64() * 1e9 / count(ROUND_TAPS))
}

/// Which of `shares` a device's uploads go to.
fn place(device: DeviceId, shares: usize) -> usize {
    usize::from(device.as_bytes()[15]) % shares
}

/// The upload as its gate sends it; `heads` are the chains' ends by device.
fn sign(batch: &Batch, heads: &mut BTreeMap<DeviceId, ChainHead>) -> Sent {
    let VerifiedBatch {
        device,
        epoch,
        first_seq,
        records,
        ..
    } = batch.verified.clone();
    let head = heads
        .entry(device)
        .or_insert_with(|| ChainHead::start(device, epoch));
    let before = *head;
    *head = records
        .iter()
        .fold(before, |head, record| head.after(record));
    let many = u32::try_from(records.len()).unwrap_or(u32::MAX);
    let message = batch_message(device, epoch, first_seq, many, before, *head);
    let body = TapBatch {
        device_id: device.as_bytes().to_vec(),
        epoch,
        first_seq,
        chain_before: before.as_bytes().to_vec(),
        records,
        signature: uploads::key(device).sign(&message).to_bytes().to_vec(),
    };
    Sent {
        device,
        body: body.encode_to_vec(),
    }
}
