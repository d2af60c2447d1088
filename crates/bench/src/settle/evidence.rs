//! Riders' codes verified in bulk, as the server does after it has answered, against a gate's
//! validator on each core with the same codes.
//!
//! The judge runs whole, on a real database; what is compared is the part of it that verifies, for
//! the gate neither reads records nor writes taps. The whole has a row of its own. The validators
//! run on all cores at once, each by itself: what one does alone, times the cores, says more about
//! what else the machine is doing than about the judge.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{ScopedJoinHandle, available_parallelism, scope};
use std::time::Duration;

use ed25519_dalek::Signer as _;
use issuer::{Issuer, Lives, Registration};
use server::AllCores;
use services::Postgres;
use settlement::ingest::batch::{self, SignedBatch};
use settlement::ingest::judge::{self, Cores, IssuerKeys};
use settlement::ports::SettlementStore as _;
use store::Store;
use store_postgres::{Location, PostgresStore};
use tokio::runtime::Runtime;
use units::{GateId, Span, StopId, Timestamp};
use validator::{Decision, Place, Policy, ReplayMemory, ReplaySlot, SortedDenyList, Validator};
use wallet::Wallet;
use wire::chain::{ChainHead, batch_message};
use wire::tap::{PERMITTED, TapKind, TapRecord};
use wire::{ClockState, KeyTable, ListVersions, PreparedKey};

use super::city::{Day, device};
use super::ingest::count;
use super::{http, uploads};
use crate::codes;
use crate::measure::{Times, now, timed};
use crate::report::Row;

/// Phones that show codes.
const PHONES: usize = 256;
/// Codes that are judged in a round, all different.
const ROUND_CODES: usize = 8_192;
/// Records of one upload.
const UPLOAD: usize = 1_024;
/// Rounds in which both sides take turns.
const ROUNDS: usize = 7;
/// The gate.
const GATE: u32 = 1;

/// A city with phones that have credentials.
struct World {
    store: Store,
    day: Day,
    phones: Vec<Wallet>,
    stop: StopId,
    /// When the phones registered.
    began: Timestamp,
    head: ChainHead,
    next: u64,
}

type Prepared = PreparedKey<Box<KeyTable>>;

/// A code and when it is shown.
struct Shown {
    text: String,
    at: Timestamp,
}

/// Every core, and how long verifying took.
#[derive(Default)]
struct Watched {
    nanos: AtomicU64,
}

impl Cores for Watched {
    fn map<T, R>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R>
    where
        T: Sync,
        R: Send,
    {
        let start = now();
        let done = AllCores.map(items, work);
        let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(took, Ordering::Relaxed);
        done
    }
}

/// The rows.
///
/// # Errors
/// When the database refuses, or a code is not judged to be a tap.
pub(super) fn rows(runtime: &Runtime, postgres: &Postgres) -> anyhow::Result<Vec<Row>> {
    let mut world = runtime.block_on(World::new(postgres))?;
    let key = codes::issuer_key()?;
    let keys = IssuerKeys::prepare(&[key])?;
    let prepared = [key.prepare(Box::new(KeyTable::EMPTY))?];
    let gate = Validator::new(&prepared[..], Policy::default())?;
    let cores = available_parallelism().map_or(1, usize::from);
    let (mut bulk, mut whole, mut one) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let shown = world.shown()?;
        one.push(decide_on(cores, &gate, &shown)?);
        runtime.block_on(world.upload(&shown))?;
        let watched = Watched::default();
        let (seconds, judged) = timed(|| {
            let judged = judge::all(&world.store, &world.day.city, &keys, &watched);
            runtime.block_on(judged)
        });
        anyhow::ensure!(
            judged? == u64::try_from(ROUND_CODES)?,
            "not all were judged"
        );
        let nanos = Duration::from_nanos(watched.nanos.into_inner());
        bulk.push(nanos.as_secs_f64() * 1e9 / count(ROUND_CODES));
        whole.push(seconds * 1e9 / count(ROUND_CODES));
    }
    let counts = runtime.block_on(world.store.counts())?;
    anyhow::ensure!(counts.quarantined.is_empty(), "{:?}", counts.quarantined);
    runtime.block_on(world.store.close());
    let (bulk, whole, all) = (Times::of(bulk), Times::of(whole), Times::of(one));
    let row = |id, what: &str, ours: &Times| {
        let rate = Row::plain(id, what, 1e9 / ours.median(), "codes/s");
        rate.against(1e9 / all.median(), all.ratio_to(ours))
    };
    let what =
        format!("riders' codes verified in bulk; a gate's validator on each of {cores} cores");
    Ok(vec![
        row("settle_evidence", &what, &bulk).ratio_at_least(0.9),
        row(
            "settle_evidence_whole",
            "the same, read from PostgreSQL and written as taps",
            &whole,
        ),
    ])
}

/// Nanoseconds per decision of as many gates as there are cores, each with all these codes.
fn decide_on(cores: usize, gate: &Validator<&[Prepared]>, shown: &[Shown]) -> anyhow::Result<f64> {
    let start = now();
    scope(|scope| {
        let gates: Vec<_> = (0..cores)
            .map(|_| scope.spawn(|| decide(gate, shown)))
            .collect();
        let mut done = gates.into_iter().map(ScopedJoinHandle::join);
        done.try_for_each(|done| done.unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    Ok(start.elapsed().as_secs_f64() * 1e9 / count(cores * shown.len()))
}

/// Shows the codes to a gate, one after another.
fn decide(gate: &Validator<&[Prepared]>, shown: &[Shown]) -> anyhow::Result<()> {
    let denied = SortedDenyList::new(&[])?;
    let place = Place::new(GateId::from_number(GATE), TapKind::On);
    let mut used = ReplayMemory::new([ReplaySlot::EMPTY; 64]);
    let mut permitted = 0;
    for code in shown {
        let text = code.text.as_bytes();
        let decision = gate.validate(text, &place, code.at, &denied, &mut used);
        permitted += usize::from(matches!(decision, Decision::Permitted(_)));
    }
    anyhow::ensure!(permitted == shown.len(), "the gate refused a code");
    Ok(())
}

impl World {
    async fn new(postgres: &Postgres) -> anyhow::Result<Self> {
        let location = Location::parse(&postgres.create_database()?)?;
        let store = Store::from(PostgresStore::open(&location).await?);
        let day = Day::new(1)?;
        let began = day.hour(3);
        let issuer = Issuer::new(store.clone(), http::ring()?, Lives::default(), began)?;
        let drawn = AtomicU64::new(0);
        let chance = move |bytes: &mut [u8]| {
            for part in bytes.chunks_mut(32) {
                let number = usize::try_from(drawn.fetch_add(1, Ordering::Relaxed));
                let drawn = codes::bytes("chance", number.unwrap_or(0));
                part.copy_from_slice(&drawn[..part.len()]);
            }
        };
        let mut phones = Vec::with_capacity(PHONES);
        for number in 0..PHONES {
            let mut wallet = Wallet::new(&codes::bytes("phone", number));
            let challenge = issuer.challenge(began, &chance);
            let registration = Registration {
                public_key: wallet.public_key(),
                challenge: *challenge.as_bytes(),
                proof: wallet.prove(challenge.as_bytes()),
            };
            let registered = issuer.register(&registration, began, &chance).await?;
            wallet.store(&registered.credential.cose)?;
            phones.push(wallet);
        }
        store.register_gate(&uploads::gate(GATE)).await?;
        Ok(Self {
            store,
            phones,
            stop: StopId::new("station-0")?,
            began,
            head: ChainHead::start(device(GATE), 1),
            next: 0,
            day,
        })
    }

    /// The next codes: one each second, from the phones in turn.
    fn shown(&self) -> anyhow::Result<Vec<Shown>> {
        let codes = (self.next..).take(ROUND_CODES);
        let one = |number: u64| {
            let at = self.began.plus(Span::from_secs(i64::try_from(number)?));
            let phone = &self.phones[usize::try_from(number)? % PHONES];
            let text = phone.present(at, None)?;
            anyhow::Ok(Shown { text, at })
        };
        codes.map(one).collect()
    }

    /// Stores the codes as the taps of the gate, signed, unjudged.
    async fn upload(&mut self, shown: &[Shown]) -> anyhow::Result<()> {
        for part in shown.chunks(UPLOAD) {
            let first_seq = self.next;
            let records = part.iter().map(|code| self.record(code));
            let records = records.collect::<anyhow::Result<Vec<_>>>();
            let records = records?;
            let before = self.head;
            self.head = records.iter().fold(before, |head, bytes| head.after(bytes));
            let many = u32::try_from(records.len())?;
            let message = batch_message(device(GATE), 1, first_seq, many, before, self.head);
            let signed = SignedBatch {
                device: device(GATE),
                epoch: 1,
                first_seq,
                chain_before: *before.as_bytes(),
                records,
                signature: uploads::key(device(GATE)).sign(&message).to_bytes(),
            };
            batch::store(&self.store, signed, uploads::received(&self.day)).await?;
        }
        Ok(())
    }

    /// The record of the next number.
    fn record(&mut self, code: &Shown) -> anyhow::Result<Vec<u8>> {
        let mut bytes = wire::text::CodeBuffer::new();
        let record = TapRecord {
            seq: self.next,
            at: code.at,
            kind: TapKind::On,
            gate: GateId::from_number(GATE),
            stop: self.stop,
            route: None,
            decision: PERMITTED,
            evidence: wire::text::decode(code.text.as_bytes(), &mut bytes)?,
            lists: ListVersions::UNKNOWN,
            clock: ClockState::Unproven,
        };
        self.next += 1;
        Ok(record.encode()?.to_vec())
    }
}
