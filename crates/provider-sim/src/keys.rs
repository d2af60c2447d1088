//! Idempotency keys: the first answer is repeated for a day, whatever it was (Stripe, "Idempotent
//! requests"); then the key is as good as new.

use std::collections::BTreeMap;

use serde_json::Value;
use units::{Span, Timestamp};

/// How long a key is remembered.
const REMEMBERED: Span = Span::from_secs(24 * 3_600);

#[derive(Debug, Clone)]
pub(crate) struct Keys(BTreeMap<String, Remembered>);

#[derive(Debug, Clone)]
struct Remembered {
    request: String,
    at: Timestamp,
    /// `None` while it is being worked on.
    answer: Option<(u16, Value)>,
}

/// What a key says about a request.
pub(crate) enum KeySays {
    /// Never seen, or (`true`) forgotten.
    New(bool),
    Repeat(u16, Value),
    InUse,
    OtherRequest,
}

impl Keys {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(crate) fn ask(&self, key: &str, request: &str, now: Timestamp) -> KeySays {
        let remembered = self.0.get(key);
        let Some(known) = remembered.filter(|known| now.since(known.at) < REMEMBERED) else {
            return KeySays::New(remembered.is_some());
        };
        match &known.answer {
            _ if known.request != request => KeySays::OtherRequest,
            None => KeySays::InUse,
            Some((status, body)) => KeySays::Repeat(*status, body.clone()),
        }
    }

    pub(crate) fn remember(
        &mut self,
        key: &str,
        request: &str,
        at: Timestamp,
        answer: Option<(u16, Value)>,
    ) {
        let request = request.to_owned();
        self.0.insert(
            key.to_owned(),
            Remembered {
                request,
                at,
                answer,
            },
        );
    }
}
