//! A city's server in a temporary folder, with a clock and chance of the test's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use api::{
    Base64Url, ChallengeResponse, DenyListResponse, DeviceResponse, IssuerKeysResponse,
    RegisterDeviceRequest,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use issuer::keyfile::{KeyFile, KeyLives};
use issuer::{Issuer, Lives};
use serde::de::DeserializeOwned;
use serde_json::Value;
use server::{AppState, Offers};
use store::{Address, Store};
use store_sqlite::Location;
use tower::ServiceExt as _;
use units::{GateId, Span, Timestamp};
use validator::{Decision, Place, Policy, ReplayMemory, ReplaySlot, SortedDenyList, Validator};
use wallet::Wallet;
use wire::IssuerKey;
use wire::tap::TapKind;

use crate::secrets::log;

/// 2019-01-07T00:00:00Z.
pub(crate) const DAWN: Timestamp = Timestamp::from_secs(1_546_819_200);

/// Keys sign for 30 days; the longest code lives a day.
pub(crate) const KEY_LIVES: KeyLives = KeyLives {
    signing: Span::from_secs(30 * 86_400),
    longest_code: Span::from_secs(86_400),
};

pub(crate) struct World {
    pub(crate) state: AppState,
    pub(crate) keys: KeyFile,
    pub(crate) folder: tempfile::TempDir,
    offers: Offers,
    router: Router,
    clock: Arc<AtomicI64>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as `T`, after checking the status.
    pub(crate) fn read<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body as a problem, after checking status, kind and media type.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem: Value = self.read(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("/problems/{code}"), "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        problem
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Different bytes at each call, the same in each run (splitmix64).
fn chance() -> impl Fn(&mut [u8]) + Send + Sync {
    let state = AtomicU64::new(1);
    move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            let mut word = state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let word = (word ^ (word >> 31)).to_be_bytes();
            for (to, from) in chunk.iter_mut().zip(word) {
                *to = from;
            }
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        log();
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("faregate.db"));
        let store = Store::open(&Address::Sqlite(location)).await.unwrap();
        let rng: server::Rng = Arc::new(chance());
        let keys = KeyFile::create(DAWN, &KEY_LIVES, &*rng).unwrap();
        let signing = keys.to_ring().unwrap();
        let issuer = Issuer::new(store.clone(), signing, Lives::default(), DAWN).unwrap();
        let clock = Arc::new(AtomicI64::new(DAWN.as_micros()));
        let reading = Arc::clone(&clock);
        let state = AppState {
            store,
            city: Arc::new(tariff::testing::city()),
            issuer: Arc::new(issuer),
            clock: Arc::new(move || Timestamp::from_micros(reading.load(Ordering::Relaxed))),
            rng,
        };
        let router = server::router(state.clone(), Offers::default());
        Self {
            state,
            keys,
            folder,
            offers: Offers::default(),
            router,
            clock,
        }
    }

    /// Offers this too.
    pub(crate) fn offer(&mut self, change: impl FnOnce(&mut Offers)) {
        change(&mut self.offers);
        self.router = server::router(self.state.clone(), self.offers.clone());
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.state.now()
    }

    pub(crate) fn advance(&self, secs: i64) {
        self.clock
            .fetch_add(Span::from_secs(secs).as_micros(), Ordering::Relaxed);
    }

    /// Turns the issuer's key over, `lead` seconds from now.
    pub(crate) fn rotate(&mut self, lead: i64) {
        let rng = Arc::clone(&self.state.rng);
        self.keys
            .rotate(self.now(), Span::from_secs(lead), &KEY_LIVES, &*rng)
            .unwrap();
        self.state
            .issuer
            .replace_keys(self.keys.to_ring().unwrap(), self.now())
            .unwrap();
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The answer as it begins, its body unread.
    pub(crate) async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// Reads `path` with one header more.
    pub(crate) async fn get_with(&self, path: &str, name: &str, value: &str) -> Answer {
        let request = Request::get(path).header(name, value);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Posts JSON, with `session` as the bearer token where there is one.
    pub(crate) async fn post(
        &self,
        path: &str,
        session: Option<&str>,
        body: impl Into<String>,
    ) -> Answer {
        self.post_accepting(path, session, body, "application/json")
            .await
    }

    pub(crate) async fn post_accepting(
        &self,
        path: &str,
        session: Option<&str>,
        body: impl Into<String>,
        accept: &str,
    ) -> Answer {
        let mut request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", fresh_key())
            .header(header::ACCEPT, accept);
        if let Some(session) = session {
            request = request.header(header::AUTHORIZATION, format!("Bearer {session}"));
        }
        self.send(request.body(Body::from(body.into())).unwrap())
            .await
    }

    pub(crate) async fn challenge(&self) -> [u8; 32] {
        let made: ChallengeResponse = self.post("/v1/challenges", None, "").await.read(201);
        made.challenge.0
    }

    /// Registers `wallet` by the whole protocol and stores its credential.
    pub(crate) async fn register(&self, wallet: &mut Wallet) -> DeviceResponse {
        let challenge = self.challenge().await;
        let body = registration(wallet, challenge);
        let device: DeviceResponse = self.post("/v1/devices", None, body).await.read(201);
        wallet.store(&device.credential.cose.0).unwrap();
        device
    }

    pub(crate) async fn issuer_keys(&self) -> Vec<IssuerKey> {
        let list: IssuerKeysResponse = self.get("/v1/issuer-keys").await.read(200);
        let keys = list.keys.iter().map(|key| {
            let (start, end) = (key.not_before.0, key.not_after.0);
            IssuerKey::new(key.kid.0, &key.public_key.0, start, end).unwrap()
        });
        keys.collect()
    }

    pub(crate) async fn deny_list(&self) -> DenyListResponse {
        self.get("/v1/deny-list").await.read(200)
    }

    /// What a fresh gate that synced just now says to `text`: `permitted` or the refusal's name.
    pub(crate) async fn gate_says(&self, text: &str) -> String {
        let validator = Validator::new(self.issuer_keys().await, Policy::default()).unwrap();
        let denied: Vec<_> = self
            .deny_list()
            .await
            .entries
            .iter()
            .map(|id| id.0)
            .collect();
        let denied = SortedDenyList::new(&denied).unwrap();
        let mut used = ReplayMemory::new([ReplaySlot::EMPTY; 8]);
        let here = Place::new(GateId::from_number(1), TapKind::On);
        match validator.validate(text.as_bytes(), &here, self.now(), &denied, &mut used) {
            Decision::Permitted(_) => "permitted".to_owned(),
            Decision::Refused(refusal) => refusal.name().to_owned(),
        }
    }

    /// The bytes of the database, its write-ahead log included.
    pub(crate) fn database_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for name in ["faregate.db", "faregate.db-wal"] {
            bytes.extend(std::fs::read(self.folder.path().join(name)).unwrap());
        }
        bytes
    }
}

/// An idempotency key that no other request has.
pub(crate) fn fresh_key() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    format!("\"request {}\"", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The body of `POST /v1/devices` for an honest phone.
pub(crate) fn registration(wallet: &Wallet, challenge: [u8; 32]) -> String {
    let request = RegisterDeviceRequest {
        public_key: Base64Url(wallet.public_key()),
        challenge: Base64Url(challenge),
        proof: Base64Url(wallet.prove(&challenge)),
    };
    serde_json::to_string(&request).unwrap()
}
