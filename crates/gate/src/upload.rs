//! Taps go to the server: batches, signed over the chain, at least once, in order. A tap counts as
//! sent when the server has answered after its commit, or when the quarantine holds it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::{TapAck, TapBatch};
use journal::{Batch, Position};
use prost::Message as _;
use reqwest::StatusCode;
use units::DeviceId;
use wire::chain::{ChainHead, batch_message};

use crate::backoff::Backoff;
use crate::core::Core;
use crate::key::DeviceSigner;
use crate::lists::{ListError, write_whole};
use crate::machine;
use crate::status::Status;

const PROTOBUF: &str = "application/x-protobuf";

/// Most bytes read of an answer: an acknowledgement has a few dozen, a problem a few hundred.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The first wait after a failure.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Why a batch was not taken this time.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the server cannot be reached or does not answer")]
    Network(#[from] reqwest::Error),
    /// The server has trouble, or does not know this gate: the batch is tried again.
    #[error("the server answered {0}")]
    Later(StatusCode),
    #[error("the server's answer is no acknowledgement of this batch")]
    Answer,
    #[error("the quarantine cannot take the batch")]
    Quarantine(#[from] ListError),
}

/// What became of a batch.
enum Sent {
    Committed(TapAck),
    Quarantined,
}

/// Sends what the journal holds.
#[derive(Debug)]
pub struct Uploader {
    /// Asks the core.
    pub core: Core,
    /// The client.
    pub http: reqwest::Client,
    /// The server's address.
    pub url: String,
    /// Whose taps.
    pub device: DeviceId,
    /// Signs batches.
    pub signer: DeviceSigner,
    /// Folder for what the server refuses.
    pub quarantine: PathBuf,
    /// Most taps in a batch.
    pub records_max: usize,
    /// How long to wait when there is nothing to send.
    pub every: Duration,
    /// Counters.
    pub status: Arc<Status>,
}

impl Uploader {
    /// Sends for ever.
    pub async fn run(self) {
        let mut backoff = Backoff::new(FIRST_WAIT);
        loop {
            let wait = match self.once().await {
                Ok(true) => {
                    backoff.reset();
                    continue;
                }
                Ok(false) => self.every,
                Err(error) => {
                    self.status.upload_failed();
                    tracing::warn!(error = %describe(&error), "taps are not uploaded");
                    backoff.next(machine::chance())
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends one batch; `false` when there is nothing to send.
    async fn once(&self) -> Result<bool, SendError> {
        let records_max = self.records_max;
        let asked = self.core.ask(move |agent| {
            agent.trim(machine::now());
            agent.batch(records_max)
        });
        let batch = match asked.await {
            Some(Ok(Some(batch))) => batch,
            Some(Err(error)) => {
                tracing::error!(%error, "the journal cannot be read for the upload");
                return Ok(false);
            }
            Some(Ok(None)) | None => return Ok(false),
        };
        let last = batch.last();
        let sent = self.send(&batch).await?;
        if let Sent::Committed(ack) = &sent {
            self.status.conflicts(u64::from(ack.conflicts));
            self.meet(last, ack).await;
        }
        let count = u64::try_from(batch.payloads.len()).unwrap_or(u64::MAX);
        self.status
            .uploaded(count, matches!(sent, Sent::Quarantined));
        let committed = self
            .core
            .ask(move |agent| agent.commit(last, machine::now()));
        Ok(committed.await.is_some())
    }

    /// A server that knows later taps than we have sent knows a life of this device that this
    /// journal has forgotten.
    async fn meet(&self, last: Position, ack: &TapAck) {
        let Some(seq) = ack.acked_through_seq.filter(|seq| *seq > last.seq()) else {
            return;
        };
        let server_last = Position::new(last.epoch(), seq);
        // After a restart the server may know later taps that wait here to be sent once more.
        self.core.ask(move |agent| agent.meet(server_last)).await;
    }

    async fn send(&self, batch: &Batch) -> Result<Sent, SendError> {
        let body = sign(self.device, &self.signer, batch).encode_to_vec();
        let request = self
            .http
            .post(format!("{}/v1/taps", self.url))
            .header("content-type", PROTOBUF)
            .header("accept", PROTOBUF)
            .body(body.clone());
        let watch = machine::Stopwatch::start();
        let mut response = request.send().await?;
        let status = response.status();
        let date = response.headers().get(reqwest::header::DATE);
        if let Some(date) = date.and_then(|date| date.to_str().ok()) {
            self.status.server_date(date, machine::now());
            // Over TLS it is the server that says what time it is, and to this question.
            if self.url.starts_with("https://") {
                let date = date.to_owned();
                self.core
                    .ask(move |agent| agent.clock().answered(&date, watch))
                    .await;
            }
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if answer.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                break;
            }
            answer.extend_from_slice(&chunk);
        }
        if status == StatusCode::OK {
            return committed(batch, &answer).map(Sent::Committed);
        }
        if is_about_the_batch(status) {
            set_aside(&self.quarantine, batch, &body, status, &answer)?;
            tracing::error!(%status, first = %batch.first, "a batch is in the quarantine");
            return Ok(Sent::Quarantined);
        }
        Err(SendError::Later(status))
    }
}

/// Whether sending the same batch again could never help. A gate that the server does not know yet
/// (401, 403, 404) and a server under load (408, 425, 429) are no fault of the batch.
fn is_about_the_batch(status: StatusCode) -> bool {
    status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 404 | 408 | 425 | 429)
}

/// The acknowledgement, when it covers every tap of the batch.
fn committed(batch: &Batch, answer: &[u8]) -> Result<TapAck, SendError> {
    let ack = TapAck::decode(answer).map_err(|_| SendError::Answer)?;
    let parts = [ack.stored, ack.duplicates, ack.conflicts];
    let counted: u64 = parts.into_iter().map(u64::from).sum();
    let all = u64::try_from(batch.payloads.len()).unwrap_or(u64::MAX);
    let reached = ack
        .acked_through_seq
        .is_some_and(|seq| seq >= batch.last().seq());
    if ack.conflicts > 0 {
        tracing::error!(conflicts = ack.conflicts, first = %batch.first, "numbers were taken");
    }
    // Behind a gap in the journal the server cannot acknowledge in a row; it then counts them all.
    if reached || counted == all {
        return Ok(ack);
    }
    Err(SendError::Answer)
}

/// The batch as it is sent.
#[must_use]
pub fn sign(device: DeviceId, signer: &DeviceSigner, batch: &Batch) -> TapBatch {
    let head = |head: &journal::Head| ChainHead::from_bytes(*head.as_bytes());
    let count = u32::try_from(batch.payloads.len()).unwrap_or(u32::MAX);
    let (epoch, first_seq) = (batch.first.epoch(), batch.first.seq());
    let (before, after) = (head(&batch.before), head(&batch.after));
    let message = batch_message(device, epoch, first_seq, count, before, after);
    TapBatch {
        device_id: device.as_bytes().to_vec(),
        epoch,
        first_seq,
        chain_before: before.as_bytes().to_vec(),
        records: batch.payloads.clone(),
        signature: signer.sign(&message).to_vec(),
    }
}

/// Keeps what the server refuses: the request's body, to be sent again as it is, and the reason.
fn set_aside(
    folder: &Path,
    batch: &Batch,
    body: &[u8],
    status: StatusCode,
    answer: &[u8],
) -> Result<(), ListError> {
    std::fs::create_dir_all(folder).map_err(|source| ListError::Store {
        path: folder.to_owned(),
        source,
    })?;
    let name = format!("{}-{}", batch.first.epoch(), batch.first.seq());
    let problem = format!("{status}\n{}\n", String::from_utf8_lossy(answer));
    write_whole(
        &folder.join(format!("{name}.problem.txt")),
        problem.as_bytes(),
    )?;
    write_whole(&folder.join(format!("{name}.batch.pb")), body)
}

/// An error with its causes.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
