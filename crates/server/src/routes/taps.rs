//! `POST /v1/taps`: a gate uploads a signed batch.

use api::{Problem, ProblemCode, TapAck, TapAckBody, TapBatch};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use prost::Message as _;
use settlement::ingest::batch::{self, BatchError, SignedBatch};
use units::DeviceId;

use crate::document::{BYTES, problems};
use crate::{ApiError, AppState, RawBody};

problems! {
    Problems: BYTES, &[
        ProblemCode::UnsupportedMediaType, ProblemCode::InvalidBody,
        ProblemCode::DeviceNotInService, ProblemCode::DeviceSignatureWrong,
    ];
}

/// The media type of batches and answers (schema: proto/faregate/v1/taps.proto).
const PROTOBUF: &str = "application/x-protobuf";

/// A batch may have this many bytes: 1,024 records of 700 bytes and their frame.
pub(crate) const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// Stores the batch, unjudged; answers only after the commit.
#[utoipa::path(
    post,
    path = "/v1/taps",
    operation_id = "upload_taps",
    tag = "readers",
    request_body(
        content = Vec<u8>,
        content_type = "application/x-protobuf",
        description = "A `TapBatch` of proto/faregate/v1/taps.proto, signed by the device.",
    ),
    responses(
        (status = 200, description = "The batch is durable. `TapAck`, or JSON where accepted.",
            content((Vec<u8> = "application/x-protobuf"), (TapAckBody = "application/json"))),
        Problems,
    ),
)]
pub(crate) async fn upload(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, ApiError> {
    let is = |name, kind: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| {
                value
                    .split([',', ';'])
                    .any(|part| part.trim().eq_ignore_ascii_case(kind))
            })
    };
    if !is(header::CONTENT_TYPE, PROTOBUF) {
        let detail = format!("expected {PROTOBUF} (proto/faregate/v1/taps.proto)");
        return Err(Problem::new(ProblemCode::UnsupportedMediaType, detail).into());
    }
    let message = TapBatch::decode(body).map_err(|error| {
        Problem::new(ProblemCode::InvalidBody, format!("not a TapBatch: {error}"))
    })?;
    let receipt = batch::store(&state.store, to_batch(message)?, state.now());
    let receipt = receipt.await.map_err(refuse)?;
    let ack = TapAck {
        acked_through_seq: receipt.cursor.acked_through_seq(),
        stored: receipt.stored,
        duplicates: receipt.duplicates,
        conflicts: receipt.conflicts,
    };
    if is(header::ACCEPT, "application/json") {
        return Ok(Json(TapAckBody::from(ack)).into_response());
    }
    Ok(([(header::CONTENT_TYPE, PROTOBUF)], ack.encode_to_vec()).into_response())
}

fn to_batch(message: TapBatch) -> Result<SignedBatch, ApiError> {
    Ok(SignedBatch {
        device: DeviceId::from_bytes(fixed("/device_id", &message.device_id)?),
        epoch: message.epoch,
        first_seq: message.first_seq,
        chain_before: fixed("/chain_before", &message.chain_before)?,
        records: message.records,
        signature: fixed("/signature", &message.signature)?,
    })
}

fn fixed<const N: usize>(field: &str, bytes: &[u8]) -> Result<[u8; N], ApiError> {
    bytes.try_into().map_err(|_| {
        let detail = format!("expected {N} bytes, got {}", bytes.len());
        Problem::new(ProblemCode::InvalidBody, "a field has the wrong length")
            .at(field, detail)
            .into()
    })
}

fn refuse(error: BatchError) -> ApiError {
    let code = match &error {
        BatchError::Store(_) | BatchError::GateKey(_) => return ApiError::internal(error),
        BatchError::UnknownDevice { .. } | BatchError::Retired { .. } => {
            ProblemCode::DeviceNotInService
        }
        BatchError::Signature(_) => ProblemCode::DeviceSignatureWrong,
        _ => ProblemCode::InvalidBody,
    };
    Problem::new(code, error.to_string()).into()
}
