//! The provider: requests in, answers and faults out.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use units::{Span, Timestamp};

use crate::bank::{Bank, Books, Form, Reply, error};
use crate::faults::{Dice, Fault, Faults};
use crate::file::{self, SettlementFile};
use crate::keys::{KeySays, Keys};
use crate::webhooks::Webhook;

/// Objects on a page of a list, however many are asked for.
const PAGE: usize = 3;

/// A payment provider.
#[derive(Debug)]
pub struct Sim {
    bank: Bank,
    keys: Keys,
    dice: Dice,
    rates: Faults,
    now: Timestamp,
    late: Vec<Late>,
    secret: String,
}

/// A request that is worked on later.
#[derive(Debug)]
struct Late {
    at: Timestamp,
    key: String,
    path: String,
    form: Form,
}

/// What the client sees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    Reply(u16, Value),
    /// The connection ends.
    Cut,
    /// Nothing comes.
    Hang,
}

impl Sim {
    /// A provider at `now`, of which everything follows from `seed`.
    #[must_use]
    pub fn new(seed: u64, faults: Faults, now: Timestamp) -> Self {
        Self {
            bank: Bank::new(),
            keys: Keys::new(),
            dice: Dice::new(seed),
            rates: faults,
            now,
            late: Vec::new(),
            secret: format!("whsec_{seed}"),
        }
    }

    /// What webhooks are signed with.
    #[must_use]
    pub fn webhook_secret(&self) -> &str {
        &self.secret
    }

    /// Sets the clock, and lets everything happen that happens until then.
    pub fn advance(&mut self, now: Timestamp) {
        self.now = now;
        let (due, rest): (Vec<Late>, Vec<Late>) =
            self.late.drain(..).partition(|late| late.at <= now);
        self.late = rest;
        for late in due {
            let reply = self.execute(&late.path, &late.form);
            let request = fingerprint(&late.path, &late.form);
            self.keys
                .remember(&late.key, &request, late.at, Some(reply));
        }
        self.bank.advance(now, &self.rates, &mut self.dice);
    }

    /// Ends all faults of the way, so that everything can come to its end; banks stay as they are.
    pub fn heal(&mut self) {
        self.rates = Faults {
            declined: self.rates.declined,
            stolen: self.rates.stolen,
            slow_bank: self.rates.slow_bank,
            file: self.rates.file,
            ..Faults::NONE
        };
    }

    /// Lets other faults happen from now on: a rider has another card, a way is repaired.
    pub const fn set_faults(&mut self, faults: Faults) {
        self.rates = faults;
    }

    /// What really moved for a payment of the city's (its metadata `payment`).
    #[must_use]
    pub fn books(&self, payment: &str) -> Books {
        self.bank.books(payment)
    }

    /// The webhooks that are due, signed now.
    pub fn take_webhooks(&mut self) -> Vec<Webhook> {
        self.bank
            .outbox
            .take(self.now, &self.secret, &mut self.dice)
    }

    /// How often each fault happened, so that a test can tell that it tested something.
    #[must_use]
    pub fn fired(&self) -> BTreeMap<&'static str, u64> {
        self.bank.fired.clone()
    }

    /// The settlement file of everything so far.
    pub fn settlement_file(&mut self) -> SettlementFile {
        file::write(&self.bank.movements, self.now, &self.rates, &mut self.dice)
    }

    fn execute(&mut self, path: &str, form: &Form) -> Reply {
        self.bank
            .execute(path, form, self.now, &self.rates, &mut self.dice)
    }

    pub(crate) fn post(&mut self, path: &str, key: &str, form: &Form) -> Shown {
        let request = fingerprint(path, form);
        match self.keys.ask(key, &request, self.now) {
            KeySays::New(forgotten) => {
                if forgotten {
                    self.bank.count("forgotten");
                }
            }
            KeySays::Repeat(status, body) => {
                self.bank.count("repeated");
                return match self.dice.fault(&self.rates) {
                    Fault::CutBefore | Fault::CutAfter => Shown::Cut,
                    _ => Shown::Reply(status, body),
                };
            }
            KeySays::InUse => {
                self.bank.count("in use");
                let (status, body) = error(409, "idempotency_key_in_use", "still working on it");
                return Shown::Reply(status, body);
            }
            KeySays::OtherRequest => {
                let (status, body) =
                    error(400, "idempotency_error", "another request had this key");
                return Shown::Reply(status, body);
            }
        }
        let fault = self.dice.fault(&self.rates);
        self.bank.count(fault.name());
        match fault {
            Fault::CutBefore => return Shown::Cut,
            Fault::HangBefore => return Shown::Hang,
            Fault::TooMany => {
                let (status, body) = error(429, "rate_limit", "too many requests");
                return Shown::Reply(status, body);
            }
            Fault::Late => {
                let hours = i64::try_from(self.dice.below(20)).unwrap_or(0);
                let at = self.now.plus(Span::from_secs(hours * 3_600 + 60));
                self.keys.remember(key, &request, self.now, None);
                self.late.push(Late {
                    at,
                    key: key.to_owned(),
                    path: path.to_owned(),
                    form: form.clone(),
                });
                return Shown::Cut;
            }
            _ => {}
        }
        let broken = error(500, "api_error", "something went wrong on our end");
        let reply = match fault {
            Fault::ErrorBefore => broken,
            Fault::ErrorAfter => {
                self.execute(path, form);
                broken
            }
            _ => self.execute(path, form),
        };
        // What fails validation is not remembered.
        if reply.0 != 400 {
            self.keys
                .remember(key, &request, self.now, Some(reply.clone()));
        }
        match fault {
            Fault::CutAfter => Shown::Cut,
            Fault::HangAfter => Shown::Hang,
            _ => Shown::Reply(reply.0, reply.1),
        }
    }

    pub(crate) fn get(&mut self, path: &str, query: &Form) -> Shown {
        if self.dice.chance(self.rates.look_up) {
            self.bank.count("look-up");
            return if self.dice.chance(500) {
                Shown::Cut
            } else {
                let (status, body) = error(503, "api_error", "come back later");
                Shown::Reply(status, body)
            };
        }
        if let Some(id) = path.strip_prefix("/v1/payment_intents/") {
            let intent = self.bank.intents.get(id);
            let missing = || error(404, "resource_missing", "there is no such payment intent");
            let (status, body) = intent.map_or_else(missing, |intent| (200, intent.json()));
            return Shown::Reply(status, body);
        }
        let of = |name: &str| query.get(name).cloned().unwrap_or_default();
        // The newest first, as Stripe lists.
        let found: Vec<Value> = match path {
            "/v1/payment_intents" => {
                let (customer, since) = (of("customer"), of("created[gte]").parse().unwrap_or(0));
                let intents = self.bank.intents.values().rev();
                intents
                    .filter(|intent| intent.customer == customer)
                    .filter(|intent| intent.created.as_secs() >= since)
                    .map(crate::model::Intent::json)
                    .collect()
            }
            "/v1/refunds" => {
                let intent = of("payment_intent");
                let refunds = self.bank.refunds.values().rev();
                let of_intent = refunds.filter(|refund| refund.intent == intent);
                of_intent
                    .map(|refund| refund.json(&self.currency(&intent)))
                    .collect()
            }
            _ => {
                let intent = of("payment_intent");
                let disputes = self.bank.disputes.values().rev();
                let begun = disputes.filter(|dispute| dispute.amount > 0);
                let of_intent = begun.filter(|dispute| dispute.intent == intent);
                of_intent
                    .map(|dispute| dispute.json(&self.currency(&intent)))
                    .collect()
            }
        };
        let after = of("starting_after");
        let skip = found
            .iter()
            .position(|object| object["id"] == after.as_str());
        let rest = &found[skip.map_or(0, |place| place + 1)..];
        let page = &rest[..rest.len().min(PAGE)];
        let body = json!({
            "object": "list",
            "url": path,
            "has_more": rest.len() > page.len(),
            "data": page,
        });
        Shown::Reply(200, body)
    }

    fn currency(&self, intent: &str) -> String {
        let intent = self.bank.intents.get(intent);
        intent
            .map(|intent| intent.currency.clone())
            .unwrap_or_default()
    }
}

fn fingerprint(path: &str, form: &Form) -> String {
    format!("{path} {form:?}")
}
