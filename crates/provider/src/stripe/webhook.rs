//! Webhooks: proven by their signature, and then only a reason to look up.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use units::{PaymentId, Timestamp};

/// How old or early a signature may be, in seconds (Stripe's own tolerance).
pub const TOLERANCE: i64 = 300;

/// Signatures looked at: while a secret is changed there are two.
const SIGNATURES_MAX: usize = 8;

/// A proven webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened, by the provider's word.
    pub kind: String,
    /// The payment to look up, where the object names one of ours.
    pub payment: Option<PaymentId>,
    /// The payment intent that the object is or is about.
    pub intent: Option<String>,
}

/// Why a webhook does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The header is not `t=…,v1=…`.
    #[error("the signature's header cannot be read")]
    Header,
    /// It was signed too long ago, or in the future.
    #[error("the signature is {seconds} s old, at most {TOLERANCE} s are taken")]
    Stale {
        /// Its age; below zero where it is early.
        seconds: i64,
    },
    /// No signature is ours.
    #[error("the signature is not the provider's")]
    Signature,
    /// The body is no event.
    #[error("the body is no event")]
    Body,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: About,
}

#[derive(Deserialize)]
struct About {
    id: Option<String>,
    object: Option<String>,
    payment_intent: Option<String>,
    #[serde(default)]
    metadata: super::wire::Metadata,
}

/// Checks the signature over `body`, the bytes as they came, and reads what it is about.
///
/// # Errors
/// [`WebhookError`]: then it is to be refused and forgotten.
pub fn verify(
    body: &[u8],
    header: &str,
    secret: &str,
    now: Timestamp,
) -> Result<Event, WebhookError> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) if time.is_none() => time = Some(text),
            Some(("v1", text)) if signatures.len() < SIGNATURES_MAX => signatures.push(text),
            _ => {}
        }
    }
    let time = time.ok_or(WebhookError::Header)?;
    let signed: i64 = time.parse().map_err(|_| WebhookError::Header)?;
    let is_ours = |text: &&str| {
        // A key of any length makes a MAC.
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
        let (Ok(mut mac), Ok(bytes)) = (mac, hex::decode(text)) else {
            return false;
        };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        // In constant time.
        mac.verify_slice(&bytes).is_ok()
    };
    if secret.is_empty() || !signatures.iter().any(is_ours) {
        return Err(WebhookError::Signature);
    }
    let seconds = now.as_secs().saturating_sub(signed);
    if !(-TOLERANCE..=TOLERANCE).contains(&seconds) {
        return Err(WebhookError::Stale { seconds });
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| WebhookError::Body)?;
    let about = body.data.object;
    let intent = match about.object.as_deref() {
        Some("payment_intent") => about.id,
        _ => about.payment_intent,
    };
    Ok(Event {
        kind: body.kind,
        payment: PaymentId::parse(&about.metadata.payment).ok(),
        intent,
    })
}
