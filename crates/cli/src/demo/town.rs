//! The running city of the demo: books, issuer and server, on a clock that the demo moves.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use issuer::keyfile::{self, KeyFile, KeyLives, WorkFactor};
use issuer::{DenyReason, Issuer, Lives};
use secrecy::SecretString;
use server::{AppState, Limits, Offers};
use settlement::ports::SettlementStore as _;
use store::{Address, Store};
use store_sqlite::Location;
use tariff::City;
use tokio::net::TcpListener;
use units::{CredentialId, Span, Timestamp};

use super::client::Client;
use super::dice::Dice;
use super::live;
use super::plan::Plan;
use super::report::Report;
use super::spool::Spool;
use super::travel::Gates;
use crate::arguments::DemoArguments;
use crate::serve;
use crate::world::{system_chance, system_now};

/// The clock of the demo: stands where it is put, until it is let go.
#[derive(Clone)]
pub(super) struct DemoClock(Arc<AtomicI64>);

/// Stands for "as the machine's clock says".
const LET_GO: i64 = i64::MIN;

impl DemoClock {
    fn new(at: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(at.as_micros())))
    }

    /// What it shows.
    pub(super) fn now(&self) -> Timestamp {
        match self.0.load(Ordering::SeqCst) {
            LET_GO => system_now(),
            micros => Timestamp::from_micros(micros),
        }
    }

    /// Puts it to `at`, where it stands.
    pub(super) fn set(&self, at: Timestamp) {
        self.0.store(at.as_micros(), Ordering::SeqCst);
    }

    fn let_go(&self) {
        self.0.store(LET_GO, Ordering::SeqCst);
    }
}

/// Chance from the seed, until visitors come: their keys must not follow from it.
struct DemoChance(Mutex<Option<Dice>>);

impl DemoChance {
    fn fill(&self, bytes: &mut [u8]) {
        match self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            Some(dice) => dice.fill(bytes),
            None => system_chance(bytes),
        }
    }

    fn let_go(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The running city.
pub(super) struct Town {
    pub(super) city: Arc<City>,
    pub(super) store: Store,
    pub(super) clock: DemoClock,
    pub(super) client: Client,
    /// When the gates upload and the day is settled.
    pub(super) evening: Timestamp,
    state: AppState,
    chance: Arc<DemoChance>,
    keys: KeyFile,
    /// Where visitors will come in; bound early, so that a taken port is known at once.
    door: Option<TcpListener>,
}

impl Town {
    /// Opens the books in `home`, starts the issuer and the server, registers the gates.
    pub(super) async fn start(
        home: &Path,
        city: City,
        plan: &Plan,
        gates: &Gates,
        arguments: &DemoArguments,
    ) -> Result<Self> {
        let door = if arguments.once {
            None
        } else {
            Some(listen(arguments.listen).await?)
        };
        let city = Arc::new(city);
        let clock = DemoClock::new(plan.dawn);
        let chance = Dice::new(arguments.seed, u64::MAX - 2);
        let chance = Arc::new(DemoChance(Mutex::new(Some(chance))));
        let path = home.join("faregate.db");
        let store = Store::open(&Address::Sqlite(Location::File(path))).await?;
        let keys = open_keys(home, plan.dawn, &chance)?;
        let issuer = Issuer::new(store.clone(), keys.to_ring()?, Lives::default(), plan.dawn)?;
        let state = AppState {
            store: store.clone(),
            city: Arc::clone(&city),
            issuer: Arc::new(issuer),
            clock: {
                let clock = clock.clone();
                Arc::new(move || clock.now())
            },
            rng: {
                let chance = Arc::clone(&chance);
                Arc::new(move |bytes: &mut [u8]| chance.fill(bytes))
            },
        };
        for gate in &gates.all {
            store.register_gate(&gate.registration()).await?;
        }
        let inner = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let client = Client::new(format!("http://{}", inner.local_addr()?))?;
        let router = server::router(state.clone(), Offers::default());
        tokio::spawn(async move {
            if let Err(error) = axum::serve(inner, router).await {
                tracing::error!(%error, "the demo's server stopped");
            }
        });
        let evening = plan.dawn.plus(Span::from_secs(18 * 3_600));
        Ok(Self {
            city,
            store,
            clock,
            client,
            evening,
            state,
            chance,
            keys,
            door,
        })
    }

    /// Puts a credential on the deny list for a day.
    pub(super) async fn deny(&self, credential: CredentialId, now: Timestamp) -> Result<()> {
        let reason = DenyReason::new("unpaid fares")?;
        let until = now.plus(Span::from_secs(86_400));
        self.state
            .issuer
            .deny(credential, reason, until, now)
            .await?;
        Ok(())
    }

    /// Judges what gates have uploaded.
    pub(super) async fn judge(&self) -> Result<()> {
        server::judge(&self.state).await?;
        Ok(())
    }

    /// Lets clock and chance go, and serves the page until the process is told to stop.
    pub(super) async fn open_to_visitors(
        mut self,
        gates: Gates,
        spool: Spool,
        report: &Report,
    ) -> Result<()> {
        let door = self.door.take().context("there is no door for visitors")?;
        self.clock.let_go();
        self.chance.let_go();
        let now = self.clock.now();
        // A morning long past was signed with a key that is long past.
        if self.keys.to_ring()?.signing_at(now).is_none() {
            self.keys
                .rotate(now, Span::ZERO, &KeyLives::default(), &system_chance)?;
            self.state.issuer.replace_keys(self.keys.to_ring()?, now)?;
        }
        let address = door.local_addr()?;
        let router = server::router(self.state.clone(), Offers::default());
        let clock = Arc::clone(&self.state.clock);
        let router = router.merge(live::router(self.state, self.client, gates, spool, report)?);
        let router = server::limited(router, Limits::new(None, Vec::new(), clock));
        eprintln!("\nOpen http://{address} and hold the phone to the gate. Ctrl-C ends.");
        server::serve(door, router, serve::told_to_stop()).await?;
        Ok(())
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen at {address}"))
}

/// The demo's key file: real, under a passphrase that protects nothing but a demo.
fn open_keys(home: &Path, dawn: Timestamp, chance: &DemoChance) -> Result<KeyFile> {
    let path = home.join("issuer.age");
    let passphrase = SecretString::from("the demo's passphrase");
    if path.exists() {
        return Ok(KeyFile::open(&keyfile::load(&path)?, &passphrase)?);
    }
    let made = dawn.minus(Span::from_secs(7 * 86_400));
    let keys = KeyFile::create(made, &KeyLives::default(), &|bytes: &mut [u8]| {
        chance.fill(bytes);
    })?;
    let cheap = WorkFactor::new(10).context("10 is a work factor")?;
    keyfile::store(&path, &keys.seal(&passphrase, cheap)?)?;
    Ok(keys)
}
