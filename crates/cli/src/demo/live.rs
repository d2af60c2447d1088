//! The page's own gate: scans what a visitor's phone shows, for real.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use api::{Activity, Problem, ProblemCode, Text};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use server::{ApiError, AppState, Parameters, RawBody, Session};
use settlement::{charge, ids, settle};
use tokio::sync::Mutex;
use units::{GateId, TapId};
use validator::Decision;

use super::client::Client;
use super::gate::Lists;
use super::report::Report;
use super::spool::Spool;
use super::travel::Gates;
use crate::scan;

/// A picture of a phone's screen may have this many bytes at the most.
const PICTURE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What the page's routes share.
struct Live {
    state: AppState,
    client: Client,
    gates: Mutex<Gates>,
    spool: Spool,
    next_batch: AtomicUsize,
    about: Value,
}

/// The routes below `/demo`.
pub(super) fn router(
    state: AppState,
    client: Client,
    gates: Gates,
    spool: Spool,
    report: &Report,
) -> Result<Router> {
    let about = describe(&state, &gates, report);
    let next_batch = AtomicUsize::new(spool.batches()?.len());
    let live = Live {
        state,
        client,
        gates: Mutex::new(gates),
        spool,
        next_batch,
        about,
    };
    Ok(Router::new()
        .route("/demo/state", get(about_city))
        .route(
            "/demo/scan",
            post(scan_code).layer(DefaultBodyLimit::max(PICTURE_BYTES_MAX)),
        )
        .route("/demo/close-day", post(close_day))
        .with_state(Arc::new(live)))
}

fn describe(state: &AppState, gates: &Gates, report: &Report) -> Value {
    let name_of = |gate: &super::gate::Gate| {
        state
            .city
            .stop(&gate.stop)
            .map(|stop| stop.name.clone())
            .unwrap_or_default()
    };
    let line_of = |gate: &super::gate::Gate| {
        let route = gate.route.and_then(|route| state.city.route(&route));
        route.map_or_else(|| "Metro".to_owned(), |route| route.name.clone())
    };
    let listed: Vec<Value> = gates
        .all
        .iter()
        .map(|gate| {
            json!({
                "gate_id": gate.id.to_string(),
                "stop_id": gate.stop.as_str(),
                "stop_name": name_of(gate),
                "line": line_of(gate),
                "flat": gate.route.is_some(),
            })
        })
        .collect();
    json!({
        "city": state.city.name(),
        "time_zone": state.city.time_zone(),
        "currency": state.city.currency().code(),
        "maximum_minor": super::travel::maximum_minor(&state.city),
        "gates": listed,
        "morning": report,
    })
}

async fn about_city(State(live): State<Arc<Live>>) -> Json<Value> {
    Json(live.about.clone())
}

/// `?gate=…&kind=…`.
#[derive(Deserialize)]
struct Where {
    gate: String,
    kind: String,
}

/// What the gate shows.
#[derive(Serialize)]
struct Verdict {
    decision: &'static str,
    code: u16,
    reason: &'static str,
    sentence: String,
    took_us: u64,
    tap_id: Text<TapId>,
}

async fn scan_code(
    State(live): State<Arc<Live>>,
    Parameters(place): Parameters<Where>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Value>, ApiError> {
    let wrong = |name: &str, expected: &str| {
        Problem::new(ProblemCode::InvalidQuery, "a query parameter is wrong")
            .at(format!("query:{name}"), expected)
    };
    let gate = GateId::parse(&place.gate).map_err(|error| wrong("gate", &error.to_string()))?;
    let kind = match place.kind.as_str() {
        "on" => wire::tap::TapKind::On,
        "off" => wire::tap::TapKind::Off,
        _ => return Err(wrong("kind", "expected on or off").into()),
    };
    let text = read_code(&headers, body).await?;
    let now = (live.state.clock)();
    let lists = live.sync().await.map_err(ApiError::internal)?;

    let mut gates = live.gates.lock().await;
    let gate = gates
        .numbered(gate)
        .ok_or_else(|| wrong("gate", "no gate has this number"))?;
    let stop = gate.stop;
    let scanned = gate
        .scan(&text, kind, stop, now, &lists)
        .map_err(ApiError::internal)?;
    // On disk while the gate is held, so that the spool has a gate's batches in their order.
    let mut batches = Vec::new();
    for batch in gate.take_batches() {
        let bytes = batch.encode_to_vec();
        live.keep(&bytes).map_err(ApiError::internal)?;
        batches.push(bytes);
    }
    drop(gates);
    for batch in batches {
        live.client
            .upload(batch)
            .await
            .context("the gate could not upload")
            .map_err(ApiError::internal)?;
    }
    server::judge(&live.state)
        .await
        .map_err(ApiError::internal)?;
    settle::all(&live.state.store, &live.state.city, now)
        .await
        .map_err(ApiError::internal)?;

    let tap_id = Text(ids::tap_of_record(
        scanned.device,
        scanned.epoch,
        scanned.seq,
    ));
    let took_us = scanned.took_us;
    let verdict = match scanned.decision {
        Decision::Permitted(_) => Verdict {
            decision: "permitted",
            code: 0,
            reason: "permitted",
            sentence: "Have a good journey.".to_owned(),
            took_us,
            tap_id,
        },
        Decision::Refused(refusal) => Verdict {
            decision: "refused",
            code: refusal.code(),
            reason: refusal.name(),
            sentence: refusal.sentence().to_string(),
            took_us,
            tap_id,
        },
    };
    Ok(Json(json!(verdict)))
}

/// The text of the code, from a picture's pixels or as it is.
async fn read_code(headers: &HeaderMap, body: Bytes) -> Result<String, ApiError> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    match kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
    {
        "text/plain" => String::from_utf8(body.to_vec()).map_err(|error| {
            let place = error.utf8_error().valid_up_to();
            Problem::new(ProblemCode::InvalidBody, format!("byte {place}: not UTF-8")).into()
        }),
        "image/png" | "image/jpeg" => {
            let read = tokio::task::spawn_blocking(move || scan::read_picture(&body)).await;
            read.map_err(ApiError::internal)?.map_err(|error| {
                Problem::new(ProblemCode::InvalidBody, format!("{error}; hold it steady")).into()
            })
        }
        other => Err(Problem::new(
            ProblemCode::UnsupportedMediaType,
            format!("expected image/png, image/jpeg or text/plain, got {other:?}"),
        )
        .into()),
    }
}

async fn close_day(
    State(live): State<Arc<Live>>,
    headers: HeaderMap,
) -> Result<Json<Activity>, ApiError> {
    let now = (live.state.clock)();
    let rider = Session::from_headers(&live.state, &headers).await?;
    let day = live.state.city.service_day(now);
    let scope = charge::account_day(rider.account, day);
    charge::close(&live.state.store, &live.state.city, &scope, now)
        .await
        .map_err(ApiError::internal)?;
    Ok(Json(
        server::activity(&live.state, rider.account, day).await?,
    ))
}

impl Live {
    /// The lists that the gates hold from now on.
    async fn sync(&self) -> Result<Lists> {
        Lists::new(
            self.client.issuer_keys().await?,
            self.client.deny_list().await?,
        )
    }

    fn keep(&self, batch: &[u8]) -> Result<()> {
        let number = self.next_batch.fetch_add(1, Ordering::SeqCst);
        self.spool.keep(number, batch)
    }
}
