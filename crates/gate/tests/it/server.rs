//! A server that keeps what it commits, and answers as badly as a test asks for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{TapAck, TapBatch};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use prost::Message as _;
use units::DeviceId;
use wire::DeviceKey;
use wire::chain::{ChainHead, verify_batch};

use crate::support::{DENY_NOBODY, DEVICE, DEVICE_SEED, issuer_keys};

/// What the server does with a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    Good,
    /// Commits every other batch without an answer.
    LosesAnswers,
    /// Refuses with this status.
    Refuses(u16),
    /// Refuses batches that hold the record of this number, with 422.
    RefusesRecord(u64),
}

#[derive(Debug)]
pub(crate) struct Books {
    /// Records by epoch and number.
    pub(crate) taps: BTreeMap<(u32, u64), Vec<u8>>,
    /// Heads after each batch, by epoch and next number.
    heads: BTreeMap<(u32, u64), ChainHead>,
    /// How many are there without a gap, by epoch.
    in_a_row: BTreeMap<u32, u64>,
    pub(crate) mood: Mood,
    pub(crate) requests: u64,
    /// What must never come.
    pub(crate) wrong: Vec<String>,
    pub(crate) deny: String,
    pub(crate) not_modified: u64,
    /// Signed lists by their route under `/v1/lists/`.
    pub(crate) lists: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) books: Arc<Mutex<Books>>,
    pub(crate) url: String,
}

impl Server {
    /// Listens on a thread of its own, until the test process ends.
    pub(crate) fn start() -> Self {
        Self::start_over("http", |listener| listener)
    }

    /// As [`Self::start`], over what `wrap` makes of the listener.
    pub(crate) fn start_over<L>(
        scheme: &str,
        wrap: impl FnOnce(tokio::net::TcpListener) -> L + Send + 'static,
    ) -> Self
    where
        L: axum::serve::Listener,
        L::Addr: std::fmt::Debug,
    {
        let books = Arc::new(Mutex::new(Books {
            taps: BTreeMap::new(),
            heads: BTreeMap::new(),
            in_a_row: BTreeMap::new(),
            mood: Mood::Good,
            requests: 0,
            wrong: Vec::new(),
            deny: DENY_NOBODY.to_owned(),
            not_modified: 0,
            lists: BTreeMap::new(),
        }));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/v1/taps", post(upload))
            .route("/v1/issuer-keys", get(async || issuer_keys()))
            .route("/v1/deny-list", get(deny_list))
            .route("/v1/lists/{*name}", get(signed_list))
            .with_state(Arc::clone(&books));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(wrap(listener), routes).await.unwrap();
            });
        });
        Self { books, url }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.books.lock().unwrap().mood = mood;
    }

    pub(crate) fn taps(&self) -> usize {
        let books = self.books.lock().unwrap();
        let records = books.taps.values();
        let is_tap = |bytes: &&Vec<u8>| wire::tap::TapRecord::decode(bytes).is_ok();
        records.filter(is_tap).count()
    }
}

async fn deny_list(
    State(books): State<Arc<Mutex<Books>>>,
    headers: HeaderMap,
) -> (StatusCode, [(&'static str, String); 1], String) {
    let mut books = books.lock().unwrap();
    let tag = format!("\"{}\"", books.deny.len());
    if headers
        .get("if-none-match")
        .is_some_and(|sent| *sent == *tag)
    {
        books.not_modified += 1;
        return (StatusCode::NOT_MODIFIED, [("etag", tag)], String::new());
    }
    (StatusCode::OK, [("etag", tag)], books.deny.clone())
}

async fn signed_list(
    State(books): State<Arc<Mutex<Books>>>,
    axum::extract::Path(name): axum::extract::Path<String>,
) -> (StatusCode, Vec<u8>) {
    match books.lock().unwrap().lists.get(&name) {
        Some(bytes) => (StatusCode::OK, bytes.clone()),
        None => (StatusCode::NOT_FOUND, Vec::new()),
    }
}

async fn upload(State(books): State<Arc<Mutex<Books>>>, body: Bytes) -> (StatusCode, Vec<u8>) {
    let (answer, lost) = {
        let mut books = books.lock().unwrap();
        books.requests += 1;
        if let Mood::Refuses(status) = books.mood {
            return (
                StatusCode::from_u16(status).unwrap(),
                b"{\"code\":\"x\"}".to_vec(),
            );
        }
        if let Mood::RefusesRecord(seq) = books.mood {
            let batch = TapBatch::decode(&*body).unwrap();
            let end = batch.first_seq + u64::try_from(batch.records.len()).unwrap();
            if (batch.first_seq..end).contains(&seq) {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                return (status, b"{\"code\":\"x\"}".to_vec());
            }
        }
        let lost = books.mood == Mood::LosesAnswers && books.requests.is_multiple_of(2);
        (books.commit(&body), lost)
    };
    if lost {
        tokio::time::sleep(Duration::from_hours(1)).await;
    }
    answer
}

impl Books {
    fn commit(&mut self, body: &[u8]) -> (StatusCode, Vec<u8>) {
        let batch = TapBatch::decode(body).unwrap();
        let device = ed25519_dalek::SigningKey::from_bytes(&DEVICE_SEED).verifying_key();
        let key = DeviceKey::from_bytes(&device.to_bytes()).unwrap();
        let before = ChainHead::from_bytes(batch.chain_before.clone().try_into().unwrap());
        let id = DeviceId::from_bytes(batch.device_id.clone().try_into().unwrap());
        let records = batch.records.iter().map(Vec::as_slice);
        let signature = batch.signature.clone().try_into().unwrap();
        let (epoch, first) = (batch.epoch, batch.first_seq);
        let head = verify_batch(&key, DEVICE, epoch, first, before, records, &signature);
        let after = match head {
            Ok(after) if id == DEVICE => after,
            other => {
                self.wrong.push(format!("{other:?}"));
                return (StatusCode::UNPROCESSABLE_ENTITY, Vec::new());
            }
        };
        let known = if first == 0 {
            Some(ChainHead::start(DEVICE, epoch))
        } else {
            self.heads.get(&(epoch, first)).copied()
        };
        if known.is_some_and(|known| known != before) {
            self.wrong
                .push(format!("another chain before {epoch}/{first}"));
        }
        let (mut stored, mut duplicates, mut conflicts) = (0, 0, 0);
        let mut running = before;
        for (seq, record) in (first..).zip(batch.records) {
            running = running.after(&record);
            self.heads.insert((epoch, seq + 1), running);
            match self.taps.get(&(epoch, seq)) {
                None => stored += 1,
                Some(there) if *there == record => duplicates += 1,
                Some(_) => conflicts += 1,
            }
            self.taps.entry((epoch, seq)).or_insert(record);
        }
        assert_eq!(running, after);
        if conflicts > 0 {
            self.wrong
                .push(format!("{conflicts} conflicts in {epoch}/{first}"));
        }
        let in_a_row = self.in_a_row.entry(epoch).or_default();
        while self.taps.contains_key(&(epoch, *in_a_row)) {
            *in_a_row += 1;
        }
        let ack = TapAck {
            acked_through_seq: in_a_row.checked_sub(1),
            stored,
            duplicates,
            conflicts,
        };
        (StatusCode::OK, ack.encode_to_vec())
    }
}
