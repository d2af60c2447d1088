//! `faregate serve`: a city's issuer, tap upload, settlement and pages in one process.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use api::{Base64Url, Text};
use issuer::{Issuer, KeyRing, Lives};
use serde::Deserialize;
use serde_json::json;
use server::{AppState, Limits, Offers};
use settlement::model::{Gate, GateState, Registered};
use settlement::ports::SettlementStore as _;
use store::Store;
use tokio::net::TcpListener;
use units::{DeviceId, GateId, RouteId, StopId};

use crate::arguments::ServeArguments;
use crate::lists::publish::{self, Lists};
use crate::output::Reader;
use crate::world::{system_chance, system_now};
use crate::{charging, folder, keys};

/// Serves until the process is told to stop.
///
/// # Errors
/// When the city, the keys, the gates file or the database cannot be read, or the address is taken.
pub(crate) async fn run(arguments: &ServeArguments) -> Result<bool> {
    let city = folder::load_city(arguments.city.as_deref())?;
    let store = arguments.database.open().await?;
    let ring = keys::open(&arguments.keys, &arguments.passphrase_file)?.to_ring()?;
    if let Some(path) = &arguments.gates {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        register(&store, &text)
            .await
            .with_context(|| path.display().to_string())?;
    }
    check_keys_belong(&store, &ring, arguments).await?;
    let issuer = Issuer::new(store.clone(), ring, Lives::default(), system_now())?;
    let state = AppState {
        store,
        city: Arc::new(city),
        issuer: Arc::new(issuer),
        clock: Arc::new(system_now),
        rng: Arc::new(system_chance),
    };
    let hot = arguments.redis.open()?;
    let mut offers = Offers::default();
    let mut lists = None;
    if let (Some(folder), Some(online)) = (&arguments.lists, &arguments.lists_key) {
        let served = Arc::new(server::ServedLists::default());
        let package = folder::read_package(arguments.city.as_deref())?;
        let (issuer, shown) = (Arc::clone(&state.issuer), Arc::clone(&served));
        let opened = Lists::open((folder, online), arguments, package, issuer, shown);
        lists = Some(opened.await.context("signed lists")?);
        offers.lists = Some(served);
    }
    let mut collector = None;
    if let Some(path) = &arguments.charging {
        let terms = charging::read_config(path, state.store.clone())?;
        offers.charging = Some(Arc::clone(&terms));
        collector = Some(tokio::spawn(server::charge_forever(state.clone(), terms)));
    }
    let limits = Limits::new(
        hot.clone(),
        arguments.proxies.clone(),
        Arc::clone(&state.clock),
    );
    let router = server::limited(server::router(state.clone(), offers), limits);
    let tls = tls(arguments)?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen at {}", arguments.listen))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    Reader::of(arguments.json).print(&json!({ "url": url }), &format!("Faregate is at {url}\n"))?;
    let worker = tokio::spawn(server::settle_forever(state.clone()));
    let (store, issuer) = (state.store.clone(), Arc::clone(&state.issuer));
    let watch = publish::watch(
        arguments.keys.clone(),
        arguments.passphrase_file.clone(),
        issuer,
        lists,
        hot,
    );
    let watch = tokio::spawn(watch);
    server::serve_with(listener, tls, router, told_to_stop()).await?;
    // Each has ended before the store closes: none of them meets a closed one and says so.
    for task in [Some(worker), collector, Some(watch)].into_iter().flatten() {
        task.abort();
        let _ = task.await;
    }
    store.close().await;
    Ok(true)
}

/// TLS, where its files are named.
fn tls(arguments: &ServeArguments) -> Result<Option<server::Tls>> {
    let (Some(cert), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) else {
        return Ok(None);
    };
    let files = server::TlsFiles {
        cert: cert.clone(),
        key: key.clone(),
        client_ca: arguments.tls_client_ca.clone(),
    };
    Ok(Some(server::Tls::read(&files)?))
}

/// Refuses the key file of another city: every tap would be set aside as forged.
async fn check_keys_belong(
    store: &Store,
    ring: &KeyRing,
    arguments: &ServeArguments,
) -> Result<()> {
    let Some(newest) = store.newest_issuance().await? else {
        return Ok(());
    };
    if ring.keys().any(|key| key.kid() == newest.kid) {
        return Ok(());
    }
    bail!(
        "{} is not the key file of {}: codes on record there are signed by key {}, which it lacks",
        arguments.keys.display(),
        arguments.database.address()?,
        newest.kid
    )
}

/// Returns when the process is asked to end: Ctrl-C, or SIGTERM from a supervisor.
pub(crate) async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// The gates file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GatesFile {
    #[serde(default)]
    gate: Vec<GateRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateRow {
    device_id: Text<DeviceId>,
    public_key: Base64Url<32>,
    gate_id: Text<GateId>,
    stop_id: Option<Text<StopId>>,
    route_id: Option<Text<RouteId>>,
}

async fn register(store: &Store, text: &str) -> Result<()> {
    let file: GatesFile = toml::from_str(text)?;
    for row in file.gate {
        let gate = Gate {
            device: row.device_id.0,
            gate: row.gate_id.0,
            public_key: row.public_key.0,
            stop: row.stop_id.map(|stop| stop.0),
            route: row.route_id.map(|route| route.0),
            state: GateState::Active,
        };
        match store.register_gate(&gate).await? {
            Registered::New | Registered::Updated => {}
            Registered::KeyDiffers => {
                bail!(
                    "gate {} is registered with another key; a device's key never changes",
                    gate.gate
                )
            }
        }
    }
    Ok(())
}
