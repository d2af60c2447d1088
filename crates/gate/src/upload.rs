//! Taps go to the server: batches, signed over the chain, at least once, in order. A tap counts as
//! sent when the server has answered after its commit, or when the quarantine holds it.

use std::sync::Arc;
use std::time::Duration;

use api::{TapAck, TapBatch};
use journal::{Batch, Position};
use prost::Message as _;
use reqwest::{RequestBuilder, Response, StatusCode};
use units::DeviceId;
use wire::chain::{ChainHead, batch_message};

use crate::backoff::Backoff;
use crate::core::Core;
use crate::key::DeviceSigner;
use crate::lists::ListError;
use crate::machine;
use crate::quarantine::{Content, Quarantine, covers};
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
    /// The server refuses it, and it has more than one record: sent again in parts, so that one
    /// bad record takes no other with it.
    Divide,
    /// The server refuses the one record in it.
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
    /// For what the server refuses.
    pub quarantine: Quarantine,
    /// How long a request may take.
    pub timeout: Duration,
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
        let mut most = self.records_max;
        loop {
            let wait = match self.once(most).await {
                Ok(Some((Sent::Committed(_), _))) => {
                    backoff.reset();
                    most = most.saturating_mul(2).min(self.records_max);
                    continue;
                }
                Ok(Some((Sent::Divide, records))) => {
                    most = records.div_ceil(2);
                    continue;
                }
                // A server that refuses everything does not get the whole journal refused at once.
                Ok(Some((Sent::Quarantined, _))) => backoff.next(machine::chance()),
                Ok(None) => self.every,
                Err(error) => {
                    self.status.upload_failed();
                    tracing::warn!(error = %describe(&error), "taps are not uploaded");
                    backoff.next(machine::chance())
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends one batch of at most so many records; says what became of it, and how many it had.
    /// `None` when there is nothing to send.
    async fn once(&self, most: usize) -> Result<Option<(Sent, usize)>, SendError> {
        let asked = self.core.ask(move |agent| {
            agent.trim(machine::now());
            agent.batch(most)
        });
        let batch = match asked.await {
            Some(Ok(Some(batch))) => batch,
            Some(Err(error)) => {
                tracing::error!(%error, "the journal cannot be read for the upload");
                return Ok(None);
            }
            Some(Ok(None)) | None => return Ok(None),
        };
        let (last, records) = (batch.last(), batch.payloads.len());
        let sent = self.send(&batch).await?;
        match &sent {
            Sent::Committed(ack) => {
                self.status.conflicts(u64::from(ack.conflicts));
                self.meet(last, ack).await;
            }
            Sent::Divide => return Ok(Some((sent, records))),
            Sent::Quarantined => {}
        }
        let content = Content::of(&batch.payloads);
        self.status
            .uploaded(content, matches!(sent, Sent::Quarantined));
        let committed = self
            .core
            .ask(move |agent| agent.commit(last, machine::now()));
        Ok(committed.await.map(|()| (sent, records)))
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
        let route = format!("{}/v1/taps", self.url);
        let request = request(&self.http, &route, body.clone()).timeout(self.timeout);
        let watch = machine::Stopwatch::start();
        let response = request.send().await?;
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
        let answer = answer(response).await?;
        if status == StatusCode::OK {
            return committed(batch, &answer).map(Sent::Committed);
        }
        if is_about_the_batch(status) {
            if batch.payloads.len() > 1 {
                return Ok(Sent::Divide);
            }
            let first = batch.first;
            self.quarantine.set_aside(first, &body, status, &answer)?;
            tracing::error!(%status, %first, "a record is in the quarantine");
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
    if ack.conflicts > 0 {
        tracing::error!(conflicts = ack.conflicts, first = %batch.first, "numbers were taken");
    }
    if covers(&ack, batch.last().seq(), batch.payloads.len()) {
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

/// A request that uploads this body.
pub fn request(http: &reqwest::Client, route: &str, body: Vec<u8>) -> RequestBuilder {
    let request = http.post(route).header("content-type", PROTOBUF);
    request.header("accept", PROTOBUF).body(body)
}

/// The body of an answer, cut where it is longer than any that is one.
///
/// # Errors
/// [`reqwest::Error`] when it does not come.
pub async fn answer(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if answer.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
            break;
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
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
