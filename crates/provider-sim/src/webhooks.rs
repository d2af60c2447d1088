//! Webhooks: signed, and sent once, twice, late and in any order.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use units::{Span, Timestamp};

use crate::faults::{Dice, Faults};

/// A message to the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The body, to be posted as it is.
    pub body: String,
    /// The header `Stripe-Signature`.
    pub signature: String,
}

#[derive(Debug)]
pub(crate) struct Outbox(Vec<(Timestamp, String)>);

impl Outbox {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn push(&mut self, event: &Value, now: Timestamp, rates: &Faults, dice: &mut Dice) {
        let times = 1 + u32::from(dice.chance(rates.webhook_twice));
        for _ in 0..times {
            let late = if dice.chance(rates.webhook_late) {
                dice.below(3 * 86_400)
            } else {
                dice.below(60)
            };
            let at = now.plus(Span::from_secs(i64::try_from(late).unwrap_or(0)));
            self.0.push((at, event.to_string()));
        }
    }

    /// Those that are due, in an order of chance.
    pub(crate) fn take(&mut self, now: Timestamp, secret: &str, dice: &mut Dice) -> Vec<Webhook> {
        let (mut due, rest): (Vec<_>, Vec<_>) = self.0.drain(..).partition(|(at, _)| *at <= now);
        self.0 = rest;
        let mut sent = Vec::new();
        while !due.is_empty() {
            let place = dice.below(due.len() as u64);
            let (_, body) = due.swap_remove(usize::try_from(place).unwrap_or(0));
            let signature = sign(secret, now, &body);
            sent.push(Webhook { body, signature });
        }
        sent
    }
}

/// Stripe's scheme: HMAC-SHA256 over the time, a dot and the body.
fn sign(secret: &str, now: Timestamp, body: &str) -> String {
    let time = now.as_secs();
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}
